"""Who wants to hear: asked, confirmed, changed, ended; on both databases."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select

from matcher.contacts import Contacts
from matcher.push.content import Confirmation, of_json
from matcher.push.release import release
from matcher.push.subscriptions import CONFIRM_DAYS, MAX_ASKED, MAX_SUBSCRIPTIONS, Standing, Subscriptions
from matcher.push.wishes import THEMES, Wishes
from matcher.records import Kind, Records
from matcher.seal import Seal
from matcher.store.companies import DEPARTMENT, Channel, Contact
from matcher.store.database import Database
from matcher.store.pushes import Frequency, MessageState, Subscription, SubscriptionState
from tests.subscription_support import KEY, MAIL, NOW, URL, World, at, refusal

LATER = NOW + dt.timedelta(hours=1)
DAY = dt.timedelta(days=1)


@pytest.fixture
def world(database: Database) -> World:
    return World(database)


@pytest.fixture
def lite(tmp_path: Path) -> Iterator[World]:
    """Where the kind of database does not matter."""
    database = Database.in_folder(tmp_path)
    yield World(database)
    database.close()


def test_the_inbox_is_subscribed_at_once(world: World) -> None:
    made = world.subscribed(Channel.INBOX, Wishes(themes=("税费", "设备更新")))
    assert made.state is SubscriptionState.CONFIRMED and made.confirmed_at == NOW and made.contact_id is None
    assert made.themes == ["设备更新", "税费"], "in the vocabulary's order"
    assert world.messages() == []
    assert "已经订阅" in refusal(lambda: world.subscribed(Channel.INBOX))


def test_an_address_gets_a_link_and_nothing_else_until_it_is_used(world: World) -> None:
    made = world.subscribed(waits=True)
    [message] = world.messages()
    assert made.state is SubscriptionState.WAITING and message.state is MessageState.READY and message.batch_id is None
    said = of_json(message.content)
    assert isinstance(said, Confirmation) and said.until == "2026 年 6 月 22 日 10:30"
    assert "每天汇总一次" in said.wishes and MAIL not in str(message.content)
    letter = world.subscriptions.letter(message)
    token = world.token(made, "confirm")
    assert letter.html is not None and f"{URL}/subscription/" in letter.text and "=" not in token
    assert world.subscriptions.look("confirm", token, NOW).standing is Standing.WAITING
    assert world.subscriptions.find(made.subscription_id).state is SubscriptionState.WAITING  # type: ignore[union-attr]

    assert world.subscriptions.confirm(token, LATER).standing is Standing.CONFIRMED
    assert world.subscriptions.confirm(token, LATER + DAY).standing is Standing.CONFIRMED, "twice is fine"
    found = world.subscriptions.find(made.subscription_id)
    assert found is not None and found.confirmed_at == LATER
    assert "已经订阅" in refusal(lambda: world.subscribed(waits=True))


def test_the_links_of_a_letter_are_the_ones_that_work(world: World) -> None:
    made = world.subscribed(waits=True)
    letter = world.subscriptions.letter(world.messages()[0])
    links = {line.rpartition("/")[2]: line for line in letter.text.splitlines() if line.startswith(URL)}
    tokens = {purpose: link.split("/")[-2] for purpose, link in links.items()}
    assert world.subscriptions.confirm(tokens["confirm"], LATER).standing is Standing.CONFIRMED
    assert world.subscriptions.end_by_link(tokens["end"], LATER).standing is Standing.ENDED
    assert made.subscription_id not in letter.text


def test_a_confirmation_expires_and_can_be_asked_again(world: World) -> None:
    made = world.subscribed(waits=True)
    token, late = world.token(made, "confirm"), NOW + dt.timedelta(days=CONFIRM_DAYS, seconds=1)
    assert world.subscriptions.confirm(token, late).standing is Standing.EXPIRED
    assert world.subscriptions.find(made.subscription_id).state is SubscriptionState.WAITING  # type: ignore[union-attr]
    again = world.subscriptions.again(made.subscription_id, late)
    assert again.subscription_id == made.subscription_id and len(world.messages()) == 2
    assert world.subscriptions.confirm(token, late + DAY).standing is Standing.CONFIRMED
    assert "不在等待确认" in refusal(lambda: world.subscriptions.again(made.subscription_id, late))


@pytest.mark.parametrize("purpose", ["confirm", "end"])
def test_a_link_is_good_for_one_thing_only(purpose: str, lite: World) -> None:
    made = lite.subscribed(waits=True)
    other = "end" if purpose == "confirm" else "confirm"
    wrong = (
        lite.token(made, other),
        Seal(Seal.new_key()).token(purpose, made.subscription_id),
        "A" * 140,
        "",
        "=",
        "é",
    )
    for token in wrong:
        act = lite.subscriptions.confirm if purpose == "confirm" else lite.subscriptions.end_by_link
        assert act(token, NOW).standing is Standing.UNKNOWN
    assert lite.subscriptions.find(made.subscription_id).state is SubscriptionState.WAITING  # type: ignore[union-attr]
    assert lite.subscriptions.look(purpose, lite.token(made, purpose) + "==", NOW).standing is Standing.WAITING


def test_ending_twice_is_ending_once_and_nothing_more_is_sent(world: World) -> None:
    made = world.subscribed()
    waiting = world.held(world.batch(), made)
    token = world.token(made, "end")
    assert world.subscriptions.end_by_link(token, LATER).standing is Standing.ENDED
    assert world.subscriptions.end_by_link(token, LATER + DAY).standing is Standing.ENDED
    found = world.subscriptions.find(made.subscription_id)
    assert found is not None and found.ended_at == LATER and not found.refused
    assert world.message(waiting).state is MessageState.CANCELLED
    assert world.subscriptions.confirm(world.token(made, "confirm"), LATER).standing is Standing.ENDED, "no way back"
    assert "没有这个订阅" in refusal(lambda: world.subscriptions.change(made.subscription_id, Wishes(), LATER))
    assert world.subscribed(waits=True).subscription_id != made.subscription_id, "asked for anew"


def test_whoever_refuses_is_not_asked_again_by_anybody(world: World) -> None:
    made = world.subscribed(waits=True)
    assert world.subscriptions.end_by_link(world.token(made, "end"), LATER).standing is Standing.ENDED
    assert "拒绝" in refusal(lambda: world.subscribed(waits=True))
    other = World(world.database, "u2", "青岛示例有限公司")
    assert "拒绝" in refusal(lambda: other.subscribed(address=MAIL.upper(), waits=True))
    with world.database.session() as session:
        assert len(session.scalars(select(Contact)).all()) == 1, "what was refused is not kept"


def test_whoever_cancels_what_waits_may_ask_again_but_not_for_ever(world: World) -> None:
    for n in range(MAX_ASKED):
        made = world.subscribed(waits=True)
        world.subscriptions.end(made.subscription_id, NOW + n * DAY)
    assert f"{MAX_ASKED} 次确认请求" in refusal(lambda: world.subscribed(waits=True))
    other = World(world.database, "u2", "青岛示例有限公司")
    assert "次确认请求" in refusal(lambda: other.subscribed(waits=True)), "whoever asks"
    later = NOW + (CONFIRM_DAYS + 1) * DAY
    assert world.subscriptions.add(world.company.company_id, Channel.EMAIL, Wishes(), later, address=MAIL)


def test_an_erased_company_leaves_a_link_that_says_so(world: World) -> None:
    made = world.subscribed()
    assert Records(world.database).erase(world.company.company_id)
    for purpose in ("confirm", "end"):
        linked = world.subscriptions.look(purpose, world.token(made, purpose), LATER)
        assert (linked.standing, linked.company, linked.wishes) == (Standing.GONE, "", "")
    assert world.subscriptions.end_by_link(world.token(made, "end"), LATER).standing is Standing.GONE


def test_changes_are_kept_and_move_what_waits(world: World) -> None:
    made = world.subscribed(wishes=Wishes(frequency=Frequency.AT_ONCE))
    batch = world.batch()
    message = world.held(batch, made)
    night = NOW.replace(hour=22)
    with world.database.session() as session:
        release(session, batch, night)
    assert world.message(message).not_before == at("2026-06-16 08:00")
    changed = world.subscriptions.change(made.subscription_id, Wishes(frequency=Frequency.DAILY, weekly_cap=3), night)
    assert (changed.frequency, changed.weekly_cap) == (Frequency.DAILY, 3)
    assert world.message(message).not_before == at("2026-06-16 09:00")
    assert world.message(message).state is MessageState.READY


@pytest.mark.parametrize(
    ("wishes", "problem"),
    [
        (Wishes(themes=("炒股",)), "没有“炒股”这个主题"),
        (Wishes(quiet_from=24), "0 至 23 点"),
        (Wishes(quiet_to=-1), "0 至 23 点"),
        (Wishes(weekly_cap=0), "1 至 100 条"),
        (Wishes(weekly_cap=101), "1 至 100 条"),
    ],
)
def test_wishes_that_are_none_are_refused(wishes: Wishes, problem: str, lite: World) -> None:
    assert problem in refusal(lambda: lite.subscribed(wishes=wishes))
    assert problem in refusal(lambda: lite.subscribed(Channel.INBOX, wishes=wishes))
    assert lite.messages() == [] and lite.subscriptions.of_companies([lite.company.company_id]) == {
        lite.company.company_id: []
    }


def test_every_theme_of_the_library_may_be_wished(lite: World) -> None:
    assert lite.subscribed(Channel.INBOX, Wishes(themes=THEMES)).themes == list(THEMES)


@pytest.mark.parametrize(
    ("channel", "address", "problem"),
    [
        (Channel.EMAIL, "nobody", "不是邮箱地址"),
        (Channel.EMAIL, "a@b.cn\nBcc: c@d.cn", "不是邮箱地址"),
        (Channel.WECOM, "https://evil.example/?key=1", "允许列表"),
        (Channel.DINGTALK, "https://oapi.dingtalk.com/robot/send?access_token=1", "允许列表"),
        (Channel.WEBHOOK, "ftp://hook.example.cn", "不是网址"),
    ],
)
def test_addresses_that_nothing_may_go_to_are_refused_and_not_kept(
    channel: Channel, address: str, problem: str, lite: World
) -> None:
    said = refusal(lambda: lite.subscribed(channel, address=address))
    assert problem in said and address not in said
    with lite.database.session() as session:
        assert session.scalars(select(Contact)).all() == []


def test_without_a_key_there_is_only_the_inbox(lite: World) -> None:
    keyless = Subscriptions(lite.database, None, URL)
    company = lite.company.company_id
    assert "HUIQI_CONTACT_KEY" in refusal(lambda: keyless.add(company, Channel.EMAIL, Wishes(), NOW, address=MAIL))
    assert keyless.add(company, Channel.INBOX, Wishes(), NOW).state is SubscriptionState.CONFIRMED
    assert keyless.look("end", "A" * 140, NOW).standing is Standing.UNKNOWN


def test_a_company_has_room_for_so_many(lite: World) -> None:
    for n in range(MAX_SUBSCRIPTIONS):
        made = Subscription(
            company_id=lite.company.company_id, channel=Channel.EMAIL, state=SubscriptionState.CONFIRMED, made_at=NOW
        )
        Wishes(weekly_cap=n + 1).put_into(made)
        with lite.database.session() as session:
            session.add(made)
    assert f"最多 {MAX_SUBSCRIPTIONS} 个订阅" in refusal(lambda: lite.subscribed())


def test_nobody_finds_what_belongs_to_somebody_else(lite: World) -> None:
    made = lite.subscribed()
    assert lite.subscriptions.find(made.subscription_id, "u1") is not None
    assert lite.subscriptions.find(made.subscription_id, "u2") is None
    assert lite.subscriptions.find("nothing") is None


def test_staff_invite_contacts_of_the_departments_companies(world: World) -> None:
    company = Records(world.database).save(DEPARTMENT, {"name": "部门名单企业"}, Kind.IMPORTED, "名单", NOW)
    contacts = Contacts(world.database, Seal(KEY))
    good = contacts.add(company.company_id, Channel.EMAIL, "张", "zhang@example.cn", now=NOW)
    bad = contacts.add(company.company_id, Channel.WEBHOOK, "", "https://hook.example.cn/x", "s", now=NOW)
    invited = world.subscriptions.invite(
        company.company_id, [good.contact_id, bad.contact_id, "nobody", good.contact_id], Wishes(), NOW
    )
    assert [one.contact_id for one in invited.asked] == [good.contact_id]
    assert [problem.where for problem in invited.problems] == [bad.contact_id, "nobody"]
    assert [message.channel for message in world.messages()] == [Channel.EMAIL]
    again = world.subscriptions.invite(company.company_id, [good.contact_id], Wishes(), NOW)
    assert again.asked[0].subscription_id == invited.asked[0].subscription_id
    assert "不是专员导入的企业" in refusal(
        lambda: world.subscriptions.invite(world.company.company_id, [], Wishes(), NOW)
    )
    assert "没有这家企业" in refusal(lambda: world.subscriptions.invite("nothing", [], Wishes(), NOW))
