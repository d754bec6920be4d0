"""What the page tests share: a watched page, axe, and how wide a page is."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, ConsoleMessage, Error, Page, Request


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
    watch(page, watched)
    page.goto(url)
    yield page
    context.close()
    assert watched.errors == []
    assert watched.outside == []


def watch(page: Page, watched: Watched) -> None:
    """Note console errors, script errors and requests to other hosts."""

    def console(message: ConsoleMessage) -> None:
        if message.type == "error":
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
    found = Axe().run(page).response["violations"]
    assert [(one["id"], one["nodes"][0]["html"]) for one in found] == []


def fits(page: Page) -> None:
    """Nothing is wider than the window."""
    assert page.evaluate("document.documentElement.scrollWidth") <= page.viewport_size["width"]
