"""What a company can get together: 就高不重复, either-or and once-a-year groups, and the total over them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations

from matcher.results import Amount, Total
from policies.library import LibraryMeasure

MAX_EXACT = 14
"""Connected conflicts up to this size are solved exactly; larger ones greedily by amount."""
_REASONS = {
    "highest": "就高不重复（{group}），已计入金额更高的“{other}”",
    "exclusive": "只能择一（{group}），已计入“{other}”",
    "yearly_once": "同一企业每年限一项（{group}），已计入“{other}”",
    "relation": "与“{other}”不可同时享受，已计入后者",
}

Conflicts = dict[tuple[str, str], str]


def combined_total(items: Sequence[tuple[LibraryMeasure, Amount]]) -> Total:
    """The best sum that respects every group and either-or relation.

    Args:
        items: Measures with their amounts; those without a sum are not counted and need no reason.

    Returns:
        The total in yuan with what was left out and why. The choice maximises the upper ends, then the lower ends.
    """
    priced = {
        entry.measure_id: (entry, (amount.high_yuan, amount.low_yuan))
        for entry, amount in items
        if amount.high_yuan is not None and amount.low_yuan is not None
    }
    entries = {key: entry for key, (entry, _) in priced.items()}
    values = {key: value for key, (_, value) in priced.items()}
    conflicts = _conflicts(list(entries.values()))
    chosen = [key for part in _components(list(values), conflicts) for key in _best(part, values, conflicts)]
    kept = set(chosen)
    left_out = {}
    for key in values:
        if key not in kept:
            other, pattern = _rival(key, kept, conflicts)
            left_out[key] = pattern.replace("{other}", entries[other].measure.name)
    counted = tuple(key for key in values if key in kept)
    return Total(sum(values[k][1] for k in counted), sum(values[k][0] for k in counted), counted, left_out)


def _conflicts(entries: Sequence[LibraryMeasure]) -> Conflicts:
    """Pairs that cannot both count, with the pattern of the reason; both orders are present."""
    found: Conflicts = {}
    for a, b in combinations(entries, 2):
        if reason := _reason(a, b):
            found[a.measure_id, b.measure_id] = found[b.measure_id, a.measure_id] = reason
    return found


def exclude_each_other(a: LibraryMeasure, b: LibraryMeasure) -> bool:
    """Whether a company cannot have both."""
    return bool(_reason(a, b))


def _reason(a: LibraryMeasure, b: LibraryMeasure) -> str:
    return _group_reason(a, b) or _relation_reason(a, b)


def _group_reason(a: LibraryMeasure, b: LibraryMeasure) -> str:
    groups = {member.group: member.mode for member in b.measure.stacking if member.mode != "additive"}
    for member in a.measure.stacking:
        if member.mode != "additive" and member.group in groups:
            return _REASONS[member.mode].replace("{group}", member.group)
    return ""


def _relation_reason(a: LibraryMeasure, b: LibraryMeasure) -> str:
    for one, other in ((a, b), (b, a)):
        for relation in one.policy.relations:
            if relation.type == "exclusive_with" and relation.target == other.policy.policy_id:
                return _REASONS["relation"]
    return ""


def _components(keys: Sequence[str], conflicts: Conflicts) -> Iterable[list[str]]:
    waiting = list(keys)
    while waiting:
        part, frontier = [], [waiting[0]]
        while frontier:
            key = frontier.pop()
            if key in waiting:
                waiting.remove(key)
                part.append(key)
                frontier += [other for other in waiting if (key, other) in conflicts]
        yield sorted(part, key=keys.index)


def _best(part: list[str], values: Mapping[str, tuple[float, float]], conflicts: Conflicts) -> list[str]:
    """The independent subset of greatest value."""
    ordered = sorted(part, key=lambda key: (-values[key][0], -values[key][1], key))
    if len(part) > MAX_EXACT:
        chosen: list[str] = []
        for key in ordered:
            if all((key, other) not in conflicts for other in chosen):
                chosen.append(key)
        return chosen
    return list(_search(tuple(ordered), values, conflicts)[1])


def _search(
    keys: tuple[str, ...], values: Mapping[str, tuple[float, float]], conflicts: Conflicts
) -> tuple[tuple[float, float], tuple[str, ...]]:
    if not keys:
        return (0.0, 0.0), ()
    head, rest = keys[0], keys[1:]
    with_head, taken = _search(tuple(k for k in rest if (head, k) not in conflicts), values, conflicts)
    take = ((values[head][0] + with_head[0], values[head][1] + with_head[1]), (head, *taken))
    if all((head, key) not in conflicts for key in rest):
        return take
    skip = _search(rest, values, conflicts)
    return take if take[0] >= skip[0] else skip


def _rival(key: str, kept: set[str], conflicts: Conflicts) -> tuple[str, str]:
    return next((other, conflicts[key, other]) for other in sorted(kept) if (key, other) in conflicts)
