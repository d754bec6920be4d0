"""An outbox for tests: companies with a contact and a subscription each, a push, and its messages."""

from __future__ import annotations

import datetime as dt
from typing import Any

from matcher.clock import SHANGHAI
from matcher.contacts import Contacts
from matcher.push.content import Content
from matcher.push.outbox import Outbox, Terms
from matcher.seal import Seal
from matcher.store.companies import DEPARTMENT, Channel, CompanyRecord
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
from matcher.store.tables import new_id

NOW = dt.datetime(2026, 11, 23, 10, 0, tzinfo=SHANGHAI)
"""A working Monday."""
DAY_END = dt.datetime(2026, 11, 23, 22, 0, tzinfo=SHANGHAI)
KEY = "zaV0b8e0m2dGkVMEZ2Jk0x5zVv0mJzv8nQG2b1gq6lE="
MEASURE = "policy-a/1"
WEBHOOK = "https://hook.example.cn/in"
SECRET = "shared-secret"  # of a test's webhook


def seconds(count: float) -> dt.timedelta:
    return dt.timedelta(seconds=count)


def said(**changes: Any) -> Content:
    fields: dict[str, Any] = {
        "occasion": Occasion.PUBLISHED, "subject": "新政策｜设备更新补助",
        "gist": "设备更新补助：符合条件，预计 20 万元。", "money": "20 万元", "trace": "200 万元 × 10%",
        "why": ("注册地在济南市",), "missing": "", "ask": "", "deadline": "2026年12月31日前申报",
        "closes": dt.date(2026, 12, 31), "link": "https://huiqi.example.cn/policies/policy-a",
        "company": "济南甲公司", "measure": "设备更新补助", "policy": "设备更新行动方案",
    }  # fmt: skip
    return Content(**{**fields, **changes})


class World:
    """What tests put into a database; ids are counted."""

    def __init__(self, database: Database) -> None:
        self.database, self.seal = database, Seal(KEY)
        self.contacts = Contacts(database, self.seal)
        self._n = 0

    def outbox(self, **terms: Any) -> Outbox:
        return Outbox(self.database, self.contacts.open, Terms(**terms))

    def batch(self, state: BatchState = BatchState.APPROVED, measure_id: str = MEASURE) -> str:
        batch = Batch(
            batch_id=new_id(), measure_id=measure_id, version="1", occasion=Occasion.PUBLISHED, state=state,
            found={"messages": 1}, made_at=NOW,
        )  # fmt: skip
        with self.database.session() as session:
            session.add(batch)
        return batch.batch_id

    def company(self, region: str = "370102") -> str:
        self._n += 1
        record = CompanyRecord(
            company_id=f"company{self._n:04d}", owner=DEPARTMENT, name=f"济南{self._n}号公司", region=region, raw={},
            created_at=NOW, changed_at=NOW,
        )  # fmt: skip
        with self.database.session() as session:
            session.add(record)
        return record.company_id

    def subscription(self, company_id: str, channel: Channel, address: str = "", **changes: Any) -> Subscription:
        contact_id = None
        if channel is not Channel.INBOX:
            address = address or (f"{company_id}@a.example.cn" if channel is Channel.EMAIL else WEBHOOK)
            contact_id = self.contacts.add(company_id, channel, "王五", address, SECRET, now=NOW).contact_id
        fields: dict[str, Any] = {
            "themes": [], "frequency": Frequency.AT_ONCE, "quiet_from": 21, "quiet_to": 8, "workdays_only": True,
            "weekly_cap": 10, "state": SubscriptionState.CONFIRMED, "confirmed_at": NOW,
        }  # fmt: skip
        made = Subscription(
            subscription_id=new_id(), company_id=company_id, contact_id=contact_id, channel=channel, made_at=NOW,
            **{**fields, **changes},
        )  # fmt: skip
        with self.database.session() as session:
            session.add(made)
        return made

    def message(
        self,
        channel: Channel = Channel.EMAIL,
        batch_id: str | None = None,
        *,
        address: str = "",
        region: str = "370102",
        wishes: dict[str, Any] | None = None,
        **changes: Any,
    ) -> str:
        """One message of a new company with its own subscription; its id."""
        company_id = self.company(region)
        subscription = self.subscription(company_id, channel, address, **(wishes or {}))
        fields: dict[str, Any] = {
            "batch_id": batch_id, "company_id": company_id, "subscription_id": subscription.subscription_id,
            "channel": channel, "measure_id": MEASURE, "region": region, "key": f"{self._n:064x}",
            "content": said().to_json(), "state": MessageState.READY, "not_before": NOW, "made_at": NOW,
        }  # fmt: skip
        message = Message(message_id=f"message{self._n:04d}", **{**fields, **changes})
        with self.database.session() as session:
            session.add(message)
        return message.message_id

    def get(self, message_id: str) -> Message:
        with self.database.session() as session:
            return session.get_one(Message, message_id)
