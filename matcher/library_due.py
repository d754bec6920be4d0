"""What a person should check first: where a wrong record would do the most harm."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import prod

from matcher.library_reach import Reach
from policies.library import Library
from policies.lifecycle import Lifecycle
from policies.policy import Check, Policy, last_day
from policies.validate.report import Finding
from policies.validate.trust import NO_ADDRESS, NOT_READ, UNVERIFIED, YEAR_PASSED

NOMINAL_YUAN = 10_000.0
"""What a measure without a sum (a title, a right) counts as."""
STALE_DAYS = 365
DOUBTS = {NOT_READ: 0.5, NO_ADDRESS: 0.2, UNVERIFIED: 0.05, YEAR_PASSED: 0.5}
"""Finding to the chance that the record is wrong for it; findings of other kinds count OTHER."""
OTHER, OTHER_MOST = 0.05, 5
IN_DOUBT = {"doubt": ("上次核对存疑", 0.6), "link_dead": ("链接已失效", 0.4), "link_unreachable": ("链接打不开", 0.2)}


@dataclass(frozen=True)
class Due:
    """A policy to check.

    Attributes:
        harm_yuan: Expected harm: share of companies it is matched with × median amount × doubt, of its best measure.
        reach: Share of the population that no condition excludes, 0 to 1.
        yuan: Median amount of that measure; NOMINAL_YUAN without one.
        doubt: Chance that something in the record is wrong, 0 to 1.
        reasons: What is doubtful, in Chinese.
        days_left: Until its last day, where that is known.
        where: Where to look: the address, else document number and issuers.
    """

    policy_id: str
    title: str
    harm_yuan: float
    reach: float
    yuan: float
    doubt: float
    reasons: tuple[str, ...]
    days_left: int | None
    where: str


def due(
    library: Library, reached: Mapping[str, Reach], warnings: tuple[Finding, ...], as_of: dt.date, days: int
) -> list[Due]:
    """Every policy on offer that something is doubtful of, the most harmful first.

    Args:
        library: A library that loaded.
        reached: Of `library_reach.reach`.
        warnings: Of `library_check.validate_library`.
        as_of: The day.
        days: A policy that ends within so many days is doubtful too.
    """
    kinds: dict[str, Counter[str]] = {}
    for found in warnings:
        kinds.setdefault(found.file.removesuffix(".yaml"), Counter())[found.kind] += 1
    rows = []
    for policy_id, policy in library.policies.items():
        if not library.lifecycle(policy_id, as_of).matchable:
            continue
        doubts = dict(_doubts(library, policy, kinds.get(policy_id, Counter()), as_of, days))
        if doubts:
            rows.append(_due(policy, reached, doubts, as_of))
    return sorted(rows, key=lambda row: (-row.harm_yuan, row.policy_id))


def _due(policy: Policy, reached: Mapping[str, Reach], doubts: Mapping[str, float], as_of: dt.date) -> Due:
    own = [found for measure in policy.measures if (found := reached.get(f"{policy.policy_id}/{measure.slug}"))]
    best = max(own, key=lambda found: found.possible * (found.yuan or NOMINAL_YUAN), default=Reach(0.0, None))
    doubt, yuan = 1 - prod(1 - chance for chance in doubts.values()), best.yuan or NOMINAL_YUAN
    left = (last_day(policy.valid_to) - as_of).days if policy.valid_to else None
    written = "　".join(filter(None, (policy.doc_no, "、".join(policy.issuers))))
    return Due(
        policy.policy_id, policy.title, best.possible * yuan * doubt, best.possible, yuan, doubt, tuple(doubts), left,
        policy.source.url or written,
    )  # fmt: skip


def _doubts(
    library: Library, policy: Policy, kinds: Counter[str], as_of: dt.date, days: int
) -> Iterator[tuple[str, float]]:
    if library.lifecycle(policy.policy_id, as_of) is Lifecycle.UNVERIFIED:
        yield "有效性不明", 0.4
    if policy.valid_to and (left := (last_day(policy.valid_to) - as_of).days) <= days:
        yield f"{left} 天后到期", 0.3
    last = _last(policy, as_of)
    if last is not None and last.result in IN_DOUBT:
        reason, chance = IN_DOUBT[last.result]
        yield f"{reason}（{last.day}）", chance
    elif last is not None and (as_of - dt.date.fromisoformat(last.day)).days > STALE_DAYS:
        yield f"上次核对已过一年（{last.day}）", 0.2
    for kind, count in kinds.items():
        chance = DOUBTS.get(kind, OTHER)
        yield f"{kind}{f' {count} 处' if count > 1 else ''}", 1 - (1 - chance) ** min(count, OTHER_MOST)


def _last(policy: Policy, as_of: dt.date) -> Check | None:
    """The last look at it that had been made by then."""
    made = [check for check in policy.history if check.day <= as_of.isoformat()]
    return max(made, key=lambda check: check.day, default=None)
