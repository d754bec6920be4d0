"""The rows of a bulk result: one company's matches and nearest misses, each with its reasons in one line."""

from __future__ import annotations

from dataclasses import dataclass

from matcher.assessment import Assessed, CompanyView
from matcher.eligibility import Truth
from matcher.match_rows import MatchRow
from matcher.results import Amount, Total
from matcher.steps import next_step, show_window


@dataclass(frozen=True)
class CompanyRows:
    """What a bulk run says of one company.

    Attributes:
        rows: Its matches by rank, then its nearest misses; one row of kind "none" if it has neither.
        total: What the measures that surely fit are worth together.
    """

    rows: tuple[MatchRow, ...]
    total: Total


def company_rows(view: CompanyView, k: int) -> CompanyRows:
    """The k best matches and the nearest misses of one company."""
    rows = []
    for rank, place in enumerate(view.listed[:k], 1):
        rows.append(match_row(view, place, rank))
    for rank, (place, gap, closeness) in enumerate(view.nearest_misses(), 1):
        rows.append(_row(view, view.assessed(place), rank, closeness, view.amount(place), gap.text))
    return CompanyRows(tuple(rows) or (_nothing(view),), view.total(view.sure))


def match_row(view: CompanyView, place: int, rank: int) -> MatchRow:
    """One measure for one company, with its reasons."""
    return _row(view, view.assessed(place), rank, view.score(place), view.amount(place))


def _row(view: CompanyView, item: Assessed, rank: int, score: float, amount: Amount, gap: str = "") -> MatchRow:
    table, number, entry = view.whole.table, view.number, item.entry
    return MatchRow(
        row=int(table.rows[number]),
        sheet=table.sheets[number],
        uscc=table.texts["uscc"][number],
        company=table.texts["name"][number],
        kind="near_miss" if item.truth is Truth.FALSE else "match",
        rank=rank,
        policy_id=entry.policy.policy_id,
        measure_id=entry.measure_id,
        policy_title=entry.policy.title,
        measure_name=entry.measure.name,
        verdict=item.verdict.value,
        section=item.section.value,
        score=round(score, 6),
        low_yuan=amount.low_yuan,
        high_yuan=amount.high_yuan,
        amount_note=amount.trace,
        missing=list(item.open.missing),
        manual=list(item.manual),
        reasons=reasons(view, item),
        gap=gap,
        window=show_window(item.active.window),
        next_step=next_step(
            entry,
            item.verdict,
            item.active.window,
            gaps=[gap] if gap else [],
            missing=item.open.missing,
            manual=item.manual,
        ),
    )


def _nothing(view: CompanyView) -> MatchRow:
    table, number = view.whole.table, view.number
    return MatchRow(
        int(table.rows[number]), table.sheets[number], table.texts["uscc"][number], table.texts["name"][number],
        "none", 0, "", "", "", "", "", "", 0.0, None, None, "", [], [], "没有可推荐的事项", "", "", "",
    )  # fmt: skip


_HEADINGS = ("已满足", "待确认", "须核实", "不满足")


def reasons(view: CompanyView, item: Assessed) -> str:
    """The conditions by how they stand ("已满足：…；…｜待确认：…｜须核实：…")."""
    found: dict[str, list[str]] = {heading: [] for heading in _HEADINGS}
    for part, (text, manual) in zip(item.entry.rule.parts, item.active.lines, strict=True):
        truth = view.whole.evaluation.truth(part).at(item.row)
        found[_heading(truth, manual=manual)].append(text)
    found["须核实"] += [line.text for line in item.active.validity]
    return "｜".join(f"{heading}：{'；'.join(texts)}" for heading, texts in found.items() if texts)


def _heading(truth: Truth, *, manual: bool) -> str:
    if truth is Truth.UNKNOWN:
        return "须核实" if manual else "待确认"
    return "已满足" if truth is Truth.TRUE else "不满足"
