"""The worker: a thread that does one job after another, each in a process of its own."""

from __future__ import annotations

import contextlib
import datetime as dt
import fcntl
import json
import logging
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import IO, Any, NamedTuple

from matcher.jobs.records import Records
from matcher.jobs.task import Matching, Task, safe_name
from matcher.store.files import FileStore
from matcher.store.tables import Job, JobState, StoredFile

MAX_STARTS = 5
"""A job that its service did not survive so often is given up."""
KEEP_DAYS = 30
LOOK_EVERY_S = 5.0
"""Seconds between two looks at the queue where nobody says that something was added."""
TIDY_EVERY = dt.timedelta(hours=1)
STOP_S = 10.0
COMMAND = (sys.executable, "-m", "matcher.jobs.process")
DIED = "计算进程意外结束，多半是内存不足。请把名单拆小后重新提交；如果再次失败，请联系管理员"
GIVEN_UP = "处理中服务多次中断，已停止重试。请联系管理员"
GONE = "上传的文件已不在（超过保留期或已删除）。请重新上传"
RESULT_NAMES = {"bulk": "匹配结果", "reverse": "企业名单"}
PROBLEMS_NAME = "问题清单"
MEDIA_TYPES = {
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "csv": "text/csv; charset=utf-8",
    "parquet": "application/vnd.apache.parquet",
    "jsonl": "application/x-ndjson; charset=utf-8",
}
_LOG = logging.getLogger(__name__)


class _Pace(NamedTuple):
    """Where the stage of the running job began."""

    job_id: str = ""
    stage: str = ""
    done: int = 0
    at_s: float = 0.0


class Worker:
    """Does the jobs of one folder; of several services with the same folder one works and the others wait."""

    def __init__(
        self,
        records: Records,
        files: FileStore,
        now: Callable[[], dt.datetime],
        matching: Matching,
        command: Sequence[str],
    ) -> None:
        """Get ready; see `Jobs`."""
        self._records, self._files, self._now, self._matching = records, files, now, matching
        self._command = tuple(command)
        self._wake, self._stopping, self._guard = threading.Event(), threading.Event(), threading.Lock()
        self._thread: threading.Thread | None = None
        self._running: tuple[str, subprocess.Popen[str]] | None = None
        self._pace = _Pace()
        self._tidied: dt.datetime | None = None

    def start(self) -> None:
        """Begin to work in the background; what an earlier service left unfinished comes first."""
        self._thread = threading.Thread(target=self._work, name="jobs", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End the work; a job that is running goes on at the next start."""
        self._stopping.set()
        self._wake.set()
        with self._guard:
            if self._running is not None:
                self._running[1].terminate()
        if self._thread is not None:
            self._thread.join(STOP_S)

    def wake(self) -> None:
        """Say that something was added."""
        self._wake.set()

    def interrupt(self, job: Job) -> None:
        """End the process of a job that was cancelled, and remove what it has written."""
        with self._guard:
            if self._running is not None and self._running[0] == job.job_id:
                self._running[1].terminate()  # the thread cleans up once it has ended
                return
        self._clean(job)

    def seconds_left(self, job: Job) -> float | None:
        """About how long the job's stage still takes; None where that cannot be said yet."""
        pace = self._pace
        done, spent_s = job.done - pace.done, time.monotonic() - pace.at_s
        if (job.job_id, job.stage) != (pace.job_id, pace.stage) or job.total is None or done <= 0:
            return None
        return max(job.total - job.done, 0) * spent_s / done

    def folder(self, job: Job) -> Path:
        """Where all that a job writes lies."""
        return self._files.folder / str(job.options["folder"])

    def tidy(self, now: dt.datetime) -> None:
        """Remove jobs that ended KEEP_DAYS ago with all they wrote, and uploads as old that no job needs."""
        before = now - dt.timedelta(days=KEEP_DAYS)
        old = self._records.ended_before(before)
        self.remove(old)
        for stored in self._records.unused_uploads(before, {job.options["upload"] for job in old}):
            self._files.delete(stored)

    def remove(self, jobs: Sequence[Job]) -> None:
        """Remove jobs that have ended with all they wrote."""
        for job in jobs:
            self._clean(job)
        self._records.forget(jobs)

    # ---- the thread -------------------------------------------------------------------------------------------------

    def _work(self) -> None:
        with (self._files.folder / "jobs.lock").open("a") as lock:
            while not self._stopping.is_set():
                try:
                    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:  # another service works, or the process of an earlier one is still ending
                    self._rest()
                    continue
                try:
                    self._step(lock)
                except Exception:  # the database may be gone for a while; nobody would notice a dead thread
                    _LOG.exception("the job queue stumbled")
                    self._rest()

    def _rest(self) -> None:
        self._wake.wait(LOOK_EVERY_S)
        if not self._stopping.is_set():
            self._wake.clear()

    def _step(self, lock: IO[str]) -> None:
        now = self._now()
        if self._tidied is None or now - self._tidied >= TIDY_EVERY:
            self.tidy(now)
            self._tidied = now
        job = self._records.claim(now)
        if job is None:
            self._rest()
            return
        upload = self._files.find(job.options["upload"], job.owner)
        if upload is None:
            self._end(job, JobState.FAILED, problem=GONE)
        elif job.options["starts"] > MAX_STARTS:
            self._end(job, JobState.FAILED, problem=GIVEN_UP)
        else:
            self._finish(job, self._talk(job, self._task(job, upload), lock))

    def _task(self, job: Job, upload: StoredFile) -> Task:
        options = job.options
        return Task(
            kind="bulk" if job.kind == "bulk" else "reverse",
            folder=self.folder(job),
            source=self._files.path_of(upload),
            name=job.name,
            out_format=options["out_format"],
            as_of=dt.date.fromisoformat(options["as_of"]),
            k=options["k"],
            target=options["target"],
            limit=options["limit"],
            mapping=options["mapping"],
            matching=self._matching,
        )

    def _talk(self, job: Job, task: Task, lock: IO[str]) -> dict[str, Any]:
        """Let a process do the task; returns the last thing that it said.

        The process holds the lock as well: should this service be killed, the next one waits until it has ended.
        """
        task.folder.mkdir(exist_ok=True, mode=0o700)
        said: dict[str, Any] = {}
        pipe = subprocess.PIPE
        with subprocess.Popen(
            self._command, stdin=pipe, stdout=pipe, text=True, encoding="utf-8", pass_fds=(lock.fileno(),)
        ) as process:
            with self._guard:
                self._running = (job.job_id, process)
                if self._stopping.is_set():
                    process.terminate()
            if process.stdin is None or process.stdout is None:
                raise OSError("a job's process has no pipes")
            try:
                with contextlib.suppress(BrokenPipeError):
                    process.stdin.write(task.to_json() + "\n")
                    process.stdin.flush()
                for line in process.stdout:
                    said = json.loads(line)
                    if "stage" in said and not self._note(job.job_id, **said):
                        process.terminate()  # cancelled
            finally:
                with self._guard:
                    self._running = None
        return said

    def _note(self, job_id: str, stage: str, done: int, total: int | None) -> bool:
        if self._pace[:2] != (job_id, stage):
            self._pace = _Pace(job_id, stage, done, time.monotonic())
        return self._records.note(job_id, stage, done, total)

    def _finish(self, job: Job, said: dict[str, Any]) -> None:
        """Write down what the process said last; a process that a stop has ended leaves its job to the next start."""
        if "report" in said:
            files = self._kept(job, said["report"])
            options = {**job.options, "files": [stored.file_id for stored in files]}
            self._end(job, JobState.DONE, report=said["report"], options=options)
        elif "problem" in said:
            self._end(job, JobState.FAILED, problem=said["problem"])
        elif not self._stopping.is_set():
            self._end(job, JobState.FAILED, problem=DIED)

    def _kept(self, job: Job, report: dict[str, Any]) -> list[StoredFile]:
        """The result, and the rejected rows if there are any, as their owner's files."""
        now, suffix, stem = self._now(), job.options["out_format"], safe_name(job.name, "")
        names = {"result": RESULT_NAMES[job.kind], **({"problems": PROBLEMS_NAME} if report["rejected"] else {})}
        kept = []
        for which, name in names.items():
            path, called = self.folder(job) / f"{which}.{suffix}", f"{stem}-{name}.{suffix}"
            media = MEDIA_TYPES[suffix]
            kept.append(
                self._files.keep(path, owner=job.owner, name=called, media_type=media, now=now, job_id=job.job_id)
            )
        return kept

    def _end(self, job: Job, state: JobState, **values: Any) -> None:
        """Put a job into its last state; what it wrote stays only if it is done and was not cancelled meanwhile."""
        if state is not JobState.DONE:
            self._clean(job)
        if not self._records.end(job.job_id, state, self._now(), **values):
            self._clean(job)

    def _clean(self, job: Job) -> None:
        for stored in self._files.of_job(job.job_id):
            self._files.delete(stored)
        shutil.rmtree(self.folder(job), ignore_errors=True)
