"""Headers of every answer: what a browser may load and do, and that others may not frame, guess or keep it."""

from __future__ import annotations

from starlette.datastructures import MutableHeaders

from matcher.access.policy import Policy
from matcher.access.ways import Kind

_SHARED = "frame-ancestors 'none'; base-uri 'self'; form-action 'self'; object-src 'none'"
GRADIO_CSP = (
    "default-src 'self'; img-src 'self' data: blob:; font-src 'self' data:; style-src 'self' 'unsafe-inline'; "
    "script-src 'self' 'unsafe-inline' 'unsafe-eval'; connect-src 'self'; worker-src 'self' blob:; " + _SHARED
)
"""Gradio's own scripts need 'unsafe-inline' and 'unsafe-eval'; what users type never becomes script (see UI.md)."""
PLAIN_CSP = (
    "default-src 'none'; img-src 'self' data:; font-src 'self'; style-src 'self'; script-src 'self'; "
    "connect-src 'self'; " + _SHARED
)
_ALWAYS = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=()",
}


def add_headers(headers: MutableHeaders, kind: Kind | None, policy: Policy, request_id: str) -> None:
    """Complete the headers of an answer.

    Args:
        headers: Of the answer, changed in place.
        kind: Of the way that the request took; None for one that was refused.
        policy: Whether there are logins, and TLS.
        request_id: Of the request.
    """
    headers.update(_ALWAYS)
    headers["content-security-policy"] = GRADIO_CSP if kind is Kind.GRADIO_PAGE else PLAIN_CSP
    headers["x-request-id"] = request_id
    if policy.secure:
        headers["strict-transport-security"] = "max-age=31536000"
    if not policy.local and kind is not Kind.ASSET:
        headers.setdefault("cache-control", "no-store")
