"""Sets of companies by their number, as compressed bitmaps: 100,000 companies take some 12 KB and mostly far less."""

from __future__ import annotations

import zlib

import numpy as np
from numpy.typing import NDArray

from policies.columns import Bools

Ints = NDArray[np.int64]
NOBODY = b""
"""The bitmap of no company."""


def packed(numbers: Ints) -> bytes:
    """A bitmap of `CompanyRecord.number`s, int64 (n,) in any order, each 0 or more."""
    if not len(numbers):
        return NOBODY
    flags = np.zeros(int(numbers.max()) + 1, dtype=bool)
    flags[numbers] = True
    return zlib.compress(np.packbits(flags, bitorder="little").tobytes())


def numbers_in(content: bytes) -> Ints:
    """The numbers in a bitmap, int64, ascending."""
    return np.flatnonzero(_flags(content))


def among(content: bytes, numbers: Ints) -> Bools:
    """Which of some numbers, int64 (n,), are in a bitmap, bool (n,)."""
    flags = _flags(content)
    found = np.zeros(len(numbers), dtype=bool)
    inside = numbers < len(flags)
    found[inside] = flags[numbers[inside]]
    return found


def _flags(content: bytes) -> Bools:
    if content == NOBODY:
        return np.zeros(0, dtype=bool)
    return np.unpackbits(np.frombuffer(zlib.decompress(content), dtype=np.uint8), bitorder="little").view(bool)
