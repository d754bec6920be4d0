"""The commands `huiqi grants …`; matcher.cli finds them by the entry point group `huiqi.commands`."""

from __future__ import annotations

import click

from matcher.cli import Group


@click.group("grants", cls=Group, help="免申即享名单。")
def grants() -> None:
    """Commands over grants."""
