"""Measures of different policies that say the same in other words: near in meaning, with the same numbers."""

from __future__ import annotations

import re
from collections.abc import Iterator

from index.build import Index
from policies.library import Library, LibraryMeasure
from policies.policy import Policy
from policies.validate.report import Finding, Findings

TWINS = "近似的支持事项"
ALIKE = 0.7
"""Centred cosine; pairs of one policy or of related policies reach it, unrelated ones only when they are the same."""
_NUMBER = re.compile(r"\d+(?:\.\d+)?%?")


def twin_findings(library: Library, index: Index) -> Findings:
    """Pairs of measures of unrelated policies that are probably one; nothing without vectors."""
    return Findings(warnings=tuple(_finding(first, second, alike) for first, second, alike in _twins(library, index)))


def _twins(library: Library, index: Index) -> Iterator[tuple[LibraryMeasure, LibraryMeasure, float]]:
    if index.vectors is None:
        return
    near = index.vectors.alike(ALIKE)
    for first, second, cosine in near:
        one, other = library.by_id[index.ids[first]], library.by_id[index.ids[second]]
        if not _related(one.policy, other.policy) and _numbers(one) == _numbers(other):
            yield one, other, cosine


def _related(one: Policy, other: Policy) -> bool:
    named = {relation.target for policy in (one, other) for relation in policy.relations}
    return one is other or one.policy_id in named or other.policy_id in named


def _numbers(entry: LibraryMeasure) -> frozenset[str]:
    return frozenset(_NUMBER.findall(f"{entry.measure.name}{entry.measure.text}"))


def _finding(first: LibraryMeasure, second: LibraryMeasure, alike: float) -> Finding:
    reason = f"与 {first.measure_id} 意思相近（{alike:.2f}）、数字相同，两项政策又没有关系"
    place = f"measures.{second.measure.slug}"
    return Finding(TWINS, f"{second.policy.policy_id}.yaml", place, reason, "请确认不是同一事项；有承接的补上关系")
