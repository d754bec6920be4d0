"""What the page tests share: a server of their own, a watched page, axe, and how wide a page is."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from PIL import Image
from playwright.sync_api import Browser, ConsoleMessage, Error, Page, Request

from tests.support import wait_for

ROOT = Path(__file__).parents[2]
SHOTS = ROOT / "docs" / "screenshots"
DESKTOP = 1280
IN_BOTH_SIZES = pytest.mark.parametrize(("width", "large"), [(1280, False), (1280, True), (390, False), (390, True)])
FOR_THE_DOCUMENTATION = pytest.mark.skipif(
    "HUIQI_SCREENSHOTS" not in os.environ, reason="set HUIQI_SCREENSHOTS=1 to renew docs/screenshots"
)
AS_OF = "2026-11-23"
PATIENCE_MS = 60_000
"""How long a page may take for a step: two browsers and two servers share two cores."""
STREAM_ENDED = ("AbortError", "Connection errored out")


@contextlib.contextmanager
def served(folder: Path, **settings: str) -> Iterator[str]:
    """Address of a server in its own process, ready to match.

    Args:
        folder: Where it keeps its data and its log.
        settings: More settings, as HUIQI_… variables.
    """
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    own = {"HUIQI_PORT": str(port), "HUIQI_AS_OF": AS_OF, "HUIQI_DATA_DIR": str(folder / "data"), **settings}
    log, url = folder / "log.txt", f"http://127.0.0.1:{port}"
    with log.open("w") as out:
        server = subprocess.Popen(
            [sys.executable, "app.py"], cwd=ROOT, env={**os.environ, **own}, stdout=out, stderr=out
        )
        try:
            wait_for(server, log, lambda: _is_ready(url))
            yield url
        finally:
            server.terminate()
            server.wait(30)


def _is_ready(url: str) -> bool:
    """Whether a match would be answered at once."""
    with contextlib.suppress(OSError), urllib.request.urlopen(f"{url}/healthz", timeout=2) as answer:
        return b"true" in answer.read()
    return False


@dataclass
class Watched:
    """What a page did that it should not do."""

    errors: list[str] = field(default_factory=list)
    outside: list[str] = field(default_factory=list)


@contextlib.contextmanager
def watched_page(browser: Browser, url: str, width: int = 1280) -> Iterator[Page]:
    """A page in a context of its own; afterwards it must have made no console error and no request to another host."""
    watched = Watched()
    context = browser.new_context(viewport={"width": width, "height": 900}, locale="zh-CN")
    page = context.new_page()
    page.set_default_timeout(PATIENCE_MS)
    watch(page, watched)
    page.goto(url)
    yield page
    context.close()
    assert watched.errors == [], watched.errors
    assert watched.outside == [], watched.outside


def watch(page: Page, watched: Watched) -> None:
    """Note console errors, script errors and requests to other hosts."""

    def console(message: ConsoleMessage) -> None:
        # Gradio logs that its stream ended when a page is left while it listens; a request that the server refused or
        # lost is a line of Chromium's own, which counts.
        if message.type == "error" and not any(end in message.text for end in STREAM_ENDED):
            watched.errors.append(message.text)

    def failed(error: Error) -> None:
        watched.errors.append(str(error))

    def requested(request: Request) -> None:
        parts = urlsplit(request.url)
        if parts.scheme in {"http", "https", "ws", "wss"} and parts.hostname != "127.0.0.1":
            watched.outside.append(request.url)

    page.on("console", console)
    page.on("pageerror", failed)
    page.on("request", requested)


def no_axe_violations(page: Page) -> None:
    """axe-core finds nothing."""
    found = Axe().run(page, options={"resultTypes": ["violations"]}).response["violations"]
    assert [(one["id"], one["nodes"][0]["html"]) for one in found] == []


def fits(page: Page) -> None:
    """Nothing is wider than the window."""
    assert page.evaluate("document.documentElement.scrollWidth") <= page.viewport_size["width"]


LOW_TARGETS_JS = """([targets, least]) => [...document.querySelectorAll(`main :is(${targets})`)]
  .filter(e => e.getClientRects().length && e.getBoundingClientRect().height < least - .5)
  .map(e => `${e.outerHTML.slice(0, 90)} ${e.getBoundingClientRect().height}`)"""


def is_sound(page: Page, targets: str, least: int) -> None:
    """No violation, nothing cut off, every target in <main> at least so many pixels high."""
    no_axe_violations(page)
    fits(page)
    assert page.evaluate(LOW_TARGETS_JS, [targets, least]) == []


def is_sound_in_every_mode(page: Page, targets: str) -> None:
    """As `is_sound`; also in large print and high contrast."""
    for mode, least in (("", 44), ("large", 60), ("contrast", 60)):
        if mode:
            page.click(f"button[data-mode={mode}]")
        is_sound(page, targets, least)
    page.evaluate("localStorage.clear()")


def shoot(page: Page, name: str, top: float = 0, bottom: float = 3000) -> None:
    """Part of the page as a small PNG for docs/screenshots; its name tells width and reading mode."""
    page.evaluate("scrollTo(0, 0)")
    width = page.viewport_size["width"]
    large = page.evaluate("document.documentElement.classList.contains('hq-large')")
    target = SHOTS / f"{name}{'' if width == DESKTOP else f'-{width}'}{'-large' if large else ''}.png"
    end = min(bottom, page.evaluate("document.documentElement.scrollHeight"))
    image = Image.open(
        BytesIO(page.screenshot(full_page=True, clip={"x": 0, "y": top, "width": width, "height": end - top}))
    )
    target.parent.mkdir(parents=True, exist_ok=True)
    image.convert("RGB").quantize(128, dither=Image.Dither.NONE).save(target, optimize=True)
    assert target.stat().st_size < 400_000
