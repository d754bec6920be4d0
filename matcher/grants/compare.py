"""One measure against companies, twice: on verified facts alone, and on everything that is known.

A company is LISTED if its every condition is TRUE on verified facts alone, and nothing else that is known of it says
otherwise. What only an unverified fact or an unchecked manual condition keeps off the list is NEARLY.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache, cached_property

from matcher.amounts import Row, explained_amount
from matcher.eligibility import Evaluation, Truth
from matcher.explain import Explainer, Open, open_points
from matcher.grants.checks import Answers, answered, mark_of
from matcher.grants.verified import Reader, day_of, inputs_of, needed, vouched
from matcher.results import Amount, Condition
from matcher.store.companies import CompanyRecord
from matcher.store.tables import Json
from matcher.sums import Facts, Range, sums
from policies.companies import CompanyTable, first_rows
from policies.describe import describe
from policies.errors import InputError
from policies.facts import Fact
from policies.fields import registry
from policies.library import LibraryMeasure
from policies.profile import CompanyProfile
from policies.rules import All, AnyOf, Leaf, Manual, Not, Rule
from policies.values import Span

CHECKED = {True: "人工核实：符合", False: "人工核实：不符合"}


class Standing(StrEnum):
    """Where a company stands with a measure."""

    LISTED = "listed"
    CONFLICT = "conflict"
    """Something unverified contradicts what is verified."""
    NEARLY = "nearly"
    """Only verification is missing: of facts, or of manual conditions."""
    OPEN = "open"
    """Something is not known at all."""
    EXCLUDED = "excluded"
    UNREADABLE = "unreadable"


@dataclass(frozen=True)
class Worth:
    """What the verified facts of a listed company give, and what its place rests on.

    Attributes:
        low_yuan: None where no sum can be given.
        preferences: How many of the policy's preferences are met.
        day: When the last condition could be told from verified facts.
        size: Place of its size class, smallest first; the number of classes where it is not known.
    """

    low_yuan: float | None
    high_yuan: float | None
    preferences: int
    day: dt.date
    size: int

    @property
    def order(self) -> tuple[int, int, int]:
        """First by preferences met, then by day, then by size."""
        return (-self.preferences, self.day.toordinal(), self.size)


@dataclass(frozen=True, eq=False)
class Seen:
    """One company compared with the measure.

    Attributes:
        fields: NEARLY: fields that are known but not verified.
        manual: NEARLY: manual conditions that nobody has checked.
        worth: LISTED: what it gets.
    """

    record: CompanyRecord
    standing: Standing
    fields: tuple[str, ...] = ()
    manual: tuple[str, ...] = ()
    worth: Worth | None = None


class Comparison:
    """Compares companies with one measure at one day."""

    def __init__(self, entry: LibraryMeasure, as_of: dt.date) -> None:
        """Note what the measure needs to know."""
        self.entry, self.as_of = entry, as_of
        self._reader = Reader(needed(entry))
        self._rules: dict[tuple[tuple[str, bool], ...], All] = {(): entry.rule}

    def see(self, records: Sequence[CompanyRecord], checks: Mapping[str, Answers]) -> Block:
        """Compare some companies (a thousand or so); `checks` by company_id."""
        readable: list[tuple[CompanyRecord, CompanyProfile, CompanyProfile]] = []
        unreadable = []
        for record in records:
            try:
                whole = self._reader.whole(record)
                sure = self._reader.verified(record, whole)
                whole.check_at(self.as_of)
            except InputError:
                unreadable.append(Seen(record, Standing.UNREADABLE))
                continue
            readable.append((record, whole, sure))
        rules = [self._rule(checks.get(record.company_id, {})) for record, _, _ in readable]
        kept = tuple(record for record, _, _ in readable)
        known = Side.of([whole for _, whole, _ in readable], self.as_of)
        verified = Side.of([sure for _, _, sure in readable], self.as_of)
        return Block(self.entry, self.as_of, kept, tuple(rules), verified, known, checks, tuple(unreadable))

    def _rule(self, answers: Answers) -> All:
        key = tuple(sorted((mark, check.holds) for mark, check in answers.items()))
        if key not in self._rules:
            rule = answered(self.entry.rule, answers)
            assert isinstance(rule, All)
            self._rules[key] = rule
        return self._rules[key]


@dataclass(frozen=True, eq=False)
class Side:
    """Some companies, in rows, as far as one wants to know them.

    Attributes:
        bounds: First row of each company, and the number of rows.
    """

    profiles: Sequence[CompanyProfile]
    table: CompanyTable
    evaluation: Evaluation
    bounds: list[int]

    @classmethod
    def of(cls, profiles: Sequence[CompanyProfile], as_of: dt.date) -> Side:
        """Lay them out and evaluate."""
        table = CompanyTable.of(profiles)
        starts = first_rows(table.company).tolist() if profiles else []
        return cls(profiles, table, Evaluation(table.columns(as_of)), [*starts, len(table.company)])

    def best(self, number: int, rule: Rule) -> tuple[Truth, int]:
        """Best truth of a rule for one company, and the first row that has it."""
        bits = self.evaluation.truth(rule)
        rows = range(self.bounds[number], self.bounds[number + 1])
        row = max(rows, key=lambda each: (bits.at(each), -each))
        return bits.at(row), row

    def open(self, rule: All, row: int) -> Open:
        """What a rule waits for in one row."""
        return open_points(rule, self.evaluation, row, self.table.stated.known(row))


@dataclass(frozen=True, eq=False)
class Block:
    """Some companies compared.

    Attributes:
        records: Those that can be read.
        rules: The measure's rule for each, with what was checked for it.
        verified: The companies by their verified facts.
        known: The companies by all their facts.
        checks: What was checked, by company_id.
    """

    entry: LibraryMeasure
    as_of: dt.date
    records: tuple[CompanyRecord, ...]
    rules: tuple[All, ...]
    verified: Side
    known: Side
    checks: Mapping[str, Answers]
    unreadable: tuple[Seen, ...]

    def seen(self) -> Iterator[Seen]:
        """Where each company stands."""
        yield from self.unreadable
        for number in range(len(self.records)):
            yield self._one(number)

    def listed(self) -> Iterator[tuple[Seen, Proof]]:
        """The companies that get the measure, with what proves it."""
        for number in range(len(self.records)):
            seen = self._one(number)
            if seen.standing is Standing.LISTED:
                yield seen, Proof(self, number, self.verified.best(number, self.rules[number])[1])

    def _one(self, number: int) -> Seen:
        record, rule = self.records[number], self.rules[number]
        sure, row = self.verified.best(number, rule)
        truth, known_row = self.known.best(number, rule)
        if sure is Truth.TRUE:
            if truth is not Truth.TRUE:
                return Seen(record, Standing.CONFLICT)
            return Seen(record, Standing.LISTED, worth=self.worth(number, row))
        if truth is Truth.FALSE:
            return Seen(record, Standing.EXCLUDED)
        waits = self.known.open(rule, known_row) if truth is Truth.UNKNOWN else Open((), ())
        if waits.missing:
            return Seen(record, Standing.OPEN)
        if sure is Truth.FALSE:
            return Seen(record, Standing.CONFLICT)
        fields = self.verified.open(rule, row).missing
        return Seen(record, Standing.NEARLY, fields, waits.manual)

    def worth(self, number: int, row: int) -> Worth:
        """What a company gets whose every condition is TRUE in a row of the verified ones."""
        low, high = (float(end[row]) for end in self._sums)
        evaluation = self.verified.evaluation
        met = sum(evaluation.truth(rule).at(row) is Truth.TRUE for rule in self.entry.preferences)
        priced = not math.isnan(high)
        day = Proof(self, number, row).day
        return Worth(low if priced else None, high if priced else None, met, day, self._sizes[number])

    @cached_property
    def _sizes(self) -> dict[int, int]:
        """Place of the size class of each company that every condition fits, by its verified facts."""
        fitting = [n for n, rule in enumerate(self.rules) if self.verified.best(n, rule)[0] is Truth.TRUE]
        if not fitting:
            return {}
        columns = CompanyTable.of([_sized(self.records[number]) for number in fitting]).columns(self.as_of)
        facts = [columns.fact("size", row) for row in first_rows(columns.company).tolist()]
        classes = len(registry()["size"].classes)
        places = [int(fact.hi) if isinstance(fact, Span) and fact.exact else classes for fact in facts]
        return dict(zip(fitting, places, strict=True))

    @cached_property
    def _sums(self) -> Range:
        return sums(self.entry.measure, Facts(self.verified.evaluation, self.as_of))


@cache
def _size_reader() -> Reader:
    return Reader(frozenset(inputs_of("size")))


def _sized(record: CompanyRecord) -> CompanyProfile:
    """What tells the size of a company, as far as it is verified; nothing where that cannot be read."""
    try:
        return _size_reader().verified(record, _size_reader().whole(record))
    except InputError:
        return CompanyProfile.model_construct(facts={}, plans=(), texts={}, uscc=None, notes=())


@dataclass(frozen=True, eq=False)
class Proof:
    """Why one company is listed.

    Attributes:
        number: Its place in the block; `row` its row among the verified ones.
    """

    block: Block
    number: int
    row: int

    @property
    def record(self) -> CompanyRecord:
        """The company."""
        return self.block.records[self.number]

    @property
    def day(self) -> dt.date:
        """When the last condition could be told from verified facts."""
        return self._day(self.block.entry.rule) or self.record.changed_at.date()

    def amount(self) -> Amount:
        """What its verified facts give, with the reason."""
        worth = self.block.worth(self.number, self.row)
        row = Row(self.block.verified.evaluation, self.row, self.block.as_of)
        low, high = (math.nan if end is None else end for end in (worth.low_yuan, worth.high_yuan))
        found = explained_amount(self.block.entry.measure, row, low, high)
        return Amount(worth.low_yuan, worth.high_yuan, found.trace, found.needs, found.money)

    def evidence(self) -> list[Json]:
        """One for each condition: what it asks, what the company has, who vouches for it and since when."""
        profile = self.block.verified.profiles[self.number]
        plan = int(self.block.verified.evaluation.columns.plan[self.row])
        stated: dict[str, Fact] = {**profile.facts, **(profile.plans[plan].facts if plan >= 0 else {})}
        explainer = Explainer(self.block.verified.evaluation, self.row, stated, {})
        return [self._line(part, explainer.condition(part)) for part in self.block.entry.rule.parts]

    def _line(self, part: Rule, condition: Condition) -> Json:
        leaves = list(self._grounds(part))
        observed = [one.observed for one in condition.walk() if not one.manual and one.truth is not Truth.UNKNOWN]
        vouchers: dict[tuple[str, str, str], Json] = {}
        for leaf in leaves:
            for what, by, day in self._vouchers(leaf):
                vouchers[what, by, day] = {"fact": what, "by": by, "on": day}
            if isinstance(leaf, Manual):
                observed.append(CHECKED[self._answers[mark_of(leaf)].holds])
        return {
            "asks": describe(part),
            "requires": condition.required,
            "has": "；".join(dict.fromkeys(observed)),
            "verified": list(vouchers.values()),
        }

    def _vouchers(self, leaf: Leaf) -> Iterator[tuple[str, str, str]]:
        if isinstance(leaf, Manual):
            check = self._answers[mark_of(leaf)]
            yield "人工核实的条件", check.by, check.day.isoformat()
            return
        for name, source in vouched(self.record, registry()[leaf.field].name):
            yield registry()[name].label, source.by, source.on.isoformat()

    @property
    def _answers(self) -> Answers:
        return self.block.checks.get(self.record.company_id, {})

    def _truth(self, rule: Rule) -> Truth:
        return self.block.verified.evaluation.truth(answered(rule, self._answers)).at(self.row)

    def _grounds(self, rule: Rule) -> Iterator[Leaf]:
        """The leaves on which a decided rule rests."""
        match rule:
            case All(parts=parts) | AnyOf(parts=parts):
                truth = self._truth(rule)
                for part in parts:
                    if self._truth(part) is truth:
                        yield from self._grounds(part)
            case Not(part=part):
                yield from self._grounds(part)
            case _:
                yield rule

    def _day(self, rule: Rule) -> dt.date | None:
        """When a decided rule could first be told; None for one that needs no fact."""
        match rule:
            case Not(part=part):
                return self._day(part)
            case All(parts=parts) | AnyOf(parts=parts):
                truth = self._truth(rule)
                days = [day for part in parts if self._truth(part) is truth and (day := self._day(part))]
                # One part decides an AnyOf that is TRUE and an All that is FALSE; otherwise all parts have to.
                enough = min if isinstance(rule, AnyOf) is (truth is Truth.TRUE) else max
                return enough(days) if days else None
            case Manual():
                return self._answers[mark_of(rule)].day
            case _:
                return day_of(self.record, registry()[rule.field].name)
