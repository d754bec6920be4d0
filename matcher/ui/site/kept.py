"""What a user keeps, as a page shows it, as a file holds it, and gone for good."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby

from sqlalchemy import delete

from matcher.amounts import show_amount
from matcher.clock import SHANGHAI
from matcher.documents.calendar import Deadline, deadlines, deadlines_of, in_order
from matcher.feedback import FeedbackStore
from matcher.records import Records
from matcher.results import Amount, Section
from matcher.seal import Seal
from matcher.service import Matcher
from matcher.steps import show_day, show_window
from matcher.store.companies import CompanyRecord
from matcher.store.database import Database
from matcher.store.tables import Favourite, FeedbackMark, Run
from matcher.ui.cards import URGENT_DAYS
from matcher.ui.session import EVERYTHING, kept_profile
from matcher.ui.site import mine_text as words
from matcher.workspace import Workspace
from policies.errors import InputError
from policies.library import Library, LibraryMeasure
from policies.lifecycle import Lifecycle, WindowPhase, measure_window, successors

LISTED = frozenset({"company", "runs", "feedback"})
"""What is exported by itself, not once more with each company."""
DAYS_SHOWN = 365
"""Months that begin later are folded."""


@dataclass(frozen=True)
class RunView:
    """One match; `changed` if the library is another one now."""

    run_id: str
    name: str
    made: str
    day: str
    version: str
    counts: tuple[tuple[str, int], ...]
    total: str
    changed: bool


@dataclass(frozen=True)
class FavouriteView:
    """One watched measure; without a name it is not in the library any more.

    Attributes:
        ended: Nobody can apply any more; then `window` is empty.
        followed: Id and title of the policies that came after.
    """

    measure_id: str
    name: str = ""
    policy_id: str = ""
    policy: str = ""
    state: str = ""
    ended: bool = False
    window: str = ""
    urgent: bool = False
    followed: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class DayView:
    """One day of the calendar."""

    day: str
    left: str
    urgent: bool
    one: Deadline


@dataclass(frozen=True)
class MonthView:
    """One month of the calendar; `late` if it begins more than a year after the day that was asked for."""

    title: str
    days: tuple[DayView, ...]
    late: bool


@dataclass(frozen=True)
class Kept:
    """Everything that one user keeps.

    Attributes:
        feedback: Number of marks.
    """

    profiles: Sequence[CompanyRecord]
    runs: Sequence[Run]
    favourites: Sequence[str]
    feedback: int

    @classmethod
    def of(cls, database: Database, owner: str) -> Kept:
        """Read it."""
        workspace = Workspace(database)
        marks = FeedbackStore(database).all(owner)
        return cls(Records(database).list(owner), workspace.runs(owner), workspace.favourites(owner), len(marks))

    @property
    def counts(self) -> dict[str, int]:
        """How many there are of each, for a sentence."""
        return {
            "profiles": len(self.profiles),
            "runs": len(self.runs),
            "favourites": len(self.favourites),
            "feedback": self.feedback,
        }


def show_moment(moment: dt.datetime) -> str:
    """A moment in China ("2026 年 11 月 23 日 09:30")."""
    local = moment.astimezone(SHANGHAI)
    return f"{show_day(local.date())} {local:%H:%M}"


def run_views(runs: Iterable[Run], version: str | None) -> list[RunView]:
    """Matches as shown; `version` is the library's, None while it is not known."""
    return [
        RunView(
            run_id=run.run_id,
            name=run.name,
            made=show_moment(run.made_at),
            day=show_day(run.as_of),
            version=run.library_version,
            counts=tuple((one.value, n) for one in Section if (n := run.found["counts"].get(one.value, 0))),
            total=_total(run.found["total"]),
            changed=version is not None and version != run.library_version,
        )
        for run in runs
    ]


def favourite_views(measure_ids: Iterable[str], library: Library | None, as_of: dt.date) -> list[FavouriteView]:
    """Watched measures as shown."""
    return [
        _favourite(measure_id, library, as_of) if library and measure_id in library.by_id else FavouriteView(measure_id)
        for measure_id in measure_ids
    ]


def calendar_of(kept: Kept, matcher: Matcher, as_of: dt.date) -> list[Deadline]:
    """The known days from `as_of` on: of the favourites, and of what the last match found, matched again today."""
    found = [
        one
        for measure_id in kept.favourites
        if (entry := matcher.library.by_id.get(measure_id)) is not None
        for one in _of_measure(entry, matcher.library, as_of)
    ]
    if kept.runs:
        found += _of_run(kept.runs[0], matcher, as_of)
    return in_order(found)


def months(found: Iterable[Deadline], as_of: dt.date) -> list[MonthView]:
    """Days by month; both in their order."""
    return [
        MonthView(
            words.MONTH.format(year=year, month=month),
            tuple(_day(one) for one in days),
            (dt.date(year, month, 1) - as_of).days > DAYS_SHOWN,
        )
        for (year, month), days in groupby(found, key=lambda one: (one.day.year, one.day.month))
    ]


def export(database: Database, owner: str, now: dt.datetime, seal: Seal | None) -> bytes:
    """Everything that a user keeps, as JSON; contacts are readable with the key that they were encrypted with."""
    kept, records = Kept.of(database, owner), Records(database)
    shape = {
        "exported_at": now.isoformat(timespec="seconds"),
        "profiles": [
            {"company_id": one.company_id, "profile": one.raw, "created_at": one.created_at.isoformat(),
             "changed_at": one.changed_at.isoformat(), "sources": one.sources,
             **{name: rows for name, rows in records.export(one.company_id, seal).items() if name not in LISTED}}
            for one in kept.profiles
        ],
        "runs": [
            {"run_id": one.run_id, "company_id": one.company_id, "profile": one.raw, "as_of": one.as_of.isoformat(),
             "library_version": one.library_version, "found": one.found, "made_at": one.made_at.isoformat()}
            for one in kept.runs
        ],
        "favourites": list(kept.favourites),
        "feedback": [
            {"made_at": one.made_at.isoformat(), "as_of": one.as_of.isoformat(), "profile": one.profile,
             "target": one.target, "mark": one.mark.value, "note": one.note}
            for one in FeedbackStore(database).all(owner)
        ],
    }  # fmt: skip
    return json.dumps(shape, ensure_ascii=False, indent=2).encode()


def erase(database: Database, owner: str) -> None:
    """Remove everything that a user keeps, in one transaction; what belongs to a company goes with it."""
    with database.session() as session:
        for table in (Run, CompanyRecord, Favourite, FeedbackMark):
            session.execute(delete(table).where(table.owner == owner))


def _total(bounds: Sequence[float]) -> str:
    low, high = bounds
    return show_amount(Amount(low, high, "")) if high > 0 else ""


def _favourite(measure_id: str, library: Library, as_of: dt.date) -> FavouriteView:
    entry = library.by_id[measure_id]
    policy = entry.policy
    state, window = library.lifecycle(policy.policy_id, as_of), measure_window(entry.policy, entry.measure, as_of)
    left, closed = window.days_left, window.phase is WindowPhase.CLOSED
    ended = not state.matchable and state is not Lifecycle.UPCOMING
    return FavouriteView(
        measure_id=measure_id,
        name=entry.measure.name,
        policy_id=policy.policy_id,
        policy=policy.title,
        state=state.value,
        ended=ended,
        window="" if ended else window.phase.value if closed else show_window(window),
        urgent=window.phase is WindowPhase.OPEN and left is not None and left <= URGENT_DAYS,
        followed=tuple((other, library.policies[other].title) for other in successors(policy, library.policies)),
    )


def _of_measure(entry: LibraryMeasure, library: Library, as_of: dt.date) -> list[Deadline]:
    if not library.lifecycle(entry.policy.policy_id, as_of).matchable:
        return []
    return deadlines(entry, measure_window(entry.policy, entry.measure, as_of), as_of, words.FROM_FAVOURITES)


def _of_run(run: Run, matcher: Matcher, as_of: dt.date) -> list[Deadline]:
    """Nothing if the company cannot be matched any more; its report says why."""
    try:
        return deadlines_of(matcher.match(kept_profile(run.raw), as_of, k=EVERYTHING))
    except InputError:
        return []


def _day(one: Deadline) -> DayView:
    left = words.LEFT.format(n=one.days_left) if one.days_left else words.LAST_DAY
    return DayView(words.DAY.format(month=one.day.month, day=one.day.day), left, one.days_left <= URGENT_DAYS, one)
