"""The commands `huiqi records …`; matcher.cli finds them by the entry point group `huiqi.commands`."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from matcher.cli import Group, as_of_option, json_option, print_json, read_settings
from matcher.clock import iso_seconds, now, show_minute
from matcher.command_support import ACTOR, audited, confirmed, needed_seal, opened, say, secret_lines, to_day
from policies.errors import InputError, Problem

if TYPE_CHECKING:
    from matcher.contacts import ContactInfo
    from matcher.records import Change, Records, Revision
    from matcher.store.companies import CompanyRecord
    from matcher.store.database import Database

FILE = click.Path(path_type=Path)
SAID_EVERY = 10_000
"""Rows after which an import says how far it has come."""
company_argument = click.argument("company", metavar="企业编号或信用代码")


@click.group("records", cls=Group, help="企业档案：导入、查看、核实、导出、清除，管理联系方式。")
def records() -> None:
    """Commands over the companies that are kept."""


@records.command(
    "import", help="把企业表格导入企业档案；同一信用代码（没有代码时同一名称）的企业只更新表中给出的信息。"
)
@click.argument("sources", type=FILE, nargs=-1, required=True, metavar="企业表格…")
@click.option("--verified", is_flag=True, help="表中信息已经核实（须同时写 --by）；不加则记为名单导入")
@click.option("--by", default="", metavar="单位或名单", help="信息来自哪里：核实单位或名单名称；默认第一个文件的名称")
@click.option("--on", callback=to_day, metavar="日期", help="从哪天起属实或哪天核实，默认今天")
@click.option("--mapping", type=FILE, metavar="文件", help="确认过的列对应（huiqi columns --save）")
@click.option("--errors", type=FILE, metavar="文件", help="未能读取的行写到这里；默认当前文件夹的 records-errors.csv")
@click.option("--preview", is_flag=True, help="只检查和计数，不写入")
@as_of_option
@json_option
def import_records(as_of: dt.date, as_json: bool, preview: bool, **given: Any) -> None:
    """Import companies."""
    from matcher.companies.intake import Reading
    from matcher.export.files import output_format
    from matcher.records import Kind, Records
    from matcher.sheet import HeaderMapping

    sources, by, mapping = given["sources"], given["by"].strip(), given["mapping"]
    if given["verified"] and not by:
        raise InputError([Problem("--by", "没有写由谁核实", "请加 --by，如 --by 济南市税务局")])
    problems = given["errors"] or Path("records-errors.csv")
    output_format(problems)
    if problems.resolve() in {path.resolve() for path in (*sources, mapping) if path is not None}:
        raise InputError([Problem(f"文件“{problems}”", "既要读又要写，原有内容会丢失", "请换一个文件名")])
    reading = Reading(sources, HeaderMapping.load(mapping) if mapping else None, as_of)
    kind = Kind.VERIFIED if given["verified"] else Kind.IMPORTED
    with opened() as database:
        taken = Records(database).import_table(reading, kind, by or sources[0].stem, now(), on=given["on"], actor=ACTOR)
        taken.run(problems, preview=preview, progress=None if as_json else _progress())
        if not preview:
            audited(database, "records.import", f"{taken.new}+{taken.changed}")
    lines = [*(["只检查，没有写入。"] if preview else []), *taken.lines()]
    lines += [f"未能读取的行：{problems}"] if reading.rejected else []
    say(as_json, {**taken.counts(), "preview": preview, "errors": str(problems) if reading.rejected else None}, *lines)


@records.command("list", help="列出企业档案，最近改动的在前。")
@click.option("--text", default="", metavar="文字", help="名称中的文字，或信用代码的开头")
@click.option("--region", default="", metavar="地区", help="只列这个地区的，如 山东省/济南市")
@click.option("--user", metavar="用户名", help="列出这个用户自己保存的企业；默认列出部门的企业")
@click.option("--limit", type=click.IntRange(1, 100_000), default=50, metavar="家数", help="最多列出多少家，默认 50")
@click.option("--offset", type=click.IntRange(0), default=0, metavar="家数", help="跳过前面多少家")
@json_option
def list_records(text: str, region: str, user: str | None, limit: int, offset: int, as_json: bool) -> None:
    """List companies."""
    from matcher.inputs import read_region
    from matcher.records import Records

    code = read_region(region, "--region")
    with opened() as database:
        kept, owner = Records(database), _owner(database, user)
        found = kept.list(owner, text=text, region=code, offset=offset, limit=limit)
        total = kept.count(owner, text=text, region=code)
    if as_json:
        print_json({"total": total, "companies": [_record_json(one) for one in found]})
        return
    for one in found:
        click.echo(f"{one.company_id}　{one.uscc or '无信用代码'}　{one.name}　{one.region or '地区不明'}")
    click.echo(f"共 {total:,} 家，列出 {len(found):,} 家")


@records.command(help="显示一家企业：每项信息、来源和核实情况。")
@company_argument
@json_option
def show(company: str, as_json: bool) -> None:
    """Show one company."""
    from matcher.records import overruled, source_of
    from matcher.records.shown import label_of, shown, shown_source

    with opened() as database:
        record = _found(database, company)
    if as_json:
        print_json({**_record_json(record), "profile": record.raw, "sources": record.sources})
        return
    click.echo(f"{record.name}　{record.uscc or '无信用代码'}　第 {record.version} 版　编号 {record.company_id}")
    for name, value in record.raw.items():
        click.echo(f"{label_of(name)}：{shown(name, value)}（{shown_source(source_of(record, name))}）")
    for one in overruled(record):
        before, after = shown(one.field, one.verified), shown(one.field, one.value)
        click.echo(f"注意：{label_of(one.field)}曾由{one.by}于 {one.on.isoformat()} 核实为 {before}，现为 {after}")


@records.command(help="显示一家企业的历次改动，最新的在前。")
@company_argument
@json_option
def history(company: str, as_json: bool) -> None:
    """Show what a company said before."""
    from matcher.records.shown import label_of, shown

    with opened() as database:
        found = _records(database).history(_found(database, company).company_id)
    if as_json:
        print_json([_revision_json(one) for one in found])
        return
    for one in found:
        click.echo(f"第 {one.version} 版　{show_minute(one.made_at)}　{one.made_by}")
        for change in one.changes:
            mark = "（改动了已核实的内容）" if change.overrules else ""
            before, after = shown(change.field, change.before), shown(change.field, change.after)
            click.echo(f"　{label_of(change.field)}：{before} → {after}{mark}")


@records.command(help="把一家企业现有的若干项信息记为已核实。")
@company_argument
@click.argument("fields", nargs=-1, required=True, metavar="字段…")
@click.option("--by", required=True, metavar="单位", help="由谁核实，如 济南市税务局")
@click.option("--on", callback=to_day, metavar="日期", help="哪天核实，默认今天")
@json_option
def verify(company: str, fields: tuple[str, ...], by: str, on: dt.date | None, as_json: bool) -> None:
    """Note that facts were checked."""
    from matcher.records.shown import label_of

    moment = now()
    with opened() as database:
        company_id = _found(database, company).company_id
        record = _records(database).verify(company_id, fields, by, on or moment.date(), moment, actor=ACTOR)
        audited(database, "records.verify", company_id)
    say(
        as_json, _record_json(record), f"已记为由{by}核实：{'、'.join(map(label_of, fields))}（第 {record.version} 版）"
    )


@records.command(help="导出一家企业的全部内容（JSON）：信息、来源、历史、联系方式、订阅、消息、名单、匹配记录。")
@company_argument
@click.option("--out", type=FILE, metavar="文件", help="写到文件；默认写到标准输出")
def export(company: str, out: Path | None) -> None:
    """Export everything of one company."""
    with opened() as database:
        company_id = _found(database, company).company_id
        told = json.dumps(_records(database).export(company_id, read_settings().seal), ensure_ascii=False, indent=2)
        audited(database, "records.export", company_id)
    if out is None:
        click.echo(told)
        return
    try:
        out.write_text(told, encoding="utf-8")
    except OSError as error:
        raise InputError([Problem(f"文件“{out}”", "写不了", "请检查路径和权限")]) from error
    click.echo(f"已导出到 {out}")


@records.command(help="清除一家企业的全部内容，不能恢复。")
@company_argument
@click.option("--yes", is_flag=True, help="不再询问")
@json_option
def erase(company: str, yes: bool, as_json: bool) -> None:
    """Erase everything of one company."""
    with opened() as database:
        company_id = _found(database, company).company_id
        confirmed(
            yes,
            f"将清除企业 {company_id} 的信息、历史、联系方式、订阅、消息和匹配记录，不能恢复（上传过的名单、"
            "导出文件和备份不在其内），是否继续？",
        )
        _records(database).erase(company_id)
        audited(database, "records.erase", company_id)
    say(as_json, {"company_id": company_id, "erased": True}, f"已清除企业 {company_id}")


# ---- contacts -------------------------------------------------------------------------------------------------------


@records.group(cls=Group, help="企业的联系方式：加密保存，须设置环境变量 HUIQI_CONTACT_KEY。")
def contacts() -> None:
    """Commands over contacts."""


@contacts.command(help="添加联系方式；机器人和网络回调的网址、签名密钥从标准输入读（第一行网址，第二行密钥）。")
@company_argument
@click.argument("channel", type=click.Choice(["email", "wecom", "dingtalk", "feishu", "webhook"]), metavar="渠道")
@click.argument("address", default="", metavar="[邮箱地址]")
@click.option("--name", default="", metavar="姓名", help="联系人，可不写")
@json_option
def add(company: str, channel: str, address: str, name: str, as_json: bool) -> None:
    """Add a contact."""
    from matcher.contacts import Contacts
    from matcher.store.companies import Channel

    secret = ""
    if channel == "email":
        address = address or secret_lines("邮箱地址")[0]
    elif address:
        raise InputError([Problem("网址", "含有密钥，不能写在命令里", "请从标准输入传入：第一行网址，第二行签名密钥")])
    else:
        address, secret = secret_lines("网址", "签名密钥（没有就留空）")
    seal = needed_seal()
    with opened() as database:
        company_id = _found(database, company).company_id
        kept = Contacts(database, seal).add(company_id, Channel(channel), name, address, secret, now=now())
        audited(database, "contact.add", kept.contact_id)
    say(as_json, _contact_json(kept), f"已添加联系方式 {kept.contact_id}（{channel}）")


@contacts.command("list", help="列出一家企业的联系方式；默认只显示一部分。")
@company_argument
@click.option("--reveal", is_flag=True, help="显示完整的姓名和地址（记入操作日志）")
@json_option
def list_contacts(company: str, reveal: bool, as_json: bool) -> None:
    """List contacts."""
    from matcher.contacts import Contacts

    seal = needed_seal()
    with opened() as database:
        company_id = _found(database, company).company_id
        found = Contacts(database, seal).list(company_id)
        if reveal:
            audited(database, "contact.reveal", company_id)
    if as_json:
        print_json([_contact_json(one, reveal=reveal) for one in found])
        return
    for one in found:
        told = _contact_json(one, reveal=reveal)
        click.echo(f"{one.contact_id}　{one.channel.value}　{told['name'] or '（无姓名）'}　{told['address']}")
    click.echo(f"共 {len(found)} 个")


@contacts.command(help="删除一个联系方式，连同发到那里的订阅。")
@company_argument
@click.argument("contact_id", metavar="联系方式编号")
@json_option
def remove(company: str, contact_id: str, as_json: bool) -> None:
    """Remove a contact."""
    from matcher.contacts import Contacts

    seal = needed_seal()
    with opened() as database:
        company_id = _found(database, company).company_id
        if not Contacts(database, seal).remove(company_id, contact_id):
            remedy = "可用 huiqi records contacts list 查看"
            raise InputError([Problem(f"联系方式“{contact_id}”", "没有这个联系方式", remedy)])
        audited(database, "contact.remove", contact_id)
    say(as_json, {"contact_id": contact_id, "removed": True}, f"已删除联系方式 {contact_id}")


# ---- shared ---------------------------------------------------------------------------------------------------------


def _records(database: Database) -> Records:
    from matcher.records import Records

    return Records(database)


def _found(database: Database, company: str) -> CompanyRecord:
    """The company of an id or a credit code."""
    found = _records(database).find(company)
    if not found:
        raise InputError([Problem(f"企业“{company}”", "没有这家企业", "可用 huiqi records list 查看")])
    if len(found) > 1:
        ids = "、".join(one.company_id for one in found)
        raise InputError([Problem(f"信用代码“{company}”", f"有 {len(found)} 份档案", f"请改用编号：{ids}")])
    return found[0]


def _owner(database: Database, user: str | None) -> str:
    from matcher.access.accounts import Accounts, plain_name
    from matcher.store.companies import DEPARTMENT

    if user is None:
        return DEPARTMENT
    named = [one.user_id for one in Accounts(database).users() if one.name == plain_name(user)]
    if not named:
        raise InputError([Problem(f"用户名“{user}”", "没有这个用户", "可用 huiqi users list 查看")])
    return named[0]


def _progress() -> Callable[[int], None]:
    last = 0

    def told(rows: int) -> None:
        nonlocal last
        if rows - last >= SAID_EVERY:
            last = rows
            click.echo(f"已读 {rows:,} 行", err=True)

    return told


def _record_json(record: CompanyRecord) -> dict[str, Any]:
    return {
        "company_id": record.company_id, "name": record.name, "uscc": record.uscc, "region": record.region,
        "version": record.version, "changed_at": iso_seconds(record.changed_at),
    }  # fmt: skip


def _revision_json(revision: Revision) -> dict[str, Any]:
    return {
        "version": revision.version, "made_at": iso_seconds(revision.made_at), "made_by": revision.made_by,
        "changes": [_change_json(one) for one in revision.changes],
    }  # fmt: skip


def _change_json(change: Change) -> dict[str, Any]:
    return {
        "field": change.field, "before": change.before, "after": change.after,
        "source": change.source.to_json() if change.source else None, "overrules": change.overrules,
    }  # fmt: skip


def _contact_json(contact: ContactInfo, *, reveal: bool = False) -> dict[str, Any]:
    return {
        "contact_id": contact.contact_id, "channel": contact.channel.value,
        "name": contact.name if reveal else contact.masked_name,
        "address": contact.address if reveal else contact.masked, "has_secret": bool(contact.secret),
    }  # fmt: skip
