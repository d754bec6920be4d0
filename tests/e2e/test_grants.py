"""免申即享 and 宣贯 in a real browser: every state, all sizes, by keyboard, and the whole way by clicks."""

from __future__ import annotations

import contextlib
import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import delete

from matcher.access.identity import LOCAL
from matcher.grants.lists import Lists
from matcher.grants.propose import Asked, propose
from matcher.grants.steps import Actor, Steps
from matcher.settings import Settings
from matcher.store.companies import CompanyRecord
from matcher.store.database import Database, open_database
from matcher.store.grants import GrantClaim, GrantList
from policies.library import Library, load_library
from tests.e2e.support import (
    AS_OF,
    FOR_THE_DOCUMENTATION,
    IN_BOTH_SIZES,
    PATIENCE_MS,
    Watched,
    is_sound_in_every_mode,
    no_axe_violations,
    served,
    shoot,
    watch,
    watched_page,
)
from tests.grants_support import AWARD, CODES, PARTLY, RANGE, folder_of_policies, keep

pytestmark = pytest.mark.e2e

WIDTHS = (1280, 390, 320)
NOW = dt.datetime(2026, 11, 23, 9, 30, tzinfo=dt.timezone(dt.timedelta(hours=8)))
STAFF = Actor("王专员", NOW)
ALL = ("region", "employees", "honours", "uscc", "equipment_invest_wan")
LONG = "山东济南新旧动能转换起步区超长名称智能装备与工业互联网融合创新示范制造有限责任公司"
TARGETS = "button, summary, a.hq-button, a.hq-g-tap, select, input[type=text], label.hq-mine-choose"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return folder_of_policies(tmp_path_factory.mktemp("grants") / "library")


@pytest.fixture(scope="module")
def library(folder: Path) -> Library:
    return load_library(folder)


@pytest.fixture(scope="module")
def server(browser: Browser, folder: Path) -> Iterator[str]:
    """A server of its own, over a folder whose content the tests know."""
    with served(folder.parent, HUIQI_LIBRARY=str(folder), HUIQI_DENSE="false") as url:
        yield url


@pytest.fixture
def database(folder: Path) -> Iterator[Database]:
    """The server's database; empty before and after every test."""
    opened = open_database(Settings(data_dir=folder.parent / "data"))
    yield opened
    with opened.session() as session:
        for table in (GrantList, GrantClaim, CompanyRecord):
            session.execute(delete(table))
    opened.close()


@pytest.fixture
def list_id(database: Database, library: Library) -> str:
    """A list with companies in every state, and some that are left out."""
    for number in range(6):
        keep(database, f"济南第{number + 1}机床制造有限公司")
    keep(database, LONG, uscc=CODES[0], verified=None)
    keep(database, "还没有核实的公司", verified=("region",))
    of = propose(database, library, Asked(AWARD, dt.date.fromisoformat(AS_OF), 600_000, "370100"), "王专员", NOW)
    steps, listed = Steps(database), [one.grant for one in Lists(database).companies(of.list_id)]
    for grant in listed[:3]:
        steps.confirm(library, grant.grant_id, STAFF)
        steps.accept(grant.grant_id, STAFF, "2026-11-20 来函")
    for grant in listed[:2]:
        steps.pay(grant.grant_id, STAFF, "凭证 2026-118")
    steps.archive(listed[0].grant_id, STAFF)
    steps.refuse(listed[3].grant_id, STAFF, "企业已迁出本市")
    steps.decline(listed[4].grant_id, STAFF, "2026-11-21 来电")
    return of.list_id


@contextlib.contextmanager
def refused_page(browser: Browser, url: str, width: int = 1280) -> Iterator[Page]:
    """As `watched_page`, for a form that is refused on purpose: the browser logs the answer 422."""
    watched = Watched()
    context = browser.new_context(viewport={"width": width, "height": 900}, locale="zh-CN")
    page = context.new_page()
    page.set_default_timeout(PATIENCE_MS)
    watch(page, watched)
    page.goto(url)
    yield page
    context.close()
    assert [error for error in watched.errors if "status of 422" not in error] == []
    assert watched.outside == []


@pytest.mark.parametrize("width", WIDTHS)
def test_nothing_yet(browser: Browser, server: str, database: Database, width: int) -> None:
    with watched_page(browser, f"{server}/grants", width) as page:
        expect(page.locator("main")).to_contain_text("还没有名单")
        is_sound_in_every_mode(page, TARGETS)
    with watched_page(browser, f"{server}/mine/grants", width) as page:
        expect(page.locator("main")).to_contain_text("现在没有可以免申即享的事项")
        is_sound_in_every_mode(page, TARGETS)


@pytest.mark.parametrize("width", WIDTHS)
def test_a_list_and_all_lists(browser: Browser, server: str, list_id: str, width: int) -> None:
    with watched_page(browser, f"{server}/grants", width) as page:
        expect(page.locator("tbody tr")).to_have_count(1)
        is_sound_in_every_mode(page, TARGETS)
    with watched_page(browser, f"{server}/grants/{list_id}", width) as page:
        expect(page.locator("main")).to_contain_text("剩余预算")
        expect(page.locator("main")).to_contain_text("信息已有、还没有核实：从业人数、已获荣誉资质")
        is_sound_in_every_mode(page, TARGETS)


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("place", [0, 2, 3, 6])
def test_one_company_in_every_state(
    browser: Browser, server: str, database: Database, list_id: str, width: int, place: int
) -> None:
    grant = Lists(database).companies(list_id)[place].grant
    with watched_page(browser, f"{server}/grants/{list_id}/{grant.grant_id}", width) as page:
        expect(page.locator(".hq-g-evidence > li")).to_have_count(3)
        is_sound_in_every_mode(page, TARGETS)


@pytest.mark.parametrize("width", WIDTHS)
def test_manual_conditions(browser: Browser, server: str, database: Database, library: Library, width: int) -> None:
    record = keep(database)
    of = propose(database, library, Asked(PARTLY, dt.date.fromisoformat(AS_OF)), "王专员", NOW)
    with watched_page(browser, f"{server}/grants/{of.list_id}", width) as page:
        expect(page.locator("#manual")).to_have_text("须人工核实的条件")
        is_sound_in_every_mode(page, TARGETS)
        page.get_by_role("link", name="登记人工核实").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("登记人工核实")
        is_sound_in_every_mode(page, TARGETS)
        page.get_by_label("不符合").check()
        page.get_by_role("button", name="登记").click()
        expect(page.locator(".hq-mine-done")).to_have_text("已登记核实结果。")
        expect(page.locator("main")).to_contain_text("现在：不符合（本机用户")
        is_sound_in_every_mode(page, TARGETS)
    assert record.company_id


@pytest.mark.parametrize("width", WIDTHS)
def test_the_company_answers(browser: Browser, server: str, database: Database, library: Library, width: int) -> None:
    keep(database, LONG, owner=LOCAL.user_id, uscc=CODES[0], verified=ALL, equipment_invest_wan=200)
    for measure_id in (AWARD, RANGE):
        propose(database, library, Asked(measure_id, dt.date.fromisoformat(AS_OF)), "王专员", NOW)
    with watched_page(browser, f"{server}/mine/grants", width) as page:
        expect(page.locator("main")).to_contain_text("最高 200,000.00 元，由主管部门核定")
        page.evaluate("document.querySelectorAll('details').forEach(e => e.open = true)")
        is_sound_in_every_mode(page, TARGETS)
        page.get_by_role("button", name="愿意享受").first.click()
        expect(page.locator(".hq-mine-done")).to_have_text("已确认您愿意享受。")
        expect(page.locator("main")).to_contain_text("您已确认，等主管部门办理")
        is_sound_in_every_mode(page, TARGETS)


def test_the_whole_way_by_clicks(browser: Browser, server: str, database: Database) -> None:
    keep(database, "济南甲公司", verified=("region", "equipment_invest_wan"), equipment_invest_wan=200)
    with refused_page(browser, f"{server}/grants") as page:
        page.get_by_label("事项", exact=True).select_option(RANGE)
        page.get_by_label("预算（选填）").fill("不知道")
        page.get_by_role("button", name="比对并生成名单").click()
        expect(page.get_by_role("alert")).to_contain_text("不知道")
        no_axe_violations(page)
        page.get_by_label("预算（选填）").fill("20万")
        page.get_by_role("button", name="比对并生成名单").click()
        page.get_by_role("link", name="济南甲公司").click()
        page.get_by_label("核定金额（元）").fill("25万")
        page.get_by_role("button", name="确认", exact=True).click()
        expect(page.get_by_role("alert")).to_contain_text("200,000.00 元之间")
        no_axe_violations(page)
        page.get_by_label("核定金额（元）").fill("15万")
        page.get_by_role("button", name="确认", exact=True).click()
        expect(page.locator(".hq-mine-done")).to_have_text("已确认。")
        expect(page.get_by_role("button", name="登记已兑付")).to_have_count(0)
        page.locator("#accept-note").fill("2026-11-23 来函")
        page.get_by_role("button", name="企业愿意享受").click()
        page.get_by_role("button", name="登记已兑付").click()
        page.get_by_role("button", name="归档").click()
        expect(page.locator("[aria-current=step]")).to_have_text("已归档")
        expect(page.locator("tbody tr")).to_have_count(4)


def test_confirming_all_by_keyboard_and_without_script(
    browser: Browser, server: str, database: Database, library: Library
) -> None:
    for number in range(3):
        keep(database, f"企业{number}")
    of = propose(database, library, Asked(AWARD, dt.date.fromisoformat(AS_OF), 200_000), "王专员", NOW)
    context = browser.new_context(java_script_enabled=False, locale="zh-CN")
    page = context.new_page()
    page.goto(f"{server}/grants/{of.list_id}")
    page.get_by_role("button", name="确认预算内").focus()
    page.keyboard.press("Enter")
    expect(page.locator(".hq-mine-done")).to_contain_text("已确认 2 家。")
    with page.expect_download() as download:
        page.get_by_role("link", name="导出名单和依据").click()
    assert download.value.suggested_filename.startswith("免申即享-award-grant")
    context.close()


@pytest.mark.parametrize("width", WIDTHS)
def test_whom_to_invite(browser: Browser, server: str, database: Database, width: int) -> None:
    keep(database, LONG, uscc=CODES[0])
    keep(database, "济南乙公司", employees=900)
    with refused_page(browser, f"{server}/briefing", width) as page:
        is_sound_in_every_mode(page, TARGETS)
        page.get_by_role("button", name="查找企业").click()
        expect(page.get_by_role("alert")).to_contain_text("没有选择")
        is_sound_in_every_mode(page, TARGETS)
        page.get_by_label("支持事项grant").first.check()
        page.get_by_label("按文字筛选事项").fill("partly")
        page.get_by_role("button", name="筛选事项").click()
        for box in page.get_by_label("支持事项grant").all():
            box.check()
        page.get_by_label("企业所在地区（选填）").fill("济南")
        page.get_by_role("button", name="查找企业").click()
        expect(page.locator("#preview")).to_have_text("邀请名单预览")
        expect(page.locator(".hq-g-reasons").first).to_contain_text("须核实：项目符合产业政策")
        is_sound_in_every_mode(page, TARGETS)
        with page.expect_download() as download:
            page.get_by_role("link", name="导出邀请名单（XLSX）").click()
        assert download.value.suggested_filename == "宣贯邀请名单-2026-11-23.xlsx"


@FOR_THE_DOCUMENTATION
@IN_BOTH_SIZES
def test_screenshots(browser: Browser, server: str, database: Database, list_id: str, width: int, large: bool) -> None:
    listed = Lists(database).companies(list_id)
    paths = {
        "grants": "/grants",
        "grants-list": f"/grants/{list_id}",
        "grants-one": f"/grants/{list_id}/{listed[2].grant.grant_id}",
        "briefing": f"/briefing?m={AWARD}&m={PARTLY}&go=1",
    }
    for name, path in paths.items():
        with watched_page(browser, f"{server}{path}", width) as page:
            if large:
                page.click("button[data-mode=large]")
            shoot(page, name, bottom=3600)
            page.evaluate("localStorage.clear()")
