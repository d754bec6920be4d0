"""The outbox: which messages are due, who sends which, and what became of each; safe for several workers at once.

A worker claims some messages for LEASE_S seconds (one statement: no other worker gets them), begins with each (which
looks once more whether it is still wanted, and keeps the receiver's limit), and writes down what became of it. A worker
that dies leaves its claims: they run out, and another sends those messages with the same keys. A receiver may therefore
get a message twice, never not at all, and can tell the repetition by its key.
"""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple, cast

from sqlalchemy import ColumnElement, CursorResult, case, insert, or_, select, type_coerce, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from matcher.contacts import ContactInfo
from matcher.push.limits import PER_MINUTE, way_of
from matcher.push.standing import Found, find, is_due, joined, standing
from matcher.push.targets import Allowed, allowed_hosts
from matcher.store.companies import Channel, Contact
from matcher.store.database import Database
from matcher.store.pushes import Batch, BatchState, Delivery, Message, MessageState, Pace
from policies.errors import InputError, Problem

LEASE_S = 120.0
"""Longer than any attempt to send one message takes."""
MAX_ATTEMPTS = 10
RETRY_S, MAX_RETRY_S = 60.0, 6 * 3600.0
"""The n-th retry waits a random time up to RETRY_S · 2ⁿ⁻¹ (full jitter), at most up to MAX_RETRY_S."""
LEAD_S = 2.0
"""A worker waits so long for its turn at a receiver; for a later turn the message goes back."""
SPREAD = 10
"""For how many turns ahead what goes back is spread."""
LOOK = 500
"""Messages that are looked at at once."""


AFTER = {BatchState.PAUSED: MessageState.HELD, BatchState.CANCELLED: MessageState.CANCELLED}
"""What becomes of a message that did not leave while its push was stopped."""


class Terms(NamedTuple):
    """How patient workers are.

    Attributes:
        lease_s: How long a claim holds.
        retry_s: Longest wait before the first retry.
        max_attempts: After so many failures a message is dead.
        per_minute: Messages a minute at most, by channel (see `limits.PER_MINUTE`).
    """

    lease_s: float = LEASE_S
    retry_s: float = RETRY_S
    max_attempts: int = MAX_ATTEMPTS
    per_minute: Mapping[Channel, int] = PER_MINUTE


class Turn(NamedTuple):
    """A claimed message that is to be sent now.

    Attributes:
        message: What, as it stands in the outbox.
        contact: Whom to; None for the inbox.
        allowed: Where messages of its channel may go at this moment.
        at: When the receiver's limit allows it: now, or up to LEAD_S later.
    """

    message: Message
    contact: ContactInfo | None
    allowed: Allowed
    at: dt.datetime


class Outbox:
    """What workers do with messages; each step is one transaction."""

    def __init__(
        self,
        database: Database,
        opened: Callable[[Contact], ContactInfo] | None,
        terms: Terms | None = None,
        rng: random.Random | None = None,
    ) -> None:
        """Work on a database.

        Args:
            database: Where the messages are.
            opened: Decrypts a contact (`Contacts.open`); None sends inbox messages only.
            terms: How patient workers are.
            rng: Draws the waits before retries.
        """
        self._database, self._opened, self._terms = database, opened, terms or Terms()
        self._lease = dt.timedelta(seconds=self._terms.lease_s)
        self._rng = rng or random.Random()

    # ---- taking -----------------------------------------------------------------------------------------------------

    def recover(self, now: dt.datetime) -> int:
        """Give back what workers hold whose time has run out; returns how many."""
        return self._given_back(Message.state == MessageState.CLAIMED, Message.claimed_until < now)

    def claim(self, channel: Channel, worker: str, now: dt.datetime, count: int = 10) -> list[Message]:
        """Take the messages of a channel that are due, those due longest first.

        Args:
            channel: Of which.
            worker: Who takes them.
            now: The moment.
            count: How many at most; fewer where the channel's limit allows fewer just now.
        """
        with self._database.session() as session:
            if channel is Channel.EMAIL and (pace := session.get(Pace, channel.value)) is not None:
                count = min(count, self._slots(channel, pace.free_at, now))
            if count <= 0:
                return []
            wanted = (
                select(Message.message_id)
                .where(is_due(channel, now))
                .order_by(Message.not_before)
                .limit(count)
                .with_for_update(skip_locked=True)
                .cte("due")
            )
            taking = (
                update(Message)
                .where(Message.message_id.in_(select(wanted.c.message_id)))
                .values(state=MessageState.CLAIMED, claimed_by=worker, claimed_until=now + self._lease)
                .returning(Message)
                .execution_options(synchronize_session=False)
            )
            return sorted(session.scalars(taking), key=lambda each: (each.not_before, each.message_id))

    def begin(self, message_id: str, worker: str, now: dt.datetime) -> Turn | None:
        """Look whether a claimed message is still to be sent, take its turn at the receiver, and hold it anew.

        Returns:
            None where it is not sent now: it was deleted with its company, its push is paused or cancelled, its
            subscription has ended, it is quiet there now, the receiver has had enough for the moment, or the claim has
            run out. Each is written down.

        Raises:
            InputError: the contact was encrypted with another key.
        """
        with self._database.session() as session:
            found = find(session, message_id)
            if found is None or found.message.state is not MessageState.CLAIMED or found.message.claimed_by != worker:
                return None
            message = found.message
            state, problem, later = standing(found, now)
            if state is not MessageState.CLAIMED:
                _let_go(message, state, problem or message.problem, later or message.not_before)
                return None
            turn = self._turn(session, found, now)
            if turn is None:
                return None
            if message.claimed_until is None or message.claimed_until < now + self._lease / 2:
                message.claimed_until = now + self._lease
            return turn

    def give_back(self, worker: str) -> int:
        """Leave to others what a worker has claimed and not begun; returns how many."""
        return self._given_back(Message.state == MessageState.CLAIMED, Message.claimed_by == worker)

    # ---- what became of it ------------------------------------------------------------------------------------------

    def sent(self, message_id: str, receipt: str, now: dt.datetime) -> bool:
        """A receiver has taken a message; False where that is known already, or it was deleted meanwhile.

        Who holds the message now does not matter: it has arrived.
        """
        done = (
            update(Message)
            .where(Message.message_id == message_id, Message.state != MessageState.SENT)
            .values(
                state=MessageState.SENT, sent_at=now, receipt=receipt, attempts=Message.attempts + 1, problem="",
                claimed_by="", claimed_until=None,
            )
            .returning(Message.batch_id)
            .execution_options(synchronize_session=False)
        )  # fmt: skip
        with self._database.session() as session:
            row = session.execute(done).one_or_none()
            if row is None:
                return False
            session.execute(insert(Delivery).values(message_id=message_id, at=now, outcome="sent", detail=receipt))
            if row.batch_id is None:  # it may be a digest
                session.execute(update(Message).where(Message.digest_id == message_id).values(sent_at=now))
            return True

    def failed(self, message_id: str, worker: str, reason: str, now: dt.datetime, wait_s: float = 0.0) -> MessageState:
        """A message did not arrive: it is tried again later, or dead after `max_attempts`.

        Args:
            message_id: Which.
            worker: Who tried.
            reason: Why, in Chinese, without personal data.
            now: The moment.
            wait_s: The receiver asks to wait at least so long.

        Returns:
            What state it has now.
        """
        with self._database.session() as session:
            message = self._held(session, message_id, worker)
            if message is None:
                return MessageState.CANCELLED
            message.attempts += 1
            session.add(_delivery(message, now, "failed", reason))
            dead = message.attempts >= self._terms.max_attempts
            wait = dt.timedelta(seconds=max(wait_s, self._wait_s(message.attempts)))
            batch = session.get(Batch, message.batch_id) if message.batch_id else None
            again = AFTER.get(batch.state, MessageState.READY) if batch else MessageState.READY
            _let_go(message, MessageState.DEAD if dead else again, reason, now + wait)
            return message.state

    def refused(self, message_id: str, worker: str, reason: str, now: dt.datetime) -> None:
        """A message never can arrive: it is dead at once."""
        with self._database.session() as session:
            message = self._held(session, message_id, worker)
            if message is not None:
                message.attempts += 1
                session.add(_delivery(message, now, "refused", reason))
                _let_go(message, MessageState.DEAD, reason, message.not_before)

    def requeue(self, now: dt.datetime, batch_id: str | None = None, message_id: str | None = None) -> int:
        """Send dead messages anew: all, or those of a push, or one; returns how many."""
        dead = [Message.state == MessageState.DEAD]
        if batch_id is not None:
            dead.append(Message.batch_id == batch_id)
        if message_id is not None:
            dead.append(Message.message_id == message_id)
        return self._given_back(*dead, attempts=0, not_before=now, problem="")

    # ---- looking ----------------------------------------------------------------------------------------------------

    def is_empty(self, channels: list[Channel], now: dt.datetime) -> bool:
        """Whether nothing of some channels is due that nobody has claimed."""
        ready = or_(*(is_due(channel, now) for channel in channels))
        with self._database.reading() as session:
            return session.scalar(select(Message.message_id).where(ready).limit(1)) is None

    def due(self, channels: list[Channel], now: dt.datetime) -> Iterator[Found]:
        """All that would be sent now, with all that decides it; nothing is claimed."""
        last, ready = "", or_(*(is_due(each, now) for each in channels))
        while True:
            wanted = select(Message.message_id).where(ready, Message.message_id > last).order_by(Message.message_id)
            with self._database.reading() as session:
                ids = session.scalars(wanted.limit(LOOK)).all()
                found = [Found(*row) for row in session.execute(joined().where(Message.message_id.in_(ids)))]
            yield from found
            if len(ids) < LOOK:
                return
            last = ids[-1]

    def contact(self, contact: Contact) -> ContactInfo:
        """A contact, readable.

        Raises:
            InputError: it was encrypted with another key, or there is none.
        """
        if self._opened is None:
            raise InputError([Problem("联系方式", "没有设置 HUIQI_CONTACT_KEY，不能解开")])
        return self._opened(contact)

    # ---- shared -----------------------------------------------------------------------------------------------------

    def _turn(self, session: Session, found: Found, now: dt.datetime) -> Turn | None:
        """The next turn at the receiver, if it is soon; else the message goes back until then."""
        allowed = allowed_hosts(session, found.message.channel)
        if found.contact is None:
            return Turn(found.message, None, allowed, now)
        contact = self.contact(found.contact)
        pace = self._pace(session, way_of(contact, found.contact.mark), now)
        at, interval = max(pace.free_at, now), self._interval(contact.channel)
        if self._slots(contact.channel, pace.free_at, now) < 1:
            _let_go(
                found.message, MessageState.READY, found.message.problem, at + self._rng.random() * SPREAD * interval
            )
            return None
        pace.free_at = at + interval
        return Turn(found.message, contact, allowed, at)

    def _pace(self, session: Session, way: str, now: dt.datetime) -> Pace:
        """The row of a receiver, locked; made where there is none."""
        made = (sqlite if self._database.is_sqlite else postgresql).insert(Pace).values(way=way, free_at=now)
        same = made.on_conflict_do_update(index_elements=[Pace.way], set_={"free_at": Pace.free_at})
        pace: Pace = session.scalars(same.returning(Pace)).one()
        return pace

    def _slots(self, channel: Channel, free_at: dt.datetime, now: dt.datetime) -> int:
        """How many turns there are within LEAD_S."""
        wait = (max(free_at, now) - now).total_seconds()
        return int((LEAD_S - wait) / self._interval(channel).total_seconds()) + 1 if wait <= LEAD_S else 0

    def _interval(self, channel: Channel) -> dt.timedelta:
        """Between two messages to one receiver: evenly, so that no minute has too many."""
        return dt.timedelta(minutes=1) / self._terms.per_minute[channel]

    def _wait_s(self, attempts: int) -> float:
        return self._rng.uniform(0.0, min(MAX_RETRY_S, self._terms.retry_s * 2.0 ** min(attempts - 1, 30)))

    def _held(self, session: Session, message_id: str, worker: str) -> Message | None:
        """A message that the worker still holds, locked."""
        message = session.get(Message, message_id, with_for_update=True)
        if message is None or message.state is not MessageState.CLAIMED or message.claimed_by != worker:
            return None
        return message

    def _given_back(self, *which: ColumnElement[bool], **values: object) -> int:
        """Make messages READY, or what their push is if it was stopped meanwhile; returns how many."""
        stopped = [
            (
                Message.batch_id.in_(select(Batch.batch_id).where(Batch.state == state)),
                type_coerce(after, Message.state.type),
            )
            for state, after in AFTER.items()
        ]
        state = case(*stopped, else_=type_coerce(MessageState.READY, Message.state.type))
        given = update(Message).where(*which).values(state=state, claimed_by="", claimed_until=None, **values)
        with self._database.session() as session:
            done = session.execute(given.execution_options(synchronize_session=False))
            return cast("CursorResult[Any]", done).rowcount


def _let_go(message: Message, state: MessageState, problem: str, not_before: dt.datetime) -> None:
    message.state, message.problem, message.not_before = state, problem, not_before
    message.claimed_by, message.claimed_until = "", None


def _delivery(message: Message, now: dt.datetime, outcome: str, detail: str) -> Delivery:
    return Delivery(message_id=message.message_id, at=now, outcome=outcome, detail=detail)
