"""Messages as the pages show them: with links inside the pages, and a robot's Markdown as it appears in a group."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from urllib.parse import urlsplit

from matcher.push.content import Content

_PIECE = re.compile(r"\*\*(?P<bold>[^*]+)\*\*|\[(?P<link>[^\[\]]+)\]\([^()]*\)")
"""All the markup that our own templates use; what is put into them holds none (`push.markup.marked`)."""
Line = list[tuple[str, str]]
"""Pieces of a line: "bold", "link" or "" and the text."""


def robot_lines(markdown: str) -> list[Line]:
    """What a group sees of a robot's message, line by line; empty lines are left out."""
    return [list(_pieces(line)) for line in markdown.splitlines() if line.strip()]


def local(said: Content) -> Content:
    """The same with links inside the pages: a message that was written under another address still leads here."""
    return replace(said, link=_path(said.link), ask=_path(said.ask))


def _pieces(line: str) -> Iterator[tuple[str, str]]:
    end = 0
    for found in _PIECE.finditer(line):
        if found.start() > end:
            yield "", line[end : found.start()]
        yield found.lastgroup or "", found[found.lastgroup or 0]
        end = found.end()
    if end < len(line):
        yield "", line[end:]


def _path(link: str) -> str:
    parts = urlsplit(link)
    return f"{parts.path}?{parts.query}" if parts.query else parts.path
