"""The application pack of a measure of a kept match: what is in it, its download. The pages of forms are here too."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from matcher.access import audit
from matcher.access.identity import Identity
from matcher.packs.build import files_of, pack_of
from matcher.packs.case import case_of, sources_of
from matcher.packs.draft import Draft, draft_of
from matcher.packs.papers import counts
from matcher.packs.templates import Templates
from matcher.packs.timetable import days_of, steps_of
from matcher.packs.words import TRUTHS
from matcher.records import Records, Source
from matcher.services import Services
from matcher.show import verdict_text
from matcher.steps import show_day, show_window
from matcher.store.tables import Run
from matcher.ui import layout
from matcher.ui.session import kept_profile
from matcher.ui.site import forms, mine_text
from matcher.ui.site import packs_text as words
from matcher.ui.site.replies import PageRoute, Refused, attachment, person, told
from matcher.workspace import Workspace
from policies.errors import InputError

ZIP_TYPE = "application/zip"
_Person = Annotated[Identity, Depends(person)]


def router(services: Services) -> APIRouter:
    """Its routes; the one with a suffix comes first, or it would be taken for a measure."""
    routes = APIRouter(route_class=PageRoute)

    @routes.get("/mine/packs/{run_id}/{policy_id}/{slug}.zip")
    def download(request: Request, run_id: str, policy_id: str, slug: str, who: _Person) -> Response:
        made = pack_of(_draft(services, who, run_id, f"{policy_id}/{slug}"))
        audit.record(services, request.scope, "pack.make", f"{policy_id}/{slug}")
        return attachment(made.content, ZIP_TYPE, made.name)

    @routes.get("/mine/packs/{run_id}/{policy_id}/{slug}")
    def page(request: Request, run_id: str, policy_id: str, slug: str, who: _Person) -> Response:
        draft = _draft(services, who, run_id, f"{policy_id}/{slug}")
        found = counts(draft.papers)
        match = draft.case.match
        return layout.page(
            request,
            "pack",
            title=words.PACK_OF.format(measure=match.entry.measure.name),
            active="mine",
            w=words,
            d=draft,
            run_id=run_id,
            measure_id=match.entry.measure_id,
            policy=match.entry.policy,
            verdict=verdict_text(match),
            window=show_window(match.window),
            files=files_of(draft),
            counts="，".join(f"{state.value} {n} 项" for state, n in found.items()),
            waiting=[row for row in draft.conditions if row["结论"] != TRUTHS["TRUE"]],
            days=[(one.day, one.turn.value) for one in days_of(draft.case)],
            steps=[(one.day, one.text) for one in steps_of(draft.case)],
            show_day=show_day,
        )

    routes.include_router(forms.router(services))
    return routes


def _draft(services: Services, who: Identity, run_id: str, measure_id: str) -> Draft:
    """The application of a kept match, made again at its day.

    Raises:
        Refused: no such match, no such measure, nothing to apply for, or it cannot be read any more.
    """
    run = Workspace(services.database).run(who.user_id, run_id)
    if run is None:
        raise Refused(404, *mine_text.NOT_FOUND)
    matcher = services.engine.matcher()
    if measure_id not in matcher.library.by_id:
        raise Refused(404, *words.NO_MEASURE)
    try:
        case = case_of(
            matcher, kept_profile(run.raw), run.raw, measure_id, run.as_of, services.now(),
            sources=_sources(services, who, run), warnings=tuple(_warnings(services, run, measure_id)),
        )  # fmt: skip
    except InputError as error:
        raise Refused(422, words.NO_PACK, told(error)) from error
    return draft_of(case, Templates(services.database).find(measure_id))


def _sources(services: Services, who: Identity, run: Run) -> dict[str, Source]:
    """Where the facts of a match come from; everything is stated by the company itself if it is not kept."""
    record = Records(services.database).get(who.user_id, run.company_id) if run.company_id else None
    return sources_of(record, run.raw) if record is not None else {}


def _warnings(services: Services, run: Run, measure_id: str) -> list[str]:
    found, today, matcher = [], services.engine.as_of(), services.engine.matcher()
    if run.library_version != matcher.library.version:
        found.append(mine_text.LIBRARY_CHANGED.format(old=run.library_version, new=matcher.library.version))
    if run.as_of != today:
        found.append(mine_text.OTHER_DAY.format(day=show_day(run.as_of), today=show_day(today)))
        try:
            matcher.place(measure_id, today)
        except InputError as error:
            reason, day = error.problems[0].reason, show_day(run.as_of)
            found.append(words.CLOSED_TODAY.format(today=show_day(today), reason=reason, day=day))
    return found
