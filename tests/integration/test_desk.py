"""What staff look at beside the pushes, on both databases."""

from __future__ import annotations

import datetime as dt

import pytest
from sqlalchemy import update

from matcher.push.batches import Batches, By, Reach
from matcher.push.desk import Desk, masked, reach, region_name, standing_of, total
from matcher.seal import Seal
from matcher.store.companies import Channel
from matcher.store.database import Database
from matcher.store.pushes import BatchState, Message, MessageState
from tests.desk_support import DRAFTED, EXCUSE, furnished
from tests.push_support import NOW, World

DAY = dt.timedelta(days=1)


def test_an_audience_is_what_has_not_left(database: Database) -> None:
    made = furnished(database)
    whole = Desk(database).audience(made.draft)
    assert whole.companies == whole.messages == DRAFTED
    assert whole.channels == {Channel.INBOX: 20, Channel.EMAIL: 20, Channel.WECOM: 20}
    on_its_way = Desk(database).audience(made.approved)
    assert on_its_way.channels == {Channel.EMAIL: 3}, "ready, bundled and claimed; not sent, dead or cancelled"
    assert Desk(database).audience("none") == (0, {})


def test_standing_tells_nobody_and_over_apart(database: Database) -> None:
    world, batches = World(database), Batches(database)

    def standing(batch_id: str) -> str:
        row = batches.get(batch_id)
        assert row is not None
        return standing_of(row)

    made = furnished(database)
    assert [standing(each) for each in (made.draft, made.approved, made.paused, made.nobody, made.gone)] == [
        "待审核", "已批准", "已暂停", "无须推送", "已取消",
    ]  # fmt: skip
    batch_id = world.batch(BatchState.APPROVED)
    with database.session() as session:
        session.execute(update(Message).where(Message.batch_id == made.draft).values(batch_id=batch_id, state="sent"))
    assert standing(batch_id) == "已发完"


def test_one_message_with_what_belongs_to_it(database: Database) -> None:
    made = furnished(database)
    desk = Desk(database)
    found = desk.message(made.messages[MessageState.SENT])
    assert found is not None and found.batch is not None and found.batch.batch_id == made.approved
    assert found.contact is not None and found.parts == 0
    assert masked(database, made.world.seal, found.contact) == "王** w***@a.example.cn"
    assert masked(database, None, found.contact) is None
    assert masked(database, Seal(Seal.new_key()), found.contact) is None, "encrypted with another key"
    digest = desk.message(made.digest)
    assert digest is not None and digest.batch is None and digest.parts == 1
    assert desk.message("none") is None


def test_what_was_given_up(database: Database) -> None:
    made = furnished(database)
    found = Desk(database).dead(size=2)
    assert found.total == Desk(database).dead_count() == 3 and len(found.rows) == 2
    assert found.reasons == [("发信服务器没有答复（超时）", 2), (EXCUSE, 1)]
    rest = Desk(database).dead(page=2, size=2)
    dead = {made.messages[MessageState.DEAD], made.digest, made.asked}
    assert {row.message.message_id for row in (*found.rows, *rest.rows)} == dead


def test_whether_the_library_was_ever_looked_at(database: Database) -> None:
    assert not Desk(database).has_looked()


@pytest.mark.parametrize("by", ["measure", "region", "channel"])
def test_days_of_the_statistics(database: Database, by: By) -> None:
    made, batches = furnished(database), Batches(database)
    whole, lately = reach(batches, by, None, None), reach(batches, by, NOW - DAY, NOW + DAY)
    old = reach(batches, by, None, NOW - DAY)
    assert total(whole) == Reach("", 67, 2, 1, 2, 2), "the digest of a bundled message is dead, so it is too"
    assert total(lately) == Reach("", 67, 2, 1, 2, 1) and total(old) == Reach("", 0, 0, 0, 0, 1)
    assert reach(batches, by, NOW + DAY, None) == [] and total([]).rate is None
    counts = [row.made for row in whole]
    assert counts == sorted(counts, reverse=True) and sum(counts) == 67
    if by == "measure":
        assert [row.name for row in old] == ["left/the-library"]
    with database.session() as session:
        session.get_one(Message, made.messages[MessageState.READY]).state = MessageState.CANCELLED
    assert total(reach(batches, by, NOW, NOW + DAY)).cancelled == 2


def test_regions_by_name() -> None:
    assert region_name("370100") == "山东省济南市" and region_name("") == "未填地区"
    assert region_name("999999") == "未知地区（999999）"
