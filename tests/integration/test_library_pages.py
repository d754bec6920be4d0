"""Home, search, policy and comparison over HTTP, and `huiqi policies search`: what they say, and what they never do."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from click.testing import CliRunner
from fastapi import FastAPI
from fastapi.testclient import TestClient
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import escape
from starlette.types import ASGIApp, Receive, Scope, Send

from app import open_services
from matcher.access.identity import Identity, identify
from matcher.cli import main
from matcher.engine import Engine
from matcher.search import KINDS, LEVELS, STATES, THEMES, SearchRequest
from matcher.services import Services
from matcher.settings import Settings
from matcher.store.tables import Role, Run
from matcher.ui.site import home, library
from matcher.ui.site.search_page import PAGE_SIZE, address, read_address
from matcher.workspace import Workspace
from policies.errors import ModelUnavailable
from policies.profile import CompanyProfile
from tests.support import measure, policy, write_library

AS_OF = dt.date(2026, 6, 15)
NOW = dt.datetime(2026, 6, 15, 1, 30, tzinfo=dt.UTC)
EVIL = "<script>alert(1)</script>&\"'<img src=x onerror=alert(2)>"
GROUP = [{"group": "设备奖补", "mode": "highest", "text": ""}]
SHANDONG = {"field": "region", "in": ["山东省"], "text": "在山东省注册"}
COMPANY = {"name": EVIL, "region": "山东省/济南市", "employees": 58, "patents": 3,
           "plans": [{"text": "购置设备", "equipment_invest_wan": 800}]}  # fmt: skip


class As:
    """Puts an identity into every request, as the gate does; the header X-User names it."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            user = dict(scope["headers"]).get(b"x-user", b"").decode()
            roles = {"staff": Role.STAFF, "admin": Role.ADMIN}
            identify(scope, Identity(user, user, roles.get(user, Role.ENTERPRISE)) if user else None)
        await self.app(scope, receive, send)


def documents() -> list[dict[str, Any]]:
    ratio = {"type": "ratio", "rate": 0.1, "base": "equipment_invest_wan", "cap_wan": 50}
    found = [
        policy("grant", measure("equipment", name="设备奖补", benefit=ratio, stacking=GROUP),
               measure("rich", name="研发奖励", when=[{"field": "patents", "min": 10, "text": "专利不少于 10 件"}]),
               title="设备更新奖补办法", doc_no="鲁工信〔2026〕1号", applies=[SHANDONG],
               materials=["申请表", "购置合同"], channel="政务服务网", contact="工信局",
               window={"kind": "fixed", "closes": "2026-07-05"},
               source={"title": "原文", "url": "https://example.gov.cn/a", "quality": "official"},
               relations=[{"type": "supersedes", "target": "grant-old"},
                          {"type": "implements", "target_text": "国发7号"}]),
        policy("grant-old", title="设备更新奖补旧办法", status="superseded", valid_to="2025-12-31",
               source={"title": "转载", "url": "https://example.com/b", "quality": "media"}),
        policy("other", measure("loan", name="设备贷款贴息", stacking=GROUP), applies=[SHANDONG],
               title="设备贷款贴息政策",
               source={"title": "脚本", "url": "javascript:alert(1)", "quality": "official"},
               provenance={"grade": "recalled", "confidence": "low", "unverified": ["materials", "contact"]},
               contact="财政局", prefer=[{"field": "export", "is": True, "text": "有出口业务"}]),
        policy("evil", measure(name=EVIL, text=EVIL), title=f"恶意{EVIL}", summary=EVIL, doc_no=EVIL, contact=EVIL,
               channel=EVIL, materials=[EVIL], exclusions=EVIL, status_note=EVIL, source={"title": EVIL},
               issuers=[EVIL]),
        policy("yearly", title="绿色工厂评价", window={"kind": "yearly", "opens": "09-01", "closes": "10-31"}),
    ]  # fmt: skip
    return found + [policy(f"more-{n:02}", title=f"其他政策第{n}项", window={"kind": "by_notice"}) for n in range(25)]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_library(tmp_path_factory.mktemp("library"), *documents())


@pytest.fixture(scope="module")
def services(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Services]:
    data = tmp_path_factory.mktemp("data")
    opened = open_services(Settings(library=folder, dense=False, as_of=AS_OF, data_dir=data))
    opened.engine.start()
    opened.engine.matcher()
    yield opened
    opened.database.close()


def client(services: Services, user: str = "u1") -> TestClient:
    made = FastAPI()
    made.include_router(home.router(services))
    made.include_router(library.router(services))
    made.add_middleware(As)
    return TestClient(made, headers={"x-user": user} if user else {})


def get(services: Services, path: str, user: str = "u1", status: int = 200, **params: Any) -> str:
    answer = client(services, user).get(path, params=params or None)
    assert answer.status_code == status
    return answer.text


def titles(page: str) -> list[str]:
    found = re.findall(r"<h3><a[^>]*>(.*?)</a></h3>", page)
    return [re.sub("</?mark>", "", one) for one in found]


# ---- search ---------------------------------------------------------------------------------------------------------


def test_a_search_marks_its_words_and_leads_from_old_to_new(services: Services) -> None:
    page = get(services, "/policies", q="设备更新奖补旧办法")
    assert titles(page)[0] == "设备更新奖补旧办法"
    assert "<mark>设备更新奖补旧办法</mark>" in page
    assert '现行文件是《<a href="/policies/grant">设备更新奖补办法</a>》' in page


def test_browsing_pages_through_everything(services: Services) -> None:
    seen: list[str] = []
    path: str | None = "/policies"
    while path:
        page = get(services, path)
        assert len(titles(page)) <= PAGE_SIZE
        seen += titles(page)
        after = re.search(r'rel="next" href="([^"]+)"', page)
        path = after[1].replace("&amp;", "&") if after else None
    assert len(seen) == len(set(seen)) == len(documents())
    assert seen[0] == "设备更新奖补办法"  # closes first


def test_filters_stay_chosen_and_can_be_removed(services: Services) -> None:
    page = get(services, "/policies", q="政策", level="city", state="现行有效", open="1", region="山东省/济南市")
    assert 'name="level" value="city" checked' in page
    assert '<option value="山东省/济南市" selected' in page
    assert re.search(r'href="/policies\?q=[^"]*">清除筛选', page)
    assert len(re.findall(r"去掉条件：", page)) == 4


def test_what_an_address_says_wrong_is_named_and_the_rest_is_searched(services: Services) -> None:
    page = get(services, "/policies?q=绿色工厂&level=moon&kind=tax%00&region=火星&page=-3&open=yes&state=x&theme=<b>")
    assert titles(page) == ["绿色工厂评价"]
    for wrong in ("moon", "火星", "-3", "&lt;b&gt;"):
        assert f"“{wrong}”" in page


def test_a_page_past_the_end_is_the_last_one(services: Services) -> None:
    assert "第 3 页，共 3 页" in get(services, "/policies", page="9999")
    assert "第 1 页" in get(services, "/policies", page="9" * 50)


@pytest.mark.parametrize(
    "text", [EVIL, "' OR 1=1", "{{7*7}}", "${7*7}", "\x00\u202e", "😀", "长" * 5000, "%F0%9F", "a\nb"]
)
def test_odd_queries_are_shown_as_they_are_and_do_nothing(services: Services, text: str) -> None:
    page = get(services, "/policies", q=text)
    assert "<script>alert" not in page
    assert "<img src=x" not in page
    assert "49" not in re.sub(r"[0-9a-f]{12}", "", page)


def test_a_long_query_is_cut_and_says_so(services: Services) -> None:
    assert "检索词只取前 200 个字" in get(services, "/policies", q="长" * 5000)


def test_nothing_found_gives_advice(services: Services) -> None:
    page = get(services, "/policies", q="红烧肉做法")
    assert "没有找到与“红烧肉做法”有关的政策" in page
    assert "可以试试" in page
    filtered = get(services, "/policies", q="绿色工厂", level="national")
    assert "去掉筛选条件后有 1 项" in filtered


TEXT = st.text(alphabet=st.characters(exclude_categories=["Cs", "Cc"]), max_size=20).map(str.strip)


@given(
    TEXT,
    st.lists(st.sampled_from(sorted(LEVELS)), unique=True),
    st.lists(st.sampled_from(sorted(KINDS)), unique=True),
    st.lists(st.sampled_from(THEMES), unique=True),
    st.lists(st.sampled_from(STATES), unique=True),
    st.sampled_from([None, "山东省", "山东省/青岛市", "全国"]),
    st.booleans(),
    st.integers(1, 500),
)
def test_an_address_says_all_of_a_search(
    text: str, levels: list[str], kinds: list[str], themes: list[str], states: list[str],
    region: str | None, open_now: bool, page: int,
) -> None:  # fmt: skip
    wanted = SearchRequest(
        text, tuple(levels), region, tuple(kinds), tuple(themes), tuple(states), open_now, page, PAGE_SIZE
    )
    parts = urlsplit(address(wanted))
    assert parts.path == "/policies"
    asked = read_address(parse_qsl(parts.query, keep_blank_values=True))
    assert (asked.request, asked.ignored, asked.cut) == (wanted, (), False)


# ---- policy ---------------------------------------------------------------------------------------------------------


def test_a_policy_is_told_in_full(services: Services) -> None:
    page = get(services, "/policies/grant")
    for words in ("鲁工信〔2026〕1号", "工信局", "申请表", "购置合同", "政务服务网", "在山东省注册", "专利不少于 10 件",
                  "2026 年 7 月 5 日，只剩 20 天", "国发7号", "按比例补助", "看看我的企业能不能享受"):  # fmt: skip
        assert words in page, words
    assert 'id="equipment"' in page and 'id="rich"' in page
    assert 'href="/compare?m=grant/equipment"' in page
    assert 'href="https://example.gov.cn/a" target="_blank" rel="noopener noreferrer"' in page
    assert 'href="/policies/grant-old"' in page


def test_only_official_web_addresses_are_links(services: Services) -> None:
    assert "example.com" not in get(services, "/policies/grant-old")
    other = get(services, "/policies/other")
    assert "javascript:" not in other
    assert "不是官方原文" in other


def test_what_is_unverified_is_said_plainly(services: Services) -> None:
    page = get(services, "/policies/other")
    assert "未核对原文，按一般政策知识整理，仅供参考" in page
    assert "申报材料、受理部门为通常做法，未在原文中核实" in page
    assert re.search(r'<span class="hq-tag">参考</span>财政局', page)
    assert "有出口业务" in page


def test_texts_of_the_library_are_escaped(services: Services) -> None:
    page = get(services, "/policies/evil")
    assert "<script>alert" not in page and "<img src=x" not in page
    assert page.count(str(escape(EVIL))) >= 8


def test_an_unknown_policy_offers_the_nearest(services: Services) -> None:
    page = get(services, "/policies/grannt", status=404)
    assert 'href="/policies/grant"' in page
    assert "<script>alert" not in get(services, f"/policies/{EVIL.replace('/', '')}", status=404)


# ---- comparison -----------------------------------------------------------------------------------------------------


def matched(services: Services, owner: str, raw: dict[str, Any] = COMPANY) -> Run:
    result = services.engine.matcher().match(CompanyProfile.model_validate(raw), AS_OF, k=100)
    return Workspace(services.database).record_run(owner, raw, result, NOW)


def row(page: str, name: str) -> list[str]:
    """Cells of a row of the table, as text."""
    found = re.search(rf'<tr[^>]*><th scope="row">{name}</th>(.*?)</tr>', page, re.DOTALL)
    assert found, name
    return [re.sub("<[^>]+>", "", cell).strip() for cell in re.findall(r"<td>(.*?)</td>", found[1], re.DOTALL)]


def test_measures_stand_side_by_side(services: Services) -> None:
    page = get(services, "/compare?m=grant/equipment&m=other/loan&m=yearly/grant")
    assert row(page, "能否同时享受") == [
        "不能与“设备贷款贴息”同时享受（就高不重复：设备奖补）",
        "不能与“设备奖补”同时享受（就高不重复：设备奖补）",
        "没有发现互斥规定；同一笔投入能否重复申报，请向主管部门确认。",
    ]
    assert "还剩" in row(page, "申报时间")[0] or "只剩 20 天" in row(page, "申报时间")[0]
    assert "共同" not in row(page, "申报条件")[0]
    both = get(services, "/compare?m=grant/equipment&m=other/loan")
    assert row(both, "申报条件") == ["共同在山东省注册"] * 2


def test_one_measure_offers_others_and_none_explains(services: Services) -> None:
    page = get(services, "/compare?m=grant/equipment")
    offered = re.findall(r'href="/compare\?([^"]+)">加入比较', page)
    assert 0 < len(offered) <= 6
    assert all(one.startswith("m=grant%2Fequipment&amp;m=") for one in offered)
    assert "还没有选择事项" in get(services, "/compare")


def test_unknown_and_too_many_measures_are_named(services: Services) -> None:
    page = get(services, "/compare?m=nope/x&m=%3Cscript%3Ealert(1)%3C/script%3E&m=grant/rich&m=grant/rich")
    assert "没有这些事项，已忽略：nope/x" in page and "<script>alert" not in page
    many = get(services, "/compare?" + "&".join(f"m=more-0{n}/grant" for n in range(6)))
    assert "只显示前 4 项" in many
    assert len(row(many, "所属政策")) == 4


def test_a_run_of_ones_own_is_judged(services: Services) -> None:
    run = matched(services, "u1")
    page = get(services, f"/compare?m=grant/equipment&m=grant/rich&m=grant-old/grant&run={run.run_id}")
    verdicts = row(page, "结论")
    assert "符合条件" in verdicts[0] and "暂不符合" in verdicts[1] and "不可申报" in verdicts[2]
    assert "50 万元" in row(page, "预计金额")[0]
    assert "专利" in row(page, "不满足的条件")[1]
    assert "<script>alert" not in page
    assert f"run={run.run_id}" in page  # kept in the links


def test_somebody_elses_run_is_not_shown(services: Services) -> None:
    run = matched(services, "u1", {**COMPANY, "name": "甲公司机密"})
    for user in ("u2", ""):
        page = get(services, f"/compare?m=grant/equipment&run={run.run_id}", user)
        assert "没有找到这次匹配" in page
        assert "甲公司机密" not in page and "结论" not in page


def test_a_run_that_no_longer_fits_says_why(services: Services) -> None:
    odd = Run(run_id="odd", owner="u1", company_id=None, name="乙", raw={"employees": "很多"}, as_of=AS_OF,
              library_version="x", found={}, made_at=NOW)  # fmt: skip
    with services.database.session() as session:
        session.add(odd)
    page = get(services, "/compare?m=grant/equipment&run=odd")
    assert "不能用于今天的判断" in page and "结论" not in page


# ---- home and a library that does not load ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("user", "doors"),
    [("", ["/login"]), ("u1", ["/e/", "/mine"]), ("staff", ["/s/"]), ("admin", ["/e/", "/mine", "/s/", "/v/"])],
)
def test_home_shows_the_doors_that_one_may_open(services: Services, user: str, doors: list[str]) -> None:
    page = get(services, "/", user)
    shown = re.search(r'<ul class="hq-doors">(.*?)</ul>', page, re.DOTALL)
    assert shown and re.findall(r'href="([^"]+)"', shown[1]) == doors


def test_home_tells_the_library_and_what_closes_soon(services: Services) -> None:
    page = get(services, "/")
    version = services.engine.matcher().library.version
    assert f"全库共 {len(documents())} 项政策" in page and version in page and "2026 年 6 月 15 日" in page
    deadlines = re.search(r'<ul class="hq-deadlines">(.*?)</ul>', page, re.DOTALL)
    assert deadlines and re.findall(r'href="/policies/([^"]+)"', deadlines[1]) == ["grant"]
    assert "还剩 20 天" in deadlines[1]
    assert "以主管部门解释和最终审核为准" in page


def test_home_opens_while_the_library_loads(services: Services) -> None:
    loading = Engine(lambda: pytest.fail("not asked for"), lambda: AS_OF)
    page = get(_with(services, loading), "/")
    assert "政策库正在载入" in page and "60 天内截止" not in page


def test_a_library_that_cannot_be_loaded_is_said_plainly(services: Services, caplog: pytest.LogCaptureFixture) -> None:
    def broken() -> Any:
        raise ModelUnavailable("模型文件缺失")

    engine = Engine(broken, lambda: AS_OF)
    engine.start()
    for path in ("/policies", "/policies/grant", "/compare"):
        assert "模型文件缺失" in get(_with(services, engine), path, status=503)
    assert "政策库正在载入" in get(_with(services, engine), "/")


def _with(services: Services, engine: Engine) -> Services:
    return dataclasses.replace(services, engine=engine)


# ---- command --------------------------------------------------------------------------------------------------------


def run(folder: Path, *arguments: str) -> tuple[int, str]:
    common = ["--library", str(folder), "--as-of", AS_OF.isoformat(), "--no-dense"]
    done = CliRunner().invoke(main, ["policies", "search", *arguments, *common])
    return done.exit_code, done.output


def test_the_command_prints_hits_and_successors(folder: Path) -> None:
    code, said = run(folder, "设备更新奖补旧办法")
    assert code == 0
    assert "1. 设备更新奖补旧办法" in said and "→ grant" in said
    assert "没有找到" in run(folder, "红烧肉做法")[1]


def test_the_command_gives_json(folder: Path) -> None:
    code, said = run(folder, "设备", "--level", "市级", "--open", "--size", "1", "--json")
    told = json.loads(said)
    assert (code, told["total"], told["page"], len(told["hits"])) == (0, 2, 1, 1)
    assert told["hits"][0]["window"]["state"] == "可申报"
    assert told["dense"] is False and told["note"]


def test_the_command_says_what_is_wrong(folder: Path) -> None:
    code, said = run(folder, "设备", "--level", "宇宙级", "--region", "火星", "--page", "0")
    assert code == 1
    assert "有 3 处需要修改" in said and "province（省级）" in said
