"""The policy library for people in a terminal: one policy, the validation report, what is due for a check."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from matcher.steps import show_window
from matcher.sums import YUAN_PER_WAN
from policies.benefit import Benefit
from policies.describe import describe
from policies.library import Library
from policies.lifecycle import measure_window, successors

if TYPE_CHECKING:
    from matcher.library_due import Due
    from policies.validate.report import Report


def print_policy(library: Library, policy_id: str, as_of: dt.date) -> None:
    """Print one policy with its measures."""
    policy = library.policies[policy_id]
    state = library.lifecycle(policy_id, as_of)
    click.echo(
        f"{policy.title}\n  编号：{policy.policy_id}　文号：{policy.doc_no or '未载明'}　{'、'.join(policy.issuers)}"
    )
    click.echo(
        f"  状态：{state.value}{f'（{policy.status_note}）' if policy.status_note else ''}　地区：{policy.region}"
    )
    follow = [library.policies[other].title for other in successors(policy, library.policies)]
    if follow:
        click.echo(f"  后续文件：{'、'.join(follow)}")
    click.echo(f"  要点：{policy.summary}")
    for rule in policy.applies:
        click.echo(f"  条件：{describe(rule)}")
    for measure in policy.measures:
        click.echo(f"  ◆ {measure.name}（{policy.policy_id}/{measure.slug}）：{measure.text}")
        for rule in measure.when:
            click.echo(f"      条件：{describe(rule)}")
        click.echo(
            f"      支持方式：{benefit_name(measure.benefit)}　时间：{_window(library, policy_id, measure.slug, as_of)}"
        )
    origin = policy.provenance
    trust = f"{_GRADES[origin.grade]}，可信度{_SURE[origin.confidence]}"
    click.echo(f"  来源：{policy.source.title or '无'} {policy.source.url or ''}（{trust}）")


_GRADES = {"verified": "已核对来源", "recalled": "未核对原文"}
_SURE = {"high": "高", "medium": "中", "low": "低"}
BENEFIT_NAMES = {
    "fixed": "定额奖补", "ratio": "按比例补助", "tiered": "分档支持", "interest": "贷款贴息", "tax": "税收优惠",
    "premium": "保费补贴", "per_unit": "按人（台）补助", "guarantee": "融资担保", "credit_line": "贷款授信",
    "equity": "股权投资", "top_up": "配套奖励", "honour": "资格认定", "right": "权益保障", "direction": "方向引导",
}  # fmt: skip


def benefit_name(benefit: Benefit) -> str:
    """The kind of support in Chinese."""
    return BENEFIT_NAMES[benefit.type]


def _window(library: Library, policy_id: str, slug: str, as_of: dt.date) -> str:
    policy = library.policies[policy_id]
    measure = next(entry for entry in policy.measures if entry.slug == slug)
    return show_window(measure_window(policy, measure, as_of))


def print_report(report: Report) -> None:
    """Print what validation found: every problem, warnings by kind, completeness and coverage."""
    for finding in report.problems:
        click.echo(f"错误　{finding}")
    kinds, ceilings = Counter(finding.kind for finding in report.warnings), report.ceilings
    for kind in sorted({*kinds, *(ceilings or {})}):
        most = "" if ceilings is None else f"（上限 {ceilings.get(kind, 0)}）"
        lower = "，可用 --lower 降低上限" if ceilings is not None and kinds[kind] < ceilings.get(kind, 0) else ""
        click.echo(f"提醒　{kind}：{kinds[kind]} 处{most}{lower}")
    scores = sorted((entry.score, policy_id) for policy_id, entry in report.completeness.items())
    lowest = "、".join(f"{name} {score:.0%}" for score, name in scores[:5])
    click.echo(f"要素齐全：平均 {report.mean_completeness:.0%}；最低：{lowest}")
    coverage = report.coverage
    click.echo(
        f"覆盖面：{len(coverage.cells)} 个“地区×行业门类×规模”格，{len(coverage.empty)} 格没有任何事项，"
        f"{len(coverage.without_local)} 格没有省市事项"
    )
    click.echo(f"共 {len(report.problems)} 个错误、{len(report.warnings)} 个提醒")


def print_due(rows: Sequence[Due], top: int, as_of: dt.date) -> None:
    """Print the first of what is due: how much is at stake, what is doubtful, where to look."""
    for number, row in enumerate(rows[:top], 1):
        stake, yuan = (f"{value / YUAN_PER_WAN:,.1f} 万元" for value in (row.harm_yuan, row.yuan))
        click.echo(f"{number}. {row.policy_id}　{row.title}")
        click.echo(f"   预计影响 {stake}（匹配到 {row.reach:.0%} 的企业 × {yuan} × 有误可能 {row.doubt:.0%}）")
        click.echo(f"   存疑：{'、'.join(row.reasons)}")
        click.echo(f"   核对：{row.where or '没有网址和文号，请向发文机关查询'}")
    click.echo(f"截至 {as_of.isoformat()}，{len(rows)} 项政策需要核实，以上是影响最大的 {min(top, len(rows))} 项")
    click.echo("核对后用 huiqi policies mark 政策编号 --verified --url 网址 --by 姓名 --on 日期 记下")
