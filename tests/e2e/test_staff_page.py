"""The staff pages in a real browser: from the spreadsheet to the result and back to a policy's companies."""

from __future__ import annotations

import datetime as dt
import io
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import openpyxl
import pytest
import xlsxwriter
from playwright.sync_api import Browser, Page, expect

from matcher.store.database import Database
from matcher.store.tables import Job, JobState
from tests import messy
from tests.e2e.support import (
    AS_OF,
    DESKTOP,
    FOR_THE_DOCUMENTATION,
    fits,
    is_sound_in_every_mode,
    no_axe_violations,
    served,
    shoot,
    watched_page,
)

pytestmark = pytest.mark.e2e

WIDTHS = (390, 320)
JOB_MS = 240_000
STEP_MS = 60_000
COMPANIES, REJECTED = 202, 18
FORMATS = {"xlsx", "parquet", "jsonl"}


@dataclass(frozen=True)
class Desk:
    """A server of its own that matches by rules and words, so that jobs are quick.

    Attributes:
        url: Of the staff page.
        data: Its data folder.
        workbook: The messy workbook, shortened to what has traps.
    """

    url: str
    data: Path
    workbook: Path


@pytest.fixture(scope="module")
def desk(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    folder = tmp_path_factory.mktemp("staff")
    workbook = short_workbook(folder / "企业台账.xlsx")
    with served(folder, HUIQI_DENSE="false") as url:
        yield Desk(f"{url}/s/", folder / "data", workbook)


def short_workbook(path: Path) -> Path:
    """The messy workbook, as far as there are traps."""
    caches = (messy.main_rows, messy.row_numbers)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(messy, "MAIN_ROWS", 120)
        for cached in caches:
            cached.cache_clear()
        messy.messy_workbook(path)
    for cached in caches:
        cached.cache_clear()
    return path


@pytest.fixture(params=[1280])
def page(request: pytest.FixtureRequest, browser: Browser, desk: Desk) -> Iterator[Page]:
    with watched_page(browser, desk.url, request.param) as opened:
        opened.set_default_timeout(STEP_MS)
        ready(opened)
        yield opened


@pytest.fixture(scope="module")
def done(browser: Browser, desk: Desk) -> tuple[str, str]:
    """Addresses of a header and of the result of its job."""
    with watched_page(browser, desk.url) as page:
        page.set_default_timeout(STEP_MS)
        ready(page)
        upload(page, desk.workbook)
        header = page.url
        page.locator("#go").click()
        page.wait_for_selector("#hq-list", timeout=JOB_MS)
        return header, page.url


def ready(page: Page) -> None:
    """Wait until the server has said what the address shows: a page that is left earlier logs an error."""
    page.wait_for_selector('button[data-mode="large"]')
    page.wait_for_selector(
        "#upload, #find, button[data-column], .hq-s-progress, #hq-list, .hq-card, .hq-errors:visible"
    )


def upload(page: Page, path: Path) -> None:
    page.wait_for_selector("#upload")
    page.locator("input[type=file]").set_input_files(path)
    page.wait_for_selector("button[data-column]")
    expect(page.locator("#hq-view")).to_be_focused()


def clean(page: Page) -> None:
    """Nothing is wrong with this state."""
    no_axe_violations(page)
    fits(page)


def shown(page: Page) -> str:
    return page.locator(".hq-s-pages p").inner_text()


def test_from_the_spreadsheet_to_the_result(page: Page, desk: Desk, tmp_path: Path) -> None:
    clean(page)
    text = page.locator("body").inner_text()
    assert set(re.findall(r"[A-Za-z]{3,}", text)) <= {*FORMATS, "csv"}

    upload(page, desk.workbook)
    assert "?file=" in page.url
    clean(page)
    check = page.get_by_text("快速检查前 200 行")
    expect(check).to_contain_text("有问题")
    correct_the_phone_column(page)

    page.locator("#go").click()
    page.wait_for_selector(".hq-s-progress")
    expect(page.locator("#hq-view")).to_be_focused()
    assert "?job=" in page.url
    clean(page)
    page.get_by_role("link", name="按政策找企业").click()  # leave, and come back by the list
    expect(page.locator("h1")).to_have_text("按政策找企业")
    expect(page.locator("#hq-view")).to_be_focused()
    page.goto(desk.url)
    ready(page)
    page.get_by_role("link", name=re.compile("看进度|看结果")).first.click()
    page.wait_for_selector("#hq-list", timeout=JOB_MS)
    clean(page)
    summary = page.locator(".hq-sentence").first.inner_text()
    assert summary == f"共 {COMPANIES + REJECTED} 家：{COMPANIES} 家已匹配，{REJECTED} 家有问题。"
    look_at_the_result(page, tmp_path)
    look_at_one_company(page)
    delete_the_job(page, desk)


def delete_the_job(page: Page, desk: Desk) -> None:
    """The newest, which is the first of the list."""
    page.goto(desk.url)
    ready(page)
    jobs = page.get_by_role("link", name=re.compile("^删除"))
    before = jobs.count()
    jobs.first.click()
    expect(page.locator("h1")).to_have_text("删除“企业台账.xlsx”的任务")
    is_sound_in_every_mode(page, "button, a.hq-button")
    page.get_by_role("button", name="确认删除").click()
    expect(page.locator("h1")).to_contain_text("已删除任务“匹配政策”")
    page.get_by_role("link", name="返回我的任务").click()
    ready(page)
    assert jobs.count() == before - 1


def correct_the_phone_column(page: Page) -> None:
    """By keyboard alone; then back to what was recognised."""
    edit = page.get_by_role("button", name="修改 U 列“联系电话”")
    edit.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#hq-editor")).to_be_focused()
    clean(page)
    page.locator("#f-field input").focus()
    page.keyboard.type("设备投资额")
    expect(page.locator("li[role=option]").first).to_contain_text("设备投资额")
    page.keyboard.press("Enter")
    expect(page.locator("#f-unit")).to_be_visible()
    page.locator("#apply").click()
    note = page.locator(".hq-hint[role=status]")
    expect(note).to_contain_text("已修改：U 列“联系电话”→ 设备投资额")
    expect(note).to_contain_text("“项目/设备投资额（万元）”改为不采用")
    expect(page.get_by_role("button", name="修改 U 列“联系电话”")).to_be_focused()
    page.reload()
    expect(page.locator(".hq-hint[role=status]")).to_contain_text("已照上次的改动")
    page.locator("#forget").click()
    expect(page.locator(".hq-hint[role=status]")).to_contain_text("已恢复")


def look_at_the_result(page: Page, tmp_path: Path) -> None:
    with page.expect_download() as download:
        page.get_by_role("link", name=re.compile("下载全部结果")).click()
    download.value.save_as(tmp_path / "out.xlsx")
    assert download.value.suggested_filename == "企业台账-匹配结果.xlsx"
    book = openpyxl.load_workbook(tmp_path / "out.xlsx", read_only=True)
    names = {cell for row in book["匹配结果"].iter_rows(values_only=True) for cell in row}
    assert {messy.company(20)["name"], messy.company(0)["name"]} <= names
    book.close()

    everything = shown(page)
    page.locator("#hq-f-company").fill("第0020")
    page.locator("#hq-f-section").select_option("可能符合，还差信息")
    page.keyboard.press("Tab")
    page.locator(".hq-s-filter button").click()
    expect(page.locator("#hq-list")).to_be_focused()
    assert shown(page) != everything and "company=" in page.url
    assert set(page.locator(".hq-s-rows tbody th").all_inner_texts()) == {messy.company(20)["name"]}
    clean(page)
    page.locator("#hq-f-least").fill("很多")
    page.locator(".hq-s-filter button").click()
    expect(page.get_by_text("请写成金额")).to_be_visible()
    clean(page)
    page.locator("#hq-f-least").fill("9999亿")
    page.locator(".hq-s-filter button").click()
    expect(page.get_by_text("没有符合筛选条件的结果")).to_be_visible()
    clean(page)
    page.get_by_role("link", name="清除筛选").click()
    expect(page.locator(".hq-s-pages p")).to_have_text(everything)
    page.get_by_role("link", name="下一页").click()
    expect(page.locator(".hq-s-pages p")).to_contain_text("第 51—100 条")
    page.go_back()
    expect(page.locator(".hq-s-pages p")).to_have_text(everything)


def look_at_one_company(page: Page) -> None:
    first = page.locator(".hq-s-rows tbody th a").first
    name = first.inner_text()
    first.click()
    page.wait_for_selector(".hq-card")
    expect(page.locator("h1")).to_have_text(name)
    clean(page)
    page.get_by_role("link", name="返回结果").click()
    page.wait_for_selector("#hq-list")
    page.get_by_role("link", name="查看有问题的行").click()
    expect(page.get_by_role("heading", name="问题种类")).to_be_visible()
    clean(page)
    page.get_by_role("link", name=re.compile("科学记数法")).first.click()
    expect(page.locator("#hq-list")).to_be_focused()
    rows = page.locator("section:has(> #hq-list) tbody tr")
    assert rows.count() == 2
    assert rows.first.inner_text().startswith(str(messy.row_numbers()[10]))


def test_from_a_policy_to_its_companies(page: Page, done: tuple[str, str]) -> None:
    page.get_by_role("link", name="按政策找企业").click()
    page.wait_for_selector("#find")
    clean(page)
    page.locator("#find").click()
    expect(page.locator("#hq-errors")).to_be_focused()
    expect(page.locator("#hq-errors")).to_contain_text("请选择一项政策或事项")
    clean(page)
    page.locator("#f-target input").click()
    page.keyboard.type("担保增信")
    expect(page.locator("li[role=option]").first).to_contain_text("担保增信")
    page.keyboard.press("Enter")
    page.locator("#find").click()
    page.wait_for_selector("#hq-list", timeout=JOB_MS)
    expect(page.locator(".hq-sentence").first).to_contain_text(f"共比对 {COMPANIES} 家企业")
    verdicts = page.locator(".hq-s-rows td:nth-child(3)").all_inner_texts()
    order = ["符合" if "符合" in one and "可能" not in one else "可能" for one in verdicts]
    assert order == sorted(order, key=["符合", "可能"].index) and len(verdicts) == 50
    clean(page)


@pytest.mark.parametrize("page", WIDTHS, indirect=True)
@pytest.mark.parametrize("large", [False, True])
def test_every_view_fits_a_telephone(page: Page, desk: Desk, done: tuple[str, str], large: bool) -> None:
    if large:
        page.locator('button[data-mode="large"]').click()
    clean(page)
    header, result = done
    page.goto(header)
    page.wait_for_selector("button[data-column]")
    clean(page)
    page.locator("button[data-column='0-7']").click()
    page.wait_for_selector("#apply")
    clean(page)
    for query in ("", "&view=problems", "&company=第0020", "&view=company&sheet=企业台账&row=25"):
        page.goto(result + query)
        ready(page)
        expect(page.locator("h1")).not_to_have_text("专员工作台")
        page.wait_for_selector("#hq-list, .hq-card")
        clean(page)
    page.goto(desk.url + "?view=reverse")
    page.wait_for_selector("#find")
    clean(page)


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("扫描件.pdf", "不支持这种文件"),
        ("大.csv", "超过上限 50 MB"),
        ("假.xlsx", "内容不是 xlsx 格式"),
        ("空.xlsx", "没有认出表头"),
        ("炸弹.xlsx", "像是压缩炸弹"),
        ("空.csv", "空文件"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused_with_a_reason(
    page: Page, tmp_path: Path, name: str, reason: str
) -> None:
    page.wait_for_selector("#upload")
    page.locator("input[type=file]").set_input_files(bad_file(tmp_path / name))
    refusal = page.locator(".hq-errors:visible")
    expect(refusal).to_contain_text(reason)
    expect(refusal).to_be_focused()
    expect(page.locator("#upload")).to_be_visible()
    clean(page)


def bad_file(path: Path) -> Path:
    if path.name == "空.xlsx":
        with xlsxwriter.Workbook(str(path)) as book:
            book.add_worksheet()
        return path
    if path.name == "炸弹.xlsx":
        with xlsxwriter.Workbook(str(path)) as book:
            book.add_worksheet().write_row(0, 0, ["企业名称", "注册地"])
        with zipfile.ZipFile(path) as book:
            parts = {name: book.read(name) for name in book.namelist()}
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as bomb:
            for name, content in parts.items():
                bomb.writestr(name, content + b" " * (100_000_000 if name.endswith("sheet1.xml") else 0))
        return path
    if path.name == "大.csv":
        with path.open("wb") as stream:
            stream.truncate(51 << 20)
        return path
    contents = {
        "扫描件.pdf": b"%PDF-1.7",
        "假.xlsx": b"\xd0\xcf\x11\xe0 old",
        "空.csv": b"",
    }
    path.write_bytes(contents[path.name])
    return path


def test_a_job_that_failed_says_why_and_what_to_do(page: Page, desk: Desk) -> None:
    database = Database.in_folder(desk.data)
    job = Job(
        owner="local", kind="bulk", name="名单.xlsx", options={"upload": "u", "out_format": "xlsx", "target": "",
        "folder": "none", "as_of": AS_OF}, state=JobState.FAILED, problem="文件“名单.xlsx”：已损坏。请重新导出",
        created_at=dt.datetime(2026, 11, 23, tzinfo=dt.UTC), ended_at=dt.datetime(2026, 11, 23, tzinfo=dt.UTC),
    )  # fmt: skip
    with database.session() as session:
        session.add(job)
    database.close()
    page.goto(f"{desk.url}?job={job.job_id}")
    failed = page.get_by_role("alert").filter(has_text="没有完成")
    expect(failed).to_contain_text("已损坏。请重新导出")
    clean(page)


def test_a_job_of_somebody_else_or_of_nobody_is_not_found(page: Page, desk: Desk) -> None:
    page.goto(f"{desk.url}?job=AAAAAAAAAAAAAAAAAAAAAA")
    expect(page.locator("#hq-errors")).to_contain_text("不存在、已过保留期，或不属于您")
    clean(page)


def test_a_job_can_be_cancelled(page: Page, desk: Desk) -> None:
    upload(page, desk.workbook)
    page.locator("#go").click()
    page.locator("#cancel").click()
    expect(page.get_by_text("任务已取消，没有留下结果。")).to_be_visible()
    clean(page)


def test_the_template_can_be_downloaded(page: Page) -> None:
    with page.expect_download() as download:
        page.get_by_role("link", name=re.compile("下载模板表格")).click()
    book = openpyxl.load_workbook(io.BytesIO(download.value.path().read_bytes()), read_only=True)
    assert book.sheetnames == ["企业名单", "填写说明"]
    book.close()


@pytest.mark.parametrize("page", (1280, 390), indirect=True)
@pytest.mark.parametrize("large", [False, True])
@FOR_THE_DOCUMENTATION
def test_screenshots_for_the_documentation(page: Page, desk: Desk, done: tuple[str, str], large: bool) -> None:
    header, result = done
    if large:
        page.locator('button[data-mode="large"]').click()
    views = {"start": desk.url, "columns": header, "result": result, "problems": f"{result}&view=problems",
             "list": f"{result}&section=符合", "company": f"{result}&view=company&sheet=企业台账&row=25",
             "reverse": f"{desk.url}?view=reverse"}  # fmt: skip
    for name, address in views.items():
        page.goto(address)
        ready(page)
        top = (
            page.evaluate("document.querySelector('.hq-s-filter').getBoundingClientRect().top") if name == "list" else 0
        )
        shoot(page, f"staff-{name}", top, top + (1300 if page.viewport_size["width"] == DESKTOP else 2000))
