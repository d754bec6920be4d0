"""The commands `huiqi briefing …`; matcher.cli finds them by the entry point group `huiqi.commands`."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import click

from matcher.cli import Group, as_of_option, json_option, library_option, load, print_json, read_settings
from matcher.command_support import audited, opened


@click.group("briefing", cls=Group, help="宣贯名单：为一些事项和一个地区列出该邀请的企业。")
def briefing() -> None:
    """Commands over briefings."""


@briefing.command("list", help="写出邀请名单：企业、联系方式（须配置密钥）、可得事项和理由、可得金额，最用得上的在前。")
@click.argument("measures", nargs=-1, required=True, metavar="事项或政策编号…")
@click.option("--region", default="", metavar="地区", help="只邀请这个地区的企业，如 山东省/济南市；默认全部")
@click.option("--seats", type=click.IntRange(1), metavar="家数", help="最多邀请的企业数；默认不限")
@click.option("--out", type=click.Path(path_type=Path), required=True, metavar="文件", help="结果，.xlsx 或 .csv")
@as_of_option
@library_option
@json_option
def list_invited(
    measures: tuple[str, ...],
    region: str,
    seats: int | None,
    out: Path,
    as_of: dt.date,
    library: Path | None,
    as_json: bool,
) -> None:
    """Write an invite list."""
    from matcher.briefing.book import checked_format, write_invitation
    from matcher.briefing.invite import Wanted, invite
    from matcher.contacts import Contacts
    from matcher.inputs import read_region

    checked_format(out)
    settings = read_settings()
    wanted = Wanted(measures, as_of, read_region(region, "地区（--region）"), seats)
    loaded, seal = load(library, lenient=False), settings.seal
    with opened() as database:
        invitation = invite(database, loaded, wanted)
        written = write_invitation(out, invitation, Contacts(database, seal) if seal else None)
        audited(database, "briefing.export", " ".join(measures))
    found = {
        "output": str(out), "companies": written, "seen": invitation.found["seen"],
        "useful": invitation.found["useful"], "contacts": seal is not None,
    }  # fmt: skip
    if as_json:
        print_json(found)
        return
    click.echo(f"共比对企业 {found['seen']:,} 家，用得上的 {found['useful']:,} 家，列入名单 {written:,} 家：{out}")
    if seal is None:
        click.echo("没有配置 HUIQI_CONTACT_KEY，名单中没有联系方式。", err=True)
