"""Many at once: users who match in the page or over REST, pausing as people do, while the server's memory is watched.

    python -m eval.bench.load [--users 50] [--seconds 60] [--pause 3] [--out eval/results/bench_load.json]
    python -m eval.bench.load --way page --seconds 600 --out eval/results/bench_load_600.json     (does memory grow?)

In the page a user sends the filled-in form to the queue and listens to its stream, as the browser does. The server is
the real one in a process of its own; the users share the other core with it. Every request has a plan text that was
never sent before, so that encoding is in it. A user waits for the answer, then pauses for `--pause` seconds on
average (drawn with a seed), and asks again; nobody asks twice at once.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import re
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from eval.bench.memory import Samples, watched
from eval.bench.report import Json, write
from eval.bench.single import EQUIPMENT, PLACES

AS_OF = "2026-11-23"
SEED = 20261123
K = 10
READY_S = 240.0
TIMEOUT_S = 60.0
PROFILE = Path("docs/company.json")


class Tally:
    """Answers of all users.

    Attributes:
        seconds: Time to the whole answer, of the good ones.
        outcomes: HTTP statuses and kinds of failure.
    """

    def __init__(self) -> None:
        self.seconds: list[float] = []
        self.outcomes: Counter[str] = Counter()

    def figures(self, wall_s: float) -> Json:
        """Requests, errors, and percentiles in milliseconds."""
        ordered = sorted(self.seconds)
        requests = sum(self.outcomes.values())
        return {
            "requests": requests,
            "errors": requests - self.outcomes["200"],
            "outcomes": dict(self.outcomes),
            "requests_per_s": requests / wall_s,
            **{f"p{share}_ms": 1000 * percentile(ordered, share / 100) for share in (50, 95, 99)},
            "max_ms": 1000 * ordered[-1] if ordered else None,
        }


def percentile(ordered: Sequence[float], share: float) -> float:
    """The smallest value that at least this share does not exceed; NaN of nothing."""
    return ordered[max(0, -(-int(len(ordered) * share * 1000) // 1000) - 1)] if ordered else float("nan")


def company(rng: random.Random) -> dict[str, Any]:
    """A company with a plan that nobody has written before."""
    raw: dict[str, Any] = json.loads(PROFILE.read_text("utf-8"))
    raw["region"] = f"山东省/{rng.choice(PLACES)}"
    raw["employees"] = rng.randint(10, 900)
    text = f"投入{rng.randint(100, 9_999_999)}元购置{rng.choice(EQUIPMENT)}{rng.randint(1, 40)}台"
    raw["plans"][0]["text"] = text
    return raw


async def over_rest(client: httpx.AsyncClient, raw: dict[str, Any], _: str) -> str:
    """Match one company over REST; the outcome is its status, or "empty" for an answer without matches."""
    answer = await client.post("/api/v1/match", json={"profile": raw, "as_of": AS_OF, "k": K})
    return str(answer.status_code) if answer.status_code != 200 or answer.json()["matches"] else "empty"


async def in_page(client: httpx.AsyncClient, raw: dict[str, Any], session: str) -> str:
    """Match one company in the page that this user has open: the form goes to the queue, the cards come in a stream."""
    if session not in opened:
        opened[session] = await form_of(client)
    form = opened[session]
    typed = {
        "f-name": raw["name"], "f-province": "370000", "f-industry": "C3421", "f-employees": str(raw["employees"]),
        "f-plan1_text": raw["plans"][0]["text"],
    }  # fmt: skip
    data = [typed.get(name, value) for name, value in form.inputs]
    step = {"data": data, "fn_index": form.step, "session_hash": session, "event_data": None, "trigger_id": None}
    joined = await client.post("/e/gradio_api/queue/join", json=step)
    if joined.status_code != 200:
        return str(joined.status_code)
    async with client.stream("GET", "/e/gradio_api/queue/data", params={"session_hash": session}) as events:
        async for line in events.aiter_lines():
            event = json.loads(line[6:]) if line.startswith("data: ") else {}
            if event.get("msg") == "process_completed":
                shown = event["success"] and "hq-card" in json.dumps(event["output"]["data"])
                return "200" if shown else "empty"
    return "cut off"


@dataclass(frozen=True)
class Form:
    """The step that matches in the page.

    Attributes:
        step: Its number.
        inputs: elem_id and first value of each input, in the order that the step takes them.
    """

    step: int
    inputs: tuple[tuple[str, Any], ...]


opened: dict[str, Form] = {}
"""The form of each user's page."""


async def form_of(client: httpx.AsyncClient) -> Form:
    """Open the page as a browser does, and read its form."""
    page = await client.get("/e/")
    found = re.search(r"window\.gradio_config\s*=\s*(\{.*?\});?\s*</script>", page.text, re.DOTALL)
    if found is None:
        raise httpx.DecodingError("the page has no form")
    config = json.loads(found[1])
    parts = {part["id"]: part["props"] for part in config["components"]}
    confirm = next(key for key, props in parts.items() if props.get("elem_id") == "confirm")
    step = next(one for one in config["dependencies"] if any(key == confirm for key, _ in one["targets"]))
    inputs = ((parts[key].get("elem_id") or "", parts[key].get("value")) for key in step["inputs"])
    return Form(step["id"], tuple(inputs))


WAYS = {"rest": over_rest, "page": in_page}


async def user(client: httpx.AsyncClient, way: str, number: int, until: float, pause_s: float, tally: Tally) -> None:
    """One user: asks, reads, pauses."""
    rng = random.Random(SEED + number)
    await asyncio.sleep(rng.uniform(0, pause_s))
    while (start := time.perf_counter()) < until:
        try:
            outcome = await WAYS[way](client, company(rng), f"load{number:04d}")
        except httpx.HTTPError as error:
            outcome = type(error).__name__
        tally.outcomes[outcome] += 1
        if outcome == "200":
            tally.seconds.append(time.perf_counter() - start)
        await asyncio.sleep(rng.uniform(0, 2 * pause_s))


async def crowd(url: str, way: str, users: int, seconds: float, pause_s: float) -> Json:
    """All users until the time is up; figures of what they saw."""
    tally, start = Tally(), time.perf_counter()
    limits = httpx.Limits(max_connections=2 * users)
    async with httpx.AsyncClient(base_url=url, timeout=TIMEOUT_S, limits=limits, trust_env=False) as client:
        until = start + seconds
        await asyncio.gather(*(user(client, way, number, until, pause_s, tally) for number in range(users)))
    return tally.figures(time.perf_counter() - start)


def serve(folder: Path) -> tuple[subprocess.Popen[bytes], str]:
    """The server in its own process, ready to match."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    settings = {"HUIQI_PORT": str(port), "HUIQI_AS_OF": AS_OF, "HUIQI_DATA_DIR": str(folder)}
    process = subprocess.Popen([sys.executable, "app.py"], env={**os.environ, **settings}, stdout=subprocess.DEVNULL)
    url, deadline = f"http://127.0.0.1:{port}", time.monotonic() + READY_S
    while time.monotonic() < deadline and process.poll() is None:
        try:
            if httpx.get(f"{url}/healthz", timeout=2, trust_env=False).json()["ready"]:
                return process, url
        except (httpx.HTTPError, ValueError):
            pass
        time.sleep(0.3)
    process.kill()
    raise SystemExit("the server did not get ready")


def by_fifths(samples: Samples) -> list[float]:
    """Largest memory in each fifth of the time, MiB."""
    size = max(1, len(samples.points) // 5)
    parts = [samples.points[start : start + size] for start in range(0, 5 * size, size)]
    return [round(max(mib for _, mib in part)) for part in parts if part]


def measured(way: str, arguments: argparse.Namespace) -> Json:
    """One way, with a server of its own."""
    with tempfile.TemporaryDirectory() as name:
        process, url = serve(Path(name))
        try:
            with watched(process.pid, every_s=1) as samples:
                figures = asyncio.run(crowd(url, way, arguments.users, arguments.seconds, arguments.pause))
        finally:
            process.terminate()
            process.wait(30)
    figures |= {"peak_mib": samples.peak_mib, "peak_mib_by_fifths": by_fifths(samples)}
    print(way, json.dumps(figures, ensure_ascii=False, indent=1), flush=True)
    return figures


def main() -> None:
    """Run the crowds and write the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--way", choices=WAYS, action="append")
    parser.add_argument("--users", type=int, default=50)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--pause", type=float, default=3)
    parser.add_argument("--out", type=Path, default=Path("eval/results/bench_load.json"))
    arguments = parser.parse_args()
    results = {way: measured(way, arguments) for way in arguments.way or WAYS}
    asked = {"users": arguments.users, "seconds": arguments.seconds, "mean_pause_s": arguments.pause}
    write(arguments.out, {**asked, "results": results})


if __name__ == "__main__":
    main()
