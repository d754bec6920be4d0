"""The enterprise page as a person uses it, in a real browser."""

from __future__ import annotations

import re
from itertools import pairwise

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.enterprise import another, answer, begin, check, commit, confirm, fill, fill_company, match, step
from tests.e2e.support import DESKTOP, FOR_THE_DOCUMENTATION, shoot

pytestmark = pytest.mark.e2e

BOTH_WIDTHS = pytest.mark.parametrize("page", [1280, 390], indirect=True)


def test_a_company_fills_in_the_form_and_sees_cards(page: Page) -> None:
    assert page.evaluate("document.documentElement.lang") == "zh-CN"
    expect(page).to_have_title("惠企政策匹配")
    fill_company(page)
    match(page)
    summary = page.locator("#hq-summary")
    expect(summary).to_contain_text("济南示例机械有限公司的匹配结果")
    expect(summary).to_contain_text("按 2026 年 11 月 23 日的政策库匹配")
    assert re.search(r"找到 \d+ 项政策：", summary.inner_text())
    sections = page.locator(".hq-section h3").all_inner_texts()
    assert [text.split("\n")[0][:2] for text in sections] == sorted(
        (text[:2] for text in sections), key=["符合", "基本", "可能", "方向", "暂不"].index
    )
    first = page.locator(".hq-card").first
    expect(first).to_contain_text("预计金额")
    expect(first).to_contain_text("下一步")
    assert "%" not in page.locator(".hq-verdict").first.inner_text()
    tags = page.evaluate("[...document.querySelectorAll('h1,h2,h3,h4,h5,h6')].map(e => e.tagName)")
    levels = [int(tag[1]) for tag in tags]
    assert levels[0] == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))
    expect(page.locator(".hq-disclaimer")).to_contain_text("以主管部门解释和最终审核为准")


def test_unknown_revenue_stays_unknown(page: Page) -> None:
    fill_company(page)
    match(page)
    page.evaluate("document.querySelectorAll('details').forEach(e => e.open = true)")
    text = page.locator(".hq-section").all_inner_texts()
    assert not re.search(r"您填写：0 (万元|人)", "".join(text))
    assert "未填写" in "".join(text)


def test_wrong_values_are_listed_together_by_field(page: Page) -> None:
    fill_company(page)
    fill(page, "revenue_wan", "很多")
    fill(page, "uscc", "123")
    fill(page, "plan1_equipment_invest_wan", "若干")
    check(page)
    errors = page.locator("#hq-errors")
    assert page.evaluate("document.activeElement.id") == "hq-errors"
    expect(errors).to_have_attribute("role", "alert")
    expect(errors.locator("h2")).to_have_text("有 3 处需要修改")
    for label in ("上年营业收入", "统一社会信用代码", "第 1 项计划的设备投资额"):
        expect(errors).to_contain_text(label)
    assert "revenue_wan" not in errors.inner_text()
    assert step(page) == "form"
    errors.locator("a", has_text="上年营业收入").click()
    page.wait_for_function("document.activeElement.closest('#f-revenue_wan') !== null")
    assert page.locator("#f-revenue_wan input").get_attribute("aria-invalid") == "true"
    fill(page, "revenue_wan", "8600万")
    fill(page, "uscc", "")
    fill(page, "plan1_equipment_invest_wan", "1200万")
    match(page)
    expect(page.locator("#hq-errors")).to_have_count(0)
    expect(page.locator("#hq-summary")).to_be_visible()


def test_an_empty_form_says_what_is_needed(page: Page) -> None:
    begin(page)
    check(page)
    expect(page.locator("#hq-errors")).to_contain_text("请至少填写")


def test_the_next_question_is_answered_in_place(page: Page) -> None:
    fill_company(page)
    match(page)
    before = page.locator(".hq-sentence").inner_text()
    cards = page.locator(".hq-section").first.inner_html()
    asked = [answer(page) for _ in range(3)]
    assert len(set(asked)) == 3
    expect(page.locator("#hq-summary")).to_contain_text("您补充的信息")
    after = (page.locator(".hq-sentence").inner_text(), page.locator(".hq-section").first.inner_html())
    assert after != (before, cards)
    last = page.locator(".hq-asked").inner_text()
    page.click("#skip")
    another(page, last)
    for _ in range(3):
        told = page.locator("#hq-summary").inner_text()
        page.click("#undo")
        page.wait_for_function("told => document.querySelector('#hq-summary').innerText !== told", arg=told)
    expect(page.locator("#hq-summary")).not_to_contain_text("您补充的信息")
    expect(page.locator(".hq-sentence")).to_have_text(before)


def test_an_empty_answer_is_refused_in_place(page: Page) -> None:
    fill_company(page)
    match(page)
    page.click("#answer")
    expect(page.locator(".hq-panel #hq-errors")).to_be_visible()
    expect(page.locator("#hq-summary")).to_be_visible()


def test_two_plans_and_the_hint_under_a_plan(page: Page) -> None:
    fill_company(page)
    page.locator("#f-plan1_text textarea").click()
    page.keyboard.press("Tab")
    hint = page.locator(".hq-hint")
    expect(hint).to_contain_text("从计划文字中看到：1,200 万元、1.5 亿元")
    assert page.locator("#f-plan1_project_invest_wan input").input_value() == ""
    page.get_by_text("添加第 2 项计划").click()
    fill(page, "plan2_text", "新上屋顶光伏和余热回收，降低能耗")
    commit(page, "plan2_project_type", "节能降碳改造", "节能降碳改造")
    page.keyboard.press("Escape")
    fill(page, "plan2_project_invest_wan", "约莫不少")
    check(page)
    expect(page.locator("#hq-errors")).to_contain_text("第 2 项计划的项目总投资")
    fill(page, "plan2_project_invest_wan", "600万")
    match(page)
    expect(page.locator("#hq-summary")).to_be_visible()
    assert "对应第 2 项计划" in "".join(page.locator(".hq-measure").all_text_contents())


def test_scripts_in_names_and_plans_do_not_run(page: Page) -> None:
    attack = '<img src=x onerror="window.hqHit=1"><script>window.hqHit=1</script>${window.hqHit=1}{{window.hqHit=1}}'
    fill_company(page, name=attack[:100], plan=f"{attack} 更换数控机床 投入1200万元")
    fill(page, "products", attack)
    fill(page, "needs", attack)
    page.keyboard.press("Tab")
    match(page)
    expect(page.locator("#hq-summary h2")).to_contain_text("<img src=x")
    page.locator("#hq-results button[data-step=form]").click()
    fill(page, "revenue_wan", attack[:100])
    check(page)
    expect(page.locator("#hq-errors")).to_contain_text("上年营业收入")
    assert page.evaluate("window.hqHit") is None


def test_reading_modes_are_kept_after_reload(page: Page) -> None:
    for mode in ("large", "contrast"):
        button = page.locator(f'button[data-mode="{mode}"]')
        expect(button).to_have_attribute("aria-pressed", "false")
        button.click()
        expect(button).to_have_attribute("aria-pressed", "true")
    page.reload()
    for mode in ("large", "contrast"):
        expect(page.locator(f'button[data-mode="{mode}"]')).to_have_attribute("aria-pressed", "true")
        assert page.evaluate(f"document.documentElement.classList.contains('hq-{mode}')")
    begin(page)
    size = page.evaluate("parseFloat(getComputedStyle(document.querySelector('#hq-form input')).fontSize)")
    assert size >= 18


def test_closed_paths_and_foreign_hosts_are_refused(page: Page, base_url: str) -> None:
    for path in ("/docs", "/openapi.json", "/gradio_api/info", "/gradio_api/openapi.json", "/monitoring"):
        assert page.request.get(base_url + path).status == 404
    assert page.request.get(base_url + "/", headers={"Host": "evil.example"}).status == 403
    assert page.request.post(base_url + "/gradio_api/upload", data="x").status == 404
    foreign = {"Origin": "https://evil.example"}
    assert page.request.post(base_url + "/gradio_api/queue/join", headers=foreign, data="{}").status == 403


@BOTH_WIDTHS
@pytest.mark.parametrize("large", [False, True])
@FOR_THE_DOCUMENTATION
def test_screenshots_for_the_documentation(page: Page, large: bool) -> None:
    if large:
        page.click('button[data-mode="large"]')
    fill_company(page)
    fill(page, "revenue_wan", "8600万")
    page.locator("#f-plan1_text textarea").click()
    page.locator("#f-revenue_wan input").click()
    expect(page.locator(".hq-hint")).to_be_visible()
    page.evaluate("document.activeElement.blur()")
    shoot(page, "enterprise-form", bottom=edge(page, "#go", "bottom") + 30)
    check(page)
    shoot(page, "enterprise-check", bottom=edge(page, "#confirm", "bottom") + 30)
    confirm(page)
    top = edge(page, "#hq-summary", "top")
    shoot(page, "enterprise-results", top, top + (3000 if page.viewport_size["width"] == DESKTOP else 3600))


def edge(page: Page, selector: str, side: str) -> float:
    """Where an element begins or ends, from the top of the page."""
    found: float = page.evaluate(f"document.querySelector('{selector}').getBoundingClientRect().{side} + scrollY")
    return found
