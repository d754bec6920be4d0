"""Why a verdict is what it is: one line per condition, with what is observed, what is required, and the gap."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from matcher.eligibility import Evaluation, Truth
from matcher.results import Condition, Gap
from matcher.suggest import Suggested, suggested_items
from policies.columns import missing_inputs
from policies.describe import describe, required, within_reach
from policies.facts import Fact, Items, show_fact, show_number
from policies.fields import FLAG_NAMES, Field, registry
from policies.rules import All, AnyOf, Has, Leaf, Manual, Not, OneOf, Rule, Within
from policies.values import Span
from policies.vocabulary import vocabularies

STEPS = {
    "honours": "先认定",
    "on_project_list": "先申请列入",
    "product_in_catalog": "产品须先列入",
    "platform": "先建成",
    "credit_score_scheme": "先通过",
    "cooperation": "先开展合作：",
}
"""Set fields whose missing item a company can go and get, and how that reads; other sets say what the plan is."""
NOT_CLOSABLE = frozenset({"size", "market_rank_global", "operating_years", "employees", "vehicle_emission"})
STEP_EFFORT = 0.3
"""Effort counted for one qualification to be won; amounts count by the share still missing."""
MAX_SHOWN_ITEMS = 6


@dataclass(frozen=True)
class Explainer:
    """Explains rules for one row of an evaluation.

    Attributes:
        stated: What the company states in that row, as it states it; what is not there is read from the columns.
        suggested: What the company's own words suggest, offered as hints.
    """

    evaluation: Evaluation
    row: int
    stated: Mapping[str, Fact]
    suggested: Suggested

    def conditions(self, rule: All) -> tuple[Condition, ...]:
        """One line for each part of the rule."""
        return tuple(self.condition(part) for part in rule.parts)

    def condition(self, rule: Rule) -> Condition:
        """One line, with the lines below it for a composite."""
        truth = self.evaluation.truth(rule).at(self.row)
        match rule:
            case Manual(manual=text):
                return Condition(rule.text or text, None, truth, "须人工核实", text, manual=True)
            case All(parts=parts) | AnyOf(parts=parts):
                lines = tuple(self.condition(part) for part in parts)
                return self._composite(rule, truth, lines)
            case Not(part=part):
                inner = self.condition(part)
                observed = "；".join(leaf.observed for leaf in inner.walk())
                name = inner.field
                return Condition(describe(rule), name, truth, observed, f"不属于：{inner.required}",
                                 manual=inner.manual, gap=self.gap(rule))  # fmt: skip
            case _:
                return self._leaf(rule, truth)

    def gap(self, rule: Rule) -> Gap | None:
        """The gap of a condition that is FALSE; None if it is not, or if nothing can be said."""
        if self.evaluation.truth(rule).at(self.row) is not Truth.FALSE:
            return None
        match rule:
            case Within() | OneOf() | Has():
                field = registry()[rule.field]
                return self._gap(field, rule, self._fact(field))
            case All(parts=parts):
                return _together([gap for part in parts if (gap := self.gap(part))])
            case AnyOf(parts=parts):
                return _easiest([gap for part in parts if (gap := self.gap(part))])
            case Not(part=part):
                return Gap(f"属于不支持的情形：{describe(part)}", closable=False, effort=math.inf)
            case _:
                return None

    def _composite(self, rule: All | AnyOf, truth: Truth, lines: tuple[Condition, ...]) -> Condition:
        observed = "；".join(dict.fromkeys(leaf.observed for line in lines for leaf in line.walk() if not leaf.manual))
        return Condition(describe(rule), None, truth, observed, describe(rule), gap=self.gap(rule), parts=lines)

    def _leaf(self, leaf: Within | OneOf | Has, truth: Truth) -> Condition:
        field = registry()[leaf.field]
        fact = self._fact(field)
        hint = self._hint(leaf) if truth is Truth.UNKNOWN else ""
        text = leaf.text or describe(leaf)
        return Condition(text, field.name, truth, _observed(field, fact), required(leaf), gap=self.gap(leaf), hint=hint)

    def _fact(self, field: Field) -> Fact | None:
        stated = self.stated.get(field.name)
        return stated if stated is not None else self.evaluation.columns.fact(field.name, self.row)

    def _hint(self, leaf: Within | OneOf | Has) -> str:
        found = suggested_items(leaf, self.suggested)
        return f"您写的内容像是“{'、'.join(found)}”，请确认" if found else ""

    def _gap(self, field: Field, leaf: Within | OneOf | Has, fact: Fact | None) -> Gap | None:
        if isinstance(leaf, Has):
            return self._set_gap(field, leaf)
        if isinstance(leaf, OneOf):
            closable = _can_get_a_yes(field, leaf)
            text = f"须{describe(leaf.model_copy(update={'text': ''}))}（现为{_observed(field, fact)}）"
            return Gap(text, closable, STEP_EFFORT if closable else math.inf)
        return _number_gap(field, leaf, fact) if isinstance(fact, Span) else None

    def _set_gap(self, field: Field, leaf: Has) -> Gap:
        vocabulary = vocabularies()[field.vocabulary]
        column = self.evaluation.columns.items.get(field.name)
        held = {item for item, rows in column.held.items() if rows[self.row]} if column else set()
        wanted = [vocabulary.canonical(item) for item in leaf.items or leaf.every]
        missing = [item for item in wanted if item not in held]
        if field.name not in STEPS:
            return Gap(f"{field.label}须含{'、'.join(missing)}", closable=False, effort=math.inf)
        chains = [_ladder(item, held, field.vocabulary) for item in missing]
        every = list(dict.fromkeys(step for chain in chains for step in chain))
        chain = every if leaf.every else min(chains, key=len, default=[])
        lead = "差一步：" if len(chain) == 1 else ""
        return Gap(f"{lead}{STEPS[field.name]}{' → '.join(chain)}", closable=True, effort=STEP_EFFORT * len(chain))


def may_close(rule: Rule) -> bool:
    """Whether the gap of a condition can be one that a company can do something about; False is certain."""
    match rule:
        case All(parts=parts) | AnyOf(parts=parts):
            return any(may_close(part) for part in parts)
        case Has():
            return registry()[rule.field].name in STEPS
        case OneOf():
            return _can_get_a_yes(registry()[rule.field], rule)
        case Within():
            return registry()[rule.field].name not in NOT_CLOSABLE and registry()[rule.field].kind != "date"
        case _:
            return False


def _can_get_a_yes(field: Field, leaf: OneOf) -> bool:
    """A company can get a "yes" (insure, sign, own); it cannot change what it is or undo what it did."""
    return field.kind == "flag" and leaf.values == (FLAG_NAMES[True],)


@dataclass(frozen=True)
class Open:
    """What an undecided rule waits for.

    Attributes:
        missing: Fields to ask for; a derived field is replaced by what it is made from.
        manual: Texts of the manual checks.
    """

    missing: tuple[str, ...]
    manual: tuple[str, ...]


def open_points(rule: All, evaluation: Evaluation, row: int, known: frozenset[str]) -> Open:
    """What the rule waits for in one row, without explaining it; `known` are the fields the company has stated."""
    leaves = [leaf for part in rule.parts for leaf in _undecided(part, evaluation, row)]
    asked = [name for leaf in leaves if not isinstance(leaf, Manual) for name in missing_inputs(leaf.field, known)]
    checks = [leaf.text or leaf.manual for leaf in leaves if isinstance(leaf, Manual)]
    return Open(tuple(dict.fromkeys(asked)), tuple(dict.fromkeys(checks)))


def _undecided(rule: Rule, evaluation: Evaluation, row: int) -> Iterator[Leaf]:
    """Leaves that are UNKNOWN and on which the rule's truth hangs."""
    if evaluation.truth(rule).at(row) is not Truth.UNKNOWN:
        return
    match rule:
        case All(parts=parts) | AnyOf(parts=parts):
            for part in parts:
                yield from _undecided(part, evaluation, row)
        case Not(part=part):
            yield from _undecided(part, evaluation, row)
        case _:
            yield rule


def _observed(field: Field, fact: Fact | None) -> str:
    if isinstance(fact, Items):
        shown = fact.stated or tuple(sorted(fact.held))
        if len(shown) > MAX_SHOWN_ITEMS:
            return f"{'、'.join(shown[:MAX_SHOWN_ITEMS])}等 {len(shown)} 项"
    return show_fact(field, fact)


def _number_gap(field: Field, leaf: Within, fact: Span) -> Gap:
    distance = within_reach(field, leaf, fact.lo, fact.hi)
    if field.kind == "date":
        return Gap(f"{field.label}须{required(leaf)}（现为{show_fact(field, fact)}）", closable=False, effort=math.inf)
    goal = abs(fact.hi - distance) or 1.0
    effort = min(abs(distance) / goal, 10.0)
    size = (
        f"{round(abs(distance) * 100, 2):g} 个百分点"
        if field.kind == "ratio"
        else show_number(field, _tidy(abs(distance)))
    )
    if distance < 0:
        return Gap(f"还差 {field.label} {size}", field.name not in NOT_CLOSABLE, effort)
    return Gap(f"{field.label}超出 {size}", closable=False, effort=effort)


def _tidy(value: float) -> float:
    """Undo the smallest step that strict bounds add."""
    return round(value, 6)


def _ladder(item: str, held: set[str], vocabulary: str) -> list[str]:
    """Qualifications still to be won up to `item`, lowest first."""
    term = vocabularies()[vocabulary].terms[item]
    below: list[str] = []
    for step in term.requires:
        if step not in held:
            below += [rung for rung in _ladder(step, held, vocabulary) if rung not in below]
    return [*below, item]


def _easiest(gaps: list[Gap]) -> Gap | None:
    return min(gaps, key=lambda gap: (not gap.closable, gap.effort), default=None)


def _together(gaps: list[Gap]) -> Gap | None:
    if not gaps:
        return None
    return Gap("；".join(gap.text for gap in gaps), all(gap.closable for gap in gaps), sum(gap.effort for gap in gaps))
