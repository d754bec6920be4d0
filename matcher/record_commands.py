"""The commands `huiqi records …`; matcher.cli finds them by the entry point group `huiqi.commands`."""

from __future__ import annotations

import click

from matcher.cli import Group


@click.group("records", cls=Group, help="企业档案：导入、查看、核实、历史、导出、删除，联系方式。")
def records() -> None:
    """Commands over kept companies."""
