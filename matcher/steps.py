"""The next step for one match, in one Chinese sentence."""

from __future__ import annotations

import datetime as dt

from matcher.results import Match, Verdict
from policies.fields import registry
from policies.lifecycle import WindowPhase, WindowState

MAX_NAMED = 3


def next_step(match: Match) -> str:
    """What to do next: close the gap, answer, check, or apply."""
    if match.verdict is Verdict.INELIGIBLE:
        gaps = [gap.text for gap in match.gaps]
        return f"{'；'.join(gaps)}，之后再申报。" if gaps else "可关注政策调整。"
    steps = []
    if match.missing:
        labels = [registry()[name].label for name in match.missing]
        more = f"等 {len(labels)} 项" if len(labels) > MAX_NAMED else ""
        steps.append(f"补充“{'”“'.join(labels[:MAX_NAMED])}”{more}，即可得到更确定的结论")
    if match.manual:
        more = f"等 {len(match.manual)} 项" if len(match.manual) > 1 else ""
        steps.append(f"请核实：{match.manual[0]}{more}")
    return "；".join([*steps, _apply(match)]) + "。"


def _apply(match: Match) -> str:
    policy = match.entry.policy
    papers = f"准备{'、'.join(policy.materials[:MAX_NAMED])}" if policy.materials else ""
    if len(policy.materials) > MAX_NAMED:
        papers += f"等 {len(policy.materials)} 项材料"
    where = policy.channel or (f"联系{policy.contact}" if policy.contact else "向主管部门咨询")
    benefit = match.entry.measure.benefit.type
    if benefit in {"direction", "right"}:
        return where if policy.channel or policy.contact else "了解政策内容，关注配套细则"
    return "，".join(part for part in (papers, where, _when(match.window)) if part)


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
