"""The kill test: messages go to a mail server and to a webhook that fails, while the workers are killed all the time.

    python -m eval.bench.delivery [--messages 20000] [--kills 200] [--database URL] [--out FILE]

Half of the messages are mails to a real SMTP server (aiosmtpd), half are signed webhooks to a receiver that fails for a
fifth of the requests (`eval.bench.sinks`), each in a process of its own. `huiqi worker` runs as anybody would start it;
`kill -9` comes when a random number of messages has arrived (drawn with the seed), and a new worker follows at once. At
the end every key must have arrived; those that arrived twice are counted, and have to be the same message.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import random
import secrets
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import func, select

from eval.bench.machine import machine
from eval.bench.outgoing import fill
from eval.bench.report import Json
from eval.bench.sinks import BAD
from matcher import clock
from matcher.seal import Seal
from matcher.store.companies import Channel
from matcher.store.database import Database
from matcher.store.pushes import Delivery, Message, MessageState

SEED = 20261123
PATIENCE_S = 300.0
"""So long nothing may arrive before the test is given up."""
LOOK_S = 0.02
FASTER = (
    "--no-scan", "--workers", "8", "--interval", "0.2", "--retry", "2", "--timeout", "1", "--attempts", "20",
    "--per-minute", "email=1000000", "--per-minute", "webhook=1000000",
)  # fmt: skip
"""Short waits instead of those for real receivers, which would only make the test longer."""


@dataclass(frozen=True)
class Plan:
    """What is tried.

    Attributes:
        messages: How many; half of them mails.
        kills: How often a worker is killed.
        processes: Workers at the same time.
        lease_s: How long a killed worker's messages wait.
        failing: Share of the webhook's requests that fail.
        seed: Of the moments of the kills, and of the failures.
    """

    messages: int = 20_000
    kills: int = 200
    processes: int = 1
    lease_s: float = 20.0
    failing: float = 0.2
    seed: int = SEED


@dataclass(frozen=True)
class Sink:
    """A receiver's process."""

    process: subprocess.Popen[str]
    port: int
    log: Path

    def lines(self) -> list[list[str]]:
        """What it has taken."""
        return [line.split("\t") for line in self.log.read_text().splitlines()] if self.log.exists() else []


@contextlib.contextmanager
def sink(kind: str, log: Path, *options: str) -> Iterator[Sink]:
    """A receiver for a while."""
    command = [sys.executable, "-m", "eval.bench.sinks", kind, str(log), *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            if process.stdout is None:
                raise OSError("no pipe")
            yield Sink(process, int(process.stdout.readline()), log)
        finally:
            process.kill()


class Arrivals:
    """How many lines the receivers have written."""

    def __init__(self, logs: Sequence[Path]) -> None:
        self._read = dict.fromkeys(logs, 0)
        self.count = 0

    def look(self) -> int:
        """How many by now."""
        for log, read in self._read.items():
            if log.exists() and log.stat().st_size > read:
                with log.open("rb") as stream:
                    stream.seek(read)
                    new = stream.read()
                self._read[log] = read + len(new)
                self.count += new.count(b"\n")
        return self.count


class Workers:
    """Some workers at the same time, as the command line starts them."""

    def __init__(self, environment: Mapping[str, str], plan: Plan, errors: Path) -> None:
        self._environment, self._plan, self._errors = environment, plan, errors
        self._running = [self._started() for _ in range(plan.processes)]

    def kill(self, which: int) -> None:
        """End one at once, as a power cut would, and start another."""
        old = self._running[which]
        if old.poll() is not None:
            raise RuntimeError(f"a worker ended by itself:\n{self._errors.read_text()[-2000:]}")
        old.send_signal(signal.SIGKILL)
        old.wait()
        self._running[which] = self._started()

    def stop(self) -> list[int]:
        """Ask all to end; their exit codes."""
        for each in self._running:
            each.terminate()
        return [each.wait(PATIENCE_S) for each in self._running]

    def _started(self) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "matcher.cli", "worker", *FASTER, "--lease", str(self._plan.lease_s)]
        with self._errors.open("ab") as errors:
            return subprocess.Popen(command, env=self._environment, stdout=subprocess.DEVNULL, stderr=errors)


def run(plan: Plan, folder: Path, url: str | None = None) -> Json:
    """Fill an outbox, deliver it through all the kills, and count what arrived.

    Args:
        plan: What is tried.
        folder: For the receivers' logs, and for the database without `url`.
        url: An empty database.
    """
    database = Database.open(url) if url else Database.in_folder(folder)
    key, secret = Seal.new_key(), secrets.token_hex(16)
    failing = ("--secret", secret, "--failing", str(plan.failing), "--seed", str(plan.seed))
    with (
        sink("smtp", folder / "smtp.log") as smtp,
        sink("webhook", folder / "webhook.log", *failing) as webhook,
    ):
        channels = fill(database, Seal(key), plan.messages, f"http://127.0.0.1:{webhook.port}", secret, clock.now())
        environment = {
            **os.environ,
            "HUIQI_DATA_DIR": str(folder),
            "HUIQI_CONTACT_KEY": key,
            "HUIQI_SMTP": f"mailto://127.0.0.1:{smtp.port}?from=huiqi@example.cn",
            **({"HUIQI_DATABASE": url} if url else {}),
        }
        begun = time.monotonic()
        workers = Workers(environment, plan, folder / "worker.log")
        arrivals = Arrivals([smtp.log, webhook.log])
        try:
            _kill(plan, workers, arrivals)
            killed = time.monotonic()
            _wait_until_done(database, arrivals)
            done = time.monotonic()
        finally:
            codes = workers.stop()
        counted = _counted(database, channels, smtp, webhook)
    database.close()
    return {
        **vars(plan), "database": "postgresql" if url else "sqlite", "exit_codes": codes,
        "load_average": round(os.getloadavg()[0], 1), "seconds": round(done - begun, 1),
        "seconds_with_kills": round(killed - begun, 1), **counted,
    }  # fmt: skip


def _kill(plan: Plan, workers: Workers, arrivals: Arrivals) -> None:
    """Kill a worker whenever another random number of messages has arrived, or, where that is so already, soon."""
    rng = random.Random(plan.seed)
    for wanted in sorted(rng.sample(range(int(plan.messages * 0.95)), plan.kills)):
        soon = time.monotonic() + rng.uniform(0.0, 2.0)
        given_up = time.monotonic() + PATIENCE_S
        if arrivals.look() >= wanted:
            while time.monotonic() < soon:
                time.sleep(LOOK_S)
        while arrivals.look() < wanted:
            if time.monotonic() > given_up:
                raise RuntimeError(f"nothing arrives any more: {arrivals.count} of {plan.messages}")
            time.sleep(LOOK_S)
        workers.kill(rng.randrange(plan.processes))


def _wait_until_done(database: Database, arrivals: Arrivals) -> None:
    """Until no message waits, or nothing changes any more."""
    waiting = (
        select(func.count())
        .select_from(Message)
        .where(Message.state.in_([MessageState.READY, MessageState.CLAIMED, MessageState.HELD]))
    )
    seen, given_up = -1, time.monotonic() + PATIENCE_S
    while True:
        with database.session() as session:
            left = session.scalar(waiting) or 0
        if not left:
            return
        if left != seen:
            seen, given_up = left, time.monotonic() + PATIENCE_S
        if time.monotonic() > given_up:
            raise RuntimeError(f"{left} messages wait for ever; {arrivals.look()} have arrived")
        time.sleep(0.2)


def _counted(database: Database, channels: Mapping[str, Channel], smtp: Sink, webhook: Sink) -> Json:
    """What arrived, and what the outbox says of it."""
    lines = {Channel.EMAIL: smtp.lines(), Channel.WEBHOOK: webhook.lines()}
    arrived = {channel: Counter(line[0] for line in found) for channel, found in lines.items()}
    with database.session() as session:
        states = session.execute(select(Message.state, func.count()).group_by(Message.state)).all()
        attempts = session.execute(select(Delivery.outcome, func.count()).group_by(Delivery.outcome)).all()
    ids = {(line[0], line[1]) for line in lines[Channel.EMAIL]}
    return {
        "lost": sum(key not in arrived[channel] for key, channel in channels.items()),
        "unknown_keys": sum(key not in channels for found in arrived.values() for key in found if key != BAD),
        "bad_signatures": arrived[Channel.WEBHOOK][BAD],
        "mail_ids_per_key": len(ids) / max(1, len(arrived[Channel.EMAIL])),
        "arrived": {channel.value: found.total() for channel, found in arrived.items()},
        "distinct": {channel.value: len(found) for channel, found in arrived.items()},
        "doubles": {channel.value: found.total() - len(found) for channel, found in arrived.items()},
        "most_often": {channel.value: max(found.values(), default=0) for channel, found in arrived.items()},
        "webhook_answers": dict(Counter(line[1] for line in lines[Channel.WEBHOOK])),
        "states": {state.value: count for state, count in states},
        "attempts": {outcome: count for outcome, count in attempts},
    }


def main() -> None:
    """Run it and write the figures down."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--messages", type=int, default=Plan.messages)
    parser.add_argument("--kills", type=int, default=Plan.kills)
    parser.add_argument("--processes", type=int, default=Plan.processes)
    parser.add_argument("--lease", type=float, default=Plan.lease_s)
    parser.add_argument("--seed", type=int, default=Plan.seed)
    parser.add_argument("--database", help="URL of an empty database; SQLite in a temporary folder without it")
    parser.add_argument("--out", type=Path, help="JSON file; further runs are added to it")
    asked = parser.parse_args()
    plan = Plan(asked.messages, asked.kills, asked.processes, asked.lease, seed=asked.seed)
    with tempfile.TemporaryDirectory() as folder:
        figures = run(plan, Path(folder), asked.database)
    print(json.dumps(figures, ensure_ascii=False, indent=2))
    if asked.out:
        runs = json.loads(asked.out.read_text("utf-8"))["runs"] if asked.out.exists() else []
        written = {"machine": machine(), "runs": [*runs, figures]}
        asked.out.write_text(json.dumps(written, ensure_ascii=False, indent=2) + "\n", "utf-8")


if __name__ == "__main__":
    main()
