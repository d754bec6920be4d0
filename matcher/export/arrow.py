"""Match rows as Arrow columns: what a shard stores and every output is written from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields

import pyarrow as pa

from matcher.match_rows import MatchRow

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
