"""Tables of 免申即享: for a measure the companies that get it without applying, and how far each has come."""

from __future__ import annotations

import datetime as dt
from enum import StrEnum

from sqlalchemy import ForeignKey, String, Text, UniqueConstraint
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
        budget_yuan: What may be spent in all; None for no limit.
    """

    __tablename__ = "grant_lists"

    list_id: Mapped[str] = mapped_column(String(ID_CHARS), primary_key=True, default=new_id)
    measure_id: Mapped[str] = mapped_column(String(MEASURE_CHARS), index=True)
    version: Mapped[str] = mapped_column(String(VERSION_CHARS))
    as_of: Mapped[dt.date]
    budget_yuan: Mapped[float | None]
    found: Mapped[Json]
    made_by: Mapped[str] = mapped_column(String(NAME_CHARS))
    made_at: Mapped[dt.datetime]


class Grant(Table):
    """One company on a list.

    Attributes:
        place: From 1, in the order in which the budget is given out.
        within_budget: Whether the budget reaches it.
        amount_yuan: What it gets.
        evidence: One for each condition: what it asks, what the company has, who verified it and when.
        willing_at: When the company said that it wants it; None before.
    """

    __tablename__ = "grants"
    __table_args__ = (UniqueConstraint("list_id", "company_id"),)

    grant_id: Mapped[str] = mapped_column(String(ID_CHARS), primary_key=True, default=new_id)
    list_id: Mapped[str] = mapped_column(ForeignKey("grant_lists.list_id", ondelete="CASCADE"), index=True)
    company_id: Mapped[str] = mapped_column(ForeignKey("companies.company_id", ondelete="CASCADE"), index=True)
    place: Mapped[int]
    within_budget: Mapped[bool]
    amount_yuan: Mapped[float | None]
    evidence: Mapped[list[Json]]
    state: Mapped[GrantState] = mapped_column(named(GrantState), index=True)
    willing_at: Mapped[dt.datetime | None]
    changed_at: Mapped[dt.datetime]


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
