"""The gate in front of the page in local mode: this machine only, no API page, no uploads, small bodies."""

from __future__ import annotations

import ipaddress
import socket
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from matcher.access.identity import LOCAL, identify
from matcher.ui import text

MAX_BODY_BYTES = 256 * 1024
_CLOSED = (
    "/docs", "/redoc", "/openapi.json", "/monitoring", "/pwa_icon", "/login", "/logout",
    *("/e/gradio_api/" + name for name in (
        "api", "call", "deep_link", "dev", "file", "info", "openapi.json", "process_recording", "proxy", "run",
        "runs", "stream", "token", "undo-vibe-edit", "upload", "vibe-",
    )),
)  # fmt: skip
"""Paths that the page does not need, by their beginning."""
_HEADERS = {
    "content-security-policy": (
        "default-src 'self'; img-src 'self' data: blob:; font-src 'self' data:; style-src 'self' 'unsafe-inline'; "
        "script-src 'self' 'unsafe-inline' 'unsafe-eval'; connect-src 'self'; worker-src 'self' blob:; "
        "frame-ancestors 'none'; base-uri 'self'; form-action 'self'"
    ),
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",
}


def is_loopback(host: str) -> bool:
    """Whether a host name or address means this machine only."""
    name = host.strip("[]").lower()
    if name == "localhost":
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


class LocalGate:
    """Pure ASGI, so that event streams pass unbuffered."""

    def __init__(self, app: ASGIApp) -> None:
        """Stand in front of `app`."""
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse what the page never sends; add the security headers to every answer."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(_HEADERS)
            await send(message)

        identify(scope, LOCAL)
        refusal = _refusal(scope)
        await (refusal or self.app)(scope, receive, with_headers)


def _refusal(scope: Scope) -> PlainTextResponse | None:
    """Why a request is refused; None if it may pass. A foreign Host or Origin is another site using this browser."""
    headers = Headers(scope=scope)
    if not is_loopback(urlsplit(f"//{headers.get('host', '')}").hostname or ""):
        return PlainTextResponse(text.REFUSED, 403)
    origin = headers.get("origin")
    if origin and urlsplit(origin).netloc != headers.get("host"):
        return PlainTextResponse(text.REFUSED, 403)
    if str(scope["path"]).startswith(_CLOSED):
        return PlainTextResponse(text.NOT_FOUND, 404)
    if scope["method"] not in {"GET", "HEAD"}:
        length = headers.get("content-length", "")
        if not length.isdigit() or int(length) > MAX_BODY_BYTES:
            return PlainTextResponse(text.TOO_LARGE, 413)
    return None


def is_free(host: str, port: int) -> bool:
    """Whether nobody listens on this port yet."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True
