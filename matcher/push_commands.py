"""The commands `huiqi push …`; matcher.cli finds them by the entry point group `huiqi.commands`."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from matcher.cli import Group, as_of_option, json_option, library_option, open_matcher, print_json, read_settings
from matcher.clock import now
from matcher.command_support import opened
from matcher.push_staff_commands import COMMANDS

if TYPE_CHECKING:
    from matcher.store.pushes import Batch
    from policies.library import Library

OCCASIONS = {
    "published": "新发布", "changed": "有变化", "opening": "开始申报", "closing": "即将截止", "successor": "接续政策",
}  # fmt: skip
FOUND = {
    "eligible": "符合", "nearly": "只差一项信息", "item": "只差一项资质或名录", "to_check": "只差人工核实",
    "more": "还差多项", "excluded": "不符合", "elsewhere": "不在适用地区", "unreadable": "信息有误未比对",
    "known": "此前已符合或已告知", "no_subscription": "没有订阅", "other_themes": "订阅了其他主题",
    "below_floor": "相关性不够",
}  # fmt: skip


@click.group("push", cls=Group, help="推送：找出新政策适合的企业，查看、批准、暂停。")
def push() -> None:
    """Commands over pushes."""


for _command in COMMANDS:
    push.add_command(_command)


@push.command(help="查看政策库的变化，把新发布、有变化、开始申报、即将截止的事项写成待审核的推送；首次运行只记录现状。")
@as_of_option
@library_option
@json_option
def scan(as_of: dt.date, library: Path | None, as_json: bool) -> None:
    """Look at the library once."""
    from matcher.push.publish import scan as look

    settings = read_settings()
    matcher = open_matcher(library, lenient=False, dense=False)
    with opened() as database:
        made = look(database, matcher, as_of, now(), settings.url, settings.closing_days)
    if as_json:
        shown = [_batch_json(batch) for batch in made]
        print_json({"as_of": as_of.isoformat(), "batches": shown})
        return
    for batch in made:
        click.echo(_line(batch, matcher.library))
    drafts = sum(batch.found["messages"] > 0 for batch in made)
    click.echo(f"共 {len(made)} 项变化，{drafts} 批推送待审核" if made else "没有需要推送的变化")


def _line(batch: Batch, library: Library) -> str:
    found = batch.found
    counts = "，".join(f"{text} {found[name]:,} 家" for name, text in FOUND.items() if found.get(name))
    told = f"待审核：{found['companies']:,} 家企业 {found['messages']:,} 条消息" if found["messages"] else "无须推送"
    return f"[{OCCASIONS[batch.occasion]}] {library.by_id[batch.measure_id].title}\n  {told}（{counts}）"


def _batch_json(batch: Batch) -> dict[str, Any]:
    return {
        "batch_id": batch.batch_id, "measure_id": batch.measure_id, "version": batch.version,
        "occasion": batch.occasion.value, "state": batch.state.value, "found": batch.found,
    }  # fmt: skip
