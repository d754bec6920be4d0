"""What one can do with a measure: watch, compare, comment, filter; and what is said when that fails."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Locator, Page, Route, expect

from matcher.feedback import FeedbackStore
from tests.e2e.enterprise import check, confirm, focused, log_in, match, owner, small_company
from tests.e2e.enterprise_site import Site, running
from tests.e2e.support import PATIENCE_MS, watched_page

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with running(tmp_path_factory.mktemp("site")) as started:
        yield started


@pytest.fixture
def results(browser: Browser, site: Site, request: pytest.FixtureRequest) -> Iterator[Page]:
    """The results of a small company."""
    with watched_page(browser, "about:blank") as page:
        log_in(page, site.url, request.node.name)
        small_company(page)
        match(page)
        yield page


@pytest.fixture
def faulty(browser: Browser, site: Site) -> Iterator[Page]:
    """The same, in a page that may report failed requests."""
    context = browser.new_context(viewport={"width": 1280, "height": 900}, locale="zh-CN")
    page = context.new_page()
    page.set_default_timeout(PATIENCE_MS)
    log_in(page, site.url, "faulty")
    small_company(page)
    match(page)
    yield page
    context.close()


def acts(page: Page, measure: str) -> Locator:
    return page.locator(".hq-acts", has=page.locator(f'[data-favourite="{measure}"]'))


def give_feedback(page: Page, measure: str, mark: str, note: str) -> Locator:
    details = acts(page, measure).locator("details")
    details.locator("summary").click()
    details.get_by_label(mark, exact=True).check()
    details.locator("textarea").fill(note)
    details.get_by_role("button").click()
    return details.locator("form [role=status]")


def test_a_measure_is_watched_and_no_longer(results: Page, site: Site) -> None:
    star = acts(results, "fits/grant").locator("[data-favourite]")
    status = acts(results, "fits/grant").locator("> [role=status]")
    star.click()
    expect(star).to_have_attribute("aria-pressed", "true")
    expect(status).to_have_text("已收藏")
    assert site.kept.favourites(owner(results)) == ["fits/grant"]
    results.reload()
    expect(star).to_have_attribute("aria-pressed", "true")
    star.click()
    expect(status).to_have_text("已取消收藏")
    assert site.kept.favourites(owner(results)) == []


def test_feedback_is_recorded_with_the_company(results: Page, site: Site) -> None:
    status = give_feedback(results, "asks/asks-0", "已申报", "三月交的材料")
    expect(status).to_have_text("已记录，谢谢")
    (mark,) = FeedbackStore(site.kept._database).all(owner(results))
    assert (mark.target, mark.mark.value, mark.note) == ("asks/asks-0", "已申报", "三月交的材料")
    assert mark.profile["name"] == "甲公司"


def test_feedback_without_a_choice_asks_for_one(results: Page, site: Site) -> None:
    details = acts(results, "fits/grant").locator("details")
    details.locator("summary").click()
    details.get_by_role("button").click()
    expect(details.locator("form [role=status]")).to_have_text("请先选择一项")
    assert FeedbackStore(site.kept._database).all(owner(results)) == ()


def test_up_to_four_measures_are_compared(results: Page, site: Site) -> None:
    bar, plus = results.locator("#hq-compare-bar"), results.locator("[data-compare]")
    expect(bar).to_be_hidden()
    measures = [plus.nth(n).get_attribute("data-compare") for n in range(5)]
    for n in range(4):
        plus.nth(n).click()
        expect(bar.locator("[role=status]")).to_have_text(f"已选 {n + 1} 项，最多 4 项")
    plus.nth(4).click()
    expect(plus.nth(4)).to_have_attribute("aria-pressed", "false")
    expect(acts(results, str(measures[4])).locator("> [role=status]")).to_contain_text("最多同时对比 4 项")
    link = bar.get_by_role("link").get_attribute("href")
    assert link == "/compare?" + "&".join(f"m={str(one).replace('/', '%2F')}" for one in measures[:4])
    results.reload()
    expect(plus.nth(3)).to_have_attribute("aria-pressed", "true")
    plus.nth(3).click()
    expect(bar.locator("[role=status]")).to_have_text("已选 3 项，最多 4 项")
    bar.get_by_role("button").click()
    expect(bar).to_be_hidden()
    expect(results.locator("[data-compare][aria-pressed=true]")).to_have_count(0)


def test_the_list_is_filtered_by_words_and_money(results: Page) -> None:
    shown = results.locator(".hq-measure:visible")
    all_shown = shown.count()
    status = results.locator("#hq-filter-status")
    results.locator("#hq-filter-text").fill("asks-1")
    expect(shown).to_have_count(1)
    expect(status).to_have_text(f"显示 1 项，共 {all_shown} 项")
    results.locator("#hq-filter-text").fill("没有这个词")
    expect(shown).to_have_count(0)
    expect(status).to_contain_text("没有符合筛选条件")
    results.get_by_role("button", name="显示全部").click()
    expect(shown).to_have_count(all_shown)
    expect(status).to_have_text("")
    results.get_by_label("只看直接给资金的").check()
    expect(shown.filter(has_text="不直接给资金")).to_have_count(0)
    expect(results.locator(".hq-section:visible h3", has_text="方向性文件")).to_have_count(0)


def test_links_lead_to_the_policy_and_to_what_one_takes_away(results: Page, site: Site) -> None:
    run = site.kept.runs(owner(results))[0]
    hrefs = results.locator(".hq-takeaway a").evaluate_all("links => links.map(link => link.getAttribute('href'))")
    assert hrefs == [f"/mine/runs/{run.run_id}{suffix}" for suffix in (".docx", "", ".ics")]
    for href in hrefs:
        assert results.request.get(site.url + href).status == 200
    links = (
        acts(results, "fits/grant").locator("a").evaluate_all("links => links.map(link => link.getAttribute('href'))")
    )
    assert links == ["/policies/fits#grant", f"/mine/packs/{run.run_id}/fits/grant"]


@pytest.mark.parametrize(
    ("status", "body", "said"),
    [
        (401, "{}", "登录已过期，未能保存，请重新登录 登录"),
        (429, "{}", "操作太频繁，未能保存，请稍后再试"),
        (404, '{"title": "没有找到这项政策", "detail": "可能已更新"}', "没有找到这项政策：可能已更新"),
        (500, "<html>", "未能保存，请稍后再试"),
    ],
)
def test_a_refusal_is_said_beside_the_button(faulty: Page, status: int, body: str, said: str) -> None:
    def refuse(route: Route) -> None:
        route.fulfill(status=status, body=body, content_type="application/json")

    faulty.route(re.compile("/mine/(favourites|feedback)$"), refuse)
    star = acts(faulty, "fits/grant").locator("[data-favourite]")
    star.click()
    expect(acts(faulty, "fits/grant").locator("> [role=status]")).to_have_text(said)
    expect(star).to_have_attribute("aria-pressed", "false")
    expect(give_feedback(faulty, "fits/grant", "适合", "保留的话")).to_have_text(said)
    expect(acts(faulty, "fits/grant").locator("textarea")).to_have_value("保留的话")
    if status == 401:
        assert acts(faulty, "fits/grant").locator("> [role=status] a").get_attribute("href") == "/login"


def test_without_a_connection_nothing_is_lost(faulty: Page) -> None:
    faulty.context.set_offline(True)
    acts(faulty, "fits/grant").locator("[data-favourite]").click()
    expect(acts(faulty, "fits/grant").locator("> [role=status]")).to_contain_text("没有连上服务器")
    faulty.locator("#hq-results button[data-step=form]").click()
    focused(faulty, "hq-form-head")
    faulty.click("#go")
    failed = faulty.locator("#hq-failed")
    expect(failed).to_contain_text("与服务器的连接中断", timeout=20_000)
    focused(faulty, "hq-failed")
    expect(faulty.locator(".toast-wrap")).to_be_hidden()
    faulty.context.set_offline(False)
    focused(faulty, "hq-form-head")
    expect(faulty.locator("#f-city input")).to_have_value("济南市")
    check(faulty)
    expect(failed).to_be_hidden()
    confirm(faulty)
