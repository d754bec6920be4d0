"""The plain way: one company after the other as a pydantic model, one recursive function over the same rule objects."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel

from eval.bench.operands import Intervals, Operands, Terms, Values, operands_by_id
from eval.bench.tally import Tally
from policies.columns import Columns
from policies.rules import All, AnyOf, Manual, Not, Rule

Truths = NDArray[np.int8]


class Interval(BaseModel):
    """What is known of a number, date or code."""

    lo: float
    hi: float


class Held(BaseModel):
    """What is held of a set; `complete` if what is not listed is known not to be held."""

    items: frozenset[str]
    complete: bool


class Company(BaseModel):
    """One company; what is unknown is absent."""

    intervals: dict[str, Interval]
    choices: dict[str, str]
    sets: dict[str, Held]


def companies_of(table: Columns) -> list[Company]:
    """Rows as models, derived facts included."""
    return [
        Company(
            intervals={
                name: Interval(lo=float(column.lo[row]), hi=float(column.hi[row]))
                for name, column in table.spans.items()
                if np.isfinite(column.lo[row]) or np.isfinite(column.hi[row])
            },
            choices={name: value for name, column in table.choices.items() if (value := column.at(row))},
            sets={
                name: Held(
                    items=frozenset(item for item, held in column.held.items() if held[row]),
                    complete=not column.open[row],
                )
                for name, column in table.items.items()
            },
        )
        for row in range(table.n)
    ]


class Loop:
    """Three-valued truth (-1, 0, 1) of rules for one company at a time.

    Args:
        operands: Of every leaf by its id, looked up beforehand.
        hasty: Stop at the first part that decides; without it every condition is looked at, as it has to be where the
            answer is to be explained.
    """

    def __init__(self, operands: Mapping[int, Operands], *, hasty: bool) -> None:
        self._operands = operands
        self._hasty = hasty

    def truth(self, rule: Rule, company: Company) -> int:
        """Kleene truth: All is the minimum, AnyOf the maximum, Not the negation."""
        match rule:
            case All(parts=parts):
                return (
                    self._least(parts, company) if self._hasty else min([1, *(self.truth(p, company) for p in parts)])
                )
            case AnyOf(parts=parts):
                if self._hasty:
                    return self._most(parts, company)
                return max(self.truth(part, company) for part in parts)
            case Not(part=part):
                return -self.truth(part, company)
            case Manual():
                return 0
            case _:
                return leaf_truth(self._operands[id(rule)], company)

    def _least(self, parts: Sequence[Rule], company: Company) -> int:
        found = 1
        for part in parts:
            found = min(found, self.truth(part, company))
            if found == -1:
                break
        return found

    def _most(self, parts: Sequence[Rule], company: Company) -> int:
        found = -1
        for part in parts:
            found = max(found, self.truth(part, company))
            if found == 1:
                break
        return found


def leaf_truth(operands: Operands, company: Company) -> int:
    """Truth of one condition."""
    match operands:
        case Intervals(field=field, allowed=allowed):
            known = company.intervals.get(field)
            if known is None:
                return 0
            if any(low <= known.lo and known.hi <= high for low, high in allowed):
                return 1
            return 0 if any(known.lo <= high and low <= known.hi for low, high in allowed) else -1
        case Values(field=field, allowed=values):
            value = company.choices.get(field)
            return 0 if value is None else 1 if value in values else -1
        case Terms(field=field, terms=terms, every=every):
            held = company.sets.get(field)
            if held is None:
                return 0
            absent = -1 if held.complete else 0
            each = [1 if term in held.items else absent for term in terms]
            return min(each) if every else max(each)


def evaluate(companies: Sequence[Company], rules: Sequence[Rule], *, hasty: bool = False) -> Truths:
    """Truth of every rule for every company, int8 (companies, rules)."""
    loop = Loop(operands_by_id(rules), hasty=hasty)
    return np.array([[loop.truth(rule, company) for rule in rules] for company in companies], dtype=np.int8)


def tally_of(values: Truths, stride: int) -> Tally:
    """The matrix as a tally; row i of it is row i * stride of the table."""
    tally = Tally(values.shape[1])
    for measure in range(values.shape[1]):
        certain, unknown = np.flatnonzero(values[:, measure] == 1), np.flatnonzero(values[:, measure] == 0)
        tally.add(measure, certain * stride, unknown * stride)
    return tally
