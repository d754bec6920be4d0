"""The command `huiqi worker`; matcher.cli finds it by the entry point group `huiqi.commands`."""

from __future__ import annotations

import click

from matcher.cli import Command


@click.command("worker", cls=Command, help="后台：找出要推送的政策，发出已批准的消息；一直运行，按 Ctrl+C 结束。")
def worker() -> None:
    """Push and deliver until stopped."""
