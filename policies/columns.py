"""Profiles as columns: one row per company and plan, so that one company is a table with few rows.

A company without a plan has one row. Rows of one company are adjacent and companies keep their order. Derived facts
(size class, ratios, years since founding) are worked out here, over whole columns, and never overwrite a stated fact.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from policies.facts import Fact, Items
from policies.fields import FLAG_NAMES, registry
from policies.industries import industries
from policies.profile import CompanyProfile
from policies.size import size_class_columns
from policies.values import Span

Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]
INDUSTRIAL_SECTIONS = ("B", "C", "D")
ABOVE_SCALE_REVENUE_WAN = 2000.0
"""规模以上工业企业: annual main-business revenue of 20 million yuan or more (国家统计局, since 2011)."""
SMALL_LOW_PROFIT = {"taxable_income_wan": 300.0, "employees": 300.0, "assets_wan": 5000.0}
"""小型微利企业: all three at most (财政部 税务总局公告2023年第12号)."""


@dataclass(frozen=True)
class SpanColumn:
    """An ordered field: closed interval [lo, hi] per row, float64 (n,); the whole line where unknown."""

    lo: Floats
    hi: Floats

    @property
    def unknown(self) -> Bools:
        """Rows of which nothing is known."""
        return np.isneginf(self.lo) & np.isposinf(self.hi)


@dataclass(frozen=True)
class ItemsColumn:
    """A set field: `held` maps an item to its rows; `open` are rows where an item not held is unknown, not absent."""

    held: Mapping[str, Bools]
    open: Bools


@dataclass(frozen=True)
class ChoiceColumn:
    """A choice or flag field: `codes` per row, uint8 (n,), 0 where unknown, else 1 + the position in `values`."""

    codes: NDArray[np.uint8]
    values: tuple[str, ...]

    @classmethod
    def of(cls, texts: Sequence[str]) -> ChoiceColumn:
        """Code n texts; "" is unknown."""
        values = tuple(sorted({text for text in texts if text}))
        code = {"": 0, **{value: i for i, value in enumerate(values, 1)}}
        return cls(np.array([code[text] for text in texts], dtype=np.uint8), values)

    def at(self, row: int) -> str:
        """The value of one row; "" if unknown."""
        code = int(self.codes[row])
        return self.values[code - 1] if code else ""

    def among(self, wanted: Collection[str]) -> Bools:
        """Rows whose value is one of those wanted, bool (n,)."""
        return np.array([False, *(value in wanted for value in self.values)])[self.codes]


@dataclass(frozen=True)
class Stated:
    """What companies state, by kind of column, before anything is derived; a field that nobody states is absent.

    Attributes:
        spans: Ordered fields by name.
        choices: Choice and flag fields by name.
        items: Set fields by name.
    """

    spans: dict[str, SpanColumn]
    choices: dict[str, ChoiceColumn]
    items: dict[str, ItemsColumn]

    def known(self, row: int) -> frozenset[str]:
        """Names of the fields that one row states."""
        spans = {name for name, c in self.spans.items() if np.isfinite(c.lo[row]) or np.isfinite(c.hi[row])}
        sets = {n for n, c in self.items.items() if not c.open[row] or any(rows[row] for rows in c.held.values())}
        return frozenset(spans | sets | {name for name, c in self.choices.items() if c.codes[row]})

    def take(self, rows: slice | NDArray[np.int64]) -> Stated:
        """Some of the rows (a slice without copying)."""
        return Stated(*_some_rows(self, rows))


@dataclass(frozen=True)
class Columns:
    """A table of profiles.

    Attributes:
        n: Number of rows.
        company: Index of the company of each row, int64 (n,), ascending.
        plan: Index of the plan within its company of each row, int64 (n,); -1 without plans.
        spans: Ordered fields by name; a field no row knows is absent.
        choices: Choice and flag fields by name.
        items: Set fields by name.
    """

    n: int
    company: NDArray[np.int64]
    plan: NDArray[np.int64]
    spans: Mapping[str, SpanColumn]
    choices: Mapping[str, ChoiceColumn]
    items: Mapping[str, ItemsColumn]

    def take(self, rows: slice | NDArray[np.int64]) -> Columns:
        """Some of the rows (a slice without copying); companies keep their numbers."""
        company, plan = self.company[rows], self.plan[rows]
        return Columns(len(company), company, plan, *_some_rows(self, rows))

    def span(self, name: str) -> SpanColumn:
        """The column of an ordered field; the whole line if no row knows it."""
        found = self.spans.get(name)
        return found or SpanColumn(np.full(self.n, -np.inf), np.full(self.n, np.inf))

    def fact(self, name: str, row: int) -> Fact | None:
        """One cell as a fact; None if unknown."""
        if name in self.spans:
            span = Span(float(self.spans[name].lo[row]), float(self.spans[name].hi[row]))
            return span if span.known else None
        if name in self.choices:
            return self.choices[name].at(row) or None
        if name in self.items:
            column = self.items[name]
            held = frozenset(item for item, rows in column.held.items() if rows[row])
            return (
                None if column.open[row] and not held else Items(held, not bool(column.open[row]), tuple(sorted(held)))
            )
        return None


def _some_rows(
    table: Stated | Columns, rows: slice | NDArray[np.int64]
) -> tuple[dict[str, SpanColumn], dict[str, ChoiceColumn], dict[str, ItemsColumn]]:
    spans = {name: SpanColumn(c.lo[rows], c.hi[rows]) for name, c in table.spans.items()}
    choices = {name: ChoiceColumn(c.codes[rows], c.values) for name, c in table.choices.items()}
    items = {
        name: ItemsColumn({item: held[rows] for item, held in c.held.items()}, c.open[rows])
        for name, c in table.items.items()
    }
    return spans, choices, items


def columns_of(profiles: Sequence[CompanyProfile], as_of: dt.date) -> Columns:
    """Lay profiles out as columns and add what can be derived at `as_of`."""
    return derived(*laid_out(profiles), as_of)


def laid_out(profiles: Sequence[CompanyProfile]) -> tuple[Stated, NDArray[np.int64], NDArray[np.int64]]:
    """Profiles as stated columns, with the company and the plan (-1 for none) of each row, both int64 (n,)."""
    rows = [
        (company, plan, {**profile.facts, **(profile.plans[plan].facts if plan >= 0 else {})})
        for company, profile in enumerate(profiles)
        for plan in (range(len(profile.plans)) if profile.plans else (-1,))
    ]
    company = np.array([row[0] for row in rows], dtype=np.int64)
    plan = np.array([row[1] for row in rows], dtype=np.int64)
    return _split([row[2] for row in rows]), company, plan


def variants_of(profile: CompanyProfile, answers: Sequence[tuple[str, Fact]], as_of: dt.date) -> Columns:
    """One company as it is, then once for each hypothetical answer (field, fact) to what is unknown of it.

    Company 0 of the table is the profile, company i + 1 the profile with answer i.
    """
    facts = [{**profile.facts, **plan.facts} for plan in profile.plans] or [dict(profile.facts)]
    width, copies = len(facts), len(answers) + 1
    stated = _split(facts)
    spans = {name: SpanColumn(np.tile(c.lo, copies), np.tile(c.hi, copies)) for name, c in stated.spans.items()}
    choices = {name: ChoiceColumn(np.tile(c.codes, copies), c.values) for name, c in stated.choices.items()}
    items = {
        name: ItemsColumn({item: np.tile(rows, copies) for item, rows in c.held.items()}, np.tile(c.open, copies))
        for name, c in stated.items.items()
    }
    table = Stated(spans, choices, items)
    for number, (name, fact) in enumerate(answers, 1):
        unknown = np.array([name not in row for row in facts])
        _answer(table, name, fact, np.flatnonzero(unknown) + number * width, width * copies)
    company = np.repeat(np.arange(copies, dtype=np.int64), width)
    plan = np.tile(np.arange(width, dtype=np.int64) if profile.plans else np.array([-1]), copies)
    return derived(table, company, plan, as_of)


def _answer(table: Stated, name: str, fact: Fact, rows: NDArray[np.int64], n: int) -> None:
    """Write a fact into some rows of a table."""
    if isinstance(fact, Span):
        column = table.spans.setdefault(name, SpanColumn(np.full(n, -np.inf), np.full(n, np.inf)))
        column.lo[rows], column.hi[rows] = fact.lo, fact.hi
    elif isinstance(fact, Items):
        held, open_ = (old.held, old.open) if (old := table.items.get(name)) else ({}, np.ones(n, dtype=bool))
        new = {**held, **{item: np.zeros(n, dtype=bool) for item in fact.held if item not in held}}
        for item in fact.held:
            new[item][rows] = True
        open_[rows] = not fact.exhaustive
        table.items[name] = ItemsColumn(new, open_)
    else:
        old_choice = table.choices.get(name, ChoiceColumn(np.zeros(n, dtype=np.uint8), ()))
        values = old_choice.values if fact in old_choice.values else (*old_choice.values, fact)
        old_choice.codes[rows] = values.index(fact) + 1
        table.choices[name] = ChoiceColumn(old_choice.codes, values)


def derived(stated: Stated, company: NDArray[np.int64], plan: NDArray[np.int64], as_of: dt.date) -> Columns:
    """Stated columns with what can be derived at `as_of`; `company` and `plan` of each row are int64 (n,)."""
    return dated(with_derived(stated, len(company)), company, plan, as_of)


def with_derived(stated: Stated, n: int) -> Stated:
    """Stated columns of n rows with what can be derived from them at any date."""
    spans, choices = dict(stated.spans), dict(stated.choices)
    _derive(spans, choices, n)
    return Stated(spans, choices, stated.items)


def dated(known: Stated, company: NDArray[np.int64], plan: NDArray[np.int64], as_of: dt.date) -> Columns:
    """Columns of `with_derived` with what depends on the date."""
    spans = dict(known.spans)
    if "established" in spans:
        _fill(spans, "established_years", _years_since(spans["established"], as_of))
    return Columns(len(company), company, plan, spans, known.choices, known.items)


def _split(facts: Sequence[Mapping[str, Fact]]) -> Stated:
    spans: dict[str, SpanColumn] = {}
    choices: dict[str, ChoiceColumn] = {}
    items: dict[str, ItemsColumn] = {}
    for name in sorted({name for row in facts for name in row}):
        kind = registry()[name].kind
        values = [row.get(name) for row in facts]
        if kind == "set":
            items[name] = _items_column(values)
        elif kind in {"choice", "flag"}:
            choices[name] = ChoiceColumn.of([str(value or "") for value in values])
        else:
            known = [value if isinstance(value, Span) else Span(-math.inf, math.inf) for value in values]
            spans[name] = SpanColumn(np.array([s.lo for s in known]), np.array([s.hi for s in known]))
    return Stated(spans, choices, items)


def _items_column(values: Sequence[Fact | None]) -> ItemsColumn:
    sets = [value if isinstance(value, Items) else Items(frozenset(), exhaustive=False) for value in values]
    held = {
        item: np.array([item in entry.held for entry in sets]) for item in sorted({i for s in sets for i in s.held})
    }
    return ItemsColumn(held, np.array([not entry.exhaustive for entry in sets]))


def _fill(spans: dict[str, SpanColumn], name: str, derived: SpanColumn) -> None:
    """Take the derived values of an ordered field where it is not stated."""
    stated = spans.get(name)
    if stated is None:
        spans[name] = derived
        return
    use = stated.unknown
    spans[name] = SpanColumn(np.where(use, derived.lo, stated.lo), np.where(use, derived.hi, stated.hi))


def _derive(spans: dict[str, SpanColumn], choices: dict[str, ChoiceColumn], n: int) -> None:
    """Fill derived fields where they are not stated."""

    def column(name: str) -> SpanColumn:
        return spans.get(name) or SpanColumn(np.full(n, -np.inf), np.full(n, np.inf))

    for name, part, whole in (
        ("rd_ratio", "rd_expense_wan", "revenue_wan"),
        ("rd_staff_ratio", "rd_staff", "employees"),
        ("disabled_ratio", "disabled_employees", "employees"),
    ):
        if part in spans and whole in spans:
            _fill(spans, name, _quotient(spans[part], spans[whole]))
    if "monthly_sales_wan" in spans:
        monthly = spans["monthly_sales_wan"]
        _fill(spans, "taxable_sales_wan", SpanColumn(monthly.lo * 12, monthly.hi * 12))
    if "industry_code" in spans and "actual_industry" in spans:
        spans["industry_code"] = _either_industry(spans["industry_code"], spans["actual_industry"])
    sums = [(column(name).lo, column(name).hi) for name in ("employees", "revenue_wan", "assets_wan")]
    low, high = size_class_columns(_whole_numbers(column("industry_code")), sums[0], sums[1], sums[2])
    _fill(spans, "size", SpanColumn(low.astype(np.float64), high.astype(np.float64)))
    _fill_flag(choices, "tax_status", _small_low_profit(column, n))
    _fill_flag(choices, "above_scale", _above_scale(column("industry_code"), column("revenue_wan")))


def _either_industry(registered: SpanColumn, actual: SpanColumn) -> SpanColumn:
    """Where the main business differs from the registered one, neither is certain: the span that covers both."""
    differs = ~actual.unknown & ((actual.lo > registered.hi) | (actual.hi < registered.lo))
    low, high = np.minimum(registered.lo, actual.lo), np.maximum(registered.hi, actual.hi)
    return SpanColumn(np.where(differs, low, registered.lo), np.where(differs, high, registered.hi))


def _whole_numbers(industry: SpanColumn) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Industry spans as pre-order numbers, int64; the whole tree where unknown."""
    first, last = industries().whole()
    return np.clip(industry.lo, first, last).astype(np.int64), np.clip(industry.hi, first, last).astype(np.int64)


def _quotient(part: SpanColumn, whole: SpanColumn) -> SpanColumn:
    """Interval quotient of two non-negative columns; unknown where the divisor may be zero."""
    usable = (whole.lo > 0) & np.isfinite(part.lo) & np.isfinite(part.hi)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        low, high = part.lo / whole.hi, part.hi / whole.lo
    return SpanColumn(np.where(usable, low, -np.inf), np.where(usable, high, np.inf))


def _years_since(founded: SpanColumn, as_of: dt.date) -> SpanColumn:
    def years(ordinal: int) -> float:
        day = dt.date.fromordinal(ordinal)
        full = as_of.year - day.year - ((as_of.month, as_of.day) < (day.month, day.day))
        passed = as_of.toordinal() - _anniversary(day, day.year + full).toordinal()
        return full + passed / 366

    def each(values: Floats) -> Floats:
        known = np.isfinite(values)
        days = values[known].astype(np.int64)
        found = -values  # an open end stays open on the other side
        if len(days):
            first = int(days.min())
            table = np.zeros(int(days.max()) - first + 1)
            table[days - first] = 1  # each day that occurs is worked out once
            for day in np.flatnonzero(table).tolist():
                table[day] = years(first + day)
            found[known] = table[days - first]
        return found

    return SpanColumn(each(founded.hi), each(founded.lo))


def _anniversary(day: dt.date, year: int) -> dt.date:
    try:
        return day.replace(year=year)
    except ValueError:  # 29 February
        return dt.date(year, 3, 1)


def _small_low_profit(column: Callable[[str], SpanColumn], n: int) -> tuple[Bools, Bools]:
    certain, possible = np.ones(n, dtype=bool), np.ones(n, dtype=bool)
    for name, limit in SMALL_LOW_PROFIT.items():
        span = column(name)
        certain &= span.hi <= limit
        possible &= span.lo <= limit
    return certain, possible


def _above_scale(industry: SpanColumn, revenue: SpanColumn) -> tuple[Bools, Bools]:
    tree = industries()
    inside = [tree.span(section) for section in INDUSTRIAL_SECTIONS]
    industrial = np.zeros(len(industry.lo), dtype=bool)
    maybe = np.zeros(len(industry.lo), dtype=bool)
    for low, high in inside:
        industrial |= (industry.lo >= low) & (industry.hi <= high)
        maybe |= (industry.lo <= high) & (industry.hi >= low)
    return industrial & (revenue.lo >= ABOVE_SCALE_REVENUE_WAN), maybe & (revenue.hi >= ABOVE_SCALE_REVENUE_WAN)


def _fill_flag(choices: dict[str, ChoiceColumn], name: str, truth: tuple[Bools, Bools]) -> None:
    certain, possible = truth
    no, yes = FLAG_NAMES[False], FLAG_NAMES[True]
    inferred = np.where(certain, 2, np.where(possible, 0, 1)).astype(np.uint8)
    stated = choices.get(name)
    if stated is not None:
        codes = np.where(stated.among({yes}), 2, np.where(stated.among({no}), 1, 0)).astype(np.uint8)
        inferred = np.where(codes == 0, inferred, codes)
    choices[name] = ChoiceColumn(inferred, (no, yes))


_INPUTS = {
    "rd_ratio": ("rd_expense_wan", "revenue_wan"),
    "rd_staff_ratio": ("rd_staff", "employees"),
    "disabled_ratio": ("disabled_employees", "employees"),
    "established_years": ("established",),
    "taxable_sales_wan": ("monthly_sales_wan",),
    "size": ("industry_code", "employees", "revenue_wan"),
    "tax_status": tuple(SMALL_LOW_PROFIT),
    "above_scale": ("industry_code", "revenue_wan"),
}


def missing_inputs(name: str, known: frozenset[str]) -> tuple[str, ...]:
    """What to ask for when a field is unknown: its unknown inputs if it is derived, else the field itself."""
    waiting = tuple(part for part in _INPUTS.get(name, ()) if part not in known)
    return waiting or (name,)
