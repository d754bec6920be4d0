"""Kept companies block by block, with no more of them read than some measures ask for."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import compress

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import func, select

from matcher.eligibility import Evaluation, asked_spans
from matcher.push.outcomes import Rows
from matcher.reverse import fields_of
from matcher.store.companies import CompanyRecord
from matcher.store.database import Database
from matcher.store.tables import Json
from policies.companies import CompanyTable
from policies.errors import InputError
from policies.fields import registry
from policies.library import LibraryMeasure
from policies.profile import CompanyProfile
from policies.regions import regions
from policies.values import Span

BLOCK = 1_000
"""Companies looked at together: some 50 MB of arrays where they are ranked."""
_ALSO_READ = {"size": ("assets_wan",), "industry_code": ("actual_industry",)}
"""Facts that others are derived from and that nobody is asked for (`policies.columns`)."""
Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Block:
    """Some companies.

    Attributes:
        records: n companies, by number.
        unreadable: How many more there were whose profile cannot be read (any more), or contradicts the date.
        rows: What the measures ask of them.
    """

    records: Sequence[CompanyRecord]
    unreadable: int
    rows: Rows

    @cached_property
    def numbers(self) -> Ints:
        """Their numbers, int64 (n,)."""
        return np.array([record.number for record in self.records], dtype=np.int64)


class Asked:
    """What some measures ask of companies: which facts, and where they have to be."""

    def __init__(self, entries: Sequence[LibraryMeasure]) -> None:
        """Collect it."""
        names = {name.partition("=")[0] for entry in entries for name in fields_of(entry)}
        self._names = frozenset(names | {also for name in names for also in _ALSO_READ.get(name, ())} | {"established"})
        self._keys: dict[str, bool] = {}
        self._regions = [_region_of(entry) for entry in entries]

    def raw(self, whole: Json) -> Json:
        """The part of a raw profile that they ask for; reading the rest would take ten times as long."""
        found = {key: value for key, value in whole.items() if key == "other" or self._wanted(key)}
        plans = whole.get("plans")
        if isinstance(plans, list):
            found["plans"] = [{key: value for key, value in plan.items() if self._wanted(key)} for plan in plans]
        return found

    def codes(self, known: Iterable[str]) -> list[str] | None:
        """Of some region codes those in which a company may satisfy one of the measures; None for all."""
        if any(spans is None for spans in self._regions):
            return None
        allowed = [span for spans in self._regions for span in spans or ()]
        return [code for code in known if _may_lie(code, allowed)]

    def _wanted(self, key: str) -> bool:
        if key not in self._keys:
            self._keys[key] = key in registry() and registry()[key].name in self._names
        return self._keys[key]


def _region_of(entry: LibraryMeasure) -> tuple[Span, ...] | None:
    """Where a company has to be; None for anywhere."""
    asked = (asked_spans(part) for part in entry.rule.parts)
    return next((found[1] for found in asked if found is not None and found[0] == "region"), None)


def _may_lie(code: str, allowed: Sequence[Span]) -> bool:
    if code not in regions():
        return True  # not known, or not in use any more
    first, last = regions().span(code)
    return any(span.lo <= last and first <= span.hi for span in allowed)


def count(database: Database) -> int:
    """How many companies are kept."""
    with database.reading() as session:
        return session.scalar(select(func.count()).select_from(CompanyRecord)) or 0


def blocks(database: Database, asked: Asked, as_of: dt.date, size: int = BLOCK) -> Iterator[Block]:
    """All companies that some measure may be for, by number; each block is read in a transaction of its own."""
    with database.reading() as session:
        codes = asked.codes(session.scalars(select(CompanyRecord.region).distinct()))
    where = () if codes is None else (CompanyRecord.region.in_(codes),)
    last, records = -1, [CompanyRecord()]
    while records:
        wanted = select(CompanyRecord).where(CompanyRecord.number > last, *where)
        with database.reading() as session:
            records = list(session.scalars(wanted.order_by(CompanyRecord.number).limit(size)))
        if records:
            last = records[-1].number
            yield _block(records, asked, as_of)


def _block(records: Sequence[CompanyRecord], asked: Asked, as_of: dt.date) -> Block:
    profiles = [_profile(asked.raw(record.raw), as_of) for record in records]
    readable = [profile is not None for profile in profiles]
    table = CompanyTable.of([profile for profile in profiles if profile is not None])
    rows = Rows(table, Evaluation(table.columns(as_of)))
    return Block(list(compress(records, readable)), readable.count(False), rows)


def whole_table(records: Sequence[CompanyRecord], as_of: dt.date) -> tuple[CompanyTable, list[bool]]:
    """Companies with all that they say, and which of them can be read; the others are not in the table."""
    profiles = [_profile(record.raw, as_of) for record in records]
    table = CompanyTable.of([profile for profile in profiles if profile is not None])
    return table, [profile is not None for profile in profiles]


def _profile(raw: Json, as_of: dt.date) -> CompanyProfile | None:
    try:
        profile = CompanyProfile.model_validate(raw)
        profile.check_at(as_of)
    except InputError:
        return None
    return profile
