"""The order of the list: a linear score over a few readable features, and how often a policy mattered to others.

Weights and offsets live in `data/ranking.json` with the command that made them and its cross-validated figures. A
policy that no labelled case knows has the offset 0: it is neither lifted nor punished.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import resources

import numpy as np
from numpy.typing import NDArray

from index.fusion import z_score
from matcher.eligibility import Truth
from matcher.retrieval import Similarities
from matcher.signals import Pairs
from policies.library import LibraryMeasure

Features = dict[str, NDArray[np.float64]]
SIMILARITIES = ("plan_lexical", "whole_dense", "whole_lexical")


@dataclass(frozen=True)
class Weights:
    """A linear ranking.

    Attributes:
        features: Weight of each feature.
        offsets: policy_id to its offset, shrunk towards 0.
        made_by: The command that made them.
    """

    features: Mapping[str, float]
    offsets: Mapping[str, float]
    made_by: str


SAME_POLICY = 0.3
"""What a measure loses for each better one of its policy, so that no policy fills a page (eval.crowding)."""


@functools.cache
def shipped_weights() -> Weights:
    """The weights that ship with the product."""
    raw = json.loads(resources.files("matcher").joinpath("data/ranking.json").read_text("utf-8"))
    return Weights(raw["features"], raw["offsets"], raw["made_by"])


def features(pairs: Pairs, similar: Similarities) -> Features:
    """The signals and the z-scored similarities, each float64 (n, m), by name.

    Similarities are z-scored over what is left of a company's list, so a score compares one list only.
    """
    left = pairs.truth != Truth.FALSE
    standard = {name: z_score(getattr(similar, name), left).astype(np.float64) for name in SIMILARITIES}
    return {**pairs.signals, **standard}


def scores(found: Features, entries: Sequence[LibraryMeasure], weights: Weights) -> NDArray[np.float64]:
    """Weighted sum of the features plus the policy's offset, float64 (n, m), for the m entries."""
    offsets = np.array([weights.offsets.get(entry.policy.policy_id, 0.0) for entry in entries])
    total: NDArray[np.float64] = np.zeros(next(iter(found.values())).shape) + offsets
    for name, column in found.items():
        total = total + weights.features.get(name, 0.0) * column
    return total


def apart(scores: NDArray[np.float64], left: NDArray[np.bool_], policy: NDArray[np.int64]) -> NDArray[np.float64]:
    """The scores, each lowered by SAME_POLICY for every better measure of its own policy.

    Args:
        scores: float64 (n, m).
        left: Which are listed, bool (n, m); others keep their score and lower none.
        policy: Number of each measure's policy, int64 (m,).
    """
    by_score = np.argsort(np.where(left, -np.round(scores, 9), np.inf), axis=1, kind="stable")
    by_policy = np.argsort(policy[by_score], axis=1, kind="stable")  # within a policy still by score
    places = np.take_along_axis(by_score, by_policy, axis=1)
    own = policy[places]
    number = np.broadcast_to(np.arange(own.shape[1]), own.shape)
    begins = np.concatenate([np.ones((len(own), 1), dtype=bool), own[:, 1:] != own[:, :-1]], axis=1)
    better = number - np.maximum.accumulate(np.where(begins, number, 0), axis=1)
    lowered = scores.copy()
    np.put_along_axis(lowered, places, np.take_along_axis(scores, places, axis=1) - SAME_POLICY * better, axis=1)
    return np.where(left, lowered, scores)


def order(scores: NDArray[np.float64], left: NDArray[np.bool_]) -> list[NDArray[np.int64]]:
    """For each company the positions that are left, by falling score; ties keep their order.

    Args:
        scores: float64 (n, m).
        left: Which to list, bool (n, m).
    """
    keys = np.where(left, -np.round(scores, 9), np.inf)
    ranked = np.argsort(keys, axis=1, kind="stable")
    return [places[:count] for places, count in zip(ranked, left.sum(axis=1).tolist(), strict=True)]
