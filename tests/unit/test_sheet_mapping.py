import json
from pathlib import Path
from typing import Any

import pytest

from matcher.sheet import TABLE_HEADINGS, ColumnMapping, HeaderMapping, SheetMapping, open_source
from matcher.sheet.mapping import column_letters, unit_factor
from policies.errors import InputError
from policies.values import Span


@pytest.fixture
def path(tmp_path: Path) -> Path:
    made = tmp_path / "a.csv"
    made.write_text("统计表,,,\n企业名称,金额,金额,人员数量\n甲公司,100,200,5\n", encoding="utf-8")
    return made


def saved(tmp_path: Path, *columns: dict[str, Any], **changes: Any) -> HeaderMapping:
    target = tmp_path / "对应表.json"
    sheet = {"sheet": "", "header_row": 2, "header_rows": 1, "columns": list(columns), **changes}
    target.write_text(json.dumps({"sheets": [sheet]}, ensure_ascii=False), encoding="utf-8")
    return HeaderMapping.load(target)


def test_round_trip(path: Path, tmp_path: Path) -> None:
    mapping = open_source(path).mapping
    mapping.save(tmp_path / "m.json")
    assert HeaderMapping.load(tmp_path / "m.json") == mapping
    assert [entry.name for entry in tmp_path.iterdir() if entry.suffix == ".tmp"] == []


def test_what_a_person_wrote_wins(path: Path, tmp_path: Path) -> None:
    mapping = saved(
        tmp_path,
        {"column": 1, "header": "企业名称", "target": "name"},
        {"column": 2, "header": "金额", "target": "revenue_wan", "unit": "亿元"},
        {"column": 3, "header": "金额", "target": "plan.loan_wan"},
        {"column": 4, "header": "人员数量", "target": "employees"},
    )
    (row,) = open_source(path, mapping=mapping).read()
    assert row.profile is not None
    assert row.profile.facts == {"revenue_wan": Span(1e6, 1e6), "employees": Span(5.0, 5.0)}
    assert row.profile.plans[0].facts == {"loan_wan": Span(200.0, 200.0)}


def test_columns_may_have_moved(tmp_path: Path) -> None:
    mapping = saved(tmp_path, {"column": 1, "header": "企业名称", "target": "name"},
                    {"column": 9, "header": "人员数量", "target": "employees"})  # fmt: skip
    moved = tmp_path / "b.csv"
    moved.write_text("x\ny\n备注,人员数量,企业名称\n无,7,甲公司\n", encoding="utf-8")
    source = open_source(moved, mapping=mapping)
    (row,) = source.read()
    assert row.number == 4
    assert row.profile is not None
    assert (row.profile.name, row.profile.facts["employees"]) == ("甲公司", Span(7.0, 7.0))
    assert [(column.header, column.how) for column in source.mapping.sheets[0].columns] == [
        ("备注", ""), ("人员数量", "saved"), ("企业名称", "saved")
    ]  # fmt: skip


def test_every_missing_column_is_named(path: Path, tmp_path: Path) -> None:
    mapping = saved(
        tmp_path,
        {"column": 1, "header": "企业名称", "target": "name"},
        {"column": 2, "header": "营收", "target": "revenue_wan"},
        {"column": 28, "header": "需求", "target": "needs"},
        {"column": 5, "header": "没用的"},
    )
    with pytest.raises(InputError) as caught:
        open_source(path, mapping=mapping)
    assert [problem.where for problem in caught.value.problems] == ["表格的“营收”（B 列）", "表格的“需求”（AB 列）"]


def test_mapping_without_a_column_or_of_another_sheet(path: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="没有一列对应到字段"):
        open_source(path, mapping=saved(tmp_path, {"column": 1, "header": "企业名称"}))
    two = HeaderMapping(sheets=(SheetMapping(sheet="甲"), SheetMapping(sheet="乙")))
    with pytest.raises(InputError, match="没有对应表里的“甲”、“乙”"):
        open_source(path, mapping=two)


@pytest.mark.parametrize(
    ("column", "message"),
    [
        ({"column": 1, "header": "x", "target": "revenue"}, "没有“revenue”这个字段，您是不是要填：revenue_wan"),
        ({"column": 1, "header": "x", "target": "plan.name"}, "没有“plan.name”这个字段"),
        ({"column": 1, "header": "x", "target": "honours:宇宙第一"}, "没有“宇宙第一”"),
        ({"column": 1, "header": "x", "target": "revenue_wan", "unit": "公斤"}, "单位“公斤”与“上年营业收入”不符"),
        ({"column": 1, "header": "x", "target": "name", "unit": "元"}, "单位“元”与“企业名称”不符"),
        ({"column": "甲", "header": "x"}, "写法不对"),
        ({"column": 1, "header": "x", "colour": 1}, "写法不对"),
    ],
)
def test_mistakes_in_the_file_say_where(tmp_path: Path, column: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError) as caught:
        saved(tmp_path, {"column": 2, "header": "好"}, column)
    assert message in str(caught.value)
    assert "对应表.json”的 sheets.1.columns.2" in str(caught.value)


@pytest.mark.parametrize("content", [b"", b"no json", b"\xff\xfe", b"[]", b'{"sheets": 3}'])
def test_other_files_are_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "m.json").write_bytes(content)
    with pytest.raises(InputError, match=r"m\.json"):
        HeaderMapping.load(tmp_path / "m.json")
    with pytest.raises(InputError, match="打不开或不存在"):
        HeaderMapping.load(tmp_path / "none.json")


def test_table_shows_every_column(path: Path) -> None:
    rows = open_source(path).mapping.table()
    assert all(len(row) == len(TABLE_HEADINGS) for row in rows)
    assert rows[0] == ("", "A", "企业名称", "企业名称", "name", "", "字段名", "100%", "甲公司")
    assert rows[1] == ("", "B", "金额", "（未采用）", "", "", "未采用", "", "100")


def test_labels_of_targets() -> None:
    labels = {
        target: ColumnMapping(column=1, header="", target=target).label
        for target in ("region.city", "honours:瞪羚企业", "plan.text", "plan.loan_wan", "name", "")
    }
    assert list(labels.values()) == ["注册地：市", "荣誉资质：瞪羚企业", "计划文字", "贷款金额", "企业名称", ""]


def test_letters_and_units() -> None:
    assert [column_letters(number) for number in (1, 26, 27, 702, 703)] == ["A", "Z", "AA", "ZZ", "AAA"]
    assert unit_factor("元", "万元") == 0.0001
    assert unit_factor("%", "ratio") == 0.01
    assert unit_factor("人", "万元") is None
    assert unit_factor("2024年", "年") is None
