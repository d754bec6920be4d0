"""One company: cold commands against `python -c pass`, and warm matches in a running service.

    python -m eval.bench.single [--runs 7] [--out eval/results/bench_single.json]

Wall times are medians over `runs`; peak memory is the largest resident set of the process. A warm match has a plan
text that was never encoded before, so the encoder's time is in it.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from eval.bench.machine import machine

AS_OF = dt.date(2026, 11, 23)
PROFILE = Path("docs/company.json")
EQUIPMENT = (
    "数控磨床",
    "焊接机器人",
    "热处理炉",
    "注塑机",
    "包装线",
    "检测仪器",
    "除尘设备",
    "空压机",
    "喷涂线",
    "立体仓库",
)
PLACES = ("济南市", "青岛市", "潍坊市", "临沂市", "淄博市", "烟台市")


def cold(command: Sequence[str], runs: int) -> dict[str, float]:
    """Median wall seconds and peak memory of a whole process; the first run is thrown away."""
    walls, peaks = [], []
    for _ in range(runs + 1):
        start = time.perf_counter()
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        _, status, usage = os.wait4(process.pid, 0)
        walls.append(time.perf_counter() - start)
        peaks.append(usage.ru_maxrss / 1024)
        if status != 0:
            raise SystemExit(f"{' '.join(command)} failed: {process.stderr.read().decode() if process.stderr else ''}")
    return {"median_s": statistics.median(walls[1:]), "peak_mib": max(peaks[1:])}


def warm(matches: int) -> dict[str, dict[str, float]]:
    """Percentiles in milliseconds of matches in one process with the batch encoder loaded.

    "new words": the plan's text was never encoded, so the encoder's time is in it. "known words": the same company
    after one more answer, as when the next question is answered in the page.
    """
    from matcher import Matcher
    from policies import CompanyProfile

    matcher = Matcher.open(batch=True)
    matcher.retriever.warm_up()
    base = json.loads(PROFILE.read_text("utf-8"))
    fresh, known = [], []
    for number in range(matches):
        raw = json.loads(json.dumps(base))
        raw["region"] = f"山东省/{PLACES[number % len(PLACES)]}"
        raw["employees"] = 20 + number * 7
        tool = EQUIPMENT[number % len(EQUIPMENT)]
        raw["plans"][0]["text"] = f"第{number}期：投入{300 + number * 13}万元购置{tool}{number % 9 + 1}台"
        profile = CompanyProfile.model_validate(raw)
        fresh.append(_milliseconds(lambda: matcher.match(profile, AS_OF)))  # noqa: B023  # called at once
        answered = profile.with_fact("taxable_income_wan", "800")
        known.append(_milliseconds(lambda: matcher.match(answered, AS_OF)))  # noqa: B023  # called at once
    return {"new words": _percentiles(fresh[5:]), "known words": _percentiles(known[5:])}


def _milliseconds(call: Callable[[], object]) -> float:
    start = time.perf_counter()
    call()
    return (time.perf_counter() - start) * 1000


def _percentiles(times: list[float]) -> dict[str, float]:
    ordered = sorted(times)
    return {"median_ms": statistics.median(ordered), "p95_ms": ordered[int(len(ordered) * 0.95)], "max_ms": ordered[-1]}


def main() -> None:
    """Run all and write the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=7)
    parser.add_argument("--matches", type=int, default=200)
    parser.add_argument("--out", type=Path, default=Path("eval/results/bench_single.json"))
    arguments = parser.parse_args()
    python, huiqi = sys.executable, str(Path(sys.executable).with_name("huiqi"))
    match = [huiqi, "match", str(PROFILE), "--as-of", AS_OF.isoformat(), "--json"]
    commands = {
        "python -c pass": [python, "-c", "pass"],
        "huiqi --help": [huiqi, "--help"],
        "huiqi match": match,
        "huiqi match --no-dense": [*match, "--no-dense"],
    }
    results = {name: cold(command, arguments.runs) for name, command in commands.items()}
    baseline = results["python -c pass"]["median_s"]
    for name, figures in results.items():
        figures["times_baseline"] = figures["median_s"] / baseline
        print(f"{name:24} {figures['median_s']:.3f} s  ×{figures['times_baseline']:.1f}  {figures['peak_mib']:.0f} MiB")
    steady = warm(arguments.matches)
    for name, times in steady.items():
        print(f"warm match, {name:12} median {times['median_ms']:.1f} ms, p95 {times['p95_ms']:.1f} ms")
    report = {"machine": machine(), "runs": arguments.runs, "cold": results, "warm": steady}
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    arguments.out.write_text(json.dumps(report, ensure_ascii=False, indent=2) + "\n", "utf-8")


if __name__ == "__main__":
    main()
