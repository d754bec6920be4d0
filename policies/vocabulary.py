"""Vocabularies: the values that set and choice fields may hold, with spellings, levels, ladders and prerequisites.

`implies` closes a set upward: a national 小巨人 also is a 专精特新中小企业, where the real rules say so. `requires` is
the honour ladder: what has to be held before one can apply. Data: `data/honours.yaml` and `data/vocabulary.yaml`.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable
from importlib import resources
from typing import Literal

import yaml
from pydantic import BaseModel, ConfigDict, TypeAdapter
from rapidfuzz import process

from policies.errors import UnknownCode

Level = Literal["国家级", "省级", "市级", "县级"]


class Term(BaseModel):
    """One value of a vocabulary.

    Attributes:
        aliases: Other spellings.
        implies: Terms that a holder of this one holds too.
        requires: Terms to be held before one can apply for this one.
        level: Level of government that grants it.
        valid_years: Years a certificate runs; None if it does not lapse or is not known.
        keywords: Words in a plan's text that suggest the value (offered to the user, never trusted).
        note: Source or caveat, in Chinese.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = ""
    aliases: tuple[str, ...] = ()
    implies: tuple[str, ...] = ()
    requires: tuple[str, ...] = ()
    level: Level | None = None
    valid_years: float | None = None
    keywords: tuple[str, ...] = ()
    note: str = ""


class Vocabulary:
    """The terms of one field, by name or alias."""

    def __init__(self, name: str, terms: Iterable[Term]) -> None:
        """Index names and aliases; raises ValueError on a double spelling or a dangling link."""
        self.name = name
        self.terms = {term.name: term for term in terms}
        self._spellings: dict[str, str] = {}
        for term in self.terms.values():
            for spelling in (term.name, *term.aliases):
                if self._spellings.setdefault(_key(spelling), term.name) != term.name:
                    raise ValueError(f"词表 {name}：“{spelling}”属于两个词条")
        for term in self.terms.values():
            dangling = [link for link in (*term.implies, *term.requires) if link not in self.terms]
            if dangling:
                raise ValueError(f"词表 {name}：“{term.name}”引用了不存在的词条 {dangling}")

    def canonical(self, spelling: str) -> str:
        """The term's canonical name; raises UnknownCode with the nearest spellings."""
        found = self._spellings.get(_key(spelling))
        if found is None:
            hits = process.extract(spelling, list(self.terms), limit=3, score_cutoff=30)
            raise UnknownCode(f"词表“{self.name}”", spelling, [hit for hit, _, _ in hits])
        return found

    def closure(self, items: Iterable[str]) -> frozenset[str]:
        """The items and everything that they imply."""
        held: set[str] = set()
        queue = list(items)
        while queue:
            item = queue.pop()
            if item not in held:
                held.add(item)
                queue.extend(self.terms[item].implies)
        return frozenset(held)

    def suggest(self, text: str) -> list[str]:
        """Terms whose keywords occur in a plan's text, in vocabulary order."""
        return [name for name, term in self.terms.items() if any(word in text for word in term.keywords)]


def _key(spelling: str) -> str:
    drop = str.maketrans("", "", " 　“”\"'‘’")
    return spelling.strip().translate(drop).replace("(", "（").replace(")", "）").casefold()


@functools.cache
def vocabularies() -> dict[str, Vocabulary]:
    """All shipped vocabularies by name, loaded once."""
    folder = resources.files("policies").joinpath("data")
    raw: dict[str, dict[str, dict[str, object] | None]] = {}
    for file in ("vocabulary.yaml", "honours.yaml"):
        raw |= yaml.load(folder.joinpath(file).read_text("utf-8"), Loader=yaml.CSafeLoader)
    adapter = TypeAdapter(Term)
    return {
        name: Vocabulary(
            name, [adapter.validate_python({**(spec or {}), "name": term}) for term, spec in terms.items()]
        )
        for name, terms in raw.items()
    }
