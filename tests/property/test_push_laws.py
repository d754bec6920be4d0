"""Outcomes of thousands are those of one; what is not read changes nothing; nobody is told what is not for him."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from itertools import islice
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from matcher.assessment import Active, Assessment, Offer, active_at
from matcher.eligibility import Evaluation
from matcher.population.companies import profiles as bench_profiles
from matcher.push.bits import among, numbers_in, packed
from matcher.push.outcomes import Outcome, Rows, outcome_of, outcomes
from matcher.push.reading import Asked
from matcher.ranking import shipped_weights
from matcher.service import Matcher
from matcher.signals import Program
from matcher.store.database import Database
from policies.companies import CompanyTable
from policies.library import load_library
from policies.profile import CompanyProfile
from policies.rules import All, Rule
from tests.property.strategies import AS_OF, RULES, profiles
from tests.scan_support import World, matcher
from tests.support import measure, policy, rule

SOME = settings(deadline=None, derandomize=True, max_examples=60)
FEW = settings(
    deadline=None, derandomize=True, max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@cache
def offered(as_of: dt.date) -> tuple[Active, ...]:
    return active_at(load_library(), as_of)


def asking(parts: Sequence[Rule], *, unverified: bool) -> Active:
    active = next(each for each in offered(AS_OF) if bool(each.validity) is unverified)
    whole = rule({"all": list(parts)})
    assert isinstance(whole, All)
    return replace(active, entry=replace(active.entry, rule=whole))


def one_by_one(active: Active, table: CompanyTable) -> list[Outcome]:
    """What the full assessment says of every company."""
    offer = Offer(AS_OF, (active,), Program([active.entry]), np.zeros(1, np.int64), np.array([bool(active.validity)]))
    seen = Assessment.of(offer, table, None, shipped_weights())
    return [outcome_of(seen.company(number).assessed(0)) for number in range(len(table))]


@SOME
@given(st.lists(RULES, min_size=1, max_size=4), st.lists(profiles(), min_size=1, max_size=8), st.booleans())
def test_outcomes_of_a_table_are_those_of_its_companies(
    parts: list[Rule], companies: list[CompanyProfile], unverified: bool
) -> None:
    active, table = asking(parts, unverified=unverified), CompanyTable.of(companies)
    found = outcomes(Rows(table, Evaluation(table.columns(AS_OF))), active)
    assert found.tolist() == [int(each) for each in one_by_one(active, table)]


def test_facts_that_a_measure_does_not_ask_for_change_no_outcome() -> None:
    day = dt.date(2026, 6, 15)
    raws = list(islice(bench_profiles(10_000, 7), 300))
    whole = CompanyTable.of([CompanyProfile.model_validate(raw) for raw in raws])
    full = Rows(whole, Evaluation(whole.columns(day)))
    kinds = set()
    for active in offered(day):
        asked = Asked([active.entry])
        part = CompanyTable.of([CompanyProfile.model_validate(asked.raw(raw)) for raw in raws])
        found = outcomes(Rows(part, Evaluation(part.columns(day))), active)
        assert found.tolist() == outcomes(full, active).tolist(), active.entry.measure_id
        kinds.update(found.tolist())
    assert kinds == {int(each) for each in Outcome}


@SOME
@given(st.lists(st.integers(0, 300)), st.lists(st.integers(0, 400), min_size=1))
def test_a_bitmap_holds_what_was_put_in(numbers: list[int], asked: list[int]) -> None:
    content = packed(np.array(numbers, dtype=np.int64))
    assert numbers_in(content).tolist() == sorted(set(numbers))
    assert among(content, np.array(asked)).tolist() == [number in set(numbers) for number in asked]


# ---- through the database -------------------------------------------------------------------------------------------

REGIONS = ("山东省/济南市/历下区", "山东省/青岛市", "山东省", None)
COMPANIES = st.lists(
    st.fixed_dictionaries({
        "region": st.sampled_from(REGIONS),
        "employees": st.sampled_from([None, 5, 20, 80, "20-99人"]),
        "honours": st.sampled_from([None, [], ["高新技术企业"]]),
        "credit_ok": st.sampled_from([None, True, False]),
        "ownership": st.sampled_from([None, "民营", "国有"]),
    }),
    min_size=1, max_size=6,
)  # fmt: skip
CONDITIONS = st.lists(
    st.sampled_from([
        {"field": "region", "in": ["山东省/济南市"]},
        {"field": "employees", "min": 20}, {"field": "employees", "max": 50},
        {"field": "honours", "has": ["高新技术企业"]}, {"field": "credit_ok", "is": True},
        {"any": [{"field": "ownership", "in": ["民营"]}, {"field": "honours", "has": ["高新技术企业"]}]},
        {"not": {"field": "ownership", "in": ["国有"]}},
    ]),
    min_size=1, max_size=3,
)  # fmt: skip
DAY = dt.date(2026, 6, 15)


def stands(shown: Matcher, raw: dict[str, Any]) -> str:
    """How the measure stands for a company by the explanation of a single match, which is another way through."""
    found = shown.explain(CompanyProfile.model_validate(raw), "award/grant", DAY)
    if found.verdict == "possible" and len(found.missing) == 1 and not found.manual:
        return "nearly"
    return found.verdict.value


def named(companies: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{"name": f"企业{number}", **raw} for number, raw in enumerate(companies)]


@pytest.mark.parametrize("database", ["sqlite", "postgres"], indirect=True)
@FEW
@given(COMPANIES, CONDITIONS, CONDITIONS, st.data())
def test_exactly_those_are_told_for_whom_a_measure_is_new(
    database: Database,
    companies: list[dict[str, Any]],
    first: list[dict[str, Any]],
    then: list[dict[str, Any]],
    data: st.DataObject,
) -> None:
    world = World(database)
    world.clear()
    world.look()
    raws = named(companies)
    for raw in raws:
        world.company(**raw)
    one, two = (policy("award", measure("grant", when=when)) for when in (first, then))
    before = {raw["name"]: stands(matcher(one), raw) for raw in raws}
    holds = {name for name, how in before.items() if how in {"eligible", "nearly"}}
    assert {name for told in world.told(world.look(one)).values() for name in told} == holds
    assert world.look(one) == []
    changed = data.draw(st.sampled_from(raws))
    changed["employees"] = data.draw(st.sampled_from([5, 80]))
    world.company(**changed)
    after = {raw["name"]: stands(matcher(two), raw) for raw in raws}
    better = {"eligible": 2, "nearly": 1}
    news = {name for name, how in after.items() if better.get(how, 0) > better.get(before[name], 0)}
    told = world.told(world.look(two)) if one != two else {}
    assert {name for names in told.values() for name in names} == (news if one != two else set())
    assert world.look(two) == []
    keys = [message.key for message in world.messages()]
    assert len(keys) == len(set(keys))
