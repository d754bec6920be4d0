"""The page of 宣贯 over HTTP: who is found, the file, and that contacts are in the file alone."""

from __future__ import annotations

import csv
import dataclasses
import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import select

from app import open_services
from matcher.contacts import Contacts
from matcher.seal import Seal
from matcher.services import Services
from matcher.settings import Settings
from matcher.store.companies import Channel
from matcher.store.tables import Audit
from matcher.ui.site import briefing
from tests.grants_support import AS_OF, AWARD, NOW, PARTLY, folder_of_policies, keep
from tests.integration.test_grants_pages import As

ADDRESS = "zhang@example.cn"


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return folder_of_policies(tmp_path_factory.mktemp("library"))


@pytest.fixture
def services(library: Path, tmp_path: Path) -> Iterator[Services]:
    opened = open_services(Settings(library=library, dense=False, as_of=AS_OF, data_dir=tmp_path))
    found = dataclasses.replace(opened, now=lambda: NOW, seal=Seal(Fernet.generate_key().decode()))
    found.engine.start()
    found.engine.matcher()
    yield found
    found.database.close()


@pytest.fixture
def app(services: Services) -> FastAPI:
    one = FastAPI()
    one.include_router(briefing.router(services))
    one.add_middleware(As)
    return one


def client(app: FastAPI, user: str = "staff") -> TestClient:
    return TestClient(app, headers={"x-user": user}, follow_redirects=False)


def test_the_list_in_the_page_and_in_the_file(app: FastAPI, services: Services) -> None:
    record = keep(services.database, "<b>济南甲公司</b>")
    assert services.seal is not None
    Contacts(services.database, services.seal).add(record.company_id, Channel.EMAIL, "张三", ADDRESS, now=NOW)
    page, asked = client(app), {"m": [AWARD, PARTLY], "region": "济南市", "seats": "10"}
    shown = page.get("/briefing", params={**asked, "go": "1"}).text
    assert "&lt;b&gt;济南甲公司" in shown and "符合：关于award的通知" in shown
    assert "须核实：项目符合产业政策" in shown and ADDRESS not in shown and "张三" not in shown
    answer = page.get("/briefing/invite.csv", params=asked)
    assert answer.headers["content-type"].startswith("text/csv")
    (row,) = csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig")))
    assert row["联系方式"] == f"张三 {ADDRESS}"
    assert page.get("/briefing/invite.xlsx", params=asked).content.startswith(b"PK")
    with services.database.session() as session:
        lines = session.scalars(select(Audit)).all()
    assert [(one.actor, one.action, one.target) for one in lines] == [
        ("staff", "briefing.export", f"{AWARD} {PARTLY}")
    ] * 2


def test_what_is_chosen_stays_while_measures_are_looked_for(app: FastAPI) -> None:
    shown = client(app).get("/briefing", params={"m": AWARD, "find": "upto"}).text
    assert f'value="{AWARD}" checked' in shown and 'value="upto/grant"' in shown and 'value="rival/grant"' not in shown


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({}, "没有选择"),
        ({"m": AWARD, "seats": "很多"}, "不是整数"),
        ({"m": AWARD, "region": "没有这里"}, "行政区划中没有"),
    ],
)
def test_what_cannot_be_asked(app: FastAPI, asked: dict[str, str], said: str) -> None:
    answer = client(app).get("/briefing", params={**asked, "go": "1"})
    assert answer.status_code == 422
    assert said in answer.text and 'role="alert"' in answer.text
    assert client(app).get("/briefing/invite.csv", params=asked).status_code == 422


def test_nobody_to_invite(app: FastAPI) -> None:
    answer = client(app).get("/briefing", params={"m": AWARD, "go": "1"})
    assert "没有用得上这些事项的企业" in answer.text and "invite.xlsx" not in answer.text


def test_for_staff_only(app: FastAPI) -> None:
    for path in ("/briefing", f"/briefing/invite.csv?m={AWARD}"):
        assert client(app, "u1").get(path).status_code == 403
        assert client(app, "").get(path).status_code == 401
    assert client(app).get("/briefing/invite.pdf").status_code == 404
