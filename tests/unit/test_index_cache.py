"""The vector cache: encodes once, never crashes, answers without a model."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from index.cache import VectorCache, write_shipped
from index.encoder import Encoder, LazyEncoder
from policies.errors import ModelUnavailable

DIM = 8


class HashEncoder:
    """Vectors from a hash of the text; counts what it is asked."""

    def __init__(self, model_id: str = "fake@1", dim: int = DIM) -> None:
        self.model_id, self.dim = model_id, dim
        self.asked: list[str] = []

    def encode_query(self, texts: Sequence[str]) -> NDArray[np.float32]:
        return self._encode(texts, "q")

    def encode_document(self, texts: Sequence[str]) -> NDArray[np.float32]:
        return self._encode(texts, "d")

    def _encode(self, texts: Sequence[str], role: str) -> NDArray[np.float32]:
        self.asked.extend(texts)
        seeds = [int.from_bytes(hashlib.sha256((role + text).encode()).digest()[:4], "big") for text in texts]
        rows = [np.random.default_rng(seed).normal(size=self.dim) for seed in seeds]
        vectors = np.array(rows, dtype=np.float32).reshape(-1, self.dim)
        return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def unavailable(model_id: str = "fake@1") -> LazyEncoder:
    def opener() -> Encoder:
        raise ModelUnavailable("没有模型")

    return LazyEncoder(model_id, opener, DIM)


def test_each_distinct_text_is_encoded_once() -> None:
    cache, encoder = VectorCache(None), HashEncoder()
    vectors = cache.encode(encoder, ["甲", "乙", " 甲\x00", "甲"], "query")
    cache.encode(encoder, ["乙"], "query")
    assert encoder.asked == ["甲", "乙"]
    assert vectors.dtype == np.float32
    np.testing.assert_array_equal(vectors[0], vectors[2])
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-6)
    np.testing.assert_allclose(vectors[:2], encoder.encode_query(["甲", "乙"]), atol=1e-3)


def test_role_and_model_are_kept_apart() -> None:
    cache, encoder, other = VectorCache(None), HashEncoder(), HashEncoder("fake@2")
    cache.encode(encoder, ["甲"], "query")
    cache.encode(encoder, ["甲"], "document")
    cache.encode(other, ["甲"], "query")
    assert (encoder.asked, other.asked) == (["甲", "甲"], ["甲"])


def test_no_text_gives_no_row_and_loads_nothing() -> None:
    assert VectorCache(None).encode(unavailable(), [], "query").shape == (0, DIM)


def test_saved_vectors_need_no_encoder_and_are_the_same(tmp_path: Path) -> None:
    path = tmp_path / "缓存" / "vectors.npz"
    cache = VectorCache(path)
    first = cache.encode(HashEncoder(), ["甲", "乙"], "document")
    cache.save()
    lazy = unavailable()
    np.testing.assert_array_equal(VectorCache(path).encode(lazy, ["乙", "甲"], "document"), first[::-1])
    assert not lazy.loaded
    with pytest.raises(ModelUnavailable):
        VectorCache(path).encode(lazy, ["丙"], "document")
    assert [p.name for p in path.parent.iterdir()] == ["vectors.npz"]


def test_shipped_vectors_need_no_encoder(tmp_path: Path) -> None:
    shipped = tmp_path / "shipped.npz"
    write_shipped(shipped, HashEncoder(), ["甲", "乙"], "document")
    write_shipped(shipped, HashEncoder(), ["问"], "query", keep_existing=True)
    cache = VectorCache(None, shipped)
    assert len(cache) == 3
    cache.encode(unavailable(), ["乙", "甲"], "document")
    cache.encode(unavailable(), ["问"], "query")


def test_shipping_again_encodes_only_what_changed_and_drops_what_went(tmp_path: Path) -> None:
    shipped, encoder = tmp_path / "shipped.npz", HashEncoder()
    write_shipped(shipped, encoder, ["甲", "乙"], "document")
    write_shipped(shipped, encoder, ["乙", "丙"], "document")
    assert encoder.asked == ["甲", "乙", "丙"]
    assert len(VectorCache(None, shipped)) == 2


def test_equal_input_gives_equal_bytes(tmp_path: Path) -> None:
    write_shipped(tmp_path / "a.npz", HashEncoder(), ["甲", "乙", "丙"], "document")
    write_shipped(tmp_path / "b.npz", HashEncoder(), ["丙", "乙", "甲", "甲"], "document")
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()


def test_damaged_files_are_ignored_and_rewritten(tmp_path: Path) -> None:
    path = tmp_path / "vectors.npz"
    cache = VectorCache(path)
    cache.encode(HashEncoder(), ["甲"], "query")
    cache.save()
    whole = path.read_bytes()
    flipped = bytearray(whole)
    flipped[len(whole) // 3] ^= 255
    for damaged in (b"", b"rubbish", whole[: len(whole) // 2], bytes(flipped), whole[:-8]):
        path.write_bytes(damaged)
        (tmp_path / "shipped.npz").write_bytes(damaged)
        cache = VectorCache(path, tmp_path / "shipped.npz")
        cache.encode(HashEncoder(), ["甲"], "query")
        cache.save()
        VectorCache(path).encode(HashEncoder(), ["甲"], "query")
    np.savez(path, keys_8=np.zeros((2, 3), np.uint8), vectors_8=np.zeros((2, 8), np.float16))
    assert len(VectorCache(path)) == 0
    np.savez(path, keys_8=np.zeros((1, 32), np.uint8), vectors_8=np.full((1, 8), np.nan, np.float16))
    assert len(VectorCache(path)) == 0


def test_size_is_bounded_and_the_used_stay(tmp_path: Path) -> None:
    path = tmp_path / "vectors.npz"
    cache, encoder = VectorCache(path, max_entries=3), HashEncoder()
    assert cache.encode(encoder, list("一二三四五"), "query").shape == (5, DIM)
    cache.encode(encoder, ["三"], "query")
    cache.encode(encoder, ["六"], "query")
    cache.save()
    again = VectorCache(path, max_entries=3)
    assert len(again) == 3
    again.encode(unavailable(), ["三", "五", "六"], "query")


def test_two_processes_do_not_lose_each_others_vectors(tmp_path: Path) -> None:
    path = tmp_path / "vectors.npz"
    one, two = VectorCache(path), VectorCache(path)
    one.encode(HashEncoder(), ["甲"], "query")
    two.encode(HashEncoder(dim=4, model_id="other"), ["乙"], "query")
    one.save()
    two.save()
    both = VectorCache(path)
    both.encode(unavailable(), ["甲"], "query")
    both.encode(unavailable("other"), ["乙"], "query")


def test_lazy_encoder_opens_once_and_passes_on() -> None:
    opened: list[HashEncoder] = []

    def opener() -> Encoder:
        opened.append(HashEncoder())
        return opened[-1]

    lazy = LazyEncoder("fake@1", opener)
    assert not lazy.loaded
    assert lazy.dim == DIM
    lazy.encode_query(["甲"])
    lazy.encode_document(["乙"])
    assert lazy.loaded
    assert len(opened) == 1
    assert opened[0].asked == ["甲", "乙"]
