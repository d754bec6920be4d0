"""The relevance floor: what holds for a company may still be of no use to it, and then it is not told.

It looks at rules and what a company's words say it is after, not at similarity of texts: on the labelled cases that
told no more, and costs an encoder. `python -m eval.push --write` sets it; figures in eval/results/push_dev.md.
"""

from __future__ import annotations

import functools
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources

from matcher.assessment import Assessment, CompanyView, Offer
from matcher.push.outcomes import Outcome
from matcher.ranking import shipped_weights
from policies.companies import CompanyTable


@dataclass(frozen=True)
class Floor:
    """What a measure has to reach to be told.

    Attributes:
        rank: Lowest place in the company's own list, from 1.
        score: Score that has to be exceeded.
    """

    rank: float = math.inf
    score: float = -math.inf


@dataclass(frozen=True)
class Relevance:
    """How one measure stands in a company's own list.

    Attributes:
        rank: From 1.
        score: Of the ranking, without any similarity of texts.
        wanted: False for a loan, a guarantee or an interest subsidy of which the company's plans and needs say nothing.
    """

    rank: int
    score: float
    wanted: bool

    @classmethod
    def of(cls, view: CompanyView, place: int) -> Relevance:
        """Of a measure that no condition excludes."""
        signals, company = view.whole.pairs.signals, view.number
        unasked = signals["loan_absent"][company, place] > 0 and signals["finance_asked"][company, place] == 0
        return cls(view.listed.index(place) + 1, view.score(place), not unasked)


Floors = Mapping[Outcome, Floor]
"""An outcome that is not there is never told."""


def passes(floors: Floors, outcome: Outcome, seen: Relevance) -> bool:
    """Whether a company is told."""
    floor = floors.get(outcome)
    return floor is not None and seen.wanted and seen.rank <= floor.rank and seen.score > floor.score


def ranked(offer: Offer, table: CompanyTable) -> Assessment:
    """The lists of some companies as the floor sees them: without similarity of texts."""
    return Assessment.of(offer, table, None, shipped_weights())


@functools.cache
def shipped_floors() -> Floors:
    """The floors that ship with the product."""
    raw = json.loads(resources.files("matcher").joinpath("data/push.json").read_text("utf-8"))
    return {Outcome[name.upper()]: Floor(**shape) for name, shape in raw["floors"].items()}
