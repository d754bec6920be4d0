"""The pushes as staff handle them: the list, the look for new ones; the other pages around them are modules beside."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse, RedirectResponse

from matcher.access import audit
from matcher.push import desk_text
from matcher.push.batches import Batches, BatchRow
from matcher.push.desk import Desk, standing_of
from matcher.services import Services
from matcher.store.pushes import BatchState, MessageState
from matcher.ui.site import push_batch, push_dead, push_figures, push_message, push_targets
from matcher.ui.site import pushes_text as words
from matcher.ui.site.kept import show_moment
from matcher.ui.site.push_frame import Named, PageNumber, Paging, Staff, StaffRoute, namer, show
from matcher.ui.site.push_scan import Phase, Scans, State
from matcher.ui.site.replies import Refused

PAGE_SIZE = 20


@dataclass(frozen=True)
class PushView:
    """One push as it is listed.

    Attributes:
        counts: Messages by state, in words.
    """

    batch_id: str
    named: Named
    occasion: str
    standing: str
    state: str
    made: str
    companies: int
    messages: int
    counts: tuple[tuple[str, int], ...]


def router(services: Services) -> APIRouter:
    """Its routes; those with a fixed name come before that of one push."""
    routes = APIRouter()
    for part in (
        _pages(services), push_figures.router(services), push_dead.router(services), push_targets.router(services),
        push_message.router(services), push_batch.router(services),
    ):  # fmt: skip
        routes.include_router(part)
    return routes


def _pages(services: Services) -> APIRouter:
    routes = APIRouter(route_class=StaffRoute)
    batches, desk, scans = Batches(services.database), Desk(services.database), Scans(services)

    @routes.get("/push")
    def listed(request: Request, who: Staff, state: str = "", page: PageNumber = 1) -> Response:
        wanted = next((each for each in BatchState if each == state), None)
        found = batches.list(wanted, page, PAGE_SIZE)
        named, chosen = namer(services), wanted.value if wanted else ""
        return show(
            services, request, "pushes", title=words.PUSHES, section="pushes",
            looking=scans.state.running, looked=_told(scans.state), failed=scans.state.phase is Phase.FAILED,
            first=not scans.state.running and not desk.has_looked(),
            pushes=[_view(row, named) for row in found.rows], total=found.total,
            filters=[("", words.ALL), *((each.value, label) for each, label in desk_text.STATES.items())],
            state=chosen, state_label=desk_text.STATES[wanted] if wanted else "",
            paging=Paging.of("/push", page, found.total, PAGE_SIZE, state=chosen),
        )  # fmt: skip

    @routes.post("/push/scan")
    def scan(request: Request, who: Staff) -> Response:
        if not scans.start(who.name):
            raise Refused(409, *words.LOOK_AGAIN)
        audit.record(services, request.scope, "push.scan")
        return RedirectResponse("/push", 303)

    @routes.get("/push/scan")
    def scanning(who: Staff) -> Response:
        return JSONResponse({"running": scans.state.running})

    return routes


def _told(state: State) -> str:
    """The last look in words; "" for none."""
    if state.phase is Phase.NEVER or state.began is None:
        return ""
    if state.running:
        return words.LOOK_RUNNING.format(by=state.by, at=show_moment(state.began))
    at = show_moment(state.ended or state.began)
    if state.phase is Phase.FAILED:
        return words.LOOK_FAILED.format(at=at, by=state.by, reason=state.problem)
    found = words.LOOK_DRAFTS.format(n=state.drafts) if state.drafts else ""
    found += words.LOOK_NOBODY.format(n=state.nobody) if state.nobody else ""
    nothing = words.LOOK_NOTED if state.first else words.LOOK_NOTHING
    return words.LOOK_DONE.format(at=at, by=state.by, found=found or nothing)


def _view(row: BatchRow, named: Callable[[str], Named]) -> PushView:
    batch = row.batch
    return PushView(
        batch_id=batch.batch_id,
        named=named(batch.measure_id),
        occasion=desk_text.OCCASIONS[batch.occasion],
        standing=standing_of(row),
        state=batch.state.value,
        made=words.MADE_AT.format(at=show_moment(batch.made_at)),
        companies=batch.found.get("companies", 0),
        messages=batch.found.get("messages", 0),
        counts=tuple((desk_text.MESSAGE_STATES[each], n) for each in MessageState if (n := row.counts.get(each, 0))),
    )
