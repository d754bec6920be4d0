"""Verdicts against labels: the 3 × 3 table, and what must never happen.

A hard violation is checked anew from the record (dates, region tree, industry tree), not by asking the matcher again.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from eval.cases import VERDICTS, Case, CaseSet
from eval.metrics import targets_of
from eval.run import CaseResult, Run
from policies.industries import industries
from policies.library import Library, LibraryMeasure
from policies.policy import Policy, first_day, last_day
from policies.profile import CompanyProfile
from policies.regions import regions
from policies.rules import Not, OneOf, Rule
from policies.values import Span

Kind = Literal["expired", "region", "industry", "ineligible"]
KIND_TITLES: dict[Kind, str] = {
    "expired": "列出了失效、被取代、已撤回或未施行的政策",
    "region": "列出了其他地区的政策",
    "industry": "列出了排除该行业的政策",
    "ineligible": "标注为不符合，却显示为符合",
}
_NEVER = frozenset({"draft", "withdrawn", "stale"})


@dataclass(frozen=True)
class VerdictTable:
    """Label verdicts (rows) against ours (columns), both in the order of VERDICTS.

    Attributes:
        counts: Number of labels with a verdict.
        not_offered: Of the last column, how many are not offered at all (closed, out of force, not in the library).
    """

    counts: tuple[tuple[int, int, int], ...]
    not_offered: int

    @property
    def n(self) -> int:
        """Number of labels in the table."""
        return sum(map(sum, self.counts))

    @property
    def agreement(self) -> float:
        """Share on the diagonal; 0 for an empty table."""
        return sum(self.counts[i][i] for i in range(3)) / self.n if self.n else 0.0

    @property
    def kappa(self) -> float:
        """Cohen's kappa: (p_o - p_e) / (1 - p_e), 1 for perfect agreement, 0 for chance (Cohen 1960)."""
        if not self.n:
            return 0.0
        rows = [sum(row) for row in self.counts]
        columns = [sum(row[i] for row in self.counts) for i in range(3)]
        chance = sum(row * column for row, column in zip(rows, columns, strict=True)) / self.n**2
        return (self.agreement - chance) / (1 - chance) if chance < 1 else 1.0


def verdict_table(run: Run, cases: CaseSet) -> VerdictTable:
    """Compare verdicts label by label; a label on a policy is answered by its best-ranked measure.

    What the rules exclude, and what is not offered at the date, is ours "ineligible". Labels without a verdict are
    left out.
    """
    counts = [[0, 0, 0] for _ in VERDICTS]
    not_offered = 0
    for case in cases.cases:
        result = run.results[case.case_id]
        ours = _verdicts(result, case)
        for target, label in case.labels.items():
            if label.verdict is not None:
                counts[VERDICTS.index(label.verdict)][VERDICTS.index(ours.get(target, "ineligible"))] += 1
                not_offered += target in result.lost and result.lost[target].stage != "rule"
    return VerdictTable(tuple((row[0], row[1], row[2]) for row in counts), not_offered)


def _verdicts(result: CaseResult, case: Case) -> dict[str, str]:
    found: dict[str, str] = {}
    for item in result.listed:
        (target,) = targets_of([item.measure_id], case.labels)
        found.setdefault(target, item.verdict or "possible")
    return found


@dataclass(frozen=True)
class Violation:
    """One thing that must never be shown.

    Attributes:
        rank: Where it stands in the list, from 1.
    """

    case_id: str
    measure_id: str
    kind: Kind
    rank: int
    detail: str

    def __str__(self) -> str:
        """In one Chinese line."""
        return f"{self.case_id} 第 {self.rank} 位 {self.measure_id}：{KIND_TITLES[self.kind]}（{self.detail}）"


def violations(run: Run, cases: CaseSet, library: Library) -> tuple[Violation, ...]:
    """Every hard violation anywhere in the lists, not only at the top."""
    found = []
    for case in cases.cases:
        for rank, item in enumerate(run.results[case.case_id].listed, 1):
            entry = library.by_id.get(item.measure_id)
            broken = [] if entry is None else list(_broken(entry, case, item.verdict, library))
            found += [Violation(case.case_id, item.measure_id, kind, rank, detail) for kind, detail in broken]
    return tuple(found)


def _broken(entry: LibraryMeasure, case: Case, verdict: str, library: Library) -> Iterator[tuple[Kind, str]]:
    policy = entry.policy
    state = library.lifecycle(policy.policy_id, case.as_of)
    if reason := out_of_force(policy, case.as_of) or ("" if state.matchable else state.value):
        yield "expired", reason
    if _disjoint(case.profile, "region", regions().span(regions().find(policy.region)) if _local(policy) else None):
        yield "region", policy.region
    for part in entry.rule.parts:
        if industry_excluded(part, case.profile):
            yield "industry", part.text or "所属行业"
    label = case.labels.get(entry.measure_id) or case.labels.get(policy.policy_id)
    if label is not None and label.verdict == "ineligible" and verdict == "eligible":
        yield "ineligible", label.why or "标注"


def _local(policy: Policy) -> bool:
    return policy.level != "national" and policy.region != "全国"


def out_of_force(policy: Policy, as_of: dt.date) -> str:
    """Why a record's own dates and status say that it is not in force; empty if they do not."""
    if policy.status in _NEVER:
        return f"状态 {policy.status}"
    if policy.valid_to and last_day(policy.valid_to) < as_of:
        return f"有效期至 {policy.valid_to}"
    if policy.valid_from and first_day(policy.valid_from) > as_of:
        return f"{policy.valid_from} 起施行"
    return ""


def industry_excluded(part: Rule, profile: CompanyProfile) -> bool:
    """Whether a condition on the registered industry surely excludes the company, by the industry tree alone."""
    negated = isinstance(part, Not)
    leaf = part.part if isinstance(part, Not) else part
    if not isinstance(leaf, OneOf) or leaf.field != "industry_code" or "actual_industry" in profile.facts:
        return False
    spans = [industries().span(code) for name in leaf.values for code in industries().expand(name)]
    if negated:
        fact = profile.facts.get("industry_code")
        return isinstance(fact, Span) and any(low <= fact.lo and fact.hi <= high for low, high in spans)
    return all(_disjoint(profile, "industry_code", span) for span in spans)


def _disjoint(profile: CompanyProfile, name: str, allowed: tuple[int, int] | None) -> bool:
    fact = profile.facts.get(name)
    return allowed is not None and isinstance(fact, Span) and (fact.hi < allowed[0] or allowed[1] < fact.lo)
