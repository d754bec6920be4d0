"""What a job's process is given, and where a job's files lie."""

from __future__ import annotations

import contextlib
import datetime as dt
import json
import re
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from matcher.bulk.folder import RunFolder

JobKind = Literal["bulk", "reverse"]
MAX_NAME_CHARS = 80
_UNSAFE = re.compile(r'[\x00-\x1f\x7f/\\:*?"<>|\u200b-\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]')


@dataclass(frozen=True)
class Matching:
    """How every job matches; None takes what is shipped.

    Attributes:
        library: Folder of policy files.
        model: sentence-transformers name or path.
        dense: False matches by rules and words only.
    """

    library: Path | None = None
    model: str | None = None
    dense: bool = True


@dataclass(frozen=True)
class Task:
    """One job as its process needs it.

    Attributes:
        folder: The job's own folder; everything that it writes lies below.
        source: The upload.
        name: What the person calls the upload; it appears in messages and in the workbook.
        out_format: Suffix of the result and of the errors file, without the dot.
        k: Measures to list for each company (bulk).
        target: Policy or measure id (reverse).
        limit: Companies to list for each measure at most (reverse); None for all.
        mapping: Confirmed header mapping as JSON; None recognises the header.
    """

    kind: JobKind
    folder: Path
    source: Path
    name: str
    out_format: str
    as_of: dt.date
    k: int
    target: str
    limit: int | None
    mapping: dict[str, Any] | None
    matching: Matching

    @property
    def out(self) -> Path:
        """The result in the format that was asked for."""
        return self.folder / f"result.{self.out_format}"

    @property
    def errors(self) -> Path:
        """The rejected rows."""
        return self.folder / f"problems.{self.out_format}"

    @property
    def run(self) -> RunFolder:
        """Companies, rows and problems as they are stored; the pages read them."""
        return RunFolder.beside(self.out)

    def to_json(self) -> str:
        """The task in one line; `from_json` undoes it."""
        return json.dumps(asdict(self), ensure_ascii=True, default=str)

    @classmethod
    def from_json(cls, line: str) -> Task:
        """Read what `to_json` wrote."""
        raw = json.loads(line)
        matching = raw.pop("matching")
        library = matching.pop("library")
        for name in ("folder", "source"):
            raw[name] = Path(raw[name])
        raw["as_of"] = dt.date.fromisoformat(raw["as_of"])
        return cls(**raw, matching=Matching(Path(library) if library else None, **matching))


def safe_name(name: str, suffix: str) -> str:
    """A name that somebody gave a file, fit for a folder of this machine and for a message.

    Args:
        name: Anything.
        suffix: What it ends with, dot included; taken from the file, not from the name.

    >>> safe_name("../../名单.xlsx", ".csv")
    '名单.csv'
    """
    last = _UNSAFE.sub("", name.replace("\\", "/").rsplit("/", 1)[-1]).strip(" .")
    stem = last.rsplit(".", 1)[0] if "." in last else last
    return (stem.strip(" .")[:MAX_NAME_CHARS] or "名单") + suffix


def called(folder: Path, source: Path, name: str) -> Path:
    """A way to a file under the name that its owner knows, so that messages can name it.

    Args:
        folder: Where to put it; made if it is not there.
        source: The file under its random name.
        name: As the person calls it.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    link = folder / safe_name(name, source.suffix)
    with contextlib.suppress(FileExistsError):
        link.symlink_to(source.absolute())
    return link
