"""How a grant comes along: no step is skipped, nobody is paid twice, and the budget holds with two people at once."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest

from matcher.grants.lists import GrantView, Lists
from matcher.grants.propose import Asked, propose
from matcher.grants.steps import Actor, Steps
from matcher.records import Records
from matcher.store.companies import DEPARTMENT
from matcher.store.database import Database
from matcher.store.grants import Grant, GrantList, GrantState
from policies.errors import InputError
from policies.library import Library, load_library
from tests.grants_support import (
    AS_OF,
    AWARD,
    CODES,
    JINAN,
    NOW,
    OFFICE,
    RANGE,
    RIVAL,
    YEARLY,
    folder_of_policies,
    keep,
    made,
    raw,
    small_library,
)
from tests.support import measure, policy, write_library

STAFF = Actor("王专员", NOW)
NOTE = "2026-06-14 来函"
ALL = ("region", "employees", "honours", "uscc")


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Library:
    return small_library(tmp_path_factory.mktemp("library"))


@pytest.fixture
def steps(database: Database) -> Steps:
    return Steps(database)


def grants(database: Database, of: GrantList) -> list[Grant]:
    return [view.grant for view in Lists(database).companies(of.list_id)]


def only(database: Database, of: GrantList) -> Grant:
    (grant,) = grants(database, of)
    return grant


def view(database: Database, grant: Grant) -> GrantView:
    found = Lists(database).grant(grant.grant_id)
    assert found is not None
    return found


def committed(database: Database, of: GrantList) -> float:
    found = Lists(database).one(of.list_id)
    assert found is not None
    return found.of.committed_yuan


def tried(what: Callable[[], object]) -> str:
    """ "" if it was done, else why not."""
    try:
        what()
    except InputError as error:
        return str(error)
    return ""


def at_once(*what: Callable[[], object]) -> list[str]:
    """Do several things at the same moment; for each, why it was not done."""
    start = Barrier(len(what))

    def run(one: Callable[[], object]) -> str:
        start.wait()
        return tried(one)

    with ThreadPoolExecutor(len(what)) as pool:
        return list(pool.map(run, what))


def test_the_whole_way_with_every_step_recorded(database: Database, library: Library, steps: Steps) -> None:
    keep(database)
    of = made(database, library, budget_yuan=100_000)
    grant = only(database, of)
    steps.confirm(library, grant.grant_id, STAFF)
    steps.accept(grant.grant_id, STAFF, NOTE)
    steps.pay(grant.grant_id, Actor("赵会计", NOW + dt.timedelta(days=1)), "凭证 2026-118")
    steps.archive(grant.grant_id, STAFF)
    found = view(database, grant)
    assert found.grant.state is GrantState.ARCHIVED
    assert found.grant.amount_yuan == 100_000
    assert [(one.by, one.before, one.after, one.note) for one in found.events] == [
        ("王专员", "matched", "confirmed", ""),
        ("王专员", "confirmed", "willing", NOTE),
        ("赵会计", "confirmed", "paid", "凭证 2026-118"),
        ("王专员", "paid", "archived", ""),
    ]


def test_no_step_is_skipped(database: Database, library: Library, steps: Steps) -> None:
    keep(database)
    grant = only(database, made(database, library))
    one = grant.grant_id
    assert "须先是“已确认”" in tried(lambda: steps.pay(one, STAFF))
    assert "须先是“已兑付”" in tried(lambda: steps.archive(one, STAFF))
    steps.confirm(library, one, STAFF)
    assert "企业还没有确认意愿" in tried(lambda: steps.pay(one, STAFF))
    assert "须先是“已兑付”" in tried(lambda: steps.archive(one, STAFF))
    steps.accept(one, STAFF, NOTE)
    steps.pay(one, STAFF)
    for late in (lambda: steps.refuse(one, STAFF, "错"), lambda: steps.decline(one, STAFF, NOTE)):
        assert "现在是“已兑付”" in tried(late)
    assert view(database, grant).grant.state is GrantState.PAID


def test_a_step_done_twice_is_done_once(database: Database, library: Library, steps: Steps) -> None:
    keep(database)
    of = made(database, library, budget_yuan=100_000)
    grant = only(database, of)
    every: Iterable[Callable[[], object]] = (
        lambda: steps.confirm(library, grant.grant_id, STAFF),
        lambda: steps.accept(grant.grant_id, STAFF, NOTE),
        lambda: steps.pay(grant.grant_id, STAFF),
        lambda: steps.archive(grant.grant_id, STAFF),
    )
    for step in every:
        assert at_once(*([step] * 4)) == [""] * 4
    assert len(view(database, grant).events) == 4
    assert committed(database, of) == 100_000


def test_the_budget_holds_with_two_people_at_once(database: Database, library: Library, steps: Steps) -> None:
    for number in range(6):
        keep(database, f"企业{number}")
    of = made(database, library, budget_yuan=300_000)
    listed = grants(database, of)
    assert [one.within_budget for one in listed] == [True] * 3 + [False] * 3
    said = at_once(*(lambda one=one: steps.confirm(library, one.grant_id, STAFF) for one in listed))  # type: ignore[misc]
    assert [text == "" for text in said] == [True] * 3 + [False] * 3
    assert all("预算不足" in text for text in said[3:])
    assert committed(database, of) == 300_000


def test_money_that_is_free_again_goes_to_the_next(database: Database, library: Library, steps: Steps) -> None:
    first, second = keep(database, "甲"), keep(database, "乙")
    of = made(database, library, budget_yuan=100_000)
    one, two = grants(database, of)
    assert (one.company_id, two.company_id) == (first.company_id, second.company_id)
    assert "须为排在前面的企业留足" in tried(lambda: steps.confirm(library, two.grant_id, STAFF))
    steps.confirm(library, one.grant_id, STAFF)
    steps.refuse(one.grant_id, STAFF, "企业已迁出")
    assert committed(database, of) == 0
    assert view(database, two).grant.within_budget
    steps.confirm(library, two.grant_id, STAFF)
    assert committed(database, of) == 100_000


def test_a_refusal_needs_a_reason_and_is_final(database: Database, library: Library, steps: Steps) -> None:
    keep(database)
    grant = only(database, made(database, library))
    assert "没有填写" in tried(lambda: steps.refuse(grant.grant_id, STAFF, "  "))
    steps.refuse(grant.grant_id, STAFF, "已迁出")
    steps.refuse(grant.grant_id, STAFF, "已迁出")
    assert "不予兑付" in tried(lambda: steps.confirm(library, grant.grant_id, STAFF))
    assert "不予兑付" in tried(lambda: steps.accept(grant.grant_id, STAFF, NOTE))
    assert len(view(database, grant).events) == 1
    again = only(database, made(database, library))
    assert "曾在 2026-06-15 不予兑付" in again.note


def test_the_company_speaks_for_itself(database: Database, library: Library, steps: Steps) -> None:
    keep(database, owner="u1", uscc=CODES[0])
    grant = only(database, made(database, library))
    assert "有自己的用户" in tried(lambda: steps.accept(grant.grant_id, STAFF, NOTE))
    assert "没有这条记录" in tried(lambda: steps.accept(grant.grant_id, Actor("外人", NOW, "u2")))
    assert "没有这条记录" in tried(lambda: steps.decline(grant.grant_id, Actor("外人", NOW, "u2")))
    steps.accept(grant.grant_id, Actor("甲", NOW, "u1"))
    assert view(database, grant).grant.willing_at == NOW
    steps.decline(grant.grant_id, Actor("甲", NOW, "u1"), "不需要")
    assert view(database, grant).grant.state is GrantState.DECLINED


def test_a_code_that_only_its_user_states_opens_nothing(database: Database, library: Library, steps: Steps) -> None:
    keep(database, uscc=CODES[0], verified=ALL)
    grant = only(database, made(database, library))
    records = Records(database)
    same = records.save("u2", raw(uscc=CODES[0]), "declared", "", NOW)
    assert Lists(database).mine("u2") == []
    assert "没有这条记录" in tried(lambda: steps.accept(grant.grant_id, Actor("乙", NOW, "u2")))
    records.verify(same.company_id, ["uscc"], OFFICE, AS_OF, NOW)
    assert [one.grant.grant_id for one in Lists(database).mine("u2")] == [grant.grant_id]
    steps.accept(grant.grant_id, Actor("乙", NOW, "u2"))
    assert view(database, grant).grant.willing_at == NOW
    assert Lists(database).mine(DEPARTMENT) == []


def test_staff_say_how_they_know_that_a_company_wants_it(database: Database, library: Library, steps: Steps) -> None:
    keep(database)
    grant = only(database, made(database, library))
    assert "意愿说明" in tried(lambda: steps.accept(grant.grant_id, STAFF))
    steps.accept(grant.grant_id, STAFF, NOTE)
    assert view(database, grant).events[0].note == NOTE


def test_a_sum_that_is_a_range_is_fixed_by_the_department(database: Database, library: Library, steps: Steps) -> None:
    keep(database, verified=("region", "equipment_invest_wan"), equipment_invest_wan=200)
    of = made(database, library, RANGE, 200_000)
    grant = only(database, of)
    one = grant.grant_id
    assert "只能得出范围" in tried(lambda: steps.confirm(library, one, STAFF))
    assert steps.confirm_all(library, of.list_id, STAFF).confirmed == 0
    assert "0.00 至 200,000.00 元" in tried(lambda: steps.confirm(library, one, STAFF, 200_000.01))
    assert "大于 0" in tried(lambda: steps.confirm(library, one, STAFF, -5))
    steps.confirm(library, one, STAFF, 150_000)
    assert "金额不能再改" in tried(lambda: steps.confirm(library, one, STAFF, 160_000))
    assert committed(database, of) == 150_000


def test_a_sum_whose_base_is_not_verified_cannot_be_fixed(database: Database, library: Library, steps: Steps) -> None:
    keep(database, verified=("region",), equipment_invest_wan=200)
    of = made(database, library, RANGE, 200_000)
    grant = only(database, of)
    assert (grant.high_yuan, "设备投资额" in grant.note) == (None, True)
    assert "“设备投资额”没有核实" in tried(lambda: steps.confirm(library, grant.grant_id, STAFF, 100_000))
    assert committed(database, of) == 0


def test_all_that_the_budget_reaches_are_confirmed_together(database: Database, library: Library, steps: Steps) -> None:
    for number in range(4):
        keep(database, f"企业{number}")
    of = made(database, library, budget_yuan=250_000)
    done = steps.confirm_all(library, of.list_id, STAFF)
    assert (done.confirmed, done.skipped, done.more) == (2, {}, False)
    assert [one.state for one in grants(database, of)] == [GrantState.CONFIRMED] * 2 + [GrantState.MATCHED] * 2


def test_facts_that_changed_since_are_asked_once_more(database: Database, library: Library, steps: Steps) -> None:
    first, second = keep(database, "甲"), keep(database, "乙")
    of = made(database, library)
    Records(database).save(DEPARTMENT, raw("甲", employees=61), "imported", "新名单", NOW)
    done = steps.confirm_all(library, of.list_id, STAFF)
    assert done.confirmed == 1
    assert "有变化" in done.skipped[first.company_id]
    assert second.company_id not in done.skipped


def test_a_policy_that_changed_since_needs_a_new_list(
    database: Database, library: Library, steps: Steps, tmp_path: Path
) -> None:
    keep(database)
    of = made(database, library)
    grant = only(database, of)
    folder = folder_of_policies(tmp_path / "changed")
    write_library(folder, policy("award", measure(when=[JINAN], benefit={"type": "fixed", "amount_wan": 20})))
    changed = load_library(folder)
    assert "政策在比对之后有更新" in tried(lambda: steps.confirm(changed, grant.grant_id, STAFF))
    newer = made(database, changed)
    assert "已被新名单取代" in tried(lambda: steps.confirm(library, grant.grant_id, STAFF))
    steps.confirm(changed, only(database, newer).grant_id, STAFF)


def test_what_was_granted_is_not_granted_again(database: Database, library: Library, steps: Steps) -> None:
    keep(database, uscc=CODES[0])
    steps.confirm(library, only(database, made(database, library)).grant_id, STAFF)
    again = made(database, library)
    assert grants(database, again) == []
    (out,) = Lists(database).left_out(again)
    assert (out.why, "已在 2026-06-15 的名单中确认过本事项" in out.text) == ("granted", True)


def test_two_lists_of_a_measure_give_it_once_even_at_once(database: Database, library: Library, steps: Steps) -> None:
    keep(database, uscc=CODES[0])
    here, wider = made(database, library, region="370100"), made(database, library, region="370000")
    pair = [only(database, here), only(database, wider)]
    said = at_once(*(lambda one=one: steps.confirm(library, one.grant_id, STAFF) for one in pair))  # type: ignore[misc]
    assert sorted(text == "" for text in said) == [False, True]
    assert sum(committed(database, of) for of in (here, wider)) == 100_000


def test_measures_that_exclude_each_other_are_given_once_even_at_once(
    database: Database, library: Library, steps: Steps
) -> None:
    keep(database, uscc=CODES[0])
    award, rival = made(database, library), made(database, library, RIVAL)
    pair = [only(database, award), only(database, rival)]
    said = at_once(*(lambda one=one: steps.confirm(library, one.grant_id, STAFF) for one in pair))  # type: ignore[misc]
    assert sorted(text == "" for text in said) == [False, True]
    assert "不可同时享受" in next(text for text in said if text)
    later = made(database, library, RIVAL if said[0] == "" else AWARD)
    assert grants(database, later) == []
    assert "不可同时享受" in Lists(database).left_out(later)[0].text


def test_once_a_year_is_once_a_year(database: Database, library: Library, steps: Steps) -> None:
    keep(database, uscc=CODES[0])
    steps.confirm(library, only(database, made(database, library, YEARLY)).grant_id, STAFF)
    assert grants(database, made(database, library, "yearly-other/grant")) == []
    next_year = made_for(database, library, "yearly-other/grant", dt.date(2027, 6, 15))
    assert len(grants(database, next_year)) == 1


def made_for(database: Database, library: Library, measure_id: str, day: dt.date) -> GrantList:
    return propose(database, library, Asked(measure_id, day), "王专员", NOW)


def test_erasing_a_company_frees_no_money_and_pays_nobody_twice(
    database: Database, library: Library, steps: Steps
) -> None:
    record = keep(database, uscc=CODES[0], verified=ALL)
    of = made(database, library, budget_yuan=100_000)
    one = only(database, of).grant_id
    steps.confirm(library, one, STAFF)
    steps.accept(one, STAFF, NOTE)
    steps.pay(one, STAFF)
    Records(database).erase(record.company_id)
    assert committed(database, of) == 100_000
    assert grants(database, of) == []
    assert "数据已被清除" in tried(lambda: steps.archive(one, STAFF))
    keep(database, uscc=CODES[0], verified=ALL)
    again = only(database, made(database, library))
    assert "不重复发放" in tried(lambda: steps.confirm(library, again.grant_id, STAFF))


def test_there_is_no_such_grant(database: Database, library: Library, steps: Steps) -> None:
    for step in (lambda: steps.confirm(library, "x", STAFF), lambda: steps.pay("x", STAFF)):
        assert "没有这条记录" in tried(step)
