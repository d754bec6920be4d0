"""Scores of a run, and two runs case by case: a paired randomisation test, and what got better and worse."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from eval.cases import Case, CaseSet
from eval.metrics import SEED, TITLES, Estimate, PerCase, condensed, estimate, per_case, targets_of
from eval.run import Run
from eval.slices import slices
from policies.errors import InputError, Problem
from policies.library import Library

PERMUTATIONS = 10_000
HEADLINE = ("ndcg@10", "capped_recall@20", "grade3_found@20")
MAIN = "ndcg@10"
LEVEL_TITLES = {"national": "国家", "province": "省", "city": "市", "county": "县（区）"}


@dataclass(frozen=True)
class Scores:
    """A run measured against the cases.

    Attributes:
        cases: Metric to case_id to value.
        overall: Metric to mean with interval; metrics without a case are left out.
        slices: Slice title to group to metric to mean with interval.
    """

    cases: Mapping[str, PerCase]
    overall: Mapping[str, Estimate]
    slices: Mapping[str, Mapping[str, Mapping[str, Estimate]]]


def score(run: Run, cases: CaseSet, library: Library | None = None) -> Scores:
    """Measure a run.

    Args:
        run: What a system answered.
        cases: The labelled cases.
        library: For the slice by level; without it that slice is left out.

    Raises:
        InputError: The run lacks a case.
    """
    missing = [case.case_id for case in cases.cases if case.case_id not in run.results]
    if missing:
        reason = f"缺少 {len(missing)} 个案例：{'、'.join(missing[:5])}{' 等' if len(missing) > 5 else ''}"
        raise InputError([Problem("运行文件", reason, "请用同一案例文件重新运行评测")])
    found = per_case(cases.cases, run.lists, gain=cases.gain, relevant_from=cases.relevant_from)
    groups = {each.title: _grouped(found, cases, each.group_of) for each in slices()}
    if library is not None:
        groups = {"政策层级": _by_level(run, cases, library), **groups}
    return Scores(found, _estimates(found), groups)


def _estimates(found: Mapping[str, PerCase]) -> dict[str, Estimate]:
    return {name: value for name, values in found.items() if (value := estimate(values)) is not None}


def _grouped(
    found: Mapping[str, PerCase], cases: CaseSet, group_of: Callable[[Case], str]
) -> dict[str, dict[str, Estimate]]:
    members: dict[str, set[str]] = {}
    for case in cases.cases:
        members.setdefault(group_of(case), set()).add(case.case_id)
    return {
        group: _estimates({name: {c: v for c, v in found[name].items() if c in ids} for name in HEADLINE})
        for group, ids in sorted(members.items())
    }


def _by_level(run: Run, cases: CaseSet, library: Library) -> dict[str, dict[str, Estimate]]:
    """Recall@20 (plain) and grade-3-found@20 of the labels on policies of each level."""
    found: dict[str, dict[str, PerCase]] = {}
    for case in cases.cases:
        order = condensed(targets_of(run.results[case.case_id].measure_ids, case.labels), case)[:20]
        for level in LEVEL_TITLES:
            own = {t: g for t, g in cases.relevant(case).items() if _level(t, library) == level}
            for name, least in (("recall@20", cases.relevant_from), ("grade3_found@20", 3)):
                wanted = [target for target, grade in own.items() if grade >= least]
                if wanted:
                    share = sum(target in order for target in wanted) / len(wanted)
                    found.setdefault(level, {}).setdefault(name, {})[case.case_id] = share
    return {LEVEL_TITLES[level]: _estimates(found[level]) for level in LEVEL_TITLES if level in found}


def _level(target: str, library: Library) -> str | None:
    policy = library.policies.get(target.split("/")[0])
    return policy.level if policy else None


def sign_flip_p(differences: NDArray[np.float64], *, permutations: int = PERMUTATIONS, seed: int = SEED) -> float:
    """Two-sided p-value of a paired randomisation test: signs of the differences are flipped at random.

    p = (1 + number of permutations whose |mean| reaches ours) / (1 + permutations), so that it is never 0.

    Args:
        differences: float64 (n,), one for each case.
        permutations: Number of random sign vectors.
        seed: Of their generator.

    Source: Fisher's test as in Smucker, Allan & Carterette 2007; +1 after Phipson & Smyth 2010.

    >>> sign_flip_p(np.zeros(5))
    1.0
    """
    if len(differences) == 0 or not differences.any():
        return 1.0
    signs = np.random.default_rng(seed).integers(0, 2, size=(permutations, len(differences)), dtype=np.int8) * 2 - 1
    means = np.abs(signs.astype(np.float64) @ differences)
    reached = int((means >= abs(differences.sum()) - 1e-9).sum())
    return (1 + reached) / (1 + permutations)


@dataclass(frozen=True)
class Difference:
    """One metric of two runs.

    Attributes:
        change: Mean over cases of new minus old, with a bootstrap interval.
        p: Of the paired randomisation test.
    """

    metric: str
    old: float
    new: float
    change: Estimate
    p: float


@dataclass(frozen=True)
class Move:
    """A labelled target whose place changed; None is outside the list."""

    target: str
    grade: int
    before: int | None
    after: int | None

    def __str__(self) -> str:
        """In Chinese."""
        before, after = (f"第 {rank} 位" if rank else "未列出" for rank in (self.before, self.after))
        return f"{self.target}（{self.grade} 级）{before} → {after}"


@dataclass(frozen=True)
class CaseChange:
    """A case that got better or worse in the main metric."""

    case_id: str
    old: float
    new: float
    moves: tuple[Move, ...]


@dataclass(frozen=True)
class Comparison:
    """Two runs.

    Attributes:
        better: Cases with a higher main metric, most improved first.
        worse: Cases with a lower one, worst first.
        notes: What makes the two hard to compare, in Chinese.
    """

    baseline: str
    differences: tuple[Difference, ...]
    better: tuple[CaseChange, ...]
    worse: tuple[CaseChange, ...]
    notes: tuple[str, ...] = ()


def differences(old: Scores, new: Scores) -> tuple[Difference, ...]:
    """Every metric that both have, tested over the cases that both have."""
    found = []
    for name in TITLES:
        shared = sorted(old.cases[name].keys() & new.cases[name].keys())
        change = estimate({case: new.cases[name][case] - old.cases[name][case] for case in shared})
        if change is None:
            continue
        column = np.array([new.cases[name][case] - old.cases[name][case] for case in shared])
        means = [float(np.mean([side.cases[name][case] for case in shared])) for side in (old, new)]
        found.append(Difference(name, means[0], means[1], change, sign_flip_p(column)))
    return tuple(found)


def compare(baseline: Run, run: Run, cases: CaseSet) -> Comparison:
    """Compare a run with an older one on the same cases.

    Raises:
        InputError: One of the runs lacks a case.
    """
    old, new = score(baseline, cases), score(run, cases)
    changes = [_change(case, old, new, baseline, run) for case in cases.cases if case.case_id in new.cases[MAIN]]
    better = sorted((c for c in changes if c.new > c.old + 1e-9), key=lambda c: c.old - c.new)
    worse = sorted((c for c in changes if c.new < c.old - 1e-9), key=lambda c: c.new - c.old)
    return Comparison(baseline.name, differences(old, new), tuple(better), tuple(worse), _notes(baseline, run))


def _notes(baseline: Run, run: Run) -> tuple[str, ...]:
    names = {"library": "政策库", "model": "模型", "cases": "案例文件"}
    changed = [title for key, title in names.items() if baseline.made_from.get(key) != run.made_from.get(key)]
    return (f"两次运行的{'、'.join(changed)}不同",) if changed else ()


def _change(case: Case, old: Scores, new: Scores, baseline: Run, run: Run) -> CaseChange:
    before, after = (_places(each, case) for each in (baseline, run))
    moves = [
        Move(target, label.grade, before.get(target), after.get(target))
        for target, label in case.labels.items()
        if label.grade and before.get(target) != after.get(target)
    ]
    moves.sort(key=lambda move: (-move.grade, min(move.before or 999, move.after or 999)))
    return CaseChange(case.case_id, old.cases[MAIN][case.case_id], new.cases[MAIN][case.case_id], tuple(moves))


def _places(run: Run, case: Case) -> Mapping[str, int]:
    order: Sequence[str] = condensed(targets_of(run.results[case.case_id].measure_ids, case.labels), case)
    return {target: rank for rank, target in enumerate(order, 1)}
