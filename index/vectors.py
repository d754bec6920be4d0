"""Exact vector search by FAISS, and centring of documents and queries."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from index.encoder import normalised
from index.files import replacing

if TYPE_CHECKING:
    import faiss

# A bitmap selector needs one bit for every id up to the largest: fine for dense ids, absurd for 64-bit hashes.
_BITMAP_MAX_ID = 1 << 26


class Hits(NamedTuple):
    """What a search found, one array per query, best first; a query may have fewer than k, or none.

    Attributes:
        scores: float32 inner products.
        ids: int64, the ids given to `build`; never -1.
    """

    scores: list[NDArray[np.float32]]
    ids: list[NDArray[np.int64]]


@dataclass(frozen=True, eq=False)
class Centring:
    """Takes out what all texts of one kind share; see RETRIEVAL.md for what it gains.

    Attributes:
        document_mean: float32 (dim,), mean of the encoded documents.
        query_mean: float32 (dim,), mean of encoded profile-like texts, never of the queries being judged.
    """

    document_mean: NDArray[np.float32]
    query_mean: NDArray[np.float32]

    @classmethod
    def fit(cls, documents: NDArray[np.float32], queries: NDArray[np.float32]) -> Self:
        """Means of both sides, each (n, dim); without any query sample nothing is centred: one side alone harms."""
        if len(documents) == 0 or len(queries) == 0:
            return cls.none(documents.shape[1])
        # Summed in float64: the same means whatever the number of threads or the order of additions inside numpy.
        document_mean, query_mean = (side.mean(axis=0, dtype=np.float64) for side in (documents, queries))
        return cls(document_mean.astype(np.float32), query_mean.astype(np.float32))

    @classmethod
    def none(cls, dim: int) -> Self:
        """Means of zero: vectors stay as they are."""
        return cls(np.zeros(dim, dtype=np.float32), np.zeros(dim, dtype=np.float32))

    def documents(self, vectors: NDArray[np.float32]) -> NDArray[np.float32]:
        """Documents (n, dim), centred and normalised; one that equals the mean becomes zero."""
        return normalised(vectors - self.document_mean)

    def queries(self, vectors: NDArray[np.float32]) -> NDArray[np.float32]:
        """Queries (m, dim), centred and normalised; one that equals the mean becomes zero."""
        return normalised(vectors - self.query_mean)


class VectorIndex:
    """Vectors with int64 ids: FAISS IndexFlatIP in an IndexIDMap2. Exact, so that results equal brute force."""

    def __init__(self, faiss_index: faiss.IndexIDMap2) -> None:
        """Wrap a FAISS index; use `build` or `load`."""
        import faiss

        self._index = faiss_index
        flat = faiss.downcast_index(faiss_index.index)
        if not isinstance(flat, faiss.IndexFlatIP):
            raise ValueError("not an inner-product flat index")
        self.dim = int(faiss_index.d)
        n = int(faiss_index.ntotal)
        self.ids: NDArray[np.int64] = faiss.vector_to_array(faiss_index.id_map).astype(np.int64)
        # A view into FAISS's own memory, valid as long as self._index lives: the vectors are not held twice.
        self._vectors: NDArray[np.float32] = (
            faiss.rev_swig_ptr(flat.get_xb(), n * self.dim).reshape(n, self.dim)
            if n
            else np.zeros((0, self.dim), dtype=np.float32)
        )
        self._order = np.argsort(self.ids, kind="stable")
        self._sorted_ids = self.ids[self._order]

    def __len__(self) -> int:
        """Number of vectors."""
        return len(self.ids)

    @classmethod
    def build(cls, ids: NDArray[np.int64] | Sequence[int], vectors: NDArray[np.float32]) -> Self:
        """Index vectors.

        Args:
            ids: (n,) distinct, 0 or more.
            vectors: (n, dim), finite; normalised if inner products are to be cosines.

        Raises:
            ValueError: Shapes do not fit, or an id is negative or given twice, or a number is not finite.
        """
        import faiss

        numbers = np.ascontiguousarray(ids, dtype=np.int64)
        matrix = np.ascontiguousarray(vectors, dtype=np.float32)
        if matrix.ndim != 2 or numbers.shape != (len(matrix),):
            raise ValueError(f"ids {numbers.shape} and vectors {matrix.shape} do not fit")
        if not np.isfinite(matrix).all():
            raise ValueError("vectors must be finite")
        if len(np.unique(numbers)) != len(numbers) or (len(numbers) and numbers.min() < 0):
            raise ValueError("ids must be distinct and 0 or more: FAISS says -1 for 'nothing found'")
        index = faiss.IndexIDMap2(faiss.IndexFlatIP(matrix.shape[1]))
        if len(matrix):
            index.add_with_ids(matrix, numbers)
        return cls(index)

    def search(self, queries: NDArray[np.float32], k: int, allowed: NDArray[np.int64] | None = None) -> Hits:
        """The k best vectors of each query.

        Args:
            queries: (m, dim).
            k: 1 or more.
            allowed: Only these ids may be found (filter before top k); None for all. Unknown ids find nothing.

        Returns:
            Best first, equal scores by id. Fewer than k where fewer are allowed.

        Raises:
            ValueError: k < 1 or a wrong shape.
        """
        matrix = self._queries(queries)
        if k < 1:
            raise ValueError(f"k must be 1 or more, got {k}")
        if len(matrix) == 0 or len(self) == 0 or (allowed is not None and len(allowed) == 0):
            nothing = [np.zeros(0, np.float32) for _ in matrix], [np.zeros(0, np.int64) for _ in matrix]
            return Hits(*nothing)
        params = None if allowed is None else self._only(allowed)
        scores, ids = self._index.search(matrix, min(k, len(self)), params=params)
        return _ragged(scores, ids)

    def scores(self, queries: NDArray[np.float32], ids: NDArray[np.int64]) -> NDArray[np.float32]:
        """Exact inner products with the vectors of the given ids, in the order given.

        Args:
            queries: (m, dim).
            ids: (n,).

        Returns:
            float32 (m, n).

        Raises:
            ValueError: A wrong shape.
            KeyError: An id is not in the index.
        """
        matrix = self._queries(queries).astype(np.float64)
        wanted = self._vectors[self._rows(np.asarray(ids, dtype=np.int64))]
        # In double precision: rounded, a query's scores are the same whatever else is asked with it.
        return (matrix @ wanted.T.astype(np.float64)).astype(np.float32)

    def alike(self, least: float) -> list[tuple[int, int, float]]:
        """Pairs of ids, the smaller first, whose inner product is `least` or more; the nearest pair first."""
        products = np.triu(self._vectors @ self._vectors.T, k=1)
        firsts, seconds = np.nonzero(products >= least)
        found = []
        for i, j in zip(firsts.tolist(), seconds.tolist(), strict=True):
            low, high = sorted((int(self.ids[i]), int(self.ids[j])))
            found.append((low, high, float(products[i, j])))
        return sorted(found, key=lambda pair: (-pair[2], pair[:2]))

    def save(self, path: Path) -> None:
        """Write a FAISS index file in one step.

        Raises:
            OSError: The folder cannot be written.
        """
        import faiss

        # Through bytes and not faiss.write_index, which cannot open paths with Chinese characters on Windows.
        with replacing(path) as temporary:
            temporary.write_bytes(faiss.serialize_index(self._index).tobytes())

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read a file of `save`.

        Raises:
            FileNotFoundError: There is no such file.
            ValueError: It is damaged or holds another kind of index.
        """
        import faiss

        content = np.frombuffer(path.read_bytes(), dtype=np.uint8)
        try:
            index = faiss.deserialize_index(content)
        except (RuntimeError, MemoryError) as error:
            raise ValueError(f"damaged FAISS index: {path}") from error
        if not isinstance(index, faiss.IndexIDMap2):
            raise ValueError(f"not an IndexIDMap2: {path}")
        return cls(index)

    def _queries(self, queries: NDArray[np.float32]) -> NDArray[np.float32]:
        matrix = np.ascontiguousarray(queries, dtype=np.float32)
        if matrix.ndim != 2 or matrix.shape[1] != self.dim:
            raise ValueError(f"queries must have shape (m, {self.dim}), got {matrix.shape}")
        return matrix

    def _rows(self, ids: NDArray[np.int64]) -> NDArray[np.int64]:
        if len(self) == 0 and len(ids):
            raise KeyError(int(ids[0]))
        places = np.minimum(np.searchsorted(self._sorted_ids, ids), max(len(self) - 1, 0))
        unknown = ids[self._sorted_ids[places] != ids] if len(ids) else ids
        if len(unknown):
            raise KeyError(int(unknown[0]))
        rows: NDArray[np.int64] = self._order[places]
        return rows

    def _only(self, allowed: NDArray[np.int64]) -> faiss.SearchParameters:
        """Search parameters that let only these ids through; FAISS's wrappers keep what they point to alive."""
        import faiss

        wanted = np.unique(np.asarray(allowed, dtype=np.int64))
        n_bits = int(self._sorted_ids[-1]) + 1
        selector: faiss.IDSelector
        if n_bits <= _BITMAP_MAX_ID:
            bits = np.zeros(n_bits, dtype=bool)
            bits[wanted[(wanted >= 0) & (wanted < n_bits)]] = True
            # The stubs know the C++ signature only; the wrapper takes the array and counts for itself.
            selector = faiss.IDSelectorBitmap(np.packbits(bits, bitorder="little"))  # type: ignore[call-arg, arg-type]
        else:
            selector = faiss.IDSelectorBatch(wanted)
        return faiss.SearchParameters(sel=selector)  # type: ignore[call-arg] # keyword missing in the stubs


def _ragged(scores: NDArray[np.float32], ids: NDArray[np.int64]) -> Hits:
    """Drop FAISS's padding (id -1) and order equal scores by id, so that results do not depend on threads."""
    hits = Hits([], [])
    for row_scores, row_ids in zip(scores, ids, strict=True):
        found = row_ids >= 0
        row_scores, row_ids = row_scores[found], row_ids[found]
        order = np.lexsort((row_ids, -row_scores))
        hits.scores.append(row_scores[order])
        hits.ids.append(row_ids[order])
    return hits
