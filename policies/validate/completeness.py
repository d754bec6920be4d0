"""要素齐全: how much of what a company needs is in each record, as a weighted score."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from policies.library import Library
from policies.policy import Measure, Policy
from policies.validate.carried import benefit_numbers
from policies.validate.logic import Reading, TooManyTerms, can_fail
from policies.validate.report import Completeness

UNVERIFIED = "（未核实）"
_NOT_PRICED = frozenset({"honour", "right", "direction"})


def completeness_of(library: Library) -> dict[str, Completeness]:
    """policy_id to its completeness."""
    return {policy_id: completeness(policy) for policy_id, policy in library.policies.items()}


def completeness(policy: Policy) -> Completeness:
    """Weighted share of the elements that the record has; an element listed as unverified counts half.

    >>> sum(weight for _, weight, _, _ in ELEMENTS)
    100
    """
    earned, missing = 0.0, []
    for name, weight, key, share in ELEMENTS:
        found = share(policy)
        unverified = bool(found) and key in policy.provenance.unverified
        earned += weight * found * (0.5 if unverified else 1.0)
        if unverified or found < 1:
            missing.append(name + (UNVERIFIED if unverified else ""))
    return Completeness(earned / sum(weight for _, weight, _, _ in ELEMENTS), tuple(missing))


def _mean(values: Iterable[bool]) -> float:
    flags = list(values)
    return sum(flags) / len(flags)


def _reference(policy: Policy) -> float:
    return float(bool(policy.doc_no) or (bool(policy.source.url) and policy.source.quality == "official"))


def _dates(policy: Policy) -> float:
    """Half for a start, half for an end; a policy without an end has one if its status is known to be in force."""
    ends = policy.valid_to is not None or policy.status in {"in_force", "superseded"}
    return 0.5 * bool(policy.valid_from or policy.published) + 0.5 * ends


def _conditions(policy: Policy) -> float:
    return _mean(bool(policy.rule_of(measure).parts) for measure in policy.measures)


def _priced(policy: Policy) -> float:
    return _mean(m.benefit.type in _NOT_PRICED or bool(benefit_numbers(m.benefit)) for m in policy.measures)


def _window(policy: Policy) -> float:
    return _mean(policy.window_of(measure).kind != "unknown" for measure in policy.measures)


def _stacking(policy: Policy) -> float:
    return _mean(bool(policy.stacking_text or measure.stacking) for measure in policy.measures)


def _examples(policy: Policy) -> float:
    return _mean(_exemplified(policy, measure) for measure in policy.measures)


def _exemplified(policy: Policy, measure: Measure) -> bool:
    if measure.examples is None or measure.examples.unsure is None:
        return False
    try:
        return measure.examples.unmet is not None or not can_fail(policy.rule_of(measure), Reading.UNDECIDED)
    except TooManyTerms:
        return False


ELEMENTS: tuple[tuple[str, int, str, Callable[[Policy], float]], ...] = (
    ("标题", 5, "", lambda policy: float(bool(policy.title))),
    ("文号或官方链接", 10, "", _reference),
    ("发文机关", 5, "", lambda policy: float(bool(policy.issuers))),
    ("适用地区", 5, "", lambda policy: float(bool(policy.region))),
    ("有效期", 10, "", _dates),
    ("申报条件", 10, "", _conditions),
    ("支持标准", 10, "", _priced),
    ("申报时间", 10, "window", _window),
    ("申报材料", 7, "materials", lambda policy: float(bool(policy.materials))),
    ("申报渠道", 7, "channel", lambda policy: float(bool(policy.channel))),
    ("联系部门", 5, "contact", lambda policy: float(bool(policy.contact))),
    ("叠加规则", 5, "stacking", _stacking),
    ("来源核实", 6, "", lambda policy: float(policy.provenance.grade == "verified")),
    ("示例", 5, "", _examples),
)
"""Chinese name, weight, name in `provenance.unverified`, and the share (0 to 1) that a policy has of it."""
