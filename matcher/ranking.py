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
from matcher.retrieval import Similarities
from policies.library import LibraryMeasure

Columns = dict[str, NDArray[np.float64]]
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


@functools.cache
def shipped_weights() -> Weights:
    """The weights that ship with the product."""
    raw = json.loads(resources.files("matcher").joinpath("data/ranking.json").read_text("utf-8"))
    return Weights(raw["features"], raw["offsets"], raw["made_by"])


def feature_columns(signals: Sequence[Mapping[str, float]], similar: Similarities) -> Columns:
    """Features of n measures, each float64 (n,), by name.

    Args:
        signals: What `matcher.signals` says of each of the n measures.
        similar: Similarities of the same n measures; z-scored here over the list, so a score compares one list only.
    """
    names = list(signals[0]) if signals else []
    columns = {name: np.array([signal[name] for signal in signals]) for name in names}
    zeros = np.zeros(len(signals))
    for name in SIMILARITIES:
        found = getattr(similar, name)
        columns[name] = zeros if found is None else z_score(found).astype(np.float64)
    return columns


def score(columns: Columns, entries: Sequence[LibraryMeasure], weights: Weights) -> NDArray[np.float64]:
    """Weighted sum of the features plus the policy's offset, float64 (n,)."""
    total = np.array([weights.offsets.get(entry.policy.policy_id, 0.0) for entry in entries])
    for name, column in columns.items():
        total = total + weights.features.get(name, 0.0) * column
    return total


def order(scores: NDArray[np.float64], entries: Sequence[LibraryMeasure]) -> list[int]:
    """Positions by falling score; ties by measure id, so that the order never depends on chance."""
    rounded = np.round(scores, 9)
    return sorted(range(len(entries)), key=lambda i: (-rounded[i], entries[i].measure_id))
