"""The next step for one match, in one Chinese sentence."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from matcher.results import Verdict
from policies.fields import registry
from policies.library import LibraryMeasure
from policies.lifecycle import WindowPhase, WindowState

MAX_NAMED = 3


def next_step(
    entry: LibraryMeasure,
    verdict: Verdict,
    window: WindowState,
    *,
    gaps: Sequence[str] = (),
    missing: Sequence[str] = (),
    manual: Sequence[str] = (),
) -> str:
    """What to do next: close the gaps, answer what is missing, have checked what is manual, or apply.

    Args:
        entry: The measure.
        verdict: On the whole rule.
        window: When it can be applied for.
        gaps: What is in the way, in Chinese.
        missing: Registry names of the facts to give.
        manual: What a person has to check, in Chinese.
    """
    if verdict is Verdict.INELIGIBLE:
        return f"{'；'.join(gaps)}，之后再申报。" if gaps else "可关注政策调整。"
    steps = []
    if missing:
        labels = [registry()[name].label for name in missing]
        more = f"等 {len(labels)} 项" if len(labels) > MAX_NAMED else ""
        steps.append(f"补充“{'”“'.join(labels[:MAX_NAMED])}”{more}，即可得到更确定的结论")
    if manual:
        more = f"等 {len(manual)} 项" if len(manual) > 1 else ""
        steps.append(f"请核实：{manual[0]}{more}")
    return "；".join([*steps, _apply(entry, window)]) + "。"


def _apply(entry: LibraryMeasure, window: WindowState) -> str:
    policy = entry.policy
    papers = f"准备{'、'.join(policy.materials[:MAX_NAMED])}" if policy.materials else ""
    if len(policy.materials) > MAX_NAMED:
        papers += f"等 {len(policy.materials)} 项材料"
    where = policy.channel or (f"联系{policy.contact}" if policy.contact else "向主管部门咨询")
    if entry.measure.benefit.type in {"direction", "right"}:
        return where if policy.channel or policy.contact else "了解政策内容，关注配套细则"
    return "，".join(part for part in (papers, where, _when(window)) if part)


def _when(window: WindowState) -> str:
    match window.phase:
        case WindowPhase.OPEN:
            return f"{show_day(window.closes)}前办理" if window.closes else ""
        case WindowPhase.UPCOMING:
            return f"{show_day(window.opens)}起申报（按往年时间，以通知为准）" if window.opens else "等待开放"
        case WindowPhase.BY_NOTICE:
            return "关注年度申报通知"
        case _:
            return ""


def show_day(day: dt.date | None) -> str:
    """A date as people write it ("2026 年 12 月 5 日")."""
    return f"{day.year} 年 {day.month} 月 {day.day} 日" if day else ""


def show_window(window: WindowState) -> str:
    """A window in one phrase with the days left ("2026 年 12 月 5 日，只剩 12 天")."""
    if window.phase is WindowPhase.UPCOMING and window.opens:
        return f"预计 {show_day(window.opens)}开放"
    if window.closes is None or window.days_left is None:
        return window.text or window.phase.value
    urgency = "只剩" if window.days_left <= 30 else "还剩"
    return f"{show_day(window.closes)}，{urgency} {window.days_left} 天"
