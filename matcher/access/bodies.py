"""Small JSON bodies for Gradio, read and checked before Gradio sees them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote

from starlette.types import Message, Receive

from matcher.access.refusals import Reason, Refusal
from matcher.access.ways import SESSION_HASH

_KEYS = frozenset({"data", "event_data", "event_id", "fn_index", "session_hash", "trigger_id"})
_FILE_KEYS = frozenset({"path", "url", "orig_name", "is_stream"})


async def read(receive: Receive, limit: int) -> bytes:
    """The whole body; Refusal where it is larger than `limit` bytes, or the sender goes away."""
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] != "http.request":
            raise Refusal(Reason.MALFORMED)
        body += message.get("body", b"")
        if len(body) > limit:
            raise Refusal(Reason.TOO_LARGE)
        if not message.get("more_body", False):
            return bytes(body)


def again(body: bytes, receive: Receive) -> Receive:
    """A `receive` that gives a body that was read already, then whatever else comes."""
    waiting = [body]

    async def from_memory() -> Message:
        if waiting:
            return {"type": "http.request", "body": waiting.pop(), "more_body": False}
        return await receive()

    return from_memory


def parse(body: bytes) -> dict[str, Any]:
    """A JSON object of the keys that a Gradio page sends.

    Raises:
        Refusal: it is something else; a key given twice is refused too, because readers differ in which one they take.
    """
    try:
        value = json.loads(body.decode("utf-8"), object_pairs_hook=_once, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        raise Refusal(Reason.MALFORMED) from None
    if not isinstance(value, dict) or not value.keys() <= _KEYS:
        raise Refusal(Reason.MALFORMED)
    session_hash = value.get("session_hash")
    if not isinstance(session_hash, str) or not SESSION_HASH.fullmatch(session_hash):
        raise Refusal(Reason.SESSION)
    return value


def file_paths(value: object, root: str) -> Iterator[str]:
    """Every file that a body names, at any depth.

    Args:
        value: What `parse` returned.
        root: Address of the page, without a slash at the end.

    Raises:
        Refusal: one is not just the path of an upload, with the address that Gradio gives it.
    """
    waiting = [value]
    while waiting:
        one = waiting.pop()
        if isinstance(one, list):
            waiting += one
        elif isinstance(one, dict):
            if one.keys() & _FILE_KEYS or _is_file(one.get("meta")):
                yield _path(one, root)
            waiting += one.values()


def _is_file(meta: object) -> bool:
    return isinstance(meta, dict) and "_type" in meta


def _path(file: dict[str, Any], root: str) -> str:
    path, url = file.get("path"), file.get("url")
    if not isinstance(path, str) or file.get("is_stream"):
        raise Refusal(Reason.UPLOAD, log=True)
    if url is not None and not (isinstance(url, str) and f"{root}/gradio_api/file={path}" in {url, unquote(url)}):
        raise Refusal(Reason.UPLOAD, log=True)
    return path


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key is given twice")
    return found


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON")
