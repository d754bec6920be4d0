"""A small world of grants: a library, companies with verified facts, and a list made for them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from matcher.grants.propose import Asked, propose
from matcher.records import Records
from matcher.store.companies import DEPARTMENT, CompanyRecord
from matcher.store.database import Database
from matcher.store.grants import GrantList
from policies.library import Library, load_library
from tests.support import measure, policy, write_library

AS_OF = dt.date(2026, 6, 15)
NOW = dt.datetime(2026, 6, 15, 9, 30, tzinfo=dt.timezone(dt.timedelta(hours=8)))
CHECKED_ON = dt.date(2026, 6, 1)
OFFICE = "济南市工业和信息化局"
CODES = ("91370100MA3C1A2B5D", "91370100MA3F4E5D6X")
JINAN = {"field": "region", "in": ["山东省/济南市"]}
SMALL = {"field": "employees", "max": 300}
HIGH_TECH = {"field": "honours", "has": ["高新技术企业"]}
AWARD, RANGE, PARTLY, YEARLY, RIVAL = "award/grant", "upto/grant", "partly/grant", "yearly/grant", "rival/grant"


def folder_of_policies(folder: Path) -> Path:
    """Measures of every kind that matters here."""
    group = {"group": "技改奖补", "mode": "highest"}
    yearly = {"group": "年度奖补", "mode": "yearly_once"}
    return write_library(
        folder,
        policy("award", measure(when=[JINAN, SMALL, HIGH_TECH], stacking=[group],
                                prefer=[{"field": "honours", "has": ["专精特新中小企业"]}])),
        policy("upto", measure(when=[JINAN], benefit={"type": "ratio", "rate": 0.1, "base": "equipment_invest_wan",
                                                      "up_to": True, "cap_wan": 50})),
        policy("partly", measure(when=[JINAN, {"manual": "项目符合产业政策"}])),
        policy("yearly", measure(when=[JINAN], stacking=[yearly])),
        policy("yearly-other", measure(when=[JINAN], stacking=[yearly])),
        policy("rival", measure(when=[JINAN], stacking=[group])),
        policy("doubtful", measure(when=[JINAN]), status="unknown"),
        policy("title", measure(when=[JINAN], benefit={"type": "honour"})),
        policy("several", measure("a"), measure("b")),
    )  # fmt: skip


def small_library(folder: Path) -> Library:
    """The same, loaded."""
    return load_library(folder_of_policies(folder))


def raw(name: str = "济南甲公司", **changes: object) -> dict[str, Any]:
    """A company for which the award is meant."""
    base = {"name": name, "region": "山东省/济南市", "employees": 58, "honours": ["高新技术企业"]}
    return {**base, **changes}


def keep(
    database: Database,
    name: str = "济南甲公司",
    *,
    owner: str = DEPARTMENT,
    verified: Iterable[str] | None = ("region", "employees", "honours"),
    on: dt.date = CHECKED_ON,
    **changes: object,
) -> CompanyRecord:
    """Keep a company and verify some of its facts; None verifies all that it has."""
    records = Records(database)
    record = records.save(owner, raw(name, **changes), "declared" if owner != DEPARTMENT else "imported", "名单", NOW)
    fields = [key for key in record.raw if key != "name"] if verified is None else list(verified)
    return records.verify(record.company_id, fields, OFFICE, on, NOW) if fields else record


def made(
    database: Database, library: Library, measure_id: str = AWARD, budget_yuan: float | None = None, **asked: Any
) -> GrantList:
    """A list."""
    return propose(database, library, Asked(measure_id, AS_OF, budget_yuan, **asked), "王专员", NOW)
