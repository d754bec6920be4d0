"""The commands `huiqi reverse` and `huiqi companies`, found by the entry point group `huiqi.commands`."""

from __future__ import annotations

import datetime as dt
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from matcher.cli import Command, Group, as_of_option, json_option, library_option, print_json, read_settings
from policies.errors import InputError, Problem

if TYPE_CHECKING:
    from matcher.companies.intake import Intake
    from matcher.companies.store import CompanyStore

FILE = click.Path(path_type=Path)
mapping_option = click.option("--mapping", type=FILE, metavar="文件", help="确认过的列对应（huiqi columns --save）")
errors_option = click.option("--errors", type=FILE, metavar="文件", help="未能读取的行写到这里；默认在结果旁")


@click.command("reverse", cls=Command, help="一项政策或事项适合哪些企业：输入企业库或表格，输出企业名单。")
@click.argument("target", metavar="政策或事项编号")
@click.argument("source", type=FILE, metavar="企业库或表格")
@click.argument("out", type=FILE, metavar="结果文件")
@as_of_option
@library_option
@click.option("--limit", type=click.IntRange(1), metavar="家数", help="每个事项最多列出的企业数；默认全部")
@click.option("--only-newly", "earlier", type=FILE, metavar="文件", help="只列出比上次结果新增的企业（上次的结果文件）")
@mapping_option
@errors_option
@json_option
def reverse(
    target: str,
    source: Path,
    out: Path,
    as_of: dt.date,
    library: Path | None,
    limit: int | None,
    earlier: Path | None,
    mapping: Path | None,
    errors: Path | None,
    as_json: bool,
) -> None:
    """List the companies that a policy or a measure is for."""
    from matcher.export.files import output_format
    from matcher.reverse_run import Question, answer
    from policies.library import load_library

    output_format(out)
    problems = errors or out.with_name(f"{out.stem}-errors{out.suffix}")
    output_format(problems)
    _keep_apart([out, problems], [source, mapping, earlier])
    question = Question(load_library(library or read_settings().library), target, as_of, limit, earlier)
    with _store(source, mapping, problems, as_of) as (store, taken):
        report = answer(question, store, out, source.name, taken)
    if as_json:
        print_json({"output": str(out), **report.to_json()})
        return
    for line in report.lines():
        click.echo(line)
    click.echo(f"结果：{out}" + (f"　未能读取的行：{problems}" if taken and taken.rejected else ""))


def _keep_apart(written: Sequence[Path], read: Sequence[Path | None]) -> None:
    """Refuse to write over what was given, or one file over the other."""
    taken = {path.resolve() for path in read if path is not None}
    for path in written:
        if path.resolve() in taken:
            raise InputError([Problem(f"文件“{path}”", "既要读又要写，或要写两次，原有内容会丢失", "请换一个文件名")])
        taken.add(path.resolve())


@contextmanager
def _store(
    source: Path, mapping: Path | None, problems: Path, as_of: dt.date
) -> Iterator[tuple[CompanyStore, Intake | None]]:
    """The store itself, or a spreadsheet as a store for the time being."""
    from matcher.companies.parts import FACTS
    from matcher.companies.store import CompanyStore, is_store

    if is_store(source):
        yield CompanyStore.open(source), None
        return
    if (source / FACTS).exists():
        CompanyStore.open(source)  # says what is wrong with it
    if source.is_dir():
        raise InputError(
            [Problem(f"“{source}”", "不是企业库", "请先用 huiqi companies import 从表格生成，或直接给表格")]
        )
    with tempfile.TemporaryDirectory(prefix="huiqi-") as folder:
        taken = _import((source,), Path(folder) / "store", mapping, problems, as_of)
        yield CompanyStore.open(Path(folder) / "store"), taken


def _import(sources: tuple[Path, ...], store: Path, mapping: Path | None, problems: Path, as_of: dt.date) -> Intake:
    from matcher.companies.intake import Intake
    from matcher.sheet import HeaderMapping

    taken = Intake(sources, HeaderMapping.load(mapping) if mapping else None, as_of)
    taken.into(store, problems)
    return taken


@click.group("companies", cls=Group, help="企业库：把企业表格存成可反复查询的库。")
def companies() -> None:
    """Commands over stores of companies."""


@companies.command("import", cls=Command, help="把一个或多个企业表格存成企业库。")
@click.argument("sources", type=FILE, nargs=-1, required=True, metavar="企业表格…")
@click.argument("store", type=FILE, metavar="企业库")
@as_of_option
@mapping_option
@errors_option
@json_option
def import_companies(
    sources: tuple[Path, ...], store: Path, as_of: dt.date, mapping: Path | None, errors: Path | None, as_json: bool
) -> None:
    """Store companies."""
    from matcher.export.files import output_format

    problems = errors or store.with_name(f"{store.name}-errors.csv")
    output_format(problems)
    _keep_apart([store, problems], [*sources, mapping])
    taken = _import(sources, store, mapping, problems, as_of)
    if as_json:
        print_json({"store": str(store), **taken.counts()})
        return
    for line in taken.lines():
        click.echo(line)
    click.echo(f"企业库：{store}" + (f"　未能读取的行：{problems}" if taken.rejected else ""))


@companies.command("info", cls=Command, help="企业库里有什么：企业数、各省企业数、各项信息的填写比例。")
@click.argument("store", type=FILE, metavar="企业库")
@json_option
def info(store: Path, as_json: bool) -> None:
    """Say what is in a store."""
    from matcher.companies.intake import contents
    from matcher.companies.store import CompanyStore

    found = contents(CompanyStore.open(store))
    if as_json:
        print_json(found.to_json())
        return
    for line in found.lines():
        click.echo(line)
