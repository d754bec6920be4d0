"""What is pushed when the library changes, on SQLite and on PostgreSQL."""

from __future__ import annotations

import datetime as dt
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import update

from matcher.push.content import Content, of_json
from matcher.push.occasions import Event, look
from matcher.push.publish import known_of, scan, task_of, write_out
from matcher.push.selection import Selected, select_companies
from matcher.store.companies import CompanyRecord
from matcher.store.database import Database
from matcher.store.pushes import (
    Batch,
    BatchState,
    MeasureState,
    Message,
    MessageState,
    Snapshot,
    Subscription,
    SubscriptionState,
)
from tests.scan_support import EVERYTHING, NOW, URL, World, matcher
from tests.support import AS_OF, measure, policy

DAY = dt.timedelta(1)


@pytest.fixture
def world(database: Database) -> World:
    made = World(database)
    made.look()
    return made


def award(low: int = 20, **changes: Any) -> dict[str, Any]:
    """A policy for companies of Jinan with so many employees."""
    rule = [{"field": "region", "in": ["山东省/济南市"]}, {"field": "employees", "min": low}]
    return policy("award", measure("grant", when=rule), **changes)


def big(world: World, name: str = "大", **raw: Any) -> CompanyRecord:
    return world.company(name=name, region="山东省/济南市/历下区", **{"employees": 100, **raw})


def small(world: World, name: str = "小", **raw: Any) -> CompanyRecord:
    return big(world, name, **{"employees": 10, **raw})


def test_the_first_look_only_notes_what_is_there(database: Database) -> None:
    world = World(database)
    big(world)
    assert world.look(award()) == []
    assert world.count(Message) == world.count(Batch) == 0
    assert world.count(MeasureState) == world.count(Snapshot) == 2
    assert world.look(award()) == []


def test_a_new_measure_is_told_to_those_it_is_for_and_to_those_who_lack_one_fact(world: World) -> None:
    big(world)
    big(world, "不知", employees=None)
    small(world)
    world.company(name="外地", region="山东省/青岛市", employees=100)
    world.company(name="都不知")
    big(world, "不订", hears=False)
    (batch,) = world.look(award())
    assert world.told([batch]) == {"published": ["不知", "大"]}
    assert batch.state is BatchState.DRAFT and batch.found["messages"] == batch.found["companies"] == 2
    assert {batch.found[name] for name in ("eligible", "nearly", "excluded", "more", "no_subscription")} == {2, 1}
    assert batch.found["elsewhere"] == 1
    for message in world.messages():
        assert message.state is MessageState.HELD and message.region == "370102"
        assert message.measure_id == "award/grant" and len(message.key) == 64
        said = of_json(message.content)
        assert isinstance(said, Content) and bool(said.missing) == (said.company == "不知")


def test_the_same_look_again_makes_nothing(world: World) -> None:
    big(world)
    assert world.look(award())
    before = [(message.message_id, message.key) for message in world.messages()]
    assert world.look(award()) == []
    assert [(message.message_id, message.key) for message in world.messages()] == before
    assert world.count(Batch) == 1


def test_a_changed_measure_is_told_only_to_those_for_whom_it_is_new(world: World) -> None:
    big(world)
    small(world)
    small(world, "微", employees=3)
    world.look(award())
    assert world.told(world.look(award(low=5))) == {"changed": ["小"]}
    assert world.told(world.look(award(low=5, summary="另一种概述", tags=["新"]))) == {}
    assert world.count(Batch) == 2


def test_a_fact_told_meanwhile_makes_exactly_one_message(world: World) -> None:
    big(world)
    small(world)
    small(world, "长大")
    world.look(award())
    small(world, "长大", employees=60)
    assert world.told(world.look(award(contact="市工信局"))) == {"changed": ["长大"]}
    assert world.look(award(contact="市工信局")) == []


def test_who_was_asked_for_a_fact_is_told_once_the_measure_changes_and_it_is_there(world: World) -> None:
    big(world, "答了", employees=None)
    world.look(award())
    big(world, "答了", employees=50)
    assert world.told(world.look(award(contact="市工信局"))) == {"changed": ["答了"]}


def test_an_empty_push_is_kept_as_cancelled(world: World) -> None:
    small(world)
    (batch,) = world.look(award())
    assert batch.state is BatchState.CANCELLED and batch.found["messages"] == 0 and batch.found["excluded"] == 1


YEARLY = {"kind": "yearly", "opens": "07-01", "closes": "08-31"}


def test_an_opening_window_is_told_once_a_year(world: World) -> None:
    big(world)
    small(world)
    opens = dt.date(2026, 7, 1)
    assert world.told(world.look(award(window=YEARLY))) == {"published": ["大"]}
    assert world.look(award(window=YEARLY), as_of=opens - DAY) == []
    assert world.told(world.look(award(window=YEARLY), as_of=opens)) == {"opening": ["大"]}
    assert world.look(award(window=YEARLY), as_of=opens + DAY) == []
    assert world.told(world.look(award(window=YEARLY), as_of=dt.date(2026, 8, 20))) == {"closing": ["大"]}
    assert world.look(award(window=YEARLY), as_of=dt.date(2026, 9, 1)) == []
    world.now = NOW.replace(year=2027)
    assert world.told(world.look(award(window=YEARLY), as_of=dt.date(2027, 7, 1))) == {"opening": ["大"]}


def test_a_notice_that_comes_out_opens_the_window(world: World) -> None:
    big(world)
    world.look(award(window={"kind": "by_notice"}))
    fixed = {"kind": "fixed", "opens": "2026-06-01", "closes": "2026-09-30"}
    assert world.told(world.look(award(window=fixed))) == {"opening": ["大"]}


def test_a_window_about_to_close_is_told_once_and_not_to_who_just_heard(world: World) -> None:
    closes = dt.date(2026, 9, 30)
    fixed = {"kind": "fixed", "opens": "2026-06-01", "closes": closes.isoformat()}
    big(world)
    world.look(award(window=fixed))
    big(world, "后来")
    assert world.look(award(window=fixed), as_of=closes - 16 * DAY) == []
    assert world.told(world.look(award(window=fixed), as_of=closes - 15 * DAY)) == {"closing": ["后来", "大"]}
    assert world.look(award(window=fixed), as_of=closes - 14 * DAY) == []
    assert world.told(world.look(award(window=fixed, contact="市工信局"), as_of=closes - 13 * DAY)) == {}


def test_what_is_published_in_its_last_days_is_not_reminded_of(world: World) -> None:
    fixed = {"kind": "fixed", "closes": (AS_OF + 5 * DAY).isoformat()}
    big(world)
    assert world.told(world.look(award(window=fixed))) == {"published": ["大"]}
    assert world.look(award(window=fixed), as_of=AS_OF + DAY) == []


def test_who_had_a_measure_is_told_of_its_successor(world: World) -> None:
    old = policy("old", measure("grant", when=[{"field": "employees", "min": 50}]), valid_to=(AS_OF + DAY).isoformat())
    world.look(old)
    big(world)
    big(world, "中", employees=30)
    new = award(relations=[{"type": "supersedes", "target": "old"}])
    assert world.told(world.look(old, new)) == {"successor": ["大"], "published": ["中"]}
    assert world.look(old, new) == []


def test_a_known_measure_becomes_a_successor_when_the_old_one_ends(world: World) -> None:
    ends = AS_OF + 60 * DAY
    old = policy("old", measure("grant", when=[{"field": "employees", "min": 50}]), valid_to=ends.isoformat())
    new = award(relations=[{"type": "follows", "target": "old"}])
    world.look(old, new)
    big(world)
    big(world, "中", employees=30)
    assert world.look(old, new, as_of=ends - 16 * DAY) == []
    assert world.told(world.look(old, new, as_of=ends - 15 * DAY)).get("successor") == ["大"]
    assert world.look(old, new, as_of=ends - 14 * DAY) == []


def test_only_confirmed_subscriptions_with_a_theme_of_the_policy_count(world: World) -> None:
    for name, themes, state in (
        ("全部", (), SubscriptionState.CONFIRMED),
        ("合适", ("绿色低碳", "技术改造"), SubscriptionState.CONFIRMED),
        ("别的", ("外贸",), SubscriptionState.CONFIRMED),
        ("未确认", (), SubscriptionState.WAITING),
        ("已退", (), SubscriptionState.ENDED),
    ):
        world.subscribe(big(world, name, hears=False), themes, state)
    (batch,) = world.look(award(themes=["技术改造"]))
    assert world.told([batch]) == {"published": ["全部", "合适"]}
    assert batch.found["other_themes"] == 1 and batch.found["no_subscription"] == 2


def test_the_same_address_of_one_company_is_told_once_and_every_inbox(world: World) -> None:
    code = "91370100MA3C1XAR70"
    ours, theirs = (big(world, owner=owner, uscc=code) for owner in ("a", "b"))
    for record in (ours, theirs):
        world.subscribe(record, mark="m")
    (batch,) = world.look(award())
    assert batch.found["messages"] == 3
    assert sorted(message.channel for message in world.messages()) == ["email", "inbox", "inbox"]
    assert {message.company_id for message in world.messages() if message.channel == "inbox"} == {
        ours.company_id, theirs.company_id,
    }  # fmt: skip


def test_a_profile_that_cannot_be_read_any_more_stops_nobody(world: World) -> None:
    big(world)
    broken = big(world, "坏")
    with world.database.session() as session:
        change = update(CompanyRecord).where(CompanyRecord.company_id == broken.company_id)
        session.execute(change.values(raw={"name": "坏", "employees": {"a": 1}}))
    future = big(world, "未来", established="2030")
    (batch,) = world.look(award())
    assert future.number and world.told([batch]) == {"published": ["大"]} and batch.found["unreadable"] == 2


def event_of(world: World, *policies: dict[str, Any]) -> Event:
    """The one event of a library."""
    shown = matcher(*policies)
    (event,) = look(shown.library, shown.active(AS_OF), AS_OF, *known_of(world.database), 15).events
    return event


def selected_for(world: World, event: Event) -> Selected:
    """What is found for an event, not yet written."""
    shown = matcher(award())
    task = task_of(world.database, shown.library, event, AS_OF, 15)
    (selected,) = select_companies(world.database, shown.offer(AS_OF), [task], EVERYTHING, URL)
    return selected


def test_an_event_that_another_process_has_told_of_is_not_told_again(world: World) -> None:
    big(world, employees=5000, rd_expense_wan=100)
    event = event_of(world, award())
    found = [selected_for(world, event) for _ in range(2)]
    assert [len(write_out(world.database, each, AS_OF, NOW)) for each in found] == [1, 0]


def test_who_leaves_between_comparison_and_writing_is_not_told(world: World) -> None:
    big(world)
    leaves, ends = big(world, "走了"), big(world, "退订")
    selected = selected_for(world, event_of(world, award()))
    world.records.erase(leaves.company_id)
    with world.database.session() as session:
        own = update(Subscription).where(Subscription.company_id == ends.company_id)
        session.execute(own.values(state=SubscriptionState.ENDED))
    assert world.told(write_out(world.database, selected, AS_OF, NOW)) == {"published": ["大"]}


def test_two_first_looks_at_once_note_once(database: Database) -> None:
    world = World(database)
    big(world)
    shown = matcher(award())
    with ThreadPoolExecutor(3) as pool:
        made = list(pool.map(lambda _: scan(database, shown, AS_OF, NOW, URL), range(3)))
    assert made == [[], [], []] and world.count(MeasureState) == world.count(Snapshot) == 2


def test_two_processes_that_look_at_once_tell_once(world: World) -> None:
    for number in range(40):
        big(world, f"企业{number}")
    shown = matcher(award())

    def once(_: int) -> list[Batch]:
        return scan(world.database, shown, AS_OF, NOW, URL, floors=EVERYTHING)

    with ThreadPoolExecutor(4) as pool:
        made = [batch for batches in pool.map(once, range(4)) for batch in batches]
    assert len(made) == 1 and world.count(Batch) == 1
    assert world.count(Message) == len({message.key for message in world.messages()}) == 40
