"""The total over measures that can be combined, against brute force."""

from __future__ import annotations

from itertools import combinations
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from matcher.results import Amount
from matcher.stacking import combined_total
from policies.library import LibraryMeasure
from tests.support import entry, measure

Item = tuple[LibraryMeasure, Amount]


@st.composite
def lists_of_measures(draw: st.DrawFn) -> list[Item]:
    n = draw(st.integers(0, 7))
    items = []
    modes = st.sampled_from(["highest", "exclusive", "yearly_once", "additive"])
    member = st.builds(lambda group, mode: {"group": group, "mode": mode}, st.sampled_from("甲乙丙"), modes)
    for i in range(n):
        rivals = draw(st.lists(st.integers(0, n - 1), max_size=1)) if i % 3 == 0 else []
        relations = [{"type": "exclusive_with", "target": f"p{j}"} for j in rivals if j != i]
        stacking = draw(st.lists(member, max_size=2))
        found = entry(f"p{i}", measure(stacking=stacking), relations=relations)
        low, high = sorted(draw(st.tuples(st.integers(0, 20), st.integers(0, 20))))
        priced = draw(st.integers(0, 5)) > 0
        items.append((found, Amount(float(low), float(high), "") if priced else Amount(None, None, "")))
    return items


def clash(a: LibraryMeasure, b: LibraryMeasure) -> bool:
    def groups(one: LibraryMeasure) -> set[str]:
        return {s.group for s in one.measure.stacking if s.mode != "additive"}

    def rivals(one: LibraryMeasure) -> set[str | None]:
        return {relation.target for relation in one.policy.relations}

    related = b.policy.policy_id in rivals(a) or a.policy.policy_id in rivals(b)
    return related or bool(groups(a) & groups(b))


def brute_force(items: list[Item]) -> tuple[float, float]:
    """Greatest (high, low) over every subset without a clash."""
    priced = [(one, amount) for one, amount in items if amount.high_yuan is not None]
    sums = [
        (sum(amount.high_yuan or 0 for _, amount in subset), sum(amount.low_yuan or 0 for _, amount in subset))
        for size in range(len(priced) + 1)
        for subset in combinations(priced, size)
        if not any(clash(a, b) for (a, _), (b, _) in combinations(subset, 2))
    ]
    return max(sums)


@settings(deadline=None, derandomize=True, max_examples=150)
@given(lists_of_measures())
def test_total_is_the_best_allowed_sum(items: list[Item]) -> None:
    total = combined_total(items)
    by_id: dict[str, Any] = {one.measure_id: (one, amount) for one, amount in items}
    counted = [by_id[key] for key in total.counted]
    assert not any(clash(a, b) for (a, _), (b, _) in combinations(counted, 2))
    assert (total.high_yuan, total.low_yuan) == brute_force(items)
    assert total.high_yuan >= max((amount.high_yuan or 0 for _, amount in items), default=0)
    priced = {one.measure_id for one, amount in items if amount.high_yuan is not None}
    assert set(total.counted) | set(total.left_out) == priced
    assert not set(total.counted) & set(total.left_out)
    assert all(reason for reason in total.left_out.values())
