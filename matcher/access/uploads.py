"""Reads from Gradio's answer to an upload where it has put the files."""

from __future__ import annotations

import json
from collections.abc import Callable

from starlette.types import Message, Send

MAX_ANSWER_BYTES = 64 * 1024


def noting(send: Send, note: Callable[[str], None]) -> Send:
    """A `send` that passes everything on, and notes each path of the answer before its last part leaves."""
    answer = bytearray()
    good = False

    async def watched(message: Message) -> None:
        nonlocal good
        if message["type"] == "http.response.start":
            good = message["status"] == 200
        elif message["type"] == "http.response.body" and good:
            answer.extend(message.get("body", b""))
            if len(answer) > MAX_ANSWER_BYTES:
                good = False
            elif not message.get("more_body", False):
                for path in json.loads(bytes(answer)):
                    note(path)
        await send(message)

    return watched
