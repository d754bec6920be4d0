"""What a company's own words suggest about set fields: offered to the user and used in the order, never trusted."""

from __future__ import annotations

from collections.abc import Mapping

from policies.fields import registry
from policies.profile import CompanyProfile
from policies.rules import Has, Leaf
from policies.vocabulary import vocabularies

Suggested = Mapping[str, frozenset[str]]
"""Field to the terms whose keywords occur in a company's plans and needs, closed under `implies`."""


def own_words(profile: CompanyProfile) -> str:
    """A company's plans and needs in one text."""
    return " ".join([*(plan.text for plan in profile.plans), profile.texts.get("needs", "")])


def suggestions(profile: CompanyProfile) -> Suggested:
    """Read a company's plans and needs."""
    text = own_words(profile)
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
