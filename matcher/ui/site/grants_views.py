"""What the staff pages of 免申即享 show."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from fastapi import Request
from fastapi.responses import HTMLResponse

from matcher.clock import show_minute
from matcher.grants.book import order_text, step_text, why_text
from matcher.grants.checks import conditions_of
from matcher.grants.lists import GrantView, Lists, ListView
from matcher.grants.propose import why_not
from matcher.grants.steps import Done
from matcher.inputs import region_name
from matcher.services import Services
from matcher.store.companies import DEPARTMENT
from matcher.store.grants import Grant, GrantState
from matcher.ui import layout
from matcher.ui.site import grants_text as words
from matcher.ui.site.replies import told
from policies.errors import InputError

PAGE = 50
LEFT_OUT = 100
"""Companies that are named on the page though they are not on the list; the export names more."""


@dataclass(frozen=True)
class Making:
    """What the form for a new list holds."""

    measure: str = ""
    budget: str = ""
    region: str = ""


def missing(request: Request) -> HTMLResponse:
    """There is no such list or company."""
    return layout.page(request, "grants_missing", title=words.MISSING, active="grants", status=404, w=words)


def overview(request: Request, services: Services, making: Making, error: InputError | None = None) -> HTMLResponse:
    """The form for a new list, and all lists."""
    ready = services.engine.ready
    return layout.page(
        request,
        "grants",
        title=words.GRANTS,
        active="grants",
        status=422 if error else 200,
        w=words,
        errors=_lines(error),
        making=making,
        groups=_groups(services) if ready else None,
        lists=[(view, _measure(services, view), _made(view)) for view in Lists(services.database).all()],
        region_name=region_name,
    )


def one_list(
    request: Request, services: Services, view: ListView, state: str, page: int, done: Done | None = None
) -> HTMLResponse:
    """One list: how it stands, a page of its companies, and who is left out."""
    lists = Lists(services.database)
    chosen = GrantState(state) if state in list(GrantState) else None
    n = view.companies if chosen is None else view.n(chosen)
    pages = max((n - 1) // PAGE + 1, 1)
    page = min(max(page, 1), pages)
    found = lists.companies(view.of.list_id, chosen, offset=(page - 1) * PAGE, limit=PAGE)
    left_out = lists.left_out(view.of, limit=LEFT_OUT)
    entry = services.engine.matcher().library.by_id.get(view.of.measure_id)
    return layout.page(
        request,
        "grants_list",
        title=words.GRANTS,
        active="grants",
        w=words,
        view=view,
        measure=_measure(services, view),
        policy=entry.policy if entry else None,
        region=region_name(view.of.region) or words.ALL_REGIONS,
        made=_made(view),
        rows=[(one, _amount(one.grant)) for one in found],
        states=[(each, words.STATES[each], view.n(each)) for each in GrantState if view.n(each)],
        chosen=chosen,
        page=page,
        pages=pages,
        link=lambda number: "?" + urlencode({**({"state": state} if chosen else {}), "page": number}),
        left_out=[(one, words.WHY[one.why], why_text(one)) for one in left_out],
        more=len(view.of.found.get("left_out", [])) > LEFT_OUT,
        manual=list(conditions_of(entry).values()) if entry else [],
        done=done,
        skipped=_skipped(lists, view, done),
        can_confirm=view.of.closed_at is None and view.n(GrantState.MATCHED) > 0,
    )


def one_grant(
    request: Request,
    services: Services,
    view: GrantView,
    *,
    done: str = "",
    error: InputError | None = None,
    given: Mapping[str, str] | None = None,
) -> HTMLResponse:
    """One company of a list: the proof, what was done, and what can be done."""
    grant = view.grant
    entry = services.engine.matcher().library.by_id.get(view.of.measure_id)
    measure = entry.measure.name if entry else view.of.measure_id
    return layout.page(
        request,
        "grants_one",
        title=words.GRANT.format(company=view.record.name, measure=measure),
        active="grants",
        status=422 if error else 200,
        w=words,
        view=view,
        measure=measure,
        policy=entry.policy if entry else None,
        amount=_amount(grant),
        worth=_worth(grant),
        order=order_text(grant.order),
        events=[(show_minute(one.at), one, step_text(one)) for one in view.events],
        actions=actions(view),
        own_user=view.record.owner != DEPARTMENT,
        willing=show_minute(grant.willing_at) if grant.willing_at else "",
        done=done,
        errors=_lines(error),
        given=given or {},
    )


def actions(view: GrantView) -> list[str]:
    """What staff can do with a grant now."""
    state, willing, found = view.grant.state, view.grant.willing_at is not None, []
    if state is GrantState.MATCHED:
        if view.of.closed_at is not None:
            return []
        found.append("confirm")
    if state in {GrantState.MATCHED, GrantState.CONFIRMED}:
        ours = view.record.owner == DEPARTMENT
        found += ["accept"] if ours and not willing else []
        found += ["pay"] if state is GrantState.CONFIRMED and willing else []
        found += ["decline"] if ours else []
        found.append("refuse")
    return [*found, "archive"] if state is GrantState.PAID else found


def _lines(error: InputError | None) -> list[str]:
    return told(error).split("\n") if error else []


def _groups(services: Services) -> list[tuple[str, list[tuple[str, str]]]]:
    """The measures that a list can be made for, by policy."""
    found: dict[str, list[tuple[str, str]]] = {}
    for active in services.engine.matcher().active(services.engine.as_of()):
        if why_not(active) is None:
            one = (active.entry.measure_id, active.entry.measure.name)
            found.setdefault(active.entry.policy.title, []).append(one)
    return sorted(found.items())


def _measure(services: Services, view: ListView) -> str:
    """The measure's name with its policy's; its id while the library is still loading."""
    measure_id = view.of.measure_id
    if not services.engine.ready:
        return measure_id
    entry = services.engine.matcher().library.by_id.get(measure_id)
    return entry.title if entry else words.MEASURE_GONE.format(measure_id=measure_id)


def _made(view: ListView) -> str:
    return words.MADE_BY.format(moment=show_minute(view.of.made_at), by=view.of.made_by)


def _amount(grant: Grant) -> str:
    """What a company gets, for a cell; until it is fixed a range is told by its upper end."""
    if grant.amount_yuan is None:
        return words.TO_FIX
    fixed = grant.state in {GrantState.CONFIRMED, GrantState.PAID, GrantState.ARCHIVED}
    sure = fixed or grant.low_yuan == grant.high_yuan
    return f"{grant.amount_yuan:,.2f}" if sure else words.UP_TO.format(yuan=grant.amount_yuan)


def _worth(grant: Grant) -> str:
    if grant.low_yuan is None or grant.high_yuan is None:
        return words.WORTH_NONE
    if grant.low_yuan == grant.high_yuan:
        return words.YUAN.format(yuan=grant.low_yuan)
    return words.WORTH_RANGE.format(low=grant.low_yuan, high=grant.high_yuan)


def _skipped(lists: Lists, view: ListView, done: Done | None) -> list[tuple[str, str]]:
    """Companies that could not be confirmed, with the reason."""
    if done is None or not done.skipped:
        return []
    names: dict[str, Any] = {}
    for chunk in lists.chunks(view.of.list_id):
        names |= {one.grant.company_id: one.record.name for one in chunk if one.grant.company_id in done.skipped}
    return [(names.get(company_id, company_id), reason) for company_id, reason in done.skipped.items()]
