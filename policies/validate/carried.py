"""Numbers that a measure's data carries: bounds of conditions, the benefit's values, and the notes beside them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from policies.benefit import Benefit, Interest, Ratio, Tax
from policies.fields import registry
from policies.policy import Measure, Policy
from policies.rules import Has, Leaf, Manual, OneOf, Rule, Within, leaves
from policies.validate.numbers import MONEY, RATIO, Number, measured, numbers_in

_SUMS = ("amount_wan", "low_wan", "cap_wan", "floor_wan", "principal_cap_wan", "base_cap_wan")
_RATES = ("rate", "rate_max", "fee_rate", "share", "share_max")
_TERMS = ("years", "valid_years")


def leaf_numbers(leaf: Leaf) -> Iterator[Number]:
    """Bounds of a condition on a number or ratio; zero says nothing."""
    if not isinstance(leaf, Within):
        return
    field = registry()[leaf.field]
    if field.kind in {"number", "ratio"}:
        unit = "ratio" if field.kind == "ratio" else field.unit
        for bound in (leaf.min, leaf.over, leaf.max, leaf.under):
            if isinstance(bound, int | float) and bound != 0:
                yield measured(bound, unit)


def rule_numbers(rules: Iterable[Rule]) -> Iterator[Number]:
    """Bounds of every condition of the rules."""
    for rule in rules:
        for leaf in leaves(rule):
            yield from leaf_numbers(leaf)


def rule_texts(rules: Iterable[Rule]) -> Iterator[str]:
    """Wording of every node of the rules, and the values they name."""
    for rule in rules:
        yield rule.text
        for leaf in leaves(rule):
            yield leaf.text
            if isinstance(leaf, Manual):
                yield leaf.manual
            elif isinstance(leaf, OneOf):
                yield from leaf.values
            elif isinstance(leaf, Has):
                yield from (*leaf.items, *leaf.every)


def benefit_numbers(benefit: Benefit) -> tuple[Number, ...]:
    """Sums, rates and terms that the benefit states (a term of one year is the default and is left out)."""
    own = list(_attributes(benefit))
    steps = (*getattr(benefit, "tiers", ()), *getattr(benefit, "uplifts", ()))
    return (*own, *(number for step in steps for number in _attributes(step)))


def _attributes(part: object) -> Iterator[Number]:
    for names, unit in ((_SUMS, MONEY), (_RATES, "ratio"), (_TERMS, "年")):
        for name in names:
            value = getattr(part, name, None)
            if value and not (name == "years" and value == 1):
                yield measured(value, unit)


def benefit_forms(benefit: Benefit) -> Iterator[Number]:
    """The benefit's numbers in the other forms in which a document states them (减按75% for a reduction of 25%)."""
    for number in benefit_numbers(benefit):
        yield number
        yield from other_forms(number, benefit)
    if isinstance(benefit, Tax) and benefit.normal_rate:
        yield measured(benefit.normal_rate, "ratio")
    if isinstance(benefit, Ratio | Interest):
        yield from _relative_uplifts(benefit)


def other_forms(number: Number, benefit: Benefit) -> Iterator[Number]:
    """Equivalent statements of one number of a benefit."""
    years = float(getattr(benefit, "years", 1))
    if number.dimension == RATIO and isinstance(benefit, Tax):
        yield measured(1 - number.value, "ratio")
        yield measured(1 + number.value, "ratio")
        if benefit.normal_rate:
            yield measured(benefit.normal_rate - number.value, "ratio")
    if number.dimension == MONEY and years > 1:
        yield measured(number.value * years, MONEY)
        yield measured(number.value / years, MONEY)


def _relative_uplifts(benefit: Ratio | Interest) -> Iterator[Number]:
    for uplift in benefit.uplifts:
        for new, old in ((uplift.cap_wan, benefit.cap_wan), (uplift.rate, benefit.rate)):
            if new and old:
                yield measured(round(new / old - 1, 9), "ratio")
                yield measured(round(new - old, 9), MONEY if new is uplift.cap_wan else "ratio")


def benefit_rules_and_texts(benefit: Benefit) -> tuple[tuple[Rule, ...], tuple[str, ...]]:
    """Conditions and wording inside a benefit: note, base, unit, and those of its tiers and uplifts."""
    steps = (*getattr(benefit, "tiers", ()), *getattr(benefit, "uplifts", ()))
    words = [benefit.note, *(str(getattr(benefit, name, "") or "") for name in ("base_text", "unit", "of", "grants"))]
    return tuple(step.when for step in steps), (*words, *(step.text for step in steps))


def measure_carries(measure: Measure) -> tuple[Number, ...]:
    """All numbers that a measure's data carries, in every form, with those of its notes and manual checks."""
    inner_rules, inner_texts = benefit_rules_and_texts(measure.benefit)
    rules = (*measure.when, *measure.prefer, *inner_rules)
    texts = [*rule_texts(rules), *inner_texts, *(entry.text for entry in measure.stacking)]
    if measure.window is not None:
        texts.append(measure.window.text)
    return (*rule_numbers(rules), *benefit_forms(measure.benefit), *_of(texts))


def policy_carries(policy: Policy) -> tuple[Number, ...]:
    """All numbers that a policy's own data carries for every one of its measures."""
    rules = (*policy.applies, *policy.prefer)
    texts = [*rule_texts(rules), policy.window.text, policy.exclusions or "", policy.stacking_text or ""]
    return (*rule_numbers(rules), *_of([*texts, *policy.materials, policy.channel or ""]))


def _of(texts: Iterable[str]) -> Iterator[Number]:
    for text in texts:
        yield from numbers_in(text)
