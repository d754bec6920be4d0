"""What an evaluator found, so that evaluators can be compared: counts per measure, and all row numbers of some."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Rows = NDArray[np.int64] | NDArray[np.uint32]
KEPT = 20
"""Measures whose row numbers are kept."""


class Tally:
    """Rows found per measure.

    Args:
        m: Number of measures.
        stride: Count rows 0, stride, 2 · stride … only.
        keep: Keep the row numbers of KEPT measures; without it they are only counted, for timed runs.
    """

    def __init__(self, m: int, stride: int = 1, *, keep: bool = True) -> None:
        self.stride = stride
        self._keep = keep
        self.counts: Ints = np.zeros((m, 2), dtype=np.int64)
        self._step = max(1, m // KEPT)
        self._kept: list[tuple[int, int, Ints]] = []

    def add(self, measure: int, certain: Rows, unknown: Rows, first: int = 0) -> None:
        """Rows of one measure, or of one block of rows that starts at row `first`."""
        for column, rows in enumerate((certain, unknown)):
            found = rows if self.stride == 1 else rows[(rows + first) % self.stride == 0]
            self.counts[measure, column] += len(found)
            if self._keep and measure % self._step == 0:
                self._kept.append((measure, column, found.astype(np.int64) + first))

    def merge(self, other: Tally) -> None:
        """Add what another one counted in other rows."""
        self.counts += other.counts
        self._kept += other._kept

    def kept(self) -> Ints:
        """Row numbers kept as (measure, 0 TRUE or 1 UNKNOWN, row), int64 (rows, 3), in order."""
        parts = [
            np.column_stack([np.full(len(r), m), np.full(len(r), c), r]).astype(np.int64) for m, c, r in self._kept
        ]
        rows = np.concatenate(parts) if parts else np.empty((0, 3), dtype=np.int64)
        return rows[np.lexsort(rows.T[::-1])]

    def save(self, path: Path) -> None:
        """Write counts and kept rows."""
        np.savez_compressed(path, counts=self.counts, kept=self.kept())


def differences(path: Path, other: Path) -> list[str]:
    """How two saved tallies differ; empty if they say the same."""
    with np.load(path) as one, np.load(other) as two:
        if one["counts"].shape != two["counts"].shape:
            return [f"{len(one['counts'])} measures against {len(two['counts'])}"]
        wrong = np.flatnonzero((one["counts"] != two["counts"]).any(axis=1))
        found = [f"measure {i}: {one['counts'][i].tolist()} against {two['counts'][i].tolist()}" for i in wrong]
        if not found and not np.array_equal(one["kept"], two["kept"]):
            found.append("equal counts, but not the same rows")
    return found
