"""Profiles as columns, and what is derived."""

from __future__ import annotations

import datetime as dt
import math
from typing import Any

import pytest

from policies.columns import columns_of, missing_inputs
from policies.facts import Fact, Items
from policies.values import Span
from tests.support import AS_OF, company


def fact(name: str, as_of: dt.date = AS_OF, **raw: object) -> Fact | None:
    return columns_of([company(**raw)], as_of).fact(name, 0)


def test_rows_are_companies_times_plans_in_order() -> None:
    table = columns_of([company(plans=[{}, {}]), company(), company(plans=[{"text": "x"}])], AS_OF)
    assert table.n == 4
    assert table.company.tolist() == [0, 0, 1, 2] and table.plan.tolist() == [0, 1, -1, 0]
    assert columns_of([], AS_OF).n == 0


def test_a_company_level_value_stands_in_for_plans_without_one() -> None:
    profile = company(loan_wan=100, plans=[{"text": "甲"}, {"loan_wan": 300}])
    table = columns_of([profile], AS_OF)
    assert [table.fact("loan_wan", row) for row in (0, 1)] == [Span(100, 100), Span(300, 300)]


def test_ratios() -> None:
    assert fact("rd_ratio", rd_expense_wan=96, revenue_wan=3200) == Span(0.03, 0.03)
    assert fact("rd_ratio", rd_expense_wan=96, revenue_wan="2000-3200万") == Span(0.03, 0.048)
    assert fact("rd_ratio", rd_expense_wan=96, revenue_wan=0) is None
    assert fact("rd_ratio", rd_expense_wan=96) is None
    assert fact("rd_ratio", rd_expense_wan=96, revenue_wan=3200, rd_ratio="5%") == Span(0.05, 0.05)
    assert fact("rd_staff_ratio", rd_staff=10, employees=40) == Span(0.25, 0.25)


@pytest.mark.parametrize(
    ("founded", "as_of", "years"),
    [
        ("2015-06-15", "2026-06-15", 11), ("2015-06-16", "2026-06-15", 10 + 364 / 366),
        ("2016-02-29", "2026-02-28", 9 + 364 / 366), ("2016-02-29", "2026-03-01", 10), ("2024-02-29", "2028-02-29", 4),
        ("2026-06-15", "2026-06-15", 0),
    ],
)  # fmt: skip
def test_years_since_founding(founded: str, as_of: str, years: float) -> None:
    assert fact("established_years", dt.date.fromisoformat(as_of), established=founded) == Span(years, years)


def test_years_of_a_founding_year_are_a_span() -> None:
    span = fact("established_years", established="2015")
    assert isinstance(span, Span) and 10 < span.lo < 11 < span.hi < 12


def test_size_needs_all_lower_bounds_and_is_never_guessed() -> None:
    assert fact("size", industry_code="C34", employees=58, revenue_wan=3200) == Span(1, 1)
    assert fact("size", industry_code="C34", employees=5) == Span(0, 0)
    assert fact("size", industry_code="C34", employees=300) == Span(0, 2)
    assert fact("size") == Span(0, 3)
    assert fact("size", industry_code="C34", employees=5, size="大型") == Span(3, 3)


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ({"taxable_income_wan": 300, "employees": 300, "assets_wan": 5000}, "是"),
        ({"taxable_income_wan": 300.01}, "否"), ({"employees": 301}, "否"), ({"assets_wan": 5001}, "否"),
        ({"taxable_income_wan": 300, "employees": 300}, None), ({}, None),
        ({"employees": 301, "tax_status": "是"}, "是"),
    ],
)  # fmt: skip
def test_small_low_profit(raw: dict[str, Any], expected: str | None) -> None:
    assert fact("tax_status", **raw) == expected


@pytest.mark.parametrize(
    ("industry", "revenue", "expected"),
    [("C34", 2000, "是"), ("C34", 1999, "否"), ("I65", 9999, "否"), ("C34", None, None), (None, 1999, "否"),
     (None, 2000, None)],
)  # fmt: skip
def test_above_scale(industry: str | None, revenue: float | None, expected: str | None) -> None:
    assert fact("above_scale", industry_code=industry, revenue_wan=revenue) == expected


def test_sales_of_a_year() -> None:
    assert fact("taxable_sales_wan", monthly_sales_wan=10) == Span(120, 120)


def test_cells() -> None:
    table = columns_of([company(honours=["高企"], ownership="民营"), company()], AS_OF)
    assert table.fact("honours", 0) == Items(
        frozenset({"高新技术企业", "科技型企业"}), True, ("科技型企业", "高新技术企业")
    )
    assert table.fact("honours", 1) is None and table.fact("ownership", 1) is None and table.fact("patents", 0) is None
    assert table.span("patents").unknown.all() and math.isinf(table.span("patents").lo[0])


def test_missing_inputs() -> None:
    assert missing_inputs("rd_ratio", frozenset({"revenue_wan"})) == ("rd_expense_wan",)
    assert missing_inputs("size", frozenset()) == ("industry_code", "employees", "revenue_wan")
    assert missing_inputs("export", frozenset()) == ("export",)
    assert missing_inputs("rd_ratio", frozenset({"revenue_wan", "rd_expense_wan"})) == ("rd_ratio",)
