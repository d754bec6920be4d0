"""The pages of 免申即享 over HTTP: staff make a list and take every step, the company says what it wants."""

from __future__ import annotations

import dataclasses
import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from python_calamine import CalamineWorkbook
from sqlalchemy import select
from starlette.types import ASGIApp, Receive, Scope, Send

from app import open_services
from matcher.access.identity import Identity, identify
from matcher.grants.lists import Lists
from matcher.services import Services
from matcher.settings import Settings
from matcher.store.grants import Grant, GrantState
from matcher.store.tables import Audit, Role
from matcher.ui.site import grants
from tests.grants_support import AS_OF, AWARD, CODES, NOW, PARTLY, RANGE, folder_of_policies, keep, made

EVIL = "<script>alert(1)</script>&\"'=SUM(A1)"


class As:
    """Puts an identity into every request, as the gate does; the header X-User names it."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            user = dict(scope["headers"]).get(b"x-user", b"").decode()
            role = {"staff": Role.STAFF}.get(user, Role.ENTERPRISE)
            identify(scope, Identity(user, user, role) if user else None)
        await self.app(scope, receive, send)


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return folder_of_policies(tmp_path_factory.mktemp("library"))


@pytest.fixture
def services(library: Path, tmp_path: Path) -> Iterator[Services]:
    opened = open_services(Settings(library=library, dense=False, as_of=AS_OF, data_dir=tmp_path))
    found = dataclasses.replace(opened, now=lambda: NOW)
    found.engine.start()
    found.engine.matcher()
    yield found
    found.database.close()


@pytest.fixture
def app(services: Services) -> FastAPI:
    one = FastAPI()
    one.include_router(grants.router(services))
    one.add_middleware(As)
    return one


def client(app: FastAPI, user: str = "staff") -> TestClient:
    return TestClient(app, headers={"x-user": user}, follow_redirects=False)


def only(services: Services) -> Grant:
    with services.database.session() as session:
        return session.scalars(select(Grant)).one()


def actions(services: Services) -> list[tuple[str, str, str]]:
    with services.database.session() as session:
        return [(one.actor, one.action, one.outcome) for one in session.scalars(select(Audit).order_by(Audit.audit_id))]


def test_from_the_form_to_the_archive(app: FastAPI, services: Services) -> None:
    keep(services.database, EVIL)
    page = client(app)
    assert AWARD in page.get("/grants").text
    answer = page.post("/grants", data={"measure": AWARD, "budget": "10万", "region": "济南"})
    assert answer.status_code == 303
    at = answer.headers["location"]
    shown = page.get(at)
    assert "<script>" not in shown.text and "&lt;script&gt;" in shown.text
    assert "排序" in shown.text and "100,000.00" in shown.text
    one = f"{at}/{only(services).grant_id}"
    assert "企业还没有确认意愿" not in page.get(one).text
    for step, data, state in (
        ("confirm", {}, GrantState.CONFIRMED),
        ("accept", {"note": "2026-06-14 来函"}, GrantState.CONFIRMED),
        ("pay", {"note": "凭证 8"}, GrantState.PAID),
        ("archive", {}, GrantState.ARCHIVED),
    ):
        assert page.post(f"{one}/{step}", data=data).status_code == 303
        assert only(services).state is state
    assert "凭证 8" in page.get(one).text
    assert actions(services) == [
        ("staff", f"grant.{step}", "ok") for step in ("propose", "confirm", "accept", "pay", "archive")
    ]


def test_what_cannot_be_done_says_why_and_keeps_what_was_typed(app: FastAPI, services: Services) -> None:
    keep(services.database, verified=("region", "equipment_invest_wan"), equipment_invest_wan=200)
    of = made(services.database, services.engine.matcher().library, RANGE, 200_000)
    one = f"/grants/{of.list_id}/{only(services).grant_id}"
    page = client(app)
    answer = page.post(f"{one}/confirm", data={"amount": "30万"})
    assert answer.status_code == 422
    assert 'role="alert"' in answer.text and "200,000.00 元之间" in answer.text and 'value="30万"' in answer.text
    assert page.post(f"{one}/confirm", data={"amount": "很多"}).status_code == 422
    assert page.post(f"{one}/pay").status_code == 422
    assert page.post(f"{one}/refuse", data={"note": ""}).status_code == 422
    assert only(services).state is GrantState.MATCHED
    assert ("staff", "grant.pay", "refused") in actions(services)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ({"measure": "title/grant"}, "不是资金支持"),
        ({"measure": ""}, "没有这项政策或事项"),
        ({"measure": AWARD, "budget": "很多"}, "不是数字"),
        ({"measure": AWARD, "budget": "10万到20万"}, "不是一个确定的金额"),
        ({"measure": AWARD, "region": "没有这个地方"}, "行政区划中没有"),
    ],
)
def test_a_list_that_cannot_be_made(app: FastAPI, data: dict[str, str], said: str) -> None:
    answer = client(app).post("/grants", data=data)
    assert answer.status_code == 422
    assert said in answer.text
    assert all(f'value="{value}"' in answer.text for key, value in data.items() if key != "measure")


def test_all_that_are_certain_are_confirmed_together(app: FastAPI, services: Services) -> None:
    for name in ("甲", "乙", "丙"):
        keep(services.database, name)
    of = made(services.database, services.engine.matcher().library, budget_yuan=200_000)
    answer = client(app).post(f"/grants/{of.list_id}/confirm")
    assert "已确认 2 家。" in answer.text
    states = [view.grant.state for view in Lists(services.database).companies(of.list_id)]
    assert states == [GrantState.CONFIRMED, GrantState.CONFIRMED, GrantState.MATCHED]
    filtered = client(app).get(f"/grants/{of.list_id}?state=matched").text
    assert "丙" in filtered and ">甲<" not in filtered
    assert client(app).get(f"/grants/{of.list_id}?state=nonsense&page=99").status_code == 200


def test_the_workbook_holds_the_evidence_and_no_formula(app: FastAPI, services: Services) -> None:
    keep(services.database, "=HYPERLINK(1)")
    keep(services.database, "未核实的", verified=())
    of = made(services.database, services.engine.matcher().library)
    answer = client(app).get(f"/grants/{of.list_id}/list.xlsx")
    assert answer.headers["content-disposition"].startswith("attachment")
    book = CalamineWorkbook.from_filelike(io.BytesIO(answer.content))
    assert book.sheet_names == ["名单", "未列入", "办理记录", "说明"]
    head, row = book.get_sheet_by_name("名单").to_python()
    found = dict(zip(head, row, strict=True))
    assert found["企业名称"] == "=HYPERLINK(1)"
    assert "从业人数由济南市工业和信息化局于 2026-06-01 核实" in str(
        found["逐项条件：要求／企业情况／由谁核实、哪一天"]
    )
    left = book.get_sheet_by_name("未列入").to_python()[1]
    assert left[0] == "未核实的" and "还没有核实" in str(left[3])


def test_manual_conditions_are_vouched_for_in_the_page(app: FastAPI, services: Services) -> None:
    record = keep(services.database)
    of = made(services.database, services.engine.matcher().library, PARTLY)
    page = client(app)
    link = f"/grants/checks?measure={PARTLY.replace('/', '%2F')}&amp;company={record.company_id}"
    assert link.replace("%2F", "/") in page.get(f"/grants/{of.list_id}").text
    at = "/grants/checks"
    shown = page.get(at, params={"measure": PARTLY, "company": record.company_id}).text
    assert "还没有核实" in shown
    mark = shown.partition('name="mark" value="')[2].partition('"')[0]
    data = {"measure": PARTLY, "company": record.company_id, "mark": mark, "by": "李科长", "day": "2026-06-15"}
    assert page.post(at, data={**data, "holds": "yes", "day": "昨天"}).status_code == 422
    assert page.post(at, data=data).status_code == 422
    assert page.post(at, data={**data, "holds": "yes"}).status_code == 303
    assert "李科长" in page.get(at, params={"measure": PARTLY, "company": record.company_id}).text
    again = made(services.database, services.engine.matcher().library, PARTLY)
    assert len(Lists(services.database).companies(again.list_id)) == 1


def test_a_company_sees_its_own_grant_only_and_speaks_for_itself(app: FastAPI, services: Services) -> None:
    keep(services.database, owner="u1", uscc=CODES[0])
    made(services.database, services.engine.matcher().library)
    grant = only(services)
    assert "现在没有可以免申即享的事项" in client(app, "u2").get("/mine/grants").text
    mine = client(app, "u1").get("/mine/grants").text
    assert "100,000.00 元" in mine and "等您确认意愿" in mine
    say = f"/mine/grants/{grant.grant_id}"
    assert client(app, "u2").post(f"{say}/accept").status_code == 404
    assert client(app, "u1").post(f"{say}/pay").status_code == 404
    assert client(app, "u1").post(f"{say}/accept").status_code == 303
    assert only(services).willing_at == NOW
    assert client(app, "u1").post(f"{say}/decline", data={"note": "不需要"}).status_code == 303
    assert only(services).state is GrantState.DECLINED
    assert "企业放弃" in client(app, "u1").get("/mine/grants").text
    assert client(app, "u1").post(f"{say}/accept").status_code == 422


def test_companies_and_strangers_do_not_get_to_the_lists(app: FastAPI, services: Services) -> None:
    keep(services.database)
    of = made(services.database, services.engine.matcher().library)
    for path in ("/grants", f"/grants/{of.list_id}", f"/grants/{of.list_id}/list.xlsx"):
        assert client(app, "u1").get(path).status_code == 403
        assert client(app, "").get(path).status_code == 401
    assert client(app, "u1").post(f"/grants/{of.list_id}/confirm").status_code == 403
    assert client(app, "").get("/mine/grants").status_code == 401
    assert only(services).state is GrantState.MATCHED


def test_what_does_not_exist(app: FastAPI, services: Services) -> None:
    keep(services.database)
    of = made(services.database, services.engine.matcher().library)
    page = client(app)
    for path in ("/grants/x", "/grants/x/list.xlsx", f"/grants/{of.list_id}/x", "/grants/checks?measure=x&company=y"):
        assert page.get(path).status_code == 404
    assert page.get(f"/grants/other/{only(services).grant_id}").status_code == 404
    for path in ("/grants/x/confirm", f"/grants/{of.list_id}/{only(services).grant_id}/steal"):
        assert page.post(path).status_code == 404
