"""The commands `huiqi pack …`; matcher.cli finds them by the entry point group `huiqi.commands`."""

from __future__ import annotations

import click

from matcher.cli import Group


@click.group("pack", cls=Group, help="申报材料包。")
def pack() -> None:
    """Commands over application packs."""
