"""The staff's pages around pushes for tests: their routes with an identity in front, and what a page says."""

from __future__ import annotations

import contextlib
import dataclasses
import html
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote, unquote

import httpx
from fastapi import FastAPI
from fastapi.testclient import TestClient
from starlette.types import ASGIApp, Receive, Scope, Send

from app import open_services
from matcher.access.audit import AuditLog
from matcher.access.identity import Identity, identify
from matcher.services import Services
from matcher.settings import Settings
from matcher.store.tables import Role
from matcher.ui.site import pushes
from tests.push_support import KEY, NOW
from tests.support import measure, policy, write_library

EVIL = "<script>alert(1)</script>&\"'=SUM(A1)"
ROLES = {"王芳": Role.STAFF, "李雷": Role.STAFF, "root": Role.ADMIN, "u1": Role.ENTERPRISE, "eva": Role.EVALUATOR}


class As:
    """Puts an identity into every request, as the gate does; the header X-User names it."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            user = unquote(dict(scope["headers"]).get(b"x-user", b"").decode())
            identify(scope, Identity(user, user, ROLES[user]) if user else None)
        await self.app(scope, receive, send)


def written(folder: Path) -> Path:
    """A library with the measures of `desk_support.furnished`, one with a name that attacks."""
    return write_library(
        folder,
        policy("policy-a", measure("1", name="设备更新补助"), measure("2", name="二号事项")),
        policy("policy-b", measure("1", name=EVIL)),
    )


@contextlib.contextmanager
def opened(library: Path, folder: Path) -> Iterator[Services]:
    """Services with a key and without a mail server, at NOW."""
    settings = Settings(library=library, dense=False, as_of=NOW.date(), data_dir=folder, contact_key=KEY)
    found = dataclasses.replace(open_services(settings), now=lambda: NOW, url="https://huiqi.example.cn")
    found.engine.start()
    found.engine.matcher()
    yield found
    found.database.close()


def browser(services: Services, user: str = "王芳") -> TestClient:
    """Somebody before the pages; "" for nobody who is logged in."""
    app = FastAPI()
    app.include_router(pushes.router(services))
    app.add_middleware(As)
    return TestClient(app, headers={"x-user": quote(user)} if user else {}, follow_redirects=False)


def text(page: httpx.Response) -> str:
    """What a page says, without markup."""
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page.text)).split())


def log_of(services: Services) -> list[tuple[str, str, str, str]]:
    """The audit log, newest first."""
    return [(line.actor, line.action, line.target, line.outcome) for line in AuditLog(services.database).lines()]
