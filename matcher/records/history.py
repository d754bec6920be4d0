"""What a company said from version to version."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from matcher.records.sources import Kind, Source
from matcher.store.companies import CompanyVersion
from matcher.store.tables import Json


@dataclass(frozen=True)
class Change:
    """One fact from one version to the next.

    Attributes:
        before: None where it was not known.
        after: None where it is not known any more.
        source: Where it comes from now; None where it is not known any more.
        overrules: Whether it was verified, and is said otherwise now by somebody who has not checked it.
    """

    field: str
    before: object
    after: object
    source: Source | None
    overrules: bool


@dataclass(frozen=True)
class Revision:
    """One version of a company's record.

    Attributes:
        made_by: Name of the user who did it; "" where it was the company itself, or is not known.
    """

    version: int
    made_at: dt.datetime
    made_by: str
    raw: Json
    sources: Json
    changes: tuple[Change, ...]


def revisions(versions: Iterable[CompanyVersion]) -> tuple[Revision, ...]:
    """Versions, oldest first, as revisions, newest first."""
    found: list[Revision] = []
    raw: Json = {}
    sources: Json = {}
    for one in versions:
        changes = _changes((raw, sources), (one.raw, one.sources))
        found.append(Revision(one.version, one.made_at, one.made_by, one.raw, one.sources, changes))
        raw, sources = one.raw, one.sources
    return tuple(reversed(found))


def _changes(before: tuple[Json, Json], after: tuple[Json, Json]) -> tuple[Change, ...]:
    changed = []
    for name in {**before[0], **before[1], **after[0], **after[1]}:
        was, now = before[0].get(name), after[0].get(name)
        earlier, source = (Source.of_json(found[name]) if name in found else None for found in (before[1], after[1]))
        if (was, earlier) == (now, source):
            continue
        verified = earlier is not None and earlier.kind is Kind.VERIFIED and was != now
        overrules = verified and (source is None or source.kind is not Kind.VERIFIED)
        changed.append(Change(name, was, now, source, overrules))
    return tuple(changed)
