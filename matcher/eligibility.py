"""The one evaluator: Kleene truth of rules over columns of companies (one company is a table with few rows).

Every distinct leaf is evaluated once into two packed bitmaps, *certain* (TRUE) and *possible* (not FALSE); All, AnyOf
and Not combine them. A company with several plans has several rows; its truth is that of its best row.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import IntEnum
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from policies.columns import Bools, Columns
from policies.facts import bounds, spans_of
from policies.fields import registry
from policies.rules import All, AnyOf, Has, Manual, Not, OneOf, Rule, Within
from policies.values import Span
from policies.vocabulary import vocabularies


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


class Evaluation:
    """Rules over one table of columns; leaves are evaluated once and remembered.

    Args:
        columns: The table.
        manual_passed: Take manual checks as passed (TRUE) instead of UNKNOWN; used to tell
            "all but the manual checks hold" from "something is not known".
    """

    def __init__(self, columns: Columns, *, manual_passed: bool = False) -> None:
        self.columns = columns
        self._everyone = (1 << columns.n) - 1
        self._manual_passed = manual_passed
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
        column = self.columns.span(name)
        certain, possible = np.zeros(self.columns.n, dtype=bool), np.zeros(self.columns.n, dtype=bool)
        for span in allowed:
            certain |= (column.lo >= span.lo) & (column.hi <= span.hi)
            possible |= (column.lo <= span.hi) & (column.hi >= span.lo)
        return Bits(packed(certain), packed(possible), self.columns.n)

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
