"""The shipped library: every measure's examples give their verdict, and validation finds nothing wrong."""

from __future__ import annotations

import datetime as dt
import functools

import pytest

from matcher.eligibility import Evaluation, Truth
from matcher.library_check import Example, examples_of, validate_library, verdict_fits
from policies.columns import columns_of
from policies.library import load_library
from policies.profile import CompanyProfile
from policies.validate.report import Report

AS_OF = dt.date(2026, 11, 23)
EXAMPLES = [example for entry in load_library().measures for example in examples_of(entry)]


@functools.cache
def report() -> Report:
    """The report on the shipped library, made once."""
    return validate_library(load_library(), AS_OF)


def name_of(example: Example) -> str:
    """Test id: measure and kind."""
    return f"{example.entry.measure_id}:{example.kind}"


@pytest.mark.parametrize("example", EXAMPLES, ids=name_of)
def test_example_gives_its_verdict(example: Example) -> None:
    table = columns_of([CompanyProfile.model_validate(dict(example.raw))], AS_OF)
    strict, passed = (
        Truth(int(evaluation.per_company(evaluation.truth(example.entry.rule))[0]))
        for evaluation in (Evaluation(table), Evaluation(table, manual_passed=True))
    )
    assert verdict_fits(example, strict, passed), f"{name_of(example)}: {strict!r}, manual passed {passed!r}"


def test_every_measure_has_examples() -> None:
    assert {example.entry.measure_id for example in EXAMPLES} == set(load_library().by_id)


def test_validation_finds_no_problem() -> None:
    assert [str(problem) for problem in report().problems] == []


def test_every_policy_is_scored() -> None:
    scores = [entry.score for entry in report().completeness.values()]
    assert set(report().completeness) == set(load_library().policies)
    assert all(0 < score <= 1 for score in scores)


def test_coverage_has_every_cell() -> None:
    table = report().coverage
    assert len(table.cells) == 17 * 20 * 4
    assert {cell.region for cell in table.without_local} == {"其他地区"}
    assert table.empty == ()
