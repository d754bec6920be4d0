"""How well every policy fits a text: exact titles and document numbers, words, and meaning."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from index.fusion import z_fuse
from matcher.retrieval import Query, Retriever
from matcher.search.corpus import Corpus, corpus_of
from matcher.search.words import compact, expand, fold, number_terms, parts, terms_of
from policies.library import Library

DENSE_WEIGHT = 0.65
"""Share of meaning against words in the order; see eval/search.py."""
EXPANDED = 0.5
"""What the words that a short name stands for count, against the words that were typed."""
MIN_COVERED = 0.34
"""A policy that has this share of the query's words (the rare ones count more) is a hit."""
MIN_COSINE = 0.28
"""So is one whose meaning is this near (centred cosine)."""
SHORTEST_NUMBER = 5
"""Characters of a document number without digits (企业所得税法第二十八条) that are taken for it."""
_SMALL_TALK = re.compile(
    "能不能|可不可以|有没有|是不是|可以|怎么办?|怎样|如何|什么|哪些|多少|我们|公司|需要|请问|[吗呢吧我]"
)
"""Words of a question that say nothing of what is looked for."""


@dataclass(frozen=True, eq=False)
class Scores:
    """How well each of n policies fits a text.

    Attributes:
        score: float64 (n,), for the order; higher is better.
        found: bool (n,), whether it is a hit at all.
        exact: int8 (n,), 2 where the query is the title, 1 where it is a part of it or the document number, else 0.
        covered: float64 (n,), share of the query's words that it has, 0 to 1.
        dense: Whether meaning was compared.
    """

    score: NDArray[np.float64]
    found: NDArray[np.bool_]
    exact: NDArray[np.int8]
    covered: NDArray[np.float64]
    dense: bool


def score(library: Library, retriever: Retriever, text: str, *, words: bool = True) -> Scores:
    """How well every policy fits a text.

    Args:
        library: What is searched.
        retriever: Of the same library.
        text: Clean (`clean_text`).
        words: False compares meaning only (for evaluation).
    """
    corpus = corpus_of(library)
    none = np.zeros(len(corpus.policies))
    if not compact(text):
        return Scores(none, none > 0, none.astype(np.int8), none, False)
    dense = _dense(corpus, library, retriever, text)
    if not words:
        meaning = none if dense is None else dense.astype(np.float64)
        return Scores(meaning, meaning >= MIN_COSINE, none.astype(np.int8), none, dense is not None)
    expanded = expand(text)
    lexical = corpus.lexical.scores(fold(text).text)
    for word in expanded.words:
        lexical = lexical + EXPANDED * corpus.lexical.scores(fold(word).text)
    covered = _covered(corpus, (text, expanded.restated))
    exact = _exact(corpus, text)
    found = (exact > 0) | (covered >= MIN_COVERED)
    if dense is not None:
        found |= dense >= MIN_COSINE
    fused = z_fuse(dense, lexical, DENSE_WEIGHT).astype(np.float64)
    return Scores(fused, found, exact, covered, dense is not None)


def _dense(corpus: Corpus, library: Library, retriever: Retriever, text: str) -> NDArray[np.float32] | None:
    """Centred cosine of the nearest measure of each policy, float32 (n,); None without an encoder."""
    if not retriever.dense:
        return None
    found = retriever.similarities([Query((), text)], retriever.rows(library.measures)).whole_dense[0]
    if not retriever.dense:  # the encoder was lazy and could not be loaded
        return None
    best = np.full(len(corpus.policies), -1.0, dtype=np.float32)
    np.maximum.at(best, corpus.owner, found)
    return best


def _covered(corpus: Corpus, readings: Sequence[str]) -> NDArray[np.float64]:
    """Share of the query's words that each policy has, float64 (n,), in the better reading of the query."""
    best = np.zeros(len(corpus.policies))
    for wanted in readings:
        terms = set(terms_of(_SMALL_TALK.sub(" ", wanted)) or terms_of(wanted))
        whole = sum(corpus.weight(term) for term in terms)
        if whole > 0:
            has = [sum(corpus.weight(term) for term in terms & own) / whole for own in corpus.terms]
            best = np.maximum(best, has)
    return best


def _exact(corpus: Corpus, text: str) -> NDArray[np.int8]:
    """See `Scores.exact`; several parts may be spread over title, place and number."""
    whole, number, several = compact(text), number_terms(text), parts(text)

    def fits(row: int) -> int:
        if whole == corpus.titles[row]:
            return 2
        if whole in corpus.titles[row] or (number and number <= corpus.doc_terms[row]):
            return 1
        if len(whole) >= SHORTEST_NUMBER and whole in corpus.numbers[row]:
            return 1
        return int(len(several) > 1 and all(part in corpus.names[row] for part in several))

    return np.array([fits(row) for row in range(len(corpus.policies))], dtype=np.int8)
