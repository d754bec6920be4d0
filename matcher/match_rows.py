"""One line of a bulk result: a measure for a company, a near miss, or the note that a company has no match.

The same row as a Python object (`MatchRow`, what the engine makes) and as Arrow columns (`SCHEMA`, what is stored).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Literal

import pyarrow as pa

Kind = Literal["match", "near_miss", "none"]
VerdictName = Literal["eligible", "possible", "ineligible", ""]


@dataclass(frozen=True, slots=True)
class MatchRow:
    """One measure for one company; the fields are the columns of `SCHEMA`, in its order.

    Attributes:
        row: Row number of the company in the input, as its reader sees it.
        sheet: Sheet of the input; empty if the format has none.
        kind: A listed measure, a near miss (one condition in the way), or "none": the company has neither.
        rank: 1 for the best, counted by kind; 0 for kind "none".
        verdict: Verdict on the whole rule; empty for kind "none".
        section: Heading under which it is shown, in Chinese.
        score: Sort key of the ranking; comparable within one company only.
        low_yuan: Lower end of the estimate; None if no sum can be given.
        high_yuan: Upper end; None likewise.
        amount_note: How the sum was worked out, or why there is none, in Chinese.
        missing: Registry names of the facts that are not known and would decide.
        manual: What only a person can check, in Chinese.
        reasons: The conditions and how they stand, in Chinese.
        gap: What is missing, in Chinese (near misses only).
        window: When it can be applied for, in Chinese.
        next_step: What to do next, in Chinese.
    """

    row: int
    sheet: str
    uscc: str
    company: str
    kind: Kind
    rank: int
    policy_id: str
    measure_id: str
    policy_title: str
    measure_name: str
    verdict: VerdictName
    section: str
    score: float
    low_yuan: float | None
    high_yuan: float | None
    amount_note: str
    missing: list[str]
    manual: list[str]
    reasons: str
    gap: str
    window: str
    next_step: str


_WORDS = pa.list_(pa.field("item", pa.string(), nullable=False))
_TYPES: dict[str, pa.DataType] = {
    "row": pa.int64(),
    "rank": pa.int32(),
    "score": pa.float64(),
    "low_yuan": pa.float64(),
    "high_yuan": pa.float64(),
    "missing": _WORDS,
    "manual": _WORDS,
}
NULLABLE = frozenset({"low_yuan", "high_yuan"})
"""Columns in which a value can be absent; every other text is empty instead, and every other number is there."""
COLUMNS: tuple[str, ...] = tuple(column.name for column in fields(MatchRow))
SCHEMA = pa.schema([pa.field(name, _TYPES.get(name, pa.string()), nullable=name in NULLABLE) for name in COLUMNS])


def to_batch(rows: Sequence[MatchRow]) -> pa.RecordBatch:
    """The rows as Arrow columns.

    Args:
        rows: Any number of rows, none included.

    Returns:
        A batch with `SCHEMA`, one line per row, in the same order.

    Raises:
        pyarrow.ArrowInvalid: A value has the wrong type or is None where none may be.
    """
    columns = [pa.array([getattr(row, name) for row in rows], SCHEMA.field(name).type) for name in COLUMNS]
    batch = pa.RecordBatch.from_arrays(columns, schema=SCHEMA)
    absent = [name for name, column in zip(COLUMNS, columns, strict=True) if _nulls(column) and name not in NULLABLE]
    if absent:
        raise pa.ArrowInvalid(f"None in {', '.join(absent)}")
    return batch


def _nulls(column: pa.Array) -> int:
    inside = column.flatten().null_count if pa.types.is_list(column.type) else 0
    return int(column.null_count) + int(inside)


def from_batch(batch: pa.RecordBatch) -> list[MatchRow]:
    """The rows of a batch with the columns of `SCHEMA`; undoes `to_batch`."""
    return [MatchRow(*values) for values in zip(*(batch.column(name).to_pylist() for name in COLUMNS), strict=True)]
