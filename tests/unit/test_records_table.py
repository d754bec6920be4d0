"""Spreadsheets of companies into the department's records."""

from __future__ import annotations

import csv
import datetime as dt
from pathlib import Path

import pytest

from matcher.companies.intake import Reading
from matcher.records import Kind, Records, Source, identity, source_of
from matcher.records import table as module
from matcher.records.table import TableImport
from matcher.store.companies import DEPARTMENT
from matcher.store.database import Database
from policies.profile import CompanyProfile
from policies.uscc import make_uscc

NOW = dt.datetime(2026, 11, 23, 9, 30, tzinfo=dt.UTC)
DAY = dt.date(2026, 11, 23)
HEADER = ["企业名称", "统一社会信用代码", "注册地", "从业人数", "营业收入（万元）"]


def code(number: int) -> str:
    return make_uscc(f"91370100MA{number:07d}")


@pytest.fixture
def records(database: Database, monkeypatch: pytest.MonkeyPatch) -> Records:
    monkeypatch.setattr(module, "BLOCK", 3)
    return Records(database)


def take(records: Records, folder: Path, *rows: list[str], preview: bool = False, kind: str = "imported",
         header: list[str] = HEADER) -> TableImport:  # fmt: skip
    path = folder / "list.csv"
    with path.open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows([header, *rows])
    taken = records.import_table(Reading([path], None, DAY), kind, "某名单", NOW, on=DAY, actor="王专员")
    taken.run(folder / "problems.csv", preview=preview)
    return taken


def counts(taken: TableImport) -> tuple[int, int, int, int]:
    assert taken.reading.companies == taken.new + taken.changed + taken.unchanged
    assert taken.reading.rows == taken.reading.companies + taken.reading.rejected + taken.reading.skipped
    return taken.new, taken.changed, taken.unchanged, taken.reading.rejected


ROWS = [[f"公司{n}", code(n), "济南", str(n), "20-30"] for n in range(7)]


def test_a_list_is_taken_once(records: Records, tmp_path: Path) -> None:
    assert counts(take(records, tmp_path, *ROWS)) == (7, 0, 0, 0)
    assert counts(take(records, tmp_path, *ROWS)) == (0, 0, 7, 0)
    (one,) = records.find(code(3))
    profile = CompanyProfile.model_validate(one.raw)
    assert (one.owner, one.version, identity(one), one.region) == (DEPARTMENT, 1, code(3), "370100")
    assert (
        profile.facts == CompanyProfile.model_validate({"region": "济南", "employees": 3, "revenue_wan": "20-30"}).facts
    )
    assert source_of(one, "employees") == Source(Kind.IMPORTED, "某名单", DAY)
    assert records.history(one.company_id)[0].made_by == "王专员"


def test_only_what_is_given_is_said_anew(records: Records, tmp_path: Path) -> None:
    take(records, tmp_path, *ROWS)
    short = ["企业名称", "统一社会信用代码", "从业人数"]
    later = take(records, tmp_path, ["公司3", code(3), "99"], ["新公司", "", "1"], header=short, kind="verified")
    assert counts(later) == (1, 1, 0, 0)
    (one,) = records.find(code(3))
    assert (one.raw["employees"], one.raw["revenue_wan"], one.version) == (99, "20至30", 2)
    kinds = {name: source_of(one, name).kind.value for name in one.raw}  # type: ignore[union-attr]  # every fact has one
    assert kinds == {"name": "verified", "uscc": "verified", "employees": "verified", "region": "imported",
                     "revenue_wan": "imported"}  # fmt: skip


def test_a_preview_counts_and_writes_nothing(records: Records, tmp_path: Path) -> None:
    twice = [*ROWS, ["公司1", code(1), "济南", "55", ""], ["坏", "123", "", "", ""]]
    first = counts(take(records, tmp_path, *twice, preview=True))
    assert records.count(DEPARTMENT) == 0
    assert counts(take(records, tmp_path, *twice)) == first == (7, 1, 0, 1)
    again = counts(take(records, tmp_path, *twice, preview=True))
    assert again[0] == 0 and records.count(DEPARTMENT) == 7


def test_rows_without_a_code_are_found_by_name_or_refused(records: Records, tmp_path: Path) -> None:
    same = [["甲公司", code(1), "", "", ""], ["甲公司", code(2), "", "", ""], ["乙公司", code(3), "", "", ""]]
    take(records, tmp_path, *same)
    taken = take(
        records, tmp_path, ["甲公司", "", "", "5", ""], ["乙公司", "", "", "6", ""], ["丙公司", "", "", "7", ""]
    )
    assert counts(taken) == (1, 1, 0, 1)
    (problem,) = taken.reading.problems
    assert (problem.row, problem.value) == (2, "甲公司") and "2 家" in problem.reason
    assert "请补上统一社会信用代码" in (tmp_path / "problems.csv").read_text("utf-8-sig")
    assert records.find(code(3))[0].raw["employees"] == 6


def test_a_code_found_later_joins_the_name(records: Records, tmp_path: Path) -> None:
    take(records, tmp_path, ["甲公司", "", "济南", "5", ""])
    assert counts(take(records, tmp_path, ["甲公司", code(1), "", "", ""])) == (0, 1, 0, 0)
    (one,) = records.list(DEPARTMENT)
    assert (one.uscc, one.raw["employees"]) == (code(1), 5)


def test_users_own_companies_are_left_alone(records: Records, tmp_path: Path) -> None:
    own = records.save("u1", {"name": "公司1", "uscc": code(1), "employees": 7}, "declared", "", NOW)
    assert counts(take(records, tmp_path, *ROWS)) == (7, 0, 0, 0)
    assert records.get("u1", own.company_id) is not None and records.list("u1")[0].version == 1


def test_strange_names_are_kept_by_every_database(records: Records) -> None:
    saved = records.save(
        DEPARTMENT, {"name": "a\x00\ud800\u202e甲\n公司", "products": "\x00\ud800"}, "imported", "x", NOW
    )
    kept = records.get(DEPARTMENT, saved.company_id)
    assert kept is not None and kept.name == "a甲公司" and kept.raw["products"] == "\x00\ud800"
