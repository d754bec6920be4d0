"""Application packs over HTTP and on the command line: whose they are, what is refused, forms that an admin uploads."""

from __future__ import annotations

import dataclasses
import datetime as dt
import io
import json
import logging
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from click.testing import CliRunner
from fastapi import FastAPI
from fastapi.testclient import TestClient
from starlette.types import ASGIApp, Receive, Scope, Send

from app import open_services
from matcher.access.audit import AuditLog
from matcher.access.identity import Identity, identify
from matcher.cli import main
from matcher.records import Kind, Records
from matcher.services import Services
from matcher.settings import Settings
from matcher.store.tables import Role, Run
from matcher.ui.site import packs
from matcher.workspace import Workspace
from policies.profile import CompanyProfile
from tests.pack_support import AS_OF, COMPANY, NOW, library, text_of, word

WORD_TYPE = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
EVIL: dict[str, Any] = {**COMPANY, "name": "<script>alert(1)</script>&\"'", "needs": "</dd><b>"}


class As:
    """Puts an identity into every request, as the gate does; the header X-User names it."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            user = dict(scope["headers"]).get(b"x-user", b"").decode()
            role = Role.ADMIN if user == "admin" else Role.ENTERPRISE
            identify(scope, Identity(user, user, role) if user else None)
        await self.app(scope, receive, send)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return library(tmp_path_factory.mktemp("library") / "policies")


@pytest.fixture
def services(folder: Path, tmp_path: Path) -> Iterator[Services]:
    opened = open_services(Settings(library=folder, dense=False, as_of=AS_OF, data_dir=tmp_path))
    found = dataclasses.replace(opened, now=lambda: NOW)
    found.engine.start()
    found.engine.matcher()
    yield found
    found.database.close()


@pytest.fixture
def app(services: Services) -> FastAPI:
    made = FastAPI()
    made.include_router(packs.router(services))
    made.add_middleware(As)
    return made


def client(app: FastAPI, user: str = "u1") -> TestClient:
    return TestClient(app, headers={"x-user": user} if user else {}, follow_redirects=False)


def matched(
    services: Services, raw: dict[str, Any] = COMPANY, *, company_id: str | None = None, as_of: dt.date = AS_OF
) -> Run:
    result = services.engine.matcher().match(CompanyProfile.model_validate(raw), as_of, k=100)
    return Workspace(services.database).record_run("u1", raw, result, NOW, company_id)


def upload(app: FastAPI, content: bytes, measure_id: str = "grant/grant", name: str = "专用表.docx") -> Any:
    return client(app, "admin").post(
        "/forms", data={"measure_id": measure_id}, files={"file": (name, content, WORD_TYPE)}
    )


# ---- packs ----------------------------------------------------------------------------------------------------------


def test_the_page_says_what_the_zip_holds(app: FastAPI, services: Services) -> None:
    run = matched(services)
    page = client(app).get(f"/mine/packs/{run.run_id}/grant/grant")
    assert page.status_code == 200 and page.headers["cache-control"] == "no-store"
    for told in (
        "一键生成申报材料",
        "封面说明.docx",
        "时间安排.ics",
        "统一社会信用代码",
        "企业自报",
        "系统推算",
        "已有",
        "缺",
        "须核实",
    ):
        assert told in page.text
    answer = client(app).get(f"/mine/packs/{run.run_id}/grant/grant.zip")
    assert answer.headers["content-type"] == "application/zip"
    assert unquote(answer.headers["content-disposition"]).endswith(
        "甲（集团）公司-支持事项grant-申报材料-2026-11-23.zip"
    )
    with zipfile.ZipFile(io.BytesIO(answer.content)) as made:
        assert "甲（集团）公司" in text_of(made.read("申请表.docx"))
    [line] = AuditLog(services.database).lines(action="pack.make")
    assert (line.actor, line.target) == ("u1", "grant/grant")


def test_what_a_company_wrote_is_no_markup(app: FastAPI, services: Services) -> None:
    page = client(app).get(f"/mine/packs/{matched(services, EVIL).run_id}/grant/grant").text
    assert "<script>alert" not in page and "&lt;script&gt;alert" in page


def test_nobody_reaches_another_ones_packs(app: FastAPI, services: Services) -> None:
    run = matched(services)
    for path in (f"/mine/packs/{run.run_id}/grant/grant", f"/mine/packs/{run.run_id}/grant/grant.zip"):
        assert client(app, "u2").get(path).status_code == 404
        assert client(app, "").get(path).status_code == 401
    for path in ("/mine/packs/none/grant/grant", f"/mine/packs/{run.run_id}/none/grant"):
        assert client(app).get(path).status_code == 404


@pytest.mark.parametrize(
    ("name", "reason"),
    [("guide", "方向性文件"), ("bank", "由银行申报"), ("auto", "免申即享"), ("miss", "暂不符合条件")],
)
def test_no_pack_but_a_reason(app: FastAPI, services: Services, name: str, reason: str) -> None:
    run = matched(services)
    for suffix in ("", ".zip"):
        page = client(app).get(f"/mine/packs/{run.run_id}/{name}/grant{suffix}")
        assert page.status_code == 422 and reason in page.text and "不能生成申报材料" in page.text


def test_a_kept_company_vouches_for_its_facts(app: FastAPI, services: Services) -> None:
    records = Records(services.database)
    kept = records.save("u1", COMPANY, Kind.DECLARED, "", NOW)
    records.verify(kept.company_id, ["employees"], "市人社局", dt.date(2026, 11, 20), NOW)
    run = matched(services, company_id=kept.company_id)
    page = client(app).get(f"/mine/packs/{run.run_id}/grant/grant").text
    assert "已核验（市人社局，2026-11-20）" in page
    other = matched(services, {**COMPANY, "employees": 60}, company_id=kept.company_id)
    assert "已核验" not in client(app).get(f"/mine/packs/{other.run_id}/grant/grant").text


def test_an_old_match_warns(app: FastAPI, services: Services) -> None:
    old = matched(services, as_of=dt.date(2026, 11, 10))
    page = client(app).get(f"/mine/packs/{old.run_id}/closing/grant").text
    assert "今天是 2026 年 11 月 23 日" in page
    later = dataclasses.replace(services, engine=_at(services, dt.date(2027, 1, 5)))
    closed = FastAPI()
    closed.include_router(packs.router(later))
    closed.add_middleware(As)
    page = client(closed).get(f"/mine/packs/{old.run_id}/closing/grant").text
    assert "今天（2027 年 1 月 5 日）这个事项已经不能申报" in page


def _at(services: Services, day: dt.date) -> Any:
    engine = services.engine
    return type("Engine", (), {"matcher": engine.matcher, "as_of": lambda self: day, "ready": True})()


# ---- forms ----------------------------------------------------------------------------------------------------------


def test_a_form_is_kept_used_and_removed(app: FastAPI, services: Services, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    admin, content = client(app, "admin"), word("专用：{{ 企业名称 }}")
    answer = upload(app, content)
    assert answer.status_code == 303
    page = admin.get(answer.headers["location"]).text
    assert "已保存“支持事项grant”的专用模板，用到 1 个变量。" in page and "专用表.docx" in page
    assert admin.get("/forms/files/grant/grant.docx").content == content
    assert "专用：〔示例·企业名称〕" in text_of(admin.get("/forms/samples/grant/grant.docx").content)
    run = matched(services)
    with zipfile.ZipFile(io.BytesIO(client(app).get(f"/mine/packs/{run.run_id}/grant/grant.zip").content)) as made:
        assert text_of(made.read("申请表.docx")) == "专用：甲（集团）公司"
    assert upload(app, word("第二版：{{ 企业名称 }}")).status_code == 303, "replaces the first"
    assert admin.post("/forms/remove", data={"measure_id": "grant/grant"}).headers["location"] == "/forms?removed=1"
    assert admin.post("/forms/remove", data={"measure_id": "grant/grant"}).status_code == 404
    assert admin.get("/forms/files/grant/grant.docx").status_code == 404
    done = [(line.action, line.outcome) for line in AuditLog(services.database).lines(actor="admin")]
    assert done == [("form.remove", "ok"), ("form.add", "ok"), ("form.add", "ok")]
    assert "甲（集团）公司" not in caplog.text


@pytest.mark.parametrize(
    ("content", "measure_id", "reason"),
    [
        (b"MZ", "grant/grant", "不是 Word 文档"),
        (word("{{ 公司 }}"), "grant/grant", "没有这个变量"),
        (word("{{ 企业名称 }}"), "none/none", "没有这个事项"),
        (word("{{ 企业名称 }}"), "guide/grant", "方向性文件"),
        (word("{{ 企业名称 }}"), "", "请选择事项"),
        (b"", "grant/grant", "空文件"),
    ],
)
def test_a_refused_form_leaves_what_is_kept(app: FastAPI, content: bytes, measure_id: str, reason: str) -> None:
    good = word("好：{{ 企业名称 }}")
    assert upload(app, good).status_code == 303
    answer = upload(app, content, measure_id)
    assert answer.status_code == 422 and reason in answer.text and 'role="alert"' in answer.text
    assert client(app, "admin").get("/forms/files/grant/grant.docx").content == good


def test_the_list_of_variables_stands_once_on_the_page(app: FastAPI) -> None:
    page = upload(app, word("{{ 公司 }}{{ 单位 }}")).text
    assert page.count("没有这个变量") == 2 and "可用的变量见本页下方" in page
    assert page.count("依法取水并计量") == 1


def test_a_form_without_a_file_is_refused(app: FastAPI) -> None:
    answer = client(app, "admin").post("/forms", data={"measure_id": "grant/grant"})
    assert answer.status_code == 422 and "请选择要上传的 Word 文件" in answer.text


# ---- commands -------------------------------------------------------------------------------------------------------


@pytest.fixture
def cli(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> CliRunner:
    monkeypatch.setenv("HUIQI_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("HUIQI_LIBRARY", str(folder))
    (tmp_path / "company.json").write_text(json.dumps(COMPANY, ensure_ascii=False), "utf-8")
    (tmp_path / "表.docx").write_bytes(word("命令行：{{ 企业名称 }}"))
    (tmp_path / "坏.docx").write_bytes(word("{{ ''.__class__ }}"))
    return CliRunner()


def test_the_commands(cli: CliRunner, tmp_path: Path) -> None:
    company, form, out = (str(tmp_path / name) for name in ("company.json", "表.docx", "包.zip"))
    make = ["pack", "make", company, "grant/grant", "--as-of", "2026-11-23", "--out", out]
    told = cli.invoke(main, make)
    assert told.exit_code == 0 and "已生成" in told.output and "奖补资金申请表" in told.output
    assert cli.invoke(main, ["pack", "templates", "check", form, "--sample", str(tmp_path / "s.docx")]).exit_code == 0
    assert "命令行：〔示例·企业名称〕" in text_of((tmp_path / "s.docx").read_bytes())
    assert cli.invoke(main, ["pack", "templates", "add", "grant/grant", form]).exit_code == 0
    assert "表.docx" in cli.invoke(main, ["pack", "templates", "list"]).output
    shape = json.loads(cli.invoke(main, [*make, "--json"]).output)
    assert shape["form"] == "本事项专用的申请表" and shape["blanks"] == [] and shape["papers"][0]["state"] == "已有"
    with zipfile.ZipFile(out) as made:
        assert text_of(made.read("申请表.docx")) == "命令行：甲（集团）公司"
    assert (
        json.loads(cli.invoke(main, ["pack", "templates", "list", "--json"]).output)[0]["measure_id"] == "grant/grant"
    )
    assert cli.invoke(main, ["pack", "templates", "remove", "grant/grant"]).exit_code == 0
    assert "{{ 企业名称 }}" in cli.invoke(main, ["pack", "templates", "variables"]).output


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["make", "{company}", "guide/grant", "--out", "{out}"], "方向性文件"),
        (["make", "{company}", "none/x", "--out", "{out}"], "没有这个事项"),
        (["make", "{none}", "grant/grant", "--out", "{out}"], "没有这个文件"),
        (["make", "{company}", "grant/grant", "--out", "{none}/x/y.zip"], "写不了这个文件"),
        (["templates", "check", "{bad}"], "不允许这种写法"),
        (["templates", "check", "{company}"], "不是 Word 文档"),
        (["templates", "add", "grant/grant", "{bad}"], "不允许这种写法"),
        (["templates", "remove", "grant/grant"], "没有专用模板"),
    ],
)
def test_refusals_of_the_commands(cli: CliRunner, tmp_path: Path, arguments: list[str], reason: str) -> None:
    names = {"company": "company.json", "out": "x.zip", "none": "none", "bad": "坏.docx"}
    paths = {key: str(tmp_path / name) for key, name in names.items()}
    answer = cli.invoke(main, ["pack", *(one.format(**paths) for one in arguments)])
    assert answer.exit_code == 1 and reason in answer.output
