"""Dates as people write them."""

from __future__ import annotations

from datetime import date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.dates import parse_date
from policies.values import UNKNOWN, Span, ValueReason


@pytest.mark.parametrize(
    ("value", "first", "last"),
    [
        ("2015", date(2015, 1, 1), date(2015, 12, 31)),
        (2015, date(2015, 1, 1), date(2015, 12, 31)),
        ("2015年", date(2015, 1, 1), date(2015, 12, 31)),
        ("2015-06", date(2015, 6, 1), date(2015, 6, 30)),
        ("201506", date(2015, 6, 1), date(2015, 6, 30)),
        ("2016年2月", date(2016, 2, 1), date(2016, 2, 29)),
        ("二〇一五年六月", date(2015, 6, 1), date(2015, 6, 30)),
        ("2015/6/1", date(2015, 6, 1), date(2015, 6, 1)),
        ("2015.06.01", date(2015, 6, 1), date(2015, 6, 1)),
        ("2015年6月1日", date(2015, 6, 1), date(2015, 6, 1)),
        ("20150601", date(2015, 6, 1), date(2015, 6, 1)),
        (20150601, date(2015, 6, 1), date(2015, 6, 1)),
        ("2015-06-01T00:00:00", date(2015, 6, 1), date(2015, 6, 1)),
        ("2015-06-01 08:30:00", date(2015, 6, 1), date(2015, 6, 1)),
        (date(2015, 6, 1), date(2015, 6, 1), date(2015, 6, 1)),
        (datetime.fromisoformat("2015-06-01T10:00:00+08:00"), date(2015, 6, 1), date(2015, 6, 1)),
        ("2024年底", date(2024, 12, 1), date(2024, 12, 31)),
        ("2024年上半年", date(2024, 1, 1), date(2024, 6, 30)),
    ],
)
def test_date(value: object, first: date, last: date) -> None:
    assert parse_date(value) == Span(float(first.toordinal()), float(last.toordinal()))


@pytest.mark.parametrize(
    "value", ["2015-13", "2015-02-30", "2015-00", 42156, "15年", "2015-2018", True, 2015.5, [], "昨天", "0000"]
)
def test_date_refused(value: object) -> None:
    with pytest.raises(ValueReason, match="请写成"):
        parse_date(value)


@given(st.dates(date(1800, 1, 1), date(2199, 12, 31)))
def test_date_round_trip(day: date) -> None:
    ordinal = float(day.toordinal())
    for text in (day.isoformat(), f"{day.year}年{day.month}月{day.day}日", day.isoformat().replace("-", "")):
        assert parse_date(text) == Span(ordinal, ordinal)


@pytest.mark.parametrize("value", [None, "", "  ", "未知", "—"])
def test_blank_is_unknown(value: object) -> None:
    assert parse_date(value) == UNKNOWN


DATE_LIKE = st.text("0123456789-年月日底初上下半第一二季度.:tz+ /", max_size=20)


@given(st.one_of(st.text(), DATE_LIKE, st.floats(), st.integers()))
def test_nothing_but_value_reason(value: object) -> None:
    try:
        span = parse_date(value)
    except ValueReason as error:
        assert "请写成" in str(error)
    else:
        assert span.lo <= span.hi


@pytest.mark.parametrize("text", ["9" * 10**6, "1-" * 10**5, "😀\x00" * 10**5], ids=range(3))
def test_megabytes_are_harmless(text: str) -> None:
    with pytest.raises(ValueReason, match=r"太长|不是日期"):
        parse_date(text)
