"""The same rules as polars expressions: what is certain and what is possible, per measure, as lists of row numbers."""

from __future__ import annotations

import functools
import math
import operator
import time
from collections.abc import Callable, Iterable, Mapping, Sequence

import numpy as np
import polars as pl

from eval.bench.operands import Intervals, Operands, Terms, Values, operands_by_id
from eval.bench.tally import Tally
from policies.columns import Columns
from policies.fields import registry
from policies.rules import All, AnyOf, Manual, Not, Rule

Term = pl.Expr | bool
Pair = tuple[Term, Term]
SMALL_KINDS = {"class", "industry", "region"}
NO_CSE = pl.QueryOptFlags(comm_subexpr_elim=False)
CSE = pl.QueryOptFlags()


def frame_of(table: Columns) -> pl.DataFrame:
    """The table as a frame in the smallest types that hold it."""
    data: dict[str, object] = {}
    for name, span in table.spans.items():
        small = registry()[name].kind in SMALL_KINDS
        for end, values in (("lo", span.lo), ("hi", span.hi)):
            data[f"{name}:{end}"] = np.clip(values, -1, 30_000).astype(np.int16) if small else values
    for name, choice in table.choices.items():
        data[name] = choice.codes
    for name, items in table.items.items():
        data[f"{name}:open"] = items.open
        data |= {f"{name}:{item}": rows for item, rows in items.held.items()}
    return pl.DataFrame(data)


def every(parts: Iterable[Term]) -> Term:
    """AND with what is constant folded."""
    open_parts = [part for part in parts if part is not True]
    if any(part is False for part in open_parts):
        return False
    return functools.reduce(operator.and_, open_parts) if open_parts else True


def some(parts: Iterable[Term]) -> Term:
    """OR with what is constant folded."""
    open_parts = [part for part in parts if part is not False]
    if any(part is True for part in open_parts):
        return True
    return functools.reduce(operator.or_, open_parts) if open_parts else False


def inverse(part: Term) -> Term:
    """NOT."""
    return not part if isinstance(part, bool) else ~part


def translate(rule: Rule, operands: Mapping[int, Operands], leaf: Callable[[Operands], Pair]) -> Pair:
    """A rule as (certain, possible); `operands` are those of its leaves by id, `leaf` makes the pair of one."""
    match rule:
        case All(parts=parts):
            pairs = [translate(part, operands, leaf) for part in parts]
            return every(pair[0] for pair in pairs), every(pair[1] for pair in pairs)
        case AnyOf(parts=parts):
            pairs = [translate(part, operands, leaf) for part in parts]
            return some(pair[0] for pair in pairs), some(pair[1] for pair in pairs)
        case Not(part=part):
            certain, possible = translate(part, operands, leaf)
            return inverse(possible), inverse(certain)
        case Manual():
            return False, True
        case _:
            return leaf(operands[id(rule)])


class Leaves:
    """Conditions over the columns of `frame_of`."""

    def __init__(self, table: Columns) -> None:
        self.table = table

    def pair(self, operands: Operands) -> Pair:
        """Certain and possible of one condition."""
        match operands:
            case Intervals(field=name, allowed=allowed) if name in self.table.spans:
                return self._inside(name, allowed)
            case Values(field=name, allowed=values) if name in self.table.choices:
                codes = [i for i, value in enumerate(self.table.choices[name].values, 1) if value in values]
                certain = some(pl.col(name) == code for code in codes)
                return certain, some([certain, pl.col(name) == 0])
            case Terms(field=name, terms=terms, every=all_of_them) if name in self.table.items:
                known = self.table.items[name].held
                held: list[Term] = [pl.col(f"{name}:{term}") if term in known else False for term in terms]
                undecided = pl.col(f"{name}:open")
                maybe = [some([term, undecided]) for term in held]
                return (every(held), every(maybe)) if all_of_them else (some(held), some(maybe))
        return False, True

    def _inside(self, name: str, allowed: Sequence[tuple[float, float]]) -> Pair:
        lo, hi = pl.col(f"{name}:lo"), pl.col(f"{name}:hi")
        small = registry()[name].kind in SMALL_KINDS
        certain: list[Term] = []
        possible: list[Term] = []
        for low, high in allowed:
            first, last = (int(low), int(high)) if small else (low, high)
            above, below = low > -math.inf, high < math.inf
            certain.append(every([lo >= first if above else True, hi <= last if below else True]))
            possible.append(every([hi >= first if above else True, lo <= last if below else True]))
        return some(certain), some(possible)


Run = Callable[[Tally, int], None]


class Contest:
    """Ways to run the rules in polars."""

    def __init__(self, table: Columns, rules: Sequence[Rule]) -> None:
        self._rules = rules
        self._operands = operands_by_id(rules)
        self._frame = frame_of(table)
        self._leaf = Leaves(table).pair
        self._pairs = [translate(rule, self._operands, self._leaf) for rule in rules]

    def ways(self) -> dict[str, Run]:
        """Name to a function that runs the first so many measures and tallies what it finds."""
        found: dict[str, Run] = {}
        for batch in (100, 500):
            found[f"select, batches of {batch}"] = functools.partial(self._select, batch=batch, flags=NO_CSE)
            found[f"select with cse, batches of {batch}"] = functools.partial(self._select, batch=batch, flags=CSE)
            found[f"conditions first, batches of {batch}"] = functools.partial(self._leaves_first, batch=batch)
        found["collect_all of filters, in memory"] = functools.partial(self._filters, engine="in-memory")
        found["collect_all of filters, streaming"] = functools.partial(self._filters, engine="streaming")
        return found

    def best(self, sample: int) -> tuple[str, dict[str, float]]:
        """The fastest way over the first `sample` measures, and the seconds of each."""
        seconds = {}
        for name, run in self.ways().items():
            start = time.perf_counter()
            run(Tally(len(self._rules), keep=False), sample)
            seconds[name] = time.perf_counter() - start
        return min(seconds, key=lambda name: seconds[name]), seconds

    def _select(self, tally: Tally, count: int, batch: int, flags: pl.QueryOptFlags) -> None:
        for first in range(0, count, batch):
            last = min(first + batch, count)
            self._lists(self._frame, self._pairs[first:last], first, tally, flags)

    def _leaves_first(self, tally: Tally, count: int, batch: int) -> None:
        """Every distinct condition as a column of its own first, then the measures over those."""
        places = {operands: i for i, operands in enumerate(dict.fromkeys(self._operands.values()))}
        made: list[pl.Expr] = []
        pairs: dict[Operands, Pair] = {}
        for operands, place in places.items():
            ends: list[Term] = []
            for side, term in zip("cp", self._leaf(operands), strict=True):
                if not isinstance(term, bool):
                    made.append(term.alias(f"{side}{place}"))
                    term = pl.col(f"{side}{place}")
                ends.append(term)
            pairs[operands] = (ends[0], ends[1])
        frame = self._frame.select(made)
        for first in range(0, count, batch):
            rules = self._rules[first : min(first + batch, count)]
            made_of = [translate(rule, self._operands, pairs.__getitem__) for rule in rules]
            self._lists(frame, made_of, first, tally, NO_CSE)

    def _lists(
        self, frame: pl.DataFrame, pairs: Sequence[Pair], first: int, tally: Tally, flags: pl.QueryOptFlags
    ) -> None:
        asked = []
        for i, (certain, possible) in enumerate(pairs):
            for side, term in (("c", certain), ("u", every([possible, inverse(certain)]))):
                if term is not False:
                    rows = pl.repeat(True, frame.height, dtype=pl.Boolean) if isinstance(term, bool) else term
                    asked.append(pl.arg_where(rows).implode().alias(f"{side}{i}"))
        found = frame.lazy().select(asked).collect(optimizations=flags)
        nothing = np.empty(0, dtype=np.uint32)
        for i in range(len(pairs)):
            certain_rows, unknown_rows = (
                found[name][0].to_numpy() if (name := f"{side}{i}") in found.columns else nothing for side in "cu"
            )
            tally.add(first + i, certain_rows, unknown_rows)

    def _filters(self, tally: Tally, count: int, engine: str, batch: int = 200) -> None:
        lazy = self._frame.with_row_index("row").lazy()
        for first in range(0, count, batch):
            pairs = self._pairs[first : min(first + batch, count)]
            queries = [
                lazy.filter(_expression(possible)).select("row", _expression(certain).alias("certain"))
                for certain, possible in pairs
            ]
            for i, found in enumerate(pl.collect_all(queries, engine=engine)):  # type: ignore[call-overload]
                rows, certain_rows = found["row"].to_numpy(), found["certain"].to_numpy()
                tally.add(first + i, rows[certain_rows], rows[~certain_rows])


def _expression(term: Term) -> pl.Expr:
    return pl.lit(term) if isinstance(term, bool) else term
