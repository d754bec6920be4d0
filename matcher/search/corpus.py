"""The library as search sees it: one text per policy, its words, and how rare each word is; made once per library."""

from __future__ import annotations

import functools
import math
from collections import Counter
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from index.lexical import LexicalIndex
from matcher.library_show import benefit_name
from matcher.search.request import KINDS
from matcher.search.words import compact, fold, number_terms, terms_of
from policies.library import Library
from policies.policy import Policy
from policies.regions import regions


@dataclass(frozen=True, eq=False)
class Corpus:
    """n policies.

    Attributes:
        policies: In the library's order.
        owner: int64 (m,), the row of the policy of each measure of the library.
        lexical: BM25 over the n texts.
        terms: The set of words of each policy.
        title_terms: The set of words of each title.
        titles: Each title, compact.
        numbers: Each document number, compact.
        doc_terms: The words of each document number.
        names: Title, place and document number, compact: where the parts of a query are looked for.
        rarity: Word to its inverse document frequency.
        unseen: The same for a word that no policy has.
        region_codes: Code of each policy's region.
    """

    policies: tuple[Policy, ...]
    owner: NDArray[np.int64]
    lexical: LexicalIndex
    terms: tuple[frozenset[str], ...]
    title_terms: tuple[frozenset[str], ...]
    titles: tuple[str, ...]
    numbers: tuple[str, ...]
    doc_terms: tuple[frozenset[str], ...]
    names: tuple[str, ...]
    rarity: dict[str, float]
    unseen: float
    region_codes: tuple[str, ...]

    def weight(self, term: str) -> float:
        """How much a word tells."""
        return self.rarity.get(term, self.unseen)


@functools.lru_cache(maxsize=2)
def corpus_of(library: Library) -> Corpus:
    """The corpus of a library; kept for the last two."""
    policies = tuple(library.policies.values())
    row = {policy.policy_id: place for place, policy in enumerate(policies)}
    texts = [_text(policy) for policy in policies]
    terms = tuple(frozenset(terms_of(text)) for text in texts)
    counts = Counter(term for one in terms for term in one)
    n = len(policies)
    return Corpus(
        policies=policies,
        owner=np.array([row[entry.policy.policy_id] for entry in library.measures], dtype=np.int64),
        lexical=LexicalIndex.build([fold(text).text for text in texts]),
        terms=terms,
        title_terms=tuple(frozenset(terms_of(policy.title)) for policy in policies),
        titles=tuple(compact(policy.title) for policy in policies),
        numbers=tuple(compact(policy.doc_no or "") for policy in policies),
        doc_terms=tuple(number_terms(policy.doc_no or "") for policy in policies),
        names=tuple(compact(f"{policy.title}{policy.region}{policy.doc_no or ''}") for policy in policies),
        rarity={term: _rarity(count, n) for term, count in counts.items()},
        unseen=_rarity(0, n),
        region_codes=tuple(regions().find(policy.region) for policy in policies),
    )


def _rarity(count: int, n: int) -> float:
    return math.log((n + 1) / (count + 0.5))


def _text(policy: Policy) -> str:
    """Everything of a policy that is looked for; the title counts twice."""
    measures = [f"{one.name}：{one.text}。{benefit_name(one.benefit)}" for one in policy.measures]
    head = [policy.title, policy.title, policy.doc_no or "", *policy.issuers, policy.region]
    kind = KINDS.get(policy.kind, KINDS["other"])
    return "。".join([*head, policy.summary, *policy.tags, *policy.themes, kind, *measures])
