"""Vectors that need not be computed again: those shipped with the program and those of earlier runs.

A file is an .npz without pickles. For each vector length it has `keys_<dim>`, uint8 (n, 32) in ascending order, and
`vectors_<dim>`, float16 (n, dim). A key is the SHA-256 of model id, role and clean text.
"""

from __future__ import annotations

import hashlib
import logging
import threading
import zipfile
import zlib
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from index.encoder import Encoder, normalised
from index.files import replacing
from index.text import clean_text

Role = Literal["query", "document"]

_KEY_BYTES = 32
_DAMAGED = (OSError, ValueError, KeyError, EOFError, NotImplementedError, zipfile.BadZipFile, zlib.error)
_log = logging.getLogger(__name__)


def shipped_vectors() -> Path:
    """File of the vectors that ship with the program."""
    return Path(__file__).with_name("data") / "library_vectors.npz"


class VectorCache:
    """Encodes each text once, ever; thread-safe.

    Vectors are kept as float16 and normalised again after reading. A fresh vector goes through float16 as well, so that
    a first run and a second run give the same numbers.
    """

    def __init__(self, path: Path | None, shipped: Path | None = None, max_entries: int = 50_000) -> None:
        """Read what is there; nothing is encoded and no model is loaded.

        Args:
            path: The user's cache file, made by `save`; None keeps new vectors in memory only.
            shipped: A file of `write_shipped`, never written here; None or a missing file for none.
            max_entries: Cap on new vectors in memory and in the file (about 800 bytes each at 384 numbers), 1 or more;
                those not used for longest go first.

        A damaged file is logged and counts as empty; `save` replaces it.
        """
        if max_entries < 1:
            raise ValueError(f"max_entries must be 1 or more, got {max_entries}")
        self._path, self._max_entries = path, max_entries
        self._shipped = _read(shipped)
        self._own = OrderedDict(_read(path))
        self._changed = False
        self._lock = threading.Lock()

    def __len__(self) -> int:
        """Number of vectors held, shipped ones included."""
        return len(self._shipped) + len(self._own)

    def encode(self, encoder: Encoder, texts: Sequence[str], role: Role) -> NDArray[np.float32]:
        """Vectors of the texts; only texts seen for the first time reach the encoder, each once.

        Args:
            encoder: Pass a `LazyEncoder` and a start with known texts loads no model.
            texts: n texts, cleaned here.
            role: "query" for what is searched with, "document" for what is searched.

        Returns:
            float32 (n, dim), L2-normalised.

        Raises:
            ModelUnavailable: A text is new and the encoder cannot be loaded.
        """
        keyed = [(_key(encoder.model_id, role, text), text) for text in map(clean_text, texts)]
        if not keyed:
            return np.zeros((0, encoder.dim), dtype=np.float32)
        found = self._lookup([key for key, _ in keyed])
        missing = {key: text for key, text in keyed if key not in found}
        if missing:
            encode = encoder.encode_query if role == "query" else encoder.encode_document
            fresh = dict(zip(missing, encode(list(missing.values())).astype(np.float16), strict=True))
            self._remember(fresh)
            found |= fresh
        return normalised(np.stack([found[key] for key, _ in keyed]).astype(np.float32))

    def save(self) -> None:
        """Write new vectors to the user's file in one step, together with what other processes have put there.

        Raises:
            OSError: The folder cannot be written.
        """
        with self._lock:
            if self._path is None or not self._changed:
                return
            others = {key: vector for key, vector in _read(self._path).items() if key not in self._own}
            merged = list((others | self._own).items())[-self._max_entries :]
            _write(self._path, dict(merged))
            self._changed = False

    def _lookup(self, keys: Sequence[bytes]) -> dict[bytes, NDArray[np.float16]]:
        found = {}
        with self._lock:
            for key in keys:
                if key in self._shipped:
                    found[key] = self._shipped[key]
                elif key in self._own:
                    self._own.move_to_end(key)
                    found[key] = self._own[key]
        return found

    def _remember(self, fresh: Mapping[bytes, NDArray[np.float16]]) -> None:
        with self._lock:
            self._own.update(fresh)
            while len(self._own) > self._max_entries:
                self._own.popitem(last=False)
            self._changed = True


def write_shipped(
    path: Path, encoder: Encoder, texts: Sequence[str], role: Role, *, keep_existing: bool = False
) -> None:
    """Write the file of vectors that ships with the program; equal input gives equal bytes.

    Vectors that are in the file already are not computed again.

    Args:
        path: The .npz file.
        encoder: Asked for what is new.
        texts: What the file is to know.
        role: As in `VectorCache.encode`.
        keep_existing: Keep everything else in the file too (a second call for the other role); else it is dropped.

    Raises:
        ModelUnavailable: A text is new and the encoder cannot be loaded.
        OSError: The folder cannot be written.
    """
    before = _read(path)
    cache = VectorCache(None, path, max_entries=max(1, len(texts)))
    cache.encode(encoder, texts, role)
    known = cache._lookup([_key(encoder.model_id, role, clean_text(text)) for text in texts])
    _write(path, (before | known) if keep_existing else known)


def _key(model_id: str, role: Role, text: str) -> bytes:
    return hashlib.sha256(f"{model_id}\0{role}\0{text}".encode()).digest()


def _read(path: Path | None) -> dict[bytes, NDArray[np.float16]]:
    """Key to vector; empty for no file or a damaged one."""
    if path is None or not path.is_file():
        return {}
    entries: dict[bytes, NDArray[np.float16]] = {}
    try:
        # Opened here: np.load leaves a file open when it is damaged.
        with path.open("rb") as stream, np.load(stream, allow_pickle=False) as arrays:
            for name in arrays.files:
                if name.startswith("keys_"):
                    entries |= _entries(arrays[name], arrays[f"vectors_{name.removeprefix('keys_')}"])
    except _DAMAGED as error:
        _log.warning("vector cache %s is damaged and is ignored: %s", path, error)
        return {}
    return entries


def _entries(keys: NDArray[np.uint8], vectors: NDArray[np.float16]) -> dict[bytes, NDArray[np.float16]]:
    if keys.dtype != np.uint8 or keys.shape[1:] != (_KEY_BYTES,) or vectors.dtype != np.float16 or vectors.ndim != 2:
        raise ValueError("unexpected type or shape")
    # One NaN would make a whole ranking NaN: such a row is computed again.
    sound = np.asarray(np.isfinite(vectors).all(axis=1))
    return {key.tobytes(): vector for key, vector in zip(keys[sound], vectors[sound], strict=True)}


def _write(path: Path, entries: Mapping[bytes, NDArray[np.float16]]) -> None:
    by_dim: dict[int, list[bytes]] = {}
    for key in sorted(entries):
        by_dim.setdefault(len(entries[key]), []).append(key)
    arrays: dict[str, NDArray[np.uint8] | NDArray[np.float16]] = {}
    for dim, keys in sorted(by_dim.items()):
        arrays[f"keys_{dim}"] = np.frombuffer(b"".join(keys), np.uint8).reshape(-1, _KEY_BYTES)
        arrays[f"vectors_{dim}"] = np.stack([entries[key] for key in keys])
    with replacing(path) as temporary, temporary.open("wb") as stream:
        np.savez(stream, allow_pickle=False, **arrays)
