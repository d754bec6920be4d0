"""免申即享: lists for the department, confirmation by the company."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse

from matcher.access import audit
from matcher.documents.words import file_name
from matcher.grants.book import book
from matcher.grants.lists import Lists
from matcher.grants.propose import Asked, propose
from matcher.grants.steps import Actor, Done, Steps
from matcher.inputs import read_region, read_yuan
from matcher.services import Services
from matcher.ui.site import grants_checks, grants_mine, grants_views
from matcher.ui.site import grants_text as words
from matcher.ui.site.grants_views import Making, missing
from matcher.ui.site.push_frame import Staff
from matcher.ui.site.replies import PageRoute, attachment
from policies.errors import InputError

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_Text = Annotated[str, Form(max_length=1000)]
STEPS = frozenset({"confirm", "refuse", "accept", "decline", "pay", "archive"})


def router(services: Services) -> APIRouter:
    """Its routes."""
    routes = APIRouter()
    # What has a name of its own comes before what is found by an id.
    named = (grants_mine.router(services), grants_checks.router(services), _lists(services))
    for part in (*named, _one_list(services), _steps(services)):
        routes.include_router(part)
    return routes


def _lists(services: Services) -> APIRouter:
    """All lists, and a new one."""
    routes = APIRouter(route_class=PageRoute)

    @routes.get("/grants")
    def overview(request: Request, who: Staff) -> Response:
        return grants_views.overview(request, services, Making())

    @routes.post("/grants")
    def make(request: Request, who: Staff, measure: _Text = "", budget: _Text = "", region: _Text = "") -> Response:
        making = Making(measure, budget, region)
        try:
            yuan, code = read_yuan(budget, words.BUDGET), read_region(region, words.REGION)
            library, day = services.engine.matcher().library, services.engine.as_of()
            made = propose(services.database, library, Asked(measure, day, yuan, code), who.name, services.now())
        except InputError as error:
            return grants_views.overview(request, services, making, error)
        audit.record(services, request.scope, "grant.propose", made.list_id)
        return RedirectResponse(f"/grants/{made.list_id}", 303)

    return routes


def _one_list(services: Services) -> APIRouter:
    """One list, its export, and confirming all of it."""
    routes = APIRouter(route_class=PageRoute)
    lists = Lists(services.database)

    @routes.get("/grants/{list_id}")
    def one(request: Request, list_id: str, who: Staff, state: str = "", page: int = 1) -> Response:
        view = lists.one(list_id)
        return missing(request) if view is None else grants_views.one_list(request, services, view, state, page)

    @routes.get("/grants/{list_id}/list.xlsx")
    def export(request: Request, list_id: str, who: Staff) -> Response:
        view = lists.one(list_id)
        if view is None:
            return missing(request)
        content = book(lists, view, services.engine.matcher().library)
        audit.record(services, request.scope, "grant.export", list_id)
        slug = view.of.measure_id.replace("/", "-")
        return attachment(content, XLSX, file_name(words.GRANTS, slug, view.of.as_of.isoformat(), suffix=".xlsx"))

    @routes.post("/grants/{list_id}/confirm")
    def confirm_all(request: Request, list_id: str, who: Staff) -> Response:
        view = lists.one(list_id)
        if view is None:
            return missing(request)
        library = services.engine.matcher().library
        done: Done = Steps(services.database).confirm_all(library, list_id, Actor(who.name, services.now()))
        audit.record(services, request.scope, "grant.confirm_all", list_id)
        now = lists.one(list_id) or view
        return grants_views.one_list(request, services, now, "", 1, done)

    return routes


def _steps(services: Services) -> APIRouter:
    """One company of a list, and what staff do with it."""
    routes = APIRouter(route_class=PageRoute)
    lists = Lists(services.database)

    @routes.get("/grants/{list_id}/{grant_id}")
    def one(request: Request, list_id: str, grant_id: str, who: Staff, done: str = "") -> Response:
        view = lists.grant(grant_id)
        if view is None or view.of.list_id != list_id:
            return missing(request)
        return grants_views.one_grant(request, services, view, done=words.DONE.get(done, ""))

    @routes.post("/grants/{list_id}/{grant_id}/{step}")
    def take(
        request: Request, list_id: str, grant_id: str, step: str, who: Staff, amount: _Text = "", note: _Text = ""
    ) -> Response:
        view = lists.grant(grant_id)
        if view is None or view.of.list_id != list_id or step not in STEPS:
            return missing(request)
        try:
            _take(services, step, grant_id, Actor(who.name, services.now()), amount, note)
        except InputError as error:
            audit.record(services, request.scope, f"grant.{step}", grant_id, "refused")
            view = lists.grant(grant_id)
            if view is None:
                return missing(request)
            return grants_views.one_grant(request, services, view, error=error, given={"amount": amount, "note": note})
        audit.record(services, request.scope, f"grant.{step}", grant_id)
        return RedirectResponse(f"/grants/{list_id}/{grant_id}?done={step}", 303)

    return routes


def _take(services: Services, step: str, grant_id: str, actor: Actor, amount: str, note: str) -> None:
    """Take one step."""
    steps = Steps(services.database)
    match step:
        case "confirm":
            yuan = read_yuan(amount, words.AMOUNT_ASKED)
            steps.confirm(services.engine.matcher().library, grant_id, actor, yuan)
        case "refuse":
            steps.refuse(grant_id, actor, note)
        case "accept":
            steps.accept(grant_id, actor, note)
        case "decline":
            steps.decline(grant_id, actor, note)
        case "pay":
            steps.pay(grant_id, actor, note)
        case "archive":
            steps.archive(grant_id, actor, note)
