"""The façade: `Matcher` turns profiles into matches with reasons, amounts, gaps and the next question."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from index.fusion import z_score
from matcher.amounts import Row, estimate
from matcher.eligibility import Evaluation, Truth
from matcher.explain import Explainer, Open, open_points
from matcher.questions import Listed, next_question
from matcher.ranking import SIMILARITIES, Weights, feature_columns, order, score, shipped_weights
from matcher.results import Amount, Condition, Gap, Match, MatchResult, Question, Section, Verdict
from matcher.retrieval import Retriever, Similarities, known_fields, query_of
from matcher.signals import interests_of, signals
from matcher.stacking import combined_total
from matcher.steps import next_step
from policies.columns import columns_of
from policies.errors import InputError, Problem
from policies.library import Library, LibraryMeasure, load_library
from policies.lifecycle import Lifecycle, WindowPhase, WindowState, window_state
from policies.profile import CompanyProfile

NEAREST_MISSES = 5
MAX_GAP_EFFORT = 0.6
"""Two qualifications away, or 60 % of an amount still missing; further off is no near miss."""
POTENTIAL_DEPTH = 20
"""Measures at the top of the list that the potential sum looks at; further down it would add up unlikely ones."""
QUESTION_DEPTH = 40
"""Measures at the top of the list that a question may decide."""


@dataclass(frozen=True)
class Active:
    """A measure that may be offered at a date."""

    entry: LibraryMeasure
    lifecycle: Lifecycle
    window: WindowState


@dataclass(frozen=True)
class Assessed:
    """A measure for one company, before it is explained.

    Attributes:
        truth: Truth of its rule in the company's best row.
        row: That row; `plan` is the plan it stands for, -1 without plans.
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
        doubt = [line.text for line in _validity(self.active)] if self.truth is not Truth.FALSE else []
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


@dataclass(frozen=True)
class Scored:
    """A measure on the list, with its place in the order still to be told.

    Attributes:
        parts: Feature values behind the score.
    """

    item: Assessed
    amount: Amount
    score: float
    parts: Mapping[str, float]


@dataclass(frozen=True, eq=False)
class VerdictTable:
    """Truth of every active measure for every company.

    Attributes:
        measure_ids: m measure ids.
        values: int8 (n, m): 1 eligible, 0 possible, -1 ineligible.
    """

    measure_ids: tuple[str, ...]
    values: NDArray[np.int8]


class Matcher:
    """Matches companies with the measures of one library."""

    def __init__(self, library: Library, retriever: Retriever, weights: Weights | None = None) -> None:
        """Put the parts together; `Matcher.open` is the usual way."""
        self.library = library
        self.retriever = retriever
        self._weights = weights or shipped_weights()
        self._active: dict[dt.date, tuple[Active, ...]] = {}

    @classmethod
    def open(
        cls,
        library: Path | str | None = None,
        *,
        model: str | None = None,
        dense: bool = True,
        lenient: bool = False,
        batch: bool = False,
    ) -> Matcher:
        """Load the library and its index.

        Args:
            library: Folder of policy files; None for the shipped library.
            model: sentence-transformers name or path; None for the bundled model.
            dense: False matches by rules and words only.
            lenient: Leave broken policy files out instead of refusing.
            batch: Many companies will come: load the faster encoder.

        Raises:
            PolicyError: with every problem of the library at once.
        """
        loaded = load_library(library, lenient=lenient)
        return cls(loaded, Retriever(loaded, model=model, dense=dense, batch=batch))

    def active(self, as_of: dt.date) -> tuple[Active, ...]:
        """Measures that may be offered at a date: in force (or not known to have ended) and not closed."""
        if as_of not in self._active:
            states = {policy_id: self.library.lifecycle(policy_id, as_of) for policy_id in self.library.policies}
            self._active[as_of] = tuple(
                Active(entry, state, window)
                for entry in self.library.measures
                if (state := states[entry.policy.policy_id]).matchable
                and (window := window_state(entry.policy.window_of(entry.measure), entry.policy, as_of)).phase
                is not WindowPhase.CLOSED
            )
        return self._active[as_of]

    def match(self, profile: CompanyProfile, as_of: dt.date, k: int = 10, skip: Collection[str] = ()) -> MatchResult:
        """Match one company.

        Args:
            profile: The company; anything may be unknown.
            as_of: The day to answer for; the caller decides, today enters only at the edge.
            k: Number of matches to explain, 1 or more.
            skip: Fields not to ask for next (skipped by the user, or answered already).

        Returns:
            The k best measures that no condition excludes, the nearest misses, the next question and the total.

        Raises:
            InputError: the profile contradicts `as_of`, or k < 1.
        """
        if k < 1:
            raise InputError([Problem("返回条数（k）", f"应为 1 或更大，收到 {k}")])
        profile.check_at(as_of)
        return _Run(self, profile, as_of, self._weights).result(k, frozenset(skip))

    def scored(self, profile: CompanyProfile, as_of: dt.date, weights: Weights | None = None) -> list[Scored]:
        """Every measure that no condition excludes, best first, unexplained; for evaluation and learning."""
        return _Run(self, profile, as_of, weights or self._weights).scored()[0]

    def match_many(self, profiles: Sequence[CompanyProfile], as_of: dt.date, k: int = 10) -> list[MatchResult]:
        """Match several companies; the same lists as `match` gives one by one."""
        self.retriever.encode_ahead([query_of(profile).whole for profile in profiles])
        return [self.match(profile, as_of, k) for profile in profiles]

    def verdicts(self, profiles: Sequence[CompanyProfile], as_of: dt.date) -> VerdictTable:
        """Truth of every active measure for every company, without ranking or texts."""
        evaluation = Evaluation(columns_of(profiles, as_of))
        active = self.active(as_of)
        ceilings = [Truth.UNKNOWN if item.lifecycle is Lifecycle.UNVERIFIED else Truth.TRUE for item in active]
        rows = [
            np.minimum(evaluation.per_company(evaluation.truth(item.entry.rule)), np.int8(ceiling))
            for item, ceiling in zip(active, ceilings, strict=True)
        ]
        values = np.stack(rows, axis=1) if rows else np.empty((len(profiles), 0), np.int8)
        return VerdictTable(tuple(item.entry.measure_id for item in active), values)

    def reverse(self, measure_id: str, profiles: Sequence[CompanyProfile], as_of: dt.date) -> list[tuple[int, Match]]:
        """Companies that a measure is for: (position in `profiles`, match), eligible first, then by fewest unknowns.

        Raises:
            InputError: no such measure, or it is not offered at `as_of`.
        """
        active = next((item for item in self.active(as_of) if item.entry.measure_id == measure_id), None)
        if active is None:
            reason = (
                "在查询日期不可申报（已失效、被取代或已截止）" if measure_id in self.library.by_id else "没有这个事项"
            )
            raise InputError([Problem(f"事项编号“{measure_id}”", reason, "可用 huiqi policies list 查看")])
        found = []
        for position, profile in enumerate(profiles):
            run = _Run(self, profile, as_of, self._weights)
            assessed = run.assess(active)
            if assessed.truth is not Truth.FALSE:
                found.append((position, run.explained(Scored(assessed, run.amount(assessed), 0.0, {}), 0)))
        found.sort(key=lambda pair: (pair[1].verdict is not Verdict.ELIGIBLE, len(pair[1].missing), pair[0]))
        return found


class _Run:
    """One company at one date: evaluates once, then ranks and explains what is shown."""

    def __init__(self, matcher: Matcher, profile: CompanyProfile, as_of: dt.date, weights: Weights) -> None:
        self.matcher, self.profile, self.as_of, self.weights = matcher, profile, as_of, weights
        self.columns = columns_of([profile], as_of)
        self.strict = Evaluation(self.columns)
        self.wants = interests_of(profile)
        self.known = {plan: known_fields(profile, plan) for plan in self.columns.plan.tolist()}

    def result(self, k: int, skip: frozenset[str]) -> MatchResult:
        listed, excluded = self.scored()
        shown = tuple(self.explained(item, rank) for rank, item in enumerate(listed[:k], 1))
        return MatchResult(
            as_of=self.as_of,
            company=self.profile.name,
            matches=shown,
            nearest_misses=self._nearest_misses(excluded),
            next_question=self._question(listed[:QUESTION_DEPTH], skip),
            total=combined_total([(s.item.entry, s.amount) for s in listed if s.item.verdict is Verdict.ELIGIBLE]),
            potential=combined_total([(s.item.entry, s.amount) for s in listed[:POTENTIAL_DEPTH]]),
            counts=Counter(scored.item.section for scored in listed),
            notes=tuple(filter(None, (*self.profile.notes, self.matcher.retriever.note))),
            library_version=self.matcher.library.version,
            dense=self.matcher.retriever.dense,
        )

    def scored(self) -> tuple[list[Scored], list[Assessed]]:
        """What no condition excludes, best first, and what some condition excludes."""
        assessed = [self.assess(item) for item in self.matcher.active(self.as_of)]
        left = [item for item in assessed if item.truth is not Truth.FALSE]
        amounts = [self.amount(item) for item in left]
        entries = [item.entry for item in left]
        columns = feature_columns(
            [
                signals(item.entry, self.strict, item.row, amount, self.wants)
                for item, amount in zip(left, amounts, strict=True)
            ],
            self._similarities(entries),
        )
        scores = score(columns, entries, self.weights)
        listed = [
            Scored(left[i], amounts[i], float(scores[i]), {name: float(column[i]) for name, column in columns.items()})
            for i in order(scores, entries)
        ]
        return listed, [item for item in assessed if item.truth is Truth.FALSE]

    def assess(self, active: Active) -> Assessed:
        """Verdict and open points of one measure, without the explanation."""
        bits = self.strict.truth(active.entry.rule)
        row = self.strict.best_row(bits, 0)
        plan = int(self.columns.plan[row])
        truth = bits.at(row)
        waits = Open((), ())
        if truth is Truth.UNKNOWN:
            waits = open_points(active.entry.rule, self.strict, row, self.known[plan])
        return Assessed(active, truth, row, plan, waits)

    def _similarities(self, entries: Sequence[LibraryMeasure]) -> Similarities:
        if not entries:
            return Similarities()
        retriever = self.matcher.retriever
        return retriever.similarities(query_of(self.profile), retriever.rows(entries))

    def amount(self, item: Assessed) -> Amount:
        if item.truth is Truth.FALSE:
            return Amount(None, None, "暂不符合条件，不估算")
        return estimate(item.entry.measure, Row(self.strict, item.row, self.as_of))

    def explained(self, scored: Scored, rank: int) -> Match:
        """The full explanation of one measure; only for what is shown."""
        item = scored.item
        entry = item.entry
        explainer = Explainer(self.strict, item.row, self.profile, item.plan, self.wants.suggested)
        match = Match(
            rank=rank,
            entry=entry,
            verdict=item.verdict,
            section=item.section,
            score=round(scored.score, 6),
            parts=scored.parts,
            conditions=(*explainer.conditions(entry.rule), *_validity(item.active)),
            preferences=tuple(explainer.condition(rule) for rule in entry.preferences),
            missing=item.open.missing,
            manual=item.manual,
            amount=scored.amount,
            window=item.active.window,
            lifecycle=item.active.lifecycle,
            next_step="",
            plan=item.plan,
            cautions=_cautions(entry),
        )
        return match.with_step(next_step(match))

    def _nearest_misses(self, misses: Sequence[Assessed]) -> tuple[Match, ...]:
        """Measures with one condition in the way that the company could do something about, most relevant first."""
        near = [(item, gap) for item in misses if (gap := self._only_gap(item)) is not None]
        if not near:
            return ()
        similar = self._similarities([item.entry for item, _ in near])
        closeness = _closeness(similar, len(near)) - np.array([gap.effort for _, gap in near])
        best = sorted(range(len(near)), key=lambda i: (-round(float(closeness[i]), 9), near[i][0].entry.measure_id))
        return tuple(
            self.explained(Scored(near[i][0], self.amount(near[i][0]), float(closeness[i]), {}), rank)
            for rank, i in enumerate(best[:NEAREST_MISSES], 1)
        )

    def _only_gap(self, item: Assessed) -> Gap | None:
        """The gap of the one condition that is FALSE, if the company can close it with bearable effort."""
        if item.entry.measure.benefit.type == "direction":
            return None
        explainer = Explainer(self.strict, item.row, self.profile, item.plan, self.wants.suggested)
        only: Gap | None = None
        for part in item.entry.rule.parts:
            gap = explainer.gap(part)
            if gap is None:
                continue
            if only is not None or not gap.closable or gap.effort > MAX_GAP_EFFORT:
                return None
            only = gap
        return only

    def _question(self, listed: Sequence[Scored], skip: frozenset[str]) -> Question | None:
        waiting = [
            Listed(scored.item.entry, _question_weight(rank, scored.amount), asked)
            for rank, scored in enumerate(listed, 1)
            if scored.item.truth is Truth.UNKNOWN
            and scored.item.section is not Section.BACKGROUND
            and (asked := tuple(name for name in scored.item.open.missing if name not in skip))
        ]
        return next_question(self.profile, waiting, self.as_of)


def _question_weight(rank: int, amount: Amount) -> float:
    """Higher for what stands further up and what is worth more; a measure without a sum still counts."""
    worth = np.log10(1 + (amount.high_yuan or 0.0) / 10_000)
    return float((1 + worth) / np.log2(rank + 1))


def _closeness(similar: Similarities, n: int) -> NDArray[np.float64]:
    """Mean of the z-scored similarities, float64 (n,)."""
    parts = [getattr(similar, name) for name in SIMILARITIES]
    there = [z_score(part).astype(np.float64) for part in parts if part is not None]
    return np.mean(there, axis=0) if there else np.zeros(n)


def _validity(item: Active) -> tuple[Condition, ...]:
    """A policy of which nobody knows whether it still runs is never shown as 符合: a person has to check."""
    if item.lifecycle is not Lifecycle.UNVERIFIED:
        return ()
    text = "政策目前是否仍然有效（来源未载明有效期，请向主管部门核实）"
    return (Condition(text, None, Truth.UNKNOWN, "须人工核实", text, manual=True),)


_UNREAD = {"exclusions": "不予支持情形", "stacking": "叠加规定", "materials": "申报材料", "channel": "申报渠道",
           "window": "申报时间", "contact": "受理部门"}  # fmt: skip


def _cautions(entry: LibraryMeasure) -> tuple[str, ...]:
    origin = entry.policy.provenance
    notes = []
    if origin.grade == "recalled":
        notes.append("本条依据一般政策知识整理，未核对原文，仅供参考")
    if origin.unverified:
        notes.append(f"{'、'.join(_UNREAD[name] for name in origin.unverified)}为通常做法，未在原文中核实，仅供参考")
    return tuple(notes)
