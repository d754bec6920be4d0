"""An outbox to deliver: companies that each subscribe to e-mail or a webhook, and one approved push for all of them."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Sequence
from typing import Any

from sqlalchemy import insert

from matcher.contacts import Contacts
from matcher.push.batches import Batches
from matcher.push.content import Content
from matcher.push.targets import Targets
from matcher.seal import Seal
from matcher.store.companies import DEPARTMENT, Channel, CompanyRecord, Contact
from matcher.store.database import Database
from matcher.store.pushes import (
    Batch,
    BatchState,
    Frequency,
    Message,
    MessageState,
    Occasion,
    Subscription,
    SubscriptionState,
)
from matcher.store.tables import Table

BATCH = "bench-batch"
MEASURE = "bench/1"
DOMAIN = "companies.example.cn"
REGION = "370100"
BLOCK = 1_000

CONTENT = Content(
    occasion=Occasion.PUBLISHED,
    subject="新政策｜设备更新补助",
    gist="新政策《设备更新行动方案》：设备更新补助，符合条件，预计可获补助 20 万元，2026年12月31日前申报。",
    money="20 万元",
    trace="设备投资 200 万元 × 10%",
    why=("注册地在山东省济南市", "上年营业收入在 2,000 万元以上"),
    missing="",
    ask="",
    deadline="2026年12月31日前申报",
    closes=dt.date(2099, 12, 31),
    link="https://huiqi.example.cn/policies/bench",
    company="示例企业",
    measure="设备更新补助",
    policy="设备更新行动方案",
)


def fill(database: Database, seal: Seal, count: int, webhook: str, secret: str, now: dt.datetime) -> dict[str, Channel]:
    """Put messages into an empty outbox, half of them mails, and approve them.

    Args:
        database: An empty one.
        seal: Encrypts the addresses.
        count: How many.
        webhook: URL that the others go to.
        secret: What they are signed with.
        now: The moment.

    Returns:
        The channel of every message, by its key.
    """
    targets = Targets(database)
    targets.allow(Channel.EMAIL, DOMAIN, "bench", now)
    targets.allow(Channel.WEBHOOK, "127.0.0.1", "bench", now)
    batch = Batch(
        batch_id=BATCH, measure_id=MEASURE, version="1", occasion=Occasion.PUBLISHED, state=BatchState.DRAFT,
        found={}, made_at=now,
    )  # fmt: skip
    with database.session() as session:
        session.add(batch)
    keys: dict[str, Channel] = {}
    contacts = Contacts(database, seal)
    for start in range(0, count, BLOCK):
        rows = [_rows(n, seal, contacts, webhook, secret, now) for n in range(start, min(start + BLOCK, count))]
        with database.session() as session:
            for table, found in zip(TABLES, zip(*rows, strict=True), strict=True):
                session.execute(insert(table), found)
        keys |= {row[-1]["key"]: row[-1]["channel"] for row in rows}
    Batches(database).approve(BATCH, "bench", now)
    return keys


TABLES: Sequence[type[Table]] = (CompanyRecord, Contact, Subscription, Message)


def _rows(
    n: int, seal: Seal, contacts: Contacts, webhook: str, secret: str, now: dt.datetime
) -> tuple[dict[str, Any], ...]:
    """A company, its contact, its subscription and its message."""
    channel = Channel.EMAIL if n % 2 == 0 else Channel.WEBHOOK
    address = f"company{n}@{DOMAIN}" if channel is Channel.EMAIL else f"{webhook}/{n}"
    one = f"bench{n:08d}"
    of_company = {"company_id": one}
    return (
        {
            **of_company, "number": n + 1, "owner": DEPARTMENT, "name": f"示例企业{n}", "region": REGION, "raw": {},
            "sources": {}, "created_at": now, "changed_at": now,
        },
        {
            **of_company, "contact_id": one, "channel": channel, "mark": contacts.mark(channel, address),
            "sealed": seal.sealed({"name": "", "address": address, "secret": secret}), "made_at": now,
        },
        {
            **of_company, "subscription_id": one, "contact_id": one, "channel": channel, "themes": [],
            "frequency": Frequency.AT_ONCE, "quiet_from": 0, "quiet_to": 0, "workdays_only": False, "weekly_cap": 10,
            "state": SubscriptionState.CONFIRMED, "made_at": now, "confirmed_at": now,
        },
        {
            **of_company, "message_id": one, "batch_id": BATCH, "subscription_id": one, "channel": channel,
            "measure_id": MEASURE, "region": REGION, "key": hashlib.sha256(one.encode()).hexdigest(),
            "content": CONTENT.to_json(), "state": MessageState.HELD, "not_before": now, "made_at": now,
        },
    )  # fmt: skip
