"""What a company's own words suggest about set fields: offered to the user and used in the order, never trusted."""

from __future__ import annotations

import functools
from collections.abc import Mapping

from policies.fields import registry
from policies.rules import Has, Leaf
from policies.vocabulary import vocabularies

Suggested = Mapping[str, frozenset[str]]
"""Field to the terms whose keywords occur in a company's plans and needs, closed under `implies`."""


@functools.lru_cache(maxsize=4096)
def suggestions(text: str) -> Suggested:
    """What a company's plans and needs, in one text, suggest."""
    found = {}
    for field in registry().values():
        if field.kind == "set":
            vocabulary = vocabularies()[field.vocabulary]
            terms = vocabulary.closure(vocabulary.suggest(text))
            if terms:
                found[field.name] = terms
    return found


def suggested_items(leaf: Leaf, suggested: Suggested) -> list[str]:
    """Items that a leaf asks for and the company's words suggest."""
    if not isinstance(leaf, Has) or leaf.field not in suggested:
        return []
    vocabulary = vocabularies()[registry()[leaf.field].vocabulary]
    return [item for item in leaf.items or leaf.every if vocabulary.canonical(item) in suggested[leaf.field]]
