"""Do validity, windows and status agree with one another and with the day of the report."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from policies.library import Library
from policies.policy import Policy, Window, first_day, last_day
from policies.validate.report import Finding, Findings

ORDER = "起止日期矛盾"
STATUS = "状态与有效期矛盾"
WINDOW = "申报窗口与有效期矛盾"


def date_findings(library: Library, as_of: dt.date) -> Findings:
    """Contradictions between the dates, the windows and the status of each policy at `as_of`."""
    policies = library.policies.values()
    problems = [found for policy in policies for found in (*_validity(policy, as_of), *_windows(policy))]
    return Findings(tuple(problems), tuple(found for policy in policies for found in _doubts(policy)))


def _validity(policy: Policy, as_of: dt.date) -> Iterator[Finding]:
    start, end, told = policy.valid_from, policy.valid_to, policy.published
    if end is None:
        return
    if start and first_day(start) > last_day(end):
        yield _finding(ORDER, policy, "valid_from", f"施行日 {start} 晚于失效日 {end}", "请对照原文改正")
    if told and first_day(told) > last_day(end):
        yield _finding(ORDER, policy, "published", f"发布日 {told} 晚于失效日 {end}", "请对照原文改正")
    if policy.status == "in_force" and last_day(end) < as_of:
        reason = f"状态是 in_force，但有效期到 {end}，在 {as_of} 已过"
        yield _finding(STATUS, policy, "status", reason, "请把状态改为 expired，或按延期文件改 valid_to")
    if policy.status == "expired" and last_day(end) >= as_of:
        reason = f"状态是 expired，但有效期到 {end}，在 {as_of} 未过"
        yield _finding(STATUS, policy, "status", reason, "请改正状态或 valid_to")


def _windows(policy: Policy) -> Iterator[Finding]:
    yield from _window(policy, policy.window, "window")
    for measure in policy.measures:
        if measure.window is not None:
            yield from _window(policy, measure.window, f"measures.{measure.slug}.window")


def _window(policy: Policy, window: Window, path: str) -> Iterator[Finding]:
    if window.kind != "fixed" or window.closes is None:
        return
    opens, closes = window.opens, window.closes
    if opens and opens > closes:
        yield _finding(WINDOW, policy, path, f"窗口 {opens} 开始、{closes} 截止，顺序颠倒", "请对照通知改正")
    if policy.valid_to and dt.date.fromisoformat(opens or closes) > last_day(policy.valid_to):
        reason = f"窗口 {opens or closes} 起，政策 {policy.valid_to} 已失效"
        yield _finding(WINDOW, policy, path, reason, "请改正窗口或 valid_to")
    elif policy.valid_to and dt.date.fromisoformat(closes) > last_day(policy.valid_to):
        reason = f"窗口到 {closes}，政策有效期到 {policy.valid_to}"
        yield _finding(WINDOW, policy, path, reason, "请改正窗口或 valid_to")
    if policy.valid_from and dt.date.fromisoformat(closes) < first_day(policy.valid_from):
        reason = f"窗口 {closes} 截止，政策 {policy.valid_from} 才施行"
        yield _finding(WINDOW, policy, path, reason, "请改正窗口或 valid_from")


def _doubts(policy: Policy) -> Iterator[Finding]:
    if policy.status == "expired" and policy.valid_to is None:
        reason = "状态是 expired，但没有写有效期到哪天"
        yield _finding("失效而无失效日", policy, "valid_to", reason, "请补 valid_to；原文没有的在 status_note 说明")


def _finding(kind: str, policy: Policy, path: str, reason: str, remedy: str) -> Finding:
    return Finding(kind, f"{policy.policy_id}.yaml", path, reason, remedy)
