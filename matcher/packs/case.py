"""One company that applies for one measure: everything that the documents of its pack are made from."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from matcher.packs import words
from matcher.packs.kinds import why_no_pack
from matcher.records import Source, source_of
from matcher.records.sources import OTHER, PLANS, field_name, same
from matcher.results import Match, Verdict
from matcher.service import Matcher
from matcher.store.companies import CompanyRecord
from policies.companies import CompanyTable
from policies.errors import InputError, Problem
from policies.facts import Fact
from policies.fields import registry
from policies.profile import CompanyProfile


@dataclass(frozen=True)
class Case:
    """One application.

    Attributes:
        match: The measure for the company, explained.
        raw: The profile as written: texts are shown so.
        facts: What is known of the company and of the plan that the measure is for, worked-out facts included.
        derived: Names of the facts that were worked out from others.
        plan_text: The plan in the company's words; "" without one.
        sources: Where facts come from, by registry name; what is not there was stated by the company.
        version: Of the library.
        warnings: What the reader must know first, in Chinese.
    """

    match: Match
    profile: CompanyProfile
    raw: Mapping[str, Any]
    facts: Mapping[str, Fact]
    derived: frozenset[str]
    plan_text: str
    sources: Mapping[str, Source]
    as_of: dt.date
    version: str
    made_at: dt.datetime
    warnings: tuple[str, ...] = ()


def case_of(
    matcher: Matcher,
    profile: CompanyProfile,
    raw: Mapping[str, Any],
    measure_id: str,
    as_of: dt.date,
    made_at: dt.datetime,
    *,
    sources: Mapping[str, Source] | None = None,
    warnings: tuple[str, ...] = (),
) -> Case:
    """The application of one company.

    Args:
        matcher: Knows the measure.
        profile: The company as it was understood.
        raw: The same as it was written.
        measure_id: What it applies for.
        as_of: The day to answer for.
        made_at: The moment, with a time zone.
        sources: Where facts come from (`sources_of`); None where the company states everything itself.
        warnings: What the reader must know first, in Chinese.

    Raises:
        InputError: no such measure, it is not on offer at `as_of`, there is nothing to apply for, or a condition is
            not met.
    """
    match = _explained(matcher, profile, measure_id, as_of)
    facts, derived = _facts(profile, match.plan, as_of)
    return Case(
        match=match, profile=profile, raw=raw, facts=facts, derived=derived,
        plan_text=_plan_text(profile, raw, match.plan), sources=sources or {},
        as_of=as_of, version=matcher.library.version, made_at=made_at, warnings=warnings,
    )  # fmt: skip


def sources_of(record: CompanyRecord, raw: Mapping[str, Any]) -> dict[str, Source]:
    """Where the facts of a profile come from, as far as the kept company still says the same.

    Args:
        record: The kept company.
        raw: The profile of a match that was made for it, maybe earlier.
    """
    now = {field_name(key): value for key, value in record.raw.items()}
    then = {field_name(key): value for key, value in raw.items()}
    same_rest = all(now.get(key) == then.get(key) for key in (PLANS, OTHER))
    found = {}
    for name in registry():
        source = source_of(record, name)
        stands = same(name, now.get(name), then.get(name)) if name in now or name in then else same_rest
        if source is not None and stands:
            found[name] = source
    return found


def _explained(matcher: Matcher, profile: CompanyProfile, measure_id: str, as_of: dt.date) -> Match:
    """The measure for the company; InputError if there is nothing to apply for, or a condition is not met."""
    profile.check_at(as_of)
    known = matcher.library.by_id.get(measure_id)
    if known is not None and (reason := why_no_pack(known)):
        raise InputError([Problem(known.measure.name, reason)])
    match = matcher.explain(profile, measure_id, as_of)
    if match.verdict is Verdict.INELIGIBLE:
        gaps = "；".join(gap.text for gap in match.gaps)
        raise InputError(
            [Problem(match.entry.measure.name, words.NOT_MET.format(gaps=gaps) if gaps else words.NOT_MET_NOW)]
        )
    return match


def _facts(profile: CompanyProfile, plan: int, as_of: dt.date) -> tuple[dict[str, Fact], frozenset[str]]:
    """Stated facts of the company and one plan, then what can be worked out, and the names of the latter."""
    stated: dict[str, Fact] = {**profile.facts, **(profile.plans[plan].facts if plan >= 0 else {})}
    columns = CompanyTable.of([profile]).columns(as_of)
    row = max(plan, 0)
    found = {name: fact for name in registry() if (fact := stated.get(name, columns.fact(name, row))) is not None}
    return found, frozenset(found.keys() - stated.keys())


def _plan_text(profile: CompanyProfile, raw: Mapping[str, Any], plan: int) -> str:
    if plan < 0:
        return ""
    written = raw.get(PLANS)
    text = written[plan].get("text") if isinstance(written, list) and plan < len(written) else None
    return text if isinstance(text, str) else profile.plans[plan].text
