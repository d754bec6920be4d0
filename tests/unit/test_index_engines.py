"""Which engine the batch encoder takes, and that engines are interchangeable; no network."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

import index.engines
from index import BatchEncoder, Encoder, NanoEncoder, open_encoder
from index.cache import VectorCache, shipped_vectors
from index.engines import Engine, check_agreement, open_engine
from index.model import read_bundled
from policies.errors import ModelUnavailable

needs_openvino = pytest.mark.skipif(
    not index.engines.importlib.util.find_spec("openvino"), reason="openvino is not installed: pip install openvino"
)
LONG = "设备更新和技术改造项目须在本市备案并纳入统计。" * 60
TEXTS = (
    "技术改造设备奖补：按设备投资额的一定比例给予补助",
    "计划采购五轴数控机床和工业机器人，总投资2000万元",
    "获得省级绿色工厂称号的企业一次性奖励五十万元",
    "Made in China 2025, smart manufacturing pilot",
    "",
    "補助𠮷😀ﾊﾟ①㎡",
    LONG,
)


class FakeEngine:
    """Answers the shipped vectors of the samples, each turned by an angle (radians)."""

    dim = 384

    def __init__(self, angle: float) -> None:
        self.angle = angle

    def encode(self, texts: Sequence[str], *, is_query: bool) -> NDArray[np.float32]:
        right = VectorCache(None, shipped_vectors()).encode(_Refusing(), texts, "query" if is_query else "document")
        aside = np.roll(right, 1, axis=1)
        aside -= (aside * right).sum(axis=1, keepdims=True) * right
        aside /= np.linalg.norm(aside, axis=1, keepdims=True)
        # Three times as long: an engine need not normalise.
        return np.asarray(3 * (np.cos(self.angle) * right + np.sin(self.angle) * aside), dtype=np.float32)


class _Refusing(NanoEncoder):
    def __init__(self) -> None:
        pass

    def encode_query(self, texts: Sequence[str]) -> NDArray[np.float32]:
        raise ModelUnavailable(f"not shipped: {texts}")


def _installed(*names: str) -> Callable[[str], object]:
    """A find_spec to which of the engines' packages only those named are there."""
    real = index.engines.importlib.util.find_spec

    def find_spec(name: str) -> object:
        if name in ("openvino", "sentence_transformers", "torch"):
            return object() if name in names else None
        return real(name)

    return find_spec


@pytest.fixture
def openvino_preferred(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(index.engines.importlib.util, "find_spec", _installed("openvino", "torch"))
    monkeypatch.setattr(index.engines, "_torch_has_accelerator", lambda: False)
    monkeypatch.setattr(index.engines, "TorchEngine", lambda model=None: f"torch {model}")


@pytest.mark.parametrize(("angle", "agrees"), [(0.0, True), (0.04, True), (0.05, False), (3.0, False), (np.nan, False)])
def test_an_engine_must_agree_with_the_shipped_vectors(angle: float, agrees: bool) -> None:
    if agrees:
        check_agreement(FakeEngine(angle))
        return
    with pytest.raises(ModelUnavailable, match="不一致"):
        check_agreement(FakeEngine(angle))


@pytest.mark.usefixtures("openvino_preferred")
def test_openvino_that_disagrees_is_not_used(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    openvino = pytest.importorskip("index.openvino_engine")
    for angle, expected in ((0.01, FakeEngine), (0.1, str)):
        monkeypatch.setattr(openvino, "OpenVinoEngine", lambda angle=angle: FakeEngine(angle))
        with caplog.at_level(logging.WARNING):
            assert isinstance(open_engine(), expected)
        assert ("改用 torch" in caplog.text) is (expected is str)


@pytest.mark.usefixtures("openvino_preferred")
def test_openvino_that_does_not_run_gives_way_to_torch(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    graph = pytest.importorskip("index.bert_graph")

    def broken(model: object) -> object:
        raise RuntimeError("no such instruction")

    monkeypatch.setattr(graph, "bert_graph", broken)
    assert open_engine() == "torch None"
    assert "no such instruction" in caplog.text


@pytest.mark.usefixtures("openvino_preferred")
def test_torch_runs_other_models_and_has_the_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    assert open_engine("folder") == "torch folder"
    monkeypatch.setattr(index.engines, "_torch_has_accelerator", lambda: True)
    assert open_engine() == "torch None"


def test_a_cpu_build_of_torch_is_not_imported_to_look_for_a_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(index.engines.importlib.metadata, "version", lambda name: "2.13.0+cpu")
    monkeypatch.setitem(sys.modules, "torch", None)
    assert not index.engines._torch_has_accelerator()
    monkeypatch.setattr(index.engines.importlib.metadata, "version", lambda name: "2.13.0")
    assert not index.engines._torch_has_accelerator()


@pytest.mark.parametrize(
    ("installed", "batch", "expected"),
    [
        ((), True, "nano"),
        (("torch",), True, "nano"),
        (("torch", "sentence_transformers"), True, "batch"),
        (("openvino",), True, "batch"),
        (("openvino",), False, "nano"),
    ],
)
def test_the_encoder_fits_what_is_installed(
    installed: tuple[str, ...], batch: bool, expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(index.engines.importlib.util, "find_spec", _installed(*installed))
    monkeypatch.setattr(index.encoder, "NanoEncoder", lambda: "nano")
    monkeypatch.setattr(index.encoder, "BatchEncoder", lambda model=None: "batch")
    opened: Encoder | str = open_encoder(batch=batch)
    assert opened == expected


@pytest.fixture(scope="module")
def openvino() -> Engine:
    from index.openvino_engine import OpenVinoEngine

    return OpenVinoEngine()


@needs_openvino
@pytest.mark.slow
def test_openvino_is_what_batches_get() -> None:
    assert type(open_engine()).__name__ == "OpenVinoEngine"


@needs_openvino
@pytest.mark.slow
def test_a_vector_depends_on_its_text_alone(openvino: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    if _has_bf16():
        pytest.skip("exact in float32 only; this CPU computes in bf16")
    texts = [
        *(f"第{n}期：投入{n * 37}万元购置数控磨床{n % 9 + 1}台，{'改造老旧产线' * (n % 5)}" for n in range(60)),
        *TEXTS,
    ]
    together = openvino.encode(texts, is_query=True)
    alone = np.concatenate([openvino.encode([text], is_query=True) for text in texts])
    np.testing.assert_array_equal(together, alone)
    np.testing.assert_array_equal(openvino.encode(texts[::-1], is_query=True)[::-1], together)
    # However a long call is cut up.
    monkeypatch.setattr("index.openvino_engine._BLOCK_TEXTS", 7)
    monkeypatch.setattr("index.openvino_engine._BATCH_TOKENS", 90)
    np.testing.assert_array_equal(openvino.encode(texts, is_query=True), together)


@needs_openvino
@pytest.mark.slow
def test_openvino_survives_harmful_texts(openvino: Engine) -> None:
    encoder = BatchEncoder(engine=openvino)
    vectors = encoder.encode_query(["设备\x00补助", "设备补助", "\ud800", "", "很长的文本" * 20_000])
    np.testing.assert_array_equal(vectors[0], vectors[1])
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    assert encoder.encode_document([]).shape == (0, 384)


@needs_openvino
@pytest.mark.slow
def test_openvino_reports_nothing_and_needs_no_torch(tmp_path: Path) -> None:
    code = (
        "import socket, sys\n"
        "def refuse(*_): raise AssertionError('network')\n"
        "socket.socket.connect = socket.getaddrinfo = refuse\n"
        "from index.openvino_engine import OpenVinoEngine\n"
        "print(OpenVinoEngine().encode(['设备'], is_query=True).shape)\n"
        "from openvino.tools.ovc import telemetry_utils\n"
        "print(telemetry_utils.tm.__name__, 'torch' in sys.modules, 'openvino_telemetry' in sys.modules)"
    )
    # Without CI: there the package would be silent by itself.
    environment = {name: value for name, value in os.environ.items() if name != "CI"} | {"HOME": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=Path.cwd(), env=environment
    )
    assert done.stdout.split("\n")[:2] == ["(1, 384)", "openvino.tools.ovc.telemetry_stub False False"]
    assert list(tmp_path.iterdir()) == []


@needs_openvino
@pytest.mark.slow
@pytest.mark.parametrize(("value", "threads"), [("1", 1), ("0", None), ("two", None)])
def test_threads_are_as_many_as_openmp_may_use(
    value: str, threads: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    from index.openvino_engine import _compiled

    monkeypatch.setenv("OMP_NUM_THREADS", value)
    chosen = _compiled(read_bundled()).get_property("INFERENCE_NUM_THREADS")
    assert chosen == (threads or len(os.sched_getaffinity(0)))


def _has_bf16() -> bool:
    from index.bert_graph import has_bf16, openvino

    return has_bf16(openvino.Core())
