"""From an approved push to messages that may leave: each at its time, several in one digest, none too many a week.

Everything follows from the database and the moment that is given: the same state gives the same result.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import astuple, dataclass
from typing import Any, NamedTuple, cast

from sqlalchemy import ColumnElement, CursorResult, func, or_, select, update
from sqlalchemy.orm import Session

from matcher.clock import SHANGHAI
from matcher.push import content
from matcher.push import subscription_text as words
from matcher.push.keys import key_of
from matcher.push.occasions import NOT_OFFERED
from matcher.push.schedule import due
from matcher.store.companies import DEPARTMENT, Channel, CompanyRecord
from matcher.store.database import Database
from matcher.store.pushes import (
    Batch,
    BatchState,
    Frequency,
    MeasureState,
    Message,
    MessageState,
    Subscription,
    SubscriptionState,
)
from matcher.store.tables import new_id
from policies.lifecycle import WindowPhase

WEEK = dt.timedelta(days=7)
BLOCK = 1_000
"""Messages that `release` looks at together."""
LOT = 200
"""Subscriptions whose digests are made in one transaction."""
OVER = (NOT_OFFERED, WindowPhase.CLOSED.value)
ON_ITS_WAY = (MessageState.READY, MessageState.CLAIMED, MessageState.SENT)
News = dict[str, dt.datetime]
"""What a company is told in a week: a push, or all that comes in the digest of a day, and when."""


@dataclass(frozen=True)
class Released:
    """How many messages became what; `postponed` ones, for the weekly cap, are among the ready."""

    ready: int
    inbox: int
    postponed: int
    cancelled: int

    @property
    def messages(self) -> int:
        """All of them."""
        return self.ready + self.inbox + self.cancelled

    def __add__(self, other: Released) -> Released:
        """Both lots together."""
        return Released(*map(sum, zip(astuple(self), astuple(other), strict=True)))


def release_approved(database: Database, batch_id: str, now: dt.datetime) -> Released:
    """Let the HELD messages of an approved push go, BLOCK by BLOCK, so that others may write in between.

    It ends where the push is paused or cancelled meanwhile; what a crash leaves, `bundle` goes on with.

    Args:
        database: Where.
        batch_id: The push.
        now: The moment.
    """
    total = Released(0, 0, 0, 0)
    while True:
        with database.session() as session:
            batch = session.get(Batch, batch_id, with_for_update=True)
            if batch is None or batch.state is not BatchState.APPROVED:
                return total
            done = release(session, batch_id, now, BLOCK)
        if not done.messages:
            return total
        total += done


def release(session: Session, batch_id: str, now: dt.datetime, most: int | None = None) -> Released:
    """Let the HELD messages of an approved push go, in the caller's transaction; doing it again changes nothing.

    Inbox messages are SENT at once; others become READY with `not_before`. Those of a subscription that has ended, or
    of a measure that closes before they could leave, are CANCELLED.

    Args:
        session: The caller's.
        batch_id: The push.
        now: The moment.
        most: So many messages at most, in whole blocks.
    """
    held = (Message.batch_id == batch_id, Message.state == MessageState.HELD)
    wanted = select(*_HELD).where(*held).order_by(Message.company_id, Message.key).limit(BLOCK)
    counts: Counter[str] = Counter()
    while (most is None or counts.total() - counts["postponed"] < most) and (
        messages := [Held(*row) for row in session.execute(wanted)]
    ):
        counts += _let_go(session, messages, now)
    ready, inbox = counts[MessageState.READY], counts[MessageState.SENT]
    return Released(ready, inbox, counts["postponed"], counts[MessageState.CANCELLED])


def reschedule(session: Session, subscription: Subscription, now: dt.datetime) -> None:
    """Give what is READY for a subscription the times that follow from what it wishes now."""
    mine = Message.subscription_id == subscription.subscription_id
    waiting = (mine, Message.state == MessageState.READY, Message.batch_id.is_not(None))
    wanted = select(*_HELD).where(*waiting).order_by(Message.made_at, Message.key)
    messages = [Held(*row) for row in session.execute(wanted)]
    held = update(Message).where(*waiting).values(state=MessageState.HELD)
    session.execute(held.execution_options(synchronize_session=False))  # they do not count as news themselves
    _let_go(session, messages, now)


def bundle(database: Database, now: dt.datetime, url: str) -> int:
    """Make one digest of what is due for each daily or weekly subscription; workers call it every minute or so.

    First, what an interrupted approval left is released, and what is READY for a measure that has closed meanwhile is
    cancelled. Several workers may call it at once.

    Args:
        database: Where.
        now: The moment.
        url: How links begin.

    Returns:
        Number of digests made.
    """
    for batch_id in _left(database):
        release_approved(database, batch_id, now)
    drop_closed(database, now)
    made = 0
    while True:
        with database.session() as session:
            wanted = select(Message.subscription_id).join(Subscription).join(Batch).where(*_due_for_digest(now))
            waiting = session.scalars(wanted.distinct().limit(LOT)).all()
            subscriptions = session.scalars(
                select(Subscription)
                .where(Subscription.subscription_id.in_(waiting))
                .order_by(Subscription.subscription_id)
                .with_for_update(skip_locked=True)
            ).all()
            made += _bundled(session, subscriptions, now, url)
        if not subscriptions:
            return made


def _left(database: Database) -> Sequence[str]:
    """Approved pushes some messages of which are still HELD."""
    wanted = select(Batch.batch_id).where(Batch.state == BatchState.APPROVED)
    held = select(Message.message_id).where(Message.batch_id == Batch.batch_id, Message.state == MessageState.HELD)
    with database.reading() as session:
        return session.scalars(wanted.where(held.exists()).order_by(Batch.batch_id)).all()


def drop_closed(database: Database, now: dt.datetime) -> int:
    """Cancel what waits for a measure that is no longer on offer, or whose last day is over; returns how many."""
    today = now.astimezone(SHANGHAI).date()
    over = select(MeasureState.measure_id).where(or_(MeasureState.phase.in_(OVER), MeasureState.closes < today))
    waiting = (Message.state == MessageState.READY, Message.batch_id.is_not(None), Message.measure_id.in_(over))
    cancelled = {"state": MessageState.CANCELLED, "problem": words.CLOSED_PROBLEM}
    with database.session() as session:
        done = session.execute(update(Message).where(*waiting).values(cancelled))
        return cast("CursorResult[Any]", done).rowcount


def sendable() -> ColumnElement[bool]:
    """Condition on Message for whoever claims READY ones: not one that still waits for its digest."""
    at_once = select(Subscription.subscription_id).where(
        Subscription.subscription_id == Message.subscription_id, Subscription.frequency == Frequency.AT_ONCE
    )
    return or_(Message.batch_id.is_(None), Message.channel == Channel.INBOX, at_once.exists())


# ---- release --------------------------------------------------------------------------------------------------------


class Held(NamedTuple):
    """What decides when a message may leave."""

    message_id: str
    company_id: str
    subscription_id: str | None
    batch_id: str | None
    measure_id: str
    channel: Channel
    closes: str | None


_HELD = (
    Message.message_id, Message.company_id, Message.subscription_id, Message.batch_id, Message.measure_id,
    Message.channel, Message.content["closes"].as_string(),
)  # fmt: skip


def _let_go(session: Session, messages: Sequence[Held], now: dt.datetime) -> Counter[str]:
    """Give each message its state; in the order given, which decides who comes first under a cap."""
    subscriptions = _subscriptions(session, {message.subscription_id for message in messages})
    news = _news(session, {message.company_id for message in messages}, now)
    over = _over(session, {message.measure_id for message in messages})
    counts: Counter[str] = Counter()
    changes = []
    for message in messages:
        subscription, told = subscriptions.get(message.subscription_id or ""), news[message.company_id]
        state, moment, problem = _outcome(message, subscription, told, message.measure_id in over, now)
        changes.append({
            "message_id": message.message_id, "state": state, "not_before": moment, "problem": problem,
            "sent_at": now if state is MessageState.SENT else None,
        })  # fmt: skip
        counts[state] += 1
        if state is MessageState.READY and subscription is not None:
            told.setdefault(_name(subscription, message.batch_id or "", moment), moment)
            counts["postponed"] += moment > due(subscription, now)
    if changes:
        session.execute(update(Message), changes)
    return counts


def _outcome(
    message: Held, subscription: Subscription | None, told: News, over: bool, now: dt.datetime
) -> tuple[MessageState, dt.datetime, str]:
    """What becomes of a message, when it leaves, and why it is cancelled."""
    if subscription is None or subscription.state is not SubscriptionState.CONFIRMED:
        return MessageState.CANCELLED, now, words.ENDED_PROBLEM
    inbox = message.channel is Channel.INBOX
    moment = now if inbox else _place(subscription, message.batch_id or "", told, now)
    if over or _closes_before(message.closes, moment):
        return MessageState.CANCELLED, moment, words.CLOSED_PROBLEM
    return MessageState.SENT if inbox else MessageState.READY, moment, ""


def _place(subscription: Subscription, batch_id: str, told: Mapping[str, dt.datetime], now: dt.datetime) -> dt.datetime:
    """The first moment that suits a subscription and leaves its company under the cap in any seven days."""
    moment = due(subscription, now)
    while _name(subscription, batch_id, moment) not in told:
        recent = sorted(other for other in told.values() if other > moment - WEEK)
        if len(recent) < subscription.weekly_cap:
            break
        moment = due(subscription, recent[len(recent) - subscription.weekly_cap] + WEEK)
    return moment


def _name(subscription: Subscription, batch_id: str, moment: dt.datetime) -> str:
    """What tells one piece of news from another: the same push by two channels is one, and so is a day's digest."""
    return batch_id if subscription.frequency is Frequency.AT_ONCE else _digest_name(moment)


def _digest_name(moment: dt.datetime) -> str:
    return f"digest {moment.astimezone(SHANGHAI).date()}"


def _news(session: Session, company_ids: Iterable[str], now: dt.datetime) -> defaultdict[str, News]:
    """What companies were told in the last seven days, or will be; confirmations and the inbox do not count."""
    moment = func.coalesce(Message.sent_at, Message.not_before)
    wanted = (
        select(Message.company_id, Message.batch_id, Subscription.frequency, Message.not_before, moment)
        .join(Subscription, Subscription.subscription_id == Message.subscription_id)
        .where(
            Message.company_id.in_(sorted(company_ids)),
            Message.channel != Channel.INBOX,
            Message.state.in_(ON_ITS_WAY),
            moment > now - WEEK,
            or_(Message.batch_id.is_not(None), Message.made_at > Subscription.confirmed_at),
        )
    )
    found: defaultdict[str, News] = defaultdict(dict)
    for company_id, batch_id, frequency, not_before, leaves in session.execute(wanted):
        alone = batch_id if frequency is Frequency.AT_ONCE else None
        told, name = found[company_id], alone or _digest_name(not_before)
        told[name] = min(told.get(name, leaves), leaves)
    return found


def _subscriptions(session: Session, wanted: Iterable[str | None]) -> dict[str, Subscription]:
    found = session.scalars(select(Subscription).where(Subscription.subscription_id.in_(wanted)))
    return {one.subscription_id: one for one in found}


def _over(session: Session, measure_ids: Iterable[str]) -> frozenset[str]:
    """Measures that were no longer on offer when they were last looked at."""
    wanted = select(MeasureState.measure_id).where(MeasureState.measure_id.in_(measure_ids))
    return frozenset(session.scalars(wanted.where(MeasureState.phase.in_(OVER))))


def _closes_before(closes: str | None, moment: dt.datetime) -> bool:
    """Whether nobody can apply any more at a moment; the last day (ISO) counts."""
    return closes is not None and moment.astimezone(SHANGHAI).date().isoformat() > closes


# ---- digests --------------------------------------------------------------------------------------------------------


def _due_for_digest(now: dt.datetime) -> tuple[ColumnElement[bool], ...]:
    return (
        Message.state == MessageState.READY,
        Message.not_before <= now,
        Subscription.frequency != Frequency.AT_ONCE,
        Subscription.channel != Channel.INBOX,
        Batch.state == BatchState.APPROVED,
    )


def _bundled(session: Session, subscriptions: Sequence[Subscription], now: dt.datetime, url: str) -> int:
    """One digest of what is due for each of some subscriptions, which are locked; returns how many were made."""
    mine = Message.subscription_id.in_([one.subscription_id for one in subscriptions])
    wanted = select(Message).join(Subscription).join(Batch).where(mine, *_due_for_digest(now))
    parts: defaultdict[str, list[Message]] = defaultdict(list)
    for part in session.scalars(wanted.order_by(Message.not_before, Message.made_at, Message.key)):
        parts[part.subscription_id or ""].append(part)
    companies = {one.company_id for one in subscriptions}
    owners = select(CompanyRecord.company_id, CompanyRecord.owner).where(CompanyRecord.company_id.in_(companies))
    departments = {company_id for company_id, owner in session.execute(owners) if owner == DEPARTMENT}
    made = []
    for one in subscriptions:
        left = _still_wanted(one, parts[one.subscription_id], now)
        link = f"{url}/policies" if one.company_id in departments else f"{url}/mine/inbox"
        made += [(_digest(left, link, now), left)] if left else []
    session.add_all(message for message, _ in made)
    session.flush()
    for message, left in made:
        for part in left:
            part.state, part.digest_id = MessageState.BUNDLED, message.message_id
    return len(made)


def _still_wanted(subscription: Subscription, parts: Sequence[Message], now: dt.datetime) -> list[Message]:
    """The others are cancelled."""
    for part in parts:
        if subscription.state is not SubscriptionState.CONFIRMED:
            part.state, part.problem = MessageState.CANCELLED, words.ENDED_PROBLEM
        elif _closes_before(part.content.get("closes"), now):
            part.state, part.problem = MessageState.CANCELLED, words.CLOSED_PROBLEM
    return [part for part in parts if part.state is MessageState.READY]


def _digest(parts: Sequence[Message], link: str, now: dt.datetime) -> Message:
    items = [said for part in parts if isinstance(said := content.of_json(part.content), content.Content)]
    first = parts[0]
    return Message(
        message_id=new_id(), company_id=first.company_id, subscription_id=first.subscription_id,
        channel=first.channel, region=first.region, content=content.digest(items, link).to_json(),
        state=MessageState.READY, not_before=max(part.not_before for part in parts), made_at=now,
        key=key_of("digest", first.subscription_id or "", *sorted(part.key for part in parts)),
    )  # fmt: skip
