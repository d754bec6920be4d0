"""The order of the list: features, signals, weights and ties."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from index.fusion import z_score
from matcher.eligibility import Evaluation
from matcher.ranking import SIMILARITIES, Weights, feature_columns, order, score, shipped_weights
from matcher.results import Amount
from matcher.retrieval import Similarities
from matcher.signals import interests_of, signals
from policies.columns import columns_of
from policies.library import load_library
from policies.profile import CompanyProfile
from tests.support import AS_OF, company, entry, measure

NO_SUM = Amount(None, None, "")


def signal(profile: CompanyProfile, amount: Amount = NO_SUM, **changes: Any) -> dict[str, float]:
    own = {name: changes.pop(name) for name in ("benefit", "when", "prefer") if name in changes}
    subject = entry("p", measure(**own), **changes)
    return signals(subject, Evaluation(columns_of([profile], AS_OF)), 0, amount, interests_of(profile))


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
        ({}, {"amount": Amount(0.0, 990_000.0, "")}, "amount", 2.0),
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


def test_every_weight_has_its_feature_and_every_offset_its_policy() -> None:
    weights = shipped_weights()
    assert weights.features.keys() == feature_columns([signal(company())], Similarities()).keys()
    assert weights.offsets.keys() <= load_library().policies.keys()
    assert "eval.learn" in weights.made_by
    assert weights.features["hint"] > 0 > weights.features["direction"]


def test_similarities_are_standardised_and_neutral_when_absent() -> None:
    found = Similarities(whole_dense=np.array([0.1, 0.3], dtype=np.float32))
    columns = feature_columns([signal(company())] * 2, found)
    assert columns["whole_dense"] == pytest.approx([-1, 1])
    assert all(columns[name].tolist() == [0, 0] for name in SIMILARITIES if name != "whole_dense")
    assert z_score(np.array([2.0, 2.0])).tolist() == [0, 0]


def test_score_is_the_weighted_sum_plus_the_policy_offset() -> None:
    columns = {"a": np.array([1.0, 2.0]), "b": np.array([0.5, 0.0]), "unheard": np.array([9.0, 9.0])}
    entries = [entry("p", measure()), entry("q", measure())]
    assert score(columns, entries, Weights({"a": 2.0, "b": -1.0}, {"q": 0.25}, "test")).tolist() == [1.5, 4.25]


def test_order_falls_by_score_and_breaks_ties_by_measure_id() -> None:
    entries = [entry("b", measure()), entry("a", measure()), entry("c", measure())]
    assert order(np.array([1.0, 1.0 + 1e-12, 2.0]), entries) == [2, 1, 0]


def test_an_empty_list_has_no_scores() -> None:
    assert score(feature_columns([], Similarities()), [], shipped_weights()).tolist() == []
