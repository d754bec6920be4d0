"""The allow-list, the policy behind it, and the bodies that Gradio is given."""

from __future__ import annotations

import asyncio
import json
from typing import Any
from urllib.parse import quote

import pytest
from starlette.types import Message

from matcher.access import bodies, ways
from matcher.access.policy import Policy
from matcher.access.refusals import Reason, Refusal
from matcher.access.uploads import noting
from matcher.access.ways import Kind
from matcher.settings import Settings
from matcher.store.tables import Role

LOGIN = Policy(local=False, host="0.0.0.0", origin=None, login_hours=12, upload_bytes=1000)
LOCAL = Policy(local=True, host="127.0.0.1", origin=None, login_hours=12, upload_bytes=1000)


def find(method: str, path: str, policy: Policy = LOGIN) -> ways.Way:
    return ways.find(method, path, quote(path).encode(), policy)


@pytest.mark.parametrize(
    ("method", "path", "kind", "roles"),
    [
        ("GET", "/", Kind.PLAIN, None),
        ("HEAD", "/policies/sd-2026-1", Kind.PLAIN, None),
        ("GET", "/compare", Kind.PLAIN, None),
        ("GET", "/policies/设备更新", Kind.PLAIN, None),
        ("POST", "/login", Kind.PLAIN, None),
        ("POST", "/account", Kind.PLAIN, ()),
        ("GET", "/mine/runs/abc.docx", Kind.PLAIN, (Role.ENTERPRISE,)),
        ("GET", "/static/huiqi.css", Kind.ASSET, None),
        ("GET", "/files/" + "a" * 22, Kind.PLAIN, ()),
        ("GET", "/e/", Kind.GRADIO_PAGE, (Role.ENTERPRISE,)),
        ("GET", "/s", Kind.GRADIO_PAGE, (Role.STAFF,)),
        ("GET", "/v/assets/Index-a_b.js", Kind.ASSET, None),
        ("GET", "/v/gradio_api/heartbeat/abcdef123", Kind.STREAM, (Role.EVALUATOR,)),
        ("POST", "/e/gradio_api/queue/join", Kind.JOIN, (Role.ENTERPRISE,)),
        ("POST", "/s/gradio_api/upload", Kind.UPLOAD, (Role.STAFF,)),
        ("DELETE", "/api/v1/jobs/abc", Kind.API, None),
        ("GET", "/healthz", Kind.ASSET, None),
    ],
)
def test_ways_in(method: str, path: str, kind: Kind, roles: tuple[Role, ...] | None) -> None:
    way = find(method, path)
    assert (way.kind, way.roles) == (kind, roles)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/x"),
        ("GET", "/ex"),
        ("GET", "/e/x"),
        ("GET", "/healthz/x"),
        ("GET", "/files/short"),
        ("GET", "/api/v2"),
        ("GET", "/api/v1x"),
        ("GET", "/mines"),
        ("GET", "/e/assets/"),
        ("GET", "/e/assets/.env"),
        ("GET", "/e/assets/a/../b"),
        ("GET", "/static/huiqi.css.map"),
        ("POST", "/e/gradio_api/upload"),
        ("GET", "/e/gradio_api/heartbeat/a"),
        ("GET", "/e/gradio_api/heartbeat/abcdef/x"),
        ("POST", "/e/"),
        ("GET", "/policies/a b\x7f"),
        ("GET", "/" + "p" * 700),
        ("GET", "relative"),
        ("GET", "/policies/a%b"),
        ("GET", "/mine/./x"),
        ("GET", "/mine/.."),
        ("GET", "/mine;x"),
    ],
)
def test_no_ways_in(method: str, path: str) -> None:
    with pytest.raises(Refusal) as refused:
        find(method, path)
    assert refused.value.reason is Reason.NOT_FOUND


@pytest.mark.parametrize(
    "raw", [b"/%65/", b"/e%2f", b"/policies/%2e%2e", b"/policies/%5c", b"/policies/%2", b"/policies/%zz"]
)
def test_ascii_is_never_percent_encoded(raw: bytes) -> None:
    with pytest.raises(Refusal):
        ways.find("GET", "/policies/a", raw, LOGIN)


@pytest.mark.parametrize("method", ["PUT", "PATCH", "OPTIONS", "TRACE", "CONNECT", "DELETE", "get"])
def test_other_methods_are_for_the_interface_only(method: str) -> None:
    for path in ("/policies", "/mine", "/e/", "/login", "/e/gradio_api/queue/join"):
        with pytest.raises(Refusal):
            find(method, path)


@pytest.mark.parametrize("path", ["/login", "/logout", "/account"])
def test_without_login_there_are_no_login_pages(path: str) -> None:
    with pytest.raises(Refusal):
        find("GET", path, LOCAL)


# ---- policy ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "needs"),
    [
        ({}, False),
        ({"host": "localhost"}, False),
        ({"host": "::1"}, False),
        ({"host": "127.8.8.8"}, False),
        ({"host": "0.0.0.0"}, True),
        ({"host": "192.168.1.5"}, True),
        ({"host": "huiqi.local"}, True),
        ({"host": "::"}, True),
        ({"login": True}, True),
        ({"origin": "https://huiqi.example.cn"}, True),
    ],
)
def test_who_has_to_log_in(given: dict[str, Any], needs: bool) -> None:
    assert Settings(**given).needs_login is needs
    assert Policy.of(Settings(**given)).local is not needs


BEHIND = Policy(local=False, host="127.0.0.1", origin="https://huiqi.example.cn", login_hours=1, upload_bytes=1)
NAMED = Policy(local=False, host="huiqi.lan", origin=None, login_hours=1, upload_bytes=1)


@pytest.mark.parametrize(
    ("policy", "host", "taken"),
    [
        (LOCAL, "127.0.0.1:7860", True),
        (LOCAL, "localhost", True),
        (LOCAL, "[::1]:7860", True),
        (LOCAL, "192.168.1.5", False),
        (LOCAL, "evil.example", False),
        (LOCAL, "localhost.evil.example", False),
        (LOCAL, "", False),
        (LOCAL, "a@127.0.0.1", False),
        (LOCAL, "127.0.0.1/x", False),
        (LOCAL, "[::1", False),
        (LOGIN, "192.168.1.5:7860", True),
        (LOGIN, "evil.example", False),
        (NAMED, "HUIQI.lan:80", True),
        (NAMED, "evil.example", False),
        (BEHIND, "huiqi.example.cn", True),
        (BEHIND, "HUIQI.example.cn", True),
        (BEHIND, "huiqi.example.cn:8443", False),
        (BEHIND, "127.0.0.1", False),
    ],
)
def test_which_names_the_service_answers_to(policy: Policy, host: str, taken: bool) -> None:
    assert policy.takes_host(host) is taken


@pytest.mark.parametrize(
    ("policy", "origin", "taken"),
    [
        (LOCAL, "http://127.0.0.1:7860", True),
        (LOCAL, "https://127.0.0.1:7860", False),
        (LOCAL, "http://127.0.0.1", False),
        (LOCAL, "null", False),
        (BEHIND, "https://huiqi.example.cn", True),
        (BEHIND, "http://huiqi.example.cn", False),
        (BEHIND, "https://evil.example", False),
    ],
)
def test_which_origin_is_its_own(policy: Policy, origin: str, taken: bool) -> None:
    assert policy.takes_origin(origin, "http", "127.0.0.1:7860") is taken


def test_the_cookie_is_bound_to_the_host_where_there_is_tls() -> None:
    assert (BEHIND.secure, BEHIND.cookie) == (True, "__Host-huiqi")
    assert (LOGIN.secure, LOGIN.cookie) == (False, "huiqi")


# ---- bodies ---------------------------------------------------------------------------------------------------------

HASH = "abcdef123"


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", Reason.MALFORMED),
        (b"[]", Reason.MALFORMED),
        (b'{"session_hash": NaN}', Reason.MALFORMED),
        (b'{"session_hash": "abcdef123", "session_hash": "abcdef124"}', Reason.MALFORMED),
        (b'{"session_hash": "abcdef123", "data": [{"a": 1, "a": 2}]}', Reason.MALFORMED),
        (b'{"session_hash": "abcdef123", "oauth_token": "x"}', Reason.MALFORMED),
        (b"\xff\xfe{\x00", Reason.MALFORMED),
        (b'{"session_hash": "abcdef123", "fn_index": ' + b"9" * 5000 + b"}", Reason.MALFORMED),
        (b'{"data": []}', Reason.SESSION),
        (b'{"session_hash": null}', Reason.SESSION),
        (b'{"session_hash": 1}', Reason.SESSION),
        (b'{"session_hash": "abc"}', Reason.SESSION),
        (b'{"session_hash": "../../etc"}', Reason.SESSION),
    ],
)
def test_bodies_that_no_page_sends(body: bytes, reason: Reason) -> None:
    with pytest.raises(Refusal) as refused:
        bodies.parse(body)
    assert refused.value.reason is reason


def test_a_body_that_a_page_sends() -> None:
    value = {"data": [None, {"headers": ["a"], "data": [[1]]}], "fn_index": 3, "trigger_id": 7, "session_hash": HASH}
    assert bodies.parse(json.dumps(value).encode()) == value
    assert list(bodies.file_paths(value, "http://x/s")) == []


ROOT = "http://127.0.0.1:7860/s"
PATH = "/data/uploads/ab/名单 1#%25.csv"


@pytest.mark.parametrize(
    "file",
    [
        {"path": PATH},
        {"path": PATH, "url": None},
        {"path": PATH, "url": f"{ROOT}/gradio_api/file={PATH}"},
        {
            "path": PATH,
            "url": f"{ROOT}/gradio_api/file={quote(PATH)}",
            "orig_name": "名单.csv",
            "size": 3,
            "is_stream": False,
        },
    ],
)
def test_files_are_found_at_any_depth(file: dict[str, Any]) -> None:
    assert list(bodies.file_paths({"data": [[[{"a": {"b": [file]}}]], file]}, ROOT)) == [PATH, PATH]


@pytest.mark.parametrize(
    "file",
    [
        {"path": 1},
        {"path": None},
        {"path": ["/etc/passwd"]},
        {"url": "http://127.0.0.1/"},
        {"orig_name": "a.csv"},
        {"meta": {"_type": "gradio.FileData"}},
        {"path": PATH, "url": "http://127.0.0.1/"},
        {"path": PATH, "is_stream": True},
        {"path": PATH, "url": f"http://evil.example/gradio_api/file={PATH}"},
        {"path": PATH, "url": 5},
    ],
)
def test_files_that_are_more_than_an_upload(file: dict[str, Any]) -> None:
    with pytest.raises(Refusal) as refused:
        list(bodies.file_paths({"data": [file]}, ROOT))
    assert refused.value.reason is Reason.UPLOAD and refused.value.log


def run_read(messages: list[Message], limit: int) -> bytes:
    async def receive() -> Message:
        return messages.pop(0)

    return asyncio.run(bodies.read(receive, limit))


def test_a_body_in_parts_is_read_to_its_end_and_no_further_than_allowed() -> None:
    parts: list[Message] = [
        {"type": "http.request", "body": b"ab", "more_body": True}, {"type": "http.request", "body": b"c"},
    ]  # fmt: skip
    assert run_read(list(parts), 3) == b"abc"
    with pytest.raises(Refusal, match=Reason.TOO_LARGE.title):
        run_read(list(parts), 2)
    with pytest.raises(Refusal, match=Reason.MALFORMED.title):
        run_read([parts[0], {"type": "http.disconnect"}], 3)


def test_a_body_that_was_read_is_given_once_more() -> None:
    async def receive() -> Message:
        return {"type": "http.disconnect"}

    async def both() -> list[Message]:
        again = bodies.again(b"abc", receive)
        return [await again(), await again()]

    first, second = asyncio.run(both())
    assert first == {"type": "http.request", "body": b"abc", "more_body": False} and second["type"] == "http.disconnect"


@pytest.mark.parametrize(("status", "noted"), [(200, ["/a", "/b"]), (400, [])])
def test_paths_of_an_upload_are_noted_before_its_answer_ends(status: int, noted: list[str]) -> None:
    events: list[str] = []

    async def send(message: Message) -> None:
        events.append(message["type"])

    async def answer() -> None:
        watched = noting(send, events.append)
        await watched({"type": "http.response.start", "status": status, "headers": []})
        await watched({"type": "http.response.body", "body": b'["/a", ', "more_body": True})
        await watched({"type": "http.response.body", "body": b'"/b"]'})

    asyncio.run(answer())
    assert events == ["http.response.start", "http.response.body", *noted, "http.response.body"]
