"""What people said of a match, kept in a small SQLite file and exported as labelled cases.

Grades in the export: 已获批 and 已申报 → 3 (somebody acted on it), 适合 → 2, 不适合 → 0. The verdict is left open
(null): an approval says what was true of the company, not what its profile stated. A case lists as judged exactly what
was marked, so that what nobody looked at counts neither way. The last mark on the same thing counts.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import hashlib
import json
import os
import sqlite3
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from platformdirs import user_data_dir

from index.files import write_bytes
from policies.errors import InputError, Problem
from policies.profile import CompanyProfile

SCHEMA_VERSION = 1
BUSY_TIMEOUT_S = 10.0
_SCHEMA = """
create table feedback (
    feedback_id integer primary key,
    made_at text not null,
    as_of text not null,
    profile text not null,
    target text not null,
    mark text not null,
    note text not null
) strict
"""


class Mark(StrEnum):
    """What a person says of a match."""

    FITS = "适合"
    UNFIT = "不适合"
    APPLIED = "已申报"
    GRANTED = "已获批"

    @property
    def grade(self) -> int:
        """Grade of the label it becomes."""
        return {Mark.FITS: 2, Mark.UNFIT: 0, Mark.APPLIED: 3, Mark.GRANTED: 3}[self]


@dataclass(frozen=True)
class Feedback:
    """One mark.

    Attributes:
        made_at: When it was made, ISO with time zone.
        as_of: The day that was asked for.
        profile: The company as given.
        target: measure_id or policy_id.
    """

    feedback_id: int
    made_at: str
    as_of: dt.date
    profile: Mapping[str, Any]
    target: str
    mark: Mark
    note: str

    @property
    def company(self) -> str:
        """The company's name as given."""
        return str(self.profile.get("name") or "该企业")


def data_dir() -> Path:
    """The user's data folder (HUIQI_DATA_DIR if set)."""
    return Path(os.environ.get("HUIQI_DATA_DIR") or user_data_dir("huiqi"))


class FeedbackStore:
    """The marks of one file; safe for several processes at once (WAL)."""

    def __init__(self, path: Path | None = None) -> None:
        """Name the file; it is made by the first mark.

        Args:
            path: None for feedback.sqlite in the data folder.
        """
        self.path = path or data_dir() / "feedback.sqlite"

    def add(
        self,
        profile: Mapping[str, Any],
        target: str,
        mark: Mark,
        *,
        as_of: dt.date,
        made_at: dt.datetime,
        note: str = "",
    ) -> Feedback:
        """Keep a mark.

        Args:
            profile: The company as given; it is checked and stored unchanged.
            target: measure_id or policy_id.
            mark: What was said.
            as_of: The day that was asked for.
            made_at: Now, with a time zone; the caller reads the clock.
            note: Why, in the person's words.

        Raises:
            InputError: The profile is wrong, or the file cannot be used.
        """
        CompanyProfile.model_validate(profile).check_at(as_of)
        stamp = made_at.isoformat(timespec="seconds")
        row = (stamp, as_of.isoformat(), _canonical(profile), target, mark.value, note)
        with self._open() as connection:
            cursor = connection.execute(
                "insert into feedback (made_at, as_of, profile, target, mark, note) values (?, ?, ?, ?, ?, ?)", row
            )
        return Feedback(cursor.lastrowid or 0, stamp, as_of, profile, target, mark, note)

    def all(self) -> tuple[Feedback, ...]:
        """Every mark, oldest first.

        Raises:
            InputError: The file cannot be used.
        """
        if not self.path.exists():
            return ()
        with self._open() as connection:
            rows = connection.execute(
                "select feedback_id, made_at, as_of, profile, target, mark, note from feedback order by feedback_id"
            ).fetchall()
        return tuple(
            Feedback(row[0], row[1], dt.date.fromisoformat(row[2]), json.loads(row[3]), row[4], Mark(row[5]), row[6])
            for row in rows
        )

    def export(self, path: Path) -> int:
        """Write the marks as a case file (the format of eval/cases.py); returns the number of cases.

        Raises:
            InputError: A file cannot be used.
        """
        cases = as_cases(self.all())
        lines = [json.dumps(case, ensure_ascii=False) + "\n" for case in cases]
        try:
            write_bytes(path, "".join(lines).encode())
        except OSError as error:
            raise InputError([Problem(str(path), "写不了这个文件", "请检查路径和权限")]) from error
        return len(cases)

    @contextlib.contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        """A connection in one transaction."""
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self.path.touch(mode=0o600, exist_ok=True)  # company facts: for the owner only
            connection = sqlite3.connect(self.path, timeout=BUSY_TIMEOUT_S, isolation_level=None)
        except (OSError, sqlite3.Error) as error:
            raise InputError([Problem(str(self.path), "打不开反馈记录", "请检查路径和权限")]) from error
        try:
            connection.execute("pragma journal_mode = wal")
            connection.execute("begin immediate")
            self._prepare(connection)
            yield connection
            connection.execute("commit")
        except sqlite3.Error as error:
            reason = f"反馈记录不能使用（{error}）"
            raise InputError([Problem(str(self.path), reason, "请确认它是惠企的反馈文件，且没有损坏")]) from error
        finally:
            connection.close()

    def _prepare(self, connection: sqlite3.Connection) -> None:
        (version,) = connection.execute("pragma user_version").fetchone()
        if version == 0:
            connection.execute(_SCHEMA)
            connection.execute(f"pragma user_version = {SCHEMA_VERSION}")
        elif version != SCHEMA_VERSION:
            reason = f"反馈记录的版本是 {version}，本程序只用版本 {SCHEMA_VERSION}"
            raise InputError([Problem(str(self.path), reason, "请升级程序")])


def as_cases(marks: tuple[Feedback, ...]) -> list[dict[str, Any]]:
    """Marks as cases: one for each profile and day, its labels the last mark on each target."""
    cases: dict[tuple[str, str], dict[str, Any]] = {}
    for mark in marks:
        profile, day = _canonical(mark.profile), mark.as_of.isoformat()
        if (profile, day) not in cases:
            name = hashlib.sha256(f"{day}\0{profile}".encode()).hexdigest()[:12]
            cases[profile, day] = {
                "case_id": f"feedback-{name}",
                "as_of": day,
                "profile": dict(mark.profile),
                "labels": {},
                "judged_policy_ids": [],
            }
        case = cases[profile, day]
        grade = mark.mark.grade
        case["labels"][mark.target] = {
            "grade": grade,
            "verdict": None,
            "votes": [grade],
            "why": f"{mark.mark.value}{'：' + mark.note if mark.note else ''}",
        }
        judged = {target.split("/")[0] for target in case["labels"] if "/" not in target}
        case["judged_policy_ids"] = sorted(judged)
    return list(cases.values())


def _canonical(profile: Mapping[str, Any]) -> str:
    return json.dumps(profile, ensure_ascii=False, sort_keys=True)
