"""The page of an application pack and the pages of uploaded forms, in a real browser: every state, keyboard, files."""

from __future__ import annotations

import datetime as dt
import io
import json
import os
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from docx import Document
from icalendar import Calendar
from playwright.sync_api import Browser, Page, expect

from matcher.access.identity import LOCAL
from matcher.packs.forms import form_template
from matcher.packs.kinds import Family
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
    fits,
    is_sound_in_every_mode,
    no_axe_violations,
    served,
    shoot,
    watched_page,
)

pytestmark = pytest.mark.e2e

WIDTHS = (1280, 390, 320)
NOW = dt.datetime(2026, 11, 23, 9, 30, tzinfo=dt.timezone(dt.timedelta(hours=8)))
MEASURE = "sd-equip-subsidy-2021/equipment-award"
TARGETS = "button, summary, a.hq-button, select, input"


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("packs") / "data"


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
    """The server's database; nothing is kept in it before and after a test."""
    opened = open_database(Settings(data_dir=data_dir))
    yield opened
    kept.erase(opened, LOCAL.user_id)
    opened.close()


@pytest.fixture
def run_id(database: Database, matcher: Matcher) -> str:
    raw = json.loads((ROOT / "docs" / "company.json").read_text("utf-8"))
    result = matcher.match(CompanyProfile.model_validate(raw), dt.date.fromisoformat(AS_OF), k=1000)
    return Workspace(database).record_run(LOCAL.user_id, raw, result, NOW).run_id


@pytest.fixture
def template(tmp_path: Path) -> Path:
    """A form that somebody wrote."""
    document = Document()
    document.add_paragraph("济南市专用申请表")
    document.add_paragraph("单位：{{ 企业名称 }}，法定代表人：{{ 法定代表人 }}")
    document.save(str(tmp_path / "专用表.docx"))
    return tmp_path / "专用表.docx"


def look(page: Page, name: str) -> None:
    """Keep a picture to look at, where a folder for them is named."""
    if folder := os.environ.get("HUIQI_LOOK"):
        page.screenshot(path=Path(folder) / f"{name}-{page.viewport_size['width']}.png", full_page=True)


@pytest.mark.parametrize("width", WIDTHS)
def test_what_is_filled_and_what_is_missing_is_shown_first(
    browser: Browser, server: str, run_id: str, width: int
) -> None:
    with watched_page(browser, f"{server}/mine/packs/{run_id}/{MEASURE}", width) as page:
        expect(page.get_by_role("heading", level=1)).to_have_text("申报材料：设备奖补")
        expect(page.locator(".hq-pack-blanks")).to_contain_text("法定代表人")
        expect(page.locator("main")).to_contain_text("企业自报")
        expect(page.locator("#pack-papers ~ p")).to_contain_text("须核实")
        look(page, "pack")
        is_sound_in_every_mode(page, TARGETS)


def test_one_click_gives_one_zip(browser: Browser, server: str, run_id: str) -> None:
    with watched_page(browser, f"{server}/mine/packs/{run_id}/{MEASURE}") as page:
        with page.expect_download() as waiting:
            page.get_by_role("link", name="一键生成申报材料").click()
        assert waiting.value.suggested_filename == "济南示例数控机床有限公司-设备奖补-申报材料-2026-11-23.zip"
        with zipfile.ZipFile(waiting.value.path()) as made:
            assert made.namelist() == [
                "封面说明.docx",
                "申请表.docx",
                "材料清单.docx",
                "金额测算表.xlsx",
                "时间安排.ics",
            ]
            assert Calendar.from_ical(made.read("时间安排.ics")).events


def test_the_report_and_the_results_lead_to_packs(browser: Browser, server: str, run_id: str) -> None:
    with watched_page(browser, f"{server}/mine/runs/{run_id}") as page:
        page.get_by_role("link", name=re.compile("生成申报材料.*：设备奖补$")).click()
        expect(page.get_by_role("heading", level=1)).to_have_text("申报材料：设备奖补")
        no_axe_violations(page)
    with watched_page(browser, f"{server}/e/?run={run_id}&step=results") as page:
        link = page.get_by_role("link", name="生成申报材料").first
        expect(link).to_be_visible()
        link.click()
        expect(page.get_by_role("link", name="一键生成申报材料")).to_be_visible()


@pytest.mark.parametrize("width", WIDTHS)
def test_nothing_to_apply_for_is_said_in_words(browser: Browser, server: str, run_id: str, width: int) -> None:
    with browser.new_context(viewport={"width": width, "height": 900}) as context:
        page = context.new_page()
        answer = page.goto(f"{server}/mine/packs/{run_id}/zz-lithium-regulation/industry-support")
        assert answer is not None and answer.status == 422
        expect(page.locator("main")).to_contain_text("方向性文件")
        no_axe_violations(page)
        fits(page)


@pytest.mark.parametrize("width", WIDTHS)
def test_a_form_is_uploaded_used_and_removed(
    browser: Browser, server: str, run_id: str, template: Path, width: int
) -> None:
    with watched_page(browser, f"{server}/forms", width) as page:
        expect(page.locator(".hq-mine-empty")).to_contain_text("还没有上传专用模板")
        page.select_option("#form-measure", MEASURE)
        page.set_input_files("#form-file", str(template))
        page.get_by_role("button", name="检查并保存").click()
        expect(page.locator(".hq-mine-done")).to_have_text("已保存“设备奖补”的专用模板，用到 2 个变量。")
        page.evaluate("document.querySelectorAll('details').forEach(e => e.open = true)")
        look(page, "forms")
        is_sound_in_every_mode(page, TARGETS)
        for name, begins in (
            ("下载", "单位：{{ 企业名称 }}"),
            ("看填好的示例", "单位：〔示例·企业名称〕"),
        ):
            with page.expect_download() as waiting:
                page.get_by_role("link", name=name).click()
            written = Document(io.BytesIO(Path(waiting.value.path()).read_bytes()))
            assert written.paragraphs[1].text.startswith(begins)
        page.goto(f"{server}/mine/packs/{run_id}/{MEASURE}")
        expect(page.locator("main")).to_contain_text("本事项专用的申请表")
        page.goto(f"{server}/forms")
        page.locator("summary", has_text="移除").click()
        page.get_by_role("button", name="确认移除").click()
        expect(page.locator(".hq-mine-done")).to_have_text("已移除专用模板。")


@pytest.mark.parametrize("width", WIDTHS)
def test_a_bad_form_is_refused_with_reasons(browser: Browser, server: str, tmp_path: Path, width: int) -> None:
    document = Document()
    document.add_paragraph("{{ 公司名 }}{{ ''.__class__ }}")
    document.save(str(tmp_path / "坏.docx"))
    with browser.new_context(viewport={"width": width, "height": 900}) as context:
        page = context.new_page()
        page.goto(f"{server}/forms")
        page.select_option("#form-measure", MEASURE)
        page.set_input_files("#form-file", str(tmp_path / "坏.docx"))
        page.get_by_role("button", name="检查并保存").click()
        problem = page.get_by_role("alert")
        expect(problem).to_contain_text("没有这个变量")
        expect(problem).to_contain_text("相近的有")
        expect(problem).to_contain_text("可用的变量见本页下方")
        expect(problem).to_be_focused()
        expect(page.locator("#form-measure")).to_have_value(MEASURE)
        look(page, "forms-refused")
        is_sound_in_every_mode(page, TARGETS)


def test_an_example_is_a_template_that_passes(browser: Browser, server: str) -> None:
    with watched_page(browser, f"{server}/forms") as page:
        with page.expect_download() as waiting:
            page.get_by_role("link", name="贷款贴息申请表").click()
        assert Path(waiting.value.path()).read_bytes() == form_template(Family.INTEREST)


@IN_BOTH_SIZES
@FOR_THE_DOCUMENTATION
def test_screenshots_for_the_documentation(browser: Browser, server: str, run_id: str, width: int, large: bool) -> None:
    with watched_page(browser, f"{server}/mine/packs/{run_id}/{MEASURE}", width) as page:
        if large:
            page.click('button[data-mode="large"]')
        shoot(page, "pack")
        page.goto(f"{server}/forms")
        shoot(page, "forms", bottom=2200)
