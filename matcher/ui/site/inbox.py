"""Messages to a user's companies, in the pages."""

from __future__ import annotations

import math
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import RedirectResponse

from matcher.access.identity import Identity
from matcher.push.inbox import PAGE_SIZE, Inbox, Page
from matcher.services import Services
from matcher.ui import layout
from matcher.ui.site import kept
from matcher.ui.site import subscriptions_text as words
from matcher.ui.site.message_view import local
from matcher.ui.site.replies import PageRoute, Refused, person

MAX_PAGE = 10_000
_Person = Annotated[Identity, Depends(person)]


def router(services: Services) -> APIRouter:
    """Its routes."""
    routes = APIRouter(route_class=PageRoute)
    inbox = Inbox(services.database)

    @routes.get("/mine/inbox")
    def listed(
        request: Request, who: _Person, page: Annotated[int, Query(ge=1, le=MAX_PAGE)] = 1, done: str = ""
    ) -> Response:
        return _list(request, inbox.page(who.user_id, page), page, words.READ_DONE if done == "read" else "")

    @routes.post("/mine/inbox/read")
    def read_all(who: _Person) -> Response:
        inbox.read_all(who.user_id, services.now())
        return RedirectResponse("/mine/inbox?done=read", 303)

    @routes.get("/mine/inbox/{message_id}")
    def opened(request: Request, message_id: str, who: _Person) -> Response:
        entry = inbox.open(who.user_id, message_id, services.now())
        if entry is None:
            raise Refused(404, *words.MESSAGE_NOT_FOUND)
        return layout.page(
            request,
            "inbox_message",
            title=entry.said.measure,
            active="inbox",
            w=words,
            entry=entry,
            said=local(entry.said),
            sent=kept.show_moment(entry.at),
        )

    return routes


def _list(request: Request, found: Page, page: int, done: str) -> Response:
    return layout.page(
        request,
        "inbox",
        title=words.INBOX,
        active="inbox",
        w=words,
        found=found,
        entries=[(one, kept.show_moment(one.at)) for one in found.entries],
        page=page,
        pages=math.ceil(found.total / PAGE_SIZE),
        done=done,
    )
