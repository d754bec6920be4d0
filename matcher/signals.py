"""What the ranking looks at besides similarity: a few readable numbers for every measure and every company of a table.

A `Program` holds what the measures ask as index arrays over distinct rules, made once for a library and a date. The
rules are evaluated once per table, and a handful of array operations give every signal of every pair.
"""

from __future__ import annotations

import datetime as dt
import functools
import json
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from importlib import resources
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from matcher.eligibility import Cuts, Evaluation, Truth
from matcher.explain import may_close
from matcher.suggest import Suggested, suggestions
from matcher.sums import YUAN_PER_WAN, Facts, amount_rules, sums
from policies.columns import Bools, Floats
from policies.companies import CompanyTable, first_rows
from policies.facts import spans_of
from policies.fields import registry
from policies.industries import industries
from policies.library import LibraryMeasure
from policies.rules import Has, Manual, OneOf, Rule, leaves
from policies.vocabulary import vocabularies

FINANCE = frozenset({"interest", "guarantee", "credit_line"})
MAX_COUNT = 6
"""Counts of conditions and questions are cut here and scaled to [0, 1]."""
Ints = NDArray[np.int64]
_T = TypeVar("_T", bound=np.generic)


@dataclass(frozen=True, eq=False)
class Interests:
    """What n companies' own words say they are after.

    Attributes:
        themes: Themes whose words occur in a company's plans and needs, bool (n, themes), in the order of `THEMES`.
        suggested: What a company's words suggest about set fields, n mappings.
        loan_planned: Whether some plan has a loan above zero, bool (n,).
    """

    themes: Bools
    suggested: tuple[Suggested, ...]
    loan_planned: Bools


def interests_of(table: CompanyTable) -> Interests:
    """Read the plans and needs of every company."""
    words = own_words(table)
    loan = table.stated.spans.get("loan_wan")
    planned = np.zeros(len(table), dtype=bool)
    if loan is not None:
        planned[table.company[np.isfinite(loan.hi) & (loan.hi > 0)]] = True
    themes = np.array([_themes(text) for text in words], dtype=bool).reshape(len(table), len(theme_words()))
    return Interests(themes, tuple(suggestions(text) for text in words), planned)


def own_words(table: CompanyTable) -> list[str]:
    """Plans and needs of every company in one text each."""
    return [
        " ".join([*plans, needs]) for plans, needs in zip(table.plans_in_words(), table.texts["needs"], strict=True)
    ]


@functools.lru_cache(maxsize=4096)
def _themes(text: str) -> tuple[bool, ...]:
    return tuple(any(word in text for word in words) for words in theme_words().values())


@functools.cache
def theme_words() -> dict[str, list[str]]:
    """Theme to the words that speak of it."""
    words: dict[str, list[str]] = json.loads(
        resources.files("matcher").joinpath("data/theme_words.json").read_text("utf-8")
    )
    return words


class Groups:
    """For each measure some of the program's rules, as one index array; sums and maxima over each group in one go."""

    def __init__(self, groups: Iterable[Sequence[int]], nothing: int) -> None:
        """Take the places of each group; `nothing` is a place that adds nothing and ends every group."""
        members = [[*group, nothing] for group in groups]
        self.index = np.array([place for group in members for place in group], dtype=np.int64)
        self.sizes = np.array([len(group) - 1 for group in members], dtype=np.int64)
        self._starts = np.cumsum([0, *(len(group) for group in members)])[:-1]

    def count(self, flags: Bools) -> Ints:
        """How many of each group are set, int64 (groups, n); `flags` is bool (places, n)."""
        counted: Ints = np.add.reduceat(flags[self.index], self._starts, axis=0, dtype=np.int64)
        return counted

    def largest(self, values: Floats) -> Floats:
        """The largest value of each group, float64 (groups, n); `values` is float64 (places, n)."""
        return np.maximum.reduceat(values[self.index], self._starts, axis=0)


class Program:
    """What m measures ask, made once and evaluated over any number of companies.

    Attributes:
        entries: The measures.
        cuts: Ends of every interval that is asked for.
        parts: The conditions of each measure (the parts of its rule).
        policy: Number of each measure's policy, int64 (m,).
    """

    def __init__(self, entries: Sequence[LibraryMeasure]) -> None:
        """Number the distinct rules of the measures."""
        self.entries = tuple(entries)
        self._rules: list[Rule] = []
        self._place: dict[int, int] = {}
        asked = [[leaf for leaf in leaves(e.rule) if not isinstance(leaf, Manual)] for e in self.entries]
        own = [self._number([entry.rule]) for entry in self.entries]
        parts = [self._number(entry.rule.parts) for entry in self.entries]
        preferences = [self._number(entry.preferences) for entry in self.entries]
        honours = [self._number([leaf for leaf in found if leaf.field == "honours"]) for found in asked]
        held = [self._number([leaf for leaf in found if _is_status(leaf)]) for found in asked]
        industry = [self._number([leaf for leaf in found if leaf.field == "industry_code"]) for found in asked]
        hints = [self._number([leaf for leaf in found if isinstance(leaf, Has)]) for found in asked]
        closable = [[p for p in found if may_close(self._rules[p])] for found in parts]
        nothing = len(self._rules)
        self._own = np.array([places[0] for places in own], dtype=np.int64)
        self.parts, self._preferences = Groups(parts, nothing), Groups(preferences, nothing)
        self._honours, self._industry = Groups(honours, nothing), Groups(industry, nothing)
        self._held = Groups(held, nothing)
        self._hints, self._closable = Groups(hints, nothing), Groups(closable, nothing)
        self._specific = np.array([*(_specific(rule) for rule in self._rules), 0.0])
        self._suggests = _by_term(self._rules)
        self.cuts = Cuts(rule for entry in self.entries for rule in _asked_by(entry))
        self.policy = np.unique([entry.policy.policy_id for entry in self.entries], return_inverse=True)[1]
        kinds = [entry.measure.benefit.type for entry in self.entries]
        self._finance = np.array([kind in FINANCE for kind in kinds], dtype=bool)
        self.direction = np.array([kind == "direction" for kind in kinds], dtype=bool)
        self._title = np.array([kind == "honour" for kind in kinds], dtype=bool)
        themes = [[theme in entry.policy.themes for theme in theme_words()] for entry in self.entries]
        self._themes = np.array(themes, dtype=bool).reshape(len(self.entries), len(theme_words()))

    def _number(self, rules: Sequence[Rule]) -> list[int]:
        for rule in rules:
            if id(rule) not in self._place:
                self._place[id(rule)] = len(self._rules)
                self._rules.append(rule)
        return [self._place[id(rule)] for rule in rules]

    def truths(self, evaluation: Evaluation) -> NDArray[np.int8]:
        """Truth of every distinct rule for every row, int8 (rules + 1, rows); the last line is FALSE throughout."""
        n = evaluation.columns.n
        found = [evaluation.truth(rule) for rule in self._rules]
        certain, possible = (_stack(bits, n) for bits in ([b.certain for b in found], [b.possible for b in found]))
        values = certain.astype(np.int8) + possible.astype(np.int8) - np.int8(1)
        return np.concatenate([values, np.full((1, n), Truth.FALSE, dtype=np.int8)])


def _is_status(leaf: Rule) -> bool:
    """Whether a condition asks for what a company would name if it had it: a title, a platform, an entry in a list.

    A sum for holders of it says little about a company that has not named it.
    """
    return isinstance(leaf, Has) and registry()[leaf.field].exhaustive


def _asked_by(entry: LibraryMeasure) -> Iterator[Rule]:
    """Every rule that is evaluated for a measure: its conditions, its preferences, and those of its amount."""
    yield entry.rule
    yield from entry.preferences
    yield from amount_rules(entry.measure)


def _stack(bits: Sequence[int], n: int) -> Bools:
    """Packed bitmaps as bool (bitmaps, n)."""
    width = (n + 7) // 8
    lines = np.frombuffer(b"".join(each.to_bytes(width, "little") for each in bits), dtype=np.uint8)
    return np.unpackbits(lines.reshape(len(bits), width), axis=1, count=n, bitorder="little").astype(bool)


def _by_term(rules: Sequence[Rule]) -> dict[tuple[str, str], list[int]]:
    """(set field, term) to the places of the leaves that ask for the term."""
    found: dict[tuple[str, str], list[int]] = {}
    for place, rule in enumerate(rules):
        if isinstance(rule, Has):
            vocabulary = vocabularies()[registry()[rule.field].vocabulary]
            for term in dict.fromkeys(vocabulary.canonical(item) for item in rule.items or rule.every):
                found.setdefault((registry()[rule.field].name, term), []).append(place)
    return found


@dataclass(frozen=True, eq=False)
class Pairs:
    """Every measure of a program for every company of a table.

    Attributes:
        truth: Truth of the rule in the company's best row, int8 (n, m).
        row: That row, int64 (n, m).
        low: What it is worth at least, yuan, float64 (n, m); NaN where no sum can be given or the rule is FALSE.
        high: What it is worth at most, likewise.
        open: Number of conditions that are UNKNOWN, int64 (n, m).
        near: Whether exactly one condition is in the way and a company can do something about it, bool (n, m).
        signals: Name to float64 (n, m), each in [0, 1] or a small number.
    """

    truth: NDArray[np.int8]
    row: Ints
    low: Floats
    high: Floats
    open: Ints
    near: Bools
    signals: dict[str, Floats]


def pairs(program: Program, table: CompanyTable, evaluation: Evaluation, as_of: dt.date, wants: Interests) -> Pairs:
    """Look at every pair.

    Args:
        program: The m measures.
        table: The n companies.
        evaluation: Of the table's columns at `as_of`.
        as_of: Query date, for published rates.
        wants: What the companies are after.
    """
    truths = program.truths(evaluation)
    row = _best_rows(truths[program._own], table)
    measure = np.arange(len(program.entries))

    def pick(values: NDArray[_T]) -> NDArray[_T]:
        return np.ascontiguousarray(values[measure, row])

    truth = pick(truths[program._own])
    is_true, is_open, is_false = truths == Truth.TRUE, truths == Truth.UNKNOWN, truths == Truth.FALSE
    satisfied, open_ = (pick(program.parts.count(flags)) for flags in (is_true, is_open))
    in_the_way = program.parts.sizes - satisfied - open_
    is_false[-1] = False
    near = (truth == Truth.FALSE) & (in_the_way == 1) & (pick(program._closable.count(is_false)) > 0)
    low, high = _amounts(program, evaluation, as_of, truth, pick)
    wishes = pick(program._preferences.count(is_true)) / np.maximum(program._preferences.sizes, 1)
    hinted = is_open & _suggested(program, wants, table)
    specific = np.where(is_true, program._specific[:, None], 0.0)
    loans, finance = wants.loan_planned[:, None], program._finance
    financing = wants.themes[:, list(theme_words()).index("融资")][:, None]
    found = {
        "hint": pick(program._hints.count(hinted)) > 0,
        "eligible": truth == Truth.TRUE,
        "unknown": _share(open_),
        "satisfied": _share(satisfied),
        "honour_held": pick(program._honours.count(is_true)) > 0,
        "honour_unknown": pick(program._honours.count(is_open)) > 0,
        "industry_specific": pick(program._industry.largest(specific)),
        "amount": np.log10(1 + np.nan_to_num(high) / YUAN_PER_WAN) * (pick(program._held.count(is_open)) == 0),
        "loan_planned": finance & loans,
        "loan_absent": finance & ~loans,
        "finance_asked": finance & financing,
        "theme": (wants.themes.astype(np.float64) @ program._themes.T.astype(np.float64)) > 0,
        "preferences": wishes,
        "direction": np.broadcast_to(program.direction, truth.shape),
        "title": np.broadcast_to(program._title, truth.shape),
    }
    return Pairs(truth, row, low, high, open_, near, {name: each.astype(np.float64) for name, each in found.items()})


def _best_rows(truth: NDArray[np.int8], table: CompanyTable) -> Ints:
    """The first row of each company with its best truth, int64 (n, m); `truth` is int8 (m, rows)."""
    rows = len(table.company)
    if rows == len(table):
        return np.broadcast_to(np.arange(rows)[:, None], (rows, len(truth)))
    starts = first_rows(table.company)
    best = np.maximum.reduceat(truth, starts, axis=1)[:, table.company]
    first: Ints = np.minimum.reduceat(np.where(truth == best, np.arange(rows), rows), starts, axis=1)
    return first.T


def _amounts(
    program: Program, evaluation: Evaluation, as_of: dt.date, truth: NDArray[np.int8], pick: Callable[..., Floats]
) -> tuple[Floats, Floats]:
    """Sums of the pairs that no condition excludes."""
    facts, columns = Facts(evaluation, as_of), np.full((2, len(program.entries), evaluation.columns.n), np.nan)
    for place in np.flatnonzero((truth != Truth.FALSE).any(axis=0)).tolist():
        columns[:, place] = sums(program.entries[place].measure, facts)
    low, high = (np.where(truth == Truth.FALSE, np.nan, pick(column)) for column in columns)
    return low, high


def _suggested(program: Program, wants: Interests, table: CompanyTable) -> Bools:
    """Leaves that ask for a term which the company's words suggest, bool (rules + 1, rows)."""
    found = np.zeros((len(program._specific), len(table)), dtype=bool)
    for company, suggested in enumerate(wants.suggested):
        for name, terms in suggested.items():
            for term in terms:
                found[program._suggests.get((name, term), ()), company] = True
    return found[:, table.company]


def _share(counts: Ints) -> Floats:
    return np.minimum(counts, MAX_COUNT) / MAX_COUNT


def _specific(rule: Rule) -> float:
    """How narrow an industry condition is: 0 for every industry, 3 for one in a thousand."""
    if not isinstance(rule, OneOf) or rule.field != "industry_code":
        return 0.0
    covered = sum(span.hi - span.lo + 1 for span in spans_of(registry()["industry_code"], rule))
    return -math.log10(covered / industries().size)
