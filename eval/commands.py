"""The commands `huiqi eval …`; heavy modules are imported inside them.

`huiqi eval CASES.jsonl` measures, `huiqi eval check-cases CASES.jsonl` only reads the file. matcher.cli finds this
group by the entry point group `huiqi.commands`, so that matcher never imports eval.
"""

from __future__ import annotations

import datetime as dt
import json
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from matcher.cli import (
    Command,
    Group,
    dense_option,
    json_option,
    lenient_option,
    library_option,
    open_matcher,
    read_day,
    read_settings,
)

if TYPE_CHECKING:
    from eval.report import Report
    from matcher.service import Matcher

FAILED = 1
_FILE = click.Path(path_type=Path, dir_okay=False)


class EvalGroup(Group):
    """A group whose nameless command measures: `huiqi eval CASES.jsonl` needs no word in between."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Put the nameless command in front unless a command is named."""
        named = bool(args) and args[0] in self.commands and args[0] != ""
        return super().parse_args(ctx, args if named else ["", *args])


class NamelessContext(click.Context):
    """A context whose path has no gap where the name is missing."""

    @property
    def command_path(self) -> str:
        """The words before the arguments."""
        return " ".join(super().command_path.split())


class Nameless(Command):
    """The command that its group runs by itself."""

    context_class = NamelessContext


def _day(_ctx: click.Context, _param: click.Parameter, value: str | None) -> dt.date | None:
    return None if value is None else read_day(value)


@click.group("eval", cls=EvalGroup, help="评测：在标注案例上衡量匹配得好不好，逐条说明漏了什么、为什么。")
def evaluation() -> None:
    """Commands of the evaluation."""


@evaluation.command(
    "",
    cls=Nameless,
    help="在标注案例上评测；不写文件时用随源码的开发案例。另有 huiqi eval check-cases 只检查案例文件。",
)
@click.argument("cases", type=_FILE, required=False, metavar="[案例.jsonl]")
@library_option
@lenient_option
@dense_option
@click.option("-k", "k", type=click.IntRange(1, 500), default=20, metavar="项数", help="漏项报告看前几项，默认 20")
@click.option("--as-of", callback=_day, metavar="日期", help="改用这一天评测；默认用各案例自己的日期")
@click.option("--baseline", type=_FILE, metavar="RUN.json", help="与这次旧的运行逐案例比较")
@click.option("--out", type=_FILE, metavar="RUN.json", help="保存本次运行")
@click.option("--report", "page", type=_FILE, metavar="R.html", help="生成可离线打开的网页报告（约 5 MB）")
@click.option("--ablation", "wants_ablation", is_flag=True, help="同时跑消融实验：各简单做法与完整系统对比")
@click.option("--gate", "wants_gate", is_flag=True, help="低于门槛或有硬性错误时以 1 退出（持续集成用）")
@json_option
def measure(
    cases: Path | None,
    library: Path | None,
    lenient: bool,
    dense: bool,
    k: int,
    as_of: dt.date | None,
    baseline: Path | None,
    out: Path | None,
    page: Path | None,
    wants_ablation: bool,
    wants_gate: bool,
    as_json: bool,
) -> None:
    """Measure the matcher on labelled cases."""
    started = time.perf_counter()
    from eval.cases import load_cases, shipped_cases
    from eval.gate import load_floors
    from eval.report import measured, to_json, to_text, write_html
    from eval.run import BATCH_FROM, load_run, make_run, save_run

    asked = load_cases(cases or shipped_cases())
    asked = asked.at(as_of) if as_of else asked
    old = load_run(baseline) if baseline else None
    floors = load_floors() if wants_gate else None
    matcher = open_matcher(library, lenient=lenient, dense=dense, batch=len(asked.cases) >= BATCH_FROM)
    run = make_run(matcher, asked, started=started)
    if out:
        save_run(run, out)
    report = measured(run, asked, matcher.library, k, old)
    if wants_ablation:
        report = _with_ablation(report, matcher, read_settings().model)
    if floors is not None:
        report = _with_gate(report, floors)
    if page:
        write_html(report, page)
    click.echo(json.dumps(to_json(report), ensure_ascii=False, indent=2) if as_json else to_text(report))
    if report.gate:
        click.echo("未通过回归门槛：\n" + "\n".join(f"- {reason}" for reason in report.gate), err=True)
        raise SystemExit(FAILED)


def _with_ablation(report: Report, matcher: Matcher, model: str | None) -> Report:
    from dataclasses import replace

    from eval.ablation import ablate

    return replace(report, ablation=tuple(ablate(matcher, report.cases, report.run, model=model)))


def _with_gate(report: Report, floors: Any) -> Report:
    from dataclasses import replace

    from eval.gate import broken

    return replace(report, gate=broken(floors, report.scores, report.cases, report.violations))


@evaluation.command("check-cases", help="检查案例文件：格式、企业信息、标注、政策编号。")
@click.argument("cases", type=_FILE, metavar="案例.jsonl")
@library_option
@lenient_option
@json_option
def check_cases(cases: Path, library: Path | None, lenient: bool, as_json: bool) -> None:
    """Check a case file without matching."""
    from collections import Counter

    from eval.cases import load_cases
    from policies.library import load_library

    checked = load_cases(cases)
    unknown = checked.unknown_targets(load_library(library or read_settings().library, lenient=lenient))
    labels = [label for case in checked.cases for label in case.labels.values()]
    grades = {str(grade): n for grade, n in sorted(Counter(label.grade for label in labels).items())}
    without = sum(label.verdict is None for label in labels)
    if as_json:
        found = {"cases": len(checked.cases), "labels": len(labels), "grades": grades, "without_verdict": without,
                 "judged_list": checked.has_meta, "unknown_targets": unknown}  # fmt: skip
        click.echo(json.dumps(found, ensure_ascii=False, indent=2))
        return
    counts = "、".join(f"{grade} 级 {n} 条" for grade, n in grades.items())
    click.echo(f"{checked.name}：{len(checked.cases)} 个案例、{len(labels)} 条标注（{counts}；{without} 条没有结论）")
    if not checked.has_meta and any(case.judged is None for case in checked.cases):
        click.echo("旁边没有 meta 文件：没有标注的政策一律按不相关计")
    for target, names in unknown.items():
        click.echo(f"- 政策库中没有“{target}”（{len(names)} 个案例：{'、'.join(names[:5])}）；评测时按漏项计")
    click.echo("格式正确" if not unknown else f"格式正确；{len(unknown)} 个编号不在政策库中")
