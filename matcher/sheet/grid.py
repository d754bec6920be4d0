"""A table of raw cells, whatever file it comes from."""

from __future__ import annotations

import datetime as dt
from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from matcher.sheet.problems import Unreadable

Value = None | str | int | float | bool | Decimal | dt.date | list[object] | Unreadable
"""A cell as the file gives it; blank is None or ""; a percentage by number format is text ("3%")."""


@dataclass(frozen=True, slots=True)
class GridRow:
    """One row of raw cells.

    Attributes:
        number: Row number as the person sees it, 1-based.
        cells: Values from the first column on; columns past the end are blank.
        damage: Why the row as a whole cannot be read; None if it can.
    """

    number: int
    cells: Sequence[Value]
    damage: Unreadable | None = None

    def cell(self, column: int) -> Value:
        """The value of a 1-based column."""
        return self.cells[column - 1] if column <= len(self.cells) else None


@dataclass(frozen=True)
class Merges:
    """Cells merged over several rows, by 1-based column: (first row, last row), ascending."""

    by_column: Mapping[int, Sequence[tuple[int, int]]] = field(default_factory=dict)

    def top(self, column: int, row: int) -> int:
        """The first row of the merged cell that covers this one below its top; 0 if none does."""
        ranges = self.by_column.get(column)
        if not ranges:
            return 0
        place = bisect_right(ranges, (row, 0)) - 1
        return ranges[place][0] if place >= 0 and ranges[place][0] < row <= ranges[place][1] else 0


@dataclass(frozen=True)
class Grid:
    """One sheet.

    Attributes:
        name: Name of the sheet; "" where the format has none.
        rows: Starts reading from the top; bounded memory.
        hidden: Whether the person cannot see the sheet.
        merges: Cells merged over several rows.
        hidden_rows: Number of hidden rows; they are read all the same.
        fixed_width: Whether a row should have as many cells as the header (a CSV row that has more is broken).
    """

    name: str
    rows: Callable[[], Iterator[GridRow]]
    hidden: bool = False
    merges: Merges = field(default_factory=Merges)
    hidden_rows: int = 0
    fixed_width: bool = False

    @property
    def where(self) -> str:
        """The sheet as messages name it."""
        return f"工作表“{self.name}”" if self.name else "表格"


def blank(value: Value) -> bool:
    """Whether a cell holds nothing."""
    return value is None or (isinstance(value, str) and not value.strip())
