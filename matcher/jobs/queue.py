"""What owners do with jobs: submit, look, cancel, take the results."""

from __future__ import annotations

import datetime as dt
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, get_args

from matcher.bulk.folder import RunFolder
from matcher.export.files import Format
from matcher.jobs.outcome import Outcome
from matcher.jobs.records import UPLOADS, Records
from matcher.jobs.task import JobKind, Matching
from matcher.jobs.uploads import checked_name, limits_of
from matcher.jobs.worker import COMMAND, MEDIA_TYPES, Worker
from matcher.sheet import HeaderMapping
from matcher.store.database import Database
from matcher.store.files import FileStore
from matcher.store.tables import Job, JobState, StoredFile, new_id
from policies.errors import InputError, Problem

__all__ = ["MAX_K", "MAX_OPEN", "MEDIA_TYPES", "Jobs"]

MAX_OPEN = 5
"""Jobs of one owner that wait or run."""
MAX_K = 500
WAITING = "排队"


class Jobs:
    """The queue and its worker; every call names the owner, and sees nothing of anybody else."""

    def __init__(
        self,
        database: Database,
        files: FileStore,
        now: Callable[[], dt.datetime],
        matching: Matching,
        *,
        upload_mib: int = 50,
        command: Sequence[str] = COMMAND,
    ) -> None:
        """Get ready; nothing is done before `start`.

        Args:
            database: Holds the queue.
            files: Uploads and results; each job has a folder of its own below.
            now: The moment, with a time zone; for what happens while nobody asks.
            matching: How every job matches.
            upload_mib: Largest upload, in MiB.
            command: Starts the process of a job (`matcher.jobs.process`).
        """
        self.limits = limits_of(upload_mib)
        self._files = files
        self._records = Records(database)
        self._worker = Worker(self._records, files, now, matching, command)

    def start(self) -> None:
        """Begin to work in the background; what an earlier service left unfinished comes first."""
        self._worker.start()

    def stop(self) -> None:
        """End the work; a job that is running goes on at the next start."""
        self._worker.stop()

    def tidy(self, now: dt.datetime) -> None:
        """Remove what is older than `worker.KEEP_DAYS`; the worker does it by itself."""
        self._worker.tidy(now)

    def take(self, path: Path, name: str, owner: str, now: dt.datetime) -> StoredFile:
        """Take over an upload; it is moved.

        Args:
            path: Where it lies now.
            name: As the person calls it; its suffix says the format.
            owner: user_id.
            now: The moment, with a time zone.

        Raises:
            InputError: it is no spreadsheet of a kind that can be read, its content is something else, or it is too
                large.
        """
        shown = checked_name(path, name, self.limits)
        kept = self._files.folder / UPLOADS / f"{new_id()}{Path(shown).suffix}"
        kept.parent.mkdir(exist_ok=True, mode=0o700)
        shutil.move(path, kept)
        media_type = MEDIA_TYPES[kept.suffix[1:]]
        return self._files.keep(kept, owner=owner, name=shown, media_type=media_type, now=now)

    def submit_bulk(
        self,
        owner: str,
        upload: StoredFile,
        *,
        as_of: dt.date,
        k: int,
        mapping: HeaderMapping | None,
        out_format: str,
        now: dt.datetime,
    ) -> Job:
        """Queue a bulk match of every company of an upload.

        Args:
            owner: user_id.
            upload: One of their files: csv, xlsx, parquet or jsonl by suffix.
            as_of: The day to answer for.
            k: Measures to list for each company, 1 to MAX_K.
            mapping: Confirmed header mapping; None recognises the header.
            out_format: "xlsx", "csv", "parquet" or "jsonl".
            now: The moment, with a time zone.

        Raises:
            InputError: an option is wrong, the file is not theirs, or MAX_OPEN jobs are open already.
        """
        if not 1 <= k <= MAX_K:
            raise InputError([Problem("每家企业列出的项数", f"应为 1 至 {MAX_K}，收到 {k}")])
        options = {"as_of": as_of, "mapping": mapping, "out_format": out_format, "k": k, "target": "", "limit": None}
        return self._add(owner, "bulk", upload, options, now)

    def submit_reverse(
        self,
        owner: str,
        target: str,
        upload: StoredFile,
        *,
        as_of: dt.date,
        limit: int | None,
        now: dt.datetime,
        mapping: HeaderMapping | None = None,
        out_format: str = "xlsx",
    ) -> Job:
        """Queue the search for the companies of an upload that a policy or a measure is for.

        Args:
            owner: user_id.
            target: Policy or measure id.
            upload: One of their files.
            as_of: The day to answer for.
            limit: Companies to list for each measure at most, 1 or more; None for all.
            now: The moment, with a time zone.
            mapping: Confirmed header mapping; None recognises the header.
            out_format: "xlsx", "csv", "parquet" or "jsonl".

        Raises:
            InputError: as for `submit_bulk`. That a target does not exist is found by the job.
        """
        if limit is not None and limit < 1:
            raise InputError([Problem("最多列出的企业数", f"应为 1 或更大，收到 {limit}")])
        options = {"as_of": as_of, "mapping": mapping, "out_format": out_format, "k": 1, "target": target,
                   "limit": limit}  # fmt: skip
        return self._add(owner, "reverse", upload, options, now)

    def _add(self, owner: str, kind: JobKind, upload: StoredFile, options: dict[str, Any], now: dt.datetime) -> Job:
        if options["out_format"] not in get_args(Format):
            shown = f"结果格式“{options['out_format']}”"
            raise InputError([Problem(shown, "不支持", "请用 xlsx、csv、parquet 或 jsonl")])
        if self._files.find(upload.file_id, owner) is None:
            raise InputError([Problem(f"文件“{upload.name}”", "不存在或已过期", "请重新上传")])
        mapping = options["mapping"]
        stored = {
            **options,
            "as_of": options["as_of"].isoformat(),
            "mapping": mapping.model_dump(mode="json") if mapping is not None else None,
            "upload": upload.file_id,
            "folder": new_id(),
            "starts": 0,
        }
        job = Job(
            job_id=new_id(), owner=owner, kind=kind, name=upload.name, options=stored, state=JobState.WAITING,
            stage=WAITING, done=0, problem="", created_at=now,
        )  # fmt: skip
        self._records.add(job, MAX_OPEN)
        self._worker.wake()
        return job

    def find(self, owner: str, job_id: str) -> Job | None:
        """One job; None for none and for somebody else's alike."""
        return self._records.find(owner, job_id)

    def list(self, owner: str) -> Sequence[Job]:
        """Their jobs, newest first."""
        return self._records.of(owner)

    def ahead(self, job: Job) -> int:
        """How many jobs, of whomever, come before one that waits."""
        return self._records.ahead(job)

    def seconds_left(self, job: Job) -> float | None:
        """About how long the stage of a running job still takes; None where that cannot be said yet."""
        return self._worker.seconds_left(job)

    def cancel(self, owner: str, job_id: str, now: dt.datetime) -> bool:
        """Stop a job and remove what it has written; False where there is nothing to stop."""
        job = self._records.cancel(owner, job_id, now)
        if job is not None:
            self._worker.interrupt(job)
        return job is not None

    def delete(self, owner: str, job_id: str) -> bool:
        """Remove a job that has ended with all that it wrote, and its upload where no other job was given that.

        False where there is none, or it has not ended.
        """
        job = self.find(owner, job_id)
        if job is None or not job.state.ended:
            return False
        only = self.alone(job)
        self._worker.remove([job])
        upload = self._files.find(job.options["upload"], owner) if only else None
        if upload is not None:
            self._files.delete(upload)
        return True

    def alone(self, job: Job) -> bool:
        """Whether no other job was given the same upload."""
        given = [other.job_id for other in self.list(job.owner) if other.options["upload"] == job.options["upload"]]
        return given == [job.job_id]

    def results(self, owner: str, job_id: str) -> Sequence[StoredFile]:
        """What a finished job wrote: the result, then the rejected rows if there are any."""
        job = self.find(owner, job_id)
        names = job.options.get("files", []) if job is not None else []
        return [stored for name in names if (stored := self._files.find(name, owner)) is not None]

    def outcome(self, job: Job) -> Outcome | None:
        """The rows of a job to look through; None before it is done and once they are gone."""
        run = RunFolder.beside(self._worker.folder(job) / f"result.{job.options['out_format']}")
        return Outcome(run) if job.state is JobState.DONE and run.results.is_dir() else None

    def uploads(self, owner: str) -> Sequence[StoredFile]:
        """Their uploads, newest first."""
        return self._records.uploads(owner)
