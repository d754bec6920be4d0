"""The commands `huiqi briefing …`; matcher.cli finds them by the entry point group `huiqi.commands`."""

from __future__ import annotations

import click

from matcher.cli import Group


@click.group("briefing", cls=Group, help="政策宣讲邀请名单。")
def briefing() -> None:
    """Commands over invite lists."""
