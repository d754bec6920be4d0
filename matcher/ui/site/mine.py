"""What a user keeps: companies, matches, favourites, deadlines; reports of a match."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request, Response
from fastapi.responses import RedirectResponse

from matcher.access import audit
from matcher.access.identity import Identity
from matcher.clock import SHANGHAI
from matcher.documents.calendar import calendar_file
from matcher.documents.words import file_name
from matcher.push.inbox import Inbox
from matcher.records import Records
from matcher.services import Services
from matcher.store.tables import Role
from matcher.ui import layout
from matcher.ui.site import kept, marks, reports
from matcher.ui.site import mine_text as words
from matcher.ui.site.kept import Kept
from matcher.ui.site.replies import PageRoute, Refused, attachment, person
from matcher.workspace import Workspace

SHOWN = 20
"""Entries of each list that stand open; the rest is folded."""
_Person = Annotated[Identity, Depends(person)]


def router(services: Services) -> APIRouter:
    """Its routes."""
    routes = APIRouter()
    for part in (_pages(services), _changes(services), marks.router(services), reports.router(services)):
        routes.include_router(part)
    return routes


def _pages(services: Services) -> APIRouter:
    """The overview, its files, and the question before everything is erased."""
    routes = APIRouter(route_class=PageRoute)

    @routes.get("/mine")
    def mine(request: Request, who: _Person) -> Response:
        return _overview(request, services, who)

    @routes.get("/mine/calendar.ics")
    def calendar(who: _Person) -> Response:
        matcher, day = services.engine.matcher(), services.engine.as_of()
        found = kept.calendar_of(Kept.of(services.database, who.user_id), matcher, day)
        content = calendar_file(found, name=words.ICS_NAME, now=services.now())
        return attachment(content, reports.CALENDAR_TYPE, file_name(words.ICS_NAME, day.isoformat(), suffix=".ics"))

    @routes.get("/mine/export.json")
    def export(who: _Person) -> Response:
        now = services.now().astimezone(SHANGHAI)
        name = file_name(words.EXPORT_NAME, now.date().isoformat(), suffix=".json")
        content = kept.export(services.database, who.user_id, now, services.seal)
        return attachment(content, "application/json", name)

    @routes.get("/mine/erase")
    def ask(request: Request, who: _Person) -> Response:
        counts = Kept.of(services.database, who.user_id).counts
        return layout.page(request, "mine_erase", title=words.ERASE, active="mine", w=words, counts=counts)

    return routes


def _changes(services: Services) -> APIRouter:
    """What forms send; each leads back to the overview."""
    routes = APIRouter(route_class=PageRoute)
    workspace, records = Workspace(services.database), Records(services.database)

    @routes.post("/mine/profiles/{company_id}/delete")
    def forget_profile(company_id: str, who: _Person) -> Response:
        if not records.erase(company_id, who.user_id):
            raise Refused(404, *words.NOT_FOUND)
        return _back("profile")

    @routes.post("/mine/runs/{run_id}/delete")
    def forget_run(run_id: str, who: _Person) -> Response:
        if workspace.run(who.user_id, run_id) is None:
            raise Refused(404, *words.NOT_FOUND)
        workspace.forget_run(who.user_id, run_id)
        return _back("run")

    @routes.post("/mine/favourites/remove")
    def unwatch(measure_id: Annotated[str, Form(max_length=200)], who: _Person) -> Response:
        if measure_id not in workspace.favourites(who.user_id):
            raise Refused(404, *words.NOT_FOUND)
        workspace.set_favourite(who.user_id, measure_id, services.now(), on=False)
        return _back("favourite")

    @routes.post("/mine/erase")
    def erase(request: Request, who: _Person) -> Response:
        kept.erase(services.database, who.user_id)
        audit.record(services, request.scope, "mine.erase", who.user_id)
        return _back("erased")

    return routes


def _back(done: str) -> Response:
    return RedirectResponse(f"/mine?done={done}", 303)


def _overview(request: Request, services: Services, who: Identity) -> Response:
    """While the library is still loading, what needs it is left out and the page says so."""
    mine = Kept.of(services.database, who.user_id)
    matcher = services.engine.matcher() if services.engine.ready else None
    library, day = matcher.library if matcher else None, services.engine.as_of()
    return layout.page(
        request,
        "mine",
        title=words.MINE,
        active="mine",
        w=words,
        done=words.DONE.get(request.query_params.get("done", ""), ""),
        ready=matcher is not None,
        shown=SHOWN,
        profiles=[(one, kept.show_moment(one.changed_at)) for one in mine.profiles],
        runs=kept.run_views(mine.runs, library.version if library else None),
        favourites=kept.favourite_views(mine.favourites, library, day) if library else [],
        months=kept.months(kept.calendar_of(mine, matcher, day), day) if matcher else [],
        counts=mine.counts,
        unread=Inbox(services.database).unread(who.user_id),
        staff=who.may_act_as(Role.STAFF),
    )
