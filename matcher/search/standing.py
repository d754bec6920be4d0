"""Where every policy stands on a day: its state, its best window, and the plain answer where one cannot apply now."""

from __future__ import annotations

import datetime as dt
import functools
from collections.abc import Sequence
from dataclasses import dataclass

from matcher.steps import show_day
from policies.library import Library
from policies.lifecycle import Lifecycle, WindowPhase, WindowState, measure_window, successors
from policies.policy import Policy, first_day, last_day


@dataclass(frozen=True)
class Answer:
    """Why one cannot apply now, and what to look at instead.

    Attributes:
        text: In Chinese, without the full stop.
        successors: The documents that hold in its place; where none of them holds, the last ones of the chain.
        holds: Whether those successors hold on the day.
        outside: Successors that are not in the library, in words.
    """

    text: str
    successors: tuple[Policy, ...] = ()
    holds: bool = True
    outside: tuple[str, ...] = ()

    @property
    def lead(self) -> str:
        """What stands in front of the successors' titles; empty without any."""
        if self.successors:
            return "现行文件是" if self.holds else "后续文件（目前也已不再适用）是"
        return "后续文件（库外）是" if self.outside else ""

    @property
    def sentence(self) -> str:
        """The whole answer as one sentence."""
        titles = "".join(f"《{policy.title}》" for policy in self.successors) or "、".join(self.outside)
        return f"{self.text}，{self.lead}{titles}。" if self.lead else f"{self.text}。"


@dataclass(frozen=True)
class Standing:
    """A policy on a day.

    Attributes:
        state: Of the policy.
        window: The best window of its measures: open before coming before unknown before closed, soonest first.
        open_now: Whether a measure of it can be applied for.
        answer: None where nothing stands in the way.
        order: For browsing, smallest first: open windows by their last day, then coming ones, then the rest.
    """

    state: Lifecycle
    window: WindowState
    open_now: bool
    answer: Answer | None
    order: tuple[int, int]


_PHASES = (
    WindowPhase.OPEN, WindowPhase.UPCOMING, WindowPhase.BY_NOTICE, WindowPhase.UNKNOWN, WindowPhase.CLOSED,
)  # fmt: skip
_NO_DAY = dt.date.max.toordinal()


@functools.lru_cache(maxsize=8)
def standings(library: Library, as_of: dt.date) -> dict[str, Standing]:
    """The standing of every policy on a day, by policy_id."""
    return {policy_id: _standing(policy, library, as_of) for policy_id, policy in library.policies.items()}


def _standing(policy: Policy, library: Library, as_of: dt.date) -> Standing:
    state = library.lifecycle(policy.policy_id, as_of)
    windows = [measure_window(policy, measure, as_of) for measure in policy.measures]
    window = min(windows, key=_place)
    order = _place(window) if state.matchable else (len(_PHASES) + 1, -_ended(policy))
    open_now = state.matchable and window.phase is WindowPhase.OPEN
    return Standing(state, window, open_now, _answer(policy, state, window, library, as_of), order)


def _place(window: WindowState) -> tuple[int, int]:
    """Open with a last day, coming, open without one, then the rest."""
    if window.phase is WindowPhase.OPEN:
        return (0, window.closes.toordinal()) if window.closes else (2, _NO_DAY)
    if window.phase is WindowPhase.UPCOMING:
        return (1, window.opens.toordinal() if window.opens else _NO_DAY)
    return (_PHASES.index(window.phase) + 1, _NO_DAY)


def _ended(policy: Policy) -> int:
    day = policy.valid_to or policy.published
    return last_day(day).toordinal() if day else 0


def _answer(policy: Policy, state: Lifecycle, window: WindowState, library: Library, as_of: dt.date) -> Answer | None:
    if state.matchable:
        if window.phase is WindowPhase.UPCOMING:
            return Answer(_not_open(policy, window))
        if window.phase is WindowPhase.CLOSED:
            day = f"（{show_day(window.closes)}截止）" if window.closes else ""
            return _with_successors(f"本批已截止{day}，可关注下一批", policy, library, as_of)
        return None
    if state is Lifecycle.UPCOMING:
        return Answer(f"尚未施行，自 {show_day(first_day(policy.valid_from or ''))}起施行")
    if state is Lifecycle.DRAFT:
        return Answer("征求意见稿，还没有正式印发")
    ended = policy.valid_to if policy.valid_to and last_day(policy.valid_to) < as_of else None
    day = f"（有效期至 {show_day(last_day(ended))}）" if ended else ""
    return _with_successors(f"{state.value}{day}", policy, library, as_of)


def _not_open(policy: Policy, window: WindowState) -> str:
    if window.opens is None:
        return "尚未开放，等待通知"
    kinds = {policy.window_of(measure).kind for measure in policy.measures}
    usual = "（按往年时间，以通知为准）" if "yearly" in kinds else ""
    return f"尚未开放，预计 {show_day(window.opens)}开放{usual}"


def _with_successors(text: str, policy: Policy, library: Library, as_of: dt.date) -> Answer:
    found, holds = current_successors(policy, library, as_of)
    outside = tuple(
        relation.target_text
        for relation in policy.relations
        if relation.type in {"superseded_by", "followed_by"} and relation.target_text
    )
    return Answer(text, tuple(found), holds, outside)


def current_successors(policy: Policy, library: Library, as_of: dt.date) -> tuple[Sequence[Policy], bool]:
    """The policies that hold in a policy's place, through every one in between, and whether they hold on the day.

    Where none of them holds, the last ones of the chain.
    """
    seen, waiting, holding, last = {policy.policy_id}, [policy], dict[str, Policy](), dict[str, Policy]()
    while waiting:
        one = waiting.pop(0)
        following = [other for other in successors(one, library.policies) if other not in seen]
        if not following and one is not policy:
            last[one.policy_id] = one
        for other in following:
            seen.add(other)
            found = library.policies[other]
            if library.lifecycle(other, as_of).matchable:
                holding[other] = found
            else:
                waiting.append(found)
    return (list(holding.values()), True) if holding else (list(last.values()), False)
