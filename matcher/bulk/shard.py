"""One shard of a bulk run: a file of companies becomes a file of match rows.

`run_shard` is a pure function of its job and safe to repeat: the result is written under a name of its own and renamed,
so a reader sees either nothing or all of it, and two workers with the same job write the same bytes. The counts and the
hash of the content travel in the result's own footer: there is no second file that could disagree with the first.
"""

from __future__ import annotations

import datetime as dt
import functools
import hashlib
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from importlib.metadata import version
from itertools import zip_longest
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from index.files import replacing
from matcher.export.arrow import COLUMNS, SCHEMA, to_batch
from matcher.export.cells import MeasureCount
from matcher.match_rows import MatchRow
from policies.errors import HuiqiError

if TYPE_CHECKING:
    from matcher.brief import CompanyRows
    from matcher.service import Matcher
    from policies.companies import CompanyTable

BATCH_ROWS = 8192
"""Match rows held as Python objects at a time."""
COUNTS = ("companies", "rows", "eligible", "possible", "near_misses", "unmatched", "with_eligible", "with_possible")
"""Fields of a ShardReport that add up over shards."""
_FOOTER = "huiqi.shard"


@dataclass(frozen=True)
class ShardJob:
    """What a shard's result depends on.

    Attributes:
        source: Parquet file of companies (`matcher.companies.parts`).
        target: Parquet file of match rows to write.
        k: Measures to list per company, 1 or more.
        library: Folder of policy files; None for the shipped library.
        model: sentence-transformers name or path; None for the bundled model.
        dense: False matches by rules and words only.
        made_for: Versions the caller works with (`versions_of`); a worker with others refuses. "" takes any.
        key: Fingerprint of everything above; a target that carries it is complete. "" never counts as complete.
    """

    source: Path
    target: Path
    as_of: dt.date
    k: int
    library: Path | None
    model: str | None
    dense: bool
    made_for: str = ""
    key: str = ""


@dataclass(frozen=True)
class ShardReport:
    """What a shard holds; the same for the same job.

    Attributes:
        companies: Companies in, each of which has at least one row.
        rows: Match rows out.
        eligible: Rows of kind "match" by verdict; `possible` likewise.
        near_misses: Rows of kind "near_miss".
        unmatched: Companies without a row of kind "match".
        with_eligible: Companies with at least one row of kind "match" that is eligible; `with_possible` likewise.
        low_yuan: Lower ends of what is eligible, as far as it can be combined, summed over companies.
        high_yuan: Upper ends likewise.
        measures: By measure_id.
        dense: Whether meaning was compared, not only words.
        key: The job's.
        content: Hash of the rows (`ContentHash`).
    """

    companies: int = 0
    rows: int = 0
    eligible: int = 0
    possible: int = 0
    near_misses: int = 0
    unmatched: int = 0
    with_eligible: int = 0
    with_possible: int = 0
    low_yuan: float = 0.0
    high_yuan: float = 0.0
    measures: tuple[MeasureCount, ...] = ()
    dense: bool = False
    key: str = ""
    content: str = ""

    def to_json(self) -> str:
        """The report as text; `from_json` undoes it."""
        return json.dumps(asdict(self), ensure_ascii=False, sort_keys=True)

    @classmethod
    def from_json(cls, text: str | bytes) -> ShardReport:
        """Read what `to_json` wrote; ValueError or TypeError for anything else."""
        raw: dict[str, Any] = json.loads(text)
        return cls(**{**raw, "measures": tuple(MeasureCount(**count) for count in raw["measures"])})


class ContentHash:
    """Hash of match rows in their order, independent of the file format and of how the rows are cut into batches.

    Each column feeds its own sha256s, little-endian: the lengths of its lists, the lengths of its texts (of a number:
    whether it is there), and the values. The result is the sha256 of these.
    """

    def __init__(self) -> None:
        self._streams = {(name, what): hashlib.sha256() for name in COLUMNS for what in ("list", "length", "value")}

    def update(self, batch: pa.RecordBatch) -> None:
        """Add the rows of a batch with `SCHEMA`."""
        for name in COLUMNS:
            self._add(name, batch.column(name))

    def _add(self, name: str, column: pa.Array) -> None:
        if pa.types.is_list(column.type):
            self._feed(name, "list", column.value_lengths().to_numpy(zero_copy_only=False).astype("<i4").tobytes())
            self._add(name, column.flatten())
        elif pa.types.is_string(column.type):
            if len(column):
                _, offsets_buffer, data = column.buffers()
                offsets = np.frombuffer(offsets_buffer, np.int32)[column.offset : column.offset + len(column) + 1]
                self._feed(name, "length", np.diff(offsets).astype("<i4").tobytes())
                self._feed(name, "value", memoryview(data or b"")[int(offsets[0]) : int(offsets[-1])])
        else:
            self._feed(name, "length", column.is_valid().to_numpy(zero_copy_only=False).tobytes())
            plain = column.fill_null(0).to_numpy(zero_copy_only=False)
            self._feed(name, "value", plain.astype(plain.dtype.newbyteorder("<")).tobytes())

    def _feed(self, name: str, what: str, data: bytes | memoryview) -> None:
        self._streams[name, what].update(data)

    def hexdigest(self) -> str:
        """The hash of all rows so far."""
        whole = hashlib.sha256()
        for (name, what), stream in self._streams.items():
            whole.update(f"{name} {what} {stream.hexdigest()}\n".encode())
        return whole.hexdigest()


def versions_of(library_digest: str) -> str:
    """What must be the same wherever a run's shards are matched: the software's version and the library."""
    return f"huiqi {version('huiqi')}，政策库 {library_digest[:12]}"


class _Meaning(Protocol):
    """Tells whether meaning is compared, not only words."""

    @property
    def dense(self) -> bool: ...


class TableMatcher(Protocol):
    """What a shard needs of a matcher."""

    @property
    def retriever(self) -> _Meaning:
        """Its index."""
        ...

    def match_table(self, table: CompanyTable, as_of: dt.date, k: int = 10) -> Iterator[CompanyRows]:
        """The rows of each company in turn."""
        ...


def run_shard(job: ShardJob) -> ShardReport:
    """Match the companies of a shard and write their rows.

    Args:
        job: What to match; the target's folder must exist.

    Returns:
        The counts. A target that is complete already is left as it is.

    Raises:
        HuiqiError: this machine has another version of huiqi or of the library, or the rows are not one company's each.
    """
    done = stored_report(job)
    return done or match_part(job, _opened(job.library, job.model, job.dense, job.made_for))


@functools.lru_cache(maxsize=1)
def _opened(library: Path | None, model: str | None, dense: bool, made_for: str) -> Matcher:
    """The matcher of this process; `made_for` is part of the key, so a changed library is loaded again."""
    from matcher.service import Matcher

    matcher = Matcher.open(library, model=model, dense=dense, batch=True)
    here = versions_of(matcher.library.digest)
    if made_for and here != made_for:
        raise HuiqiError(f"计算进程的版本（{here}）与发起运行时（{made_for}）不同。请更新到同一版本和政策库后再继续")
    return matcher


def match_part(job: ShardJob, matcher: TableMatcher) -> ShardReport:
    """Match a shard with an opened matcher; see `run_shard`."""
    from matcher.companies.parts import read_part

    table = read_part(job.source)
    tally, content = Tally(), ContentHash()
    companies = _one_each(table, matcher.match_table(table, job.as_of, job.k))
    # The temporary name is this writer's own: after a lost connection two workers can have the same job.
    with replacing(job.target) as temporary, pq.ParquetWriter(temporary, SCHEMA, compression="zstd") as writer:
        for batch in _batches(companies, tally):
            content.update(batch)
            writer.write_batch(batch)
        report = tally.report(job.key, content.hexdigest(), dense=matcher.retriever.dense)
        writer.add_key_value_metadata({_FOOTER: report.to_json()})
    return report


def _one_each(table: CompanyTable, found: Iterator[CompanyRows]) -> Iterator[CompanyRows]:
    """The rows of each company, made sure to be that company's."""
    places = zip(table.rows.tolist(), table.sheets, strict=True)
    for place, company in zip_longest(places, found):
        if place is None or company is None or {(row.row, row.sheet) for row in company.rows} != {place}:
            raise HuiqiError(f"内部错误：企业（行号 {place and place[0]}）的结果缺失或错位。请联系维护者")
        yield company


def _batches(companies: Iterator[CompanyRows], tally: Tally) -> Iterator[pa.RecordBatch]:
    waiting: list[MatchRow] = []
    for company in companies:
        tally.add(company)
        waiting += company.rows
        if len(waiting) >= BATCH_ROWS:
            yield to_batch(waiting)
            waiting = []
    if waiting:
        yield to_batch(waiting)


def stored_report(job: ShardJob) -> ShardReport | None:
    """The report in a target that was written for this very job; None if there is none, or a damaged one."""
    if not job.key:
        return None
    try:
        report = report_in(job.target)
    except (OSError, pa.ArrowInvalid, ValueError, TypeError, KeyError):
        return None
    return report if report.key == job.key else None


def report_in(target: Path) -> ShardReport:
    """The report in a result's footer; OSError, ArrowInvalid, KeyError, ValueError or TypeError if there is none."""
    metadata: dict[bytes, bytes] = pq.read_metadata(target).metadata or {}
    return ShardReport.from_json(metadata[_FOOTER.encode()])


class Tally:
    """Counts match rows, one company at a time."""

    def __init__(self) -> None:
        self._counts = dict.fromkeys(COUNTS, 0)
        self._measures: dict[str, MeasureCount] = {}
        self._low_yuan, self._high_yuan = 0.0, 0.0

    def add(self, company: CompanyRows) -> None:
        """Add the rows of one company."""
        matches = [row for row in company.rows if row.kind == "match"]
        eligible = sum(row.verdict == "eligible" for row in matches)
        for name, count in (
            ("companies", 1), ("rows", len(company.rows)), ("eligible", eligible),
            ("possible", len(matches) - eligible), ("with_eligible", eligible > 0),
            ("with_possible", len(matches) > eligible), ("unmatched", not matches),
            ("near_misses", sum(row.kind == "near_miss" for row in company.rows)),
        ):  # fmt: skip
            self._counts[name] += count
        for row in matches:
            self._measures[row.measure_id] = plus(self._measures.get(row.measure_id), _count_of(row))
        self._low_yuan += company.total.low_yuan
        self._high_yuan += company.total.high_yuan

    def report(self, key: str, content: str, *, dense: bool) -> ShardReport:
        """The counts so far."""
        measures = tuple(count for _, count in sorted(self._measures.items()))
        sums: dict[str, Any] = {**self._counts, "low_yuan": self._low_yuan, "high_yuan": self._high_yuan}
        return ShardReport(**sums, measures=measures, dense=dense, key=key, content=content)


def _count_of(row: MatchRow) -> MeasureCount:
    sure = row.verdict == "eligible"
    low_yuan, high_yuan = ((row.low_yuan or 0.0), (row.high_yuan or 0.0)) if sure else (0.0, 0.0)
    return MeasureCount(
        row.policy_id, row.measure_id, row.policy_title, row.measure_name, int(sure), int(not sure), low_yuan, high_yuan
    )


def plus(known: MeasureCount | None, more: MeasureCount) -> MeasureCount:
    """Counts of one measure, added up."""
    if known is None:
        return more
    return replace(
        known,
        eligible=known.eligible + more.eligible,
        possible=known.possible + more.possible,
        low_yuan=known.low_yuan + more.low_yuan,
        high_yuan=known.high_yuan + more.high_yuan,
    )
