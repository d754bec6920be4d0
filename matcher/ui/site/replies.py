"""How the pages of what a user keeps answer: who asks, refusals as a page or as JSON, downloads."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import quote

from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.routing import APIRoute

from matcher.access.identity import Identity, identity_of
from matcher.store.tables import Role
from matcher.ui import layout
from matcher.ui.form import plain_where
from matcher.ui.site import mine_text as words
from policies.errors import InputError

Handler = Callable[[Request], Coroutine[Any, Any, Response]]


class Refused(Exception):
    """A request that is answered with a reason in Chinese."""

    def __init__(self, status: int, title: str, detail: str) -> None:
        """Keep status, title and detail."""
        super().__init__(title)
        self.status, self.title, self.detail = status, title, detail


class PageRoute(APIRoute):
    """A route of a person: a refusal is a page; nothing is kept by caches on the way."""

    def get_route_handler(self) -> Handler:
        """FastAPI's handler with our answers."""
        return _answering(super().get_route_handler(), _refusal_page)


class JsonRoute(APIRoute):
    """A route of a script: a refusal is `{"title", "detail"}`."""

    def get_route_handler(self) -> Handler:
        """FastAPI's handler with our answers."""
        return _answering(super().get_route_handler(), _refusal_json)


def acting_as(request: Request, role: Role, login_first: tuple[str, str], other_role: tuple[str, str]) -> Identity:
    """Who asks, if they may act in a role; behind the gate, which says so already.

    Args:
        request: What is asked.
        role: Whose pages these are.
        login_first: Title and detail for nobody.
        other_role: The same for somebody else.

    Raises:
        Refused: nobody is logged in, or with another role.
    """
    try:
        identity = identity_of(request.scope)
    except PermissionError as error:
        raise Refused(401, *login_first) from error
    if not identity.may_act_as(role):
        raise Refused(403, *other_role)
    return identity


def person(request: Request) -> Identity:
    """Who asks, if it is somebody who keeps things here (see `acting_as`)."""
    return acting_as(request, Role.ENTERPRISE, words.LOGIN_FIRST, words.OTHER_ROLE)


def told(error: InputError) -> str:
    """What is wrong, one line for each problem, without the names that only programs use."""
    return "\n".join(str(replace(problem, where=plain_where(problem.where))) for problem in error.problems)


def attachment(content: bytes, media_type: str, name: str) -> Response:
    """A download; the name may be Chinese (RFC 6266)."""
    suffix = name.rpartition(".")[2]
    disposition = f"attachment; filename=\"huiqi.{suffix}\"; filename*=UTF-8''{quote(name, safe='')}"
    return Response(content, media_type=media_type, headers={"content-disposition": disposition})


def _answering(handle: Handler, refuse: Callable[[Request, Refused], Response]) -> Handler:
    async def answer(request: Request) -> Response:
        try:
            response = await handle(request)
        except Refused as refused:
            response = refuse(request, refused)
        except InputError as error:
            response = refuse(request, Refused(422, words.NOT_DONE, told(error)))
        except RequestValidationError as error:
            response = refuse(request, _misunderstood(error.errors()))
        response.headers["cache-control"] = "no-store"
        return response

    return answer


def _refusal_page(request: Request, refused: Refused) -> Response:
    return layout.page(
        request,
        "mine_refused",
        title=refused.title,
        active="mine",
        status=refused.status,
        w=words,
        heading=refused.title,
        lines=refused.detail.split("\n"),
    )


def _refusal_json(_: Request, refused: Refused) -> Response:
    return JSONResponse({"title": refused.title, "detail": refused.detail}, refused.status)


def _misunderstood(errors: Sequence[Any]) -> Refused:
    """What is wrong with a body, field by field."""
    reasons = []
    for error in errors:
        named = [str(part) for part in error["loc"] if isinstance(part, str) and part != "body"]
        reason = words.REASONS.get(error["type"], words.REASON_OTHER)
        reasons.append(words.BAD_FIELD.format(field=".".join(named), reason=reason) if named else reason)
    return Refused(422, words.BAD_JSON, "；".join(reasons))
