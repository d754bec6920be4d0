"""End to end: `huiqi bulk` from a CSV file of realistic companies to a file of matches, a third with their own plans.

    python -m eval.bench.bulk [--companies 100000] [--workers 2] [--no-dense]
    python -m eval.bench.bulk --companies 1000000 --no-dense      (memory does not grow with the file)

The command runs as a user would run it; its own report gives the time of its stages, and its memory (all of its
processes, shared pages once) is sampled while it runs. One shard is then matched in this process to see what the
matching is made of: encoding, evaluating and ranking, explaining, writing.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from eval.bench.memory import Samples, watched
from eval.bench.report import Json, write
from eval.bench.sheet import write_sheet
from eval.bench.table import AS_OF, SEED
from matcher.assessment import CompanyView
from matcher.brief import company_rows
from matcher.bulk.shard import ContentHash
from matcher.eligibility import Cuts, Evaluation
from matcher.export.arrow import SCHEMA, to_batch
from matcher.match_rows import MatchRow
from matcher.population.chunks import trades
from matcher.population.companies import tables
from matcher.retrieval import queries_of
from matcher.service import BLOCK_COMPANIES, Matcher
from policies.companies import CompanyTable
from policies.industries import industries

K = 10


def run_command(source: Path, out: Path, *, workers: int, dense: bool) -> tuple[Json, Samples, float]:
    """The command's report, its memory over time, and its wall time in seconds."""
    command = [str(Path(sys.executable).with_name("huiqi")), "bulk", str(source), str(out)]
    command += ["--as-of", AS_OF.isoformat(), "--workers", str(workers), "--json", *([] if dense else ["--no-dense"])]
    said = out.with_suffix(".json")
    start = time.perf_counter()
    with (
        said.open("wb") as stdout,
        subprocess.Popen(command, stdout=stdout) as process,
        watched(process.pid, every_s=0.5) as samples,
    ):
        code = process.wait()
    seconds = time.perf_counter() - start
    if code:
        raise SystemExit(f"{' '.join(command)} ended with {code}")
    return json.loads(said.read_text("utf-8")), samples, seconds


def by_fifths(samples: Samples) -> list[float]:
    """Highest memory in each fifth of the run, MiB."""
    end = samples.points[-1][0]
    return [
        round(max((mib for at, mib in samples.points if part / 5 <= at / end <= (part + 1) / 5), default=0.0))
        for part in range(5)
    ]


def stages_of_a_shard(n: int, folder: Path, *, dense: bool) -> Json:
    """Seconds of the parts of matching one shard of n companies in this process, and how many texts differ."""
    os.environ["OMP_NUM_THREADS"] = "1"  # as each of the command's processes has it
    whole = next(tables(n, SEED))
    matcher = Matcher.open(dense=dense, batch=True)
    warm_up = list(_rows(list(_views(matcher, [whole.take(0, 20)]))))  # loads what is loaded on first use
    _write(warm_up, folder / "part.parquet")
    tree = industries()
    matcher.retriever.encode_ahead([tree.title(code) for code in trades()[0]])  # known after the first shards
    blocks = [whole.take(at, min(at + BLOCK_COMPANIES, n)) for at in range(0, n, BLOCK_COMPANIES)]
    seconds = {"encode": _timed(lambda: matcher.encode_ahead(whole))}
    views: list[Any] = []
    seconds["evaluate and rank"] = _timed(lambda: views.extend(_views(matcher, blocks)))
    rows: list[Any] = []
    seconds["explain"] = _timed(lambda: rows.extend(_rows(views)))
    seconds["write"] = _timed(lambda: _write(rows, folder / "part.parquet"))
    texts = distinct_texts([whole])
    return {
        "companies": n,
        "texts": texts,
        "seconds": seconds,
        "of evaluate and rank: rules alone": _timed(lambda: _rules_alone(matcher, blocks)),
        "texts_per_s": texts / seconds["encode"],
        "share": {name: value / sum(seconds.values()) for name, value in seconds.items()},
    }


def distinct_texts(parts: Iterable[CompanyTable]) -> int:
    """How many different texts the companies have, one for each company at most."""
    return len({hash(query.whole) for part in parts for query in queries_of(part)})


def _timed(call: Callable[[], object]) -> float:
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def _views(matcher: Matcher, blocks: Sequence[CompanyTable]) -> Iterator[CompanyView]:
    for block in blocks:
        assessment = matcher.assess(block, AS_OF)
        for number in range(len(block)):
            view = assessment.company(number)
            view.listed  # noqa: B018  # puts the list in order
            yield view


def _rows(views: Sequence[CompanyView]) -> Iterator[MatchRow]:
    for view in views:
        yield from company_rows(view, K).rows


def _write(rows: Sequence[MatchRow], path: Path) -> None:
    content = ContentHash()
    with pq.ParquetWriter(path, SCHEMA, compression="zstd") as writer:
        batch = to_batch(rows)
        content.update(batch)
        writer.write_batch(batch)


def _rules_alone(matcher: Matcher, blocks: Sequence[CompanyTable]) -> None:
    rules = [item.entry.rule for item in matcher.active(AS_OF)]
    cuts = Cuts(rules)
    for block in blocks:
        evaluation = Evaluation(block.columns(AS_OF), cuts=cuts)
        for rule in rules:
            evaluation.truth(rule)


def main() -> None:
    """Run the command once and take one shard apart."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--companies", type=int, default=100_000)
    parser.add_argument("--workers", type=int, default=min(2, os.cpu_count() or 1))
    parser.add_argument("--shard", type=int, default=5_000, help="companies of the shard that is taken apart")
    parser.add_argument("--no-dense", action="store_true")
    parser.add_argument("--out", type=Path)
    arguments = parser.parse_args()
    dense, n = not arguments.no_dense, arguments.companies
    out = arguments.out or Path(f"eval/results/bench_bulk_{n}{'' if dense else '_words'}.json")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        making = _timed(lambda: write_sheet(folder / "companies.csv", n, SEED))
        print(f"{n:,} companies in CSV: {(folder / 'companies.csv').stat().st_size / 2**20:,.0f} MiB, {making:.0f} s")
        report, samples, seconds = run_command(
            folder / "companies.csv", folder / "matches.parquet", workers=arguments.workers, dense=dense
        )
        if report["companies"] != n:
            raise SystemExit(
                f"{report['companies']:,} of {n:,} companies were matched, {report['rejected']:,} rejected"
            )
        shard = stages_of_a_shard(arguments.shard, folder, dense=dense)
        texts = distinct_texts(tables(n, SEED))
    figures = {
        "companies": n,
        "texts": texts,
        "workers": arguments.workers,
        "dense": dense,
        "wall_s": seconds,
        "seconds": report["seconds"],
        "output_rows": report["output_rows"],
        "peak_mib": samples.peak_mib,
        "peak_mib_by_fifths": by_fifths(samples),
        "shard": shard,
        "report": {name: value for name, value in report.items() if name not in {"per_measure", "output", "errors"}},
    }
    _show(figures)
    write(out, figures)


def _show(figures: Json) -> None:
    n, shard = figures["companies"], figures["shard"]
    print(f"{figures['texts']:,} different texts")
    print(f"huiqi bulk: {figures['wall_s']:.1f} s, {n / figures['wall_s']:,.0f} companies/s, ", end="")
    print(f"peak {figures['peak_mib']:,.0f} MiB, by fifths of the run {figures['peak_mib_by_fifths']} MiB")
    for stage, value in figures["seconds"].items():
        print(f"  {stage:10} {value:8.1f} s")
    print(f"one shard of {shard['companies']:,} companies, {shard['texts']:,} different texts, one process:")
    for stage, value in shard["seconds"].items():
        print(f"  {stage:20} {value:8.2f} s  {shard['share'][stage]:6.1%}")


if __name__ == "__main__":
    main()
