"""FAISS search, centring, BM25."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from index.lexical import LexicalIndex, tokens
from index.vectors import Centring, VectorIndex

DIM = 16


def unit(n: int, seed: int = 0) -> NDArray[np.float32]:
    vectors = np.random.default_rng(seed).normal(size=(n, DIM)).astype(np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


@pytest.fixture(params=["small ids", "huge ids"])
def ids(request: pytest.FixtureRequest) -> NDArray[np.int64]:
    spread = np.random.default_rng(1).permutation(200).astype(np.int64)
    return spread if request.param == "small ids" else spread * (1 << 40) + 7


def test_top_hit_of_a_vector_is_itself(ids: NDArray[np.int64]) -> None:
    vectors = unit(200)
    hits = VectorIndex.build(ids, vectors).search(vectors, 1)
    assert [found.tolist() for found in hits.ids] == [[i] for i in ids.tolist()]


def test_filter_before_top_k_equals_brute_force(ids: NDArray[np.int64]) -> None:
    vectors, queries = unit(200), unit(5, 2)
    rows = np.random.default_rng(3).choice(200, 30, replace=False)
    allowed = ids[rows]
    hits = VectorIndex.build(ids, vectors).search(queries, 7, allowed)
    for query, scores, found in zip(queries, hits.scores, hits.ids, strict=True):
        exact = vectors[rows] @ query
        best = np.argsort(-exact)[:7]
        assert found.tolist() == allowed[best].tolist()
        np.testing.assert_allclose(scores, exact[best], atol=1e-6)


def test_unfiltered_search_equals_brute_force() -> None:
    vectors, queries = unit(300), unit(4, 5)
    hits = VectorIndex.build(np.arange(300), vectors).search(queries, 20)
    expected = np.argsort(-(queries @ vectors.T), axis=1)[:, :20]
    np.testing.assert_array_equal(np.stack(hits.ids), expected)


def test_minus_one_is_never_returned(ids: NDArray[np.int64]) -> None:
    index = VectorIndex.build(ids, unit(200))
    unknown = np.array([-1, -5, 199 + (1 << 50)], dtype=np.int64)
    hits = index.search(unit(2, 4), 10, np.concatenate([ids[:3], unknown]))
    assert all(len(found) == 3 and found.min() >= 0 for found in hits.ids)
    assert [len(found) for found in index.search(unit(2, 4), 10, unknown).ids] == [0, 0]
    assert [len(found) for found in index.search(unit(2, 4), 10, np.zeros(0, np.int64)).ids] == [0, 0]
    assert [len(found) for found in index.search(unit(1, 4), 999).ids] == [200]


def test_scores_are_exact_in_the_order_asked(ids: NDArray[np.int64], tmp_path: Path) -> None:
    vectors, queries = unit(200), unit(3, 6)
    index = VectorIndex.build(ids, vectors)
    index.save(tmp_path / "目录" / "vectors.faiss")
    rows = np.array([5, 190, 5, 0])
    for one in (index, VectorIndex.load(tmp_path / "目录" / "vectors.faiss")):
        np.testing.assert_allclose(one.scores(queries, ids[rows]), queries @ vectors[rows].T, atol=1e-6)
        assert one.scores(queries, np.zeros(0, np.int64)).shape == (3, 0)
    with pytest.raises(KeyError):
        index.scores(queries, np.array([-1]))


def test_equal_scores_are_ordered_by_id() -> None:
    index = VectorIndex.build(np.array([9, 2, 5]), np.repeat(unit(1), 3, axis=0))
    assert index.search(unit(1), 3).ids[0].tolist() == [2, 5, 9]


def test_empty_index(tmp_path: Path) -> None:
    VectorIndex.build([], np.zeros((0, DIM), np.float32)).save(tmp_path / "x")
    index = VectorIndex.load(tmp_path / "x")
    assert len(index) == 0
    assert index.search(unit(2), 3).ids[1].tolist() == []
    with pytest.raises(KeyError):
        index.scores(unit(1), np.array([0]))


def test_bad_input_is_refused(tmp_path: Path) -> None:
    for ids, vectors in (([1, 1], unit(2)), ([-1, 1], unit(2)), ([1], unit(2)), ([1, 2], unit(2) * np.nan)):
        with pytest.raises(ValueError, match=r"ids|finite"):
            VectorIndex.build(ids, vectors)
    index = VectorIndex.build([0, 1], unit(2))
    with pytest.raises(ValueError, match="k must"):
        index.search(unit(1), 0)
    with pytest.raises(ValueError, match="shape"):
        index.search(unit(1)[:, :3], 1)
    index.save(tmp_path / "x")
    whole = (tmp_path / "x").read_bytes()
    for damaged in (b"", b"rubbish", whole[: len(whole) // 2]):
        (tmp_path / "x").write_bytes(damaged)
        with pytest.raises(ValueError, match="damaged"):
            VectorIndex.load(tmp_path / "x")


def test_view_into_faiss_outlives_the_caller() -> None:
    indexes = [VectorIndex.build(np.arange(50), unit(50, seed)) for seed in range(20)]
    for seed, index in enumerate(indexes):
        np.testing.assert_allclose(index.scores(unit(50, seed), np.arange(50)).diagonal(), 1, atol=1e-5)


def test_centring_takes_out_the_means() -> None:
    documents, queries = unit(50) + 3, unit(20, 1) - 2
    centring = Centring.fit(documents, queries)
    np.testing.assert_allclose(centring.document_mean, documents.mean(axis=0), atol=1e-6)
    np.testing.assert_allclose(np.linalg.norm(centring.documents(documents), axis=1), 1, atol=1e-5)
    expected = queries - queries.mean(axis=0)
    np.testing.assert_allclose(
        centring.queries(queries), expected / np.linalg.norm(expected, axis=1, keepdims=True), atol=1e-5
    )
    assert not np.isnan(centring.queries(centring.query_mean[None])).any()
    unchanged = Centring.fit(documents, np.zeros((0, DIM), np.float32))
    assert not unchanged.document_mean.any()


TEXTS = ["购置数控机床给予补助", "研发费用加计扣除100%", "", "绿色工厂 green Factory", "机床机床机床"]


def test_tokens() -> None:
    assert tokens("购置5台ＣＮＣ机床，3.5万") == ["购置", "5", "台", "cnc", "机床", "3.5", "万"]
    assert tokens("\x00\ud800 ，") == []


def test_bm25_finds_the_text_with_the_words() -> None:
    scores = LexicalIndex.build(TEXTS).scores("Factory 绿色")
    assert scores.dtype == np.float32
    assert scores.argmax() == 3
    assert scores[[0, 1, 2, 4]].tolist() == [0, 0, 0, 0]


def test_bm25_equals_bm25s(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    import bm25s

    index = LexicalIndex.build(TEXTS)
    index.save(tmp_path)
    theirs = bm25s.BM25.load(tmp_path, show_progress=False)
    for query in ("机床补助机床", "加计扣除", "100"):
        expected = theirs.get_scores(tokens(query))
        np.testing.assert_allclose(index.scores(query), expected, rtol=1e-5)
        np.testing.assert_array_equal(LexicalIndex.load(tmp_path).scores(query), index.scores(query))
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize("texts", [[], ["", "，"]])
def test_bm25_without_any_term(texts: list[str], tmp_path: Path) -> None:
    LexicalIndex.build(texts).save(tmp_path)
    assert LexicalIndex.load(tmp_path).scores("机床").tolist() == [0.0] * len(texts)
    assert LexicalIndex.build(TEXTS).scores("\x00").tolist() == [0.0] * len(TEXTS)


def test_bm25_refuses_damaged_files(tmp_path: Path) -> None:
    LexicalIndex.build(TEXTS).save(tmp_path)
    (tmp_path / "vocab.index.json").write_text("{}", encoding="utf-8")
    with pytest.raises(ValueError, match="do not fit"):
        LexicalIndex.load(tmp_path)


def test_bm25_files_do_not_depend_on_the_hash_seed(tmp_path: Path) -> None:
    code = f"from pathlib import Path\nfrom index import LexicalIndex\nLexicalIndex.build({TEXTS!r}).save(Path('OUT'))"
    for seed in ("1", "2"):
        command = [sys.executable, "-c", code.replace("OUT", str(tmp_path / seed))]
        subprocess.run(command, check=True, env=os.environ | {"PYTHONHASHSEED": seed, "PYTHONPATH": str(Path.cwd())})
    for path in (tmp_path / "1").iterdir():
        assert path.read_bytes() == (tmp_path / "2" / path.name).read_bytes(), path.name


def test_pairs_that_are_alike_come_nearest_first() -> None:
    vectors = np.eye(4, dtype=np.float32)
    vectors[3] = [0.8, 0.6, 0, 0]
    index = VectorIndex.build([7, 3, 5, 1], vectors)
    found = index.alike(0.5)
    assert [pair[:2] for pair in found] == [(1, 7), (1, 3)]
    assert [pair[2] for pair in found] == pytest.approx([0.8, 0.6])
    assert index.alike(0.9) == []
