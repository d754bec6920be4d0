"""The database: opened at its newest version, migrations both ways, moments in UTC, and files that have an owner."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import inspect, select
from sqlalchemy.exc import IntegrityError, StatementError

from matcher.store.database import Database
from matcher.store.files import FileStore
from matcher.store.tables import Audit, JobState, Login, Role, Table, User
from policies.errors import InputError

NOW = dt.datetime(2026, 11, 23, 9, 30, tzinfo=dt.timezone(dt.timedelta(hours=8)))


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = Database.in_folder(tmp_path / "data")
    yield opened
    opened.close()


def line(**changes: object) -> Audit:
    shape = {"at": NOW, "actor": "a", "action": "login", "target": "", "outcome": "ok", "request_id": "", "address": ""}
    return Audit(**{**shape, **changes})


def test_tables_are_what_the_migrations_make(database: Database) -> None:
    with database.engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), Table.metadata) == []


def test_migrations_go_back_and_forth(database: Database) -> None:
    database.downgrade("base")
    assert set(inspect(database.engine).get_table_names()) <= {"alembic_version"}
    database.upgrade()
    assert "users" in inspect(database.engine).get_table_names()


def test_only_its_owner_can_read_the_folder_and_the_file(tmp_path: Path, database: Database) -> None:
    assert (tmp_path / "data").stat().st_mode & 0o77 == 0
    assert (tmp_path / "data" / "huiqi.sqlite").stat().st_mode & 0o77 == 0


def test_moments_are_kept_in_utc_and_need_a_time_zone(database: Database) -> None:
    with database.session() as session:
        session.add(line())
    with database.session() as session:
        found = session.scalars(select(Audit)).one()
    assert found.at == NOW
    assert found.at.tzinfo is dt.UTC
    with pytest.raises(StatementError), database.session() as session:
        session.add(line(at=NOW.replace(tzinfo=None)))


def test_enums_come_back_as_members(database: Database) -> None:
    with database.session() as session:
        session.add(User(name="甲", role=Role.STAFF, password_hash="x", created_at=NOW))
    with database.session() as session:
        assert session.scalars(select(User)).one().role is Role.STAFF
    assert JobState.DONE.ended
    assert not JobState.RUNNING.ended


def test_an_error_rolls_back_and_foreign_keys_hold(database: Database) -> None:
    with pytest.raises(RuntimeError), database.session() as session:
        session.add(line())
        raise RuntimeError
    with database.session() as session:
        assert session.scalars(select(Audit)).all() == []
    with pytest.raises(IntegrityError), database.session() as session:
        session.add(Login(token_hash="t", user_id="nobody", created_at=NOW, seen_at=NOW, expires_at=NOW))


@pytest.mark.parametrize("url", ["nonsense", "sqlite:////proc/none/a.sqlite", "mysql+no://secret:word@host/x"])
def test_a_database_that_cannot_be_opened_is_explained_without_its_password(url: str) -> None:
    with pytest.raises(InputError) as caught:
        Database.open(url)
    assert "数据库打不开" in str(caught.value)
    assert "word" not in str(caught.value)


def test_files_are_found_by_their_owner_only(tmp_path: Path, database: Database) -> None:
    files = FileStore(database, tmp_path / "files")
    path = files.new_path(".csv")
    path.write_text("企业名称\n", encoding="utf-8")
    kept = files.keep(path, owner="a", name="名单.csv", media_type="text/csv", now=NOW)
    found = files.find(kept.file_id, "a")
    assert found is not None
    assert files.path_of(found).read_text("utf-8") == "企业名称\n"
    assert files.find(kept.file_id, "b") is None
    assert path.stat().st_mode & 0o77 == 0
    files.delete(found)
    assert files.find(kept.file_id, "a") is None
    assert not path.exists()
