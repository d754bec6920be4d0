"""The application forms that an admin uploads for single measures: list, upload, download, remove, how to write one."""

from __future__ import annotations

from itertools import groupby
from typing import Annotated

from fastapi import APIRouter, File, Form, Request, Response, UploadFile
from fastapi.responses import RedirectResponse

from matcher.access import audit
from matcher.access.identity import identity_of
from matcher.clock import show_minute
from matcher.documents.words import file_name
from matcher.packs.forms import form_template
from matcher.packs.inspection import MAX_BYTES
from matcher.packs.kinds import Family, why_no_pack
from matcher.packs.layouts import LAYOUTS
from matcher.packs.templates import Templates, check_template
from matcher.packs.variables import LISTS, variables
from matcher.packs.words import KNOWN_VARIABLES
from matcher.services import Services
from matcher.store.packs import PackTemplate
from matcher.ui import layout
from matcher.ui.site import packs_text as words
from matcher.ui.site.replies import PageRoute, Refused, attachment, told
from policies.errors import InputError, Problem
from policies.library import Library, LibraryMeasure

WORD_TYPE = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


def router(services: Services) -> APIRouter:
    """Its routes."""
    routes = APIRouter(route_class=PageRoute)
    for part in (_pages(services), _changes(services)):
        routes.include_router(part)
    return routes


def _pages(services: Services) -> APIRouter:
    """The list, and what can be downloaded."""
    routes = APIRouter(route_class=PageRoute)
    templates = Templates(services.database)

    def kept(measure_id: str) -> PackTemplate:
        found = templates.find(measure_id)
        if found is None:
            raise Refused(404, *words.NO_FORM)
        return found

    @routes.get("/forms")
    def overview(request: Request, saved: str = "", n: int = 0, removed: int = 0) -> Response:
        entry = _library(services).by_id.get(saved)
        done = words.SAVED.format(measure=entry.measure.name, n=n) if entry else words.REMOVED if removed else ""
        return _overview(request, services, done=done)

    @routes.get("/forms/examples/{family}.docx")
    def example(family: Family) -> Response:
        return attachment(form_template(family), WORD_TYPE, file_name(LAYOUTS[family].title, "模板", suffix=".docx"))

    @routes.get("/forms/files/{policy_id}/{slug}.docx")
    def download(policy_id: str, slug: str) -> Response:
        found = kept(f"{policy_id}/{slug}")
        return attachment(found.content, WORD_TYPE, file_name(found.name.rpartition(".")[0], suffix=".docx"))

    @routes.get("/forms/samples/{policy_id}/{slug}.docx")
    def sample(policy_id: str, slug: str) -> Response:
        found = kept(f"{policy_id}/{slug}")
        filled = check_template(found.content, found.name).sample
        return attachment(filled, WORD_TYPE, file_name(found.name.rpartition(".")[0], "示例", suffix=".docx"))

    return routes


def _changes(services: Services) -> APIRouter:
    """What forms send."""
    routes = APIRouter(route_class=PageRoute)
    templates = Templates(services.database)

    @routes.post("/forms")
    def upload(
        request: Request,
        measure_id: Annotated[str, Form(max_length=200)] = "",
        file: Annotated[UploadFile | None, File()] = None,
    ) -> Response:
        try:
            if file is None or not file.filename:
                raise InputError([Problem(words.CHOOSE_FILE, words.NO_FILE)])
            if not measure_id:
                raise InputError([Problem(words.CHOOSE_MEASURE, words.CHOOSE)])
            content, by = file.file.read(MAX_BYTES + 1), identity_of(request.scope).name
            library = _library(services)
            checked = templates.add(library, measure_id, file.filename, content, by, services.now())
        except InputError as error:
            audit.record(services, request.scope, "form.add", measure_id, "refused")
            return _overview(request, services, problems=_told(error), chosen=measure_id)
        audit.record(services, request.scope, "form.add", measure_id)
        return RedirectResponse(f"/forms?saved={measure_id}&n={len(checked.used)}", 303)

    @routes.post("/forms/remove")
    def remove(request: Request, measure_id: Annotated[str, Form(max_length=200)]) -> Response:
        if not templates.remove(measure_id):
            raise Refused(404, *words.NO_FORM)
        audit.record(services, request.scope, "form.remove", measure_id)
        return RedirectResponse("/forms?removed=1", 303)

    return routes


def _told(error: InputError) -> list[str]:
    """What is wrong; the variables that there are stand further down on the page."""
    own = [problem for problem in error.problems if problem.where != KNOWN_VARIABLES]
    lines = told(InputError(own)).split("\n")
    return [*lines, words.SEE_VARIABLES] if len(own) < len(error.problems) else lines


def _library(services: Services) -> Library:
    """The library; Refused while it is still loading."""
    if not services.engine.ready:
        raise Refused(503, *words.NOT_READY)
    return services.engine.matcher().library


def _overview(
    request: Request, services: Services, *, done: str = "", problems: list[str] | None = None, chosen: str = ""
) -> Response:
    library = _library(services)
    kept = [
        (one, library.by_id.get(one.measure_id), show_minute(one.added_at))
        for one in Templates(services.database).list()
    ]
    known = variables().values()
    return layout.page(
        request,
        "forms",
        title=words.FORMS,
        active="forms",
        status=422 if problems else 200,
        w=words,
        done=done,
        problems=problems or [],
        chosen=chosen,
        kept=kept,
        measures=_measures(library),
        groups=[(group, [*members]) for group, members in groupby(known, key=lambda one: one.group)],
        lists=LISTS,
        count=len(known),
        families=[(family.value, LAYOUTS[family].title, LAYOUTS[family].name) for family in Family],
    )


def _measures(library: Library) -> list[tuple[str, list[LibraryMeasure]]]:
    """The measures with something to apply for, by the title of their policy."""
    found = (entry for entry in library.measures if not why_no_pack(entry))
    return [(title, [*entries]) for title, entries in groupby(found, key=lambda entry: entry.policy.title)]
