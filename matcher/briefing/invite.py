"""Whom to invite to a briefing on some measures: the stored companies of a region for which one of them may be.

A company is invited if a measure is eligible for it, waits only for a check by a person, or only for one fact. Whom it
is worth most comes first; the sum counts every such measure, as far as they can be had together.
"""

from __future__ import annotations

import datetime as dt
import heapq
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import compress
from typing import NamedTuple

import numpy as np
from sqlalchemy import select

from matcher.assessment import Active, Assessment, CompanyView, Offer
from matcher.push.outcomes import NEAR, Outcome, Rows, outcome_of, outcomes
from matcher.push.reading import Asked
from matcher.ranking import shipped_weights
from matcher.records import Records, identity
from matcher.reverse_run import targets
from matcher.signals import Program
from matcher.store.companies import CompanyRecord
from matcher.store.database import Database
from matcher.store.tables import Json
from policies.companies import CompanyTable
from policies.errors import InputError, Problem
from policies.library import Library
from policies.profile import CompanyProfile

MAX_MEASURES = 50
MAX_SEATS = 100_000
CHUNK = 500
USEFUL = (Outcome.ELIGIBLE, Outcome.TO_CHECK, *NEAR)
"""Outcomes for which a briefing is of use."""
_ALSO = ("actual_industry", "assets_wan")
"""What bears on the industry and the size class without being an input that one would ask for."""


@dataclass(frozen=True)
class Wanted:
    """What an invite list is asked for.

    Attributes:
        measure_ids: Measures, or policies for all of theirs.
        as_of: For which day.
        region: GB/T 2260 code: only companies in it; "" for all.
        seats: Companies at most; None for all.
    """

    measure_ids: tuple[str, ...]
    as_of: dt.date
    region: str = ""
    seats: int | None = None


class Place(NamedTuple):
    """One invited company, small; sorts by use, best last.

    Attributes:
        high_yuan: What it can get at most.
        eligible: Measures that are eligible.
        useful: Measures that are of use to it.
    """

    high_yuan: float
    eligible: int
    useful: int
    last: int
    low_yuan: float
    company_id: str


@dataclass(frozen=True)
class Reason:
    """Why one measure is of use to a company.

    Attributes:
        missing: NEAR: the one fact that decides it.
        manual: TO_CHECK: what a person has to check.
    """

    active: Active
    outcome: Outcome
    missing: tuple[str, ...]
    manual: tuple[str, ...]
    low_yuan: float | None
    high_yuan: float | None


@dataclass(frozen=True)
class Invited:
    """An invited company with its reasons, what is eligible first, then what is worth most."""

    number: int
    record: CompanyRecord
    reasons: tuple[Reason, ...]
    low_yuan: float
    high_yuan: float


@dataclass(frozen=True, eq=False)
class Invitation:
    """Whom to invite.

    Attributes:
        actives: The measures.
        places: In order, as many as there are seats.
        found: Companies looked at ("seen"), of use to ("useful"), and that cannot be read ("unreadable").
        by_measure: For each measure companies by outcome.
    """

    database: Database
    wanted: Wanted
    offer: Offer
    places: Sequence[Place]
    found: Counter[str] = field(default_factory=Counter)
    by_measure: Sequence[Counter[Outcome]] = ()

    def companies(self, limit: int | None = None) -> Iterator[Invited]:
        """The invited companies in order, read and explained some at a time; who has gone meanwhile is left out."""
        places = self.places if limit is None else self.places[:limit]
        asked, number = _asked(self.offer), 0
        for start in range(0, len(places), CHUNK):
            chunk = places[start : start + CHUNK]
            wanted = select(CompanyRecord).where(CompanyRecord.company_id.in_([one.company_id for one in chunk]))
            with self.database.reading() as session:
                records = {record.company_id: record for record in session.scalars(wanted)}
            block = _Block.of([records[p.company_id] for p in chunk if p.company_id in records], self.offer, asked)
            explained = {record.company_id: (record, place) for place, record in enumerate(block.records)}
            for one in chunk:
                if one.company_id in explained:
                    record, place = explained[one.company_id]
                    number += 1
                    yield Invited(number, record, block.reasons(place), one.low_yuan, one.high_yuan)


def invite(database: Database, library: Library, wanted: Wanted) -> Invitation:
    """Look at every stored company of the region.

    Raises:
        InputError: no measure is named or too many, one is not on offer, or the seats are no number of seats.
    """
    if wanted.seats is not None and not 1 <= wanted.seats <= MAX_SEATS:
        raise InputError([Problem("名额", f"应为 1 至 {MAX_SEATS:,} 的整数", "请核对")])
    offer = _offer(_actives(library, wanted), wanted.as_of)
    found: Counter[str] = Counter()
    by_measure: list[Counter[Outcome]] = [Counter() for _ in offer.active]
    best: dict[str, Place] = {}
    asked = _asked(offer)
    for records in Records(database).blocks(wanted.region):
        block = _Block.of(records, offer, asked)
        found["seen"] += len(records)
        found["unreadable"] += len(records) - len(block.records)
        _look(block, best, by_measure)
    found["useful"] = len(best)
    seats = len(best) if wanted.seats is None else wanted.seats
    places = heapq.nlargest(seats, best.values())
    return Invitation(database, wanted, offer, places, found, by_measure)


def _actives(library: Library, wanted: Wanted) -> list[Active]:
    problems: list[Problem] = []
    found: dict[str, Active] = {}
    for name in dict.fromkeys(wanted.measure_ids):
        try:
            found.update({one.entry.measure_id: one for one in targets(library, name, wanted.as_of)})
        except InputError as error:
            problems += error.problems
    if not wanted.measure_ids:
        problems.append(Problem("事项", "没有选择", "请至少选一个要宣贯的事项"))
    if len(found) > MAX_MEASURES:
        problems.append(Problem("事项", f"最多 {MAX_MEASURES} 个，选了 {len(found)} 个", "请分次生成名单"))
    if problems:
        raise InputError(problems)
    return list(found.values())


def _offer(actives: Sequence[Active], as_of: dt.date) -> Offer:
    unverified = np.array([bool(active.validity) for active in actives], dtype=bool)
    program = Program([active.entry for active in actives])
    return Offer(as_of, tuple(actives), program, np.zeros(len(actives), dtype=np.int64), unverified)


def _asked(offer: Offer) -> Asked:
    return Asked([active.entry for active in offer.active])


@dataclass(frozen=True, eq=False)
class _Block:
    """Some companies assessed for the measures; only what these ask of them is read."""

    records: Sequence[CompanyRecord]
    seen: Assessment

    @classmethod
    def of(cls, records: Sequence[CompanyRecord], offer: Offer, asked: Asked) -> _Block:
        profiles = [_profile(record.raw, asked, offer.as_of) for record in records]
        readable = [profile for profile in profiles if profile is not None]
        table = CompanyTable.of(readable)
        seen = Assessment.of(offer, table, None, shipped_weights())
        return cls(list(compress(records, [profile is not None for profile in profiles])), seen)

    def outcomes(self) -> np.ndarray[tuple[int, int], np.dtype[np.int8]]:
        """How each measure stands for each company, `Outcome` as int8 (m, n)."""
        rows = Rows(self.seen.table, self.seen.evaluation)
        return np.array([outcomes(rows, active) for active in self.seen.offer.active], dtype=np.int8)

    def reasons(self, number: int) -> tuple[Reason, ...]:
        """Why a company is invited."""
        view = self.seen.company(number)
        found = [_reason(view, place) for place in range(len(self.seen.offer.active))]
        useful = [one for one in found if one.outcome in USEFUL]
        return tuple(sorted(useful, key=lambda one: (one.outcome is not Outcome.ELIGIBLE, -(one.high_yuan or 0.0))))


def _look(block: _Block, best: dict[str, Place], by_measure: Sequence[Counter[Outcome]]) -> None:
    """Keep the companies of a block to which something is of use; of a company with several records the best one."""
    found = block.outcomes()
    useful = np.isin(found, USEFUL)
    for line, counts in zip(found, by_measure, strict=True):
        counts.update({Outcome(code): int((line == code).sum()) for code in np.unique(line).tolist()})
    for number in np.flatnonzero(useful.any(axis=0)).tolist():
        record, places = block.records[number], np.flatnonzero(useful[:, number]).tolist()
        total = block.seen.company(number).total(places)
        eligible = int((found[:, number] == Outcome.ELIGIBLE).sum())
        one = Place(total.high_yuan, eligible, len(places), -record.number, total.low_yuan, record.company_id)
        name = identity(record)
        best[name] = max(one, best.get(name, one))


def _reason(view: CompanyView, place: int) -> Reason:
    item, worth = view.assessed(place), view.sum(place)
    low, high = worth if worth is not None else (None, None)
    return Reason(item.active, outcome_of(item), item.open.missing, item.manual, low, high)


def _profile(raw: Json, asked: Asked, as_of: dt.date) -> CompanyProfile | None:
    try:
        profile = CompanyProfile.model_validate({**asked.raw(raw), **{key: raw[key] for key in _ALSO if key in raw}})
        profile.check_at(as_of)
    except InputError:
        return None
    return profile
