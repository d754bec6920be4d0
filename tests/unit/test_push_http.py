"""One POST to a receiver that somebody else named."""

from __future__ import annotations

import socket
import time
from pathlib import Path
from typing import Any

import pytest

from matcher.push import http
from matcher.push.errors import PushRejected, PushUnavailable
from matcher.push.targets import Allowed
from matcher.store.companies import Channel
from tests.receivers import Got, Reply, certificate, web

HERE = Allowed(Channel.WEBHOOK, frozenset({"127.0.0.1"}))
NAMED = Allowed(Channel.WEBHOOK, frozenset({"hook.example.cn"}))
TIMEOUT_S = 1.0


def fine(_: Got) -> Reply:
    return Reply(204)


def resolving(monkeypatch: pytest.MonkeyPatch, *addresses: str) -> list[str]:
    """Every name leads to these addresses; returns where is asked for."""
    asked: list[str] = []

    def found(host: str, port: int, *_: Any, **__: Any) -> list[Any]:
        asked.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in addresses]

    monkeypatch.setattr(socket, "getaddrinfo", found)
    return asked


def test_a_body_arrives_with_its_headers_and_the_answer_is_read() -> None:
    with web(lambda _: Reply(202, b"taken", {"Retry-After": "7"})) as server:
        answer = http.post(f"{server.url}/in?key=1", b'{"a":1}', {"X-One": "1"}, HERE)
    assert answer == (202, b"taken", 7.0)
    got = server.got[0]
    assert (got.path, got.body, got.headers["X-One"]) == ("/in?key=1", b'{"a":1}', "1")
    assert got.headers["Content-Type"] == "application/json; charset=utf-8"


def test_redirects_are_not_followed() -> None:
    with web(lambda _: Reply(302, b"", {"Location": "/elsewhere"})) as server:
        assert http.post(server.url, b"{}", {}, HERE).status == 302
    assert len(server.got) == 1


def test_an_answer_is_read_no_further_than_needed() -> None:
    with web(lambda _: Reply(200, b"x" * 1_000_000)) as server:
        assert len(http.post(server.url, b"{}", {}, HERE).body) == http.MAX_ANSWER_BYTES


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        (Reply(drop=True), "与接收方的连接中断"),
        (Reply(wait_s=2 * TIMEOUT_S), "接收方没有按时答复"),
    ],
)
def test_a_receiver_that_does_not_answer_is_unavailable(reply: Reply, reason: str) -> None:
    with web(lambda _: reply) as server, pytest.raises(PushUnavailable, match=reason):
        http.post(server.url, b"{}", {}, HERE, timeout_s=TIMEOUT_S)


@pytest.mark.parametrize("secure", [False, True])
def test_an_answer_that_drips_is_cut_off(secure: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = certificate(tmp_path) if secure else None
    if file:
        monkeypatch.setenv("SSL_CERT_FILE", str(file))
        http._trust.cache_clear()
    begun = time.monotonic()
    with web(lambda _: Reply(200, b"x" * 100, drip_s=0.2), file) as server:
        try:
            http.post(server.url, b"{}", {}, HERE, timeout_s=0.5)
        except PushUnavailable:
            pass
        finally:
            http._trust.cache_clear()
    assert time.monotonic() - begun < 10


def test_nobody_there_is_unavailable() -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    with pytest.raises(PushUnavailable, match="连接不上接收方"):
        http.post(f"http://127.0.0.1:{port}/", b"{}", {}, HERE)


def test_a_certificate_that_nobody_trusts_is_refused_and_one_of_the_department_is_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = certificate(tmp_path)
    with web(fine, file) as server:
        with pytest.raises(PushUnavailable, match="证书校验没有通过"):
            http.post(server.url, b"{}", {}, HERE)
        assert server.got == []
        monkeypatch.setenv("SSL_CERT_FILE", str(file))
        http._trust.cache_clear()
        try:
            assert http.post(server.url, b"{}", {}, HERE).status == 204
        finally:
            http._trust.cache_clear()


def test_a_certificate_of_another_host_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = certificate(tmp_path, "10.9.9.9")
    monkeypatch.setenv("SSL_CERT_FILE", str(file))
    http._trust.cache_clear()
    try:
        with web(fine, file) as server, pytest.raises(PushUnavailable, match="证书校验没有通过"):
            http.post(server.url, b"{}", {}, HERE)
    finally:
        http._trust.cache_clear()


@pytest.mark.parametrize("address", ["127.0.0.1", "10.0.0.8", "169.254.169.254", "192.168.0.1"])
def test_a_listed_name_that_leads_inside_is_refused(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    resolving(monkeypatch, address)
    monkeypatch.setattr(socket, "create_connection", lambda *_, **__: pytest.fail("connected"))
    with pytest.raises(PushRejected, match="内网地址") as refused:
        http.post("https://hook.example.cn/in", b"{}", {}, NAMED)
    assert "example" not in str(refused.value)


def test_the_connection_goes_to_the_address_that_was_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = resolving(monkeypatch, "10.0.0.8", "8.8.8.8")
    tried: list[tuple[str, int]] = []

    def connect(address: tuple[str, int], *_: Any, **__: Any) -> socket.socket:
        tried.append(address)
        raise ConnectionRefusedError

    monkeypatch.setattr(socket, "create_connection", connect)
    with pytest.raises(PushUnavailable, match="连接不上接收方"):
        http.post("https://hook.example.cn:8443/in", b"{}", {}, NAMED)
    assert tried == [("8.8.8.8", 8443)]
    assert asked == ["hook.example.cn"]


def test_proxies_of_the_environment_are_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    with web(fine) as server:
        assert http.post(server.url, b"{}", {}, HERE).status == 204


def test_a_url_that_is_not_listed_is_refused() -> None:
    with web(fine) as server, pytest.raises(PushRejected, match="不在接口推送的允许列表中"):
        http.post(server.url, b"{}", {}, NAMED)
    assert server.got == []
