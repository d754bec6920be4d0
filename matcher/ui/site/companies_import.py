"""A spreadsheet into the department's companies: uploaded, looked at, then confirmed."""

from __future__ import annotations

import datetime as dt
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, File, Form, Request, Response, UploadFile

from matcher.access import audit
from matcher.access.identity import Identity
from matcher.clock import SHANGHAI
from matcher.companies.intake import Reading
from matcher.documents.words import file_name
from matcher.jobs.records import UPLOADS
from matcher.records import Kind, Source
from matcher.records.shown import shown_source
from matcher.records.table import TableImport
from matcher.services import Services
from matcher.store.tables import StoredFile
from matcher.ui import layout
from matcher.ui.site import companies_text as words
from matcher.ui.site.push_frame import Staff, StaffRoute
from matcher.ui.site.replies import Refused, told
from policies.errors import InputError, Problem

MAX_ROWS = 20_000
"""More would keep a browser waiting for too long."""
_Text = Annotated[str, Form(max_length=200)]


@dataclass(frozen=True)
class Vouching:
    """Who vouches for a list, as the form says."""

    kind: str = Kind.IMPORTED.value
    by: str = ""
    on: str = ""

    def source(self, today: dt.date, name: str) -> Source:
        """The source of its facts.

        Raises:
            InputError: something is missing or wrong.
        """
        kind = Kind(self.kind) if self.kind in words.KINDS else Kind.IMPORTED
        if kind is Kind.VERIFIED and not self.by.strip():
            raise InputError([Problem(*words.NO_BY)])
        return Source(kind, self.by.strip() or Path(name).stem, read_date(self.on, words.SINCE, today))


def read_date(text: str, where: str, today: dt.date) -> dt.date:
    """A day as a form sends it; today for none.

    Raises:
        InputError: it is none.
    """
    if not text.strip():
        return today
    try:
        return dt.date.fromisoformat(text.strip())
    except ValueError as error:
        raise InputError([Problem(where, words.BAD_DAY.format(text=text.strip()[:20]))]) from error


def router(services: Services) -> APIRouter:
    """Its routes."""
    routes = APIRouter(route_class=StaffRoute)

    @routes.get("/companies/import")
    def form(request: Request, who: Staff) -> Response:
        return _form(request, Vouching())

    @routes.post("/companies/import")
    def upload(
        request: Request, who: Staff, file: Annotated[UploadFile | None, File()] = None, kind: _Text = "",
        by: _Text = "", on: _Text = "",
    ) -> Response:  # fmt: skip
        vouching = Vouching(kind, by, on)
        try:
            if file is None or not file.filename:
                raise InputError([Problem(*words.NO_FILE)])
            stored = _uploaded(services, who, file)
            return _run(request, services, who, stored, vouching, preview=True)
        except InputError as error:
            audit.record(services, request.scope, "records.import", "", "refused")
            return _form(request, vouching, error)

    @routes.post("/companies/import/{file_id}")
    def confirm(
        request: Request, who: Staff, file_id: str, kind: _Text = "", by: _Text = "", on: _Text = ""
    ) -> Response:
        stored = services.files.find(file_id, who.user_id)
        if stored is None or not stored.path.startswith(UPLOADS):
            raise Refused(404, *words.GONE_FILE)
        return _run(request, services, who, stored, Vouching(kind, by, on), preview=False)

    return routes


def _run(
    request: Request, services: Services, who: Identity, stored: StoredFile, vouching: Vouching, *, preview: bool
) -> Response:
    """Read the file, and write its companies or only count them; then show what came out."""
    now = services.now()
    source = vouching.source(now.astimezone(SHANGHAI).date(), stored.name)
    path, problems = services.files.path_of(stored), services.files.new_path(".csv")
    with _named(path, stored.name):
        reading = Reading([path], None, services.engine.as_of(), replace(services.jobs.limits, rows=MAX_ROWS + 1))
        taken = TableImport(services.database, reading, source, now=now, actor=who.name)
        taken.run(problems, preview=preview)
    name = file_name(words.PROBLEMS_NAME, suffix=".csv")
    listed = _taken(services, who, problems, name).file_id if reading.rejected else None
    if not preview:
        services.files.delete(stored)
        audit.record(services, request.scope, "records.import", f"{taken.new}+{taken.changed}")
    counts = taken.counts()
    return layout.page(
        request, "companies_result",
        title=(words.PREVIEW_TITLE if preview else words.RESULT_TITLE).format(name=stored.name),
        active="companies", w=words, preview=preview, counts=[(words.COUNTS[key], counts[key]) for key in words.COUNTS],
        fresh=taken.new + taken.changed, companies=reading.companies, notes=reading.notes,
        problems=reading.problems, rejected=reading.rejected, listed=listed, file_id=stored.file_id, vouching=vouching,
        source=shown_source(source),
    )  # fmt: skip


def _form(request: Request, vouching: Vouching, error: InputError | None = None) -> Response:
    return layout.page(
        request, "companies_import", title=words.IMPORT, active="companies", status=422 if error else 200, w=words,
        vouching=vouching, problems=told(error).split("\n") if error else [], max_rows=f"{MAX_ROWS:,}",
    )  # fmt: skip


def _taken(services: Services, who: Identity, path: Path, name: str) -> StoredFile:
    """A file among the person's own; like every upload that nobody needs any more it goes after some days."""
    try:
        return services.jobs.take(path, name, who.user_id, services.now())
    finally:
        path.unlink(missing_ok=True)


def _uploaded(services: Services, who: Identity, file: UploadFile) -> StoredFile:
    path = services.files.new_path("")
    with path.open("wb") as target:
        shutil.copyfileobj(file.file, target)
    return _taken(services, who, path, Path((file.filename or "").replace("\\", "/")).name)


@contextmanager
def _named(path: Path, name: str) -> Iterator[None]:
    """What is wrong with a file is said of the name that the person knows."""
    try:
        yield
    except InputError as error:
        told = [replace(one, where=one.where.replace(path.name, name)) for one in error.problems]
        raise InputError(told) from error
