"""Backups: everything goes out and comes back, between both kinds of database; a bad file loses nothing."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile

import pytest
from sqlalchemy import select

from matcher.contacts import Contacts
from matcher.records import Records
from matcher.seal import Seal
from matcher.store.archive import MANIFEST
from matcher.store.backup import write_backup
from matcher.store.companies import DEPARTMENT
from matcher.store.database import Database, revisions
from matcher.store.files import FileStore
from matcher.store.restore import check_backup, restore_backup
from matcher.store.tables import Audit
from policies.errors import InputError
from tests.store_support import COMPANY, NOW, PERSON, contents, data_of, fill

Open = Callable[[str], tuple[Database, FileStore]]


@pytest.fixture(params=["sqlite", "postgres"])
def opened(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Open]:
    """Opens databases of a kind with folders for files; "other" is of the other kind."""
    kinds = {"own": request.param, "other": {"sqlite": "postgres", "postgres": "sqlite"}[request.param]}
    with ExitStack() as stack:

        def opening(which: str) -> tuple[Database, FileStore]:
            number = len(list(tmp_path.iterdir()))
            folder = tmp_path / f"{which}-{number}"
            if kinds[which] == "sqlite":
                database = Database.in_folder(folder)
            else:
                database = Database.open(stack.enter_context(request.getfixturevalue("postgres").database()))
            stack.callback(database.close)
            return database, FileStore(database, folder / "files")

        yield opening


@pytest.fixture
def seal() -> Seal:
    return Seal(Seal.new_key())


@pytest.fixture
def backup(opened: Open, seal: Seal, tmp_path: Path) -> tuple[Database, FileStore, Path]:
    """A full store and its backup."""
    database, files = opened("own")
    fill(database, files, seal)
    out = tmp_path / "backup.zip"
    write_backup(database, files.folder, out, NOW)
    return database, files, out


@pytest.mark.parametrize("which", ["own", "other"])
def test_everything_comes_back(opened: Open, backup: tuple[Database, FileStore, Path], seal: Seal, which: str) -> None:
    database, files, out = backup
    before = contents(database)
    assert all(before.values()), "a table without a row would not be checked"
    assert out.stat().st_mode & 0o77 == 0
    target, kept = opened(which)
    manifest = restore_backup(target, kept.folder, out, replace=False)
    assert contents(target) == before
    assert data_of(kept.folder) == data_of(files.folder) and len(manifest.files) == 2
    (company,) = Records(target).list(DEPARTMENT)
    assert company.raw == COMPANY and Contacts(target, seal).list(company.company_id)[0].name == PERSON
    again = Records(target).save(DEPARTMENT, {"name": "新"}, "imported", "名单", NOW)
    assert again.number == company.number + 3, "a number that was given out is never given again"
    with target.session() as session:
        session.add(Audit(at=NOW, actor="a", action="x", target="", outcome="ok", request_id="", address=""))
    assert target.revision() == revisions()[-1]


def test_the_same_store_makes_the_same_tables(backup: tuple[Database, FileStore, Path], tmp_path: Path) -> None:
    database, files, out = backup
    again = tmp_path / "again.zip"
    assert write_backup(database, files.folder, again, NOW) == check_backup(out) == check_backup(again)


def test_others_may_write_while_a_backup_is_made(opened: Open, seal: Seal) -> None:
    database, files = opened("own")
    fill(database, files, seal)
    with database.snapshot() as connection:
        before = connection.execute(select(Audit.action)).all()
        with database.session() as session:
            session.add(Audit(at=NOW, actor="a", action="x", target="", outcome="ok", request_id="", address=""))
        assert connection.execute(select(Audit.action)).all() == before
    assert len(contents(database)["audit"]) == len(before) + 1


def test_a_full_store_is_only_given_up_on_demand(opened: Open, backup: tuple[Database, FileStore, Path]) -> None:
    database, files, out = backup
    target, kept = opened("other")
    fill(target, kept, Seal(Seal.new_key()))
    before, lay = contents(target), data_of(kept.folder)
    with pytest.raises(InputError, match="不是空的"):
        restore_backup(target, kept.folder, out, replace=False)
    assert (contents(target), data_of(kept.folder)) == (before, lay)
    restore_backup(target, kept.folder, out, replace=True)
    assert contents(target) == contents(database)
    assert data_of(kept.folder) == data_of(files.folder), "what belonged to the old rows is gone"


def _changed(source: Path, out: Path, change: Callable[[str, bytes], bytes | None]) -> Path:
    with ZipFile(source) as old, ZipFile(out, "w", ZIP_DEFLATED) as new:
        for name in old.namelist():
            content = change(name, old.read(name))
            if content is not None:
                new.writestr(name, content)
    return out


def _manifest(change: Callable[[dict[str, Any]], object]) -> Callable[[str, bytes], bytes]:
    def changed(name: str, content: bytes) -> bytes:
        if name != MANIFEST:
            return content
        shape = json.loads(content)
        change(shape)
        return json.dumps(shape).encode()

    return changed


TABLE = "tables/companies.jsonl"
DAMAGES: dict[str, tuple[Callable[[str, bytes], bytes | None], str]] = {
    "a value": (lambda name, old: old.replace(b"58", b"59") if name == TABLE else old, "校验和不对"),
    "a row": (lambda name, old: b"" if name == TABLE else old, "校验和不对"),
    "a line": (lambda name, old: old + b"{\n" if name == TABLE else old, "已损坏"),
    "a table": (lambda name, old: None if name == TABLE else old, "已损坏"),
    "a file": (lambda name, old: old + b"x" if name.startswith("files/") else old, "校验和不对"),
    "no file": (lambda name, old: None if name.startswith("files/") else old, "已损坏"),
    "no manifest": (lambda name, old: None if name == MANIFEST else old, "没有目录"),
    "manifest": (lambda name, old: b"[]" if name == MANIFEST else old, "目录读不出来"),
    "newer format": (_manifest(lambda shape: shape.update(format=2)), "更新版本"),
    "newer tables": (_manifest(lambda shape: shape.update(revision="9999")), "更新版本"),
    "a path": (_manifest(lambda shape: shape["files"][0].update(path="../../etc/passwd")), "不认识"),
    "a name": (_manifest(lambda shape: shape["tables"][0].update(name='a"; drop table users; --')), "不认识"),
    "a kind": (_manifest(lambda shape: shape["tables"][0]["columns"].update(user_id="pickle")), "不认识"),
    "rows": (_manifest(lambda shape: shape["tables"][0].update(rows=7)), "行数不对"),
    "another table": (
        _manifest(lambda shape: shape["tables"].reverse()), "写入时出错"
    ),
}  # fmt: skip


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_backup_loses_nothing(
    opened: Open, backup: tuple[Database, FileStore, Path], tmp_path: Path, damage: str
) -> None:
    database, files, out = backup
    change, words = DAMAGES[damage]
    bad = _changed(out, tmp_path / "bad.zip", change)
    before, lay = contents(database), data_of(files.folder)
    with pytest.raises(InputError, match=words):
        restore_backup(database, files.folder, bad, replace=True)
    assert (contents(database), data_of(files.folder)) == (before, lay)


def test_a_torn_backup_loses_nothing(opened: Open, backup: tuple[Database, FileStore, Path], tmp_path: Path) -> None:
    database, files, out = backup
    whole, before = out.read_bytes(), contents(database)
    middle = whole.index(b"tables/companies.jsonl") + 200
    pieces = {"half": whole[: len(whole) // 2], "text": b"hello", "none": b"",
              "flipped": whole[:middle] + bytes([whole[middle] ^ 255]) + whole[middle + 1 :]}  # fmt: skip
    for name, content in pieces.items():
        bad = tmp_path / f"{name}.zip"
        bad.write_bytes(content)
        with pytest.raises(InputError, match="备份文件"):
            restore_backup(database, files.folder, bad, replace=True)
    with pytest.raises(InputError, match="没有这个文件"):
        check_backup(tmp_path / "none")
    assert contents(database) == before


def test_a_file_that_went_is_told(backup: tuple[Database, FileStore, Path], tmp_path: Path) -> None:
    database, files, _ = backup
    shutil.rmtree(files.folder)
    manifest = write_backup(database, files.folder, tmp_path / "again.zip", NOW)
    assert (manifest.files, manifest.missing) == ((), 2)


def test_a_backup_of_older_tables_is_brought_up_to_date(opened: Open, tmp_path: Path, seal: Seal) -> None:
    database, files = opened("own")
    fill(database, files, seal)
    out = tmp_path / "backup.zip"
    write_backup(database, files.folder, out, NOW)
    gone = ("pack_templates",)

    def older(name: str, content: bytes) -> bytes | None:
        if name == MANIFEST:
            shape = json.loads(content)
            shape["revision"] = "0004"
            shape["tables"] = [one for one in shape["tables"] if one["name"] not in gone]
            return json.dumps(shape).encode()
        return None if name in [f"tables/{one}.jsonl" for one in gone] else content

    target, kept = opened("other")
    restore_backup(target, kept.folder, _changed(out, tmp_path / "older.zip", older), replace=False)
    expected = {name: [] if name in gone else rows for name, rows in contents(database).items()}
    assert contents(target) == expected and target.revision() == revisions()[-1]
