"""How exact pushes are on the labelled cases, and where the relevance floor has to be.

    python -m eval.push [CASES.jsonl] [--write] [--out eval/results/push_dev.json]

Every measure on offer is taken as just published, and every case as a subscriber to everything. A push is right if the
label says 2 or 3, weak if it says 1, wrong if the policy was judged and has no label (0), or is labelled ineligible.
For each outcome the floor (a lowest rank in the company's own list, and a score to be exceeded) keeps most of the right
ones among those that let no wrong one through. What ships is the strictest of the floors learnt with the shipped
weights and with weights that never saw the case; an outcome of which too many pushes are wrong on cases that the
floor never saw is not told at all. What only waits for checks by a person is measured, but never told: it is neither
eligible nor does it lack one fact. Seeds and folds are fixed.
"""

from __future__ import annotations

import argparse
import json
import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eval.cases import Case, CaseSet, load_cases, shipped_cases
from eval.learn import FOLDS, SEEDS, Fit, Rows, collect, fit, listed_scores
from matcher.push.floor import Floor, Relevance, ranked
from matcher.push.outcomes import Outcome, outcome_of
from matcher.ranking import SIMILARITIES, shipped_weights
from matcher.service import Matcher
from policies.companies import CompanyTable

LEAST_PRECISION = 0.9
"""Share of pushes that are not wrong, on cases that the floor never saw, below which an outcome is not told."""
MAY_BE_TOLD = (Outcome.ELIGIBLE, Outcome.NEARLY, Outcome.ITEM)
MEASURED = (*MAY_BE_TOLD, Outcome.TO_CHECK)
TITLES = {
    Outcome.ELIGIBLE: "eligible",
    Outcome.NEARLY: "one fact missing: a number, a date or a choice",
    Outcome.ITEM: "one fact missing: a title, a list, a kind of project",
    Outcome.TO_CHECK: "only checks by a person left",
}
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Json = dict[str, Any]


@dataclass(frozen=True, eq=False)
class Pushes:
    """Every pair of a case and a measure that no condition excludes; n of them, in the order of `Rows`.

    Attributes:
        rows: The same pairs as the ranking learns from them.
        outcome: `Outcome`, int8 (n,).
        wanted: Whether a loan or guarantee is one that the case asks for, bool (n,); True for all else.
        right: Label 2 or 3, bool (n,); `weak` 1; `wrong` 0 or ineligible. None of them for what was not judged.
    """

    rows: Rows
    outcome: NDArray[np.int8]
    wanted: Bools
    right: Bools
    weak: Bools
    wrong: Bools

    def of(self, outcome: Outcome) -> Bools:
        """Which may be pushed as this outcome."""
        found: Bools = (self.outcome == outcome) & self.wanted
        return found


def collected(matcher: Matcher, cases: Sequence[Case]) -> Pushes:
    """Look at every case."""
    rows = _without_similarity(collect(matcher, cases))
    outcome, wanted = [], []
    for case in cases:
        view = ranked(matcher.offer(case.as_of), CompanyTable.of([case.profile])).company(0)
        places = {view.assessed(place).entry.measure_id: place for place in view.listed}
        for scored in matcher.scored(case.profile, case.as_of):
            place = places[scored.item.entry.measure_id]
            told = scored.item.entry.measure.benefit.type != "direction"
            outcome.append(outcome_of(view.assessed(place)) if told else Outcome.MORE)
            wanted.append(Relevance.of(view, place).wanted)
    grades = [grade_of(cases[case], entry.measure_id) for case, entry in zip(rows.case, rows.entries, strict=True)]
    grade = np.array([math.nan if each is None else each for each in grades])
    return Pushes(
        rows, np.array(outcome, dtype=np.int8), np.array(wanted), grade >= 2, grade == 1, (grade == 0) | (grade == -1)
    )


def _without_similarity(rows: Rows) -> Rows:
    """The floor sees no similarity of texts (the weights were learnt with it)."""
    x = rows.x.copy()
    x[:, [rows.names.index(name) for name in SIMILARITIES]] = 0.0
    return replace(rows, x=x)


def grade_of(case: Case, measure_id: str) -> int | None:
    """Label of a measure or of its policy; -1 for one labelled ineligible, None for what nobody judged."""
    policy_id = measure_id.split("/")[0]
    label = case.labels.get(measure_id) or case.labels.get(policy_id)
    if label is None:
        return 0 if case.is_judged(policy_id) else None
    return -1 if label.verdict == "ineligible" else label.grade


def ranks(rows: Rows, score: Floats) -> Floats:
    """Place of each row in its case's list, from 1, float64 (n,)."""
    found = np.empty(len(score))
    for case in np.unique(rows.case):
        own = np.flatnonzero(rows.case == case)
        found[own[np.argsort(-np.round(score[own], 9), kind="stable")]] = np.arange(1, len(own) + 1)
    return found


def learnt(pushes: Pushes, among: Bools, score: Floats, rank: Floats) -> Floor:
    """The floor that lets no wrong one of `among` through and most of the right ones; of equal ones the strictest."""
    wrong = among & pushes.wrong
    best, kept = Floor(rank=0.0, score=math.inf), 0
    for lowest in sorted({math.inf, *(rank[wrong] - 1).tolist()}):
        inside = wrong & (rank <= lowest)
        floor = Floor(lowest, float(score[inside].max()) if inside.any() else -math.inf)
        count = int((among & pushes.right & _passes(floor, score, rank)).sum())
        if count > kept:
            best, kept = floor, count
    return best


def _passes(floor: Floor, score: Floats, rank: Floats) -> Bools:
    return (rank <= floor.rank) & (score > floor.score)


def stricter(floors: Iterable[Floor]) -> Floor:
    """What passes every one of some floors."""
    each = list(floors)
    return Floor(min(floor.rank for floor in each), max(floor.score for floor in each))


def folds_of(cases: int, seed: int) -> NDArray[np.int64]:
    """Fold of each case."""
    folds = np.empty(cases, dtype=np.int64)
    folds[np.random.default_rng(seed).permutation(cases)] = np.arange(cases) % FOLDS
    return folds


def held_out(pushes: Pushes, full: Rows, fold: NDArray[np.int64], among: Bools) -> Floats:
    """Scores of the rows of `among` by weights learnt from the other folds of `among`, float64 (n,).

    Args:
        pushes: What is scored, without similarity.
        full: The same rows as they are, to learn from.
        fold: Of each row, int64 (n,).
        among: Rows that may be looked at, bool (n,).
    """
    score = np.full(len(fold), -math.inf)
    for number in range(FOLDS):
        own = among & (fold == number)
        score[own] = fit(full, among & (fold != number)).score(pushes.rows)[own]
    return listed_scores(full, score)


def cross_validated(pushes: Pushes, full: Rows, cases: int, seed: int) -> dict[Outcome, Bools]:
    """What would be pushed in each case by weights and floors that were learnt without it, bool (n,) by outcome."""
    fold = folds_of(cases, seed)[full.case]
    told = {outcome: np.zeros(len(fold), dtype=bool) for outcome in MEASURED}
    for number in range(FOLDS):
        train, test = fold != number, fold == number
        inner = held_out(pushes, full, (fold + seed) % FOLDS, train)
        score = listed_scores(full, fit(full, train).score(pushes.rows))
        rank_in, rank_out = ranks(full, inner), ranks(full, score)
        for outcome in MEASURED:
            floor = learnt(pushes, pushes.of(outcome) & train, inner, rank_in)
            told[outcome] |= pushes.of(outcome) & test & _passes(floor, score, rank_out)
    return told


def unseen_policies(pushes: Pushes, full: Rows, floors: Mapping[Outcome, Floor], seed: int) -> Bools:
    """What would be pushed of policies whose labels the weights never saw (as of a new policy), bool (n,)."""
    fold = np.random.default_rng(seed).integers(0, FOLDS, len(full.policies))[full.policy]
    told = np.zeros(len(fold), dtype=bool)
    for number in range(FOLDS):
        score = listed_scores(full, fit(full, fold != number).score(pushes.rows))
        told |= (fold == number) & _told(pushes, floors, score, ranks(full, score))
    return told


def _told(pushes: Pushes, floors: Mapping[Outcome, Floor], score: Floats, rank: Floats) -> Bools:
    told = np.zeros(len(score), dtype=bool)
    for outcome, floor in floors.items():
        told |= pushes.of(outcome) & _passes(floor, score, rank)
    return told


def counted(pushes: Pushes, told: Bools) -> dict[str, int]:
    """Right, weak and wrong ones, and those that nobody judged."""
    judged = pushes.right | pushes.weak | pushes.wrong
    groups = {"right": pushes.right, "weak": pushes.weak, "wrong": pushes.wrong, "unjudged": ~judged}
    return {name: int((told & group).sum()) for name, group in groups.items()}


def precision(counts: Mapping[str, float]) -> float | None:
    """Share of judged pushes that are not wrong; None without any."""
    judged = counts["right"] + counts["weak"] + counts["wrong"]
    return round(1 - counts["wrong"] / judged, 4) if judged else None


def pushed(matcher: Matcher, suite: CaseSet, floors: Mapping[Outcome, Floor]) -> set[tuple[str, str]]:
    """What some floors would push with the shipped weights: (case_id, measure_id)."""
    pushes = collected(matcher, suite.cases)
    score = _shipped(pushes)
    rows = np.flatnonzero(_told(pushes, floors, score, ranks(pushes.rows, score))).tolist()
    return {(suite.cases[pushes.rows.case[row]].case_id, pushes.rows.entries[row].measure_id) for row in rows}


def measured(matcher: Matcher, suite: CaseSet) -> Json:
    """All figures, and the floors to ship."""
    full, pushes = collect(matcher, suite.cases), collected(matcher, suite.cases)
    score = _shipped(pushes)
    rank = ranks(full, score)
    everything = np.ones(len(full.case), dtype=bool)
    seen = [(score, rank)]
    for seed in SEEDS:
        own = held_out(pushes, full, folds_of(len(suite.cases), seed)[full.case], everything)
        seen.append((own, ranks(full, own)))
    floors = {o: stricter(learnt(pushes, pushes.of(o), *each) for each in seen) for o in MEASURED}
    out = {seed: cross_validated(pushes, full, len(suite.cases), seed) for seed in SEEDS}
    mean = {o: _mean([counted(pushes, out[seed][o]) for seed in SEEDS]) for o in MEASURED}
    open_ = {o: floors[o] for o in MAY_BE_TOLD if (precision(mean[o]) or 0.0) >= LEAST_PRECISION}
    shipped = _told(pushes, open_, score, rank)
    fresh = [counted(pushes, unseen_policies(pushes, full, open_, seed)) for seed in SEEDS]
    return {
        "made_by": f"python -m eval.push ({suite.name}, {len(suite.cases)} cases, digest {suite.digest})",
        "seeds": list(SEEDS),
        "folds": FOLDS,
        "outcomes": {
            o.name.lower(): {
                "what": TITLES[o],
                "told": o in open_,
                "floor": _shape(floors[o]),
                "without_floor": counted(pushes, self_ := pushes.outcome == o),
                "finance_unasked": counted(pushes, self_ & ~pushes.wanted),
                "with_floor": counted(pushes, pushes.of(o) & _passes(floors[o], score, rank)),
                "most_of_one": _most(pushes, pushes.of(o) & _passes(floors[o], score, rank)),
                "out_of_fold": {**mean[o], "precision": precision(mean[o])},
            }
            for o in MEASURED
        },
        "with_floor": {**counted(pushes, shipped), "precision": precision(counted(pushes, shipped))},
        "cases_told": len(np.unique(full.case[shipped])),
        "out_of_fold": _with_precision(_sum(mean[o] for o in open_)),
        "unseen_policies": _with_precision(_mean(fresh)),
        "wrong_out_of_fold": _named(pushes, suite, [np.any([out[s][o] for o in open_], axis=0) for s in SEEDS]),
    }


def _shipped(pushes: Pushes) -> Floats:
    """Scores by the weights that ship, offsets included, float64 (n,)."""
    weights = shipped_weights()
    offsets = np.array([weights.offsets.get(policy_id, 0.0) for policy_id in pushes.rows.policies])
    own = Fit(np.array([weights.features.get(name, 0.0) for name in pushes.rows.names]), offsets)
    return listed_scores(pushes.rows, own.score(pushes.rows))


def _mean(each: Sequence[Mapping[str, int]]) -> dict[str, float]:
    return {name: round(float(np.mean([one[name] for one in each])), 2) for name in each[0]}


def _sum(each: Iterable[Mapping[str, float]]) -> dict[str, float]:
    whole = {"right": 0.0, "weak": 0.0, "wrong": 0.0, "unjudged": 0.0}
    for one in each:
        whole = {name: round(whole[name] + one[name], 2) for name in whole}
    return whole


def _with_precision(counts: Mapping[str, float]) -> Json:
    return {**counts, "precision": precision(counts)}


def _shape(floor: Floor) -> dict[str, float]:
    """Only what is asked for; rounded up, so that nothing passes that did not."""
    shape = {"rank": floor.rank} if math.isfinite(floor.rank) else {}
    return shape | ({"score": math.ceil(floor.score * 1e4) / 1e4} if math.isfinite(floor.score) else {})


def _named(pushes: Pushes, suite: CaseSet, told: Sequence[Bools]) -> list[str]:
    """The wrong pushes out of fold, of any seed."""
    rows = np.flatnonzero(np.any(told, axis=0) & pushes.wrong).tolist()
    return sorted(f"{suite.cases[pushes.rows.case[row]].case_id} {pushes.rows.entries[row].measure_id}" for row in rows)


def _most(pushes: Pushes, told: Bools) -> tuple[str, int]:
    """The measure that most of some pushes tell of, and how many."""
    counts = Counter(pushes.rows.entries[row].measure_id for row in np.flatnonzero(told).tolist())
    return counts.most_common(1)[0] if counts else ("", 0)


def markdown(figures: Json) -> str:
    """The figures in Markdown."""
    head = (
        "# Pushes on the development cases\n\n"
        f"Made by `{figures['made_by']}`; {figures['folds']} folds by case, seeds "
        f"{', '.join(map(str, figures['seeds']))} (means). Every measure on offer is taken as just published, every "
        "case as a subscriber to everything. Right: label 2 or 3. Weak: label 1. Wrong: judged and not labelled (0), "
        "or labelled ineligible.\n\n"
        "| a measure is … | without a floor: right / weak / wrong | floor | with it | out of fold | told |\n"
        "|---|---|---|---|---|---|\n"
    )
    lines = [
        f"| {each['what']} | {_three(each['without_floor'])} | {_floor(each['floor'])} | {_three(each['with_floor'])} "
        f"| {_three(each['out_of_fold'])} | {'yes' if each['told'] else 'no'} |"
        for each in figures["outcomes"].values()
    ]
    before = sum(each["without_floor"]["right"] for each in figures["outcomes"].values())
    spec = sum(figures["outcomes"][name]["without_floor"]["right"] for name in ("eligible", "nearly", "item"))
    check = figures["outcomes"]["to_check"]
    kept, out, fresh = figures["with_floor"], figures["out_of_fold"], figures["unseen_policies"]
    told = [
        f"- With the shipped floors: {_three(kept)}, in {figures['cases_told']} cases; no wrong push. The floors keep "
        f"{kept['right']} of {spec} right pushes of what is eligible or lacks one fact, and cost {spec - kept['right']}"
        f" ({before - kept['right']} of {before} if what only waits for checks by a person counted too).",
        f"- On cases that neither weights nor floors had seen: {_three(out)}; {out['precision']:.1%} not wrong.",
        f"- Of policies whose labels the weights had not seen (a new policy): {_three(fresh)}; "
        f"{fresh['precision']:.1%} not wrong.",
        f"- An outcome is told only if {LEAST_PRECISION:.0%} of its pushes out of fold are not wrong.",
        f"- What only waits for checks by a person is never told. With a floor {_three(check['with_floor'])} would be, "
        f"but {check['most_of_one'][1]} of them are of one measure ({check['most_of_one'][0]}): too little to tell of "
        "half of the library, and without a floor most of it is wrong.",
        "- A loan, a guarantee or an interest subsidy is not told where plans and needs speak of none.",
        *(f"- Wrong out of fold: {name}" for name in figures["wrong_out_of_fold"]),
    ]
    return head + "\n".join(lines) + "\n\n" + "\n".join(told) + "\n"


def _three(counts: Mapping[str, float]) -> str:
    return " / ".join(f"{counts[name]:g}" for name in ("right", "weak", "wrong"))


def _floor(shape: Mapping[str, float]) -> str:
    said = [f"rank ≤ {shape['rank']:g}"] if "rank" in shape else []
    return " and ".join([*said, *([f"score > {shape['score']:g}"] if "score" in shape else [])]) or "none"


def main() -> None:
    """Measure, report, and with --write put the floors where the product reads them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cases", nargs="?", type=Path, default=shipped_cases())
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--out", type=Path)
    arguments = parser.parse_args()
    figures = measured(Matcher.open(batch=True), load_cases(arguments.cases))
    print(markdown(figures))  # noqa: T201  # the command's output
    if arguments.out:
        arguments.out.write_text(json.dumps(figures, ensure_ascii=False, indent=2) + "\n", "utf-8")
        arguments.out.with_suffix(".md").write_text(markdown(figures), "utf-8")
    if arguments.write:
        floors = {name: each["floor"] for name, each in figures["outcomes"].items() if each["told"]}
        shape = {"made_by": figures["made_by"].replace("eval.push", "eval.push --write"), "floors": floors}
        path = Path(__file__).parents[1] / "matcher" / "data" / "push.json"
        path.write_text(json.dumps(shape, ensure_ascii=False, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
