"""Evaluations in the database, by owner, and the files that belong to them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import select, update

from eval.page import words
from matcher.services import Services
from matcher.store.tables import Evaluation, JobState, StoredFile
from policies.errors import InputError, Problem

OPEN = (JobState.WAITING, JobState.RUNNING)


class Records:
    """What is written down of evaluations; somebody else's are as if they were not there."""

    def __init__(self, services: Services) -> None:
        """Keep them in the service's database and files."""
        self._services = services

    @property
    def now(self) -> dt.datetime:
        """The moment, with a time zone."""
        return self._services.now()

    def add(self, made: Evaluation) -> None:
        """Write down a new one."""
        with self._services.database.session() as session:
            session.add(made)

    def note(self, evaluation_id: str, **values: object) -> None:
        """Change columns of one."""
        change = update(Evaluation).where(Evaluation.evaluation_id == evaluation_id)
        with self._services.database.session() as session:
            session.execute(change.values(**values))

    def give_up_open(self) -> None:
        """Mark everything open as failed: an earlier process ended before it was done."""
        ended = {"state": JobState.FAILED, "problem": words.INTERRUPTED, "ended_at": self.now}
        with self._services.database.session() as session:
            session.execute(update(Evaluation).where(Evaluation.state.in_(OPEN)).values(**ended))

    def next(self, evaluation_id: str) -> Evaluation | None:
        """One that still waits, for the worker; None if it was cancelled or deleted."""
        wanted = select(Evaluation).where(Evaluation.evaluation_id == evaluation_id)
        with self._services.database.session() as session:
            return session.scalar(wanted.where(Evaluation.state == JobState.WAITING))

    def of(self, owner: str, kind: str | None = None) -> list[Evaluation]:
        """Somebody's evaluations, of one kind or all, newest first."""
        wanted = select(Evaluation).where(Evaluation.owner == owner).order_by(Evaluation.created_at.desc())
        if kind is not None:
            wanted = wanted.where(Evaluation.kind == kind)
        with self._services.database.session() as session:
            return list(session.scalars(wanted))

    def find(self, evaluation_id: str, owner: str) -> Evaluation | None:
        """Somebody's own; None for one that does not exist and for somebody else's alike."""
        wanted = select(Evaluation).where(Evaluation.evaluation_id == evaluation_id, Evaluation.owner == owner)
        with self._services.database.session() as session:
            return session.scalar(wanted)

    def finished(self, evaluation_id: str, owner: str) -> Evaluation:
        """Somebody's own that is done.

        Raises:
            InputError: There is none.
        """
        found = self.find(evaluation_id, owner)
        if found is None or found.state is not JobState.DONE:
            raise InputError([Problem(words.SHOWN, words.RUN_GONE, words.CHOOSE_AGAIN)])
        return found

    def delete(self, made: Evaluation) -> None:
        """Remove one with its files."""
        self.drop_files(made)
        with self._services.database.session() as session:
            session.delete(session.merge(made))

    # ---- files ------------------------------------------------------------------------------------------------------

    @contextmanager
    def writing(self, made: Evaluation, name: str, media_type: str) -> Iterator[Path]:
        """A path to write a file of an evaluation to; it is kept at the end."""
        files = self._services.files
        path = files.new_path(Path(name).suffix)
        yield path
        stored = files.keep(path, owner=made.owner, name=name, media_type=media_type, now=self.now)
        made.files = [*made.files, stored.file_id]
        self.note(made.evaluation_id, files=made.files)

    def files(self, made: Evaluation) -> list[StoredFile]:
        """The files of an evaluation."""
        found = (self._services.files.find(file_id, made.owner) for file_id in made.files)
        return [stored for stored in found if stored is not None]

    def path(self, made: Evaluation, media_type: str) -> Path:
        """Where its file of a type lies.

        Raises:
            InputError: There is none.
        """
        stored = next((one for one in self.files(made) if one.media_type == media_type), None)
        if stored is None:
            raise InputError([Problem(words.SHOWN, words.RUN_GONE, words.CHOOSE_AGAIN)])
        return self._services.files.path_of(stored)

    def drop_files(self, made: Evaluation) -> None:
        """Remove its files."""
        for stored in self.files(made):
            self._services.files.delete(stored)

    def progress(self, made: Evaluation, stage: str, total: int, watch: Callable[[], None]) -> Callable[[int], None]:
        """A function that writes down how far a stage is, at most some fifty times.

        Args:
            made: What is done.
            stage: In Chinese.
            total: Steps of the stage.
            watch: Called before each note; what it raises ends the work.
        """
        step = max(1, total // 50)

        def note(done: int) -> None:
            watch()
            if done % step == 0 or done == total:
                self.note(made.evaluation_id, stage=stage, done=done, total=total)

        return note
