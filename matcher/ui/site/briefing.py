"""宣贯 lists: whom to invite to a briefing, and why."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlencode

from fastapi import APIRouter, Request, Response

from matcher.access import audit
from matcher.briefing.book import invitation_file, reason_text
from matcher.briefing.invite import Invitation, Invited, Wanted, invite
from matcher.contacts import Contacts
from matcher.documents.words import file_name
from matcher.inputs import read_region, region_name
from matcher.push.outcomes import NEAR, Outcome
from matcher.services import Services
from matcher.ui import layout
from matcher.ui.site import briefing_text as words
from matcher.ui.site.grants_views import missing
from matcher.ui.site.push_frame import Staff
from matcher.ui.site.replies import PageRoute, attachment, told
from policies.errors import InputError, Problem

SHOWN = 30
TYPES = {
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ".csv": "text/csv; charset=utf-8",
}
MAX_CHARS, MAX_CHOSEN = 100, 60


@dataclass(frozen=True)
class Form:
    """What the form holds, as typed.

    Attributes:
        chosen: Measure ids.
        find: Part of the name of the measures that are offered.
    """

    chosen: tuple[str, ...] = ()
    region: str = ""
    seats: str = ""
    find: str = ""

    @classmethod
    def of(cls, request: Request) -> Form:
        """As the query of a request has it."""
        asked = request.query_params
        region, seats, find = (asked.get(name, "")[:MAX_CHARS] for name in ("region", "seats", "find"))
        return cls(tuple(asked.getlist("m")[:MAX_CHOSEN]), region, seats, find)

    @property
    def query(self) -> str:
        """The same as the query of a link."""
        return urlencode([*(("m", one) for one in self.chosen), ("region", self.region), ("seats", self.seats)])


def router(services: Services) -> APIRouter:
    """Its routes."""
    routes = APIRouter(route_class=PageRoute)

    @routes.get("/briefing")
    def show(request: Request, who: Staff) -> Response:
        form = Form.of(request)
        if not request.query_params.get("go") or not services.engine.ready:
            return _page(request, services, form)
        try:
            found = invite(services.database, services.engine.matcher().library, _wanted(services, form))
        except InputError as error:
            return _page(request, services, form, error=error)
        return _page(request, services, form, found)

    @routes.get("/briefing/invite{suffix}")
    def export(request: Request, who: Staff, suffix: str) -> Response:
        form = Form.of(request)
        if suffix not in TYPES:
            return missing(request)
        found = invite(services.database, services.engine.matcher().library, _wanted(services, form))
        contacts = Contacts(services.database, services.seal) if services.seal else None
        content, _ = invitation_file(suffix, found, contacts)
        audit.record(services, request.scope, "briefing.export", " ".join(form.chosen))
        return attachment(
            content, TYPES[suffix], file_name(words.BRIEFING, found.wanted.as_of.isoformat(), suffix=suffix)
        )

    return routes


def _wanted(services: Services, form: Form) -> Wanted:
    """What is asked for; InputError says what was typed wrong."""
    seats = None
    if form.seats.strip():
        try:
            seats = int(form.seats)
        except ValueError as error:
            reason = words.NOT_A_NUMBER.format(text=form.seats.strip())
            raise InputError([Problem(words.SEATS, reason, "请写成“200”")]) from error
    code = read_region(form.region, words.REGION)
    return Wanted(form.chosen, services.engine.as_of(), code, seats)


def _page(
    request: Request,
    services: Services,
    form: Form,
    found: Invitation | None = None,
    *,
    error: InputError | None = None,
) -> Response:
    return layout.page(
        request,
        "briefing",
        title=words.BRIEFING,
        active="briefing",
        status=422 if error else 200,
        w=words,
        form=form,
        groups=_groups(services, form) if services.engine.ready else None,
        errors=told(error).split("\n") if error else [],
        found=found,
        rows=[_row(one) for one in found.companies(SHOWN)] if found else [],
        measures=_measures(found) if found else [],
        shown=SHOWN,
        sealed=services.seal is not None,
    )


def _groups(services: Services, form: Form) -> list[tuple[str, list[tuple[str, str, bool]]]]:
    """The measures on offer by policy, those chosen and those with the text that is looked for."""
    groups: dict[str, list[tuple[str, str, bool]]] = {}
    for active in services.engine.matcher().active(services.engine.as_of()):
        entry = active.entry
        chosen = entry.measure_id in form.chosen or entry.policy.policy_id in form.chosen
        if chosen or form.find.strip() in entry.title:
            groups.setdefault(entry.policy.title, []).append((entry.measure_id, entry.measure.name, chosen))
    return sorted(groups.items(), key=lambda group: (not any(one[2] for one in group[1]), group[0]))


def _measures(found: Invitation) -> list[tuple[str, int, int, int]]:
    counted = zip(found.offer.active, found.by_measure, strict=True)
    return [
        (a.entry.title, n[Outcome.ELIGIBLE], n[Outcome.TO_CHECK], sum(n[outcome] for outcome in NEAR))
        for a, n in counted
    ]


def _row(one: Invited) -> dict[str, object]:
    worth = words.NO_SUM
    if one.high_yuan:
        pattern = words.SURE if one.low_yuan == one.high_yuan else words.RANGE if one.low_yuan else words.UP_TO
        worth = pattern.format(low=one.low_yuan, high=one.high_yuan)
    return {
        "number": one.number,
        "name": one.record.name,
        "code": one.record.uscc,
        "region": region_name(one.record.region) or "—",
        "worth": worth,
        "reasons": [reason_text(reason) for reason in one.reasons],
    }
