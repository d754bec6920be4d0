"""The outbox on both databases: claims, leases, limits, retries, and what is not sent any more."""

from __future__ import annotations

import datetime as dt
import random
import threading
from collections import Counter

import pytest
from sqlalchemy import delete, select

from matcher.push.batches import Batches
from matcher.push.content import Confirmation
from matcher.push.limits import PER_MINUTE
from matcher.push.outbox import LEAD_S, MAX_RETRY_S, Outbox, Terms
from matcher.push.targets import Targets
from matcher.store.companies import Channel, CompanyRecord
from matcher.store.database import Database
from matcher.store.pushes import (
    BatchState,
    Delivery,
    Frequency,
    Message,
    MessageState,
    Subscription,
    SubscriptionState,
)
from tests.push_support import DAY_END, NOW, World, seconds

FAST = {**PER_MINUTE, Channel.EMAIL: 1_000_000, Channel.WEBHOOK: 1_000_000}


@pytest.fixture
def world(database: Database) -> World:
    return World(database)


def ids(messages: list[Message]) -> list[str]:
    return [message.message_id for message in messages]


# ---- claims ---------------------------------------------------------------------------------------------------------


def test_what_is_due_longest_comes_first_and_what_is_not_due_stays(world: World) -> None:
    batch = world.batch()
    late = world.message(batch_id=batch, not_before=NOW - seconds(10))
    later = world.message(batch_id=batch, not_before=NOW + seconds(1))
    early = world.message(batch_id=batch, not_before=NOW - seconds(60))
    assert ids(world.outbox().claim(Channel.EMAIL, "a", NOW)) == [early, late]
    assert world.get(later).state is MessageState.READY
    assert world.get(early).claimed_by == "a"
    assert world.outbox().claim(Channel.EMAIL, "b", NOW) == []


@pytest.mark.parametrize("state", [BatchState.DRAFT, BatchState.PAUSED, BatchState.CANCELLED])
def test_nothing_of_a_push_that_is_not_approved_is_claimed(world: World, state: BatchState) -> None:
    world.message(batch_id=world.batch(state))
    assert world.outbox().claim(Channel.EMAIL, "a", NOW) == []


def test_what_still_waits_for_its_digest_is_not_claimed(world: World) -> None:
    world.message(batch_id=world.batch(), wishes={"frequency": Frequency.DAILY})
    assert world.outbox().claim(Channel.EMAIL, "a", NOW) == []


def test_many_workers_at_once_never_claim_the_same(world: World) -> None:
    batch = world.batch()
    made = {world.message(batch_id=batch) for _ in range(60)}
    claimed: list[str] = []
    together = threading.Barrier(6)

    def work(name: str) -> None:
        outbox = world.outbox(per_minute=FAST)
        together.wait()
        while lot := outbox.claim(Channel.EMAIL, name, NOW, 3):
            claimed.extend(ids(lot))

    threads = [threading.Thread(target=work, args=(f"w{n}",)) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Counter(claimed) == dict.fromkeys(made, 1)


def test_a_lease_that_ran_out_is_taken_over_and_its_late_owner_changes_nothing_but_sent(world: World) -> None:
    first, second = world.message(batch_id=world.batch()), world.message(batch_id=world.batch())
    outbox = world.outbox(lease_s=60)
    assert len(outbox.claim(Channel.EMAIL, "slow", NOW)) == 2
    assert outbox.recover(NOW + seconds(59)) == 0
    assert outbox.recover(NOW + seconds(61)) == 2
    later = NOW + seconds(62)
    assert ids(outbox.claim(Channel.EMAIL, "quick", later)) == [first, second]
    assert outbox.begin(first, "slow", later) is None
    outbox.failed(first, "slow", "连接中断", later)
    outbox.refused(first, "slow", "拒收", later)
    assert world.get(first).state is MessageState.CLAIMED
    assert world.get(first).attempts == 0
    assert outbox.sent(first, "250 ok", later)
    assert not outbox.sent(first, "250 ok", later)
    assert world.get(first).state is MessageState.SENT


def test_what_is_begun_is_held_anew(world: World) -> None:
    message = world.message(batch_id=world.batch())
    outbox = world.outbox(lease_s=60)
    outbox.claim(Channel.EMAIL, "a", NOW)
    assert outbox.begin(message, "a", NOW + seconds(50)) is not None
    assert outbox.recover(NOW + seconds(100)) == 0
    assert outbox.recover(NOW + seconds(111)) == 1


def test_a_worker_that_ends_gives_back_what_it_has_not_begun(world: World) -> None:
    mine, other = world.message(batch_id=world.batch()), world.message(batch_id=world.batch())
    outbox = world.outbox()
    outbox.claim(Channel.EMAIL, "a", NOW, 1)
    outbox.claim(Channel.EMAIL, "b", NOW, 1)
    assert outbox.give_back("a") == 1
    assert world.get(mine).state is MessageState.READY
    assert world.get(other).state is MessageState.CLAIMED


# ---- what is not sent any more --------------------------------------------------------------------------------------


def begun(world: World, message_id: str, now: dt.datetime = NOW) -> bool:
    outbox = world.outbox()
    message = world.get(message_id)
    assert ids(outbox.claim(message.channel, "a", now)) == [message_id]
    return outbox.begin(message_id, "a", now) is not None


def test_a_subscription_that_ended_after_the_claim_gets_nothing(world: World) -> None:
    message = world.message(batch_id=world.batch())
    outbox = world.outbox()
    outbox.claim(Channel.EMAIL, "a", NOW)
    with world.database.session() as session:
        found = session.get_one(Subscription, world.get(message).subscription_id)
        found.state = SubscriptionState.ENDED
    assert outbox.begin(message, "a", NOW) is None
    assert world.get(message).state is MessageState.CANCELLED
    assert world.get(message).problem == "订阅已结束"


def test_a_company_that_was_erased_after_the_claim_gets_nothing(world: World) -> None:
    message = world.message(batch_id=world.batch())
    outbox = world.outbox()
    outbox.claim(Channel.EMAIL, "a", NOW)
    with world.database.session() as session:
        session.execute(delete(CompanyRecord))
    assert outbox.begin(message, "a", NOW) is None
    assert not outbox.sent(message, "250 ok", NOW)
    with world.database.session() as session:
        assert session.scalars(select(Message)).all() == []


@pytest.mark.parametrize(
    ("action", "state"), [("pause", MessageState.HELD), ("cancel", MessageState.CANCELLED)]
)  # fmt: skip
def test_a_push_that_is_stopped_after_the_claim_sends_nothing_more(
    world: World, action: str, state: MessageState
) -> None:
    batch = world.batch()
    message = world.message(batch_id=batch)
    outbox = world.outbox()
    outbox.claim(Channel.EMAIL, "a", NOW)
    getattr(Batches(world.database), action)(batch, "staff", NOW)
    assert outbox.begin(message, "a", NOW) is None
    assert world.get(message).state is state


@pytest.mark.parametrize(
    ("action", "state"), [("pause", MessageState.HELD), ("cancel", MessageState.CANCELLED)]
)  # fmt: skip
def test_what_fails_after_its_push_was_stopped_follows_its_push(world: World, action: str, state: MessageState) -> None:
    batch = world.batch()
    message = world.message(batch_id=batch)
    outbox = world.outbox()
    outbox.claim(Channel.EMAIL, "a", NOW)
    assert outbox.begin(message, "a", NOW) is not None
    getattr(Batches(world.database), action)(batch, "staff", NOW)
    outbox.failed(message, "a", "连接中断", NOW)
    assert outbox.recover(NOW) == 0
    assert world.get(message).state is state
    assert world.get(message).problem == "连接中断"


def test_only_the_confirmation_reaches_a_subscription_that_waits(world: World) -> None:
    waiting = {"state": SubscriptionState.WAITING, "confirmed_at": None}
    asks = Confirmation("济南甲公司", "全部主题", "2026年11月30日 10:00").to_json()
    asked = world.message(content=asks, wishes=waiting)
    assert begun(world, asked)
    told = world.message(batch_id=world.batch(), wishes=waiting)
    assert not begun(world, told)
    assert world.get(told).state is MessageState.CANCELLED
    again = world.message(content=asks)
    assert not begun(world, again)
    assert world.get(again).problem == "订阅已确认过"


def test_a_retry_that_falls_into_quiet_hours_waits_for_the_next_working_morning(world: World) -> None:
    message = world.message(batch_id=world.batch())
    assert not begun(world, message, DAY_END)
    found = world.get(message)
    assert (found.state, found.not_before) == (MessageState.READY, DAY_END.replace(day=24, hour=8))


def test_a_confirmation_does_not_wait_for_the_morning(world: World) -> None:
    asks = Confirmation("济南甲公司", "全部主题", "2026年11月30日 10:00").to_json()
    assert begun(world, world.message(content=asks, wishes={"state": SubscriptionState.WAITING}), DAY_END)


# ---- limits ---------------------------------------------------------------------------------------------------------


def sent_at(world: World, channel: Channel, until_s: float, workers: int = 3) -> list[dt.datetime]:
    """When messages leave within some simulated seconds, several workers taking turns every tenth of a second."""
    outboxes = [world.outbox() for _ in range(workers)]
    left = []
    for tick in range(int(until_s * 10)):
        now, n = NOW + seconds(tick / 10), tick % workers
        for message in outboxes[n].claim(channel, f"w{n}", now, 2):
            turn = outboxes[n].begin(message.message_id, f"w{n}", now)
            if turn is not None:
                assert turn.at - now <= seconds(LEAD_S)
                outboxes[n].sent(message.message_id, "ok", turn.at)
                left.append(turn.at)
    return sorted(left)


def most_in_a_minute(moments: list[dt.datetime]) -> int:
    return max(sum(start <= each < start + seconds(60) for each in moments) for start in moments)


def test_a_robot_gets_no_more_than_its_limit_in_any_minute_whatever_the_workers(world: World) -> None:
    batch, robot = world.batch(), "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=one"
    for _ in range(40):
        world.message(Channel.WECOM, batch, address=robot)
    moments = sent_at(world, Channel.WECOM, 90)
    assert 20 < len(moments) <= 31
    assert most_in_a_minute(moments) == PER_MINUTE[Channel.WECOM]


def test_two_robots_do_not_share_a_limit_but_two_webhooks_of_a_host_do(world: World) -> None:
    batch = world.batch()
    for name in ("one", "two"):
        world.message(Channel.WECOM, batch, address=f"https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key={name}")
        world.message(Channel.WEBHOOK, batch, address=f"https://hook.example.cn/{name}")
    outbox = world.outbox()
    at = {
        channel: [
            turn.at
            for message in outbox.claim(channel, "a", NOW)
            if (turn := outbox.begin(message.message_id, "a", NOW)) is not None
        ]
        for channel in (Channel.WECOM, Channel.WEBHOOK)
    }
    assert at[Channel.WECOM] == [NOW, NOW]
    assert at[Channel.WEBHOOK] == [NOW, NOW + seconds(60 / PER_MINUTE[Channel.WEBHOOK])]


def test_no_more_mails_are_claimed_than_the_server_takes_soon(world: World) -> None:
    batch = world.batch()
    for _ in range(5):
        world.message(batch_id=batch)
    outbox = world.outbox(per_minute={**PER_MINUTE, Channel.EMAIL: 60})
    for message in outbox.claim(Channel.EMAIL, "a", NOW):
        outbox.begin(message.message_id, "a", NOW)
    with world.database.session() as session:
        states = Counter(session.scalars(select(Message.state)))
    assert states == {MessageState.CLAIMED: 3, MessageState.READY: 2}
    assert outbox.claim(Channel.EMAIL, "b", NOW) == []


# ---- what became of it ----------------------------------------------------------------------------------------------


def failures(world: World, message_id: str, count: int, **terms: float) -> list[float]:
    """Waits in seconds after each of some failures."""
    outbox = Outbox(world.database, world.contacts.open, Terms(**terms), random.Random(7))
    now, waits = NOW, []
    for _ in range(count):
        with world.database.session() as session:
            found = session.get_one(Message, message_id)
            found.not_before = now
        outbox.claim(Channel.EMAIL, "a", now)
        outbox.failed(message_id, "a", "与发信服务器的连接中断", now)
        waits.append((world.get(message_id).not_before - now).total_seconds())
    return waits


def test_retries_wait_a_random_time_up_to_twice_as_long_each_time(world: World) -> None:
    message = world.message(batch_id=world.batch())
    waits = failures(world, message, 9, retry_s=60.0)
    ceilings = [min(MAX_RETRY_S, 60.0 * 2**n) for n in range(9)]
    assert all(0 <= wait <= ceiling for wait, ceiling in zip(waits, ceilings, strict=True))
    assert waits == failures(world, world.message(batch_id=world.batch()), 9, retry_s=60.0)
    assert len(set(waits)) == 9


def test_a_receiver_that_asks_to_wait_is_left_alone(world: World) -> None:
    message = world.message(batch_id=world.batch())
    outbox = world.outbox()
    outbox.claim(Channel.EMAIL, "a", NOW)
    assert outbox.failed(message, "a", "接收方答复 HTTP 429", NOW, 500.0) is MessageState.READY
    assert world.get(message).not_before >= NOW + seconds(500)


def test_after_the_last_attempt_a_message_is_dead_with_the_reason_and_may_be_sent_anew(world: World) -> None:
    batch = world.batch()
    message = world.message(batch_id=batch)
    failures(world, message, 3, max_attempts=3)
    found = world.get(message)
    assert (found.state, found.attempts, found.problem) == (MessageState.DEAD, 3, "与发信服务器的连接中断")
    assert [each.outcome for each in Batches(world.database).deliveries(message)] == ["failed"] * 3
    outbox = world.outbox()
    assert outbox.claim(Channel.EMAIL, "a", NOW + dt.timedelta(days=9)) == []
    assert outbox.requeue(NOW, "other") == 0
    assert outbox.requeue(NOW, batch) == 1
    assert ids(outbox.claim(Channel.EMAIL, "a", NOW)) == [message]
    assert world.get(message).attempts == 0


def test_what_is_refused_is_dead_at_once(world: World) -> None:
    message = world.message(batch_id=world.batch())
    outbox = world.outbox()
    outbox.claim(Channel.EMAIL, "a", NOW)
    outbox.refused(message, "a", "收件服务器不接受这个收件人（550）", NOW)
    assert world.get(message).state is MessageState.DEAD
    with world.database.session() as session:
        assert session.scalars(select(Delivery.detail)).all() == ["收件服务器不接受这个收件人（550）"]


def test_where_a_message_may_go_is_looked_up_when_it_is_begun(world: World) -> None:
    message = world.message(batch_id=world.batch())
    targets, outbox = Targets(world.database), world.outbox()
    targets.allow(Channel.EMAIL, "a.example.cn", "admin", NOW)
    outbox.claim(Channel.EMAIL, "a", NOW)
    targets.disallow(Channel.EMAIL, "a.example.cn")
    turn = outbox.begin(message, "a", NOW)
    assert turn is not None
    assert turn.contact is not None
    assert turn.allowed.problem(turn.contact.address)
