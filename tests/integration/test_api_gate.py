"""The REST interface behind the real gate: keys, roles, limits, and one shape of errors."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from fastapi import FastAPI, Request
from fastapi.responses import PlainTextResponse
from fastapi.testclient import TestClient

from matcher.access.gate import Gate
from matcher.access.keys import Keys
from matcher.access.policy import Policy
from matcher.api import create
from matcher.services import Services
from matcher.settings import Settings
from matcher.store.tables import Role
from tests.api_support import NOW, PROFILE, open_services, started

ORIGIN = "https://huiqi.example.cn"


@pytest.fixture(scope="module")
def services(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Services]:
    with started(open_services(tmp_path_factory.mktemp("api"))) as running:
        yield running


def page(_: Request, reason: Any, headers: dict[str, str]) -> PlainTextResponse:
    return PlainTextResponse("", reason.status, headers)


@pytest.fixture(scope="module")
def gate(services: Services) -> FastAPI:
    app = FastAPI(openapi_url=None)
    app.mount("/api/v1", create(services))
    policy = Policy.of(Settings(host="0.0.0.0", origin=ORIGIN, login=True))
    app.add_middleware(Gate, services=services, policy=policy, page=page)
    return app


@pytest.fixture(scope="module")
def keys(services: Services) -> dict[Role, str]:
    store = Keys(services.database)
    return {role: store.add(role.value, role, 1000, NOW)[0] for role in Role}


def api(gate: FastAPI, key: str | None) -> TestClient:
    headers = {"authorization": f"Bearer {key}"} if key else {}
    return TestClient(gate, base_url=f"{ORIGIN}/api/v1", headers=headers, raise_server_exceptions=False)


def is_problem(answer: httpx2.Response, status: int) -> None:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    found = answer.json()
    assert found.keys() == {"type", "title", "status", "detail", "problems", "request_id"}
    assert found["request_id"] == answer.headers["x-request-id"] and answer.headers.get_list("x-request-id")[1:] == []


def test_a_key_says_who_asks(gate: FastAPI, keys: dict[Role, str]) -> None:
    for role, key in keys.items():
        assert api(gate, key).post("/match", json={"profile": PROFILE}).status_code == 200
        jobs = api(gate, key).get("/jobs")
        if role in {Role.STAFF, Role.ADMIN}:
            assert jobs.status_code == 200
        else:
            is_problem(jobs, 403)


@pytest.mark.parametrize("key", [None, "hq_wrong", "hq_" + "x" * 43])
def test_without_a_key_nothing_but_health_and_the_documentation(gate: FastAPI, key: str | None) -> None:
    stranger = api(gate, key)
    for path in ("/match", "/jobs", "/policies", "/metrics", "/fields"):
        answer = stranger.get(path)
        is_problem(answer, 401)
        assert answer.headers["www-authenticate"] == "Bearer"
    for path in ("/health", "/docs", "/openapi.json"):
        assert stranger.get(path).status_code == 200


def test_a_revoked_key_is_none(gate: FastAPI, services: Services) -> None:
    secret, _ = Keys(services.database).add("to-revoke", Role.STAFF, 100, NOW)
    assert api(gate, secret).get("/jobs").status_code == 200
    Keys(services.database).revoke("to-revoke", NOW)
    is_problem(api(gate, secret).get("/jobs"), 401)


def test_a_key_has_its_own_limit(gate: FastAPI, services: Services) -> None:
    secret, _ = Keys(services.database).add("slow", Role.STAFF, 3, NOW)
    answers = [api(gate, secret).get("/fields") for _ in range(4)]
    assert [one.status_code for one in answers[:3]] == [200] * 3
    is_problem(answers[3], 429)
    assert int(answers[3].headers["retry-after"]) > 0


def test_jobs_of_another_key_do_not_exist(gate: FastAPI, keys: dict[Role, str]) -> None:
    file = {"file": ("名单.csv", "企业名称\n甲公司\n".encode())}
    mine = api(gate, keys[Role.STAFF]).post("/jobs/bulk", files=file)
    assert mine.status_code == 202
    path = mine.headers["location"].removeprefix("/api/v1")
    assert api(gate, keys[Role.STAFF]).get(path).status_code == 200
    for answer in (api(gate, keys[Role.ADMIN]).get(path), api(gate, keys[Role.ADMIN]).delete(path)):
        is_problem(answer, 404)


def test_a_body_too_large(gate: FastAPI, keys: dict[Role, str]) -> None:
    is_problem(api(gate, keys[Role.STAFF]).post("/match", content=b" " * 20_000_000), 413)


def test_what_breaks_is_told_alike(gate: FastAPI, keys: dict[Role, str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("matcher.api.library.search", lambda *_: 1 / 0)
    is_problem(api(gate, keys[Role.STAFF]).get("/policies"), 500)


def test_nothing_is_kept_of_a_session_that_is_not(gate: FastAPI, tmp_path: Path) -> None:
    answer = TestClient(gate, base_url=f"{ORIGIN}/api/v1", cookies={"__Host-huiqi": "x" * 43}).get("/jobs")
    is_problem(answer, 401)  # a cookie says nothing to the interface
