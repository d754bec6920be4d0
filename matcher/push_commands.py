"""The commands `huiqi push …`; matcher.cli finds them by the entry point group `huiqi.commands`."""

from __future__ import annotations

import click

from matcher.cli import Group


@click.group("push", cls=Group, help="推送：找出新政策适合的企业，查看、批准、暂停。")
def push() -> None:
    """Commands over pushes."""
