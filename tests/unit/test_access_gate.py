"""The gate around an application that misbehaves, and without a server."""

from __future__ import annotations

import asyncio
import datetime as dt
import logging
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import httpx
import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.types import Message, Receive, Scope, Send

from matcher.access import audit
from matcher.access.gate import Gate
from matcher.access.identity import LOCAL, identity_of
from matcher.access.policy import Policy
from matcher.access.refusals import Reason
from matcher.services import Services
from matcher.store.database import Database

NOW = dt.datetime(2026, 11, 23, 9, 30, tzinfo=dt.UTC)
LOCALLY = Policy(local=True, host="127.0.0.1", origin=None, login_hours=12, upload_bytes=1000)
BEHIND = Policy(local=False, host="127.0.0.1", origin="https://huiqi.example.cn", login_hours=12, upload_bytes=1000)
SECRET = "13812345678"


@pytest.fixture
def services(tmp_path: Path) -> Iterator[Services]:
    database = Database.in_folder(tmp_path)
    yield cast(Services, SimpleNamespace(database=database, now=lambda: NOW))
    database.close()


def page(_: Request, reason: Reason, headers: dict[str, str]) -> Response:
    return PlainTextResponse(f"page: {reason.title}", reason.status, headers)


def ask(gate: Gate, path: str = "/policies", base: str = "http://127.0.0.1", **headers: str) -> httpx.Response:
    async def asked() -> httpx.Response:
        transport = httpx.ASGITransport(app=gate, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url=base, trust_env=False) as client:
            return await client.get(path, headers={key.replace("_", "-"): value for key, value in headers.items()})

    return asyncio.run(asked())


def test_an_unexpected_error_is_answered_with_its_id_and_logged_without_data(
    services: Services, caplog: pytest.LogCaptureFixture
) -> None:
    async def broken(scope: Scope, receive: Receive, send: Send) -> None:
        raise ValueError(f"cannot read {SECRET}")

    gate = Gate(broken, services, LOCALLY, page)
    with caplog.at_level(logging.ERROR):
        answer = ask(gate, f"/policies?q={SECRET}")
    assert answer.status_code == 500 and answer.json()["title"] == "系统出错了"
    request_id = answer.headers["x-request-id"]
    assert f"request {request_id} failed: ValueError < broken" in caplog.text
    assert SECRET not in caplog.text + answer.text
    assert ask(gate, accept="text/html").text == "page: 系统出错了"
    api = ask(gate, "/api/v1/match").json()
    assert api["type"] == "urn:huiqi:problem:internal-error" and len(api["request_id"]) == 32


def test_an_error_after_the_answer_began_only_ends_it(services: Services, caplog: pytest.LogCaptureFixture) -> None:
    async def half(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"half", "more_body": True})
        raise ValueError(SECRET)

    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    async def receive() -> Message:
        return {"type": "http.request", "body": b""}

    scope: dict[str, Any] = {
        "type": "http", "method": "GET", "path": "/policies", "raw_path": b"/policies", "query_string": b"",
        "scheme": "http", "headers": [(b"host", b"127.0.0.1")], "client": ("127.0.0.1", 1),
    }  # fmt: skip
    with caplog.at_level(logging.ERROR):
        asyncio.run(Gate(half, services, LOCALLY, page)(scope, receive, send))
    assert [message["type"] for message in sent] == ["http.response.start", "http.response.body"]
    assert "ValueError" in caplog.text and SECRET not in caplog.text


def test_what_is_behind_the_gate_sees_who_asks_and_the_true_address(services: Services) -> None:
    seen: list[Scope] = []

    async def behind(scope: Scope, receive: Receive, send: Send) -> None:
        seen.append(scope)
        await PlainTextResponse("ok")(scope, receive, send)

    ask(
        Gate(behind, services, LOCALLY, page),
        x_forwarded_host="evil.example",
        forwarded="host=evil.example",
        x_other="1",
    )
    assert identity_of(seen[0]) is LOCAL
    names = {name for name, _ in seen[0]["headers"]}
    assert b"host" in names and not any(name.startswith((b"x-", b"forwarded")) for name in names)
    answer = ask(Gate(behind, services, BEHIND, page), base="http://huiqi.example.cn")
    assert seen[1]["scheme"] == "https" and answer.headers["strict-transport-security"]
    with pytest.raises(PermissionError):
        identity_of(seen[1])
    audit.record(services, seen[0], "try", "it")
    line = audit.AuditLog(services.database).lines(1)[0]
    assert (line.actor, line.action, line.target, line.outcome, line.at) == (LOCAL.name, "try", "it", "ok", NOW)
    assert line.request_id == audit.request_id_of(seen[0]) and line.address == "127.0.0.1"


def test_lifespan_passes_and_websockets_do_not(services: Services) -> None:
    passed: list[str] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        passed.append(scope["type"])

    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    async def receive() -> Message:
        return {"type": "websocket.connect"}

    gate = Gate(app, services, LOCALLY, page)
    for kind in ("lifespan", "websocket", "something new"):
        asyncio.run(gate({"type": kind}, receive, send))
    assert passed == ["lifespan"]
    assert sent == [{"type": "websocket.close", "code": 1008}] * 2
