"""What was sent to the companies of one user, as the pages keep it: read there, whatever channel it came by."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, case, func, select, update

from matcher.push.content import Content, of_json
from matcher.store.companies import Channel, CompanyRecord
from matcher.store.database import Database
from matcher.store.pushes import Message

PAGE_SIZE = 30


@dataclass(frozen=True)
class Entry:
    """One message as it is listed.

    Attributes:
        unread: In the inbox, and not opened yet; what came by another channel was read there.
        at: When it was sent.
    """

    message_id: str
    company_id: str
    channel: Channel
    unread: bool
    at: dt.datetime
    said: Content


@dataclass(frozen=True)
class Page:
    """Some messages, unread ones first, then newest first; and how many there are altogether."""

    entries: Sequence[Entry]
    total: int
    unread: int


class Inbox:
    """The messages of one user's companies; every call names the owner, and sees nothing of anybody else."""

    def __init__(self, database: Database) -> None:
        """Read them from a database."""
        self._database = database

    def unread(self, owner: str) -> int:
        """How many were not opened yet."""
        with self._database.reading() as session:
            return session.scalar(select(func.count()).select_from(Message).where(*_unread(owner))) or 0

    def page(self, owner: str, number: int = 1, size: int = PAGE_SIZE) -> Page:
        """One page of messages, each push once for each company: by the inbox, else by what channel it came.

        Args:
            owner: user_id.
            number: From 1.
            size: Messages on a page.
        """
        first = case((Message.channel == Channel.INBOX, 0), else_=1)
        place = func.row_number().over(
            partition_by=(Message.company_id, Message.batch_id), order_by=(first, Message.message_id)
        )
        numbered = select(Message.message_id, place.label("place")).where(*_arrived(owner)).subquery()
        shown = select(numbered.c.message_id).where(numbered.c.place == 1)
        unread = case(((Message.channel == Channel.INBOX) & Message.read_at.is_(None), 0), else_=1)
        order = (unread, Message.sent_at.desc(), Message.message_id)
        wanted = select(Message).where(Message.message_id.in_(shown)).order_by(*order)
        with self._database.reading() as session:
            total = session.scalar(select(func.count()).select_from(shown.subquery())) or 0
            rows = session.scalars(wanted.limit(size).offset((number - 1) * size)).all()
        return Page([_entry(row) for row in rows], total, self.unread(owner))

    def open(self, owner: str, message_id: str, now: dt.datetime) -> Entry | None:
        """One message, which is read from now on; None for none and for somebody else's alike."""
        with self._database.session() as session:
            found = session.scalar(select(Message).where(*_arrived(owner), Message.message_id == message_id))
            if found is None:
                return None
            entry = _entry(found)
            if entry.unread:
                found.read_at = now
        return entry

    def read_all(self, owner: str, now: dt.datetime) -> int:
        """Everything is read; returns how many were not."""
        with self._database.session() as session:
            marked = update(Message).where(*_unread(owner)).values(read_at=now).returning(Message.message_id)
            return len(session.execute(marked.execution_options(synchronize_session=False)).all())


def _arrived(owner: str) -> tuple[ColumnElement[bool], ...]:
    mine = select(CompanyRecord.company_id).where(CompanyRecord.owner == owner)
    return (Message.company_id.in_(mine), Message.batch_id.is_not(None), Message.sent_at.is_not(None))


def _unread(owner: str) -> tuple[ColumnElement[bool], ...]:
    return (*_arrived(owner), Message.channel == Channel.INBOX, Message.read_at.is_(None))


def _entry(message: Message) -> Entry:
    said = of_json(message.content)
    assert isinstance(said, Content) and message.sent_at is not None, "one measure, which has arrived"
    return Entry(
        message_id=message.message_id,
        company_id=message.company_id,
        channel=message.channel,
        unread=message.channel is Channel.INBOX and message.read_at is None,
        at=message.sent_at,
        said=said,
    )
