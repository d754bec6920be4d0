"""Measures that are the same twice, and titles or names that nearly are."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterator
from itertools import combinations, pairwise

from rapidfuzz import fuzz

from policies.library import Library, LibraryMeasure
from policies.policy import Policy
from policies.validate.report import Finding, Findings

DUPLICATE = "重复的支持事项"
NEAR_NAME = "近似的名称"
_TITLE_ALIKE = 95
_NAME_ALIKE = 90
_FIGURE = re.compile(r"\d+(?:\.\d+)?|[一二三四五六七八九十]+")


def duplicate_findings(library: Library) -> Findings:
    """Equal rule, benefit and recipient: an error within a policy, a doubt across unrelated ones."""
    alike: dict[str, list[LibraryMeasure]] = defaultdict(list)
    for entry in library.measures:
        alike[_signature(entry)].append(entry)
    problems: list[Finding] = []
    warnings: list[Finding] = []
    for first, second in (pair for group in alike.values() for pair in combinations(group, 2)):
        if first.policy is second.policy:
            reason = f"与同一政策的 {first.measure.slug} 条件、支持方式、对象都相同"
            problems.append(_finding(DUPLICATE, second, reason, "请合并，或补上使两者不同的条件、金额"))
        elif not _related(first.policy, second.policy):
            reason = f"与 {first.measure_id} 条件、支持方式、对象都相同，两项政策又没有关系"
            warnings.append(_finding(DUPLICATE, second, reason, "请删去一处，或补上两项政策的关系"))
    return Findings(tuple(problems), (*warnings, *_near_titles(library), *_near_names(library)))


def _signature(entry: LibraryMeasure) -> str:
    """What makes two measures the same; one whose benefit holds no value is told by its words."""
    measure = entry.measure
    benefit = _bare(measure.benefit.model_dump(by_alias=True, exclude_defaults=True))
    assert isinstance(benefit, dict)
    words = "" if benefit.keys() - {"type"} else re.sub(r"\W", "", measure.name + measure.text)
    rule = _bare(entry.rule.model_dump(by_alias=True, exclude_defaults=True))
    return json.dumps([measure.recipient, rule, benefit, words], ensure_ascii=False, sort_keys=True)


def _bare(data: object) -> object:
    """The data without wording; the order of parts of a rule does not count."""
    if isinstance(data, dict):
        kept = {key: _bare(value) for key, value in data.items() if key not in {"text", "note", "base_text"}}
        for key in ("all", "any", "in", "has", "has_all"):
            if isinstance(parts := kept.get(key), list):
                kept[key] = sorted(parts, key=str)
        return kept
    return [_bare(item) for item in data] if isinstance(data, list | tuple) else data


def _related(one: Policy, other: Policy) -> bool:
    targets = {relation.target for relation in one.relations}, {relation.target for relation in other.relations}
    return other.policy_id in targets[0] or one.policy_id in targets[1]


def _alike(one: str, other: str, score: int) -> bool:
    """Whether two names differ by little, and not by a number (第一批 and 第二批 are two things)."""
    return fuzz.ratio(one, other) >= score and _FIGURE.findall(one) == _FIGURE.findall(other)


def _near_titles(library: Library) -> Iterator[Finding]:
    for first, second in combinations(library.policies.values(), 2):
        if _alike(first.title, second.title, _TITLE_ALIKE) and not _related(first, second):
            reason = f"标题与 {first.policy_id}“{first.title}”几乎相同，两项政策又没有关系"
            file = f"{second.policy_id}.yaml"
            yield Finding(NEAR_NAME, file, "title", reason, "请确认不是同一文件；有承接的补上关系")


def _near_names(library: Library) -> Iterator[Finding]:
    ordered = sorted(library.measures, key=lambda entry: (entry.policy.policy_id, entry.measure.name))
    for first, second in pairwise(ordered):
        if first.policy is not second.policy:
            continue
        if _alike(first.measure.name, second.measure.name, _NAME_ALIKE):
            reason = f"名称与 {first.measure.slug}“{first.measure.name}”几乎相同，企业分不清"
            yield _finding(NEAR_NAME, second, reason, "请在名称里写出区别")


def _finding(kind: str, entry: LibraryMeasure, reason: str, remedy: str) -> Finding:
    return Finding(kind, f"{entry.policy.policy_id}.yaml", f"measures.{entry.measure.slug}", reason, remedy)
