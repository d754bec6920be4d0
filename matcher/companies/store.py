"""The store in which a new measure finds its companies among millions.

A store is a folder: `facts.parquet` (columns as in `matcher.companies.parts`) is sorted by region and already holds
what can be derived from the facts at any date, so that a rule reads only the fields that it names; `texts.parquet` has
names and other words in small row groups, one row for each company, for the few that are shown.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from matcher.companies.parts import FACTS, TEXTS, companies_in, facts_of, reading
from policies.columns import Stated
from policies.companies import COMPANY_TEXTS
from policies.errors import InputError
from policies.fields import registry
from policies.values import Span

Ints = NDArray[np.int64]
TEXT_COLUMNS = ("row", "sheet", *(f"text.{name}" for name in COMPANY_TEXTS))
_KEYS = ("company", "plan")


def is_store(path: Path) -> bool:
    """Whether a path is a store of companies."""
    try:
        companies_in(path / FACTS, "store")
    except InputError:
        return False
    return True


@dataclass(frozen=True, eq=False)
class CompanyStore:
    """An opened store.

    Attributes:
        path: The folder.
        companies: How many it holds, numbered from 0 by region.
    """

    path: Path
    companies: int

    @classmethod
    def open(cls, path: Path) -> CompanyStore:
        """Open a folder of `build_store`.

        Raises:
            InputError: it is none, is damaged, or was written by a newer version.
        """
        companies = companies_in(path / FACTS, "store")
        with reading(path / TEXTS):
            named = pq.read_metadata(path / TEXTS).num_rows
            if named != companies:
                raise ValueError(f"{named} names for {companies} companies")
        return cls(path, companies)

    @cached_property
    def _facts(self) -> pq.ParquetFile:
        path = self.path / FACTS
        choices = [name for name in pq.read_schema(path).names if name in registry()]
        return pq.ParquetFile(path, memory_map=True, read_dictionary=choices)

    @cached_property
    def _columns(self) -> tuple[str, ...]:
        return tuple(self._facts.schema_arrow.names)

    @cached_property
    def _texts(self) -> pq.ParquetFile:
        return pq.ParquetFile(self.path / TEXTS, memory_map=True)

    @cached_property
    def fields(self) -> frozenset[str]:
        """Fields of which some company states or implies something."""
        return frozenset(field_of(name) for name in self._columns) & frozenset(registry())

    def groups(self, needed: Mapping[str, Sequence[Span]]) -> list[int]:
        """Row groups in which some company may satisfy every need.

        Args:
            needed: Ordered field to the intervals that it must possibly touch; empty for every group. What a rule sees
                of such a field must be what is stored.
        """
        return [group for group in range(self._facts.num_row_groups) if self._may_hold(group, needed)]

    def read(self, group: int, names: Iterable[str]) -> tuple[Stated, Ints, Ints]:
        """Some of the facts of a row group, with the company and the plan of each row, int64 (n,).

        Args:
            group: Number of the row group.
            names: Fields; of a set field also single items ("honours=高新技术企业"), then no others of it are read.

        Raises:
            InputError: the store is damaged.
        """
        asked = {*names, *_KEYS}
        asked |= {f"{field_of(name)}#open" for name in asked if "=" in name}
        wanted = [name for name in self._columns if name in asked or field_of(name) in asked]
        with reading(self.path / FACTS):
            arrow = self._facts.read_row_group(group, columns=wanted)
        return facts_of(arrow), np.asarray(arrow.column("company")), np.asarray(arrow.column("plan"))

    def words(self, companies: Ints) -> dict[str, list[Any]]:
        """Row, sheet and texts of some companies, by column, in the order given; `companies` is int64 (n,).

        Raises:
            InputError: the store is damaged.
        """
        if not len(companies):
            return {name: [] for name in TEXT_COLUMNS}
        order = np.argsort(companies, kind="stable")
        groups, starts = np.unique(self._text_group(companies[order]), return_index=True)
        found = []
        for group, own in zip(groups.tolist(), np.split(companies[order], starts[1:]), strict=True):
            with reading(self.path / TEXTS):
                arrow = self._texts.read_row_group(group)
            found.append(arrow.take(pa.array(own - int(self._text_starts[group]))))
        back = np.empty(len(order), dtype=np.int64)
        back[order] = np.arange(len(order))
        return pa.concat_tables(found).take(pa.array(back)).to_pydict()  # type: ignore[no-any-return]

    @cached_property
    def _text_starts(self) -> Ints:
        meta = self._texts.metadata
        rows = [meta.row_group(group).num_rows for group in range(meta.num_row_groups)]
        return np.cumsum([0, *rows])[:-1]

    def _text_group(self, companies: Ints) -> Ints:
        groups: Ints = np.searchsorted(self._text_starts, companies, side="right") - 1
        return groups

    @cached_property
    def _bounds(self) -> list[dict[str, pq.Statistics]]:
        meta = self._facts.metadata
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


def field_of(column: str) -> str:
    """The field that a Parquet column belongs to; other columns are named by themselves."""
    return column.removesuffix(".lo").removesuffix(".hi").removesuffix("#open").partition("=")[0]
