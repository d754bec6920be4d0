"""Every error of the REST interface is problem details in Chinese, with the right status."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest
from fastapi.testclient import TestClient

from matcher.services import Services
from matcher.store.tables import Role
from tests.api_support import CALLERS, PROFILE, client, mounted, open_services, started

JSON = {"content-type": "application/json"}


@pytest.fixture(scope="module")
def services(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Services]:
    with started(open_services(tmp_path_factory.mktemp("api"))) as running:
        yield running


@pytest.fixture(scope="module")
def api(services: Services) -> TestClient:
    return client(mounted(services))


def problem(answer: httpx2.Response, status: int, kind: str) -> dict[str, Any]:
    found: dict[str, Any] = answer.json()
    assert answer.status_code == status and answer.headers["content-type"] == "application/problem+json"
    assert found["type"] == f"urn:huiqi:problem:{kind}" and found["status"] == status
    assert found.keys() == {"type", "title", "status", "detail", "problems", "request_id"}
    assert answer.headers["x-request-id"] == found["request_id"]
    said = [found["title"], found["detail"], *(one[key] for one in found["problems"] for key in ("reason", "remedy"))]
    assert all(re.search("[\u4e00-\u9fff]", text) for text in said if text), said
    return found


def test_malformed_json_says_where(api: TestClient) -> None:
    found = problem(api.post("/match", content=b'{"profile": {}', headers=JSON), 400, "malformed")
    assert "第 15 个字符" in found["problems"][0]["reason"]
    for broken in (b"\xff\xfe", b"[" * 100_000, b"1" * 5000, b"\xc3"):
        problem(api.post("/match", content=broken, headers=JSON), 400, "malformed")


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "application/xml"])
def test_another_content_type(api: TestClient, kind: str) -> None:
    problem(
        api.post("/match", content=b'{"profile": {}}', headers={"content-type": kind}), 415, "unsupported-media-type"
    )


@pytest.mark.parametrize(
    ("path", "body", "field", "reason"),
    [
        ("/match", {}, "profile", "缺少"),
        ("/match", {"profile": {}, "k": "5"}, "k", "整数"),
        ("/match", {"profile": {}, "k": True}, "k", "整数"),
        ("/match", {"profile": {}, "k": 5.5}, "k", "整数"),
        ("/match", {"profile": {}, "k": 0}, "k", "不能小于 1"),
        ("/match", {"profile": {}, "k": 101}, "k", "不能大于 100"),
        ("/match", {"profile": {}, "K": 5}, "K", "没有这个名称"),
        ("/match", {"profile": {}, "as_of": "2026-02-30"}, "as_of", "日历上没有"),
        ("/match", {"profile": {}, "as_of": 20260101}, "as_of", "应为日期"),
        ("/match", {"profile": {}, "as_of": "0001-01-01"}, "as_of", "应为日期"),
        ("/match", {"profile": {}, "as_of": "9999-12-31"}, "as_of", "应为日期"),
        ("/match", {"profile": {}, "skip": "patents"}, "skip", "列表"),
        ("/match", {"profile": {}, "skip": [1]}, "skip.0", "文字"),
        ("/match", {"profile": {}, "skip": ["x" * 61]}, "skip.0", "最多 60 个字符"),
        ("/match", [], "请求体", "JSON 对象"),
        ("/match/batch", {"profiles": []}, "profiles", "至少 1 项"),
        ("/match/batch", {"profiles": [{}] * 101}, "profiles", "最多 100 项"),
        ("/match/batch", {"profiles": [3]}, "profiles.0", "JSON 对象"),
        ("/explain", {"profile": {}, "measure_id": "Open"}, "measure_id", "写法不对"),
        ("/feedback", {"profile": {}, "target": "open", "mark": "好"}, "mark", "不在可选的值内"),
        ("/feedback", {"profile": {}, "target": "open", "mark": "适合", "note": "字" * 2001}, "note", "最多 2000"),
    ],
)
def test_a_wrong_form_says_what_and_where(api: TestClient, path: str, body: object, field: str, reason: str) -> None:
    found = problem(api.post(path, json=body), 422, "invalid-request")
    (one,) = found["problems"]
    assert one["field"] == field and reason in one["reason"]


def test_half_a_character_is_refused(api: TestClient) -> None:
    for body in (b'{"profile": {}, "\\ud800": 5}', b'{"profile": {}, "skip": ["\\ud800"]}'):
        problem(api.post("/match", content=body, headers=JSON), 422, "invalid-request")
    answer = api.post("/match", content=b'{"profile": {"\\ud800": 5, "other": {"\\ud800": 1}}}', headers=JSON)
    problem(answer, 422, "invalid-content")


def test_a_wrong_content_says_what_and_where(api: TestClient) -> None:
    found = problem(api.post("/match", json={"profile": {"employees": True, "nmae": "甲"}}), 422, "invalid-content")
    assert [one["field"] for one in found["problems"]] == ["从业人数（employees）", "“nmae”"]
    assert "name" in found["problems"][1]["remedy"]


@pytest.mark.parametrize(
    ("path", "field"),
    [("/policies?foo=1", "foo"), ("/policies?page=0", "page"), ("/policies?size=x", "size"), ("/policies/search", "q"),
     ("/policies?open_now=maybe", "open_now"), ("/policies?as_of=tomorrow", "as_of"), ("/jobs?page=99999", "page")],
)  # fmt: skip
def test_wrong_parameters(api: TestClient, path: str, field: str) -> None:
    (one,) = problem(api.get(path), 422, "invalid-request")["problems"]
    assert one["field"] == field and one["reason"]


def test_unknown_filter_values_are_told_with_what_there_is(api: TestClient) -> None:
    found = problem(api.get("/policies?level=village&region=亚特兰蒂斯"), 422, "invalid-content")
    assert len(found["problems"]) == 2 and "province" in found["problems"][0]["remedy"]


@pytest.mark.parametrize("path", ["/nothing", "/policies/nothing", "/jobs/nothing", "/match/", "/docs/x"])
def test_not_found(api: TestClient, path: str) -> None:
    problem(api.get(path), 404, "not-found")


@pytest.mark.parametrize(
    ("method", "path", "allow"),
    [("GET", "/match", "POST"), ("PATCH", "/jobs", "GET"), ("PUT", "/jobs/abc", "DELETE, GET"),
     ("OPTIONS", "/jobs/bulk", "POST"), ("POST", "/policies/search", "GET"), ("HEAD", "/health", "GET")],
)  # fmt: skip
def test_a_wrong_method_says_which_are_right(api: TestClient, method: str, path: str, allow: str) -> None:
    answer = api.request(method, path)
    assert answer.status_code == 405 and answer.headers["allow"] == allow
    if method != "HEAD":
        problem(answer, 405, "method-not-allowed")


OPERATIONS = {
    "match": ("POST", "/match", {"profile": PROFILE}),
    "explain": ("POST", "/explain", {"profile": PROFILE, "measure_id": "open/invest"}),
    "questions": ("POST", "/questions", {"profile": PROFILE}),
    "feedback": ("POST", "/feedback", {"profile": PROFILE, "target": "open", "mark": "适合"}),
    "batch": ("POST", "/match/batch", {"profiles": [PROFILE]}),
    "reverse": ("POST", "/reverse", {"target": "open", "profiles": [PROFILE]}),
    "policies": ("GET", "/policies", None),
    "search": ("GET", "/policies/search?q=设备", None),
    "policy": ("GET", "/policies/open", None),
    "fields": ("GET", "/fields", None),
    "jobs": ("GET", "/jobs", None),
    "metrics": ("GET", "/metrics", None),
}
EVERYBODY = {Role.ENTERPRISE, Role.STAFF, Role.EVALUATOR}
MAY = {
    "match": EVERYBODY, "policies": EVERYBODY, "search": EVERYBODY, "policy": EVERYBODY, "fields": EVERYBODY,
    "explain": {Role.ENTERPRISE, Role.STAFF}, "questions": {Role.ENTERPRISE, Role.STAFF},
    "feedback": {Role.ENTERPRISE, Role.STAFF}, "batch": {Role.STAFF}, "reverse": {Role.STAFF}, "jobs": {Role.STAFF},
    "metrics": {Role.STAFF},
}  # fmt: skip


@pytest.mark.parametrize("name", OPERATIONS)
def test_roles(services: Services, name: str) -> None:
    method, path, body = OPERATIONS[name]
    app = mounted(services)
    for caller, identity in CALLERS.items():
        answer = client(app, caller).request(method, path, json=body)
        if identity.may_act_as(*MAY[name]):
            assert answer.is_success, (caller, answer.text)
        else:
            problem(answer, 403, "forbidden")
    for nobody in (None, "wrong"):
        answer = client(app, nobody).request(method, path, json=body)
        problem(answer, 401, "unauthorized")
        assert answer.headers["www-authenticate"] == "Bearer"


def test_health_asks_nobody(services: Services) -> None:
    app = mounted(services)
    for path in ("/health", "/health/ready", "/docs", "/openapi.json"):
        assert client(app, None).get(path).status_code == 200


def test_before_the_library_is_loaded(tmp_path: Any) -> None:
    waiting = open_services(tmp_path)
    api = client(mounted(waiting))
    for name in ("match", "explain", "questions", "batch", "reverse", "policies", "search", "policy", "feedback"):
        method, path, body = OPERATIONS[name]
        answer = api.request(method, path, json=body)
        problem(answer, 503, "unavailable")
        assert int(answer.headers["retry-after"]) > 0
    problem(api.get("/health/ready"), 503, "unavailable")
    health = api.get("/health").json()
    assert health["live"] and not health["ready"] and health["library_version"] == "" and health["encoder"] is None
    assert api.get("/fields").status_code == 200 and api.get("/metrics").status_code == 200
    waiting.database.close()


def test_what_nobody_expected(services: Services, monkeypatch: pytest.MonkeyPatch, caplog: Any) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("secret path /data/x")

    monkeypatch.setattr("matcher.api.library.search", broken)
    found = problem(client(mounted(services)).get("/policies"), 500, "internal-error")
    assert "secret" not in str(found) and found["request_id"] in caplog.text
