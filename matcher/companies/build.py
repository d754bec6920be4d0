"""Building a store of companies: an external sort by region, with bounded memory whatever the number of companies."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from matcher.companies.parts import FACTS, MARK, TEXTS, mark, to_arrow
from matcher.companies.store import TEXT_COLUMNS, is_store
from policies.columns import with_derived
from policies.companies import CompanyTable, first_rows
from policies.errors import InputError, Problem

ROW_GROUP = 65_536
"""Rows of a row group of facts; fewer only where the next company would not fit."""
TEXT_GROUP = 1_024
"""Companies of a row group of texts: what is read to name a single one."""
RUN_ROWS = 262_144
"""Rows sorted in memory at a time."""


def build_store(tables: Iterable[CompanyTable], path: Path) -> int:
    """Write companies as a store sorted by region.

    Args:
        tables: Any number of companies; memory is for RUN_ROWS rows and one table.
        path: A folder; one that is a store already is replaced once the new one is complete.

    Returns:
        The number of companies.

    Raises:
        InputError: the path is taken by something else.
        OSError: The folder cannot be written.
    """
    if path.exists() and not is_store(path):
        raise InputError([Problem(f"企业库“{path}”", "这个位置已有其他文件", "请换一个位置")])
    path.absolute().parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=path.absolute().parent, prefix=".huiqi-store-") as temporary:
        scratch, fresh = Path(temporary) / "runs", Path(temporary) / "store"
        scratch.mkdir()
        fresh.mkdir()
        runs, companies = _sorted_runs(tables, scratch)
        _write_store(runs, fresh, companies)
        if path.exists():
            path.replace(Path(temporary) / "old")
        fresh.replace(path)
    return companies


def _write_store(runs: Sequence[Path], folder: Path, companies: int) -> None:
    schema = _schema_of(runs) or to_arrow(CompanyTable.of([])).schema
    texts = pa.schema([schema.field(name) for name in TEXT_COLUMNS])
    facts = pa.schema([field for field in schema if field.name not in TEXT_COLUMNS])
    with (
        pq.ParquetWriter(folder / FACTS, facts, compression="lz4") as fact_file,
        pq.ParquetWriter(folder / TEXTS, texts, compression="zstd") as text_file,
    ):
        first = 0
        for group in _merged(runs, schema):
            company = np.asarray(group.column("company"))
            starts = first_rows(company)
            numbers = np.repeat(first + np.arange(len(starts)), np.diff([*starts, len(company)]))
            place = group.schema.get_field_index("company")
            fact_file.write_table(group.set_column(place, "company", pa.array(numbers)).select(facts.names))
            text_file.write_table(group.take(pa.array(starts)).select(texts.names), row_group_size=TEXT_GROUP)
            first += len(starts)
        fact_file.add_key_value_metadata({MARK: mark("store", companies)})


def _sorted_runs(tables: Iterable[CompanyTable], folder: Path) -> tuple[list[Path], int]:
    """Write the companies as runs of at most RUN_ROWS rows and one table, each sorted by region."""
    runs: list[Path] = []
    waiting: list[pa.Table] = []
    companies = 0
    for table in tables:
        arrow = to_arrow(replace(table, stated=with_derived(table.stated, len(table.company))))
        place = arrow.schema.get_field_index("company")
        waiting.append(arrow.set_column(place, "company", pa.array(table.company + companies)))  # numbered on
        companies += len(table)
        if sum(part.num_rows for part in waiting) >= RUN_ROWS:
            runs.append(_run(waiting, folder / f"{len(runs):05}.parquet"))
            waiting = []
    if waiting:
        runs.append(_run(waiting, folder / f"{len(runs):05}.parquet"))
    return runs, companies


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
    starts = first_rows(company)
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


def _merged(runs: Sequence[Path], schema: pa.Schema) -> Iterator[pa.Table]:
    """Row groups of the store, in the order of regions: as many regions at a time as fit into memory."""
    rest: pa.Table | None = None
    for found in _batches(runs):
        whole = pa.concat_tables(found, promote_options="default")
        whole = whole.take(_order(whole)).drop_columns(["sort"])
        # A batch has the columns that its runs had; the schema is that of all runs.
        whole = pa.concat_tables([schema.empty_table(), whole], promote_options="default").cast(schema)
        whole = whole if rest is None else pa.concat_tables([rest, whole])
        while whole.num_rows > ROW_GROUP:
            cut = _cut(whole)
            yield whole.slice(0, cut)
            whole = whole.slice(cut)
        rest = whole
    if rest is not None and rest.num_rows:
        yield rest


def _batches(runs: Sequence[Path]) -> Iterator[list[pa.Table]]:
    """Rows to sort together, in order: some regions of every run, or one large region run by run.

    Within a region companies keep their numbers, and those of a run are below those of the next.
    """
    for low, high, rows in _ranges(runs):
        chosen = [("sort", ">=", low), ("sort", "<", high)]
        parts = (pq.read_table(run, filters=chosen) for run in runs)
        if rows > RUN_ROWS:
            yield from ([part] for part in parts if part.num_rows)
        else:
            yield list(parts)


def _cut(arrow: pa.Table) -> int:
    """Where the row group ends: at most ROW_GROUP rows on, and never inside a company."""
    company = np.asarray(arrow.column("company").slice(0, ROW_GROUP + 1))
    changes = np.flatnonzero(np.diff(company)) + 1
    return int(changes[-1]) if len(changes) else ROW_GROUP


def _ranges(runs: Sequence[Path]) -> Iterator[tuple[float, float, int]]:
    """Ranges of sort keys [low, high) with their rows: at most RUN_ROWS, but for a region alone that has more."""
    keys = [np.asarray(pq.read_table(run, columns=["sort"]).column("sort")) for run in runs]
    regions, counts = np.unique(np.concatenate(keys) if keys else np.empty(0), return_counts=True)
    low, rows = None, 0
    for region, count in zip(regions.tolist(), counts.tolist(), strict=True):
        if low is not None and rows + count > RUN_ROWS:
            yield low, region, rows
            low, rows = None, 0
        low, rows = region if low is None else low, rows + count
    if low is not None:
        yield low, np.inf, rows
