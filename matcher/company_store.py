"""Companies on disk: parts of a bulk run, and the store in which a new measure finds its companies among millions.

Both are Parquet files of the same columns, one row for each company and plan: an ordered field has `<field>.lo` and
`<field>.hi` (absent where that end is open), a choice its value, a set one flag for each item (`<field>=<item>`) and
`<field>#open` where an item not held is unknown. A store is sorted by region and already holds what can be derived from
the facts at any date, so that a rule reads only the fields that it names.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Literal

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from index.files import replacing
from policies.columns import ChoiceColumn, ItemsColumn, SpanColumn, Stated, with_derived
from policies.companies import COMPANY_TEXTS, CompanyTable
from policies.errors import InputError, Problem
from policies.fields import registry
from policies.values import Span

FORMAT = 1
MARK = b"huiqi.companies"
ROW_GROUP = 65_536
"""Rows of a row group of a store; fewer only where the next company would not fit."""
RUN_ROWS = 262_144
"""Rows sorted in memory at a time while a store is built."""
Kind = Literal["part", "store"]
Ints = NDArray[np.int64]
_KEYS = ("company", "plan", "row")


def write_part(path: Path, table: CompanyTable) -> None:
    """Write a table as one Parquet file, in one step; equal tables give equal bytes.

    Raises:
        OSError: The folder cannot be written.
    """
    _write(path, [_arrow(table)], "part", len(table))


def read_part(path: Path) -> CompanyTable:
    """Read a file of `write_part`.

    Raises:
        InputError: it is none, is damaged, or was written by a newer version.
    """
    _opened(path, "part")
    return _table(pq.read_table(path))


def is_store(path: Path) -> bool:
    """Whether a file is a store of companies."""
    try:
        _opened(path, "store")
    except InputError:
        return False
    return True


def build_store(tables: Iterable[CompanyTable], path: Path) -> int:
    """Write companies as a store sorted by region, in one step.

    Args:
        tables: Any number of companies; memory is for RUN_ROWS rows and one table.
        path: A Parquet file.

    Returns:
        The number of companies.

    Raises:
        OSError: The folder cannot be written.
    """
    with tempfile.TemporaryDirectory(dir=path.absolute().parent, prefix=".huiqi-store-") as temporary:
        runs, companies = _sorted_runs(tables, Path(temporary))
        _write(path, _merged(runs), "store", companies, _schema_of(runs))
    return companies


@dataclass(frozen=True, eq=False)
class CompanyStore:
    """An opened store.

    Attributes:
        path: The file.
        companies: How many it holds.
    """

    path: Path
    companies: int

    @classmethod
    def open(cls, path: Path) -> CompanyStore:
        """Open a file of `build_store`.

        Raises:
            InputError: it is none, is damaged, or was written by a newer version.
        """
        return cls(path, _opened(path, "store"))

    @cached_property
    def _file(self) -> pq.ParquetFile:
        return pq.ParquetFile(self.path, memory_map=True)

    @cached_property
    def columns(self) -> frozenset[str]:
        """Names of the Parquet columns."""
        return frozenset(self._file.schema_arrow.names)

    def groups(self, needed: Mapping[str, Sequence[Span]] = {}) -> list[int]:  # read only
        """Row groups in which some company may satisfy every need.

        Args:
            needed: Ordered field to the intervals that it must possibly touch. A field whose stored interval is not
                what a rule sees must not be here.
        """
        return [group for group in range(self._file.num_row_groups) if self._may_hold(group, needed)]

    def read(self, group: int, names: Iterable[str] | None = None) -> CompanyTable:
        """The companies of a row group; companies keep their own numbering from 0.

        Args:
            group: Its number.
            names: Fields to read; None for everything, texts included.
        """
        wanted = None
        if names is not None:
            fields = set(names)
            wanted = [name for name in self._file.schema_arrow.names if name in _KEYS or _field_of(name) in fields]
        return _table(self._file.read_row_group(group, columns=wanted))

    @cached_property
    def _bounds(self) -> list[dict[str, pq.Statistics]]:
        meta = self._file.metadata
        return [
            {
                column.path_in_schema: column.statistics
                for column in (meta.row_group(group).column(place) for place in range(meta.num_columns))
                if column.statistics is not None and column.path_in_schema.endswith((".lo", ".hi"))
            }
            for group in range(meta.num_row_groups)
        ]

    def _may_hold(self, group: int, needed: Mapping[str, Sequence[Span]]) -> bool:
        """Each need is its own filter on low and high ends: an open end anywhere keeps the group."""
        bounds = self._bounds[group]
        for name, allowed in needed.items():
            low, high = bounds.get(f"{name}.lo"), bounds.get(f"{name}.hi")
            least = -np.inf if low is None or low.null_count or not low.has_min_max else low.min
            most = np.inf if high is None or high.null_count or not high.has_min_max else high.max
            if not any(span.lo <= most and span.hi >= least for span in allowed):
                return False
        return True


def _arrow(table: CompanyTable) -> pa.Table:
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
        columns[f"{name}.lo"] = pa.array(span.lo, mask=np.isneginf(span.lo))
        columns[f"{name}.hi"] = pa.array(span.hi, mask=np.isposinf(span.hi))
    for name, choice in sorted(table.stated.choices.items()):
        values = pa.array([*choice.values], pa.string())
        codes = pa.array(choice.codes.astype(np.int64) - 1, mask=choice.codes == 0)
        columns[name] = values.take(codes)
    for name, items in sorted(table.stated.items.items()):
        columns[f"{name}#open"] = pa.array(items.open)
        columns |= {f"{name}={item}": pa.array(rows) for item, rows in sorted(items.held.items())}
    return pa.table(columns)


def _table(arrow: pa.Table) -> CompanyTable:
    """Arrow columns as a table; texts that were not read are empty."""
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
    stated, company = Stated(spans, choices, items), np.asarray(arrow.column("company"))
    starts = np.flatnonzero(np.diff(company, prepend=-1))
    numbers = np.cumsum(np.diff(company, prepend=company[:1]) != 0)
    firsts = arrow.take(pa.array(starts)) if len(starts) < arrow.num_rows else arrow
    texts = {name: _words(firsts, f"text.{name}") for name in COMPANY_TEXTS}
    rows = np.asarray(firsts.column("row"))
    return CompanyTable(
        stated, numbers, np.asarray(arrow.column("plan")), texts, _words(arrow, "plan_text"), rows,
        _words(firsts, "sheet"),
    )  # fmt: skip


def _ends(arrow: pa.Table, name: str, absent: float) -> NDArray[np.float64]:
    values: NDArray[np.float64] = np.asarray(arrow.column(name).fill_null(absent), dtype=np.float64)
    return values


def _flags(arrow: pa.Table, name: str, *, absent: bool) -> NDArray[np.bool_]:
    flags: NDArray[np.bool_] = np.asarray(arrow.column(name).fill_null(absent), dtype=bool)
    return flags


def _words(arrow: pa.Table, name: str) -> tuple[str, ...]:
    if name not in arrow.column_names:
        return ("",) * int(arrow.num_rows)
    words: list[str] = arrow.column(name).to_pylist()
    return tuple(words)


def _choice(column: pa.ChunkedArray) -> ChoiceColumn:
    coded = column.combine_chunks().dictionary_encode()
    values: list[str] = coded.dictionary.to_pylist()
    order = sorted(range(len(values)), key=values.__getitem__)
    code = np.zeros(len(values) + 1, dtype=np.uint8)
    code[np.array(order, dtype=np.int64)] = np.arange(1, len(values) + 1)
    places = np.asarray(coded.indices.fill_null(len(values)))
    return ChoiceColumn(code[places], tuple(sorted(values)))


def _field_of(column: str) -> str:
    """The field that a Parquet column belongs to; other columns are named by themselves."""
    return column.removesuffix(".lo").removesuffix(".hi").removesuffix("#open").partition("=")[0]


def _write(path: Path, groups: Iterable[pa.Table], kind: Kind, companies: int, schema: pa.Schema | None = None) -> None:
    with replacing(path) as temporary:
        writer: pq.ParquetWriter | None = None
        for group in groups:
            if writer is None:
                writer = pq.ParquetWriter(temporary, schema or group.schema, compression="zstd")
            writer.write_table(group, row_group_size=max(group.num_rows, 1))
        writer = writer or pq.ParquetWriter(temporary, schema or _arrow(CompanyTable.of([])).schema)
        mark = json.dumps({"format": FORMAT, "kind": kind, "companies": companies})
        writer.add_key_value_metadata({MARK: mark.encode()})
        writer.close()


def _opened(path: Path, kind: Kind) -> int:
    """Number of companies of a file of this kind; InputError for anything else."""
    where = f"企业数据文件“{path.name}”"
    try:
        mark = (pq.read_metadata(path).metadata or {}).get(MARK)
        said = json.loads(mark) if mark else {}
        companies, version, found = int(said.get("companies", 0)), int(said.get("format", 0)), said.get("kind")
    except (OSError, pa.ArrowInvalid, ValueError) as error:
        reason = "没有这个文件" if isinstance(error, FileNotFoundError) else "读不了，可能已损坏"
        raise InputError([Problem(where, reason, "请检查路径，或用 huiqi companies import 重新生成")]) from error
    if version > FORMAT:
        raise InputError([Problem(where, "由更新版本的软件生成", "请升级 huiqi，或用 huiqi companies import 重新生成")])
    if found != kind:
        raise InputError([Problem(where, "不是 huiqi 的企业库", "请用 huiqi companies import 从表格生成")])
    return companies


def _sorted_runs(tables: Iterable[CompanyTable], folder: Path) -> tuple[list[Path], int]:
    """Write the companies as runs of at most RUN_ROWS rows and one table, each sorted by region."""
    runs: list[Path] = []
    waiting: list[pa.Table] = []
    companies = 0
    for table in tables:
        known = CompanyTable(
            with_derived(table.stated, len(table.company)), table.company + companies, table.plan, table.texts,
            table.plan_texts, table.rows, table.sheets,
        )  # fmt: skip
        waiting.append(_arrow_numbered(known, companies))
        companies += len(table)
        if sum(part.num_rows for part in waiting) >= RUN_ROWS:
            runs.append(_run(waiting, folder / f"{len(runs):05}.parquet"))
            waiting = []
    if waiting:
        runs.append(_run(waiting, folder / f"{len(runs):05}.parquet"))
    return runs, companies


def _arrow_numbered(table: CompanyTable, first: int) -> pa.Table:
    """A table whose companies are numbered on from `first`."""
    alone = CompanyTable(
        table.stated, table.company - first, table.plan, table.texts, table.plan_texts, table.rows, table.sheets
    )
    arrow = _arrow(alone)
    return arrow.set_column(0, "company", pa.array(table.company))


def _run(parts: Sequence[pa.Table], path: Path) -> Path:
    whole = pa.concat_tables(parts, promote_options="default")
    whole = whole.append_column("sort", pa.array(_sort_keys(whole)))
    pq.write_table(whole.take(_order(whole)), path, row_group_size=ROW_GROUP // 4, compression="lz4")
    return path


def _sort_keys(arrow: pa.Table) -> NDArray[np.float64]:
    """Region of each row's company (that of its first row), so that its rows stay together; unknown comes first."""
    company = np.asarray(arrow.column("company"))
    if "region.lo" not in arrow.column_names:
        return np.full(len(company), -1.0)
    region = np.asarray(arrow.column("region.lo").fill_null(-1.0))
    starts = np.flatnonzero(np.diff(company, prepend=-1))
    own: NDArray[np.float64] = np.repeat(region[starts], np.diff([*starts, len(company)]))
    return own


def _order(arrow: pa.Table) -> pa.Array:
    keys = (np.asarray(arrow.column(name)) for name in ("plan", "company", "sort"))
    return pa.array(np.lexsort(tuple(keys)))


def _schema_of(runs: Sequence[Path]) -> pa.Schema | None:
    if not runs:
        return None
    schema = pa.unify_schemas([pq.read_schema(run) for run in runs])
    return schema.remove(schema.get_field_index("sort")).remove_metadata()


def _merged(runs: Sequence[Path]) -> Iterator[pa.Table]:
    """Row groups of the store, in the order of regions: as many regions at a time as fit into memory."""
    schema = _schema_of(runs)
    if schema is None:
        return
    rest: pa.Table | None = None
    for low, high in _ranges(runs):
        ranges = [("sort", ">=", low), ("sort", "<", high)]
        found = [pq.read_table(run, filters=ranges) for run in runs]
        whole = pa.concat_tables(found, promote_options="default")
        whole = whole.take(_order(whole)).drop_columns(["sort"]).select(schema.names)
        whole = whole.cast(schema) if rest is None else pa.concat_tables([rest, whole.cast(schema)])
        while whole.num_rows > ROW_GROUP:
            cut = _cut(whole)
            yield whole.slice(0, cut)
            whole = whole.slice(cut)
        rest = whole
    if rest is not None and rest.num_rows:
        yield rest


def _cut(arrow: pa.Table) -> int:
    """Where the row group ends: at most ROW_GROUP rows on, and never inside a company."""
    company = np.asarray(arrow.column("company").slice(0, ROW_GROUP + 1))
    changes = np.flatnonzero(np.diff(company)) + 1
    return int(changes[-1]) if len(changes) else ROW_GROUP


def _ranges(runs: Sequence[Path]) -> Iterator[tuple[float, float]]:
    """Ranges of sort keys [low, high) with about RUN_ROWS rows each (more where one region has more)."""
    keys = [np.asarray(pq.read_table(run, columns=["sort"]).column("sort")) for run in runs]
    regions, counts = np.unique(np.concatenate(keys) if keys else np.empty(0), return_counts=True)
    low, rows = None, 0
    for region, count in zip(regions.tolist(), counts.tolist(), strict=True):
        if low is not None and rows + count > RUN_ROWS:
            yield low, region
            low, rows = None, 0
        low, rows = region if low is None else low, rows + count
    if low is not None:
        yield low, np.inf
