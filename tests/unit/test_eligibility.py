"""The evaluator, by example; its laws are in tests/property."""

from __future__ import annotations

from typing import Any

import pytest

from matcher.eligibility import Bits, Evaluation, Truth
from matcher.signals import Program, interests_of, pairs
from policies.columns import columns_of
from policies.companies import CompanyTable
from policies.errors import UnknownCode
from tests.support import AS_OF, company, entry, measure, rule, truth

T, F, U = Truth.TRUE, Truth.FALSE, Truth.UNKNOWN


@pytest.mark.parametrize(
    ("data", "raw", "expected"),
    [
        ({"field": "employees", "min": 20}, {"employees": 20}, T),
        ({"field": "employees", "over": 20}, {"employees": 20}, F),
        ({"field": "employees", "max": 49}, {"employees": "20-49人"}, T),
        ({"field": "employees", "min": 30}, {"employees": "20-49人"}, U),
        ({"field": "employees", "min": 50}, {"employees": "20-49人"}, F), ({"field": "employees", "min": 50}, {}, U),
        ({"field": "established", "max": "2023"}, {"established": "2023-12-31"}, T),
        ({"field": "established", "under": "2023"}, {"established": "2023"}, F),
        ({"field": "established", "max": "2023-06"}, {"established": "2023"}, U),
        ({"field": "region", "in": ["山东省"]}, {"region": "青岛/黄岛区"}, T),
        ({"field": "region", "in": ["山东省"]}, {"region": "北京"}, F),
        ({"field": "region", "in": ["黄岛区"]}, {"region": "青岛市"}, U),
        ({"field": "region", "in": ["济南高新区"]}, {"region": "济南市"}, U),
        ({"field": "industry_code", "in": ["C"]}, {"industry_code": "C3421"}, T),
        ({"field": "industry_code", "in": ["C134"]}, {"industry_code": "C1340"}, T),
        ({"field": "size", "in": ["小型", "微型"]}, {"industry_code": "C34", "employees": 58}, T),
        ({"field": "size", "in": ["中型"]}, {"industry_code": "C34", "employees": 58}, F),
        ({"field": "honours", "has": ["科技型企业"]}, {"honours": ["高企"]}, T),
        ({"field": "honours", "has": ["瞪羚企业"]}, {"honours": ["高企"]}, F),
        ({"field": "honours", "has": ["瞪羚企业"]}, {"honours": ["高企", "未收录称号"]}, U),
        ({"field": "honours", "has": ["瞪羚企业"]}, {"honours": []}, F),
        ({"field": "honours", "has": ["瞪羚企业"]}, {}, U),
        ({"field": "honours", "has_all": ["高企", "瞪羚企业"]}, {"honours": ["高企"]}, F),
        ({"field": "honours", "has_all": ["高企", "瞪羚企业"]}, {"honours": ["高企", "瞪羚企业"]}, T),
        ({"field": "ownership", "in": ["民企"]}, {"ownership": "私营"}, T),
        ({"field": "ownership", "in": ["民企"]}, {"ownership": "国企"}, F),
        ({"field": "export", "is": False}, {"export": "无"}, T), ({"field": "export", "is": False}, {}, U),
        ({"manual": "x"}, {}, U), ({"not": {"manual": "x"}}, {}, U), ({"all": []}, {}, T),
        ({"all": [{"manual": "x"}, {"field": "export", "is": True}]}, {"export": "否"}, F),
        ({"any": [{"manual": "x"}, {"field": "export", "is": True}]}, {"export": "是"}, T),
    ],
)  # fmt: skip
def test_truth(data: dict[str, Any], raw: dict[str, Any], expected: Truth) -> None:
    assert truth(data, company(**raw)) is expected


def test_the_best_plan_counts_and_plans_are_not_mixed() -> None:
    need = {"all": [{"field": "equipment_invest_wan", "min": 500}, {"field": "start", "min": "2026"}]}
    split = company(
        plans=[{"equipment_invest_wan": 600, "start": "2025"}, {"equipment_invest_wan": 100, "start": "2026-03"}]
    )
    assert truth(need, split) is F
    one = company(plans=[{"equipment_invest_wan": 1}, {"equipment_invest_wan": 600, "start": "2026-03"}])
    assert truth(need, one) is T
    table, asked = CompanyTable.of([split, one]), entry("p", measure(when=[need]))
    evaluation = Evaluation(table.columns(AS_OF))
    bits = evaluation.truth(rule(need))
    best_row = pairs(Program([asked]), table, evaluation, AS_OF, interests_of(table)).row[:, 0]
    assert best_row[0] == 0 and best_row[1] == 3
    assert evaluation.per_company(bits).tolist() == [-1, 1]


def test_leaves_are_evaluated_once(monkeypatch: pytest.MonkeyPatch) -> None:
    evaluation = Evaluation(columns_of([company()], AS_OF))
    calls: list[Any] = []
    real = evaluation._evaluate

    def counted(leaf: Any) -> Bits:
        calls.append(leaf)
        return real(leaf)

    monkeypatch.setattr(evaluation, "_evaluate", counted)
    same = {"field": "employees", "min": 20}
    evaluation.truth(rule({"all": [same, {**same, "text": "二十人"}, {"any": [same]}]}))
    assert len(calls) == 1


def test_wrong_rules_raise() -> None:
    evaluation = Evaluation(columns_of([company(region="济南")], AS_OF))
    with pytest.raises(KeyError):
        evaluation.truth(rule({"field": "nonsense", "min": 1}))
    with pytest.raises(UnknownCode):
        evaluation.truth(rule({"field": "region", "in": ["火星"]}))


def test_no_companies() -> None:
    evaluation = Evaluation(columns_of([], AS_OF))
    assert evaluation.per_company(evaluation.truth(rule({"field": "employees", "min": 1}))).tolist() == []
