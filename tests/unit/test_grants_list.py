"""Who comes onto a list of 免申即享, in which order, with what proof; and who is left out, and why."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
from sqlalchemy import select

from matcher.grants.checks import Checks, conditions_of
from matcher.grants.lists import GrantView, Lists
from matcher.grants.propose import Asked, propose
from matcher.records import Records
from matcher.store.companies import DEPARTMENT
from matcher.store.database import Database
from matcher.store.grants import Grant, GrantList
from policies.errors import InputError
from policies.library import Library, load_library
from tests.grants_support import (
    AS_OF,
    AWARD,
    CHECKED_ON,
    CODES,
    JINAN,
    NOW,
    OFFICE,
    PARTLY,
    RANGE,
    keep,
    made,
    raw,
    small_library,
)
from tests.support import measure, policy, write_library


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Library:
    return small_library(tmp_path_factory.mktemp("library"))


def listed(database: Database, of: GrantList) -> list[GrantView]:
    return Lists(database).companies(of.list_id)


def names(database: Database, of: GrantList) -> list[str]:
    return [view.record.name for view in listed(database, of)]


def left_out(database: Database, of: GrantList) -> list[tuple[str, str, tuple[str, ...]]]:
    return [(one.record.name, one.why, one.fields) for one in Lists(database).left_out(of)]


def test_every_condition_on_verified_facts_alone(database: Database, library: Library) -> None:
    keep(database, "全部核实")
    keep(database, "人数未核实", verified=("region", "honours"))
    keep(database, "都未核实", verified=())
    keep(database, "超过人数", employees=900)
    Records(database).save(DEPARTMENT, {"name": "只填了地区", "region": "济南市"}, "imported", "名单", NOW)
    found = made(database, library)
    assert names(database, found) == ["全部核实"]
    assert left_out(database, found) == [
        ("人数未核实", "nearly", ("employees",)),
        ("都未核实", "nearly", ("region", "employees", "honours")),
    ]
    counts = found.found["counts"]
    assert (counts["seen"], counts["listed"], counts["nearly"], counts["excluded"], counts["open"]) == (5, 1, 2, 1, 1)


def test_the_evidence_says_what_is_asked_what_is_there_and_who_vouches_since_when(
    database: Database, library: Library
) -> None:
    keep(database)
    evidence = listed(database, made(database, library))[0].grant.evidence
    assert [one["asks"] for one in evidence] == [
        "注册地属于山东省济南市",
        "从业人数不超过 300 人",
        "已获荣誉资质具有高新技术企业",
    ]
    assert [one["has"] for one in evidence] == ["山东省济南市", "58 人", "高新技术企业"]
    assert [one["verified"] for one in evidence] == [
        [{"fact": fact, "by": OFFICE, "on": CHECKED_ON.isoformat()}] for fact in ("注册地", "从业人数", "已获荣誉资质")
    ]


def test_a_derived_fact_counts_only_from_verified_inputs(database: Database, library: Library, tmp_path: Path) -> None:
    asks = policy("ratio", measure(when=[{"field": "rd_ratio", "min": 0.05}]))
    own = load_library(write_library(tmp_path / "own", asks))
    keep(database, "都核实", verified=("rd_expense_wan", "revenue_wan"), rd_expense_wan=60, revenue_wan=1000)
    keep(database, "只核实一半", verified=("rd_expense_wan",), rd_expense_wan=60, revenue_wan=1000)
    found = made(database, own, "ratio/grant")
    (view,) = listed(database, found)
    assert view.record.name == "都核实"
    assert [one["fact"] for one in view.grant.evidence[0]["verified"]] == ["上年研发费用", "上年营业收入"]
    assert left_out(database, found) == [("只核实一半", "nearly", ("revenue_wan",))]


def test_what_is_said_anew_after_verification_counts_no_more(database: Database, library: Library) -> None:
    record = keep(database)
    Records(database).save(DEPARTMENT, raw(employees=60), "imported", "另一份名单", NOW)
    found = made(database, library)
    assert names(database, found) == []
    assert left_out(database, found) == [(record.name, "nearly", ("employees",))]


def test_something_unverified_that_contradicts_keeps_a_company_off(database: Database, tmp_path: Path) -> None:
    steel = policy("steel", measure(when=[{"field": "industry_code", "in": ["C31"]}]))
    own = load_library(write_library(tmp_path / "own", steel))
    keep(database, verified=("industry_code",), industry_code="C3110", actual_industry="I65")
    found = made(database, own, "steel/grant")
    assert names(database, found) == []
    assert left_out(database, found) == [("济南甲公司", "conflict", ())]


def test_plans_count_if_they_are_verified_as_a_whole(database: Database, library: Library) -> None:
    plans = [{"text": "购置机床", "equipment_invest_wan": 200}, {"text": "另一项", "equipment_invest_wan": 80}]
    keep(database, "计划已核实", verified=("region", "plans"), plans=plans)
    keep(database, "计划未核实", verified=("region",), plans=plans)
    views = listed(database, made(database, library, RANGE))
    assert [(view.record.name, view.grant.high_yuan) for view in views] == [
        ("计划已核实", 200_000),
        ("计划未核实", None),
    ]


def test_preferences_then_day_then_size_then_number(database: Database, library: Library) -> None:
    every = ("region", "employees", "honours")
    sized = (*every, "industry_code", "revenue_wan")
    keep(database, "后核实", on=dt.date(2026, 6, 10))
    keep(database, "先核实")
    keep(database, "先核实且小", verified=sized, industry_code="C3421", revenue_wan=900, employees=50)
    keep(database, "有优先条件", on=dt.date(2026, 6, 12), honours=["高新技术企业", "专精特新中小企业"])
    keep(database, "也先核实")
    assert names(database, made(database, library)) == ["有优先条件", "先核实且小", "先核实", "也先核实", "后核实"]


def test_the_day_is_that_of_the_last_condition_and_of_the_first_way(database: Database, tmp_path: Path) -> None:
    either = {"any": [{"field": "employees", "max": 300}, {"field": "patents", "min": 1}]}
    own = load_library(write_library(tmp_path / "own", policy("either", measure(when=[either]))))
    record = keep(database, patents=3, verified=("employees",), on=dt.date(2026, 5, 1))
    Records(database).verify(record.company_id, ["patents"], OFFICE, dt.date(2026, 6, 2), NOW)
    (view,) = listed(database, made(database, own, "either/grant"))
    assert view.grant.order["day"] == "2026-05-01"
    assert len(view.grant.evidence[0]["verified"]) == 2


def test_the_budget_goes_down_the_list_and_nobody_overtakes(database: Database, tmp_path: Path) -> None:
    benefit = {"type": "ratio", "rate": 0.1, "base": "equipment_invest_wan"}
    own = load_library(write_library(tmp_path / "own", policy("share", measure(when=[JINAN], benefit=benefit))))
    for name, invest in (("甲", 400), ("乙", 500), ("丙", 100)):
        keep(database, name, verified=("region", "equipment_invest_wan"), equipment_invest_wan=invest)
    views = listed(database, made(database, own, "share/grant", 600_000.0))
    assert [(view.record.name, view.grant.amount_yuan, view.grant.within_budget) for view in views] == [
        ("甲", 400_000, True), ("乙", 500_000, False), ("丙", 100_000, False)
    ]  # fmt: skip


def test_one_company_with_two_records_is_listed_once(database: Database, library: Library) -> None:
    keep(database, "济南甲公司", uscc=CODES[0])
    keep(database, "济南甲公司", uscc=CODES[0], owner="u1")
    found = made(database, library)
    assert names(database, found) == ["济南甲公司"]
    assert found.found["counts"]["same"] == 1


def test_what_staff_should_look_at_before_they_pay(database: Database, library: Library) -> None:
    keep(database, "甲")
    keep(database, "乙", uscc=CODES[0])
    keep(database, "丙", uscc=CODES[1], verified=("region", "employees", "honours", "uscc"))
    notes = {view.record.name: view.grant.note for view in listed(database, made(database, library))}
    assert "没有统一社会信用代码" in notes["甲"]
    assert "未经核实" in notes["乙"]
    assert notes["丙"] == ""


def test_a_manual_condition_gives_nobody_until_staff_vouch_for_it(database: Database, library: Library) -> None:
    first, second = keep(database, "甲"), keep(database, "乙")
    found = made(database, library, PARTLY)
    assert names(database, found) == []
    assert [one.manual for one in Lists(database).left_out(found)] == [("项目符合产业政策",)] * 2
    entry, checks = library.by_id[PARTLY], Checks(database)
    (mark,) = conditions_of(entry)
    vouch = {"by": "李科长", "day": CHECKED_ON, "now": NOW}
    checks.put(entry, first.company_id, mark, holds=True, note="现场核查", **vouch)  # type: ignore[arg-type]
    checks.put(entry, second.company_id, mark, holds=False, **vouch)  # type: ignore[arg-type]
    again = made(database, library, PARTLY)
    (view,) = listed(database, again)
    assert view.record.name == "甲"
    assert view.grant.evidence[1] == {
        "asks": "项目符合产业政策", "requires": "项目符合产业政策", "has": "人工核实：符合",
        "verified": [{"fact": "人工核实的条件", "by": "李科长", "on": "2026-06-01"}],
    }  # fmt: skip
    assert again.found["counts"]["excluded"] == 1
    checks.put(entry, first.company_id, mark, holds=None, **vouch)  # type: ignore[arg-type]
    assert names(database, made(database, library, PARTLY)) == []


@pytest.mark.parametrize(
    ("mark", "by", "day", "said"),
    [
        ("no", "李", CHECKED_ON, "没有这项条件"),
        ("", " ", CHECKED_ON, "没有填写"),
        ("", "李", dt.date(2027, 1, 1), "晚于今天"),
    ],
)
def test_a_check_needs_a_condition_a_name_and_a_day(
    database: Database, library: Library, mark: str, by: str, day: dt.date, said: str
) -> None:
    entry, record = library.by_id[PARTLY], keep(database)
    (known,) = conditions_of(entry)
    with pytest.raises(InputError, match=said):
        Checks(database).put(entry, record.company_id, mark or known, holds=True, by=by, day=day, now=NOW)


@pytest.mark.parametrize(
    ("measure_id", "said"),
    [
        ("doubtful/grant", "是否仍然有效"),
        ("title/grant", "不是资金支持"),
        ("several", "有 2 个事项"),
        ("several/a", "没有可以核对的条件"),
        ("none", "没有这项政策或事项"),
    ],
)
def test_measures_for_which_there_can_be_no_list(
    database: Database, library: Library, measure_id: str, said: str
) -> None:
    with pytest.raises(InputError, match=said):
        made(database, library, measure_id)
    assert Lists(database).all() == []


@pytest.mark.parametrize("budget", [0.0, -1.0, 2e12, float("nan")])
def test_a_budget_is_a_sum(database: Database, library: Library, budget: float) -> None:
    with pytest.raises(InputError, match="预算"):
        made(database, library, AWARD, budget)


def test_a_new_list_closes_the_one_before_it(database: Database, library: Library) -> None:
    keep(database)
    first, second = made(database, library), made(database, library)
    elsewhere = made(database, library, region="370200")
    state = {view.of.list_id: view.of.closed_at for view in Lists(database).all()}
    assert state[first.list_id] is not None
    assert state[second.list_id] is None
    assert state[elsewhere.list_id] is None
    assert names(database, elsewhere) == []


def test_a_list_that_fails_leaves_nothing_behind(
    database: Database, library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep(database)
    before = made(database, library)

    def broken(*_: object) -> None:
        raise MemoryError("no room")

    monkeypatch.setattr("matcher.grants.propose.reallocate", broken)
    with pytest.raises(MemoryError):
        propose(database, library, Asked(AWARD, AS_OF), "王专员", NOW)
    with database.session() as session:
        assert [one.list_id for one in session.scalars(select(GrantList))] == [before.list_id]
        assert session.scalars(select(Grant.list_id)).all() == [before.list_id]
        assert session.get_one(GrantList, before.list_id).closed_at is None
