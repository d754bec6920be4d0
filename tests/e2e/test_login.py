"""Logging in, one's own account, and error pages, in a real browser."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.conftest import CHROMIUM
from tests.e2e.support import (
    FOR_THE_DOCUMENTATION,
    IN_BOTH_SIZES,
    PATIENCE_MS,
    Watched,
    fits,
    no_axe_violations,
    shoot,
    watch,
)
from tests.integration.access_world import World, password_of, running

pytestmark = pytest.mark.e2e
WIDTHS = pytest.mark.parametrize("width", [1280, 390, 320])
SMALL_TARGETS_JS = """least => [...document.querySelectorAll('a, button, input:not([type=hidden])')]
  .filter(e => e.getClientRects().length && !e.closest('.hq-skip') && e.tabIndex >= 0)
  .filter(e => e.getBoundingClientRect().height < least - .5)
  .map(e => `${e.outerHTML.slice(0, 90)} ${e.getBoundingClientRect().height}`)"""


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory, browser: Browser) -> Iterator[World]:
    """A service with login (the browser comes first: without Chromium nothing is started)."""
    assert CHROMIUM.exists() and browser.is_connected()
    with running(tmp_path_factory.mktemp("login"), HUIQI_LOGIN="true") as started:
        yield started


class Window:
    """Opens pages; what they do wrong fails the test, but for answers that are errors on purpose."""

    def __init__(self, browser: Browser) -> None:
        self.browser, self.watched = browser, Watched()
        self.pages: list[Page] = []

    def open(self, url: str, width: int = 1280) -> Page:
        context = self.browser.new_context(viewport={"width": width, "height": 900}, locale="zh-CN")
        page = context.new_page()
        page.set_default_timeout(PATIENCE_MS)
        watch(page, self.watched)
        page.goto(url)
        self.pages.append(page)
        return page

    def close(self) -> None:
        for page in self.pages:
            page.context.close()
        told = [error for error in self.watched.errors if "the server responded with a status of 4" not in error]
        assert told == [] and self.watched.outside == []


@pytest.fixture
def window(browser: Browser) -> Iterator[Window]:
    """A browser window."""
    opened = Window(browser)
    yield opened
    opened.close()


def enter(page: Page, name: str, password: str | None = None) -> None:
    page.get_by_label("用户名").fill(name)
    page.get_by_label("密码").fill(password or password_of(name))
    page.get_by_role("button", name="登录").click()


def toggle_large(page: Page) -> None:
    page.locator('button[data-mode="large"]').click()


def in_order(page: Page) -> None:
    """Legible, reachable, nothing cut off, in both sizes of print."""
    no_axe_violations(page)
    fits(page)
    assert page.evaluate(SMALL_TARGETS_JS, 44) == []
    toggle_large(page)
    no_axe_violations(page)
    fits(page)
    assert page.evaluate(SMALL_TARGETS_JS, 60) == []
    toggle_large(page)


def test_one_is_asked_to_log_in_and_lands_where_one_wanted_to_be(world: World, window: Window) -> None:
    page = window.open(f"{world.url}/mine?x=1")
    expect(page).to_have_url(f"{world.url}/login?next=/mine%3Fx%3D1")
    expect(page).to_have_title("登录 · 惠企政策匹配")
    page.keyboard.press("Tab")
    expect(page.locator(":focus")).to_have_text("跳到正文")
    page.get_by_label("用户名").focus()
    page.keyboard.type("alice")
    page.keyboard.press("Tab")
    page.keyboard.type(password_of("alice"))
    page.keyboard.press("Enter")
    expect(page).to_have_url(f"{world.url}/mine?x=1")
    expect(page.get_by_role("button", name="退出登录（alice）")).to_be_visible()
    page.get_by_role("button", name="退出登录").click()
    expect(page).to_have_url(f"{world.url}/login")
    page.go_back()
    expect(page.get_by_role("heading", level=1)).to_have_text("登录")  # nothing is shown from the browser's memory


@WIDTHS
def test_the_login_page_is_in_order(width: int, world: World, window: Window) -> None:
    in_order(window.open(f"{world.url}/login", width))


@WIDTHS
def test_a_wrong_password_is_told_without_a_hint(width: int, world: World, window: Window) -> None:
    page = window.open(f"{world.url}/login?next=/mine", width)
    enter(page, f"nobody-{width}", "wrong password")
    problem = page.get_by_role("alert")
    expect(problem).to_contain_text("未能登录")
    expect(problem).to_contain_text("用户名或密码不正确")
    expect(problem).to_be_focused()
    expect(page.get_by_label("用户名")).to_have_value(f"nobody-{width}")
    expect(page.get_by_label("密码")).to_have_value("")
    in_order(page)
    for _ in range(4):
        enter(page, f"nobody-{width}", "wrong password")
    enter(page, f"nobody-{width}", "wrong password")
    expect(page.get_by_role("alert")).to_contain_text("尝试次数过多，请约 1 分钟后再试")
    in_order(page)


@WIDTHS
def test_the_account_page_is_in_order(width: int, world: World, window: Window) -> None:
    name = world.newcomer()
    world.client(name)
    page = window.open(f"{world.url}/login?next=/account", width)
    enter(page, name)
    expect(page.get_by_role("heading", level=1)).to_have_text("我的账号")
    expect(page.locator("tbody tr")).to_have_count(2)
    expect(page.locator("tbody tr", has_text="本次登录")).to_have_count(1)
    in_order(page)
    page.get_by_role("button", name="结束其他全部登录").click()
    expect(page.get_by_role("status")).to_have_text("其他登录已全部结束。")
    expect(page.locator("tbody tr")).to_have_count(1)
    in_order(page)


def test_one_changes_ones_password(world: World, window: Window) -> None:
    name = world.newcomer()
    other = world.client(name)
    page = window.open(f"{world.url}/login?next=/account")
    enter(page, name)

    def change(old: str, new: str, again: str) -> None:
        for label, value in (("原密码", old), ("新密码", new), ("再输一次新密码", again)):
            page.get_by_label(label, exact=True).fill(value)
        page.get_by_role("button", name="保存新密码").click()

    for old, new, again, told in (
        ("not the old one", "another long phrase", "another long phrase", "原密码不正确"),
        (password_of(name), "another long phrase", "another long phrasE", "两次输入的新密码不一致"),
        (password_of(name), "password123", "password123", "过于常见"),
        (password_of(name), password_of(name), password_of(name), "与原密码相同"),
    ):
        change(old, new, again)
        expect(page.get_by_role("alert")).to_contain_text(told)
    no_axe_violations(page)
    assert other.get("/account").status_code == 200
    change(password_of(name), "another long phrase", "another long phrase")
    expect(page.get_by_role("status")).to_contain_text("密码已修改")
    assert other.get("/account").status_code == 401
    page.get_by_role("button", name="退出登录").click()
    enter(page, name, "another long phrase")
    expect(page).to_have_url(f"{world.url}/e/")


def test_one_ends_a_login_of_ones_own(world: World, window: Window) -> None:
    name = world.newcomer()
    other = world.client(name)
    page = window.open(f"{world.url}/login?next=/account")
    enter(page, name)
    page.get_by_role("button", name="的登录").click()
    expect(page.get_by_role("status")).to_have_text("已结束这次登录。")
    assert other.get("/account").status_code == 401


@WIDTHS
@pytest.mark.parametrize(
    ("path", "heading"), [("/s/", "没有权限"), ("/nowhere", "页面不存在"), ("/files/" + "A" * 22, "页面不存在")]
)
def test_error_pages_are_in_order(path: str, heading: str, width: int, world: World, window: Window) -> None:
    page = window.open(f"{world.url}/login?next=/policies", width)
    enter(page, "alice")
    page.wait_for_url(f"{world.url}/policies")
    answer = page.goto(f"{world.url}{path}")
    expect(page.get_by_role("heading", level=1)).to_have_text(heading)
    assert answer is not None
    expect(page.locator(".hq-login-request")).to_have_text(f"请求编号：{answer.headers['x-request-id']}")
    in_order(page)
    page.get_by_role("link", name="回到首页").click()
    expect(page).to_have_url(f"{world.url}/")


@pytest.mark.parametrize(
    ("name", "mount"), [("alice", "/e"), ("sam", "/s"), ("eva", "/v"), ("root", "/e"), ("root", "/s"), ("root", "/v")]
)
def test_the_pages_of_each_role_work_behind_the_gate(name: str, mount: str, world: World, window: Window) -> None:
    """Nothing that a page asks for is refused."""
    page = window.open(f"{world.url}/login?next={mount}/")
    refused: list[str] = []
    page.on(
        "response", lambda answer: refused.append(f"{answer.status} {answer.url}") if answer.status >= 400 else None
    )
    with page.expect_response(lambda answer: "/gradio_api/queue/join" in answer.url):
        enter(page, name)
    page.wait_for_load_state("load")
    expect(page.locator("header")).to_be_visible()
    assert refused == []


def test_when_a_login_has_ended_one_is_asked_again(world: World, window: Window) -> None:
    name = world.newcomer()
    page = window.open(f"{world.url}/login?next=/policies")
    enter(page, name)
    expect(page).to_have_url(f"{world.url}/policies")
    world.accounts.disable(name, world.accounts.users()[0].created_at)
    page.goto(f"{world.url}/e/")
    expect(page).to_have_url(f"{world.url}/login?next=/e/")


@IN_BOTH_SIZES
@FOR_THE_DOCUMENTATION
def test_screenshots_for_the_documentation(width: int, large: bool, world: World, window: Window) -> None:
    page = window.open(f"{world.url}/login?next=/account", width)
    if large:
        toggle_large(page)
    shoot(page, "login")
    enter(page, world.newcomer())
    expect(page.get_by_role("heading", level=1)).to_have_text("我的账号")
    shoot(page, "account")
    page.goto(f"{world.url}/api/v1/docs")
    shoot(page, "api-docs", bottom=1600)
