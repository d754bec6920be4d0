"""A backup back into a store: everything is checked before anything is written, and written in one transaction."""

from __future__ import annotations

import hashlib
import tempfile
import zlib
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from zipfile import BadZipFile, ZipFile

import sqlalchemy as sa
from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from matcher.store.archive import MANIFEST, MAX_MANIFEST_BYTES, FilePart, Manifest, TablePart, broken
from matcher.store.counters import set_counters
from matcher.store.database import BASE, Database, revisions
from matcher.store.tables import StoredFile
from policies.errors import InputError, Problem

ROWS = 1_000
PIECE = 1 << 20
HEAD = -1
DAMAGED = (KeyError, BadZipFile, OSError, EOFError, NotImplementedError, RuntimeError, zlib.error)
"""What zipfile may say of an entry: not there, torn, encrypted, compressed in another way."""


def check_backup(path: Path) -> Manifest:
    """Read a backup through: every part is there, and is what its checksum says.

    Raises:
        InputError: it cannot be read, is damaged, or was made by a newer version of the program.
    """
    with _opened(path) as archive:
        manifest = _manifest(archive)
        if manifest.revision not in revisions():
            raise broken("由更新版本的程序生成", "请用新版本的程序恢复")
        for table in manifest.tables:
            if sum(1 for _ in _lines(archive, table)) != table.rows:
                raise broken(f"表 {table.name} 的行数不对")
        for part in manifest.files:
            for _ in _pieces(archive, part):
                pass
    return manifest


def restore_backup(database: Database, folder: Path, path: Path, *, replace: bool) -> Manifest:
    """Put back what a backup holds; other users of the store should be stopped.

    Args:
        database: An empty database of either kind.
        folder: Where its files lie.
        path: The backup.
        replace: Whether what is there may be given up.

    Raises:
        InputError: the backup cannot be used, or there is something already and `replace` is False; nothing has
            changed then.
    """
    manifest = check_backup(path)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    with _opened(path) as archive, tempfile.TemporaryDirectory(dir=folder, prefix=".restore-") as staged:
        for part in manifest.files:
            target = _made(Path(staged), part)
            with target.open("wb") as stream:
                stream.writelines(_pieces(archive, part))
            target.chmod(0o600)
        try:
            before = _filled(database, archive, manifest, (Path(staged), folder), replace=replace)
        except (SQLAlchemyError, OSError) as error:
            raise broken(f"写入时出错（{type(error).__name__}）") from error
    for name in before - {part.path for part in manifest.files}:
        (folder / name).unlink(missing_ok=True)
    return manifest


def counts(connection: Connection) -> dict[str, int]:
    """Rows of every table that there is now."""
    names = sorted(set(sa.inspect(connection).get_table_names()) - {"alembic_version"})
    return {name: connection.scalar(sa.select(sa.func.count()).select_from(sa.table(name))) or 0 for name in names}


def _filled(
    database: Database, archive: ZipFile, manifest: Manifest, folders: tuple[Path, Path], *, replace: bool
) -> set[str]:
    """The names of the files that were there before."""
    staged, folder = folders
    with database.rebuilding() as (connection, move):
        filled = sum(counts(connection).values())
        if filled and not replace:
            remedy = "请恢复到空的数据库，或加 --replace 放弃现有数据"
            raise InputError([Problem("数据库", f"不是空的，有 {filled:,} 行", remedy)])
        before = set(connection.scalars(sa.select(StoredFile.path)))
        move(BASE)
        move(manifest.revision)
        for table in manifest.tables:
            _fill(connection, archive, table)
        move(revisions()[HEAD])
        set_counters(connection, manifest.counters)
        for part in manifest.files:
            (staged / part.path).replace(_made(folder, part))
    return before


def _made(folder: Path, part: FilePart) -> Path:
    """Where a file goes, in folders for their owner only."""
    target = folder / part.path
    for parent in reversed([one for one in target.parents if one.is_relative_to(folder)]):
        parent.mkdir(exist_ok=True, mode=0o700)
    return target


def _fill(connection: Connection, archive: ZipFile, table: TablePart) -> None:
    rows = (table.row(line) for line in _lines(archive, table))
    while block := list(islice(rows, ROWS)):
        connection.execute(sa.insert(table.target()), block)


def _opened(path: Path) -> ZipFile:
    try:
        return ZipFile(path)
    except (BadZipFile, OSError, ValueError) as error:
        reason = "没有这个文件" if isinstance(error, FileNotFoundError) else "不是备份文件，或已损坏"
        raise broken(reason) from error


def _manifest(archive: ZipFile) -> Manifest:
    try:
        if archive.getinfo(MANIFEST).file_size > MAX_MANIFEST_BYTES:
            raise broken("目录过大")
        return Manifest.of_json(archive.read(MANIFEST))
    except DAMAGED as error:
        raise broken("没有目录，或已损坏") from error


def _lines(archive: ZipFile, table: TablePart) -> Iterator[bytes]:
    """The lines of a table's file; InputError in the end if it is not what its checksum says."""
    digest = hashlib.sha256()
    try:
        with archive.open(table.entry) as stream:
            for line in stream:
                digest.update(line)
                table.row(line)
                yield line
    except (*DAMAGED, ValueError, TypeError) as error:
        raise broken(f"表 {table.name} 已损坏") from error
    if digest.hexdigest() != table.sha256:
        raise broken(f"表 {table.name} 的校验和不对")


def _pieces(archive: ZipFile, part: FilePart) -> Iterator[bytes]:
    """The content of a file, likewise."""
    digest, size = hashlib.sha256(), 0
    try:
        with archive.open(part.entry) as stream:
            while piece := stream.read(PIECE):
                digest.update(piece)
                size += len(piece)
                yield piece
    except DAMAGED as error:
        raise broken("其中一个文件已损坏") from error
    if (digest.hexdigest(), size) != (part.sha256, part.size):
        raise broken("其中一个文件的校验和不对")
