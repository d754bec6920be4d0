"""Reading and showing single facts."""

from __future__ import annotations

import math

import pytest

from policies.errors import UnknownCode
from policies.facts import Items, bounds, merge_spans, read_fact, show_fact, show_number, spans_of
from policies.fields import registry
from policies.rules import OneOf, Within
from policies.values import Span, ValueReason
from policies.vocabulary import vocabularies

INF = math.inf


def read(name: str, raw: object) -> object:
    return read_fact(registry()[name], raw)[0]


@pytest.mark.parametrize(
    ("name", "raw", "fact"),
    [
        ("revenue_wan", "3200万", Span(3200, 3200)), ("revenue_wan", "３２００", Span(3200, 3200)),
        ("revenue_wan", 3200, Span(3200, 3200)), ("employees", "20-49人", Span(20, 49)),
        ("employees", "500人以下", Span(0, 500)), ("rd_ratio", 0.03, Span(0.03, 0.03)),
        ("rd_ratio", "3%", Span(0.03, 0.03)), ("size", "中型企业", Span(2, 2)), ("tax_credit_grade", "a级", Span(4, 4)),
        ("export", "有", "是"), ("export", False, "否"), ("ownership", "民企", "民营"),
        ("region", "全国", None), ("employees", None, None), ("employees", "", None), ("employees", "不清楚", None),
        ("ownership", " ", None), ("size", "—", None),
    ],
)  # fmt: skip
def test_read(name: str, raw: object, fact: object) -> None:
    assert read(name, raw) == fact


@pytest.mark.parametrize(
    ("name", "raw", "says"),
    [
        ("employees", -5, "不能小于 0，收到的是 -5"), ("employees", [58], "应为数字，收到的是列表"),
        ("employees", True, "应为数字，收到的是是/否"), ("employees", {"n": 1}, "收到的是对象"),
        ("employees", "很多", "“很多”不是数字"), ("employees", "😀", "不是数字"),
        ("employees", "1" * 1_000_000, "太长"),
        ("rd_ratio", 3, "3%"), ("rd_ratio", 1.5, "不能大于 1，收到的是 1.5；百分数请写成"),
        ("established", "昨天", "不是日期"),
        ("established", 1799, "不是日期"), ("export", "也许", "不是“是”或“否”"),
        ("ownership", ["民营"], "应为文字，收到的是列表"),
        ("honours", 3, "应为列表，收到的是数字"), ("honours", True, "应为列表"),
    ],
)  # fmt: skip
def test_refused(name: str, raw: object, says: str) -> None:
    with pytest.raises(ValueReason, match=says):
        read(name, raw)


@pytest.mark.parametrize(
    ("name", "raw", "nearest"),
    [("size", "巨型", "大型"), ("ownership", "民营集团", "民营"), ("region", "山东省/清岛市", "山东省/青岛市"),
     ("industry_code", "金属切屑机床制造", "C3421 金属切削机床制造")],
)  # fmt: skip
def test_unknown_codes_offer_the_nearest(name: str, raw: str, nearest: str) -> None:
    with pytest.raises(UnknownCode) as caught:
        read(name, raw)
    assert nearest in caught.value.nearest and nearest in str(caught.value) and raw in str(caught.value)


def test_sets_close_upwards_and_none_is_declared() -> None:
    held = read("honours", ["小巨人"])
    assert isinstance(held, Items) and held.exhaustive
    assert held.held == {"专精特新“小巨人”企业", "专精特新中小企业", "创新型中小企业"}
    assert held.stated == ("专精特新“小巨人”企业",)
    assert read("honours", []) == read("honours", "无") == read("honours", False) == Items(frozenset(), True)


def test_an_item_outside_the_vocabulary_leaves_the_set_open() -> None:
    fact, note = read_fact(registry()["honours"], ["高企", "高新技术企页", "宇宙最佳"])
    assert isinstance(fact, Items) and not fact.exhaustive and fact.stated == ("高新技术企业",)
    assert "未收录：高新技术企页（相近：高新技术企业" in note and "宇宙最佳" in note and "不参与条件判断" in note


def test_some_sets_are_never_exhaustive_unless_declared_empty() -> None:
    tag = next(iter(vocabularies()["industry_tag"].terms))
    held, none = read("industry_tag", [tag]), read("industry_tag", [])
    assert isinstance(held, Items) and not held.exhaustive
    assert isinstance(none, Items) and none.exhaustive


@pytest.mark.parametrize(
    ("name", "raw", "shown"),
    [
        ("employees", 560, "560 人"), ("revenue_wan", 3200, "3,200 万元"), ("revenue_wan", "1.5亿", "1.5 亿元"),
        ("employees", "20-49人", "20 人至49 人"), ("employees", "20人以上", "20 人以上"), ("rd_ratio", 0.0325, "3.25%"),
        ("established", "2015", "2015年"), ("established", "2015-06", "2015年6月"),
        ("established", "2015-06-01", "2015年6月1日"), ("region", "370211", "山东省青岛市黄岛区"),
        ("industry_code", "3421", "C3421 金属切削机床制造"), ("size", "小型", "小型"), ("export", "有", "是"),
        ("honours", [], "无"), ("honours", ["高企"], "高新技术企业"),
    ],
)  # fmt: skip
def test_show(name: str, raw: object, shown: str) -> None:
    field = registry()[name]
    assert show_fact(field, read_fact(field, raw)[0]) == shown


def test_show_unknown_and_ranges() -> None:
    assert show_fact(registry()["employees"], None) == "未填写"
    assert show_fact(registry()["size"], Span(1, 2)) == "小型至中型之间"
    assert show_number(registry()["revenue_wan"], 12345) == "1.2345 亿元"
    assert show_number(registry()["employees"], INF) == "不限"


def test_bounds_move_strict_ends() -> None:
    field = registry()["employees"]
    assert bounds(field, Within(field="employees", min=3, max=5)) == Span(3, 5)
    assert bounds(field, Within(field="employees", over=3)) == Span(math.nextafter(3, 4), INF)
    assert bounds(field, Within(field="employees", under=5)) == Span(-INF, math.nextafter(5, 4))
    date = registry()["established"]
    span = bounds(date, Within(field="established", min="2020", max="2020"))
    assert span.hi - span.lo == 365
    with pytest.raises(ValueReason, match="界限应为数字"):
        bounds(field, Within(field="employees", min="三"))


def test_spans_of_merges_neighbours() -> None:
    size = registry()["size"]
    assert spans_of(size, OneOf.model_validate({"field": "size", "in": ["小型", "微型"]})) == (Span(0, 1),)
    assert spans_of(size, OneOf.model_validate({"field": "size", "in": ["大型", "微型"]})) == (Span(0, 0), Span(3, 3))
    assert merge_spans([Span(5, 6), Span(0, 2), Span(1, 4)]) == (Span(0, 6),)
    assert merge_spans([]) == ()
