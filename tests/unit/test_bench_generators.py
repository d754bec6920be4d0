"""The benchmarks' generators make what they promise, and the evaluators they compare agree."""

from __future__ import annotations

import datetime as dt
import os
from collections import Counter
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from eval.bench import loop
from eval.bench.bulk import by_fifths
from eval.bench.eligibility import strides_of
from eval.bench.growth import exponent
from eval.bench.memory import Samples, used_mib
from eval.bench.ours import Workers
from eval.bench.polars_rules import Contest
from eval.bench.rules import KINDS, LIKE_LIBRARY, LOCAL, POOL, rules
from eval.bench.sheet import write_sheet
from eval.bench.table import rearranged
from eval.bench.tally import Tally, differences
from matcher.eligibility import Evaluation
from matcher.population.chunks import CHUNK, places
from matcher.population.companies import columns, profiles, tables
from matcher.population.plan_texts import DISTINCT, EQUIPMENT, equipment_of, family_of, plan_text, stock_texts
from matcher.sheet import open_source
from policies.check import rule_problems
from policies.columns import columns_of
from policies.facts import Items
from policies.fields import registry
from policies.industries import industries
from policies.profile import CompanyProfile
from policies.regions import regions
from policies.rules import Manual, Rule, leaves
from policies.uscc import check_uscc
from policies.values import Span
from tests.oracle import oracle
from tests.support import load_policy, measure, policy

AS_OF = dt.date(2026, 11, 23)
SEED = 5


@cache
def companies(n: int = 300) -> tuple[CompanyProfile, ...]:
    return tuple(CompanyProfile.model_validate(raw) for raw in profiles(n, SEED))


@cache
def measures() -> tuple[Rule, ...]:
    return (*rules(120, SEED), *rules(80, SEED + 1, LOCAL))


def shown(fact: object) -> object:
    return (fact.held, fact.exhaustive) if isinstance(fact, Items) else fact


def test_columns_are_the_profiles_laid_out() -> None:
    read, drawn = columns_of(companies(), AS_OF), columns(300, SEED, AS_OF)
    assert drawn.n == 300
    assert drawn.plan.tolist() == read.plan.tolist()
    for name in registry():
        for row in range(300):
            assert shown(drawn.fact(name, row)) == shown(read.fact(name, row)), (name, row)


def test_tables_are_the_profiles_with_their_texts() -> None:
    (table,) = tables(300, SEED)
    assert len(table) == 300
    for row in range(300):
        drawn, read = table.profile(row), companies()[row]
        assert drawn.texts == read.texts
        assert drawn.uscc == read.uscc
        assert [plan.text for plan in drawn.plans] == [plan.text for plan in read.plans]
        for name in ("employees", "region", "honours", "taxpayer_type"):
            stated = drawn.plans[0].facts if drawn.plans else drawn.facts
            assert shown(stated.get(name)) == shown(read.facts.get(name))
    assert table.rows.tolist() == list(range(1, 301))


def test_a_company_is_the_same_however_many_are_asked_for() -> None:
    assert list(profiles(30, SEED)) == list(profiles(60, SEED))[:30]
    assert list(profiles(30, SEED)) != list(profiles(30, SEED + 1))
    few, many = columns(50, SEED, AS_OF), columns(CHUNK + 50, SEED, AS_OF)
    assert few.spans["revenue_wan"].lo.tolist() == many.spans["revenue_wan"].lo[:50].tolist()
    assert many.spans["revenue_wan"].lo[:50].tolist() != many.spans["revenue_wan"].lo[CHUNK:].tolist()


def test_nothing_in_a_profile_had_to_be_interpreted() -> None:
    assert [note for profile in companies() for note in profile.notes] == []


def test_a_sheet_of_them_is_read_back_without_a_problem(tmp_path: Path) -> None:
    write_sheet(tmp_path / "companies.csv", 300, SEED)
    rows = list(open_source(tmp_path / "companies.csv").read())
    assert [(row.problems, row.cautions) for row in rows if row.problems or row.cautions] == []
    for row, expected in zip(rows, companies(), strict=True):
        assert row.profile is not None
        assert row.profile.facts == expected.facts
        assert row.profile.plans == expected.plans
        assert (row.profile.texts, row.profile.uscc) == (expected.texts, expected.uscc)


def test_credit_codes_are_valid_and_different() -> None:
    codes = [profile.uscc for profile in companies(1000) if profile.uscc]
    assert [check_uscc(code) for code in codes] == codes
    assert len(set(codes)) == len(codes)
    assert 0.9 < len(codes) / 1000 < 0.99


def test_seven_of_ten_companies_are_in_shandong() -> None:
    region = columns(CHUNK, SEED, AS_OF).spans["region"]
    first, last = regions().span("370000")
    share = float(np.mean((region.lo >= first) & (region.hi <= last)))
    assert 0.67 < share < 0.72
    assert len(set(places().codes)) == len(places().codes)
    assert abs(places().chances.sum() - 1) < 1e-9


def test_sums_are_log_normal_and_go_together() -> None:
    table = columns(CHUNK, SEED, AS_OF)
    employees, revenue, assets = (table.spans[name] for name in ("employees", "revenue_wan", "assets_wan"))
    exact = (employees.lo == employees.hi) & (revenue.lo == revenue.hi) & (assets.lo == assets.hi)
    logs = np.log([employees.lo[exact], revenue.lo[exact], assets.lo[exact]])
    assert np.corrcoef(logs)[0, 1] > 0.6
    assert np.corrcoef(logs)[1, 2] > 0.7
    assert 8 < np.exp(np.median(logs[0])) < 30
    ranges = np.isfinite(employees.lo) & (employees.lo < employees.hi)
    assert 0.08 < ranges.mean() < 0.2
    assert 0.25 < assets.unknown.mean() < 0.35


def test_honours_keep_their_ladder() -> None:
    held = columns(CHUNK, SEED, AS_OF).items["honours"].held
    assert held["专精特新“小巨人”企业"].sum() > 10
    assert not (held["专精特新“小巨人”企业"] & ~held["专精特新中小企业"]).any()
    assert not (held["专精特新中小企业"] & ~held["创新型中小企业"]).any()
    assert not (held["国家级绿色工厂"] & ~held["省级绿色工厂"]).any()
    assert 0.03 < held["高新技术企业"].mean() < 0.3


def test_a_third_has_a_plan_of_its_own() -> None:
    texts = [plan["text"] for raw in profiles(3000, SEED) for plan in raw.get("plans", [])]  # type: ignore[attr-defined]
    counts = Counter(texts)
    own = [text for text in texts if text not in stock_texts()]
    assert len(set(own)) == len(own)
    assert 900 < len(own) < 1100
    assert 220 < len(texts) - len(own) < 380
    assert all(counts[text] > 1 for text in stock_texts())


def test_plan_texts_of_different_numbers_differ() -> None:
    codes = ("C3421", "I6510", "F51", "")
    texts = {plan_text(number, codes[number % 4], number % 3 or None) for number in range(DISTINCT - 20_000, DISTINCT)}
    assert len(texts) == 20_000
    words = [word for family in EQUIPMENT for word in equipment_of(family)]
    assert len(words) == len(set(words)) == 10 * len(EQUIPMENT)
    assert len(stock_texts()) == len(set(stock_texts())) == 50


def test_equipment_fits_the_industry() -> None:
    assert family_of("C3421") == family_of("C34") == "机械"
    assert family_of("C27") == "医药"
    assert family_of("F5123") == "纺织"
    assert family_of("F52") == "物流"
    assert family_of("") == family_of("T") == "服务"
    assert all(family_of(code) in EQUIPMENT for code in industries().children("C"))


def test_rules_speak_the_language_of_the_registry() -> None:
    raw = [rule.model_dump(mode="json", by_alias=True, exclude_defaults=True) for rule in measures()]
    library = policy("p", *(measure(f"m{i}", when=[rule]) for i, rule in enumerate(raw)))
    assert list(rule_problems(load_policy(library), "p")) == []


def test_rules_have_the_statistics_of_the_library() -> None:
    found = rules(1000, SEED)
    sizes = [len(list(leaves(rule))) for rule in found]
    assert 4.0 < np.mean(sizes) < 5.0
    asked = [leaf for rule in found for leaf in leaves(rule)]
    regional = [leaf for leaf in asked if not isinstance(leaf, Manual) and leaf.field == "region"]
    assert 0.5 < len(regional) / 1000 < 0.62
    others = {leaf.model_dump_json() for leaf in asked} - {leaf.model_dump_json() for leaf in regional}
    assert POOL == 510
    assert 0.9 * POOL < len(others) <= POOL
    manual = sum(isinstance(leaf, Manual) for leaf in asked)
    share = KINDS["manual"][0] / sum(weight for weight, _ in KINDS.values())
    assert abs(manual / (len(asked) - len(regional)) - share) < 0.03


def test_rules_of_a_seed_are_the_same_and_local_ones_are_regional() -> None:
    assert rules(20, SEED, LIKE_LIBRARY) == rules(40, SEED)[:20]
    assert rules(20, SEED) != rules(20, SEED + 1)
    regional = [any(getattr(leaf, "field", "") == "region" for leaf in leaves(rule)) for rule in rules(400, 1, LOCAL)]
    assert 0.85 < np.mean(regional) < 0.95


@cache
def found_by_ours() -> Tally:
    (tally,) = Workers(columns(300, SEED, AS_OF), measures(), 1).evaluate((1,))
    return tally


def saved(tally: Tally, path: Path) -> Path:
    tally.save(path)
    return path


@pytest.mark.parametrize("hasty", [False, True])
def test_the_plain_loop_agrees_with_the_evaluator(tmp_path: Path, hasty: bool) -> None:
    models = loop.companies_of(columns(300, SEED, AS_OF))
    tally = loop.tally_of(loop.evaluate(models, measures(), hasty=hasty), 1)
    assert differences(saved(tally, tmp_path / "a.npz"), saved(found_by_ours(), tmp_path / "b.npz")) == []
    assert (tally.counts.sum(axis=0) > 500).all()


def test_polars_agrees_with_the_evaluator_in_every_way(tmp_path: Path) -> None:
    expected = saved(found_by_ours(), tmp_path / "ours.npz")
    for number, (name, run) in enumerate(Contest(columns(300, SEED, AS_OF), measures()).ways().items()):
        tally = Tally(len(measures()))
        run(tally, len(measures()))
        assert differences(saved(tally, tmp_path / f"{number}.npz"), expected) == [], name


def test_the_oracle_agrees_on_generated_companies_and_rules() -> None:
    some, few = companies()[:60], measures()[::8]
    evaluation = Evaluation(columns_of(some, AS_OF))
    for rule in few:
        expected = [oracle(rule, profile, AS_OF) for profile in some]
        assert evaluation.per_company(evaluation.truth(rule)).tolist() == expected, rule


def test_a_difference_between_evaluators_is_seen(tmp_path: Path) -> None:
    one, two, three = Tally(40), Tally(40), Tally(40)
    one.add(2, np.array([1, 5]), np.array([7]))
    two.add(2, np.array([1, 6]), np.array([7]))
    three.add(3, np.array([1, 5]), np.array([7]))
    paths = [saved(tally, tmp_path / f"{i}.npz") for i, tally in enumerate((one, two, three))]
    assert differences(paths[0], paths[0]) == []
    assert differences(paths[0], paths[1]) == ["equal counts, but not the same rows"]
    assert differences(paths[0], paths[2])[0] == "measure 2: [2, 1] against [0, 0]"


def test_a_tally_counts_blocks_and_strides() -> None:
    whole, every_third = Tally(2), Tally(2, stride=3)
    for tally in (whole, every_third):
        tally.add(0, np.array([0, 1, 2]), np.array([3]), first=0)
        tally.add(0, np.array([0, 1]), np.array([2]), first=10)
    assert whole.counts.tolist() == [[5, 2], [0, 0]]
    assert every_third.counts.tolist() == [[1, 2], [0, 0]]
    assert whole.kept().tolist() == [[0, 0, row] for row in (0, 1, 2, 10, 11)] + [[0, 1, 3], [0, 1, 12]]


def test_rows_in_another_order_are_the_same_companies() -> None:
    table = columns(300, SEED, AS_OF)
    order = np.argsort(table.spans["region"].lo, kind="stable")
    sorted_ = rearranged(table, order)
    regions_ = sorted_.spans["region"].lo.tolist()
    assert regions_ == sorted(regions_)
    for row in range(0, 300, 11):
        for name in ("employees", "honours", "taxpayer_type", "start"):
            assert shown(sorted_.fact(name, row)) == shown(table.fact(name, int(order[row])))
    assert isinstance(sorted_.fact("region", 299), Span)


def test_growth_is_the_slope_on_logarithmic_axes() -> None:
    assert exponent([(10, 1.0), (100, 5.0), (1000, 100.0)]) == pytest.approx(1.0)
    assert exponent([(10, 1.0), (1000, 10.0)]) == pytest.approx(0.5)


def test_memory_is_told_by_fifths_of_the_run() -> None:
    samples = Samples([(0.0, 5.0), (1.0, 9.0), (4.5, 7.0), (9.0, 3.0), (10.0, 4.0)])
    assert by_fifths(samples) == [9, 0, 7, 0, 4]
    assert samples.peak_mib == 9.0


def test_memory_of_a_process_grows_with_what_it_holds() -> None:
    before = used_mib(os.getpid())
    filled = np.ones(20_000_000)
    assert used_mib(os.getpid()) - before > 0.8 * filled.nbytes / 2**20


@pytest.mark.parametrize(
    ("rows", "loop_stride", "openfisca_stride"), [(1_000_000, 2000, 10), (50_000, 100, 1), (10, 1, 1)]
)
def test_slow_contenders_look_at_every_so_manieth_row(rows: int, loop_stride: int, openfisca_stride: int) -> None:
    strides = strides_of(rows)
    assert strides["ours"] == strides["polars"] == 1
    assert strides["loop"] == strides["hasty"] == loop_stride
    assert strides["openfisca"] == openfisca_stride
