"""Rules that cannot do their work: never true, never false, redundant parts, dead branches, unreachable tiers."""

from __future__ import annotations

import functools
from collections.abc import Iterator

from policies.benefit import Interest as InterestBenefit
from policies.benefit import Ratio, Tiered
from policies.describe import describe
from policies.library import Library, LibraryMeasure
from policies.rules import All, AnyOf, Manual, Rule, fields_of, leaves
from policies.validate.logic import Reading, TooManyTerms, can_fail, implies, negated, terms, together
from policies.validate.report import Finding, Findings

UNSATISFIABLE = "不可能满足的规则"
TAUTOLOGY = "恒成立的规则"
NO_CONDITION = "不设条件"
REDUNDANT = "多余的条件"
DEAD_BRANCH = "不会用到的分支"
DEAD_STEP = "不会用到的档次"
TOO_LARGE = "规则过大未能检验"


def logic_findings(library: Library) -> Findings:
    """Check every measure's rule as logic; derived facts are compared elsewhere, with the evaluator."""
    problems: list[Finding] = []
    warnings: list[Finding] = []
    for entry in library.measures:
        try:
            errors = list(_errors(entry))
            problems += errors
            if not errors:
                warnings += _doubts(entry)
        except TooManyTerms:
            reason = "规则展开后的组合太多，没有检验能否满足"
            warnings.append(_finding(TOO_LARGE, entry, "when", reason, "请把并列的 any 合并成一个值列表"))
    return Findings(tuple(problems), tuple(warnings))


def has_leaf(rule: Rule) -> bool:
    """Whether any condition asks for a field, so that data can decide it."""
    return any(not isinstance(leaf, Manual) for leaf in leaves(rule))


def _errors(entry: LibraryMeasure) -> Iterator[Finding]:
    if not terms(entry.rule, Reading.PASSED):
        reason = f"没有企业能满足：{_first_clash(entry.rule)}"
        yield _finding(UNSATISFIABLE, entry, "when", reason, "请对照原文改正互相矛盾的条件")
    elif has_leaf(entry.rule) and not can_fail(entry.rule, Reading.FREE):
        reason = f"有条件，却没有企业会不满足：{describe(entry.rule)}"
        yield _finding(TAUTOLOGY, entry, "when", reason, "请改正写反或并全的条件，或删去它")


def _first_clash(rule: All) -> str:
    """The first part that cannot hold together with those before it, for the message."""
    kept: list[Rule] = []
    for part in _flat(rule):
        if not terms(together([*kept, part]), Reading.PASSED):
            rest = next((other for other in kept if not terms(together([other, part]), Reading.PASSED)), None)
            return f"“{describe(part)}”" + (f"与“{describe(rest)}”矛盾" if rest is not None else "与其他条件矛盾")
        kept.append(part)
    return "各条件互相矛盾"


def _doubts(entry: LibraryMeasure) -> Iterator[Finding]:
    if not has_leaf(entry.rule):
        yield _finding(NO_CONDITION, entry, "when", "没有可由企业信息判断的条件，人人可得", "请确认原文确实不设条件")
    parts = _flat(entry.rule)
    for index, part in enumerate(parts):
        before, after = parts[:index], parts[index + 1 :]
        yield from _redundant(entry, part, before, after)
        if isinstance(part, AnyOf):
            yield from _dead_branches(entry, part, [*before, *after])
    yield from _dead_steps(entry)


def _flat(rule: Rule) -> list[Rule]:
    """Parts of a conjunction, conjunctions inside it opened."""
    return [leaf for part in rule.parts for leaf in _flat(part)] if isinstance(rule, All) else [rule]


def _redundant(entry: LibraryMeasure, part: Rule, before: list[Rule], after: list[Rule]) -> Iterator[Finding]:
    """Report a part that another one implies; of two equal parts only the later one."""
    if has_leaf(part) and implies(together([]), part):
        reason = f"“{describe(part)}”对任何企业都成立"
        yield _finding(REDUNDANT, entry, "when", reason, "请删去，或改正界限")
        return
    for other in (*before, *after):
        if not set(_atoms(part)) & set(_atoms(other)) or not implies(other, part):
            continue
        if other in after and implies(part, other):
            continue
        reason = f"“{describe(part)}”已由“{describe(other)}”包含"
        yield _finding(REDUNDANT, entry, "when", reason, "请只留较严的一条；意思不同的请改正条件")
        return


@functools.cache
def _atoms(rule: Rule) -> tuple[str, ...]:
    manual = tuple(leaf.manual for leaf in leaves(rule) if isinstance(leaf, Manual))
    return (*fields_of(rule), *manual)


def _dead_branches(entry: LibraryMeasure, part: AnyOf, rest: list[Rule]) -> Iterator[Finding]:
    for branch in part.parts:
        if not terms(together([*rest, branch]), Reading.PASSED):
            reason = f"“{describe(branch)}”与其他条件合起来不可能成立"
            yield _finding(DEAD_BRANCH, entry, "when", reason, "请删去这一支，或改正条件")


def _dead_steps(entry: LibraryMeasure) -> Iterator[Finding]:
    benefit = entry.measure.benefit
    earlier: list[Rule] = []
    if isinstance(benefit, Tiered):
        for tier in benefit.tiers:
            if not terms(together([entry.rule, tier.when, *map(negated, earlier)]), Reading.FREE, open_sets=False):
                reason = f"档次“{tier.text}”轮不到：规则或前面的档次已经排除了它"
                yield _finding(DEAD_STEP, entry, "benefit.tiers", reason, "请核对条件和档次的先后（从高到低）")
            earlier.append(tier.when)
    elif isinstance(benefit, Ratio | InterestBenefit):
        for uplift in benefit.uplifts:
            if not terms(together([entry.rule, uplift.when]), Reading.FREE, open_sets=False):
                reason = f"上浮“{uplift.text}”的条件与规则不能同时成立"
                yield _finding(DEAD_STEP, entry, "benefit.uplifts", reason, "请改正上浮的条件")


def _finding(kind: str, entry: LibraryMeasure, path: str, reason: str, remedy: str) -> Finding:
    place = f"measures.{entry.measure.slug}.{path}"
    return Finding(kind, f"{entry.policy.policy_id}.yaml", place, reason, remedy)
