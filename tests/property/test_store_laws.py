"""A store tells of random rules and companies what the evaluator tells of the companies, whatever it does not read."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import cache
from itertools import chain
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matcher.assessment import Active, active_at
from matcher.companies import build
from matcher.companies.build import build_store
from matcher.companies.parts import read_part, write_part
from matcher.companies.store import CompanyStore
from matcher.eligibility import Evaluation, asked_spans
from matcher.reverse import Reverse
from policies.columns import Stated, columns_of
from policies.companies import CompanyTable
from policies.facts import Fact
from policies.library import load_library
from policies.profile import CompanyProfile
from policies.rules import All, OneOf, Rule, Within
from tests.property.strategies import AS_OF, RULES, facts, one_ofs, profiles, withins
from tests.support import rule

SOME = settings(deadline=None, derandomize=True, max_examples=25)
MANY = settings(deadline=None, derandomize=True, max_examples=80)
ROW_GROUP = 4
COMPANIES = st.lists(profiles(), min_size=1, max_size=10)


def stating(leaf: Rule) -> st.SearchStrategy[tuple[Rule, list[CompanyProfile]]]:
    """A condition with companies that state its field: each fills a row group, in some with one that does not."""
    assert isinstance(leaf, Within | OneOf)

    def group(fact: Fact, last: bool) -> list[CompanyProfile]:
        known = CompanyProfile.model_construct(facts={leaf.field: fact}, texts={})
        return [known] * (ROW_GROUP - 1) + [known if last else CompanyProfile.model_construct(facts={}, texts={})]

    groups = st.lists(st.builds(group, facts(leaf.field), st.booleans()), min_size=2, max_size=4)
    return st.tuples(st.just(leaf), groups.map(lambda each: list(chain.from_iterable(each))))


LEAVES_AND_COMPANIES = (withins() | one_ofs()).filter(lambda leaf: asked_spans(leaf) is not None).flatmap(stating)


class ReadWhole(CompanyStore):
    """A store that skips no row group and reads every field."""

    def groups(self, needed: object) -> list[int]:
        """Every row group."""
        return super().groups({})

    def read(self, group: int, names: Iterable[str]) -> tuple[Stated, np.ndarray, np.ndarray]:
        """Every field."""
        return super().read(group, self.fields)


@cache
def some_measure() -> Active:
    return next(each for each in active_at(load_library(), AS_OF) if not each.validity)


def asking(parts: Sequence[Rule]) -> Active:
    """A measure on offer that asks for all of these."""
    whole = rule({"all": list(parts)})
    assert isinstance(whole, All)
    return replace(some_measure(), entry=replace(some_measure().entry, rule=whole))


@contextmanager
def stored(companies: Sequence[CompanyProfile]) -> Iterator[Path]:
    """A store with row groups, runs and sorted batches of very few rows; companies come one by one, rows from 0."""
    with pytest.MonkeyPatch.context() as patch, tempfile.TemporaryDirectory() as folder:
        patch.setattr(build, "ROW_GROUP", ROW_GROUP)
        patch.setattr(build, "RUN_ROWS", 5)
        tables = (CompanyTable.of([each], [row]) for row, each in enumerate(companies))
        build_store(tables, Path(folder) / "store")
        yield Path(folder) / "store"


@SOME
@given(st.lists(RULES, min_size=1, max_size=4), COMPANIES)
def test_a_store_gives_every_company_its_verdict(parts: list[Rule], companies: list[CompanyProfile]) -> None:
    active = asking(parts)
    evaluation = Evaluation(columns_of(companies, AS_OF))
    truths = evaluation.per_company(evaluation.truth(active.entry.rule)).tolist()
    with stored(companies) as path:
        rows = list(Reverse.find(CompanyStore.open(path), active, AS_OF).rows())
    said = {row.row: 1 if row.verdict == "eligible" else 0 for row in rows}
    assert said == {row: truth for row, truth in enumerate(truths) if truth >= 0}


@SOME
@given(st.lists(RULES, min_size=1, max_size=4), COMPANIES)
def test_what_is_not_read_changes_no_word(parts: list[Rule], companies: list[CompanyProfile]) -> None:
    active = asking(parts)
    with stored(companies) as path:
        found, whole = (Reverse.find(each.open(path), active, AS_OF) for each in (CompanyStore, ReadWhole))
        assert list(found.rows()) == list(whole.rows())
        assert (found.eligible, found.possible) == (whole.eligible, whole.possible)


@MANY
@given(LEAVES_AND_COMPANIES)
def test_a_row_group_in_which_a_condition_may_hold_is_read(drawn: tuple[Rule, list[CompanyProfile]]) -> None:
    """What companies state often lies at an end of what is asked."""
    leaf, companies = drawn
    asked = asked_spans(leaf)
    assert asked is not None
    name, allowed = asked
    with stored(companies) as path:
        store = CompanyStore.open(path)
        for group in set(store.groups({})) - set(store.groups({name: allowed})):
            column = store.read(group, [name])[0].spans[name]
            for span in allowed:
                assert not np.any((column.lo <= span.hi) & (column.hi >= span.lo))


@SOME
@given(COMPANIES)
def test_a_store_is_sorted_by_region_and_then_as_given(companies: list[CompanyProfile]) -> None:
    spans = [columns_of([each], AS_OF).span("region").lo[0] for each in companies]
    wanted = sorted(range(len(companies)), key=lambda row: (max(spans[row], -1.0), row))
    with stored(companies) as path:
        store = CompanyStore.open(path)
        assert store.words(np.arange(len(companies)))["row"] == wanted
        numbers = [number for group in store.groups({}) for number in store.read(group, ())[1].tolist()]
        assert sorted(set(numbers)) == list(range(len(companies))) and numbers == sorted(numbers)


@SOME
@given(COMPANIES)
def test_a_part_is_read_back_as_it_was(companies: list[CompanyProfile]) -> None:
    table = CompanyTable.of(companies, range(5, 5 + len(companies)))
    with tempfile.TemporaryDirectory() as folder:
        write_part(Path(folder) / "part.parquet", table)
        back = read_part(Path(folder) / "part.parquet")
    assert back.rows.tolist() == table.rows.tolist() and back.plan.tolist() == table.plan.tolist()
    for number in range(len(companies)):
        assert back.profile(number) == table.profile(number)
