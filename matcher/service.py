"""The façade: `Matcher` turns profiles into matches with reasons, amounts, gaps and the next question."""

from __future__ import annotations

import datetime as dt
from collections import Counter, OrderedDict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Lock

import numpy as np
from numpy.typing import NDArray

from index.encoder import lazy_encoder
from matcher.assessment import Active, Assessed, Assessment, Offer
from matcher.brief import CompanyRows, company_rows
from matcher.eligibility import Evaluation, Truth
from matcher.questions import Listed, next_question
from matcher.ranking import Weights, shipped_weights
from matcher.results import Match, MatchResult, Question, Section
from matcher.retrieval import Retriever, queries_of
from matcher.steps import next_step
from matcher.sums import YUAN_PER_WAN
from policies.companies import CompanyTable
from policies.errors import InputError, Problem
from policies.library import Library, LibraryMeasure, load_library
from policies.profile import CompanyProfile

BLOCK_COMPANIES = 1000
"""Companies that `match_table` looks at together: some 50 MB of arrays."""
ENCODED_COMPANIES = 10_000
"""Companies whose texts are encoded in one call; their vectors fit into the cache."""
POTENTIAL_DEPTH = 20
"""Measures at the top of the list that the potential sum looks at; further down it would add up unlikely ones."""
KEPT_OFFERS = 16
"""Dates whose offers are kept: callers choose the date, and each takes some 250 KB."""
QUESTION_DEPTH = 40
"""Measures at the top of the list that a question may decide."""


@dataclass(frozen=True)
class Scored:
    """A measure on the list, with its place in the order still to be told.

    Attributes:
        parts: Feature values behind the score.
    """

    item: Assessed
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
        self._offers: OrderedDict[dt.date, Offer] = OrderedDict()
        self._offers_lock = Lock()

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
        return cls(loaded, Retriever(loaded, lazy_encoder(model, batch=batch) if dense else None))

    def offer(self, as_of: dt.date) -> Offer:
        """What may be offered at a date; kept for the KEPT_OFFERS dates that were asked for last."""
        with self._offers_lock:
            if as_of not in self._offers:
                self._offers[as_of] = Offer.at(self.library, self.retriever, as_of)
            self._offers.move_to_end(as_of)
            while len(self._offers) > KEPT_OFFERS:
                self._offers.popitem(last=False)
            return self._offers[as_of]

    def active(self, as_of: dt.date) -> tuple[Active, ...]:
        """Measures that may be offered at a date: in force (or not known to have ended) and not closed."""
        return self.offer(as_of).active

    def assess(self, table: CompanyTable, as_of: dt.date, weights: Weights | None = None) -> Assessment:
        """Every measure on offer for every company of a table (a few thousand; see `match_table` for more)."""
        return Assessment.of(self.offer(as_of), table, self.retriever, weights or self._weights)

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

    def explain(self, profile: CompanyProfile, measure_id: str, as_of: dt.date) -> Match:
        """One measure for one company, whatever its verdict; rank 0.

        Raises:
            InputError: no such measure, or it is not offered at `as_of`.
        """
        return _Run(self, profile, as_of, self._weights).explained(self.place(measure_id, as_of), 0)

    def place(self, measure_id: str, as_of: dt.date) -> int:
        """Place of a measure in the offer of a date.

        Raises:
            InputError: no such measure, or it is not offered at `as_of`.
        """
        for place, item in enumerate(self.active(as_of)):
            if item.entry.measure_id == measure_id:
                return place
        known = measure_id in self.library.by_id
        reason = "在查询日期不可申报（已失效、被取代或已截止）" if known else "没有这个事项"
        raise InputError([Problem(f"事项编号“{measure_id}”", reason, "可用 huiqi policies list 查看")])

    def scored(self, profile: CompanyProfile, as_of: dt.date, weights: Weights | None = None) -> list[Scored]:
        """Every measure that no condition excludes, best first, unexplained; for evaluation and learning."""
        view = _Run(self, profile, as_of, weights or self._weights).view
        return [Scored(view.assessed(place), view.score(place), view.parts(place)) for place in view.listed]

    def match_many(self, profiles: Sequence[CompanyProfile], as_of: dt.date, k: int = 10) -> list[MatchResult]:
        """Match several companies; the same lists as `match` gives one by one."""
        self.encode_ahead(CompanyTable.of(profiles))
        return [self.match(profile, as_of, k) for profile in profiles]

    def match_table(self, table: CompanyTable, as_of: dt.date, k: int = 10) -> Iterator[CompanyRows]:
        """Match a whole table; the same lists as `match` gives one by one, in rows instead of full explanations.

        Args:
            table: n companies; memory is for BLOCK_COMPANIES of them, and for the vectors of their texts.
            as_of: The day to answer for; the caller has checked the profiles against it (`CompanyProfile.check_at`).
            k: Number of matches for each company, 1 or more.

        Yields:
            For each company in turn its matches, its nearest misses and the sum of what surely fits.
        """
        if k < 1:
            raise InputError([Problem("返回条数（k）", f"应为 1 或更大，收到 {k}")])
        for part in _cut(table, ENCODED_COMPANIES):
            self.encode_ahead(part)
            for block in _cut(part, BLOCK_COMPANIES):
                seen = self.assess(block, as_of)
                for number in range(len(block)):
                    yield company_rows(seen.company(number), k)

    def encode_ahead(self, table: CompanyTable) -> None:
        """Encode the texts of many companies in one call, which is faster than one by one."""
        self.retriever.encode_ahead([query.whole for query in queries_of(table)])

    def verdicts(self, profiles: Sequence[CompanyProfile], as_of: dt.date) -> VerdictTable:
        """Truth of every active measure for every company, without ranking or texts."""
        offer = self.offer(as_of)
        columns = CompanyTable.of(profiles).columns(as_of)
        evaluation = Evaluation(columns, cuts=offer.program.cuts if columns.n > 1 else None)
        values = np.empty((len(profiles), len(offer.active)), dtype=np.int8)
        for place, item in enumerate(offer.active):
            ceiling = Truth.UNKNOWN if offer.unverified[place] else Truth.TRUE
            values[:, place] = np.minimum(evaluation.per_company(evaluation.truth(item.entry.rule)), np.int8(ceiling))
        return VerdictTable(tuple(item.entry.measure_id for item in offer.active), values)

    def reverse(self, measure_id: str, profiles: Sequence[CompanyProfile], as_of: dt.date) -> list[tuple[int, Match]]:
        """Companies that a measure is for: (position in `profiles`, match).

        Eligible ones come first, then those with the fewest open conditions, then those for which it is worth most; for
        millions of companies see `matcher.reverse`.

        Raises:
            InputError: no such measure, or it is not offered at `as_of`.
        """
        place = self.place(measure_id, as_of)
        runs = [_Run(self, profile, as_of, self._weights) for profile in profiles]
        left = [position for position, run in enumerate(runs) if place in run.view.listed]

        def key(position: int) -> tuple[bool, int, float, int]:
            view = runs[position].view
            worth = view.sum(place)
            return (place not in view.sure, view.open(place), -(worth[1] if worth else 0.0), position)

        return [(position, runs[position].explained(place, 0)) for position in sorted(left, key=key)]


def _cut(table: CompanyTable, size: int) -> Iterator[CompanyTable]:
    for start in range(0, len(table), size):
        yield table.take(start, min(start + size, len(table)))


class _Run:
    """One company at one date: assessed as a table of one, then explained where it is shown."""

    def __init__(self, matcher: Matcher, profile: CompanyProfile, as_of: dt.date, weights: Weights) -> None:
        self.matcher, self.profile, self.as_of = matcher, profile, as_of
        plans = [plan.facts for plan in profile.plans] or [{}]
        stated = {row: {**profile.facts, **own} for row, own in enumerate(plans)}
        self.view = matcher.assess(CompanyTable.of([profile]), as_of, weights).company(0, stated)

    def result(self, k: int, skip: frozenset[str]) -> MatchResult:
        view = self.view
        assessed = [(place, view.assessed(place)) for place in view.listed]
        misses = enumerate(view.nearest_misses(), 1)
        return MatchResult(
            as_of=self.as_of,
            company=self.profile.name,
            matches=tuple(self.explained(place, rank) for rank, (place, _) in enumerate(assessed[:k], 1)),
            nearest_misses=tuple(self.explained(place, rank, closeness) for rank, (place, _, closeness) in misses),
            next_question=self._question(assessed[:QUESTION_DEPTH], skip),
            total=view.total(view.sure),
            potential=view.total(view.listed[:POTENTIAL_DEPTH]),
            counts=Counter(item.section for _, item in assessed),
            notes=tuple(filter(None, (*self.profile.notes, self.matcher.retriever.note))),
            library_version=self.matcher.library.version,
            dense=self.matcher.retriever.dense,
        )

    def explained(self, place: int, rank: int, closeness: float | None = None) -> Match:
        """The full explanation of one measure; only for what is shown. A near miss is scored by its closeness."""
        item = self.view.assessed(place)
        entry = item.entry
        explainer = self.view.explainer(item.row)
        match = Match(
            rank=rank,
            entry=entry,
            verdict=item.verdict,
            section=item.section,
            score=round(self.view.score(place) if closeness is None else closeness, 6),
            parts=self.view.parts(place) if closeness is None else {},
            conditions=(*explainer.conditions(entry.rule), *item.active.validity),
            preferences=tuple(explainer.condition(rule) for rule in entry.preferences),
            missing=item.open.missing,
            manual=item.manual,
            amount=self.view.amount(place),
            window=item.active.window,
            lifecycle=item.active.lifecycle,
            next_step="",
            plan=item.plan,
            cautions=_cautions(entry),
        )
        gaps = [gap.text for gap in match.gaps]
        step = next_step(entry, item.verdict, item.active.window, gaps=gaps, missing=match.missing, manual=match.manual)
        return match.with_step(step)

    def _question(self, listed: Sequence[tuple[int, Assessed]], skip: frozenset[str]) -> Question | None:
        waiting = [
            Listed(item.entry, _question_weight(rank, self.view.sum(place)), asked)
            for rank, (place, item) in enumerate(listed, 1)
            if item.truth is Truth.UNKNOWN
            and item.section is not Section.BACKGROUND
            and (asked := tuple(name for name in item.open.missing if name not in skip))
        ]
        return next_question(self.profile, waiting, self.as_of)


def _question_weight(rank: int, worth_yuan: tuple[float, float] | None) -> float:
    """Higher for what stands further up and what is worth more; a measure without a sum still counts."""
    worth = np.log10(1 + (worth_yuan[1] if worth_yuan else 0.0) / YUAN_PER_WAN)
    return float((1 + worth) / np.log2(rank + 1))


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
