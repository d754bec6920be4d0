"""Home, search, policies and comparison in a real browser: every state, without scripts, by keyboard."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from urllib.parse import quote

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from playwright.sync_api import Browser, Page, expect
from starlette.types import Receive, Scope, Send

from app import open_services
from matcher.access.identity import LOCAL, identify
from matcher.settings import Settings
from matcher.ui.site import library
from matcher.workspace import Workspace
from policies.profile import CompanyProfile
from tests.e2e.support import (
    AS_OF,
    FOR_THE_DOCUMENTATION,
    IN_BOTH_SIZES,
    ROOT,
    is_sound,
    no_axe_violations,
    shoot,
    watched_page,
)

pytestmark = pytest.mark.e2e

NOW = dt.datetime(2026, 11, 23, 9, 30, tzinfo=dt.UTC)
MEASURES = ("qd-adv-mfg-2025/equipment-subsidy", "sd-equip-subsidy-2021/equipment-award",
            "nat-equip-loan-interest-2026-2/equipment-loan", "nat-two-new-2024-1104/old-truck-scrap")  # fmt: skip
PAGES = {
    "home": "/",
    "search": "/policies?q=设备更新贷款贴息",
    "search-browse": "/policies?page=2",
    "search-filtered": "/policies?q=技改&level=province&state=现行有效&open=1&region=山东省/青岛市&kind=moon",
    "search-empty": "/policies?q=瞪铃企业",
    "search-successor": "/policies?q=设备更新贷款财政贴息政策",
    "policy": "/policies/qd-adv-mfg-2025",
    "policy-superseded": "/policies/nat-two-new-2024-1104",
    "policy-official": "/policies/nat-two-new-2026-1745",
    "compare-none": "/compare",
    "compare-one": "/compare?m=qd-adv-mfg-2025/equipment-subsidy&m=nope/x",
    "compare": "/compare?" + "&".join(f"m={one}" for one in MEASURES[:3]),
}
TARGETS = (
    "button, summary, select, input[type=search], label:has(> input), a.hq-button, h3 a,"
    ".hq-links a, .hq-deadlines a, .hq-doors a"
)


@pytest.fixture
def visit(browser: Browser, base_url: str) -> Iterator[Page]:
    with watched_page(browser, base_url) as page:
        yield page


@pytest.fixture(scope="module")
def judged(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The comparison for a company of one's own, as the server gives it."""
    day = dt.date.fromisoformat(AS_OF)
    services = open_services(Settings(dense=False, as_of=day, data_dir=tmp_path_factory.mktemp("data")))
    services.engine.start()
    raw = json.loads((ROOT / "docs" / "company.json").read_text("utf-8"))
    result = services.engine.matcher().match(CompanyProfile.model_validate(raw), day)
    run = Workspace(services.database).record_run(LOCAL.user_id, raw, result, NOW)
    site = FastAPI()
    site.include_router(library.router(services))

    async def local(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            identify(scope, LOCAL)
        await site(scope, receive, send)

    page = TestClient(local).get("/compare", params={"m": MEASURES, "run": run.run_id}).text
    services.database.close()
    return page


def serve(page: Page, url: str, content: str) -> None:
    """Open an address that gives this content."""
    page.route(url, lambda route: route.fulfill(body=content, content_type="text/html"))
    page.goto(url)


@pytest.mark.parametrize("width", [1280, 390, 320])
@pytest.mark.parametrize("mode", ["", "large", "contrast"])
def test_every_state_is_accessible_and_uncut(
    browser: Browser, base_url: str, judged: str, width: int, mode: str
) -> None:
    least = 60 if mode == "large" else 44
    with watched_page(browser, base_url, width) as page:
        if mode:
            page.click(f'button[data-mode="{mode}"]')
        for path in PAGES.values():
            page.goto(base_url + path)
            page.evaluate("document.querySelectorAll('details').forEach(e => e.open = true)")
            is_sound(page, TARGETS, least)
        missing = page.request.get(f"{base_url}/policies/nat-two").text()
        for name, content in (("missing", missing), ("judged", judged)):
            serve(page, f"{base_url}/{name}", content)
            expect(page.locator("h1")).to_have_text("没有这项政策" if name == "missing" else "比较支持事项")
            is_sound(page, TARGETS, least)


def test_from_the_home_page_to_a_comparison(visit: Page) -> None:
    visit.get_by_label("政策名称、文号或用自己的话描述").fill("青岛技改设备补贴")
    visit.keyboard.press("Enter")
    first = visit.locator(".hq-hit h3 a").first
    expect(first).to_contain_text("青岛市加快先进制造业高质量发展若干政策措施")
    assert visit.locator("mark").count() > 0
    first.click()
    expect(visit.locator("h1")).to_contain_text("青岛市加快先进制造业")
    visit.locator("#equipment-subsidy").get_by_role("link", name="与其他事项比较").click()
    expect(visit.locator("thead th")).to_have_count(2)
    visit.get_by_role("link", name="加入比较").first.click()
    expect(visit.locator("thead th")).to_have_count(3)
    visit.get_by_role("link", name="移出比较").first.click()
    expect(visit.locator("thead th")).to_have_count(2)


def test_an_expired_policy_leads_to_what_holds(visit: Page, base_url: str) -> None:
    visit.goto(base_url + PAGES["search-successor"])
    hit = visit.locator(".hq-hit").first
    expect(hit).to_contain_text("已被取代")
    hit.locator(".hq-answer a").click()
    expect(visit.locator("h1")).to_have_text("关于优化实施设备更新贷款财政贴息政策的通知")
    expect(visit.locator(".hq-state").first).to_have_text("现行有效")


def test_filters_are_used_by_keyboard_and_removed(visit: Page, base_url: str) -> None:
    visit.goto(base_url + PAGES["search"])
    before = visit.locator("#found").inner_text()
    visit.locator("summary").focus()
    visit.keyboard.press("Enter")
    visit.get_by_label("国家级", exact=False).first.focus()
    visit.keyboard.press("Space")
    visit.get_by_role("button", name="按筛选条件检索").press("Enter")
    expect(visit.get_by_role("navigation", name="已选条件")).to_contain_text("级别：国家级")
    assert "level=national" in visit.url
    assert visit.locator("#found").inner_text() != before
    visit.get_by_role("link", name="清除筛选").click()
    expect(visit.locator("#found")).to_have_text(before)


def test_everything_works_without_scripts(browser: Browser, base_url: str) -> None:
    context = browser.new_context(java_script_enabled=False, locale="zh-CN")
    page = context.new_page()
    page.goto(base_url)
    page.fill("#q", "小巨人")
    page.click("form button[type=submit]")
    assert page.locator(".hq-hit").count() > 0
    page.locator(".hq-hit h3 a").first.click()
    expect(page.locator("h1")).to_be_visible()
    context.close()


def test_scripts_in_an_address_do_not_run(visit: Page, base_url: str) -> None:
    attack = quote('<img src=x onerror="window.hqHit=1"><script>window.hqHit=1</script>"\'>', safe="")
    for path in (f"/policies?q={attack}&level={attack}", f"/compare?m={attack}&run={attack}"):
        visit.goto(base_url + path)
        assert "<img src=x" in visit.locator("main").inner_text()
        assert visit.evaluate("window.hqHit") is None
        no_axe_violations(visit)


@IN_BOTH_SIZES
@FOR_THE_DOCUMENTATION
def test_screenshots_for_the_documentation(browser: Browser, base_url: str, width: int, large: bool) -> None:
    with watched_page(browser, base_url, width) as page:
        if large:
            page.click('button[data-mode="large"]')
        for name in ("home", "search", "policy", "compare"):
            page.goto(base_url + PAGES[name])
            shoot(page, name)
