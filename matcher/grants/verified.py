"""What is left of a company when everything unverified is removed, and what a measure needs to know of it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from matcher.records.sources import OTHER, PLANS, Kind, Source, field_name, source_of
from matcher.store.companies import CompanyRecord
from matcher.store.tables import Json
from matcher.sums import amount_fields, amount_rules
from policies.columns import missing_inputs
from policies.fields import registry
from policies.library import LibraryMeasure
from policies.profile import CompanyProfile
from policies.rules import Rule, fields_of

_ALSO = {"size": ("assets_wan",), "industry_code": ("actual_industry",)}
"""What bears on a field besides the inputs that one would ask for."""


def needed(entry: LibraryMeasure) -> frozenset[str]:
    """Fields that decide or price a measure, and those of its preferences, with those from which they are made."""
    rules: list[Rule] = [entry.rule, *entry.preferences, *amount_rules(entry.measure)]
    asked = {registry()[name].name for rule in rules for name in fields_of(rule)} | amount_fields(entry.measure)
    return frozenset(part for name in asked for part in inputs_of(name))


def inputs_of(name: str) -> Iterator[str]:
    """A field and everything from which it can be worked out."""
    yield name
    for part in missing_inputs(name, frozenset()):
        if part != name:
            yield from inputs_of(part)
    yield from _ALSO.get(name, ())


class Reader:
    """Reads of kept companies some fields only: reading the rest would take several times as long."""

    def __init__(self, names: Collection[str]) -> None:
        """Note which fields, by registry name."""
        self._names = names
        self._canonical: dict[str, str | None] = {}

    def whole(self, record: CompanyRecord) -> CompanyProfile:
        """A company by all its facts.

        Raises:
            InputError: a fact cannot be read (any more).
        """
        return CompanyProfile.model_validate(self._narrowed(record.raw))

    def verified(self, record: CompanyRecord, whole: CompanyProfile) -> CompanyProfile:
        """A company by its verified facts alone; `whole` is what the same reader says of it.

        Raises:
            InputError: as above.
        """
        raw = record.raw
        if OTHER in raw or any(self._name(key) != key for key in raw if self._name(key)):
            # Several keys may speak of one field: what the verified ones say is read anew.
            kept = {key: value for key, value in raw.items() if is_verified(record, field_name(key))}
            return CompanyProfile.model_validate(self._narrowed(kept))
        facts = {name: fact for name, fact in whole.facts.items() if is_verified(record, name)}
        plans = whole.plans if is_verified(record, PLANS) else ()
        return CompanyProfile.model_construct(facts=facts, plans=plans, texts={}, uscc=None, notes=())

    def _narrowed(self, raw: Mapping[str, Any]) -> Json:
        """A raw profile with the wanted fields only; plans lose their words, what is in "other" stays."""
        kept = {key: value for key, value in raw.items() if key == OTHER or self._name(key)}
        if plans := raw.get(PLANS):
            kept[PLANS] = [{key: value for key, value in plan.items() if self._name(key)} for plan in plans]
        return kept

    def _name(self, key: str) -> str | None:
        """The registry name of a key whose field is wanted; None for any other."""
        if key not in self._canonical:
            name = field_name(key)
            self._canonical[key] = name if name in self._names else None
        return self._canonical[key]


def is_verified(record: CompanyRecord, name: str) -> bool:
    """Whether the present value of a key of the raw profile was verified."""
    return bool(record.sources.get(name, {}).get("kind") == Kind.VERIFIED)


def vouched(record: CompanyRecord, field: str) -> list[tuple[str, Source]]:
    """The verified facts on which a field rests: itself, or else those from which it is worked out."""
    own = _source(record, field)
    if own is not None:
        return [(field, own)]
    found = [(name, _source(record, name)) for name in dict.fromkeys(inputs_of(field)) if name != field]
    return [(name, source) for name, source in found if source is not None]


def day_of(record: CompanyRecord, field: str) -> dt.date:
    """The day from which a field could be told from verified facts."""
    return max((source.on for _, source in vouched(record, field)), default=record.changed_at.date())


def _source(record: CompanyRecord, field: str) -> Source | None:
    source = source_of(record, field)
    if source is None and field == "honours" and OTHER in record.raw:  # {"other": {"科技型企业": true}} is an honour
        shape = record.sources.get(OTHER)
        source = Source.of_json(shape) if shape else None
    return source if source is not None and source.kind is Kind.VERIFIED else None
