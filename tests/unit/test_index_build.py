"""The index folder: built, opened, refused when stale, never half written."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

import index.build
from index import Index, VectorCache, build_index, open_index, query_samples
from index.encoder import Encoder, LazyEncoder
from policies.errors import IndexMissing, IndexStale, ModelUnavailable

DIM = 8
IDS = ["m1", "m2", "m3", "m4"]
TEXTS = ["数控机床购置补助", "研发费用加计扣除", "绿色工厂认定奖励", "稳岗返还失业保险"]
SAMPLES = ["机械厂买机床", "软件公司", "养牛", "酒店招人"]


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


def build(folder: Path, encoder: Encoder | None = None, digest: str = "d1", texts: list[str] = TEXTS) -> Index:
    return build_index(
        folder, IDS, texts, library_digest=digest, encoder=encoder, cache=VectorCache(None), query_samples=SAMPLES
    )


def test_opened_equals_built(tmp_path: Path) -> None:
    encoder = HashEncoder()
    built = build(tmp_path, encoder)
    opened = open_index(tmp_path, library_digest="d1", model_id="fake@1")
    vector = encoder.encode_query(["机床"])[0]
    for rows in (None, np.array([3, 0, 0]), np.zeros(0, np.int64)):
        one, two = (index.similarity("买机床", rows, vector) for index in (built, opened))
        assert one.dense is not None
        assert two.dense is not None
        np.testing.assert_array_equal(one.dense, two.dense)
        np.testing.assert_array_equal(one.lexical, two.lexical)
        np.testing.assert_array_equal(one.fused, two.fused)
    assert opened.ids == tuple(IDS)
    assert opened.manifest == built.manifest


def test_dense_is_the_centred_cosine(tmp_path: Path) -> None:
    encoder = HashEncoder()
    found = build(tmp_path, encoder)
    documents, samples = encoder.encode_document(TEXTS), encoder.encode_query(SAMPLES)
    query = encoder.encode_query(["机床"])[0]
    left, right = documents - documents.mean(axis=0), query - samples.mean(axis=0)
    cosine = left @ right / np.linalg.norm(left, axis=1) / np.linalg.norm(right)
    dense = found.similarity("机床", None, query).dense
    assert dense is not None
    np.testing.assert_allclose(dense, cosine, atol=3e-3)


def test_without_centring_a_document_finds_itself(tmp_path: Path) -> None:
    encoder = HashEncoder()
    plain = build_index(
        tmp_path, IDS, TEXTS, library_digest="d", encoder=encoder, cache=VectorCache(None), query_samples=SAMPLES,
        centre=False,
    )  # fmt: skip
    for row, vector in enumerate(encoder.encode_document(TEXTS)):
        dense = plain.similarity("", None, vector).dense
        assert dense is not None
        assert int(dense.argmax()) == row
        np.testing.assert_allclose(dense[row], 1, atol=1e-3)


def test_words_only(tmp_path: Path) -> None:
    build(tmp_path, None)
    opened = open_index(tmp_path, library_digest="d1", model_id=None)
    found = opened.similarity("加计扣除", None, np.ones(8, np.float32))
    assert found.dense is None
    assert int(found.fused.argmax()) == 1
    assert opened.manifest.model_id is None


def test_words_only_opens_a_dense_index_but_not_the_reverse(tmp_path: Path) -> None:
    build(tmp_path / "dense", HashEncoder())
    assert open_index(tmp_path / "dense", library_digest="d1", model_id=None).vectors is None
    build(tmp_path / "words", None)
    with pytest.raises(IndexStale, match="huiqi index build"):
        open_index(tmp_path / "words", library_digest="d1", model_id="fake@1")


def test_known_vectors_need_no_model(tmp_path: Path) -> None:
    cache = VectorCache(None)
    for encoder in (HashEncoder(), unavailable()):
        build_index(tmp_path, IDS, TEXTS, library_digest="d", encoder=encoder, cache=cache, query_samples=SAMPLES)


def test_stale_and_missing(tmp_path: Path) -> None:
    with pytest.raises(IndexMissing, match="huiqi index build"):
        open_index(tmp_path, library_digest="d1", model_id=None)
    build(tmp_path, HashEncoder())
    with pytest.raises(IndexStale, match="huiqi index build"):
        open_index(tmp_path, library_digest="d2", model_id="fake@1")
    with pytest.raises(IndexStale, match="huiqi index build"):
        open_index(tmp_path, library_digest="d1", model_id="fake@2")


@pytest.mark.parametrize("name", ["manifest.json", "ids.json", "vectors.faiss", "lexical/vocab.index.json"])
@pytest.mark.parametrize("content", [None, b"", b"[]", b'{"format_version": 99}'])
def test_damage_is_told(tmp_path: Path, name: str, content: bytes | None) -> None:
    build(tmp_path, HashEncoder())
    path = tmp_path / (tmp_path / "CURRENT").read_text() / name
    if content is None:
        path.unlink()
    else:
        path.write_bytes(content)
    with pytest.raises(IndexStale, match="huiqi index build"):
        open_index(tmp_path, library_digest="d1", model_id="fake@1")


def test_a_crash_leaves_the_old_index_in_use(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    build(tmp_path, HashEncoder())

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(index.build, "write_manifest", killed)
        with pytest.raises(KeyboardInterrupt):
            build(tmp_path, HashEncoder(), "d2")
    assert open_index(tmp_path, library_digest="d1", model_id="fake@1").ids == tuple(IDS)
    assert len(list(tmp_path.glob("v-*"))) == 1


def test_leftovers_of_a_killed_build_do_no_harm_and_go(tmp_path: Path) -> None:
    (tmp_path / "v-dead").mkdir()
    (tmp_path / "v-dead" / "ids.json").write_text("[")
    (tmp_path / ".CURRENT.1-abc.tmp").write_text("v-dead")
    os.utime(tmp_path / "v-dead", (1, 1))
    (tmp_path / "v-running").mkdir()
    for digest in ("d1", "d2", "d3"):
        build(tmp_path, HashEncoder(), digest)
    assert open_index(tmp_path, library_digest="d3", model_id="fake@1").ids == tuple(IDS)
    assert not (tmp_path / "v-dead").exists()
    assert (tmp_path / "v-running").exists()


def test_equal_input_gives_equal_bytes(tmp_path: Path) -> None:
    contents = []
    for name in ("a", "b"):
        build(tmp_path / name, HashEncoder())
        version = tmp_path / name / (tmp_path / name / "CURRENT").read_text()
        files = sorted(path for path in version.rglob("*") if path.is_file())
        contents.append([(path.relative_to(version), path.read_bytes()) for path in files])
    assert contents[0] == contents[1]


def test_harmful_texts_are_indexed(tmp_path: Path) -> None:
    texts = ["a\x00b", "\ud800", "很长" * 50_000, ""]
    found = build(tmp_path, HashEncoder(), texts=texts).similarity(
        "\x00\udfff很长" * 30_000, None, np.ones(8, np.float32)
    )
    assert np.isfinite(found.fused).all()
    assert int(found.lexical.argmax()) == 2


def test_wrong_calls_are_refused(tmp_path: Path) -> None:
    built = build(tmp_path, HashEncoder())
    with pytest.raises(IndexError):
        built.similarity("x", np.array([-1]))
    with pytest.raises(ValueError, match="shape"):
        built.similarity("x", None, np.ones((1, 8), np.float32))
    with pytest.raises(ValueError, match="distinct"):
        build_index(
            tmp_path, ["a", "a"], ["", ""], library_digest="", encoder=None, cache=VectorCache(None), query_samples=[]
        )


def test_an_empty_library(tmp_path: Path) -> None:
    build_index(tmp_path, [], [], library_digest="d", encoder=HashEncoder(), cache=VectorCache(None), query_samples=[])
    opened = open_index(tmp_path, library_digest="d", model_id="fake@1")
    assert opened.similarity("x", None, np.ones(8, np.float32)).fused.shape == (0,)


def test_manifest_is_plain_json(tmp_path: Path) -> None:
    build(tmp_path, HashEncoder())
    manifest = json.loads((tmp_path / (tmp_path / "CURRENT").read_text() / "manifest.json").read_text())
    assert (manifest["model_id"], manifest["dim"], manifest["n"], len(manifest["query_mean"])) == ("fake@1", 8, 4, 8)
    assert "numpy" in manifest["created_with"]


def test_query_samples_are_many_and_distinct() -> None:
    samples = query_samples()
    assert len(set(samples)) == len(samples) >= 60
