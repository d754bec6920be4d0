"""The commands `huiqi store …`; matcher.cli finds them by the entry point group `huiqi.commands`."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING

import click

from matcher.cli import Group, json_option, read_settings
from matcher.clock import now
from matcher.command_support import audited, confirmed, opened, say
from policies.errors import InputError, Problem

if TYPE_CHECKING:
    from matcher.seal import Seal
    from matcher.store.archive import Manifest
    from matcher.store.database import Database

FILE = click.Path(path_type=Path)


class _Rehearsed(Exception):
    """Takes everything back that was only tried."""


@click.group("store", cls=Group, help="数据库：查看、升级、退回、备份、恢复，生成联系方式的密钥。")
def store() -> None:
    """Commands over the database."""


@store.command(help="生成一个加密联系方式、签名链接的密钥；请妥善保存，并设为环境变量 HUIQI_CONTACT_KEY。")
def key() -> None:
    """Make a key."""
    from matcher.seal import Seal

    if read_settings().contact_key is not None:
        click.echo("注意：现在已设置密钥；换成新密钥后，已保存的联系方式将不能解开，已发出的链接将失效。", err=True)
    click.echo(Seal.new_key())


@store.command(help="显示数据库的位置、版本、各表的行数，以及联系方式的密钥是否相符。")
@json_option
def info(as_json: bool) -> None:
    """Say what there is."""
    from matcher.store.database import revisions
    from matcher.store.restore import counts

    with opened() as database:
        with database.snapshot() as connection:
            rows = counts(connection)
        told = {
            "database": database.engine.url.render_as_string(hide_password=True),
            "revision": database.revision(), "newest": revisions()[-1],
            "key": _key_state(database), "rows": rows,
        }  # fmt: skip
    lines = [f"数据库：{told['database']}", f"版本：{told['revision']}（本程序最新 {told['newest']}）"]
    lines += [f"联系方式的密钥：{told['key']}", *(f"　{name}　{count:,} 行" for name, count in rows.items() if count)]
    say(as_json, told, *lines)


@store.command(help="把数据库升级到本程序的版本；打开数据库时也会自动升级。")
@json_option
def upgrade(as_json: bool) -> None:
    """Bring the tables up to date."""
    from matcher.store.database import open_database

    database = open_database(read_settings(), upgrade=False)
    try:
        before = database.revision()
    finally:
        database.close()
    with opened() as database:
        after = database.revision()
    done = f"已从版本 {before or '（空）'} 升级到 {after}" if before != after else f"已是最新版本 {after}"
    say(as_json, {"before": before, "after": after}, done)


@store.command(help="把数据库退回到较早的版本，以便换回旧版程序；会先列出将丢失什么，确认须加 --yes。")
@click.argument("revision", metavar="版本")
@click.option("--yes", is_flag=True, help="确认退回")
@json_option
def downgrade(revision: str, yes: bool, as_json: bool) -> None:
    """Take the tables back."""
    from matcher.store.database import open_database, revisions
    from matcher.store.restore import counts

    if revision not in revisions():
        raise InputError([Problem(f"版本“{revision}”", "没有这个版本", f"可选：{'、'.join(revisions())}")])
    database = open_database(read_settings())
    try:
        with contextlib.suppress(_Rehearsed), database.rebuilding() as (connection, move):
            before = counts(connection)
            move(revision)
            after = counts(connection)
            if not yes:
                raise _Rehearsed
    finally:
        database.close()
    lost = {name: before[name] for name in before if before[name] > after.get(name, 0)}
    lines = [f"　{name}：{before[name]:,} 行 → {after.get(name, 0):,} 行" for name in lost]
    lines += [f"　{name}：恢复为 {count:,} 行" for name, count in after.items() if count and name not in before]
    if not yes:
        for line in [f"退回到版本 {revision} 将丢失：", *(lines or ["　（没有数据）"])]:
            click.echo(line, err=True)
        raise InputError([Problem("退回", "还没有执行", "请先备份（huiqi store backup），确定要退回请加 --yes")])
    say(as_json, {"revision": revision, "before": before, "after": after}, f"已退回到版本 {revision}", *lines)


@store.command(help="把全部数据和文件备份到一个文件；服务可以照常运行。文件含企业信息，请妥善保管。")
@click.argument("out", type=FILE, metavar="备份文件")
@json_option
def backup(out: Path, as_json: bool) -> None:
    """Back everything up."""
    from matcher.store.backup import write_backup

    settings = read_settings()
    with opened() as database:
        manifest = write_backup(database, settings.data_folder / "files", out, now())
        audited(database, "store.backup")
    lines = [_summary("已备份", manifest), f"备份文件：{out}"]
    lines += [f"注意：有 {manifest.missing} 个文件没有找到，未备份"] if manifest.missing else []
    say(as_json, {"file": str(out), **_counts(manifest)}, *lines)


@store.command(help="从备份恢复到空的数据库（SQLite 和 PostgreSQL 之间也可以）；请先停止服务。")
@click.argument("source", type=FILE, metavar="备份文件")
@click.option("--replace", is_flag=True, help="放弃现有的全部数据，换成备份的内容")
@click.option("--yes", is_flag=True, help="不再询问")
@click.option("--check", is_flag=True, help="只检查备份文件是否完好，不恢复")
@json_option
def restore(source: Path, replace: bool, yes: bool, check: bool, as_json: bool) -> None:
    """Put a backup back."""
    from matcher.store.restore import check_backup, restore_backup

    if check:
        manifest = check_backup(source)
        say(as_json, {"file": str(source), **_counts(manifest)}, _summary("备份完好", manifest))
        return
    if replace:
        confirmed(yes, "现有的全部数据将被备份的内容代替，不能恢复，是否继续？")
    settings = read_settings()
    with opened() as database:
        manifest = restore_backup(database, settings.data_folder / "files", source, replace=replace)
        audited(database, "store.restore")
        state = _key_state(database)
    say(as_json, {**_counts(manifest), "key": state}, _summary("已恢复", manifest), f"联系方式的密钥：{state}")


def _summary(done: str, manifest: Manifest) -> str:
    rows = sum(table.rows for table in manifest.tables)
    return (
        f"{done}：{len(manifest.tables)} 个表，{rows:,} 行，{len(manifest.files):,} 个文件（{manifest.made_at} 的数据）"
    )


def _counts(manifest: Manifest) -> dict[str, object]:
    return {
        "revision": manifest.revision, "made_at": manifest.made_at, "files": len(manifest.files),
        "missing": manifest.missing, "rows": {table.name: table.rows for table in manifest.tables},
    }  # fmt: skip


def _key_state(database: Database) -> str:
    """Whether the contacts that are kept can be read."""
    seal: Seal | None = read_settings().seal
    if seal is None:
        return "没有设置"
    from sqlalchemy import select

    from matcher.contacts import Contacts
    from matcher.store.companies import Contact

    with database.reading() as session:
        one = session.scalar(select(Contact).order_by(Contact.made_at.desc()).limit(1))
    if one is None:
        return "已设置（还没有联系方式）"
    try:
        Contacts(database, seal).open(one)
    except InputError:
        return "与已保存的联系方式不符，请换回原来的密钥"
    return "已设置，与已保存的联系方式相符"
