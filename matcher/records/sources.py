"""Where each fact of a company comes from, and what becomes of it when somebody says it anew."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from matcher.store.companies import CompanyRecord
from matcher.store.tables import Json
from policies.errors import UnknownCode
from policies.facts import read_fact
from policies.fields import registry
from policies.values import ValueReason

PLANS, OTHER = "plans", "other"


class Kind(StrEnum):
    """Who vouches for a fact, weakest first."""

    DECLARED = "declared"
    """The company itself."""
    IMPORTED = "imported"
    """A list that the department has."""
    VERIFIED = "verified"
    """Somebody who has checked it."""


@dataclass(frozen=True)
class Verified:
    """What was verified before the company or a list said something else."""

    value: object
    by: str
    on: dt.date


@dataclass(frozen=True)
class Source:
    """Where one fact comes from.

    Attributes:
        by: Who says so: an authority, a list; "" for the company itself.
        on: Since when it is known; of a verified fact the day of the last check.
        verified: What was verified before, where the present value is another one.
    """

    kind: Kind
    by: str
    on: dt.date
    verified: Verified | None = None

    def to_json(self) -> Json:
        """As kept in `CompanyRecord.sources`."""
        shape: Json = {"kind": self.kind.value, "by": self.by, "on": self.on.isoformat()}
        if self.verified is not None:
            was = self.verified
            shape["verified"] = {"value": was.value, "by": was.by, "on": was.on.isoformat()}
        return shape

    @classmethod
    def of_json(cls, shape: Mapping[str, Any]) -> Source:
        """What `to_json` wrote."""
        was = shape.get("verified")
        verified = Verified(was["value"], was["by"], dt.date.fromisoformat(was["on"])) if was else None
        return cls(Kind(shape["kind"]), shape["by"], dt.date.fromisoformat(shape["on"]), verified)


def source_of(record: CompanyRecord, field: str) -> Source | None:
    """Where a field's value comes from; None for one that nobody gave (unknown, or worked out from others).

    Args:
        record: The company.
        field: Registry name or alias; a fact of a plan has the source of the plans, unless it stands for all of them.
    """
    name = field_name(field)
    raw, found = record.raw, record.sources.get(name)
    if found is None and _in_other(raw, name):
        found = record.sources.get(OTHER)
    if found is None and any(field_name(key) == name for plan in raw.get(PLANS) or () for key in plan):
        found = record.sources.get(PLANS)
    return None if found is None else Source.of_json(found)


def field_name(key: str) -> str:
    """The registry name of a key of a raw profile; the key itself where it is no field."""
    return registry()[key].name if key in registry() else key


def plain(raw: Mapping[str, Any]) -> Json:
    """A raw profile by registry names, without what is left empty."""
    return {field_name(key): value for key, value in raw.items() if value is not None and value != ""}


def merged(before: tuple[Json, Json], given: Json, source: Source, *, partial: bool) -> tuple[Json, Json]:
    """A company's facts and their sources after somebody has said something.

    A value said again keeps its stronger source. A verified value that is said otherwise gives way, but its source
    remembers it (`Source.verified`); said as it was verified, it counts as verified again.

    Args:
        before: raw and sources.
        given: What is said now, by registry name (`plain`).
        source: Who says it.
        partial: Whether facts that are not given stay; otherwise they are no longer known.
    """
    raw, sources = before
    after: Json = {}
    known: Json = {}
    for name in {**raw, **sources, **given}:
        old = Source.of_json(sources[name]) if name in sources else None
        if partial and name not in given:
            kept: Source | None = old
            value = raw.get(name)
        else:
            value = _value(name, raw.get(name), given.get(name))
            kept = _source(name, old, raw.get(name), value, source)
        if value is not None:
            after[name] = value
        if kept is not None:
            known[name] = kept.to_json()
    return after, known


def same(name: str, one: object, other: object) -> bool:
    """Whether two raw values of a field mean the same fact ("3200万" and 3200)."""
    if one == other:
        return True
    if one is None or other is None or name not in registry():
        return False
    field = registry()[name]
    try:
        return read_fact(field, one)[0] == read_fact(field, other)[0]
    except (ValueReason, UnknownCode):
        return False


def _value(name: str, old: object, new: object) -> object:
    """The new value, in the old spelling where it means the same."""
    return old if same(name, old, new) else new


def _source(name: str, old: Source | None, before: object, value: object, new: Source) -> Source | None:
    if old is not None and value == before:
        return _stronger(old, new) if value is not None else old
    earlier = None if old is None else _verified(old, before)
    if new.kind is Kind.VERIFIED or earlier is None:
        return new if value is not None else None
    if same(name, earlier.value, value):
        return Source(Kind.VERIFIED, earlier.by, earlier.on)
    return Source(new.kind, new.by, new.on, earlier)


def _verified(source: Source, value: object) -> Verified | None:
    return Verified(value, source.by, source.on) if source.kind is Kind.VERIFIED else source.verified


def _stronger(old: Source, new: Source) -> Source:
    if new.kind is Kind.VERIFIED:
        checked_again = old.kind is not Kind.VERIFIED or new.on > old.on or (new.on == old.on and new.by != old.by)
        return new if checked_again else old
    return new if list(Kind).index(new.kind) > list(Kind).index(old.kind) and old.verified is None else old


def _in_other(raw: Json, name: str) -> bool:
    other = raw.get(OTHER)
    return isinstance(other, Mapping) and any(field_name(key) == name for key in other)
