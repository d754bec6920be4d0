"""The commands `huiqi store …`; matcher.cli finds them by the entry point group `huiqi.commands`."""

from __future__ import annotations

import click

from matcher.cli import Group


@click.group("store", cls=Group, help="数据库：备份、恢复、升级，生成联系方式的密钥。")
def store() -> None:
    """Commands over the database."""
