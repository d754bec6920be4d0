"""The order of the list: features, signals, weights and ties."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from index.fusion import z_score
from matcher.eligibility import Evaluation
from matcher.ranking import SIMILARITIES, Weights, features, order, scores, shipped_weights
from matcher.retrieval import Similarities
from matcher.service import Matcher
from matcher.signals import Pairs, Program, interests_of, pairs
from policies.companies import CompanyTable
from policies.library import load_library
from policies.profile import CompanyProfile
from tests.support import AS_OF, company, entry, measure


def looked_at(profile: CompanyProfile, **changes: Any) -> Pairs:
    own = {name: changes.pop(name) for name in ("benefit", "when", "prefer") if name in changes}
    subject, table = entry("p", measure(**own), **changes), CompanyTable.of([profile])
    return pairs(Program([subject]), table, Evaluation(table.columns(AS_OF)), AS_OF, interests_of(table))


def signal(profile: CompanyProfile, **changes: Any) -> dict[str, float]:
    return {name: float(found[0, 0]) for name, found in looked_at(profile, **changes).signals.items()}


LOAN = {"type": "interest", "form": "points", "rate": 0.01}


@pytest.mark.parametrize(
    ("profile", "changes", "name", "value"),
    [
        ({}, {}, "eligible", 1.0),
        ({}, {"when": [{"field": "employees", "min": 5}]}, "eligible", 0.0),
        ({}, {"when": [{"field": "employees", "min": 5}]}, "unknown", 1 / 6),
        ({"employees": 9}, {"when": [{"field": "employees", "min": 5}]}, "satisfied", 1 / 6),
        ({"honours": ["高企"]}, {"when": [{"field": "honours", "has": ["高新技术企业"]}]}, "honour_held", 1.0),
        ({}, {"when": [{"field": "honours", "has": ["高新技术企业"]}]}, "honour_unknown", 1.0),
        ({}, {"benefit": {"type": "fixed", "amount_wan": 99}}, "amount", 2.0),
        (
            {"plans": [{"text": "建设数字化车间"}]},
            {"when": [{"field": "project_type", "has": ["数字化车间"]}]},
            "hint",
            1.0,
        ),
        ({"plans": [{"text": "招两个人"}]}, {"when": [{"field": "project_type", "has": ["数字化车间"]}]}, "hint", 0.0),
        ({"plans": [{"text": "x", "loan_wan": 100}]}, {"benefit": LOAN}, "loan_planned", 1.0),
        ({"plans": [{"text": "x", "loan_wan": 0}]}, {"benefit": LOAN}, "loan_planned", 0.0),
        ({"plans": [{"text": "x", "loan_wan": 0}]}, {"benefit": LOAN}, "loan_absent", 1.0),
        ({"needs": "贷款难"}, {"benefit": LOAN}, "finance_asked", 1.0),
        ({"needs": "贷款难"}, {}, "finance_asked", 0.0),
        ({"needs": "想少交税"}, {"themes": ["税费"]}, "theme", 1.0),
        ({"needs": "想少交税"}, {"themes": ["外贸"]}, "theme", 0.0),
        (
            {"employees": 9},
            {"prefer": [{"field": "employees", "min": 5}, {"field": "patents", "min": 1}]},
            "preferences",
            0.5,
        ),
        ({}, {"benefit": {"type": "direction"}}, "direction", 1.0),
        ({}, {"benefit": {"type": "honour"}}, "title", 1.0),
    ],
)
def test_signals(profile: dict[str, Any], changes: dict[str, Any], name: str, value: float) -> None:
    assert signal(company(**profile), **changes)[name] == pytest.approx(value)


def test_a_narrow_industry_condition_says_more_than_a_wide_one() -> None:
    bearings = company(industry_code="C3451")
    narrow = signal(bearings, when=[{"field": "industry_code", "in": ["C345"]}])["industry_specific"]
    wide = signal(bearings, when=[{"field": "industry_code", "in": ["C"]}])["industry_specific"]
    other = signal(company(industry_code="A"), when=[{"field": "industry_code", "in": ["C345"]}])["industry_specific"]
    assert narrow > wide > 0 == other


def none_alike(n: int, m: int) -> Similarities:
    return Similarities(*(np.zeros((n, m), dtype=np.float32) for _ in range(3)))


def test_every_weight_has_its_feature_and_every_offset_its_policy() -> None:
    weights = shipped_weights()
    assert weights.features.keys() == features(looked_at(company()), none_alike(1, 1)).keys()
    assert weights.offsets.keys() <= load_library().policies.keys()
    assert "eval.learn" in weights.made_by
    assert weights.features["hint"] > 0 > weights.features["direction"]


def test_similarities_are_standardised_over_what_is_left_and_neutral_when_absent() -> None:
    excluded = entry("q", measure(when=[{"field": "employees", "min": 5}]))
    subjects = [entry("p", measure()), excluded, entry("r", measure())]
    table = CompanyTable.of([company(employees=1)])
    found = pairs(Program(subjects), table, Evaluation(table.columns(AS_OF)), AS_OF, interests_of(table))
    alike = replace(none_alike(1, 3), whole_dense=np.array([[0.1, 9.0, 0.3]], dtype=np.float32))
    columns = features(found, alike)
    assert columns["whole_dense"][0] == pytest.approx([-1, 0, 1])
    assert all(columns[name].tolist() == [[0, 0, 0]] for name in SIMILARITIES if name != "whole_dense")


def test_standard_scores_of_a_row_do_not_depend_on_other_rows() -> None:
    values = np.random.default_rng(7).random((40, 60))
    among = values > 0.3
    whole = z_score(values, among)
    for row in range(40):
        assert np.array_equal(whole[row], z_score(values[row : row + 1], among[row : row + 1])[0])
        chosen = z_score(values[row][among[row]])
        assert whole[row][among[row]] == pytest.approx(chosen, abs=1e-6)
    assert z_score(np.array([2.0, 2.0])).tolist() == [0, 0]


def test_score_is_the_weighted_sum_plus_the_policy_offset() -> None:
    found = {"a": np.array([[1.0, 2.0]]), "b": np.array([[0.5, 0.0]]), "unheard": np.array([[9.0, 9.0]])}
    entries = [entry("p", measure()), entry("q", measure())]
    assert scores(found, entries, Weights({"a": 2.0, "b": -1.0}, {"q": 0.25}, "test")).tolist() == [[1.5, 4.25]]


def test_order_falls_by_score_and_ties_keep_their_places() -> None:
    values = np.array([[1.0, 1.0 + 1e-12, 2.0, 9.0], [0.0, 1.0, 2.0, 3.0]])
    left = np.array([[True, True, True, False], [False, False, False, False]])
    assert [places.tolist() for places in order(values, left)] == [[2, 0, 1], []]


def test_the_offer_is_in_the_order_of_measure_ids() -> None:
    offered = [item.entry.measure_id for item in Matcher.open(dense=False).active(AS_OF)]
    assert offered == sorted(offered)
