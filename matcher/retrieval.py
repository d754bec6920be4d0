"""Measures as texts, companies as queries, and the similarity between them; works without an encoder as well."""

from __future__ import annotations

import functools
import logging
import math
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from index.build import Index, build_index, open_index, query_samples
from index.cache import VectorCache, shipped_vectors, write_shipped
from index.encoder import Encoder
from index.text import clean_text
from policies.companies import CompanyTable, first_rows
from policies.errors import IndexStateError, ModelUnavailable
from policies.industries import industries
from policies.library import Library, LibraryMeasure, cache_dir

logger = logging.getLogger(__name__)
NO_MODEL = "未加载语义模型，本次只按规则和字词匹配"


def measure_text(entry: LibraryMeasure) -> str:
    """What is indexed of a measure: titles, its own words, the policy's gist, themes and tags."""
    policy, measure = entry.policy, entry.measure
    return clean_text(
        f"{policy.title}。{measure.name}：{measure.text}。{policy.summary} {' '.join((*policy.themes, *policy.tags))}"
    )


def index_folder(library: Library, model_id: str | None) -> Path:
    """Where the index of a library for a model lives."""
    tag = "words" if model_id is None else "".join(c if c.isalnum() else "-" for c in model_id)[:80]
    return cache_dir() / "index" / f"{library.version}-{tag}"


def prepare_index(library: Library, encoder: Encoder | None, *, rebuild: bool = False) -> Index:
    """Open the library's index, or build it (from shipped vectors where they fit).

    Raises:
        ModelUnavailable: a vector is new and the encoder cannot be loaded.
    """
    model_id = encoder.model_id if encoder else None
    folder = index_folder(library, model_id)
    if not rebuild:
        try:
            return open_index(folder, library_digest=library.digest, model_id=model_id)
        except IndexStateError as error:
            logger.debug("index is built anew: %s", error)
    cache = VectorCache(cache_dir() / "documents.npz", shipped_vectors())
    try:
        index = _build(folder, library, encoder, cache)
        cache.save()
        return index
    except OSError as error:
        logger.warning("缓存目录不可写（%s），索引只用于本次运行", error)
        with tempfile.TemporaryDirectory() as temporary:
            return _build(Path(temporary), library, encoder, cache)


def _build(folder: Path, library: Library, encoder: Encoder | None, cache: VectorCache) -> Index:
    ids = [entry.measure_id for entry in library.measures]
    texts = [measure_text(entry) for entry in library.measures]
    samples = query_samples()
    return build_index(
        folder, ids, texts, library_digest=library.digest, encoder=encoder, cache=cache, query_samples=samples
    )


def ship_vectors(library: Library, encoder: Encoder) -> Path:
    """Write the file of vectors that the package ships: the library's measures and the query samples.

    Raises:
        ModelUnavailable: a text is new and the encoder cannot be loaded.
    """
    path = shipped_vectors()
    path.parent.mkdir(parents=True, exist_ok=True)
    write_shipped(path, encoder, [measure_text(entry) for entry in library.measures], "document")
    write_shipped(path, encoder, query_samples(), "query", keep_existing=True)
    return path


@dataclass(frozen=True)
class Query:
    """What a company is looking for, in words.

    Attributes:
        plans: The text of each plan that has one.
        whole: Industry, products, plans and needs in one text.
    """

    plans: tuple[str, ...]
    whole: str


def queries_of(table: CompanyTable) -> list[Query]:
    """The queries of every company: one for each plan, and one for all that it says."""
    industry = table.stated.spans.get("industry_code")
    first = first_rows(table.company).tolist()
    found = []
    for company, own in enumerate(table.plans_in_words()):
        row = first[company]
        title = "" if industry is None else _industry_title(float(industry.lo[row]), float(industry.hi[row]))
        texts = {name: column[company] for name, column in table.texts.items()}
        words = [texts["industry_name"] or title, texts["products"], *own, texts["needs"]]
        found.append(Query(tuple(own), "。".join(word for word in words if word)))
    return found


@functools.lru_cache(maxsize=4096)
def _industry_title(low: float, high: float) -> str:
    found = industries().code_of(int(low), int(high)) if math.isfinite(low) and math.isfinite(high) else None
    return industries().title(found) if found else ""


@dataclass(frozen=True, eq=False)
class Similarities:
    """Similarity of m measures to n companies, each float32 (n, m); 0 without such a text or without a model.

    Meaning is compared once, for all that a company says: a vector for each plan besides gained nothing measurable.

    Attributes:
        plan_lexical: BM25 to the best plan.
        whole_dense: Centred cosine to all that the company says.
        whole_lexical: BM25 to the same.
    """

    plan_lexical: NDArray[np.float32]
    whole_dense: NDArray[np.float32]
    whole_lexical: NDArray[np.float32]


class Retriever:
    """An index with an encoder; falls back to words when the encoder cannot be had."""

    def __init__(self, library: Library, encoder: Encoder | None) -> None:
        """Open or build the index; without an encoder words only are compared."""
        self.note = NO_MODEL if encoder is None else ""
        self._encoder = encoder
        self._cache = VectorCache(None)
        try:
            self.index = prepare_index(library, self._encoder)
        except ModelUnavailable as error:
            self._give_up(error)
            self.index = prepare_index(library, None)
        self._row = {measure_id: row for row, measure_id in enumerate(self.index.ids)}

    @property
    def dense(self) -> bool:
        """Whether meaning is compared, not only words."""
        return self._encoder is not None

    def rows(self, entries: Sequence[LibraryMeasure]) -> NDArray[np.int64]:
        """Index rows of measures, int64 (n,)."""
        return np.array([self._row[entry.measure_id] for entry in entries], dtype=np.int64)

    def warm_up(self) -> None:
        """Load the encoder now, so that the first user does not wait."""
        self._vectors(["预热"])

    def similarities(self, queries: Sequence[Query], rows: NDArray[np.int64]) -> Similarities:
        """Similarity of the measures in `rows` to the queries of n companies."""
        shape = (len(queries), len(rows))
        plans, lexical, dense = (np.zeros(shape, dtype=np.float32) for _ in range(3))
        words = functools.cache(lambda text: self.index.lexical.scores(text)[rows])
        for company, query in enumerate(queries):
            if query.plans:
                plans[company] = np.max([words(plan) for plan in query.plans], axis=0)
            if query.whole:
                lexical[company] = words(query.whole)
        said = [company for company, query in enumerate(queries) if query.whole]
        vectors = self._vectors([queries[company].whole for company in said])
        if vectors is not None:
            dense[said] = self.index.cosines(vectors, rows)
        return Similarities(plans, dense, lexical)

    def encode_ahead(self, texts: Sequence[str]) -> None:
        """Encode the texts of many companies in one call, which is faster than one by one."""
        self._vectors([text for text in dict.fromkeys(texts) if text])

    def _vectors(self, texts: Sequence[str]) -> NDArray[np.float32] | None:
        """Vectors of the texts, float32 (n, dim); None without any text or without an encoder."""
        if self._encoder is not None and texts:
            try:
                return self._cache.encode(self._encoder, texts, "query")
            except ModelUnavailable as error:
                self._give_up(error)
        return None

    def _give_up(self, error: ModelUnavailable) -> None:
        logger.warning("%s：%s", NO_MODEL, error)
        self.note, self._encoder = f"{NO_MODEL}（{error}）", None
