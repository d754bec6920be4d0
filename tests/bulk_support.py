"""Bulk runs with a cheap matcher, and processes that kill themselves at a chosen moment.

Run as a program it makes one bulk run: `python -m tests.bulk_support JSON`; see `main`.
"""

from __future__ import annotations

import datetime as dt
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import Any

from matcher.brief import CompanyRows
from matcher.bulk.report import RunReport
from matcher.bulk.run import BulkOptions, run_bulk
from matcher.bulk.shard import ShardJob, ShardReport, match_part, stored_report
from matcher.match_rows import Kind, MatchRow
from matcher.results import Total
from policies.companies import CompanyTable
from policies.errors import HuiqiError
from policies.uscc import make_uscc
from tests.support import AS_OF

ROOT = Path(__file__).resolve().parents[1]
MARKERS = "HUIQI_TEST_MARKERS"
SHARD_COMPANIES = 7


class Silent:
    """Progress that goes nowhere."""

    def stage(self, name: str, total: int | None, done: int = 0) -> None:
        pass

    def advance(self, count: int) -> None:
        pass


class Words:
    dense = False


class FakeMatcher:
    """Rows that depend on the company's row number and name only."""

    retriever = Words()

    def match_table(self, table: CompanyTable, as_of: dt.date, k: int = 10) -> Iterator[CompanyRows]:
        for place, number in enumerate(table.rows.tolist()):
            yield company_rows(number, table.sheets[place], table.texts["name"][place], table.texts["uscc"][place], k)


def company_rows(number: int, sheet: str, name: str, uscc: str, k: int) -> CompanyRows:
    """`number` % 4 matches, the first one eligible, and a near miss for every third company."""
    rows = [match_row(number, sheet, name, uscc, "match", rank) for rank in range(1, min(number % 4, k) + 1)]
    rows += [match_row(number, sheet, name, uscc, "near_miss", 1)] if number % 3 == 0 else []
    total = Total(1000.0 * number, 1500.0 * number, (), {})
    return CompanyRows(tuple(rows) or (match_row(number, sheet, name, uscc, "none", 0),), total)


def match_row(number: int, sheet: str, name: str, uscc: str, kind: Kind, rank: int) -> MatchRow:
    verdict = {"match": "eligible" if rank == 1 else "possible", "near_miss": "ineligible", "none": ""}[kind]
    policy = "" if kind == "none" else f"p{rank}"
    sums = (1000.0 * number, 1500.0 * number) if verdict == "eligible" else (None, None)
    return MatchRow(
        number, sheet, uscc, name, kind, rank, policy, policy and f"{policy}/m", policy and f"关于{policy}的通知",
        policy and f"事项{rank}", verdict, "符合", 1 / (rank + number), *sums, "固定金额",  # type: ignore[arg-type]
        ["employees"] * (rank % 2), ["核对材料"] * (number % 3), f"第 {number} 行的理由", "", "全年", "准备材料",
    )  # fmt: skip


def fake_shard(job: ShardJob) -> ShardReport:
    """As `matcher.bulk.run_shard`, with the cheap matcher."""
    return stored_report(job) or match_part(job, FakeMatcher())


class DyingMatcher(FakeMatcher):
    """Kills its process half-way through chosen shards, the first time each of them is matched."""

    def __init__(self, shard: str) -> None:
        self.marker = Path(os.environ[MARKERS]) / shard

    def match_table(self, table: CompanyTable, as_of: dt.date, k: int = 10) -> Iterator[CompanyRows]:
        for place, rows in enumerate(super().match_table(table, as_of, k)):
            if place == len(table) // 2 and self.marker.exists():
                self.marker.unlink()
                os.kill(os.getpid(), signal.SIGKILL)
            yield rows


def dying_shard(job: ShardJob) -> ShardReport:
    return stored_report(job) or match_part(job, DyingMatcher(job.target.stem))


def failing_shard(job: ShardJob) -> ShardReport:
    raise HuiqiError(f"第 {job.target.stem} 批出错")


def elsewhere(_token: Path) -> str:
    """What a worker that does not share the storage answers."""
    return ""


def write_companies(path: Path, count: int) -> Path:
    """JSON lines: companies, every tenth line unreadable, every eleventh empty, some with the same credit code."""
    lines = []
    for number in range(1, count + 1):
        raw: dict[str, Any] = {"name": f"示例企业{number}", "region": "山东省/济南市", "employees": number}
        raw["uscc"] = make_uscc(f"91370100{number % (count - 3):09d}")
        if number % 10 == 0:
            raw["employees"] = "很多"
        lines.append("" if number % 11 == 0 else json.dumps(raw, ensure_ascii=False))
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def options(folder: Path, **changes: object) -> BulkOptions:
    """A run of the companies in a folder."""
    base: dict[str, Any] = {
        "source": folder / "companies.jsonl", "out": folder / "out.jsonl", "errors": folder / "errors.jsonl",
        "as_of": AS_OF, "dense": False,
    }  # fmt: skip
    return BulkOptions(**{**base, **changes})


def fake_run(given: BulkOptions, **changes: Any) -> RunReport:
    """A run with the cheap matcher and small shards."""
    return run_bulk(given, Silent(), **{"shard": fake_shard, "shard_companies": SHARD_COMPANIES, **changes})


def start(folder: Path, **plan: object) -> subprocess.Popen[str]:
    """Make a run in a process of its own."""
    command = [sys.executable, "-m", "tests.bulk_support", json.dumps({"folder": str(folder), **plan})]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)


class Death:
    """Kills this process with SIGKILL at the n-th moment; counts the moments if n is 0."""

    def __init__(self, moment: int) -> None:
        self.moment, self.seen = moment, 0

    def tick(self) -> None:
        self.seen += 1
        if self.seen == self.moment:
            os.kill(os.getpid(), signal.SIGKILL)

    def on_file(self, event: str, arguments: tuple[object, ...]) -> None:
        """Audit hook: just before a file in or beside the run folder is opened, renamed or deleted."""
        if event in {"open", "os.rename", "os.remove", "os.mkdir", "os.rmdir", "sqlite3.connect"}:
            text = str(arguments[0])
            if ".huiqi-run" in text or text.endswith(("out.jsonl", "errors.jsonl")) or ".tmp" in text:
                self.tick()

    def on_call(self, _frame: FrameType, event: str, _argument: object) -> None:
        """Profile function: at a call of any function, those of C included."""
        if event in {"call", "c_call"}:
            self.tick()


def main() -> None:
    """Make the run that the argument describes: folder, resume, workers, and what to count and where to die."""
    plan = json.loads(sys.argv[1])
    death = Death(plan.get("moment", 0))
    given = options(Path(plan["folder"]), resume=plan.get("resume", False), workers=plan.get("workers", 1))
    if plan.get("at") == "file":
        sys.addaudithook(death.on_file)
    if plan.get("at") == "call":
        sys.setprofile(death.on_call)
    report = fake_run(given)
    sys.setprofile(None)
    print(json.dumps({"hash": report.summary.content_hash, "moments": death.seen}))  # noqa: T201  # read by the test


if __name__ == "__main__":
    main()
