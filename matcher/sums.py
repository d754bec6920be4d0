"""How much a measure is worth to every row of a table: the numbers behind an amount (`matcher.amounts` says why).

Interval arithmetic over what is known, for whole columns at once; nothing is guessed from turnover, and a pool total is
never one company's sum. Sums are in 万元 here and in yuan in the result; NaN stands for "no sum can be given".
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from matcher.eligibility import Evaluation, Truth
from policies.benefit import Fixed, Interest, PerUnit, Premium, Ratio, Tax, Tier, Tiered, Uplift
from policies.columns import Bools, Floats
from policies.parameters import rate
from policies.policy import Measure
from policies.rules import Has, OneOf, Rule

YUAN_PER_WAN = 10_000
HIGH_TECH = Has.model_validate({"field": "honours", "has": ["高新技术企业"]})
SMALL = OneOf.model_validate({"field": "tax_status", "is": True})
Range = tuple[Floats, Floats]
"""Lower and upper end per row, float64 (n,) each."""


@dataclass(frozen=True)
class Facts:
    """The table as the formulas read it."""

    evaluation: Evaluation
    as_of: dt.date

    @property
    def n(self) -> int:
        """Number of rows."""
        return self.evaluation.columns.n

    def truth(self, rule: Rule) -> NDArray[np.int8]:
        """Truth of a rule per row, int8 (n,)."""
        return self.evaluation.truth(rule).values

    def number(self, name: str) -> Range:
        """A numeric fact in the field's unit; NaN where it is unknown or unbounded above."""
        column = self.evaluation.columns.span(name)
        known = np.isfinite(column.hi)
        return np.where(known, column.lo, np.nan), np.where(known, column.hi, np.nan)

    def constant(self, low: float, high: float) -> Range:
        """The same range for every row."""
        return np.full(self.n, low), np.full(self.n, high)

    def nothing(self) -> Range:
        """No sum for any row."""
        return self.constant(math.nan, math.nan)


def sums(measure: Measure, facts: Facts) -> Range:
    """What a measure is worth to each row, whatever its verdict.

    Returns:
        Lower and upper end in yuan, rounded to 分, float64 (n,) each; NaN where no sum can be given.
    """
    formula = _FORMULAS.get(type(measure.benefit))
    if formula is None or measure.recipient != "enterprise":
        return facts.nothing()
    low, high = formula(measure.benefit, facts)
    unknown = np.isnan(low) | np.isnan(high)
    low, high = (np.round(np.maximum(end, 0.0) * YUAN_PER_WAN, 2) for end in (low, high))
    return np.where(unknown, np.nan, low), np.where(unknown, np.nan, high)


def amount_rules(measure: Measure) -> Iterator[Rule]:
    """The conditions on which a measure's sum depends."""
    benefit = measure.benefit
    if isinstance(benefit, Ratio | Interest):
        yield from (uplift.when for uplift in benefit.uplifts)
    if isinstance(benefit, Tiered):
        yield from (tier.when for tier in benefit.tiers)
    if isinstance(benefit, Tax) and benefit.form == "super_deduction":
        yield from (HIGH_TECH, SMALL)


def amount_fields(measure: Measure) -> frozenset[str]:
    """The numbers from which a measure's sum is worked out."""
    match measure.benefit:
        case Interest():
            return frozenset({"loan_wan", "loan_years", "loan_rate"})
        case Tiered(base=base, per=per):
            return frozenset(name for name in (base, per) if name)
        case Ratio(base=base) | Tax(base=base) | Premium(base=base) | PerUnit(base=base):
            return frozenset({base} if base else ())
        case _:
            return frozenset()


def _capped(value: Floats, cap: Floats | float | None) -> Floats:
    return value if cap is None else np.minimum(value, cap)


def _fixed(benefit: Fixed, facts: Facts) -> Range:
    if benefit.amount_wan is None:
        return facts.nothing()
    low = benefit.low_wan if benefit.low_wan is not None else 0.0 if benefit.up_to else benefit.amount_wan
    return facts.constant(low, benefit.amount_wan)


@dataclass(frozen=True)
class Terms:
    """A rate with its cap, either of which the source may leave out."""

    rate: float | None
    cap_wan: float | None

    def better(self, uplift: Uplift) -> Terms:
        """The terms lifted: the better of each counts."""
        rates = [value for value in (self.rate, uplift.rate) if value is not None]
        caps = [value for value in (self.cap_wan, uplift.cap_wan) if value is not None]
        return Terms(max(rates, default=None), max(caps, default=None))

    def of(self, base: Floats, rate_max: float = 0.0) -> Floats:
        """What the terms give on a base."""
        return _capped(base * max(self.rate or 0.0, rate_max), self.cap_wan)


def lifted(terms: Terms, uplifts: Sequence[Uplift], facts: Facts) -> list[tuple[Bools, Terms]]:
    """Every pair of rate and cap that may apply, with its rows, bool (n,); the last one of a row is its best."""
    found = [(np.ones(facts.n, dtype=bool), terms)]
    for uplift in uplifts:
        truth = facts.truth(uplift.when)
        kept = [(rows & (truth != Truth.TRUE), each) for rows, each in found]
        found = [*kept, *((rows & (truth != Truth.FALSE), each.better(uplift)) for rows, each in found)]
    return found


def _between(terms: Sequence[tuple[Bools, Terms]], low: Floats, high: Floats, rate_max: float = 0.0) -> Range:
    """The least and the most that the terms of a row can give."""
    least, most = np.full(len(low), np.inf), np.full(len(low), -np.inf)
    for rows, each in terms:
        least = np.where(rows, np.minimum(least, each.of(low)), least)
        most = np.where(rows, np.maximum(most, each.of(high, rate_max)), most)
    return least, most


def _ratio(benefit: Ratio, facts: Facts) -> Range:
    terms = lifted(Terms(benefit.rate, benefit.cap_wan), benefit.uplifts, facts)
    if benefit.rate is None or benefit.base is None:
        best = np.full(facts.n, np.nan)
        for rows, each in terms:
            best[rows] = np.nan if each.cap_wan is None else each.cap_wan
        return np.zeros(facts.n), best
    low, high = _between(terms, *facts.number(benefit.base), benefit.rate_max or 0.0)
    if benefit.floor_wan is not None:
        low, high = np.maximum(low, benefit.floor_wan), np.maximum(high, benefit.floor_wan)
    return (low * 0.0 if benefit.up_to else low), high


def _tiered(benefit: Tiered, facts: Facts) -> Range:
    if not benefit.tiers:
        return facts.nothing() if benefit.cap_wan is None else facts.constant(0.0, benefit.cap_wan)
    low, high = np.full(facts.n, np.inf), np.full(facts.n, -np.inf)
    undecided = np.ones(facts.n, dtype=bool)
    for tier in benefit.tiers:
        truth = facts.truth(tier.when)
        rows = undecided & (truth != Truth.FALSE)
        least, most = _tier(benefit, tier, facts)
        low, high = np.where(rows, np.minimum(low, least), low), np.where(rows, np.maximum(high, most), high)
        undecided = undecided & (truth != Truth.TRUE)
    no_tier = np.isneginf(high)
    low, high = np.where(no_tier, np.nan, low), np.where(no_tier, np.nan, _capped(high, benefit.cap_wan))
    return np.minimum(low * 0.0 if benefit.up_to else low, high), high


def _tier(benefit: Tiered, tier: Tier, facts: Facts) -> Range:
    if tier.amount_wan is not None:
        count = facts.number(benefit.per) if benefit.per else facts.constant(1.0, 1.0)
        return count[0] * tier.amount_wan, count[1] * tier.amount_wan
    if tier.rate is None or benefit.base is None:
        return facts.constant(0.0, tier.cap_wan or 0.0)
    low, high = facts.number(benefit.base)
    return _capped(low * tier.rate, tier.cap_wan), _capped(high * tier.rate, tier.cap_wan)


def _interest(benefit: Interest, facts: Facts) -> Range:
    if benefit.rate is None:
        return facts.constant(0.0, benefit.cap_wan) if benefit.cap_wan else facts.nothing()
    terms = lifted(Terms(benefit.rate, benefit.cap_wan), benefit.uplifts, facts)
    loan = facts.number("loan_wan")
    cap = benefit.principal_cap_wan or math.inf
    yearly = _yearly_rate(benefit, facts)
    years = [
        np.where(np.isnan(stated), fallback, np.minimum(stated, benefit.years))
        for stated, fallback in zip(facts.number("loan_years"), (min(1.0, benefit.years), benefit.years), strict=True)
    ]
    ends = [np.minimum(end, cap) * per_year * span for end, per_year, span in zip(loan, yearly, years, strict=True)]
    low, high = _between(terms, ends[0], ends[1])
    return (low * 0.0 if benefit.up_to else low), high


def _yearly_rate(benefit: Interest, facts: Facts) -> Range:
    """What the benefit's rate is multiplied with."""
    if benefit.form == "points":
        return facts.constant(1.0, 1.0)
    if benefit.form == "lpr_share":
        lpr = rate("lpr_1y", facts.as_of)[0]
        return facts.constant(lpr, lpr)
    return facts.number("loan_rate")


def _tax(benefit: Tax, facts: Facts) -> Range:
    if benefit.form == "deferral" or benefit.rate is None or benefit.base is None:
        return facts.nothing()
    limit = benefit.base_cap_wan or math.inf
    low, high = (np.minimum(np.maximum(end, 0.0), limit) for end in facts.number(benefit.base))
    least, most = tax_share(benefit, facts)
    return (
        _capped(low * least, benefit.cap_wan),
        _capped(high * np.maximum(most, benefit.rate_max or 0.0), benefit.cap_wan),
    )


def tax_share(benefit: Tax, facts: Facts) -> Range:
    """Share of the base that is saved."""
    assert benefit.rate is not None
    if benefit.form == "rate":
        normal = benefit.normal_rate or rate("cit_rate", facts.as_of)[0]
        saved = max(normal - benefit.rate, 0.0)
        return facts.constant(saved, saved)
    if benefit.form == "super_deduction":
        low, high = income_tax_rate(facts)
        return benefit.rate * low, benefit.rate * high
    return facts.constant(benefit.rate, benefit.rate)


def income_tax_rate(facts: Facts) -> Range:
    """The companies' income-tax rate as far as their profiles tell."""
    usual, lower, small_rate = (
        rate(name, facts.as_of)[0] for name in ("cit_rate", "cit_rate_high_tech", "cit_rate_small")
    )
    high_tech, small = facts.truth(HIGH_TECH), facts.truth(SMALL)
    low = np.where(high_tech != Truth.FALSE, lower, usual)
    low = np.where(small == Truth.UNKNOWN, small_rate, low)
    high = np.where(high_tech == Truth.TRUE, lower, usual)
    is_small = small == Truth.TRUE
    return np.where(is_small, small_rate, low), np.where(is_small, small_rate, high)


def _premium(benefit: Premium, facts: Facts) -> Range:
    if benefit.base is None:
        return facts.nothing()
    low, high = (_capped(end * benefit.rate, benefit.cap_wan) for end in facts.number(benefit.base))
    return (low * 0.0 if benefit.up_to else low), high


def _per_unit(benefit: PerUnit, facts: Facts) -> Range:
    if benefit.amount_wan is None or benefit.base is None:
        return facts.nothing()
    least = benefit.low_wan if benefit.low_wan is not None else 0.0 if benefit.up_to else benefit.amount_wan
    low, high = facts.number(benefit.base)
    return (
        _capped(low * least * benefit.years, benefit.cap_wan),
        _capped(high * benefit.amount_wan * benefit.years, benefit.cap_wan),
    )


_FORMULAS: dict[type, Callable[..., Range]] = {
    Fixed: _fixed, Ratio: _ratio, Tiered: _tiered, Interest: _interest, Tax: _tax, Premium: _premium,
    PerUnit: _per_unit,
}  # fmt: skip
