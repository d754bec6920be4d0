"""The commands `huiqi bulk` and `huiqi columns`; matcher.cli finds them by the entry point group `huiqi.commands`."""

from __future__ import annotations

import datetime as dt
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click
from click.core import ParameterSource

from matcher.cli import (
    UNAVAILABLE,
    Command,
    as_of_option,
    dense_option,
    json_option,
    library_option,
    print_json,
    read_settings,
)
from policies.errors import HuiqiError

if TYPE_CHECKING:
    from matcher.bulk.run import BulkOptions
    from matcher.sheet import Source

STOPPED = 130
FILE = click.Path(path_type=Path)
sheet_option = click.option("--sheet", metavar="名称", help="只读这个工作表；默认读全部有企业的工作表")


@click.command("bulk", cls=Command, help="为表格里的每家企业匹配政策；格式看后缀：csv、xlsx、parquet、jsonl。")
@click.argument("source", type=FILE, metavar="企业表格")
@click.argument("out", type=FILE, metavar="结果文件")
@as_of_option
@click.option("-k", "k", type=click.IntRange(1, 500), default=10, metavar="项数", help="每家企业列出的事项数，默认 10")
@library_option
@click.option(
    "--errors",
    type=FILE,
    metavar="文件",
    help="未能读取的行写到这里；默认在结果文件旁，名为 …-errors",
)
@click.option("--mapping", type=FILE, metavar="文件", help="确认过的列对应（huiqi columns --save）")
@sheet_option
@click.option("--resume", is_flag=True, help="接着上次没有完成的运行继续")
@click.option("--workers", type=click.IntRange(1, 256), metavar="个数", help="计算进程数；默认按处理器核数，最多 8 个")
@click.option("--scheduler", metavar="地址", help="交给 Dask 集群计算，如 tcp://10.0.0.5:8786")
@dense_option
@click.option("--keep", is_flag=True, help="完成后保留运行文件夹（中间结果和报告）")
@json_option
def bulk(
    source: Path,
    out: Path,
    as_of: dt.date,
    k: int,
    library: Path | None,
    errors: Path | None,
    mapping: Path | None,
    sheet: str | None,
    resume: bool,
    workers: int | None,
    scheduler: str | None,
    dense: bool,
    keep: bool,
    as_json: bool,
) -> None:
    """Match a spreadsheet."""
    from matcher.bulk.run import BulkOptions
    from matcher.bulk.workers import default_workers

    settings = read_settings()
    options = BulkOptions(
        source=source,
        out=out,
        errors=errors or out.with_name(f"{out.stem}-errors{out.suffix}"),
        as_of=_as_of(out, as_of, resume=resume),
        k=k,
        library=library or settings.library,
        model=settings.model,
        dense=dense and settings.dense,
        mapping=mapping,
        sheet=sheet,
        workers=workers or default_workers(),
        scheduler=scheduler,
        resume=resume,
        keep=keep,
    )
    _run(options, as_json=as_json)


def _as_of(out: Path, as_of: dt.date, *, resume: bool) -> dt.date:
    """The date; a run that is resumed without one keeps its own, even after midnight."""
    from matcher.bulk.folder import RunFolder

    given = click.get_current_context().get_parameter_source("as_of") is not ParameterSource.DEFAULT
    manifest = RunFolder.beside(out).manifest() if resume and not given else None
    return dt.date.fromisoformat(manifest.as_of) if manifest else as_of


def _run(options: BulkOptions, *, as_json: bool) -> None:
    from matcher.bulk.cluster import ClusterUnavailable
    from matcher.bulk.progress import shown_progress
    from matcher.bulk.report import lines
    from matcher.bulk.run import run_bulk

    try:
        with shown_progress() as progress:
            report = run_bulk(options, progress)
    except KeyboardInterrupt:
        click.echo("\n已停下。已完成的部分都已保存，原命令加上 --resume 再运行一次即可继续", err=True)
        raise SystemExit(STOPPED) from None
    except ClusterUnavailable as error:
        click.echo(str(error), err=True)
        raise SystemExit(UNAVAILABLE) from None
    except OSError as error:
        what = f"{error.strerror or error}" + (f"：{error.filename}" if error.filename else "")
        raise HuiqiError(f"读写文件失败（{what}）。请检查磁盘空间和权限，然后加上 --resume 继续") from error
    if as_json:
        shown = {"output": str(options.out), "errors": str(options.errors), **report.to_json()}
        print_json(shown)
        return
    for line in lines(report):
        click.echo(line)
    click.echo(f"结果：{options.out}　未能读取的行：{options.errors}")


@click.command("columns", cls=Command, help="显示表格的各列是怎样识别的；可保存下来，修改后用于 huiqi bulk --mapping。")
@click.argument("source", type=FILE, metavar="企业表格")
@click.option("--save", type=FILE, metavar="文件", help="把列对应保存为 JSON，供确认和修改")
@sheet_option
@json_option
def columns(source: Path, save: Path | None, sheet: str | None, as_json: bool) -> None:
    """Show how the header of a spreadsheet was understood."""
    from matcher.sheet import open_source

    opened = open_source(source, sheet=sheet)
    if save is not None:
        try:
            opened.mapping.save(save)
        except OSError as error:
            raise HuiqiError(f"写不了文件“{save}”（{error.strerror}）。请检查路径和权限") from error
    if as_json:
        shown = {"format": opened.format, "notes": list(opened.notes), **opened.mapping.model_dump(mode="json")}
        print_json(shown)
        return
    _print_columns(opened)
    if save is not None:
        click.echo(f"已保存到 {save}。修改后用 huiqi bulk … --mapping {save}")


def _print_columns(opened: Source) -> None:
    from rich.console import Console
    from rich.table import Table

    from matcher.sheet import TABLE_HEADINGS

    rows = opened.mapping.table()
    if rows:
        table = Table(*TABLE_HEADINGS)
        for row in rows:
            table.add_row(*row)
        Console(width=None if sys.stdout.isatty() else 160, markup=False).print(table)
    else:
        click.echo("这种文件直接使用字段名，不需要列对应")
    for note in opened.notes:
        click.echo(note)
