"""The one evaluator: Kleene truth of rules over columns of companies (one company is a table with few rows).

Every distinct leaf is evaluated once into two packed bitmaps, *certain* (TRUE) and *possible* (not FALSE); All, AnyOf
and Not combine them. A company with several plans has several rows; its truth is that of its best row.

A million companies are evaluated in blocks of BLOCK_ROWS: bitmaps of a block stay in the processor's cache, and where
the rows are sorted by region a block has few regions, so that most regional rules end at their first condition.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import IntEnum
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from policies.columns import Bools, Columns, SpanColumn
from policies.facts import bounds, spans_of
from policies.fields import registry
from policies.rules import All, AnyOf, Has, Manual, Not, OneOf, Rule, Within, leaves
from policies.values import Span
from policies.vocabulary import vocabularies

BLOCK_ROWS = 65_536
"""Rows evaluated at a time; 8 KiB for one bitmap."""


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


def rows_in(bits: int, n: int) -> NDArray[np.int64]:
    """Numbers of the rows whose bit is set, int64 (rows,), ascending; time goes by words, not by rows."""
    words = np.frombuffer(bits.to_bytes((n + 63) // 64 * 8, "little"), dtype="<u8")
    there = np.flatnonzero(words)
    inside = np.unpackbits(words[there].view(np.uint8).reshape(-1, 8), axis=1, bitorder="little")
    word, bit = np.nonzero(inside)
    found: NDArray[np.int64] = there[word] * 64 + bit
    return found


class Cuts:
    """The ends of the intervals that some rules ask for, per field: where only they matter, columns become small codes.

    A value becomes 2 i for lying between two cuts and 2 i + 1 for being the i-th cut, so that every comparison with a
    cut is one with a small integer.
    """

    def __init__(self, rules: Iterable[Rule]) -> None:
        """Collect the ends of every leaf on an ordered field."""
        found: dict[str, set[float]] = {}
        for leaf in {_key(leaf) for rule in rules for leaf in leaves(rule) if not isinstance(leaf, Manual)}:
            operands = _operands(leaf)
            if isinstance(operands, Spans):
                ends = (end for span in operands.allowed for end in (span.lo, span.hi) if np.isfinite(end))
                found.setdefault(leaf[1], set()).update(ends)
        self._cuts = {name: np.array(sorted(ends)) for name, ends in found.items()}

    def __contains__(self, name: str) -> bool:
        """Whether some rule asks for the field."""
        return name in self._cuts

    def codes(self, name: str, column: SpanColumn) -> tuple[_Codes, _Codes]:
        """Codes of the low and of the high ends, each (n,)."""
        low = self._coded(name, column.lo)
        high = low.copy()
        differs = np.flatnonzero(column.lo != column.hi)
        high[differs] = self._coded(name, column.hi[differs])
        return low, high

    def place(self, name: str, span: Span) -> tuple[float, float]:
        """An allowed interval in codes; an end at infinity stays there."""
        cuts = self._cuts[name]
        low = 2 * int(np.searchsorted(cuts, span.lo)) + 1 if np.isfinite(span.lo) else span.lo
        high = 2 * int(np.searchsorted(cuts, span.hi)) + 1 if np.isfinite(span.hi) else span.hi
        return low, high

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
        self._codes: dict[str, tuple[_Codes, _Codes]] = {}
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

    def best_row(self, bits: Bits, company: int) -> int:
        """The first row of the company with its best truth."""
        if self.columns.n == 1:
            return 0
        rows = np.flatnonzero(self.columns.company == company)
        return int(rows[int(np.argmax(bits.values[rows]))])

    def per_company(self, bits: Bits) -> NDArray[np.int8]:
        """Best truth over the rows of each company, int8 (m,)."""
        starts = np.flatnonzero(np.diff(self.columns.company, prepend=-1))
        return np.maximum.reduceat(bits.values, starts) if len(starts) else np.empty(0, np.int8)

    def _combine(self, rule: Rule) -> Bits:
        match rule:
            case All(parts=parts):
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
        if self._cuts is not None:
            if name not in self._codes:
                self._codes[name] = self._cuts.codes(name, self.columns.span(name))
            return self._among(*self._codes[name], [self._cuts.place(name, span) for span in allowed])
        column = self.columns.span(name)
        return self._among(column.lo, column.hi, [(span.lo, span.hi) for span in allowed])

    def _among(self, lo: _Numbers, hi: _Numbers, allowed: Sequence[tuple[float, float]]) -> Bits:
        certain = possible = 0
        for low, high in allowed:
            # An end that is open asks nothing, and a comparison over every row is the dearest thing here.
            above, below = low > -math.inf, high < math.inf
            surely = packed(lo >= low) if above else self._everyone
            certain |= surely & packed(hi <= high) if below else surely
            maybe = packed(hi >= low) if above else self._everyone
            possible |= maybe & packed(lo <= high) if below else maybe
        return Bits(certain, possible, self.columns.n)

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
        undecided = packed(column.open)
        rows = [packed(column.held[term]) if term in column.held else 0 for term in terms]
        held = [Bits(bits, bits | undecided, self.columns.n) for bits in rows]
        return self._all(held) if every else self._any(held)

    def _unknown(self) -> Bits:
        return Bits(0, self._everyone, self.columns.n)


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
_Numbers = NDArray[np.float64] | _Codes


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
