"""Nobody is on a list of 免申即享 with a condition that is not TRUE when every unverified fact is removed."""

from __future__ import annotations

import datetime as dt
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from matcher.grants.checks import Answers, answered, conditions_of
from matcher.grants.compare import Block, Comparison, Standing
from matcher.grants.verified import is_verified
from matcher.store.companies import DEPARTMENT, CompanyRecord
from matcher.store.grants import GrantCheck
from policies.library import LibraryMeasure
from policies.profile import CompanyProfile
from policies.rules import All, Rule
from tests.oracle import oracle
from tests.property.strategies import AS_OF, CHOICES, CODES, FLAGS, NUMBERS, RULES, SETS
from tests.support import entry, rule

NOW = dt.datetime(2026, 2, 28, 9, 0, tzinfo=dt.UTC)
VALUES: dict[str, st.SearchStrategy[Any]] = {
    **{name: st.sampled_from(NUMBERS[name]) for name in ("employees", "revenue_wan", "assets_wan", "rd_expense_wan")},
    **{name: st.sampled_from(NUMBERS[name]) for name in ("taxable_income_wan", "monthly_sales_wan")},
    "equipment_invest_wan": st.sampled_from(NUMBERS["equipment_invest_wan"]),
    "established": st.sampled_from(["2010", "2016-02-29", "2024-02"]),
    "industry_code": st.sampled_from(["C34", "C3421", "I65"]),
    "actual_industry": st.sampled_from(["C34", "I65"]),
    "region": st.sampled_from([code for code in CODES["region"] if code.isdigit()]),
    **{name: st.lists(st.sampled_from(SETS[name]), max_size=2) for name in ("honours", "project_type")},
    "ownership": st.sampled_from(CHOICES["ownership"]),
    **{name: st.booleans() for name in FLAGS},
}
PLAN = ("equipment_invest_wan", "project_type", "vehicle_permit")
KINDS = st.sampled_from(["declared", "imported", "verified", "verified", "verified"])


@st.composite
def records(draw: st.DrawFn) -> CompanyRecord:
    """A company with any facts, each from anywhere."""
    raw: dict[str, Any] = {
        name: draw(values)
        for name, values in VALUES.items()
        if draw(st.sampled_from([True, True, False]))
    }  # fmt: skip
    if draw(st.booleans()):
        plans = st.fixed_dictionaries({}, optional={name: VALUES[name] for name in PLAN})
        raw["plans"] = draw(st.lists(plans, min_size=1, max_size=2))
    if draw(st.booleans()):
        raw["other"] = {draw(st.sampled_from(["高新技术企业", "export", "没有这一项"])): True}
    sources = {name: {"kind": draw(KINDS), "by": "局", "on": "2026-01-05"} for name in raw if draw(st.integers(0, 4))}
    return CompanyRecord(
        number=1, company_id="c", owner=DEPARTMENT, uscc="", name="甲", region="", raw=raw, sources=sources, version=1,
        created_at=NOW, changed_at=NOW,
    )  # fmt: skip


@st.composite
def answers_to(draw: st.DrawFn, one: LibraryMeasure) -> Answers:
    """What staff may have checked."""
    marks = [mark for mark in conditions_of(one) if draw(st.booleans())]
    return {mark: _check(one, mark, holds=draw(st.booleans())) for mark in marks}


def _check(one: LibraryMeasure, mark: str, *, holds: bool) -> GrantCheck:
    return GrantCheck(
        company_id="c", measure_id=one.measure_id, mark=mark, condition=conditions_of(one)[mark], holds=holds, note="",
        by="李科长", day=dt.date(2026, 2, 1), made_at=NOW,
    )  # fmt: skip


def measure_for(conditions: list[Rule], record: CompanyRecord) -> LibraryMeasure:
    """A measure with these conditions, each turned round if the company does not meet it: else few would be listed."""
    one, whole = entry("p"), CompanyProfile.model_validate(record.raw)
    conditions = [part if oracle(part, whole, AS_OF) >= 0 else rule({"not": part}) for part in conditions]
    return LibraryMeasure(one.measure_id, one.policy, one.measure, All.model_validate({"all": tuple(conditions)}), ())


def compared(one: LibraryMeasure, record: CompanyRecord, answers: Answers) -> Block:
    return Comparison(one, AS_OF).see([record], {"c": answers} if answers else {})


@given(st.data(), st.lists(RULES, min_size=1, max_size=3), records())
def test_nobody_is_listed_with_a_condition_that_is_not_true_on_verified_facts(
    data: st.DataObject, conditions: list[Rule], record: CompanyRecord
) -> None:
    one = measure_for(conditions, record)
    answers = data.draw(answers_to(one))
    block = compared(one, record, answers)
    verified = {name: value for name, value in record.raw.items() if is_verified(record, name)}
    profile = CompanyProfile.model_validate(verified)
    (seen,) = block.seen()
    surely = oracle(answered(one.rule, answers), profile, AS_OF) == 1
    if seen.standing is Standing.LISTED:
        assert surely
        assert all(oracle(answered(part, answers), profile, AS_OF) == 1 for part in one.rule.parts)
    else:
        assert not surely or seen.standing is Standing.CONFLICT


@given(st.data(), st.lists(RULES, min_size=1, max_size=2), records())
def test_the_evidence_rests_on_verified_facts_alone(
    data: st.DataObject, conditions: list[Rule], record: CompanyRecord
) -> None:
    one = measure_for(conditions, record)
    block = compared(one, record, data.draw(answers_to(one)))
    for _, proof in block.listed():
        evidence = proof.evidence()
        assert len(evidence) == len(one.rule.parts)
        vouched = [voucher for line in evidence for voucher in line["verified"]]
        assert {voucher["by"] for voucher in vouched} <= {"局", "李科长"}
        assert proof.day in {dt.date(2026, 1, 5), dt.date(2026, 2, 1), NOW.date()}


@given(st.lists(RULES, min_size=1, max_size=3), records())
def test_who_is_nearly_there_is_listed_once_everything_is_verified(
    conditions: list[Rule], record: CompanyRecord
) -> None:
    one = measure_for(conditions, record)
    (before,) = compared(one, record, {}).seen()
    record.sources = {name: {"kind": "verified", "by": "局", "on": "2026-01-05"} for name in record.raw}
    (after,) = compared(one, record, {}).seen()
    if before.standing is not Standing.NEARLY:
        return
    if not before.manual:
        assert after.standing is Standing.LISTED
    for holds in (True, False):
        (checked,) = compared(one, record, {mark: _check(one, mark, holds=holds) for mark in conditions_of(one)}).seen()
        assert checked.standing in {Standing.LISTED, Standing.EXCLUDED}
