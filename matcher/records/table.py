"""A spreadsheet into the department's companies: in blocks, idempotent, bad rows reported and left out."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from pathlib import Path

from sqlalchemy.orm import Session

from matcher.companies.intake import Reading
from matcher.records.given import Given
from matcher.records.known import Known, once_more
from matcher.records.sources import Source
from matcher.sheet import ReadRow, RowProblem
from matcher.store.companies import DEPARTMENT, CompanyRecord
from matcher.store.database import Database
from policies.written import raw_of

BLOCK = 1_000
"""Companies written in one transaction."""
_AMBIGUOUS = "名称相同的企业已有 {n} 家，不知道是哪一家"
_GIVE_CODE = "请补上统一社会信用代码"


class TableImport:
    """One import.

    Attributes:
        reading: The files.
        new: Companies that were not kept before.
        changed: Companies of which something new was said, or by somebody else.
        unchanged: Companies of which everything was known.
    """

    def __init__(self, database: Database, reading: Reading, source: Source, *, now: dt.datetime, actor: str) -> None:
        """Import into a database.

        Args:
            database: Where to.
            reading: The files, opened.
            source: Who vouches for them.
            now: The moment, with a time zone.
            actor: Name of the user who does it.
        """
        self._database, self.reading, self._source, self._now, self._actor = database, reading, source, now, actor
        self.new = self.changed = self.unchanged = 0
        self._previewed: set[str] = set()

    def run(self, problems: Path, *, preview: bool = False, progress: Callable[[int], None] | None = None) -> None:
        """Read, and write each company: only what is given is said anew, other facts stay.

        Args:
            problems: File for the rejected rows; its suffix says the format.
            preview: Only count what would happen.
            progress: Told the rows read after every block.

        Raises:
            InputError: a file turns out to be damaged, or `problems` cannot be written; blocks before it stay.
        """
        with self.reading.companies_in(problems) as rows:
            while block := list(islice(rows, BLOCK)):
                self._take([(row, given) for row, given in _given(block)], preview=preview)
                if progress is not None:
                    progress(self.reading.rows)

    def counts(self) -> dict[str, object]:
        """The counts, for programs."""
        told = self.reading
        return {
            "rows": told.rows, "companies": told.companies, "new": self.new, "changed": self.changed,
            "unchanged": self.unchanged, "rejected": told.rejected, "skipped": told.skipped, "notes": list(told.notes),
        }  # fmt: skip

    def lines(self) -> list[str]:
        """The counts, for people."""
        told = self.reading
        return [
            f"读入 {told.rows:,} 行：企业 {told.companies:,} 家（新增 {self.new:,}，更新 {self.changed:,}，"
            f"无变化 {self.unchanged:,}），未能读取 {told.rejected:,} 行，跳过 {told.skipped:,} 行（空行、合计行等）",
            *told.notes,
        ]

    def _take(self, block: Sequence[tuple[ReadRow, Given]], *, preview: bool) -> None:
        """One block."""
        found = once_more(self._database, lambda session: self._kept(session, block, preview=preview))
        for (row, given), outcome in zip(block, found, strict=True):
            if isinstance(outcome, int):
                reason = _AMBIGUOUS.format(n=outcome)
                self.reading.reject([RowProblem(row.number, row.sheet, "企业名称", given.name, reason, _GIVE_CODE)])
            else:
                setattr(self, outcome, getattr(self, outcome) + 1)

    def _kept(self, session: Session, block: Sequence[tuple[ReadRow, Given]], *, preview: bool) -> list[str | int]:
        """What became of each row: "new", "changed", "unchanged", or how many companies it may mean."""
        known = Known.of(session, DEPARTMENT, [given for _, given in block])
        outcomes: list[str | int] = []
        for _, given in block:
            found = known.find(given)
            if len(found) > 1:
                outcomes.append(len(found))
                continue
            one = found[0] if found else None
            _, changed = known.keep(given, self._source, one, now=self._now, actor=self._actor, partial=True)
            outcomes.append(self._outcome(given, one, changed=changed, preview=preview))
        if preview:
            session.expunge_all()
        else:
            known.write(session)
        return outcomes

    def _outcome(self, given: Given, found: CompanyRecord | None, *, changed: bool, preview: bool) -> str:
        if not changed:
            return "unchanged"
        key = given.uscc or given.name
        there = found is not None
        if preview and key:  # a company of an earlier block is not there yet, though it would be
            there = there or key in self._previewed
            self._previewed.add(key)
        return "changed" if there else "new"


def _given(block: Sequence[ReadRow]) -> Iterator[tuple[ReadRow, Given]]:
    return ((row, Given.of(raw_of(row.profile))) for row in block if row.profile is not None)
