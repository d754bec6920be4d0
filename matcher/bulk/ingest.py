"""The first stage of a bulk run: the rows of the input become parts of companies, problems and cautions."""

from __future__ import annotations

import contextlib
import datetime as dt
import json
import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Protocol, TextIO

from index.files import replacing
from matcher.bulk.folder import Ingested, Part, RunFolder, sha256_of
from matcher.sheet.problems import ReadRow, RowProblem

TOLD_EVERY = 500
"""Rows between two calls that tell how far reading is."""
MAX_NAMED = 5
"""Other rows that a caution about a duplicate names; the rest are counted."""


class RowSource(Protocol):
    """An opened input (`matcher.sheet.open_source`)."""

    @property
    def notes(self) -> tuple[str, ...]:
        """What was recognised and assumed about the input as a whole, in Chinese."""
        ...

    def read(self) -> Iterator[ReadRow]:
        """Every row of the input in its order; the same each time."""
        ...


def ingest(
    source: RowSource, folder: RunFolder, as_of: dt.date, shard_companies: int, on_rows: Callable[[int], None]
) -> Ingested:
    """Read the whole input into the run folder; nothing counts until all of it is read.

    Args:
        source: The opened input.
        folder: A started run.
        as_of: The day to answer for; a row that contradicts it is rejected.
        shard_companies: Companies of a part, 1 or more.
        on_rows: Told how many more rows are read.

    Returns:
        The counts and the parts, as stored in the folder.

    Raises:
        InputError: the input is wrong as a whole.
    """
    started = time.monotonic()
    folder.codes.unlink(missing_ok=True)
    with (
        _lines(folder.problems) as problems,
        _lines(folder.cautions) as cautions,
        contextlib.closing(CreditCodes(folder.codes)) as codes,
    ):
        state = _Ingest(folder, as_of, shard_companies, problems, cautions, codes)
        for row in source.read():
            state.take(row)
            if state.rows % TOLD_EVERY == 0:
                on_rows(TOLD_EVERY)
        state.close_part()
        for caution in codes.cautions():
            state.duplicates += 1
            state.write(cautions, (caution,))
        found = state.result(source.notes, time.monotonic() - started)
    folder.finish_ingest(found)
    return found


@contextlib.contextmanager
def _lines(target: Path) -> Iterator[TextIO]:
    """A text file that gets its name once it is complete."""
    with replacing(target) as temporary, temporary.open("w", encoding="utf-8", errors="replace") as stream:
        yield stream


@dataclass
class _Ingest:
    """The counts so far and the part that is filling up."""

    folder: RunFolder
    as_of: dt.date
    shard_companies: int
    problems: TextIO
    cautions: TextIO
    codes: CreditCodes
    waiting: list[ReadRow] = field(default_factory=list)
    parts: list[Part] = field(default_factory=list)
    rows: int = 0
    rejected: int = 0
    rejected_lines: int = 0
    skipped: int = 0
    caution_lines: int = 0
    duplicates: int = 0

    def take(self, row: ReadRow) -> None:
        """Put a row where it belongs; exactly one of company, rejected, skipped."""
        row = row.at(self.as_of)
        self.rows += 1
        if row.profile is not None:
            self.caution_lines += len(row.cautions)
            self.write(self.cautions, row.cautions)
            self.waiting.append(row)
            if len(self.waiting) == self.shard_companies:
                self.close_part()
        elif row.skipped:
            self.skipped += 1
        else:
            self.rejected += 1
            self.rejected_lines += len(row.problems)
            self.write(self.problems, row.problems)

    def write(self, stream: TextIO, lines: Iterable[RowProblem]) -> None:
        for line in lines:
            stream.write(json.dumps(asdict(line), ensure_ascii=False) + "\n")

    def close_part(self) -> None:
        """Store the waiting companies as a part."""
        if not self.waiting:
            return
        from matcher.companies.parts import write_part
        from policies.companies import CompanyTable

        profiles = [row.profile for row in self.waiting if row.profile is not None]
        numbers, sheets = [row.number for row in self.waiting], [row.sheet for row in self.waiting]
        target = self.folder.part(len(self.parts))
        with replacing(target) as temporary:
            write_part(temporary, CompanyTable.of(profiles, numbers, sheets))
        self.parts.append(Part(len(self.parts), len(profiles), sha256_of(target)))
        self.codes.add(
            (profile.uscc, number, sheet)
            for profile, number, sheet in zip(profiles, numbers, sheets, strict=True)
            if profile.uscc
        )
        self.waiting = []

    def result(self, notes: tuple[str, ...], seconds: float) -> Ingested:
        return Ingested(
            rows=self.rows,
            companies=sum(part.companies for part in self.parts),
            rejected=self.rejected,
            rejected_lines=self.rejected_lines,
            skipped=self.skipped,
            cautions=self.caution_lines,
            duplicates=self.duplicates,
            notes=notes,
            parts=tuple(self.parts),
            seconds=seconds,
        )


class CreditCodes:
    """Finds rows that share a credit code, on disk: the input may be longer than the memory."""

    def __init__(self, path: Path) -> None:
        self._db = sqlite3.connect(path, isolation_level=None)
        # A cut-off run reads its input again, so the file need not survive one.
        self._db.executescript(
            "pragma journal_mode = off; pragma synchronous = off;"
            "create table company (place integer primary key, uscc text, row integer, sheet text);"
        )

    def add(self, companies: Iterable[tuple[str, int, str]]) -> None:
        """Add companies: credit code, row number, sheet; in the order of the input."""
        self._db.execute("begin")
        self._db.executemany("insert into company (uscc, row, sheet) values (?, ?, ?)", companies)
        self._db.execute("commit")

    def cautions(self) -> Iterator[RowProblem]:
        """One caution for every row whose code another row has too, in the order of the input."""
        self._db.execute("create index if not exists by_code on company (uscc)")
        shared = "select place, uscc, row, sheet from company where uscc in "
        shared += "(select uscc from company group by uscc having count(*) > 1) order by place"
        for place, uscc, row, sheet in self._db.execute(shared):
            yield RowProblem(
                row, sheet, "统一社会信用代码", uscc, f"与{self._others(place, uscc, sheet)}重复；各行都已单独匹配",
                "请核对是否为同一家企业，只保留一行",
            )  # fmt: skip

    def _others(self, place: int, uscc: str, sheet: str) -> str:
        """The other rows with a code, in Chinese; the first few by number."""
        where = "from company where uscc = ? and place <> ?"
        (count,) = self._db.execute(f"select count(*) {where}", (uscc, place)).fetchone()
        found = self._db.execute(f"select row, sheet {where} order by place limit {MAX_NAMED}", (uscc, place))
        names = [f"工作表“{other}”第 {row} 行" if other != sheet else f"第 {row} 行" for row, other in found]
        return "、".join(names) + (f"等 {count} 行" if count > MAX_NAMED else "")

    def close(self) -> None:
        """Close the file."""
        self._db.close()
