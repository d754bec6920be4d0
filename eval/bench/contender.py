"""One contender of the eligibility bench in a process of its own, so that its memory is its own.

python -m eval.bench.contender NAME --rows N --rules SET --out FILE
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from eval.bench.memory import watched
from eval.bench.table import RULE_SETS, rearranged, rule_set, sorted_table
from policies.columns import Columns
from policies.rules import Rule

Figures = dict[str, object]


def _seconds(call: Callable[[], object], runs: int) -> list[float]:
    times = []
    for _ in range(runs):
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
    return times


def ours(table: Columns, rules: Sequence[Rule], arguments: argparse.Namespace) -> Figures:
    """The product's evaluator; an untimed run first, watched for memory, writes what it found at every stride."""
    from eval.bench.ours import Workers

    with watched() as before:
        time.sleep(0.2)
    strides = tuple(arguments.strides)
    with Workers(table, rules, arguments.threads) as workers:
        for stride, tally in zip(strides, workers.evaluate(strides), strict=True):
            tally.save(_found(arguments.out, stride))
        with watched() as samples:
            workers.evaluate()
        times = _seconds(workers.evaluate, arguments.runs)
    return {"seconds": times, "peak_mib": samples.peak_mib, "table_mib": before.peak_mib}


def loop(table: Columns, rules: Sequence[Rule], arguments: argparse.Namespace) -> Figures:
    """The plain loop over pydantic models."""
    from eval.bench.loop import companies_of, evaluate, tally_of

    companies, hasty = companies_of(table), arguments.name == "hasty"
    tally_of(evaluate(companies, rules, hasty=hasty), arguments.stride).save(_found(arguments.out, arguments.stride))
    return {"seconds": _seconds(lambda: evaluate(companies, rules, hasty=hasty), arguments.runs)}


def polars(table: Columns, rules: Sequence[Rule], arguments: argparse.Namespace) -> Figures:
    """Polars in the fastest of several ways, chosen on a tenth of the measures."""
    import polars as pl

    from eval.bench.polars_rules import Contest
    from eval.bench.tally import Tally

    contest = Contest(table, rules)
    way, tried = contest.best(max(50, len(rules) // 10))
    run = contest.ways()[way]
    tally = Tally(len(rules))
    run(tally, len(rules))
    tally.save(_found(arguments.out, 1))
    with watched() as samples:
        run(Tally(len(rules), keep=False), len(rules))
    times = _seconds(lambda: run(Tally(len(rules), keep=False), len(rules)), arguments.runs)
    return {
        "seconds": times,
        "peak_mib": samples.peak_mib,
        "way": way,
        "tried_seconds": tried,
        "threads": pl.thread_pool_size(),
    }


def openfisca(table: Columns, rules: Sequence[Rule], arguments: argparse.Namespace) -> Figures:
    """OpenFisca-Core, if its environment can be made."""
    from eval.bench.openfisca import environment, evaluate

    where = environment()
    if isinstance(where, str):
        return {"skipped": where}
    found = _found(arguments.out, arguments.stride)
    times = evaluate(where, table, rules, arguments.stride, arguments.runs, found)
    return {"seconds": times, "version": where.version}


def _found(out: Path, stride: int) -> Path:
    return out.with_name(f"{out.name}.{stride}.npz")


CONTENDERS = {"ours": ours, "loop": loop, "hasty": loop, "polars": polars, "openfisca": openfisca}


def main() -> None:
    """Run one contender and print its figures as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("name", choices=CONTENDERS)
    parser.add_argument("--rows", type=int, required=True)
    parser.add_argument("--rules", choices=RULE_SETS, required=True)
    parser.add_argument("--measures", type=int, default=2000)
    parser.add_argument("--stride", type=int, default=1, help="every so manieth row only")
    parser.add_argument("--strides", type=int, nargs="*", default=[1], help="strides of the others (for ours)")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    start = time.perf_counter()
    table, rules = sorted_table(arguments.rows), rule_set(arguments.rules, arguments.measures)
    if arguments.stride > 1:
        table = rearranged(table, slice(None, None, arguments.stride))
    prepared = time.perf_counter() - start
    figures = CONTENDERS[arguments.name](table, rules, arguments)
    print(json.dumps({"rows": table.n, "measures": len(rules), "prepared_s": prepared, **figures}))


if __name__ == "__main__":
    main()
