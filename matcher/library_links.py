"""Whether the official addresses of a library still answer; politely, one after another, and only when asked for."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlsplit

import requests

from policies.library import Library

AGENT = "huiqi-link-check/1 (+one request at a time)"
TIMEOUT_S = 20.0
GONE = frozenset({404, 410})
State = Literal["ok", "moved", "dead", "unreachable"]


@dataclass(frozen=True)
class Link:
    """What an address answered.

    Attributes:
        detail: "HTTP 404", where it leads now, or what went wrong.
    """

    policy_id: str
    url: str
    state: State
    detail: str


def check_links(
    library: Library,
    wanted: tuple[str, ...] = (),
    *,
    pause_s: float = 2.0,
    ask: Callable[[str], tuple[State, str]] | None = None,
    sleep: Callable[[float], None] = time.sleep,
    clock: Callable[[], float] = time.monotonic,
) -> Iterator[Link]:
    """Ask for the address of every policy that has one.

    Args:
        library: A library that loaded.
        wanted: policy_ids; empty for all.
        pause_s: Least time between two requests to one host.
        ask: Asks for one address; `ask_once` by default.
        sleep: Waits so many seconds.
        clock: A moment in seconds.

    Yields:
        One link after the other, in the order of the library; hosts take turns only by that order.
    """
    last: dict[str, float] = {}
    for policy_id, policy in library.policies.items():
        url = policy.source.url
        if url is None or (wanted and policy_id not in wanted):
            continue
        host = urlsplit(url).netloc
        if host in last and (wait := last[host] + pause_s - clock()) > 0:
            sleep(wait)
        state, detail = (ask or ask_once)(url)
        last[host] = clock()
        yield Link(policy_id, url, state, detail)


def ask_once(url: str) -> tuple[State, str]:
    """Ask for one address: its head, or its first bytes where a server refuses that."""
    headers = {"User-Agent": AGENT}
    try:
        answer = requests.head(url, headers=headers, timeout=TIMEOUT_S, allow_redirects=True)
        if answer.status_code in {403, 405, 501}:
            answer = requests.get(url, headers=headers, timeout=TIMEOUT_S, stream=True)
            answer.close()
    except requests.RequestException as error:
        return "unreachable", type(error).__name__
    if answer.status_code in GONE:
        return "dead", f"HTTP {answer.status_code}"
    if not answer.ok:
        return "unreachable", f"HTTP {answer.status_code}"
    return ("ok", "") if _same(url, answer.url) else ("moved", answer.url)


def _same(asked: str, answered: str) -> bool:
    """Whether the answer is the page asked for: a site's front page in place of a document is not."""
    one, other = urlsplit(asked), urlsplit(answered)
    return one.path.rstrip("/") == other.path.rstrip("/")
