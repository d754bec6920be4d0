"""Fusion of dense and lexical similarity over one list of candidates."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

# Below this spread, relative to the largest value, a column is constant: what is left is rounding of float32.
_FLAT = 1e-6


def z_score(values: NDArray[np.floating], among: NDArray[np.bool_] | None = None) -> NDArray[np.float32]:
    """Standardise scores over the given candidates.

    Args:
        values: Shape (…, n), any unit; each row is standardised on its own.
        among: The candidates, bool of the same shape; None for all.

    Returns:
        float32 of the same shape, over the candidates of a row with mean 0 and standard deviation 1; zeros where all
        their values are equal and for those that are none.
    """
    chosen = np.ones(values.shape, dtype=bool) if among is None else among
    wide = np.where(chosen, values, 0.0).astype(np.float64)
    count = np.maximum(chosen.sum(axis=-1, keepdims=True), 1)
    # Each row is summed alone and in the same order, however many rows there are.
    centred = np.where(chosen, wide - wide.sum(axis=-1, keepdims=True) / count, 0.0)
    spread = np.sqrt((centred * centred).sum(axis=-1, keepdims=True) / count)
    flat = spread <= _FLAT * np.abs(wide).max(axis=-1, keepdims=True, initial=0.0)
    return np.where(flat, 0.0, centred / np.where(flat, 1.0, spread)).astype(np.float32)


def z_fuse(
    dense: NDArray[np.floating] | None,
    lexical: NDArray[np.floating] | None,
    dense_weight: float = 0.65,
) -> NDArray[np.float32]:
    """Weighted sum of z-scores; a missing part is left out and the other one counts in full.

    Args:
        dense: Shape (…, n), cosine-like, or None.
        lexical: The same shape, BM25, or None.
        dense_weight: Share of the dense side, 0 to 1 (.65 to .8 was best, see RETRIEVAL.md).

    Returns:
        float32 of the shape given; comparable within one row only.

    Raises:
        ValueError: Both parts are None, the shapes differ, or the weight is outside 0 to 1.

    >>> z_fuse(np.array([0.5, 0.5]), np.array([1.0, 3.0]), 0.5).tolist()
    [-0.5, 0.5]
    """
    if not 0.0 <= dense_weight <= 1.0:
        raise ValueError(f"dense_weight must lie between 0 and 1, got {dense_weight}")
    if dense is None and lexical is None:
        raise ValueError("nothing to fuse: dense and lexical are both None")
    if dense is None or lexical is None:
        only = lexical if dense is None else dense
        assert only is not None
        return z_score(only)
    if dense.shape != lexical.shape:
        raise ValueError(f"dense {dense.shape} and lexical {lexical.shape} must score the same candidates")
    fused = dense_weight * z_score(dense) + (1.0 - dense_weight) * z_score(lexical)
    return fused.astype(np.float32)
