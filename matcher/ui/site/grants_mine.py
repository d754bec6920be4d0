"""免申即享 as the company sees it: what it can have, why, and whether it wants it."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request, Response
from fastapi.responses import RedirectResponse

from matcher.access import audit
from matcher.access.identity import Identity
from matcher.grants.granted import STATES
from matcher.grants.lists import GrantView, Lists
from matcher.grants.steps import Actor, Steps
from matcher.services import Services
from matcher.store.grants import GrantState
from matcher.ui import layout
from matcher.ui.site import grants_text as words
from matcher.ui.site import mine_text
from matcher.ui.site.replies import PageRoute, Refused, person

_Person = Annotated[Identity, Depends(person)]
_OPEN = frozenset({GrantState.MATCHED, GrantState.CONFIRMED})


def router(services: Services) -> APIRouter:
    """Its routes."""
    routes = APIRouter(route_class=PageRoute)
    lists, steps = Lists(services.database), Steps(services.database)

    @routes.get("/mine/grants")
    def show(request: Request, who: _Person, done: str = "") -> Response:
        library = services.engine.matcher().library
        found = lists.mine(who.user_id)
        return layout.page(
            request,
            "mine_grants",
            title=words.GRANTS,
            active="mine-grants",
            w=words,
            done=words.MINE_DONE.get(done, ""),
            grants=[(one, library.by_id.get(one.of.measure_id), _amount(one), _state(one)) for one in found],
            can_accept=lambda one: one.grant.state in _OPEN and one.grant.willing_at is None,
            can_decline=lambda one: one.grant.state in _OPEN,
            reason=_reason,
        )

    @routes.post("/mine/grants/{grant_id}/{wish}")
    def say(
        request: Request, grant_id: str, wish: str, who: _Person, note: Annotated[str, Form(max_length=500)] = ""
    ) -> Response:
        if wish not in words.MINE_DONE or not any(one.grant.grant_id == grant_id for one in lists.mine(who.user_id)):
            raise Refused(404, *mine_text.NOT_FOUND)
        step = steps.accept if wish == "accept" else steps.decline
        step(grant_id, Actor(who.name, services.now(), who.user_id), note)
        audit.record(services, request.scope, f"grant.{wish}", grant_id)
        return RedirectResponse(f"/mine/grants?done={wish}", 303)

    return routes


def _amount(view: GrantView) -> str:
    grant = view.grant
    if grant.amount_yuan is None:
        return words.MINE_AMOUNT_OPEN
    if grant.state is GrantState.MATCHED and grant.low_yuan != grant.high_yuan:
        return words.MINE_AMOUNT_UP_TO.format(yuan=grant.amount_yuan)
    return words.YUAN.format(yuan=grant.amount_yuan)


def _state(view: GrantView) -> str:
    if view.grant.state not in _OPEN:
        return STATES[view.grant.state]
    waits = words.MINE_WAITS_YOU if view.grant.willing_at is None else words.MINE_WAITS_OFFICE
    return f"{STATES[view.grant.state]}，{waits}"


def _reason(view: GrantView) -> str:
    """Why the department refused, or what was said when the company declined."""
    left = {GrantState.REFUSED.value, GrantState.DECLINED.value}
    return next((one.note for one in reversed(view.events) if one.after in left), "")
