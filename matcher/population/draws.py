"""One field of many companies as drawn: how each states it, as people write it and as the column it becomes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from policies.codes import CodeTree
from policies.columns import Bools, ChoiceColumn, ItemsColumn, SpanColumn
from policies.vocabulary import Vocabulary

Ints = NDArray[np.int64]
UNKNOWN, EXACT, WITH_UNIT, RANGE = range(4)
DAY, MONTH, YEAR = range(1, 4)
EPOCH = 719_163
"""Proleptic ordinal of 1970-01-01, where NumPy's dates begin."""


@dataclass(frozen=True)
class NumberDraw:
    """A number: exact, with its unit, or as one of the ranges that forms offer.

    Attributes:
        form: UNKNOWN, EXACT, WITH_UNIT or RANGE, int64 (n,).
        value: True value in the field's unit, int64 (n,).
        edges: First value of each range; the last one is open to the top.
        unit: Unit in Chinese.
    """

    form: Ints
    value: Ints
    edges: tuple[int, ...]
    unit: str

    @cached_property
    def _bin(self) -> Ints:
        return np.searchsorted(np.array(self.edges), self.value, side="right") - 1

    def raw(self, row: int) -> object:
        """A number, "3200万元" or "20-49人"."""
        form, value = int(self.form[row]), int(self.value[row])
        if form == UNKNOWN:
            return None
        if form == EXACT:
            return value
        if form == WITH_UNIT:
            return f"{value}{self.unit}"
        place = int(self._bin[row])
        if place == len(self.edges) - 1:
            return f"{self.edges[place]}{self.unit}以上"
        return f"{self.edges[place]}-{self.edges[place + 1] - 1}{self.unit}"

    def column(self) -> SpanColumn:
        """The same as closed intervals."""
        ends = (*(edge - 1 for edge in self.edges[1:]), np.inf)
        low = np.where(self.form == RANGE, np.array(self.edges, dtype=float)[self._bin], self.value)
        high = np.where(self.form == RANGE, np.array(ends, dtype=float)[self._bin], self.value)
        unknown = self.form == UNKNOWN
        return SpanColumn(np.where(unknown, -np.inf, low), np.where(unknown, np.inf, high))


@dataclass(frozen=True)
class CodeDraw:
    """A code of a tree, or a position among ordered classes.

    Attributes:
        place: Position in `written`, -1 where unknown, int64 (n,).
        written: How each code is written.
        spans: First and last number of each code, float64 (codes, 2).
    """

    place: Ints
    written: tuple[str, ...]
    spans: NDArray[np.float64]

    @classmethod
    def of_tree(cls, place: Ints, codes: Sequence[str], written: Sequence[str], tree: CodeTree) -> CodeDraw:
        """Codes of a tree."""
        return cls(place, tuple(written), np.array([tree.span(code) for code in codes], dtype=np.float64))

    @classmethod
    def of_classes(cls, place: Ints, classes: tuple[str, ...]) -> CodeDraw:
        """Ordered classes."""
        ends = np.arange(len(classes), dtype=np.float64)
        return cls(place, classes, np.stack([ends, ends], axis=1))

    def raw(self, row: int) -> object:
        """The code as written."""
        place = int(self.place[row])
        return None if place < 0 else self.written[place]

    def column(self) -> SpanColumn:
        """The same as closed intervals."""
        unknown = self.place < 0
        low, high = self.spans[self.place].T
        return SpanColumn(np.where(unknown, -np.inf, low), np.where(unknown, np.inf, high))


@dataclass(frozen=True)
class DateDraw:
    """A date to the day, the month or the year.

    Attributes:
        form: UNKNOWN, DAY, MONTH or YEAR, int64 (n,).
        day: datetime64[D] (n,).
    """

    form: Ints
    day: NDArray[np.datetime64]

    def raw(self, row: int) -> object:
        """The day ("2014-05-17"), the month ("2014-05") or the year ("2014")."""
        form = int(self.form[row])
        return None if form == UNKNOWN else str(self.day[row])[: {DAY: 10, MONTH: 7, YEAR: 4}[form]]

    def column(self) -> SpanColumn:
        """First and last day as proleptic ordinals."""
        one = np.timedelta64(1, "D")
        low = high = self.day
        for form, unit in ((MONTH, "M"), (YEAR, "Y")):
            start = self.day.astype(f"datetime64[{unit}]")
            low = np.where(self.form == form, start.astype("datetime64[D]"), low)
            high = np.where(self.form == form, (start + 1).astype("datetime64[D]") - one, high)
        unknown = self.form == UNKNOWN
        first, last = (days.astype("datetime64[D]").astype(np.int64) + EPOCH for days in (low, high))
        return SpanColumn(np.where(unknown, -np.inf, first), np.where(unknown, np.inf, last))


@dataclass(frozen=True)
class ChoiceDraw:
    """A choice or flag.

    Attributes:
        codes: 0 where unknown, else 1 + the position in `values`, uint8 (n,).
        values: Canonical names.
    """

    codes: NDArray[np.uint8]
    values: tuple[str, ...]

    def raw(self, row: int) -> object:
        """The value."""
        return self.values[self.codes[row] - 1] if self.codes[row] else None

    def column(self) -> ChoiceColumn:
        """The same as codes."""
        return ChoiceColumn(self.codes, self.values)


@dataclass(frozen=True)
class ItemsDraw:
    """A set.

    Attributes:
        stated: Whether each term is stated, bool (n, terms).
        terms: Canonical names.
        known: Rows that say anything, bool (n,); known without any term is "none".
        vocabulary: For what the terms imply.
        exhaustive: Whether what is not stated is known not to be held.
    """

    stated: Bools
    terms: tuple[str, ...]
    known: Bools
    vocabulary: Vocabulary
    exhaustive: bool

    def raw(self, row: int) -> object:
        """A list of terms."""
        return [self.terms[i] for i in np.flatnonzero(self.stated[row])] if self.known[row] else None

    def column(self) -> ItemsColumn:
        """The same with what the terms imply."""
        names = sorted(self.vocabulary.closure(self.terms))
        held = {name: np.zeros(len(self.known), dtype=bool) for name in names}
        for i, term in enumerate(self.terms):
            for implied in self.vocabulary.closure([term]):
                held[implied] |= self.stated[:, i] & self.known
        complete = self.known & (self.exhaustive | ~self.stated.any(axis=1))
        return ItemsColumn(held, ~complete)


Draw = NumberDraw | CodeDraw | DateDraw | ChoiceDraw | ItemsDraw
"""A field of n companies: `raw(row)` is what one company writes (None for nothing), `column()` the same for all."""
