"""Manual conditions: staff vouch for what the system cannot tell."""

from __future__ import annotations

import datetime as dt
from typing import Annotated

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from matcher.access import audit
from matcher.clock import SHANGHAI
from matcher.grants.checks import Checks, conditions_of
from matcher.records import Records
from matcher.services import Services
from matcher.ui import layout
from matcher.ui.site import grants_text as words
from matcher.ui.site.grants_views import missing
from matcher.ui.site.push_frame import Staff
from matcher.ui.site.replies import PageRoute, told
from policies.errors import InputError, Problem

HOLDS = {"yes": True, "no": False, "withdraw": None}
_Text = Annotated[str, Form(max_length=1000)]


def router(services: Services) -> APIRouter:
    """Its routes."""
    routes = APIRouter(route_class=PageRoute)

    @routes.get("/grants/checks")
    def show(request: Request, who: Staff, measure: str = "", company: str = "", done: str = "") -> Response:
        return _page(request, services, measure, company, by=who.name, done=words.DONE.get(done, ""))

    @routes.post("/grants/checks")
    def put(
        request: Request,
        who: Staff,
        measure: _Text = "",
        company: _Text = "",
        mark: _Text = "",
        holds: _Text = "",
        by: _Text = "",
        day: _Text = "",
        note: _Text = "",
    ) -> Response:
        entry = services.engine.matcher().library.by_id.get(measure)
        if entry is None:
            return missing(request)
        try:
            if holds not in HOLDS:
                raise InputError([Problem(words.RESULT, "没有选择", "请选择符合或不符合")])
            day_ = _day(day)
            now = services.now()
            Checks(services.database).put(
                entry, company, mark, holds=HOLDS[holds], by=by, day=day_, now=now, note=note
            )  # fmt: skip
        except InputError as error:
            return _page(request, services, measure, company, by=by, day=day, note=note, error=error)
        audit.record(services, request.scope, "grant.check", company)
        query = request.url.include_query_params(measure=measure, company=company, done="check").query
        return RedirectResponse(f"/grants/checks?{query}", 303)

    return routes


def _day(text: str) -> dt.date:
    try:
        return dt.date.fromisoformat(text.strip())
    except ValueError as error:
        raise InputError([Problem(words.CHECKED_ON, f"“{text.strip()[:20]}”不是日期", "请写成 2026-11-23")]) from error


def _page(
    request: Request,
    services: Services,
    measure: str,
    company: str,
    *,
    by: str,
    day: str = "",
    note: str = "",
    done: str = "",
    error: InputError | None = None,
) -> HTMLResponse:
    entry = services.engine.matcher().library.by_id.get(measure)
    record = Records(services.database).get(None, company)
    if entry is None or record is None:
        return missing(request)
    answers = Checks(services.database).of(measure, [company]).get(company, {})
    return layout.page(
        request,
        "grants_checks",
        title=words.CHECKS,
        active="grants",
        status=422 if error else 200,
        w=words,
        entry=entry,
        record=record,
        conditions=[(mark, text, answers.get(mark)) for mark, text in conditions_of(entry).items()],
        by=by,
        day=day or services.now().astimezone(SHANGHAI).date().isoformat(),
        note=note,
        done=done,
        errors=told(error).split("\n") if error else [],
    )
