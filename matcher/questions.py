"""The next-best question: the unknown field whose answer is expected to change the result list most.

Every plausible answer becomes one hypothetical row, all rows are evaluated in one table, and the change of verdicts
weighs by how far up the measure stands and what it is worth. No question is left when no answer changes the list.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from matcher.eligibility import Evaluation
from matcher.results import Question
from policies.columns import variants_of
from policies.facts import Fact, Items, bounds, spans_of
from policies.fields import FLAG_NAMES, Field, registry
from policies.library import LibraryMeasure
from policies.profile import CompanyProfile
from policies.rules import Has, Manual, OneOf, Within, leaves
from policies.values import Span
from policies.vocabulary import vocabularies

MAX_ANSWERS = 6
MAX_AFFECTED_SHOWN = 5
NEVER_ASKED = frozenset({"region", "industry_code"})
"""Asked by the form itself; a list without them is not worth a single question."""


@dataclass(frozen=True)
class Listed:
    """A measure on the list that is not decided yet."""

    entry: LibraryMeasure
    weight: float
    missing: tuple[str, ...]


def next_question(profile: CompanyProfile, listed: Sequence[Listed], as_of: dt.date) -> Question | None:
    """Choose the question.

    Args:
        profile: The company.
        listed: Undecided measures with their weights (position and amount) and missing fields.
        as_of: Query date.

    Returns:
        The best question, or None when no answer changes any verdict.
    """
    asked = [name for name in dict.fromkeys(name for item in listed for name in item.missing)
             if name not in NEVER_ASKED and registry()[name].kind != "text"]  # fmt: skip
    by_field: dict[str, list[Within | OneOf | Has]] = {}
    for leaf in (leaf for item in listed for leaf in leaves(item.entry.rule)):
        if not isinstance(leaf, Manual):
            by_field.setdefault(leaf.field, []).append(leaf)
    answers = [(name, fact) for name in asked for fact in _answers(registry()[name], by_field.get(name, []))]
    if not answers:
        return None
    weights = _changes(profile, answers, listed, as_of)
    expected: dict[str, list[float]] = {}
    for (name, _), change in zip(answers, weights.sum(axis=1).tolist(), strict=True):
        expected.setdefault(name, []).append(change)
    best = max(expected, key=lambda name: (sum(expected[name]) / len(expected[name]), -asked.index(name)))
    mean = sum(expected[best]) / len(expected[best])
    if mean <= 0:
        return None
    touched = np.max(weights[[i for i, (name, _) in enumerate(answers) if name == best]], axis=0)
    ranked = sorted((i for i in range(len(listed)) if touched[i] > 0), key=lambda i: -touched[i])
    return _question(
        registry()[best], [listed[i].entry.title for i in ranked[:MAX_AFFECTED_SHOWN]], mean, by_field.get(best, [])
    )


def _changes(
    profile: CompanyProfile, answers: Sequence[tuple[str, Fact]], listed: Sequence[Listed], as_of: dt.date
) -> NDArray[np.float64]:
    """Weighted change of verdict, float64 (answers, measures)."""
    evaluation = Evaluation(variants_of(profile, answers, as_of), manual_passed=True)
    verdicts = np.stack([evaluation.per_company(evaluation.truth(item.entry.rule)) for item in listed], axis=1)
    change: NDArray[np.float64] = np.abs(verdicts[1:].astype(np.float64) - verdicts[:1])
    weights: NDArray[np.float64] = np.array([item.weight for item in listed])
    return change * weights


def _answers(field: Field, found: Sequence[Within | OneOf | Has]) -> Sequence[Fact]:
    """Representative answers: one on each side of every threshold that the listed rules ask for."""
    if field.kind == "flag":
        return [FLAG_NAMES[True], FLAG_NAMES[False]]
    if field.kind == "set":
        wanted = dict.fromkeys(item for leaf in found if isinstance(leaf, Has) for item in leaf.items or leaf.every)
        vocabulary = vocabularies()[field.vocabulary]
        held = [vocabulary.closure([vocabulary.canonical(item)]) for item in list(wanted)[:MAX_ANSWERS]]
        return [Items(frozenset(), exhaustive=True), *(Items(one, field.exhaustive) for one in held)]
    if field.kind == "choice":
        return list(vocabularies()[field.vocabulary].terms)[:MAX_ANSWERS]
    edges = sorted({edge for leaf in found for edge in _edges(field, leaf)} or _derived_edges(field.name))
    points = (
        _between(edges, *field.possible) if field.kind != "class" else [float(i) for i in range(len(field.classes))]
    )
    if len(points) > MAX_ANSWERS:
        points = [points[i] for i in np.linspace(0, len(points) - 1, MAX_ANSWERS).round().astype(int)]
    return [Span(point, point) for point in points]


def _edges(field: Field, leaf: Within | OneOf | Has) -> list[float]:
    spans = (
        (bounds(field, leaf),) if isinstance(leaf, Within) else spans_of(field, leaf) if isinstance(leaf, OneOf) else ()
    )
    return [edge for span in spans for edge in (span.lo, span.hi) if math.isfinite(edge)]


_DERIVED_EDGES: Mapping[str, tuple[float, ...]] = {
    "employees": (20.0, 300.0, 1000.0),
    "revenue_wan": (300.0, 2000.0, 40000.0),
    "assets_wan": (5000.0, 120000.0),
    "rd_expense_wan": (50.0, 500.0),
    "rd_staff": (10.0, 100.0),
    "taxable_income_wan": (0.0, 300.0),
    "established": (730000.0, 738000.0),
    "monthly_sales_wan": (10.0,),
    "disabled_employees": (1.0, 10.0),
}
"""Steps of the size table and of common thresholds, for inputs of derived fields that no rule names itself."""


def _derived_edges(name: str) -> set[float]:
    return set(_DERIVED_EDGES.get(name, (0.0, 1.0)))


def _between(edges: Sequence[float], low: float, high: float) -> list[float]:
    """One point at or below, between and above the edges, inside the possible range."""
    points = [edges[0] * 0.5 if edges[0] > 0 else edges[0] - 1, *edges, edges[-1] * 1.5 + 1]
    middles = [(a + b) / 2 for a, b in pairwise(edges)]
    return sorted({min(max(point, low), high) for point in (*points, *middles)})


def _question(field: Field, affects: Sequence[str], weight: float, asked: Sequence[Within | OneOf | Has]) -> Question:
    options: tuple[str, ...] = ()
    if field.kind == "flag":
        options = tuple(FLAG_NAMES.values())
    elif field.kind == "class":
        options = field.classes
    elif field.kind == "choice":
        options = tuple(vocabularies()[field.vocabulary].terms)
    elif field.kind == "set":
        sets = [leaf for leaf in asked if isinstance(leaf, Has)]
        options = tuple(dict.fromkeys(item for leaf in sets for item in leaf.items or leaf.every))
    return Question(field.name, field.question, field.help, options, tuple(affects), round(weight, 4))
