"""Nobody reads a contact in the database, in a backup or in a log, and no log repeats what is kept of a company."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Iterator
from pathlib import Path
from zipfile import ZipFile

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy.exc import IntegrityError
from starlette.types import ASGIApp, Receive, Scope, Send

from app import open_services
from matcher.access.identity import LOCAL, identify
from matcher.contacts import Contacts
from matcher.records import Records
from matcher.seal import Seal
from matcher.settings import Settings
from matcher.store.backup import write_backup
from matcher.store.companies import DEPARTMENT, CompanyRecord
from matcher.store.database import Database
from matcher.store.files import FileStore
from matcher.store.tables import new_id
from matcher.ui.site import companies
from tests.store_support import ADDRESS, COMPANY, NOW, PERSON, SECRET, contents, fill

CONTACT = (PERSON, ADDRESS, SECRET, ADDRESS.partition("@")[0])
BUSINESS = (str(COMPANY["name"]), str(COMPANY["uscc"]), "购置五轴机床")


def readable(content: str | bytes, words: tuple[str, ...]) -> list[str]:
    """Which of some words stand in a content, as they are or as JSON writes them."""
    text = content if isinstance(content, bytes) else content.encode("utf-8", "replace")
    forms = {
        word: (word.encode(), word.encode("ascii", "backslashreplace"), word.encode("utf-16-le")) for word in words
    }
    return [word for word, written in forms.items() if any(form in text for form in written)]


@pytest.fixture
def log(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    caplog.set_level(logging.DEBUG)
    return caplog


def test_no_contact_is_readable_where_it_is_kept(
    database: Database, tmp_path: Path, log: pytest.LogCaptureFixture
) -> None:
    seal, files = Seal(Seal.new_key()), FileStore(database, tmp_path / "files")
    company_id = fill(database, files, seal)
    assert Contacts(database, seal).list(company_id)[0].name == PERSON
    write_backup(database, files.folder, tmp_path / "all.zip", NOW)
    with ZipFile(tmp_path / "all.zip") as archive:
        parts = [archive.read(name) for name in archive.namelist()]
    stored = [repr(rows) for rows in contents(database).values()]
    if database.is_sqlite:
        parts += [path.read_bytes() for path in (tmp_path / "data").glob("huiqi.sqlite*")]
    assert any(readable(part, BUSINESS) for part in [*parts, *stored]), "the search itself must find what is there"
    assert [readable(part, CONTACT) for part in [*parts, *stored] if readable(part, CONTACT)] == []
    assert readable(log.text, (*CONTACT, *BUSINESS)) == []


def test_an_error_of_the_database_does_not_repeat_what_was_written(database: Database) -> None:
    Records(database).save(DEPARTMENT, COMPANY, "imported", "名单", NOW)
    again = CompanyRecord(company_id=new_id(), owner=DEPARTMENT, name=COMPANY["name"], uscc=COMPANY["uscc"], region="",
                          raw=COMPANY, sources={}, version=1, created_at=NOW, changed_at=NOW)  # fmt: skip
    with pytest.raises(IntegrityError) as caught, database.session() as session:
        session.add(again)
    told = "".join(traceback.format_exception(caught.value))
    assert "ix_companies_owner_uscc" in told or "companies.uscc" in told
    assert "parameters hidden" in told and readable(told, BUSINESS) == []


class AsLocal:
    """Puts an identity into every request, as the gate does."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            identify(scope, LOCAL)
        await self.app(scope, receive, send)


@pytest.fixture
def page(tmp_path: Path) -> Iterator[tuple[TestClient, Database]]:
    settings = Settings(dense=False, data_dir=tmp_path / "data", contact_key=Seal.new_key())
    services = open_services(settings)
    app = FastAPI()
    app.include_router(companies.router(services))
    app.add_middleware(AsLocal)
    with TestClient(app, follow_redirects=False) as client:
        yield client, services.database
    services.database.close()


def test_pages_show_contacts_masked_and_log_nothing(
    page: tuple[TestClient, Database], log: pytest.LogCaptureFixture
) -> None:
    client, database = page
    company_id = Records(database).save(DEPARTMENT, COMPANY, "imported", "名单", NOW).company_id
    form = {"channel": "email", "name": PERSON, "address": ADDRESS, "secret": SECRET}
    assert client.post(f"/companies/{company_id}/contacts", data=form).status_code == 303
    shown = client.get(f"/companies/{company_id}")
    assert readable(shown.text, CONTACT) == [] and "张**" in shown.text
    bad = client.post(f"/companies/{company_id}/contacts", data={**form, "address": "nobody"})
    assert bad.status_code == 422 and readable(bad.text, (SECRET,)) == []
    upload = f"企业名称,统一社会信用代码,从业人数\n{COMPANY['name']},{COMPANY['uscc']},很多\n".encode()
    told = client.post("/companies/import", files={"file": ("名单.csv", upload)}, data={"kind": "imported"})
    assert told.status_code == 200 and "很多" in told.text
    assert ADDRESS in client.get(f"/companies/{company_id}/export.json").text
    audited = repr(contents(database)["audit"])
    ours = [one for one in log.records if one.name.split(".")[0] in {"matcher", "app", "sqlalchemy", "uvicorn"}]
    assert readable(audited + "".join(one.getMessage() for one in ours), (*CONTACT, *BUSINESS)) == []
