"""Login, logout, one's own password and logins."""

from __future__ import annotations

import math
import re
from typing import Annotated
from urllib.parse import urlsplit

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse
from starlette.responses import Response

from matcher.access.entrance import Entrance
from matcher.access.identity import Identity, identity_of
from matcher.access.refusals import Refusal
from matcher.store.tables import Role
from matcher.ui import layout
from matcher.ui.site import login_text as words
from policies.errors import InputError

Field = Annotated[str, Form()]
START = {Role.ENTERPRISE: "/e/", Role.STAFF: "/s/", Role.EVALUATOR: "/v/", Role.ADMIN: "/"}
SEE_OTHER = 303


def local_path(wanted: str, otherwise: str) -> str:
    """Where to go after the login: only to a page of this service, never to one that a link from elsewhere names."""
    parts = urlsplit(wanted) if re.fullmatch(r"/(?![/\\])[^\\\x00-\x20\x7f]*", wanted) else None
    if parts is None or parts.scheme or parts.netloc or parts.path in {"/login", "/logout"}:
        return otherwise
    return wanted


def router(entrance: Entrance) -> APIRouter:
    """The pages where people come in."""
    routes = APIRouter(include_in_schema=False)

    @routes.get("/login")
    def show(request: Request, next: str = "") -> Response:  # noqa: A002  # its name in the address
        identity = request.scope["state"].get("identity")
        if isinstance(identity, Identity):
            return RedirectResponse(local_path(next, START[identity.role]), SEE_OTHER)
        return _form(request, wanted=next)

    @routes.post("/login")
    def enter(request: Request, name: Field = "", password: Field = "", next: Field = "") -> Response:  # noqa: A002
        if not name.strip() or not password:
            return _form(request, wanted=next, name=name, problem=words.EMPTY, status=422)
        try:
            entered = entrance.log_in(request, name, password)
        except Refusal as refusal:
            problem = _locked(refusal)
            answer = _form(request, wanted=next, name=name, problem=problem, status=refusal.reason.status)
            answer.headers.update(refusal.headers)
            return answer
        if entered is None:
            return _form(request, wanted=next, name=name, problem=words.WRONG, status=401)
        token, identity = entered
        onward = RedirectResponse(local_path(next, START[identity.role]), SEE_OTHER)
        entrance.set_cookie(onward, token)
        return onward

    @routes.post("/logout")
    def leave(request: Request) -> Response:
        entrance.leave(request)
        home = RedirectResponse("/login", SEE_OTHER)
        entrance.clear_cookie(home)
        return home

    _add_account(routes, entrance)
    return routes


def _locked(refusal: Refusal) -> str:
    return words.LOCKED.format(minutes=math.ceil(refusal.wait_s / 60))


def _form(request: Request, *, wanted: str, name: str = "", problem: str = "", status: int = 200) -> Response:
    return layout.page(
        request, "login", title=words.LOG_IN, active="login", status=status, w=words, wanted=wanted, typed=name,
        problem=problem,
    )  # fmt: skip


# ---- account --------------------------------------------------------------------------------------------------------


def _add_account(routes: APIRouter, entrance: Entrance) -> None:
    @routes.get("/account")
    def account(request: Request, done: str = "") -> Response:
        return _account(request, entrance, done=words.DONE.get(done, ""))

    @routes.post("/account")
    def change(
        request: Request, do: Field = "", login: Field = "", old: Field = "", new: Field = "", again: Field = ""
    ) -> Response:
        if do == "password":
            return _change_password(request, entrance, old, new, again)
        if do in {"end", "others"}:
            entrance.end_logins(request, identity_of(request.scope), login if do == "end" else None)
        return RedirectResponse(f"/account?done={do}" if do in words.DONE else "/account", SEE_OTHER)


def _change_password(request: Request, entrance: Entrance, old: str, new: str, again: str) -> Response:
    if new != again:
        return _account(request, entrance, problem=words.DIFFERENT, status=422)
    try:
        token = entrance.change_password(request, identity_of(request.scope), old, new)
    except InputError as error:
        return _account(request, entrance, problem=str(error), status=422)
    except Refusal as refusal:
        problem = _locked(refusal)
        return _account(request, entrance, problem=problem, status=refusal.reason.status)
    if token is None:
        return _account(request, entrance, problem=words.WRONG_OLD, status=422)
    onward = RedirectResponse("/account?done=password", SEE_OTHER)
    entrance.set_cookie(onward, token)
    return onward


def _account(request: Request, entrance: Entrance, *, done: str = "", problem: str = "", status: int = 200) -> Response:
    identity, now = identity_of(request.scope), entrance.services.now()
    present = entrance.present_login(request)
    rows = [
        {
            "login_id": login.token_hash,
            "present": login.token_hash == present,
            **{
                name: getattr(login, f"{name}_at").astimezone(now.tzinfo).strftime(words.MOMENT)
                for name in ("created", "seen")
            },
        }
        for login in entrance.accounts.logins(identity.user_id, now)
    ]
    return layout.page(
        request, "account", title=words.ACCOUNT, active="account", status=status, w=words, user=identity,
        role=words.ROLES[identity.role], logins=rows, done=done, problem=problem,
    )  # fmt: skip
