"""Numbers and amounts as people write them."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.quantities import amounts_in_text, parse_number
from policies.values import UNKNOWN, Span, ValueReason

INF = math.inf


BELOW_400 = math.nextafter(400, 0)


@pytest.mark.parametrize(
    ("text", "unit", "lo", "hi"),
    [
        ("3200万", "万元", 3200, 3200),
        ("3200 万元", "万元", 3200, 3200),
        ("1.5亿", "万元", 15000, 15000),
        ("1.5亿元", "元", 150_000_000, 150_000_000),
        ("1.5个亿", "万元", 15000, 15000),
        ("三千二百万", "万元", 3200, 3200),
        ("三千二百万元", "万元", 3200, 3200),
        ("三点五亿", "万元", 35000, 35000),
        ("三百五", "万元", 350, 350),
        ("百万", "万元", 100, 100),
        ("3千2百万", "万元", 3200, 3200),
        ("1亿5000万", "万元", 15000, 15000),
        ("约380万", "万元", 380, 380),
        ("380万左右", "万元", 380, 380),
        ("三四百万", "万元", 300, 400),
        ("七八万块", "万元", 7, 8),
        ("三百多万", "万元", 300, BELOW_400),
        ("几百万", "万元", 200, math.nextafter(1000, 0)),
        ("近500万", "万元", 450, math.nextafter(500, 0)),
        ("十几人", "人", 11, math.nextafter(20, 0)),
        ("20-49人", "人", 20, 49),
        ("20—49", "人", 20, 49),
        ("20~49", "人", 20, 49),
        ("20至49人", "人", 20, 49),
        ("300-400万元", "万元", 300, 400),
        ("9000万-1亿", "万元", 9000, 10000),
        ("5000-1亿", "万元", 5000, 10000),
        ("三至五百万", "万元", 300, 500),
        ("三百至五百万", "万元", 300, 500),
        ("3-5%", "ratio", 0.03, 0.05),
        ("500万以上", "万元", 500, INF),
        ("500万以下", "万元", -INF, 500),
        ("500万以内", "万元", -INF, 500),
        ("不超过500万", "万元", -INF, 500),
        ("不低于500", "万元", 500, INF),
        (">500", "万元", math.nextafter(500, INF), INF),
        ("≥500万", "万元", 500, INF),
        ("不到50人", "人", -INF, math.nextafter(50, 0)),
        ("50人(含)以上", "人", 50, INF),
        ("3%", "ratio", 0.03, 0.03),
        ("3.5 %", "ratio", 0.035, 0.035),
        ("百分之三", "ratio", 0.03, 0.03),
        ("0.03", "ratio", 0.03, 0.03),
        ("3200", "万元", 3200, 3200),
        ("3,200.50", "万元", 3200.5, 3200.5),
        ("３２００万", "万元", 3200, 3200),
        ("32000000元", "万元", 3200, 3200),
        ("3200千元", "万元", 320, 320),
        ("500w", "万元", 500, 500),
        ("¥300万", "万元", 300, 300),
        ("$300万", "万美元", 300, 300),
        ("-300万", "万元", -300, -300),
        ("负三百万", "万元", -300, -300),
        ("1.2万", "人", 12000, 12000),
        ("10个", "个", 10, 10),
        ("6个月", "年", 0.5, 0.5),
        ("2年", "月", 24, 24),
        ("100吨标准煤", "吨标准煤", 100, 100),
        ("0", "人", 0, 0),
    ],
)
def test_number_as_written(text: str, unit: str, lo: float, hi: float) -> None:
    assert parse_number(text, unit) == Span(lo, hi)


@pytest.mark.parametrize(
    ("value", "unit", "says"),
    [
        ("很多", "万元", "“很多”不是数字，请写成“3200万”或“1.5亿”"),
        ("3200万人", "万元", "单位“人”"),
        ("300万美元", "万元", "单位“美元”"),
        ("30岁", "年", "单位“岁”"),
        ("3", "ratio", "“3%”"),
        (3, "ratio", "“3%”"),
        ("万元", "万元", "不是数字"),
        ("1.2.3", "人", "不是数字"),
        ("一百一百", "人", "不是数字"),
        ("2015-06", "人", "颠倒"),
        ("9" * 70, "人", "过大"),
        (True, "人", "不是数字"),
        (float("nan"), "人", "有限"),
        (float("inf"), "人", "有限"),
        (10**400, "人", "有限"),
        ([1], "人", "不是数字"),
        ("9" * 1_000_000, "人", "太长"),
    ],
)
def test_number_refused(value: object, unit: str, says: str) -> None:
    with pytest.raises(ValueReason, match=says):
        parse_number(value, unit)


def test_amounts_in_text() -> None:
    assert amounts_in_text("总投资三千二百万，其中设备1.5亿元") == [
        ("三千二百万", Span(3200, 3200)),
        ("1.5亿元", Span(15000, 15000)),
    ]
    assert amounts_in_text("夫妻店雇三个人，想换台夹层锅，七八万块，能补点不") == [("七八万块", Span(7, 8))]
    assert amounts_in_text("年产3200万件，用地20万平方米，20万千瓦时，500万美元，千万不要，2025年3月，58人") == []
    assert amounts_in_text("投资300-400万元，3,200.50万元") == [
        ("300-400万元", Span(300, 400)),
        ("3,200.50万元", Span(3200.5, 3200.5)),
    ]


@given(st.integers(0, 10**9))
def test_bare_number_round_trip(number: int) -> None:
    assert parse_number(f"{number:,}", "元") == parse_number(number, "元") == Span(number, number)


@given(st.integers(1, 10**8))
def test_wan_round_trip(number: int) -> None:
    assert parse_number(f"{number}万元", "万元") == Span(number, number)
    assert parse_number(f"{number}万元", "元") == Span(number * 10_000, number * 10_000)


@pytest.mark.parametrize("value", [None, "", "  ", "未知", "—"])
def test_blank_is_unknown(value: object) -> None:
    assert parse_number(value, "人") == UNKNOWN


WILD = st.one_of(
    st.text(),
    st.text("0123456789.,-—~至到一二三四两几多十百千万亿元人年月日%点负<>≥约近以上下e¥$wk() ", max_size=30),
    st.none(), st.booleans(), st.floats(), st.integers(), st.lists(st.text()), st.binary(),
)  # fmt: skip


@given(WILD, st.sampled_from(["万元", "元", "万美元", "人", "ratio", "年", "月", "个", "吨标准煤", "天"]))
def test_nothing_but_value_reason(value: object, unit: str) -> None:
    try:
        span = parse_number(value, unit)
    except ValueReason as error:
        assert str(error)
    else:
        assert span.lo <= span.hi
    if isinstance(value, str):
        assert all(found.lo <= found.hi for _, found in amounts_in_text(value))


MEGABYTES = ["9" * 10**6, "万" * 10**6, "一" * 10**6, "(" * 10**6, "😀\x00" * 10**5, "1-" * 10**5]


@pytest.mark.parametrize("text", MEGABYTES, ids=range(6))
def test_megabytes_are_harmless(text: str) -> None:
    with pytest.raises(ValueReason):
        parse_number(text, "万元")
    assert all(found.lo <= found.hi for _, found in amounts_in_text(text))
