"""Facts of a company's record in Chinese, whatever they are."""

from __future__ import annotations

from collections.abc import Mapping

from matcher.records.sources import OTHER, PLANS, Kind, Source
from policies.errors import UnknownCode
from policies.facts import read_fact, show_fact
from policies.fields import registry
from policies.values import ValueReason, show

KINDS = {Kind.DECLARED: "企业填报", Kind.IMPORTED: "名单导入", Kind.VERIFIED: "已核实"}
UNKNOWN = "未填写"
MAX_CHARS = 300
_LABELS = {PLANS: "计划", OTHER: "其他信息"}


def label_of(name: str) -> str:
    """The name of a field, or of the plans or the rest."""
    return registry()[name].label if name in registry() else _LABELS.get(name, show(name, MAX_CHARS))


def shown(name: str, value: object) -> str:
    """The raw value of a field."""
    if value is None:
        return UNKNOWN
    if name == PLANS and isinstance(value, list):
        return "；".join(f"{number}. {_plan(plan)}" for number, plan in enumerate(value, 1)) or "无"
    if isinstance(value, Mapping):
        return "，".join(f"{label_of(str(key))} {shown(str(key), each)}" for key, each in value.items())
    if name in registry():
        try:
            fact, _ = read_fact(registry()[name], value)
        except (ValueReason, UnknownCode):
            return show(value, MAX_CHARS)
        return show_fact(registry()[name], fact)
    return show(value, MAX_CHARS)


def shown_source(source: Source | None) -> str:
    """Where a fact comes from, in one line."""
    if source is None:
        return "来源不明"
    parts = [KINDS[source.kind], source.by, source.on.isoformat()]
    return "，".join(part for part in parts if part)


def _plan(plan: object) -> str:
    if not isinstance(plan, Mapping):
        return show(plan, MAX_CHARS)
    text = str(plan.get("text") or "")
    rest = {key: value for key, value in plan.items() if key != "text"}
    return "；".join(part for part in (text, shown("", rest)) if part)
