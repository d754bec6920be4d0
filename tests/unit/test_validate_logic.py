"""The normal form agrees with the evaluator: every term has a company that makes the rule true."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from pydantic import TypeAdapter

from matcher.eligibility import Evaluation, Truth
from policies.columns import columns_of
from policies.library import LibraryMeasure, load_library
from policies.profile import CompanyProfile
from policies.rules import All, Not, Rule
from policies.validate import logic
from policies.validate.logic import Reading, Term, TooManyTerms, can_fail, implies, negated, terms

AS_OF = dt.date(2026, 11, 23)
RULE: TypeAdapter[Rule] = TypeAdapter(Rule)
SHIPPED = load_library().measures


def rule(data: dict[str, Any]) -> Rule:
    """A rule from its YAML form."""
    return RULE.validate_python(data)


def witness_truth(tree: Rule, term: Term) -> Truth:
    """The rule's truth, manual checks passed, for the company that a term stands for."""
    facts = {name: domain.witness() for name, domain in term.items()}
    profile = CompanyProfile.model_construct(facts=facts)
    return Evaluation(columns_of([profile], AS_OF), manual_passed=True).truth(tree).at(0)


@pytest.mark.parametrize("entry", SHIPPED, ids=lambda entry: entry.measure_id)
def test_every_term_has_a_witness(entry: LibraryMeasure) -> None:
    found = terms(entry.rule, Reading.PASSED)
    assert found
    assert {witness_truth(entry.rule, term) for term in found} == {Truth.TRUE}


@pytest.mark.parametrize("entry", SHIPPED, ids=lambda entry: entry.measure_id)
def test_every_way_to_fail_has_a_witness(entry: LibraryMeasure) -> None:
    found = terms(negated(entry.rule), Reading.UNDECIDED)
    assert {witness_truth(entry.rule, term) for term in found} <= {Truth.FALSE}
    assert bool(found) == can_fail(entry.rule, Reading.UNDECIDED)


LITTLE_GIANT = {"field": "honours", "has": ["专精特新“小巨人”企业"]}
SPECIALISED = {"field": "honours", "has": ["专精特新中小企业"]}


@pytest.mark.parametrize(
    ("premise", "conclusion", "expected"),
    [
        ({"field": "employees", "max": 20}, {"field": "employees", "max": 300}, True),
        ({"field": "employees", "max": 300}, {"field": "employees", "max": 20}, False),
        ({"field": "employees", "under": 300}, {"field": "employees", "max": 300}, True),
        ({"field": "employees", "max": 300}, {"field": "employees", "under": 300}, False),
        ({"field": "industry_code", "in": ["C3421"]}, {"field": "industry_code", "in": ["C"]}, True),
        (LITTLE_GIANT, SPECIALISED, True),
        (SPECIALISED, LITTLE_GIANT, False),
        ({"field": "project_type", "has": ["技术改造"]}, {"field": "project_type", "has": ["设备更新"]}, False),
        ({"manual": "甲"}, {"any": [{"manual": "甲"}, {"manual": "乙"}]}, True),
        ({"manual": "甲"}, {"manual": "乙"}, False),
    ],
)  # fmt: skip
def test_implication(premise: dict[str, Any], conclusion: dict[str, Any], expected: bool) -> None:
    assert implies(rule(premise), rule(conclusion)) is expected


def test_open_set_cannot_be_known_to_lack_one_item() -> None:
    held = rule({"field": "project_type", "has": ["技术改造"]})
    lacks = rule({"not": {"field": "project_type", "has": ["设备更新"]}})
    both = All.model_validate({"all": (held, lacks)})
    assert terms(both, Reading.PASSED) == ()
    assert terms(both, Reading.PASSED, open_sets=False)


def test_negation_of_all_items_needs_one_to_be_absent() -> None:
    both = rule({"not": {"field": "honours", "has_all": ["高新技术企业", "瞪羚企业"]}})
    assert isinstance(both, Not)
    assert len(terms(both, Reading.PASSED)) == 2


def test_a_rule_that_grows_too_large_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logic, "MAX_TERMS", 8)
    pairs = [{"any": [{"manual": f"{n}a"}, {"manual": f"{n}b"}]} for n in range(4)]
    with pytest.raises(TooManyTerms):
        terms(rule({"all": pairs}), Reading.FREE)
