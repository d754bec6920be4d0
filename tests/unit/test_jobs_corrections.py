"""What an owner changes in a recognised header: applied, refused, remembered."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import pytest

from matcher.jobs import Correction, Corrections, corrected
from matcher.sheet import ColumnMapping, HeaderMapping, SheetMapping
from matcher.store.database import Database
from policies.errors import InputError
from tests.jobs_support import NOW, Desk, open_desk

DAYS = dt.timedelta(days=1)


@pytest.fixture
def books(tmp_path: Path, database: Database) -> Iterator[Desk]:
    """A desk whose jobs are not run, once with each kind of database."""
    yield from open_desk(tmp_path, database)


COLUMNS = HeaderMapping(
    sheets=(
        SheetMapping(
            sheet="甲",
            columns=(
                ColumnMapping(column=1, header="企业名称", target="name", how="label", confidence=1.0),
                ColumnMapping(column=2, header="收入", target="revenue_wan", unit="元", how="fuzzy", confidence=0.9),
                ColumnMapping(column=3, header="地址", target="region", how="synonym", confidence=0.9),
                ColumnMapping(column=4, header="电话"),
            ),
        ),
    )
)


def targets(mapping: HeaderMapping) -> list[tuple[str, str]]:
    return [(column.target, column.unit) for column in mapping.sheets[0].columns]


def test_a_correction_takes_a_field_away_from_another_column() -> None:
    changed = corrected(COLUMNS, [Correction("甲", 4, "revenue_wan", "万元"), Correction("甲", 1, "region.city", "")])
    assert targets(changed) == [("region.city", ""), ("", ""), ("", ""), ("revenue_wan", "万元")]
    assert targets(corrected(COLUMNS, [Correction("甲", 2, "", "元")]))[1] == ("", "")
    texts = corrected(COLUMNS, [Correction("甲", column, "plan.text", "") for column in (2, 4)])
    assert [target for target, _ in targets(texts)] == ["name", "plan.text", "region", "plan.text"]


@pytest.mark.parametrize(
    ("correction", "reason"),
    [
        (Correction("乙", 1, "name", ""), "不在这个文件里"),
        (Correction("甲", 9, "name", ""), "没有表头"),
        (Correction("甲", 1, "nonsense", ""), "没有“nonsense”这个字段"),
        (Correction("甲", 1, "employees", "元"), "单位“元”与“从业人数”不符"),
    ],
)
def test_a_correction_that_does_not_fit_is_refused(correction: Correction, reason: str) -> None:
    with pytest.raises(InputError, match=reason):
        corrected(COLUMNS, [correction])


def test_corrections_are_remembered_for_the_same_header_of_the_same_owner(books: Desk) -> None:
    kept = Corrections(books.database)
    first, second = Correction("甲", 4, "revenue_wan", "元"), Correction("甲", 4, "employees", "")
    kept.keep("one", COLUMNS, first, NOW)
    kept.keep("one", COLUMNS, second, NOW)
    assert kept.of("one", COLUMNS) == [second] and kept.of("two", COLUMNS) == []
    with pytest.raises(InputError):
        kept.keep("one", COLUMNS, Correction("甲", 1, "nonsense", ""), NOW)
    other = COLUMNS.model_copy(update={"sheets": (COLUMNS.sheets[0].model_copy(update={"sheet": "乙"}),)})
    assert kept.of("one", other) == []
    kept.forget("two", COLUMNS)
    assert kept.of("one", COLUMNS) == [second]
    kept.forget("one", COLUMNS)
    assert kept.of("one", COLUMNS) == []


def test_the_oldest_header_is_forgotten(books: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("matcher.jobs.corrections.MAX_HEADERS", 2)
    kept = Corrections(books.database)
    mappings = [
        COLUMNS.model_copy(update={"sheets": (COLUMNS.sheets[0].model_copy(update={"sheet": name}),)})
        for name in "甲乙丙"
    ]
    for number, mapping in enumerate(mappings):
        change = Correction(mapping.sheets[0].sheet, 4, "employees", "")
        kept.keep("one", mapping, change, NOW + number * DAYS)
    assert [len(kept.of("one", mapping)) for mapping in mappings] == [0, 1, 1]
