"""The department's companies in a real browser: every state at all sizes, and the whole way by clicks and by keys."""

from __future__ import annotations

import csv
import datetime as dt
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect
from sqlalchemy import delete

from matcher.access.audit import AuditLog
from matcher.contacts import Contacts
from matcher.records import Records
from matcher.seal import Seal
from matcher.settings import Settings
from matcher.store.companies import DEPARTMENT, Channel, CompanyRecord
from matcher.store.database import Database, open_database
from tests.e2e.support import (
    FOR_THE_DOCUMENTATION,
    IN_BOTH_SIZES,
    is_sound_in_every_mode,
    no_axe_violations,
    served,
    shoot,
    watched_page,
)

pytestmark = pytest.mark.e2e

WIDTHS = (1280, 390, 320)
NOW = dt.datetime(2026, 11, 23, 9, 30, tzinfo=dt.timezone(dt.timedelta(hours=8)))
LONG = "山东济南新旧动能转换起步区超长名称智能装备与工业互联网融合创新示范制造有限责任公司"
CODE = "91370100MA3C00001H"
KEY = Seal.new_key()
TARGETS = (
    "button, summary, a.hq-button, a.hq-co-tap, .hq-co-rows h3 a, select, label.hq-mine-choose, "
    "input:not([type=checkbox], [type=radio], [type=hidden])"
)


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("companies") / "data"


@pytest.fixture(scope="module")
def server(browser: Browser, data_dir: Path) -> Iterator[str]:
    """A server of its own."""
    with served(data_dir.parent, HUIQI_DATA_DIR=str(data_dir), HUIQI_DENSE="false", HUIQI_CONTACT_KEY=KEY) as url:
        yield url


@pytest.fixture
def database(server: str, data_dir: Path) -> Iterator[Database]:
    """The server's database; without companies before and after every test."""
    opened = open_database(Settings(data_dir=data_dir))
    yield opened
    with opened.session() as session:
        session.execute(delete(CompanyRecord))
    opened.close()


@pytest.fixture
def company_id(database: Database) -> str:
    """A company with a fact that contradicts a verification, six versions and two contacts; and 60 others."""
    records = Records(database)
    for number in range(60):
        raw = {"name": f"第{number + 1}机床制造有限公司", "region": "青岛", "employees": number}
        records.save(DEPARTMENT, raw, "imported", "名单", NOW - dt.timedelta(minutes=number + 1))
    raw = {"name": LONG, "uscc": CODE, "region": "济南起步区", "employees": 58, "honours": ["高新技术企业"],
           "plans": [{"text": "购置五轴联动加工中心，建设智能化生产线", "equipment_invest_wan": 800}]}  # fmt: skip
    saved = records.save(DEPARTMENT, raw, "imported", "2026年规上工业企业名单", NOW)
    records.verify(saved.company_id, ["employees"], "济南市人力资源和社会保障局", NOW.date(), NOW, actor="王专员")
    for count in range(4):
        said = {"uscc": CODE, "employees": 66 + count}
        records.save(DEPARTMENT, said, "imported", "统计局名单", NOW + dt.timedelta(minutes=count), partial=True)
    contacts = Contacts(database, Seal(KEY))
    contacts.add(saved.company_id, Channel.EMAIL, "张秘书", "zhang@example.cn", now=NOW)
    contacts.add(saved.company_id, Channel.WECOM, "", "https://qyapi.weixin.qq.com/send?key=abc", "s", now=NOW)
    return saved.company_id


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """A list with a company that is known, one that is new, and rows that cannot be read."""
    path = tmp_path / "名单.csv"
    rows = [["企业名称", "统一社会信用代码", "注册地", "从业人数"], ["改名公司", CODE, "济南", "70"],
            ["新公司", "", "青岛", "5"], ["坏公司", "123", "青岛", "5"], ["<b>坏</b>", "", "没有的地方", "x"],
            ["合计", "", "", "80"]]  # fmt: skip
    with path.open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows(rows)
    return path


@pytest.mark.parametrize("width", WIDTHS)
def test_nothing_kept(browser: Browser, server: str, database: Database, width: int) -> None:
    with watched_page(browser, f"{server}/companies", width) as page:
        expect(page.locator(".hq-mine-empty")).to_contain_text("还没有企业档案")
        is_sound_in_every_mode(page, TARGETS)


@pytest.mark.parametrize("width", WIDTHS)
def test_the_list_and_one_company(browser: Browser, server: str, company_id: str, width: int) -> None:
    with watched_page(browser, f"{server}/companies", width) as page:
        expect(page.locator("#found")).to_have_text("共 61 家企业")
        expect(page.locator(".hq-co-list > li")).to_have_count(50)
        is_sound_in_every_mode(page, TARGETS)
        page.reload()
        page.click("a[rel=next]")
        expect(page.locator(".hq-co-list > li")).to_have_count(11)
        page.goto(f"{server}/companies/{company_id}")
        expect(page.locator(".hq-co-note")).to_contain_text("核实为“58 人”，现为“69 人”")
        expect(page.locator("#contacts")).to_contain_text("z***@example.cn")
        expect(page.locator("main")).not_to_contain_text("zhang@")
        page.locator("main details").evaluate_all("all => all.forEach(one => { one.open = true; })")
        is_sound_in_every_mode(page, TARGETS)


@pytest.mark.parametrize("width", WIDTHS)
def test_finding(browser: Browser, server: str, company_id: str, width: int) -> None:
    with watched_page(browser, f"{server}/companies", width) as page:
        page.fill("#co-text", "起步区")
        page.keyboard.press("Enter")
        expect(page.locator("#found")).to_have_text("找到 1 家企业")
        page.fill("#co-text", "没有这样的")
        page.click("main button[type=submit]")
        expect(page.locator(".hq-mine-empty")).to_contain_text("没有符合条件的企业")
        is_sound_in_every_mode(page, TARGETS)
        page.reload()
        page.fill("#co-text", "")
        page.fill("#co-region", "山东省济南市")
        page.click("main button[type=submit]")
        expect(page.locator("#found")).to_have_text("找到 1 家企业")


def test_a_region_that_is_none_is_refused_kindly(browser: Browser, server: str, database: Database) -> None:
    context = browser.new_context(locale="zh-CN")
    page = context.new_page()
    answer = page.goto(f"{server}/companies?region=没有的地方")
    assert answer is not None and answer.status == 422
    expect(page.locator("#company-problems")).to_be_focused()
    no_axe_violations(page)
    assert page.goto(f"{server}/companies/none").status == 404  # type: ignore[union-attr]  # it answers
    expect(page.locator("h1")).to_have_text("没有这家企业")
    no_axe_violations(page)
    context.close()


@pytest.mark.parametrize("width", WIDTHS)
def test_importing(browser: Browser, server: str, database: Database, company_id: str, table: Path, width: int) -> None:
    with watched_page(browser, f"{server}/companies", width) as page:
        page.get_by_role("link", name="导入企业表格").click()
        is_sound_in_every_mode(page, TARGETS)
        page.set_input_files("#co-file", table)
        page.get_by_label("名单名称或核实单位").fill("市局名单")
        page.get_by_role("button", name="上传并查看结果").click()
        expect(page.locator("h1")).to_have_text("导入预览：名单.csv")
        expect(page.locator(".hq-co-counts")).to_contain_text(
            "新增企业1更新企业1无变化0未能读取2跳过（空行、合计行等）1"
        )
        expect(page.locator(".hq-co-problems")).to_contain_text("没有的地方")
        assert Records(database).count(DEPARTMENT) == 61, "nothing is written before it is confirmed"
        with page.expect_download() as loaded:
            page.get_by_role("link", name="下载问题清单").click()
        assert "没有的地方" in loaded.value.path().read_text("utf-8-sig")
        is_sound_in_every_mode(page, TARGETS)
        page.get_by_role("button", name="确认导入 2 家企业").click()
        expect(page.locator("h1")).to_have_text("导入结果：名单.csv")
        is_sound_in_every_mode(page, TARGETS)
    assert Records(database).count(DEPARTMENT) == 62
    record = Records(database).get(DEPARTMENT, company_id)
    assert record is not None and (record.name, record.raw["employees"]) == ("改名公司", 70)
    assert record.sources["name"]["by"] == "市局名单"


def test_a_wrong_file_is_explained(browser: Browser, server: str, database: Database, tmp_path: Path) -> None:
    bad = tmp_path / "说明.csv"
    bad.write_text("这不是表格\n", encoding="utf-8")
    context = browser.new_context(locale="zh-CN")
    page = context.new_page()
    page.goto(f"{server}/companies/import")
    page.set_input_files("#co-file", bad)
    page.get_by_label("已核实", exact=True).check()
    page.click("main button[type=submit]")
    expect(page.locator("#company-problems")).to_contain_text("没有写由谁核实")
    expect(page.get_by_label("已核实", exact=True)).to_be_checked()
    page.set_input_files("#co-file", bad)
    page.get_by_label("名单名称或核实单位").fill("税务局")
    page.click("main button[type=submit]")
    expect(page.locator("#company-problems")).to_contain_text("文件“说明.csv”：没有认出表头")
    no_axe_violations(page)
    context.close()


def test_verifying_exporting_and_erasing(browser: Browser, server: str, database: Database, company_id: str) -> None:
    with watched_page(browser, f"{server}/companies/{company_id}") as page:
        page.get_by_label("已获荣誉资质").check()
        page.get_by_label("核实单位").fill("科技局")
        page.get_by_label("核实日期").fill("2026-11-20")
        page.get_by_role("button", name="记为已核实").click()
        expect(page.locator(".hq-mine-done")).to_have_text("已记为核实。")
        expect(page.locator(".hq-co-verified")).to_have_text("已核实，科技局，2026-11-20")
        with page.expect_download() as loaded:
            page.get_by_role("link", name="导出这家企业的全部内容").click()
        told = json.loads(loaded.value.path().read_text("utf-8"))
        assert told["contacts"][0]["address"] == "zhang@example.cn" and len(told["company_versions"]) == 7
        page.get_by_role("link", name="清除这家企业").click()
        expect(page.locator("main")).to_contain_text("历次改动 7 次、联系方式 2 个")
        no_axe_violations(page)
        page.get_by_role("button", name="确认清除").click()
        expect(page.locator(".hq-mine-done")).to_contain_text("已清除这家企业")
    assert Records(database).get(None, company_id) is None
    lines = [(one.action, one.target) for one in AuditLog(database).lines(3)]
    assert lines == [("records.erase", company_id), ("records.export", company_id), ("records.verify", company_id)]


def test_contacts_come_and_go_by_keyboard(browser: Browser, server: str, database: Database, company_id: str) -> None:
    with watched_page(browser, f"{server}/companies/{company_id}") as page:
        page.get_by_text("添加联系方式").focus()
        page.keyboard.press("Enter")
        page.get_by_label("渠道").select_option("webhook")
        page.get_by_label("地址").fill("https://erp.example.cn/hook?token=secret")
        page.get_by_label("签名密钥").fill("hush-hush")
        page.keyboard.press("Enter")
        expect(page.locator(".hq-mine-done")).to_have_text("已保存联系方式。")
        expect(page.locator("#contacts")).to_contain_text("erp.example.cn/***")
        assert "hush" not in page.content() and "token=secret" not in page.content()
        removal = page.locator("#contacts li").filter(has_text="erp.example.cn")
        removal.locator("summary").click()
        removal.get_by_role("button", name="确认删除").click()
        expect(page.locator(".hq-mine-done")).to_have_text("已删除联系方式。")
    assert len(Contacts(database, Seal(KEY)).list(company_id)) == 2


def test_what_cannot_be_verified_is_said_and_kept(browser: Browser, server: str, company_id: str) -> None:
    context = browser.new_context(locale="zh-CN")
    page = context.new_page()
    page.goto(f"{server}/companies/{company_id}")
    page.get_by_label("已获荣誉资质").check()
    page.get_by_role("button", name="记为已核实").click()
    expect(page.locator("#company-problems")).to_contain_text("没有填写")
    expect(page.get_by_label("已获荣誉资质")).to_be_checked()
    no_axe_violations(page)
    context.close()


@FOR_THE_DOCUMENTATION
@IN_BOTH_SIZES
def test_screenshots_for_the_documentation(
    browser: Browser, server: str, company_id: str, table: Path, width: int, large: bool
) -> None:
    with watched_page(browser, f"{server}/companies", width) as page:
        if large:
            page.click("button[data-mode=large]")
        shoot(page, "companies", bottom=1400)
        page.goto(f"{server}/companies/{company_id}")
        shoot(page, "company", bottom=2400)
        page.goto(f"{server}/companies/import")
        page.set_input_files("#co-file", table)
        page.click("main button[type=submit]")
        page.wait_for_selector("#problems")
        shoot(page, "companies-import")
