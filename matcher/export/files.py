"""Result rows → XLSX, CSV, Parquet or JSON lines, and the errors file; every write is atomic and streams.

XLSX and CSV are for people (Chinese headers and words, texts made inert); Parquet and JSON lines are for programs
(stable English names; Parquet has the rows as stored, JSON lines has `export_cells.COLUMNS`).
"""

from __future__ import annotations

import contextlib
import csv
import json
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Literal, get_args

import pyarrow as pa
import pyarrow.parquet as pq

from index.files import replacing
from matcher.export.arrow import SCHEMA
from matcher.export.cells import (
    CAUTION,
    COLUMNS,
    HEADERS,
    PROBLEM_COLUMNS,
    REJECTED,
    Cell,
    MeasureCount,
    ProblemLine,
    RunSummary,
    csv_text,
    in_blocks,
    number,
    rejected_rows,
    shown,
    titles,
)
from policies.errors import InputError, Problem

__all__ = ["CAUTION", "REJECTED", "Format", "MeasureCount", "ProblemLine", "RunSummary", "output_format",
           "write_errors", "write_output"]  # fmt: skip

Format = Literal["xlsx", "csv", "parquet", "jsonl"]
BLOCK = 4_096
"""Rows that are Python objects at one time."""
ROW_GROUP = 65_536
_PROBLEM_SCHEMA = pa.schema(
    [pa.field(name, pa.int64() if name == "row" else pa.string(), nullable=False) for name in PROBLEM_COLUMNS]
)


def output_format(out: Path) -> Format:
    """The format that a file's suffix asks for.

    Raises:
        InputError: No such format; ask before the work starts.
    """
    suffix = out.suffix.lower().removeprefix(".")
    for name in get_args(Format):
        if suffix == name:
            found: Format = name
            return found
    reason = f"不能写成“{out.suffix}”格式" if suffix else "文件名没有后缀，不知道要写成什么格式"
    raise InputError([Problem(str(out), reason, "请用 .xlsx、.csv、.parquet 或 .jsonl")])


def write_output(
    out: Path, batches: Iterator[pa.RecordBatch], problems: Iterator[ProblemLine], summary: RunSummary
) -> None:
    """Write the result of a run in the format of the suffix.

    Args:
        out: The file; it holds the old content until the new one is complete.
        batches: Rows with `arrow.SCHEMA`, in the order to write them.
        problems: Every problem line in the order of the input; only XLSX has a place for them.
        summary: Likewise.

    Raises:
        InputError: The suffix is not known, or the file cannot be written.
    """
    kind = output_format(out)
    with _writing(out) as temporary:
        match kind:
            case "xlsx":
                from matcher.export.xlsx import write_result  # only where a workbook is wanted

                write_result(temporary, in_blocks(batches, BLOCK), problems, summary)
            case "csv":
                headers = [HEADERS[name] for name in COLUMNS]
                _write_csv(temporary, headers, (row for batch in in_blocks(batches, BLOCK) for row in _shown(batch)))
            case "parquet":
                _write_parquet(temporary, batches)
            case "jsonl":
                _write_jsonl(temporary, (row for batch in in_blocks(batches, BLOCK) for row in _records(batch)))


def write_errors(out: Path, problems: Iterator[ProblemLine]) -> None:
    """Write one line per rejected row in the format of the suffix; cautions are left out.

    Args:
        out: The file; it holds the old content until the new one is complete.
        problems: In the order of the input; the lines of one row follow each other.

    Raises:
        InputError: The suffix is not known, or the file cannot be written.
    """
    kind = output_format(out)
    rows = ([getattr(line, name) for name in PROBLEM_COLUMNS] for line in rejected_rows(problems))
    headers = [HEADERS[name] for name in PROBLEM_COLUMNS]
    with _writing(out) as temporary:
        match kind:
            case "xlsx":
                from matcher.export.xlsx import write_problem_book

                write_problem_book(temporary, rejected_rows(problems))
            case "csv":
                _write_csv(temporary, headers, rows)
            case "parquet":
                _write_parquet(temporary, _problem_batches(rows), _PROBLEM_SCHEMA)
            case "jsonl":
                _write_jsonl(temporary, (dict(zip(PROBLEM_COLUMNS, row, strict=True)) for row in rows))


@contextlib.contextmanager
def _writing(out: Path) -> Iterator[Path]:
    """`replacing`, with an error that a person can act on."""
    try:
        with replacing(out) as temporary:
            yield temporary
    except OSError as error:
        reason = f"写不了这个文件（{error.strerror or error}）"
        remedy = "请检查文件夹权限和磁盘空间；如果它正在表格软件中打开，请先关闭"
        raise InputError([Problem(str(out), reason, remedy)]) from error


def _shown(batch: pa.RecordBatch) -> Iterator[tuple[Cell, ...]]:
    return zip(*(shown(name, batch) for name in COLUMNS), strict=True)


def _write_csv(path: Path, headers: list[str], rows: Iterator[tuple[Cell, ...]] | Iterator[list[Cell]]) -> None:
    """UTF-8 with a byte order mark, so that Excel reads the Chinese."""
    with path.open("w", encoding="utf-8-sig", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(headers)
        writer.writerows([_csv_cell(value) for value in row] for row in rows)


def _csv_cell(value: Cell) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return csv_text(value)
    return str(int(value)) if float(value).is_integer() else str(value)


def _write_parquet(path: Path, batches: Iterator[pa.RecordBatch], schema: pa.Schema = SCHEMA) -> None:
    """Row groups of at least `ROW_GROUP` rows, however small the batches are."""
    with pq.ParquetWriter(path, schema, compression="zstd") as writer:
        waiting: list[pa.RecordBatch] = []
        for batch in batches:
            waiting.append(batch)
            if sum(part.num_rows for part in waiting) >= ROW_GROUP:
                writer.write_table(pa.Table.from_batches(waiting, schema))
                waiting = []
        writer.write_table(pa.Table.from_batches(waiting, schema))


def _problem_batches(rows: Iterator[list[Cell]]) -> Iterator[pa.RecordBatch]:
    while block := list(islice(rows, BLOCK)):
        columns = [[_encodable(value) for value in column] for column in zip(*block, strict=True)]
        yield pa.RecordBatch.from_arrays(
            [pa.array(column, field.type) for column, field in zip(columns, _PROBLEM_SCHEMA, strict=True)],
            schema=_PROBLEM_SCHEMA,
        )


def _encodable(value: Cell) -> Cell:
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) else value


def _records(batch: pa.RecordBatch) -> Iterator[dict[str, object]]:
    columns = {name: batch.column(name).to_pylist() for name in COLUMNS if name != "title"}
    columns["title"] = titles(batch)
    for name in ("score", "low_yuan", "high_yuan"):
        columns[name] = [number(value) for value in columns[name]]
    for values in zip(*(columns[name] for name in COLUMNS), strict=True):
        yield dict(zip(COLUMNS, values, strict=True))


def _write_jsonl(path: Path, records: Iterator[dict[str, object]]) -> None:
    """UTF-8, one object per line; half of a surrogate pair, which UTF-8 cannot hold, becomes "?"."""
    with path.open("w", encoding="utf-8", errors="replace", newline="\n") as stream:
        for record in records:
            stream.write(json.dumps(record, ensure_ascii=False, allow_nan=False) + "\n")
