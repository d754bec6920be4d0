from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from matcher.bulk.folder import Ingested, Manifest, RunFolder
from matcher.bulk.ingest import ingest
from matcher.companies.parts import read_part
from matcher.sheet import ReadRow, RowProblem
from policies.errors import InputError, Problem
from policies.uscc import make_uscc
from tests.support import AS_OF, company

MANIFEST = Manifest("x.csv", 1, "", None, "", "2026-06-15", 10, "", None, False, "0", 2)
ONE, TWO = make_uscc("91370100000000001"), make_uscc("91370100000000002")


@dataclass
class Rows:
    """An input that is already read."""

    rows: Sequence[ReadRow]
    notes: tuple[str, ...] = ("一条说明",)

    def read(self) -> Iterator[ReadRow]:
        return iter(self.rows)


def good(number: int, uscc: str | None = None, sheet: str = "", **raw: object) -> ReadRow:
    return ReadRow(number, sheet, company(name=f"企业{number}", uscc=uscc, **raw))


def problem(number: int, reason: str) -> RowProblem:
    return RowProblem(number, "", "从业人数", "很多", reason, "请改正")


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[RunFolder]:
    found = RunFolder(tmp_path / "run")
    with found.locked():
        found.start(MANIFEST)
        yield found


def read(folder: RunFolder, *rows: ReadRow, size: int = 2) -> tuple[Ingested, int]:
    told: list[int] = []
    return ingest(Rows(rows), folder, AS_OF, size, told.append), sum(told)


def lines(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_every_row_goes_to_one_place(folder: RunFolder) -> None:
    bad = ReadRow(3, "", None, (problem(3, "不是数字"), problem(3, "太长")))
    careful = ReadRow(5, "", company(name="企业5"), cautions=(problem(5, "按区间处理"),))
    found, _ = read(folder, good(2), bad, good(4), careful, ReadRow(6, "", None, skipped="合计"))
    assert (found.rows, found.companies, found.rejected, found.skipped) == (5, 3, 1, 1)
    assert (found.rejected_lines, found.cautions, found.duplicates) == (2, 1, 0)
    assert found.notes == ("一条说明",) and folder.ingested() == found
    assert [part.companies for part in found.parts] == [2, 1]
    tables = [read_part(folder.part(part.number)) for part in found.parts]
    assert [number for table in tables for number in table.rows.tolist()] == [2, 4, 5]
    assert [(line["row"], line["reason"]) for line in lines(folder.problems)] == [(3, "不是数字"), (3, "太长")]
    assert [line["reason"] for line in lines(folder.cautions)] == ["按区间处理"]


def test_duplicates_are_said_of_every_row_and_kept(folder: RunFolder) -> None:
    places = [(2, ONE, "甲"), (3, TWO, "甲"), (4, None, "甲"), (2, ONE, "乙"), (6, ONE, "乙"), (7, None, "乙")]
    found, _ = read(folder, *(good(*place) for place in places))
    assert found.companies == 6 and found.duplicates == 3
    told = lines(folder.cautions)
    assert [(line["sheet"], line["row"]) for line in told] == [("甲", 2), ("乙", 2), ("乙", 6)]
    assert {line["value"] for line in told} == {ONE}
    assert [str(line["reason"]).split("重复")[0] for line in told] == [
        "与工作表“乙”第 2 行、工作表“乙”第 6 行", "与工作表“甲”第 2 行、第 6 行", "与工作表“甲”第 2 行、第 2 行",
    ]  # fmt: skip


def test_many_duplicates_are_counted(folder: RunFolder) -> None:
    found, _ = read(folder, *(good(number, ONE) for number in range(1, 10)))
    assert found.duplicates == 9
    others = str(lines(folder.cautions)[0]["reason"]).split("重复")[0]
    assert others == "与第 2 行、第 3 行、第 4 行、第 5 行、第 6 行等 8 行"


def test_what_cannot_be_true_at_the_date_is_rejected(folder: RunFolder) -> None:
    later = AS_OF + dt.timedelta(days=1)
    found, _ = read(folder, good(2, established=AS_OF.isoformat()), good(3, established=later.isoformat()))
    assert (found.companies, found.rejected, found.rejected_lines) == (1, 1, 1)
    (line,) = lines(folder.problems)
    assert line["row"] == 3 and "晚于查询日期 2026-06-15" in str(line["reason"]) and "成立" in str(line["column"])


def test_no_companies(folder: RunFolder) -> None:
    found, told = read(folder)
    assert (found.rows, found.companies, found.parts, told) == (0, 0, (), 0)
    assert lines(folder.problems) == [] == lines(folder.cautions)


def test_progress_is_told_in_steps(folder: RunFolder) -> None:
    assert read(folder, *(good(number) for number in range(1, 1201)), size=1000)[1] == 1000


def test_reading_twice_gives_the_same(folder: RunFolder) -> None:
    rows = [good(number, ONE, employees=number) for number in range(1, 6)]
    first, _ = read(folder, *rows)
    again, _ = read(folder, *rows)
    assert first.parts == again.parts and first.duplicates == again.duplicates == 5


def test_an_input_that_breaks_off_counts_for_nothing(folder: RunFolder) -> None:
    class Broken(Rows):
        def read(self) -> Iterator[ReadRow]:
            yield from self.rows
            raise InputError([Problem("文件", "后半截坏了")])

    with pytest.raises(InputError, match="后半截坏了"):
        ingest(Broken([good(1), good(2), good(3)]), folder, AS_OF, 2, lambda _: None)
    assert folder.ingested() is None and not folder.problems.exists()
