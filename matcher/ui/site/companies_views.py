"""What the pages of the department's companies show."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from matcher.clock import show_minute
from matcher.inputs import region_name
from matcher.records import Kind, Records, Source, overruled, source_of
from matcher.records.history import Change, Revision
from matcher.records.shown import label_of, shown, shown_source
from matcher.store.companies import CompanyRecord
from matcher.ui.site import companies_text as words


@dataclass(frozen=True)
class Row:
    """One company in the list."""

    company_id: str
    name: str
    uscc: str
    region: str
    changed: str
    facts: str


@dataclass(frozen=True)
class FactView:
    """One fact of a company.

    Attributes:
        verified: Whether somebody has checked it.
    """

    field: str
    label: str
    value: str
    source: str
    verified: bool


@dataclass(frozen=True)
class RevisionView:
    """One version: who made it, and what changed in it."""

    version: str
    made: str
    changes: tuple[tuple[str, bool], ...]


def rows_of(found: list[CompanyRecord]) -> list[Row]:
    """Companies for the list."""
    return [
        Row(
            one.company_id, one.name, one.uscc or words.NO_CODE, region_name(one.region) or words.NO_REGION,
            show_minute(one.changed_at),
            words.VERIFIED_OF.format(n=len(one.raw), verified=sum(map(_is_verified, one.sources.values()))),
        )
        for one in found
    ]  # fmt: skip


def company_view(records: Records, record: CompanyRecord) -> dict[str, Any]:
    """One company: facts, what contradicts a verification, history."""
    return {
        "row": rows_of([record])[0],
        "version_now": words.VERSION_NOW.format(version=record.version),
        "facts": [_fact(record, name) for name in record.raw],
        "overruled": [
            words.OVERRULED_LINE.format(
                label=label_of(one.field), by=one.by, on=one.on.isoformat(), verified=shown(one.field, one.verified),
                value=shown(one.field, one.value),
            )
            for one in overruled(record)
        ],
        "history": [_revision(one) for one in records.history(record.company_id)],
    }  # fmt: skip


def _fact(record: CompanyRecord, name: str) -> FactView:
    source = source_of(record, name)
    verified = source is not None and source.kind is Kind.VERIFIED
    return FactView(name, label_of(name), shown(name, record.raw[name]), shown_source(source), verified)


def _revision(one: Revision) -> RevisionView:
    moment = show_minute(one.made_at)
    made = words.BY_USER.format(moment=moment, name=one.made_by) if one.made_by else moment
    return RevisionView(
        words.VERSION_NOW.format(version=one.version),
        made,
        tuple((_change(each), each.overrules) for each in one.changes),
    )


def _change(change: Change) -> str:
    label = label_of(change.field)
    if change.before == change.after:
        return words.SOURCE_CHANGED.format(label=label, source=shown_source(change.source))
    before, after = shown(change.field, change.before), shown(change.field, change.after)
    shape = words.ADDED if change.before is None else words.DROPPED if change.after is None else words.CHANGE
    return shape.format(label=label, before=before, after=after)


def _is_verified(source: dict[str, Any]) -> bool:
    return Source.of_json(source).kind is Kind.VERIFIED
