"""The commands `huiqi pack …`; matcher.cli finds them by the entry point group `huiqi.commands`."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from matcher.cli import (
    Group,
    as_of_option,
    json_option,
    lenient_option,
    library_option,
    load,
    open_matcher,
    print_json,
    read_input,
)
from matcher.clock import iso_seconds, now, show_minute
from matcher.command_support import ACTOR, audited, opened
from policies.errors import InputError, Problem

if TYPE_CHECKING:
    from matcher.packs.draft import Draft
    from matcher.store.packs import PackTemplate

measure_argument = click.argument("measure_id", metavar="事项编号")


@click.group("pack", cls=Group, help="申报材料包：一键生成申请表、材料清单、金额测算表和时间安排。")
def pack() -> None:
    """Commands over application packs."""


@pack.command(help="为一家企业的一个事项生成申报材料包（“-” 表示从标准输入读取企业信息）。")
@click.argument("profile", type=click.Path(path_type=Path), metavar="企业信息.json")
@measure_argument
@click.option("--out", type=click.Path(path_type=Path), required=True, metavar="文件.zip", help="写到哪个文件")
@as_of_option
@library_option
@lenient_option
@json_option
def make(
    profile: Path, measure_id: str, out: Path, as_of: dt.date, library: Path | None, lenient: bool, as_json: bool
) -> None:
    """Make one pack."""
    from matcher.packs.build import pack_of
    from matcher.packs.case import case_of
    from matcher.packs.draft import draft_of
    from matcher.packs.templates import Templates
    from policies.profile import CompanyProfile

    content = read_input(profile)
    company = CompanyProfile.from_json(content)
    matcher = open_matcher(library, lenient=lenient, dense=False)
    case = case_of(matcher, company, json.loads(content.decode("utf-8-sig")), measure_id, as_of, now())
    with opened() as database:
        template = Templates(database).find(measure_id)
    draft = draft_of(case, template)
    made = pack_of(draft)
    _write(out, made.content)
    if as_json:
        print_json({"file": str(out), "files": list(made.files), **_shape(draft)})
        return
    click.echo(f"已生成 {out}：{'、'.join(made.files)}")
    click.echo(f"申请表用的是“{draft.form_name}”，待填写 {len(draft.blanks)} 项：{'、'.join(draft.blanks) or '无'}")
    for warning in draft.warnings:
        click.echo(f"请注意：{warning}", err=True)


@pack.group(help="事项专用的申请表模板：列出、检查、添加、移除。")
def templates() -> None:
    """Commands over the forms of single measures."""


@templates.command("list", help="列出已添加的专用模板。")
@json_option
def list_templates(as_json: bool) -> None:
    """List the forms."""
    from matcher.packs.templates import Templates

    with opened() as database:
        found = Templates(database).list()
    if as_json:
        print_json([_template_json(one) for one in found])
        return
    for one in found:
        click.echo(f"{one.measure_id}　{one.name}　{one.added_by} 添加于 {show_minute(one.added_at)}")
    click.echo(f"共 {len(found)} 个专用模板")


@templates.command(help="检查一个 Word 模板能不能用，不保存；--sample 写出按示例企业填好的样子。")
@click.argument("file", type=click.Path(path_type=Path), metavar="模板.docx")
@click.option("--sample", type=click.Path(path_type=Path), metavar="文件.docx", help="把填好的示例写到这个文件")
@json_option
def check(file: Path, sample: Path | None, as_json: bool) -> None:
    """Check a form."""
    from matcher.packs.templates import check_template

    checked = check_template(_read(file), file.name)
    if sample is not None:
        _write(sample, checked.sample)
    if as_json:
        print_json({"file": str(file), "variables": list(checked.used)})
        return
    click.echo(f"可以使用，用到 {len(checked.used)} 个变量：{'、'.join(checked.used)}")


@templates.command(help="为一个事项添加专用模板；已有的被替换。")
@measure_argument
@click.argument("file", type=click.Path(path_type=Path), metavar="模板.docx")
@library_option
@json_option
def add(measure_id: str, file: Path, library: Path | None, as_json: bool) -> None:
    """Add a form."""
    from matcher.packs.templates import Templates

    content = _read(file)
    loaded = load(library, lenient=False)
    with opened() as database:
        checked = Templates(database).add(loaded, measure_id, file.name, content, ACTOR, now())
        audited(database, "form.add", measure_id)
    if as_json:
        print_json({"measure_id": measure_id, "name": file.name, "variables": list(checked.used)})
        return
    click.echo(f"已为 {measure_id} 添加专用模板，用到 {len(checked.used)} 个变量")


@templates.command(help="移除一个事项的专用模板，以后用通用申请表。")
@measure_argument
@json_option
def remove(measure_id: str, as_json: bool) -> None:
    """Remove a form."""
    from matcher.packs.templates import Templates

    with opened() as database:
        if not Templates(database).remove(measure_id):
            raise InputError(
                [Problem(f"事项“{measure_id[:80]}”", "没有专用模板", "可用 huiqi pack templates list 查看")]
            )
        audited(database, "form.remove", measure_id)
    if as_json:
        print_json({"measure_id": measure_id})
        return
    click.echo(f"已移除 {measure_id} 的专用模板")


@templates.command(help="列出模板里可以写的变量和列表。")
@json_option
def variables(as_json: bool) -> None:
    """List the variables."""
    from matcher.packs.variables import LISTS
    from matcher.packs.variables import variables as known

    if as_json:
        print_json(
            {"variables": [vars(one) for one in known().values()], "lists": {k: list(v) for k, v in LISTS.items()}}
        )
        return
    group = ""
    for one in known().values():
        if one.group != group:
            group = one.group
            click.echo(f"【{group}】")
        click.echo(f"{{{{ {one.name} }}}}" + (f"　{one.label}" if one.label != one.name else ""))
    for name, columns in LISTS.items():
        click.echo(f"列表 {name}：{'、'.join(columns)}")


# ---- shared ---------------------------------------------------------------------------------------------------------


def _read(path: Path) -> bytes:
    """Content of a template, a byte over the limit at most."""
    from matcher.packs.inspection import MAX_BYTES

    try:
        with path.open("rb") as stream:
            return stream.read(MAX_BYTES + 1)
    except OSError as error:
        reason = "没有这个文件" if isinstance(error, FileNotFoundError) else "读不了这个文件"
        raise InputError([Problem(str(path), reason, "请检查路径和权限")]) from error


def _write(path: Path, content: bytes) -> None:
    try:
        path.write_bytes(content)
    except OSError as error:
        raise InputError([Problem(str(path), "写不了这个文件", "请检查文件夹是否存在、有没有写入权限")]) from error


def _shape(draft: Draft) -> dict[str, Any]:
    entry = draft.case.match.entry
    return {
        "measure_id": entry.measure_id,
        "as_of": draft.case.as_of.isoformat(),
        "library_version": draft.case.version,
        "verdict": draft.case.match.verdict.value,
        "form": draft.form_name,
        "blanks": list(draft.blanks),
        "papers": [
            {"name": one.name, "state": one.state.value, "note": one.note, "usual": one.usual} for one in draft.papers
        ],
        "cautions": list(draft.case.match.cautions),
        "warnings": list(draft.warnings),
    }


def _template_json(one: PackTemplate) -> dict[str, Any]:
    return {
        "measure_id": one.measure_id, "name": one.name, "added_by": one.added_by,
        "added_at": iso_seconds(one.added_at),
    }  # fmt: skip
