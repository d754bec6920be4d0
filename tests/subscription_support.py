"""A company with subscriptions, and messages for it, straight into a database."""

from __future__ import annotations

import datetime as dt
from itertools import count
from typing import Any

from sqlalchemy import select

from matcher.clock import SHANGHAI
from matcher.push.content import Content
from matcher.push.subscriptions import Subscriptions
from matcher.push.targets import Targets
from matcher.push.wishes import Wishes
from matcher.records import Kind, Records
from matcher.seal import Seal
from matcher.store.companies import Channel, CompanyRecord
from matcher.store.database import Database
from matcher.store.pushes import Batch, BatchState, Message, MessageState, Occasion, Subscription
from matcher.store.tables import new_id
from policies.errors import InputError

KEY = "YSBrZXkgZm9yIHRoZSB0ZXN0cywgMzIgYnl0ZXMhISE="
URL = "https://huiqi.example.cn"
MAIL = "wang@example.cn"
_NUMBERS = count()


def at(text: str) -> dt.datetime:
    """A moment in Shanghai."""
    return dt.datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


NOW = at("2026-06-15 10:30")  # a Monday


class World:
    """A database with one company of one user."""

    def __init__(
        self, database: Database, owner: str = "u1", name: str = "济南示例有限公司", now: dt.datetime = NOW
    ) -> None:
        self.database, self.now = database, now
        self.company = Records(database).save(owner, {"name": name, "region": "山东省/济南市"}, Kind.DECLARED, "", NOW)
        self.subscriptions = Subscriptions(database, Seal(KEY), URL)
        Targets(database).allow(Channel.EMAIL, "*", "root", NOW)
        Targets(database).allow(Channel.WECOM, "qyapi.weixin.qq.com", "root", NOW)

    def subscribed(
        self,
        channel: Channel = Channel.EMAIL,
        wishes: Wishes | None = None,
        address: str = MAIL,
        *,
        waits: bool = False,
    ) -> Subscription:
        """A subscription, confirmed unless it `waits`."""
        wishes = wishes or Wishes()
        made = self.subscriptions.add(
            self.company.company_id, channel, wishes, self.now, address="" if channel is Channel.INBOX else address
        )
        if not waits and channel is not Channel.INBOX:
            assert self.subscriptions.confirm(self.token(made, "confirm"), self.now).standing.name == "CONFIRMED"
        found = self.subscriptions.find(made.subscription_id)
        assert found is not None
        return found

    def token(self, one: Subscription, purpose: str) -> str:
        """What stands in its links."""
        return Seal(KEY).token(purpose, one.subscription_id).rstrip("=")

    def batch(self, measure_id: str = "p/grant", state: BatchState = BatchState.APPROVED) -> str:
        """A push."""
        made = Batch(batch_id=new_id(), measure_id=measure_id, version="v", occasion=Occasion.PUBLISHED, state=state,
                     found={}, made_at=NOW)  # fmt: skip
        with self.database.session() as session:
            session.add(made)
        return made.batch_id

    def held(self, batch_id: str, one: Subscription, *, measure_id: str = "p/grant", **said: Any) -> str:
        """A message of a push for a subscription, as `publish` writes it."""
        made = Message(
            message_id=new_id(), batch_id=batch_id, company_id=one.company_id, subscription_id=one.subscription_id,
            channel=one.channel, measure_id=measure_id, key=f"{next(_NUMBERS):064d}", state=MessageState.HELD,
            content=content(**said).to_json(), not_before=NOW, made_at=NOW,
        )  # fmt: skip
        with self.database.session() as session:
            session.add(made)
        return made.message_id

    def message(self, message_id: str) -> Message:
        """As it stands now."""
        with self.database.session() as session:
            return session.get_one(Message, message_id)

    def messages(self, *where: Any) -> list[Message]:
        """All of them, in the order in which they were written down."""
        with self.database.session() as session:
            return list(session.scalars(select(Message).where(*where).order_by(Message.key)))


def content(**changes: Any) -> Content:
    """What is told of one measure."""
    base: dict[str, Any] = {
        "occasion": Occasion.PUBLISHED,
        "subject": "【新政策】设备奖补：约 120 万元",
        "gist": "贵公司符合条件，预计金额约 120 万元。",
        "money": "约 120 万元",
        "trace": "按设备投资 800 万元 × 15% 估算；以批复为准",
        "why": ("注册在济南市", "设备投资 500 万元以上"),
        "missing": "",
        "ask": "",
        "deadline": "2026 年 7 月 5 日截止（含当日）",
        "closes": dt.date(2026, 7, 5),
        "link": f"{URL}/policies/p",
        "company": "济南示例有限公司",
        "measure": "设备奖补",
        "policy": "关于设备更新的通知",
    }
    return Content(**{**base, **changes})


def record(name: str = "济南示例有限公司", owner: str = "u1") -> CompanyRecord:
    """A company that is in no database."""
    return CompanyRecord(company_id="c" * 22, owner=owner, name=name, uscc="", region="370100", raw={})


def refusal(call: Any) -> str:
    """Why something is refused; AssertionError where it is not."""
    try:
        call()
    except InputError as error:
        return str(error)
    raise AssertionError("it was accepted")
