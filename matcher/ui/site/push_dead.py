"""Messages that were given up: why, and sending them anew."""

from __future__ import annotations

from typing import Annotated, NamedTuple

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse

from matcher.access import audit
from matcher.push import desk_text
from matcher.push.batches import MessageRow
from matcher.push.desk import Desk, gist_of
from matcher.push.outbox import Outbox
from matcher.services import Services
from matcher.store.tables import ID_CHARS
from matcher.ui.site import pushes_text as words
from matcher.ui.site.kept import show_moment
from matcher.ui.site.push_frame import PageNumber, Paging, Staff, StaffRoute, show
from matcher.ui.site.replies import Refused

PAGE_SIZE = 50
EVERYTHING = "all"


class DeadView(NamedTuple):
    """One message as it is listed."""

    message_id: str
    batch_id: str
    company: str
    channel: str
    problem: str
    tries: str
    made: str
    gist: str


def router(services: Services) -> APIRouter:
    """Its routes."""
    routes = APIRouter(route_class=StaffRoute)
    desk, outbox = Desk(services.database), Outbox(services.database, None)

    @routes.get("/push/dead")
    def listed(request: Request, who: Staff, page: PageNumber = 1, again: str = "") -> Response:
        found = desk.dead(page, PAGE_SIZE)
        return show(
            services, request, "push_dead", title=words.DEAD, section="dead", done=_done(again),
            messages=[_view(row) for row in found.rows], total=found.total,
            reasons=[(text or words.DEAD_NO_REASON, count) for text, count in found.reasons],
            paging=Paging.of("/push/dead", page, found.total, PAGE_SIZE),
        )  # fmt: skip

    @routes.post("/push/dead/requeue")
    def again(
        request: Request,
        who: Staff,
        message_id: Annotated[str, Form(max_length=ID_CHARS)] = "",
        which: Annotated[str, Form(max_length=len(EVERYTHING))] = "",
    ) -> Response:
        if not message_id and which != EVERYTHING:
            raise Refused(422, *words.AGAIN_WHAT)
        count = outbox.requeue(services.now(), message_id=message_id or None)
        audit.record(services, request.scope, "push.requeue", message_id or f"{EVERYTHING} ({count})")
        return RedirectResponse(f"/push/dead?again={count}", 303)

    return routes


def _done(again: str) -> str:
    if not (again.isascii() and again.isdigit() and len(again) <= 9):
        return ""
    return words.AGAIN_DONE.format(n=int(again)) if int(again) else words.AGAIN_NONE


def _view(row: MessageRow) -> DeadView:
    message = row.message
    return DeadView(
        message.message_id, message.batch_id or "", row.company, desk_text.CHANNELS[message.channel],
        message.problem or words.DEAD_NO_REASON, words.UNIT_TRIES.format(n=message.attempts),
        words.MADE_AT.format(at=show_moment(message.made_at)), gist_of(message),
    )  # fmt: skip
