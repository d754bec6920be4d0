"""Reverse matching over a store counts the companies that polars counts over the same Parquet file."""

from __future__ import annotations

from pathlib import Path

import pytest

from eval.bench.polars_store import counts
from eval.bench.reverse import MEASURES, WithoutPruning
from eval.bench.table import AS_OF, SEED
from matcher.assessment import Active
from matcher.companies.build import build_store
from matcher.companies.store import CompanyStore
from matcher.population.companies import tables
from matcher.reverse import DATED, Reverse, fields_of
from matcher.service import Matcher
from policies.rules import Manual, leaves

COMPANIES = 4_000


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("bench") / "store"
    assert build_store(tables(COMPANIES, SEED), path) == COMPANIES
    return path


@pytest.fixture(scope="module")
def offered() -> tuple[Active, ...]:
    return Matcher.open(dense=False).active(AS_OF)


def test_polars_counts_the_same_companies(store: Path, offered: tuple[Active, ...]) -> None:
    opened, eligible, possible = CompanyStore.open(store), 0, 0
    for active in offered[::4]:
        asked = {leaf.field for leaf in leaves(active.entry.rule) if not isinstance(leaf, Manual)}
        if asked & DATED:
            continue  # depends on the date: not in the file
        found = Reverse.find(opened, active, AS_OF)
        sure, maybe = counts(store, active.entry.rule)
        expected = (0, sure + maybe) if active.validity else (sure, maybe)
        assert (found.eligible, found.possible) == expected, active.entry.measure_id
        eligible, possible = eligible + sure, possible + maybe
    assert eligible > 100
    assert possible > 1000


def test_the_measures_of_the_bench_are_on_offer_and_pruning_changes_no_answer(
    store: Path, offered: tuple[Active, ...]
) -> None:
    by_id = {active.entry.measure_id: active for active in offered}
    for level, measure_id in MEASURES.items():
        active = by_id[measure_id]
        assert active.entry.policy.level == level.replace("provincial", "province")
        assert not active.validity
        stores = (CompanyStore.open(store), WithoutPruning.open(store))
        pruned, whole = (Reverse.find(each, active, AS_OF) for each in stores)
        assert (pruned.eligible, pruned.possible) == (whole.eligible, whole.possible)
        assert pruned.eligible + pruned.possible > 0


def test_without_pruning_every_field_is_read(store: Path) -> None:
    opened = WithoutPruning.open(store)
    stated, _, _ = opened.read(0, fields_of(Matcher.open(dense=False).active(AS_OF)[0].entry))
    assert {"region", "patents", "loan_wan"} <= set(stated.spans)
    assert {"honours", "project_type"} <= set(stated.items)
