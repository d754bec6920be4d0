"""The enterprise form without widgets: what was typed becomes a raw profile, and a raw profile fills the form again."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matcher.ui import form, text
from matcher.ui.prefill import draft, fill
from policies.errors import InputError
from policies.industries import industries
from policies.profile import CompanyProfile
from policies.regions import regions

FULL: dict[str, object] = {
    "name": "甲公司", "province": "370000", "city": "370100", "county": "370112", "industry": "数控机床",
    "industry_pick": "C3421", "products": "机床，主轴", "established": "2012年6月", "ownership": "民营",
    "employees": "20-49人", "revenue_wan": "三千二百万元", "rd_expense_wan": "0", "taxpayer_type": "一般纳税人",
    "credit_ok": "是", "export": "否", "honours": ["高新技术企业", "瞪羚企业"], "plan1_text": "更换机床",
    "plan1_project_type": ["设备更新"], "plan1_equipment_invest_wan": "1200万", "plan2_text": "屋顶光伏",
    "plan2_start": "2026年11月", "needs": "想少交税",
}  # fmt: skip
CODES = st.sampled_from([code for code in regions()._nodes if regions().level(code) > 0])
CLASSES = st.sampled_from([code for code in industries()._nodes if industries().level(code) > 0])


def read(**values: object) -> dict[str, object]:
    return form.read_form({**dict.fromkeys(form.KEYS), **values})


def problems(**values: object) -> list[str]:
    with pytest.raises(InputError) as caught:
        read(**values)
    return [f"{form.problem_key(one.where)}: {one.reason}" for one in caught.value.problems]


def test_what_is_not_filled_in_is_unknown_and_never_zero() -> None:
    profile = CompanyProfile.model_validate(read(needs="贷款"))
    assert dict(profile.facts) == {}
    assert profile.plans == ()


def test_no_honours_and_unknown_honours_are_two_things() -> None:
    assert read(needs="贷款")["honours"] is None
    assert read(needs="贷款", honours=[text.NONE_HELD])["honours"] == []
    assert problems(needs="贷款", honours=[text.NONE_HELD, "瞪羚企业"]) == [f"honours: {text.NONE_AND_SOME}"]


def test_every_problem_names_its_input_as_the_form_numbers_it() -> None:
    found = problems(
        needs="贷款", revenue_wan="很多", uscc="1", plan2_text="光伏", plan3_loan_wan="若干", products="机" * 501
    )
    assert [one.split(":")[0] for one in found] == ["products", "uscc", "revenue_wan", "plan3_loan_wan"]


def test_an_empty_form_is_refused() -> None:
    assert text.TOO_EMPTY in problems(name="甲公司")[0]


@pytest.mark.parametrize("value", [0, 1.5, True, {"a": 1}, [["x"]], None])
def test_values_of_another_type_are_taken_for_nothing(value: object) -> None:
    assert read(**{**FULL, "revenue_wan": value, "industry": value, "name": value})["revenue_wan"] == ""


def test_a_pick_that_does_not_belong_to_what_is_typed_is_left_out() -> None:
    assert read(industry="数控机床", industry_pick="C3421")["industry_code"] == "C3421"
    assert read(industry="造纸", industry_pick="C3421")["industry_code"] == "造纸"
    assert read(industry="", industry_pick="C3421", needs="贷款")["industry_code"] is None


def test_a_region_that_was_taken_back_leaves_the_level_above() -> None:
    assert read(province="370000", city="", county="")["region"] == "370000"
    assert ("不清楚", "") in form.below("370000")
    assert form.below("") == form.below(None) == form.below("999999") == []


def test_the_full_form_comes_back_as_it_was() -> None:
    raw = read(**FULL)
    kept = json.loads(json.dumps(raw, ensure_ascii=False))
    filled = fill(kept)
    assert form.read_form(filled.values) == raw
    assert filled.left_out == ()
    assert filled.values["revenue_wan"] == "三千二百万元"
    assert filled.values["products"] == "机床，主轴"


@given(region=CODES, industry=CLASSES)
def test_every_region_and_industry_comes_back(region: str, industry: str) -> None:
    raw: dict[str, Any] = {"region": region, "industry_code": industry}
    filled = fill(raw)
    again = form.read_form(filled.values)
    before, after = CompanyProfile.model_validate(raw), CompanyProfile.model_validate(again)
    assert before.facts == after.facts
    for key, choices in filled.choices.items():
        assert key not in filled.values or filled.values[key] in [code for _, code in choices]


@pytest.mark.parametrize(
    "raw",
    [
        {"employees": 58, "revenue_wan": 3200.5, "established": "2012", "assets_wan": "1.5亿", "needs": "贷款"},
        {"employees": "20-49人", "rd_expense_wan": 0, "credit_ok": False, "export": True, "honours": [], "needs": "贷"},
        {"region": "山东省/济南市", "industry": "造纸", "asset_wan": 12000},
        {"plans": [{"text": "甲", "project_type": ["设备更新"]}, {"loan_wan": 300, "start": "2026-11"}]},
    ],
)
def test_what_another_program_kept_fills_the_form(raw: dict[str, Any]) -> None:
    before, after = CompanyProfile.model_validate(raw), CompanyProfile.model_validate(form.read_form(fill(raw).values))
    assert (after.facts, after.plans, after.texts) == (before.facts, before.plans, {**after.texts, **before.texts})


def test_what_the_form_has_no_place_for_is_named() -> None:
    plans = [{"text": "甲", "equipment_type": ["工业机器人"]}, {"text": "乙"}, {"text": "丙"}, {"text": "丁"}]
    filled = fill({"industry_name": "机床", "other": {"patents": 7, "某事": 1}, "plans": plans})
    assert filled.left_out == ("行业名称", "专利数", "某事", "第 1 项计划的设备种类", "第 4 项计划")
    assert filled.values["plan3_text"] == "丙"


SHOWN: dict[str, Any] = {
    "name": "甲", "province": "山东省", "city": "济南市", "county": "历城区", "industry": "数控机床",
    "industry_pick": "C3421", "revenue_wan": "很多", "ownership": "民营", "credit_ok": "不清楚",
    "honours": ["瞪羚企业", "没有这个"], "plan2_project_type": ["设备更新"], "plan2_text": "",
}  # fmt: skip


def drafted(values: object, owner: str = "me") -> str:
    return json.dumps({"owner": owner, "url": "/e/", "values": values}, ensure_ascii=False)


def test_a_draft_is_taken_as_it_was_shown_and_not_checked() -> None:
    found = draft(drafted(SHOWN), "me")
    assert found is not None
    assert dict(found.values) == {
        "name": "甲", "province": "370000", "city": "370100", "county": "370112", "industry": "数控机床",
        "industry_pick": "C3421", "revenue_wan": "很多", "ownership": "民营", "credit_ok": "不清楚",
        "honours": ["瞪羚企业"], "plan2_project_type": ["设备更新"],
    }  # fmt: skip
    assert ("历城区", "370112") in found.choices["county"]


@pytest.mark.parametrize(
    "written",
    ["", "{}", "null", "[1]", "{", "9" * 60_000, "[" * 40_000, drafted(None), drafted([]), drafted({}),
     drafted({"x": "y"}), drafted({"credit_ok": "不清楚", "name": ""}), drafted(SHOWN, "somebody else")],
)  # fmt: skip
def test_what_is_no_draft_of_ones_own_is_none(written: str) -> None:
    assert draft(written, "me") is None


@given(st.dictionaries(st.sampled_from(form.KEYS), st.one_of(st.text(), st.integers(), st.none(), st.lists(st.text()))))
def test_any_draft_gives_values_that_the_inputs_can_show(values: dict[str, object]) -> None:
    found = draft(drafted(values), "me")
    for key, value in (found.values if found else {}).items():
        many = key == "honours" or key.endswith("_project_type")
        assert isinstance(value, list if many else str)


def test_hints_are_offers() -> None:
    hint = form.plan_hint("投入三千二百万，更换数控机床")
    assert "3,200 万元" in hint and "项目类型" in hint
    assert form.plan_hint("没有数字的话") == ""
