"""How a measure stands for every company of a table: what `Assessed` says of one, worked out for thousands at once.

What an undecided rule waits for depends only on how its leaves stand and on which facts are known. Few combinations
occur, so each is looked at once.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from matcher.assessment import Active, Assessed
from matcher.eligibility import Evaluation, Truth, rows_in, unpacked
from matcher.explain import Open, open_points
from policies.columns import Bools, Stated, missing_inputs
from policies.companies import CompanyTable
from policies.fields import registry
from policies.rules import Manual, leaves


class Outcome(IntEnum):
    """How a measure stands for a company.

    NEARLY and ITEM wait for one fact and for nothing else. For ITEM it is something that the company would have to
    hold (a title, a place on a list, a kind of project), for NEARLY a number, a date or a choice. TO_CHECK waits only
    for checks that a person makes; MORE for anything else.
    """

    EXCLUDED = 0
    ELIGIBLE = 1
    NEARLY = 2
    ITEM = 3
    TO_CHECK = 4
    MORE = 5


NEAR = (Outcome.NEARLY, Outcome.ITEM)
Ints = NDArray[np.int64]


def outcome_of(item: Assessed) -> Outcome:
    """How an assessed measure stands for its company."""
    if item.truth is Truth.FALSE:
        return Outcome.EXCLUDED
    return _outcome(item.open, checked=not item.active.validity, true=item.truth is Truth.TRUE)


def _outcome(waits: Open, *, checked: bool, true: bool) -> Outcome:
    if true:
        return Outcome.ELIGIBLE if checked else Outcome.TO_CHECK
    if not waits.missing:
        return Outcome.TO_CHECK
    if len(waits.missing) > 1 or waits.manual or not checked:
        return Outcome.MORE
    return Outcome.ITEM if registry()[waits.missing[0]].kind == "set" else Outcome.NEARLY


@dataclass(frozen=True, eq=False)
class Rows:
    """Companies whose rules are evaluated.

    Attributes:
        table: n companies.
        evaluation: Of its rows.
    """

    table: CompanyTable
    evaluation: Evaluation


def outcomes(rows: Rows, active: Active) -> NDArray[np.int8]:
    """How a measure stands for each company, `Outcome` as int8 (n,)."""
    found = np.full(len(rows.table), Outcome.EXCLUDED, dtype=np.int8)
    bits = rows.evaluation.truth(active.entry.rule)
    if not bits.possible:
        return found
    checked, company = not active.validity, rows.table.company
    sure = company[rows_in(bits.certain)]
    waiting = rows_in(bits.possible & ~bits.certain)
    waiting = waiting[~np.isin(company[waiting], sure)]  # a company counts by its best plan
    first = waiting[np.unique(company[waiting], return_index=True)[1]]  # and by the first of equal ones
    found[sure] = _outcome(Open((), ()), checked=checked, true=True)
    if len(first):
        found[company[first]] = _waiting(rows, active, first, checked=checked)
    return found


def _waiting(rows: Rows, active: Active, at: Ints, *, checked: bool) -> NDArray[np.int8]:
    """Outcomes of the rows `at`, int64 (k,), in which the rule is UNKNOWN."""
    rule, stated = active.entry.rule, rows.table.stated
    samples, which = _distinct(_pattern(rows, active, at))
    each = [
        _outcome(open_points(rule, rows.evaluation, row, stated.known(row)), checked=checked, true=False)
        for row in at[samples].tolist()
    ]
    return np.array(each, dtype=np.int8)[which]


def _pattern(rows: Rows, active: Active, at: Ints) -> NDArray[np.uint8]:
    """All that decides what the rule waits for, packed: uint8 (k, bytes); equal lines wait for the same."""
    asked = [leaf for leaf in leaves(active.entry.rule) if not isinstance(leaf, Manual)]
    bits = [rows.evaluation.truth(leaf) for leaf in asked]
    inputs = sorted({name for leaf in asked for name in missing_inputs(leaf.field, frozenset())})
    flags = [unpacked(each.certain, each.n)[at] for each in bits]
    flags += [unpacked(each.possible, each.n)[at] for each in bits]
    flags += [_known(rows.table.stated, name, at) for name in inputs]
    return np.packbits(np.column_stack(flags or [np.zeros(len(at), dtype=bool)]), axis=1)


def _known(stated: Stated, name: str, at: Ints) -> Bools:
    """Rows that state a field, as `Stated.known` tells it of one."""
    if (span := stated.spans.get(name)) is not None:
        return np.isfinite(span.lo[at]) | np.isfinite(span.hi[at])
    if (choice := stated.choices.get(name)) is not None:
        return choice.codes[at] > 0
    if (items := stated.items.get(name)) is not None:
        held: Bools = np.any([~items.open[at], *(rows[at] for rows in items.held.values())], axis=0)
        return held
    return np.zeros(len(at), dtype=bool)


def _distinct(lines: NDArray[np.uint8]) -> tuple[Ints, Ints]:
    """Place of the first of each distinct line, and for each line which one it is."""
    keys = np.ascontiguousarray(lines).view(f"V{lines.shape[1]}").ravel()
    _, first, which = np.unique(keys, return_index=True, return_inverse=True)
    return first, which
