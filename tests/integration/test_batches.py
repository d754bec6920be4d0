"""Pushes as staff handle them, on both databases."""

from __future__ import annotations

import datetime as dt

import pytest
from sqlalchemy import func, select

from matcher.push import release
from matcher.push.batches import Batches, Reach
from matcher.store.companies import Channel
from matcher.store.database import Database
from matcher.store.pushes import BatchState, Frequency, Message, MessageState
from policies.errors import InputError
from tests.push_support import NOW, World, seconds

URL = "https://huiqi.example.cn"
MORNING = NOW + dt.timedelta(hours=23)
"""9 o'clock on the next day: when digests leave."""
DAILY = {"frequency": Frequency.DAILY}


@pytest.fixture
def world(database: Database) -> World:
    return World(database)


def test_approving_lets_the_messages_of_a_draft_go_and_only_of_a_draft(world: World) -> None:
    batches, batch = Batches(world.database), world.batch(BatchState.DRAFT)
    mail = world.message(batch_id=batch, state=MessageState.HELD)
    inbox = world.message(Channel.INBOX, batch, state=MessageState.HELD)
    approved = batches.approve(batch, "张三", NOW)
    assert (approved.state, approved.decided_by, approved.decided_at) == (BatchState.APPROVED, "张三", NOW)
    assert world.get(mail).state is MessageState.READY
    assert world.get(inbox).state is MessageState.SENT
    with pytest.raises(InputError, match="只有“待审核”的推送"):
        batches.approve(batch, "张三", NOW)
    with pytest.raises(InputError, match="没有这个推送"):
        batches.approve("none", "张三", NOW)


def test_a_pause_holds_what_has_not_left_and_resuming_lets_it_go(world: World) -> None:
    batches, batch = Batches(world.database), world.batch()
    message, sent = world.message(batch_id=batch), world.message(batch_id=batch, state=MessageState.SENT)
    batches.pause(batch, "a", NOW)
    assert [world.get(each).state for each in (message, sent)] == [MessageState.HELD, MessageState.SENT]
    assert world.outbox().claim(Channel.EMAIL, "w", NOW) == []
    batches.resume(batch, "a", NOW)
    assert [each.message_id for each in world.outbox().claim(Channel.EMAIL, "w", NOW)] == [message]
    with pytest.raises(InputError):
        batches.resume(batch, "a", NOW)


def test_cancelling_is_final_for_what_has_not_left(world: World) -> None:
    batches, batch = Batches(world.database), world.batch()
    message, sent = world.message(batch_id=batch), world.message(batch_id=batch, state=MessageState.SENT)
    batches.cancel(batch, "a", NOW)
    assert [world.get(each).state for each in (message, sent)] == [MessageState.CANCELLED, MessageState.SENT]
    for action in (batches.approve, batches.pause, batches.resume, batches.cancel):
        with pytest.raises(InputError):
            action(batch, "a", NOW)


def bundled(world: World) -> tuple[str, str, str, str, str]:
    """Two pushes with a part each in one digest: their ids, those of the parts, and the digest's."""
    one, two = world.batch(), world.batch(measure_id="policy-b/1")
    first = world.message(batch_id=one, wishes=DAILY)
    found = world.get(first)
    second = Message(
        message_id="second", batch_id=two, company_id=found.company_id, subscription_id=found.subscription_id,
        channel=Channel.EMAIL, measure_id="policy-b/1", region=found.region, key="2" * 64, content=found.content,
        state=MessageState.READY, not_before=NOW, made_at=NOW,
    )  # fmt: skip
    with world.database.session() as session:
        session.add(second)
    assert release.bundle(world.database, MORNING, URL) == 1
    digest = world.get(first).digest_id
    assert digest is not None
    assert world.get("second").digest_id == digest
    return one, two, first, "second", digest


def test_stopping_a_push_takes_it_out_of_a_digest_that_has_not_left(world: World) -> None:
    one, _, first, second, digest = bundled(world)
    Batches(world.database).pause(one, "a", MORNING)
    assert (world.get(first).state, world.get(second).state) == (MessageState.HELD, MessageState.READY)
    assert release.bundle(world.database, MORNING, URL) == 1
    alone = world.get(world.get(second).digest_id or "")
    assert alone.message_id != digest
    assert len(alone.content["items"]) == 1
    Batches(world.database).resume(one, "a", MORNING)
    assert world.get(first).state is MessageState.READY


def test_a_digest_that_somebody_has_tried_to_send_is_left_as_it_is(world: World) -> None:
    one, _, first, _, digest = bundled(world)
    outbox = world.outbox()
    outbox.claim(Channel.EMAIL, "w", MORNING)
    outbox.failed(digest, "w", "连接中断", MORNING)
    Batches(world.database).cancel(one, "a", MORNING)
    assert world.get(first).state is MessageState.BUNDLED
    assert world.get(digest).state is MessageState.READY


def test_what_is_in_a_digest_counts_as_sent_with_it(world: World) -> None:
    _, _, _, _, digest = bundled(world)
    batches, outbox = Batches(world.database), world.outbox()
    assert [row.sent for row in batches.statistics("measure")] == [0, 0]
    outbox.claim(Channel.EMAIL, "w", MORNING)
    outbox.sent(digest, "250 ok", MORNING)
    assert list(batches.statistics("measure")) == [
        Reach("policy-a/1", 1, 1, 0, 0, 0), Reach("policy-b/1", 1, 1, 0, 0, 0),
    ]  # fmt: skip


def test_statistics_by_measure_city_and_channel(world: World) -> None:
    batch = world.batch()
    sent = {"state": MessageState.SENT, "sent_at": NOW}
    world.message(batch_id=batch, region="370102", **sent)
    world.message(batch_id=batch, region="370112", state=MessageState.DEAD)
    world.message(batch_id=batch, region="370202", state=MessageState.CANCELLED)
    world.message(Channel.INBOX, batch, region="", read_at=NOW, **sent)
    world.message(batch_id=batch, region="370202", made_at=NOW - seconds(60))
    world.message(measure_id="")
    batches = Batches(world.database)
    assert list(batches.statistics("measure")) == [Reach("policy-a/1", 4, 2, 1, 1, 1)]
    assert list(batches.statistics("region")) == [
        Reach("", 1, 1, 1, 0, 0), Reach("370100", 2, 1, 0, 1, 0), Reach("370200", 1, 0, 0, 0, 1),
    ]  # fmt: skip
    assert list(batches.statistics("channel")) == [Reach("email", 3, 1, 0, 1, 1), Reach("inbox", 1, 1, 1, 0, 0)]
    assert [row.made for row in batches.statistics("measure", since=NOW)] == [3]
    assert [row.made for row in batches.statistics("measure", until=NOW)] == [1]
    assert batches.statistics("measure")[0].rate == 0.5
    assert Reach("x", 0, 0, 0, 0, 3).rate is None


def test_pushes_and_their_messages_are_listed_by_page(world: World) -> None:
    batches = Batches(world.database)
    made = [world.batch(BatchState.DRAFT), world.batch()]
    mine = [world.message(batch_id=made[1]) for _ in range(5)]
    world.message(batch_id=made[1], state=MessageState.DEAD)
    found = batches.list()
    assert {row.batch.batch_id for row in found.rows} == set(made)
    assert found.total == 2
    assert [row.batch.batch_id for row in batches.list(BatchState.DRAFT).rows] == made[:1]
    row = batches.get(made[1])
    assert row is not None
    assert row.counts == {MessageState.READY: 5, MessageState.DEAD: 1}
    assert batches.get("none") is None
    page = batches.messages(made[1], page=2, size=2, state=MessageState.READY)
    assert ([each.message.message_id for each in page.rows], page.total) == (mine[2:4], 5)
    assert page.rows[0].company == "济南3号公司"


def test_stopping_a_large_push_takes_apart_every_digest(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("matcher.push.batches.BLOCK", 2)
    batch = world.batch()
    for _ in range(5):
        world.message(batch_id=batch, wishes=DAILY)
    assert release.bundle(world.database, MORNING, URL) == 5
    Batches(world.database).pause(batch, "a", MORNING)
    with world.database.session() as session:
        counted = session.execute(select(Message.state, func.count()).group_by(Message.state)).all()
    assert counted == [(MessageState.HELD, 5)]
