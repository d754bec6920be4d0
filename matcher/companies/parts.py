"""Companies as Parquet columns, and the parts of a bulk run.

One row for each company and plan: an ordered field has `<field>.lo` and `<field>.hi` (absent where that end is open), a
choice its value, a set one flag for each item (`<field>=<item>`) and `<field>#open` where an item not held is unknown.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from index.files import replacing
from policies.columns import ChoiceColumn, ItemsColumn, SpanColumn, Stated
from policies.companies import COMPANY_TEXTS, CompanyTable, first_rows
from policies.errors import InputError, Problem
from policies.fields import registry

FORMAT = 1
MARK = b"huiqi.companies"
FACTS, TEXTS = "facts.parquet", "texts.parquet"
"""Files of a store."""
Kind = Literal["part", "store"]


def write_part(path: Path, table: CompanyTable) -> None:
    """Write a table as one Parquet file, in one step; equal tables give equal bytes.

    Raises:
        OSError: The folder cannot be written.
    """
    arrow = to_arrow(table).replace_schema_metadata({MARK: mark("part", len(table))})
    with replacing(path) as temporary:
        pq.write_table(arrow, temporary, compression="zstd")


def read_part(path: Path) -> CompanyTable:
    """Read a file of `write_part`.

    Raises:
        InputError: it is none, is damaged, or was written by a newer version.
    """
    companies_in(path, "part")
    with reading(path):
        return _table(pq.read_table(path))


def to_arrow(table: CompanyTable) -> pa.Table:
    """A table as Arrow columns."""
    columns: dict[str, pa.Array] = {
        "company": pa.array(table.company),
        "plan": pa.array(table.plan),
        "row": pa.array(table.rows[table.company]),
        "sheet": pa.array([table.sheets[company] for company in table.company.tolist()], pa.string()),
        "plan_text": pa.array(table.plan_texts, pa.string()),
    }
    for name in COMPANY_TEXTS:
        columns[f"text.{name}"] = pa.array(table.texts[name], pa.string()).take(columns["company"])
    for name, span in sorted(table.stated.spans.items()):
        low, high = (np.asarray(end, dtype=np.float64) for end in (span.lo, span.hi))  # ends may be whole numbers
        columns[f"{name}.lo"] = pa.array(low, mask=np.isneginf(low))
        columns[f"{name}.hi"] = pa.array(high, mask=np.isposinf(high))
    for name, choice in sorted(table.stated.choices.items()):
        values = pa.array([*choice.values], pa.string())
        codes = pa.array(choice.codes.astype(np.int64) - 1, mask=choice.codes == 0)
        columns[name] = values.take(codes)
    for name, items in sorted(table.stated.items.items()):
        columns[f"{name}#open"] = pa.array(items.open)
        columns |= {f"{name}={item}": pa.array(rows) for item, rows in sorted(items.held.items())}
    return pa.table(columns)


def _table(arrow: pa.Table) -> CompanyTable:
    """Arrow columns as a table."""
    company = np.asarray(arrow.column("company"))
    starts = first_rows(company)
    numbers = np.cumsum(np.diff(company, prepend=company[:1]) != 0)
    firsts = arrow.take(pa.array(starts)) if len(starts) < arrow.num_rows else arrow
    texts = {name: _words(firsts, f"text.{name}") for name in COMPANY_TEXTS}
    rows = np.asarray(firsts.column("row"))
    return CompanyTable(
        facts_of(arrow), numbers, np.asarray(arrow.column("plan")), texts, _words(arrow, "plan_text"), rows,
        _words(firsts, "sheet"),
    )  # fmt: skip


def facts_of(arrow: pa.Table) -> Stated:
    """The facts among Arrow columns."""
    spans: dict[str, SpanColumn] = {}
    choices: dict[str, ChoiceColumn] = {}
    open_: dict[str, NDArray[np.bool_]] = {}
    held: dict[str, dict[str, NDArray[np.bool_]]] = {}
    for name in arrow.column_names:
        field, _, item = name.partition("=")
        if name.endswith(".lo"):
            field = name.removesuffix(".lo")
            spans[field] = SpanColumn(_ends(arrow, name, -np.inf), _ends(arrow, f"{field}.hi", np.inf))
        elif name.endswith("#open"):
            field = name.removesuffix("#open")
            open_[field] = _flags(arrow, name, absent=True)
            held.setdefault(field, {})
        elif item:
            held.setdefault(field, {})[item] = _flags(arrow, name, absent=False)
        elif name in registry():
            choices[name] = _choice(arrow.column(name))
    items = {field: ItemsColumn(held[field], rows) for field, rows in open_.items()}
    return Stated(spans, choices, items)


def _ends(arrow: pa.Table, name: str, absent: float) -> NDArray[np.float64]:
    values: NDArray[np.float64] = np.asarray(arrow.column(name).fill_null(absent), dtype=np.float64)
    return values


def _flags(arrow: pa.Table, name: str, *, absent: bool) -> NDArray[np.bool_]:
    flags: NDArray[np.bool_] = np.asarray(arrow.column(name).fill_null(absent), dtype=bool)
    return flags


def _words(arrow: pa.Table, name: str) -> tuple[str, ...]:
    words: list[str] = arrow.column(name).to_pylist()
    return tuple(words)


def _choice(column: pa.ChunkedArray) -> ChoiceColumn:
    whole = column.unify_dictionaries().combine_chunks()
    coded = whole if pa.types.is_dictionary(whole.type) else whole.dictionary_encode()
    values: list[str] = coded.dictionary.to_pylist()
    order = sorted(range(len(values)), key=values.__getitem__)
    code = np.zeros(len(values) + 1, dtype=np.uint8)
    code[np.array(order, dtype=np.int64)] = np.arange(1, len(values) + 1)
    places = np.asarray(coded.indices.fill_null(len(values)))
    return ChoiceColumn(code[places], tuple(sorted(values)))


def mark(kind: Kind, companies: int) -> bytes:
    """What a file's footer says of it under MARK."""
    return json.dumps({"format": FORMAT, "kind": kind, "companies": companies}).encode()


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """Reads of a file of ours: whatever fails there is an InputError that says what to do."""
    try:
        yield
    except (OSError, ValueError) as error:  # ArrowInvalid is a ValueError
        reason = "没有这个文件" if isinstance(error, FileNotFoundError) else "读不了，可能已损坏"
        remedy = "请检查路径，或用 huiqi companies import 重新生成"
        raise InputError([Problem(_where(path), reason, remedy)]) from error


def _where(path: Path) -> str:
    return f"企业库“{path.parent.name if path.name in (FACTS, TEXTS) else path.name}”"


def companies_in(path: Path, kind: Kind) -> int:
    """Number of companies of a file of this kind; InputError for anything else."""
    where = _where(path)
    with reading(path):
        mark = (pq.read_metadata(path).metadata or {}).get(MARK)
        said = json.loads(mark) if mark else {}
        companies, version, found = int(said.get("companies", 0)), int(said.get("format", 0)), said.get("kind")
    if version > FORMAT:
        raise InputError([Problem(where, "由更新版本的软件生成", "请升级 huiqi，或用 huiqi companies import 重新生成")])
    if found != kind:
        raise InputError([Problem(where, "不是 huiqi 的企业库", "请用 huiqi companies import 从表格生成")])
    return companies
