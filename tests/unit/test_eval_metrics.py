"""Metrics against figures worked out by hand."""

from __future__ import annotations

import doctest
import math
from collections.abc import Mapping

import numpy as np
import pytest

import eval.compare
import eval.metrics
from eval.cases import Case, Label
from eval.metrics import (
    bootstrap_means,
    capped_recall_at,
    condensed,
    estimate,
    found_at,
    ndcg_at,
    per_case,
    precision_at,
    r_precision,
    recall_at,
    reciprocal_rank,
    targets_of,
    tie_broken,
    unjudged_at,
)
from tests.support import AS_OF, company

QRELS = {"q": {"a": 3, "b": 2, "c": 1, "d": 0, "e": 2}}
RANKING = {"q": ["c", "a", "x", "b", "d"]}


def labelled(case_id: str, grades: Mapping[str, int], judged: set[str] | None = None) -> Case:
    labels = {target: Label(target, grade, None) for target, grade in grades.items()}
    return Case(case_id, AS_OF, company(), labels, None if judged is None else frozenset(judged))


@pytest.mark.parametrize("module", [eval.metrics, eval.compare])
def test_the_examples_in_the_documentation(module: object) -> None:
    result = doctest.testmod(module)  # type: ignore[arg-type]
    assert result.attempted > 0 and result.failed == 0


def test_ndcg_by_hand() -> None:
    dcg = 1 / math.log2(2) + 7 / math.log2(3) + 3 / math.log2(5)
    ideal = 7 / math.log2(2) + 3 / math.log2(3) + 3 / math.log2(4) + 1 / math.log2(5)
    assert ndcg_at(QRELS, RANKING, 10)["q"] == pytest.approx(dcg / ideal)
    assert ndcg_at(QRELS, RANKING, 1)["q"] == pytest.approx(1 / 7)
    flat = (1 / math.log2(2) + 1 / math.log2(3) + 1 / math.log2(5)) / sum(1 / math.log2(r) for r in (2, 3, 4, 5))
    assert ndcg_at(QRELS, RANKING, 10, (0, 1, 1, 1))["q"] == pytest.approx(flat)


def test_the_binary_metrics_by_hand() -> None:
    assert recall_at(QRELS, RANKING, 2)["q"] == pytest.approx(1 / 3)
    assert recall_at(QRELS, RANKING, 5)["q"] == pytest.approx(2 / 3)
    assert capped_recall_at(QRELS, RANKING, 2)["q"] == pytest.approx(1 / 2)
    assert capped_recall_at(QRELS, RANKING, 5)["q"] == pytest.approx(2 / 3)
    assert found_at(QRELS, RANKING, 1)["q"] == 0.0 and found_at(QRELS, RANKING, 2)["q"] == 1.0
    assert precision_at(QRELS, RANKING, 5)["q"] == pytest.approx(2 / 5)
    assert r_precision(QRELS, RANKING)["q"] == pytest.approx(1 / 3)
    assert reciprocal_rank(QRELS, RANKING)["q"] == pytest.approx(1 / 2)


def test_an_empty_list_counts_nothing_and_a_missing_case_is_refused() -> None:
    for metric in (r_precision, reciprocal_rank):
        assert metric(QRELS, {"q": []}) == {"q": 0.0}
    for at in (ndcg_at, recall_at, capped_recall_at, found_at, precision_at):
        assert at(QRELS, {"q": []}, 5) == {"q": 0.0}
    with pytest.raises(ValueError, match="lacks"):
        recall_at(QRELS, {}, 5)


def test_cases_without_relevant_labels_have_no_value() -> None:
    qrels = {"q": {"c": 1}, "r": {}}
    ranking: dict[str, list[str]] = {"q": ["c"], "r": ["x"]}
    assert recall_at(qrels, ranking, 5) == reciprocal_rank(qrels, ranking) == {}
    assert ndcg_at(qrels, ranking, 10) == {"q": 1.0}


def test_a_policy_stands_where_its_best_measure_stands() -> None:
    assert targets_of(["p/b", "q/a", "p/a", "r/z"], ["p", "q"]) == ["p", "q", "r"]
    assert targets_of(["p/b", "q/a", "p/a"], ["p/a"]) == ["p", "q", "p/a"]


def test_condensed_lists_and_what_they_leave_out() -> None:
    case = labelled("q", {"a": 3, "n": 2}, judged={"a", "b"})
    shown = ["x", "a", "y", "n", "b"]
    assert condensed(shown, case) == ["a", "n", "b"]
    assert [unjudged_at(shown, case, k) for k in (1, 2, 3, 5)] == [1.0, 1.0, 2.0, 2.0]
    everything = per_case([case], {"q": [f"{name}/m" for name in shown]})
    assert everything["mrr"]["q"] == everything["ndcg@10"]["q"] == 1.0
    assert everything["unjudged@10"]["q"] == 2.0
    open_case = labelled("q", {"a": 3, "n": 2})
    assert per_case([open_case], {"q": [f"{name}/m" for name in shown]})["mrr"]["q"] == 0.5


def test_candidates_may_hold_more_than_the_list() -> None:
    case = labelled("q", {"a": 3, "b": 2})
    found = per_case([case], {"q": ["a/m"]}, candidates={"q": ["a/m", "b/m"]})
    assert (found["recall@20"]["q"], found["candidate_recall"]["q"], found["empty"]["q"]) == (0.5, 1.0, 0.0)
    assert per_case([case], {"q": []})["empty"]["q"] == 1.0


def test_ties_are_not_broken_in_favour_of_the_gold() -> None:
    """With all scores equal the gold must do as well as chance, whatever its name and position."""
    names = [f"{letter}{number}" for letter in "az" for number in range(10)]
    for gold in ("a0", "z9"):
        ranks = [tie_broken(dict.fromkeys([gold, *names], 0.0), f"case {i}").index(gold) for i in range(400)]
        assert 8.5 < float(np.mean(ranks)) < 10.5
    first = tie_broken(dict.fromkeys(names, 1.0), "case")
    assert first == tie_broken(dict.fromkeys(reversed(names), 1.0), "case")
    assert tie_broken({"a": 0.0, "b": 1.0, "c": 0.5}, "case") == ["b", "c", "a"]


def test_the_engine_sees_positions_only() -> None:
    """trec_eval breaks equal scores by name; both names must get what their position says."""
    for first, second in (("a", "b"), ("b", "a")):
        assert reciprocal_rank({"q": {first: 3}}, {"q": [first, second]})["q"] == 1.0
        assert reciprocal_rank({"q": {second: 3}}, {"q": [first, second]})["q"] == 0.5


def test_bootstrap_intervals() -> None:
    rng = np.random.default_rng(7)
    values = {f"c{i}": float(v) for i, v in enumerate(rng.normal(0.5, 0.1, size=100))}
    found = estimate(values)
    assert found is not None and found.n == 100
    spread = 1.96 * float(np.std(list(values.values()))) / 10
    assert found.low == pytest.approx(found.value - spread, abs=0.004)
    assert found.high == pytest.approx(found.value + spread, abs=0.004)
    assert found == estimate(dict(reversed(values.items()))) == estimate(values)
    assert estimate(values, seed=1) != found and estimate({}) is None
    assert bootstrap_means(np.array([1.0, 1.0]), 5, 0).tolist() == [1.0] * 5
