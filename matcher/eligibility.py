"""The one evaluator: Kleene truth of rules over columns of companies (one company is a table with few rows).

Every distinct leaf is evaluated once into two packed bitmaps, *certain* (TRUE) and *possible* (not FALSE); All, AnyOf
and Not combine them. A company with several plans has several rows; its truth is that of its best row.

A million companies are evaluated in blocks of BLOCK_ROWS: bitmaps of a block stay in the processor's cache, and where
the rows are sorted by region a block has few regions, so that most regional rules end at their first condition.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum
from functools import cached_property, lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from policies.columns import Bools, Columns, SpanColumn
from policies.companies import first_rows
from policies.facts import bounds, spans_of
from policies.fields import registry
from policies.rules import All, AnyOf, Has, Manual, Not, OneOf, Rule, Within, leaves
from policies.values import Span
from policies.vocabulary import vocabularies

BLOCK_ROWS = 131_072
"""Rows evaluated at a time; 16 KiB for one bitmap."""
WORTH_CODING = 8
"""Intervals asked of a field from which on it pays to make codes of its column."""


class Truth(IntEnum):
    """Kleene truth; All is the minimum, AnyOf the maximum, Not the negation."""

    FALSE = -1
    UNKNOWN = 0
    TRUE = 1


class Bits(NamedTuple):
    """Truth of one rule over n rows, packed: bit i of an integer is row i; certain ⊆ possible.

    Python's integers are the bitmaps: AND, OR and NOT over them cost tens of nanoseconds for one company and run at
    memory speed for a million.
    """

    certain: int
    possible: int
    n: int

    def at(self, row: int) -> Truth:
        """The truth of one row."""
        if self.certain >> row & 1:
            return Truth.TRUE
        return Truth.UNKNOWN if self.possible >> row & 1 else Truth.FALSE

    @property
    def values(self) -> NDArray[np.int8]:
        """−1, 0, 1 per row, int8 (n,)."""
        return unpacked(self.certain, self.n).astype(np.int8) + unpacked(self.possible, self.n) - np.int8(1)


def packed(rows: Bools) -> int:
    """A bool column (n,) as an integer whose bit i is row i."""
    return int.from_bytes(np.packbits(rows, bitorder="little").tobytes(), "little")


def unpacked(bits: int, n: int) -> Bools:
    """An integer back as a bool column (n,)."""
    buffer = np.frombuffer(bits.to_bytes((n + 7) // 8, "little"), dtype=np.uint8)
    return np.unpackbits(buffer, count=n, bitorder="little").astype(bool)


def rows_in(bits: int) -> NDArray[np.int64]:
    """Numbers of the rows whose bit is set, int64 (rows,), ascending."""
    content = np.frombuffer(bits.to_bytes((bits.bit_length() + 7) // 8, "little"), dtype=np.uint8)
    return np.flatnonzero(np.unpackbits(content, bitorder="little").view(bool))


class Found(NamedTuple):
    """Rows of one rule that are not FALSE, of one block of rows.

    Attributes:
        rule: Position of the rule.
        true: Rows for which it is TRUE, int64, ascending.
        unknown: Rows for which it is UNKNOWN, likewise.
    """

    rule: int
    true: NDArray[np.int64]
    unknown: NDArray[np.int64]


def rows_by_verdict(columns: Columns, rules: Sequence[Rule]) -> Iterator[Found]:
    """The rows for which rules are TRUE or UNKNOWN, block by block; memory is for one block whatever the length.

    Args:
        columns: n rows; sorted by region they are several times faster than in any other order.
        rules: Of measures, at most some ten thousand.

    Yields:
        For each block of rows in turn, the rules that are not FALSE for all of it.
    """
    cuts = Cuts(rules)
    for start in range(0, columns.n, BLOCK_ROWS):
        block = Evaluation(columns.take(slice(start, start + BLOCK_ROWS)), cuts=cuts)
        for number, rule in enumerate(rules):
            bits = block.truth(rule)
            if bits.possible:
                true, unknown = rows_in(bits.certain), rows_in(bits.possible ^ bits.certain)
                true += start
                unknown += start
                yield Found(number, true, unknown)


@dataclass(frozen=True, eq=False)
class Coded:
    """An ordered column as codes below `size`: low and high ends, uint8 or uint16 (n,) each."""

    low: _Codes
    high: _Codes
    size: int

    @cached_property
    def distinct(self) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
        """The distinct pairs of ends as low and high codes, and for each row which pair it has, int64 (n,)."""
        pair = self.low.astype(np.int64) * self.size + self.high
        seen = np.zeros(self.size * self.size, dtype=np.int64)
        seen[pair] = 1
        pairs = np.flatnonzero(seen)
        seen[pairs] = np.arange(len(pairs))
        return pairs // self.size, pairs % self.size, seen[pair]


class Cuts:
    """The ends of the intervals that some rules ask for, per field: where only they matter, columns become small codes.

    A value becomes 2 i for lying between two cuts and 2 i + 1 for being the i-th cut, so that every comparison with a
    cut is one with a small integer.
    """

    def __init__(self, rules: Iterable[Rule]) -> None:
        """Collect the ends of every leaf on an ordered field."""
        asked: dict[str, list[tuple[Span, ...]]] = {}
        for leaf in {_key(leaf) for rule in rules for leaf in leaves(rule) if not isinstance(leaf, Manual)}:
            operands = _operands(leaf)
            if isinstance(operands, Spans):
                asked.setdefault(leaf[1], []).append(operands.allowed)
        found = {
            name: {end for allowed in each for span in allowed for end in (span.lo, span.hi) if math.isfinite(end)}
            for name, each in asked.items()
            if sum(map(len, each)) >= WORTH_CODING
        }
        self._cuts = {name: np.array(sorted(ends)) for name, ends in found.items()}
        self._places = {name: {end: 2 * i + 1 for i, end in enumerate(sorted(ends))} for name, ends in found.items()}

    def covers(self, name: str, allowed: Sequence[Span]) -> bool:
        """Whether every end of these intervals is a cut; other intervals cannot be told by the codes."""
        known = self._places.get(name, {})
        return all(end in known or math.isinf(end) for span in allowed for end in (span.lo, span.hi))

    def codes(self, name: str, column: SpanColumn) -> Coded:
        """A column as codes."""
        low = self._coded(name, column.lo)
        high = low.copy()
        differs = np.flatnonzero(column.lo != column.hi)
        high[differs] = self._coded(name, column.hi[differs])
        return Coded(low, high, 2 * len(self._cuts[name]) + 1)

    def place(self, name: str, span: Span) -> tuple[float, float]:
        """An allowed interval in codes; an end at infinity stays there."""
        places = self._places[name]
        return places.get(span.lo, span.lo), places.get(span.hi, span.hi)

    def _coded(self, name: str, values: NDArray[np.float64]) -> _Codes:
        cuts = self._cuts[name]
        upto = np.searchsorted(cuts, values, side="right")
        is_cut = np.append(cuts, np.inf)[upto - 1] == values
        codes: _Codes = (2 * upto - (is_cut & (upto > 0))).astype(np.uint8 if len(cuts) < 127 else np.uint16)
        return codes


class Evaluation:
    """Rules over one table of columns; leaves are evaluated once and remembered.

    Args:
        columns: The table.
        manual_passed: Take manual checks as passed (TRUE) instead of UNKNOWN; used to tell
            "all but the manual checks hold" from "something is not known".
        cuts: Of all rules that will be asked for; worth it from thousands of rows up, the answers are the same.
    """

    def __init__(self, columns: Columns, *, manual_passed: bool = False, cuts: Cuts | None = None) -> None:
        self.columns = columns
        self._everyone = (1 << columns.n) - 1
        self._manual_passed = manual_passed
        self._cuts = cuts
        self._codes: dict[str, Coded] = {}
        self._items: dict[str, tuple[int, dict[str, int]]] = {}
        self._leaves: dict[_Key, Bits] = {}
        self._rules: dict[int, tuple[Rule, Bits]] = {}  # the rule is kept so that its id stays its own

    def truth(self, rule: Rule) -> Bits:
        """Truth of a rule per row.

        Raises:
            KeyError, UnknownCode, ValueReason: the rule asks for what does not exist; a loaded library never does.
        """
        found = self._rules.get(id(rule))
        if found is None:
            found = self._rules[id(rule)] = (rule, self._combine(rule))
        return found[1]

    def per_company(self, bits: Bits) -> NDArray[np.int8]:
        """Best truth over the rows of each company, int8 (m,)."""
        starts = first_rows(self.columns.company)
        return np.maximum.reduceat(bits.values, starts) if len(starts) else np.empty(0, np.int8)

    def _combine(self, rule: Rule) -> Bits:
        match rule:
            case All(parts=parts):
                # The region first: in a block of a sorted table it is the condition that most often ends the matter.
                if parts and not _is_region(parts[0]):
                    parts = (*(p for p in parts if _is_region(p)), *(p for p in parts if not _is_region(p)))
                return self._all(self.truth(part) for part in parts)
            case AnyOf(parts=parts):
                return self._any(self.truth(part) for part in parts)
            case Not(part=part):
                inner = self.truth(part)
                return Bits(self._everyone & ~inner.possible, self._everyone & ~inner.certain, inner.n)
            case Manual():
                return Bits(self._everyone if self._manual_passed else 0, self._everyone, self.columns.n)
            case _:
                key = _key(rule)
                if key not in self._leaves:
                    self._leaves[key] = self._evaluate(key)
                return self._leaves[key]

    def _all(self, parts: Iterable[Bits]) -> Bits:
        """Conjunction; parts are taken one by one and no further once no row can be TRUE."""
        certain = possible = self._everyone
        for part in parts:
            certain, possible = certain & part.certain, possible & part.possible
            if not possible:
                break
        return Bits(certain, possible, self.columns.n)

    def _any(self, parts: Iterable[Bits]) -> Bits:
        """Disjunction; parts are taken one by one and no further once every row is TRUE."""
        certain = possible = 0
        for part in parts:
            certain, possible = certain | part.certain, possible | part.possible
            if certain == self._everyone:
                break
        return Bits(certain, possible, self.columns.n)

    def _evaluate(self, key: _Key) -> Bits:
        operands = _operands(key)
        match operands:
            case Spans(allowed=allowed):
                return self._inside(key[1], allowed)
            case Terms(terms=terms, every=every):
                return self._has(key[1], terms, every=every)
            case Values(values=values):
                return self._one_of(key[1], values)

    def _inside(self, name: str, allowed: Sequence[Span]) -> Bits:
        """Intervals against intervals: TRUE inside one of those allowed, FALSE apart from all of them."""
        column = self.columns.spans.get(name)
        if column is None:
            return self._unknown()
        if self._cuts is None or not self._cuts.covers(name, allowed):
            return _among(column.lo, column.hi, [(span.lo, span.hi) for span in allowed])
        if name not in self._codes:
            self._codes[name] = self._cuts.codes(name, column)
        codes, places = self._codes[name], [self._cuts.place(name, span) for span in allowed]
        if len(places) == 1:
            return _among(codes.low, codes.high, places)
        # Many intervals (industries): decided once for each pair of ends that occurs.
        low, high, which = codes.distinct
        each = _among(low, high, places)
        truth = each.values[which]
        return Bits(packed(truth == Truth.TRUE), packed(truth != Truth.FALSE), self.columns.n)

    def _one_of(self, name: str, allowed: frozenset[str]) -> Bits:
        column = self.columns.choices.get(name)
        if column is None:
            return self._unknown()
        certain = column.among(allowed)
        return Bits(packed(certain), packed(certain | (column.codes == 0)), self.columns.n)

    def _has(self, name: str, terms: Sequence[str], *, every: bool) -> Bits:
        column = self.columns.items.get(name)
        if column is None:
            return self._unknown()
        if name not in self._items:
            self._items[name] = packed(column.open), {item: packed(rows) for item, rows in column.held.items()}
        undecided, held = self._items[name]
        each = [Bits(held.get(term, 0), held.get(term, 0) | undecided, self.columns.n) for term in terms]
        return self._all(each) if every else self._any(each)

    def _unknown(self) -> Bits:
        return Bits(0, self._everyone, self.columns.n)


def _among(lo: _Numbers, hi: _Numbers, allowed: Sequence[tuple[float, float]]) -> Bits:
    """Intervals [lo, hi], (n,) each, against those allowed."""
    certain = possible = 0
    everyone = (1 << len(lo)) - 1
    for low, high in allowed:
        # An end that is open asks nothing, and a comparison over every row is the dearest thing here.
        above, below = low > -math.inf, high < math.inf
        if above and below:
            certain |= packed((lo >= low) & (hi <= high))
            possible |= packed((lo <= high) & (hi >= low))
        else:
            certain |= packed(lo >= low) if above else packed(hi <= high) if below else everyone
            possible |= packed(hi >= low) if above else packed(lo <= high) if below else everyone
    return Bits(certain, possible, len(lo))


def asked_spans(rule: Rule) -> tuple[str, tuple[Span, ...]] | None:
    """Field and disjoint closed intervals of a leaf on an ordered field; None for any other rule."""
    if not isinstance(rule, Within | OneOf):
        return None
    operands = _operands(_key(rule))
    return (registry()[rule.field].name, operands.allowed) if isinstance(operands, Spans) else None


@dataclass(frozen=True)
class Spans:
    """Operands of a leaf on an ordered field: disjoint closed intervals."""

    allowed: tuple[Span, ...]


@dataclass(frozen=True)
class Terms:
    """Operands of a leaf on a set field: canonical terms, one or every of which must be held."""

    terms: tuple[str, ...]
    every: bool


@dataclass(frozen=True)
class Values:
    """Operands of a leaf on a choice or flag: canonical values."""

    values: frozenset[str]


_Key = tuple[type, str, object, object, object, object]
_Codes = NDArray[np.uint8] | NDArray[np.uint16]
_Numbers = NDArray[np.float64] | NDArray[np.int64] | _Codes


def _is_region(rule: Rule) -> bool:
    return isinstance(rule, OneOf) and rule.field == "region"


def _key(leaf: Within | OneOf | Has) -> _Key:
    """What a leaf asks, without its text: equal keys are one leaf."""
    if isinstance(leaf, Within):
        return (Within, leaf.field, leaf.min, leaf.max, leaf.over, leaf.under)
    if isinstance(leaf, OneOf):
        return (OneOf, leaf.field, leaf.values, None, None, None)
    return (Has, leaf.field, leaf.items, leaf.every, None, None)


@lru_cache(maxsize=50_000)
def _operands(key: _Key) -> Spans | Terms | Values:
    """Resolve a leaf's codes, dates and names once for all evaluations."""
    kind, name, *rest = key
    field = registry()[name]
    if kind is Within:
        low, high, over, under = rest
        leaf = Within.model_validate({"field": name, "min": low, "max": high, "over": over, "under": under})
        return Spans((bounds(field, leaf),))
    if kind is OneOf and field.ordered:
        return Spans(spans_of(field, OneOf.model_validate({"field": name, "in": rest[0]})))
    wanted = tuple(str(value) for part in rest[:2] if isinstance(part, tuple) for value in part)
    if field.vocabulary:
        vocabulary = vocabularies()[field.vocabulary]
        wanted = tuple(vocabulary.canonical(value) for value in wanted)
    return Values(frozenset(wanted)) if kind is OneOf else Terms(wanted, every=bool(rest[1]))
