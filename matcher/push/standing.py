"""Whether a message in the outbox is still to be sent, and when: its push, its subscription and the hour decide."""

from __future__ import annotations

import datetime as dt
from typing import NamedTuple

from sqlalchemy import ColumnElement, Select, and_, or_, select
from sqlalchemy.orm import Session

from matcher.push.release import sendable
from matcher.push.schedule import due
from matcher.store.companies import Channel, Contact
from matcher.store.pushes import (
    Batch,
    BatchState,
    Frequency,
    Message,
    MessageState,
    Subscription,
    SubscriptionState,
)

CONFIRMATION = "confirmation"
"""`kind` of the content that asks somebody to confirm a subscription."""


class Found(NamedTuple):
    """A message with all that decides whether it is sent."""

    message: Message
    subscription: Subscription | None
    contact: Contact | None
    batch_state: BatchState | None


def standing(found: Found, now: dt.datetime) -> tuple[MessageState, str, dt.datetime | None]:
    """Whether a message is still to be sent: CLAIMED if it is.

    Returns:
        Its state, why it is cancelled (in Chinese), and when to look again where that is later.
    """
    if found.batch_state in {BatchState.PAUSED, BatchState.DRAFT}:
        return MessageState.HELD, "", None
    if found.batch_state is BatchState.CANCELLED:
        return MessageState.CANCELLED, "推送已取消", None
    if found.message.channel is Channel.INBOX:
        return MessageState.CLAIMED, "", None
    subscription, asks = found.subscription, found.message.content.get("kind") == CONFIRMATION
    if subscription is None or found.contact is None:
        return MessageState.CANCELLED, "订阅或联系方式已删除", None
    if subscription.state is SubscriptionState.ENDED:
        return MessageState.CANCELLED, "订阅已结束", None
    if asks:
        waits = subscription.state is SubscriptionState.WAITING
        return (MessageState.CLAIMED, "", None) if waits else (MessageState.CANCELLED, "订阅已确认过", None)
    if subscription.state is not SubscriptionState.CONFIRMED:
        return MessageState.CANCELLED, "订阅没有确认", None
    later = _awake(subscription, now)
    return (MessageState.READY, "", later) if later > now else (MessageState.CLAIMED, "", None)


def _awake(subscription: Subscription, now: dt.datetime) -> dt.datetime:
    """The first moment from `now` on that is neither quiet nor on a day off there."""
    at_once = Subscription(
        frequency=Frequency.AT_ONCE,
        quiet_from=subscription.quiet_from,
        quiet_to=subscription.quiet_to,
        workdays_only=subscription.workdays_only,
    )
    return due(at_once, now)


def is_due(channel: Channel, now: dt.datetime) -> ColumnElement[bool]:
    """Condition on Message: READY, its time has come, and its push, if it belongs to one, is approved."""
    approved = select(Batch.batch_id).where(Batch.state == BatchState.APPROVED)
    return and_(
        Message.state == MessageState.READY,
        Message.channel == channel,
        Message.not_before <= now,
        or_(Message.batch_id.is_(None), Message.batch_id.in_(approved)),
        sendable(),
    )


def joined() -> Select[Message, Subscription, Contact, BatchState]:
    """Messages with all that decides; the columns of `Found`."""
    return (
        select(Message, Subscription, Contact, Batch.state)
        .outerjoin(Subscription, Subscription.subscription_id == Message.subscription_id)
        .outerjoin(Contact, Contact.contact_id == Subscription.contact_id)
        .outerjoin(Batch, Batch.batch_id == Message.batch_id)
    )


def find(session: Session, message_id: str) -> Found | None:
    """One message with all that decides, locked; None where there is none."""
    wanted = joined().where(Message.message_id == message_id).with_for_update(of=Message)
    row = session.execute(wanted).one_or_none()
    return Found(*row) if row is not None else None
