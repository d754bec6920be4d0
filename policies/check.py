"""Does a policy's rule speak the registry's language: fields, kinds, codes, values and benefit bases that exist."""

from __future__ import annotations

from collections.abc import Iterator

from policies.benefit import Ratio, Tiered
from policies.errors import Problem, UnknownCode
from policies.facts import bounds, spans_of
from policies.fields import Field, registry
from policies.policy import Measure, Policy
from policies.rules import Has, Leaf, Manual, OneOf, Rule, Within, leaves
from policies.values import ValueReason
from policies.vocabulary import vocabularies

_FORMS: dict[str, tuple[type, str]] = {
    "number": (Within, "min/max/over/under"), "ratio": (Within, "min/max/over/under"),
    "date": (Within, "min/max/over/under"), "class": (OneOf, "in"), "industry": (OneOf, "in"),
    "region": (OneOf, "in"), "choice": (OneOf, "in"), "flag": (OneOf, "is"), "set": (Has, "has"),
}  # fmt: skip


def rule_problems(policy: Policy, where: str) -> Iterator[Problem]:
    """Every problem of the policy's rules, preferences and benefits; `where` is the file's name."""
    for rule in (*policy.applies, *policy.prefer):
        yield from _tree_problems(rule, f"{where}：applies")
    for measure in policy.measures:
        place = f"{where}：{measure.slug}"
        for rule in (*measure.when, *measure.prefer, *benefit_rules(measure)):
            yield from _tree_problems(rule, place)
        for name in benefit_fields(measure):
            if name not in registry() or registry()[name].kind not in {"number", "ratio"}:
                yield Problem(place, f"金额的计算基数“{name}”不是数字字段", _offer(name))
    slugs = [measure.slug for measure in policy.measures]
    for slug in sorted({slug for slug in slugs if slugs.count(slug) > 1}):
        yield Problem(f"{where}：{slug}", "同一政策里 slug 重复")


def benefit_rules(measure: Measure) -> tuple[Rule, ...]:
    """Conditions inside a benefit: of its tiers and uplifts."""
    steps = (*getattr(measure.benefit, "tiers", ()), *getattr(measure.benefit, "uplifts", ()))
    return tuple(step.when for step in steps)


def benefit_fields(measure: Measure) -> tuple[str, ...]:
    """Fields that the benefit's sum is worked out from, besides those of a loan."""
    benefit = measure.benefit
    names = [getattr(benefit, "base", None)]
    if isinstance(benefit, Tiered):
        names.append(benefit.per)
    if isinstance(benefit, Ratio) and benefit.base is None:
        return ()
    return tuple(name for name in names if name)


def _tree_problems(rule: Rule, where: str) -> Iterator[Problem]:
    for leaf in leaves(rule):
        if not isinstance(leaf, Manual):
            yield from _leaf_problems(leaf, where)


def _leaf_problems(leaf: Leaf, where: str) -> Iterator[Problem]:
    assert not isinstance(leaf, Manual)
    if leaf.field not in registry():
        yield Problem(where, f"没有字段“{leaf.field}”", _offer(leaf.field))
        return
    field = registry()[leaf.field]
    form, keys = _FORMS.get(field.kind, (type(None), ""))
    if not isinstance(leaf, form):
        yield Problem(where, f"字段 {field.where} 不能这样比较", f"请用 {keys}" if keys else "文字字段不能作条件")
        return
    try:
        _resolve(field, leaf)
    except (UnknownCode, ValueReason) as error:
        yield Problem(where, f"字段 {field.where}：{error}")


def _resolve(field: Field, leaf: Leaf) -> None:
    """Look every value of the leaf up; raises UnknownCode or ValueReason."""
    if isinstance(leaf, Within):
        bounds(field, leaf)
    elif isinstance(leaf, OneOf) and field.ordered:
        spans_of(field, leaf)
    elif isinstance(leaf, OneOf) and field.kind == "flag":
        if not set(leaf.values) <= {"是", "否"}:
            raise ValueReason("是非字段请用 is: true 或 is: false")
    elif isinstance(leaf, OneOf | Has):
        for value in leaf.values if isinstance(leaf, OneOf) else (leaf.items or leaf.every):
            vocabularies()[field.vocabulary].canonical(value)


def _offer(name: str) -> str:
    near = registry().nearest(name)
    return f"您是不是要写：{'、'.join(near)}" if near else ""
