"""Results as JSON: the stable shape that `--json`, the REST interface and outside checks rely on."""

from __future__ import annotations

import datetime as dt
from typing import Any

from matcher.eligibility import Truth
from matcher.results import Amount, Condition, Match, MatchResult, Question, Total
from policies.library import Library
from policies.lifecycle import WindowState

Json = dict[str, Any]
TRUTH_NAMES = {Truth.TRUE: "true", Truth.FALSE: "false", Truth.UNKNOWN: "unknown"}


def result_json(result: MatchResult) -> Json:
    """The whole answer for one company."""
    return {
        "as_of": result.as_of.isoformat(),
        "company": result.company,
        "library_version": result.library_version,
        "dense": result.dense,
        "counts": {section.value: count for section, count in result.counts.items()},
        "total": _total(result.total),
        "potential": _total(result.potential),
        "matches": [match_json(match) for match in result.matches],
        "nearest_misses": [match_json(match) for match in result.nearest_misses],
        "next_question": None if result.next_question is None else _question(result.next_question),
        "notes": list(result.notes),
    }


def match_json(match: Match) -> Json:
    """One measure for one company; `amount` is null where no sum can be given, and `amount_note` says why."""
    policy = match.entry.policy
    return {
        "rank": match.rank,
        "policy_id": policy.policy_id,
        "measure_id": match.entry.measure_id,
        "title": match.entry.title,
        "verdict": match.verdict.value,
        "section": match.section.value,
        "score": match.score,
        "conditions": [_condition(line) for line in match.conditions],
        "preferences": [_condition(line) for line in match.preferences],
        "missing": list(match.missing),
        "manual": list(match.manual),
        "gaps": [gap.text for gap in match.gaps],
        "amount": _amount(match.amount),
        "amount_note": match.amount.trace,
        "amount_needs": list(match.amount.needs),
        "window": window_json(match.window),
        "lifecycle": match.lifecycle.value,
        "next_step": match.next_step,
        "plan": match.plan if match.plan >= 0 else None,
        "doc_no": policy.doc_no,
        "issuers": list(policy.issuers),
        "summary": policy.summary,
        "materials": list(policy.materials),
        "channel": policy.channel,
        "source_url": policy.source.url,
        "provenance": policy.provenance.grade,
        "cautions": list(match.cautions),
    }


def _condition(line: Condition) -> Json:
    shape: Json = {
        "text": line.text,
        "field": line.field,
        "truth": TRUTH_NAMES[line.truth],
        "observed": line.observed,
        "required": line.required,
    }
    if line.gap is not None:
        shape["gap"] = line.gap.text
    if line.hint:
        shape["hint"] = line.hint
    if line.parts:
        shape["parts"] = [_condition(part) for part in line.parts]
    return shape


def _amount(amount: Amount) -> Json | None:
    if amount.low_yuan is None or amount.high_yuan is None:
        return None
    return {"low_yuan": amount.low_yuan, "high_yuan": amount.high_yuan, "trace": amount.trace}


def window_json(window: WindowState) -> Json:
    """Where an application window stands, days in ISO form."""

    def day(value: dt.date | None) -> str | None:
        return None if value is None else value.isoformat()

    return {
        "state": window.phase.value,
        "text": window.text,
        "opens": day(window.opens),
        "closes": day(window.closes),
        "days_left": window.days_left,
    }


def _total(total: Total) -> Json:
    return {
        "low_yuan": total.low_yuan,
        "high_yuan": total.high_yuan,
        "counted": list(total.counted),
        "left_out": dict(total.left_out),
    }


def _question(question: Question) -> Json:
    return {
        "field": question.field,
        "question": question.text,
        "help": question.help,
        "options": list(question.options),
        "affects": list(question.affects),
    }


def library_json(library: Library, as_of: dt.date) -> list[Json]:
    """One entry per policy with its state at a date."""
    return [
        {
            "policy_id": policy.policy_id,
            "title": policy.title,
            "doc_no": policy.doc_no,
            "level": policy.level,
            "region": policy.region,
            "kind": policy.kind,
            "themes": list(policy.themes),
            "state": library.lifecycle(policy.policy_id, as_of).value,
            "measures": [f"{policy.policy_id}/{measure.slug}" for measure in policy.measures],
        }
        for policy in library.policies.values()
    ]
