"""The database: opened at its newest version, migrations both ways, moments in UTC, and files that have an owner."""

from __future__ import annotations

import datetime as dt
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import inspect, select
from sqlalchemy.exc import DBAPIError, IntegrityError, StatementError

from matcher.records import Kind, Records, Source, source_of
from matcher.store.companies import DEPARTMENT
from matcher.store.database import Database
from matcher.store.files import FileStore
from matcher.store.tables import Audit, Instant, JobState, Login, Role, Run, Table, User
from policies.errors import InputError
from tests.postgres import Postgres

CODE = "91370100MA3C00001H"
NOW = dt.datetime(2026, 11, 23, 9, 30, tzinfo=dt.timezone(dt.timedelta(hours=8)))


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
    assert set(inspect(database.engine).get_table_names()) == {*Table.metadata.tables, "alembic_version"}


def test_two_may_upgrade_at_once(postgres: Postgres) -> None:
    with postgres.database("template0") as url, ThreadPoolExecutor(3) as pool:
        opened = list(pool.map(lambda _: Database.open(url), range(3)))
        assert "users" in inspect(opened[0].engine).get_table_names()
        for one in opened:
            one.close()


def test_who_reads_waits_for_nobody_who_writes_and_sees_one_moment(database: Database) -> None:
    with database.reading() as reading:
        assert reading.scalars(select(Audit)).all() == []
        with database.session() as writing:
            writing.add(line())
            writing.flush()
            with database.reading() as second:  # SQLite's lock is held now
                assert second.scalars(select(Audit)).all() == []
        assert database.is_sqlite is (reading.scalars(select(Audit)).all() == []), "PostgreSQL reads what is committed"
    with database.reading() as after:
        assert len(after.scalars(select(Audit)).all()) == 1


def test_who_reads_cannot_write_and_the_next_can(database: Database) -> None:
    for _ in range(3):
        with pytest.raises(DBAPIError, match=r"readonly|ReadOnly"), database.reading() as session:
            session.add(line())
        with database.session() as session:
            session.add(line())
    with database.reading() as session:
        assert len(session.scalars(select(Audit)).all()) == 3


def test_only_its_owner_can_read_the_folder_and_the_file(tmp_path: Path) -> None:
    Database.in_folder(tmp_path / "data").close()
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


def test_saved_profiles_become_companies_and_back(database: Database) -> None:
    database.downgrade("0001")
    columns = {"profile_id": sa.Text(), "owner": sa.Text(), "name": sa.Text(), "raw": sa.JSON(),
               "created_at": Instant(), "changed_at": Instant()}  # fmt: skip
    profiles = sa.table("profiles", *(sa.column(name, kind) for name, kind in columns.items()))
    raws: dict[str, dict[str, Any]] = {
        "p1": {"name": "甲", "uscc": CODE, "region": "山东省/济南市", "employees": 5},
        "p2": {"name": "甲的另一份", "uscc": CODE.lower()},
        "p3": {"name": "乙", "region": "不存在的地方"},
    }
    with database.engine.begin() as connection:
        for number, (profile_id, raw) in enumerate(raws.items()):
            at = NOW + dt.timedelta(minutes=number)
            row = {"owner": "u1", "name": raw["name"], "raw": raw, "created_at": at, "changed_at": at}
            connection.execute(sa.insert(profiles).values(profile_id=profile_id, **row))
    database.upgrade()
    records = Records(database)
    found = {one.company_id: one for one in records.list("u1")}
    assert {name: one.raw for name, one in found.items()} == raws
    assert {name: (one.uscc, one.region) for name, one in found.items()} == {
        "p1": (CODE, "370100"), "p2": ("", ""), "p3": ("", "")
    }  # fmt: skip
    assert source_of(found["p1"], "employees") == Source(Kind.DECLARED, "", NOW.date())
    assert [one.version for one in records.history("p1")] == [1]
    ours = records.save(DEPARTMENT, {"name": "部门的"}, "imported", "名单", NOW).company_id
    with database.session() as session:
        run = {"name": "甲", "raw": {}, "as_of": NOW.date(), "library_version": "v", "found": {}, "made_at": NOW}
        session.add_all(Run(owner="u1", company_id=company_id, **run) for company_id in ("p1", ours))
    database.downgrade("0001")
    with database.engine.connect() as connection:
        assert {row.profile_id: row.raw for row in connection.execute(sa.select(profiles))} == raws
    database.upgrade()
    with database.session() as session:
        assert sorted(session.scalars(select(Run.company_id)), key=str) == [None, "p1"]
    assert {one.company_id: one.created_at for one in records.list("u1")} == {
        name: NOW + dt.timedelta(minutes=number) for number, name in enumerate(raws)
    }
