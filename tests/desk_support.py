"""Pushes in every state, for the staff's pages and commands."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from matcher.push.content import Confirmation, Digest
from matcher.push.targets import Targets
from matcher.store.companies import Channel
from matcher.store.database import Database
from matcher.store.pushes import Batch, BatchState, Delivery, Message, MessageState, Occasion, SubscriptionState
from tests.push_support import NOW, World, said

FOUND = {
    "eligible": 1280, "nearly": 96, "item": 31, "to_check": 412, "more": 2044, "excluded": 15230, "elsewhere": 80410,
    "unreadable": 3, "known": 1102, "no_subscription": 204, "other_themes": 27, "below_floor": 41,
}  # fmt: skip
CITIES = ("370102", "370202", "370302", "370883", "", "999999")
ADDRESSES = {
    Channel.EMAIL: "wangfang@a.example.cn",
    Channel.WECOM: f"https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key={'a' * 36}",
}
DRAFTED = 60
"""Messages of the draft: more than one page."""
EXCUSE = "目标“b.example.cn”不在电子邮件的允许列表中，请联系管理员添加"


@dataclass(frozen=True)
class Desk:
    """Ids of what was made.

    Attributes:
        draft: A push that waits for approval.
        approved: One on its way, with a message in each state.
        paused: Likewise, paused.
        nobody: One without any message.
        gone: One of a measure that has left the library.
        messages: By state, of the approved one.
        digest: A digest that could not be delivered.
        asked: A question for confirmation that could not be delivered.
    """

    world: World
    draft: str
    approved: str
    paused: str
    nobody: str
    gone: str
    messages: dict[MessageState, str]
    digest: str
    asked: str


def furnished(database: Database, measures: tuple[str, str] = ("policy-a/1", "policy-b/1")) -> Desk:
    """Fill a database."""
    world = World(database)
    draft = push(world, measures[0], BatchState.DRAFT, found={**FOUND, "companies": DRAFTED, "messages": DRAFTED})
    for number in range(DRAFTED):
        channel = (Channel.INBOX, Channel.EMAIL, Channel.WECOM)[number % 3]
        _message(world, channel, draft, measures[0], CITIES[number % len(CITIES)], state=MessageState.HELD)
    approved = push(
        world, measures[1], BatchState.APPROVED, Occasion.CLOSING, dt.timedelta(days=2),
        found={"eligible": 9, "known": 2, "companies": 7, "messages": 7}, decided_by="王芳",
        decided_at=NOW - dt.timedelta(days=1),
    )  # fmt: skip
    messages = _on_their_way(world, approved, measures[1])
    paused = push(world, measures[0], BatchState.PAUSED, Occasion.CHANGED, dt.timedelta(days=3),
                  found={"eligible": 4, "companies": 1, "messages": 1}, decided_by="王芳", decided_at=NOW)  # fmt: skip
    _message(world, Channel.EMAIL, paused, measures[0], state=MessageState.HELD)
    nobody = push(world, measures[1], BatchState.CANCELLED, Occasion.OPENING, dt.timedelta(days=4),
                  found={"excluded": 20, "no_subscription": 3, "eligible": 3}, decided_at=NOW)  # fmt: skip
    gone = push(world, "left/the-library", BatchState.CANCELLED, Occasion.SUCCESSOR, dt.timedelta(days=40),
                found={"companies": 1, "messages": 1, "eligible": 1}, decided_by="李雷", decided_at=NOW)  # fmt: skip
    _message(world, Channel.EMAIL, gone, "left/the-library", state=MessageState.CANCELLED,
             made_at=NOW - dt.timedelta(days=40))  # fmt: skip
    digest, asked = _alone(world, messages[MessageState.BUNDLED])
    Targets(database).allow(Channel.EMAIL, "a.example.cn", "root", NOW)
    Targets(database).allow(Channel.WECOM, "qyapi.weixin.qq.com", "root", NOW)
    return Desk(world, draft, approved, paused, nobody, gone, messages, digest, asked)


def push(
    world: World,
    measure_id: str,
    state: BatchState,
    occasion: Occasion = Occasion.PUBLISHED,
    ago: dt.timedelta = dt.timedelta(),
    **changes: Any,
) -> str:
    """A push without messages."""
    batch_id = world.batch(state, measure_id)
    with world.database.session() as session:
        batch = session.get_one(Batch, batch_id)
        batch.occasion, batch.made_at = occasion, NOW - ago
        for name, value in changes.items():
            setattr(batch, name, value)
    return batch_id


def _message(
    world: World, channel: Channel, batch_id: str | None, measure_id: str, region: str = "370102", **changes: Any
) -> str:
    return world.message(
        channel, batch_id, address=ADDRESSES.get(channel, ""), region=region, measure_id=measure_id, **changes
    )


def _on_their_way(world: World, batch_id: str, measure_id: str) -> dict[MessageState, str]:
    """One message in each state, with what was tried."""
    made = {
        state: _message(world, Channel.EMAIL, batch_id, measure_id, state=state)
        for state in MessageState if state is not MessageState.HELD
    }  # fmt: skip
    inbox = _message(world, Channel.INBOX, batch_id, measure_id, "370202", state=MessageState.SENT, sent_at=NOW)
    with world.database.session() as session:
        session.get_one(Message, inbox).read_at = NOW
        sent, dead = (session.get_one(Message, made[state]) for state in (MessageState.SENT, MessageState.DEAD))
        sent.sent_at, sent.receipt, sent.attempts = NOW, "250 2.0.0 Ok: queued as 4C1F", 2
        dead.attempts, dead.problem = 1, EXCUSE
        for message, outcome, detail in (
            (sent, "failed", "发信服务器没有答复（超时）"), (sent, "sent", sent.receipt), (dead, "refused", EXCUSE),
        ):  # fmt: skip
            session.add(Delivery(message_id=message.message_id, at=NOW, outcome=outcome, detail=detail))
    return made


def _alone(world: World, part: str) -> tuple[str, str]:
    """What belongs to no push: a digest, and a question for confirmation."""
    items = (said(), said(measure="技改贷款贴息"))
    content = Digest(
        "【政策汇总】2 项政策与贵公司有关：设备更新补助等", "济南甲公司", items, "https://huiqi.example.cn/mine/inbox"
    )
    dead = {"state": MessageState.DEAD, "attempts": 10, "problem": "发信服务器没有答复（超时）"}
    digest = _message(world, Channel.EMAIL, None, "", content=content.to_json(), **dead)
    question = Confirmation("济南甲公司", "全部主题；每天汇总一次（9 点）", "2026 年 11 月 30 日 10:00")
    asked = _message(world, Channel.EMAIL, None, "", content=question.to_json(),
                     wishes={"state": SubscriptionState.WAITING, "confirmed_at": None}, **dead)  # fmt: skip
    with world.database.session() as session:
        session.get_one(Message, part).digest_id = digest
    return digest, asked
