"""A small site in its own process: a few policies, matched by words only; the cookie `who` says who somebody is."""

from __future__ import annotations

import contextlib
import datetime as dt
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from concurrent.futures import Future
from dataclasses import dataclass
from http.cookies import SimpleCookie
from pathlib import Path

import uvicorn
from fastapi import FastAPI, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from app import open_services
from matcher.access.identity import LOCAL, Identity, identify
from matcher.records import Records
from matcher.services import Services
from matcher.settings import Settings
from matcher.store.database import Database
from matcher.store.tables import Role
from matcher.ui import enterprise, shell
from matcher.ui.site import mine
from matcher.workspace import Workspace
from tests.support import measure, policy, wait_for, write_library

AS_OF = dt.date(2026, 11, 23)
ROOT = Path(__file__).parents[2]
STATES = ("ready", "loading", "broken")


@dataclass(frozen=True)
class Site:
    """A running site.

    Attributes:
        url: Its address without a path.
        kept: Matches and favourites of its users.
        records: Their companies.
    """

    url: str
    kept: Workspace
    records: Records


def small_library(folder: Path) -> Path:
    """Policies of one city: one that fits, one with two questions, one with a check, one that is just missed."""
    jinan = {"field": "region", "in": ["山东省/济南市"]}
    few = [{"field": "patents", "min": 10}, {"field": "rd_staff", "min": 5}]
    return write_library(
        folder,
        policy("fits", measure(when=[jinan]), materials=["申请表", "购置合同"], channel="政务服务网", contact="工信局"),
        policy("asks", *(measure(f"asks-{n}", when=[jinan, one]) for n, one in enumerate(few))),
        policy("checks", measure(when=[jinan, {"manual": "设备先进"}])),
        policy("misses", measure(when=[jinan, {"field": "honours", "has": ["瞪羚企业"]}])),
        policy("guides", measure(when=[jinan], benefit={"type": "direction"})),
    )


@contextlib.contextmanager
def running(folder: Path, state: str = "ready") -> Iterator[Site]:
    """Start a site in a new folder and stop it afterwards."""
    library, data = small_library(folder / "library"), folder / "data"
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    log = folder / "log.txt"
    command = [sys.executable, "-m", "tests.e2e.enterprise_site", str(library), str(data), str(port), state]
    with log.open("w") as out:
        server = subprocess.Popen(command, cwd=ROOT, stdout=out, stderr=out)
        try:
            wait_for(server, log, lambda: _answers(f"http://127.0.0.1:{port}/e/"))
            database = Database.in_folder(data)
            yield Site(f"http://127.0.0.1:{port}", Workspace(database), Records(database))
            database.close()
        finally:
            server.terminate()
            server.wait(30)


def _answers(url: str) -> bool:
    with contextlib.suppress(OSError), urllib.request.urlopen(url, timeout=5):
        return True
    return False


class _ByCookie:
    """Puts an identity into every request, as the gate does."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            cookie = SimpleCookie(dict(scope["headers"]).get(b"cookie", b"").decode()).get("who")
            identify(scope, Identity(cookie.value, cookie.value, Role.ENTERPRISE) if cookie else LOCAL)
        await self.app(scope, receive, send)


def _prepare(services: Services, state: str) -> None:
    """Bring the engine into a state: ready, loading for ever, or one that failed to load."""
    if state == "ready":
        services.engine.start()
    elif state == "broken":
        failed: Future[object] = services.engine._future  # type: ignore[assignment]
        failed.set_exception(MemoryError("no room"))


def main(library: str, data: str, port: str, state: str) -> None:
    """Serve until terminated."""
    services = open_services(Settings(library=Path(library), dense=False, as_of=AS_OF, data_dir=Path(data)))
    _prepare(services, state)
    app = FastAPI()
    app.get("/favicon.ico")(lambda: Response(status_code=204))
    app.include_router(mine.router(services))
    shell.mount(app, enterprise.build(services, local=True), "/e", Role.ENTERPRISE)
    app.add_middleware(_ByCookie)
    uvicorn.run(app, host="127.0.0.1", port=int(port), log_level="warning")


if __name__ == "__main__":
    main(*sys.argv[1:])
