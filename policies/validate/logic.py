"""Can a rule ever be true, or ever be false: its disjunctive normal form, with one domain per field and term.

A term is the set of values that each field may have; terms whose fields cannot all have a value are dropped as they
arise, so that what is left is a profile that a company could state. Fields are taken as independent of one another
(size, employees and revenue are compared by the caller, who has the evaluator).
"""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

from policies.facts import EARLIEST_YEAR, Fact, Items, bounds, spans_of, tree_of
from policies.fields import FLAG_NAMES, Field, registry
from policies.rules import All, AnyOf, Has, Leaf, Manual, Not, OneOf, Rule, Within
from policies.values import Span
from policies.vocabulary import vocabularies

MAX_TERMS = 4096
_LAST_DAY = 3652059.0  # 9999-12-31


class TooManyTerms(Exception):
    """The normal form is larger than MAX_TERMS."""


class Reading(Enum):
    """How manual checks count: as passed, as undecided either way, or as facts that may turn out either way."""

    PASSED = "passed"
    UNDECIDED = "undecided"
    FREE = "free"


@dataclass(frozen=True)
class Spans:
    """Values of an ordered field: disjoint closed intervals, in order; codes, classes and dates are whole numbers."""

    spans: tuple[Span, ...]
    whole: bool

    def meet(self, other: Spans) -> Spans:
        """Values in both."""
        pairs = (
            Span(max(a.lo, b.lo), min(a.hi, b.hi)) for a, b in itertools.product(self.spans, other.spans)
        )  # fmt: skip
        return Spans(tuple(span for span in pairs if _inhabited(span, self.whole)), self.whole)

    def possible(self) -> bool:
        """Whether any value is left."""
        return bool(self.spans)

    def witness(self) -> Fact:
        """One value as a fact."""
        span = self.spans[0]
        value = span.lo if math.isfinite(span.lo) else span.hi if math.isfinite(span.hi) else 0.0
        value = float(math.ceil(value)) if self.whole else value
        return Span(value, value)

    def hull(self) -> Fact:
        """All values, loosely, as a fact."""
        return Span(self.spans[0].lo, self.spans[-1].hi)


@dataclass(frozen=True)
class Choices:
    """Values of a choice or flag."""

    allowed: frozenset[str]

    def meet(self, other: Choices) -> Choices:
        """Values in both."""
        return Choices(self.allowed & other.allowed)

    def possible(self) -> bool:
        """Whether any value is left."""
        return bool(self.allowed)

    def witness(self) -> Fact:
        """One value as a fact."""
        return min(self.allowed)

    def hull(self) -> Fact | None:
        """The value if it is the only one left, else unknown."""
        return min(self.allowed) if len(self.allowed) == 1 else None


@dataclass(frozen=True)
class Holdings:
    """A set field: of every group one item is held, and of `without` none; `exhaustive` as in the registry."""

    vocabulary: str
    groups: frozenset[frozenset[str]]
    without: frozenset[str]
    exhaustive: bool

    def meet(self, other: Holdings) -> Holdings:
        """Both demands at once."""
        return Holdings(self.vocabulary, self.groups | other.groups, self.without | other.without, self.exhaustive)

    def possible(self) -> bool:
        """Whether a list of items satisfies it; in an open list nothing is known to be absent but by an empty list."""
        if self.without and self.groups and not self.exhaustive:
            return False
        return all(self._allowed(group) for group in self.groups)

    def witness(self) -> Fact:
        """One list of items as a fact."""
        stated = sorted({min(self._allowed(group)) for group in self.groups})
        return Items(vocabularies()[self.vocabulary].closure(stated), self.exhaustive or not stated, tuple(stated))

    def hull(self) -> Fact | None:
        """Nothing is derived from sets."""
        return None

    def _allowed(self, group: frozenset[str]) -> list[str]:
        closure = vocabularies()[self.vocabulary].closure
        return [item for item in group if not closure([item]) & self.without]


Domain = Spans | Choices | Holdings
Term = Mapping[str, Domain]


def terms(rule: Rule, reading: Reading, *, open_sets: bool = True) -> tuple[Term, ...]:
    """The satisfiable terms of a rule's disjunctive normal form.

    Args:
        rule: A rule that speaks the registry's language.
        reading: How manual checks count.
        open_sets: Whether an item that is not ticked in an open list is not known (as the evaluator has it) instead
            of absent (as in logic).

    Returns:
        Terms; none if the rule can never be TRUE.

    Raises:
        TooManyTerms: more than MAX_TERMS.
    """
    return tuple(_Expansion(reading, open_sets).expand(rule, positive=True))


def can_fail(rule: Rule, reading: Reading) -> bool:
    """Whether some company makes the rule FALSE; TooManyTerms as in `terms`."""
    return bool(terms(Not.model_validate({"not": rule}), reading))


def implies(premise: Rule, conclusion: Rule) -> bool:
    """Whether whoever meets the premise meets the conclusion too; TooManyTerms as in `terms`."""
    return not terms(together([premise, negated(conclusion)]), Reading.FREE, open_sets=False)


def together(rules: Sequence[Rule]) -> All:
    """The rules as one conjunction."""
    return All.model_validate({"all": tuple(rules)})


def negated(rule: Rule) -> Not:
    """The rule's negation."""
    return Not.model_validate({"not": rule})


class _Expansion:
    def __init__(self, reading: Reading, open_sets: bool) -> None:
        self._reading, self._open_sets = reading, open_sets

    def expand(self, rule: Rule, *, positive: bool) -> list[Term]:
        match rule:
            case Not(part=part):
                return self.expand(part, positive=not positive)
            case All(parts=parts) | AnyOf(parts=parts):
                expanded = (self.expand(part, positive=positive) for part in parts)
                return _product(expanded) if isinstance(rule, All) == positive else _union(expanded)
            case Manual():
                return self._manual(rule, positive)
            case _:
                return [term for term in self._leaf(rule, positive) if all(d.possible() for d in term.values())]

    def _manual(self, leaf: Manual, positive: bool) -> list[Term]:
        if self._reading is Reading.FREE:
            return [{f"manual:{leaf.manual}": Choices(frozenset({FLAG_NAMES[positive]}))}]
        return [{}] if positive and self._reading is Reading.PASSED else []

    def _leaf(self, leaf: Leaf, positive: bool) -> list[Term]:
        assert not isinstance(leaf, Manual)
        field = registry()[leaf.field]
        if isinstance(leaf, Has):
            return [{field.name: holding} for holding in self._holdings(field, leaf, positive)]
        if isinstance(leaf, OneOf) and not field.ordered:
            return [{field.name: _choices(field, leaf, positive)}]
        return [{field.name: _spans(leaf, positive)}]

    def _holdings(self, field: Field, leaf: Has, positive: bool) -> list[Holdings]:
        canonical = vocabularies()[field.vocabulary].canonical
        items, exhaustive = [canonical(item) for item in leaf.items or leaf.every], field.exhaustive
        exhaustive = exhaustive or not self._open_sets
        one_by_one = [frozenset({item}) for item in items]
        groups = one_by_one if leaf.every else [frozenset(items)]
        if positive:
            return [Holdings(field.vocabulary, frozenset(groups), frozenset(), exhaustive)]
        absent = one_by_one if leaf.every else [frozenset(items)]
        return [Holdings(field.vocabulary, frozenset(), without, exhaustive) for without in absent]


def _product(lots: Iterable[list[Term]]) -> list[Term]:
    result: list[Term] = [{}]
    for lot in lots:
        met = (_meet(left, right) for left in result for right in lot)
        result = _within_limit(term for term in met if term is not None)
    return result


def _union(lots: Iterable[list[Term]]) -> list[Term]:
    return _within_limit(term for lot in lots for term in lot)


def _within_limit(found: Iterable[Term]) -> list[Term]:
    result = list(itertools.islice(found, MAX_TERMS + 1))
    if len(result) > MAX_TERMS:
        raise TooManyTerms
    return result


def _meet(left: Term, right: Term) -> Term | None:
    met = dict(left)
    for name, domain in right.items():
        both = domain if name not in met else met[name].meet(domain)  # type: ignore[arg-type]  # one kind per field
        if not both.possible():
            return None
        met[name] = both
    return met


def _choices(field: Field, leaf: OneOf, positive: bool) -> Choices:
    if field.vocabulary:
        vocabulary = vocabularies()[field.vocabulary]
        universe, named = frozenset(vocabulary.terms), frozenset(map(vocabulary.canonical, leaf.values))
    else:
        universe, named = frozenset(FLAG_NAMES.values()), frozenset(leaf.values)
    return Choices(named if positive else universe - named)


@functools.cache
def _spans(leaf: Within | OneOf, positive: bool) -> Spans:
    field = registry()[leaf.field]
    whole = field.kind not in {"number", "ratio"}
    named = (bounds(field, leaf),) if isinstance(leaf, Within) else spans_of(field, leaf)
    universe = Spans((_universe(field),), whole)
    inside = Spans(named, whole).meet(universe)
    return inside if positive else universe.meet(Spans(_complement(inside.spans), whole))


def _complement(spans: tuple[Span, ...]) -> tuple[Span, ...]:
    ends = [-math.inf, *(end for span in spans for end in (span.lo, span.hi)), math.inf]
    gaps = zip(ends[::2], ends[1::2], strict=True)
    return tuple(Span(math.nextafter(lo, math.inf), math.nextafter(hi, -math.inf)) for lo, hi in gaps if lo < hi)


def _universe(field: Field) -> Span:
    if field.kind in {"industry", "region"}:
        first, last = tree_of(field).whole()
        return Span(float(first), float(last))
    if field.kind == "class":
        return Span(0.0, float(len(field.classes) - 1))
    if field.kind == "date":
        return Span(float((EARLIEST_YEAR - 1) * 365), _LAST_DAY)
    return Span(*field.possible)


def _inhabited(span: Span, whole: bool) -> bool:
    if not whole or math.isinf(span.lo) or math.isinf(span.hi):
        return span.lo <= span.hi
    return math.ceil(span.lo) <= math.floor(span.hi)
