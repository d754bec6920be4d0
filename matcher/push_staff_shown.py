"""How the commands over pushes write what they found: as lines in Chinese, and as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from matcher.cli import read_settings
from matcher.clock import iso_seconds, show_minute
from matcher.push import desk_text as words
from matcher.push.batches import BatchRow, By, MessageRow, Reach
from matcher.push.desk import gist_of, region_name, standing_of
from matcher.store.companies import Channel
from matcher.store.pushes import AllowedTarget, MessageState
from policies.library import load_library

Titles = Mapping[str, str]
"""Titles of measures by their ids."""


def read_titles() -> Titles:
    """Those of the library that the settings name, as far as it can be read."""
    library = load_library(read_settings().library, lenient=True)
    return {entry.measure_id: entry.title for entry in library.measures}


# ---- lines ----------------------------------------------------------------------------------------------------------


def push_line(row: BatchRow, titles: Titles) -> str:
    """A push in a list."""
    batch, found = row.batch, row.batch.found
    told = f"{found.get('companies', 0):,} 家企业 {found.get('messages', 0):,} 条消息"
    title = titles.get(batch.measure_id, batch.measure_id)
    return f"{batch.batch_id}　{standing_of(row)}　{show_minute(batch.made_at)}　{told}　{title}"


def push_lines(row: BatchRow, titles: Titles) -> list[str]:
    """A push by itself."""
    batch, by = row.batch, ""
    if batch.decided_at and batch.decided_by:
        by = f"，{batch.decided_by} 于 {show_minute(batch.decided_at)} 处理"
    labels = {**words.FOUND, **words.NOT_TOLD}
    found = [f"{label} {batch.found[name]:,} 家" for name, label in labels.items() if batch.found.get(name)]
    return [
        titles.get(batch.measure_id, batch.measure_id),
        f"{words.OCCASIONS[batch.occasion]}　{standing_of(row)}　{show_minute(batch.made_at)} 生成{by}",
        *(["；".join(found)] if found else []),
        *counts_line(row.counts),
    ]


def counts_line(counts: Mapping[MessageState, int]) -> list[str]:
    """One line with how many messages are in which state; none where there are no messages."""
    parts = [f"{label} {counts[state]:,} 条" for state, label in words.MESSAGE_STATES.items() if counts.get(state)]
    return [f"消息：{'，'.join(parts)}"] if parts else []


def message_line(row: MessageRow) -> str:
    """A message in a list."""
    message = row.message
    problem = f"（{message.problem}）" if message.problem else ""
    state = words.MESSAGE_STATES[message.state]
    channel = words.CHANNELS[message.channel]
    return f"{message.message_id}　{row.company}　{channel}　{state}{problem}　{gist_of(message)}"


def reach_line(name: str, row: Reach) -> str:
    """How far messages came."""
    rate = "—" if row.rate is None else f"{100 * row.rate:.1f}%"
    return (
        f"{name}　触达率 {rate}　消息 {row.made:,}　已送达 {row.sent:,}　已读 {row.read:,}"
        f"　未能送达 {row.dead:,}　已取消 {row.cancelled:,}"
    )


def name_of(by: By, name: str, titles: Titles) -> str:
    """What a line of statistics is about."""
    if by == "region":
        return region_name(name)
    return words.CHANNELS[Channel(name)] if by == "channel" else titles.get(name, name)


# ---- JSON -----------------------------------------------------------------------------------------------------------


def push_json(row: BatchRow, titles: Titles) -> dict[str, Any]:
    """A push."""
    batch = row.batch
    return {
        "batch_id": batch.batch_id, "measure_id": batch.measure_id, "title": titles.get(batch.measure_id),
        "version": batch.version, "occasion": batch.occasion.value, "state": batch.state.value,
        "made_at": iso_seconds(batch.made_at), "decided_by": batch.decided_by or None,
        "decided_at": iso_seconds(batch.decided_at) if batch.decided_at else None,
        "found": batch.found, "messages": {state.value: count for state, count in row.counts.items()},
    }  # fmt: skip


def message_json(row: MessageRow) -> dict[str, Any]:
    """A message, without whom it goes to."""
    message = row.message
    return {
        "message_id": message.message_id, "batch_id": message.batch_id, "company_id": message.company_id,
        "company": row.company, "channel": message.channel.value, "region": message.region,
        "state": message.state.value, "gist": gist_of(message), "problem": message.problem or None,
        "attempts": message.attempts, "sent_at": iso_seconds(message.sent_at) if message.sent_at else None,
    }  # fmt: skip


def reach_json(row: Reach) -> dict[str, Any]:
    """How far messages came; the rate in [0, 1]."""
    return {**row._asdict(), "rate": None if row.rate is None else round(row.rate, 4)}


def target_json(entry: AllowedTarget) -> dict[str, Any]:
    """Where messages may go."""
    return {
        "channel": entry.channel.value, "host": entry.host, "added_by": entry.added_by,
        "added_at": iso_seconds(entry.added_at),
    }  # fmt: skip
