"""Reports of a kept match: a page to print, a Word document, a calendar file. The match is made again at its day."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from matcher.access.identity import Identity
from matcher.clock import SHANGHAI
from matcher.documents.calendar import calendar_file, deadlines_of, in_order
from matcher.documents.content import Report, report_of
from matcher.documents.report import source_of, word_report
from matcher.documents.words import file_name
from matcher.results import MatchResult
from matcher.services import Services
from matcher.steps import show_day
from matcher.store.tables import Run
from matcher.ui import cards, layout
from matcher.ui.form import plain_where
from matcher.ui.session import EVERYTHING, kept_profile
from matcher.ui.site import mine_text as words
from matcher.ui.site.replies import PageRoute, Refused, attachment, person, told
from matcher.workspace import Workspace
from policies.errors import InputError
from policies.profile import CompanyProfile

WORD_TYPE = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
CALENDAR_TYPE = "text/calendar; charset=utf-8"
_Person = Annotated[Identity, Depends(person)]


def router(services: Services) -> APIRouter:
    """Its routes; the ones with a suffix come first, or they would be taken for ids."""
    routes = APIRouter(route_class=PageRoute)
    workspace = Workspace(services.database)

    def own(who: Identity, run_id: str) -> Run:
        run = workspace.run(who.user_id, run_id)
        if run is None:
            raise Refused(404, *words.NOT_FOUND)
        return run

    @routes.get("/mine/runs/{run_id}.docx")
    def word(run_id: str, who: _Person) -> Response:
        run = own(who, run_id)
        name = file_name(run.name, words.REPORT, run.as_of.isoformat(), suffix=".docx")
        return attachment(word_report(_report(services, run)), WORD_TYPE, name)

    @routes.get("/mine/runs/{run_id}.ics")
    def calendar(run_id: str, who: _Person) -> Response:
        run = own(who, run_id)
        _, result = _matched(services, run)
        name = file_name(run.name, words.CALENDAR, run.as_of.isoformat(), suffix=".ics")
        title = f"{words.ICS_NAME}（{result.company}）"
        content = calendar_file(in_order(deadlines_of(result)), name=title, now=services.now())
        return attachment(content, CALENDAR_TYPE, name)

    @routes.get("/mine/runs/{run_id}")
    def page(request: Request, run_id: str, who: _Person) -> Response:
        run = own(who, run_id)
        report = _report(services, run, everything=request.query_params.get("all") == "1")
        title = words.REPORT_OF.format(name=report.company)
        return layout.page(
            request, "mine_report", title=title, active="mine", w=words, run_id=run_id, r=report,
            as_of=show_day(report.as_of), source_of=source_of,
        )  # fmt: skip

    return routes


def _matched(services: Services, run: Run) -> tuple[CompanyProfile, MatchResult]:
    """The company and what comes out for it now; Refused if it cannot be read any more."""
    try:
        profile = kept_profile(run.raw)
        return profile, services.engine.matcher().match(profile, run.as_of, k=EVERYTHING)
    except InputError as error:
        raise Refused(422, words.NOT_READABLE, told(error)) from error


def _report(services: Services, run: Run, *, everything: bool = False) -> Report:
    profile, result = _matched(services, run)
    return report_of(
        result,
        profile,
        run.raw,
        cards.sections(result),
        made_at=services.now().astimezone(SHANGHAI),
        warnings=tuple(_warnings(services, run, result)),
        notes=tuple(plain_where(note) for note in result.notes),
        everything=everything,
    )


def _warnings(services: Services, run: Run, result: MatchResult) -> list[str]:
    found, today = [], services.engine.as_of()
    if run.library_version != result.library_version:
        found.append(words.LIBRARY_CHANGED.format(old=run.library_version, new=result.library_version))
    if run.as_of != today:
        found.append(words.OTHER_DAY.format(day=show_day(run.as_of), today=show_day(today)))
    return found
