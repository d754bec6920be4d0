"""Rules as data."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from policies.rules import All, AnyOf, Has, Manual, Not, OneOf, Within, fields_of, leaves
from tests.support import RULE, rule


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        ({"field": "employees", "min": 10}, Within), ({"field": "employees", "under": 10, "over": 1}, Within),
        ({"field": "region", "in": ["山东省"]}, OneOf), ({"field": "export", "is": True}, OneOf),
        ({"field": "honours", "has": ["高企"]}, Has), ({"field": "honours", "has_all": ["高企"]}, Has),
        ({"manual": "须核实"}, Manual), ({"all": []}, All), ({"any": [{"manual": "x"}]}, AnyOf),
        ({"not": {"manual": "x"}}, Not),
    ],
)  # fmt: skip
def test_forms(data: dict[str, Any], kind: type) -> None:
    assert isinstance(rule(data), kind)


@pytest.mark.parametrize(
    ("data", "says"),
    [
        ({"field": "employees"}, "不是一条规则"), ({}, "不是一条规则"), ("高企", "不是一条规则"),
        ({"field": "employees", "min": None}, "至少要有"), ({"field": "employees", "min": 1, "over": 1}, "同一端"),
        ({"field": "employees", "max": 1, "under": 1}, "同一端"), ({"field": "honours", "has": []}, "has 或 has_all"),
        ({"field": "honours", "has": ["a"], "has_all": ["b"]}, "has 或 has_all"), ({"any": []}, "at least 1"),
        ({"field": "region", "in": []}, "at least 1"), ({"manual": "x", "extra": 1}, "Extra inputs"),
    ],
)  # fmt: skip
def test_refused(data: Any, says: str) -> None:
    with pytest.raises(ValidationError, match=says):
        RULE.validate_python(data)


def test_is_reads_flags() -> None:
    assert rule({"field": "export", "is": True}) == OneOf.model_validate({"field": "export", "in": ["是"]})
    assert rule({"field": "export", "is": False}) == OneOf.model_validate({"field": "export", "in": ["否"]})


def test_leaves_and_fields_in_order() -> None:
    tree = rule({"all": [
        {"field": "region", "in": ["山东省"]},
        {"any": [{"field": "honours", "has": ["高企"]}, {"not": {"field": "employees", "min": 5}}]},
        {"manual": "核实"}, {"field": "region", "in": ["济南市"]},
    ]})  # fmt: skip
    assert [type(leaf) for leaf in leaves(tree)] == [OneOf, Has, Within, Manual, OneOf]
    assert fields_of(tree) == ("region", "honours", "employees")


def test_round_trip_through_json() -> None:
    tree = rule({"any": [{"field": "export", "is": True}, {"not": {"all": [{"field": "employees", "over": 3}]}}]})
    assert RULE.validate_json(RULE.dump_json(tree, by_alias=True, exclude_defaults=True)) == tree
