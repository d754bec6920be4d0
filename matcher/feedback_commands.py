"""The commands `huiqi feedback …`; matcher.cli finds them by the entry point group `huiqi.commands`."""

from __future__ import annotations

import contextlib
import datetime as dt
import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from matcher.cli import Group, as_of_option, json_option, lenient_option, library_option, print_json
from matcher.clock import iso_seconds, now
from policies.errors import InputError, Problem

if TYPE_CHECKING:
    from matcher.feedback import FeedbackStore

MARKS = ("适合", "不适合", "已申报", "已获批")


@contextlib.contextmanager
def _store() -> Iterator[FeedbackStore]:
    """The marks in the database that the settings name."""
    from matcher.cli import read_settings
    from matcher.feedback import FeedbackStore
    from matcher.store.database import open_database

    database = open_database(read_settings())
    try:
        yield FeedbackStore(database)
    finally:
        database.close()


@click.group("feedback", cls=Group, help="反馈：记下一项匹配适合与否、是否申报获批，并导出为评测案例。")
def feedback() -> None:
    """Commands over feedback."""


@feedback.command(help="记下对一项匹配的反馈。")
@click.argument("profile", type=click.Path(path_type=Path), metavar="企业信息.json")
@click.argument("target", metavar="事项或政策编号")
@click.option("--mark", type=click.Choice(MARKS), required=True, help="适合、不适合、已申报或已获批")
@click.option("--note", default="", metavar="说明", help="理由")
@as_of_option
@library_option
@lenient_option
@json_option
def add(
    profile: Path,
    target: str,
    mark: str,
    note: str,
    as_of: dt.date,
    library: Path | None,
    lenient: bool,
    as_json: bool,
) -> None:
    """Keep a mark."""
    from matcher.access.identity import LOCAL
    from matcher.cli import read_input, read_settings
    from matcher.feedback import Mark
    from policies.library import load_library
    from policies.profile import CompanyProfile

    content = read_input(profile)
    CompanyProfile.from_json(content)
    loaded = load_library(library or read_settings().library, lenient=lenient)
    if target not in (loaded.by_id if "/" in target else loaded.policies):
        raise InputError([Problem(f"编号“{target}”", "政策库中没有这个事项或政策", "可用 huiqi policies list 查看")])
    raw = json.loads(content.decode("utf-8-sig"))
    with _store() as store:
        kept = store.add(raw, target, Mark(mark), as_of=as_of, made_at=now(), owner=LOCAL.user_id, note=note)
    if as_json:
        click.echo(json.dumps({"feedback_id": kept.feedback_id, "target": target, "mark": mark}, ensure_ascii=False))
        return
    click.echo(f"已记下第 {kept.feedback_id} 条反馈：{kept.company} {target} {mark}")


@feedback.command("list", help="列出全部反馈。")
@json_option
def list_feedback(as_json: bool) -> None:
    """List the marks."""
    with _store() as store:
        marks = store.all()
    if as_json:
        rows = [
            {"feedback_id": mark.feedback_id, "made_at": iso_seconds(mark.made_at), "as_of": mark.as_of.isoformat(),
             "company": mark.company, "target": mark.target, "mark": mark.mark.value, "note": mark.note}
            for mark in marks
        ]  # fmt: skip
        print_json(rows)
        return
    for mark in marks:
        note = f"　{mark.note}" if mark.note else ""
        click.echo(
            f"{mark.feedback_id}　{iso_seconds(mark.made_at)}　{mark.company}　{mark.target}　{mark.mark.value}{note}"
        )
    click.echo(f"共 {len(marks)} 条反馈")


@feedback.command(help="导出为评测案例（可用 huiqi eval 评测）。")
@click.argument("out", type=click.Path(path_type=Path, dir_okay=False), metavar="案例.jsonl")
@json_option
def export(out: Path, as_json: bool) -> None:
    """Export the marks as cases."""
    with _store() as store:
        cases = store.export(out)
    if as_json:
        click.echo(json.dumps({"cases": cases, "file": str(out)}, ensure_ascii=False))
        return
    click.echo(f"已导出 {cases} 个案例到 {out}")
