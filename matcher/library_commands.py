"""The commands `huiqi policies …`; matcher.cli finds them by the entry point group `huiqi.commands`."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import click

from matcher.cli import (
    WRONG_INPUT,
    Group,
    as_of_option,
    dense_option,
    json_option,
    lenient_option,
    library_option,
    load,
    open_matcher,
    print_json,
    read_settings,
)
from policies.errors import InputError, Problem

if TYPE_CHECKING:
    from index.build import Index
    from policies.library import Library

ELEMENTS = ("exclusions", "stacking", "materials", "channel", "window", "contact")
RESULTS = {"verified": "已核实", "doubt": "存疑"}
LINK_STATES = {"ok": "正常", "moved": "已转向别处", "dead": "已失效", "unreachable": "打不开"}


@click.group("policies", cls=Group, help="政策库：检查、查看、检索、维护。")
def policies() -> None:
    """Commands over the policy library."""


@policies.command("list", help="列出全部政策和状态。")
@as_of_option
@library_option
@lenient_option
@json_option
def list_policies(as_of: dt.date, library: Path | None, lenient: bool, as_json: bool) -> None:
    """List policies with their state."""
    from matcher.wire import library_json

    rows = library_json(load(library, lenient=lenient), as_of)
    if as_json:
        print_json(rows)
        return
    for row in rows:
        click.echo(
            f"{row['policy_id']}　{row['title']}　{row['region']}　{row['state']}　{len(row['measures'])} 个事项"
        )
    click.echo(f"共 {len(rows)} 项政策，{sum(len(row['measures']) for row in rows)} 个事项")


@policies.command(help="显示一项政策：要点、条件、金额、期限、来源。")
@click.argument("policy_id", metavar="政策编号")
@as_of_option
@library_option
@lenient_option
@json_option
def show(policy_id: str, as_of: dt.date, library: Path | None, lenient: bool, as_json: bool) -> None:
    """Show one policy."""
    from matcher.library_show import print_policy

    loaded = load(library, lenient=lenient)
    wanted = policy_id.split("/")[0]
    _known(loaded, wanted)
    if as_json:
        print_json(loaded.policies[wanted].model_dump(mode="json", by_alias=True, exclude_defaults=True))
        return
    print_policy(loaded, wanted, as_of)


@policies.command("search", help="检索政策：字词和语义，不论是否现行有效。")
@click.argument("text", metavar="文字", default="")
@click.option("--level", "levels", multiple=True, metavar="级别", help="国家级、省级、市级、县区级，可多次给出")
@click.option("--region", metavar="地区", help="只列在当地适用的，如 山东省/济南市")
@click.option("--kind", "kinds", multiple=True, metavar="类型", help="如 补助补贴、税费优惠，可多次给出")
@click.option("--theme", "themes", multiple=True, metavar="主题", help="如 设备更新，可多次给出")
@click.option("--state", "states", multiple=True, metavar="状态", help="如 现行有效、已被取代，可多次给出")
@click.option("--open", "open_now", is_flag=True, help="只列查询日期可以申报的")
@click.option("--page", type=int, default=1, metavar="页码", help="第几页，默认 1")
@click.option("--size", type=int, default=10, metavar="条数", help="每页条数，默认 10，最多 100")
@as_of_option
@library_option
@lenient_option
@dense_option
@json_option
def search_policies(
    as_of: dt.date, library: Path | None, lenient: bool, dense: bool, as_json: bool, **asked: Any
) -> None:
    """Search the library."""
    from matcher.search import print_search, read_names, search, search_json

    request = read_names(asked)
    matcher = open_matcher(library, lenient=lenient, dense=dense)
    result = search(matcher.library, matcher.retriever, request, as_of)
    if as_json:
        print_json(search_json(result))
    else:
        print_search(result)


@policies.command(help="检查政策库：字段、关系、日期、规则与原文、可信程度、覆盖面；每类提醒不得超过上限。")
@as_of_option
@library_option
@dense_option
@click.option("--lower", is_flag=True, help="把每类提醒的上限降到现在的数目（只降不升）")
@json_option
def validate(as_of: dt.date, library: Path | None, dense: bool, lower: bool, as_json: bool) -> None:
    """Validate the library."""
    from dataclasses import replace

    from matcher.library_check import validate_library
    from matcher.library_show import print_report
    from policies.validate.ceilings import above, lowered, read_ceilings, write_ceilings

    loaded, folder = load(library, lenient=False), _folder(library)
    report = validate_library(loaded, as_of, _index(loaded) if dense else None)
    ceilings = read_ceilings(folder)
    if lower:
        ceilings = lowered(report.warnings, ceilings)
        write_ceilings(folder, ceilings)
    if ceilings is not None:
        over = above(report.warnings, ceilings).problems
        report = replace(report, problems=(*report.problems, *over), ceilings=ceilings)
    if as_json:
        print_json(report.to_json())
    else:
        print_report(report)
    if report.problems:
        raise SystemExit(WRONG_INPUT)


@policies.command(help="列出该核实的政策：记录有误的可能 × 匹配到的企业 × 金额，影响大的在前。")
@as_of_option
@library_option
@lenient_option
@click.option("--days", type=click.IntRange(1, 3660), default=90, metavar="天数", help="多少天内到期的也列出，默认 90")
@click.option("--top", type=click.IntRange(1, 10_000), default=20, metavar="项数", help="列出前多少项，默认 20")
@json_option
def due(as_of: dt.date, library: Path | None, lenient: bool, days: int, top: int, as_json: bool) -> None:
    """List what a person should check this month."""
    from matcher.library_check import validate_library
    from matcher.library_due import due as find_due
    from matcher.library_reach import reach
    from matcher.library_show import print_due

    loaded = load(library, lenient=lenient)
    rows = find_due(loaded, reach(loaded, as_of), validate_library(loaded, as_of).warnings, as_of, days)
    if as_json:
        print_json([vars(row) for row in rows[:top]])
    else:
        print_due(rows, top, as_of)


@policies.command(help="记下对一项政策的核对结果，写入政策文件的 history。")
@click.argument("policy_id", metavar="政策编号")
@click.option("--verified", "result", flag_value="verified", help="读了原文，与记录一致")
@click.option("--doubt", "result", flag_value="doubt", help="与记录不一致，或拿不准；请用 --note 说明")
@click.option("--url", metavar="网址", help="核对所看的网址")
@click.option("--by", required=True, metavar="姓名", help="谁核对的")
@click.option("--on", "day", required=True, type=click.DateTime(["%Y-%m-%d"]), metavar="日期", help="哪天核对的")
@click.option("--confirms", multiple=True, type=click.Choice(list(ELEMENTS)), help="同时核实的要素，可多次给出")
@click.option("--note", default="", metavar="说明", help="看到了什么")
@library_option
def mark(
    policy_id: str, result: str | None, url: str | None, by: str, day: dt.datetime, confirms: tuple[str, ...],
    note: str, library: Path | None,
) -> None:  # fmt: skip
    """Record what a look at the source showed."""
    from policies.edit import record
    from policies.policy import Check

    if result is None:
        raise click.UsageError("请给出 --verified 或 --doubt")
    if result == "verified" and not url:
        raise click.UsageError("--verified 须用 --url 给出所看的网址")
    _known(load(library, lenient=False), policy_id)
    check = Check.model_validate({"day": day.date().isoformat(), "by": by, "result": result, "url": url, "note": note})
    record(_folder(library) / f"{policy_id}.yaml", check, confirms=confirms, official=_is_official(url or ""))
    click.echo(f"已记入 {policy_id}.yaml：{by} {check.day} {RESULTS[check.result]}")


@policies.command(help="检查政策网址还能不能打开：逐个慢慢问，只在运行本命令时联网。失效的记入政策文件，列为待核实。")
@click.argument("policy_ids", nargs=-1, metavar="政策编号 …")
@click.option("--pause", type=click.FloatRange(1, 60), default=2.0, metavar="秒", help="同一网站两次访问的间隔，默认 2")
@click.option("--dry-run", is_flag=True, help="只显示，不写入")
@as_of_option
@library_option
def links(policy_ids: tuple[str, ...], pause: float, dry_run: bool, as_of: dt.date, library: Path | None) -> None:
    """Check the addresses of the library."""
    from collections import Counter

    from matcher.library_links import check_links
    from policies.edit import record
    from policies.policy import Check

    loaded, seen = load(library, lenient=False), Counter[str]()
    for policy_id in policy_ids:
        _known(loaded, policy_id)
    for link in check_links(loaded, policy_ids, pause_s=pause):
        seen[link.state] += 1
        if link.state == "ok":
            continue
        click.echo(f"{LINK_STATES[link.state]}　{link.policy_id}　{link.url}　{link.detail}")
        if not dry_run:
            result = "link_dead" if link.state == "dead" else "link_unreachable"
            check = {"day": as_of.isoformat(), "by": "huiqi links", "result": result, "url": link.url}
            note = f"{LINK_STATES[link.state]}：{link.detail}"
            record(_folder(library) / f"{link.policy_id}.yaml", Check.model_validate({**check, "note": note}))
    told = "，".join(f"{LINK_STATES[state]} {seen[state]}" for state in LINK_STATES)
    click.echo(f"共 {seen.total()} 个网址：{told}")


def _folder(library: Path | None) -> Path:
    from policies.library import library_dir

    return library or read_settings().library or library_dir()


def _index(library: Library) -> Index | None:
    """The library's index; None where its vectors cannot be had."""
    from index.encoder import lazy_encoder
    from matcher.retrieval import prepare_index
    from policies.errors import ModelUnavailable

    settings = read_settings()
    try:
        return prepare_index(library, lazy_encoder(settings.model, batch=True)) if settings.dense else None
    except ModelUnavailable as error:
        click.echo(f"没有比较事项之间的意思：{error}", err=True)
        return None


def _known(library: Library, policy_id: str) -> None:
    if policy_id not in library.policies:
        from rapidfuzz import process

        near = [hit for hit, _, _ in process.extract(policy_id, list(library.policies), limit=3)]
        raise InputError([Problem(f"政策编号“{policy_id}”", "没有这项政策", f"您是不是要找：{'、'.join(near)}")])


def _is_official(url: str) -> bool:
    """Whether an address is a government's own."""
    host = (urlsplit(url).hostname or "").lower()
    return host == "gov.cn" or host.endswith(".gov.cn")
