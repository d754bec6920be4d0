"""The naive evaluator: a plain recursive function over a rule and one company's facts, one plan after the other.

It shares nothing with matcher.eligibility and policies.columns: no arrays, no interval merging, derived facts anew.
"""

from __future__ import annotations

import csv
import datetime as dt
import functools
import math
from collections.abc import Mapping
from pathlib import Path

from policies.facts import Fact, Items
from policies.fields import Field, registry
from policies.industries import industries
from policies.profile import CompanyProfile
from policies.regions import regions
from policies.rules import All, AnyOf, Has, Manual, Not, OneOf, Rule, Within
from policies.values import Span
from policies.vocabulary import vocabularies

SIZE_TABLE = Path(__file__).parents[1] / "policies" / "data" / "codes" / "sme_size_2017.csv"
Facts = dict[str, Fact]


def oracle(rule: Rule, profile: CompanyProfile, as_of: dt.date, *, manual: int = 0) -> int:
    """-1, 0 or 1: the best truth over the company's plans."""
    return max(truth_of(rule, facts, manual) for facts in rows_of(profile, as_of))


def rows_of(profile: CompanyProfile, as_of: dt.date) -> list[Facts]:
    """One dict of facts for each plan, derived ones included."""
    return [derived({**profile.facts, **plan}, as_of) for plan in [p.facts for p in profile.plans] or [{}]]


def truth_of(rule: Rule, facts: Facts, manual: int = 0) -> int:
    if isinstance(rule, Manual):
        return manual
    if isinstance(rule, Not):
        return -truth_of(rule.part, facts, manual)
    if isinstance(rule, All):
        return min([1, *(truth_of(part, facts, manual) for part in rule.parts)])
    if isinstance(rule, AnyOf):
        return max([-1, *(truth_of(part, facts, manual) for part in rule.parts)])
    field, fact = registry()[rule.field], facts.get(registry()[rule.field].name)
    if fact is None:
        return 0
    if isinstance(rule, Has):
        assert isinstance(fact, Items)
        return _has(rule, field, fact)
    if isinstance(rule, Within):
        assert isinstance(fact, Span)
        return _within(rule, field, fact)
    return _one_of(rule, field, fact)


def _has(leaf: Has, field: Field, fact: Items) -> int:
    absent = -1 if fact.exhaustive else 0
    names = [vocabularies()[field.vocabulary].canonical(item) for item in leaf.items or leaf.every]
    found = [1 if name in fact.held else absent for name in names]
    return max(found) if leaf.items else min(found)


def _within(leaf: Within, field: Field, fact: Span) -> int:
    lo, hi = fact.lo, fact.hi
    tests: list[tuple[bool, bool]] = []  # surely inside, surely outside
    if leaf.min is not None:
        first = _ends(field, leaf.min)[0]
        tests.append((lo >= first, hi < first))
    if leaf.over is not None:
        last = _ends(field, leaf.over)[1]
        tests.append((lo > last, hi <= last))
    if leaf.max is not None:
        last = _ends(field, leaf.max)[1]
        tests.append((hi <= last, lo > last))
    if leaf.under is not None:
        first = _ends(field, leaf.under)[0]
        tests.append((hi < first, lo >= first))
    return 1 if all(sure for sure, _ in tests) else -1 if any(never for _, never in tests) else 0


@functools.cache
def _ends(field: Field, bound: float | str) -> tuple[float, float]:
    """First and last day of a date bound as ordinals; a number is both of its ends."""
    if field.kind != "date":
        return float(bound), float(bound)
    days = [dt.date(1970, 1, 1) + dt.timedelta(days=n) for n in range(30_000)]
    fits = [day.toordinal() for day in days if day.isoformat().startswith(str(bound))]
    return float(min(fits)), float(max(fits))


def _one_of(leaf: OneOf, field: Field, fact: Fact) -> int:
    if isinstance(fact, str):
        vocabulary = vocabularies()[field.vocabulary] if field.vocabulary else None
        return 1 if fact in {vocabulary.canonical(v) if vocabulary else v for v in leaf.values} else -1
    assert isinstance(fact, Span)
    allowed: set[int] = set()
    for value in leaf.values:
        if field.kind == "class":
            allowed.add(field.classes.index(value))
            continue
        tree = industries() if field.kind == "industry" else regions()
        for code in tree.expand(value):
            first, last = tree.span(code)
            allowed.update(range(first, last + 1))
    own = set(range(int(fact.lo), int(fact.hi) + 1))
    return 1 if own <= allowed else 0 if own & allowed else -1


def derived(facts: Facts, as_of: dt.date) -> Facts:
    """The facts with those that follow from them; a stated fact is never overwritten."""
    full = dict(facts)
    for name, part, whole in (
        ("rd_ratio", "rd_expense_wan", "revenue_wan"),
        ("rd_staff_ratio", "rd_staff", "employees"),
        ("disabled_ratio", "disabled_employees", "employees"),
    ):
        above, below = facts.get(part), facts.get(whole)
        if isinstance(above, Span) and isinstance(below, Span) and below.lo > 0 and math.isfinite(above.lo + above.hi):
            full.setdefault(name, Span(above.lo / below.hi, above.hi / below.lo))
    if isinstance(founded := facts.get("established"), Span):
        full.setdefault("established_years", Span(_age(founded.hi, as_of), _age(founded.lo, as_of)))
    if isinstance(sales := facts.get("monthly_sales_wan"), Span):
        full.setdefault("taxable_sales_wan", Span(sales.lo * 12, sales.hi * 12))
    full.setdefault("size", _size(facts))
    for name, value in (("tax_status", _small_low_profit(facts)), ("above_scale", _above_scale(facts))):
        if value is not None:
            full.setdefault(name, value)
    return full


def _age(ordinal: float, as_of: dt.date) -> float:
    """Whole years by counting anniversaries, then days as 366ths."""
    day = dt.date.fromordinal(int(ordinal))

    def anniversary(n: int) -> dt.date:
        leap_day_lost = (day.month, day.day) == (2, 29) and not _leap(day.year + n)
        return dt.date(day.year + n, 3, 1) if leap_day_lost else day.replace(year=day.year + n)

    years = 0
    while anniversary(years + 1) <= as_of:
        years += 1
    while anniversary(years) > as_of:
        years -= 1
    return years + (as_of - anniversary(years)).days / 366


def _leap(year: int) -> bool:
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)


@functools.cache
def _size_table() -> tuple[dict[str, list[float]], ...]:
    """For each leaf of the industry tree: indicator to [small, medium, large]; empty outside the table."""
    leaves: list[dict[str, list[float]]] = [{} for _ in range(industries().size)]
    with SIZE_TABLE.open(encoding="utf-8") as lines:
        for row in csv.DictReader(lines):
            steps = [float(row[name]) for name in ("small_min", "medium_min", "large_min")]
            for code in row["gbt4754_scope"].split(";"):
                first, last = industries().span(industries().find(code))
                for leaf in range(first, last + 1):
                    leaves[leaf][row["indicator"]] = steps
    return tuple(leaves)


def _size(facts: Mapping[str, Fact]) -> Span:
    names = {"employees": "employees", "revenue": "revenue_wan", "assets": "assets_wan"}
    industry = _span(facts, "industry_code")
    first, last = (0, industries().size - 1) if math.isinf(industry.lo) else (int(industry.lo), int(industry.hi))
    classes: set[int] = set()
    seen: list[dict[str, list[float]]] = []
    for bounds in _size_table()[first : last + 1]:
        if bounds in seen:
            continue
        seen.append(bounds)
        if not bounds:
            classes |= {0, 3}
            continue
        for end in ("lo", "hi"):
            values = {key: getattr(_span(facts, names[key]), end) for key in bounds}
            classes.add(min(sum(values[key] >= step for step in steps) for key, steps in bounds.items()))
    return Span(float(min(classes)), float(max(classes)))


def _span(facts: Mapping[str, Fact], name: str) -> Span:
    fact = facts.get(name)
    return fact if isinstance(fact, Span) else Span(-math.inf, math.inf)


def _small_low_profit(facts: Mapping[str, Fact]) -> str | None:
    limits = {"taxable_income_wan": 300, "employees": 300, "assets_wan": 5000}
    if all(_span(facts, name).hi <= limit for name, limit in limits.items()):
        return "是"
    return "否" if any(_span(facts, name).lo > limit for name, limit in limits.items()) else None


def _above_scale(facts: Mapping[str, Fact]) -> str | None:
    industry, revenue = _span(facts, "industry_code"), _span(facts, "revenue_wan")
    sections = [industries().span(code) for code in ("B", "C", "D")]
    if revenue.lo >= 2000 and any(first <= industry.lo and industry.hi <= last for first, last in sections):
        return "是"
    apart = all(industry.hi < first or last < industry.lo for first, last in sections)
    return "否" if revenue.hi < 2000 or apart else None
