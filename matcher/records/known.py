"""Companies found again, and written together: one save, or a block of a list."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import TypeVar

from sqlalchemy import or_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from matcher.records.given import Given, columns_of
from matcher.records.sources import Source, merged
from matcher.store.companies import CompanyRecord, CompanyVersion
from matcher.store.database import Database
from matcher.store.tables import NAME_CHARS, new_id

T = TypeVar("T")


class Known:
    """An owner's companies among which some may be the ones given."""

    def __init__(self, owner: str) -> None:
        """None yet."""
        self._owner = owner
        self._by_code: dict[str, CompanyRecord] = {}
        self._by_name: dict[str, list[CompanyRecord]] = defaultdict(list)
        self._new: list[CompanyRecord] = []
        self._versions: dict[tuple[str, int], CompanyVersion] = {}

    @classmethod
    def of(cls, session: Session, owner: str, given: Iterable[Given]) -> Known:
        """Those with a credit code or a name that is given; locked until the transaction ends."""
        codes, names = ({getattr(one, key) for one in given} - {""} for key in ("uscc", "name"))
        like = or_(CompanyRecord.uscc.in_(codes), CompanyRecord.name.in_(names))
        wanted = select(CompanyRecord).where(CompanyRecord.owner == owner, like).with_for_update()
        found = session.scalars(wanted.order_by(CompanyRecord.number)).all()  # always locked in the same order
        known = cls(owner)
        for record in sorted(found, key=lambda one: one.changed_at, reverse=True):
            known._note(record)
        return known

    def find(self, given: Given) -> list[CompanyRecord]:
        """The company that is meant, if it is kept; several where only the name is given and it is not unique."""
        if given.uscc and given.uscc in self._by_code:
            return [self._by_code[given.uscc]]
        named = self._by_name.get(given.name, []) if given.name else []
        return [record for record in named if not (given.uscc and record.uscc)]

    def keep(
        self, given: Given, source: Source, found: CompanyRecord | None, *, now: dt.datetime, actor: str, partial: bool
    ) -> tuple[CompanyRecord, bool]:
        """The record after somebody has said something of a company, and whether that changed it (see `merged`).

        Args:
            given: What is said.
            source: Who says it.
            found: The company, from `find`; None for a new one.
            now: The moment.
            actor: Name of the user who does it.
            partial: Whether facts that are not given stay.
        """
        before = ({}, {}) if found is None else (found.raw, found.sources)
        raw, sources = merged(before, given.raw, source, partial=partial)
        if found is not None and (raw, sources) == before:
            return found, False
        if found is None:
            found = CompanyRecord(company_id=new_id(), owner=self._owner, version=0, created_at=now)
            self._new.append(found)
        shape = columns_of(raw)
        found.name, found.uscc, found.region = shape["name"], shape["uscc"], shape["region"]
        found.raw, found.sources, found.changed_at = raw, sources, now
        found.version += 1
        self._note(found)
        self._versions[found.company_id, found.version] = CompanyVersion(
            company_id=found.company_id, version=found.version, raw=raw, sources=sources, made_at=now,
            made_by=actor[:NAME_CHARS],
        )  # fmt: skip
        return found, True

    def write(self, session: Session) -> None:
        """Write what was kept."""
        session.add_all(self._new)
        session.flush()
        session.add_all(self._versions.values())

    def _note(self, record: CompanyRecord) -> None:
        if record.uscc:
            self._by_code[record.uscc] = record
        if record not in self._by_name[record.name]:
            self._by_name[record.name].append(record)


def once_more(database: Database, work: Callable[[Session], T]) -> T:
    """What some work gives in a transaction; done again if somebody else kept one of its companies at that moment."""
    try:
        with database.session() as session:
            return work(session)
    except IntegrityError:
        with database.session() as session:
            return work(session)
