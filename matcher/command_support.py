"""What commands over the database share: opening it, the audit log, output, and secrets from standard input."""

from __future__ import annotations

import contextlib
import datetime as dt
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from matcher.cli import print_json, read_day, read_settings
from policies.errors import InputError, Problem

if TYPE_CHECKING:
    from matcher.seal import Seal
    from matcher.store.database import Database

ACTOR = "cli"
"""Who the audit log says it was: whoever has the data folder."""
MAX_LINE_BYTES = 2_048


@contextlib.contextmanager
def opened() -> Iterator[Database]:
    """The database that the settings name, open for a while."""
    from matcher.store.database import open_database

    database = open_database(read_settings())
    try:
        yield database
    finally:
        database.close()


def audited(database: Database, action: str, target: str = "") -> None:
    """Add a line to the audit log."""
    from matcher.access.audit import AuditLog
    from matcher.clock import now

    AuditLog(database).write(action, target, now=now(), actor=ACTOR)


def needed_seal() -> Seal:
    """The key for contacts and links.

    Raises:
        InputError: the environment has none.
    """
    seal = read_settings().seal
    if seal is None:
        remedy = "请先用 huiqi store key 生成密钥，妥善保存，再设为环境变量 HUIQI_CONTACT_KEY"
        raise InputError([Problem("联系方式", "没有设置加密密钥", remedy)])
    return seal


def say(as_json: bool, value: object, *sentences: str) -> None:
    """JSON, or sentences."""
    if as_json:
        print_json(value)
        return
    for sentence in sentences:
        click.echo(sentence)


def to_day(_ctx: click.Context, _param: click.Parameter, value: str | None) -> dt.date | None:
    """Callback of an option that takes a day; None where it is not given."""
    return None if value is None else read_day(value)


def secret_lines(*prompts: str) -> list[str]:
    """Lines that must not stand in a command: typed without being shown, or from standard input, one each."""
    if sys.stdin.isatty():
        return [click.prompt(prompt, hide_input=True, default="", show_default=False).strip() for prompt in prompts]
    return [_line(prompt) for prompt in prompts]


def _line(name: str) -> str:
    try:
        return sys.stdin.buffer.readline(MAX_LINE_BYTES).decode("utf-8").strip()
    except UnicodeDecodeError as error:
        raise InputError([Problem("标准输入", f"{name}不是 UTF-8 文字")]) from error


def confirmed(yes: bool, question: str) -> None:
    """Go on only if somebody says so: --yes, or an answer at the terminal.

    Raises:
        InputError: there is nobody to ask, or the answer is no.
    """
    if yes:
        return
    if not sys.stdin.isatty():
        raise InputError([Problem("确认", question, "确定要继续，请加 --yes")])
    if not click.confirm(question):
        raise InputError([Problem("确认", "已取消，没有改动")])
