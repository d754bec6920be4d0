"""Making foreign text harmless in subjects, plain text and Markdown, and cutting texts at whole characters."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable

from matcher.push.content_text import ELLIPSIS

_WIDE = {sign: chr(ord(sign) + 0xFEE0) for sign in "[]()<>*_`#!|~\\@&{}$"}
"""Signs that some robot reads as markup: no escape holds for all of them, their full-width twins do."""
_MARKUP = str.maketrans(_WIDE)
_TAGS = str.maketrans({"<": "＜", ">": "＞"})


class Link(str):
    """An address that we made ourselves: it goes out as it is."""

    __slots__ = ()


def one_line(text: object) -> str:
    """A text without line breaks, control and invisible characters, which could make new lines or headers."""
    visible = str(text)
    if not visible.isprintable():
        spaced = "".join(" " if char.isspace() else char for char in visible)
        visible = "".join(char for char in spaced if not unicodedata.category(char).startswith("C"))
    return " ".join(visible.split())


def plain(text: object) -> str:
    """For plain text: one line that no reader turns into a link or a tag; a Link as it is."""
    return text if isinstance(text, Link) else _unlinked(one_line(text)).translate(_TAGS)


def marked(text: object) -> str:
    """For Markdown: one line in which nothing is markup; a Link as it is."""
    return text if isinstance(text, Link) else _unlinked(one_line(text)).translate(_MARKUP)


def cut(text: str, chars: int) -> str:
    """A text of at most so many characters (1 or more); one that was cut ends in "…"."""
    return text if len(text) <= chars else text[: chars - 1].rstrip() + ELLIPSIS


def cut_bytes(text: str, size: int) -> str:
    """A text of at most so many bytes in UTF-8, cut between characters."""
    return text.encode()[: max(size, 0)].decode(errors="ignore")


def fitting(render: Callable[[int], str], count: int, limit: int | None) -> str:
    """What a message shows of `count` items within its limit.

    Args:
        render: The whole message showing only the first so many items, and how many more there are.
        count: Items.
        limit: Bytes in UTF-8; None for no limit.

    Returns:
        With as many whole items as fit; the message without any is cut at a character if even that is too long.
    """
    whole = render(count)
    if limit is None or len(whole.encode()) <= limit:
        return whole
    fits, too_many = 0, count
    while too_many - fits > 1:
        middle = (fits + too_many) // 2
        if len(render(middle).encode()) <= limit:
            fits = middle
        else:
            too_many = middle
    return cut_bytes(render(fits), limit)


def _unlinked(text: str) -> str:
    """Without what clients make links of by themselves."""
    return text.replace("://", "：//").replace("www.", "www．").replace("WWW.", "WWW．")
