"""Lines of the explanation: observed, required, gap."""

from __future__ import annotations

import math
from typing import Any

import pytest

from matcher.eligibility import Evaluation, Truth
from matcher.explain import Explainer
from matcher.results import Condition, Gap
from matcher.signals import interests_of
from policies.companies import CompanyTable
from policies.vocabulary import vocabularies
from tests.support import AS_OF, company, rule


def line(data: dict[str, Any], **raw: Any) -> Condition:
    profile = company(**raw)
    table = CompanyTable.of([profile])
    stated = {**profile.facts, **(profile.plans[0].facts if profile.plans else {})}
    suggested = interests_of(table).suggested[0]
    return Explainer(Evaluation(table.columns(AS_OF)), 0, stated, suggested).condition(rule(data))


def gap(data: dict[str, Any], **raw: Any) -> Gap:
    found = line(data, **raw)
    assert found.truth is Truth.FALSE and found.gap is not None
    return found.gap


def test_observed_and_required() -> None:
    found = line({"field": "employees", "min": 10}, employees=58)
    assert (found.text, found.field, found.truth) == ("从业人数不低于 10 人", "employees", Truth.TRUE)
    assert (found.observed, found.required, found.gap) == ("58 人", "不低于 10 人", None)
    unknown = line({"field": "employees", "min": 10, "text": "十人以上"})
    assert (unknown.text, unknown.observed, unknown.truth, unknown.gap) == ("十人以上", "未填写", Truth.UNKNOWN, None)


def test_derived_facts_are_observed_too() -> None:
    found = line({"field": "rd_ratio", "min": 0.05}, rd_expense_wan=96, revenue_wan=3200)
    assert found.observed == "3%" and found.gap is not None
    assert found.gap.text == "还差 研发费用占营业收入比例 2 个百分点" and found.gap.closable
    assert found.gap.effort == pytest.approx(0.4)


@pytest.mark.parametrize(
    ("data", "raw", "text", "closable"),
    [
        ({"field": "rd_expense_wan", "min": 100}, {"rd_expense_wan": 88}, "还差 上年研发费用 12 万元", True),
        ({"field": "employees", "under": 300}, {"employees": 310}, "从业人数超出 10 人", False),
        ({"field": "established", "max": "2023"}, {"established": "2025-01"}, "成立日期须不晚于 2023（现为2025年1月）",
         False),
        ({"field": "region", "in": ["济南市"]}, {"region": "北京"}, "须注册地属于山东省济南市（现为北京市）", False),
        ({"field": "size", "in": ["大型"]}, {"size": "小型"}, "须企业规模为大型（现为小型）", False),
        ({"field": "rd_ratio", "min": 0.05}, {"rd_ratio": "4%"}, "还差 研发费用占营业收入比例 1 个百分点", True),
        ({"field": "industry_tag", "has": ["集成电路"]}, {"industry_tag": []}, "产业领域须含集成电路", False),
        ({"not": {"field": "size", "in": ["大型"]}}, {"size": "大型"}, "属于不支持的情形：企业规模为大型", False),
    ],
)  # fmt: skip
def test_gaps(data: dict[str, Any], raw: dict[str, Any], text: str, closable: bool) -> None:
    found = gap(data, **raw)
    assert (found.text, found.closable) == (text, closable)
    if not closable and "超出" not in text:
        assert found.effort == math.inf


def test_the_honour_ladder() -> None:
    wanted = {"field": "honours", "has": ["专精特新“小巨人”企业"]}
    one = gap(wanted, honours=["专精特新中小企业"])
    assert one.text == "差一步：先认定专精特新“小巨人”企业" and one.closable and one.effort == pytest.approx(0.3)
    all_steps = gap(wanted, honours=[])
    assert all_steps.text == "先认定创新型中小企业 → 专精特新中小企业 → 专精特新“小巨人”企业"
    assert all_steps.effort == pytest.approx(0.9)


def test_the_shortest_ladder_of_several_is_shown() -> None:
    wanted = {"field": "honours", "has": ["专精特新“小巨人”企业", "瞪羚企业"]}
    assert gap(wanted, honours=[]).text == "差一步：先认定瞪羚企业"


def test_several_honours_that_are_all_needed() -> None:
    wanted = {"field": "honours", "has_all": ["专精特新“小巨人”企业", "瞪羚企业"]}
    found = gap(wanted, honours=["专精特新中小企业"])
    assert found.text == "先认定专精特新“小巨人”企业 → 瞪羚企业" and found.effort == pytest.approx(0.6)


def test_any_takes_the_easiest_gap_and_all_takes_every_one() -> None:
    far = {"field": "rd_expense_wan", "min": 1000}
    near = {"field": "patents", "min": 10}
    never = {"field": "region", "in": ["北京"]}
    raw: dict[str, Any] = {"rd_expense_wan": 10, "patents": 9, "region": "济南市"}
    assert gap({"any": [never, far, near]}, **raw).text == "还差 专利数 1 项"
    together = gap({"all": [far, near]}, **raw)
    assert together.text == "还差 上年研发费用 990 万元；还差 专利数 1 项" and together.closable
    assert together.effort == pytest.approx(0.99 + 0.1)
    assert not gap({"all": [never, near]}, **raw).closable


def test_composites_keep_their_lines() -> None:
    found = line({"any": [{"field": "patents", "min": 10}, {"manual": "专家认定"}]}, patents=3)
    assert found.truth is Truth.UNKNOWN and found.field is None and found.observed == "3 项"
    assert [leaf.truth for leaf in found.walk()] == [Truth.FALSE, Truth.UNKNOWN]
    assert [leaf.manual for leaf in found.walk()] == [False, True]


def test_manual_lines() -> None:
    found = line({"manual": "符合产业政策"})
    assert (found.text, found.observed, found.manual, found.truth) == (
        "符合产业政策",
        "须人工核实",
        True,
        Truth.UNKNOWN,
    )


def test_long_sets_are_cut() -> None:
    held = ["高企", "创新型中小企业", "瞪羚企业", "独角兽", "5G工厂", "晨星工厂", "哪吒企业", "省长质量奖"]
    assert line({"field": "honours", "has": ["高企"]}, honours=held).observed.endswith("等 8 项")


def test_a_hint_from_the_plan_is_offered_and_not_counted() -> None:
    name, term = next((n, t) for n, t in vocabularies()["project_type"].terms.items() if t.keywords)
    found = line({"field": "project_type", "has": [name]}, plans=[{"text": f"我们要{term.keywords[0]}"}])
    assert found.truth is Truth.UNKNOWN and found.hint == f"您写的内容像是“{name}”，请确认"
    assert line({"field": "project_type", "has": [name]}, plans=[{"text": "别的"}]).hint == ""
