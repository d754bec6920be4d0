"""Matches for people in a terminal: sections and cards with rich."""

from __future__ import annotations

from collections.abc import Iterable

from rich.console import Console, Group
from rich.markup import escape
from rich.panel import Panel
from rich.text import Text

from matcher.amounts import show_amount
from matcher.eligibility import Truth
from matcher.results import Condition, Match, MatchResult, Section, Total, Verdict
from matcher.steps import show_window
from policies.facts import show_number
from policies.fields import registry

MARKS = {Truth.TRUE: ("✔", "green"), Truth.FALSE: ("✘", "red"), Truth.UNKNOWN: ("？", "yellow")}
WORDS = {Truth.TRUE: "已满足", Truth.FALSE: "不满足", Truth.UNKNOWN: "需要确认"}
DISCLAIMER = "结果由系统按政策规定自动比对，仅供参考，以主管部门解释和最终审核为准。"


def print_result(result: MatchResult, console: Console) -> None:
    """Print the whole answer."""
    console.print(f"[bold]{escape(result.company)}[/]　查询日期 {result.as_of.isoformat()}　{headline(result)}")
    for note in result.notes:
        console.print(f"[yellow]提示：{escape(note)}[/]")
    for section in Section:
        shown = [match for match in result.matches if match.section is section]
        if shown:
            total = result.counts.get(section, 0)
            more = f"，显示 {len(shown)} 项" if total > len(shown) else ""
            console.print(f"\n[bold]{section_title(section)}[/]（{total} 项{more}）")
            for match in shown:
                console.print(_card(match))
    _print_misses(result, console)
    _print_totals(result, console)
    if result.next_question is not None:
        question = result.next_question
        console.print(f"\n[bold]补充一项信息就能更准：[/]{escape(question.text)}（{question.field}）")
    console.print(f"\n[dim]{DISCLAIMER}[/]")


def headline(result: MatchResult) -> str:
    """The summary sentence ("找到 12 项政策：3 项符合条件；…")."""
    counts = result.counts
    found = sum(counts.values())
    if not found:
        return "没有找到符合条件的政策。" + (
            f"最接近的 {len(result.nearest_misses)} 项见下。" if result.nearest_misses else ""
        )
    return (
        f"找到 {found} 项政策事项：{counts.get(Section.ELIGIBLE, 0)} 项符合条件；"
        f"{counts.get(Section.TO_CHECK, 0)} 项基本符合、须核实；{counts.get(Section.TO_ANSWER, 0)} 项补充信息后可确认；"
        f"{counts.get(Section.BACKGROUND, 0)} 项方向性文件。"
    )


def section_title(section: Section) -> str:
    """The heading of a section."""
    return {
        Section.ELIGIBLE: "符合条件，可以申报",
        Section.TO_CHECK: "基本符合，须人工核实",
        Section.TO_ANSWER: "可能符合，还差信息",
        Section.BACKGROUND: "方向性文件，无需申报",
        Section.NOT_NOW: "暂不符合",
    }[section]


def verdict_text(match: Match) -> str:
    """The verdict of one card ("可能符合，还差 2 项信息")."""
    if match.section is Section.TO_ANSWER:
        return f"可能符合，还差 {len(match.missing)} 项信息"
    if match.section is Section.BACKGROUND:
        return "方向性文件，无需申报"
    if match.section is Section.TO_CHECK:
        return f"基本符合，须核实 {len(match.manual)} 项"
    return "符合条件，可以申报" if match.verdict is Verdict.ELIGIBLE else "暂不符合"


def _card(match: Match) -> Panel:
    policy = match.entry.policy
    lines = [
        Text(f"{policy.title}　{'、'.join(policy.issuers)}　{policy.doc_no or ''}".strip(), style="dim"),
        Text(f"预计金额：{show_amount(match.amount)}（{match.amount.trace}）"),
        Text(f"申报时间：{show_window(match.window)}　状态：{match.lifecycle.value}"),
        *[Text.assemble((f"{mark} {word} ", colour), text) for mark, word, colour, text in _lines(match.conditions)],
        Text.assemble(("下一步：", "bold"), match.next_step),
        *[Text(f"参考：{caution}", style="dim") for caution in match.cautions],
    ]
    title = f"{match.rank}. {escape(match.entry.measure.name)} — {verdict_text(match)}"
    return Panel(
        Group(*lines), title=title, title_align="left", subtitle=match.entry.measure_id, subtitle_align="right"
    )


def _lines(conditions: Iterable[Condition]) -> Iterable[tuple[str, str, str, str]]:
    for line in conditions:
        mark, colour = MARKS[line.truth]
        label = registry()[line.field].label if line.field else ""
        own = "" if line.manual else f"（{label + '：' if label else ''}{line.observed}）"
        hint = f"　{line.hint}" if line.hint else ""
        gap = f"　→ {line.gap.text}" if line.gap and line.truth is Truth.FALSE else ""
        yield mark, "须人工核实" if line.manual else WORDS[line.truth], colour, f"{line.text}{own}{hint}{gap}"


def _print_misses(result: MatchResult, console: Console) -> None:
    if not result.nearest_misses:
        return
    console.print("\n[bold]暂不符合，但只差一步[/]")
    for match in result.nearest_misses:
        gap = "；".join(gap.text for gap in match.gaps)
        console.print(f"  ✘ {escape(match.entry.title)}：{escape(gap)}")


def _print_totals(result: MatchResult, console: Console) -> None:
    console.print(
        f"\n[bold]合计：[/]已确认符合的 {_sum(result.total)}；前 20 项全部符合时最多 {_sum(result.potential)}"
    )
    for measure_id, reason in result.potential.left_out.items():
        console.print(f"  未计入 {measure_id}：{escape(reason)}", style="dim")


def _sum(total: Total) -> str:
    if not total.counted:
        return "暂无可估算金额"
    field = registry()["revenue_wan"]
    return f"约 {show_number(field, round(total.high_yuan / 10_000, 2))}"
