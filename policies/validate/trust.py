"""How far a library can be trusted on a day: what was not read, what is old, what has no successor."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator

from policies.library import Library
from policies.lifecycle import Lifecycle, WindowPhase, measure_window, successors
from policies.policy import Policy, last_day
from policies.validate.report import Finding, Findings

NO_ADDRESS = "没有官方网址"
NOT_READ = "未核对原文"
UNVERIFIED = "未核实的要素"
YEAR_PASSED = "所属年度已过仍在提供"
NO_SUCCESSOR = "已失效而无后续文件"
_ELEMENTS = {"exclusions": "不予支持情形", "stacking": "叠加规定", "materials": "申报材料", "channel": "申报渠道",
             "window": "申报时间", "contact": "受理部门"}  # fmt: skip
_ENDED = frozenset({Lifecycle.EXPIRED, Lifecycle.SUPERSEDED, Lifecycle.STALE})
_YEAR_OF = re.compile(r"(20\d\d)(?:年度|年第[一二三四五六七八九十\d]+批|年(?!）|修订|版))")
_SPAN = re.compile(r"20\d\d年?[—–~至到-]+20\d\d")


def trust_findings(library: Library, as_of: dt.date) -> Findings:
    """Doubts about what the library offers on a day; for a person to look into, one by one."""
    policies = library.policies.values()
    return Findings(warnings=tuple(found for policy in policies for found in _doubts(policy, library, as_of)))


def _doubts(policy: Policy, library: Library, as_of: dt.date) -> Iterator[Finding]:
    state = library.lifecycle(policy.policy_id, as_of)
    if not state.matchable:
        if state in _ENDED and not _followed(policy, library):
            reason = f"{state.value}，没有写由哪份文件接续"
            yield _finding(
                NO_SUCCESSOR,
                policy,
                "relations",
                reason,
                "请查有无延期或新版，查到的加 followed_by 关系",
            )
        return
    if policy.source.url is None or policy.source.quality != "official":
        held = "没有网址" if policy.source.url is None else "网址是媒体报道，不是官方"
        yield _finding(NO_ADDRESS, policy, "source", held, "请在发文机关网站查到原文后补上")
    if policy.provenance.grade == "recalled":
        yield _finding(NOT_READ, policy, "provenance.grade", "依据一般政策知识整理，未核对原文", "请对照原文核实")
    for name in policy.provenance.unverified:
        reason = f"{_ELEMENTS[name]}是通常做法，未在原文核实"
        yield _finding(UNVERIFIED, policy, f"provenance.unverified.{name}", reason, "请对照原文改正后去掉这一项")
    year = year_of(policy)
    if year is not None and year < as_of.year and not _lasting(policy, as_of):
        reason = f"标题说的是 {year} 年，在 {as_of} 仍作为可申报的提供"
        yield _finding(YEAR_PASSED, policy, "status", reason, "请查本年度的通知；没有的改为 expired 并写 valid_to")


def year_of(policy: Policy) -> int | None:
    """The one year that a scheme is for by its title ("2024年度…申报"); None for a document that lasts."""
    if _SPAN.search(policy.title):
        return None
    years = {int(year) for year in _YEAR_OF.findall(policy.title)}
    return max(years) if years else None


def _lasting(policy: Policy, as_of: dt.date) -> bool:
    """Whether something says that it goes on: a last day ahead, or a window that is open or comes."""
    if policy.valid_to is not None and last_day(policy.valid_to) >= as_of:
        return True
    phases = {measure_window(policy, measure, as_of).phase for measure in policy.measures}
    return bool(phases & {WindowPhase.OPEN, WindowPhase.UPCOMING})


def _followed(policy: Policy, library: Library) -> bool:
    outside = any(r.type in {"superseded_by", "followed_by"} for r in policy.relations)
    return outside or bool(successors(policy, library.policies))


def _finding(kind: str, policy: Policy, path: str, reason: str, remedy: str) -> Finding:
    return Finding(kind, f"{policy.policy_id}.yaml", path, reason, remedy)
