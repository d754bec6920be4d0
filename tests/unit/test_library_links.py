"""The link check asks politely, tells what it found, and never asks unless it is told to."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from matcher.library_links import AGENT, State, ask_once, check_links
from policies.library import Library, load_library
from tests.support import policy, write_library


class Site(BaseHTTPRequestHandler):
    """Answers by path; notes what was asked."""

    asked: list[tuple[str, str, str]]

    def do_HEAD(self) -> None:
        self.answer()

    def do_GET(self) -> None:
        self.answer()

    def answer(self) -> None:
        self.asked.append((self.command, self.path, self.headers["User-Agent"]))
        refuses_head = self.path == "/get-only" and self.command == "HEAD"
        status = {"/gone": 404, "/broken": 500, "/moved": 302}.get(self.path, 405 if refuses_head else 200)
        self.send_response(status)
        if status == 302:
            self.send_header("Location", "/front")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Quiet."""


@pytest.fixture
def site() -> Iterator[str]:
    Site.asked = []
    server = ThreadingHTTPServer(("127.0.0.1", 0), Site)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize(
    ("path", "state"),
    [("/page", "ok"), ("/get-only", "ok"), ("/gone", "dead"), ("/broken", "unreachable"), ("/moved", "moved")],
)
def test_what_an_address_answers(site: str, path: str, state: State) -> None:
    found, detail = ask_once(site + path)
    assert found == state
    assert bool(detail) == (state != "ok")
    assert {agent for _, _, agent in Site.asked} == {AGENT}


def test_an_address_without_a_server_is_unreachable() -> None:
    assert ask_once("http://127.0.0.1:9/page")[0] == "unreachable"


def library(folder: Path, **urls: str | None) -> Library:
    return load_library(
        write_library(folder, *(policy(name, source={"url": url} if url else {}) for name, url in urls.items()))
    )


def test_one_host_is_not_asked_twice_within_the_pause(tmp_path: Path) -> None:
    now, waits = [100.0], []

    def sleep(seconds: float) -> None:
        waits.append(seconds)
        now[0] += seconds

    def ask(_: str) -> tuple[State, str]:
        now[0] += 0.5
        return "ok", ""

    loaded = library(tmp_path, a="https://x.cn/1", b="https://y.cn/1", c="https://x.cn/2", d=None)
    found = list(check_links(loaded, pause_s=3, ask=ask, sleep=sleep, clock=lambda: now[0]))
    assert [link.policy_id for link in found] == ["a", "b", "c"]
    assert waits == [2.5]


def test_only_the_wanted_ones_are_asked(tmp_path: Path) -> None:
    loaded = library(tmp_path, a="https://x.cn/1", b="https://y.cn/1")
    assert [link.policy_id for link in check_links(loaded, ("b",), ask=lambda _: ("ok", ""))] == ["b"]
