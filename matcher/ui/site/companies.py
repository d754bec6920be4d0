"""The companies that the department keeps: found, looked at, verified, exported, erased."""

from __future__ import annotations

import json
from typing import Annotated

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse

from matcher.access import audit
from matcher.clock import SHANGHAI
from matcher.contacts import Contacts
from matcher.documents.words import file_name
from matcher.inputs import read_region
from matcher.jobs.worker import KEEP_DAYS
from matcher.records import Records
from matcher.services import Services
from matcher.store.companies import DEPARTMENT, Channel, CompanyRecord
from matcher.ui import layout
from matcher.ui.site import companies_import
from matcher.ui.site import companies_text as words
from matcher.ui.site.companies_import import read_date
from matcher.ui.site.companies_views import company_view, rows_of
from matcher.ui.site.push_frame import PageNumber, Paging, Staff, StaffRoute
from matcher.ui.site.replies import Refused, attachment, told
from policies.errors import InputError, Problem

PAGE = 50
VERSIONS_SHOWN = 5
_Text = Annotated[str, Form(max_length=600)]
_Fields = Annotated[list[str] | None, Form(max_length=400)]


def router(services: Services) -> APIRouter:
    """Its routes."""
    routes = APIRouter()
    # What has a name of its own comes before what is found by an id.
    for part in (companies_import.router(services), _pages(services), _changes(services), _contacts(services)):
        routes.include_router(part)
    return routes


def _pages(services: Services) -> APIRouter:
    """The list, one company, its export, the question before it is erased."""
    routes = APIRouter(route_class=StaffRoute)
    records = Records(services.database)

    @routes.get("/companies")
    def overview(
        request: Request, who: Staff, text: str = "", region: str = "", page: PageNumber = 1, done: str = ""
    ) -> Response:
        problems: list[str] = []
        try:
            code = read_region(region, words.REGION)
        except InputError as error:
            problems, code = told(error).split("\n"), ""
        total = records.count(DEPARTMENT, text=text, region=code)
        paging = Paging.of("/companies", page, total, PAGE, text=text, region=region)
        found = records.list(DEPARTMENT, text=text, region=code, offset=(page - 1) * PAGE, limit=PAGE)
        return layout.page(
            request, "companies", title=words.COMPANIES, active="companies", status=422 if problems else 200, w=words,
            rows=rows_of(found), total=total, text=text, region=region, paging=paging, problems=problems,
            done=words.DONE.get(done, ""),
        )  # fmt: skip

    @routes.get("/companies/{company_id}")
    def one(request: Request, company_id: str, who: Staff, done: str = "") -> Response:
        return show(request, services, company_id, done=words.DONE.get(done, ""))

    @routes.get("/companies/{company_id}/export.json")
    def export(request: Request, company_id: str, who: Staff) -> Response:
        record = kept(records, company_id)
        content = json.dumps(records.export(company_id, services.seal), ensure_ascii=False, indent=2).encode()
        audit.record(services, request.scope, "records.export", company_id)
        day = services.now().astimezone(SHANGHAI).date().isoformat()
        name = file_name(words.EXPORT_NAME, record.uscc or record.company_id, day, suffix=".json")
        return attachment(content, "application/json", name)

    @routes.get("/companies/{company_id}/erase")
    def ask(request: Request, company_id: str, who: Staff) -> Response:
        record = kept(records, company_id)
        told = records.export(company_id)
        counts = {name: len(rows) for name, rows in told.items() if name != "company"}
        title = words.ERASE_TITLE.format(name=record.name)
        return layout.page(
            request,
            "company_erase",
            title=title,
            active="companies",
            w=words,
            counts=counts,
            company=record,
            days=KEEP_DAYS,
        )

    return routes


def _changes(services: Services) -> APIRouter:
    """What staff do with a company."""
    routes = APIRouter(route_class=StaffRoute)
    records = Records(services.database)

    @routes.post("/companies/{company_id}/verify")
    def verify(
        request: Request, company_id: str, who: Staff, field: _Fields = None, by: _Text = "", on: _Text = ""
    ) -> Response:
        kept(records, company_id)
        now = services.now()
        try:
            if not field:
                raise InputError([Problem(*words.CHOSEN_NONE)])
            day = read_date(on, words.ON, now.astimezone(SHANGHAI).date())
            records.verify(company_id, field, by, day, now, actor=who.name)
        except InputError as error:
            audit.record(services, request.scope, "records.verify", company_id, "refused")
            return show(request, services, company_id, error=error, given={"by": by, "on": on, "fields": field or []})
        audit.record(services, request.scope, "records.verify", company_id)
        return RedirectResponse(f"/companies/{company_id}?done=verified", 303)

    @routes.post("/companies/{company_id}/erase")
    def erase(request: Request, company_id: str, who: Staff) -> Response:
        if not records.erase(company_id, DEPARTMENT):
            raise Refused(404, *words.NO_COMPANY)
        audit.record(services, request.scope, "records.erase", company_id)
        return RedirectResponse("/companies?done=erased", 303)

    return routes


def _contacts(services: Services) -> APIRouter:
    """Contacts come and go."""
    routes = APIRouter(route_class=StaffRoute)
    records = Records(services.database)

    @routes.post("/companies/{company_id}/contacts")
    def add(
        request: Request, company_id: str, who: Staff, channel: _Text = "", name: _Text = "", address: _Text = "",
        secret: _Text = "",
    ) -> Response:  # fmt: skip
        kept(records, company_id)
        try:
            if channel not in words.CHANNELS or services.seal is None:
                raise InputError([Problem(words.CONTACTS, words.NO_KEY if services.seal is None else words.CHANNEL)])
            contacts = Contacts(services.database, services.seal)
            added = contacts.add(company_id, Channel(channel), name, address, secret, now=services.now())
        except InputError as error:
            audit.record(services, request.scope, "contact.add", company_id, "refused")
            return show(
                request, services, company_id, error=error,
                given={"channel": channel, "name": name, "address": address},
            )  # fmt: skip
        audit.record(services, request.scope, "contact.add", added.contact_id)
        return RedirectResponse(f"/companies/{company_id}?done=contact#contacts", 303)

    @routes.post("/companies/{company_id}/contacts/{contact_id}/remove")
    def remove(request: Request, company_id: str, contact_id: str, who: Staff) -> Response:
        kept(records, company_id)
        if services.seal is None or not Contacts(services.database, services.seal).remove(company_id, contact_id):
            raise Refused(404, words.CONTACTS, words.NO_CONTACTS)
        audit.record(services, request.scope, "contact.remove", contact_id)
        return RedirectResponse(f"/companies/{company_id}?done=removed#contacts", 303)

    return routes


def kept(records: Records, company_id: str) -> CompanyRecord:
    """A company of the department.

    Raises:
        Refused: there is none, or it is a user's own.
    """
    record = records.get(DEPARTMENT, company_id)
    if record is None:
        raise Refused(404, *words.NO_COMPANY)
    return record


def show(
    request: Request,
    services: Services,
    company_id: str,
    *,
    done: str = "",
    error: InputError | None = None,
    given: dict[str, object] | None = None,
) -> Response:
    """The page of a company; after an error with what was given."""
    records = Records(services.database)
    record = kept(records, company_id)
    problems = told(error).split("\n") if error else []
    today = services.now().astimezone(SHANGHAI).date().isoformat()
    try:
        contacts = Contacts(services.database, services.seal).list(company_id) if services.seal else ()
    except InputError as unreadable:
        contacts, problems = (), [*problems, *told(unreadable).split("\n")]
    return layout.page(
        request, "company", title=record.name, active="companies", status=422 if error else 200, w=words,
        company=record, done=done, problems=problems, contacts=contacts, has_key=services.seal is not None,
        given={"by": "", "on": today, "fields": [], "channel": "email", "name": "", "address": "", **(given or {})},
        today=today, shown=VERSIONS_SHOWN, **company_view(records, record),
    )  # fmt: skip
