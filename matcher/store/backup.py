"""A backup of everything: all tables as they were at one moment, and the uploaded and produced files."""

from __future__ import annotations

import contextlib
import datetime as dt
import hashlib
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

import sqlalchemy as sa
from sqlalchemy import Connection

from index.files import replacing
from matcher.store.archive import MANIFEST, FilePart, Manifest, TablePart, kind_of, line_of
from matcher.store.counters import read_counters
from matcher.store.database import Database
from matcher.store.tables import StoredFile, Table
from policies.errors import InputError, Problem

ROWS = 1_000
PIECE = 1 << 20
_LIKE_NEW = (1980, 1, 1, 0, 0, 0)


def write_backup(database: Database, folder: Path, out: Path, now: dt.datetime) -> Manifest:
    """Write a backup; the database goes on being used meanwhile.

    Args:
        database: The database.
        folder: Where its files lie.
        out: The file to write; only its owner may read it.
        now: The moment.

    Raises:
        InputError: the file cannot be written.
    """
    try:
        with replacing(out) as temporary:
            temporary.touch(mode=0o600)
            with ZipFile(temporary, "w", ZIP_DEFLATED) as archive, database.snapshot() as connection:
                manifest = _written(archive, connection, folder, now)
                archive.writestr(_entry(MANIFEST), manifest.to_json())
    except OSError as error:
        reason = f"写不了（{error.strerror or error}）"
        raise InputError([Problem(f"备份文件“{out}”", reason, "请检查路径、权限和磁盘空间")]) from error
    return manifest


def _written(archive: ZipFile, connection: Connection, folder: Path, now: dt.datetime) -> Manifest:
    revision = connection.scalar(sa.text("select version_num from alembic_version"))
    tables = tuple(_table(archive, connection, table) for table in Table.metadata.sorted_tables)
    paths = connection.scalars(sa.select(StoredFile.path).order_by(StoredFile.path)).all()
    files = [_file(archive, folder, path) for path in paths]
    return Manifest(
        revision=str(revision),
        made_at=now.isoformat(timespec="seconds"),
        tables=tables,
        files=tuple(one for one in files if one is not None),
        missing=files.count(None),
        counters=read_counters(connection),
    )


def _table(archive: ZipFile, connection: Connection, table: sa.Table) -> TablePart:
    columns = {column.name: kind_of(column) for column in table.columns}
    digest, rows = hashlib.sha256(), 0
    wanted = sa.select(table).order_by(*_referred_first(table), *table.primary_key.columns)
    entry = _entry(TablePart(table.name, columns, 0, "").entry)
    found = connection.execute(wanted, execution_options={"yield_per": ROWS})
    with archive.open(entry, "w", force_zip64=True) as stream, found:
        for values in found.mappings():
            line = line_of(columns, {name: values[name] for name in columns})
            digest.update(line)
            stream.write(line)
            rows += 1
    return TablePart(table.name, columns, rows, digest.hexdigest())


def _referred_first(table: sa.Table) -> list[sa.ColumnElement[bool]]:
    """Rows that refer to none of the same table before those that do: they are there when they are referred to."""
    own = [column for column in table.columns if any(key.column.table is table for key in column.foreign_keys)]
    return [column.is_not(None) for column in own]


def _file(archive: ZipFile, folder: Path, path: str) -> FilePart | None:
    """One file; None where it has gone meanwhile."""
    digest, size = hashlib.sha256(), 0
    with contextlib.suppress(FileNotFoundError), (folder / path).open("rb") as source:
        with archive.open(_entry(FilePart(path, 0, "").entry), "w", force_zip64=True) as stream:
            while piece := source.read(PIECE):
                digest.update(piece)
                stream.write(piece)
                size += len(piece)
        return FilePart(path, size, digest.hexdigest())
    return None


def _entry(name: str) -> ZipInfo:
    """The same content makes the same file."""
    info = ZipInfo(name, _LIKE_NEW)
    info.compress_type = ZIP_DEFLATED
    info.external_attr = 0o600 << 16
    return info
