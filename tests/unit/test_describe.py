"""Rules in Chinese."""

from __future__ import annotations

from typing import Any

import pytest

from policies.describe import describe, required, within_reach
from policies.fields import registry
from policies.rules import Within
from tests.support import rule


@pytest.mark.parametrize(
    ("data", "text"),
    [
        ({"field": "employees", "min": 10}, "从业人数不低于 10 人"),
        ({"field": "employees", "over": 10, "max": 300}, "从业人数高于 10 人、不超过 300 人"),
        ({"field": "revenue_wan", "min": 20000}, "上年营业收入不低于 2 亿元"),
        ({"field": "rd_ratio", "under": 0.05}, "研发费用占营业收入比例低于 5%"),
        ({"field": "employees", "min": 5, "max": 5}, "从业人数为 5 人"),
        ({"field": "established", "max": "2023-06"}, "成立日期不晚于 2023-06"),
        ({"field": "established", "over": "2023", "under": "2025"}, "成立日期晚于 2023、早于 2025"),
        ({"field": "region", "in": ["370211"]}, "注册地属于山东省青岛市黄岛区"),
        ({"field": "industry_code", "in": ["C34", "I65"]}, "所属行业属于C34 通用设备制造业、I65 软件和信息技术服务业"),
        ({"field": "size", "in": ["小型", "微型"]}, "企业规模为小型 或 微型"),
        ({"field": "export", "is": True}, "有进出口业务：是"),
        ({"field": "honours", "has": ["高企", "瞪羚企业"]}, "已获荣誉资质具有高企 或 瞪羚企业"),
        ({"field": "honours", "has_all": ["高企", "瞪羚企业"]}, "已获荣誉资质具有高企、瞪羚企业"),
        ({"manual": "符合产业政策"}, "符合产业政策"), ({"all": []}, "不设条件"),
        ({"not": {"field": "size", "in": ["大型"]}}, "不属于：企业规模为大型"),
        ({"any": [{"manual": "甲"}, {"all": [{"manual": "乙"}, {"manual": "丙"}]}]}, "甲，或（乙，且丙）"),
        ({"any": [{"manual": "甲"}, {"manual": "乙"}], "text": "政策原文"}, "政策原文"),
    ],
)  # fmt: skip
def test_describe(data: dict[str, Any], text: str) -> None:
    assert describe(rule(data)) == text


def test_long_code_lists_are_cut() -> None:
    codes = [f"C{n}" for n in range(13, 23)]
    text = required(rule({"field": "industry_code", "in": codes}))
    assert text.count("、") >= 7 and text.endswith("等 10 类")


def test_required_leaves_the_field_out() -> None:
    assert required(rule({"field": "employees", "min": 10, "text": "十人以上"})) == "不低于 10 人"


def test_distance_to_the_bounds() -> None:
    field, leaf = registry()["employees"], Within(field="employees", min=10, max=20)
    assert within_reach(field, leaf, 4, 7) == -3
    assert within_reach(field, leaf, 25, 30) == 5
    assert within_reach(field, leaf, 20, 30) == within_reach(field, leaf, 5, 10) == 0
