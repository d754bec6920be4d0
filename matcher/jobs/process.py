"""The process of one job: `python -m matcher.jobs.process`.

It reads its task as one line from stdin and says on stdout, one JSON object a line, how far it is
({"stage", "total", "done"}), and at last {"report": …} or {"problem": 中文}. It ends when stdin is closed: with its
service, even if that is killed.
"""

from __future__ import annotations

import json
import logging
import os
import shutil
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

from matcher.bulk.ingest import ingest
from matcher.bulk.run import BulkOptions, CannotResume, run_bulk
from matcher.bulk.shard import ShardJob, ShardReport, run_shard
from matcher.bulk.workers import default_workers
from matcher.jobs.task import Task, called
from matcher.sheet import HeaderMapping
from policies.errors import HuiqiError, InputError

SHARD_COMPANIES = 500
"""Companies between two signs of life while matching."""
SAY_EVERY_S = 0.5
NICENESS = 5
"""Pages come first."""
BROKEN = "处理中途出错，没有完成。请重新提交；如果再次失败，请联系管理员"
DISK = "读写文件失败（{what}），没有完成。请联系管理员检查磁盘空间和权限，然后重新提交"

Say = Callable[[dict[str, Any]], None]
_LOG = logging.getLogger(__name__)


class SaidProgress:
    """Tells how far a run is: at once when a stage begins, then at most every SAY_EVERY_S."""

    def __init__(self, say: Say, clock: Callable[[], float] = time.monotonic) -> None:
        self._say, self._clock = say, clock
        self._stage: dict[str, Any] = {}
        self._said = 0.0

    def stage(self, name: str, total: int | None, done: int = 0) -> None:
        """A stage begins; see `matcher.bulk.run.Progress`."""
        self._stage = {"stage": name, "total": total, "done": done}
        self._tell()

    def advance(self, count: int) -> None:
        """So many more are finished."""
        self._stage["done"] += count
        if self._clock() - self._said >= SAY_EVERY_S:
            self._tell()

    def _tell(self) -> None:
        self._said = self._clock()
        self._say(dict(self._stage))


def bulk_report(task: Task, progress: SaidProgress, shard: Callable[[ShardJob], ShardReport]) -> dict[str, Any]:
    """Match every company of the upload; goes on where an earlier try was cut off."""
    given = task.folder / "source"
    source = called(given, task.source, task.name)
    mapping = None
    if task.mapping is not None:
        mapping = given / "mapping.json"
        HeaderMapping.model_validate(task.mapping).save(mapping)
    options = BulkOptions(
        source=source, out=task.out, errors=task.errors, as_of=task.as_of, k=task.k, library=task.matching.library,
        model=task.matching.model, dense=task.matching.dense, mapping=mapping,
        workers=max(1, default_workers() - 1), resume=True, keep=True,
    )  # fmt: skip
    try:
        report = run_bulk(options, progress, shard=shard, shard_companies=SHARD_COMPANIES)
    except CannotResume:  # the library or the program has changed since: from the start
        task.run.clear()
        report = run_bulk(options, progress, shard=shard, shard_companies=SHARD_COMPANIES)
    return report.to_json()


def reverse_report(task: Task, progress: SaidProgress) -> dict[str, Any]:
    """Find the companies of the upload that a policy or a measure is for."""
    from matcher.bulk.run import problem_lines
    from matcher.companies.build import build_store
    from matcher.companies.parts import read_part
    from matcher.companies.store import CompanyStore
    from matcher.export.files import write_errors
    from matcher.reverse_run import Question, answer, targets
    from matcher.sheet import open_source
    from policies.library import load_library

    progress.stage("准备", None)
    library = load_library(task.matching.library)
    targets(library, task.target, task.as_of)  # what is not on offer is said before anything is read
    mapping = HeaderMapping.model_validate(task.mapping) if task.mapping is not None else None
    source = open_source(called(task.folder / "source", task.source, task.name), mapping=mapping)
    run = task.run
    run.tidy()
    progress.stage("读取", None)
    taken = ingest(source, run, task.as_of, SHARD_COMPANIES, progress.advance)
    progress.stage("比对", None)
    store = task.folder / "store"
    build_store((read_part(run.part(part.number)) for part in taken.parts), store)
    question = Question(library, task.target, task.as_of, task.limit)
    found = answer(question, CompanyStore.open(store), task.out, task.name, taken, also=run.result(0))
    write_errors(task.errors, problem_lines(run))
    shutil.rmtree(store)
    counts = {"rows_read": taken.rows, "rejected": taken.rejected, "skipped": taken.skipped}
    return {**found.to_json(), **counts, "as_of": task.as_of.isoformat(), "library_version": library.version}


def work(task: Task, say: Say, shard: Callable[[ShardJob], ShardReport] = run_shard) -> None:
    """Do a task and say what came of it; what goes wrong is said in Chinese and logged in full.

    Args:
        task: What to do.
        say: Told how far it is, and at last the report or the problem.
        shard: Matches one shard; must be importable where the workers are.
    """
    progress = SaidProgress(say)
    try:
        report = bulk_report(task, progress, shard) if task.kind == "bulk" else reverse_report(task, progress)
    except InputError as error:
        say({"problem": str(error)})
    except OSError as error:
        _LOG.exception("a job failed")
        say({"problem": DISK.format(what=error.strerror or type(error).__name__)})
    except HuiqiError as error:  # its remedy is for the command line
        _LOG.error("a job failed: %s", error)
        say({"problem": BROKEN})
    except Exception:
        _LOG.exception("a job failed")
        say({"problem": BROKEN})
    else:
        say({"report": report})


def main(shard: Callable[[ShardJob], ShardReport] = run_shard) -> None:
    """Do the task that stdin names."""
    channel = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # whatever a library prints is not for the service
    os.nice(NICENESS)
    task = Task.from_json(sys.stdin.readline())
    threading.Thread(target=_end_with, args=(sys.stdin.fileno(),), daemon=True).start()
    work(task, lambda said: print(json.dumps(said), file=channel, flush=True), shard)


def _end_with(descriptor: int) -> None:
    """End at once when nobody holds the other end; read without a buffer, whose lock would trouble a normal exit."""
    while os.read(descriptor, 1024):
        pass
    os._exit(1)


if __name__ == "__main__":
    main()
