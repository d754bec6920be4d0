"""The commands `huiqi subscriptions …`; matcher.cli finds them by the entry point group `huiqi.commands`."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from matcher.cli import Group, json_option, print_json, read_settings
from matcher.clock import iso_seconds, now, show_minute
from matcher.command_support import audited, opened, say, secret_lines
from policies.errors import InputError, Problem

if TYPE_CHECKING:
    from matcher.push.subscriptions import Subscriptions
    from matcher.push.wishes import Wishes
    from matcher.store.database import Database
    from matcher.store.pushes import Subscription

CHANNELS = ("inbox", "email", "wecom", "dingtalk", "feishu", "webhook")
STATES = ("waiting", "confirmed", "ended")

company_argument = click.argument("company_id", metavar="企业编号")


def _wish_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """What is wished for, with the defaults of the pages."""
    options = [
        click.option("--theme", "themes", multiple=True, metavar="主题", help="只要这个主题，可写几次；不写为全部主题"),
        click.option("--frequency", type=click.Choice(["at_once", "daily", "weekly"]), default="daily", metavar="频次",
                     help="at_once 有就发，daily 每天汇总（默认），weekly 每周汇总"),
        click.option("--quiet", nargs=2, type=click.IntRange(0, 23), default=(21, 8), metavar="起 止",
                     help="免打扰时段的起止钟点，默认 21 8；两个相同为不设"),
        click.option("--any-day", is_flag=True, help="休息日也发；不加则只在工作日发"),
        click.option("--weekly-cap", type=click.IntRange(1, 100), default=10, metavar="条数",
                     help="这家企业每周最多收几条，默认 10"),
    ]  # fmt: skip
    for option in reversed(options):
        command = option(command)
    return command


@click.group("subscriptions", cls=Group, help="订阅：谁想收到哪些政策。")
def subscriptions() -> None:
    """Commands over subscriptions."""


@subscriptions.command("list", help="列出订阅；不显示地址。")
@click.option("--company", "company_id", default="", metavar="企业编号", help="只看这家企业的")
@click.option(
    "--state", type=click.Choice(STATES), metavar="状态", help="waiting 等待确认，confirmed 已确认，ended 已退订"
)
@json_option
def list_subscriptions(company_id: str, state: str | None, as_json: bool) -> None:
    """List subscriptions."""
    from matcher.push.subscription_text import STATES as STATE_WORDS
    from matcher.push.wishes import Wishes

    with opened() as database:
        found = _subscriptions(database).all(company_id or None, _state(state))
    if as_json:
        print_json([_shown(one) for one in found])
        return
    for one in found:
        wishes = Wishes.of(one).told(one.channel)
        since = show_minute(one.made_at)
        click.echo(
            f"{one.subscription_id}　{one.company_id}　{one.channel.value}　{STATE_WORDS[one.state]}　{since}　{wishes}"
        )
    click.echo(f"共 {len(found)} 个订阅")


@subscriptions.command(
    help="为企业订阅。站内信立即生效；其他渠道从标准输入读地址（第一行地址或网址，第二行签名密钥，没有就留空），"
    "先发确认链接，对方确认后才发送。"
)
@company_argument
@click.argument("channel", type=click.Choice(CHANNELS), metavar="渠道")
@click.option("--name", default="", metavar="姓名", help="收件人，可不写")
@_wish_options
@json_option
def add(company_id: str, channel: str, name: str, as_json: bool, **wishes: Any) -> None:
    """Subscribe."""
    from matcher.push.subscription_text import STATES as STATE_WORDS
    from matcher.store.companies import Channel

    address, secret = ("", "") if channel == "inbox" else secret_lines("地址或网址", "签名密钥（没有就留空）")
    with opened() as database:
        made = _subscriptions(database).add(
            company_id, Channel(channel), _wishes(wishes), now(), name=name, address=address, secret=secret
        )
        audited(database, "subscription.add", made.subscription_id)
    say(as_json, _shown(made), f"已添加订阅 {made.subscription_id}，状态：{STATE_WORDS[made.state]}")


@subscriptions.command(help="退订：不再发送，还没有发出的也取消；重复退订没有关系。")
@click.argument("subscription_id", metavar="订阅编号")
@json_option
def end(subscription_id: str, as_json: bool) -> None:
    """End a subscription."""
    with opened() as database:
        subscriptions = _subscriptions(database)
        if subscriptions.find(subscription_id) is None:
            remedy = "可用 huiqi subscriptions list 查看"
            raise InputError([Problem(f"订阅“{subscription_id}”", "没有这个订阅", remedy)])
        subscriptions.end(subscription_id, now())
        audited(database, "subscription.end", subscription_id)
        found = subscriptions.find(subscription_id)
    say(as_json, _shown(found) if found else None, f"已退订 {subscription_id}")


@subscriptions.command(help="邀请专员导入的企业的联系人订阅：每人收到确认链接，自己确认后才发送。")
@company_argument
@click.option(
    "--contact", "contact_ids", multiple=True, metavar="联系方式编号", help="只邀请这一个，可写几次；不写为全部"
)
@_wish_options
@json_option
def invite(company_id: str, contact_ids: tuple[str, ...], as_json: bool, **wishes: Any) -> None:
    """Invite contacts of a company that the department keeps."""
    with opened() as database:
        done = _subscriptions(database).invite(company_id, contact_ids or None, _wishes(wishes), now())
        for one in done.asked:
            audited(database, "subscription.invite", one.subscription_id)
    if not done.asked and done.problems:
        raise InputError(list(done.problems))
    value = {"asked": [_shown(one) for one in done.asked], "problems": [str(problem) for problem in done.problems]}
    told = [f"没有邀请：{problem}" for problem in done.problems]
    say(as_json, value, *told, f"已向 {len(done.asked)} 个联系方式发出确认请求")


def _subscriptions(database: Database) -> Subscriptions:
    from matcher.push.subscriptions import Subscriptions

    settings = read_settings()
    return Subscriptions(database, settings.seal, settings.url)


def _wishes(given: dict[str, Any]) -> Wishes:
    from matcher.push.wishes import Wishes
    from matcher.store.pushes import Frequency

    start, end = given["quiet"]
    frequency = Frequency(given["frequency"])
    return Wishes(given["themes"], frequency, start, end, not given["any_day"], given["weekly_cap"])


def _state(name: str | None) -> Any:
    from matcher.store.pushes import SubscriptionState

    return SubscriptionState(name) if name else None


def _shown(one: Subscription) -> dict[str, Any]:
    moments = {"made_at": one.made_at, "confirmed_at": one.confirmed_at, "ended_at": one.ended_at}
    return {
        "subscription_id": one.subscription_id,
        "company_id": one.company_id,
        "channel": one.channel.value,
        "state": one.state.value,
        "themes": one.themes,
        "frequency": one.frequency.value,
        "quiet_from": one.quiet_from,
        "quiet_to": one.quiet_to,
        "workdays_only": one.workdays_only,
        "weekly_cap": one.weekly_cap,
        **{name: iso_seconds(moment) if moment else None for name, moment in moments.items()},
    }
