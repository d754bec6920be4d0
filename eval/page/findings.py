"""What was found out about a run, as plain data: misses, verdicts, violations, and how it differs from another."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from eval.cases import VERDICTS
from eval.compare import MAIN, CaseChange, Comparison, Difference, Move
from eval.metrics import LOWER_IS_BETTER, TITLES, Estimate
from eval.misses import STAGE_TITLES, Miss
from eval.page import words
from eval.report import Report
from eval.verdicts import KIND_TITLES
from policies.library import Library

MISSES_PER_PAGE = 10
SURE = 0.05
"""p from which a difference is not called one."""


# ---- misses ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Target:
    """A policy or measure that is spoken of.

    Attributes:
        link: To its page; empty if the library lacks it.
    """

    target_id: str
    title: str
    link: str


def target(target_id: str, library: Library) -> Target:
    """What a label or a list names."""
    policy = library.policies.get(target_id.split("/")[0])
    if policy is None:
        return Target(target_id, target_id + words.NOT_IN_LIBRARY, "")
    entry = library.by_id.get(target_id)
    title = f"{policy.title}：{entry.measure.name}" if entry else policy.title
    return Target(target_id, title, f"/policies/{policy.policy_id}")


@dataclass(frozen=True)
class MissView:
    """One miss.

    Attributes:
        failed: Condition, own value and required value.
        parts: Name and value of each ranking feature that is not 0.
    """

    miss: Miss
    target: Target
    grade: str
    stage: str
    verdict: str
    place: str
    place_k: str
    parts: tuple[tuple[str, str], ...]


def miss_view(miss: Miss, k: int, library: Library) -> MissView:
    """One miss in words."""
    ranked, verdict = miss.rank is not None and miss.score is not None, miss.verdict
    parts = [(words.FEATURES.get(name, name), f"{value:+.2f}") for name, value in (miss.parts or {}).items() if value]
    return MissView(
        miss=miss,
        target=target(miss.target, library),
        grade=words.GRADE_SHORT[miss.grade],
        stage=words.STAGES[miss.stage].format(k=k),
        verdict=words.VERDICT_TITLES[verdict] if verdict else words.NO_VERDICT_GIVEN,
        place=words.RANKED.format(rank=miss.rank, score=miss.score) if ranked else "",
        place_k="" if miss.score_at_k is None else words.RANKED_K.format(k=k, score=miss.score_at_k),
        parts=tuple(parts),
    )


@dataclass(frozen=True)
class MissPage:
    """One page of the misses that a filter leaves; pages and positions count from 1."""

    sentence: str
    page: int
    pages: int
    shown: tuple[MissView, ...]


def miss_page(report: Report, library: Library, stage: str, grade: str, page: int) -> MissPage:
    """Filter and cut the misses.

    Args:
        report: The measured run.
        library: For titles.
        stage: A stage, or empty for all.
        grade: "3" or "2", or empty for all.
        page: Asked for; the nearest there is.
    """
    found = [m for m in report.misses if stage in ("", m.stage) and grade in ("", str(m.grade))]
    pages = max(1, -(-len(found) // MISSES_PER_PAGE))
    page = min(max(page, 1), pages)
    first = (page - 1) * MISSES_PER_PAGE
    shown = tuple(miss_view(miss, report.k, library) for miss in found[first : first + MISSES_PER_PAGE])
    if not report.misses:
        sentence = words.MISSES_NONE.format(k=report.k)
    elif not found:
        sentence = words.MISSES_NO_FIT
    else:
        counted = words.MISSES_SOME if stage or grade else words.MISSES_ALL
        sentence = counted.format(n=len(found), all=len(report.misses))
        sentence += words.MISSES_RANGE.format(first=first + 1, last=first + len(shown))
    return MissPage(sentence, page, pages, shown)


def stage_choices(found: Sequence[Miss], k: int) -> list[tuple[str, str]]:
    """Label with count, and value, of every stage that lost something, after all of them."""
    counted = Counter(miss.stage for miss in found)
    stages = [(words.STAGES[stage].format(k=k), stage, counted[stage]) for stage in STAGE_TITLES if counted[stage]]
    return [(words.WITH_COUNT.format(label=label, n=n), value) for label, value, n in [(words.ALL, "", len(found)),
                                                                                       *stages]]  # fmt: skip


def grade_choices(found: Sequence[Miss]) -> list[tuple[str, str]]:
    """Label with count, and value, of every grade that was missed, after all of them."""
    counted = Counter(miss.grade for miss in found)
    grades = [(words.GRADE_SHORT[grade], str(grade), counted[grade]) for grade in (3, 2, 1) if counted[grade]]
    return [(words.WITH_COUNT.format(label=label, n=n), value) for label, value, n in [(words.ALL, "", len(found)),
                                                                                       *grades]]  # fmt: skip


# ---- verdicts -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class VerdictRow:
    """Labels of one verdict against the system's; `agreed` is the column where both say the same."""

    label: str
    counts: tuple[int, ...]
    agreed: int


def verdict_rows(report: Report) -> list[VerdictRow]:
    """The 3 × 3 table."""
    return [
        VerdictRow(words.LABELLED.format(name=words.VERDICT_TITLES[name]), counts, place)
        for place, (name, counts) in enumerate(zip(VERDICTS, report.verdicts.counts, strict=True))
    ]


@dataclass(frozen=True)
class ViolationView:
    """One thing that must never be shown."""

    case_id: str
    target: Target
    kind: str
    rank: int
    detail: str


def violation_views(report: Report, library: Library) -> list[ViolationView]:
    """Every hard violation."""
    return [
        ViolationView(one.case_id, target(one.measure_id, library), KIND_TITLES[one.kind], one.rank, one.detail)
        for one in report.violations
    ]


# ---- comparison -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class DifferenceView:
    """One metric of two runs."""

    title: str
    old: str
    new: str
    change: str
    p: str
    meaning: str


def difference_view(item: Difference) -> DifferenceView:
    """In words: better or worse only where the paired test says so."""
    return DifferenceView(
        title=TITLES[item.metric],
        old=f"{item.old:.3f}",
        new=f"{item.new:.3f}",
        change=show_change(item.change),
        p=show_p(item.p),
        meaning=_meaning(item),
    )


def show_change(change: Estimate | None) -> str:
    """A difference with its interval as tables print it."""
    return "—" if change is None else f"{change.value:+.3f}（{change.low:+.3f} 至 {change.high:+.3f}）"


def show_p(value: float | None) -> str:
    """A p-value as tables print it."""
    return "—" if value is None else "< 0.001" if value < 0.001 else f"{value:.3f}"


def _meaning(item: Difference) -> str:
    if item.change.low == item.change.high == 0:
        return words.SAME
    if item.p >= SURE:
        return words.UNCLEAR
    up = item.change.value > 0
    return words.BETTER if up != (item.metric in LOWER_IS_BETTER) else words.WORSE


@dataclass(frozen=True)
class MoveView:
    """A labelled target whose place changed."""

    target: Target
    grade: str
    before: str
    after: str


@dataclass(frozen=True)
class ChangeView:
    """A case that got better or worse."""

    heading: str
    moves: tuple[MoveView, ...]


def change_view(change: CaseChange, library: Library) -> ChangeView:
    """One changed case."""
    heading = words.CHANGED_CASE.format(case_id=change.case_id, old=change.old, new=change.new)
    return ChangeView(heading, tuple(_move(move, library) for move in change.moves))


def _move(move: Move, library: Library) -> MoveView:
    before, after = (words.AT_RANK.format(rank=r) if r else words.UNLISTED for r in (move.before, move.after))
    return MoveView(target(move.target, library), words.GRADE_SHORT[move.grade], before, after)


def wins(comparison: Comparison) -> str:
    """How many cases changed in the main metric, in one sentence."""
    tested = next((item.change.n for item in comparison.differences if item.metric == MAIN), 0)
    better, worse = len(comparison.better), len(comparison.worse)
    return words.WINS.format(better=better, worse=worse, same=tested - better - worse)
