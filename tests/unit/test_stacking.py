"""Totals over measures that exclude each other, by example; brute force is in tests/property."""

from __future__ import annotations

from typing import Any

import pytest

from matcher.results import Amount
from matcher.stacking import MAX_EXACT, combined_total
from policies.library import LibraryMeasure
from tests.support import entry, measure


def item(
    key: str, wan: float | None, *groups: str, mode: str = "highest", **changes: Any
) -> tuple[LibraryMeasure, Amount]:
    found = entry(key, measure(stacking=[{"group": group, "mode": mode} for group in groups]), **changes)
    return found, Amount(wan, wan, "")


@pytest.mark.parametrize(
    ("mode", "reason"),
    [("highest", "就高不重复（组），已计入金额更高的“支持事项grant”"), ("exclusive", "只能择一（组），已计入"),
     ("yearly_once", "同一企业每年限一项（组），已计入")],
)  # fmt: skip
def test_one_of_a_group_counts(mode: str, reason: str) -> None:
    total = combined_total([item("a", 10, "组", mode=mode), item("b", 30, "组", mode=mode), item("c", 5)])
    assert (total.low_yuan, total.high_yuan) == (35, 35) and total.counted == ("b/grant", "c/grant")
    assert list(total.left_out) == ["a/grant"] and reason in total.left_out["a/grant"]


def test_additive_members_all_count() -> None:
    total = combined_total([item("a", 10, "组", mode="additive"), item("b", 30, "组", mode="additive")])
    assert total.high_yuan == 40 and not total.left_out


def test_two_smaller_ones_may_beat_one_large() -> None:
    total = combined_total([item("a", 20, "甲"), item("b", 30, "甲", "乙"), item("c", 20, "乙")])
    assert total.high_yuan == 40 and total.counted == ("a/grant", "c/grant") and list(total.left_out) == ["b/grant"]


def test_exclusive_relations_hold_from_either_side() -> None:
    for first, second in (("a", "b"), ("b", "a")):
        pair = [item(first, 10, relations=[{"type": "exclusive_with", "target": second}]), item(second, 30)]
        total = combined_total(pair)
        assert total.high_yuan == 30 and "不可同时享受" in total.left_out[f"{first}/grant"]


def test_what_has_no_sum_needs_no_reason() -> None:
    total = combined_total([item("a", None, "组"), item("b", 3, "组")])
    assert total.counted == ("b/grant",) and not total.left_out
    empty = combined_total([])
    assert (empty.low_yuan, empty.high_yuan, empty.counted, dict(empty.left_out)) == (0, 0, (), {})


def test_equal_upper_ends_prefer_the_higher_lower_end() -> None:
    first, second = item("a", 10, "组"), item("b", 10, "组")
    total = combined_total([(first[0], Amount(0, 10, "")), (second[0], Amount(5, 10, ""))])
    assert total.counted == ("b/grant",) and total.low_yuan == 5


def test_large_groups_stay_valid() -> None:
    items = [item(f"m{n}", n, "组") for n in range(1, MAX_EXACT + 8)]
    total = combined_total(items)
    assert total.high_yuan == MAX_EXACT + 7 and len(total.left_out) == MAX_EXACT + 6
