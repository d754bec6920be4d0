"""What a user keeps, over HTTP: pages, reports, endpoints of the buttons, and that nobody reaches anybody else's."""

from __future__ import annotations

import dataclasses
import datetime as dt
import io
import json
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from docx import Document
from fastapi import FastAPI
from fastapi.testclient import TestClient
from icalendar import Calendar
from starlette.types import ASGIApp, Receive, Scope, Send

from app import open_services
from matcher.access.identity import Identity, identify
from matcher.feedback import FeedbackStore
from matcher.records import Records
from matcher.services import Services
from matcher.settings import Settings
from matcher.store.tables import Role, Run
from matcher.ui.site import mine
from matcher.workspace import Workspace
from policies.profile import CompanyProfile
from tests.support import measure, policy, write_library

AS_OF = dt.date(2026, 6, 15)
NOW = dt.datetime(2026, 6, 15, 1, 30, tzinfo=dt.UTC)
EVIL = "<script>alert(1)</script>&\"'=SUM(A1)"
COMPANY: dict[str, Any] = {
    "name": EVIL, "region": "山东省/济南市", "employees": 58, "patents": 8,
    "plans": [{"text": "<img src=x onerror=alert(2)>购置机床", "equipment_invest_wan": 800}], "needs": "</dd><b>想</b>",
}  # fmt: skip
SOON = {"kind": "fixed", "closes": "2026-07-05", "text": "7月5日前"}
YEARLY = {"kind": "yearly", "opens": "09-01", "closes": "10-31", "text": "每年9—10月"}


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
    many = {"field": "patents", "min": 10}
    return write_library(
        tmp_path_factory.mktemp("library"),
        policy("soon", measure(window=SOON), materials=["申请表", "购置合同"], channel="政务服务网", contact="工信局"),
        policy("yearly", measure(window=YEARLY, when=[{"field": "honours", "has": ["瞪羚企业"]}])),
        policy("always", measure("a"), measure("b", when=[{"manual": "设备先进"}])),
        policy("almost", measure(when=[many])),
        policy("gone-by", measure(window={"kind": "fixed", "closes": "2026-01-31"})),
        policy("old", measure(), status="superseded", relations=[{"type": "superseded_by", "target": "new"}]),
        policy("new", measure(), valid_from="2026-01-01"),
    )


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
    made = FastAPI()
    made.include_router(mine.router(services))
    made.add_middleware(As)
    return made


def client(app: FastAPI, user: str = "u1") -> TestClient:
    return TestClient(app, headers={"x-user": user} if user else {}, follow_redirects=False)


def matched(services: Services, owner: str = "u1", raw: dict[str, Any] = COMPANY, company_id: str | None = None) -> Run:
    result = services.engine.matcher().match(CompanyProfile.model_validate(raw), AS_OF, k=100)
    return Workspace(services.database).record_run(owner, raw, result, NOW, company_id)


# ---- what the page shows --------------------------------------------------------------------------------------------


def test_nothing_is_kept_yet(app: FastAPI) -> None:
    page = client(app).get("/mine")
    assert page.status_code == 200 and page.headers["cache-control"] == "no-store"
    for words in ("还没有保存企业", "还没有匹配记录", "还没有收藏", "没有已知的申报日期"):
        assert words in page.text
    assert "现在没有保存任何数据" in client(app).get("/mine/erase").text


def test_everything_kept_is_shown_escaped(app: FastAPI, services: Services) -> None:
    workspace, records = Workspace(services.database), Records(services.database)
    kept = records.save("u1", COMPANY, "declared", "", NOW)
    run = matched(services, company_id=kept.company_id)
    for measure_id in ("soon/grant", "gone-by/grant", "not/there"):
        workspace.set_favourite("u1", measure_id, NOW, on=True)
    page = client(app).get("/mine").text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page and "<script>alert" not in page
    for link in (f"/e/?profile={kept.company_id}", f"/e/?run={run.run_id}", f"/mine/runs/{run.run_id}.docx",
                 f"/mine/runs/{run.run_id}.ics", 'href="/policies/soon"', 'name="m" value="soon/grant"'):  # fmt: skip
        assert link in page
    assert "2026 年 6 月 15 日 09:30" in page, "moments are shown in China's time"
    assert (
        "2026 年 7 月 5 日，只剩 20 天" in page
        and "本批已截止" in page
        and "已经没有这个事项（编号 not/there）" in page
    )
    assert "2026 年 7 月</h3>" in page and "还有 20 天" in page and "已收藏" in page
    assert "2026 年 9 月</h3>" in page and "按往年时间推算" in page
    assert "政策库在这之后有更新" not in page


def test_a_run_of_an_older_library_says_so(app: FastAPI, services: Services) -> None:
    run = matched(services)
    with services.database.session() as session:
        session.merge(run).library_version = "0123456789ab"
    assert "政策库在这之后有更新" in client(app).get("/mine").text
    report = client(app).get(f"/mine/runs/{run.run_id}").text
    assert "匹配时的政策库版本是 0123456789ab，现在是" in report


def test_an_ended_favourite_names_what_came_after(app: FastAPI, services: Services) -> None:
    Workspace(services.database).set_favourite("u1", "old/grant", NOW, on=True)
    page = client(app).get("/mine").text
    assert "已被取代" in page and re.search(r'后续文件</dt><dd><a href="/policies/new">', page)
    assert "申报时间</dt>" not in page


def test_a_long_list_is_folded(app: FastAPI, services: Services) -> None:
    records = Records(services.database)
    for number in range(mine.SHOWN + 3):
        records.save("u1", {"name": f"公司{number}"}, "declared", "", NOW + dt.timedelta(minutes=number))
    page = client(app).get("/mine").text
    assert "展开其余 3 家" in page and page.index("公司22") < page.index("展开其余 3 家") < page.index("公司0<")


def test_while_the_library_loads_the_page_says_so(library: Path, tmp_path: Path) -> None:
    opened = open_services(Settings(library=library, dense=False, as_of=AS_OF, data_dir=tmp_path))
    Records(opened.database).save("u1", COMPANY, "declared", "", NOW)
    Workspace(opened.database).set_favourite("u1", "soon/grant", NOW, on=True)
    app = FastAPI()
    app.include_router(mine.router(opened))
    app.add_middleware(As)
    page = client(app).get("/mine").text
    assert "政策库正在准备" in page and "打开填写" in page
    assert "还没有收藏" not in page and "没有已知的申报日期" not in page
    opened.database.close()


# ---- changes --------------------------------------------------------------------------------------------------------


def test_forms_remove_and_lead_back(app: FastAPI, services: Services) -> None:
    workspace, records, page = Workspace(services.database), Records(services.database), client(app)
    kept = records.save("u1", COMPANY, "declared", "", NOW)
    matched(services, company_id=kept.company_id)
    matched(services)  # of the same company, though not kept with it
    loose = matched(services, raw={**COMPANY, "name": "另一家公司"})
    workspace.set_favourite("u1", "soon/grant", NOW, on=True)
    answer = page.post(f"/mine/profiles/{kept.company_id}/delete")
    assert (answer.status_code, answer.headers["location"]) == (303, "/mine?done=profile")
    assert records.list("u1") == [] and [run.run_id for run in workspace.runs("u1")] == [loose.run_id]
    assert "已删除这家企业" in page.get("/mine?done=profile").text
    assert page.post(f"/mine/runs/{loose.run_id}/delete").headers["location"] == "/mine?done=run"
    assert workspace.runs("u1") == []
    removed = page.post("/mine/favourites/remove", data={"measure_id": "soon/grant"})
    assert removed.headers["location"] == "/mine?done=favourite" and workspace.favourites("u1") == []
    assert 'role="status"' not in page.get("/mine?done=<script>").text.split("<nav")[1]
    assert page.post("/mine/favourites/remove", data={}).status_code == 422


def test_everything_can_be_exported_and_erased(app: FastAPI, services: Services) -> None:
    workspace, records, page = Workspace(services.database), Records(services.database), client(app)
    kept = records.save("u1", COMPANY, "declared", "", NOW)
    records.save("u2", {"name": "别人"}, "declared", "", NOW)
    run = matched(services, company_id=kept.company_id)
    workspace.set_favourite("u1", "soon/grant", NOW, on=True)
    body = {"run_id": run.run_id, "target": "soon/grant", "mark": "适合", "note": "好"}
    assert page.post("/mine/feedback", json=body).status_code == 204
    answer = page.get("/mine/export.json")
    assert unquote(answer.headers["content-disposition"]).endswith("惠企-我的数据-2026-06-15.json")
    told = json.loads(answer.content)
    assert told["profiles"][0]["profile"] == COMPANY and told["runs"][0]["run_id"] == run.run_id
    assert told["favourites"] == ["soon/grant"] and told["feedback"][0]["note"] == "好"
    assert "别人" not in answer.text
    assert "保存的企业 1 家、匹配记录 1 次、收藏 1 项、反馈 1 条" in page.get("/mine/erase").text
    assert page.post("/mine/erase").headers["location"] == "/mine?done=erased"
    empty = json.loads(page.get("/mine/export.json").content)
    assert [empty[key] for key in ("profiles", "runs", "favourites", "feedback")] == [[], [], [], []]
    assert [one.name for one in records.list("u2")] == ["别人"]


# ---- endpoints of the buttons ---------------------------------------------------------------------------------------


def test_favourites_are_idempotent(app: FastAPI, services: Services) -> None:
    page, workspace = client(app), Workspace(services.database)
    for on, kept in ((True, ["soon/grant"]), (True, ["soon/grant"]), (False, []), (False, [])):
        answer = page.post("/mine/favourites", json={"measure_id": "soon/grant", "on": on})
        assert (answer.status_code, answer.content) == (204, b"")
        assert workspace.favourites("u1") == kept


def test_feedback_is_kept_with_the_company_of_the_match(app: FastAPI, services: Services) -> None:
    run, page = matched(services), client(app)
    for mark in ("适合", "适合", "已获批"):
        body = {"run_id": run.run_id, "target": "soon/grant", "mark": mark}
        assert page.post("/mine/feedback", json=body).status_code == 204
    marks = FeedbackStore(services.database).all()
    assert [(one.mark.value, one.owner, one.as_of) for one in marks] == [
        ("适合", "u1", AS_OF), ("已获批", "u1", AS_OF)
    ]  # fmt: skip
    assert marks[0].profile == COMPANY and marks[0].made_at == NOW


BAD = [
    ("/mine/favourites", {"measure_id": "no/such", "on": True}, 404, "没有这个事项"),
    ("/mine/favourites", {"measure_id": "soon/grant", "on": "true"}, 422, "“on”应为 true 或 false"),
    ("/mine/favourites", {"measure_id": "soon/grant", "on": 1}, 422, "“on”应为 true 或 false"),
    ("/mine/favourites", {"measure_id": 5, "on": True}, 422, "“measure_id”应为文字"),
    ("/mine/favourites", {"measure_id": "", "on": True}, 422, "“measure_id”不能为空"),
    ("/mine/favourites", {"measure_id": "x" * 201, "on": True}, 422, "“measure_id”太长"),
    ("/mine/favourites", {"on": True}, 422, "“measure_id”没有填写"),
    ("/mine/favourites", {"measure_id": "soon/grant", "on": True, "owner": "u2"}, 422, "“owner”是多余的项"),
    ("/mine/favourites", [], 422, "格式不对"),
    ("/mine/feedback", {"run_id": "none", "target": "soon/grant", "mark": "适合"}, 404, "可能已被删除"),
    ("/mine/feedback", {"run_id": "RUN", "target": "no/such", "mark": "适合"}, 404, "没有编号为“no/such”的事项"),
    ("/mine/feedback", {"run_id": "RUN", "target": "soon/grant", "mark": "一般"}, 422, "“mark”不在允许的取值内"),
    ("/mine/feedback", {"run_id": "RUN", "target": "soon/grant", "mark": "适合", "note": "x" * 501}, 422, "“note”太长"),
]


@pytest.mark.parametrize(("path", "body", "status", "words"), BAD)
def test_bad_bodies_get_a_chinese_reason(
    app: FastAPI, services: Services, path: str, body: Any, status: int, words: str
) -> None:
    run = matched(services)
    if isinstance(body, dict) and body.get("run_id") == "RUN":
        body = {**body, "run_id": run.run_id}
    answer = client(app).post(path, json=body)
    told = answer.json()
    assert answer.status_code == status and set(told) == {"title", "detail"}
    assert words in told["title"] + told["detail"]
    assert Workspace(services.database).favourites("u1") == [] and FeedbackStore(services.database).all() == ()


def test_too_many_favourites(app: FastAPI, services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("matcher.workspace.MAX_FAVOURITES", 1)
    bodies = [{"measure_id": measure_id, "on": True} for measure_id in ("soon/grant", "always/a")]
    answers = [client(app).post("/mine/favourites", json=body) for body in bodies]
    assert [answer.status_code for answer in answers] == [204, 422]
    assert answers[1].json() == {"title": "没有完成", "detail": "收藏：最多收藏 1 项。请先取消一些收藏"}


def test_broken_json_and_forms_are_refused(app: FastAPI) -> None:
    page = client(app)
    broken = page.post("/mine/favourites", content=b'{"measure_id": ', headers={"content-type": "application/json"})
    assert broken.status_code == 422 and "不是正确的 JSON" in broken.json()["detail"]
    form = page.post("/mine/favourites", data={"measure_id": "soon/grant", "on": "true"})
    assert form.status_code == 422, "another site's form could send this without asking first"


# ---- whose it is ----------------------------------------------------------------------------------------------------


def test_nobody_reaches_what_somebody_else_keeps(app: FastAPI, services: Services) -> None:
    workspace, records, stranger = Workspace(services.database), Records(services.database), client(app, "u2")
    kept = records.save("u1", COMPANY, "declared", "", NOW)
    run = matched(services, company_id=kept.company_id)
    workspace.set_favourite("u1", "soon/grant", NOW, on=True)
    own = f"/mine/runs/{run.run_id}"
    for path in (own, f"{own}.docx", f"{own}.ics"):
        assert client(app).get(path).status_code == 200
        assert stranger.get(path).status_code == 404 and EVIL not in stranger.get(path).text
    for path in (f"/mine/profiles/{kept.company_id}/delete", f"{own}/delete"):
        assert stranger.post(path).status_code == 404
    assert stranger.post("/mine/favourites/remove", data={"measure_id": "soon/grant"}).status_code == 404
    body = {"run_id": run.run_id, "target": "soon/grant", "mark": "适合"}
    assert stranger.post("/mine/feedback", json=body).status_code == 404
    stranger.post("/mine/favourites", json={"measure_id": "soon/grant", "on": False})
    stranger.post("/mine/erase")
    assert "还没有收藏" in stranger.get("/mine").text
    assert len(records.list("u1")) == len(workspace.runs("u1")) == len(workspace.favourites("u1")) == 1


@pytest.mark.parametrize(("user", "status", "words"), [("", 401, "请先登录"), ("staff", 403, "没有权限")])
def test_only_enterprises_keep_things_here(
    app: FastAPI, services: Services, user: str, status: int, words: str
) -> None:
    page = client(app, user)
    for path in (
        "/mine",
        "/mine/export.json",
        "/mine/erase",
        "/mine/calendar.ics",
        "/mine/runs/x",
        "/mine/runs/x.docx",
    ):
        answer = page.get(path)
        assert answer.status_code == status and f"<h1>{words}</h1>" in answer.text
    for path in ("/mine/erase", "/mine/runs/x/delete", "/mine/profiles/x/delete"):
        assert page.post(path).status_code == status
    answer = page.post("/mine/favourites", json={"measure_id": "soon/grant", "on": True})
    assert answer.status_code == status and answer.json()["title"] == words


# ---- reports --------------------------------------------------------------------------------------------------------


def test_the_print_view_tells_everything_escaped(app: FastAPI, services: Services) -> None:
    run = matched(services)
    page = client(app).get(f"/mine/runs/{run.run_id}").text
    assert "<script>alert" not in page and "<img src=x" not in page and "</dd><b>" not in page
    assert "&lt;img src=x onerror=alert(2)&gt;购置机床" in page and "&lt;/dd&gt;&lt;b&gt;想" in page
    told = (
        "企业信息（按填写）|58 人|设备投资额|800 万元|预计金额|约 10 万元|只剩 20 天|申报材料|申请表、购置合同|"
        "政务服务网|工信局|下一步|设备先进|差在哪里、怎么补上|以主管部门解释和最终审核为准"
    )
    for words in (*told.split("|"), services.engine.matcher().library.version):
        assert words in page
    assert "今天是" not in page, "the day of the match is today"


def test_a_report_made_on_another_day_says_so(app: FastAPI, services: Services) -> None:
    run = matched(services)
    with services.database.session() as session:
        session.merge(run).as_of = dt.date(2026, 5, 1)
    page = client(app).get(f"/mine/runs/{run.run_id}").text
    assert "按查询日期 2026 年 5 月 1 日计算；今天是 2026 年 6 月 15 日" in page and "还剩 65 天" in page


def test_a_company_that_cannot_be_read_any_more_says_why(app: FastAPI, services: Services) -> None:
    run = matched(services)
    with services.database.session() as session:
        session.merge(run).raw = {"name": "甲", "employees": "很多"}
    for suffix in ("", ".docx", ".ics"):
        answer = client(app).get(f"/mine/runs/{run.run_id}{suffix}")
        assert answer.status_code == 422 and "这条记录不能再用" in answer.text and "从业人数：" in answer.text
    assert client(app).get("/mine").status_code == 200


def test_the_word_report_opens_and_its_name_is_one_name(app: FastAPI, services: Services) -> None:
    run = matched(services, raw={**COMPANY, "name": '../../甲\r\nX-Evil: 1;"公司"'})
    answer = client(app).get(f"/mine/runs/{run.run_id}.docx")
    assert answer.headers["content-type"].endswith("wordprocessingml.document")
    disposition = answer.headers["content-disposition"]
    assert disposition.startswith("attachment; filename=\"huiqi.docx\"; filename*=UTF-8''")
    name = unquote(disposition.partition("''")[2])
    assert name.endswith("-匹配报告-2026-06-15.docx") and not set(name) & set('/\\:;"\r\n')
    assert "x-evil" not in answer.headers
    text = "\n".join(paragraph.text for paragraph in Document(io.BytesIO(answer.content)).paragraphs)
    assert "惠企政策匹配报告" in text and "以主管部门解释和最终审核为准" in text
    assert not [name for name in zipfile.ZipFile(io.BytesIO(answer.content)).namelist() if "vba" in name.lower()]


def test_calendar_files_hold_the_days(app: FastAPI, services: Services) -> None:
    run, page = matched(services), client(app)
    Workspace(services.database).set_favourite("u1", "soon/grant", NOW, on=True)
    for path in (f"/mine/runs/{run.run_id}.ics", "/mine/calendar.ics"):
        answer = page.get(path)
        assert answer.headers["content-type"] == "text/calendar; charset=utf-8"
        events = Calendar.from_ical(answer.content).events
        assert [(event.uid, event.start) for event in events] == [
            ("soon.grant.closes@huiqi", dt.date(2026, 7, 5)),
            ("yearly.grant.opens.2026@huiqi", dt.date(2026, 9, 1)),
            ("yearly.grant.closes.2026@huiqi", dt.date(2026, 10, 31)),
        ]
        assert all(event.stamp == NOW for event in events)
