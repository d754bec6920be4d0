"""Tables of 免申即享: for a measure the companies that get it without applying, and how far each has come."""

from __future__ import annotations

import datetime as dt
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from matcher.store.pushes import MEASURE_CHARS, VERSION_CHARS
from matcher.store.tables import ID_CHARS, NAME_CHARS, Json, Table, named, new_id


class GrantState(StrEnum):
    """How far a company's grant has come: 比对 → 确认 → 兑付 → 归档, or left on the way."""

    MATCHED = "matched"
    CONFIRMED = "confirmed"
    PAID = "paid"
    ARCHIVED = "archived"
    DECLINED = "declined"
    """The company does not want it."""
    REFUSED = "refused"
    """The department does not give it."""


class GrantList(Table):
    """The companies of one measure as compared on one day.

    Attributes:
        region: GB/T 2260 code of the region whose companies were looked at, "" for all.
        budget_yuan: What may be spent in all; None for no limit.
        committed_yuan: What is confirmed or paid; never more than the budget.
        found: Counts, and the first who were left out with the reason.
        ready: Whether all its companies are written.
        closed_at: When it ceased to take confirmations; a measure has one open list for a region.
    """

    __tablename__ = "grant_lists"
    __table_args__ = (
        Index(
            "ix_grant_lists_open", "measure_id", "region", unique=True,
            sqlite_where=text("closed_at IS NULL"), postgresql_where=text("closed_at IS NULL"),
        ),
    )  # fmt: skip

    list_id: Mapped[str] = mapped_column(String(ID_CHARS), primary_key=True, default=new_id)
    measure_id: Mapped[str] = mapped_column(String(MEASURE_CHARS), index=True)
    version: Mapped[str] = mapped_column(String(VERSION_CHARS))
    as_of: Mapped[dt.date]
    region: Mapped[str] = mapped_column(String(12), default="")
    budget_yuan: Mapped[float | None]
    committed_yuan: Mapped[float] = mapped_column(default=0.0)
    found: Mapped[Json]
    ready: Mapped[bool] = mapped_column(default=False)
    made_by: Mapped[str] = mapped_column(String(NAME_CHARS))
    made_at: Mapped[dt.datetime]
    closed_at: Mapped[dt.datetime | None]


class Grant(Table):
    """One company on a list.

    Attributes:
        identity: The company's in all its records (`records.identity`).
        place: From 1, in the order in which the budget is given out.
        order: What its place rests on: preferences met, day of the last verification, size.
        within_budget: Whether the budget reaches it.
        low_yuan: What its verified facts give at least; None where no sum can be given.
        high_yuan: Likewise at most.
        trace: How that was worked out, in Chinese.
        amount_yuan: What it gets: reserved as `high_yuan`, fixed when the department confirms.
        evidence: One for each condition: what it asks, what the company has, who verified it and when.
        willing_at: When the company said that it wants it; None before.
        note: What staff should know, in Chinese.
    """

    __tablename__ = "grants"
    __table_args__ = (UniqueConstraint("list_id", "company_id"),)

    grant_id: Mapped[str] = mapped_column(String(ID_CHARS), primary_key=True, default=new_id)
    list_id: Mapped[str] = mapped_column(ForeignKey("grant_lists.list_id", ondelete="CASCADE"), index=True)
    company_id: Mapped[str] = mapped_column(ForeignKey("companies.company_id", ondelete="CASCADE"), index=True)
    identity: Mapped[str] = mapped_column(String(ID_CHARS), index=True)
    place: Mapped[int]
    order: Mapped[Json]
    within_budget: Mapped[bool]
    low_yuan: Mapped[float | None]
    high_yuan: Mapped[float | None]
    trace: Mapped[str] = mapped_column(Text)
    amount_yuan: Mapped[float | None]
    evidence: Mapped[list[Json]]
    state: Mapped[GrantState] = mapped_column(named(GrantState), index=True)
    willing_at: Mapped[dt.datetime | None]
    note: Mapped[str] = mapped_column(Text, default="")
    changed_at: Mapped[dt.datetime]


class GrantClaim(Table):
    """That a company has its grant: one for a measure's version and a company, whatever list it stood on.

    It stays when the company's data is erased, so that nobody is paid twice; it tells nothing of the company.

    Attributes:
        claim: SHA-256 of measure, version and identity.
    """

    __tablename__ = "grant_claims"

    claim: Mapped[str] = mapped_column(String(64), primary_key=True)
    made_at: Mapped[dt.datetime]


class GrantCheck(Table):
    """That staff checked for a company what no fact tells: a manual condition of a measure.

    Attributes:
        mark: SHA-256 of the condition's text: another text is another condition.
        holds: Whether what the condition says is so.
        by: Who checked it.
    """

    __tablename__ = "grant_checks"

    company_id: Mapped[str] = mapped_column(ForeignKey("companies.company_id", ondelete="CASCADE"), primary_key=True)
    measure_id: Mapped[str] = mapped_column(String(MEASURE_CHARS), primary_key=True)
    mark: Mapped[str] = mapped_column(String(64), primary_key=True)
    condition: Mapped[str] = mapped_column(Text)
    holds: Mapped[bool]
    note: Mapped[str] = mapped_column(Text, default="")
    by: Mapped[str] = mapped_column(String(NAME_CHARS))
    day: Mapped[dt.date]
    made_at: Mapped[dt.datetime]


class GrantEvent(Table):
    """One step of a grant: who did it, and when."""

    __tablename__ = "grant_events"

    event_id: Mapped[int] = mapped_column(primary_key=True)
    grant_id: Mapped[str] = mapped_column(ForeignKey("grants.grant_id", ondelete="CASCADE"), index=True)
    at: Mapped[dt.datetime]
    by: Mapped[str] = mapped_column(String(NAME_CHARS))
    before: Mapped[str] = mapped_column(String(16))
    after: Mapped[str] = mapped_column(String(16))
    note: Mapped[str] = mapped_column(Text, default="")
