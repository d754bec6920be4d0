"""Pushes as staff handle them: look at one, approve it, pause it, go on, cancel it; and how many were reached."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple

from sqlalchemy import ColumnElement, String, case, delete, func, select, type_coerce, update
from sqlalchemy.orm import Session, aliased

from matcher.push import release
from matcher.store.companies import CompanyRecord
from matcher.store.database import Database
from matcher.store.pushes import Batch, BatchState, Delivery, Message, MessageState
from matcher.store.tables import ID_CHARS, NAME_CHARS
from policies.errors import InputError, Problem

PAGE_SIZE = 50
BLOCK = 1_000
"""Digests that are taken apart together."""
CITY_DIGITS = 4
"""Of a GB/T 2260 code: province and city."""
STATES = {
    BatchState.DRAFT: "待审核",
    BatchState.APPROVED: "已批准",
    BatchState.PAUSED: "已暂停",
    BatchState.CANCELLED: "已取消",
}
By = Literal["measure", "region", "channel"]


class BatchRow(NamedTuple):
    """A push and how many of its messages are in which state (states without messages are left out)."""

    batch: Batch
    counts: Mapping[MessageState, int]


class BatchPage(NamedTuple):
    """Some pushes, and how many there are altogether."""

    rows: list[BatchRow]
    total: int


class MessageRow(NamedTuple):
    """A message and whom it is for."""

    message: Message
    company: str


class MessagePage(NamedTuple):
    """Some messages, and how many there are altogether."""

    rows: list[MessageRow]
    total: int


class Reach(NamedTuple):
    """How far messages came, for one measure, city or channel.

    Attributes:
        name: measure_id, GB/T 2260 code of a city ("" for companies without a region), or a channel's value.
        made: All but cancelled ones.
        sent: Of those, delivered; with a digest too.
        read: Of those, opened in the inbox.
        dead: Given up.
        cancelled: Not wanted any more.
    """

    name: str
    made: int
    sent: int
    read: int
    dead: int
    cancelled: int

    @property
    def rate(self) -> float | None:
        """触达率: sent of made, in [0, 1]; None where nothing was made."""
        return self.sent / self.made if self.made else None


class Batches:
    """Every change of a state is one transaction that names the state it starts from; messages follow in blocks."""

    def __init__(self, database: Database) -> None:
        """Work on a database."""
        self._database = database

    def list(self, state: BatchState | None = None, page: int = 1, size: int = PAGE_SIZE) -> BatchPage:
        """Pushes, newest first; only those in a state where one is given."""
        wanted, count = select(Batch), select(func.count()).select_from(Batch)
        if state is not None:
            wanted, count = wanted.where(Batch.state == state), count.where(Batch.state == state)
        wanted = wanted.order_by(Batch.made_at.desc(), Batch.batch_id).limit(size).offset((page - 1) * size)
        with self._database.reading() as session:
            found = session.scalars(wanted).all()
            counts = _counts(session, [batch.batch_id for batch in found])
            return BatchPage([BatchRow(each, counts[each.batch_id]) for each in found], session.scalar(count) or 0)

    def get(self, batch_id: str) -> BatchRow | None:
        """One push; None where there is none."""
        with self._database.reading() as session:
            batch = session.get(Batch, batch_id)
            return BatchRow(batch, _counts(session, [batch_id])[batch_id]) if batch is not None else None

    def messages(
        self, batch_id: str, page: int = 1, size: int = PAGE_SIZE, state: MessageState | None = None
    ) -> MessagePage:
        """A page of a push's messages, in the order in which their companies were entered."""
        of_batch = [Message.batch_id == batch_id, *([Message.state == state] if state is not None else [])]
        wanted = (
            select(Message, CompanyRecord.name)
            .join(CompanyRecord, CompanyRecord.company_id == Message.company_id)
            .where(*of_batch)
            .order_by(CompanyRecord.number, Message.channel, Message.message_id)
            .limit(size)
            .offset((page - 1) * size)
        )
        with self._database.reading() as session:
            rows = [MessageRow(*row) for row in session.execute(wanted)]
            return MessagePage(rows, session.scalar(select(func.count()).select_from(Message).where(*of_batch)) or 0)

    def deliveries(self, message_id: str) -> Sequence[Delivery]:
        """All attempts to send a message, oldest first."""
        wanted = select(Delivery).where(Delivery.message_id == message_id).order_by(Delivery.delivery_id)
        with self._database.reading() as session:
            return session.scalars(wanted).all()

    def approve(self, batch_id: str, by: str, now: dt.datetime) -> Batch:
        """Let a draft leave.

        Raises:
            InputError: there is none, or it is no draft.
        """
        with self._database.session() as session:
            batch = _decided(session, batch_id, (BatchState.DRAFT,), BatchState.APPROVED, by, now)
        release.release_approved(self._database, batch_id, now)
        return batch

    def pause(self, batch_id: str, by: str, now: dt.datetime) -> Batch:
        """Let nothing more of an approved push leave for now; what is being sent arrives.

        Raises:
            InputError: there is none, or it is not approved.
        """
        with self._database.session() as session:
            batch = _decided(session, batch_id, (BatchState.APPROVED,), BatchState.PAUSED, by, now)
            _unbundle(session, batch_id)
            _move(session, batch_id, (MessageState.READY,), MessageState.HELD)
            return batch

    def resume(self, batch_id: str, by: str, now: dt.datetime) -> Batch:
        """Go on with a paused push.

        Raises:
            InputError: there is none, or it is not paused.
        """
        with self._database.session() as session:
            batch = _decided(session, batch_id, (BatchState.PAUSED,), BatchState.APPROVED, by, now)
        release.release_approved(self._database, batch_id, now)
        return batch

    def cancel(self, batch_id: str, by: str, now: dt.datetime) -> Batch:
        """Give up what has not left yet.

        Raises:
            InputError: there is none, or it is cancelled already.
        """
        with self._database.session() as session:
            open_states = (BatchState.DRAFT, BatchState.APPROVED, BatchState.PAUSED)
            batch = _decided(session, batch_id, open_states, BatchState.CANCELLED, by, now)
            _unbundle(session, batch_id)
            _move(session, batch_id, (MessageState.HELD, MessageState.READY), MessageState.CANCELLED)
            return batch

    def statistics(self, by: By, since: dt.datetime | None = None, until: dt.datetime | None = None) -> Sequence[Reach]:
        """How far the messages came that were made in [since, until); either may be open.

        What asks somebody to confirm a subscription is left out, and so are digests: what is in them counts.
        """
        name = _NAMES[by]
        digest = aliased(Message)
        state = func.coalesce(digest.state, Message.state)
        wanted = (
            select(
                name,
                _count(state != MessageState.CANCELLED),
                _count(Message.sent_at.is_not(None)),
                _count(Message.read_at.is_not(None)),
                _count(state == MessageState.DEAD),
                _count(state == MessageState.CANCELLED),
            )
            .outerjoin(digest, digest.message_id == Message.digest_id)
            .where(Message.measure_id != "")
            .group_by(name)
            .order_by(name)
        )
        if since is not None:
            wanted = wanted.where(Message.made_at >= since)
        if until is not None:
            wanted = wanted.where(Message.made_at < until)
        with self._database.reading() as session:
            return [Reach(*row) for row in session.execute(wanted)]


_NAMES: Mapping[By, ColumnElement[str]] = {
    "measure": type_coerce(Message.measure_id, String),
    "region": case((Message.region == "", ""), else_=func.substr(Message.region, 1, CITY_DIGITS) + "00"),
    "channel": type_coerce(Message.channel, String),
}


def missing(batch_id: str) -> InputError:
    """There is no such push."""
    return InputError([Problem(f"推送“{batch_id[:ID_CHARS]}”", "没有这个推送", "可用 huiqi push list 查看")])


def _count(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return func.sum(case((condition, 1), else_=0))


def _counts(session: Session, batch_ids: Sequence[str]) -> dict[str, dict[MessageState, int]]:
    wanted = (
        select(Message.batch_id, Message.state, func.count())
        .where(Message.batch_id.in_(batch_ids))
        .group_by(Message.batch_id, Message.state)
    )
    counts: dict[str, dict[MessageState, int]] = {batch_id: {} for batch_id in batch_ids}
    for batch_id, state, count in session.execute(wanted):
        counts[str(batch_id)][state] = count
    return counts


def _decided(
    session: Session, batch_id: str, before: Sequence[BatchState], after: BatchState, by: str, now: dt.datetime
) -> Batch:
    batch = session.get(Batch, batch_id, with_for_update=True)
    if batch is None:
        raise missing(batch_id)
    if batch.state not in before:
        wanted = "、".join(f"“{STATES[each]}”" for each in before)
        reason = f"现在是“{STATES[batch.state]}”，只有{wanted}的推送才能这样处理"
        raise InputError([Problem(f"推送“{batch_id}”", reason, "请刷新后再看")])
    batch.state, batch.decided_by, batch.decided_at = after, by[:NAME_CHARS], now
    return batch


def _move(session: Session, batch_id: str, before: Sequence[MessageState], after: MessageState) -> None:
    moved = update(Message).where(Message.batch_id == batch_id, Message.state.in_(before)).values(state=after)
    session.execute(moved.execution_options(synchronize_session=False))


def _unbundle(session: Session, batch_id: str) -> None:
    """Take apart the digests with something of a push that nobody has tried to send yet; the rest is bundled anew."""
    part = aliased(Message)
    has_part = select(part.message_id).where(part.digest_id == Message.message_id, part.batch_id == batch_id)
    wanted = (
        select(Message.message_id)
        .where(Message.state == MessageState.READY, Message.attempts == 0, has_part.exists())
        .order_by(Message.message_id)
        .limit(BLOCK)
        .with_for_update()
    )
    while digests := session.scalars(wanted).all():
        parts = update(Message).where(Message.digest_id.in_(digests)).values(state=MessageState.READY, digest_id=None)
        gone = delete(Message).where(Message.message_id.in_(digests))
        for change in (parts, gone):
            session.execute(change.execution_options(synchronize_session=False))
