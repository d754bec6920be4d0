"""One company as somebody gives it: its raw profile and what the store finds it by."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from matcher.records.sources import plain
from matcher.store.companies import USCC_CHARS, region_of, uscc_of
from matcher.store.tables import Json

MAX_NAME_CHARS = 200
UNNAMED = "未填写名称的企业"


@dataclass(frozen=True)
class Given:
    """A company as given.

    Attributes:
        raw: By registry name, without what is left empty.
        name: "" where none is given.
        uscc: "" where none is given.
    """

    raw: Json
    name: str
    uscc: str

    @classmethod
    def of(cls, raw: Mapping[str, Any]) -> Given:
        """Of a raw profile."""
        known = plain(raw)
        return cls(known, _clean(str(known.get("name") or "")), _clean(uscc_of(known))[:USCC_CHARS])

    def is_same(self, raw: Mapping[str, Any]) -> bool:
        """Whether another raw profile is of the same company: the same credit code, or else the same name."""
        other = Given.of(raw)
        if self.uscc and other.uscc:
            return self.uscc == other.uscc
        return bool(self.name) and self.name == other.name


def columns_of(raw: Json) -> dict[str, str]:
    """What a record holds of its raw profile in columns of their own."""
    given = Given.of(raw)
    return {"name": given.name or UNNAMED, "uscc": given.uscc, "region": region_of(raw)}


def _clean(text: str) -> str:
    """A text that every database can hold: no control characters, no half of a surrogate pair."""
    return "".join(char for char in text if char.isprintable())[:MAX_NAME_CHARS].strip()
