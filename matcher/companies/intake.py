"""Spreadsheets into a store: good rows are stored, bad rows are reported, and the counts add up."""

from __future__ import annotations

import datetime as dt
import json
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path

import numpy as np

from matcher.companies.build import build_store
from matcher.companies.store import CompanyStore
from matcher.export.cells import REJECTED, ProblemLine
from matcher.export.files import write_errors
from matcher.sheet import HeaderMapping, ReadRow, RowProblem, SheetLimits, open_source
from matcher.sheet.files import DEFAULT_LIMITS
from policies.companies import CompanyTable, first_rows
from policies.fields import registry
from policies.regions import regions

TABLE_COMPANIES = 5_000
"""Companies laid out together."""


MAX_SHOWN = 50
"""Problems that are kept at hand; all are in the file."""


class Reading:
    """Spreadsheets of companies while they are read.

    Attributes:
        rows: Rows read so far: `companies` + `rejected` + `skipped`.
        notes: What was recognised about the files, in Chinese.
        problems: The first MAX_SHOWN problems.
    """

    def __init__(
        self,
        sources: Sequence[Path],
        mapping: HeaderMapping | None,
        as_of: dt.date,
        limits: SheetLimits = DEFAULT_LIMITS,
    ) -> None:
        """Open every file first: one that cannot be read stops the import before it begins.

        Raises:
            InputError: a file is wrong as a whole.
        """
        self._opened = [open_source(path, mapping=mapping, limits=limits) for path in sources]
        self._as_of = as_of
        self.rows = self.companies = self.rejected = self.skipped = 0
        self.notes = tuple(note for source in self._opened for note in source.notes)
        self.problems: list[RowProblem] = []

    @contextmanager
    def companies_in(self, problems: Path) -> Iterator[Iterator[ReadRow]]:
        """The rows that are companies; afterwards the rejected ones are written to a file, if there are any.

        Raises:
            InputError: the file cannot be written, or one of the sources turns out to be damaged.
        """
        with tempfile.TemporaryDirectory() as folder:
            lines = Path(folder) / "problems.jsonl"
            with lines.open("w", encoding="utf-8", errors="replace") as self._stream:
                yield self._read()
            if self.rejected:
                with lines.open(encoding="utf-8") as found:
                    write_errors(problems, (ProblemLine(**json.loads(line), level=REJECTED) for line in found))

    def reject(self, problems: Sequence[RowProblem]) -> None:
        """Refuse a row after all that `companies_in` gave."""
        self.companies -= 1
        self._set_aside(problems)

    def _read(self) -> Iterator[ReadRow]:
        for source in self._opened:
            for row in source.read():
                row = row.at(self._as_of)
                self.rows += 1
                if row.profile is None:
                    self._set_aside(row.problems)
                    continue
                self.companies += 1
                yield row

    def _set_aside(self, problems: Sequence[RowProblem]) -> None:
        if not problems:
            self.skipped += 1
            return
        self.rejected += 1
        self.problems += problems[: MAX_SHOWN - len(self.problems)]
        for problem in problems:
            self._stream.write(json.dumps(asdict(problem), ensure_ascii=False) + "\n")


class Intake(Reading):
    """An import into a store (see `matcher.companies.store`)."""

    def into(self, store: Path, problems: Path) -> None:
        """Store every company and write the rejected rows to a file.

        Raises:
            InputError: the store or the file cannot be written there.
        """
        with self.companies_in(problems) as rows:
            build_store(_tables(rows), store)

    def counts(self) -> dict[str, object]:
        """The counts for programs."""
        return {
            "rows": self.rows, "companies": self.companies, "rejected": self.rejected, "skipped": self.skipped,
            "notes": list(self.notes),
        }  # fmt: skip

    def lines(self) -> list[str]:
        """The counts for people."""
        return [
            f"读入 {self.rows:,} 行：企业 {self.companies:,} 家，未能读取 {self.rejected:,} 行，"
            f"跳过 {self.skipped:,} 行（空行、合计行等）",
            *self.notes,
        ]


def _tables(rows: Iterator[ReadRow]) -> Iterator[CompanyTable]:
    while block := list(islice(rows, TABLE_COMPANIES)):
        profiles = [row.profile for row in block if row.profile is not None]
        yield CompanyTable.of(profiles, [row.number for row in block], [row.sheet for row in block])


@dataclass(frozen=True)
class Contents:
    """What a store holds.

    Attributes:
        provinces: Province to its companies, most first; "未填写" for those without a region.
        known: Field to the share of rows that state or imply it, most first.
    """

    companies: int
    provinces: dict[str, int]
    known: dict[str, float]

    def to_json(self) -> dict[str, object]:
        """For programs."""
        return asdict(self)

    def lines(self) -> list[str]:
        """For people."""
        return [
            f"企业 {self.companies:,} 家",
            "各省：" + "，".join(f"{name} {count:,}" for name, count in self.provinces.items()),
            "各项信息的填写（含可推算）比例：",
            *(f"　{registry()[name].label}　{share:.0%}" for name, share in self.known.items()),
        ]


def contents(store: CompanyStore) -> Contents:
    """Look through a store."""
    tree = regions()
    starts = {int(tree.span(code)[0]): code for code in tree.children(tree.root)}
    firsts = np.array(sorted(starts))
    provinces: Counter[str] = Counter()
    known: Counter[str] = Counter()
    rows = 0
    for group in store.groups({}):
        stated, company, _ = store.read(group, store.fields)
        rows += len(company)
        for name, span in stated.spans.items():
            known[name] += int((np.isfinite(span.lo) | np.isfinite(span.hi)).sum())
        for name, choice in stated.choices.items():
            known[name] += int((choice.codes > 0).sum())
        for name, items in stated.items.items():
            known[name] += int((~items.open | np.logical_or.reduce([items.open & False, *items.held.values()])).sum())
        own = first_rows(company)
        region = stated.spans.get("region")
        low = np.full(len(own), -np.inf) if region is None else region.lo[own]
        for place, count in zip(*np.unique(np.searchsorted(firsts, low, "right"), return_counts=True), strict=True):
            name = tree.title(starts[int(firsts[place - 1])]) if place else "未填写"
            provinces[name] += int(count)
    shares = {name: round(count / rows, 4) for name, count in known.most_common()}
    return Contents(store.companies, dict(provinces.most_common()), shares)
