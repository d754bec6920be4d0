"""The field registry."""

from __future__ import annotations

import math

import pytest

from policies.fields import Field, Registry, registry
from policies.vocabulary import vocabularies

KINDS = {"number", "ratio", "date", "class", "industry", "region", "set", "choice", "flag", "text"}


def test_every_definition_is_complete() -> None:
    for field in registry().values():
        assert field.kind in KINDS and field.scope in {"company", "plan"}, field.name
        assert field.label and field.group and field.question.endswith(("？", "?")), field.name
        assert bool(field.unit) == (field.kind == "number"), field.name
        assert bool(field.classes) == (field.kind == "class"), field.name
        assert bool(field.vocabulary) == (field.kind in {"set", "choice"}), field.name
        if field.vocabulary:
            assert field.vocabulary in vocabularies(), field.name


def test_labels_are_unique() -> None:
    labels = [field.label for field in registry().values()]
    assert len(labels) == len(set(labels))


def test_aliases_resolve_and_are_not_listed() -> None:
    assert registry()["industry"] is registry()["industry_code"]
    assert "industry" in registry() and "industry" not in list(registry())
    with pytest.raises(KeyError):
        registry()["no_such_field"]


def test_possible_values() -> None:
    assert registry()["employees"].possible == (0.0, math.inf)
    assert registry()["rd_ratio"].possible == (0.0, 1.0)
    assert registry()["revenue_growth"].possible == (-1, 1000)


def test_where_names_label_and_key() -> None:
    assert registry()["employees"].where == "从业人数（employees）"


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("employes", "employees"), ("revenue", "revenue_wan"), ("从业人员数", "employees"), ("honor", "honours")],
)
def test_nearest_offers_what_was_meant(typed: str, meant: str) -> None:
    assert meant in registry().nearest(typed)


def test_nearest_of_nonsense_is_empty() -> None:
    assert registry().nearest("😀") == []


def test_a_double_name_or_alias_is_refused() -> None:
    one = Field("a", "甲", "flag", "组")
    with pytest.raises(ValueError, match="twice"):
        Registry((one, one))
    with pytest.raises(ValueError, match="twice"):
        Registry((one, Field("b", "乙", "flag", "组", aliases=("a",))))
