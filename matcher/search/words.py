"""Words of a query and of a text: folded so that what looks equal is equal, with their places for highlighting."""

from __future__ import annotations

import functools
import re
import unicodedata
from collections.abc import Iterator, Sequence
from importlib import resources
from typing import NamedTuple

import yaml
from rapidfuzz import fuzz, process

from index.lexical import tokens
from policies.vocabulary import vocabularies

MAX_QUERY_CHARS = 200
_ALIKE = 60
"""Least likeness, in percent, of a name that is offered instead."""
_SILENT = frozenset("()[]{}〔〕【】「」『』《》〈〉“”\"'‘’")
"""Brackets and quotation marks: 首台（套） is 首台套, 专精特新“小巨人” is 专精特新小巨人."""
_YEAR = re.compile(r"[（(\[［〔【{]\s*(\d{4})\s*[）)\]］〕】}]|(?<=\d{4})\s*年\s*第?\s*(?=\d+\s*号)")
"""The year in a document number, 〔2024〕 or 2024年第: it stays apart from what follows."""
_IS_YEAR = re.compile("(?:19|20)[0-9]{2}")
_NUMBER = re.compile(r"第?\s*(\d+)\s*号")
_WORD = re.compile(r"[^\W_\u3007\u3400-\u9fff]+(?:\.[0-9]+)*")
_CJK = re.compile("[\u3007\u3400-\u9fff]+")


class Folded(NamedTuple):
    """A text made comparable; `places[i]` is where its character i stood in the text as given."""

    text: str
    places: tuple[int, ...]


@functools.lru_cache(maxsize=10_000)
def fold(text: str) -> Folded:
    """Fold a text: full-width to plain, lower case, without brackets and quotation marks; other signs are blanks.

    >>> fold("首台（套）ＡＢ〔2024〕89号").text
    '首台套ab 2024 89号'
    """
    blanks = {place for match in _YEAR.finditer(text) for place in _around_the_year(match)}
    shown, places = [], []
    for place, sign in enumerate(text):
        for one in " " if place in blanks else unicodedata.normalize("NFKC", sign).lower():
            if place in blanks or one not in _SILENT:
                shown.append(one if one.isalnum() or one == "." else " ")
                places.append(place)
    return Folded("".join(shown), tuple(places))


def _around_the_year(match: re.Match[str]) -> Iterator[int]:
    year = range(*match.span(1)) if match[1] else range(0)
    return (place for place in range(*match.span()) if place not in year)


def terms_of(text: str) -> list[str]:
    """Index terms of a text as given: bigrams of Chinese, whole words and numbers of other scripts."""
    return tokens(fold(text).text)


def number_terms(text: str) -> frozenset[str]:
    """Words of a document number, whichever way it is written; empty where the text holds none but perhaps a year.

    >>> sorted(number_terms("财金(2024)155 号"))
    ['155', '2024', '财金']
    """
    terms = frozenset(terms_of(_NUMBER.sub(r" \1 ", fold(text).text)))
    numbers = [term for term in terms if term.isdigit()]
    return terms if len(numbers) > 1 or any(not _IS_YEAR.fullmatch(term) for term in numbers) else frozenset()


def compact(text: str) -> str:
    """The letters, digits and characters of a text without anything between them."""
    return re.sub(r"\W", "", fold(text).text)


def parts(query: str) -> list[str]:
    """The parts of a query that blanks or commas separate, each compact."""
    return [found for part in re.split(r"[\s,，、;；]+", query) if (found := compact(part))]


@functools.cache
def _spellings() -> dict[str, tuple[str, ...]]:
    """Short or other spelling, compact, to the words that documents use."""
    raw = resources.files("matcher").joinpath("data/search_words.yaml").read_text("utf-8")
    own: dict[str, list[str]] = yaml.load(raw, Loader=yaml.CSafeLoader)
    found = {compact(short): tuple(words) for short, words in own.items()}
    for term in vocabularies()["honours"].terms.values():
        for alias in term.aliases:
            found.setdefault(compact(alias), (term.name,))
    return found


class Expanded(NamedTuple):
    """A query with its short names spelt out.

    Attributes:
        words: What they stand for, in the words of the documents; without what the query says already.
        restated: The query, folded, with those words in the place of the short names.
    """

    words: tuple[str, ...]
    restated: str


def expand(query: str) -> Expanded:
    """Spell out the short names of a query; of two that overlap the longer one counts.

    >>> expand("高企认定").words
    ('高新技术企业',)
    """
    said, rest, found = compact(query), fold(query).text, dict[str, None]()
    restated = rest
    for short in sorted(_spellings(), key=len, reverse=True):
        if short in rest:
            meant = [word for word in _spellings()[short] if compact(word) not in said]
            rest = rest.replace(short, " ")
            if meant:
                restated = restated.replace(short, f" {' '.join(meant)} ")
                found |= dict.fromkeys(meant)
    return Expanded(tuple(found), restated)


@functools.cache
def _known() -> tuple[str, ...]:
    honours = vocabularies()["honours"].terms.values()
    return tuple(dict.fromkeys([*(name for term in honours for name in (term.name, *term.aliases)), *_spellings()]))


def nearest(query: str, more: Sequence[str], limit: int = 3) -> tuple[str, ...]:
    """Known names that look most like a query in which nothing was found.

    Args:
        query: As given.
        more: Further names to offer, such as those of measures.
        limit: How many, at most.
    """
    names = {name: compact(name) for name in (*_known(), *more)}
    hits = process.extract(compact(query), names, scorer=fuzz.ratio, limit=limit, score_cutoff=_ALIKE)
    return tuple(name for _, _, name in hits)


def marked(folded: Folded, needles: frozenset[str]) -> dict[str, list[tuple[int, int]]]:
    """Where needles occur in a folded text: needle to half-open places in the text as given."""
    found: dict[str, list[tuple[int, int]]] = {}

    def note(needle: str, first: int, last: int) -> None:
        if needle in needles:
            found.setdefault(needle, []).append((folded.places[first], folded.places[last] + 1))

    for word in _WORD.finditer(folded.text):
        note(word[0], word.start(), word.end() - 1)
    for run in _CJK.finditer(folded.text):
        for place in range(run.start(), run.end()):
            note(folded.text[place], place, place)
            if place + 1 < run.end():
                note(folded.text[place : place + 2], place, place + 1)
    return found
