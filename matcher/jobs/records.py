"""The jobs in the database: what state each is in, and who may change it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence
from typing import Any, cast

from sqlalchemy import CursorResult, Update, delete, func, select, update

from matcher.store.database import Database
from matcher.store.tables import Job, JobState, StoredFile
from policies.errors import InputError, Problem

OPEN = (JobState.WAITING, JobState.RUNNING)
PREPARING = "准备"
UPLOADS = "uploads/"
"""Where uploads for jobs lie, below the folder of all files."""


class Records:
    """Every change of state is one transaction that names the state it starts from."""

    def __init__(self, database: Database) -> None:
        """Keep them in a database."""
        self._database = database

    def add(self, job: Job, most_open: int) -> None:
        """Queue a job.

        Raises:
            InputError: its owner has `most_open` waiting or running jobs already.
        """
        with self._database.session() as session:
            mine = select(func.count()).select_from(Job).where(Job.owner == job.owner, Job.state.in_(OPEN))
            if (session.scalar(mine) or 0) >= most_open:
                reason = f"最多同时有 {most_open} 个任务在排队或处理"
                raise InputError([Problem("任务", reason, "请等前面的完成，或先取消不需要的")])
            session.add(job)

    def find(self, owner: str, job_id: str) -> Job | None:
        """One job; None for none and for somebody else's alike."""
        with self._database.reading() as session:
            return session.scalar(select(Job).where(Job.owner == owner, Job.job_id == job_id))

    def of(self, owner: str) -> Sequence[Job]:
        """Somebody's jobs, newest first."""
        with self._database.reading() as session:
            return session.scalars(select(Job).where(Job.owner == owner).order_by(Job.created_at.desc())).all()

    def ahead(self, job: Job) -> int:
        """Jobs of everybody that come before one that waits."""
        before = (Job.state == JobState.RUNNING) | ((Job.state == JobState.WAITING) & (Job.created_at < job.created_at))
        with self._database.reading() as session:
            return session.scalar(select(func.count()).select_from(Job).where(before)) or 0

    def claim(self, now: dt.datetime) -> Job | None:
        """The next job, set to running: one that was cut off, else the one that waits longest."""
        with self._database.session() as session:
            for state in (JobState.RUNNING, JobState.WAITING):
                job = session.scalar(select(Job).where(Job.state == state).order_by(Job.created_at).limit(1))
                if job is not None:
                    job.state, job.started_at = JobState.RUNNING, job.started_at or now
                    job.options = {**job.options, "starts": job.options["starts"] + 1}
                    job.stage, job.done, job.total = PREPARING, 0, None
                    return job
        return None

    def note(self, job_id: str, stage: str, done: int, total: int | None) -> bool:
        """Write down how far a running job is; False where it does not run any more."""
        running = update(Job).where(Job.job_id == job_id, Job.state == JobState.RUNNING)
        return self._changes(running.values(stage=stage, done=done, total=total))

    def end(self, job_id: str, state: JobState, now: dt.datetime, **values: Any) -> bool:
        """Put a running job into its last state; False where it does not run any more."""
        running = update(Job).where(Job.job_id == job_id, Job.state == JobState.RUNNING)
        return self._changes(running.values(state=state, ended_at=now, **values))

    def cancel(self, owner: str, job_id: str, now: dt.datetime) -> Job | None:
        """Set a waiting or running job to cancelled; None where there is none."""
        wanted = select(Job).where(Job.owner == owner, Job.job_id == job_id, Job.state.in_(OPEN))
        with self._database.session() as session:
            job = session.scalar(wanted)
            if job is not None:
                job.state, job.ended_at = JobState.CANCELLED, now
            return job

    def ended_before(self, moment: dt.datetime) -> Sequence[Job]:
        """Jobs that ended before a moment."""
        with self._database.reading() as session:
            return session.scalars(select(Job).where(Job.ended_at < moment)).all()

    def forget(self, jobs: Sequence[Job]) -> None:
        """Remove jobs and what is written down of their files."""
        with self._database.session() as session:
            session.execute(delete(Job).where(Job.job_id.in_([job.job_id for job in jobs])))

    def uploads(self, owner: str) -> Sequence[StoredFile]:
        """Somebody's uploads for jobs, newest first."""
        wanted = select(StoredFile).where(StoredFile.owner == owner, StoredFile.path.startswith(UPLOADS))
        with self._database.reading() as session:
            return session.scalars(wanted.order_by(StoredFile.created_at.desc())).all()

    def unused_uploads(self, before: dt.datetime, given: Collection[str]) -> Sequence[StoredFile]:
        """Uploads from before a moment that no job was given which is still kept.

        Args:
            before: The moment.
            given: file_ids that jobs which are kept no longer were given; they may lie elsewhere.
        """
        upload = StoredFile.path.startswith(UPLOADS) | StoredFile.file_id.in_(given)
        wanted = select(StoredFile).where(upload, StoredFile.job_id.is_(None), StoredFile.created_at < before)
        with self._database.reading() as session:
            used = {options["upload"] for options in session.scalars(select(Job.options))}
            return [stored for stored in session.scalars(wanted) if stored.file_id not in used]

    def _changes(self, change: Update) -> bool:
        with self._database.session() as session:
            return cast(CursorResult[Any], session.execute(change)).rowcount > 0
