"""One measure over the Parquet file of a store of companies, with polars."""

from __future__ import annotations

import math
from collections.abc import Collection
from pathlib import Path

import polars as pl

from eval.bench.operands import Intervals, Operands, Terms, Values, operands_by_id
from eval.bench.polars_rules import Pair, Term, every, some, translate
from matcher.companies.parts import FACTS
from policies.rules import All


def counts(store: Path, rule: All) -> tuple[int, int]:
    """How many companies of a store are TRUE and how many UNKNOWN; each conjunct is a filter of its own.

    Polars prunes row groups and columns by itself; one filter around the whole rule would keep it from that.
    """
    frame = pl.scan_parquet(store / FACTS)
    leaf = StoredLeaves(frame.collect_schema().names()).pair
    pairs = [translate(part, operands_by_id([part]), leaf) for part in rule.parts]
    for _, possible in pairs:
        frame = frame.filter(pl.lit(possible) if isinstance(possible, bool) else possible)
    sure = every(certain for certain, _ in pairs)
    found = frame.select("company", (pl.lit(sure) if isinstance(sure, bool) else sure).alias("sure")).collect()
    certain = int(found["sure"].sum())
    return certain, len(found) - certain


class StoredLeaves:
    """Conditions over the columns of a store: an open end is null, a choice its text, a set flags."""

    def __init__(self, names: Collection[str]) -> None:
        self._names = frozenset(names)

    def pair(self, operands: Operands) -> Pair:
        """Certain and possible of one condition."""
        match operands:
            case Intervals(field=name, allowed=allowed) if f"{name}.lo" in self._names:
                pairs = [self._inside(name, low, high) for low, high in allowed]
                return some(certain for certain, _ in pairs), some(possible for _, possible in pairs)
            case Values(field=name, allowed=values) if name in self._names:
                certain = pl.col(name).is_in(sorted(values)).fill_null(False)
                return certain, some([certain, pl.col(name).is_null()])
            case Terms(field=name, terms=terms, every=all_of_them) if f"{name}#open" in self._names:
                columns = [f"{name}={term}" for term in terms]
                held: list[Term] = [pl.col(column) if column in self._names else False for column in columns]
                maybe = [some([term, pl.col(f"{name}#open")]) for term in held]
                return (every(held), every(maybe)) if all_of_them else (some(held), some(maybe))
        return False, True

    def _inside(self, name: str, low: float, high: float) -> Pair:
        lo, hi = pl.col(f"{name}.lo"), pl.col(f"{name}.hi")
        above, below = low > -math.inf, high < math.inf
        certain = [(lo >= low).fill_null(False) if above else True, (hi <= high).fill_null(False) if below else True]
        reaches = some([hi >= low, hi.is_null()]) if above else True
        begins = some([lo <= high, lo.is_null()]) if below else True
        return every(certain), every([reaches, begins])
