"""What staff do with pushes from the command line; `matcher.push_commands` adds them to `huiqi push`."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import click

from matcher.cli import Command, Group, json_option, print_json, read_settings
from matcher.clock import SHANGHAI, now, show_minute
from matcher.command_support import ACTOR, audited, confirmed, opened, say, to_day
from policies.errors import InputError, Problem

if TYPE_CHECKING:
    from matcher.push.batches import Batches, BatchRow
    from matcher.store.companies import Channel
    from matcher.store.database import Database

STATES = ("draft", "approved", "paused", "cancelled")
BYS = ("measure", "region", "channel")
OUTSIDE = ("email", "wecom", "dingtalk", "feishu", "webhook")

batch_argument = click.argument("batch_id", metavar="推送编号")
yes_option = click.option("--yes", is_flag=True, help="不再询问")
limit_option = click.option(
    "--limit", type=click.IntRange(1, 10_000), default=50, metavar="条数", help="最多列出多少条，默认 50"
)
channel_argument = click.argument("channel", type=click.Choice(OUTSIDE), metavar="渠道")
host_argument = click.argument("host", metavar="主机")


# ---- pushes ---------------------------------------------------------------------------------------------------------


@click.command("list", cls=Command, help="列出推送，最新的在前：状态、企业数、消息数。")
@click.option(
    "--state", type=click.Choice(STATES), metavar="状态",
    help="draft 待审核，approved 已批准，paused 已暂停，cancelled 已取消",
)  # fmt: skip
@limit_option
@json_option
def list_pushes(state: str | None, limit: int, as_json: bool) -> None:
    """List pushes."""
    from matcher.push.batches import Batches
    from matcher.push_staff_shown import push_json, push_line, read_titles
    from matcher.store.pushes import BatchState

    titles = read_titles()
    with opened() as database:
        found = Batches(database).list(BatchState(state) if state else None, size=limit)
    if as_json:
        print_json({"total": found.total, "pushes": [push_json(row, titles) for row in found.rows]})
        return
    for row in found.rows:
        click.echo(push_line(row, titles))
    click.echo(f"共 {found.total:,} 个推送，列出 {len(found.rows):,} 个")


@click.command(cls=Command, help="显示一个推送：缘由、找到的企业、消息的状态和内容。")
@batch_argument
@click.option(
    "--messages", "count", type=click.IntRange(0, 10_000), default=10, metavar="条数", help="列出多少条消息，默认 10"
)
@json_option
def show(batch_id: str, count: int, as_json: bool) -> None:
    """Show one push."""
    from matcher.push.batches import Batches
    from matcher.push.desk import Desk
    from matcher.push_staff_shown import message_json, message_line, push_json, push_lines, read_titles

    titles = read_titles()
    with opened() as database:
        batches = Batches(database)
        row = _found(batches, batch_id)
        listed = batches.messages(batch_id, size=count).rows if count else []
        audience = Desk(database).audience(batch_id)
    if as_json:
        unsent = {"companies": audience.companies, "channels": dict(audience.channels)}
        shown = [message_json(each) for each in listed]
        print_json({**push_json(row, titles), "unsent": unsent, "shown": shown})
        return
    for line in (*push_lines(row, titles), *map(message_line, listed)):
        click.echo(line)


@click.command(cls=Command, help="批准一个待审核的推送：消息按各家订阅选择的时间发出。")
@batch_argument
@yes_option
@json_option
def approve(batch_id: str, yes: bool, as_json: bool) -> None:
    """Approve a push."""
    from matcher.push.batches import Batches
    from matcher.push.desk import Desk
    from matcher.push.desk_text import CHANNELS

    with opened() as database:
        _draft(Batches(database), batch_id)
        audience = Desk(database).audience(batch_id)
        channels = "、".join(f"{CHANNELS[channel]} {n:,} 条" for channel, n in audience.channels.items())
        confirmed(yes, f"将发给 {audience.companies:,} 家企业，共 {audience.messages:,} 条消息（{channels}）")
        _decide(database, "approve", batch_id, as_json, "已批准")


@click.command(cls=Command, help="暂停一个已批准的推送：正在发送的会发完，其余的等继续。")
@batch_argument
@json_option
def pause(batch_id: str, as_json: bool) -> None:
    """Pause a push."""
    with opened() as database:
        _decide(database, "pause", batch_id, as_json, "已暂停")


@click.command(cls=Command, help="继续发送一个已暂停的推送。")
@batch_argument
@json_option
def resume(batch_id: str, as_json: bool) -> None:
    """Go on with a push."""
    with opened() as database:
        _decide(database, "resume", batch_id, as_json, "已继续")


@click.command(cls=Command, help="取消一个推送：没有发出的消息不再发送，不能恢复。")
@batch_argument
@yes_option
@json_option
def cancel(batch_id: str, yes: bool, as_json: bool) -> None:
    """Cancel a push."""
    from matcher.push.batches import Batches
    from matcher.push.desk import Desk

    with opened() as database:
        _found(Batches(database), batch_id)
        confirmed(yes, f"还没有发出的 {Desk(database).audience(batch_id).messages:,} 条消息将不再发送")
        _decide(database, "cancel", batch_id, as_json, "已取消")


def _decide(database: Database, action: str, batch_id: str, as_json: bool, done: str) -> None:
    """Do it, log it, and say what became of the messages."""
    from matcher.push.batches import Batches
    from matcher.push_staff_shown import counts_line, push_json, read_titles

    batches = Batches(database)
    getattr(batches, action)(batch_id, ACTOR, now())
    audited(database, f"push.{action}", batch_id)
    row = _found(batches, batch_id)
    shape = push_json(row, read_titles()) if as_json else None
    say(as_json, shape, f"{done}推送 {batch_id}", *counts_line(row.counts))


def _found(batches: Batches, batch_id: str) -> BatchRow:
    row = batches.get(batch_id)
    if row is None:
        raise InputError([Problem(f"推送“{batch_id[:40]}”", "没有这个推送", "可用 huiqi push list 查看")])
    return row


def _draft(batches: Batches, batch_id: str) -> None:
    """Nobody is asked about what cannot be done."""
    from matcher.push.desk import standing_of
    from matcher.store.pushes import BatchState

    row = _found(batches, batch_id)
    if row.batch.state is not BatchState.DRAFT:
        reason = f"现在是“{standing_of(row)}”，只有“待审核”的推送才能批准"
        raise InputError([Problem(f"推送“{batch_id}”", reason, "可用 huiqi push list --state draft 查看")])


# ---- figures --------------------------------------------------------------------------------------------------------


@click.command(cls=Command, help="触达率：已送达占消息数（不含已取消）的比例，按事项、地区或渠道。")
@click.option(
    "--by", type=click.Choice(BYS), default="channel", metavar="方面",
    help="measure 按事项，region 按地区（市），channel 按渠道（默认）",
)  # fmt: skip
@click.option("--from", "first", callback=to_day, metavar="日期", help="从哪天生成的消息起，如 2026-11-01；默认全部")
@click.option("--to", "last", callback=to_day, metavar="日期", help="到哪天生成的消息止（含当天）；默认全部")
@json_option
def statistics(by: Any, first: dt.date | None, last: dt.date | None, as_json: bool) -> None:
    """How far messages came."""
    from matcher.push.batches import Batches
    from matcher.push.desk import reach, total
    from matcher.push_staff_shown import name_of, reach_json, reach_line, read_titles

    if first and last and first > last:
        raise InputError([Problem("--from", "晚于 --to", "请改正日期")])
    since = dt.datetime.combine(first, dt.time(), SHANGHAI) if first else None
    until = dt.datetime.combine(last + dt.timedelta(1), dt.time(), SHANGHAI) if last else None
    with opened() as database:
        rows = reach(Batches(database), by, since, until)
    if as_json:
        print_json({"by": by, "rows": [reach_json(row) for row in rows], "total": reach_json(total(rows))})
        return
    titles = read_titles() if by == "measure" else {}
    for row in rows:
        click.echo(reach_line(name_of(by, row.name, titles), row))
    click.echo(reach_line("合计", total(rows)))


# ---- given up -------------------------------------------------------------------------------------------------------


@click.command(cls=Command, help="列出未能送达的消息和原因，最新的在前。")
@limit_option
@json_option
def dead(limit: int, as_json: bool) -> None:
    """List messages that were given up."""
    from matcher.push.desk import Desk
    from matcher.push_staff_shown import message_json, message_line

    with opened() as database:
        found = Desk(database).dead(size=limit)
    if as_json:
        reasons = [{"problem": text, "messages": count} for text, count in found.reasons]
        messages = [message_json(row) for row in found.rows]
        print_json({"total": found.total, "reasons": reasons, "messages": messages})
        return
    for text, count in found.reasons:
        click.echo(f"{count:,} 条：{text or '没有记录原因'}")
    for row in found.rows:
        click.echo(message_line(row))
    click.echo(f"共 {found.total:,} 条未能送达，列出 {len(found.rows):,} 条")


@click.command(cls=Command, help="重新发送未能送达的消息：一条（写消息编号）、一个推送的，或全部。")
@click.argument("message_id", metavar="[消息编号]", required=False)
@click.option("--push", "batch_id", metavar="推送编号", help="重新发送这个推送中未能送达的")
@click.option("--all", "everything", is_flag=True, help="全部重新发送")
@json_option
def requeue(message_id: str | None, batch_id: str | None, everything: bool, as_json: bool) -> None:
    """Send messages anew that were given up."""
    from matcher.push.outbox import Outbox

    if sum((message_id is not None, batch_id is not None, everything)) != 1:
        raise click.UsageError("请写一个消息编号，或加 --push 推送编号，或加 --all（只能选一种）")
    with opened() as database:
        count = Outbox(database, None).requeue(now(), batch_id, message_id)
        if not count and not everything:
            where = f"“{message_id or batch_id}”"
            raise InputError([Problem(where, "没有未能送达的消息", "可用 huiqi push dead 查看")])
        audited(database, "push.requeue", message_id or batch_id or f"all ({count})")
    say(as_json, {"requeued": count}, f"已重新排队 {count:,} 条消息，由 huiqi worker 发送")


# ---- targets --------------------------------------------------------------------------------------------------------


@click.group("targets", cls=Group, help="允许的目标：消息只能发往列出的主机（电子邮件为收件人的域名）。")
def targets() -> None:
    """Commands over where messages may go."""


@targets.command("list", help="列出允许的目标，以及服务器缺少的设置。")
@json_option
def list_targets(as_json: bool) -> None:
    """List where messages may go."""
    from matcher.push.desk_text import CHANNELS
    from matcher.push.targets import Targets
    from matcher.push_staff_shown import target_json

    settings = read_settings()
    with opened() as database:
        found = Targets(database).list()
    if as_json:
        ready = {"contact_key": settings.contact_key is not None, "smtp": settings.smtp is not None}
        print_json({"targets": [target_json(each) for each in found], "settings": ready})
        return
    for each in found:
        click.echo(f"{CHANNELS[each.channel]}　{each.host}　{each.added_by} 添加于 {show_minute(each.added_at)}")
    click.echo(f"共 {len(found)} 个")
    if settings.contact_key is None:
        click.echo("没有设置 HUIQI_CONTACT_KEY，只能用站内信；可用 huiqi store key 生成一个密钥", err=True)
    if settings.smtp is None:
        click.echo("没有设置发信服务器 HUIQI_SMTP，电子邮件暂不能发送", err=True)


@targets.command(help="允许一个目标：email 写收件人邮箱 @ 后的域名（* 表示不限），其他渠道写主机名、IP 地址或网段。")
@channel_argument
@host_argument
@json_option
def add(channel: str, host: str, as_json: bool) -> None:
    """Allow a target."""
    from matcher.push.targets import Targets
    from matcher.push_staff_shown import target_json

    with opened() as database:
        made = Targets(database).allow(_channel(channel), host, ACTOR, now())
        audited(database, "push.target.add", f"{channel} {made.host}")
    say(as_json, target_json(made), f"已允许 {channel} {made.host}")


@targets.command(help="移除一个允许的目标：以后发往那里的消息会被拒绝。")
@channel_argument
@host_argument
@json_option
def remove(channel: str, host: str, as_json: bool) -> None:
    """Take a target off the list."""
    from matcher.push.targets import Targets

    with opened() as database:
        if not Targets(database).disallow(_channel(channel), host):
            raise InputError([Problem(f"{channel} {host}", "不在允许列表中", "可用 huiqi push targets list 查看")])
        audited(database, "push.target.remove", f"{channel} {host}")
    say(as_json, {"channel": channel, "host": host, "removed": True}, f"已移除 {channel} {host}")


def _channel(value: str) -> Channel:
    from matcher.store.companies import Channel

    return Channel(value)


COMMANDS = (list_pushes, show, approve, pause, resume, cancel, statistics, dead, requeue, targets)
"""For the group `huiqi push`."""
