"""Unified social credit codes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.uscc import ALPHABET, check_uscc, make_uscc, region_of_uscc
from policies.values import ValueReason

REAL = "91350100M000100Y43"  # the example of GB 32100-2015


def test_standard_example() -> None:
    assert make_uscc(REAL[:17]) == check_uscc(REAL) == REAL
    assert check_uscc(" ９1350100-m000100y43 ") == REAL
    assert region_of_uscc(REAL) == "350100"


@pytest.mark.parametrize(
    ("code", "says"),
    [
        ("91350100M000100Y44", "校验位应为“3”，实为“4”"),
        ("91350100M000100Y4", "有17位"),
        ("370200228012345", "旧的营业执照注册号"),
        ("91350100MO00100Y43", "第10位“O”.*是不是“0”"),
        ("913501A0M000100Y43", "第3至8位应为数字"),
        ("9.13701E+17", "请把该列设为文本后重填"),
        (9.13701e17, "请把该列设为文本后重填"),
        ("", "有0位"),
        (None, "有4位"),
        ("\x00😀" * 100_000, "应为18位"),
    ],
)
def test_refused(code: object, says: str) -> None:
    with pytest.raises(ValueReason, match=says):
        check_uscc(code)


@given(st.text("0123456789", min_size=6, max_size=6), st.text(ALPHABET, min_size=9, max_size=9), st.integers(0, 16))
def test_any_changed_character_is_seen(region: str, rest: str, place: int) -> None:
    code = make_uscc("91" + region + rest)
    assert check_uscc(code) == code
    changed = code[:place] + ("1" if code[place] == "0" else "0") + code[place + 1 :]
    with pytest.raises(ValueReason):
        check_uscc(changed)


@given(st.text())
def test_nothing_but_value_reason(text: str) -> None:
    with pytest.raises(ValueReason):
        check_uscc(text[:17])
