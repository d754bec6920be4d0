"""The signed webhook: a JSON body that its receiver can check, and recognise when it comes twice.

Headers of the request:

- ``Idempotency-Key``: the same for every attempt to deliver the same message.
- ``X-Huiqi-Timestamp``: seconds since 1970, of this attempt.
- ``X-Huiqi-Signature``: ``sha256=`` and the HMAC-SHA-256, in hexadecimal, of the timestamp, a full stop and the body as
  it was sent, with the secret that the contact was entered with.

A receiver checks the signature and that the timestamp is not older than MAX_AGE_S (`is_genuine` does both), answers any
2xx, and remembers the keys that it has seen. apprise's json:// builds the body when it sends it and so cannot sign it;
it also resolves names and follows redirects by itself. So this one channel does without apprise.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping
from typing import Any

KEY_HEADER = "Idempotency-Key"
TIME_HEADER = "X-Huiqi-Timestamp"
SIGNATURE_HEADER = "X-Huiqi-Signature"
MAX_AGE_S = 300
"""Older requests may have been recorded by somebody and sent again."""


def body_of(key: str, data: Mapping[str, Any]) -> bytes:
    """What is sent: the message with its key."""
    return json.dumps({"key": key, **data}, ensure_ascii=False, separators=(",", ":")).encode()


def headers_of(secret: str, key: str, body: bytes, timestamp: int) -> dict[str, str]:
    """What a receiver checks.

    Args:
        secret: Known to both.
        key: Of the message.
        body: As it is sent.
        timestamp: Seconds since 1970.
    """
    return {
        KEY_HEADER: key,
        TIME_HEADER: str(timestamp),
        SIGNATURE_HEADER: f"sha256={signature(secret, timestamp, body)}",
    }


def signature(secret: str, timestamp: int, body: bytes) -> str:
    """HMAC-SHA-256 of timestamp, full stop and body; 64 hexadecimal digits."""
    return hmac.new(secret.encode(), str(timestamp).encode() + b"." + body, hashlib.sha256).hexdigest()


def is_genuine(secret: str, headers: Mapping[str, str], body: bytes, now: int) -> bool:
    """What a receiver does: whether a request is signed with the secret and not older than MAX_AGE_S.

    Args:
        secret: Known to both.
        headers: Of the request; names in any case.
        body: As it came, before it is parsed.
        now: Seconds since 1970.
    """
    given = {name.lower(): value for name, value in headers.items()}
    timestamp = given.get(TIME_HEADER.lower(), "")
    if not (timestamp.isascii() and timestamp.isdigit()) or abs(now - int(timestamp)) > MAX_AGE_S:
        return False
    expected = f"sha256={signature(secret, int(timestamp), body)}"
    return hmac.compare_digest(expected.encode(), given.get(SIGNATURE_HEADER.lower(), "").encode())
