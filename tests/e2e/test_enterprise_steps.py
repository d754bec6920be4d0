"""From the start to the results and back: saved companies, history, the review, the keyboard, other people's things."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from matcher.service import Matcher
from policies.profile import CompanyProfile
from tests.e2e.enterprise import (
    another,
    answer,
    begin,
    box,
    check,
    confirm,
    fill,
    fill_company,
    focused,
    log_in,
    match,
    owner,
    small_company,
    step,
)
from tests.e2e.enterprise_site import AS_OF, Site, running, small_library
from tests.e2e.support import watched_page

pytestmark = pytest.mark.e2e

NOW = dt.datetime(2026, 11, 23, 1, 30, tzinfo=dt.UTC)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with running(tmp_path_factory.mktemp("site")) as started:
        yield started


@pytest.fixture
def own(browser: Browser, site: Site, request: pytest.FixtureRequest) -> Iterator[Page]:
    """The start page of somebody who has nothing yet; the owner's name is the test's."""
    with watched_page(browser, "about:blank") as page:
        log_in(page, site.url, request.node.name)
        yield page


def test_the_review_shows_what_was_understood_and_leads_back(own: Page) -> None:
    fill_company(own)
    fill(own, "revenue_wan", "三千二百万元")
    check(own)
    review = own.locator("#hq-check")
    for label, value in (("上年营业收入", "3,200 万元"), ("注册地", "山东省济南市历城区"), ("企业规模", "小型"),
                         ("资产总额", "不清楚"), ("项目类型", "不清楚"), ("设备投资额", "1,200 万元")):  # fmt: skip
        row = review.locator("dl > div", has=own.get_by_text(label, exact=True))
        expect(row.locator("dd")).to_contain_text(value)
    expect(review.locator("dl > div", has_text="企业规模")).to_contain_text("按您填写的推算")
    review.locator("button[data-goto=employees]").click()
    own.wait_for_function("document.activeElement.closest('#f-employees') !== null")
    assert step(own) == "form"
    fill(own, "employees", "200")
    check(own)
    expect(review).to_contain_text("200 人")
    own.click("#back")
    focused(own, "hq-form-head")
    expect(box(own, "employees")).to_have_value("200")


def test_a_date_in_the_future_is_refused_before_the_review(own: Page) -> None:
    small_company(own)
    fill(own, "established", "2030年")
    check(own)
    expect(own.locator("#hq-errors")).to_contain_text("晚于查询日期")
    own.locator("#hq-errors a").click()
    own.wait_for_function("document.activeElement.closest('#f-established') !== null")


def test_the_browser_goes_back_without_loss(own: Page) -> None:
    small_company(own)
    match(own)
    assert re.search(r"\?run=[\w-]{22}&step=results$", own.url)
    own.go_back()
    own.wait_for_function("document.documentElement.dataset.step === 'check'")
    own.go_back()
    own.wait_for_function("document.documentElement.dataset.step === 'form'")
    expect(box(own, "name")).to_have_value("甲公司")
    own.go_forward()
    own.go_forward()
    own.wait_for_function("document.documentElement.dataset.step === 'results'")
    own.reload()
    focused(own, "hq-summary")
    expect(own.locator("#hq-summary")).to_contain_text("甲公司的匹配结果")


def test_one_sitting_is_one_entry_in_the_history(own: Page, site: Site) -> None:
    kept = site.kept
    small_company(own)
    match(own)
    (first,) = kept.runs(owner(own))
    assert (first.name, first.raw["region"]) == ("甲公司", "370100")
    asked = answer(own)
    assert answer(own) != asked
    own.locator("#hq-results button[data-step=form]").click()
    fill(own, "employees", "20")
    match(own)
    (again,) = kept.runs(owner(own))
    assert again.run_id == first.run_id
    assert again.raw["employees"] == "20"
    assert {"patents", "honours"} <= again.raw.keys()
    own.locator("#hq-results button[data-step=form]").click()
    fill(own, "name", "乙公司")
    match(own)
    assert [run.name for run in kept.runs(owner(own))] == ["乙公司", "甲公司"]


def test_a_saved_company_is_found_again_and_fills_the_form(own: Page, site: Site) -> None:
    expect(own.locator(".hq-kept")).to_contain_text("还没有保存过企业")
    fill_company(own)
    own.get_by_text("添加第 2 项计划").click()
    fill(own, "plan2_text", "新上屋顶光伏")
    match(own)
    answer(own)
    own.click("#save")
    expect(own.locator("#hq-results .hq-done[role=status]")).to_contain_text("已保存“济南示例机械有限公司”")
    saved = site.records.list(owner(own))[0]
    own.goto(site.url + "/e/")
    link = own.locator(".hq-kept a")
    expect(link).to_have_attribute("href", f"/e/?profile={saved.company_id}")
    link.click()
    focused(own, "hq-form-head")
    for key, value in (("name", "济南示例机械有限公司"), ("province", "山东省"), ("county", "历城区"),
                       ("industry", "金属切削机床制造"), ("established", "2012年6月"), ("rd_expense_wan", "420万"),
                       ("plan1_equipment_invest_wan", "1200万"), ("plan2_text", "新上屋顶光伏")):  # fmt: skip
        expect(box(own, key)).to_have_value(value)
    expect(own.locator("#f-ownership input:checked")).to_have_value("民营")
    expect(own.locator("#f-honours .token")).to_contain_text("高新技术企业")
    check(own)
    expect(own.locator("#hq-check")).to_contain_text("您补充的信息")
    confirm(own)
    runs = site.kept.runs(owner(own))
    assert [run.company_id for run in runs] == [saved.company_id] * 2
    assert runs[0].raw == runs[1].raw


def test_a_match_of_the_history_fills_the_form(own: Page, site: Site) -> None:
    small_company(own)
    match(own)
    (run,) = site.kept.runs(owner(own))
    own.goto(f"{site.url}/e/?run={run.run_id}")
    focused(own, "hq-form-head")
    expect(box(own, "city")).to_have_value("济南市")
    match(own)
    assert len(site.kept.runs(owner(own))) == 2


@pytest.mark.parametrize("query", ["profile=nothing", "run=nothing", "run=nothing&step=results"])
def test_what_is_not_there_is_said_kindly(own: Page, site: Site, query: str) -> None:
    own.goto(f"{site.url}/e/?{query}")
    focused(own, "hq-errors")
    expect(own.locator("#hq-errors")).to_contain_text("没能打开")
    assert step(own) == "start"
    begin(own)


def test_nobody_opens_what_is_anothers(own: Page, site: Site, tmp_path: Path) -> None:
    kept = site.kept
    raw = {"name": "别人的公司", "region": "370100"}
    saved = site.records.save("somebody-else", raw, "declared", "", NOW)
    result = Matcher.open(small_library(tmp_path), dense=False).match(CompanyProfile.model_validate(raw), AS_OF)
    run = kept.record_run("somebody-else", raw, result, NOW)
    for query in (f"profile={saved.company_id}", f"run={run.run_id}", f"run={run.run_id}&step=results"):
        own.goto(f"{site.url}/e/?{query}")
        focused(own, "hq-errors")
        expect(own.locator("body")).not_to_contain_text("别人的公司")
    assert "别人的公司" not in own.locator("#f-name input").input_value()


def test_the_whole_way_by_keyboard(own: Page) -> None:
    press, keys = own.keyboard.press, own.keyboard

    def go_to(selector: str) -> None:
        """Tab on until the focus is there."""
        for _ in range(120):
            if own.evaluate("selector => document.activeElement.matches(selector)", selector):
                return
            press("Tab")
        raise AssertionError(f"the keyboard does not reach {selector}")

    go_to("#new")
    press("Enter")
    focused(own, "hq-form-head")
    go_to("#f-name input")
    keys.insert_text("键盘公司")
    for key, typed, option in (("province", "山东", "山东省"), ("city", "济南", "济南市")):
        go_to(f"#f-{key} input")
        own.locator("[role=option]", has_text=option).first.wait_for()
        keys.insert_text(typed)
        press("Enter")
        expect(own.locator(f"#f-{key} input")).to_have_value(option)
    go_to("#f-credit_ok input")
    press("ArrowLeft")
    go_to("#plan2 > button")
    press("Enter")
    go_to("#f-plan2_text textarea")
    keys.insert_text("屋顶光伏")
    go_to("#go")
    press("Enter")
    focused(own, "hq-check-head")
    go_to("#confirm")
    press("Enter")
    focused(own, "hq-summary")
    asked = own.locator(".hq-asked").inner_text()
    go_to("#skip")
    press("Enter")
    another(own, asked)
    go_to("button[data-favourite]")
    press("Enter")
    expect(own.locator("button[data-favourite]").first).to_have_attribute("aria-pressed", "true")
    go_to(".hq-feedback summary")
    press("Enter")
    expect(own.locator(".hq-feedback form").first).to_be_visible()
    go_to(".hq-feedback input[type=radio]")
    press("Space")
    go_to(".hq-feedback button")
    press("Enter")
    expect(own.locator(".hq-feedback [role=status]").first).to_have_text("已记录，谢谢")


def test_what_was_not_sent_outlives_a_reload(own: Page, site: Site) -> None:
    fill_company(own)
    fill(own, "revenue_wan", "很多")
    own.get_by_text("添加第 2 项计划").click()
    fill(own, "plan2_text", "屋顶光伏")
    own.wait_for_function("(sessionStorage.getItem('hq-draft') || '').includes('屋顶光伏')")
    own.reload()
    focused(own, "hq-form-head")
    expect(own.locator("#hq-form-head [role=status]")).to_have_text("已恢复您上次没有提交的填写。")
    for key, value in (("name", "济南示例机械有限公司"), ("county", "历城区"), ("industry", "数控机床"),
                       ("revenue_wan", "很多"), ("plan2_text", "屋顶光伏")):  # fmt: skip
        expect(box(own, key)).to_have_value(value)
    expect(own.locator("#f-industry_pick input:checked")).to_have_value("C3421")
    expect(own.locator("#f-honours .token")).to_contain_text("高新技术企业")
    fill(own, "revenue_wan", "8600万")
    match(own)
    assert site.kept.runs(owner(own))[0].raw["region"] == "370112"
    own.goto(site.url + "/e/")
    own.locator(".hq-kept p:not([role])").first.wait_for()
    assert step(own) == "start"


def test_a_restored_form_can_be_cleared(own: Page) -> None:
    small_company(own)
    own.wait_for_function("(sessionStorage.getItem('hq-draft') || '').includes('甲公司')")
    own.reload()
    focused(own, "hq-form-head")
    own.locator("button[data-draft-clear]").click()
    own.locator(".hq-kept p:not([role])").first.wait_for()
    assert step(own) == "start"
    expect(box(own, "name")).to_have_value("")


def test_nobody_sees_the_draft_of_another(own: Page, site: Site) -> None:
    small_company(own, "秘密公司")
    own.wait_for_function("(sessionStorage.getItem('hq-draft') || '').includes('秘密公司')")
    own.context.clear_cookies()
    log_in(own, site.url, "somebody-else")
    assert step(own) == "start"
    expect(box(own, "name")).to_have_value("")
