"""Processes of jobs that behave as a test wants, and a service that can be killed.

`python -m tests.jobs_support job CONTROL` does a job with the cheap matcher. It waits while CONTROL/hold is there,
after it has said that it matches; CONTROL/how may say "die" (it kills itself) or "fail" (it says a problem).
`python -m tests.jobs_support serve FOLDER` works on the queue of a `Desk` until it is killed.
"""

from __future__ import annotations

import datetime as dt
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from matcher.bulk.shard import ShardJob, ShardReport, match_part, stored_report
from matcher.jobs import Jobs, Matching
from matcher.jobs.process import main as job_main
from matcher.store.database import Database
from matcher.store.files import FileStore
from matcher.store.tables import Job, StoredFile
from policies.errors import HuiqiError
from tests.bulk_support import FakeMatcher, write_companies

NOW = dt.datetime(2026, 11, 23, 9, 30, tzinfo=dt.timezone(dt.timedelta(hours=8)))
DAY = dt.date(2026, 11, 23)
WAIT_S = 60.0
TICK_S = 0.01
CONTROL = "HUIQI_TEST_CONTROL"


def until(true: Callable[[], bool]) -> None:
    """Wait until something holds; fails after WAIT_S."""
    deadline = time.monotonic() + WAIT_S
    while not true():
        if time.monotonic() > deadline:
            pytest.fail("waited in vain")
        threading.Event().wait(TICK_S)


class Desk:
    """A data folder with its queue, and the handles by which a test steers its jobs."""

    def __init__(self, folder: Path, database: Database | None = None) -> None:
        self.folder, self.control = folder, folder / "control"
        self.control.mkdir(parents=True, exist_ok=True)
        self.database = database or Database.in_folder(folder / "data")
        self.files = FileStore(self.database, folder / "data" / "files")
        self.now = NOW
        self.command = [sys.executable, "-m", "tests.jobs_support", "job", str(self.control)]
        self.jobs = self.queue()

    def queue(self) -> Jobs:
        """A queue of this folder, as a new service would open it."""
        return Jobs(self.database, self.files, lambda: self.now, Matching(dense=False), command=self.command)

    def upload(self, owner: str = "one", count: int = 40, now: dt.datetime = NOW) -> StoredFile:
        path = write_companies(self.folder / "名单.jsonl", count)
        return self.jobs.take(path, path.name, owner, now)

    def submit(self, owner: str = "one", upload: StoredFile | None = None, now: dt.datetime = NOW) -> Job:
        given = upload or self.upload(owner)
        return self.jobs.submit_bulk(owner, given, as_of=DAY, k=3, mapping=None, out_format="jsonl", now=now)

    def hold(self) -> None:
        """Let jobs wait after they have said that they match."""
        (self.control / "hold").touch()

    def release(self) -> None:
        (self.control / "hold").unlink()

    def how(self, word: str) -> None:
        (self.control / "how").write_text(word)

    def job(self, job: Job) -> Job:
        """The job as it is now."""
        found = self.jobs.find(job.owner, job.job_id)
        assert found is not None
        return found

    def ended(self, job: Job) -> Job:
        until(lambda: self.job(job).state.ended)
        return self.job(job)

    def holding(self, job: Job) -> None:
        """Wait until a held job stands in its stage."""
        until(lambda: (self.control / "holding").exists() and self.job(job).stage == "匹配")

    def left(self) -> list[str]:
        """What lies in the files' folder, but for uploads and the lock."""
        return sorted(path.name for path in self.files.folder.iterdir() if path.name not in {"uploads", "jobs.lock"})

    def close(self) -> None:
        self.jobs.stop()
        self.database.close()


def open_desk(folder: Path, database: Database | None = None) -> Iterator[Desk]:
    """A desk for a fixture."""
    desk = Desk(folder, database)
    yield desk
    desk.close()


def steered_shard(job: ShardJob) -> ShardReport:
    """As `matcher.bulk.run_shard` with the cheap matcher, when and how the test wants."""
    control = Path(os.environ[CONTROL])
    (control / "holding").touch()
    while (control / "hold").exists():
        threading.Event().wait(TICK_S)
    (control / "holding").unlink(missing_ok=True)
    how = (control / "how").read_text() if (control / "how").exists() else ""
    if how == "die":
        os.kill(os.getpid(), signal.SIGKILL)
    if how == "fail":
        raise HuiqiError("出错，请加上 --resume 再运行一次")
    return stored_report(job) or match_part(job, FakeMatcher())


def main() -> None:
    what, *given = sys.argv[1:]
    if what == "job":
        os.environ[CONTROL] = given[0]
        job_main(shard=steered_shard)
        return
    desk = Desk(Path(given[0]))
    desk.jobs.start()
    threading.Event().wait()


if __name__ == "__main__":
    main()
