"""JSONL (one profile object a line) and Parquet (a table, or nested profile objects)."""

from __future__ import annotations

import datetime as dt
import json
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

from matcher.sheet.grid import Grid, GridRow, Value
from matcher.sheet.limits import SheetLimits, mega
from matcher.sheet.problems import DEFAULT_REMEDY, WHOLE_ROW, ReadRow, RowProblem, refuse, shown
from policies.errors import InputError
from policies.fields import registry
from policies.profile import CompanyProfile

MAX_LINE_BYTES = 4_000_000
BATCH_ROWS = 4096
_FIELD = re.compile(r"（(\w+)）$")
_PLAN = re.compile(r"^第 (\d+) 项计划的")


def read_jsonl(path: Path, limits: SheetLimits) -> Iterator[ReadRow]:
    """One profile object a line; blank lines are skipped rows. A bad line never stops the rest."""
    with path.open("rb") as file:
        number = 0
        while line := file.readline(MAX_LINE_BYTES + 1):
            number += 1
            if number > limits.rows:
                raise limits.too_many_rows(f"文件“{path.name}”", number)
            if len(line) > MAX_LINE_BYTES and not line.endswith(b"\n"):
                while (rest := file.readline(MAX_LINE_BYTES)) and not rest.endswith(b"\n"):
                    pass
                reason, remedy = f"一行超过 {mega(MAX_LINE_BYTES)}", "请检查换行，每行写一个对象"
                yield ReadRow(number, "", None, (RowProblem(number, "", WHOLE_ROW, "", reason, remedy),))
            elif line.strip(b"\xef\xbb\xbf \t\r\n"):
                yield _jsonl_row(number, line)
            else:
                yield ReadRow(number, "", None, skipped="空行")


def check_jsonl(path: Path, limits: SheetLimits) -> None:
    """Raise InputError for a JSON array or a file of too many lines."""
    lines = 0
    with path.open("rb") as file:
        head = file.read(4096).lstrip(b"\xef\xbb\xbf \t\r\n")
        if head.startswith(b"["):
            raise refuse(f"文件“{path.name}”", "是 JSON 数组，不是 jsonl", "请改为每行一个对象，行与行之间不加逗号")
        file.seek(0)
        while chunk := file.read(1 << 20):
            lines += chunk.count(b"\n")
    if lines > limits.rows:
        raise limits.too_many_rows(f"文件“{path.name}”", lines)


def _jsonl_row(number: int, line: bytes) -> ReadRow:
    try:
        raw = json.loads(line.decode("utf-8-sig"))
    except (ValueError, RecursionError):  # a wrong encoding is a ValueError too
        try:
            CompanyProfile.from_json(line)
        except InputError as error:
            return ReadRow(number, "", None, _problems(number, line[:400].decode("utf-8", "replace"), error))
        return ReadRow(number, "", None, (RowProblem(number, "", WHOLE_ROW, "", "读不出", DEFAULT_REMEDY),))
    return profile_row(number, raw)


def profile_row(number: int, raw: Any) -> ReadRow:
    """A profile object as `CompanyProfile.model_validate` takes it; one nested under "profile" is taken as well."""
    nested = raw.get("profile") if isinstance(raw, Mapping) else None
    body = nested if isinstance(nested, Mapping) else raw
    try:
        profile = CompanyProfile.model_validate(body)
    except InputError as error:
        return ReadRow(number, "", None, _problems(number, body, error))
    cautions = []
    for note in profile.notes:
        where, separator, reason = note.partition("：")
        found = (where, reason) if separator else (WHOLE_ROW, note)
        cautions.append(RowProblem(number, "", found[0], _value_at(body, where), found[1], "请核对"))
    return ReadRow(number, "", profile, cautions=tuple(cautions))


def _problems(number: int, body: object, error: InputError) -> tuple[RowProblem, ...]:
    return tuple(
        RowProblem(
            number, "", problem.where, _value_at(body, problem.where), problem.reason, problem.remedy or DEFAULT_REMEDY
        )
        for problem in error.problems
    )


def _value_at(body: object, where: str) -> str:
    """The value that a problem's place names ("第 2 项计划的贷款金额（loan_wan）"), shortened."""
    if not isinstance(body, Mapping):
        return shown(body)
    holder: object = body
    if (plan := _PLAN.match(where)) and isinstance(plans := body.get("plans"), list):
        holder = plans[int(plan[1]) - 1] if int(plan[1]) <= len(plans) else None
    field = _FIELD.search(where)
    if field is None or not isinstance(holder, Mapping):
        return ""
    names = (field[1], *registry()[field[1]].aliases) if field[1] in registry() else (field[1],)
    return shown(next((holder[name] for name in names if name in holder), None))


def open_parquet(path: Path, limits: SheetLimits) -> tuple[Grid, bool]:
    """The table of a Parquet file, and whether its rows are nested profile objects (see `read_nested`).

    Raises:
        InputError: Not a Parquet file, damaged, or over a limit.
    """
    from pyarrow import parquet, types

    where = f"文件“{path.name}”"
    with _arrow_errors(where), parquet.ParquetFile(path) as file:
        meta, schema = file.metadata, file.schema_arrow
        size = sum(meta.row_group(group).total_byte_size for group in range(meta.num_row_groups))
        if meta.num_rows > limits.rows:
            raise limits.too_many_rows(where, meta.num_rows)
        if len(schema.names) > limits.columns:
            raise limits.too_many_columns(where, len(schema.names))
        if size > limits.unzipped_bytes:
            raise refuse(where, f"解压后有 {mega(size)}，上限 {mega(limits.unzipped_bytes)}", "请拆成几个文件分别导入")
        nested = any(
            entry.name in {"plans", "profile"} and (types.is_struct(entry.type) or types.is_list(entry.type))
            for entry in schema
        )
    return Grid("", lambda: _parquet_rows(path)), nested


def read_nested(path: Path) -> Iterator[ReadRow]:
    """Rows of a Parquet file whose columns are the keys of a profile object ("plans" a list of objects)."""
    names: Sequence[str] = ()
    for number, values in enumerate(_records(path)):
        if number == 0:
            names = [str(value) for value in values]
            continue
        record = {name: value for name, value in zip(names, values, strict=True) if value is not None}
        yield profile_row(number, record)


def _records(path: Path) -> Iterator[Sequence[Any]]:
    """The names of the columns, then the rows."""
    from pyarrow import parquet

    where = f"文件“{path.name}”"
    with _arrow_errors(where), parquet.ParquetFile(path) as file:
        yield file.schema_arrow.names
        for batch in file.iter_batches(batch_size=BATCH_ROWS):
            yield from zip(*(column.to_pylist() for column in batch.columns), strict=True)


def _parquet_rows(path: Path) -> Iterator[GridRow]:
    """The names of the columns as row 0, then the rows from 1."""
    for number, values in enumerate(_records(path)):
        yield GridRow(number, [_plain(value) for value in values])


def _plain(value: Any) -> Value:
    if isinstance(value, float) and not math.isfinite(value):
        return None  # pandas writes a missing number as NaN
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if value is None or isinstance(value, str | int | float | dt.date | list):
        return value
    return str(value)


class _arrow_errors:  # used like contextlib.suppress
    """Turns Arrow's errors into an InputError."""

    def __init__(self, where: str) -> None:
        self._where = where

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: object) -> None:
        from pyarrow import ArrowException

        if isinstance(error, ArrowException | OSError):
            raise refuse(self._where, "不是 Parquet 文件或已损坏", "请重新导出，或另存为 csv") from error
