"""What the eligibility benchmarks run over: a table sorted by region, and the sets of rules."""

from __future__ import annotations

import datetime as dt

import numpy as np

from eval.bench.rules import LIKE_LIBRARY, LOCAL, STATED, rules
from matcher.population.companies import columns
from policies.columns import ChoiceColumn, Columns, ItemsColumn, SpanColumn, Stated
from policies.rules import Rule

AS_OF = dt.date(2026, 11, 23)
SEED = 20261123
RULE_SETS = ("library", "synthetic", "local", "stated")
_SPREADS = {"synthetic": LIKE_LIBRARY, "local": LOCAL, "stated": STATED}


def rule_set(name: str, m: int) -> tuple[Rule, ...]:
    """The active measures of the shipped library, or m synthetic ones of a spread."""
    if name == "library":
        from matcher.service import Matcher

        return tuple(item.entry.rule for item in Matcher.open(dense=False).active(AS_OF))
    return rules(m, SEED, _SPREADS[name])


def sorted_table(n: int) -> Columns:
    """N companies, one row each, in the order of their regions; rows of no known region come first."""
    table = columns(n, SEED, AS_OF)
    return rearranged(table, np.argsort(table.spans["region"].lo, kind="stable"))


def rearranged(table: Columns, order: np.ndarray[tuple[int], np.dtype[np.int64]] | slice) -> Columns:
    """The rows in another order, or some of them; rows become companies of their own."""
    whole = Stated(dict(table.spans), dict(table.choices), dict(table.items))
    for name, span in whole.spans.items():  # column by column, so that there are never two whole tables
        whole.spans[name] = SpanColumn(span.lo[order], span.hi[order])
    for name, choice in whole.choices.items():
        whole.choices[name] = ChoiceColumn(choice.codes[order], choice.values)
    for name, items in whole.items.items():
        held = {item: rows[order] for item, rows in items.held.items()}
        whole.items[name] = ItemsColumn(held, items.open[order])
    plan = table.plan[order]
    return Columns(len(plan), np.arange(len(plan)), plan, whole.spans, whole.choices, whole.items)
