"""A company in a request: its schema and its reader say the same, and nothing larger than a company gets in."""

from __future__ import annotations

from typing import Any

import jsonschema_rs
import pytest

from matcher.api.company import EXAMPLE, MAX_ENTRIES, MAX_TEXT_CHARS, MAX_VALUE_CHARS, components, read_company
from matcher.api.library import company_schema
from policies.errors import InputError
from policies.fields import registry
from tests.support import AS_OF

TYPES: list[Any] = [True, False, 3, 0.5, "字", [], ["字"], [3], {}, {"a": 1}, None]


def refusal(raw: object, answers: object = None) -> str:
    with pytest.raises(InputError) as caught:
        read_company(raw, AS_OF, answers)
    return str(caught.value)


@pytest.mark.parametrize("name", list(registry()))
def test_the_schema_allows_no_type_that_the_reader_refuses_for_its_type(name: str) -> None:
    shape = jsonschema_rs.validator_for(company_schema())
    for value in TYPES:
        try:
            read_company({name: value}, AS_OF)
        except InputError as error:
            typed = ("应为" in str(error) and "收到的是" in str(error)) or "嵌套太深" in str(error)
            if typed or str(error).endswith("应为文字"):
                assert not shape.is_valid({name: value}), (name, value, str(error))
        else:
            assert shape.is_valid({name: value}), (name, value)


def test_the_schema_names_every_field_and_alias_and_refuses_others() -> None:
    full = company_schema()
    known = {name for field in registry().values() for name in (field.name, *field.aliases)}
    assert known <= full["properties"].keys() and full["additionalProperties"] is False
    plan = full["$defs"]["Plan"]
    texts = {field.name for field in registry().values() if field.kind == "text"}
    assert plan["properties"].keys() == known - texts | {"text"} and plan["additionalProperties"] is False
    shape = jsonschema_rs.validator_for(full)
    assert shape.is_valid(EXAMPLE) and not shape.is_valid({"revenue": 3})
    assert "revenue_wan" in refusal({"revenue": 3})
    short = components(full=False)
    assert len(short["Company"]["properties"]) < len(full["properties"]) / 3 and short["Company"]["examples"] == [
        EXAMPLE
    ]


def test_the_example_is_read() -> None:
    profile = read_company(EXAMPLE, AS_OF)
    assert profile.name == EXAMPLE["name"] and len(profile.plans) == 1 and not profile.notes


def test_answers_count_more_than_what_is_stated() -> None:
    profile = read_company({"employees": 5, "honours": []}, AS_OF, {"employees": "100-200", "patents": 7})
    assert profile.facts["employees"] == read_company({"employees": "100-200"}, AS_OF).facts["employees"]
    assert "patents" in profile.facts
    assert "没有这个可以回答的字段" in refusal({}, {"name": "甲"}) and "employees" in refusal({}, {"employee": 3})
    assert "应为一个 JSON 对象" in refusal({}, [1]) and "应为数字" in refusal({}, {"employees": True})


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        ({"name": "字" * (MAX_TEXT_CHARS + 1)}, "太长"),
        ({"region": "济" * (MAX_VALUE_CHARS + 1)}, "太长"),
        ({"uscc": "9" * (MAX_VALUE_CHARS + 1)}, "太长"),
        ({"honours": ["高" * (MAX_VALUE_CHARS + 1)]}, "太长"),
        ({"honours": ["高企"] * 501}, "最多 500 项"),
        ({"honours": [["高企"]]}, "嵌套太深"),
        ({"other": {"甲": {"乙": {}}}}, "嵌套太深"),
        ({"other": {str(n): 1 for n in range(MAX_ENTRIES + 1)}}, "最多 500 个字段"),
        ({"plans": [{"start": {"a": 1}}]}, "嵌套太深"),
        ({"plans": [{}] * 21}, "最多 20 项"),
        ({"products": "\ud800"}, "代理字符"),
        ({"other": {"甲": float("nan")}}, "不是有限的数字"),
        ({"established": "2026-06-16"}, "晚于查询日期"),
        ("甲公司", "应为一个 JSON 对象"),
        (None, "应为一个 JSON 对象"),
    ],
)
def test_what_no_company_is_is_refused(raw: object, says: str) -> None:
    assert says in refusal(raw)


def test_every_problem_is_told_at_once() -> None:
    said = refusal({"employees": [], "export": "也许", "plans": [{"start": "将来"}]})
    assert all(word in said for word in ("employees", "export", "第 1 项计划"))
