"""Receivers for the delivery bench, each a process of its own: they write down what they have taken, and fail at times.

    python -m eval.bench.sinks smtp LOG
    python -m eval.bench.sinks webhook LOG --secret S --failing 0.2 --seed 20261123

The first line of standard output is the port on 127.0.0.1. Each line of LOG is a message that was taken: its key and,
of a mail, its Message-ID; of a webhook, what the receiver did next. The webhook fails in three ways: it answers 500 and
takes nothing; it takes the message and never answers; it takes the message and drops the connection. Which attempts
fail follows from the seed, the message's key and how often it has been tried.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import time
from collections import Counter
from collections.abc import Mapping
from email import message_from_bytes
from pathlib import Path
from typing import Any

from matcher.push.webhook import KEY_HEADER, is_genuine

OUTCOMES = ("500", "silent", "dropped")
SILENCE_S = 30.0
BAD = "bad"
"""Instead of a key: a request whose signature is wrong."""


class Log:
    """Lines that are on disk as soon as they are written, whoever is killed."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def add(self, *fields: str) -> None:
        """Add a line."""
        os.write(self._file, ("\t".join(fields) + "\n").encode())


class Mailbox:
    """An SMTP handler (aiosmtpd) that takes every mail."""

    def __init__(self, log: Log) -> None:
        self._log = log

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # aiosmtpd's name
        """Take a mail."""
        mail = message_from_bytes(envelope.content)
        self._log.add(str(mail[KEY_HEADER]).strip(), str(mail["Message-ID"]).strip())
        return "250 2.0.0 Ok: queued"


class Receiver:
    """An HTTP server that takes signed webhooks, and fails for a share of the requests."""

    def __init__(self, log: Log, secret: str, failing: float, seed: int) -> None:
        self._log, self._secret, self._failing, self._seed = log, secret, failing, seed
        self._tried: Counter[str] = Counter()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One request."""
        try:
            await self._answer(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass  # the sender was killed
        finally:
            writer.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:] if line)}
        body = await reader.readexactly(int(headers["content-length"]))
        outcome = self._outcome(headers, body)
        if outcome == "silent":
            await asyncio.sleep(SILENCE_S)
        if outcome in ("silent", "dropped"):
            return
        status = {"taken": "204 No Content", "500": "500 Internal Server Error"}.get(outcome, "401 Unauthorized")
        writer.write(f"HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode())
        await writer.drain()

    def _outcome(self, headers: Mapping[str, str], body: bytes) -> str:
        if not is_genuine(self._secret, headers, body, int(time.time())):
            self._log.add(BAD, "401")
            return "401"
        key = headers[KEY_HEADER.lower()]
        self._tried[key] += 1
        rng = random.Random(f"{self._seed} {key} {self._tried[key]}")
        outcome = rng.choice(OUTCOMES) if rng.random() < self._failing else "taken"
        if outcome != "500":
            self._log.add(key, outcome)
        return outcome


async def _smtp(log: Log) -> None:
    from aiosmtpd.smtp import SMTP

    mailbox, loop = Mailbox(log), asyncio.get_running_loop()
    await _forever(await loop.create_server(lambda: SMTP(mailbox, loop=loop), "127.0.0.1", 0))


async def _webhook(receiver: Receiver) -> None:
    await _forever(await asyncio.start_server(receiver.serve, "127.0.0.1", 0))


async def _forever(server: asyncio.Server) -> None:
    print(server.sockets[0].getsockname()[1], flush=True)
    async with server:
        await server.serve_forever()


def main() -> None:
    """Receive until killed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("kind", choices=["smtp", "webhook"])
    parser.add_argument("log", type=Path)
    parser.add_argument("--secret", default="")
    parser.add_argument("--failing", type=float, default=0.2)
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    log = Log(asked.log)
    if asked.kind == "smtp":
        asyncio.run(_smtp(log))
    else:
        asyncio.run(_webhook(Receiver(log, asked.secret, asked.failing, asked.seed)))


if __name__ == "__main__":
    main()
