"""Search over all policies, whatever their state: by words and by meaning, with filters, counts and plain answers."""

from __future__ import annotations

import datetime as dt
import math
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from index.text import clean_text
from matcher.retrieval import Retriever
from matcher.search.corpus import Corpus, corpus_of
from matcher.search.highlight import Segment, Weights, highlighted, snippet
from matcher.search.request import KINDS, LEVELS, STATES, THEMES, SearchRequest
from matcher.search.scores import MIN_COVERED, Scores, score
from matcher.search.standing import Standing, standings
from matcher.search.words import MAX_QUERY_CHARS, expand, nearest, terms_of
from policies.library import Library
from policies.policy import Policy
from policies.regions import regions

IN_FORCE = 0.35
"""What being in force counts in the order, in standard deviations of the score."""
COMMON = 0.5
"""A word that is in more than this share of all policies is not highlighted."""


@dataclass(frozen=True)
class Hit:
    """A policy that was found.

    Attributes:
        title: Its title, cut where the query's words stand.
        doc_no: Its document number likewise; empty without one.
        snippet: The place of its text that fits best.
        by_meaning: Found by its meaning: few of the query's words are in it.
        exact: The query is in its title or is its document number.
        score: For the order within one search; 0 when browsing.
    """

    policy: Policy
    standing: Standing
    title: tuple[Segment, ...]
    doc_no: tuple[Segment, ...]
    snippet: tuple[Segment, ...]
    by_meaning: bool
    exact: bool
    score: float


@dataclass(frozen=True)
class Facet:
    """One value of a filter, with the number of policies that it would give."""

    value: str
    label: str
    count: int
    chosen: bool


@dataclass(frozen=True)
class SearchResult:
    """What was found.

    Attributes:
        request: As asked; `page` is the page that is shown.
        total: Policies found, on all pages.
        unfiltered: How many the words alone would find.
        pages: Number of pages, at least 1.
        hits: Those of the page.
        facets: "levels", "kinds", "themes" and "states" to their values; those that would give nothing are left out.
        open_now: How many could be applied for now.
        expanded: Words that were looked for as well, for short names.
        alike: Known names that look like the text, where nothing was found.
        dense: Whether meaning was compared.
        note: Why not, in Chinese; empty if it was.
    """

    request: SearchRequest
    as_of: dt.date
    library_version: str
    total: int
    unfiltered: int
    page: int
    pages: int
    hits: tuple[Hit, ...]
    facets: dict[str, tuple[Facet, ...]]
    open_now: int
    expanded: tuple[str, ...]
    alike: tuple[str, ...]
    dense: bool
    note: str


def search(library: Library, retriever: Retriever, request: SearchRequest, as_of: dt.date) -> SearchResult:
    """Search all policies.

    Args:
        library: What is searched.
        retriever: Of the same library; without an encoder only words are compared, and the result says so.
        request: Words and filters.
        as_of: The day that states and windows are told for.
    """
    corpus, stands = corpus_of(library), list(standings(library, as_of).values())
    text = clean_text(request.text, MAX_QUERY_CHARS)
    scores = score(library, retriever, text) if text else None
    matching = scores.found if scores else np.ones(len(stands), dtype=bool)
    view = _View(corpus, stands, text, scores, expand(text).words)
    passing = _passing(view, request)
    ordered = view.ordered(np.flatnonzero(_all(passing, matching)).tolist())
    pages = max(1, math.ceil(len(ordered) / request.size))
    page = min(request.page, pages)
    return SearchResult(
        request=request,
        as_of=as_of,
        library_version=library.version,
        total=len(ordered),
        unfiltered=int(matching.sum()),
        page=page,
        pages=pages,
        hits=tuple(view.hit(row) for row in ordered[(page - 1) * request.size : page * request.size]),
        facets={name: _facet(view, name, request, _all(passing, matching, but=name)) for name in _FACETS},
        open_now=int((_all(passing, matching, but="open_now") & view.open_now).sum()),
        expanded=view.expanded,
        alike=() if matching.any() else nearest(text, _names(library)),
        dense=retriever.dense,
        note=retriever.note,
    )


@dataclass(frozen=True, eq=False)
class _View:
    """The n policies on a day, for one text."""

    corpus: Corpus
    stands: list[Standing]
    text: str
    scores: Scores | None
    expanded: tuple[str, ...]

    @cached_property
    def open_now(self) -> NDArray[np.bool_]:
        return np.array([one.open_now for one in self.stands], dtype=bool)

    @cached_property
    def needles(self) -> dict[str, float]:
        """The words to highlight, with what they count; common ones and lone characters only beside others."""
        wanted = dict.fromkeys(term for text in (self.text, *self.expanded) for term in terms_of(text))
        weights = {term: self.corpus.weight(term) for term in wanted}
        telling = {term for term, weight in weights.items() if weight > -math.log(COMMON) and not _lone(term)}
        return {term: weight if term in telling or not telling else 0.0 for term, weight in weights.items()}

    def ordered(self, rows: list[int]) -> list[int]:
        """Best first; without a text open windows with the nearest last day first."""
        if self.scores is None:
            return sorted(rows, key=lambda row: (*self.stands[row].order, row))
        exact, worth = self.scores.exact, self._with_successors(rows)
        return sorted(rows, key=lambda row: (-int(exact[row]), -worth[row], row))

    def _with_successors(self, rows: list[int]) -> NDArray[np.float64]:
        """The scores, with what is in force lifted: it stands before what it has replaced, unless that is asked for."""
        assert self.scores is not None
        place = {self.corpus.policies[row].policy_id: row for row in rows}
        lifted = self.scores.score + IN_FORCE * np.array([one.state.matchable for one in self.stands])
        worth = lifted.copy()
        for row in rows:
            answer = self.stands[row].answer
            for other in answer.successors if answer and answer.holds else ():
                after = place.get(other.policy_id)
                if after is not None and self.scores.covered[after] >= self.scores.covered[row]:
                    worth[after] = max(worth[after], lifted[row] + IN_FORCE)
        return worth

    def hit(self, row: int) -> Hit:
        policy, scores = self.corpus.policies[row], self.scores
        exact = scores is not None and bool(scores.exact[row] > 0)
        needles = self.needles if self.text else {}
        return Hit(
            policy=policy,
            standing=self.stands[row],
            title=highlighted(policy.title, needles),
            doc_no=highlighted(policy.doc_no or "", needles),
            snippet=_best_place(policy, needles),
            by_meaning=scores is not None and not exact and bool(scores.covered[row] < MIN_COVERED),
            exact=exact,
            score=0.0 if scores is None else round(float(scores.score[row]), 4),
        )


def _lone(term: str) -> bool:
    return len(term) == 1 and not term.isascii()


def _best_place(policy: Policy, needles: Weights) -> tuple[Segment, ...]:
    """What is shown of a policy below its title; its tags and issuers only where nothing else has the words."""
    measures = [f"{measure.name}：{measure.text}" for measure in policy.measures]
    found = snippet([policy.summary, *measures], needles)
    if not any(segment.hit for segment in found):
        others = snippet(["、".join((*policy.tags, *policy.themes)), "、".join(policy.issuers)], needles)
        return others if any(segment.hit for segment in others) else found
    return found


def _names(library: Library) -> list[str]:
    return [policy.title for policy in library.policies.values()]


_FACETS: dict[str, Callable[[Policy, Standing], tuple[str, ...]]] = {
    "levels": lambda policy, _: (policy.level,),
    "kinds": lambda policy, _: (policy.kind if policy.kind in KINDS else "other",),
    "themes": lambda policy, _: policy.themes,
    "states": lambda _, stand: (stand.state.value,),
}
_LABELS: dict[str, dict[str, str]] = {
    "levels": LEVELS,
    "kinds": KINDS,
    "themes": {theme: theme for theme in THEMES},
    "states": {state: state for state in STATES},
}
Passing = dict[str, NDArray[np.bool_]]


def _passing(view: _View, request: SearchRequest) -> Passing:
    """Filter to the policies that pass it, bool (n,) each; only filters that are set."""
    pairs = list(zip(view.corpus.policies, view.stands, strict=True))
    found: Passing = {}
    for name, values_of in _FACETS.items():
        if chosen := set(getattr(request, name)):
            found[name] = np.array([not chosen.isdisjoint(values_of(*pair)) for pair in pairs])
    if request.region_code is not None:
        holding = set(_upwards(request.region_code))
        found["region"] = np.array([code in holding for code in view.corpus.region_codes])
    if request.open_now:
        found["open_now"] = view.open_now
    return found


def _upwards(code: str | None) -> Iterator[str]:
    """A region and everything above it, the whole country included (the tree's own parents stop below it)."""
    while code is not None:
        yield code
        code = regions().parent(code)
    yield regions().root


def _all(passing: Passing, among: NDArray[np.bool_], but: str = "") -> NDArray[np.bool_]:
    """Those among the given policies that pass every filter but one, bool (n,)."""
    found = among.copy()
    for name, rows in passing.items():
        if name != but:
            found &= rows
    return found


def _facet(view: _View, name: str, request: SearchRequest, rows: NDArray[np.bool_]) -> tuple[Facet, ...]:
    """The values of a filter with what each would give under all the other filters; chosen ones stay at 0, too."""
    chosen = getattr(request, name)
    counts = Counter(
        value
        for row in np.flatnonzero(rows).tolist()
        for value in _FACETS[name](view.corpus.policies[row], view.stands[row])
    )
    return tuple(
        Facet(value, label, counts[value], value in chosen)
        for value, label in _LABELS[name].items()
        if counts[value] or value in chosen
    )
