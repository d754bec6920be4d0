"""Where a policy and its application window stand on a given day (last days are inclusive)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from policies.policy import Measure, Policy, Window, first_day, last_day


class Lifecycle(StrEnum):
    """State of a policy at a date; only CURRENT and UNVERIFIED are matched."""

    CURRENT = "现行有效"
    UNVERIFIED = "是否仍有效待核实"
    UPCOMING = "尚未施行"
    EXPIRED = "已失效"
    SUPERSEDED = "已被取代"
    STALE = "目标期已过"
    DRAFT = "征求意见稿"
    WITHDRAWN = "已撤回"

    @property
    def matchable(self) -> bool:
        """Whether measures of such a policy may be offered."""
        return self in {Lifecycle.CURRENT, Lifecycle.UNVERIFIED}


class WindowPhase(StrEnum):
    """State of an application window at a date; CLOSED is never offered."""

    OPEN = "可申报"
    UPCOMING = "尚未开放"
    CLOSED = "本批已截止"
    BY_NOTICE = "以通知为准"
    UNKNOWN = "时间待核实"


@dataclass(frozen=True)
class WindowState:
    """A window at a date.

    Attributes:
        opens: Next opening day, if it lies ahead.
        closes: Last day to apply (inclusive), if known.
        days_left: Whole days from `as_of` to `closes`; 0 on the last day.
    """

    phase: WindowPhase
    text: str
    opens: dt.date | None = None
    closes: dt.date | None = None
    days_left: int | None = None


_FIXED = {"draft": Lifecycle.DRAFT, "withdrawn": Lifecycle.WITHDRAWN, "stale": Lifecycle.STALE}


def lifecycle(policy: Policy, as_of: dt.date, library: Mapping[str, Policy]) -> Lifecycle:
    """State of a policy at `as_of`; `library` finds its successors (policy_id to policy)."""
    if policy.status in _FIXED:
        return _FIXED[policy.status]
    if policy.valid_from and first_day(policy.valid_from) > as_of:
        return Lifecycle.UPCOMING
    if policy.valid_to and last_day(policy.valid_to) < as_of:
        return Lifecycle.SUPERSEDED if policy.status == "superseded" else Lifecycle.EXPIRED
    if policy.status == "superseded":
        return _superseded(policy, as_of, library)
    if policy.status == "expired":
        return Lifecycle.CURRENT if policy.valid_to else Lifecycle.EXPIRED
    return Lifecycle.UNVERIFIED if policy.status == "unknown" else Lifecycle.CURRENT


def _superseded(policy: Policy, as_of: dt.date, library: Mapping[str, Policy]) -> Lifecycle:
    """A superseded policy held until its successor took effect, where that day is known."""
    days = [
        first_day(start)
        for other in successors(policy, library)
        if (start := library[other].valid_from or library[other].published)
    ]
    return Lifecycle.CURRENT if days and as_of < min(days) else Lifecycle.SUPERSEDED


def successors(policy: Policy, library: Mapping[str, Policy]) -> tuple[str, ...]:
    """Ids of the policies in the library that replaced or follow this one."""
    own = [r.target for r in policy.relations if r.type in {"superseded_by", "followed_by"} and r.target in library]
    others = [
        other.policy_id
        for other in library.values()
        for relation in other.relations
        if relation.type in {"supersedes", "follows"} and relation.target == policy.policy_id
    ]
    return tuple(dict.fromkeys([target for target in own if target] + others))


def measure_window(policy: Policy, measure: Measure, as_of: dt.date) -> WindowState:
    """State of the window in which a measure can be applied for: its own, else the policy's."""
    return window_state(policy.window_of(measure), policy, as_of)


def window_state(window: Window, policy: Policy, as_of: dt.date) -> WindowState:
    """State of a measure's window at `as_of`, bounded by the policy's own last day."""
    end = last_day(policy.valid_to) if policy.valid_to else None
    match window.kind:
        case "fixed":
            return _fixed(window, as_of)
        case "yearly":
            return _yearly(window, as_of, end)
        case "year_round" | "until_funds_used":
            text = window.text or ("常年受理" if window.kind == "year_round" else "额度用完为止")
            return WindowState(WindowPhase.OPEN, text, closes=end, days_left=(end - as_of).days if end else None)
        case "by_notice":
            return WindowState(WindowPhase.BY_NOTICE, window.text or "以主管部门年度通知为准")
        case _:
            return WindowState(WindowPhase.UNKNOWN, window.text or "未载明申报时间，请向主管部门核实")


def _fixed(window: Window, as_of: dt.date) -> WindowState:
    closes = dt.date.fromisoformat(window.closes or "")
    opens = dt.date.fromisoformat(window.opens) if window.opens else None
    if as_of > closes:
        return WindowState(WindowPhase.CLOSED, window.text, closes=closes)
    if opens and as_of < opens:
        return WindowState(WindowPhase.UPCOMING, window.text, opens, closes, (closes - as_of).days)
    return WindowState(WindowPhase.OPEN, window.text, None, closes, (closes - as_of).days)


def _yearly(window: Window, as_of: dt.date, end: dt.date | None) -> WindowState:
    for year in (as_of.year - 1, as_of.year, as_of.year + 1):
        opens, closes = _in_year(window.opens or "", year), _in_year(window.closes or "", year)
        if closes < opens:
            closes = _in_year(window.closes or "", year + 1)
        if closes < as_of:
            continue
        if end and opens > end:
            break
        closes = min(closes, end) if end else closes
        phase = WindowPhase.OPEN if opens <= as_of else WindowPhase.UPCOMING
        ahead = opens if phase is WindowPhase.UPCOMING else None
        return WindowState(phase, window.text, ahead, closes, (closes - as_of).days)
    return WindowState(WindowPhase.CLOSED, window.text)


def _in_year(month_day: str, year: int) -> dt.date:
    month, day = (int(part) for part in month_day.split("-"))
    return dt.date(year, month, day) if (month, day) != (2, 29) else dt.date(year, 3, 1) - dt.timedelta(days=1)
