"""The commands `huiqi subscriptions …`; matcher.cli finds them by the entry point group `huiqi.commands`."""

from __future__ import annotations

import click

from matcher.cli import Group


@click.group("subscriptions", cls=Group, help="订阅：谁想收到哪些政策。")
def subscriptions() -> None:
    """Commands over subscriptions."""
