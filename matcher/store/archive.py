"""What a backup looks like: a zip file of JSON lines, one file for each table, and a manifest with checksums.

Values are written by kind, not by database, so that a backup of SQLite can be restored into PostgreSQL and back.
"""

from __future__ import annotations

import base64
import datetime as dt
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from enum import Enum
from typing import Any, NamedTuple

import sqlalchemy as sa

from matcher.store.tables import Instant
from policies.errors import InputError, Problem

FORMAT = 1
MANIFEST = "manifest.json"
MAX_MANIFEST_BYTES = 50_000_000
_FILE = re.compile(r"(?:[A-Za-z0-9_-]{1,64}/){0,3}[A-Za-z0-9_-]{1,64}(?:\.[A-Za-z0-9_-]{1,16}){0,2}")
_NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")


class _Kind(NamedTuple):
    """How one kind of value is kept: its column type, and to and from JSON."""

    column: Callable[[], sa.types.TypeEngine[Any]]
    write: Callable[[Any], Any]
    read: Callable[[Any], Any]


def _as(kind: type, value: Any) -> Any:
    if type(value) is not kind:
        raise ValueError(f"not {kind.__name__}")
    return value


_KINDS = {
    "text": _Kind(sa.Text, lambda value: value.value if isinstance(value, Enum) else value, lambda v: _as(str, v)),
    "integer": _Kind(sa.BigInteger, int, lambda value: _as(int, value)),
    "float": _Kind(sa.Double, float, lambda value: float(_as(float, value))),
    "boolean": _Kind(sa.Boolean, bool, lambda value: _as(bool, value)),
    "instant": _Kind(Instant, dt.datetime.isoformat, lambda value: _aware(dt.datetime.fromisoformat(value))),
    "date": _Kind(sa.Date, dt.date.isoformat, dt.date.fromisoformat),
    "bytes": _Kind(
        sa.LargeBinary,
        lambda value: base64.b64encode(value).decode(),
        lambda value: base64.b64decode(value, validate=True),
    ),
    "json": _Kind(lambda: sa.JSON(none_as_null=True), lambda value: value, lambda value: value),
}


def _aware(moment: dt.datetime) -> dt.datetime:
    if moment.tzinfo is None:
        raise ValueError("a moment needs a time zone")
    return moment


@dataclass(frozen=True)
class TablePart:
    """One table.

    Attributes:
        columns: Kind of each column, in the order of the values of a row.
        sha256: Of its file.
    """

    name: str
    columns: Mapping[str, str]
    rows: int
    sha256: str

    @property
    def entry(self) -> str:
        """Its file."""
        return f"tables/{self.name}.jsonl"

    def target(self) -> sa.TableClause:
        """Where its rows are inserted, whatever version the tables have."""
        return sa.table(self.name, *(sa.column(name, _KINDS[kind].column()) for name, kind in self.columns.items()))

    def row(self, line: bytes) -> dict[str, Any]:
        """The values of one line.

        Raises:
            ValueError: it is not what the columns say.
        """
        values = json.loads(line)
        if not isinstance(values, list) or len(values) != len(self.columns):
            raise ValueError("another number of values")
        pairs = zip(self.columns.items(), values, strict=True)
        return {name: None if value is None else _KINDS[kind].read(value) for (name, kind), value in pairs}


@dataclass(frozen=True)
class FilePart:
    """One file of the data folder's `files`."""

    path: str
    size: int
    sha256: str

    @property
    def entry(self) -> str:
        """Its place in the backup."""
        return f"files/{self.path}"


@dataclass(frozen=True)
class Manifest:
    """What a backup says of itself.

    Attributes:
        revision: Version of the tables.
        made_at: As ISO says.
        tables: In the order in which they may be filled.
        files: Uploads and results.
        missing: Files that were recorded but not there.
        counters: The last number given out, by table and column.
    """

    revision: str
    made_at: str
    tables: tuple[TablePart, ...]
    files: tuple[FilePart, ...]
    missing: int
    counters: Mapping[str, int]

    def to_json(self) -> bytes:
        """As written."""
        return json.dumps({"format": FORMAT, **asdict(self)}, ensure_ascii=False, indent=1).encode()

    @classmethod
    def of_json(cls, content: bytes) -> Manifest:
        """What `to_json` wrote.

        Raises:
            InputError: it is none, or of a newer format.
        """
        try:
            shape = json.loads(content)
            version = shape.pop("format")
            if isinstance(version, int) and version > FORMAT:
                raise broken("由更新版本的程序生成", "请用新版本的程序恢复")
            tables = tuple(TablePart(**one) for one in shape.pop("tables"))
            found = cls(tables=tables, files=tuple(FilePart(**one) for one in shape.pop("files")), **shape)
            good = all(_NAME.fullmatch(name) for one in tables for name in (one.name, *one.columns))
            good = good and {kind for one in tables for kind in one.columns.values()} <= _KINDS.keys()
            good = good and all(_FILE.fullmatch(one.path) for one in found.files)
            good = good and all(re.fullmatch(r"[a-z_]+\.[a-z_]+", key) for key in found.counters)
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise broken("目录读不出来") from error
        if not good:
            raise broken("目录中有不认识的内容")
        return found


def kind_of(column: sa.Column[Any]) -> str:
    """The kind of a column of ours."""
    kinds = ((Instant, "instant"), (sa.Boolean, "boolean"), (sa.Integer, "integer"), (sa.Float, "float"),
             (sa.Date, "date"), (sa.LargeBinary, "bytes"), (sa.JSON, "json"), (sa.String, "text"))  # fmt: skip
    return next(kind for each, kind in kinds if isinstance(column.type, each))


def line_of(columns: Mapping[str, str], values: Mapping[str, Any]) -> bytes:
    """One row as written."""
    written = [None if (value := values[name]) is None else _KINDS[kind].write(value) for name, kind in columns.items()]
    return json.dumps(written, ensure_ascii=True).encode() + b"\n"


def broken(reason: str, remedy: str = "请换一个完好的备份；现有数据没有改动") -> InputError:
    """The error for a backup that cannot be used."""
    return InputError([Problem("备份文件", reason, remedy)])
