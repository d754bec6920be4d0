"""Learn the ranking's weights from labelled cases: a ridge with one shrunk offset per policy.

    python -m eval.learn [CASES.jsonl] [--write] [--report eval/results/ranking.md]

Model: target ≈ w · x + b + u[policy], by least squares with penalties ALPHA on w (features standardised) and PRIOR on
u. The target rises with the grade (TARGET). A label names a policy, so after each fit a policy keeps only its
best-scored measure, and the fit is repeated. A policy without labels has offset 0. Figures are cross-validated: no case
is ranked by weights that saw it, offsets included. Seeds and folds are fixed.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from eval.cases import Case, CaseSet, load_cases, shipped_cases
from eval.metrics import per_case
from matcher.ranking import SIMILARITIES, Weights, apart, order
from matcher.service import Matcher
from policies.library import LibraryMeasure

ALPHA = 100.0
PRIOR = 5.0
TARGET = (0.0, 0.3, 1.3, 2.3)
"""Target by grade: a little for a loosely related policy, then one for each step that counts as relevant."""
ROUNDS = 3
FOLDS = 10
SEEDS = (0, 1, 2)
METRICS = ("ndcg@10", "capped_recall@20", "grade3_found@20")
TITLES = {
    "ndcg@10": "nDCG@10",
    "capped_recall@20": "Recall@20 over min(20, relevant)",
    "grade3_found@20": "grade 3 in 20",
}

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Rows:
    """Candidates of all cases, one row each.

    Attributes:
        names: Feature names, the columns of `x`.
        x: float64 (n, features).
        target: float64 (n,).
        case: Index of the case, int64 (n,).
        policy: Index into `policies`, int64 (n,).
        known: Rows whose policy was judged; only these are learnt from.
        entries: The measures, n.
    """

    names: tuple[str, ...]
    x: Floats
    target: Floats
    case: Ints
    policy: Ints
    policies: tuple[str, ...]
    known: NDArray[np.bool_]
    entries: tuple[LibraryMeasure, ...]

    def only(self, names: Sequence[str]) -> Rows:
        """The same rows with some features only."""
        picked = [self.names.index(name) for name in names]
        return Rows(tuple(names), self.x[:, picked], self.target, self.case, self.policy, self.policies, self.known,
                    self.entries)  # fmt: skip


@dataclass(frozen=True, eq=False)
class Fit:
    """Weights on raw features, and offsets by policy index."""

    weights: Floats
    offsets: Floats

    def score(self, rows: Rows) -> Floats:
        """Scores of all rows, float64 (n,)."""
        return rows.x @ self.weights + self.offsets[rows.policy]


def collect(matcher: Matcher, cases: Sequence[Case]) -> Rows:
    """Features of every candidate of every case."""
    found = [
        (number, scored) for number, case in enumerate(cases) for scored in matcher.scored(case.profile, case.as_of)
    ]
    names = tuple(found[0][1].parts)
    policies = tuple(matcher.library.policies)
    place = {policy_id: position for position, policy_id in enumerate(policies)}
    grades = [_grade(cases[number], scored.item.entry) for number, scored in found]
    return Rows(
        names=names,
        x=np.array([[scored.parts[name] for name in names] for _, scored in found]),
        target=np.array([TARGET[grade] for grade in grades]),
        case=np.array([number for number, _ in found]),
        policy=np.array([place[scored.item.entry.policy.policy_id] for _, scored in found]),
        policies=policies,
        known=np.array([cases[number].is_judged(scored.item.entry.policy.policy_id) for number, scored in found]),
        entries=tuple(scored.item.entry for _, scored in found),
    )


def _grade(case: Case, entry: LibraryMeasure) -> int:
    label = case.labels.get(entry.measure_id) or case.labels.get(entry.policy.policy_id)
    return label.grade if label else 0


def fit(rows: Rows, train: NDArray[np.bool_], *, alpha: float = ALPHA, prior: float = PRIOR) -> Fit:
    """Fit on the rows of `train` (bool (n,)); unjudged rows are never learnt from."""
    usable = np.flatnonzero(train & rows.known)
    spread = rows.x[usable].std(axis=0)
    spread[spread == 0] = 1.0
    scaled = rows.x / spread
    chosen = usable
    for _ in range(ROUNDS):
        weights, offsets = _ridge(
            scaled[chosen], rows.target[chosen], rows.policy[chosen], len(rows.policies), alpha, prior
        )
        fitted = Fit(weights / spread, offsets)
        chosen = _best_of_policy(fitted.score(rows), rows, usable)
    return fitted


def _ridge(x: Floats, target: Floats, policy: Ints, policies: int, alpha: float, prior: float) -> tuple[Floats, Floats]:
    """Least squares with a free intercept and penalised weights and policy offsets; prior 0 means no offsets."""
    n, width = x.shape
    dummies = np.zeros((n, policies))
    if prior > 0:
        dummies[np.arange(n), policy] = 1.0
    design = np.hstack([x, np.ones((n, 1)), dummies])
    penalty = np.concatenate([np.full(width, alpha), [1e-6], np.full(policies, max(prior, 1.0))])
    solution = np.linalg.solve(design.T @ design + np.diag(penalty), design.T @ target)
    return solution[:width], solution[width + 1 :]


def _best_of_policy(scores: Floats, rows: Rows, usable: Ints) -> Ints:
    """For each case and policy the row of its best-scored measure."""
    best: dict[tuple[int, int], int] = {}
    for row in usable[np.argsort(-scores[usable], kind="stable")]:
        best.setdefault((int(rows.case[row]), int(rows.policy[row])), int(row))
    return np.array(sorted(best.values()))


def held_out_scores(rows: Rows, cases: int, seed: int, *, alpha: float = ALPHA, prior: float = PRIOR) -> Floats:
    """Scores of every row by a model that never saw its case, float64 (n,)."""
    fold_of_case = np.empty(cases, dtype=np.int64)
    fold_of_case[np.random.default_rng(seed).permutation(cases)] = np.arange(cases) % FOLDS
    fold = fold_of_case[rows.case]
    scores = np.zeros(len(rows.case))
    for number in range(FOLDS):
        out = fold == number
        scores[out] = fit(rows, ~out, alpha=alpha, prior=prior).score(rows)[out]
    return scores


def listed_scores(rows: Rows, scores: Floats) -> Floats:
    """The scores as the product lists by them: measures of one policy kept apart, case by case, float64 (n,)."""
    found = scores.copy()
    for case in np.unique(rows.case):
        # Ties go by the order of the library, as in the product.
        own = sorted(np.flatnonzero(rows.case == case).tolist(), key=lambda row: rows.entries[row].measure_id)
        found[own] = apart(scores[None, own], np.ones((1, len(own)), dtype=bool), rows.policy[own])[0]
    return found


def ranked_lists(rows: Rows, cases: Sequence[Case], scores: Floats) -> dict[str, list[str]]:
    """Measure ids by case, best first, in the product's own order of ties."""
    lists, listed = {}, listed_scores(rows, scores)
    for number, case in enumerate(cases):
        own = sorted(np.flatnonzero(rows.case == number).tolist(), key=lambda row: rows.entries[row].measure_id)
        (places,) = order(listed[None, own], np.ones((1, len(own)), dtype=bool))
        lists[case.case_id] = [rows.entries[own[place]].measure_id for place in places.tolist()]
    return lists


def cross_validated(rows: Rows, suite: CaseSet, seeds: Sequence[int] = SEEDS, **penalties: float) -> dict[str, float]:
    """Mean of each of METRICS over cases and seeds, every case ranked by a model that never saw it."""
    runs = []
    for seed in seeds:
        scores = held_out_scores(rows, len(suite.cases), seed, **penalties)
        found = per_case(suite.cases, ranked_lists(rows, suite.cases, scores), gain=suite.gain)
        runs.append([float(np.mean(list(found[name].values()))) for name in METRICS])
    return dict(zip(METRICS, np.mean(runs, axis=0).round(4).tolist(), strict=True))


def weights_of(rows: Rows, fitted: Fit, made_by: str) -> Weights:
    """A fit as the product reads it; tiny offsets are dropped."""
    features = {name: round(float(weight), 5) for name, weight in zip(rows.names, fitted.weights, strict=True)}
    offsets = {p: round(float(u), 4) for p, u in zip(rows.policies, fitted.offsets, strict=True) if abs(u) >= 5e-4}
    return Weights(features, offsets, made_by)


def without_each(rows: Rows, suite: CaseSet) -> dict[str, dict[str, float]]:
    """Cross-validated figures without one feature (or pair of twins) at a time, one seed."""
    groups: dict[str, tuple[str, ...]] = {name: (name,) for name in rows.names if name not in SIMILARITIES}
    groups |= {"plan words": ("plan_lexical",), "meaning": ("whole_dense",), "words": ("plan_lexical", "whole_lexical")}
    groups["all similarity"] = SIMILARITIES
    table = {"all features": cross_validated(rows, suite, SEEDS[:1])}
    for title, gone in groups.items():
        kept = [name for name in rows.names if name not in gone]
        table[f"without {title}"] = cross_validated(rows.only(kept), suite, SEEDS[:1])
    table["without policy offsets"] = cross_validated(rows, suite, SEEDS[:1], prior=0.0)
    return table


def markdown(table: Mapping[str, Mapping[str, float]]) -> str:
    """The table in Markdown."""
    head = "| features | " + " | ".join(TITLES[name] for name in METRICS) + " |"
    lines = [
        f"| {title} | " + " | ".join(f"{figures[name]:.3f}" for name in METRICS) + " |"
        for title, figures in table.items()
    ]
    return "\n".join([head, "|---" * (len(METRICS) + 1) + "|", *lines]) + "\n"


def main() -> None:
    """Learn, report, and with --write put the weights where the product reads them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cases", nargs="?", type=Path, default=shipped_cases())
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--report", type=Path)
    arguments = parser.parse_args()
    suite = load_cases(arguments.cases)
    rows = collect(Matcher.open(batch=True), suite.cases)
    figures = cross_validated(rows, suite)
    print(json.dumps(figures))  # noqa: T201  # the command's output
    if arguments.report:
        seeds = ", ".join(map(str, SEEDS))
        intro = (
            f"# Ranking: {FOLDS}-fold cross-validation by case, {suite.name}\n\nFull model over seeds {seeds}: "
            + ", ".join(f"{TITLES[name]} {value:.3f}" for name, value in figures.items())
            + f".\n\nOne feature left out at a time (seed {SEEDS[0]}); made by `python -m eval.learn --report`.\n\n"
        )
        arguments.report.write_text(intro + markdown(without_each(rows, suite)), "utf-8")
    if arguments.write:
        everything = np.ones(len(rows.case), dtype=bool)
        learnt = weights_of(
            rows, fit(rows, everything), f"python -m eval.learn --write ({suite.name}, {len(suite.cases)} cases)"
        )
        shape = {
            "made_by": learnt.made_by,
            "cross_validated": figures,
            "features": learnt.features,
            "offsets": learnt.offsets,
        }
        path = Path(__file__).parents[1] / "matcher" / "data" / "ranking.json"
        path.write_text(json.dumps(shape, ensure_ascii=False, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
