"""Tables of pushes: what was known of measures and companies, who wants to hear, and what is on its way to them."""

from __future__ import annotations

import datetime as dt
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from matcher.store.companies import Channel
from matcher.store.tables import ID_CHARS, NAME_CHARS, Json, Table, named, new_id

MEASURE_CHARS = 200
VERSION_CHARS = 16


class Occasion(StrEnum):
    """Why somebody is told of a measure."""

    PUBLISHED = "published"
    CHANGED = "changed"
    OPENING = "opening"
    CLOSING = "closing"
    SUCCESSOR = "successor"


class Frequency(StrEnum):
    """How often somebody is told."""

    AT_ONCE = "at_once"
    DAILY = "daily"
    WEEKLY = "weekly"


class SubscriptionState(StrEnum):
    """Where a subscription stands; only CONFIRMED ones are served."""

    WAITING = "waiting"
    CONFIRMED = "confirmed"
    ENDED = "ended"


class BatchState(StrEnum):
    """Where a push stands; nothing leaves before it is APPROVED."""

    DRAFT = "draft"
    APPROVED = "approved"
    PAUSED = "paused"
    CANCELLED = "cancelled"


class MessageState(StrEnum):
    """Where one message stands."""

    HELD = "held"
    """Its push is not approved, or paused."""
    READY = "ready"
    BUNDLED = "bundled"
    """Part of a digest, which is a message of its own."""
    CLAIMED = "claimed"
    SENT = "sent"
    DEAD = "dead"
    CANCELLED = "cancelled"


class MeasureState(Table):
    """What was known of a measure when it was last looked at.

    Attributes:
        version: Digest of all that a company would have to be told of (`push.occasions.version_of`).
        phase: Its window's phase (`policies.lifecycle.WindowPhase`), "" where it was not on offer.
        closes: Last day of its window.
        reminded: Last day of the window of which companies were reminded before it closed.
        ending: Whether its policy had ended, or was about to.
    """

    __tablename__ = "measure_states"

    measure_id: Mapped[str] = mapped_column(String(MEASURE_CHARS), primary_key=True)
    version: Mapped[str] = mapped_column(String(VERSION_CHARS))
    phase: Mapped[str] = mapped_column(String(16))
    closes: Mapped[dt.date | None]
    reminded: Mapped[dt.date | None]
    ending: Mapped[bool]
    seen_at: Mapped[dt.datetime]


class Snapshot(Table):
    """Which companies a measure was for when they were last compared with it.

    Attributes:
        eligible: One bit for each `CompanyRecord.number` (`push.bits`): for which it was eligible.
        nearly: Likewise, for which one fact was missing.
    """

    __tablename__ = "snapshots"

    measure_id: Mapped[str] = mapped_column(String(MEASURE_CHARS), primary_key=True)
    version: Mapped[str] = mapped_column(String(VERSION_CHARS))
    as_of: Mapped[dt.date]
    eligible: Mapped[bytes] = mapped_column(LargeBinary)
    nearly: Mapped[bytes] = mapped_column(LargeBinary)


class Subscription(Table):
    """What a company wants to hear, where, and when.

    Attributes:
        contact_id: Where to; None for the inbox in the pages.
        themes: Themes of policies; empty for all.
        quiet_from: Hour (0–23, Shanghai) from which nothing is sent; equal to `quiet_to` for never quiet.
        weekly_cap: Messages a week at most.
        refused: Whether its receiver said no instead of confirming it: the address is not asked again.
    """

    __tablename__ = "subscriptions"

    subscription_id: Mapped[str] = mapped_column(String(ID_CHARS), primary_key=True, default=new_id)
    company_id: Mapped[str] = mapped_column(ForeignKey("companies.company_id", ondelete="CASCADE"), index=True)
    contact_id: Mapped[str | None] = mapped_column(ForeignKey("contacts.contact_id", ondelete="CASCADE"))
    channel: Mapped[Channel] = mapped_column(named(Channel))
    themes: Mapped[list[str]]
    frequency: Mapped[Frequency] = mapped_column(named(Frequency))
    quiet_from: Mapped[int]
    quiet_to: Mapped[int]
    workdays_only: Mapped[bool]
    weekly_cap: Mapped[int]
    state: Mapped[SubscriptionState] = mapped_column(named(SubscriptionState), index=True)
    made_at: Mapped[dt.datetime]
    confirmed_at: Mapped[dt.datetime | None]
    ended_at: Mapped[dt.datetime | None]
    refused: Mapped[bool] = mapped_column(default=False)


class Batch(Table):
    """One push: a measure, an occasion, and everybody it is for; staff look at it before it leaves.

    Attributes:
        found: How many companies by outcome (eligible, one fact missing, below the floor, told already, …).
    """

    __tablename__ = "batches"

    batch_id: Mapped[str] = mapped_column(String(ID_CHARS), primary_key=True, default=new_id)
    measure_id: Mapped[str] = mapped_column(String(MEASURE_CHARS), index=True)
    version: Mapped[str] = mapped_column(String(VERSION_CHARS))
    occasion: Mapped[Occasion] = mapped_column(named(Occasion))
    state: Mapped[BatchState] = mapped_column(named(BatchState), index=True)
    found: Mapped[Json]
    made_at: Mapped[dt.datetime]
    decided_by: Mapped[str] = mapped_column(String(NAME_CHARS), default="")
    decided_at: Mapped[dt.datetime | None]


class Message(Table):
    """One message in the outbox: written together with the match that it tells of.

    Attributes:
        batch_id: The push that it belongs to; None for a digest, a confirmation and the like.
        key: Idempotency key, sent along: the receiver can tell a repetition by it. Unique: the same company, measure,
            version, occasion and address never make a second message.
        region: The company's, for the statistics.
        content: What is said (`push.content.Content`), without the address.
        not_before: Earliest moment to send it.
        claimed_by: Worker that has it now; another may take it after `claimed_until`.
        problem: Why the last attempt failed, in Chinese, without personal data.
        receipt: What the receiver answered, if it has receipts.
        read_at: When it was opened in the inbox.
        digest_id: The digest that a BUNDLED message is part of.
    """

    __tablename__ = "messages"
    __table_args__ = (Index("ix_messages_due", "state", "channel", "not_before"),)

    message_id: Mapped[str] = mapped_column(String(ID_CHARS), primary_key=True, default=new_id)
    batch_id: Mapped[str | None] = mapped_column(ForeignKey("batches.batch_id", ondelete="CASCADE"), index=True)
    company_id: Mapped[str] = mapped_column(ForeignKey("companies.company_id", ondelete="CASCADE"), index=True)
    subscription_id: Mapped[str | None] = mapped_column(
        ForeignKey("subscriptions.subscription_id", ondelete="CASCADE"), index=True
    )
    channel: Mapped[Channel] = mapped_column(named(Channel))
    measure_id: Mapped[str] = mapped_column(String(MEASURE_CHARS), default="")
    region: Mapped[str] = mapped_column(String(12), default="")
    key: Mapped[str] = mapped_column(String(64), unique=True)
    content: Mapped[Json]
    state: Mapped[MessageState] = mapped_column(named(MessageState))
    not_before: Mapped[dt.datetime]
    claimed_by: Mapped[str] = mapped_column(String(ID_CHARS), default="")
    claimed_until: Mapped[dt.datetime | None]
    attempts: Mapped[int] = mapped_column(default=0)
    problem: Mapped[str] = mapped_column(Text, default="")
    receipt: Mapped[str] = mapped_column(Text, default="")
    made_at: Mapped[dt.datetime]
    sent_at: Mapped[dt.datetime | None]
    read_at: Mapped[dt.datetime | None]
    digest_id: Mapped[str | None] = mapped_column(ForeignKey("messages.message_id", ondelete="SET NULL"), index=True)


class Delivery(Table):
    """One attempt to send a message.

    Attributes:
        outcome: "sent", "failed" (will be tried again) or "refused" (will not).
    """

    __tablename__ = "deliveries"

    delivery_id: Mapped[int] = mapped_column(primary_key=True)
    message_id: Mapped[str] = mapped_column(ForeignKey("messages.message_id", ondelete="CASCADE"), index=True)
    at: Mapped[dt.datetime]
    outcome: Mapped[str] = mapped_column(String(16))
    detail: Mapped[str] = mapped_column(Text)


class AllowedTarget(Table):
    """A host that messages may be sent to (an SMTP server, a robot, a webhook); an admin lists them."""

    __tablename__ = "allowed_targets"

    channel: Mapped[Channel] = mapped_column(named(Channel), primary_key=True)
    host: Mapped[str] = mapped_column(String(255), primary_key=True)
    added_by: Mapped[str] = mapped_column(String(NAME_CHARS))
    added_at: Mapped[dt.datetime]


class Pace(Table):
    """When the next message may go one way: so that all workers together keep a receiver's limit a minute.

    Attributes:
        way: A channel, with the host or with the mark of the robot's address where each has a limit of its own.
        free_at: Earliest moment of the next message.
    """

    __tablename__ = "paces"

    way: Mapped[str] = mapped_column(String(300), primary_key=True)
    free_at: Mapped[dt.datetime]
