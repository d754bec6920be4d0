"""The REST interface over a small library, with callers of every role."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from fastapi import FastAPI
from fastapi.testclient import TestClient
from starlette.types import ASGIApp, Receive, Scope, Send

from matcher.access.identity import LOCAL, Identity, identify
from matcher.api import create
from matcher.engine import Engine
from matcher.jobs import Jobs, Matching
from matcher.push import publish
from matcher.seal import Seal
from matcher.service import Matcher
from matcher.services import Services
from matcher.store.database import Database
from matcher.store.files import FileStore
from matcher.store.tables import Role
from tests.support import AS_OF, measure, policy, write_library

NOW = dt.datetime(2026, 6, 15, 9, 30, tzinfo=ZoneInfo("Asia/Shanghai"))
SHANDONG = {"field": "region", "in": ["山东省"]}
PROFILE: dict[str, Any] = {
    "name": "甲公司", "region": "山东省/济南市", "industry_code": "C3421", "employees": 58, "honours": ["高企"],
    "plans": [{"text": "购置数控机床，技术改造", "equipment_invest_wan": "380万"}], "needs": "设备更新",
}  # fmt: skip
CALLERS = {
    "local": LOCAL,
    "enterprise": Identity("key-enterprise", "企业系统", Role.ENTERPRISE),
    "staff": Identity("key-staff", "专员系统", Role.STAFF),
    "other-staff": Identity("key-other", "别的专员系统", Role.STAFF),
    "evaluator": Identity("key-evaluator", "评测系统", Role.EVALUATOR),
    "admin": Identity("key-admin", "管理系统", Role.ADMIN),
}


def policies() -> list[dict[str, Any]]:
    """A library with every kind of standing."""
    ratio = {"type": "ratio", "rate": 0.1, "base": "equipment_invest_wan", "cap_wan": 50}
    return [
        policy("open", measure("invest", when=[{"field": "equipment_invest_wan", "min": 100}], benefit=ratio),
               measure("people", when=[{"field": "employees", "min": 50}]),
               measure("patents", when=[{"field": "patents", "min": 5}, {"manual": "须符合产业政策"}]),
               applies=[SHANDONG], prefer=[{"field": "export", "is": True}], themes=["设备更新"], kind="subsidy"),
        policy("honour", measure(when=[SHANDONG, {"field": "honours", "has": ["瞪羚企业"]}]), kind="award_honour"),
        policy("choice", measure(when=[{"any": [{"field": "employees", "max": 10}, {"field": "patents", "min": 50}]}])),
        policy("expired", measure(), valid_to="2024-01-01", status="superseded",
               relations=[{"type": "superseded_by", "target": "open"}]),
        policy("window", measure(), window={"kind": "fixed", "opens": "2026-07-01", "closes": "2026-09-30"}),
    ]  # fmt: skip


URL = "https://huiqi.example.cn"
CONTACT_KEY = "YSBrZXkgZm9yIHRoZSB0ZXN0cywgMzIgYnl0ZXMhISE="
"""For tests only."""


class Gate:
    """Stands in for the gate: a bearer token is the name of a caller."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            token = dict(scope["headers"]).get(b"authorization", b"").decode("latin-1").removeprefix("Bearer ")
            identify(scope, CALLERS.get(token))
        await self.app(scope, receive, send)


def open_services(folder: Path, library: Path | None = None) -> Services:
    """Services in a folder; the engine and the jobs are not started yet."""
    source = library or write_library(folder / "library", *policies())
    database = Database.in_folder(folder)
    files = FileStore(database, folder / "files")
    return Services(
        engine=Engine(lambda: Matcher.open(source, dense=False), lambda: AS_OF),
        database=database,
        files=files,
        jobs=Jobs(database, files, lambda: NOW, Matching(source, dense=False)),
        seal=Seal(CONTACT_KEY),
        url=URL,
        mail=True,
        scan=lambda: publish.scan(database, Matcher.open(source, dense=False), AS_OF, NOW, URL),
        now=lambda: NOW,
    )


def mounted(services: Services) -> ASGIApp:
    """The interface at /api/v1 behind the stand-in gate."""
    app = FastAPI(openapi_url=None)
    app.mount("/api/v1", create(services))
    return Gate(app)


@contextmanager
def started(services: Services) -> Iterator[Services]:
    """The services with a loaded matcher."""
    services.engine.start()
    services.engine.matcher()
    yield services
    services.database.close()


def client(app: ASGIApp, caller: str | None = "local") -> TestClient:
    """A client of the interface, as one of the callers; None for nobody."""
    headers = {"authorization": f"Bearer {caller}"} if caller else {}
    return TestClient(app, base_url="http://test/api/v1", headers=headers, raise_server_exceptions=False)
