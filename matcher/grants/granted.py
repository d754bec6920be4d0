"""What companies have been granted before, and whether that stands in the way of another measure."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from matcher.clock import SHANGHAI
from matcher.stacking import exclude_each_other
from matcher.store.grants import Grant, GrantList, GrantState
from policies.library import LibraryMeasure

TAKEN = frozenset({GrantState.CONFIRMED, GrantState.PAID, GrantState.ARCHIVED})
"""States in which a company has its grant."""
_LEFT = frozenset({GrantState.DECLINED, GrantState.REFUSED})
SAME = "已在 {day} 的名单中确认过本事项，不重复发放"
SAME_YEAR = "{year} 年已按修订前的政策确认过本事项，同一年度不重复发放"
EXCLUDES = "已确认“{name}”（{day}），与本事项不可同时享受"
BEFORE = {GrantState.DECLINED: "企业曾在 {day} 表示放弃本事项", GrantState.REFUSED: "主管部门曾在 {day} 不予兑付本事项"}
STATES = {
    GrantState.MATCHED: "已比对", GrantState.CONFIRMED: "已确认", GrantState.PAID: "已兑付",
    GrantState.ARCHIVED: "已归档", GrantState.DECLINED: "企业放弃", GrantState.REFUSED: "不予兑付",
}  # fmt: skip


@dataclass(frozen=True)
class Earlier:
    """A grant of a company on some list.

    Attributes:
        day: When it came into its state, "2026-11-23".
        year: For which its list was made.
    """

    grant_id: str
    measure_id: str
    version: str
    state: GrantState
    day: str
    year: int


def earlier_of(session: Session, identities: Collection[str]) -> dict[str, list[Earlier]]:
    """Grants of some companies (some thousands at most) that were decided, by identity, oldest first."""
    wanted = (
        select(Grant, GrantList)
        .join(GrantList, Grant.list_id == GrantList.list_id)
        .where(Grant.identity.in_(identities), Grant.state != GrantState.MATCHED)
        .order_by(Grant.changed_at, Grant.grant_id)
    )
    found: dict[str, list[Earlier]] = {}
    for grant, of in session.execute(wanted):
        day = grant.changed_at.astimezone(SHANGHAI).date().isoformat()
        one = Earlier(grant.grant_id, of.measure_id, of.version, grant.state, day, of.as_of.year)
        found.setdefault(grant.identity, []).append(one)
    return found


def in_the_way(
    entry: LibraryMeasure, version: str, year: int, earlier: Sequence[Earlier], library: Mapping[str, LibraryMeasure]
) -> str:
    """Why a company cannot get a measure after what it has been granted already, in Chinese; "" if it can.

    Args:
        entry: The measure.
        version: Its version now.
        year: The year to decide for.
        earlier: What was decided for the company before.
        library: Measures by id; what has left it excludes nothing.
    """
    for one in earlier:
        if one.state not in TAKEN:
            continue
        if one.measure_id == entry.measure_id:
            if one.version == version:
                return SAME.format(day=one.day)
            if one.year == year:
                return SAME_YEAR.format(year=year)
            continue
        other = library.get(one.measure_id)
        if other is None or not exclude_each_other(entry, other):
            continue
        if one.year == year or not _only_yearly(entry, other):
            return EXCLUDES.format(name=other.measure.name, day=one.day)
    return ""


def remark(measure_id: str, earlier: Sequence[Earlier]) -> str:
    """What staff should know of how the same measure ended before; "" for nothing."""
    last = next((one for one in reversed(earlier) if one.measure_id == measure_id and one.state in _LEFT), None)
    return BEFORE[last.state].format(day=last.day) if last else ""


def claim_of(measure_id: str, version: str, identity: str) -> str:
    """What nobody can have twice: a measure's version for a company."""
    return hashlib.sha256("\0".join((measure_id, version, identity)).encode()).hexdigest()


def _only_yearly(entry: LibraryMeasure, other: LibraryMeasure) -> bool:
    """Whether two measures exclude each other within a year only."""
    mine = {member.group: member.mode for member in entry.measure.stacking}
    shared = [mine[member.group] for member in other.measure.stacking if member.group in mine]
    related = any(
        relation.type == "exclusive_with" and relation.target == target.policy.policy_id
        for one, target in ((entry, other), (other, entry))
        for relation in one.policy.relations
    )
    return not related and all(mode in {"yearly_once", "additive"} for mode in shared)
