"""The evaluator against the naive oracle, and the laws of three-valued logic."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matcher.eligibility import Cuts, Evaluation, rows_by_verdict, rows_in
from policies.columns import columns_of
from policies.profile import CompanyProfile
from policies.rules import Rule
from tests.oracle import oracle
from tests.property.strategies import AS_OF, MANUAL, POSITIVE_RULES, RULES, narrowings, profiles
from tests.support import rule

NOTHING_REQUIRED = rule({"all": []})
MANY = settings(deadline=None, derandomize=True, max_examples=150)
SOME = settings(deadline=None, derandomize=True, max_examples=60)


def evaluate(tree: Rule, companies: list[CompanyProfile], *, manual_passed: bool = False) -> list[int]:
    evaluation = Evaluation(columns_of(companies, AS_OF), manual_passed=manual_passed)
    return [int(value) for value in evaluation.per_company(evaluation.truth(tree))]


@MANY
@given(RULES, profiles())
def test_agrees_with_the_oracle(tree: Rule, profile: CompanyProfile) -> None:
    assert evaluate(tree, [profile]) == [oracle(tree, profile, AS_OF)]


@SOME
@given(RULES, profiles())
def test_agrees_with_the_oracle_when_manual_checks_pass(tree: Rule, profile: CompanyProfile) -> None:
    assert evaluate(tree, [profile], manual_passed=True) == [oracle(tree, profile, AS_OF, manual=1)]


@SOME
@given(RULES, st.lists(profiles(), min_size=2, max_size=5))
def test_bulk_equals_single(tree: Rule, companies: list[CompanyProfile]) -> None:
    assert evaluate(tree, companies) == [evaluate(tree, [profile])[0] for profile in companies]


@SOME
@given(st.lists(RULES, min_size=1, max_size=4), st.lists(profiles(), min_size=1, max_size=5))
def test_small_codes_change_no_answer(trees: list[Rule], companies: list[CompanyProfile]) -> None:
    columns = columns_of(companies, AS_OF)
    plain = [Evaluation(columns).truth(tree) for tree in trees]
    for cuts in (Cuts(trees), Cuts(trees[:1]), Cuts([])):  # of all rules, of some, of none
        coded = Evaluation(columns, cuts=cuts)
        assert [coded.truth(tree) for tree in trees] == plain


@SOME
@given(st.sets(st.integers(0, 200)))
def test_rows_of_a_bitmap(rows: set[int]) -> None:
    assert rows_in(sum(1 << row for row in rows)).tolist() == sorted(rows)


@SOME
@given(st.lists(RULES, min_size=1, max_size=3), st.lists(profiles(), min_size=1, max_size=5))
def test_blocks_give_every_row_its_verdict(trees: list[Rule], companies: list[CompanyProfile]) -> None:
    columns = columns_of(companies, AS_OF)
    whole = [Evaluation(columns).truth(tree).values for tree in trees]
    found = np.full((len(trees), columns.n), -1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("matcher.eligibility.BLOCK_ROWS", 2)
        for rule_number, true, unknown in rows_by_verdict(columns, trees):
            found[rule_number, true], found[rule_number, unknown] = 1, 0
    assert np.array_equal(found, whole)


@MANY
@given(st.lists(RULES, min_size=4, max_size=6), narrowings())
def test_knowing_more_never_flips_a_decided_verdict(
    trees: list[Rule], pair: tuple[CompanyProfile, CompanyProfile]
) -> None:
    wide, narrow = (Evaluation(columns_of([profile], AS_OF)) for profile in pair)
    for tree in trees:
        before, after = wide.truth(tree).values, narrow.truth(tree).values
        assert before.shape == after.shape
        decided = before != 0
        assert np.array_equal(before[decided], after[decided]), tree


@SOME
@given(RULES, st.lists(profiles(), min_size=1, max_size=3))
def test_certain_is_within_possible(tree: Rule, companies: list[CompanyProfile]) -> None:
    bits = Evaluation(columns_of(companies, AS_OF)).truth(tree)
    assert not bits.certain & ~bits.possible


@SOME
@given(POSITIVE_RULES, profiles())
def test_passing_manual_checks_only_raises_truths(tree: Rule, profile: CompanyProfile) -> None:
    assert evaluate(tree, [profile], manual_passed=True)[0] >= evaluate(tree, [profile])[0]


@SOME
@given(RULES, RULES, profiles())
def test_de_morgan(a: Rule, b: Rule, profile: CompanyProfile) -> None:
    table = Evaluation(columns_of([profile], AS_OF))

    def same(one: dict[str, object], other: dict[str, object]) -> bool:
        return np.array_equal(table.truth(rule(one)).values, table.truth(rule(other)).values)

    assert same({"not": {"all": [a, b]}}, {"any": [{"not": a}, {"not": b}]})
    assert same({"not": {"any": [a, b]}}, {"all": [{"not": a}, {"not": b}]})
    assert same({"not": {"not": a}}, {"all": [a]})


@SOME
@given(st.lists(profiles(), max_size=3))
def test_constants(companies: list[CompanyProfile]) -> None:
    assert evaluate(NOTHING_REQUIRED, companies) == [1] * len(companies)
    assert evaluate(rule({"any": [NOTHING_REQUIRED, {"manual": "x"}]}), companies) == [1] * len(companies)
    assert evaluate(rule({"not": NOTHING_REQUIRED}), companies) == [-1] * len(companies)


@SOME
@given(MANUAL, profiles())
def test_a_manual_check_is_always_unknown(check: Rule, profile: CompanyProfile) -> None:
    assert evaluate(check, [profile]) == [0]
    assert evaluate(rule({"not": check}), [profile]) == [0]
