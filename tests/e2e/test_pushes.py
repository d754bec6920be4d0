"""The staff's pages around pushes in a real browser: every state, keyboard, without scripts, previews, downloads."""

from __future__ import annotations

import csv
import io
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Route, expect
from sqlalchemy import delete

from matcher.push import publish
from matcher.push.targets import Targets
from matcher.settings import Settings
from matcher.store.companies import CompanyRecord
from matcher.store.database import Database, open_database
from matcher.store.pushes import AllowedTarget, Batch, MeasureState, MessageState, Pace, Snapshot
from tests.desk_support import Desk, furnished
from tests.e2e.support import (
    FOR_THE_DOCUMENTATION,
    IN_BOTH_SIZES,
    fits,
    is_sound_in_every_mode,
    no_axe_violations,
    served,
    shoot,
    watched_page,
)
from tests.push_pages_support import browser as client_of
from tests.push_pages_support import opened, written
from tests.push_support import KEY

pytestmark = pytest.mark.e2e

WIDTHS = (1280, 390, 320)
MEASURES = ("qd-adv-mfg-2025/equipment-subsidy", "sd-equip-subsidy-2021/equipment-award")
TARGETS = "button, summary, a.hq-button, nav a, h3 a, input"


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("pushes") / "data"


@pytest.fixture(scope="module")
def server(browser: Browser, data_dir: Path) -> Iterator[str]:
    """A server of its own, over a folder whose content the tests know."""
    settings = {"HUIQI_DATA_DIR": str(data_dir), "HUIQI_DENSE": "false", "HUIQI_CONTACT_KEY": KEY}
    with served(data_dir.parent, **settings) as url:
        yield url


@pytest.fixture
def database(data_dir: Path) -> Iterator[Database]:
    """The server's database; empty after every test."""
    found = open_database(Settings(data_dir=data_dir))
    yield found
    with found.session() as session:
        for table in (Batch, CompanyRecord, MeasureState, Snapshot, AllowedTarget, Pace):
            session.execute(delete(table))
    found.close()


@pytest.fixture
def made(database: Database) -> Desk:
    return furnished(database, MEASURES)


@pytest.mark.parametrize("width", WIDTHS)
def test_nothing_there_yet(browser: Browser, server: str, database: Database, width: int) -> None:
    with watched_page(browser, f"{server}/push", width) as page:
        expect(page.locator("main")).to_contain_text("还没有推送")
        is_sound_in_every_mode(page, TARGETS)
        for path, said in (("statistics", "这段时间没有消息"), ("dead", "没有未能送达的消息"),
                           ("targets", "还没有允许的目标"), ("?state=paused", "没有“已暂停”的推送")):  # fmt: skip
            page.goto(f"{server}/push{'' if path.startswith('?') else '/'}{path}")
            expect(page.locator("main")).to_contain_text(said)
            is_sound_in_every_mode(page, TARGETS)


@pytest.mark.parametrize("width", WIDTHS)
def test_list_and_one_push(browser: Browser, server: str, made: Desk, width: int) -> None:
    with watched_page(browser, f"{server}/push", width) as page:
        expect(page.locator(".hq-desk-list > li")).to_have_count(5)
        is_sound_in_every_mode(page, TARGETS)
        for path in (made.draft, f"{made.draft}?state=held&page=2", made.approved, f"{made.approved}?state=sent",
                     made.nobody, made.gone, f"{made.draft}/approve", f"{made.approved}/cancel"):  # fmt: skip
            page.goto(f"{server}/push/{path}")
            is_sound_in_every_mode(page, TARGETS)


@pytest.mark.parametrize("width", WIDTHS)
def test_messages_and_what_was_given_up(browser: Browser, server: str, made: Desk, width: int) -> None:
    with watched_page(browser, f"{server}/push/dead", width) as page:
        for path in ("dead", f"messages/{made.messages[MessageState.SENT]}", f"messages/{made.digest}",
                     f"messages/{made.asked}"):  # fmt: skip
            page.goto(f"{server}/push/{path}")
            page.evaluate("document.querySelectorAll('details').forEach(e => e.open = true)")
            is_sound_in_every_mode(page, TARGETS)


@pytest.mark.parametrize("width", WIDTHS)
def test_statistics_and_targets(browser: Browser, server: str, made: Desk, width: int) -> None:
    with watched_page(browser, f"{server}/push/statistics", width) as page:
        aligned = page.evaluate(
            "[...document.querySelectorAll('.hq-desk-figures td')].map(e => getComputedStyle(e).textAlign)"
        )
        assert set(aligned) == {"right"}
        is_sound_in_every_mode(page, TARGETS)
        page.goto(f"{server}/push/statistics?from=x&to=2026-10")
        expect(page.get_by_role("alert")).to_contain_text("“x”不是日期")
        is_sound_in_every_mode(page, TARGETS)
        page.goto(f"{server}/push/targets")
        page.evaluate("document.querySelectorAll('details').forEach(e => e.open = true)")
        is_sound_in_every_mode(page, TARGETS)


def test_a_push_is_approved_by_keyboard_and_without_scripts(browser: Browser, server: str, made: Desk) -> None:
    context = browser.new_context(java_script_enabled=False, locale="zh-CN")
    page = context.new_page()
    page.goto(f"{server}/push/{made.draft}")
    page.get_by_role("link", name="批准……").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("批准这个推送？")
    expect(page.locator("main")).to_contain_text("将发给 60 家企业")
    page.get_by_role("button", name="确认批准").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("已批准")
    page.get_by_role("button", name="暂停").click()
    expect(page.get_by_role("status")).to_have_text("已暂停。")
    page.get_by_role("button", name="继续发送").click()
    page.get_by_role("link", name="取消推送……").click()
    expect(page.locator("main")).to_contain_text("还没有发出的 40 条消息将不再发送")
    page.get_by_role("button", name="确认取消推送").click()
    expect(page.locator("main")).to_contain_text("这个推送已取消，不会再发出消息")
    page.goto(f"{server}/push/dead")
    page.get_by_text("全部重新发送……").click()
    page.get_by_role("button", name="确认全部重新发送").click()
    expect(page.get_by_role("status")).to_contain_text("已重新排队 3 条消息")
    context.close()


@pytest.mark.parametrize("width", WIDTHS)
def test_the_slower_one_is_told(browser: Browser, server: str, made: Desk, width: int) -> None:
    with watched_page(browser, f"{server}/push/{made.approved}", width) as page:
        with page.context.expect_page() as waiting:
            page.evaluate("window.open(location.href)")
        other = waiting.value
        other.get_by_role("button", name="暂停").click()
        expect(other.get_by_role("status")).to_have_text("已暂停。")
        other.get_by_role("link", name="取消推送……").click()
        other.get_by_role("button", name="确认取消推送").click()
        expect(other.locator("main")).to_contain_text("这个推送已取消")
        # A refusal is a status of 409, which Chromium writes into its console: as text of the answer it is all right.
        answer = page.request.post(f"{server}/push/{made.approved}/pause", headers={"origin": server})
        assert answer.status == 409
        page.set_content(answer.text().replace('href="/static', f'href="{server}/static'))
        expect(page.locator("main")).to_contain_text("这个推送现在是“已取消”（本机用户，")
        no_axe_violations(page)
        fits(page)


def test_a_form_is_sent_once(browser: Browser, server: str, made: Desk) -> None:
    with watched_page(browser, f"{server}/push/{made.draft}/approve") as page:
        sent = []
        page.on("request", lambda request: sent.append(request.url) if request.method == "POST" else None)
        page.get_by_role("button", name="确认批准").dblclick()
        expect(page.get_by_role("status")).to_contain_text("已批准")
        assert len(sent) == 1


def test_looking_for_new_ones(browser: Browser, server: str, made: Desk) -> None:
    with watched_page(browser, f"{server}/push") as page:
        expect(page.locator("main")).to_contain_text("还没有查找过")
        page.get_by_role("button", name="立即查找").click()
        expect(page.get_by_role("status")).to_contain_text("已记录现状，这是第一次查找，没有产生推送。")
        no_axe_violations(page)
        page.reload()
        expect(page.get_by_role("status")).to_contain_text("查找完成（本机用户）")


@pytest.mark.parametrize("width", WIDTHS)
def test_while_it_looks_the_page_says_so_and_notices_the_end(
    browser: Browser, server: str, made: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, width: int
) -> None:
    """The page as it is during a look, from pages whose look waits; scripts and the end come from the server."""
    go_on = threading.Event()
    monkeypatch.setattr(publish, "scan", lambda *_: [go_on.wait(60)][:0])
    with opened(written(tmp_path / "library"), tmp_path / "data") as services:
        client = client_of(services)
        client.post("/push/scan")
        during = client.get("/push").text
        go_on.set()

    def once(route: Route) -> None:
        route.fulfill(body=during, content_type="text/html; charset=utf-8")
        page.unroute("**/push", once)

    with watched_page(browser, f"{server}/healthz", width) as page:
        page.route("**/push/scan", lambda route: route.fulfill(json={"running": True}))
        page.route("**/push", once)
        page.goto(f"{server}/push")
        expect(page.get_by_role("status")).to_contain_text("正在查找（王芳，2026 年 11 月 23 日 10:00 开始）")
        expect(page.get_by_role("button", name="立即查找")).to_have_count(0)
        is_sound_in_every_mode(page, TARGETS)
        page.unroute("**/push/scan")
        expect(page.get_by_role("button", name="立即查找")).to_be_visible()


def test_a_mail_looks_as_its_receiver_sees_it(browser: Browser, server: str, made: Desk) -> None:
    with watched_page(browser, f"{server}/push/messages/{made.messages[MessageState.SENT]}") as page:
        frame = page.frame_locator("iframe[data-mail]")
        button = frame.get_by_text("查看政策详情")
        expect(button).to_have_css("background-color", "rgb(23, 78, 166)")
        assert frame.locator("a[href]").count() == 0
        height, inner = page.evaluate(
            "(() => { const f = document.querySelector('iframe[data-mail]');"
            " return [f.clientHeight, f.contentDocument.documentElement.scrollHeight]; })()"
        )
        assert height >= inner > 300, "nothing has to be scrolled in the frame"
        expect(page.locator("main")).to_contain_text("w***@a.example.cn")
        page.get_by_text("企业微信机器人：").click()
        expect(page.get_by_role("region", name="企业微信机器人")).to_contain_text("**预计金额**：20 万元")


def test_a_mail_is_legible_without_scripts(browser: Browser, server: str, made: Desk) -> None:
    context = browser.new_context(java_script_enabled=False, locale="zh-CN")
    page = context.new_page()
    page.goto(f"{server}/push/messages/{made.messages[MessageState.SENT]}")
    expect(page.frame_locator("iframe[data-mail]").get_by_role("heading", level=1)).to_have_text("设备更新补助")
    context.close()


def test_figures_are_downloaded(browser: Browser, server: str, made: Desk) -> None:
    with watched_page(browser, f"{server}/push/statistics") as page:
        page.get_by_role("link", name="近 7 天").click()
        page.wait_for_url("**/push/statistics?from=*&to=*")
        with page.expect_download() as waiting:
            page.get_by_role("link", name="下载 CSV（按地区）").click()
        assert waiting.value.suggested_filename.startswith("触达统计按地区-")
        rows = list(csv.reader(io.StringIO(Path(waiting.value.path()).read_text("utf-8-sig"))))
        assert rows[0][0] == "地区（市）" and rows[-1][0] == "合计"


def test_targets_are_added_and_removed(browser: Browser, server: str, database: Database) -> None:
    with watched_page(browser, f"{server}/push/targets") as page:
        page.get_by_role("button", name="允许钉钉（oapi.dingtalk.com）").click()
        expect(page.get_by_role("status")).to_have_text("已添加。")
        page.get_by_label("渠道").select_option(label="电子邮件")
        page.get_by_label("主机或域名").fill("*")
        page.get_by_role("button", name="添加", exact=True).click()
        expect(page.get_by_role("heading", name="*（不限域名）")).to_be_visible()
        listed = page.locator(".hq-desk-target", has_text="oapi.dingtalk.com")
        listed.get_by_text("移除").first.click()
        listed.get_by_role("button", name="确认移除").click()
        expect(page.get_by_role("status")).to_have_text("已移除。")
    assert [(each.channel.value, each.host) for each in Targets(database).list()] == [("email", "*")]


@IN_BOTH_SIZES
@FOR_THE_DOCUMENTATION
def test_screenshots_for_the_documentation(browser: Browser, server: str, made: Desk, width: int, large: bool) -> None:
    pages = (
        ("pushes", "/push"), ("push", f"/push/{made.draft}"), ("push-approve", f"/push/{made.draft}/approve"),
        ("push-message", f"/push/messages/{made.messages[MessageState.SENT]}"),
        ("push-statistics", "/push/statistics"), ("push-dead", "/push/dead"), ("push-targets", "/push/targets"),
    )  # fmt: skip
    with watched_page(browser, f"{server}/push", width) as page:
        if large:
            page.click('button[data-mode="large"]')
        for name, path in pages:
            page.goto(server + path)
            shoot(page, name, bottom=1800)
