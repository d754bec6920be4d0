"""What staff look at beside the pushes themselves: whom one would reach, one message and its way, what was given up."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from matcher.contacts import Contacts
from matcher.push import desk_text as words
from matcher.push.batches import PAGE_SIZE, Batches, BatchRow, By, MessageRow, Reach
from matcher.push.content import Content, of_json
from matcher.seal import Seal
from matcher.store.companies import Channel, CompanyRecord, Contact
from matcher.store.database import Database
from matcher.store.pushes import Batch, BatchState, MeasureState, Message, MessageState, Subscription
from policies.errors import InputError, UnknownCode
from policies.regions import regions

UNSENT = (MessageState.HELD, MessageState.READY, MessageState.BUNDLED, MessageState.CLAIMED)
REASONS = 10
"""Reasons for giving up that are told apart; the most frequent ones."""


class Audience(NamedTuple):
    """Whom the messages of a push that have not left yet are for.

    Attributes:
        channels: Messages by channel; channels without any are left out.
    """

    companies: int
    channels: Mapping[Channel, int]

    @property
    def messages(self) -> int:
        """Of all channels."""
        return sum(self.channels.values())


class Opened(NamedTuple):
    """One message with what belongs to it.

    Attributes:
        company: Name.
        batch: Its push; None for a digest and for the question whether somebody wants to hear.
        contact: Where to, encrypted; None for the inbox.
        parts: Messages that it is a digest of.
    """

    message: Message
    company: str
    batch: Batch | None
    contact: Contact | None
    parts: int


class DeadPage(NamedTuple):
    """Some messages that were given up, and how many there are altogether.

    Attributes:
        reasons: The most frequent reasons and how often each was the last one.
    """

    rows: list[MessageRow]
    total: int
    reasons: list[tuple[str, int]]


class Desk:
    """Reads only; every call is one transaction."""

    def __init__(self, database: Database) -> None:
        """Read from a database."""
        self._database = database

    def audience(self, batch_id: str) -> Audience:
        """Whom a push would reach now."""
        unsent = (Message.batch_id == batch_id, Message.state.in_(UNSENT))
        counted = select(Message.channel, func.count()).where(*unsent).group_by(Message.channel)
        with self._database.reading() as session:
            found = {channel: count for channel, count in session.execute(counted)}
            companies = session.scalar(select(func.count(Message.company_id.distinct())).where(*unsent)) or 0
        return Audience(companies, {channel: found[channel] for channel in Channel if channel in found})

    def message(self, message_id: str) -> Opened | None:
        """One message; None where there is none."""
        wanted = (
            select(Message, CompanyRecord.name, Batch, Contact)
            .join(CompanyRecord, CompanyRecord.company_id == Message.company_id)
            .outerjoin(Batch, Batch.batch_id == Message.batch_id)
            .outerjoin(Subscription, Subscription.subscription_id == Message.subscription_id)
            .outerjoin(Contact, Contact.contact_id == Subscription.contact_id)
            .where(Message.message_id == message_id)
        )
        parts = select(func.count()).select_from(Message).where(Message.digest_id == message_id)
        with self._database.reading() as session:
            row = session.execute(wanted).one_or_none()
            return Opened(*row, session.scalar(parts) or 0) if row is not None else None

    def dead(self, page: int = 1, size: int = PAGE_SIZE) -> DeadPage:
        """Messages that were given up, newest first."""
        given_up = Message.state == MessageState.DEAD
        wanted = (
            select(Message, CompanyRecord.name)
            .join(CompanyRecord, CompanyRecord.company_id == Message.company_id)
            .where(given_up)
            .order_by(Message.made_at.desc(), Message.message_id)
            .limit(size)
            .offset((page - 1) * size)
        )
        often = func.count().label("often")
        why = select(Message.problem, often).where(given_up).group_by(Message.problem)
        with self._database.reading() as session:
            rows = [MessageRow(*row) for row in session.execute(wanted)]
            reasons = session.execute(why.order_by(often.desc(), Message.problem).limit(REASONS))
            return DeadPage(rows, _count(session, given_up), [(text, count) for text, count in reasons])

    def dead_count(self) -> int:
        """How many messages were given up."""
        with self._database.reading() as session:
            return _count(session, Message.state == MessageState.DEAD)

    def has_looked(self) -> bool:
        """Whether the library was ever looked at; the first look makes no push."""
        with self._database.reading() as session:
            return session.scalar(select(MeasureState.measure_id).limit(1)) is not None


def standing_of(row: BatchRow) -> str:
    """Where a push stands, in Chinese: also whether everything has left, or there was nobody to tell."""
    state = row.batch.state
    if state is BatchState.CANCELLED and not row.batch.found.get("messages"):
        return words.STATE_NOBODY
    if state is BatchState.APPROVED and not any(row.counts.get(each) for each in UNSENT):
        return words.STATE_OVER
    return words.STATES[state]


def gist_of(message: Message) -> str:
    """What a message says, in a sentence."""
    said = of_json(message.content)
    return said.gist if isinstance(said, Content) else said.subject


def region_name(code: str) -> str:
    """A region by its GB/T 2260 code, as people call it ("山东省济南市")."""
    if not code:
        return words.NO_REGION
    try:
        return "".join(regions().path(code))
    except UnknownCode:
        return words.UNKNOWN_REGION.format(code=code)


def masked(database: Database, seal: Seal | None, contact: Contact) -> str | None:
    """Where a contact leads to, as far as anybody is shown it; None where it cannot be decrypted."""
    if seal is None:
        return None
    try:
        info = Contacts(database, seal).open(contact)
    except InputError:
        return None
    return " ".join(filter(None, (info.masked_name, info.masked)))


def reach(batches: Batches, by: By, since: dt.datetime | None, until: dt.datetime | None) -> list[Reach]:
    """How far the messages came that were made in [since, until); either may be open. Most messages first.

    What was made later is taken off: all counts are of messages, each of which was made at one moment.
    """
    later = {row.name: row for row in batches.statistics(by, until)} if until is not None else {}
    found = [_without(row, later.get(row.name)) for row in batches.statistics(by, since)]
    return sorted((row for row in found if row.made or row.cancelled), key=lambda row: (-row.made, row.name))


def total(rows: Sequence[Reach]) -> Reach:
    """All of them together."""
    nothing = Reach("", 0, 0, 0, 0, 0)
    return Reach("", *map(sum, zip(*map(_counts, (nothing, *rows)), strict=True)))


def _without(row: Reach, later: Reach | None) -> Reach:
    """A message whose state changes between the two questions must not make a count negative."""
    if later is None:
        return row
    return Reach(row.name, *(max(mine - other, 0) for mine, other in zip(_counts(row), _counts(later), strict=True)))


def _counts(row: Reach) -> tuple[int, int, int, int, int]:
    return row.made, row.sent, row.read, row.dead, row.cancelled


def _count(session: Session, *where: ColumnElement[bool]) -> int:
    return session.scalar(select(func.count()).select_from(Message).where(*where)) or 0
