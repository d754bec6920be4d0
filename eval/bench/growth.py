"""How time grows: with companies, with measures, and with different texts.

    python -m eval.bench.growth [--runs 3]

Eligibility is one process from derived columns to row numbers; texts are encoded by the batch encoder and matched.
The exponent is the slope from the first to the last point on logarithmic axes: 1 is proportional.
"""

from __future__ import annotations

import argparse
import math
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from eval.bench.ours import Workers
from eval.bench.report import Json, write
from eval.bench.table import AS_OF, SEED, rule_set, sorted_table
from matcher.population.companies import tables
from matcher.population.plan_texts import plan_text
from matcher.service import Matcher
from policies.columns import Stated
from policies.companies import CompanyTable

COMPANIES = (10_000, 30_000, 100_000, 300_000, 1_000_000)
MEASURES = (200, 500, 1000, 2000, 4000, 8000)
ROWS = 200_000
TEXTS = (1, 250, 1000, 3000)
MATCHED = 3_000


def median_of(call: Callable[[], object], runs: int) -> float:
    """Median seconds of some runs, after one that does not count."""
    times = []
    for _ in range(runs + 1):
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
    return statistics.median(times[1:])


def exponent(points: Sequence[tuple[int, float]]) -> float:
    """Slope from the first to the last (size, seconds) on logarithmic axes."""
    (first, short), (last, long) = points[0], points[-1]
    return math.log(long / short) / math.log(last / first)


def with_companies(runs: int) -> list[tuple[int, float]]:
    """Seconds for the shipped library over more and more companies."""
    rules = rule_set("library", 0)
    found = []
    for n in COMPANIES:
        found.append((n, median_of(Workers(sorted_table(n), rules, 1).evaluate, runs)))
    return found


def with_measures(runs: int) -> list[tuple[int, float]]:
    """Seconds for more and more synthetic measures over ROWS companies."""
    table = sorted_table(ROWS)
    found = []
    for m in MEASURES:
        workers = Workers(table, rule_set("synthetic", m), 1)
        found.append((m, median_of(workers.evaluate, runs)))
    return found


def with_texts() -> list[tuple[int, float]]:
    """Seconds to match MATCHED companies that have so many different texts between them; once, as texts are kept."""
    whole = next(tables(MATCHED, SEED))
    matcher = Matcher.open(batch=True)
    list(matcher.match_table(whole.take(0, 20), AS_OF))  # loads what is loaded on first use
    found = []
    for turn, size in enumerate(TEXTS):
        table = _with_texts(whole, [plan_text(turn * MATCHED + i, "C34", None) for i in range(size)])
        start = time.perf_counter()
        list(matcher.match_table(table, AS_OF))
        found.append((size, time.perf_counter() - start))
    return found


def _with_texts(table: CompanyTable, texts: Sequence[str]) -> CompanyTable:
    """The same companies saying nothing but these plans in turn."""
    spans = {name: column for name, column in table.stated.spans.items() if name != "industry_code"}
    return replace(
        table,
        stated=Stated(spans, table.stated.choices, table.stated.items),
        texts={name: ("",) * len(table) for name in table.texts},
        plan_texts=tuple(texts[row % len(texts)] for row in range(len(table.company))),
    )


def main() -> None:
    """Run all and print the points."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--out", type=Path, default=Path("eval/results/bench_growth.json"))
    arguments = parser.parse_args()
    series = {
        "companies (library, eligibility)": with_companies(arguments.runs),
        f"measures ({ROWS:,} companies, eligibility)": with_measures(arguments.runs),
        f"texts ({MATCHED:,} companies, matched)": with_texts(),
    }
    results: Json = {}
    for name, points in series.items():
        grows = exponent(points)
        print(f"\n{name}: grows with the power {grows:.2f}")
        for size, seconds in points:
            print(f"  {size:>10,} {seconds:10.3f} s")
        results[name] = {"points": points, "exponent": grows}
    write(arguments.out, {"threads": 1, "runs": arguments.runs, "results": results})


if __name__ == "__main__":
    main()
