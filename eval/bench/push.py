"""A new national measure to 100,000 kept companies that all subscribe: time from publishing to a full outbox.

    python -m eval.bench.push [--companies 100000] [--database URL …]

Without --database a new SQLite database in a temporary folder is filled; a PostgreSQL one has to be empty and at the
server's usual settings. The first look compares all companies with the whole shipped library. Then a national measure
is published twice: with the floor that ships, and once more under another name with a floor that everything passes, so
that the outbox gets as full as it can. Each is a `scan`: compare, select, explain, write in one transaction. Memory is
of the process that looks, sampled; the companies are made by another one. `load` is the machine's before and after.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from itertools import islice, pairwise
from pathlib import Path
from typing import Any

import yaml
from sqlalchemy import insert

from eval.bench.memory import watched
from eval.bench.report import Json, write
from eval.bench.table import AS_OF, SEED
from matcher.clock import SHANGHAI
from matcher.population.companies import profiles
from matcher.push.floor import Floor, Floors, shipped_floors
from matcher.push.occasions import look
from matcher.push.outcomes import Outcome
from matcher.push.publish import CLOSING_DAYS, known_of, scan, task_of, write_out
from matcher.push.selection import select_companies
from matcher.service import Matcher
from matcher.store.companies import Channel, CompanyRecord, region_of, uscc_of
from matcher.store.database import Database
from matcher.store.pushes import Frequency, Subscription, SubscriptionState
from matcher.store.tables import new_id
from policies.library import library_dir

NOW = dt.datetime.combine(AS_OF, dt.time(9), SHANGHAI)
URL = "https://huiqi.example.cn"
OPEN: Floors = {outcome: Floor() for outcome in (Outcome.ELIGIBLE, Outcome.NEARLY, Outcome.ITEM)}
WRITTEN = 2_000


def new_policy(policy_id: str) -> dict[str, Any]:
    """A national award for equipment: for every company in good standing with ten employees or more."""
    rule = [{"field": "credit_ok", "is": True}, {"field": "employees", "min": 10}]
    grant = {
        "slug": "equipment", "name": "中小企业设备更新奖补", "text": "对购置设备的企业给予一次性奖补", "when": rule,
        "benefit": {"type": "fixed", "amount_wan": 20},
    }  # fmt: skip
    return {
        "policy_id": policy_id, "title": "关于支持中小企业设备更新的通知", "level": "national", "region": "全国",
        "kind": "通知", "summary": "支持企业购置先进设备、技术改造和数字化转型", "status": "in_force",
        "themes": ["设备更新", "技术改造"], "published": AS_OF.isoformat(), "window": {"kind": "year_round"},
        "provenance": {"grade": "verified", "confidence": "high"}, "measures": [grant],
    }  # fmt: skip


def fill(database: Database, companies: int) -> float:
    """Keep companies of the department, each with a confirmed subscription to everything; seconds."""
    start = time.perf_counter()
    drawn = profiles(companies, SEED)
    while rows := [_record(raw) for raw in islice(drawn, WRITTEN)]:
        with database.session() as session:
            session.execute(insert(CompanyRecord), rows)
            session.execute(insert(Subscription), [_subscription(row["company_id"]) for row in rows])
    return time.perf_counter() - start


def _record(raw: dict[str, Any]) -> dict[str, Any]:
    # Companies of the population may share a credit code, which an owner has once only.
    return {
        "company_id": new_id(), "owner": new_id(), "uscc": uscc_of(raw), "name": raw["name"], "region": region_of(raw),
        "raw": raw, "sources": {}, "version": 1, "created_at": NOW, "changed_at": NOW,
    }  # fmt: skip


def _subscription(company_id: str) -> dict[str, Any]:
    return {
        "subscription_id": new_id(), "company_id": company_id, "contact_id": None, "channel": Channel.INBOX,
        "themes": [], "frequency": Frequency.AT_ONCE, "quiet_from": 0, "quiet_to": 0, "workdays_only": False,
        "weekly_cap": 10, "state": SubscriptionState.CONFIRMED, "made_at": NOW, "confirmed_at": NOW, "ended_at": None,
    }  # fmt: skip


def publish(database: Database, matcher: Matcher, floors: Floors) -> Json:
    """One look that finds one new measure, in its steps; `cpu_s` is what this process itself took of the processor."""
    times, cpu = [time.perf_counter()], time.process_time()
    offer, known = matcher.offer(AS_OF), known_of(database)
    (event,) = look(matcher.library, offer.active, AS_OF, *known, CLOSING_DAYS).events
    task = task_of(database, matcher.library, event, AS_OF, CLOSING_DAYS)
    times.append(time.perf_counter())
    (selected,) = select_companies(database, offer, [task], floors, URL)
    times.append(time.perf_counter())
    (batch,) = write_out(database, selected, AS_OF, NOW)
    times.append(time.perf_counter())
    steps = dict(zip(("look", "compare_select_explain", "write"), _differences(times), strict=True))
    cpu_s = round(time.process_time() - cpu, 2)
    return {"seconds": round(times[-1] - times[0], 2), "cpu_s": cpu_s, "steps": steps, "found": batch.found}


def _differences(times: list[float]) -> Iterator[float]:
    return (round(after - before, 2) for before, after in pairwise(times))


def measure(url: str) -> Json:
    """First look, a published measure with the shipped floor, and one with none; in this process."""
    database = Database.open(url)
    with tempfile.TemporaryDirectory() as folder:
        library = Path(folder)
        for path in library_dir().glob("*.yaml"):
            (library / path.name).symlink_to(path)
        start, cpu = time.perf_counter(), time.process_time()
        scan(database, Matcher.open(library, dense=False), AS_OF, NOW, URL)
        seconds, cpu_s = time.perf_counter() - start, time.process_time() - cpu
        figures: Json = {"first_look": {"seconds": round(seconds, 1), "cpu_s": round(cpu_s, 1)}}
        for name, floors in (("shipped_floor", shipped_floors()), ("no_floor", OPEN)):
            policy = new_policy(f"bench-{name.replace('_', '-')}")
            text = yaml.safe_dump(policy, allow_unicode=True, sort_keys=False)
            (library / f"{policy['policy_id']}.yaml").write_text(text, "utf-8")
            with watched(every_s=0.2) as samples:
                figures[name] = publish(database, Matcher.open(library, dense=False), floors)
            figures[name]["peak_mib"] = round(samples.peak_mib)
    database.close()
    return figures


def run(url: str, companies: int) -> Json:
    """Fill a database, and measure in a process of its own."""
    database = Database.open(url)
    filled_s = fill(database, companies)
    database.close()
    command = [sys.executable, "-m", "eval.bench.push", "--measure", url]
    load = [os.getloadavg()[0]]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    load.append(os.getloadavg()[0])
    return {"filled_s": round(filled_s, 1), "load": [round(each, 1) for each in load], **json.loads(done.stdout)}


def main() -> None:
    """Measure every database and write the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--companies", type=int, default=100_000)
    parser.add_argument("--database", action="append", default=[], help="an empty database as an SQLAlchemy URL")
    parser.add_argument("--out", type=Path, default=Path("eval/results/bench_push.json"))
    parser.add_argument("--measure", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.measure:
        print(json.dumps(measure(arguments.measure)))
        return
    with tempfile.TemporaryDirectory() as folder:
        results = {}
        for url in (f"sqlite:///{folder}/huiqi.sqlite", *arguments.database):
            name = url.partition(":")[0].partition("+")[0]
            results[name] = run(url, arguments.companies)
            print(name, json.dumps(results[name], ensure_ascii=False))
    write(arguments.out, {"companies": arguments.companies, "databases": results})


if __name__ == "__main__":
    main()
