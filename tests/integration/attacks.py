"""Every attack that the gate stands against, each with the same thing done rightly.

One table: the tests make each attack, and docs/security.zh.md shows the table as `as_markdown` prints it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import httpx

from tests.integration import attacks_content, attacks_people
from tests.integration.access_world import Answer, World

Try = Callable[[World], httpx.Response | Answer]


@dataclass(frozen=True)
class Attack:
    """One attack.

    Attributes:
        name: What is tried, in Chinese.
        attack: Tries it.
        refused: Status of the answer.
        twin_name: The same thing done rightly, in Chinese.
        twin: Does it.
        accepted: Status of that answer.
    """

    group: str
    name: str
    attack: Try
    refused: int
    twin_name: str
    twin: Try
    accepted: int


def _all() -> Iterator[Attack]:
    for module in (attacks_people, attacks_content):
        for group, rows in module.GROUPS.items():
            for row in rows:
                yield Attack(group, *row)


ATTACKS = tuple(_all())


def as_markdown() -> str:
    """The table for docs/security.zh.md."""
    lines = ["| 编号 | 类别 | 攻击 | 应答 | 同类的正常操作 | 应答 |", "|---|---|---|---|---|---|"]
    for number, one in enumerate(ATTACKS, 1):
        lines.append(f"| {number} | {one.group} | {one.name} | {one.refused} | {one.twin_name} | {one.accepted} |")
    return "\n".join(lines)
