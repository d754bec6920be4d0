"""What the links in messages lead to: a page that asks first, and a POST that does it.

Opening a link changes nothing: mail scanners open every link. The POST needs no login and no Origin: mail providers
send it for whoever presses "unsubscribe" (RFC 8058). Whoever holds the signed link may do that one thing, and nothing
else.
"""

from __future__ import annotations

from typing import Literal

from fastapi import APIRouter, Request, Response

from matcher.access import audit
from matcher.push.subscriptions import CONFIRM, END, Linked, Standing, Subscriptions
from matcher.services import Services
from matcher.ui import layout
from matcher.ui.site import subscriptions_text as words

Purpose = Literal["confirm", "end"]
_ASKED = {CONFIRM: (Standing.WAITING,), END: (Standing.WAITING, Standing.CONFIRMED)}
"""Where there is something to do."""
_PRIVATE = {"cache-control": "no-store", "x-robots-tag": "noindex"}


def router(services: Services) -> APIRouter:
    """Its routes."""
    routes = APIRouter()
    subscriptions = Subscriptions(services.database, services.seal, services.url)

    @routes.get("/subscription/{token}/{purpose}")
    def ask(request: Request, token: str, purpose: Purpose) -> Response:
        return _page(request, purpose, subscriptions.look(purpose, token, services.now()), asks=True)

    @routes.post("/subscription/{token}/{purpose}")
    def act(request: Request, token: str, purpose: Purpose) -> Response:
        done = (subscriptions.confirm if purpose == CONFIRM else subscriptions.end_by_link)(token, services.now())
        if done.subscription_id:
            audit.record(services, request.scope, f"subscription.{purpose}", done.subscription_id)
        return _page(request, purpose, done, asks=False)

    return routes


def _page(request: Request, purpose: Purpose, linked: Linked, *, asks: bool) -> Response:
    standing = linked.standing
    headings, texts = (
        (words.CONFIRM_HEADINGS, words.CONFIRM_TEXTS) if purpose == CONFIRM else (words.END_HEADINGS, words.END_TEXTS)
    )
    refuses = purpose == END and standing is Standing.WAITING
    answer = layout.page(
        request,
        "subscription_link",
        title=words.CONFIRM_TITLE if purpose == CONFIRM else words.END_TITLE,
        status=404 if standing is Standing.UNKNOWN else 200,
        w=words,
        heading=headings[standing],
        text=texts[standing],
        linked=linked,
        button=(words.REFUSE if refuses else words.BUTTONS[purpose]) if standing in _ASKED[purpose] else "",
        done=not asks and standing in {Standing.CONFIRMED, Standing.ENDED},
    )
    answer.headers.update(_PRIVATE)
    return answer
