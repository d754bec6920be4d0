"""The order of the list: a linear score over a few readable features of a measure for a company.

Weights live in `data/ranking.json` together with how they were made; similarity is z-scored over the measures that the
rules left, so that a score compares measures of one list only.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import resources

import numpy as np
from numpy.typing import NDArray

from matcher.eligibility import Truth
from policies.library import LibraryMeasure
from policies.lifecycle import Lifecycle, WindowPhase

NO_MONEY = frozenset({"direction", "right", "honour"})
MAX_UNKNOWNS = 6
LOCAL = {"national": 0.0, "province": 0.5, "city": 1.0, "county": 1.0}


@dataclass(frozen=True)
class Candidate:
    """A measure that the rules left, with what the ranking looks at besides similarity.

    Attributes:
        unknowns: Number of conditions that are UNKNOWN.
        preferences: Share of its preferences that are TRUE, 0 without any.
    """

    entry: LibraryMeasure
    truth: Truth
    unknowns: int
    preferences: float
    lifecycle: Lifecycle
    phase: WindowPhase


@dataclass(frozen=True)
class Weights:
    """Weights of the features, and the share of the dense side in each similarity."""

    features: Mapping[str, float]
    dense_share: float
    made_by: str


@functools.cache
def shipped_weights() -> Weights:
    """The weights that ship with the product."""
    raw = json.loads(resources.files("matcher").joinpath("data/ranking.json").read_text("utf-8"))
    return Weights(raw["features"], raw["dense_share"], raw["made_by"])


def features(
    candidates: Sequence[Candidate], plan: NDArray[np.float32] | None, company: NDArray[np.float32] | None
) -> dict[str, NDArray[np.float64]]:
    """Feature columns, each float64 (n,), by name.

    Args:
        candidates: n candidates.
        plan: Fused similarity (z-scores) to the best plan, float32 (n,); None without a plan.
        company: Fused similarity to the company's own words, float32 (n,); None without any.
    """
    zeros = np.zeros(len(candidates))
    benefits = [candidate.entry.measure.benefit.type for candidate in candidates]
    return {
        "plan_similarity": zeros if plan is None else plan.astype(np.float64),
        "company_similarity": zeros if company is None else company.astype(np.float64),
        "eligible": np.array([float(candidate.truth is Truth.TRUE) for candidate in candidates]),
        "unknowns": np.array([min(candidate.unknowns, MAX_UNKNOWNS) / MAX_UNKNOWNS for candidate in candidates]),
        "preferences": np.array([candidate.preferences for candidate in candidates]),
        "local": np.array([LOCAL[candidate.entry.policy.level] for candidate in candidates]),
        "direction": np.array([float(benefit == "direction") for benefit in benefits]),
        "no_money": np.array([float(benefit in NO_MONEY) for benefit in benefits]),
        "other_recipient": np.array([float(c.entry.measure.recipient != "enterprise") for c in candidates]),
        "open": np.array([float(candidate.phase is WindowPhase.OPEN) for candidate in candidates]),
        "unverified": np.array([float(candidate.lifecycle is Lifecycle.UNVERIFIED) for candidate in candidates]),
    }


def score(columns: Mapping[str, NDArray[np.float64]], weights: Weights) -> NDArray[np.float64]:
    """Weighted sum of the features, float64 (n,)."""
    parts = [weights.features.get(name, 0.0) * column for name, column in columns.items()]
    return np.sum(parts, axis=0) if parts else np.empty(0)


def order(scores: NDArray[np.float64], candidates: Sequence[Candidate]) -> list[int]:
    """Positions by falling score; ties by measure id, so that the order never depends on chance."""
    return sorted(range(len(candidates)), key=lambda i: (-scores[i], candidates[i].entry.measure_id))
