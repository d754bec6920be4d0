"""Companies × measures at one date: what no condition excludes, in order, and what is needed to explain it.

One company is a table with one row: the page, a spreadsheet and a province go through the same arrays.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from index.fusion import z_score
from matcher.amounts import Row, explained_amount
from matcher.eligibility import Evaluation, Truth
from matcher.explain import Explainer, Open, open_points
from matcher.ranking import SIMILARITIES, Features, Weights, apart, features, order, scores
from matcher.results import Amount, Condition, Gap, Section, Total, Verdict
from matcher.retrieval import Retriever, Similarities, queries_of
from matcher.signals import Interests, Pairs, Program, interests_of, pairs
from matcher.stacking import combined_total
from policies.companies import CompanyTable
from policies.describe import describe
from policies.facts import Fact
from policies.library import Library, LibraryMeasure
from policies.lifecycle import Lifecycle, WindowPhase, WindowState, measure_window
from policies.rules import Manual

NEAREST_MISSES = 5
MAX_GAP_EFFORT = 0.6
"""Two qualifications away, or 60 % of an amount still missing; further off is no near miss."""


@dataclass(frozen=True)
class Active:
    """A measure that may be offered at a date."""

    entry: LibraryMeasure
    lifecycle: Lifecycle
    window: WindowState

    @cached_property
    def lines(self) -> tuple[tuple[str, bool], ...]:
        """Text of each condition, and whether it is a manual check."""
        parts = self.entry.rule.parts
        return tuple((describe(part), isinstance(part, Manual)) for part in parts)

    @property
    def validity(self) -> tuple[Condition, ...]:
        """A policy of which nobody knows whether it still runs is never shown as 符合: a person has to check."""
        if self.lifecycle is not Lifecycle.UNVERIFIED:
            return ()
        text = "政策目前是否仍然有效（来源未载明有效期，请向主管部门核实）"
        return (Condition(text, None, Truth.UNKNOWN, "须人工核实", text, manual=True),)


def active_at(library: Library, as_of: dt.date) -> tuple[Active, ...]:
    """Measures in force (or not known to have ended) and not closed at a date, by measure id."""
    states = {policy_id: library.lifecycle(policy_id, as_of) for policy_id in library.policies}
    return tuple(
        Active(entry, state, window)
        for entry in sorted(library.measures, key=lambda entry: entry.measure_id)
        if (state := states[entry.policy.policy_id]).matchable
        and (window := measure_window(entry.policy, entry.measure, as_of)).phase is not WindowPhase.CLOSED
    )


@dataclass(frozen=True, eq=False)
class Offer:
    """What may be offered at a date, by measure id.

    Attributes:
        as_of: The date.
        active: The m measures.
        program: What they ask.
        index_rows: Their rows in the index, int64 (m,).
        unverified: Whether nobody knows if the policy still runs, bool (m,).
    """

    as_of: dt.date
    active: tuple[Active, ...]
    program: Program
    index_rows: NDArray[np.int64]
    unverified: NDArray[np.bool_]

    @classmethod
    def at(cls, library: Library, retriever: Retriever, as_of: dt.date) -> Offer:
        """The offer of a date."""
        active = active_at(library, as_of)
        entries = [item.entry for item in active]
        unverified = np.array([item.lifecycle is Lifecycle.UNVERIFIED for item in active], dtype=bool)
        return cls(as_of, active, Program(entries), retriever.rows(entries), unverified)


@dataclass(frozen=True)
class Assessed:
    """A measure for one company, before it is explained.

    Attributes:
        truth: Truth of its rule in the company's best row.
        row: That row of the table; `plan` is the plan it stands for, -1 without plans.
        open: What it waits for.
    """

    active: Active
    truth: Truth
    row: int
    plan: int
    open: Open

    @property
    def entry(self) -> LibraryMeasure:
        """The measure."""
        return self.active.entry

    @property
    def manual(self) -> tuple[str, ...]:
        """Manual checks, that of the policy's validity included."""
        doubt = [line.text for line in self.active.validity] if self.truth is not Truth.FALSE else []
        return (*self.open.manual, *doubt)

    @property
    def verdict(self) -> Verdict:
        """The verdict; 符合 only without any open check."""
        return Verdict.POSSIBLE if self.truth is Truth.TRUE and self.manual else Verdict.of(self.truth)

    @property
    def section(self) -> Section:
        """The heading it is shown under."""
        if self.entry.measure.benefit.type == "direction" and self.truth is not Truth.FALSE:
            return Section.BACKGROUND
        if self.verdict is Verdict.POSSIBLE:
            return Section.TO_ANSWER if self.open.missing else Section.TO_CHECK
        return Section.ELIGIBLE if self.verdict is Verdict.ELIGIBLE else Section.NOT_NOW


@dataclass(frozen=True, eq=False)
class Assessment:
    """Every measure of an offer for every company of a table.

    Attributes:
        evaluation: Of the table at the offer's date.
        wants: What the companies are after.
        pairs: Truth, amounts and signals, each (n, m).
        similar: Similarities, each (n, m).
        features: What the score is made of, each (n, m).
        scores: float64 (n, m).
        orders: For each company the places of the measures that no condition excludes, best first.
    """

    offer: Offer
    table: CompanyTable
    evaluation: Evaluation
    wants: Interests
    pairs: Pairs
    similar: Similarities
    features: Features
    scores: NDArray[np.float64]
    orders: Sequence[NDArray[np.int64]]

    @classmethod
    def of(cls, offer: Offer, table: CompanyTable, retriever: Retriever | None, weights: Weights) -> Assessment:
        """Evaluate, compare and rank; without a retriever no words are compared."""
        evaluation = Evaluation(table.columns(offer.as_of), cuts=offer.program.cuts if len(table) > 1 else None)
        wants = interests_of(table)
        found = pairs(offer.program, table, evaluation, offer.as_of, wants)
        if retriever is None:
            nothing = np.zeros(found.truth.shape, dtype=np.float32)
            similar = Similarities(nothing, nothing, nothing)
        else:
            similar = retriever.similarities(queries_of(table), offer.index_rows)
        parts = features(found, similar)
        left = found.truth != Truth.FALSE
        score = apart(scores(parts, offer.program.entries, weights), left, offer.program.policy)
        return cls(offer, table, evaluation, wants, found, similar, parts, score, order(score, left))

    def company(self, number: int, stated: Mapping[int, Mapping[str, Fact]] | None = None) -> CompanyView:
        """One company; `stated` are its facts as it states them, by row, where they are at hand."""
        return CompanyView(self, number, stated or {})


@dataclass(frozen=True, eq=False)
class CompanyView:
    """One company of an assessment.

    Attributes:
        number: Its place in the table.
        stated: Facts as the company states them, by row; for explanations only.
    """

    whole: Assessment
    number: int
    stated: Mapping[int, Mapping[str, Fact]]

    @property
    def listed(self) -> list[int]:
        """Places of the measures that no condition excludes, best first."""
        places: list[int] = self.whole.orders[self.number].tolist()
        return places

    @cached_property
    def _known(self) -> dict[int, frozenset[str]]:
        return {}

    def assessed(self, place: int) -> Assessed:
        """One measure with what it waits for."""
        found, evaluation = self.whole.pairs, self.whole.evaluation
        truth, row = Truth(int(found.truth[self.number, place])), int(found.row[self.number, place])
        waits = Open((), ())
        active = self.whole.offer.active[place]
        if truth is Truth.UNKNOWN:
            if row not in self._known:
                self._known[row] = self.whole.table.stated.known(row)
            waits = open_points(active.entry.rule, evaluation, row, self._known[row])
        return Assessed(active, truth, row, int(evaluation.columns.plan[row]), waits)

    def score(self, place: int) -> float:
        """Sort key; comparable within the company."""
        return float(self.whole.scores[self.number, place])

    def parts(self, place: int) -> dict[str, float]:
        """What the score is made of."""
        return {name: float(column[self.number, place]) for name, column in self.whole.features.items()}

    def sum(self, place: int) -> tuple[float, float] | None:
        """What the measure is worth, yuan; None without a sum."""
        low, high = (float(end[self.number, place]) for end in (self.whole.pairs.low, self.whole.pairs.high))
        return None if np.isnan(high) else (low, high)

    def open(self, place: int) -> int:
        """Number of conditions that are open."""
        return int(self.whole.pairs.open[self.number, place])

    def amount(self, place: int) -> Amount:
        """What the measure is worth, with its reason."""
        found = self.whole.pairs
        if found.truth[self.number, place] == Truth.FALSE:
            return Amount(None, None, "暂不符合条件，不估算")
        row = Row(self.whole.evaluation, int(found.row[self.number, place]), self.whole.offer.as_of)
        low, high = float(found.low[self.number, place]), float(found.high[self.number, place])
        return explained_amount(self.whole.offer.active[place].entry.measure, row, low, high)

    def explainer(self, row: int) -> Explainer:
        """Explains rules for one row of the company."""
        return Explainer(self.whole.evaluation, row, self.stated.get(row, {}), self.whole.wants.suggested[self.number])

    def total(self, places: Sequence[int]) -> Total:
        """The best sum over some measures that respects 就高不重复 and the like."""
        entries = [self.whole.offer.active[place].entry for place in places]
        ends = [self.sum(place) or (None, None) for place in places]
        return combined_total([(e, Amount(low, high, "")) for e, (low, high) in zip(entries, ends, strict=True)])

    @property
    def sure(self) -> list[int]:
        """Places of the measures that surely fit, best first."""
        places = self.whole.orders[self.number]
        sure = (self.whole.pairs.truth[self.number, places] == 1) & ~self.whole.offer.unverified[places]
        found: list[int] = places[sure].tolist()
        return found

    def nearest_misses(self) -> list[tuple[int, Gap, float]]:
        """Measures with one condition in the way that the company could do something about: (place, gap, closeness)."""
        places = np.flatnonzero(self.whole.pairs.near[self.number] & ~self.whole.offer.program.direction)
        near = [(place, gap) for place in places.tolist() if (gap := self._gap(place)) is not None]
        if not near:
            return []
        kept = [place for place, _ in near]
        alike = [z_score(getattr(self.whole.similar, name)[self.number, kept]) for name in SIMILARITIES]
        closeness = np.mean(np.array(alike, dtype=np.float64), axis=0) - np.array([gap.effort for _, gap in near])
        best = np.argsort(-np.round(closeness, 9), kind="stable")[:NEAREST_MISSES]
        return [(*near[i], float(closeness[i])) for i in best.tolist()]

    def _gap(self, place: int) -> Gap | None:
        """The gap of the one condition that is FALSE, if the company can close it with bearable effort."""
        row = int(self.whole.pairs.row[self.number, place])
        explainer, evaluation = self.explainer(row), self.whole.evaluation
        parts = self.whole.offer.active[place].entry.rule.parts
        part = next(part for part in parts if evaluation.truth(part).at(row) is Truth.FALSE)
        gap = explainer.gap(part)
        return gap if gap is not None and gap.closable and gap.effort <= MAX_GAP_EFFORT else None
