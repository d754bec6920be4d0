"""What a job found, read page by page from the files that the run left: a result is never loaded whole."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds
import pyarrow.parquet as pq

from matcher.bulk.folder import RunFolder
from matcher.bulk.run import problem_lines
from matcher.export.arrow import SCHEMA, from_batch
from matcher.export.cells import ProblemLine
from matcher.match_rows import MatchRow
from policies.profile import CompanyProfile

BATCH_ROWS = 8_192


@dataclass(frozen=True)
class Filter:
    """Which rows to show; what is empty or None does not matter.

    Attributes:
        company: Part of the company's name or credit code.
        section: Heading under which the row stands (`MatchRow.section`).
        unmatched: Only companies for which there is nothing.
        measures: Only these measures; None for all.
        least_yuan: Upper end of the estimate at least.
    """

    company: str = ""
    section: str = ""
    unmatched: bool = False
    measures: Collection[str] | None = None
    least_yuan: float | None = None

    def expression(self) -> ds.Expression | None:
        """The filter for Arrow; None where every row fits."""
        parts = []
        if self.company:
            found = [pc.match_substring(ds.field(name), self.company) for name in ("company", "uscc")]
            parts.append(found[0] | found[1])
        if self.section:
            parts.append(ds.field("section") == self.section)
        if self.unmatched:
            parts.append(ds.field("kind") == "none")
        if self.measures is not None:
            parts.append(ds.field("measure_id").isin(pa.array(sorted(self.measures), pa.string())))
        if self.least_yuan is not None:
            parts.append(ds.field("high_yuan") >= self.least_yuan)
        whole = None
        for part in parts:
            whole = part if whole is None else whole & part
        return whole


class Outcome:
    """The rows, companies and problems of one finished job."""

    def __init__(self, run: RunFolder) -> None:
        """Read from a run folder that was kept."""
        self._run = run

    def rows(self, chosen: Filter, start: int, count: int) -> tuple[list[MatchRow], int]:
        """Some of the rows that fit, in the order of the result, and how many fit.

        Args:
            chosen: Which.
            start: First to return, from 0.
            count: Most to return.

        Raises:
            OSError: the files are gone (ArrowInvalid: damaged).
        """
        whole = ds.dataset(_numbered(self._run.results), schema=SCHEMA, format="parquet")
        expression = chosen.expression()
        total = whole.count_rows(filter=expression)
        found: list[MatchRow] = []
        place = 0
        for batch in whole.to_batches(filter=expression, batch_size=BATCH_ROWS):
            first = max(start - place, 0)
            if first < batch.num_rows:
                found += from_batch(batch.slice(first, count - len(found)))
            place += batch.num_rows
            if len(found) == count:
                break
        return found, total

    def company(self, sheet: str, row: int) -> CompanyProfile | None:
        """The company of one row of the upload; None if that row is none, or was rejected."""
        from matcher.companies.parts import read_part

        for part in _numbered(self._run.parts):
            keys = pq.read_table(part, columns=["row", "sheet"])
            if pc.any(pc.and_(pc.equal(keys["row"], row), pc.equal(keys["sheet"], sheet))).as_py():
                table = read_part(part)
                places = np.flatnonzero(table.rows == row).tolist()
                return next((table.profile(place) for place in places if table.sheets[place] == sheet), None)
        return None

    def problems(self) -> Iterator[ProblemLine]:
        """What was wrong or had to be interpreted, rejected rows first."""
        return problem_lines(self._run)


def _numbered(folder: Path) -> list[Path]:
    """Files of a run, in the order of the input."""
    return sorted(folder.glob("*.parquet"))
