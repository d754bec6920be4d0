"""The command `huiqi worker`; matcher.cli finds it by the entry point group `huiqi.commands`."""

from __future__ import annotations

import contextlib
import datetime as dt
import json
import logging
import signal
import sys
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import click

from matcher.cli import UNAVAILABLE, Command, json_option

if TYPE_CHECKING:
    from matcher.push.courier import Post
    from matcher.push.outbox import Terms
    from matcher.push.worker import Worker
    from matcher.store.companies import Channel

SCAN = ("-m", "matcher.cli", "push", "scan")
"""Looks for new pushes; it loads the matcher, which the worker does without."""
NO_KEY = "没有设置环境变量 HUIQI_CONTACT_KEY，只处理站内信；可用 huiqi store key 生成一个密钥"
NO_SMTP = "没有设置发信服务器 HUIQI_SMTP，电子邮件暂不发送"


class _Limit(click.ParamType["tuple[Channel, int]"]):
    """`email=600`: messages a minute."""

    name = "渠道=条数"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[Channel, int]:
        """A channel and a number."""
        from matcher.push.limits import PER_MINUTE

        name, _, number = str(value).partition("=")
        if name not in PER_MINUTE or not (number.isascii() and number.isdigit()) or not 1 <= int(number) <= 1_000_000:
            channels = "、".join(PER_MINUTE)
            self.fail(f"“{value}”的写法不正确，应如 email=600（渠道：{channels}；每分钟 1 至 1000000 条）")
        return next(each for each in PER_MINUTE if each == name), int(number)


@click.command("worker", cls=Command, help="后台：找出要推送的政策，发出已批准的消息；一直运行，按 Ctrl+C 结束。")
@click.option("--once", is_flag=True, help="只做一轮：处理完现在该做的就结束")
@click.option("--dry-run", is_flag=True, help="只检查现在该发的消息（渲染、允许列表、地址），不发送，也不改动任何数据")
@click.option("--workers", type=click.IntRange(1, 12), default=4, metavar="个数", help="同时发送的消息数，默认 4")
@click.option(
    "--interval", type=click.FloatRange(0.1, 3600), default=5.0, metavar="秒", help="空闲时多久查看一次，默认 5"
)
@click.option(
    "--scan-at",
    type=click.DateTime(["%H:%M"]),
    default="06:00",
    metavar="HH:MM",
    show_default=False,
    help="每天什么时间（北京时间）查找新推送，默认 06:00；第一次立即查找",
)
@click.option("--no-scan", is_flag=True, help="不查找新推送，只发送")
@click.option(
    "--as-of", type=click.DateTime(["%Y-%m-%d"]), metavar="日期", help="按哪一天查找新推送，如 2026-11-23；默认当天"
)
@click.option(
    "--per-minute",
    "limits",
    type=_Limit(),
    multiple=True,
    help="某渠道每分钟最多条数，如 email=600、webhook=600，可多次给出",
)
@click.option(
    "--lease",
    type=click.FloatRange(1, 3600),
    default=120.0,
    metavar="秒",
    help="领取的消息多久没有结果就由其他进程接手，默认 120，应长于发一条消息的时间",
)
@click.option(
    "--retry",
    type=click.FloatRange(0, 3600),
    default=60.0,
    metavar="秒",
    help="第一次重试最多等多久，以后逐次加倍，默认 60",
)
@click.option(
    "--attempts", type=click.IntRange(1, 50), default=10, metavar="次数", help="失败多少次后不再重试，默认 10"
)
@click.option(
    "--timeout", type=click.FloatRange(0.1, 30), default=10.0, metavar="秒", help="等待接收方答复多久，默认 10"
)
@json_option
def worker(
    once: bool, dry_run: bool, workers: int, interval: float, scan_at: dt.datetime, no_scan: bool,
    as_of: dt.datetime | None, limits: Sequence[tuple[Channel, int]], lease: float, retry: float, attempts: int,
    timeout: float, as_json: bool,
) -> None:  # fmt: skip
    """Push and deliver until stopped."""
    from matcher.push.daily import Daily
    from matcher.push.limits import PER_MINUTE
    from matcher.push.outbox import Terms
    from matcher.push.worker import Worker

    _log_to_stderr()
    with _posted(Terms(lease, retry, attempts, {**PER_MINUTE, **dict(limits)}), timeout) as post:
        if dry_run:
            _try(post, as_json)
            return
        day = ("--as-of", as_of.date().isoformat()) if as_of else ()
        daily = Daily(post.database, (sys.executable, *SCAN, *day), scan_at.time(), ready=not no_scan)
        made = Worker(post, daily, threads=workers, interval_s=interval)
        _run(made, once)
        click.echo(json.dumps(made.figures()) if as_json else made.summary())
    if once and made.figures()["errors"]:
        raise SystemExit(UNAVAILABLE)


def _run(made: Worker, once: bool) -> None:
    """Until the work is done, or a signal ends it; what is being sent is finished."""

    def stop(_: int, __: object) -> None:
        made.stop()

    before = {each: signal.signal(each, stop) for each in (signal.SIGTERM, signal.SIGINT)}
    try:
        if once:
            made.once()
        else:
            click.echo("后台已启动，按 Ctrl+C 结束", err=True)
            made.run()
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)


def _try(post: Post, as_json: bool) -> None:
    from matcher.push.courier import WOULD_SEND, tried

    counts = tried(post)
    if as_json:
        click.echo(json.dumps(counts, ensure_ascii=False))
        return
    click.echo(f"现在到期的消息 {counts.total()} 条，{WOULD_SEND} {counts.pop(WOULD_SEND, 0)} 条")
    for reason, count in counts.most_common():
        click.echo(f"- {count} 条：{reason}")


@contextlib.contextmanager
def _posted(terms: Terms, timeout_s: float) -> Iterator[Post]:
    from matcher.cli import read_settings
    from matcher.clock import now
    from matcher.push.courier import Post
    from matcher.store.database import open_database

    settings = read_settings()
    seal, smtp = settings.seal, settings.smtp.get_secret_value() if settings.smtp else None
    for missing, text in ((seal is None, NO_KEY), (seal is not None and smtp is None, NO_SMTP)):
        if missing:
            click.echo(text, err=True)
    database = open_database(settings)
    try:
        yield Post(database, seal, settings.url, smtp, now, terms, timeout_s)
    finally:
        database.close()


def _log_to_stderr() -> None:
    """What the worker itself says; libraries are not heard: they would write addresses."""
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("%(asctime)s %(message)s"))
    logger = logging.getLogger("matcher.push")
    logger.handlers, logger.propagate = [handler], False
    logger.setLevel(logging.INFO)
