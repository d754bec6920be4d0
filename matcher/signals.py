"""What the ranking looks at in one measure for one company, besides similarity: a few readable numbers."""

from __future__ import annotations

import functools
import json
import math
from dataclasses import dataclass
from importlib import resources

from matcher.eligibility import Evaluation, Truth
from matcher.results import Amount
from matcher.suggest import Suggested, own_words, suggested_items, suggestions
from matcher.sums import YUAN_PER_WAN
from policies.facts import spans_of
from policies.fields import registry
from policies.industries import industries
from policies.library import LibraryMeasure
from policies.profile import CompanyProfile
from policies.rules import Leaf, Manual, OneOf, leaves
from policies.values import Span

FINANCE = frozenset({"interest", "guarantee", "credit_line"})
MAX_COUNT = 6
"""Counts of conditions and questions are cut here and scaled to [0, 1]."""


@dataclass(frozen=True)
class Interests:
    """What a company's own words say it is after.

    Attributes:
        themes: Themes whose words occur in its plans and needs.
        suggested: What its words suggest about set fields.
        loan_planned: Whether a plan has a loan above zero.
    """

    themes: frozenset[str]
    suggested: Suggested
    loan_planned: bool


def interests_of(profile: CompanyProfile) -> Interests:
    """Read a company's plans and needs."""
    text = own_words(profile)
    themes = frozenset(theme for theme, words in _theme_words().items() if any(word in text for word in words))
    loans = [fact for plan in profile.plans if isinstance(fact := plan.facts.get("loan_wan"), Span)]
    return Interests(themes, suggestions(profile), any(loan.hi > 0 for loan in loans))


@functools.cache
def _theme_words() -> dict[str, list[str]]:
    words: dict[str, list[str]] = json.loads(
        resources.files("matcher").joinpath("data/theme_words.json").read_text("utf-8")
    )
    return words


def signals(
    entry: LibraryMeasure, evaluation: Evaluation, row: int, amount: Amount, wants: Interests
) -> dict[str, float]:
    """The signals of one measure for one company, each in [0, 1] or a small number.

    Args:
        entry: A measure that no condition excludes.
        evaluation: The company's evaluation.
        row: Its best row for the measure.
        amount: What the measure is worth.
        wants: What the company is after.
    """
    parts = [evaluation.truth(part).at(row) for part in entry.rule.parts]
    asked = [(leaf, evaluation.truth(leaf).at(row)) for leaf in leaves(entry.rule) if not isinstance(leaf, Manual)]
    honours = [truth for leaf, truth in asked if leaf.field == "honours"]
    wishes = [evaluation.truth(rule).at(row) is Truth.TRUE for rule in entry.preferences]
    finance = entry.measure.benefit.type in FINANCE
    return {
        "hint": float(any(suggested_items(leaf, wants.suggested) for leaf, truth in asked if truth is Truth.UNKNOWN)),
        "eligible": float(min(parts, default=Truth.TRUE) is Truth.TRUE),
        "unknown": _share(parts.count(Truth.UNKNOWN)),
        "satisfied": _share(parts.count(Truth.TRUE)),
        "honour_held": float(Truth.TRUE in honours),
        "honour_unknown": float(Truth.UNKNOWN in honours),
        "industry_specific": max((_specific(leaf) for leaf, truth in asked if truth is Truth.TRUE), default=0.0),
        "amount": math.log10(1 + (amount.high_yuan or 0.0) / YUAN_PER_WAN),
        "loan_planned": float(finance and wants.loan_planned),
        "loan_absent": float(finance and not wants.loan_planned),
        "finance_asked": float(finance and "融资" in wants.themes),
        "theme": float(not wants.themes.isdisjoint(entry.policy.themes)),
        "preferences": sum(wishes) / len(wishes) if wishes else 0.0,
        "direction": float(entry.measure.benefit.type == "direction"),
        "title": float(entry.measure.benefit.type == "honour"),
    }


def _share(count: int) -> float:
    return min(count, MAX_COUNT) / MAX_COUNT


def _specific(leaf: Leaf) -> float:
    """How narrow an industry condition is: 0 for every industry, 3 for one in a thousand."""
    if not isinstance(leaf, OneOf) or leaf.field != "industry_code":
        return 0.0
    return _industry_specific(leaf.values)


@functools.lru_cache(maxsize=5000)
def _industry_specific(values: tuple[str, ...]) -> float:
    leaf = OneOf.model_validate({"field": "industry_code", "in": values})
    covered = sum(span.hi - span.lo + 1 for span in spans_of(registry()["industry_code"], leaf))
    return -math.log10(covered / industries().size)
