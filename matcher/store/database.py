"""The database: SQLite in the data folder by default, PostgreSQL by URL; opened at the newest version of its tables."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.util.exc import CommandError
from filelock import FileLock
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError
from sqlalchemy.orm import Session
from sqlalchemy.pool import ConnectionPoolEntry

from matcher.settings import Settings
from matcher.store import companies, grants, packs, pushes
from policies.errors import InputError, Problem

BUSY_TIMEOUT_S = 10.0
TABLES = (companies, grants, packs, pushes)
"""Modules whose tables belong to `tables.Table.metadata`."""
MIGRATIONS = Path(__file__).with_name("migrations")


class Database:
    """Hands out sessions; safe in threads and, with SQLite in WAL mode, for several processes at once."""

    def __init__(self, engine: Engine) -> None:
        """`Database.open` is the usual way."""
        self.engine = engine

    @classmethod
    def open(cls, url: str) -> Database:
        """Open a database and bring its tables up to date.

        Args:
            url: As SQLAlchemy writes it, for example "sqlite:////var/lib/huiqi/huiqi.sqlite".

        Raises:
            InputError: it cannot be opened, or was written by a newer version of the program.
        """
        try:
            database = cls(_engine(url))
            database.upgrade()
        except (SQLAlchemyError, CommandError, ArgumentError, OSError, ImportError) as error:
            reason = f"数据库打不开（{type(error).__name__}）"
            raise InputError([Problem(f"数据库“{_shown(url)}”", reason, "请检查地址、权限和程序版本")]) from error
        return database

    @classmethod
    def in_folder(cls, folder: Path) -> Database:
        """The SQLite database of a data folder; the folder is made, for its owner only.

        Raises:
            InputError: as for `open`.
        """
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            (folder / "huiqi.sqlite").touch(mode=0o600)
        except OSError as error:
            raise InputError([Problem(f"数据文件夹“{folder}”", "不能使用", "请检查路径和权限")]) from error
        return cls.open(f"sqlite:///{(folder / 'huiqi.sqlite').absolute()}")

    def upgrade(self, revision: str = "head") -> None:
        """Bring the tables to a revision, one process at a time."""
        with self._alone(), self.engine.begin() as connection:
            command.upgrade(_config(connection), revision)

    def downgrade(self, revision: str) -> None:
        """Take the tables back to a revision."""
        with self._alone(), self.engine.begin() as connection:
            command.downgrade(_config(connection), revision)

    @contextlib.contextmanager
    def session(self) -> Iterator[Session]:
        """One transaction: committed at the end, rolled back on an error; loaded rows stay readable after it."""
        with Session(self.engine, expire_on_commit=False) as session, session.begin():
            yield session

    def close(self) -> None:
        """Close all connections."""
        self.engine.dispose()

    def _alone(self) -> contextlib.AbstractContextManager[object]:
        path = self.engine.url.database if self.engine.dialect.name == "sqlite" else None
        return FileLock(f"{path}.lock") if path else contextlib.nullcontext()


def open_database(settings: Settings) -> Database:
    """The database that the settings name.

    Raises:
        InputError: as for `Database.open`.
    """
    return Database.open(settings.database) if settings.database else Database.in_folder(settings.data_folder)


def _engine(url: str) -> Engine:
    engine = create_engine(url)
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_immediate)
    return engine


def _prepare_sqlite(connection: object, _: ConnectionPoolEntry) -> None:
    """WAL lets readers go on while one writes; the driver must not begin transactions by itself."""
    connection.isolation_level = None  # type: ignore[attr-defined] # a sqlite3.Connection
    cursor = connection.cursor()  # type: ignore[attr-defined] # as above
    for setting in ("journal_mode = wal", "foreign_keys = on", f"busy_timeout = {int(BUSY_TIMEOUT_S * 1000)}"):
        cursor.execute(f"pragma {setting}")
    cursor.close()


def _begin_immediate(connection: Connection) -> None:
    """Take the write lock at once: a read that turns into a write could not wait for another writer."""
    connection.exec_driver_sql("begin immediate")


def _config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = connection
    return config


def _shown(url: str) -> str:
    """The address without its password."""
    try:
        return make_url(url).render_as_string(hide_password=True)
    except ArgumentError:
        return "（写法不对）"
