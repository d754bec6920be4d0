"""One reverse question from a store to a file: which companies a policy or a measure is for."""

from __future__ import annotations

import csv
import datetime as dt
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path
from typing import Protocol

import pyarrow as pa
import pyarrow.parquet as pq

from matcher.assessment import Active, active_at
from matcher.companies.store import CompanyStore
from matcher.export.arrow import to_batch
from matcher.export.cells import HEADERS, VERDICTS, MeasureCount, RunSummary
from matcher.export.files import write_output
from matcher.match_rows import MatchRow
from matcher.reverse import NEWLY, Earlier, Reverse
from policies.errors import InputError, Problem
from policies.library import Library

BATCH_ROWS = 4_096


@dataclass(frozen=True)
class Question:
    """What is asked.

    Attributes:
        target: Policy or measure id.
        limit: Companies to list for each measure at most; None for all.
        earlier: Result of an earlier run; what it listed already is left out unless it is eligible only now.
    """

    library: Library
    target: str
    as_of: dt.date
    limit: int | None = None
    earlier: Path | None = None


class Taken(Protocol):
    """The import behind a store (`companies.intake.Intake`, `bulk.folder.Ingested`)."""

    @property
    def rows(self) -> int:
        """Rows read."""
        ...

    @property
    def rejected(self) -> int:
        """Rows that could not be read."""
        ...

    @property
    def skipped(self) -> int:
        """Rows that are no company."""
        ...

    @property
    def notes(self) -> tuple[str, ...]:
        """What was recognised, in Chinese."""
        ...


@dataclass(frozen=True)
class ReverseReport:
    """What was found.

    Attributes:
        companies: Companies looked at.
        listed: Rows written.
        measures: By measure, of all companies, listed or not.
        notes: What to know about the list, in Chinese.
    """

    companies: int
    listed: int
    measures: tuple[MeasureCount, ...]
    notes: tuple[str, ...] = ()

    def to_json(self) -> dict[str, object]:
        """For programs."""
        return asdict(self)

    def lines(self) -> list[str]:
        """For people."""
        counts = [
            f"{count.policy_title} · {count.measure_name}：符合 {count.eligible:,} 家，可能符合 {count.possible:,} 家"
            for count in self.measures
        ]
        return [f"共比对企业 {self.companies:,} 家", *counts, f"列出 {self.listed:,} 行", *self.notes]


def answer(
    question: Question, store: CompanyStore, out: Path, name: str, taken: Taken | None, also: Path | None = None
) -> ReverseReport:
    """Find the companies of every measure asked for and write them.

    Args:
        question: What is asked.
        store: Where to look.
        out: Result file, format by suffix.
        name: What the companies came from, for the workbook.
        taken: The import behind the store if there was one just now.
        also: A second file with the same rows, in the format of its own suffix.

    Raises:
        InputError: no such policy or measure, none of it is on offer, or a file cannot be read or written.
    """
    earlier = read_earlier(question.earlier) if question.earlier else None
    asked = targets(question.library, question.target, question.as_of)
    limit = question.limit if earlier is None else None  # what is new is known only after all are named
    found = [Reverse.find(store, active, question.as_of, limit) for active in asked]
    counts = tuple(_count(each) for each in found)
    summary = _summary(question, store, name, taken, counts)
    for target in filter(None, (also, out)):
        written = _Counter()
        rows = written.through(row for each in found for row in _news(each, earlier, question.limit))
        write_output(target, _batches(rows), iter(()), summary)
    return ReverseReport(store.companies, written.rows, counts, _unheard_of(asked, earlier))


def targets(library: Library, target: str, as_of: dt.date) -> list[Active]:
    """The measures on offer that an id means: one, or all of a policy.

    Raises:
        InputError: no such id (the nearest are offered), or nothing of it is on offer at `as_of`.
    """
    known = [entry.measure_id for entry in library.measures if target in (entry.measure_id, entry.policy.policy_id)]
    if not known:
        from rapidfuzz import process

        pool = [*library.policies, *(entry.measure_id for entry in library.measures)]
        near = "、".join(hit for hit, _, _ in process.extract(target, pool, limit=3))
        raise InputError([Problem(f"编号“{target}”", "没有这项政策或事项", f"您是不是要找：{near}")])
    found = [active for active in active_at(library, as_of) if active.entry.measure_id in known]
    if not found:
        reason = f"在 {as_of.isoformat()} 不可申报（已失效、被取代或已截止）"
        raise InputError([Problem(f"编号“{target}”", reason, "可用 huiqi policies show 查看")])
    return found


def _unheard_of(asked: Sequence[Active], earlier: Earlier | None) -> tuple[str, ...]:
    """Say of which measures an earlier run listed nobody: then everybody is new, or it is the wrong file."""
    if earlier is None:
        return ()
    missing = [each.entry.measure_id for each in asked if each.entry.measure_id not in earlier.measures]
    return tuple(f"上次的结果里没有事项 {name} 的企业，本次符合的都算新增；如不应如此，请核对文件" for name in missing)


def _news(found: Reverse, earlier: Earlier | None, limit: int | None) -> Iterator[MatchRow]:
    if earlier is None:
        yield from found.rows()
        return
    yield from islice(earlier.news(found.rows()), limit)


class _Counter:
    """Counts what passes."""

    def __init__(self) -> None:
        self.rows = 0

    def through(self, rows: Iterator[MatchRow]) -> Iterator[MatchRow]:
        for row in rows:
            self.rows += 1
            yield row


def _batches(rows: Iterator[MatchRow]) -> Iterator[pa.RecordBatch]:
    while block := list(islice(rows, BATCH_ROWS)):
        yield to_batch(block)


def _count(found: Reverse) -> MeasureCount:
    entry = found.offer.active[0].entry
    return MeasureCount(
        entry.policy.policy_id, entry.measure_id, entry.policy.title, entry.measure.name, found.eligible,
        found.possible, found.low_yuan, found.high_yuan,
    )  # fmt: skip


def _summary(
    question: Question, store: CompanyStore, name: str, taken: Taken | None, counts: Sequence[MeasureCount]
) -> RunSummary:
    eligible, possible = (sum(getattr(count, which) for count in counts) for which in ("eligible", "possible"))
    return RunSummary(
        as_of=question.as_of,
        library_version=question.library.version,
        input_name=name,
        rows_read=taken.rows if taken else store.companies,
        companies=store.companies,
        rejected=taken.rejected if taken else 0,
        skipped=taken.skipped if taken else 0,
        duplicates=0,
        eligible=eligible,
        possible=possible,
        near_misses=0,
        without_match=max(store.companies - eligible - possible, 0),
        companies_with_eligible=eligible,
        companies_with_possible=possible,
        low_yuan=sum(count.low_yuan for count in counts),
        high_yuan=sum(count.high_yuan for count in counts),
        per_measure=tuple(counts),
        notes=taken.notes if taken else (),
        dense=False,
        content_hash="",
    )


def read_earlier(path: Path) -> Earlier:
    """The whole result of an earlier reverse or bulk run (parquet, jsonl or csv).

    Raises:
        InputError: it cannot be read, is none, or holds only what was new.
    """
    try:
        match path.suffix.lower():
            case ".parquet":
                with pq.ParquetFile(path) as file:
                    batches = file.iter_batches(columns=list(_ASKED))
                    return Earlier.of(_listed((row for batch in batches for row in batch.to_pylist()), "eligible"))
            case ".jsonl":
                with path.open(encoding="utf-8") as stream:
                    return Earlier.of(_listed((json.loads(line) for line in stream), "eligible"))
            case ".csv":
                with path.open(encoding="utf-8-sig", newline="") as stream:
                    lines = ({key: row[HEADERS[key]] for key in _ASKED} for row in csv.DictReader(stream))
                    return Earlier.of(_listed(lines, VERDICTS["eligible"]))
            case _:
                raise InputError([Problem(f"上次的结果“{path}”", "不能读这种格式", "请给 parquet、jsonl 或 csv 结果")])
    except (OSError, ValueError, KeyError, TypeError, pa.ArrowInvalid) as error:
        raise InputError([Problem(f"上次的结果“{path}”", "读不了，或不是 huiqi 的结果文件", "请检查文件")]) from error


_ASKED = ("measure_id", "uscc", "company", "row", "verdict", "kind", "reasons")


def _listed(rows: Iterator[dict[str, object]], eligible: str) -> Iterator[tuple[str, str, str, int, bool]]:
    for row in rows:
        if str(row["reasons"]).startswith(NEWLY):
            reason = "只有新增的企业（是用 --only-newly 得到的）"
            raise InputError([Problem("上次的结果", reason, "请给一份完整的名单，否则旧的都会算新增")])
        if row["kind"] in ("match", "匹配"):
            code, name = (str(row[key] or "").lstrip("'") for key in ("uscc", "company"))
            yield str(row["measure_id"]), code, name, int(str(row["row"])), row["verdict"] == eligible
