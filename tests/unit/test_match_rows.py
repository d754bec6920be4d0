"""Match rows as objects and as Arrow columns."""

from __future__ import annotations

import dataclasses
import io

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from matcher.export.arrow import COLUMNS, NULLABLE, SCHEMA, from_batch, to_batch
from matcher.match_rows import MatchRow
from tests.export_support import MISS, NOTHING, ROW, match_row


def test_columns_are_the_fields_in_their_order() -> None:
    assert tuple(SCHEMA.names) == COLUMNS == tuple(field.name for field in dataclasses.fields(MatchRow))
    assert {field.name for field in SCHEMA if field.nullable} == NULLABLE == {"low_yuan", "high_yuan"}


def test_rows_survive_arrow_and_parquet() -> None:
    rows = [ROW, MISS, NOTHING]
    batch = to_batch(rows)
    assert batch.schema == SCHEMA
    assert from_batch(batch) == rows
    stored = io.BytesIO()
    pq.write_table(pa.Table.from_batches([batch]), stored)
    table = pq.read_table(stored)
    assert table.schema.equals(SCHEMA)
    assert [row for part in table.to_batches() for row in from_batch(part)] == rows


def test_no_rows_make_an_empty_batch() -> None:
    assert to_batch([]).num_rows == 0
    assert from_batch(to_batch([])) == []


@pytest.mark.parametrize(
    "changes", [{"company": None}, {"rank": None}, {"missing": None}, {"missing": ["employees", None]}, {"row": "3"}]
)
def test_what_must_be_there_is_never_none_or_of_another_type(changes: dict[str, object]) -> None:
    with pytest.raises((pa.ArrowInvalid, TypeError)):
        to_batch([ROW, match_row(**changes)])


def test_types_fit_large_runs() -> None:
    row = match_row(row=5_000_000_000, high_yuan=1e15)
    assert from_batch(to_batch([row])) == [row]
