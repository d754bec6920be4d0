"""The database: SQLite in the data folder by default, PostgreSQL by URL; opened at the newest version of its tables."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterator
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util.exc import CommandError
from filelock import FileLock
from sqlalchemy import Connection, Engine, create_engine, event, func, select
from sqlalchemy.engine import ExceptionContext, make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError
from sqlalchemy.orm import Session
from sqlalchemy.pool import ConnectionPoolEntry

from matcher.settings import Settings
from matcher.store import companies, grants, packs, pushes
from policies.errors import InputError, Problem

BUSY_TIMEOUT_S = 60.0
"""Writing out a push to 100,000 companies holds the lock for some ten seconds."""
TABLES = (companies, grants, packs, pushes)
"""Modules whose tables belong to `tables.Table.metadata`."""
BASE = "base"
"""The version without tables."""
UPGRADE_LOCK = 4_870_517
"""Number of the advisory lock that PostgreSQL's tables are changed under; any number that nobody else uses."""
MIGRATIONS = Path(__file__).with_name("migrations")


class Database:
    """Hands out sessions; safe in threads and, with SQLite in WAL mode, for several processes at once."""

    def __init__(self, engine: Engine) -> None:
        """`Database.open` is the usual way."""
        self.engine = engine
        own = {"reading": True} if self.is_sqlite else {"postgresql_readonly": True}
        self._reading = engine.execution_options(**own)

    @classmethod
    def open(cls, url: str, *, upgrade: bool = True) -> Database:
        """Open a database and bring its tables up to date.

        Args:
            url: As SQLAlchemy writes it, for example "sqlite:////var/lib/huiqi/huiqi.sqlite".
            upgrade: False leaves the tables as they are.

        Raises:
            InputError: it cannot be opened, or was written by a newer version of the program.
        """
        try:
            database = cls(_engine(url))
            if upgrade:
                database.upgrade()
        except (SQLAlchemyError, CommandError, ArgumentError, OSError, ImportError) as error:
            reason = f"数据库打不开（{type(error).__name__}）"
            raise InputError([Problem(f"数据库“{_shown(url)}”", reason, "请检查地址、权限和程序版本")]) from error
        return database

    @classmethod
    def in_folder(cls, folder: Path, *, upgrade: bool = True) -> Database:
        """The SQLite database of a data folder; the folder is made, for its owner only.

        Raises:
            InputError: as for `open`.
        """
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            (folder / "huiqi.sqlite").touch(mode=0o600)
        except OSError as error:
            raise InputError([Problem(f"数据文件夹“{folder}”", "不能使用", "请检查路径和权限")]) from error
        return cls.open(f"sqlite:///{(folder / 'huiqi.sqlite').absolute()}", upgrade=upgrade)

    def upgrade(self, revision: str = "head") -> None:
        """Bring the tables to a revision, one process at a time."""
        with self._alone() as connection:
            command.upgrade(_config(connection), revision)

    def downgrade(self, revision: str) -> None:
        """Take the tables back to a revision."""
        with self._alone() as connection:
            command.downgrade(_config(connection), revision)

    @contextlib.contextmanager
    def session(self) -> Iterator[Session]:
        """One transaction that may write: committed at the end, rolled back on an error; loaded rows stay readable."""
        with Session(self.engine, expire_on_commit=False) as session, session.begin():
            yield session

    @contextlib.contextmanager
    def reading(self) -> Iterator[Session]:
        """One transaction that only reads: with SQLite it waits for no writer; what it loads stays readable after it.

        Raises:
            DBAPIError: on an attempt to write.
        """
        with Session(self._reading, expire_on_commit=False) as session, session.begin():
            yield session

    @contextlib.contextmanager
    def snapshot(self) -> Iterator[Connection]:
        """One moment of everything, to read from; meanwhile others go on writing."""
        options = {} if self.is_sqlite else {"isolation_level": "REPEATABLE READ"}
        with self._reading.connect().execution_options(**options) as connection, connection.begin():
            yield connection

    @contextlib.contextmanager
    def rebuilding(self) -> Iterator[tuple[Connection, Callable[[str], None]]]:
        """One transaction in which the tables change, and what takes them to a version, up or down, within it."""
        with self._alone() as connection:

            def move(revision: str) -> None:
                order = [BASE, *revisions()]
                down = order.index(revision) < order.index(_revision(connection) or BASE)
                (command.downgrade if down else command.upgrade)(_config(connection), revision)

            yield connection, move

    def revision(self) -> str | None:
        """The version of the tables; None where there are none."""
        with self._reading.connect() as connection:
            return _revision(connection)

    @property
    def is_sqlite(self) -> bool:
        """Whether it is a file of this machine."""
        return self.engine.dialect.name == "sqlite"

    def close(self) -> None:
        """Close all connections."""
        self.engine.dispose()

    @contextlib.contextmanager
    def _alone(self) -> Iterator[Connection]:
        """One transaction that no other process has at the same time."""
        path = self.engine.url.database if self.is_sqlite else None
        with FileLock(f"{path}.lock") if path else contextlib.nullcontext(), self.engine.begin() as connection:
            if not self.is_sqlite:
                connection.execute(select(func.pg_advisory_xact_lock(UPGRADE_LOCK)))
            yield connection


def open_database(settings: Settings, *, upgrade: bool = True) -> Database:
    """The database that the settings name.

    Raises:
        InputError: as for `Database.open`.
    """
    if settings.database:
        return Database.open(settings.database, upgrade=upgrade)
    return Database.in_folder(settings.data_folder, upgrade=upgrade)


def revisions() -> tuple[str, ...]:
    """The versions of the tables that this program knows, oldest first; the last is its own."""
    found = ScriptDirectory.from_config(_script()).walk_revisions()
    return tuple(reversed([one.revision for one in found]))


def _engine(url: str) -> Engine:
    # Errors end in logs: they must not repeat what was to be written.
    engine = create_engine(url, json_serializer=_json, hide_parameters=True)
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin)
    else:
        event.listen(engine, "handle_error", _drop_details)
    return engine


def _drop_details(context: ExceptionContext) -> None:
    """PostgreSQL says which value was there already ("DETAIL: Key (uscc)=(…) already exists")."""
    for error in (context.original_exception, context.sqlalchemy_exception):
        if error is not None and error.args:
            error.args = (str(error.args[0]).partition("\nDETAIL")[0], *error.args[1:])


def _json(value: object) -> str:
    """Short, and with Chinese as it is, but for half of a surrogate pair, which no database holds."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return text if text.isascii() or _is_unicode(text) else json.dumps(value, separators=(",", ":"))


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _prepare_sqlite(connection: object, _: ConnectionPoolEntry) -> None:
    """WAL lets readers go on while one writes; the driver must not begin transactions by itself."""
    connection.isolation_level = None  # type: ignore[attr-defined] # a sqlite3.Connection
    cursor = connection.cursor()  # type: ignore[attr-defined] # as above
    for setting in ("journal_mode = wal", "foreign_keys = on", f"busy_timeout = {int(BUSY_TIMEOUT_S * 1000)}"):
        cursor.execute(f"pragma {setting}")
    cursor.close()


def _begin(connection: Connection) -> None:
    """Who writes takes the lock at once: a read that turns into a write could not wait for another writer."""
    reads = bool(connection.get_execution_options().get("reading"))
    connection.exec_driver_sql(f"pragma query_only = {int(reads)}")
    connection.exec_driver_sql("begin" if reads else "begin immediate")


def _script() -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    return config


def _config(connection: Connection) -> Config:
    config = _script()
    config.attributes["connection"] = connection
    return config


def _revision(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


def _shown(url: str) -> str:
    """The address without its password."""
    try:
        return make_url(url).render_as_string(hide_password=True)
    except ArgumentError:
        return "（写法不对）"
