"""Laws of the estimates, for any benefit and any partial knowledge."""

from __future__ import annotations

import math
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from matcher.amounts import Row, estimate
from matcher.eligibility import Evaluation
from matcher.results import Amount
from policies.columns import columns_of
from policies.profile import CompanyProfile
from policies.values import Span
from tests.property.strategies import AS_OF
from tests.support import entry, measure

SETTINGS = settings(deadline=None, derandomize=True, max_examples=150)
BASES = ("revenue_wan", "rd_expense_wan", "taxable_income_wan", "equipment_invest_wan")
SUM = st.floats(0.01, 5000)
RATE = st.floats(0.001, 0.9)
CONDITION = st.sampled_from([
    {"field": "employees", "min": 100}, {"field": "honours", "has": ["高新技术企业"]}, {"manual": "重大项目"},
])  # fmt: skip


def some(**parts: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """Each part or nothing."""
    return st.fixed_dictionaries({}, optional=parts)


@st.composite
def benefits(draw: st.DrawFn) -> dict[str, Any]:
    def step(**parts: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
        return st.builds(lambda when, more: {"text": "一档", "when": when, **more}, CONDITION, some(**parts))

    uplifts = st.lists(step(rate=RATE, cap_wan=SUM), max_size=2)
    tier = step(amount_wan=SUM, rate=RATE, cap_wan=SUM)
    base, years = st.sampled_from(BASES), st.sampled_from([1, 2, 3])
    low = st.floats(0.001, 0.01)
    shapes: dict[str, st.SearchStrategy[dict[str, Any]]] = {
        "fixed": some(amount_wan=SUM, low_wan=low, up_to=st.booleans()),
        "ratio": some(rate=RATE, base=base, cap_wan=SUM, floor_wan=low, up_to=st.booleans(), uplifts=uplifts),
        "tiered": some(tiers=st.lists(tier, max_size=3), base=base, per=st.just("units_scrapped"), cap_wan=SUM),
        "interest": some(rate=RATE, years=years, principal_cap_wan=SUM, cap_wan=SUM, uplifts=uplifts),
        "tax": some(rate=RATE, base=base, base_cap_wan=SUM, cap_wan=SUM),
        "premium": some(cap_wan=SUM, up_to=st.booleans()),
        "per_unit": some(amount_wan=SUM, low_wan=low, base=st.just("units_scrapped"), years=years, cap_wan=SUM),
    }
    kind = draw(st.sampled_from(sorted(shapes)))
    fixed: dict[str, Any] = {"type": kind}
    if kind == "interest":
        fixed["form"] = draw(st.sampled_from(["points", "lpr_share", "rate_share"]))
    elif kind == "tax":
        forms = ["rate", "reduction", "super_deduction", "credit", "refund", "deferral"]
        fixed["form"] = draw(st.sampled_from(forms))
    elif kind == "premium":
        fixed["rate"] = draw(RATE)
    elif kind == "per_unit":
        fixed["unit"] = "台"
    return {**draw(shapes[kind]), **fixed}


@st.composite
def numeric_profiles(draw: st.DrawFn) -> CompanyProfile:
    names = (*BASES, "employees", "loan_wan", "loan_years", "units_scrapped", "premium_wan")
    facts: dict[str, Any] = {}
    for name in draw(st.lists(st.sampled_from(names), unique=True)):
        lo, hi = sorted(draw(st.tuples(*[st.floats(-100 if name == "taxable_income_wan" else 0, 50000)] * 2)))
        facts[name] = Span(lo, draw(st.sampled_from([lo, hi, math.inf])))
    if draw(st.booleans()):
        lo, hi = sorted(draw(st.tuples(*[st.floats(0, 1)] * 2)))
        facts["loan_rate"] = Span(lo, hi)
    return CompanyProfile.model_construct(facts=facts, texts={})


def value(benefit: dict[str, Any], profile: CompanyProfile) -> Amount:
    row = Row(Evaluation(columns_of([profile], AS_OF)), 0, AS_OF)
    return estimate(entry("p", measure(benefit=benefit)).measure, row)


@SETTINGS
@given(benefits(), numeric_profiles())
def test_ranges_are_sound(benefit: dict[str, Any], profile: CompanyProfile) -> None:
    amount = value(benefit, profile)
    assert amount.trace
    assert (amount.low_yuan is None) == (amount.high_yuan is None)
    if amount.low_yuan is not None and amount.high_yuan is not None:
        assert 0 <= amount.low_yuan <= amount.high_yuan < math.inf
        assert amount.money and not amount.needs and "以批复为准" in amount.trace
        cap = benefit.get("cap_wan")
        if cap is not None and not benefit.get("uplifts"):
            assert amount.high_yuan <= round(cap * 10_000, 2)


@SETTINGS
@given(benefits(), numeric_profiles(), st.floats(1, 50))
def test_a_higher_cap_never_gives_less(benefit: dict[str, Any], profile: CompanyProfile, factor: float) -> None:
    if benefit["type"] == "fixed":
        return
    tight = value({**benefit, "cap_wan": 20.0}, profile)
    loose = value({**benefit, "cap_wan": 20.0 * factor}, profile)
    assert (tight.low_yuan is None) == (loose.low_yuan is None)
    assert (tight.low_yuan or 0) <= (loose.low_yuan or 0)
    assert (tight.high_yuan or 0) <= (loose.high_yuan or 0)
