"""What others would build, and our own parts one by one: the rows of the ablation, each a run over the same cases.

All rows ask with the same words (plans and the company's own, joined) except the full system. Equal scores are ordered
by a hash, never by name or label.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from eval.cases import Case, CaseSet
from eval.metrics import SEED, tie_broken
from eval.run import CaseResult, Listed, Run
from index.cache import VectorCache, shipped_vectors
from index.encoder import lazy_encoder
from index.fusion import z_fuse
from index.vectors import VectorIndex
from matcher.retrieval import measure_text, queries_of
from matcher.service import Matcher
from policies.companies import CompanyTable
from policies.library import LibraryMeasure
from policies.regions import regions
from policies.values import Span

DENSE_SHARE = 0.65
Ranker = Callable[[Case], dict[str, float]]
"""From a case to scores by measure id; what has no score is not in the list."""


@dataclass(frozen=True)
class Baseline:
    """One row of the ablation.

    Attributes:
        name: Short English key.
        title: In Chinese.
        needs_model: Whether it compares meaning.
    """

    name: str
    title: str
    rank: Ranker
    needs_model: bool = False


def run_of(baseline: Baseline, cases: CaseSet) -> Run:
    """The baseline's lists for every case."""
    results = {}
    for case in cases.cases:
        scores = baseline.rank(case)
        order = tie_broken(scores, case.case_id)
        listed = tuple(Listed(measure_id, round(scores[measure_id], 6)) for measure_id in order)
        results[case.case_id] = CaseResult(case.case_id, case.as_of.isoformat(), listed)
    return Run(baseline.name, {"seed": SEED}, results)


class Baselines:
    """The rows for one library; texts are encoded once, all together."""

    def __init__(self, matcher: Matcher, cases: CaseSet, *, model: str | None = None, batch: bool = False) -> None:
        """Prepare; nothing is encoded before a dense row is asked.

        Args:
            matcher: Gives the library, the index and which measures the rules leave.
            cases: Their queries are encoded together.
            model: As for `Matcher.open`.
            batch: Likewise.
        """
        self._matcher, self._cases = matcher, cases
        self._measures = matcher.library.measures
        self._encoder = lazy_encoder(model, batch=batch)
        self._cache = VectorCache(None, shipped=shipped_vectors())
        self._left: dict[str, list[LibraryMeasure]] = {}

    def rows(self) -> tuple[Baseline, ...]:
        """Every row, simplest first."""
        rows = (
            Baseline("random", "随机排序", self.random),
            Baseline("tags_region", "只按标签和地区", self.tags_and_region),
            Baseline("bm25", "只按字词（BM25）", self.bm25),
            Baseline("plain_dense", "只按语义（句向量 + FAISS，不用规则）", self.plain_dense, needs_model=True),
            Baseline("rules", "只用规则，次序随机", self.rules),
            Baseline("rules_bm25", "规则 + 字词", self.rules_bm25),
            Baseline("rules_dense", "规则 + 语义", self.rules_dense, needs_model=True),
            Baseline("rules_dense_bm25", "规则 + 语义 + 字词", self.rules_fused, needs_model=True),
            Baseline("rules_centred_bm25", "规则 + 中心化语义 + 字词", self.rules_centred, needs_model=True),
        )
        return tuple(row for row in rows if self._matcher.retriever.dense or not row.needs_model)

    def random(self, case: Case) -> dict[str, float]:
        """All measures in seeded random order."""
        return _shuffled([entry.measure_id for entry in self._measures], case.case_id)

    def tags_and_region(self, case: Case) -> dict[str, float]:
        """Measures of policies for the company's region, by the number of themes and tags found in its words."""
        words = joined_query(case)
        fitting = [entry for entry in self._measures if _region_fits(entry, case)]
        return {entry.measure_id: float(_tags_in(entry, words)) for entry in fitting}

    def bm25(self, case: Case) -> dict[str, float]:
        """All measures that share a bigram, by BM25."""
        scores = self._lexical(case, self._measures)
        return {e.measure_id: float(s) for e, s in zip(self._measures, scores, strict=True) if s > 0}

    def plain_dense(self, case: Case) -> dict[str, float]:
        """All measures by cosine of vectors as the model gives them, found by FAISS."""
        hits = self._plain.search(self._queries[case.case_id][None], len(self._measures))
        return {self._measures[int(i)].measure_id: float(s) for s, i in zip(hits.scores[0], hits.ids[0], strict=True)}

    def rules(self, case: Case) -> dict[str, float]:
        """What rules, windows and lifecycles leave, in seeded random order."""
        return _shuffled([entry.measure_id for entry in self.left(case)], case.case_id)

    def rules_bm25(self, case: Case) -> dict[str, float]:
        """What the rules leave, by BM25."""
        return self._within_rules(case, self._lexical)

    def rules_dense(self, case: Case) -> dict[str, float]:
        """What the rules leave, by plain cosine."""
        return self._within_rules(case, self._cosine)

    def rules_fused(self, case: Case) -> dict[str, float]:
        """What the rules leave, by z-scores of plain cosine and BM25."""
        return self._within_rules(
            case, lambda c, entries: z_fuse(self._cosine(c, entries), self._lexical(c, entries), DENSE_SHARE)
        )

    def rules_centred(self, case: Case) -> dict[str, float]:
        """What the rules leave, by z-scores of centred cosine and BM25."""
        return self._within_rules(case, self._centred)

    def left(self, case: Case) -> list[LibraryMeasure]:
        """Measures that rules, windows and lifecycles leave for a case."""
        if case.case_id not in self._left:
            table = self._matcher.verdicts([case.profile], case.as_of)
            kept = [name for name, value in zip(table.measure_ids, table.values[0], strict=True) if value >= 0]
            self._left[case.case_id] = [self._matcher.library.by_id[name] for name in kept]
        return self._left[case.case_id]

    @cached_property
    def _queries(self) -> dict[str, NDArray[np.float32]]:
        texts = [joined_query(case) for case in self._cases.cases]
        vectors = self._cache.encode(self._encoder, texts, "query")
        return {case.case_id: vector for case, vector in zip(self._cases.cases, vectors, strict=True)}

    @cached_property
    def _plain(self) -> VectorIndex:
        vectors = self._cache.encode(self._encoder, [measure_text(entry) for entry in self._measures], "document")
        return VectorIndex.build(np.arange(len(self._measures)), vectors)

    @cached_property
    def _position(self) -> dict[str, int]:
        return {entry.measure_id: position for position, entry in enumerate(self._measures)}

    def _within_rules(
        self, case: Case, scorer: Callable[[Case, Sequence[LibraryMeasure]], NDArray[np.float32]]
    ) -> dict[str, float]:
        entries = self.left(case)
        scores = scorer(case, entries) if entries else ()
        return {entry.measure_id: float(value) for entry, value in zip(entries, scores, strict=True)}

    def _lexical(self, case: Case, entries: Sequence[LibraryMeasure]) -> NDArray[np.float32]:
        retriever = self._matcher.retriever
        return np.take(retriever.index.lexical.scores(joined_query(case)), retriever.rows(entries))

    def _cosine(self, case: Case, entries: Sequence[LibraryMeasure]) -> NDArray[np.float32]:
        wanted = np.array([self._position[entry.measure_id] for entry in entries], dtype=np.int64)
        return self._plain.scores(self._queries[case.case_id][None], wanted).ravel()

    def _centred(self, case: Case, entries: Sequence[LibraryMeasure]) -> NDArray[np.float32]:
        retriever = self._matcher.retriever
        rows, vector = retriever.rows(entries), self._queries[case.case_id]
        return retriever.index.similarity(joined_query(case), rows, vector, dense_weight=DENSE_SHARE).fused


def joined_query(case: Case) -> str:
    """All that a company says as one text: what somebody without our parts would search with."""
    return queries_of(CompanyTable.of([case.profile]))[0].whole


def _shuffled(names: Sequence[str], salt: str) -> dict[str, float]:
    seed = int.from_bytes(hashlib.sha256(f"{SEED}\0{salt}".encode()).digest()[:8])
    chance = random.Random(seed)
    return {name: chance.random() for name in sorted(names)}


def _region_fits(entry: LibraryMeasure, case: Case) -> bool:
    fact = case.profile.facts.get("region")
    if entry.policy.level == "national" or not isinstance(fact, Span):
        return True
    low, high = regions().span(regions().find(entry.policy.region))
    return low <= fact.hi and fact.lo <= high


def _tags_in(entry: LibraryMeasure, words: str) -> int:
    return sum(tag in words for tag in {*entry.policy.themes, *entry.policy.tags})
