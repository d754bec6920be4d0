"""Metrics of ranked lists, one function each, and how sure one can be of their means.

`Qrels` are case_id → target → grade, a `Ranking` is case_id → targets, best first. Rankings are condensed (Sakai 2007):
what nobody judged is taken out before scoring and counted by `unjudged_at`. Where ir-measures has a metric it is used
(its engine is trec_eval); it sees positions, not scores, so that its own way with ties plays no part.
Cases without a relevant label have no value in a metric that divides by them and are left out of its mean.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from eval.cases import GAIN, MAX_GRADE, RELEVANT_FROM, Case

if TYPE_CHECKING:
    from ir_measures import Measure

Qrels = Mapping[str, Mapping[str, int]]
Ranking = Mapping[str, Sequence[str]]
PerCase = dict[str, float]
RESAMPLES = 2_000
SEED = 20_261_123
CUTOFFS = (5, 10, 20)
TITLES = {
    "ndcg@10": "nDCG@10（增益 0/1/3/7）",
    "capped_recall@20": "召回率@20（以 min(20, 应得数) 为分母）",
    "capped_recall@10": "召回率@10（以 min(10, 应得数) 为分母）",
    "capped_recall@5": "召回率@5（以 min(5, 应得数) 为分母）",
    "grade3_found@20": "3 级标注进入前 20 的比例",
    "recall@5": "召回率@5",
    "recall@10": "召回率@10",
    "recall@20": "召回率@20",
    "rprec": "R-精确率",
    "mrr": "首个应得项的倒数名次（MRR）",
    "precision@5": "精确率@5",
    "candidate_recall": "排序前的候选召回率",
    "empty": "空列表的比例",
    "unjudged@10": "前 10 中未经标注的项数",
    "unjudged@20": "前 20 中未经标注的项数",
}
"""Every metric of `per_case`, in the order of reports, with its Chinese name."""
LOWER_IS_BETTER = frozenset({"empty", "unjudged@10", "unjudged@20"})


def tie_broken(scores: Mapping[str, float], salt: str) -> list[str]:
    """Keys by falling score; equal scores by a hash of salt and key, so that no name or grade decides.

    >>> tie_broken({"a": 1.0, "b": 2.0}, "case")
    ['b', 'a']
    """
    return sorted(scores, key=lambda name: (-scores[name], hashlib.sha256(f"{salt}\0{name}".encode()).digest()))


def targets_of(measure_ids: Iterable[str], labelled: Iterable[str]) -> list[str]:
    """What a list of measures looks like to its labels: each policy stands where its best-ranked measure stands.

    A measure that has a label of its own stands for itself.

    >>> targets_of(["p/a", "q/x", "p/b"], ["p"])
    ['p', 'q']
    >>> targets_of(["p/a", "p/b", "p/c"], ["p", "p/b"])
    ['p', 'p/b']
    """
    own = frozenset(target for target in labelled if "/" in target)
    return list(dict.fromkeys(name if name in own else name.split("/")[0] for name in measure_ids))


def condensed(targets: Sequence[str], case: Case) -> list[str]:
    """The list without what nobody judged for this case."""
    return [target for target in targets if case.is_judged(target)]


def unjudged_at(targets: Sequence[str], case: Case, k: int) -> float:
    """How many of the first k of the list as shown were not judged."""
    return float(sum(not case.is_judged(target) for target in targets[:k]))


def ndcg_at(qrels: Qrels, ranking: Ranking, k: int, gain: Sequence[int] = GAIN) -> PerCase:
    """Discounted cumulative gain over that of the ideal list, per case: sum of gain(grade) / log2(rank + 1).

    Args:
        qrels: The labels.
        ranking: The condensed lists.
        k: Cut-off, 1 or more.
        gain: Gain of grades 0 to 3.

    Returns:
        case_id to [0, 1]; cases without a label of positive gain are left out.

    Source: Järvelin & Kekäläinen 2002; computed by ir-measures.

    >>> round(ndcg_at({"q": {"a": 3, "b": 2}}, {"q": ["b", "a"]}, 10)["q"], 4)  # (3 + 7 / 1.585) / (7 + 3 / 1.585)
    0.834
    """
    import ir_measures

    gains = {grade: value for grade, value in enumerate(gain) if grade}
    kept = [name for name, labels in qrels.items() if any(gain[grade] > 0 for grade in labels.values())]
    return _measured(ir_measures.nDCG(gains=gains) @ k, qrels, ranking, kept)


def recall_at(qrels: Qrels, ranking: Ranking, k: int, relevant_from: int = RELEVANT_FROM) -> PerCase:
    """Share of the relevant among the first k, per case. Source: TREC recall.k, by ir-measures.

    >>> recall_at({"q": {"a": 3, "b": 2}}, {"q": ["a"]}, 5)
    {'q': 0.5}
    """
    import ir_measures

    return _measured(ir_measures.R(rel=relevant_from) @ k, qrels, ranking, _with_relevant(qrels, relevant_from))


def capped_recall_at(qrels: Qrels, ranking: Ranking, k: int, relevant_from: int = RELEVANT_FROM) -> PerCase:
    """Relevant among the first k over min(k, number of relevant), per case: 1 is always within reach.

    This is the Recall@20 of RETRIEVAL.md; no library has it (BEIR's capped recall, Thakur et al. 2021, is the same).

    >>> capped_recall_at({"q": {"a": 3, "b": 2}}, {"q": ["a", "c"]}, 1)
    {'q': 1.0}
    """
    found: PerCase = {}
    for name in _with_relevant(qrels, relevant_from):
        relevant = {target for target, grade in qrels[name].items() if grade >= relevant_from}
        found[name] = len(relevant.intersection(ranking[name][:k])) / min(k, len(relevant))
    return found


def found_at(qrels: Qrels, ranking: Ranking, k: int, grade: int = MAX_GRADE) -> PerCase:
    """Share of the labels of the highest grade among the first k, per case; cases without such a label are left out.

    >>> found_at({"q": {"a": 3, "b": 2}}, {"q": ["b"]}, 20)
    {'q': 0.0}
    """
    return recall_at(qrels, ranking, k, grade)


def precision_at(qrels: Qrels, ranking: Ranking, k: int, relevant_from: int = RELEVANT_FROM) -> PerCase:
    """Relevant among the first k over k, per case (a shorter list counts as padded). Source: TREC P.k.

    >>> precision_at({"q": {"a": 3}}, {"q": ["a", "b"]}, 5)
    {'q': 0.2}
    """
    import ir_measures

    return _measured(ir_measures.P(rel=relevant_from) @ k, qrels, ranking, _with_relevant(qrels, relevant_from))


def r_precision(qrels: Qrels, ranking: Ranking, relevant_from: int = RELEVANT_FROM) -> PerCase:
    """Precision at the number of relevant, per case. Source: TREC Rprec, by ir-measures.

    >>> r_precision({"q": {"a": 3, "b": 2}}, {"q": ["a", "c", "b"]})
    {'q': 0.5}
    """
    import ir_measures

    return _measured(ir_measures.Rprec(rel=relevant_from), qrels, ranking, _with_relevant(qrels, relevant_from))


def reciprocal_rank(qrels: Qrels, ranking: Ranking, relevant_from: int = RELEVANT_FROM) -> PerCase:
    """One over the rank of the first relevant, 0 without one, per case; its mean is MRR. Source: TREC recip_rank.

    >>> reciprocal_rank({"q": {"a": 3}}, {"q": ["c", "a"]})
    {'q': 0.5}
    """
    import ir_measures

    return _measured(ir_measures.RR(rel=relevant_from), qrels, ranking, _with_relevant(qrels, relevant_from))


def _with_relevant(qrels: Qrels, relevant_from: int) -> list[str]:
    return [name for name, labels in qrels.items() if any(grade >= relevant_from for grade in labels.values())]


def _measured(measure: Measure, qrels: Qrels, ranking: Ranking, kept: Sequence[str]) -> PerCase:
    """One ir-measures metric for the cases in `kept`; an empty list counts 0, which trec_eval would leave out.

    Raises:
        ValueError: The ranking lacks a case.
    """
    import ir_measures

    missing = [name for name in kept if name not in ranking]
    if missing:
        raise ValueError(f"the ranking lacks {missing}")
    if not kept:
        return {}
    judged = {name: dict(qrels[name]) for name in kept}
    run = {name: {target: float(-rank) for rank, target in enumerate(ranking[name])} for name in kept}
    values = {item.query_id: float(item.value) for item in ir_measures.iter_calc([measure], judged, run)}
    return {name: values.get(name, 0.0) for name in kept}


@dataclass(frozen=True)
class Estimate:
    """A mean over cases with its bootstrap interval.

    Attributes:
        low: 2.5th percentile of the means of resampled cases.
        high: 97.5th percentile.
        n: Number of cases that have a value.
    """

    value: float
    low: float
    high: float
    n: int

    def __str__(self) -> str:
        """As reports print it."""
        return f"{self.value:.3f} [{self.low:.3f}, {self.high:.3f}]"


def estimate(values: Mapping[str, float], *, resamples: int = RESAMPLES, seed: int = SEED) -> Estimate | None:
    """Mean over cases with a 95 % percentile bootstrap interval (Efron 1979), seeded; None without a case.

    >>> estimate({"a": 0.5, "b": 0.5})
    Estimate(value=0.5, low=0.5, high=0.5, n=2)
    """
    column = np.array([values[name] for name in sorted(values)], dtype=np.float64)
    if len(column) == 0:
        return None
    low, high = np.percentile(bootstrap_means(column, resamples, seed), [2.5, 97.5])
    return Estimate(float(column.mean()), float(low), float(high), len(column))


def bootstrap_means(column: NDArray[np.float64], resamples: int, seed: int) -> NDArray[np.float64]:
    """Means of `resamples` samples of the cases with replacement, float64 (resamples,)."""
    chosen = np.random.default_rng(seed).integers(len(column), size=(resamples, len(column)))
    means: NDArray[np.float64] = column[chosen].mean(axis=1)
    return means


def per_case(
    cases: Sequence[Case],
    lists: Ranking,
    *,
    candidates: Ranking | None = None,
    gain: Sequence[int] = GAIN,
    relevant_from: int = RELEVANT_FROM,
) -> dict[str, PerCase]:
    """Every metric of TITLES for every case.

    Args:
        cases: The labelled cases.
        lists: measure ids by case, best first, as shown.
        candidates: measure ids that the rules, windows and lifecycles left; the whole list if not given.
        gain: Gain of grades 0 to 3.
        relevant_from: Grade from which a label counts as relevant.
    """
    qrels = {case.case_id: {target: label.grade for target, label in case.labels.items()} for case in cases}
    shown = {case.case_id: targets_of(lists[case.case_id], case.labels) for case in cases}
    left = {case.case_id: targets_of((candidates or lists)[case.case_id], case.labels) for case in cases}
    clean = {case.case_id: condensed(shown[case.case_id], case) for case in cases}
    longest = max([1, *(len(targets) for targets in left.values())])
    found = {"ndcg@10": ndcg_at(qrels, clean, 10, gain)}
    for k in CUTOFFS:
        found[f"recall@{k}"] = recall_at(qrels, clean, k, relevant_from)
        found[f"capped_recall@{k}"] = capped_recall_at(qrels, clean, k, relevant_from)
    found["grade3_found@20"] = found_at(qrels, clean, 20)
    found["rprec"] = r_precision(qrels, clean, relevant_from)
    found["mrr"] = reciprocal_rank(qrels, clean, relevant_from)
    found["precision@5"] = precision_at(qrels, clean, 5, relevant_from)
    found["candidate_recall"] = recall_at(qrels, left, longest, relevant_from)
    found["empty"] = {case.case_id: float(not lists[case.case_id]) for case in cases}
    for k in (10, 20):
        found[f"unjudged@{k}"] = {case.case_id: unjudged_at(shown[case.case_id], case, k) for case in cases}
    return {name: found[name] for name in TITLES}
