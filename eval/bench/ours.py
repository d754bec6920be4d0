"""The product's evaluator over a whole table: row numbers of TRUE and of UNKNOWN for every measure."""

from __future__ import annotations

import multiprocessing
from collections.abc import Sequence
from multiprocessing.pool import Pool
from types import TracebackType
from typing import Self

from eval.bench.tally import Tally
from matcher.eligibility import BLOCK_ROWS, rows_by_verdict
from policies.columns import Columns
from policies.rules import Rule

_job: list[tuple[Columns, Sequence[Rule]]] = []  # a forked worker finds the table here, without a copy


class Workers:
    """Processes that share a table; they are started once, as polars starts its threads once.

    Args:
        table: Sorted by region.
        rules: One for each measure.
        count: Processes; 1 evaluates in this one.
    """

    def __init__(self, table: Columns, rules: Sequence[Rule], count: int) -> None:
        _job[:] = [(table, rules)]
        self._measures, self._rows = len(rules), table.n
        self._pool: Pool | None = multiprocessing.get_context("fork").Pool(count) if count > 1 else None

    def __enter__(self) -> Self:
        """Use it in a with statement, so that the processes end."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End the processes."""
        if self._pool is not None:
            self._pool.terminate()

    def evaluate(self, strides: tuple[int, ...] = ()) -> list[Tally]:
        """Evaluate every rule for every row.

        Returns:
            A tally for each stride, with rows kept; without strides one that only counts, for timed runs.
        """
        jobs = [(slice(start, start + BLOCK_ROWS), strides) for start in range(0, self._rows, BLOCK_ROWS)]
        totals = _tallies(self._measures, strides)
        for tallies in map(_part, jobs) if self._pool is None else self._pool.imap_unordered(_part, jobs):
            for total, tally in zip(totals, tallies, strict=True):
                total.merge(tally)
        return totals


def _tallies(m: int, strides: tuple[int, ...]) -> list[Tally]:
    return [Tally(m, stride) for stride in strides] or [Tally(m, keep=False)]


def _part(job: tuple[slice, tuple[int, ...]]) -> list[Tally]:
    rows, strides = job
    table, rules = _job[0]
    tallies = _tallies(len(rules), strides)
    for found in rows_by_verdict(table.take(rows), rules):
        for tally in tallies:
            tally.add(found.rule, found.true, found.unknown, rows.start)
    return tallies
