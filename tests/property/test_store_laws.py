"""A store tells of random rules and companies what the evaluator tells of the companies, whatever it does not read."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import cache
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
from matcher.eligibility import Evaluation
from matcher.reverse import Reverse
from policies.columns import Stated, columns_of
from policies.companies import CompanyTable
from policies.library import load_library
from policies.profile import CompanyProfile
from policies.rules import All, Rule
from tests.property.strategies import AS_OF, RULES, profiles
from tests.support import rule

SOME = settings(deadline=None, derandomize=True, max_examples=25)
COMPANIES = st.lists(profiles(), min_size=1, max_size=10)


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
        patch.setattr(build, "ROW_GROUP", 4)
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
