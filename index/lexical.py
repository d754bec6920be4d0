"""BM25 over character bigrams: finds the exact words that vectors blur (numbers, names, terms of art).

bm25s builds the index and fixes its file format. Scoring reads the arrays itself, so that a query does not pay for
importing bm25s and SciPy (a quarter of a second).
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from index.files import write_bytes
from index.text import clean_text

_CJK = "\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
# A run of Chinese characters, or a word or number of another script; "3.5" and "v1.2" stay whole.
_RUN = re.compile(f"(?P<cjk>[{_CJK}]+)|[^\\W_{_CJK}]+(?:\\.[0-9]+)*")
# Longer than what the encoder reads, because here the end of a text counts as much as its beginning.
_MAX_CHARS = 20_000
_DATA, _INDICES, _INDPTR = "data.csc.index.npy", "indices.csc.index.npy", "indptr.csc.index.npy"
_VOCABULARY, _PARAMS = "vocab.index.json", "params.index.json"


def tokens(text: str) -> list[str]:
    """Cut a text into index terms.

    Args:
        text: Any text; it is cleaned here.

    Returns:
        Bigrams of each run of Chinese characters (a lone character counts as itself) and whole lower-cased words and
        numbers of other scripts, in order, repetitions kept.

    >>> tokens("购置5台ＣＮＣ机床")
    ['购置', '5', '台', 'cnc', '机床']
    """
    terms: list[str] = []
    for run in _RUN.finditer(clean_text(text, _MAX_CHARS).lower()):
        word = run.group()
        if run["cjk"] and len(word) > 1:
            terms.extend(word[i : i + 2] for i in range(len(word) - 1))
        else:
            terms.append(word)
    return terms


class LexicalIndex:
    """BM25 (Lucene's form, k1 1.5, b .75), scores computed when the index is built and summed when it is asked."""

    def __init__(
        self,
        n: int,
        vocabulary: Mapping[str, int],
        data: NDArray[np.float32],
        indices: NDArray[np.integer],
        indptr: NDArray[np.integer],
    ) -> None:
        """Take the arrays; use `build` or `load`.

        Args:
            n: Number of texts.
            vocabulary: Term to column.
            data: float32 (nnz,), the score that a term adds to a text.
            indices: (nnz,), the text of each score.
            indptr: (terms + 1,), where each term's scores begin.

        Raises:
            ValueError: The arrays do not fit together.
        """
        sound = len(data) == len(indices) and len(indptr) == len(vocabulary) + 1 and int(indptr[-1]) == len(data)
        if not sound or (len(indices) and not 0 <= int(indices.min()) <= int(indices.max()) < n):
            raise ValueError("arrays of the lexical index do not fit together")
        self._n, self._vocabulary = n, vocabulary
        self._data, self._indices, self._indptr = data, indices, indptr

    def __len__(self) -> int:
        """Number of texts."""
        return self._n

    @classmethod
    def build(cls, texts: Sequence[str]) -> Self:
        """Index texts; equal texts give equal arrays whatever the hash seed."""
        documents = [tokens(text) for text in texts]
        # bm25s numbers terms in the order of a set, which differs from run to run: number them here.
        vocabulary = {term: i for i, term in enumerate(sorted({term for terms in documents for term in terms}))}
        if not vocabulary:
            return cls(len(texts), {}, np.zeros(0, np.float32), np.zeros(0, np.int32), np.zeros(1, np.int64))
        import bm25s  # type: ignore[import-untyped] # bm25s has no type hints

        bm25 = bm25s.BM25(backend="numpy")
        numbered = [[vocabulary[term] for term in terms] for terms in documents]
        bm25.index((numbered, dict(vocabulary)), create_empty_token=False, show_progress=False)
        arrays = bm25.scores
        return cls(len(texts), vocabulary, arrays["data"], arrays["indices"], arrays["indptr"])

    def scores(self, query: str) -> NDArray[np.float32]:
        """BM25 of every text.

        Args:
            query: Any text; a repeated term counts each time.

        Returns:
            float32 (n,), 0 where no term is shared.
        """
        columns, counts = np.unique(
            np.array([self._vocabulary[term] for term in tokens(query) if term in self._vocabulary], dtype=np.int64),
            return_counts=True,
        )
        total = np.zeros(self._n)
        for column, count in zip(columns.tolist(), counts.tolist(), strict=True):
            own = slice(int(self._indptr[column]), int(self._indptr[column + 1]))
            # A term has one score per text, so no text occurs twice here and a plain in-place add is right.
            total[self._indices[own]] += count * self._data[own].astype(np.float64)
        return total.astype(np.float32)

    def save(self, folder: Path) -> None:
        """Write the index in the format of bm25s (`bm25s.BM25.load` reads it); equal indexes give equal bytes.

        Args:
            folder: Made if missing. Not atomic as a whole: `build_index` writes into a folder of its own.

        Raises:
            OSError: The folder cannot be written.
        """
        folder.mkdir(parents=True, exist_ok=True)
        for name, array in ((_DATA, self._data), (_INDICES, self._indices), (_INDPTR, self._indptr)):
            np.save(folder / name, array, allow_pickle=False)
        write_bytes(folder / _VOCABULARY, json.dumps(dict(self._vocabulary), ensure_ascii=False).encode())
        params = {"k1": 1.5, "b": 0.75, "method": "lucene", "backend": "numpy", "num_docs": self._n}
        write_bytes(folder / _PARAMS, json.dumps(params).encode())

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read a folder of `save`.

        Raises:
            FileNotFoundError: A file is missing.
            ValueError: A file is damaged.
        """
        data, indices, indptr = (np.load(folder / name, allow_pickle=False) for name in (_DATA, _INDICES, _INDPTR))
        try:
            vocabulary = json.loads((folder / _VOCABULARY).read_bytes())
            n = int(json.loads((folder / _PARAMS).read_bytes())["num_docs"])
        except (KeyError, TypeError) as error:
            raise ValueError(f"damaged lexical index: {folder}") from error
        return cls(n, vocabulary, data, indices, indptr)
