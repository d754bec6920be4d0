"""Whom each measure reaches in a generated population: nobody, everybody, and how much money is at stake."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from matcher.eligibility import Evaluation, unpacked
from matcher.population.companies import columns
from matcher.sums import Facts, sums
from policies.columns import Bools, Columns, missing_inputs
from policies.fields import registry
from policies.library import Library, LibraryMeasure
from policies.rules import Has, Manual, leaves
from policies.validate.report import Finding, Findings
from policies.vocabulary import vocabularies

NOBODY = "没有企业能享受"
EVERYBODY = "排除不了任何企业"
COMPANIES, SEED = 20_000, 7
ENOUGH = 200
"""Companies that say all that is asked; with fewer all are looked at."""
NOTHING_TO_GET = frozenset({"direction"})


@dataclass(frozen=True)
class Reach:
    """What a measure is to the population.

    Attributes:
        possible: Share of the companies that no condition excludes, 0 to 1, among those that say what is asked (as far
            as the population says it at all); manual checks taken as passed.
        yuan: Median of the upper ends of its sum over those for whom there is one; None without any.
    """

    possible: float
    yuan: float | None


def reach(library: Library, as_of: dt.date) -> Mapping[str, Reach]:
    """measure_id to its reach, for every measure that is on offer on a day or could be (directions are none)."""
    table = _population(as_of)
    evaluation = Evaluation(table, manual_passed=True)
    return {
        entry.measure_id: _reach(entry, evaluation, table, as_of)
        for entry in library.measures
        if library.lifecycle(entry.policy.policy_id, as_of).matchable
        and entry.measure.benefit.type not in NOTHING_TO_GET
    }


@lru_cache(maxsize=1)
def _population(as_of: dt.date) -> Columns:
    return columns(COMPANIES, SEED, as_of)


def _reach(entry: LibraryMeasure, evaluation: Evaluation, table: Columns, as_of: dt.date) -> Reach:
    possible = unpacked(evaluation.truth(entry.rule).possible, table.n)
    told = _told(table, _asked(entry))
    rows = np.flatnonzero(possible & told) if told.sum() >= ENOUGH else np.flatnonzero(possible)
    if not len(rows):
        return Reach(0.0, None)
    high = sums(entry.measure, Facts(Evaluation(table.take(rows)), as_of))[1]
    known, of = high[np.isfinite(high)], told.sum() if told.sum() >= ENOUGH else table.n
    return Reach(float(len(rows) / of), float(np.median(known)) if len(known) else None)


def _told(table: Columns, names: Iterable[str]) -> Bools:
    """Rows that say all that is asked of what the population says at all, bool (n,)."""
    told = np.ones(table.n, dtype=bool)
    for name in names:
        if name in table.spans:
            told &= np.isfinite(table.spans[name].lo) & np.isfinite(table.spans[name].hi)
        elif name in table.choices:
            told &= table.choices[name].codes != 0
        elif name in table.items:
            told &= ~table.items[name].open
    return told


def reach_findings(library: Library, found: Mapping[str, Reach], as_of: dt.date) -> Findings:
    """Measures that the population says nothing is right with: a rule that fits no company, or every one."""
    warnings, stated = [], _stated(_population(as_of))
    for measure_id, own in found.items():
        entry = library.by_id[measure_id]
        if own.possible == 0 and _can_say(_population(as_of), entry):
            reason = f"生成的 {COMPANIES} 家企业都被条件排除"
            warnings.append(_finding(NOBODY, entry, reason, "请对照原文检查条件是否写错；确实极窄的请说明"))
        elif own.possible == 1 and _asked(entry) <= stated:
            reason = f"生成的 {COMPANIES} 家企业没有一家被条件排除"
            warnings.append(_finding(EVERYBODY, entry, reason, "请对照原文补上能用企业信息判断的条件"))
    return Findings(warnings=tuple(warnings))


def _can_say(table: Columns, entry: LibraryMeasure) -> bool:
    """Whether some company of the population might hold one of the titles that each condition asks for."""
    asked = [
        leaf for leaf in leaves(entry.rule) if isinstance(leaf, Has) and registry()[leaf.field].name in table.items
    ]
    return all(table.items[registry()[leaf.field].name].held.keys() & _terms(leaf) for leaf in asked)


def _terms(leaf: Has) -> set[str]:
    vocabulary = vocabularies()[registry()[leaf.field].vocabulary]
    return {vocabulary.canonical(item) for item in leaf.items or leaf.every}


def _stated(table: Columns) -> set[str]:
    """Fields that the population says something of: a measure that asks for others is not said to be for everybody."""
    return {*table.spans, *table.choices, *table.items}


def _asked(entry: LibraryMeasure) -> set[str]:
    """Fields that decide the measure, those that others are derived from included."""
    named = {leaf.field for leaf in leaves(entry.rule) if not isinstance(leaf, Manual)}
    return named | {part for name in named for part in missing_inputs(name, frozenset())}


def _finding(kind: str, entry: LibraryMeasure, reason: str, remedy: str) -> Finding:
    return Finding(kind, f"{entry.policy.policy_id}.yaml", f"measures.{entry.measure.slug}.when", reason, remedy)
