"""Eligibility with row numbers out: every company against every measure, against three other ways to do it.

    python -m eval.bench.eligibility [--rows 1000000] [--measures 2000] [--runs 3]

Four sets of rules: the shipped library, 2,000 synthetic measures spread like it, 2,000 mostly local ones, and 2,000
mostly local ones that ask only for what a company registers with (no manual checks, few pairs UNKNOWN). For every
measure come out the rows where it is TRUE and those where it is UNKNOWN. Baselines in the same run: a plain loop over
pydantic models (on every 2,000th company), the same with short-circuits, polars (all companies, in the fastest of
several ways) and OpenFisca-Core (on every 10th company). All have to find the same rows, or the bench fails. Times
are medians, after an untimed run, from derived columns in memory to row numbers; making the columns and sorting them
by region is not in them.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from eval.bench.report import Json, write
from eval.bench.table import RULE_SETS
from eval.bench.tally import differences

LOOP_ROWS, OPENFISCA_ROWS = 500, 100_000
BASELINES = ("loop", "hasty", "polars", "openfisca")


def strides_of(rows: int) -> dict[str, int]:
    """Which contender looks at how much: every so manieth row."""
    return {
        "ours": 1,
        "polars": 1,
        "openfisca": max(1, rows // OPENFISCA_ROWS),
        "loop": max(1, rows // LOOP_ROWS),
        "hasty": max(1, rows // LOOP_ROWS),
    }


def contend(name: str, rules: str, arguments: argparse.Namespace, folder: Path) -> Json:
    """Run one contender in a process of its own."""
    strides = strides_of(arguments.rows)
    command = [
        sys.executable, "-m", "eval.bench.contender", name, "--rules", rules,
        "--rows", str(arguments.rows), "--measures", str(arguments.measures), "--runs", str(arguments.runs),
        "--threads", str(arguments.threads), "--stride", str(strides[name]), "--out", str(folder / f"{rules}-{name}"),
        "--strides", *(str(stride) for stride in sorted(set(strides.values()))),
    ]  # fmt: skip
    limits = {"POLARS_MAX_THREADS": str(arguments.threads)}
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False, env={**os.environ, **limits})
    if done.returncode:
        raise SystemExit(f"{name} over {rules} failed")
    figures: Json = json.loads(done.stdout.splitlines()[-1])
    if "seconds" in figures:
        figures["median_s"] = statistics.median(figures["seconds"])
        figures["pairs_per_s"] = figures["rows"] * figures["measures"] / figures["median_s"]
    return figures


def compare(rules: str, results: Json, rows: int, folder: Path) -> None:
    """Fail unless every contender found the same rows; add the ratios."""
    for name in BASELINES:
        figures = results[name]
        if "skipped" in figures:
            continue
        stride = strides_of(rows)[name]
        paths = [folder / f"{rules}-{each}.{stride}.npz" for each in (name, "ours")]
        if wrong := differences(*paths):
            raise SystemExit(f"{name} and ours differ over {rules}: {'; '.join(wrong[:5])}")
        figures["ours_times_faster"] = results["ours"]["pairs_per_s"] / figures["pairs_per_s"]


def show(rules: str, results: Json) -> None:
    """Print one table."""
    print(f"\n{rules}: {results['ours']['rows']:,} companies x {results['ours']['measures']:,} measures")
    for name, figures in results.items():
        if "skipped" in figures:
            print(f"  {name:10} skipped: {figures['skipped']}")
            continue
        ratio = f"ours x{figures['ours_times_faster']:,.1f}" if "ours_times_faster" in figures else ""
        memory = f"{figures['peak_mib']:,.0f} MiB" if "peak_mib" in figures else ""
        print(
            f"  {name:10} {figures['rows']:>9,} rows {figures['median_s']:9.3f} s "
            f"{figures['pairs_per_s']:12.3g} pairs/s  {memory:>10}  {ratio}  {figures.get('way', '')}"
        )


def main() -> None:
    """Run all contenders over all sets of rules."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--measures", type=int, default=2000)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--threads", type=int, default=min(2, os.cpu_count() or 1))
    parser.add_argument("--rules", nargs="*", choices=RULE_SETS, default=list(RULE_SETS))
    parser.add_argument("--out", type=Path, default=Path("eval/results/bench_eligibility.json"))
    arguments = parser.parse_args()
    report: Json = {}
    with tempfile.TemporaryDirectory() as name:
        for rules in arguments.rules:
            results = {each: contend(each, rules, arguments, Path(name)) for each in ("ours", *BASELINES)}
            compare(rules, results, arguments.rows, Path(name))
            show(rules, results)
            report[rules] = results
    write(arguments.out, {"threads": arguments.threads, "runs": arguments.runs, "results": report})


if __name__ == "__main__":
    main()
