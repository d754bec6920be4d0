"""What a staff page shows is said by its address: every view can be reloaded, kept as a bookmark and gone back to."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass, fields, replace
from typing import Any, Literal
from urllib.parse import parse_qsl, urlencode

View = Literal["", "problems", "company", "reverse"]
VIEWS: tuple[View, ...] = ("", "problems", "company", "reverse")
MAX_CHARS = 200
MAX_PAGE = 1_000_000
_ID = re.compile(r"[\w-]{1,22}", re.ASCII)


@dataclass(frozen=True)
class Address:
    """Where somebody is; nothing in it is trusted beyond its form.

    Attributes:
        file: file_id of an upload whose header is looked at.
        job: job_id.
        view: What of the job to show ("" is its state or result), or the page without a job.
        sheet: Sheet of a company; `row` likewise.
        company: Filter of the result by company; `section`, `measure`, `least` (as typed) and `soon` likewise.
        kind: Number of the kind of problem to list, from 1; 0 for all.
        page: From 1.
    """

    file: str = ""
    job: str = ""
    view: View = ""
    sheet: str = ""
    row: int = 0
    company: str = ""
    section: str = ""
    measure: str = ""
    least: str = ""
    soon: bool = False
    kind: int = 0
    page: int = 1

    @classmethod
    def read(cls, query: str) -> Address:
        """The address of a query string; what makes no sense is left out."""
        given = {key: value.strip()[:MAX_CHARS] for key, value in parse_qsl(query[:4_000].lstrip("?"))}
        found: dict[str, Any] = {key: given[key] for key in ("file", "job") if _ID.fullmatch(given.get(key, ""))}
        found |= {key: given[key] for key in ("sheet", "company", "section", "measure", "least") if key in given}
        found |= {key: int(given[key]) for key in ("row", "kind", "page") if _number(given.get(key, ""))}
        found |= {"view": given["view"]} if given.get("view") in VIEWS else {}
        return cls(**found, soon=given.get("soon") == "1")

    def to(self, **changes: Any) -> str:
        """The link to this address with something changed; a changed filter begins on the first page again."""
        start = {} if "page" in changes else {"page": 1}
        target = replace(self, **{**start, **changes})
        default = {field.name: field.default for field in fields(Address)}
        given = {key: value for key, value in asdict(target).items() if value != default[key]}
        return "/s/" + ("?" + urlencode({**given, **({"soon": 1} if target.soon else {})}) if given else "")


def _number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 7 and int(text) > 0
