"""The commands `huiqi grants …`; matcher.cli finds them by the entry point group `huiqi.commands`."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from matcher.cli import Group, as_of_option, json_option, library_option, load, print_json, read_day
from matcher.clock import now
from matcher.command_support import ACTOR, audited, opened, say
from policies.errors import InputError, Problem

if TYPE_CHECKING:
    from matcher.grants.lists import Lists, ListView
    from matcher.grants.steps import Actor, Steps
    from matcher.store.grants import Grant

FILE = click.Path(path_type=Path)
by_option = click.option("--by", default=ACTOR, metavar="姓名", help="经办人，记入办理记录；默认 cli")
note_option = click.option("--note", default="", metavar="说明", help="记入办理记录")
STATES = ("matched", "confirmed", "paid", "archived", "declined", "refused")


@click.group("grants", cls=Group, help="免申即享名单：按已核实的信息比对、确认、兑付、归档。")
def grants() -> None:
    """Commands over grants."""


@grants.command(help="为一个事项生成名单：全部条件只凭已核实的信息就符合的企业，按预算排序。")
@click.argument("measure", metavar="事项编号")
@click.option("--budget", default="", metavar="元", help="预算，如 3000000 或 300万；不写为不限")
@click.option("--region", default="", metavar="地区", help="只比对这个地区的企业，如 山东省/济南市")
@as_of_option
@library_option
@by_option
@json_option
def propose(
    measure: str, budget: str, region: str, as_of: dt.date, library: Path | None, by: str, as_json: bool
) -> None:
    """Make a list."""
    from matcher.grants.lists import Lists
    from matcher.grants.propose import Asked
    from matcher.grants.propose import propose as make
    from matcher.grants.wire import left_out_json, lines_of, list_json
    from matcher.inputs import read_region, read_yuan

    yuan, code = read_yuan(budget, "预算（--budget）"), read_region(region, "地区（--region）")
    asked = Asked(measure, as_of, yuan, code)
    with opened() as database:
        loaded = load(library, lenient=False)
        made = make(database, loaded, asked, by, now())
        audited(database, "grant.propose", made.list_id)
        view = Lists(database).one(made.list_id)
        left_out = Lists(database).left_out(made)
    assert view is not None
    if as_json:
        print_json({**list_json(view), "left_out": [left_out_json(one) for one in left_out]})
        return
    for line in lines_of(view, loaded):
        click.echo(line)
    click.echo(f"名单编号：{made.list_id}　可用 huiqi grants show 查看，huiqi grants export 导出")


@grants.command("list", help="列出全部名单，最新的在前。")
@json_option
def list_lists(as_json: bool) -> None:
    """List the lists."""
    from matcher.grants.lists import Lists
    from matcher.grants.wire import list_json, list_line

    with opened() as database:
        found = Lists(database).all()
    if as_json:
        print_json([list_json(view) for view in found])
        return
    for view in found:
        click.echo(list_line(view))
    click.echo(f"共 {len(found)} 份名单")


@grants.command(help="显示一份名单的企业、状态和逐项依据。")
@click.argument("list_id", metavar="名单编号")
@click.option("--state", type=click.Choice(STATES), help="只列这个状态的企业")
@click.option("--limit", type=click.IntRange(1, 100_000), default=50, metavar="家数", help="最多列出的企业数，默认 50")
@json_option
def show(list_id: str, state: str | None, limit: int, as_json: bool) -> None:
    """Show a list."""
    from matcher.grants.lists import Lists
    from matcher.grants.wire import grant_json, grant_lines, list_json
    from matcher.store.grants import GrantState

    with opened() as database:
        view = _view(Lists(database), list_id)
        found = Lists(database).companies(list_id, GrantState(state) if state else None, limit=limit)
    if as_json:
        print_json({**list_json(view), "grants": [grant_json(one) for one in found]})
        return
    for one in found:
        click.echo("\n".join(grant_lines(one)))
    click.echo(f"共 {view.companies} 家，列出 {len(found)} 家")


@grants.command(help="把一份名单写成 XLSX：企业和逐项依据、未列入的企业和原因、办理记录。")
@click.argument("list_id", metavar="名单编号")
@click.argument("out", type=FILE, metavar="文件.xlsx")
@library_option
@json_option
def export(list_id: str, out: Path, library: Path | None, as_json: bool) -> None:
    """Write a list to a workbook."""
    from matcher.grants.book import write_book
    from matcher.grants.lists import Lists

    if out.suffix.lower() != ".xlsx":
        raise InputError([Problem(str(out), "不能写成这种格式", "请用 .xlsx")])
    with opened() as database:
        view = _view(Lists(database), list_id)
        try:
            write_book(out, Lists(database), view, load(library, lenient=False))
        except OSError as error:
            reason = f"写不了这个文件（{error.strerror or error}）"
            raise InputError([Problem(str(out), reason, "请检查文件夹权限和磁盘空间")]) from error
        audited(database, "grant.export", list_id)
    say(as_json, {"list_id": list_id, "output": str(out), "companies": view.companies}, f"已写入 {out}")


@grants.command(help="主管部门确认：一家企业（记录编号），或加 --all 确认整份名单中预算内且金额确定的企业。")
@click.argument("number", metavar="编号")
@click.option("--all", "everybody", is_flag=True, help="编号为名单编号，一次最多确认 500 家")
@click.option("--amount", default="", metavar="元", help="核定的金额；按已核实的信息金额确定的不用写")
@library_option
@by_option
@json_option
def confirm(number: str, everybody: bool, amount: str, library: Path | None, by: str, as_json: bool) -> None:
    """Confirm one or all."""
    from matcher.inputs import read_yuan

    yuan = read_yuan(amount, "金额（--amount）")
    if not everybody:
        loaded = load(library, lenient=False)
        _step("grant.confirm", number, by, as_json, lambda steps, actor: steps.confirm(loaded, number, actor, yuan))
        return
    if yuan is not None:
        raise InputError([Problem("--amount", "不能和 --all 一起用", "金额不确定的企业请逐家确认")])
    from matcher.grants.lists import Lists
    from matcher.grants.steps import Steps

    with opened() as database:
        _view(Lists(database), number)
        done = Steps(database).confirm_all(load(library, lenient=False), number, _actor(by))
        audited(database, "grant.confirm_all", number)
    for company_id, reason in done.skipped.items():
        click.echo(f"未确认 {company_id}：{reason}", err=True)
    more = "，还有企业待确认，请再执行一次" if done.more else ""
    found = {"confirmed": done.confirmed, "skipped": done.skipped, "more": done.more}
    say(as_json, found, f"已确认 {done.confirmed} 家，{len(done.skipped)} 家未能确认{more}")


@grants.command(help="主管部门不予兑付；须写明原因，企业能看到。")
@click.argument("grant_id", metavar="记录编号")
@note_option
@by_option
@json_option
def refuse(grant_id: str, note: str, by: str, as_json: bool) -> None:
    """Refuse one."""
    _step("grant.refuse", grant_id, by, as_json, lambda steps, actor: steps.refuse(grant_id, actor, note))


@grants.command(help="登记企业的意愿（只用于部门名单中、没有自己用户的企业），须写明依据。")
@click.argument("grant_id", metavar="记录编号")
@click.option("--yes/--no", "willing", required=True, help="愿意享受，或放弃")
@note_option
@by_option
@json_option
def will(grant_id: str, willing: bool, note: str, by: str, as_json: bool) -> None:
    """Note what a company wants."""

    def step(steps: Steps, actor: Actor) -> Grant:
        return (steps.accept if willing else steps.decline)(grant_id, actor, note)

    _step("grant.accept" if willing else "grant.decline", grant_id, by, as_json, step)


@grants.command(help="登记已兑付：主管部门已确认、企业已确认意愿之后才能兑付。")
@click.argument("grant_id", metavar="记录编号")
@note_option
@by_option
@json_option
def pay(grant_id: str, note: str, by: str, as_json: bool) -> None:
    """Note a payment."""
    _step("grant.pay", grant_id, by, as_json, lambda steps, actor: steps.pay(grant_id, actor, note))


@grants.command(help="归档已兑付的记录。")
@click.argument("grant_id", metavar="记录编号")
@note_option
@by_option
@json_option
def archive(grant_id: str, note: str, by: str, as_json: bool) -> None:
    """File one."""
    _step("grant.archive", grant_id, by, as_json, lambda steps, actor: steps.archive(grant_id, actor, note))


@grants.command(help="人工核实的条件：不带企业编号时列出；带企业编号时登记这家企业符合、不符合，或撤回。")
@click.argument("measure", metavar="事项编号")
@click.argument("company_id", metavar="企业编号", required=False)
@click.option("--condition", type=click.IntRange(1), default=1, metavar="序号", help="第几项人工核实的条件，默认 1")
@click.option("--holds", type=click.Choice(["yes", "no", "withdraw"]), default="yes", help="符合、不符合、撤回")
@click.option("--by", default="", metavar="姓名", help="由谁核实（必填）")
@click.option("--on", "day", default="", metavar="日期", help="核实日期，默认今天")
@note_option
@library_option
@json_option
def check(
    measure: str,
    company_id: str | None,
    condition: int,
    holds: str,
    by: str,
    day: str,
    note: str,
    library: Path | None,
    as_json: bool,
) -> None:
    """List manual conditions, or vouch for one."""
    from matcher.grants.checks import Checks, conditions_of

    entry = load(library, lenient=False).by_id.get(measure)
    if entry is None:
        raise InputError([Problem(f"事项编号“{measure}”", "没有这个事项", "可用 huiqi policies list 查看")])
    found = list(conditions_of(entry).items())
    if company_id is None:
        lines = "\n".join(f"{number}. {text}" for number, (_, text) in enumerate(found, 1))
        say(as_json, {"conditions": [text for _, text in found]}, lines or "本事项没有须人工核实的条件")
        return
    if condition > len(found):
        raise InputError([Problem("--condition", f"本事项只有 {len(found)} 项须人工核实的条件", "请核对序号")])
    on = read_day(day) if day else now().date()
    answer = {"yes": True, "no": False, "withdraw": None}[holds]
    with opened() as database:
        mark, text = found[condition - 1]
        Checks(database).put(entry, company_id, mark, holds=answer, by=by, day=on, now=now(), note=note)
        audited(database, "grant.check", company_id)
    say(as_json, {"company_id": company_id, "condition": text, "holds": answer}, f"已登记：{text}")


# ---- shared ---------------------------------------------------------------------------------------------------------


def _step(action: str, grant_id: str, by: str, as_json: bool, step: Callable[[Steps, Actor], Grant]) -> None:
    """Take one step and say how it stands now."""
    from matcher.grants.lists import Lists
    from matcher.grants.steps import Steps
    from matcher.grants.wire import grant_json, grant_lines

    with opened() as database:
        step(Steps(database), _actor(by))
        audited(database, action, grant_id)
        view = Lists(database).grant(grant_id)
    assert view is not None
    say(as_json, grant_json(view), grant_lines(view)[0])


def _actor(by: str) -> Actor:
    from matcher.grants.steps import Actor

    return Actor(by.strip() or ACTOR, now())


def _view(lists: Lists, list_id: str) -> ListView:
    view = lists.one(list_id)
    if view is None:
        raise InputError([Problem(f"名单“{list_id}”", "没有这份名单", "可用 huiqi grants list 查看")])
    return view
