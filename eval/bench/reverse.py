"""A measure to its companies: a store of millions, a national, a provincial and a county measure, cold and warm.

    python -m eval.bench.reverse [--companies 5000000] [--runs 5]

Found are all companies that no condition excludes, in order, with verdict, open conditions and estimate; then the
first hundred are explained. Baselines: the same without pruning (every row group, every column), and polars over the
same Parquet file (verdicts only, unordered), which have to count the same companies. "Cold" is a new process with the
store's pages dropped from memory. The store is built on first use and kept below the user's cache folder.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from itertools import islice
from pathlib import Path

from eval.bench.memory import used_mib
from eval.bench.report import Json, write
from eval.bench.table import AS_OF, SEED
from matcher.assessment import Active
from matcher.companies.build import build_store
from matcher.companies.parts import FACTS, TEXTS
from matcher.companies.store import CompanyStore, Ints, is_store
from matcher.population.companies import tables
from matcher.reverse import Reverse
from matcher.service import Matcher
from policies.columns import Stated
from policies.library import cache_dir

MEASURES = {
    "national": "nat-vat-adv-mfg-5pct/extra-credit",
    "provincial": "sd-techreform-catalog-2026/catalogue-entry",
    "county": "yt-zhaoyuan-2024/smart-upgrade-award",
}
EXPLAINED = 100


class WithoutPruning(CompanyStore):
    """The same store, read whole for every measure."""

    def groups(self, needed: object) -> list[int]:
        """Every row group."""
        return super().groups({})

    def read(self, group: int, names: Iterable[str]) -> tuple[Stated, Ints, Ints]:
        """Every field."""
        return super().read(group, (*self.fields, *names))


def prepared(n: int, folder: Path) -> tuple[Path, float | None]:
    """The store of n companies and the seconds it took to build, None if it was there."""
    path = folder / f"companies-{n}-{SEED}"
    if is_store(path):
        return path, None
    folder.mkdir(parents=True, exist_ok=True)
    start = time.perf_counter()
    build_store(tables(n, SEED), path)
    return path, time.perf_counter() - start


def offered(measure_id: str) -> Active:
    """The measure as it is on offer."""
    matcher = Matcher.open(dense=False)
    return matcher.active(AS_OF)[matcher.place(measure_id, AS_OF)]


def timed(call: Callable[[], object], runs: int) -> list[float]:
    """Seconds of some runs, after one that does not count."""
    times = []
    for _ in range(runs + 1):
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
    return times[1:]


def warm(path: Path, active: Active, runs: int) -> Json:
    """Ours, without pruning, and polars, in this process."""
    from eval.bench.polars_store import counts

    store, whole = CompanyStore.open(path), WithoutPruning.open(path)
    rule = active.entry.rule

    def first() -> None:
        found = Reverse.find(store, active, AS_OF, limit=EXPLAINED)
        list(islice(found.rows(), EXPLAINED))

    calls: dict[str, Callable[[], object]] = {
        "ours": lambda: Reverse.find(store, active, AS_OF),
        "ours, first 100 explained": first,
        "without pruning": lambda: Reverse.find(whole, active, AS_OF),
        "polars": lambda: counts(path, rule),
    }
    seconds = {name: timed(call, runs) for name, call in calls.items()}
    found, unpruned = (Reverse.find(each, active, AS_OF) for each in (store, whole))
    said = {(each.eligible, each.possible) for each in (found, unpruned)} | {counts(path, rule)}
    if len(said) > 1:
        raise SystemExit(f"{active.entry.measure_id}: different counts {sorted(said)}")
    medians = {name: statistics.median(times) for name, times in seconds.items()}
    return {
        "eligible": found.eligible,
        "possible": found.possible,
        "row_groups_read": len(found.groups),
        "row_groups": len(store.groups({})),
        "seconds": seconds,
        "median_s": medians,
        "times_ours": {name: value / medians["ours"] for name, value in medians.items()},
        "process_mib": used_mib(os.getpid()),
    }


def cold(path: Path, measure_id: str) -> Json:
    """Seconds in a new process whose store is not in memory: opening it, and finding all companies."""
    for name in (FACTS, TEXTS):
        _drop_pages(path / name)
    command = [sys.executable, "-m", "eval.bench.reverse", "--cold", measure_id, "--store", str(path)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    said: Json = json.loads(done.stdout)
    return said


def _drop_pages(path: Path) -> None:
    if not hasattr(os, "posix_fadvise"):  # pragma: no cover  # not on macOS or Windows
        return
    file = os.open(path, os.O_RDONLY)
    try:
        os.posix_fadvise(file, 0, 0, os.POSIX_FADV_DONTNEED)
    finally:
        os.close(file)


def _cold_here(path: Path, measure_id: str) -> None:
    active = offered(measure_id)
    start = time.perf_counter()
    found = Reverse.find(CompanyStore.open(path), active, AS_OF)
    seconds = time.perf_counter() - start
    print(json.dumps({"seconds": seconds, "eligible": found.eligible, "possible": found.possible}))


def main() -> None:
    """Build the store if need be, and run all."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--companies", type=int, default=5_000_000)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--folder", type=Path, default=cache_dir() / "bench", help="where the store is kept")
    parser.add_argument("--out", type=Path, default=Path("eval/results/bench_reverse.json"))
    parser.add_argument("--cold", help=argparse.SUPPRESS)
    parser.add_argument("--store", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.cold:
        _cold_here(arguments.store, arguments.cold)
        return
    path, built_s = prepared(arguments.companies, arguments.folder)
    size = sum(file.stat().st_size for file in path.iterdir()) / 2**20
    print(f"{arguments.companies:,} companies, {size:,.0f} MiB" + (f", built in {built_s:.0f} s" if built_s else ""))
    results: Json = {}
    for name, measure_id in MEASURES.items():
        figures = {"measure": measure_id, "cold": cold(path, measure_id)}
        figures |= warm(path, offered(measure_id), arguments.runs)
        results[name] = figures
        _show(name, figures)
    head = {"companies": arguments.companies, "store_mib": size, "built_s": built_s, "runs": arguments.runs}
    write(arguments.out, {**head, "results": results})


def _show(name: str, figures: Json) -> None:
    print(f"\n{name}: {figures['measure']}, {figures['eligible']:,} eligible, {figures['possible']:,} possible")
    print(f"  {figures['row_groups_read']} of {figures['row_groups']} row groups")
    print(f"  {'ours, cold':28} {figures['cold']['seconds'] * 1000:9.0f} ms")
    for what, seconds in figures["median_s"].items():
        print(f"  {what:28} {seconds * 1000:9.0f} ms  x{figures['times_ours'][what]:.1f}")


if __name__ == "__main__":
    main()
