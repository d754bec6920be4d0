"""The lists and their companies, for reading."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Select, func, or_, select
from sqlalchemy.orm import Session

from matcher.grants.conditions import may_answer
from matcher.store.companies import CompanyRecord
from matcher.store.database import Database
from matcher.store.grants import Grant, GrantEvent, GrantList, GrantState

MAX_LISTS = 500
CHUNK = 500


@dataclass(frozen=True)
class Tally:
    """How many companies of a list are in a state, and their sums in yuan."""

    companies: int
    yuan: float


@dataclass(frozen=True)
class ListView:
    """A list with its tallies by state."""

    of: GrantList
    tallies: Mapping[GrantState, Tally]

    def n(self, *states: GrantState) -> int:
        """Companies in some states."""
        return sum(self.tallies[state].companies for state in states if state in self.tallies)

    @property
    def companies(self) -> int:
        """All companies on it."""
        return self.n(*GrantState)

    @property
    def left_yuan(self) -> float | None:
        """What is left of the budget; None without one."""
        return None if self.of.budget_yuan is None else max(self.of.budget_yuan - self.of.committed_yuan, 0.0)


@dataclass(frozen=True)
class GrantView:
    """A company on a list, with its steps, oldest first."""

    of: GrantList
    grant: Grant
    record: CompanyRecord
    events: Sequence[GrantEvent] = ()


@dataclass(frozen=True)
class LeftOut:
    """A company that is not on a list.

    Attributes:
        why: "granted", "conflict" or "nearly".
        text: The reason, for "granted".
        fields: "nearly": facts that are not verified.
        manual: "nearly": manual conditions that nobody has checked.
    """

    record: CompanyRecord
    why: str
    text: str
    fields: tuple[str, ...]
    manual: tuple[str, ...]


class Lists:
    """The lists of all measures."""

    def __init__(self, database: Database) -> None:
        """Kept in a database."""
        self._database = database

    def all(self) -> list[ListView]:
        """The lists, newest first."""
        wanted = select(GrantList).where(GrantList.ready).order_by(GrantList.made_at.desc()).limit(MAX_LISTS)
        with self._database.reading() as session:
            found = list(session.scalars(wanted))
            tallies = _tallies(session, [one.list_id for one in found])
        return [ListView(one, tallies.get(one.list_id, {})) for one in found]

    def one(self, list_id: str) -> ListView | None:
        """One list; None for none."""
        with self._database.reading() as session:
            found = session.scalar(select(GrantList).where(GrantList.list_id == list_id, GrantList.ready))
            return None if found is None else ListView(found, _tallies(session, [list_id]).get(list_id, {}))

    def companies(
        self, list_id: str, state: GrantState | None = None, *, offset: int = 0, limit: int = CHUNK
    ) -> list[GrantView]:
        """Companies of a list in order, of one state where given."""
        wanted = _joined().where(Grant.list_id == list_id).order_by(Grant.place).offset(offset).limit(limit)
        if state is not None:
            wanted = wanted.where(Grant.state == state)
        with self._database.reading() as session:
            return [GrantView(*row) for row in session.execute(wanted)]

    def chunks(self, list_id: str) -> Iterator[list[GrantView]]:
        """All companies of a list in order, with their steps, some at a time."""
        last = 0
        while True:
            wanted = _joined().where(Grant.list_id == list_id, Grant.place > last).order_by(Grant.place).limit(CHUNK)
            with self._database.reading() as session:
                rows = session.execute(wanted).all()
                events = _events(session, [grant.grant_id for _, grant, _ in rows])
            if rows:
                yield [GrantView(of, grant, record, events.get(grant.grant_id, ())) for of, grant, record in rows]
                last = rows[-1][1].place
            if len(rows) < CHUNK:
                return

    def grant(self, grant_id: str) -> GrantView | None:
        """One company on a list; None for none."""
        with self._database.reading() as session:
            return _view(session, grant_id)

    def left_out(self, of: GrantList, *, offset: int = 0, limit: int | None = None) -> list[LeftOut]:
        """Those named in `GrantList.found` that are still kept, in order."""
        shapes = of.found.get("left_out", [])[offset : None if limit is None else offset + limit]
        wanted = select(CompanyRecord).where(CompanyRecord.company_id.in_([one["company_id"] for one in shapes]))
        with self._database.reading() as session:
            records = {record.company_id: record for record in session.scalars(wanted)}
        return [
            LeftOut(records[one["company_id"]], one["why"], one["text"], tuple(one["fields"]), tuple(one["manual"]))
            for one in shapes
            if one["company_id"] in records
        ]

    def mine(self, user_id: str) -> list[GrantView]:
        """The grants of a user's companies with their steps, newest first; those of a verified credit code too.

        A company that was only compared is not shown what a newer list has taken the place of.
        """
        mine = select(CompanyRecord.company_id, CompanyRecord.uscc).where(CompanyRecord.owner == user_id)
        with self._database.reading() as session:
            rows = session.execute(mine).all()
            ids, codes = [one for one, _ in rows], [code for _, code in rows if code]
            wanted = (
                _joined()
                .where(GrantList.ready, or_(Grant.company_id.in_(ids), Grant.identity.in_(codes)))
                .where(or_(GrantList.closed_at.is_(None), Grant.state != GrantState.MATCHED))
                .order_by(GrantList.made_at.desc(), Grant.grant_id)
            )
            found = [row for row in session.execute(wanted) if may_answer(session, row[1], user_id)]
            events = _events(session, [grant.grant_id for _, grant, _ in found])
        return [GrantView(of, grant, record, events.get(grant.grant_id, ())) for of, grant, record in found]


def _joined() -> Select[GrantList, Grant, CompanyRecord]:
    return (
        select(GrantList, Grant, CompanyRecord)
        .join(Grant, Grant.list_id == GrantList.list_id)
        .join(CompanyRecord, CompanyRecord.company_id == Grant.company_id)
    )


def _view(session: Session, grant_id: str) -> GrantView | None:
    row = session.execute(_joined().where(Grant.grant_id == grant_id, GrantList.ready)).first()
    return None if row is None else GrantView(*row, events=_events(session, [grant_id]).get(grant_id, ()))


def _tallies(session: Session, list_ids: Sequence[str]) -> dict[str, dict[GrantState, Tally]]:
    wanted = (
        select(Grant.list_id, Grant.state, func.count(), func.sum(func.coalesce(Grant.amount_yuan, 0.0)))
        .where(Grant.list_id.in_(list_ids))
        .group_by(Grant.list_id, Grant.state)
    )
    found: dict[str, dict[GrantState, Tally]] = {}
    for list_id, state, companies, yuan in session.execute(wanted):
        found.setdefault(list_id, {})[state] = Tally(companies, yuan)
    return found


def _events(session: Session, grant_ids: Sequence[str]) -> dict[str, list[GrantEvent]]:
    wanted = select(GrantEvent).where(GrantEvent.grant_id.in_(grant_ids)).order_by(GrantEvent.event_id)
    found: dict[str, list[GrantEvent]] = {}
    for event in session.scalars(wanted):
        found.setdefault(event.grant_id, []).append(event)
    return found
