"""Is a policy's place in the region table, does it fit the level of government, and do its rules ask for it."""

from __future__ import annotations

from collections.abc import Iterator

from policies.errors import UnknownCode
from policies.library import Library, LibraryMeasure
from policies.policy import Policy
from policies.regions import regions
from policies.rules import OneOf
from policies.validate.logic import TooManyTerms, implies
from policies.validate.report import Finding, Findings

PLACE = "适用地区有误"
NO_GATE = "地方政策未限定地区"


def place_of(policy: Policy) -> str | None:
    """Code of the policy's region; None if the table does not know it."""
    try:
        return regions().find(policy.region)
    except UnknownCode:
        return None


def place_findings(library: Library) -> Findings:
    """Regions that do not exist or do not fit the level, and local measures that are open to companies elsewhere."""
    problems = tuple(found for policy in library.policies.values() for found in _place(policy))
    return Findings(problems, tuple(found for entry in library.measures for found in _gate(entry)))


def _place(policy: Policy) -> Iterator[Finding]:
    file, code = f"{policy.policy_id}.yaml", place_of(policy)
    if code is None:
        reason = f"地区表里没有“{policy.region}”"
        yield Finding(PLACE, file, "region", reason, "请写成“全国”或“山东省/济南市”这样的路径")
    elif (policy.level == "national") != (code == regions().root):
        reason = f"层级是 {policy.level}，地区却是“{policy.region}”"
        yield Finding(PLACE, file, "region", reason, "国家政策的地区写“全国”，地方政策写到所在省、市、县")


def _gate(entry: LibraryMeasure) -> Iterator[Finding]:
    policy = entry.policy
    if policy.level == "national" or place_of(policy) is None:
        return
    here = OneOf.model_validate({"field": "region", "in": [policy.region]})
    try:
        gated = implies(entry.rule, here)
    except TooManyTerms:
        return
    if not gated:
        path = f"measures.{entry.measure.slug}.when"
        reason = f"{policy.region}的政策，规则却没有限定地区，外地企业也会匹配到"
        remedy = "请在 applies 里加 region 条件，或确认外地企业可以申报"
        yield Finding(NO_GATE, f"{policy.policy_id}.yaml", path, reason, remedy)
