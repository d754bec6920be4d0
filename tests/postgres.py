"""A PostgreSQL server of the tests' own: a unix socket, no network, gone when they end."""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from matcher.store.database import Database

PATIENCE_S = 120
USER = "postgres"
FAST = ("fsync=off", "full_page_writes=off", "synchronous_commit=off", "listen_addresses=", "max_connections=60")
TEMPLATE = "huiqi_template"


class PostgresMissing(Exception):
    """There is no PostgreSQL here that could be started."""


class Postgres:
    """A running server; databases are copies of one at the newest version."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._numbers = count(1)

    def url(self, name: str) -> str:
        return f"postgresql+psycopg://{USER}@/{name}?host={self._folder}"

    @contextlib.contextmanager
    def database(self, template: str = TEMPLATE) -> Iterator[str]:
        """URL of a new database, at the newest version; from "template0" an empty one."""
        name = f"huiqi_{next(self._numbers)}"
        self._do("create database {} template {}", name, template)
        try:
            yield self.url(name)
        finally:
            self._do("drop database {} with (force)", name)

    def prepare(self) -> None:
        self._do("create database {} template template0", TEMPLATE)
        Database.open(self.url(TEMPLATE)).close()

    def answers(self) -> bool:
        with contextlib.suppress(psycopg.OperationalError), self._admin():
            return True
        return False

    def _admin(self) -> psycopg.Connection[Any]:
        return psycopg.connect(host=str(self._folder), user=USER, dbname="postgres", autocommit=True)

    def _do(self, statement: str, *names: str) -> None:
        with self._admin() as connection:
            connection.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))


@contextlib.contextmanager
def running() -> Iterator[Postgres]:
    """A server for a while.

    Raises:
        PostgresMissing: the program, or the user that it may run as, is not there.
    """
    programs, own = _programs(), _as_user()
    folder = Path(tempfile.mkdtemp(prefix="huiqi-pg-"))
    data, log = folder / "data", folder / "log"
    if own:
        shutil.chown(folder, USER)
    try:
        settings = [part for setting in (*FAST, f"unix_socket_directories={folder}") for part in ("-c", setting)]
        locale = ["--encoding=UTF8", "--locale=C.UTF-8", "--auth=trust", "--no-sync", f"--username={USER}"]
        subprocess.run([programs / "initdb", "-D", data, *locale], check=True, stdout=subprocess.DEVNULL, **own)
        with log.open("w") as out:
            server = subprocess.Popen([programs / "postgres", "-D", data, *settings], stdout=out, stderr=out, **own)
        try:
            started = Postgres(folder)
            _wait(server, started, log)
            started.prepare()
            yield started
        finally:
            server.send_signal(signal.SIGQUIT)
            server.wait(PATIENCE_S)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _programs() -> Path:
    found = [*sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True), *_of(shutil.which("postgres"))]
    for folder in found:
        if (folder / "postgres").exists() and (folder / "initdb").exists():
            return folder
    raise PostgresMissing("PostgreSQL is not installed (Debian: apt-get install postgresql)")


def _of(program: str | None) -> list[Path]:
    return [Path(program).parent] if program else []


def _as_user() -> dict[str, Any]:
    """PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return {}
    try:
        pwd.getpwnam(USER)
    except KeyError as error:
        raise PostgresMissing(f"root cannot run PostgreSQL, and there is no user {USER}") from error
    return {"user": USER, "group": USER, "extra_groups": [], "cwd": "/"}


def _wait(server: subprocess.Popen[bytes], started: Postgres, log: Path) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not started.answers():
        if server.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(f"PostgreSQL did not start:\n{log.read_text()}")
        with contextlib.suppress(subprocess.TimeoutExpired):
            server.wait(0.1)
