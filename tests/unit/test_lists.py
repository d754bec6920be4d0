"""Yes or no, and lists of names."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.lists import parse_flag, parse_list
from policies.values import ValueReason


@pytest.mark.parametrize("value", [True, "true", "是", "有", "已", "√", "Y", "1", 1, 1.0, "对", " Yes "])
def test_flag_true(value: object) -> None:
    assert parse_flag(value) is True


@pytest.mark.parametrize("value", [False, "false", "否", "无", "未", "×", "N", "0", 0, "没有", "x"])
def test_flag_false(value: object) -> None:
    assert parse_flag(value) is False


@pytest.mark.parametrize("value", [None, "", "也许", 2, [], "是" * 1000])
def test_flag_refused(value: object) -> None:
    with pytest.raises(ValueReason):
        parse_flag(value)


def test_list() -> None:
    assert parse_list("高新技术企业、专精特新（省级、市级）；《a，b》,c\n d/c") == [
        "高新技术企业",
        "专精特新（省级、市级）",
        "《a，b》",
        "c",
        "d",
    ]
    assert parse_list(["a、b", " c "]) == ["a、b", "c"]
    assert parse_list("无") == parse_list("暂无") == parse_list([]) == []


@pytest.mark.parametrize("value", [None, "", 3, [1], "甲、" * 20_000])
def test_list_refused(value: object) -> None:
    with pytest.raises(ValueReason):
        parse_list(value)


@given(st.one_of(st.text(), st.none(), st.booleans(), st.floats(), st.integers(), st.lists(st.text()), st.binary()))
def test_nothing_but_value_reason(value: object) -> None:
    for read in (parse_flag, parse_list):
        try:
            found = read(value)
        except ValueReason as error:
            assert str(error)
        else:
            assert isinstance(found, bool | list)


@pytest.mark.parametrize("text", ["(" * 10**6, "甲、" * 10**6], ids=range(2))
def test_megabytes_are_harmless(text: str) -> None:
    with pytest.raises(ValueReason, match="太长"):
        parse_list(text)
