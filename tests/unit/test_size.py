"""Enterprise size against the official table."""

from __future__ import annotations

import csv
import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.industries import industries
from policies.size import LARGE, MEDIUM, MICRO, SMALL, size_class, size_class_columns, size_rows

INF = math.inf
ANY = (-INF, INF)
TABLE = Path(__file__).parents[2] / "policies" / "data" / "codes" / "sme_size_2017.csv"
ORDER = ("employees", "revenue", "assets")


def official() -> list[tuple[str, dict[str, list[float]]]]:
    """(scope code, indicator -> [small, medium, large]) read straight from the file."""
    bounds: dict[str, dict[str, list[float]]] = {}
    with TABLE.open(encoding="utf-8") as lines:
        for row in csv.DictReader(lines):
            mins = [float(row[name]) for name in ("small_min", "medium_min", "large_min")]
            bounds.setdefault(row["gbt4754_scope"], {})[row["indicator"]] = mins
    return [(code, mins) for scope, mins in bounds.items() for code in scope.split(";")]


CASES = [(code, mins, cls) for code, mins in official() for cls in (SMALL, MEDIUM, LARGE)]


def sized(code: str, values: dict[str, float]) -> tuple[int, int]:
    return size_class(code, *[(values[name],) * 2 if name in values else ANY for name in ORDER])


@pytest.mark.parametrize(("code", "mins", "cls"), CASES)
def test_lower_bounds_are_inclusive_and_all_needed(code: str, mins: dict[str, list[float]], cls: int) -> None:
    at = {name: bound[cls - 1] for name, bound in mins.items()}
    assert sized(code, at) == (cls, cls)
    for name in mins:
        assert sized(code, at | {name: at[name] - 0.01}) == (cls - 1, cls - 1)
        assert sized(code, {key: INF_VALUE for key in mins} | {name: at[name]}) == (cls, cls)
        assert sized(code, {key: INF_VALUE for key in mins} | {name: 0}) == (MICRO, MICRO)


INF_VALUE = 1e12


def test_known_values() -> None:
    assert size_class("C3421", (58, 58), (3200, 3200), ANY) == (SMALL, SMALL)
    assert size_class("C3421", (19, 19), ANY, ANY) == (MICRO, MICRO)
    assert size_class("C3421", (300, 300), ANY, ANY) == (MICRO, MEDIUM)
    assert size_class("C3421", (20, 49), (2000, 2000), ANY) == (SMALL, SMALL)
    assert size_class("C3421", ANY, ANY, ANY) == (MICRO, LARGE)
    assert size_class("A", ANY, (50, 50), ANY) == (SMALL, SMALL)
    assert size_class("7020", (300, 300), (1000, 1000), ANY) == (MEDIUM, MEDIUM)


@pytest.mark.parametrize("code", ["J", "P", "Q84", "S", "T", "G53", "7040", "K"])
def test_outside_the_table_is_unknown(code: str) -> None:
    assert size_class(code, (5, 5), (1, 1), (1, 1)) == (MICRO, LARGE)


def test_unknown_or_wide_industry_is_the_union() -> None:
    assert size_class(None, (58, 58), (3200, 3200), ANY) == (MICRO, LARGE)
    # 51 批发: 5000 万元 and 58 人 is 中型; 52 零售: 中型 as well.
    assert size_class("F", (58, 58), (5000, 5000), ANY) == (MEDIUM, MEDIUM)
    # 51: 20 人 is 中型 by head; 52: 小型.
    assert size_class("F", (20, 20), (5000, 5000), ANY) == (SMALL, MEDIUM)
    assert size_class(industries().span("C34"), (58, 58), (3200, 3200), ANY) == (SMALL, SMALL)


def test_columns_refuse_bad_spans() -> None:
    with pytest.raises(ValueError, match="employees"):
        size_class("C", (3, 2), ANY, ANY)
    with pytest.raises(ValueError, match="revenue"):
        size_class("C", ANY, (math.nan, 1), ANY)


def test_columns_equal_scalar() -> None:
    rng = np.random.default_rng(0)
    tree, n = industries(), 300
    first = rng.integers(0, tree.size, n)
    last = np.minimum(first + rng.integers(0, 40, n), tree.size - 1)
    columns = [np.sort(np.exp(rng.uniform(0, 13, (2, n))), axis=0) for _ in range(3)]
    low, high = size_class_columns((first, last), *[(lo, hi) for lo, hi in columns])
    assert low.dtype == high.dtype == np.int8
    for i in range(n):
        spans = [(float(lo[i]), float(hi[i])) for lo, hi in columns]
        assert (low[i], high[i]) == size_class((int(first[i]), int(last[i])), *spans)


def test_rows_do_not_overlap() -> None:
    taken: set[int] = set()
    for row in size_rows():
        for first, last in row.scope:
            leaves = set(range(first, last + 1))
            assert not taken & leaves
            taken |= leaves
    assert len(size_rows()) == 16


NUMBER = st.one_of(st.sampled_from([5.0, 20, 50, 100, 300, 500, 1000, 2000, 40000, -INF, INF]), st.floats(0, 2e5))


@st.composite
def nested(draw: st.DrawFn) -> tuple[tuple[float, float], tuple[float, float]]:
    a, b, c, d = sorted(draw(st.tuples(NUMBER, NUMBER, NUMBER, NUMBER)))
    return (a, d), (b, c)


@st.composite
def nested_industry(draw: st.DrawFn) -> tuple[tuple[int, int], tuple[int, int]]:
    place = st.integers(0, industries().size - 1)
    a, b, c, d = sorted(draw(st.tuples(place, place, place, place)))
    return (a, d), (b, c)


@given(nested_industry(), st.tuples(nested(), nested(), nested()))
def test_narrowing_never_leaves_the_span(
    industry: tuple[tuple[int, int], tuple[int, int]],
    spans: tuple[tuple[tuple[float, float], tuple[float, float]], ...],
) -> None:
    wide = size_class(industry[0], *[span[0] for span in spans])
    narrow = size_class(industry[1], *[span[1] for span in spans])
    assert wide[0] <= narrow[0] <= narrow[1] <= wide[1]
