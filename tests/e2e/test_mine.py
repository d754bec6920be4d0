"""What a user keeps and the report of a match, in a real browser: every state, keyboard, print, downloads."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from icalendar import Calendar
from playwright.sync_api import Browser, expect

from matcher.access.identity import LOCAL
from matcher.records import Records
from matcher.service import Matcher
from matcher.settings import Settings
from matcher.store.database import Database, open_database
from matcher.ui.site import kept
from matcher.workspace import Workspace
from policies.profile import CompanyProfile
from tests.e2e.support import (
    AS_OF,
    FOR_THE_DOCUMENTATION,
    IN_BOTH_SIZES,
    ROOT,
    is_sound_in_every_mode,
    no_axe_violations,
    served,
    shoot,
    watched_page,
)

pytestmark = pytest.mark.e2e

WIDTHS = (1280, 390, 320)
NOW = dt.datetime(2026, 11, 23, 9, 30, tzinfo=dt.timezone(dt.timedelta(hours=8)))
FAVOURITES = ("nat-tech-sme-2017-115/registration", "sd-sme-tier-rules/specialised-sme-title", "gone/old")
TARGETS = "button, summary, a.hq-button, label"


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("mine") / "data"


@pytest.fixture(scope="module")
def server(browser: Browser, data_dir: Path) -> Iterator[str]:
    """A server of its own, over a folder whose content the tests know."""
    with served(data_dir.parent, HUIQI_DATA_DIR=str(data_dir), HUIQI_DENSE="false") as url:
        yield url


@pytest.fixture(scope="module")
def matcher() -> Matcher:
    return Matcher.open(dense=False)


@pytest.fixture
def database(data_dir: Path) -> Iterator[Database]:
    """The server's database; empty before and after every test."""
    opened = open_database(Settings(data_dir=data_dir))
    yield opened
    kept.erase(opened, LOCAL.user_id)
    opened.close()


@pytest.fixture
def run_id(database: Database, matcher: Matcher) -> str:
    """One kept company with its match, and three favourites of which one left the library."""
    raw = json.loads((ROOT / "docs" / "company.json").read_text("utf-8"))
    workspace, day = Workspace(database), dt.date.fromisoformat(AS_OF)
    profile = Records(database).save(LOCAL.user_id, raw, "declared", "", NOW)
    result = matcher.match(CompanyProfile.model_validate(raw), day, k=1000)
    for measure_id in FAVOURITES:
        workspace.set_favourite(LOCAL.user_id, measure_id, NOW, on=True)
    return workspace.record_run(LOCAL.user_id, raw, result, NOW, profile.company_id).run_id


@pytest.mark.parametrize("width", WIDTHS)
def test_nothing_kept(browser: Browser, server: str, database: Database, width: int) -> None:
    with watched_page(browser, f"{server}/mine", width) as page:
        expect(page.locator(".hq-mine-empty")).to_have_count(4)
        is_sound_in_every_mode(page, TARGETS)
    with watched_page(browser, f"{server}/mine/erase", width) as page:
        expect(page.locator("main")).to_contain_text("现在没有保存任何数据")
        is_sound_in_every_mode(page, TARGETS)


@pytest.mark.parametrize("width", WIDTHS)
def test_overview_and_question_before_erasing(browser: Browser, server: str, run_id: str, width: int) -> None:
    with watched_page(browser, f"{server}/mine", width) as page:
        expect(page.get_by_role("link", name="查看报告")).to_have_count(1)
        expect(page.locator("#favourites")).to_contain_text("已经没有这个事项（编号 gone/old）")
        expect(page.locator("#calendar h3").first).to_have_text("2026 年 12 月")
        page.evaluate("document.querySelectorAll('details').forEach(e => e.open = true)")
        is_sound_in_every_mode(page, TARGETS)
    with watched_page(browser, f"{server}/mine/erase", width) as page:
        is_sound_in_every_mode(page, TARGETS)


@pytest.mark.parametrize("width", WIDTHS)
def test_report(browser: Browser, server: str, run_id: str, width: int) -> None:
    with watched_page(browser, f"{server}/mine/runs/{run_id}", width) as page:
        expect(page.get_by_role("heading", level=1)).to_have_text("济南示例数控机床有限公司的匹配报告")
        expect(page.get_by_role("button", name="打印")).to_be_visible()
        levels = page.evaluate("[...document.querySelectorAll('h1,h2,h3,h4')].map(e => Number(e.tagName[1]))")
        assert levels[0] == 1 and all(after <= before + 1 for before, after in pairwise(levels))
        is_sound_in_every_mode(page, TARGETS)


def test_everything_in_full_on_request(browser: Browser, server: str, run_id: str) -> None:
    with watched_page(browser, f"{server}/mine/runs/{run_id}") as page:
        few, rest = page.locator(".hq-measure").count(), page.locator(".hq-mine-rest tbody tr").count()
        page.get_by_role("link", name="完整列出").click()
        expect(page.locator(".hq-measure")).to_have_count(few + rest)
        no_axe_violations(page)


def test_on_paper_there_is_only_the_report(browser: Browser, server: str, run_id: str) -> None:
    with watched_page(browser, f"{server}/mine/runs/{run_id}") as page:
        page.emulate_media(media="print")
        for hidden in (".hq-top", ".hq-modes", ".hq-report .hq-mine-actions"):
            expect(page.locator(hidden)).to_be_hidden()
        colours = page.evaluate(
            "[...document.querySelectorAll('.hq-verdict')].map(e => getComputedStyle(e))"
            ".map(style => [style.color, style.backgroundColor])"
        )
        assert set(map(tuple, colours)) == {("rgb(0, 0, 0)", "rgba(0, 0, 0, 0)")}, "legible without background colours"
        assert page.pdf(prefer_css_page_size=True).startswith(b"%PDF")


def test_print_button_prints(browser: Browser, server: str, run_id: str) -> None:
    with watched_page(browser, f"{server}/mine/runs/{run_id}") as page:
        page.evaluate("window.print = () => { document.title = '已打印'; }")
        page.get_by_role("button", name="打印").click()
        expect(page).to_have_title("已打印")


def test_a_company_is_deleted_by_keyboard_and_without_script(browser: Browser, server: str, run_id: str) -> None:
    context = browser.new_context(java_script_enabled=False, locale="zh-CN")
    page = context.new_page()
    page.goto(f"{server}/mine")
    delete = page.locator("#profiles summary")
    delete.focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(page.locator("#profiles").get_by_role("button", name="确认删除")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator(".hq-mine-done")).to_have_text("已删除这家企业和属于它的全部内容。")
    expect(page.locator("#profiles")).to_contain_text("还没有保存企业")
    expect(page.locator("#runs")).to_contain_text("还没有匹配记录")
    context.close()


def test_favourites_are_removed_and_compared(browser: Browser, server: str, run_id: str) -> None:
    with watched_page(browser, f"{server}/mine") as page:
        page.locator("#favourites li", has_text="gone/old").get_by_role("button", name="取消收藏").click()
        expect(page.locator(".hq-mine-done")).to_have_text("已取消收藏。")
        no_axe_violations(page)
        boxes = page.get_by_role("checkbox", name="选中比较")
        expect(boxes).to_have_count(2)
        boxes.nth(0).check()
        boxes.nth(1).check()
        page.get_by_role("button", name="比较所选的事项").click()
        page.wait_for_url("**/compare?m=*&m=*")


def test_downloads(browser: Browser, server: str, run_id: str) -> None:
    with watched_page(browser, f"{server}/mine") as page:
        for label, suffix, begins in (("下载 Word 报告", ".docx", b"PK"), ("导出全部数据", ".json", b"{")):
            with page.expect_download() as waiting:
                page.get_by_role("link", name=label).click()
            assert waiting.value.suggested_filename.endswith(suffix)
            assert Path(waiting.value.path()).read_bytes().startswith(begins)
        with page.expect_download() as waiting:
            page.locator("#calendar").get_by_role("link", name="下载日历文件").click()
        assert Calendar.from_ical(Path(waiting.value.path()).read_bytes()).events


def test_everything_is_erased_after_a_question(browser: Browser, server: str, run_id: str) -> None:
    with watched_page(browser, f"{server}/mine") as page:
        page.get_by_role("link", name="清除全部数据").click()
        expect(page.locator("main")).to_contain_text("保存的企业 1 家、匹配记录 1 次、收藏 3 项")
        page.get_by_role("button", name="确认清除").click()
        expect(page.locator(".hq-mine-done")).to_have_text("已清除全部数据。")
        expect(page.locator(".hq-mine-empty")).to_have_count(4)


@IN_BOTH_SIZES
@FOR_THE_DOCUMENTATION
def test_screenshots_for_the_documentation(browser: Browser, server: str, run_id: str, width: int, large: bool) -> None:
    with watched_page(browser, f"{server}/mine", width) as page:
        if large:
            page.click('button[data-mode="large"]')
        shoot(page, "mine")
        for name, path in (("mine-report", f"/mine/runs/{run_id}"), ("mine-erase", "/mine/erase")):
            page.goto(server + path)
            shoot(page, name)
