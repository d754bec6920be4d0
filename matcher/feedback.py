"""What people said of a match, kept in the database and exported as labelled cases.

Grades in the export: 已获批 and 已申报 → 3 (somebody acted on it), 适合 → 2, 不适合 → 0. The verdict is left open
(null): an approval says what was true of the company, not what its profile stated. A case lists as judged exactly what
was marked, so that what nobody looked at counts neither way. The last mark on the same thing counts.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from sqlalchemy import select

from index.files import write_bytes
from matcher.store.database import Database
from matcher.store.tables import FeedbackMark
from policies.errors import InputError, Problem
from policies.profile import CompanyProfile


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
        owner: user_id of who made it.
        made_at: When it was made.
        as_of: The day that was asked for.
        profile: The company as given.
        target: measure_id or policy_id.
    """

    feedback_id: int
    owner: str
    made_at: dt.datetime
    as_of: dt.date
    profile: Mapping[str, Any]
    target: str
    mark: Mark
    note: str

    @property
    def company(self) -> str:
        """The company's name as given."""
        return str(self.profile.get("name") or "该企业")


class FeedbackStore:
    """The marks in a database."""

    def __init__(self, database: Database) -> None:
        """Keep them in a database."""
        self._database = database

    def add(
        self,
        profile: Mapping[str, Any],
        target: str,
        mark: Mark,
        *,
        as_of: dt.date,
        made_at: dt.datetime,
        owner: str,
        note: str = "",
    ) -> Feedback:
        """Keep a mark; saying the same again right after keeps the first.

        Args:
            profile: The company as given; it is checked and stored unchanged.
            target: measure_id or policy_id.
            mark: What was said.
            as_of: The day that was asked for.
            made_at: Now, with a time zone; the caller reads the clock.
            owner: user_id of who says so.
            note: Why, in the person's words.

        Raises:
            InputError: The profile is wrong.
        """
        CompanyProfile.model_validate(profile).check_at(as_of)
        same = (FeedbackMark.owner == owner, FeedbackMark.target == target, FeedbackMark.as_of == as_of)
        said = (mark.value, note)
        with self._database.session() as session:
            earlier = session.scalars(select(FeedbackMark).where(*same).order_by(FeedbackMark.feedback_id.desc()))
            last = next((one for one in earlier if one.raw == profile), None)
            if last is not None and (last.mark, last.note) == said:
                return _feedback(last)
            kept = FeedbackMark(
                owner=owner, made_at=made_at, as_of=as_of, raw=dict(profile), target=target, mark=said[0], note=note
            )
            session.add(kept)
        return _feedback(kept)

    def all(self, owner: str | None = None) -> tuple[Feedback, ...]:
        """Every mark, oldest first.

        Args:
            owner: Only the marks of this user_id; None for everybody's.
        """
        wanted = select(FeedbackMark).order_by(FeedbackMark.feedback_id)
        if owner is not None:
            wanted = wanted.where(FeedbackMark.owner == owner)
        with self._database.reading() as session:
            return tuple(_feedback(row) for row in session.scalars(wanted))

    def export(self, path: Path) -> int:
        """Write the marks as a case file (the format of eval/cases.py); returns the number of cases.

        Raises:
            InputError: The file cannot be written.
        """
        cases = as_cases(self.all())
        lines = [json.dumps(case, ensure_ascii=False) + "\n" for case in cases]
        try:
            write_bytes(path, "".join(lines).encode())
        except OSError as error:
            raise InputError([Problem(str(path), "写不了这个文件", "请检查路径和权限")]) from error
        return len(cases)


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


def _feedback(row: FeedbackMark) -> Feedback:
    return Feedback(row.feedback_id, row.owner, row.made_at, row.as_of, row.raw, row.target, Mark(row.mark), row.note)


def _canonical(profile: Mapping[str, Any]) -> str:
    return json.dumps(profile, ensure_ascii=False, sort_keys=True)
