"""The evaluators' page as a person uses it, in a real browser."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from eval.page import words
from tests.e2e.support import FOR_THE_DOCUMENTATION, fits, no_axe_violations, shoot, watched_page

pytestmark = pytest.mark.e2e

RUN_MS = 120_000
GOOD = {
    "case_id": "甲01", "as_of": "2026-11-23",
    "profile": {"name": "济南示例机械有限公司", "region": "山东省/济南市", "industry_code": "C3421", "employees": 120,
                "established": "2012-06-01", "plans": [{"text": "更换数控机床，购置五轴加工中心"}]},
    "labels": {"nat-cit-special-equipment-10pct": {"grade": 3, "verdict": "possible", "why": "设备可抵免"},
               "dy-digital-pilot-2026": {"grade": 2, "verdict": "ineligible", "why": "<b>不在东营</b>"},
               "no-such-policy": {"grade": 3, "verdict": None, "why": "库中没有"}},
}  # fmt: skip
BAD = {**GOOD, "case_id": "甲02", "as_of": "2026-13-40"}
SMALLEST_TARGET_JS = """(least) => [...document.querySelectorAll(
  'button, input:not([type=radio],[type=file]), textarea, label:has(> [type=radio]), summary, .hv-download')]
  .filter(e => e.getClientRects().length && e.closest('.hq-skip') === null)
  .filter(e => e.getBoundingClientRect().height < least - .5)
  .map(e => `${e.outerHTML.slice(0, 90)} ${e.getBoundingClientRect().height}`)"""


@pytest.fixture(params=[1280])
def page(request: pytest.FixtureRequest, browser: Browser, base_url: str) -> Iterator[Page]:
    """The evaluators' page just opened."""
    with watched_page(browser, f"{base_url}/v/", request.param) as opened:
        expect(opened.locator("#hv-set-h")).to_be_visible()
        expect(opened.locator("#hv-ablation-result")).to_be_attached()
        yield opened


def choose(page: Page, key: str, label: str) -> None:
    """Pick one of a group of choices."""
    page.locator(f"#v-{key} label", has_text=label).first.click()
    expect(page.locator(f"#v-{key} label", has_text=label).first.locator("input")).to_be_checked()


def run(page: Page) -> None:
    """Evaluate by words only, and wait for the result."""
    choose(page, "dense", "不比较语义")
    page.click("#v-start")
    expect(page.locator("#hv-now")).to_contain_text("评测完成", timeout=RUN_MS)
    expect(page.locator("#hv-overall-h")).to_be_visible()


def with_a_run(page: Page) -> None:
    """An evaluation of the shipped cases is shown, made now if there is none."""
    if page.locator("#v-shown label", has_text="cases_dev").count() == 0:
        run(page)
    choose(page, "shown", "cases_dev")
    choose(page, "view", words.VIEWS["overall"])
    expect(page.locator("#hv-result")).to_contain_text("cases_dev.jsonl，58 例")


def view(page: Page, key: str, heading: str) -> None:
    choose(page, "view", words.VIEWS[key])
    expect(page.locator("#hv-result h3").first).to_have_text(heading)


def upload(page: Page, folder: Path, *lines: object, name: str = "own.jsonl") -> None:
    path = folder / name
    path.write_text("\n".join(x if isinstance(x, str) else json.dumps(x, ensure_ascii=False) for x in lines), "utf-8")
    page.locator("input[type=file]").set_input_files(path)
    page.wait_for_function("['hv-uploaded', 'hq-errors'].includes(document.activeElement.id)")


def all_well(page: Page) -> None:
    """axe finds nothing and nothing is cut off, at every width, in normal and in large print."""
    wide = page.viewport_size
    for large in (False, True):
        page.evaluate("on => document.documentElement.classList.toggle('hq-large', on)", large)
        for width in (1280, 390, 320):
            page.set_viewport_size({"width": width, "height": 900})
            no_axe_violations(page)
            fits(page)
        assert page.evaluate(SMALLEST_TARGET_JS, 60 if large else 44) == []
    page.evaluate("document.documentElement.classList.remove('hq-large')")
    page.set_viewport_size(wide)


def headings_in_order(page: Page) -> None:
    tags = page.evaluate("[...document.querySelectorAll('h1,h2,h3,h4,h5,h6')].map(e => e.tagName)")
    levels = [int(tag[1]) for tag in tags]
    assert levels[0] == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))


def test_the_set_is_chosen_the_run_made_and_charts_are_shown(page: Page) -> None:
    assert page.evaluate("document.documentElement.lang") == "zh-CN"
    expect(page).to_have_title(words.PAGE_TITLE)
    expect(page.locator(".hv-set")).to_contain_text("1,201 条")
    expect(page.locator(".hv-set")).to_contain_text("其中 58 例是随软件的开发案例")
    run(page)
    result = page.locator("#hv-result")
    expect(result).to_contain_text(words.SEEN)
    first = result.locator(".hv-row").first
    assert re.fullmatch(r"0\.\d{3}（0\.\d{3}–0\.\d{3}）", first.locator(".hv-value").inner_text())
    expect(first.locator("svg")).to_have_attribute("aria-hidden", "true")
    sizes = result.locator(".hv-chart", has_text="按企业规模").locator(".hv-label").all_inner_texts()
    assert [size.split("\n")[0] for size in sizes] == ["微型", "小型", "中型", "大型", "不确定"]
    result.locator("summary", has_text="数据表：总体指标").click()
    expect(result.locator("table").first.locator("tbody tr").first).to_contain_text("58")
    choose(page, "metric", "召回率@20")
    expect(result.locator(".hv-chart", has_text="按政策层级")).to_be_visible()
    headings_in_order(page)
    all_well(page)


def test_the_downloads_are_the_run_and_the_report(page: Page, base_url: str) -> None:
    with_a_run(page)
    row = page.locator(".hv-runs tbody tr", has_text="cases_dev").first
    links = [row.locator("a", has_text=label).get_attribute("href") for label in ("运行文件", "网页报告")]
    found = [page.request.get(f"{base_url}{link}") for link in links]
    assert [answer.status for answer in found] == [200, 200]
    assert len(found[0].json()["cases"]) == 58
    assert "惠企 评测报告" in found[1].text()


def test_misses_are_filtered_and_turned_page_by_page(page: Page) -> None:
    with_a_run(page)
    view(page, "misses", "前 20 项之外的应得标注")
    result = page.locator("#hv-result")
    total = int(re.search(r"共 (\d+) 条", result.inner_text())[1])
    assert total > 10
    first = result.locator(".hv-miss").first.inner_text()
    expect(page.locator("#v-previous")).to_be_disabled()
    page.click("#v-next")
    page.wait_for_function("document.activeElement.id === 'hv-result'")
    expect(result).to_contain_text("现在显示第 11–")
    assert result.locator(".hv-miss").first.inner_text() != first
    page.click("#v-previous")
    expect(result).to_contain_text("现在显示第 1–10 条")
    choose(page, "grade", "3 级")
    expect(result).to_contain_text(f"共 {total} 条）")
    assert set(result.locator(".hv-tag:nth-child(2)").all_inner_texts()) == {"3 级"}
    assert re.match(r"/policies/[\w-]+$", result.locator(".hv-miss a").first.get_attribute("href"))
    expect(result.locator(".hv-miss").first).to_contain_text("名次与得分")
    headings_in_order(page)
    all_well(page)


def test_verdicts_and_violations(page: Page) -> None:
    with_a_run(page)
    view(page, "verdicts", "结论对照")
    cells = page.locator(".hv-verdicts tbody td").all_inner_texts()
    numbers = [int(re.match(r"\d+", cell)[0]) for cell in cells]
    assert len(numbers) == 12
    assert sum(numbers[column] for column in (3, 7, 11)) == sum(numbers) / 2
    expect(page.locator("#hv-result")).to_contain_text(words.VIOLATIONS_NONE)
    all_well(page)


def test_a_run_is_compared_with_the_shipped_one(page: Page) -> None:
    with_a_run(page)
    view(page, "compare", "与基准比较")
    all_well(page)
    choose(page, "baseline", "随软件的基准运行")
    result = page.locator("#hv-result")
    expect(result.locator("caption")).to_have_text("各指标的差")
    better, worse, same = map(int, re.search(r"(\d+) 例变好，(\d+) 例变差，(\d+) 例不变", result.inner_text()).groups())
    assert better + worse + same == 58
    assert worse > 0
    row = result.locator("tbody tr").first
    assert re.fullmatch(r"[+-]0\.\d{3}（[+-]0\.\d{3} 至 [+-]0\.\d{3}）", row.locator("td").nth(3).inner_text())
    assert re.search(r"第 \d+ 位 → 第 \d+ 位", result.locator(".hv-moves li").first.inner_text())
    headings_in_order(page)
    all_well(page)


def test_the_ablation_keeps_its_order_and_says_what_is_in_sample(page: Page) -> None:
    ablation = page.locator("#hv-ablation-result")
    labels = [label.split("\n")[0] for label in ablation.locator(".hv-label").all_inner_texts()]
    assert labels[0] == "随机排序"
    assert labels[-2].startswith("完整系统（交叉验证")
    assert labels[-1].startswith("随软件的权重")
    expect(ablation.locator(".hv-row").last).to_contain_text(words.ROW_IN_SAMPLE)
    expect(ablation).to_contain_text(words.HELD_OUT_NOTE)
    before = ablation.locator(".hv-value").all_inner_texts()
    choose(page, "ablation-metric", "3 级召回")
    expect(ablation.locator("figcaption")).to_contain_text("3 级召回")
    assert ablation.locator(".hv-value").all_inner_texts() != before


def test_own_cases_with_a_bad_one_are_used_and_deleted(page: Page, tmp_path: Path) -> None:
    upload(page, tmp_path, GOOD, BAD, "not json")
    note = page.locator("#hv-uploaded")
    expect(note).to_contain_text("1 个案例可用；另有 2 处问题")
    expect(note.locator("tbody tr").nth(0)).to_contain_text("own.jsonl 第 2 行（案例 甲02）")
    expect(note.locator("tbody tr").nth(1)).to_contain_text("own.jsonl 第 3 行")
    expect(page.locator(".hv-set")).to_contain_text(words.UNFAMILIAR)
    all_well(page)
    run(page)
    expect(page.locator("#hv-result")).to_contain_text("own.jsonl，1 例")
    view(page, "misses", "前 20 项之外的应得标注")
    choose(page, "stage", "被条件排除")
    miss = page.locator(".hv-miss")
    expect(miss).to_have_count(1)
    expect(miss).to_contain_text("要求：")
    expect(miss).to_contain_text("<b>不在东营</b>")
    choose(page, "stage", "政策库未收录")
    expect(miss).to_contain_text("no-such-policy")
    all_well(page)
    page.click("#v-delete")
    page.wait_for_function("document.activeElement.id === 'hv-delete'")
    all_well(page)
    page.click("#v-delete-yes")
    expect(note).to_contain_text("已删除“own.jsonl”")
    expect(page.locator("#v-set label")).to_have_count(1)
    expect(page.locator("#v-shown label", has_text="own.jsonl")).to_have_count(0)


def test_a_file_without_a_good_case_is_refused_with_reasons(page: Page, tmp_path: Path) -> None:
    upload(page, tmp_path, BAD, name="bad.jsonl")
    expect(page.locator("#hv-uploaded")).to_contain_text("没有一个案例可用，文件未保存")
    expect(page.locator("#v-set label", has_text="bad.jsonl")).to_have_count(0)


def test_a_wrong_day_is_told_and_nothing_else_is_lost(page: Page) -> None:
    page.locator("#f-day input, #f-day textarea").fill("某天")
    page.click("#v-start")
    page.wait_for_function("document.activeElement.id === 'hq-errors'")
    expect(page.locator("#hq-errors")).to_contain_text("“某天”不是一个日期")
    expect(page.locator("#hq-errors")).to_have_attribute("role", "alert")
    page.locator("#hq-errors a").click()
    page.wait_for_function("document.activeElement.closest('#f-day') !== null")
    expect(page.locator(".hv-set")).to_be_visible()
    all_well(page)
    page.locator("#f-day input, #f-day textarea").fill("2026年6月1日")
    run(page)
    expect(page.locator("#hq-errors")).to_have_count(0)
    expect(page.locator("#hv-result")).to_contain_text("2026 年 6 月 1 日")


def test_a_run_goes_on_while_its_page_is_left(page: Page, browser: Browser, base_url: str) -> None:
    before = page.locator(".hv-runs tbody tr").count()
    choose(page, "dense", "不比较语义")
    page.click("#v-start")
    page.wait_for_function("document.activeElement.id === 'hv-now'")
    page.goto(f"{base_url}/")
    page.goto(f"{base_url}/v/")
    expect(page.locator(".hv-runs tbody tr").first).to_contain_text("已完成", timeout=RUN_MS)
    assert page.locator(".hv-runs tbody tr").count() in {before + 1, 10}


def test_an_ablation_says_how_far_it_is_and_can_be_cancelled(page: Page) -> None:
    page.click("#v-ablate")
    expect(page.locator("#hv-now")).to_contain_text("正在评测", timeout=RUN_MS)
    expect(page.locator("progress")).to_have_attribute("aria-label", words.PROGRESS_LABEL)
    expect(page.locator("#v-start")).to_be_disabled()
    no_axe_violations(page)
    page.click("#v-cancel")
    expect(page.locator("#hv-now")).to_contain_text("已取消", timeout=RUN_MS)
    expect(page.locator("#v-start")).to_be_enabled()
    expect(page.locator("progress")).to_have_count(0)


def test_it_can_be_used_by_keyboard_alone(page: Page) -> None:
    with_a_run(page)
    page.locator("#v-view input").first.focus()
    page.keyboard.press("ArrowRight")
    expect(page.locator("#hv-misses-h")).to_be_visible()
    page.locator("#v-start").focus()
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"


def test_a_lost_connection_is_told_in_chinese(page: Page) -> None:
    page.evaluate("document.body.append(Object.assign(document.createElement('div'), {className: 'toast-body'}))")
    expect(page.locator("#hq-lost")).to_be_focused()
    expect(page.locator("#hq-lost")).to_contain_text("连接")
    page.evaluate("document.querySelector('.toast-body').remove()")
    no_axe_violations(page)


@pytest.mark.parametrize("page", [1280, 390], indirect=True)
@pytest.mark.parametrize("large", [False, True])
@FOR_THE_DOCUMENTATION
def test_screenshots_for_the_documentation(page: Page, large: bool) -> None:
    with_a_run(page)
    if large:
        page.click('button[data-mode="large"]')
    shoot_between(page, "evaluator-run", "header", ".hv-runs")
    shoot_between(page, "evaluator-overall", "#v-view", "#hv-result .hv-chart:nth-of-type(1)")
    view(page, "misses", "前 20 项之外的应得标注")
    shoot_between(page, "evaluator-misses", "#v-stage", ".hv-miss:nth-child(3)")
    view(page, "compare", "与基准比较")
    choose(page, "baseline", "随软件的基准运行")
    expect(page.locator("#hv-result caption")).to_be_visible()
    shoot_between(page, "evaluator-compare", "#v-baseline", ".hv-miss:nth-child(1)")
    shoot_between(page, "evaluator-ablation", "#v-ablation", "#hv-ablation-result .hv-chart")


def shoot_between(page: Page, name: str, first: str, last: str) -> None:
    """The page from the top of one element to the bottom of another."""
    page.evaluate("document.activeElement.blur(); scrollTo(0, 0)")
    top = page.evaluate("s => document.querySelector(s).getBoundingClientRect().top", first)
    end = page.evaluate("s => document.querySelector(s).getBoundingClientRect().bottom", last)
    shoot(page, name, max(0, top - 16), end + 16)
