"""What a report of one match says, in the order in which it says it; laying it out is left to Word or to a page."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from matcher.amounts import show_amount
from matcher.documents import words
from matcher.documents.views import CardView, MeasureView, SectionView
from matcher.results import Amount, MatchResult, Section, Total
from matcher.show import headline
from policies.facts import show_fact
from policies.fields import registry
from policies.profile import TEXT_FIELDS, CompanyProfile

FULL_MEASURES = 30
"""Measures told in full besides those that surely fit and the nearest misses; the rest is a table."""
_ALWAYS_FULL = frozenset({Section.ELIGIBLE.name, Section.NOT_NOW.name})
Rows = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Chapter:
    """One section of the results that is told in full."""

    key: str
    title: str
    lead: str
    cards: tuple[CardView, ...]


@dataclass(frozen=True)
class Report:
    """One report.

    Attributes:
        company: Name as given, or a stand-in.
        made_at: When it was made.
        warnings: What the reader must know first, in Chinese.
        headline: What was found, in one sentence.
        totals: Label and sum.
        left_out: Title of a measure and why it is not added.
        given: Label and value of what the company stated.
        plans: The same for each plan.
        chapters: What is told in full.
        rest: What only stands in a table: policy and measure.
    """

    company: str
    as_of: dt.date
    version: str
    made_at: dt.datetime
    warnings: tuple[str, ...]
    headline: str
    totals: Rows
    left_out: Rows
    notes: tuple[str, ...]
    given: Rows
    plans: tuple[Rows, ...]
    chapters: tuple[Chapter, ...]
    rest: tuple[tuple[CardView, MeasureView], ...] = field(repr=False)

    def measures(self) -> Iterator[tuple[CardView, MeasureView]]:
        """What is told in full, in its order."""
        for chapter in self.chapters:
            for card in chapter.cards:
                for measure in card.measures:
                    yield card, measure


def report_of(
    result: MatchResult,
    profile: CompanyProfile,
    raw: Mapping[str, Any],
    sections: Sequence[SectionView],
    *,
    made_at: dt.datetime,
    warnings: tuple[str, ...] = (),
    notes: tuple[str, ...] = (),
    everything: bool = False,
) -> Report:
    """The report of one match.

    Args:
        result: What came out.
        profile: What was given, as it was understood.
        raw: What was given, as it was written: texts are shown so.
        sections: Views of `result`.
        made_at: The moment, in the reader's time zone.
        warnings: What the reader must know first, in Chinese.
        notes: What had to be interpreted, in Chinese.
        everything: Tell every measure in full, however long that gets.
    """
    chapters, rest = _split(sections, len(result.matches) if everything else FULL_MEASURES)
    titles = {match.entry.measure_id: match.entry.title for match in result.matches}
    return Report(
        company=_written(raw, "name") or result.company,
        as_of=result.as_of,
        version=result.library_version,
        made_at=made_at,
        warnings=warnings,
        headline=headline(result),
        totals=((words.TOTAL_SURE, _sum(result.total)), (words.TOTAL_MAY, _sum(result.potential))),
        left_out=tuple((titles.get(key, key), reason) for key, reason in result.potential.left_out.items()),
        notes=notes,
        given=_given(profile, raw),
        plans=_plans(profile, raw),
        chapters=chapters,
        rest=rest,
    )


def _split(
    sections: Sequence[SectionView], limit: int
) -> tuple[tuple[Chapter, ...], tuple[tuple[CardView, MeasureView], ...]]:
    """Told in full and the rest; a policy's measures of one section stay together."""
    chapters, rest, told = [], [], 0
    for section in sections:
        full = []
        for card in (*section.cards, *section.rest):
            if section.key in _ALWAYS_FULL:
                full.append(card)
            elif told < limit:
                full.append(card)
                told += len(card.measures)
            else:
                rest += [(card, measure) for measure in card.measures]
        if full:
            chapters.append(Chapter(section.key, section.title, section.lead, tuple(full)))
    return tuple(chapters), tuple(rest)


def _sum(total: Total) -> str:
    if total.high_yuan <= 0:
        return words.TOTAL_NONE
    return show_amount(Amount(total.low_yuan, total.high_yuan, ""))


def _given(profile: CompanyProfile, raw: Mapping[str, Any]) -> Rows:
    """What was stated, in the order of the registry."""
    rows = []
    for name, field_ in registry().items():
        if name in (*TEXT_FIELDS, "uscc") and _written(raw, name):
            rows.append((field_.label, _written(raw, name)))
        elif name in profile.facts:
            rows.append((field_.label, show_fact(field_, profile.facts[name])))
    return tuple(rows)


def _written(raw: Mapping[str, Any], name: str) -> str:
    return str(raw.get(name) or "").strip()


def _plans(profile: CompanyProfile, raw: Mapping[str, Any]) -> tuple[Rows, ...]:
    shown = []
    for written, plan in zip(raw.get("plans") or (), profile.plans, strict=True):
        facts = [(registry()[name].label, show_fact(registry()[name], fact)) for name, fact in plan.facts.items()]
        shown.append(((words.PLAN_TEXT, _written(written, "text") or words.NOT_GIVEN), *facts))
    return tuple(shown)
