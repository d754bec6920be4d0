"""Every state of the enterprise page: accessible, uncut, large enough to hit, in Chinese; loading, broken and empty."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.enterprise import (
    SMALLEST_TARGET_JS,
    answer,
    begin,
    box,
    check,
    commit,
    confirm,
    fill,
    fill_company,
    focused,
    log_in,
    match,
    open_all,
    small_company,
    step,
)
from tests.e2e.enterprise_site import Site, running
from tests.e2e.support import PATIENCE_MS, fits, no_axe_violations, watched_page

pytestmark = pytest.mark.e2e

LIBRARY = Path(__file__).parents[2] / "policies" / "data" / "library"
LATIN = re.compile(r"[A-Za-z]{2,}")
KNOWN_LATIN = {"DOCX", "MES"}
SEEN_JS = """() => [...document.querySelectorAll('[aria-label], [placeholder], [title], [alt]')]
  .filter(e => e.getClientRects().length)
  .flatMap(e => ['aria-label', 'placeholder', 'title', 'alt'].map(name => e.getAttribute(name) || ''))
  .concat([document.body.innerText, document.title]).join('\\n')"""
SPILLED_JS = """() => [...document.querySelectorAll('body *')]
  .filter(e => e.getClientRects().length && !e.closest('.hq-hidden, .hq-skip'))
  .filter(e => getComputedStyle(e).visibility !== 'hidden')
  .filter(e => e.getBoundingClientRect().right > innerWidth + 1 && e.getBoundingClientRect().width > 1)
  .map(e => e.outerHTML.slice(0, 90))"""
VIEWS = [
    (1280, ""), (1280, "large"), (1280, "contrast"), (390, ""), (390, "large"), (390, "contrast"), (320, ""),
    (320, "large"),
]  # fmt: skip


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with running(tmp_path_factory.mktemp("site")) as started:
        yield started


@pytest.fixture(params=VIEWS, ids=lambda view: "-".join(str(part) for part in view if part))
def view(browser: Browser, site: Site, request: pytest.FixtureRequest) -> Iterator[tuple[Page, int]]:
    """The start page at a width and in a reading mode, with the least height of a target."""
    width, mode = request.param
    with watched_page(browser, "about:blank", width) as page:
        log_in(page, site.url, f"view{width}{mode}")
        if mode:
            page.click(f'button[data-mode="{mode}"]')
        yield page, 60 if mode == "large" else 44


def good(page: Page, least: int) -> None:
    """Nothing that axe finds, nothing cut off, nothing too small to hit."""
    no_axe_violations(page)
    fits(page)
    assert page.evaluate(SPILLED_JS) == []
    assert page.evaluate(SMALLEST_TARGET_JS, least) == []


def test_every_state_is_accessible_uncut_and_large_enough(view: tuple[Page, int]) -> None:
    page, least = view
    good(page, least)
    small_company(page)
    fill(page, "revenue_wan", "很多")
    good(page, least)
    check(page)
    expect(page.locator("#hq-errors")).to_be_visible()
    good(page, least)
    fill(page, "revenue_wan", "8600万")
    check(page)
    good(page, least)
    confirm(page)
    good(page, least)
    answer(page)
    open_all(page)
    page.locator("[data-compare]").first.click()
    page.locator(".hq-feedback button").first.click()
    page.click("#save")
    expect(page.locator("#hq-results .hq-done[role=status]")).to_contain_text("已保存")
    good(page, least)
    page.locator("#hq-filter-text").fill("没有这个词")
    good(page, least)
    page.goto(page.url.split("?")[0])
    page.locator(".hq-kept a").wait_for()
    good(page, least)
    page.goto(page.url + "?profile=nothing")
    focused(page, "hq-errors")
    good(page, least)


def test_the_sticky_bar_never_covers_what_has_the_focus(browser: Browser, site: Site) -> None:
    with watched_page(browser, "about:blank", 390) as page:
        log_in(page, site.url, "sticky")
        page.click('button[data-mode="large"]')
        small_company(page)
        match(page)
        page.locator("[data-compare]").first.click()
        bar = page.locator("#hq-compare-bar")
        expect(bar).to_be_in_viewport()
        last = page.locator("[data-favourite]").last
        last.focus()
        page.wait_for_function("document.activeElement.hasAttribute('data-favourite')")
        covered = page.evaluate(
            "(() => { const bar = document.querySelector('#hq-compare-bar').getBoundingClientRect();"
            "const own = document.activeElement.getBoundingClientRect(); return own.bottom > bar.top + 1; })()"
        )
        assert not covered


def test_nothing_found_says_what_to_do(browser: Browser, site: Site) -> None:
    with watched_page(browser, "about:blank", 390) as page:
        log_in(page, site.url, "empty")
        begin(page)
        fill(page, "name", "乙公司")
        commit(page, "province", "青海", "青海省")
        match(page)
        expect(page.locator("#hq-summary")).to_contain_text("没有找到符合条件的政策")
        expect(page.locator("#hq-summary")).to_contain_text("政策检索")
        expect(page.locator("#hq-results .hq-sift")).to_be_hidden()
        good(page, 44)


def test_while_the_matcher_loads_the_page_says_so(browser: Browser, tmp_path: Path) -> None:
    with running(tmp_path, "loading") as site, watched_page(browser, "about:blank") as page:
        log_in(page, site.url, "loading")
        small_company(page)
        check(page)
        page.click("#confirm")
        busy = page.locator("#hq-check .hq-busy")
        expect(busy).to_have_text("正在匹配，请稍候。首次使用需要准备十几秒。")
        expect(busy).to_have_attribute("role", "status")
        assert step(page) == "check"
        good(page, 44)


def test_a_matcher_that_did_not_load_is_said_and_nothing_is_lost(browser: Browser, tmp_path: Path) -> None:
    with running(tmp_path, "broken") as site, watched_page(browser, "about:blank") as page:
        log_in(page, site.url, "broken")
        small_company(page)
        match(page)
        expect(page.locator("#hq-errors")).to_contain_text("暂时不能匹配")
        expect(page.locator("#hq-errors")).not_to_contain_text("no room")
        assert step(page) == "check"
        good(page, 44)
        page.click("#back")
        expect(box(page, "name")).to_have_value("甲公司")
        assert site.kept.runs("broken") == []


def test_the_page_speaks_chinese_in_every_browser(browser: Browser, base_url: str) -> None:
    known = KNOWN_LATIN | {word for path in LIBRARY.glob("*.yaml") for word in LATIN.findall(path.read_text("utf-8"))}
    context = browser.new_context(locale="en-US", viewport={"width": 1280, "height": 900})
    page = context.new_page()
    page.set_default_timeout(PATIENCE_MS)
    page.goto(f"{base_url}/e/")
    page.locator("#new").wait_for()
    seen = [page.evaluate(SEEN_JS)]
    fill_company(page)
    fill(page, "revenue_wan", "很多")
    page.locator("#f-honours input").click()
    seen.append(page.evaluate(SEEN_JS))
    page.keyboard.press("Escape")
    check(page)
    seen.append(page.evaluate(SEEN_JS))
    fill(page, "revenue_wan", "")
    check(page)
    seen.append(page.evaluate(SEEN_JS))
    confirm(page)
    answer(page)
    open_all(page)
    seen.append(page.evaluate(SEEN_JS))
    context.set_offline(True)
    page.click("#skip")
    expect(page.locator("#hq-failed")).to_be_visible(timeout=20_000)
    seen.append(page.evaluate(SEEN_JS))
    context.close()
    lines = {re.sub(r"版本 [0-9a-f]+", "", line) for text in seen for line in text.splitlines()}
    assert {line for line in lines if set(LATIN.findall(line)) - known} == set()


@pytest.mark.parametrize("page", [1280, 390], indirect=True)
def test_the_long_list_of_the_whole_library_is_accessible(page: Page) -> None:
    fill_company(page)
    fill(page, "revenue_wan", "8600万")
    match(page)
    good(page, 44)
    assert page.locator("details.hq-rest").count() > 0
    open_all(page)
    good(page, 44)
