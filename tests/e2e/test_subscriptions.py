"""Subscriptions, messages and the links in messages in a real browser; mails as a mail program shows them."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect
from sqlalchemy import select, update

from matcher.access.identity import LOCAL
from matcher.push.content import Confirmation, Content, digest, of_match, rendered
from matcher.push.keys import key_of
from matcher.push.release import release
from matcher.push.subscriptions import Subscriptions
from matcher.push.targets import Targets
from matcher.push.wishes import Wishes
from matcher.records import Kind, Records
from matcher.seal import Seal
from matcher.service import Matcher
from matcher.settings import Settings
from matcher.store.companies import Channel, CompanyRecord
from matcher.store.database import Database, open_database
from matcher.store.pushes import Batch, BatchState, Message, MessageState, Occasion, Subscription
from matcher.store.tables import new_id
from matcher.ui.session import kept_profile
from matcher.ui.site import kept
from tests.e2e.support import (
    AS_OF,
    FOR_THE_DOCUMENTATION,
    IN_BOTH_SIZES,
    ROOT,
    fits,
    is_sound_in_every_mode,
    no_axe_violations,
    served,
    shoot,
    watched_page,
)
from tests.subscription_support import KEY, URL

pytestmark = pytest.mark.e2e

WIDTHS = (1280, 390, 320)
MAIL = "caiwu@example.cn"
TARGETS = (
    "button, summary, a.hq-button, label:has(input), select, .hq-push-tabs a, input[type=text], input[type=password]"
)
TOKEN = "gAAAAABq" + "N7x_" * 40


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("subscriptions") / "data"


@pytest.fixture(scope="module")
def server(browser: Browser, data_dir: Path) -> Iterator[str]:
    """A server of its own, over a folder whose content the tests know."""
    with served(data_dir.parent, HUIQI_DATA_DIR=str(data_dir), HUIQI_DENSE="false", HUIQI_CONTACT_KEY=KEY) as url:
        yield url


@pytest.fixture(scope="module")
def matcher() -> Matcher:
    return Matcher.open(dense=False)


@pytest.fixture
def database(data_dir: Path) -> Iterator[Database]:
    """The server's database; empty before and after every test."""
    opened = open_database(Settings(data_dir=data_dir))
    Targets(opened).allow(Channel.EMAIL, "example.cn", "root", now())
    yield opened
    kept.erase(opened, LOCAL.user_id)
    opened.close()


@pytest.fixture
def company(database: Database) -> CompanyRecord:
    raw = json.loads((ROOT / "docs" / "company.json").read_text("utf-8"))
    return Records(database).save(LOCAL.user_id, raw, Kind.DECLARED, "", now())


@pytest.fixture
def subscriptions(database: Database, server: str) -> Subscriptions:
    return Subscriptions(database, Seal(KEY), server)


def now() -> dt.datetime:
    """The server judges links by its own clock."""
    return dt.datetime.now(dt.UTC)


def told(matcher: Matcher, company: CompanyRecord, url: str, **more: str) -> list[Content]:
    """What pushes would tell a company of which `more` is known."""
    found = matcher.match(kept_profile({**company.raw, **more}), dt.date.fromisoformat(AS_OF), k=1000).matches
    fit = [one for one in found if one.entry.measure.benefit.type != "direction"]
    fit = [one for one in fit if one.verdict == "eligible" or (len(one.missing) == 1 and not one.manual)]
    return [of_match(one, one.entry, one.window, company, Occasion.PUBLISHED, url) for one in fit]


def deliver(database: Database, one: Subscription, contents: list[Content]) -> None:
    """Pushes that have arrived in the inbox."""
    with database.session() as session:
        for number, said in enumerate(contents):
            batch = Batch(batch_id=new_id(), measure_id=f"m{number}", version="v", occasion=said.occasion,
                          state=BatchState.APPROVED, found={}, made_at=now())  # fmt: skip
            session.add(batch)
            session.flush()
            session.add(
                Message(
                    message_id=new_id(), batch_id=batch.batch_id, company_id=one.company_id, channel=one.channel,
                    subscription_id=one.subscription_id, key=key_of(one.subscription_id, str(number)),
                    content=said.to_json(), state=MessageState.HELD, not_before=now(), made_at=now(),
                )
            )  # fmt: skip
            session.flush()
            release(session, batch.batch_id, now())


@pytest.mark.parametrize("width", WIDTHS)
def test_nothing_yet(browser: Browser, server: str, database: Database, width: int) -> None:
    for path, words in (("/mine/subscriptions", "还没有保存企业"), ("/mine/inbox", "还没有消息")):
        with watched_page(browser, server + path, width) as page:
            expect(page.locator(".hq-mine-empty")).to_contain_text(words)
            is_sound_in_every_mode(page, TARGETS)


@pytest.mark.parametrize("width", WIDTHS)
def test_every_page_is_sound(
    browser: Browser, server: str, company: CompanyRecord, subscriptions: Subscriptions, matcher: Matcher,
    database: Database, width: int,
) -> None:  # fmt: skip
    box = subscriptions.add(company.company_id, Channel.INBOX, Wishes(), now())
    waiting = subscriptions.add(company.company_id, Channel.EMAIL, Wishes(themes=("技术改造",)), now(), address=MAIL)
    ended = subscriptions.add(company.company_id, Channel.EMAIL, Wishes(), now(), address=f"b{MAIL}")
    subscriptions.end(ended.subscription_id, now())
    contents = told(matcher, company, server)
    deliver(database, box, contents)
    cid, base = company.company_id, "/mine/subscriptions"
    asks = next(one for one in contents if one.missing)
    [message] = [one for one in database_messages(database) if one.content == asks.to_json()]
    paths = [base, f"{base}/new/{cid}/email", f"{base}/new/{cid}/webhook", f"{base}/change/{waiting.subscription_id}",
             f"{base}/change/{box.subscription_id}", *(f"{base}/preview/{cid}/{one.value}" for one in Channel),
             "/mine/inbox", f"/mine/inbox/{message.message_id}", asks.ask.removeprefix(server), "/mine"]  # fmt: skip
    for path in paths:
        with watched_page(browser, server + path, width) as page:
            page.evaluate("document.querySelectorAll('details').forEach(e => e.open = true)")
            is_sound_in_every_mode(page, TARGETS)


def database_messages(database: Database) -> list[Message]:
    with database.session() as session:
        return list(session.scalars(select(Message)))


def test_a_mail_address_is_subscribed_confirmed_and_ended_by_keyboard(
    browser: Browser, server: str, company: CompanyRecord, subscriptions: Subscriptions, database: Database
) -> None:
    with watched_page(browser, f"{server}/mine/subscriptions") as page:
        page.get_by_role("link", name="订阅电子邮件").focus()
        page.keyboard.press("Enter")
        page.get_by_label("邮箱地址").focus()
        page.keyboard.type(MAIL)
        page.get_by_label("技术改造").focus()
        page.keyboard.press("Space")
        page.get_by_label("有新消息就发").focus()
        page.keyboard.press("Space")
        page.keyboard.press("Enter")
        expect(page.locator(".hq-mine-done")).to_contain_text("打开确认链接")
        expect(page.locator(".hq-push-state")).to_have_text("等待确认")
        expect(page.locator("main")).to_contain_text("主题：技术改造；有新消息就发")
    [message] = database_messages(database)
    letter = subscriptions.letter(message)
    links = {line.rpartition("/")[2]: line for line in letter.text.splitlines() if line.startswith(server)}
    with watched_page(browser, links["confirm"], 390) as page:
        expect(page.get_by_role("heading", level=1)).to_have_text("请确认订阅")
        is_sound_in_every_mode(page, TARGETS)
        page.get_by_role("button", name="确认订阅").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("已确认订阅")
        is_sound_in_every_mode(page, TARGETS)
    with watched_page(browser, links["end"], 390) as page:
        expect(page.get_by_role("heading", level=1)).to_have_text("退订政策提醒")
        page.get_by_role("button", name="确认退订").press("Enter")
        expect(page.get_by_role("status")).to_contain_text("重复退订没有关系")
        is_sound_in_every_mode(page, TARGETS)
    with watched_page(browser, f"{server}/mine/subscriptions") as page:
        expect(page.get_by_text("已退订的 1 个")).to_be_visible()
        expect(page.locator(".hq-push-state")).to_have_count(0)


@pytest.mark.parametrize("width", WIDTHS)
def test_a_form_that_is_wrong_leads_to_what_is_to_be_mended(
    browser: Browser, server: str, company: CompanyRecord, width: int
) -> None:
    context = browser.new_context(viewport={"width": width, "height": 900}, locale="zh-CN")  # Chromium logs every 422
    page = context.new_page()
    page.goto(f"{server}/mine/subscriptions/new/{company.company_id}/webhook")
    page.get_by_label("接收网址").fill("https://hook.example.cn/x")
    page.get_by_label("税费").check()
    page.get_by_role("button", name="提交并发送确认链接").click()
    expect(page.get_by_role("alert")).to_contain_text("签名密钥")
    expect(page.get_by_role("alert")).to_be_focused()
    is_sound_in_every_mode(page, TARGETS)
    page.get_by_role("alert").get_by_role("link").press("Enter")
    expect(page.get_by_label("签名密钥")).to_be_focused()
    expect(page.get_by_label("接收网址")).to_have_value("https://hook.example.cn/x")
    expect(page.get_by_label("税费")).to_be_checked()
    context.close()


def test_links_that_lead_nowhere_say_so_kindly(
    browser: Browser, server: str, company: CompanyRecord, subscriptions: Subscriptions, database: Database
) -> None:
    one = subscriptions.add(company.company_id, Channel.EMAIL, Wishes(), now(), address=MAIL)
    link = subscriptions.end_link(one.subscription_id)
    with database.session() as session:
        session.execute(update(Subscription).values(made_at=now() - dt.timedelta(days=8)))
    confirm = f"{server}/subscription/{Seal(KEY).token('confirm', one.subscription_id)}/confirm"
    for width in WIDTHS:
        with watched_page(browser, confirm, width) as page:
            expect(page.get_by_role("heading", level=1)).to_have_text("确认链接已过期")
            is_sound_in_every_mode(page, TARGETS)
    with watched_page(browser, f"{server}/mine/subscriptions") as page:
        expect(page.locator(".hq-hint", has_text="确认链接已过期")).to_be_visible()
        page.get_by_role("button", name="重新发送确认").click()
        expect(page.locator(".hq-mine-done")).to_contain_text("已重新发送")
    Records(database).erase(company.company_id)
    with watched_page(browser, link, 320) as page:
        expect(page.get_by_role("heading", level=1)).to_have_text("企业信息已清除")
        is_sound_in_every_mode(page, TARGETS)


def test_messages_are_read_and_a_missing_fact_is_answered(
    browser: Browser, server: str, company: CompanyRecord, subscriptions: Subscriptions, matcher: Matcher,
    database: Database,
) -> None:  # fmt: skip
    box = subscriptions.add(company.company_id, Channel.INBOX, Wishes(), now())
    contents = told(matcher, company, server)
    asks = next(one for one in contents if "mfg_sales_ratio" in one.ask)
    deliver(database, box, [asks, *(one for one in contents if one is not asks)])
    with watched_page(browser, f"{server}/mine") as page:
        page.get_by_role("link", name=f"站内信（{len(contents)} 条未读）").click()
        expect(page.locator(".hq-push-unread")).to_have_count(len(contents))
        page.get_by_role("link", name=asks.subject).click()
        expect(page.get_by_role("heading", level=1)).to_have_text(asks.measure)
        page.get_by_role("link", name="去补充这一项").click()
        page.get_by_label("制造业产品销售额占全部销售额的比例是多少？").fill("80%")
        page.get_by_role("button", name="保存并看匹配结果").click()
        page.wait_for_url("**/e/?*")
        expect(page.locator("#hq-summary")).to_be_visible()
        page.goto(f"{server}/mine/inbox")
        expect(page.locator(".hq-push-unread")).to_have_count(len(contents) - 1)
        page.get_by_role("button", name="全部标为已读").click()
        expect(page.locator(".hq-mine-done")).to_have_text("已全部标为已读。")
        expect(page.locator(".hq-push-unread")).to_have_count(0)
    found = Records(database).get(LOCAL.user_id, company.company_id)
    assert found is not None and found.raw["mfg_sales_ratio"] == "80%"


# ---- mails ----------------------------------------------------------------------------------------------------------


def mails(matcher: Matcher, company: CompanyRecord) -> dict[str, str]:
    """Every kind of mail, as its HTML part."""
    contents = told(matcher, company, URL)
    sure = told(matcher, company, URL, accounting_method="查账征收")
    end, confirm = f"{URL}/subscription/{TOKEN}/end", f"{URL}/subscription/{TOKEN}/confirm"
    eligible = next(one for one in sure if not one.missing and one.trace)
    asking = next(one for one in contents if one.missing and one.trace)
    wishes = Wishes(themes=("技术改造", "设备更新")).told(Channel.EMAIL)
    said = {
        "eligible": eligible,
        "missing": asking,
        "digest": digest([eligible, asking, *contents[:4]], f"{URL}/mine/inbox"),
        "confirmation": Confirmation(company.name, wishes, "2026 年 11 月 30 日 09:30"),
    }
    return {name: rendered(one, Channel.EMAIL, end, confirm).html or "" for name, one in said.items()}


@pytest.mark.parametrize("width", WIDTHS)
def test_mails_are_sound(browser: Browser, matcher: Matcher, company: CompanyRecord, width: int) -> None:
    for document in mails(matcher, company).values():
        context = browser.new_context(viewport={"width": width, "height": 900}, java_script_enabled=True)
        page = context.new_page()
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))  # noqa: B023  # this page's own
        page.set_content(document)
        no_axe_violations(page)
        fits(page)
        low = "[...document.querySelectorAll('a')].filter(e => e.getBoundingClientRect().height < 44).length"
        assert page.evaluate(low) == 0 and asked == [], "nothing is loaded from anywhere"
        context.close()


@pytest.mark.parametrize("width", [1280, 390])
@FOR_THE_DOCUMENTATION
def test_screenshots_of_mails_for_the_documentation(
    browser: Browser, matcher: Matcher, company: CompanyRecord, width: int
) -> None:
    for name, document in mails(matcher, company).items():
        context = browser.new_context(viewport={"width": width, "height": 600}, locale="zh-CN")
        page = context.new_page()
        page.set_content(document)
        shoot(page, f"mail-{name}")
        context.close()


@IN_BOTH_SIZES
@FOR_THE_DOCUMENTATION
def test_screenshots_for_the_documentation(
    browser: Browser, server: str, company: CompanyRecord, subscriptions: Subscriptions, matcher: Matcher,
    database: Database, width: int, large: bool,
) -> None:  # fmt: skip
    box = subscriptions.add(company.company_id, Channel.INBOX, Wishes(), now())
    waiting = subscriptions.add(company.company_id, Channel.EMAIL, Wishes(themes=("技术改造",)), now(), address=MAIL)
    contents = told(matcher, company, server)
    deliver(database, box, contents[:6])
    cid, base = company.company_id, "/mine/subscriptions"
    confirm = f"/subscription/{Seal(KEY).token('confirm', waiting.subscription_id)}/confirm"
    asks = next(one for one in contents if one.missing)
    paths = {"subscriptions": base, "subscription-form": f"{base}/new/{cid}/email", "inbox": "/mine/inbox",
             "subscription-preview": f"{base}/preview/{cid}/wecom", "subscription-confirm": confirm,
             "answer": asks.ask.removeprefix(server)}  # fmt: skip
    with watched_page(browser, server + base, width) as page:
        if large:
            page.click('button[data-mode="large"]')
        for name, path in paths.items():
            page.goto(server + path)
            shoot(page, name)
        page.goto(f"{server}/mine/inbox")
        page.locator(".hq-push-entry h2 a").first.click()
        shoot(page, "inbox-message")
