"""Tables of companies: their facts with where each comes from, what they said before, and how to reach them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from matcher.store.tables import ID_CHARS, NAME_CHARS, Json, Table, named, new_id
from policies.errors import UnknownCode
from policies.facts import read_fact
from policies.fields import registry
from policies.regions import regions
from policies.uscc import check_uscc
from policies.values import Span, ValueReason

DEPARTMENT = "department"
"""Owner of the companies that staff import: no user's own."""
UNKNOWN_REGION = ""
USCC_CHARS = 18


class Channel(StrEnum):
    """How somebody is told."""

    INBOX = "inbox"
    EMAIL = "email"
    WECOM = "wecom"
    DINGTALK = "dingtalk"
    FEISHU = "feishu"
    WEBHOOK = "webhook"


class CompanyRecord(Table):
    """A company that is kept: the profile as given (what `CompanyProfile.model_validate` takes).

    Attributes:
        number: Grows by one and is never used again; bit of the company in a `Snapshot`.
        company_id: What pages and other systems call it.
        owner: user_id of who keeps it, or DEPARTMENT.
        uscc: Unified social credit code, "" where it is not known; an owner has one company of a code.
        region: GB/T 2260 code of the profile's region, UNKNOWN_REGION for none; so that a region's companies are found.
        sources: By field, where its value comes from: {"kind": "declared" | "imported" | "verified", "by": …, "on": …}.
        version: From 1; grows with every change of `raw` or `sources`.
    """

    __tablename__ = "companies"
    __table_args__ = (
        Index(
            "ix_companies_owner_uscc", "owner", "uscc", unique=True,
            sqlite_where=text("uscc <> ''"), postgresql_where=text("uscc <> ''"),
        ),
        Index("ix_companies_owner_name", "owner", "name"),
        {"sqlite_autoincrement": True},
    )  # fmt: skip

    number: Mapped[int] = mapped_column(primary_key=True)
    company_id: Mapped[str] = mapped_column(String(ID_CHARS), unique=True, default=new_id)
    owner: Mapped[str] = mapped_column(String(ID_CHARS), index=True)
    uscc: Mapped[str] = mapped_column(String(USCC_CHARS), default="")
    name: Mapped[str] = mapped_column(Text)
    region: Mapped[str] = mapped_column(String(12), default=UNKNOWN_REGION, index=True)
    raw: Mapped[Json]
    sources: Mapped[Json] = mapped_column(default=dict)
    version: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[dt.datetime]
    changed_at: Mapped[dt.datetime] = mapped_column(index=True)


class CompanyVersion(Table):
    """What a company's record was, one row for each version, the present one included."""

    __tablename__ = "company_versions"

    company_id: Mapped[str] = mapped_column(ForeignKey("companies.company_id", ondelete="CASCADE"), primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    raw: Mapped[Json]
    sources: Mapped[Json]
    made_at: Mapped[dt.datetime]
    made_by: Mapped[str] = mapped_column(String(NAME_CHARS))


class Contact(Table):
    """How to reach somebody of a company; who and where are encrypted with a key that is not in the database.

    Attributes:
        sealed: `Seal.sealed` of {"name": …, "address": …, "secret": …}.
        mark: `Seal.mark` of channel and address, to find the same one again without reading it.
    """

    __tablename__ = "contacts"

    contact_id: Mapped[str] = mapped_column(String(ID_CHARS), primary_key=True, default=new_id)
    company_id: Mapped[str] = mapped_column(ForeignKey("companies.company_id", ondelete="CASCADE"), index=True)
    channel: Mapped[Channel] = mapped_column(named(Channel))
    sealed: Mapped[str] = mapped_column(Text)
    mark: Mapped[str] = mapped_column(String(64), index=True)
    made_at: Mapped[dt.datetime]


def region_of(raw: Mapping[str, Any]) -> str:
    """The GB/T 2260 code of a raw profile's region; UNKNOWN_REGION where there is none, or it cannot be read."""
    field = registry()["region"]
    given = next((raw[key] for key in (field.name, *field.aliases) if key in raw), None)
    try:
        fact, _ = read_fact(field, given)
    except (UnknownCode, ValueReason):
        return UNKNOWN_REGION
    code = regions().code_of(int(fact.lo), int(fact.hi)) if isinstance(fact, Span) else None
    return code or UNKNOWN_REGION


def region_prefix(code: str) -> str:
    """What the codes of a region and of all that lies in it begin with: "3701" for 370100."""
    return code.removesuffix("00").removesuffix("00").removesuffix("00")


def uscc_of(raw: Mapping[str, Any]) -> str:
    """The credit code of a raw profile as it is kept; as given where it cannot be one, "" where there is none."""
    given = raw.get("uscc")
    if given is None or not str(given).strip():
        return ""
    try:
        return check_uscc(given)
    except ValueReason:
        return str(given).strip()
