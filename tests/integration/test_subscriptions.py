"""The pages of subscriptions and messages over HTTP, and that nobody reaches anybody else's."""

from __future__ import annotations

import dataclasses
import datetime as dt
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from matcher.access.audit import AuditLog
from matcher.contacts import Contacts
from matcher.push.release import release
from matcher.push.wishes import Wishes
from matcher.records import Kind, Records
from matcher.seal import Seal
from matcher.services import Services
from matcher.store.companies import Channel
from matcher.store.pushes import Frequency, MessageState, SubscriptionState
from matcher.ui.site import inbox, mine, subscriptions
from tests.api_support import open_services
from tests.integration.test_mine import As
from tests.subscription_support import KEY, MAIL, NOW, World
from tests.support import measure, policy, write_library

EVIL = "<script>alert(1)</script>&\"'甲"
RATIO = {"type": "ratio", "base": "equipment_invest_wan", "rate": 0.15, "cap_wan": 500}
SHANDONG = {"field": "region", "in": ["山东省"]}
HONOURED = {"field": "honours", "has": ["瞪羚企业", "专精特新中小企业"]}
COMPANY: dict[str, Any] = {
    "name": EVIL, "region": "山东省/济南市", "honours": ["高新技术企业"],
    "plans": [{"text": "购置机床", "equipment_invest_wan": 800}],
}  # fmt: skip
FORM = {"frequency": "daily", "quiet_from": "21", "quiet_to": "8", "workdays_only": "true", "weekly_cap": "5"}


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_library(
        tmp_path_factory.mktemp("library"),
        policy("p", measure(benefit=RATIO), measure("asks", when=[{"field": "patents", "min": 3}]), applies=[SHANDONG]),
        policy("titled", measure("title", when=[HONOURED]), applies=[SHANDONG]),
    )


@pytest.fixture
def services(library: Path, tmp_path: Path) -> Iterator[Services]:
    opened = dataclasses.replace(open_services(tmp_path, library), now=lambda: NOW)
    opened.engine.start()
    opened.engine.matcher()
    yield opened
    opened.database.close()


@pytest.fixture
def world(services: Services) -> World:
    made = World(services.database)
    made.company = Records(services.database).save("u1", COMPANY, Kind.DECLARED, "", NOW)
    return made


def client(services: Services, user: str = "u1") -> TestClient:
    app = FastAPI()
    for part in (subscriptions, inbox, mine):
        app.include_router(part.router(services))
    app.add_middleware(As)
    return TestClient(app, headers={"x-user": user} if user else {}, follow_redirects=False)


def new(world: World, channel: str) -> str:
    return f"/mine/subscriptions/new/{world.company.company_id}/{channel}"


def sent(world: World, count: int = 1, channel: Channel = Channel.INBOX, **said: Any) -> list[str]:
    """Messages that have arrived."""
    one = world.subscribed(channel, Wishes(frequency=Frequency.AT_ONCE))
    messages = []
    for n in range(count):
        batch = world.batch(f"p{n}/grant")
        messages.append(world.held(batch, one, measure=f"事项{n}", **said))
        with world.database.session() as session:
            release(session, batch, NOW + dt.timedelta(minutes=n))
    return messages


# ---- subscriptions --------------------------------------------------------------------------------------------------


def test_nothing_is_kept_yet(services: Services) -> None:
    page = client(services).get("/mine/subscriptions")
    assert page.status_code == 200 and "还没有保存企业" in page.text and page.headers["cache-control"] == "no-store"
    assert "还没有消息" in client(services).get("/mine/inbox").text


def test_an_address_is_subscribed_confirmed_changed_and_ended(services: Services, world: World) -> None:
    web = client(services)
    assert "邮箱地址" in web.get(new(world, "email")).text
    answer = web.post(new(world, "email"), data={**FORM, "address": MAIL, "name": "王", "themes": ["税费", "融资"]})
    assert (answer.status_code, answer.headers["location"]) == (303, "/mine/subscriptions?done=waiting")
    [one] = world.subscriptions.of_companies([world.company.company_id])[world.company.company_id]
    assert one.state is SubscriptionState.WAITING and one.themes == ["融资", "税费"] and one.weekly_cap == 5
    assert one.workdays_only and (one.quiet_from, one.quiet_to) == (21, 8)

    page = web.get("/mine/subscriptions?done=waiting").text
    assert "等待确认" in page and "w***@example.cn" in page and MAIL not in page and "2026 年 6 月 22 日 10:30" in page
    assert "&lt;script&gt;" in page and "<script>alert" not in page
    assert web.post(f"/mine/subscriptions/again/{one.subscription_id}").status_code == 303
    assert len(world.messages()) == 2

    assert "已确认订阅" in client(services, "").post(f"/subscription/{world.token(one, 'confirm')}/confirm").text
    form = {"frequency": "weekly", "quiet_from": "0", "quiet_to": "0", "weekly_cap": "3"}
    assert web.post(f"/mine/subscriptions/change/{one.subscription_id}", data=form).status_code == 303
    changed = world.subscriptions.find(one.subscription_id)
    assert changed is not None and changed.frequency is Frequency.WEEKLY and not changed.workdays_only
    assert changed.themes == [] and changed.weekly_cap == 3

    assert web.post(f"/mine/subscriptions/end/{one.subscription_id}").status_code == 303
    assert web.post(f"/mine/subscriptions/end/{one.subscription_id}").status_code == 303, "twice is fine"
    assert "已退订的 1 个" in web.get("/mine/subscriptions").text
    lines = AuditLog(services.database).lines(50)
    done = ("add", "again", "confirm", "change", "end")
    assert {line.action for line in lines} == {f"subscription.{each}" for each in done}
    assert all(MAIL not in line.target and line.target == one.subscription_id for line in lines)


@pytest.mark.parametrize(
    ("channel", "form", "problem", "field"),
    [
        ("email", {"address": "nobody"}, "不是邮箱地址", "address"),
        ("email", {"address": " "}, "请填写", "address"),
        ("wecom", {"address": "https://evil.example/x?key=1"}, "允许列表", "address"),
        ("webhook", {"address": "https://hook.example.cn/x"}, "签名密钥", "secret"),
        ("email", {"address": MAIL, "themes": ["炒股"]}, "没有“炒股”这个主题", "themes"),
        ("email", {"address": MAIL, "weekly_cap": "0"}, "1 至 100 条", "weekly_cap"),
        ("email", {"address": MAIL, "quiet_from": "99"}, "0 至 23 点", "quiet_from"),
    ],
)
def test_a_form_that_is_wrong_says_what_and_loses_nothing(
    channel: str, form: dict[str, Any], problem: str, field: str, services: Services, world: World
) -> None:
    answer = client(services).post(
        new(world, channel), data={**FORM, "name": EVIL, "secret": "s" * (field != "secret"), **form}
    )
    assert answer.status_code == 422 and problem in answer.text and 'role="alert"' in answer.text
    assert f'href="#{field}"' in answer.text and f'id="{field}"' in answer.text
    assert 'value="&lt;script&gt;' in answer.text and 'value="s"' not in answer.text, "a secret is not sent back"
    assert world.subscriptions.of_companies([world.company.company_id]) == {world.company.company_id: []}


def test_a_form_that_no_page_sends_is_refused(services: Services, world: World) -> None:
    web = client(services)
    assert web.post(new(world, "email"), data={**FORM, "frequency": "hourly"}).status_code == 422
    assert web.post(new(world, "email"), data={**FORM, "address": "x" * 9999}).status_code == 422
    assert web.get(new(world, "fax")).status_code == 422
    assert web.get("/mine/inbox?page=0").status_code == 422


def test_without_a_key_the_page_offers_the_inbox_and_says_why(services: Services, world: World) -> None:
    page = client(dataclasses.replace(services, seal=None)).get("/mine/subscriptions").text
    assert "HUIQI_CONTACT_KEY" in page and "订阅站内信" in page and "订阅电子邮件" not in page
    refused = client(dataclasses.replace(services, seal=None)).post(new(world, "email"), data={**FORM, "address": MAIL})
    assert refused.status_code == 422 and "HUIQI_CONTACT_KEY" in refused.text


def test_without_a_mail_server_the_page_says_so(services: Services, world: World) -> None:
    assert "HUIQI_SMTP" in client(dataclasses.replace(services, mail=False)).get("/mine/subscriptions").text
    assert "HUIQI_SMTP" not in client(services).get("/mine/subscriptions").text


def test_a_year_without_a_calendar_is_told(services: Services, world: World) -> None:
    assert "放假安排" not in client(services).get("/mine/subscriptions").text
    december = dataclasses.replace(services, now=lambda: NOW.replace(month=12))
    assert "2027 年的放假安排还没有公布" in client(december).get("/mine/subscriptions").text


def test_an_address_under_another_key_is_not_shown_and_breaks_nothing(services: Services, world: World) -> None:
    world.subscribed()
    other = dataclasses.replace(services, seal=Seal(Seal.new_key()))
    page = client(other).get("/mine/subscriptions")
    assert page.status_code == 200 and "地址现在不能显示" in page.text


@pytest.mark.parametrize("channel", Channel)
def test_the_preview_shows_every_channel(channel: Channel, services: Services, world: World) -> None:
    page = client(services).get(f"/mine/subscriptions/preview/{world.company.company_id}/{channel.value}")
    assert page.status_code == 200 and "约 120 万元" in page.text and "<script>alert" not in page.text
    assert world.messages() == [], "nothing is sent"


def test_the_preview_says_when_there_is_nothing(services: Services, world: World) -> None:
    bare = Records(services.database).save("u1", {"name": "乙", "region": "西藏自治区"}, Kind.DECLARED, "", NOW)
    page = client(services).get(f"/mine/subscriptions/preview/{bare.company_id}/email")
    assert page.status_code == 200 and "补充企业信息后再看" in page.text


# ---- inbox ----------------------------------------------------------------------------------------------------------


def test_messages_are_read_one_by_one_and_all_at_once(services: Services, world: World) -> None:
    messages, web = sent(world, 3, company=EVIL, gist=EVIL), client(services)
    assert "站内信（3 条未读）" in web.get("/mine").text
    page = web.get("/mine/inbox").text
    assert page.count(">未读</p>") == 3 and "共 3 条，3 条未读" in page and "<script>alert" not in page
    opened = web.get(f"/mine/inbox/{messages[0]}").text
    assert "事项0" in opened and 'href="/policies/p"' in opened and "<script>alert" not in opened
    listed = re.findall(r'href="/mine/inbox/([\w-]{22})"', web.get("/mine/inbox").text)
    assert listed == [messages[2], messages[1], messages[0]], "unread first, then newest first"
    assert web.post("/mine/inbox/read").headers["location"] == "/mine/inbox?done=read"
    page = web.get("/mine/inbox?done=read").text
    assert ">未读</p>" not in page and "已全部标为已读" in page and "全部标为已读</button>" not in page
    assert world.message(messages[1]).read_at == NOW


def test_what_came_by_mail_is_there_too_once_and_not_unread(services: Services, world: World) -> None:
    mail = world.subscribed(wishes=Wishes(frequency=Frequency.AT_ONCE))
    box = world.subscribed(Channel.INBOX)
    both, alone = world.batch(), world.batch("q/grant")
    messages = [world.held(both, mail), world.held(both, box), world.held(alone, mail)]
    with world.database.session() as session:
        release(session, both, NOW)
        release(session, alone, NOW)
    web = client(services)
    assert re.findall(r'href="/mine/inbox/([\w-]{22})"', web.get("/mine/inbox").text) == [messages[1]], (
        "nothing sent yet"
    )
    for message_id in (messages[0], messages[2]):
        with world.database.session() as session:
            message = session.merge(world.message(message_id))
            message.state, message.sent_at = MessageState.SENT, NOW
    page = web.get("/mine/inbox").text
    assert re.findall(r'href="/mine/inbox/([\w-]{22})"', page) == [messages[1], messages[2]]
    assert "共 2 条，1 条未读" in page and "已发到电子邮件" in page
    assert world.messages()[-1].batch_id is None and len(world.messages()) == 4, (
        "a confirmation is no message of a push"
    )


def test_a_long_list_has_pages(services: Services, world: World) -> None:
    sent(world, 31)
    web = client(services)
    assert "第 1 页，共 2 页" in web.get("/mine/inbox").text and "更早的消息" in web.get("/mine/inbox").text
    second = web.get("/mine/inbox?page=2").text
    assert second.count(">未读</p>") == 1 and "更早的消息" not in second
    assert web.get("/mine/inbox?page=9").status_code == 200


# ---- one question ---------------------------------------------------------------------------------------------------


def test_a_missing_fact_is_asked_saved_and_leads_to_the_results(services: Services, world: World) -> None:
    web, path = client(services), f"/mine/answer/{world.company.company_id}/patents?m=p/asks"
    page = web.get(path).text
    assert "专利" in page and "支持事项asks" in page and "<script>alert" not in page
    empty = web.post(path, data={"value": " "})
    assert empty.status_code == 422 and 'role="alert"' in empty.text
    wrong = web.post(path, data={"value": "<b>很多</b>"})
    assert wrong.status_code == 422 and 'value="&lt;b&gt;很多&lt;/b&gt;"' in wrong.text
    saved = web.post(path, data={"value": "5"})
    assert saved.headers["location"] == f"/e/?profile={world.company.company_id}&step=results"
    kept = Records(services.database).get("u1", world.company.company_id)
    assert (
        kept is not None and kept.raw["patents"] == "5" and kept.raw["plans"] == COMPANY["plans"] and kept.version == 2
    )
    assert "现在填写的是：5" in web.get(path).text


def test_a_set_keeps_what_is_held(services: Services, world: World) -> None:
    web, path = client(services), f"/mine/answer/{world.company.company_id}/honours?m=titled/title"
    page = web.get(path).text
    assert re.findall(r'name="value" value="([^"]+)"', page) == ["瞪羚企业", "专精特新中小企业", "以上都没有"]
    assert web.post(path, data={"value": ["瞪羚企业"]}).status_code == 303
    kept = Records(services.database).get("u1", world.company.company_id)
    assert kept is not None and kept.raw["honours"] == ["高新技术企业", "瞪羚企业"]
    assert web.post(path, data={"value": ["以上都没有"]}).status_code == 303
    kept = Records(services.database).get("u1", world.company.company_id)
    assert kept is not None and kept.raw["honours"] == ["高新技术企业", "瞪羚企业"]


@pytest.mark.parametrize("name", ["honours", "patents", "taxpayer_type", "credit_ok"])
def test_a_question_needs_no_measure(name: str, services: Services, world: World) -> None:
    page = client(services).get(f"/mine/answer/{world.company.company_id}/{name}?m=no/such")
    assert page.status_code == 200 and 'name="value"' in page.text


@pytest.mark.parametrize("name", ["needs", "nonsense", "__class__"])
def test_what_is_no_question_is_not_asked(name: str, services: Services, world: World) -> None:
    assert client(services).get(f"/mine/answer/{world.company.company_id}/{name}").status_code == 404


# ---- other people's -------------------------------------------------------------------------------------------------


def test_nobody_reaches_anybody_elses(services: Services, world: World) -> None:
    one, [message] = world.subscribed(), sent(world)
    cid, sid = world.company.company_id, one.subscription_id
    other, nobody, staff = client(services, "u2"), client(services, ""), client(services, "staff")
    reads = [f"/mine/inbox/{message}", new(world, "email"), f"/mine/subscriptions/change/{sid}",
             f"/mine/subscriptions/preview/{cid}/email", f"/mine/answer/{cid}/patents"]  # fmt: skip
    writes = [new(world, "inbox"), f"/mine/subscriptions/change/{sid}", f"/mine/subscriptions/end/{sid}",
              f"/mine/subscriptions/again/{sid}", f"/mine/answer/{cid}/patents"]  # fmt: skip
    for web, status in ((other, 404), (nobody, 401), (staff, 403)):
        assert {web.get(path).status_code for path in reads} == {status}
        assert {web.post(path, data={**FORM, "value": "5"}).status_code for path in writes} == {status}
    assert "济南" not in other.get("/mine/subscriptions").text and message not in other.get("/mine/inbox").text
    assert other.post("/mine/inbox/read").status_code == 303
    assert world.message(message).read_at is None
    found = world.subscriptions.find(sid)
    assert found is not None and found.state is SubscriptionState.CONFIRMED
    assert Contacts(services.database, Seal(KEY)).list(cid)[0].address == MAIL


# ---- links in messages ----------------------------------------------------------------------------------------------


def test_opening_a_link_changes_nothing(services: Services, world: World) -> None:
    waiting = world.subscribed(waits=True)
    web = client(services, "")
    for _ in range(3):
        for purpose in ("confirm", "end"):
            page = web.get(f"/subscription/{world.token(waiting, purpose)}/{purpose}")
            assert page.status_code == 200 and '<form method="post">' in page.text
            assert page.headers["cache-control"] == "no-store" and page.headers["x-robots-tag"] == "noindex"
    found = world.subscriptions.find(waiting.subscription_id)
    assert found is not None and found.state is SubscriptionState.WAITING


def test_what_a_link_says_in_every_state(services: Services, world: World) -> None:
    one, web = world.subscribed(waits=True), client(services, "")
    confirm, end = (f"/subscription/{world.token(one, each)}/{each}" for each in ("confirm", "end"))
    assert "拒绝这个订阅" in web.get(end).text and "&lt;script&gt;" in web.get(confirm).text
    late = client(dataclasses.replace(services, now=lambda: NOW + dt.timedelta(days=8)), "")
    assert "确认链接已过期" in late.get(confirm).text and "确认链接已过期" in late.post(confirm).text
    assert "已确认订阅" in web.post(confirm).text and "已确认订阅" in web.get(confirm).text
    assert "退订政策提醒" in web.get(end).text
    assert "已经退订" in web.post(end, content="List-Unsubscribe=One-Click").text
    assert web.post(end).status_code == 200 and "已经退订" in web.get(end).text
    assert "已经结束" in web.post(confirm).text
    assert Records(services.database).erase(world.company.company_id)
    for page in (web.get(end), web.post(end), web.get(confirm), web.post(confirm)):
        assert page.status_code == 200 and "企业信息已清除" in page.text and "<form" not in page.text
    broken = web.get(f"/subscription/{'A' * 120}/end")
    assert broken.status_code == 404 and "链接不对" in broken.text
