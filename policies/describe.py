"""Rules in Chinese: what a condition asks for, in one short phrase."""

from __future__ import annotations

from functools import lru_cache

from policies.facts import bounds, show_code, show_number, tree_of
from policies.fields import Field, registry
from policies.rules import All, AnyOf, Has, Manual, Not, OneOf, Rule, Within


def describe(rule: Rule) -> str:
    """A rule as a Chinese phrase: its own text if it has one, else made from its parts."""
    if rule.text:
        return rule.text
    match rule:
        case Manual(manual=text):
            return text
        case All(parts=parts):
            return "，且".join(_nested(part) for part in parts) or "不设条件"
        case AnyOf(parts=parts):
            return "，或".join(_nested(part) for part in parts)
        case Not(part=part):
            return f"不属于：{describe(part)}"
        case _:
            label, wanted = registry()[rule.field].label, required(rule)
            return f"{label}：{wanted}" if registry()[rule.field].kind == "flag" else f"{label}{wanted}"


def _nested(rule: Rule) -> str:
    text = describe(rule)
    return f"（{text}）" if isinstance(rule, All | AnyOf) and not rule.text else text


def required(rule: Rule) -> str:
    """What a leaf asks of its field, without the field's name ("不低于 100 万元"); the phrase for other rules."""
    match rule:
        case Within():
            return _bounds_text(registry()[rule.field], rule)
        case OneOf():
            return _values_text(rule.field, rule.values)
        case Has(items=items, every=every):
            return f"具有{'、'.join(every)}" if every else f"具有{' 或 '.join(items)}"
        case _:
            return describe(rule)


def _bounds_text(field: Field, leaf: Within) -> str:
    def show(raw: float | str) -> str:
        return show_number(field, raw) if isinstance(raw, int | float) else str(raw)

    words = []
    if leaf.min is not None and leaf.min == leaf.max:
        return f"为 {show(leaf.min)}"
    if leaf.min is not None:
        words.append(f"不早于 {leaf.min}" if field.kind == "date" else f"不低于 {show(leaf.min)}")
    if leaf.over is not None:
        words.append(f"晚于 {leaf.over}" if field.kind == "date" else f"高于 {show(leaf.over)}")
    if leaf.max is not None:
        words.append(f"不晚于 {leaf.max}" if field.kind == "date" else f"不超过 {show(leaf.max)}")
    if leaf.under is not None:
        words.append(f"早于 {leaf.under}" if field.kind == "date" else f"低于 {show(leaf.under)}")
    return "、".join(words)


@lru_cache(maxsize=10_000)
def _values_text(name: str, values: tuple[str, ...]) -> str:
    field = registry()[name]
    if field.kind == "flag":
        return values[0]
    if field.kind in {"industry", "region"}:
        codes = [code for value in values for code in tree_of(field).expand(value)]
        shown = [show_code(field.kind, code) for code in codes[:8]]
        return f"属于{'、'.join(shown)}" + (f"等 {len(codes)} 类" if len(codes) > 8 else "")
    return f"为{' 或 '.join(values)}"


def within_reach(field: Field, leaf: Within, lo: float, hi: float) -> float:
    """Distance from a known span to the bounds in the field's unit; 0 if they touch, negative below, positive above."""
    span = bounds(field, leaf)
    return hi - span.lo if hi < span.lo else lo - span.hi if lo > span.hi else 0.0
