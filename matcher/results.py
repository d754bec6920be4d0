"""What a match is: verdict, conditions with observed and required values, gap, amount, window, next step."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

from matcher.eligibility import Truth
from policies.library import LibraryMeasure
from policies.lifecycle import Lifecycle, WindowState


class Verdict(StrEnum):
    """The verdict on a measure: TRUE, UNKNOWN or FALSE of its whole rule."""

    ELIGIBLE = "eligible"
    POSSIBLE = "possible"
    INELIGIBLE = "ineligible"

    @classmethod
    def of(cls, truth: Truth) -> Verdict:
        """The verdict of a Kleene truth."""
        return {Truth.TRUE: cls.ELIGIBLE, Truth.UNKNOWN: cls.POSSIBLE, Truth.FALSE: cls.INELIGIBLE}[truth]


class Section(StrEnum):
    """Heading under which a measure is shown.

    BACKGROUND holds what only sets a direction: there is nothing to apply for, whatever its verdict.
    """

    ELIGIBLE = "符合"
    TO_CHECK = "基本符合，须核实"
    TO_ANSWER = "可能符合，还差信息"
    BACKGROUND = "方向性文件"
    NOT_NOW = "暂不符合"


@dataclass(frozen=True)
class Gap:
    """What is missing to a condition that is FALSE.

    Attributes:
        text: In Chinese ("还差 研发费用 12 万元", "先认定：专精特新中小企业").
        closable: Whether the company can do something about it (not its region or industry).
        effort: Rough share of the way still to go, 0 (almost there) to 1 and more.
    """

    text: str
    closable: bool
    effort: float


@dataclass(frozen=True)
class Condition:
    """One line of the explanation.

    Attributes:
        field: Registry name; None for a manual check or a composite.
        observed: What the company has, in Chinese ("未填写" if unknown).
        required: What the rule asks for, in Chinese.
        parts: The lines of a composite (any, not, all).
        hint: A guess from the plan's text, offered and never counted.
    """

    text: str
    field: str | None
    truth: Truth
    observed: str
    required: str
    manual: bool = False
    gap: Gap | None = None
    parts: tuple[Condition, ...] = ()
    hint: str = ""

    def walk(self) -> tuple[Condition, ...]:
        """This line and every line below it that is a leaf."""
        return tuple(leaf for part in self.parts for leaf in part.walk()) if self.parts else (self,)


@dataclass(frozen=True)
class Amount:
    """What a measure is worth to one company.

    Attributes:
        low_yuan: Lower end; None if no sum can be given.
        high_yuan: Upper end; None likewise.
        trace: How it was worked out, in Chinese, or why there is no sum.
        needs: Registry fields that would allow a sum.
        money: Whether the measure gives money at all.
    """

    low_yuan: float | None
    high_yuan: float | None
    trace: str
    needs: tuple[str, ...] = ()
    money: bool = True


@dataclass(frozen=True)
class Match:
    """One measure for one company."""

    rank: int
    entry: LibraryMeasure = field(repr=False)
    verdict: Verdict
    section: Section
    score: float
    parts: Mapping[str, float]
    conditions: tuple[Condition, ...]
    preferences: tuple[Condition, ...]
    missing: tuple[str, ...]
    manual: tuple[str, ...]
    amount: Amount
    window: WindowState
    lifecycle: Lifecycle
    next_step: str
    plan: int
    cautions: tuple[str, ...] = ()

    def with_step(self, text: str) -> Match:
        """The match with its next step."""
        return replace(self, next_step=text)

    @property
    def gaps(self) -> tuple[Gap, ...]:
        """The gaps of the top-level conditions that are FALSE."""
        return tuple(c.gap for c in self.conditions if c.truth is Truth.FALSE and c.gap is not None)


@dataclass(frozen=True)
class Question:
    """The question whose answer is expected to change the result list most.

    Attributes:
        field: Registry name of the fact asked for.
        affects: Titles of measures that the answer could decide.
        weight: Expected change, in arbitrary units (only the order matters).
    """

    field: str
    text: str
    help: str
    options: tuple[str, ...]
    affects: tuple[str, ...]
    weight: float


@dataclass(frozen=True)
class Total:
    """The sum over measures that a company can combine.

    Attributes:
        counted: measure ids in the sum.
        left_out: measure id to the reason why it is not added.
    """

    low_yuan: float
    high_yuan: float
    counted: tuple[str, ...]
    left_out: Mapping[str, str]


@dataclass(frozen=True)
class MatchResult:
    """The answer for one company at one date.

    Attributes:
        total: What the measures that surely fit are worth together.
        potential: What the first POTENTIAL_DEPTH measures are worth together if every one of them fits.
        counts: Number of measures by section, of all that no condition excludes.
        dense: Whether meaning was compared, not only words.
    """

    as_of: dt.date
    company: str
    matches: tuple[Match, ...]
    nearest_misses: tuple[Match, ...]
    next_question: Question | None
    total: Total
    potential: Total
    counts: Mapping[Section, int]
    notes: tuple[str, ...]
    library_version: str
    dense: bool
