"""The case sets that an evaluator may choose: the shipped one, and files of their own."""

from __future__ import annotations

import functools
import shutil
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import select

from eval.cases import CaseFile, CaseSet, read_cases, shipped_cases
from eval.page import words
from matcher.services import Services
from matcher.store.tables import StoredFile
from policies.errors import InputError, Problem

SHIPPED = "shipped"
CASES_TYPE = "application/vnd.huiqi.cases+jsonl"
"""Media type by which case sets are told from other files."""
MAX_BYTES = 20 * 1024 * 1024
MAX_CASES = 2_000
MAX_SETS = 10
MAX_NAME_CHARS = 80


@dataclass(frozen=True)
class Upload:
    """What became of a file that was sent: kept with its good cases, or not at all where there is none.

    Attributes:
        set_id: Of the kept set; empty if nothing was kept.
    """

    set_id: str
    found: CaseFile


class CaseSets:
    """Case sets by owner; somebody else's are as if they were not there."""

    def __init__(self, services: Services) -> None:
        """Keep them in the service's files."""
        self._services = services
        self._read = functools.lru_cache(maxsize=16)(read_cases)

    def upload(self, path: Path, owner: str) -> Upload:
        """Check a file and keep it, bad lines included, so that its problems can be shown again.

        Args:
            path: Where it lies now; its name is what the owner calls it.
            owner: user_id.

        Raises:
            InputError: It is too big, or the owner keeps MAX_SETS already.
        """
        name = path.name[-MAX_NAME_CHARS:]
        size = path.stat().st_size
        if size > MAX_BYTES:
            reason = words.TOO_BIG.format(mib=size / 2**20, limit=MAX_BYTES // 2**20)
            raise InputError([Problem(name, reason, words.SPLIT)])
        if len(self.of(owner)) >= MAX_SETS:
            raise InputError([Problem(words.SETS, words.SETS_FULL.format(n=MAX_SETS), words.DELETE_OLD)])
        found = read_cases(path, name)
        if len(found.cases.cases) > MAX_CASES:
            reason = words.TOO_MANY.format(n=len(found.cases.cases), limit=MAX_CASES)
            raise InputError([Problem(name, reason, words.SPLIT)])
        if not found.cases.cases:
            return Upload("", found)
        files = self._services.files
        kept = shutil.copyfile(path, files.new_path(".jsonl"))
        stored = files.keep(kept, owner=owner, name=name, media_type=CASES_TYPE, now=self._services.now())
        return Upload(stored.file_id, found)

    def of(self, owner: str) -> list[StoredFile]:
        """Somebody's uploaded sets, newest first."""
        wanted = select(StoredFile).where(StoredFile.owner == owner, StoredFile.media_type == CASES_TYPE)
        with self._services.database.session() as session:
            return list(session.scalars(wanted.order_by(StoredFile.created_at.desc())))

    def read(self, set_id: str, owner: str) -> CaseFile:
        """A set with its problems.

        Raises:
            InputError: There is no such set, or it is somebody else's.
        """
        if set_id == SHIPPED:
            return self._read(shipped_cases())
        stored = self._own(set_id, owner)
        return self._read(self._services.files.path_of(stored), stored.name)

    def cases(self, set_id: str, owner: str) -> CaseSet:
        """The good cases of a set; InputError as for `read`."""
        return self.read(set_id, owner).cases

    def delete(self, set_id: str, owner: str) -> str:
        """Remove an uploaded set and give its name; InputError as for `read`."""
        stored = self._own(set_id, owner)
        self._services.files.delete(stored)
        return stored.name

    def _own(self, set_id: str, owner: str) -> StoredFile:
        stored = self._services.files.find(set_id, owner)
        if stored is None or stored.media_type != CASES_TYPE:
            raise InputError([Problem(words.SET, words.SET_GONE, words.CHOOSE_AGAIN)])
        return stored
