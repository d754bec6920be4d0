"""From an approved push to what may leave: times, caps, digests; on both databases."""

from __future__ import annotations

import datetime as dt
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from matcher.push import release as releases
from matcher.push.content import Digest, of_json
from matcher.push.release import Released, bundle, drop_closed, release, sendable
from matcher.push.schedule import due
from matcher.push.wishes import Wishes
from matcher.store.companies import DEPARTMENT, Channel
from matcher.store.database import Database
from matcher.store.pushes import (
    Batch,
    BatchState,
    Frequency,
    MeasureState,
    Message,
    MessageState,
    Subscription,
    SubscriptionState,
)
from tests.subscription_support import MAIL, NOW, URL, World, at

AT_ONCE, DAILY, WEEKLY = (Wishes(frequency=each) for each in Frequency)
DAY = dt.timedelta(days=1)


@pytest.fixture
def world(database: Database) -> World:
    return World(database)


def let_go(world: World, batch_id: str, now: dt.datetime = NOW) -> Released:
    with world.database.session() as session:
        return release(session, batch_id, now)


def known(measure_id: str, phase: str, closes: dt.date | None = None) -> MeasureState:
    return MeasureState(
        measure_id=measure_id, version="v", phase=phase, closes=closes, reminded=None, ending=False, seen_at=NOW
    )


def claimable(world: World, now: dt.datetime) -> list[str]:
    ready = (Message.state == MessageState.READY, Message.not_before <= now, Message.batch_id.is_not(None), sendable())
    return [message.message_id for message in world.messages(*ready)]


def test_each_message_gets_the_time_of_its_subscription(world: World) -> None:
    inbox, daily = world.subscribed(Channel.INBOX), world.subscribed(wishes=DAILY)
    once = world.subscribed(Channel.WECOM, AT_ONCE, "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=a")
    batch = world.batch()
    sent, later, now = (world.message(world.held(batch, one)) for one in (inbox, daily, once))
    assert let_go(world, batch) == Released(ready=2, inbox=1, postponed=0, cancelled=0)
    sent, later, now = (world.message(one.message_id) for one in (sent, later, now))
    assert (sent.state, sent.sent_at, sent.read_at) == (MessageState.SENT, NOW, None)
    assert (now.state, now.not_before) == (MessageState.READY, NOW)
    assert (later.state, later.not_before) == (MessageState.READY, at("2026-06-16 09:00"))
    assert let_go(world, batch, NOW + DAY) == Released(0, 0, 0, 0), "again changes nothing"
    assert world.message(later.message_id).not_before == at("2026-06-16 09:00")


def test_other_pushes_stay_held(world: World) -> None:
    one = world.subscribed(wishes=AT_ONCE)
    first, second = world.batch(), world.batch("q/grant")
    waiting = world.held(second, one)
    world.held(first, one)
    let_go(world, first)
    assert world.message(waiting).state is MessageState.HELD


@pytest.mark.parametrize("state", [SubscriptionState.WAITING, SubscriptionState.ENDED])
def test_who_does_not_want_to_hear_any_more_gets_nothing(state: SubscriptionState, world: World) -> None:
    one, batch = world.subscribed(wishes=AT_ONCE), world.batch()
    message = world.held(batch, one)
    with world.database.session() as session:
        session.merge(one).state = state
    assert let_go(world, batch).cancelled == 1
    assert (world.message(message).state, world.message(message).problem) == (MessageState.CANCELLED, "已退订")


@pytest.mark.parametrize(
    ("closes", "now", "state"),
    [
        ("2026-06-15", "2026-06-15 10:30", MessageState.READY),  # the last day counts
        ("2026-06-15", "2026-06-15 21:30", MessageState.CANCELLED),  # quiet until it is over
        ("2026-06-14", "2026-06-15 10:30", MessageState.CANCELLED),
        (None, "2026-06-15 21:30", MessageState.READY),
    ],
)
def test_what_closes_before_it_could_leave_is_cancelled(
    closes: str | None, now: str, state: MessageState, world: World
) -> None:
    one, batch = world.subscribed(wishes=AT_ONCE), world.batch()
    message = world.held(batch, one, closes=dt.date.fromisoformat(closes) if closes else None)
    let_go(world, batch, at(now))
    assert world.message(message).state is state


@pytest.mark.parametrize(("phase", "state"), [("", "cancelled"), ("本批已截止", "cancelled"), ("可申报", "ready")])
def test_what_is_no_longer_on_offer_is_cancelled(phase: str, state: str, world: World) -> None:
    one, inbox, batch = world.subscribed(wishes=AT_ONCE), world.subscribed(Channel.INBOX), world.batch()
    messages = [world.held(batch, one), world.held(batch, inbox)]
    with world.database.session() as session:
        session.add(known("p/grant", phase))
    let_go(world, batch)
    assert world.message(messages[0]).state == state
    assert world.message(messages[1]).state == ("sent" if state == "ready" else "cancelled")


def test_blocks_do_not_matter(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(releases, "BLOCK", 2)
    one = world.subscribed(wishes=Wishes(frequency=Frequency.AT_ONCE, weekly_cap=100))
    batch = world.batch()
    for _ in range(7):
        world.held(batch, one)
    assert let_go(world, batch).ready == 7


# ---- the cap --------------------------------------------------------------------------------------------------------


def released(world: World, one: Subscription, now: dt.datetime, **said: object) -> Message:
    """What becomes of one more push."""
    batch = world.batch(f"m{now.isoformat()}/grant")
    message = world.held(batch, one, measure_id=f"m{now.isoformat()}/grant", **said)
    let_go(world, batch, now)
    return world.message(message)


def test_a_company_hears_no_more_than_it_wishes_in_seven_days(world: World) -> None:
    one = world.subscribed(wishes=Wishes(frequency=Frequency.AT_ONCE, weekly_cap=2, workdays_only=False))
    moments = [released(world, one, NOW + n * DAY).not_before for n in range(5)]
    assert moments == [NOW, NOW + DAY, NOW + 7 * DAY, NOW + 8 * DAY, NOW + 14 * DAY]


def test_what_the_cap_keeps_back_until_it_is_closed_is_cancelled(world: World) -> None:
    one = world.subscribed(wishes=Wishes(frequency=Frequency.AT_ONCE, weekly_cap=1, workdays_only=False))
    released(world, one, NOW)
    assert released(world, one, NOW + DAY, closes=(NOW + 6 * DAY).date()).state is MessageState.CANCELLED
    kept = released(world, one, NOW + DAY, closes=(NOW + 7 * DAY).date())
    assert (kept.state, kept.not_before) == (MessageState.READY, NOW + 7 * DAY)


def test_one_push_by_two_channels_counts_once(world: World) -> None:
    wishes = Wishes(frequency=Frequency.AT_ONCE, weekly_cap=1)
    mail = world.subscribed(wishes=wishes)
    robot = world.subscribed(Channel.WECOM, wishes, "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=a")
    inbox = world.subscribed(Channel.INBOX)
    batch = world.batch()
    messages = [world.held(batch, one) for one in (mail, robot, inbox)]
    assert let_go(world, batch) == Released(2, 1, 0, 0)
    assert [world.message(one).not_before for one in messages] == [NOW] * 3
    assert released(world, robot, NOW + DAY).not_before == NOW + 7 * DAY, "the company's week is full"


def test_a_confirmation_does_not_count(world: World) -> None:
    one = world.subscribed(wishes=Wishes(frequency=Frequency.AT_ONCE, weekly_cap=1))
    assert len(world.messages()) == 1
    assert released(world, one, NOW).not_before == NOW


def test_a_digest_counts_once_whatever_is_in_it(world: World) -> None:
    one = world.subscribed(wishes=Wishes(frequency=Frequency.DAILY, weekly_cap=1))
    first = [released(world, one, NOW + dt.timedelta(minutes=n)).not_before for n in range(4)]
    assert first == [at("2026-06-16 09:00")] * 4
    assert bundle(world.database, at("2026-06-16 09:00"), URL) == 1
    assert released(world, one, at("2026-06-16 10:00")).not_before == at("2026-06-23 09:00")


@given(st.lists(st.tuples(st.integers(0, 200), st.sampled_from([0, 1])), max_size=25), st.integers(1, 4))
def test_no_seven_days_ever_hold_more_than_the_cap(pushes: list[tuple[int, int]], cap: int) -> None:
    subscriptions = [
        Subscription(
            frequency=frequency, quiet_from=21, quiet_to=8, workdays_only=True, weekly_cap=cap, channel=Channel.EMAIL
        )
        for frequency in (Frequency.AT_ONCE, Frequency.DAILY)
    ]
    told: dict[str, dt.datetime] = {}
    for number, (hours, which) in enumerate(sorted(pushes)):
        one, now = subscriptions[which], NOW + dt.timedelta(hours=hours)
        moment = releases._place(one, f"b{number}", told, now)
        assert moment >= due(one, now) and due(one, moment) == moment
        told.setdefault(releases._name(one, f"b{number}", moment), moment)
    for start in told.values():
        assert sum(start <= other < start + releases.WEEK for other in told.values()) <= cap


# ---- digests --------------------------------------------------------------------------------------------------------


def test_what_is_due_becomes_one_digest(world: World) -> None:
    one, batch = world.subscribed(wishes=DAILY), world.batch()
    parts = [world.held(batch, one, measure=f"事项{n}") for n in range(3)]
    let_go(world, batch)
    morning = at("2026-06-16 09:00")
    assert bundle(world.database, morning - dt.timedelta(seconds=1), URL) == 0
    assert claimable(world, morning) == [], "a part never leaves alone"
    assert bundle(world.database, morning, URL) == 1
    assert bundle(world.database, morning, URL) == 0
    [made] = world.messages(Message.batch_id.is_(None), Message.made_at == morning)
    assert (made.state, made.not_before, made.channel) == (MessageState.READY, morning, Channel.EMAIL)
    said = of_json(made.content)
    assert isinstance(said, Digest) and [item.measure for item in said.items] == ["事项0", "事项1", "事项2"]
    assert said.link == f"{URL}/mine/inbox"
    for part in parts:
        assert (world.message(part).state, world.message(part).digest_id) == (MessageState.BUNDLED, made.message_id)
    letter = world.subscriptions.letter(made)
    assert "事项2" in letter.text and letter.headers["List-Unsubscribe"].startswith(f"<{URL}/subscription/")


def test_several_workers_make_each_digest_once(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(releases, "LOT", 3)
    batch = world.batch()
    for n in range(12):
        one = world.subscribed(wishes=DAILY, address=f"a{n}@example.cn")
        for _ in range(4):
            world.held(batch, one)
    let_go(world, batch)
    with ThreadPoolExecutor(4) as pool:
        made = list(pool.map(lambda _: bundle(world.database, NOW + DAY, URL), range(4)))
    digests = world.messages(Message.batch_id.is_(None), Message.made_at == NOW + DAY)
    assert sum(made) == len(digests) == 12
    assert [len(one.content["items"]) for one in digests] == [4] * 12
    assert len(world.messages(Message.state == MessageState.BUNDLED)) == 48


def test_the_same_parts_always_make_the_same_key(world: World) -> None:
    one, batch = world.subscribed(wishes=DAILY), world.batch()
    world.held(batch, one)
    let_go(world, batch)
    bundle(world.database, NOW + DAY, URL)
    [made] = world.messages(Message.batch_id.is_(None), Message.made_at == NOW + DAY)
    with world.database.session() as session:
        session.delete(session.get_one(Message, made.message_id))
        part = session.scalars(select(Message).where(Message.batch_id == batch)).one()
        part.state, part.digest_id = MessageState.READY, None
    bundle(world.database, NOW + 2 * DAY, URL)
    [again] = world.messages(Message.batch_id.is_(None), Message.made_at == NOW + 2 * DAY)
    assert again.key == made.key and again.message_id != made.message_id


def test_each_subscription_has_a_digest_of_its_own(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(releases, "LOT", 1)
    other = World(world.database, DEPARTMENT, "部门名单企业")
    both = [world.subscribed(wishes=DAILY), other.subscribed(wishes=WEEKLY, address="li@example.cn")]
    batch = world.batch()
    for one in both:
        world.held(batch, one)
    let_go(world, batch)
    assert bundle(world.database, at("2026-06-16 09:00"), URL) == 1
    assert bundle(world.database, at("2026-06-22 09:00"), URL) == 1
    [last] = world.messages(Message.subscription_id == both[1].subscription_id, Message.made_at > NOW + 2 * DAY)
    said = of_json(last.content)
    assert isinstance(said, Digest) and said.link == f"{URL}/policies", "nobody logs in for the department's companies"


@pytest.mark.parametrize("state", [BatchState.PAUSED, BatchState.CANCELLED, BatchState.DRAFT])
def test_a_push_that_is_not_approved_is_in_no_digest(state: BatchState, world: World) -> None:
    one, batch = world.subscribed(wishes=DAILY), world.batch()
    message = world.held(batch, one)
    let_go(world, batch)
    with world.database.session() as session:
        session.get_one(Batch, batch).state = state
    assert bundle(world.database, NOW + DAY, URL) == 0
    assert world.message(message).state is MessageState.READY


def test_what_has_closed_since_is_in_no_digest(world: World) -> None:
    one, batch = world.subscribed(wishes=DAILY), world.batch()
    over = world.held(batch, one, closes=dt.date(2026, 6, 16))
    kept = world.held(batch, one)
    let_go(world, batch)
    assert bundle(world.database, at("2026-06-17 09:00"), URL) == 1
    assert world.message(over).state is MessageState.CANCELLED
    assert world.message(kept).state is MessageState.BUNDLED


def test_what_waits_for_a_measure_that_has_closed_is_cancelled(world: World) -> None:
    one = world.subscribed(wishes=Wishes(frequency=Frequency.AT_ONCE, weekly_cap=1))
    released(world, one, NOW)
    waiting = released(world, one, NOW + dt.timedelta(hours=1), closes=None)
    assert waiting.not_before == NOW + 7 * DAY
    with world.database.session() as session:
        session.add(known(waiting.measure_id, "可申报", dt.date(2026, 6, 20)))
    assert drop_closed(world.database, at("2026-06-20 23:00")) == 0, "the last day counts"
    assert drop_closed(world.database, at("2026-06-21 00:00")) == 1
    assert world.message(waiting.message_id).state is MessageState.CANCELLED
    assert drop_closed(world.database, at("2026-06-22 00:00")) == 0


def test_a_digest_of_somebody_who_ended_is_cancelled(world: World) -> None:
    one, batch = world.subscribed(wishes=DAILY), world.batch()
    part = world.held(batch, one)
    let_go(world, batch)
    bundle(world.database, NOW + DAY, URL)
    world.subscriptions.end(one.subscription_id, NOW + DAY)
    [made] = world.messages(Message.batch_id.is_(None), Message.made_at == NOW + DAY)
    assert made.state is MessageState.CANCELLED and world.message(part).state is MessageState.CANCELLED
    assert one.channel is Channel.EMAIL and MAIL not in str(made.content)


# ---- block by block --------------------------------------------------------------------------------------------------


@pytest.fixture
def crowd(world: World, monkeypatch: pytest.MonkeyPatch) -> tuple[World, str, list[str]]:
    """An approved push of five messages, of which two fit into a block."""
    monkeypatch.setattr(releases, "BLOCK", 2)
    batch = world.batch()
    one = world.subscribed(wishes=AT_ONCE)
    return world, batch, [world.held(batch, one) for _ in range(5)]


def states(world: World, messages: list[str]) -> list[MessageState]:
    return sorted(world.message(one).state for one in messages)


def test_an_approved_push_goes_in_blocks_and_all_of_it(crowd: tuple[World, str, list[str]]) -> None:
    world, batch, messages = crowd
    assert releases.release_approved(world.database, batch, NOW) == Released(5, 0, 0, 0)
    assert states(world, messages) == [MessageState.READY] * 5
    assert releases.release_approved(world.database, batch, NOW) == Released(0, 0, 0, 0)


@pytest.mark.parametrize("state", [BatchState.DRAFT, BatchState.PAUSED, BatchState.CANCELLED])
def test_what_is_not_approved_stays_held(state: BatchState, crowd: tuple[World, str, list[str]]) -> None:
    world, batch, messages = crowd
    with world.database.session() as session:
        session.get_one(Batch, batch).state = state
    assert releases.release_approved(world.database, batch, NOW).messages == 0
    bundle(world.database, NOW, URL)
    assert states(world, messages) == [MessageState.HELD] * 5


def test_what_an_interrupted_approval_left_is_released_by_the_worker(crowd: tuple[World, str, list[str]]) -> None:
    world, batch, messages = crowd
    with world.database.session() as session:
        assert release(session, batch, NOW, 2).ready == 2
    assert states(world, messages).count(MessageState.HELD) == 3
    bundle(world.database, NOW, URL)
    assert states(world, messages) == [MessageState.READY] * 5
