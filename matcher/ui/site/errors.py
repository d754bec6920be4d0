"""Error pages in Chinese, and JSON where a script asked."""

from __future__ import annotations

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from matcher.access.audit import request_id_of
from matcher.access.refusals import Reason, as_json
from matcher.ui import layout
from matcher.ui.site import login_text

_BY_STATUS = {
    400: Reason.MALFORMED, 401: Reason.LOGIN, 403: Reason.ROLE, 404: Reason.NOT_FOUND, 405: Reason.METHOD,
    411: Reason.LENGTH, 413: Reason.TOO_LARGE, 415: Reason.MEDIA, 422: Reason.INVALID, 429: Reason.TOO_MANY,
    503: Reason.BUSY,
}  # fmt: skip


def page(request: Request, reason: Reason, headers: dict[str, str]) -> Response:
    """An error as a page: what is wrong, what to do next, and the request's id."""
    answer = layout.page(
        request,
        "error",
        title=reason.title,
        status=reason.status,
        w=login_text,
        detail=reason.detail,
        wait_s=headers.get("retry-after"),
        to_login=reason is Reason.LOGIN,
        request_id=request_id_of(request.scope),
    )
    answer.headers.update(headers)
    return answer


def install(app: FastAPI) -> None:
    """Let the plain pages answer errors so; an unexpected error is the gate's."""
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(RequestValidationError, _invalid)


async def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    reason = _BY_STATUS.get(error.status_code, Reason.MALFORMED if error.status_code < 500 else Reason.ERROR)
    return _answer(request, reason, dict(error.headers or {}))


async def _invalid(request: Request, error: Exception) -> Response:
    return _answer(request, Reason.INVALID, {})


def _answer(request: Request, reason: Reason, headers: dict[str, str]) -> Response:
    if "text/html" in request.headers.get("accept", ""):
        return page(request, reason, headers)
    return as_json(request.scope, reason, headers)
