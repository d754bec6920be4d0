"""What a leaf of a rule asks for, looked up once, for evaluators that are not the product's own."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from policies.facts import bounds, spans_of
from policies.fields import registry
from policies.rules import Has, Manual, OneOf, Rule, Within, leaves
from policies.vocabulary import vocabularies


@dataclass(frozen=True)
class Intervals:
    """An ordered field has to lie in one of these closed intervals (low, high)."""

    field: str
    allowed: tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class Values:
    """A choice or flag has to be one of these."""

    field: str
    allowed: frozenset[str]


@dataclass(frozen=True)
class Terms:
    """A set has to hold one, or every one, of these."""

    field: str
    terms: tuple[str, ...]
    every: bool


Operands = Intervals | Values | Terms


def operands_of(leaf: Within | OneOf | Has) -> Operands:
    """Codes, dates and names of one leaf as numbers and canonical names."""
    field = registry()[leaf.field]
    if isinstance(leaf, Within):
        span = bounds(field, leaf)
        return Intervals(field.name, ((span.lo, span.hi),))
    if isinstance(leaf, OneOf) and field.ordered:
        return Intervals(field.name, tuple((span.lo, span.hi) for span in spans_of(field, leaf)))
    named = leaf.values if isinstance(leaf, OneOf) else leaf.items or leaf.every
    canonical = [vocabularies()[field.vocabulary].canonical(name) if field.vocabulary else name for name in named]
    if isinstance(leaf, OneOf):
        return Values(field.name, frozenset(canonical))
    return Terms(field.name, tuple(canonical), bool(leaf.every))


def operands_by_id(rules: Iterable[Rule]) -> dict[int, Operands]:
    """Operands of every leaf that is not a manual check, by the leaf's `id`; the rules have to stay alive."""
    return {id(leaf): operands_of(leaf) for rule in rules for leaf in leaves(rule) if not isinstance(leaf, Manual)}
