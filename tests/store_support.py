"""A store with rows in every table, and what is in a store."""

from __future__ import annotations

import datetime as dt
from itertools import count
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Column, select

from matcher.contacts import Contacts
from matcher.records import Records
from matcher.seal import Seal
from matcher.store.archive import kind_of
from matcher.store.companies import DEPARTMENT, Channel
from matcher.store.database import Database
from matcher.store.files import FileStore
from matcher.store.tables import Table

NOW = dt.datetime(2026, 11, 23, 9, 30, 15, 123456, tzinfo=dt.UTC)
DAY = dt.date(2026, 11, 23)
PERSON, ADDRESS, SECRET = "张秘书", "zhang.secret@example.cn", "signing-secret-0815"
COMPANY = {"name": "济南保密机械有限公司", "uscc": "91370100MA3C00001H", "employees": 58, "rd_ratio": 0.031,
           "region": "山东省/济南市", "plans": [{"text": "购置五轴机床 🛠", "loan_wan": 100}]}  # fmt: skip
VALUES: dict[str, Any] = {
    "integer": 7, "float": 0.1 + 0.2, "boolean": True, "instant": NOW, "date": DAY, "bytes": b"\x00\xffPK",
    "json": {"文字": [1, 2.5, None, True, "\u2028😀"]},
}  # fmt: skip


def fill(database: Database, files: FileStore, seal: Seal) -> str:
    """Two rows in every table, of which one has all that may be empty; the id of a real company with a contact."""
    records = Records(database)
    company = records.save(DEPARTMENT, COMPANY, "verified", "统计局", NOW)
    Contacts(database, seal).add(company.company_id, Channel.EMAIL, PERSON, ADDRESS, SECRET, now=NOW)
    records.save("o", {"name": "另一家"}, "declared", "", NOW)
    records.erase(records.save(DEPARTMENT, {"name": "已清除"}, "imported", "名单", NOW).company_id)
    numbers = count(1)
    with database.session() as session:
        for table in Table.metadata.sorted_tables:
            for full in (False, True):
                if table.name in {"companies", "contacts", "files"}:
                    continue
                row = {column.name: _value(session, column, next(numbers), full=full) for column in table.columns}
                session.execute(sa.insert(table).values({name: value for name, value in row.items() if value != ()}))
    for path in (files.new_path(".csv"), files.folder / "uploads" / "jobs-1" / "result-1.csv"):
        path.parent.mkdir(exist_ok=True, parents=True)
        path.write_bytes("企业名称\n".encode())
        files.keep(path, owner="o", name="名单.csv", media_type="text/csv", now=NOW)
    return company.company_id


def _value(session: Any, column: Column[Any], number: int, *, full: bool) -> Any:
    """A value for a column; () where the database gives it."""
    if column.nullable and not full:
        return sa.null()
    kind = kind_of(column)
    if column.foreign_keys:
        referred = session.scalars(select(next(iter(column.foreign_keys)).column)).all()
        return referred[-1 if full else 0]
    if kind == "integer" and column.primary_key:
        return number if column.name == "version" else ()
    if isinstance(column.type, sa.Enum):
        members = list(column.type.enum_class or ())
        return members[number % len(members)]
    return f"{column.name}-{number}"[: getattr(column.type, "length", None) or 99] if kind == "text" else VALUES[kind]


def contents(database: Database) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every table."""
    with database.session() as session:
        return {
            table.name: [tuple(row) for row in session.execute(select(table).order_by(*table.primary_key.columns))]
            for table in Table.metadata.sorted_tables
        }


def data_of(folder: Path) -> dict[str, bytes]:
    """Every file of a folder."""
    found = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in found}
