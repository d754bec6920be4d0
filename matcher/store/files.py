"""Files that belong to somebody: uploads and results, kept below one folder under random names."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from sqlalchemy import select

from matcher.store.database import Database
from matcher.store.tables import StoredFile, new_id


class FileStore:
    """Keeps files; who may have one is decided by its owner alone."""

    def __init__(self, database: Database, folder: Path) -> None:
        """Use a folder (it is made, for its owner only)."""
        self._database = database
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)

    def new_path(self, suffix: str) -> Path:
        """A path for a file still to be written, inside the folder; the caller `keep`s it afterwards."""
        return self.folder / f"{new_id()}{suffix}"

    def keep(
        self,
        path: Path,
        *,
        owner: str,
        name: str,
        media_type: str,
        now: dt.datetime,
        job_id: str | None = None,
    ) -> StoredFile:
        """Take over a file that lies in the folder.

        Args:
            path: From `new_path`.
            owner: user_id of who may have it.
            name: What the person calls it; used for downloads.
            media_type: For downloads.
            now: The moment, with a time zone.
            job_id: The job that it belongs to.
        """
        stored = StoredFile(
            file_id=new_id(),
            owner=owner,
            job_id=job_id,
            path=path.relative_to(self.folder).as_posix(),
            name=name,
            media_type=media_type,
            size=path.stat().st_size,
            created_at=now,
        )
        path.chmod(0o600)
        with self._database.session() as session:
            session.add(stored)
        return stored

    def find(self, file_id: str, owner: str) -> StoredFile | None:
        """Somebody's own file; None for one that does not exist and for somebody else's alike."""
        with self._database.reading() as session:
            return session.scalar(select(StoredFile).where(StoredFile.file_id == file_id, StoredFile.owner == owner))

    def of_job(self, job_id: str) -> list[StoredFile]:
        """The files of a job, oldest first."""
        with self._database.reading() as session:
            found = session.scalars(
                select(StoredFile).where(StoredFile.job_id == job_id).order_by(StoredFile.created_at)
            )
            return list(found)

    def path_of(self, stored: StoredFile) -> Path:
        """Where a file lies."""
        return self.folder / stored.path

    def delete(self, stored: StoredFile) -> None:
        """Remove a file and its record."""
        self.path_of(stored).unlink(missing_ok=True)
        with self._database.session() as session:
            session.delete(session.merge(stored))
