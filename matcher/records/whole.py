"""Everything that is kept of one company: told as JSON, or gone for good."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from enum import Enum
from typing import Any

import sqlalchemy as sa
from sqlalchemy import ColumnElement, Select, delete, or_, select
from sqlalchemy.orm import Session

from matcher.records.given import Given
from matcher.seal import Seal
from matcher.store.companies import CompanyRecord, Contact
from matcher.store.tables import FeedbackMark, Json, Run, Table

_HIDDEN = frozenset({"owner", "number", "sealed", "mark", "key", "claimed_by", "claimed_until"})
"""Columns that say nothing of the company; marks are told by their text, contacts readable."""


def export_company(session: Session, record: CompanyRecord, seal: Seal | None) -> Json:
    """Everything that is kept of a company, by table; contacts readable where there is a key.

    Raises:
        InputError: its contacts were encrypted with another key.
    """
    belonging = {
        table.name: [_plain(row) for row in session.execute(select(table).where(theirs)).mappings()]
        for table, theirs in _belonging(record.company_id).items()
    }
    contacts = session.scalars(select(Contact).where(Contact.company_id == record.company_id))
    readable = {one.contact_id: _readable(one, seal) for one in contacts}
    return {
        "company": _row(record),
        **belonging,
        "contacts": [{**one, **readable[one["contact_id"]]} for one in belonging["contacts"]],
        "runs": [_row(one) for one in session.scalars(_runs(session, record))],
        "feedback": [{**_row(one), "mark": one.mark} for one in _feedback(session, record)],
    }


def erase_company(session: Session, record: CompanyRecord) -> None:
    """Remove a company with all that belongs to it, and its owner's matches and marks for the same company."""
    for one in (*session.scalars(_runs(session, record)), *_feedback(session, record)):
        session.delete(one)
    session.flush()
    session.execute(delete(CompanyRecord).where(CompanyRecord.company_id == record.company_id))


def _belonging(company_id: str) -> dict[sa.Table, ColumnElement[bool]]:
    """Every table whose rows go when a company or what belongs to it goes, and which of them are its own."""
    companies = Table.metadata.tables[CompanyRecord.__tablename__]
    found: dict[sa.Table, ColumnElement[bool]] = {companies: CompanyRecord.company_id == company_id}
    for table in Table.metadata.sorted_tables:
        owned = [
            key.parent.in_(select(key.column).where(found[key.column.table]))
            for key in table.foreign_keys
            if key.ondelete == "CASCADE" and key.column.table in found
        ]
        if owned:
            found[table] = or_(*owned)
    del found[companies]
    return found


def _runs(session: Session, record: CompanyRecord) -> Select[Run]:
    """The matches made for the company, kept with it or not."""
    given = Given.of(record.raw)
    loose = select(Run).where(Run.owner == record.owner, Run.company_id.is_(None), Run.name == record.name)
    same = [run.run_id for run in session.scalars(loose) if given.is_same(run.raw)]
    linked = (Run.owner == record.owner) & (Run.company_id == record.company_id)
    return select(Run).where(linked | Run.run_id.in_(same))


def _feedback(session: Session, record: CompanyRecord) -> list[FeedbackMark]:
    given = Given.of(record.raw)
    own = session.scalars(select(FeedbackMark).where(FeedbackMark.owner == record.owner))
    return [one for one in own if given.is_same(one.raw)]


def _readable(contact: Contact, seal: Seal | None) -> Json:
    opened = {} if seal is None else seal.opened(contact.sealed)
    return {key: value for key, value in opened.items() if key != "secret"}


def _row(one: Table) -> Json:
    return _plain({column.key: getattr(one, column.key) for column in type(one).__table__.columns})


def _plain(row: Mapping[Any, Any]) -> Json:
    return {str(name): _told(value) for name, value in row.items() if name not in _HIDDEN}


def _told(value: Any) -> Any:
    if isinstance(value, Enum):
        return value.value
    return value.isoformat() if isinstance(value, dt.date) else value
