"""What every reader of values shares: the span, the refusal, and clean text; nothing here knows a field or a profile.

Every reader (numbers, dates, lists) either returns what the text surely says or raises ValueReason with what to write
instead. A reader never guesses: a wrong unit, a vague word or a second meaning is refused.
"""

from __future__ import annotations

import math
import numbers
import unicodedata
from dataclasses import dataclass
from decimal import Decimal


class ValueReason(Exception):
    """A value cannot be read; `str(error)` says why and what to write instead, in Chinese."""


@dataclass(frozen=True)
class Span:
    """A closed interval of numbers; what is not known is the whole line.

    Attributes:
        lo: Lower end, may be -inf.
        hi: Upper end, may be inf.
    """

    lo: float
    hi: float

    @property
    def exact(self) -> bool:
        """Whether the span is one number."""
        return self.lo == self.hi

    @property
    def known(self) -> bool:
        """Whether at least one end is finite."""
        return math.isfinite(self.lo) or math.isfinite(self.hi)


UNKNOWN = Span(-math.inf, math.inf)

MAX_VALUE_CHARS = 80
MAX_TEXT_CHARS = 100_000
BLANK = frozenset(("", "-", "--", "—", "——", "/", "未知", "不详", "不清楚", "暂不清楚", "n/a", "na", "null", "none"))
"""Compact texts that mean unknown."""


def normalise(text: str) -> str:
    """NFKC text without control and format characters; tabs become blanks, line breaks stay."""
    text = unicodedata.normalize("NFKC", text).replace("\t", " ").replace("\r\n", "\n").replace("\r", "\n")
    if text.isprintable():  # most are, and looking at each character is slow
        return text
    return "".join(char for char in text if char == "\n" or unicodedata.category(char) not in ("Cc", "Cf", "Cs"))


def show(value: object, limit: int = 20) -> str:
    """A value shortened and cleaned for a message."""
    text = value[: limit * 4] if isinstance(value, str) else f"{value!s:.80}"
    text = " ".join(normalise(text).split())
    return text if len(text) <= limit else text[:limit] + "…"


def compact(value: str, limit: int = MAX_VALUE_CHARS) -> str:
    """Normalised lower-case text without blanks; ValueReason if longer than `limit` characters."""
    if len(value) > limit * 4:
        raise ValueReason(f"“{show(value)}”太长（{len(value)}个字符），请只填写数值本身")
    text = "".join(normalise(value).split()).lower()
    if len(text) > limit:
        raise ValueReason(f"“{show(value)}”太长（{len(text)}个字符），请只填写数值本身")
    return text


def finite(value: numbers.Real | Decimal, example: str) -> float:
    """A finite float; ValueReason for nan, infinity and integers beyond a float."""
    try:
        number = float(value)
    except (OverflowError, ValueError):
        number = math.nan
    if not math.isfinite(number):
        raise ValueReason(f"“{show(value)}”不是有限的数字，请写成{example}")
    return number
