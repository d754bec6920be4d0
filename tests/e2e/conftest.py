"""A running page and a real browser; without Chromium the tests are skipped, or fail where services are required."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests.e2e.support import watched_page

ROOT = Path(__file__).parents[2]
CHROMIUM = Path("/usr/bin/chromium")
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--no-first-run",
]  # fmt: skip
AS_OF = "2026-11-23"
READY_S = 240


@pytest.fixture(scope="session")
def base_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of a server in its own process, ready to match."""
    if not CHROMIUM.exists():
        reason = f"{CHROMIUM} is not installed (Debian: apt-get install chromium fonts-noto-cjk)"
        if os.environ.get("HUIQI_REQUIRE_SERVICES") == "1":
            pytest.fail(reason)
        pytest.skip(reason)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    cache = os.environ.get("HUIQI_CACHE_DIR") or str(tmp_path_factory.mktemp("cache"))
    data = str(tmp_path_factory.mktemp("data"))
    environment = {**os.environ, "HUIQI_PORT": str(port), "HUIQI_AS_OF": AS_OF, "HUIQI_CACHE_DIR": cache}
    environment["HUIQI_DATA_DIR"] = data
    log = tmp_path_factory.mktemp("server") / "log.txt"
    with log.open("w") as out:
        server = subprocess.Popen([sys.executable, "app.py"], cwd=ROOT, env=environment, stdout=out, stderr=out)
        try:
            _wait(server, f"http://127.0.0.1:{port}", log)
            yield f"http://127.0.0.1:{port}"
        finally:
            server.terminate()
            server.wait(30)


def _wait(server: subprocess.Popen[bytes], url: str, log: Path) -> None:
    """Poll until a match would be answered at once."""
    deadline = time.monotonic() + READY_S
    while time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(f"{url}/healthz", timeout=2) as answer:
                if b"true" in answer.read():
                    return
        except (urllib.error.URLError, OSError):
            pass
        try:
            server.wait(0.3)
        except subprocess.TimeoutExpired:
            continue
        pytest.fail(f"the server ended early:\n{log.read_text()}")
    pytest.fail(f"the server was not ready within {READY_S} s:\n{log.read_text()}")


@pytest.fixture(scope="session")
def browser(base_url: str) -> Iterator[Browser]:
    """Debian's Chromium."""
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS)
        yield started
        started.close()


@pytest.fixture(params=[1280])
def page(request: pytest.FixtureRequest, browser: Browser, base_url: str) -> Iterator[Page]:
    """The enterprise page just opened."""
    with watched_page(browser, f"{base_url}/e/", request.param) as opened:
        opened.wait_for_selector("#go")
        opened.wait_for_selector('button[data-mode="large"]')
        yield opened
