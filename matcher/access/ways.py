"""The only ways in: what may be asked for, by whom, with how large a body. What is not listed here does not exist."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum, auto
from typing import NamedTuple

from matcher.access.policy import Policy
from matcher.access.refusals import Reason, Refusal, is_api
from matcher.store.tables import Role

KIB = 1024
FORM_BYTES = 8 * KIB
PAGE_BYTES = 256 * KIB
TEMPLATE_BYTES = 3 * 1024 * KIB
"""An application form with what a browser adds to it."""
API_BYTES = {"/api/v1/match/batch": 1024 * KIB, "/api/v1/reverse": 4096 * KIB}
"""JSON bodies that carry many companies; others hold PAGE_BYTES at most."""
STEP_BYTES = 4 * KIB
MAX_PATH_CHARS = 600
MAX_QUERY_BYTES = 8 * KIB
READING = frozenset({"GET", "HEAD"})
SESSION_HASH = re.compile(r"[A-Za-z0-9_-]{6,64}")
"""What a browser may choose; Gradio's own is about eleven small letters and digits."""


class Kind(Enum):
    """What is special about a way."""

    ASSET = auto()
    """The same for everybody: nobody is asked who they are."""
    PLAIN = auto()
    GRADIO_PAGE = auto()
    STREAM = auto()
    """Listening; the session_hash is in the query (`queue/data`) or the path (`heartbeat`)."""
    JOIN = auto()
    """Starting or ending a step: JSON with a session_hash."""
    UPLOAD = auto()
    API = auto()


@dataclass(frozen=True)
class Way:
    """One way in.

    Attributes:
        roles: Who may take it: None everybody, () whoever is logged in; an admin always.
        max_body: Bytes.
    """

    kind: Kind
    roles: tuple[Role, ...] | None
    max_body: int = 0


@dataclass(frozen=True)
class Mount:
    """A Gradio page: whose it is, and whether it takes files."""

    role: Role
    uploads: bool


MOUNTS = {
    "/e": Mount(Role.ENTERPRISE, uploads=False),
    "/s": Mount(Role.STAFF, uploads=True),
    "/v": Mount(Role.EVALUATOR, uploads=True),
}
_ASSETS = re.compile(r"/(?:static/huiqi(?:\.css|\.js|-template\.xlsx)|favicon\.ico|healthz)")
_LOGIN = frozenset({"/login", "/logout", "/account"})
_UPLOADS = frozenset({"/companies/import"})


class Pages(NamedTuple):
    """Plain pages: whose they are as for `Way`; `max_body` 0 for pages that are only read."""

    paths: re.Pattern[str]
    roles: tuple[Role, ...] | None
    max_body: int = 0


_PAGES = (
    Pages(re.compile(r"/(?:policies(?:/[^/]+)*|compare)?/?"), None),
    Pages(re.compile(r"/files/[A-Za-z0-9_-]{22}"), ()),
    Pages(re.compile(r"/mine(?:/[^/]+)*/?"), (Role.ENTERPRISE,), PAGE_BYTES),
    # What a message links to: whoever has the signed link may take it.
    Pages(re.compile(r"/subscription/[A-Za-z0-9_=-]{100,400}/(?:confirm|end)"), None, FORM_BYTES),
    Pages(re.compile(r"/(?:push|companies|grants|briefing|jobs)(?:/[^/]+)*/?"), (Role.STAFF,), PAGE_BYTES),
    Pages(re.compile(r"/forms(?:/[^/]+)*/?"), (Role.ADMIN,), TEMPLATE_BYTES),
)
_GRADIO_ASSETS = re.compile(r"/theme\.css|/(?:assets|static)(?:/[A-Za-z0-9_@-][A-Za-z0-9_@.-]*)+")
_GRADIO = {
    ("GET", "/gradio_api/queue/data"): (Kind.STREAM, 0),
    ("POST", "/gradio_api/queue/join"): (Kind.JOIN, PAGE_BYTES),
    ("POST", "/gradio_api/cancel"): (Kind.JOIN, STEP_BYTES),
    ("POST", "/gradio_api/reset"): (Kind.PLAIN, STEP_BYTES),
    ("POST", "/gradio_api/upload"): (Kind.UPLOAD, 0),
}
_HEARTBEAT = re.compile(rf"/gradio_api/heartbeat/{SESSION_HASH.pattern}")


def find(method: str, path: str, raw_path: bytes, policy: Policy) -> Way:
    """The way that a request takes.

    Args:
        method: As sent.
        path: Decoded.
        raw_path: As sent.
        policy: Whether there are logins, how large a file may be.

    Raises:
        Refusal: there is none.
    """
    if not _is_canonical(path, raw_path):
        raise Refusal(Reason.NOT_FOUND)
    mount = path[:2]
    if mount in MOUNTS and path[2:3] in {"", "/"}:
        return _gradio(method, path[2:], MOUNTS[mount], policy)
    if is_api(path):
        return Way(Kind.API, None, policy.upload_bytes)
    reads = method in READING
    if _ASSETS.fullmatch(path) and reads:
        return Way(Kind.ASSET, None)
    if not reads and method != "POST":
        raise Refusal(Reason.METHOD)
    if path in _LOGIN and not policy.local:
        return Way(Kind.PLAIN, () if path == "/account" else None, FORM_BYTES)
    for pages in _PAGES:
        if pages.paths.fullmatch(path) and (reads or pages.max_body):
            return Way(Kind.PLAIN, pages.roles, policy.upload_bytes if path in _UPLOADS else pages.max_body)
    raise Refusal(Reason.NOT_FOUND)


def _gradio(method: str, path: str, mount: Mount, policy: Policy) -> Way:
    reads = method in READING
    if reads and _GRADIO_ASSETS.fullmatch(path):
        return Way(Kind.ASSET, None)
    if reads and path in {"", "/"}:
        return Way(Kind.GRADIO_PAGE, (mount.role,))
    if method == "GET" and _HEARTBEAT.fullmatch(path):
        return Way(Kind.STREAM, (mount.role,))
    kind, max_body = _GRADIO.get((method, path), (None, 0))
    if kind is None or (kind is Kind.UPLOAD and not mount.uploads):
        raise Refusal(Reason.NOT_FOUND)
    return Way(kind, (mount.role,), policy.upload_bytes if kind is Kind.UPLOAD else max_body)


def _is_canonical(path: str, raw_path: bytes) -> bool:
    """Whether a path is written in the one way that our own pages write it.

    Only characters outside ASCII may be percent-encoded; no empty, dot or half-decoded segment, no backslash.
    """
    if len(path) > MAX_PATH_CHARS or not path.startswith("/"):
        return False
    if re.search(rb"%(?![89A-Fa-f][0-9A-Fa-f])", raw_path) or "\ufffd" in path:
        return False
    return path.isprintable() and not re.search(r"[\\%;]|//|/\.\.?(/|$)", path)
