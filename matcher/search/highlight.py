"""Where the words of a query stand in a text, as segments; a template decides how they look."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from matcher.search.words import fold, marked

SNIPPET_CHARS = 110
_BEFORE = 18
_CUT = "…"
_CLAUSE_ENDS = "。；，：、"


class Segment(NamedTuple):
    """A piece of a text; `hit` for what the query said."""

    text: str
    hit: bool


Weights = Mapping[str, float]
"""Needle (bigram or word) to how much finding it counts; 0 for one that is shown only beside others."""
Places = Sequence[tuple[str, int, int]]


def highlighted(text: str, needles: Weights) -> tuple[Segment, ...]:
    """The whole text, cut where hits begin and end; the texts of the segments make up the text again."""
    return _cut(text, 0, len(text), _places(text, needles))


def snippet(passages: Sequence[str], needles: Weights, length: int = SNIPPET_CHARS) -> tuple[Segment, ...]:
    """The best place of the best passage: where most of the query stands together.

    Args:
        passages: Not empty; without any hit the first one's beginning is shown.
        needles: What to look for.
        length: Characters to show, about.
    """
    text, places, start = passages[0], _places(passages[0], needles), 0
    best = 0.0
    for passage in passages:
        found = _places(passage, needles)
        for _, first, _ in found:
            begin = max(0, min(first - _BEFORE, len(passage) - length))
            worth = _worth(found, begin, begin + length, needles)
            if worth > best:
                text, places, start, best = passage, found, begin, worth
    start = _clause_start(text, start, min((first for _, first, _ in places if first >= start), default=start))
    end = min(len(text), start + length)
    head = (Segment(_CUT, False),) if start else ()
    tail = (Segment(_CUT, False),) if end < len(text) else ()
    return (*head, *_cut(text, start, end, places), *tail)


def _places(text: str, needles: Weights) -> Places:
    """Hits in their order; where hits touch each other and none of them counts anything, they are no hits."""
    found = marked(fold(text), frozenset(needles))
    ordered = sorted(((needle, *span) for needle, spans in found.items() for span in spans), key=lambda one: one[1:])
    kept: list[tuple[str, int, int]] = []
    run: list[tuple[str, int, int]] = []
    for one in ordered:
        if run and one[1] > max(last for _, _, last in run):
            kept += _if_it_counts(run, needles)
            run = []
        run.append(one)
    return kept + _if_it_counts(run, needles)


def _if_it_counts(run: list[tuple[str, int, int]], needles: Weights) -> list[tuple[str, int, int]]:
    return run if any(needles[needle] > 0 for needle, _, _ in run) else []


def _worth(places: Places, begin: int, end: int, needles: Weights) -> float:
    return sum(needles[needle] for needle in {name for name, first, last in places if begin <= first and last <= end})


def _clause_start(text: str, start: int, first_hit: int) -> int:
    """Begin after a sign that ends a clause, if there is one before the first hit."""
    signs = [place + 1 for place in range(start, first_hit) if text[place] in _CLAUSE_ENDS]
    return signs[0] if start and signs else start


def _cut(text: str, begin: int, end: int, places: Places) -> tuple[Segment, ...]:
    hits = [False] * len(text)
    for _, first, last in places:
        hits[first:last] = [True] * (last - first)
    segments: list[Segment] = []
    for place in range(begin, end):
        if segments and segments[-1].hit == hits[place]:
            segments[-1] = Segment(segments[-1].text + text[place], hits[place])
        else:
            segments.append(Segment(text[place], hits[place]))
    return tuple(segments)
