import datetime as dt
import io
import re
import zipfile
from collections.abc import Mapping
from pathlib import Path

import openpyxl
import pytest
import xlsxwriter

from matcher.sheet import ReadRow, SheetLimits, open_source
from matcher.sheet.workbook import workbook_grids
from policies.errors import InputError
from policies.values import Span

HEADER = ["企业名称", "营业收入（万元）", "成立日期", "研发占比"]
SHEET = "xl/worksheets/sheet1.xml"


def book(tmp_path: Path, *rows: list[object], name: str = "a.xlsx") -> Path:
    made = openpyxl.Workbook()
    assert made.active is not None
    for row in [HEADER, *rows]:
        made.active.append(row)
    made.save(tmp_path / name)
    return tmp_path / name


def rewrite(path: Path, changes: Mapping[str, bytes | None]) -> Path:
    """The package with parts replaced (None removes one)."""
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in {**parts, **changes}.items():
            if content is not None:
                archive.writestr(name, content)
    return path


def part(path: Path, name: str = SHEET) -> bytes:
    with zipfile.ZipFile(path) as archive:
        return archive.read(name)


def read(path: Path, limits: SheetLimits | None = None) -> list[ReadRow]:
    return list(open_source(path, limits=limits or SheetLimits()).read())


def cells(path: Path) -> list[list[object]]:
    (grid,) = workbook_grids(path, SheetLimits())
    return [list(row.cells) for row in grid.rows()]


def sheet_xml(rows: str, tail: str = "") -> bytes:
    space = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
    return f'<?xml version="1.0"?><worksheet {space}><sheetData>{rows}</sheetData>{tail}</worksheet>'.encode()


def test_agrees_with_openpyxl_cell_by_cell(tmp_path: Path) -> None:
    moment = dt.datetime(2015, 6, 1, 12, 30)  # noqa: DTZ001  # a sheet has no time zone
    values: list[list[object]] = [
        ["甲 & <乙>", 1, dt.date(2015, 6, 1), 0.5],
        [" 空格 ", -1.5, moment, None],
        [None, 123456789012, True, False],
        ["=1+1 不是公式", 1e20, None, 1e-9],
        ["换\n行", 0, dt.date(1900, 3, 1), 2**40],
    ]
    path = book(tmp_path, *values)
    made = openpyxl.load_workbook(path)
    made.active["A5"].data_type = "s"  # type: ignore[index,union-attr]
    made.save(path)
    expected = [list(row) for row in openpyxl.load_workbook(path).active.iter_rows(values_only=True)]  # type: ignore[union-attr]
    for row, others in zip(cells(path), expected, strict=True):
        row += [None] * (len(others) - len(row))
        for cell, other in zip(row, others, strict=True):
            same_day = isinstance(other, dt.datetime) and (other.hour, other.minute) == (0, 0)
            assert cell == (other.date() if same_day and isinstance(other, dt.datetime) else other)


@pytest.mark.parametrize(
    ("number_format", "value", "expected"),
    [
        ("0.00%", 0.035, "3.5%"),
        ("0%", 1, "100%"),
        ('yyyy"年"m"月"d"日"', 42156, dt.date(2015, 6, 1)),
        ("[$-804]yyyy年m月", 42156, dt.date(2015, 6, 1)),
        ("m/d/yy", 42156, dt.date(2015, 6, 1)),
        ("h:mm", 0.5, 0.5),
        ("[h]:mm:ss", 1.5, 1.5),
        ('#,##0.00"万元"', 3200, 3200),
        ("General", 42156, 42156),
        ('0"年"', 2015, 2015),
        ("[Red]0.0", 7.5, 7.5),
    ],
)
def test_number_formats(tmp_path: Path, number_format: str, value: float, expected: object) -> None:
    path = tmp_path / "a.xlsx"
    with xlsxwriter.Workbook(str(path)) as made:
        made.add_worksheet().write_number(0, 0, value, made.add_format({"num_format": number_format}))
    assert cells(path) == [[expected]]


@pytest.mark.parametrize("number", [14, 27, 31, 36, 57, 58])
def test_built_in_date_formats_of_chinese_programs(tmp_path: Path, number: int) -> None:
    path = tmp_path / "a.xlsx"
    with xlsxwriter.Workbook(str(path)) as made:
        made.add_worksheet().write_number(0, 0, 42156, made.add_format({"num_format": number}))
    assert cells(path) == [[dt.date(2015, 6, 1)]]


def test_dates_from_1904(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    with xlsxwriter.Workbook(str(path), {"date_1904": True}) as made:
        made.add_worksheet().write_datetime(0, 0, dt.date(2015, 6, 1), made.add_format({"num_format": "yyyy-mm-dd"}))
    assert cells(path) == [[dt.date(2015, 6, 1)]]


def test_first_days_of_1900(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    with xlsxwriter.Workbook(str(path)) as made:
        made.add_worksheet().write_number(0, 0, 1, made.add_format({"num_format": "yyyy-mm-dd"}))
    assert cells(path) == [[dt.date(1900, 1, 1)]]


def test_formulas_with_and_without_a_result(tmp_path: Path) -> None:
    rows = (
        '<row r="1"><c r="A1" t="inlineStr"><is><t>企业名称</t></is></c>'
        '<c r="B1" t="inlineStr"><is><t>职工人数</t></is></c></row>'
        '<row r="2"><c r="A2" t="str"><f>A9</f><v>甲公司</v></c><c r="B2"><f>1+1</f><v>2</v></c></row>'
        '<row r="3"><c r="A3" t="str"><f>A9</f><v></v></c><c r="B3"><f>1+1</f><v></v></c></row>'
        '<row r="4"><c r="A4" t="str"><f>A9</f></c><c r="B4"><f>1+1</f></c></row>'
        '<row r="5"><c r="A5" t="e"><f>NA()</f><v>#N/A</v></c><c r="B5" t="e"><v>#REF!</v></c></row>'
    )
    read_, empty, missing, errors = read(rewrite(book(tmp_path), {SHEET: sheet_xml(rows)}))
    assert read_.profile is not None
    assert (read_.profile.name, read_.profile.facts["employees"]) == ("甲公司", Span(2.0, 2.0))
    assert [problem.column for problem in empty.problems] == ["职工人数"]  # an empty text is a result
    assert [problem.reason for problem in missing.problems] == ["是公式，文件里没有它的计算结果"] * 2
    assert [problem.reason for problem in errors.problems] == ["公式出错（#N/A）", "公式出错（#REF!）"]


def test_rich_text_phonetic_and_escapes(tmp_path: Path) -> None:
    rows = (
        '<row r="1"><c r="A1" t="inlineStr"><is><r><t>山</t></r><r><t>东</t></r><rPh><t>shan</t></rPh></is></c>'
        '<c r="B1" t="inlineStr"><is><t>一_x000A_二</t></is></c></row>'
    )
    assert cells(rewrite(book(tmp_path), {SHEET: sheet_xml(rows)})) == [["山东", "一\n二"]]


def test_cells_and_rows_without_places(tmp_path: Path) -> None:
    rows = "<row><c><v>1</v></c><c><v>2</v></c></row><row r='4'><c r='C4'><v>3</v></c></row><row><c><v>4</v></c></row>"
    assert cells(rewrite(book(tmp_path), {SHEET: sheet_xml(rows)})) == [[1, 2], [], [], [None, None, 3], [4]]


def test_prefixed_names(tmp_path: Path) -> None:
    text = part(book(tmp_path, ["甲公司", 1])).decode()
    prefixed = re.sub(r"<(/?)(?=[a-zA-Z])", r"<\1x:", text).replace("xmlns=", "xmlns:x=")
    rows = read(rewrite(tmp_path / "a.xlsx", {SHEET: prefixed.encode()}))
    assert rows[0].profile is not None
    assert rows[0].profile.name == "甲公司"


def test_damaged_string_number_costs_its_row_only(tmp_path: Path) -> None:
    rows = (
        '<row r="1"><c t="inlineStr"><is><t>企业名称</t></is></c></row><row r="2"><c t="s"><v>99</v></c></row>'
        '<row r="3"><c t="inlineStr"><is><t>乙公司</t></is></c></row>'
    )
    bad, good = read(rewrite(book(tmp_path), {SHEET: sheet_xml(rows)}))
    assert bad.problems[0].reason == "单元格的文字已损坏"
    assert good.profile is not None


def test_formatted_empty_rows_are_no_rows(tmp_path: Path) -> None:
    made = openpyxl.load_workbook(book(tmp_path, ["甲公司", 1]))
    made.active["A5000"].number_format = "0%"  # type: ignore[index,union-attr]
    made.save(tmp_path / "a.xlsx")
    assert len(read(tmp_path / "a.xlsx")) == 1


def entity_bomb() -> bytes:
    lines = [f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 10)]
    doctype = f'<!DOCTYPE worksheet [<!ENTITY e0 "bomb">{"".join(lines)}]>'
    return sheet_xml('<row r="1"><c t="inlineStr"><is><t>&e9;</t></is></c></row>').replace(
        b"?>", f"?>{doctype}".encode(), 1
    )


@pytest.mark.parametrize("name", [SHEET, "xl/workbook.xml", "xl/styles.xml", "xl/sharedStrings.xml", "_rels/.rels"])
def test_entity_bombs_and_outside_entities_are_refused(tmp_path: Path, name: str) -> None:
    outside = b'<?xml version="1.0"?><!DOCTYPE a SYSTEM "file:///etc/hostname"><a/>'
    for attack in (entity_bomb(), outside):
        path = tmp_path / "a.xlsx"
        with xlsxwriter.Workbook(str(path)) as made:
            made.add_worksheet().write_row(0, 0, HEADER)
        assert name in zipfile.ZipFile(path).namelist()
        rewrite(path, {name: attack})
        with pytest.raises(InputError, match="DOCTYPE"):
            read(path)


def test_zip_bomb_is_refused_by_its_directory(tmp_path: Path) -> None:
    path = book(tmp_path, ["甲公司", 1])
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/media/bomb.bin", bytes(30_000_000))
    with pytest.raises(InputError, match=r"压缩比为 .*，上限 200，像是压缩炸弹"):
        open_source(path)
    with pytest.raises(InputError, match=r"解压后有 30\.0 MB，上限 1\.0 MB。请拆成"):
        open_source(path, limits=SheetLimits(unzipped_bytes=1_000_000))


def test_lying_directory_is_refused(tmp_path: Path) -> None:
    path = book(tmp_path, *(["甲公司", n] for n in range(500)))
    content = bytearray(path.read_bytes())
    place = content.rindex(SHEET.encode()) - 46  # the entry of the central directory
    size = int.from_bytes(content[place + 24 : place + 28], "little")
    content[place + 24 : place + 28] = (size // 2).to_bytes(4, "little")
    path.write_bytes(content)
    with pytest.raises(InputError, match="已损坏"):
        read(path)


def test_limits_name_the_figure(tmp_path: Path) -> None:
    path = book(tmp_path, *([f"第{n}公司", n] for n in range(20)))
    with pytest.raises(InputError, match=r"至少有 11 行，上限 10 行"):
        open_source(path, limits=SheetLimits(rows=10))
    many = openpyxl.Workbook()
    for _ in range(5):
        many.create_sheet()
    many.save(tmp_path / "b.xlsx")
    with pytest.raises(InputError, match=r"有 6 个工作表，上限 3 个"):
        open_source(tmp_path / "b.xlsx", limits=SheetLimits(sheets=3))


def test_long_and_wide_rows_cost_themselves_only(tmp_path: Path) -> None:
    path = book(tmp_path, ["长" * 500, 1], ["乙公司", *range(40)], ["丙公司", 1])
    long, wide, good = read(path, SheetLimits(cell_chars=100, columns=20))
    assert "上限 100 字" in long.problems[0].reason
    assert "有 41 列，上限 20 列" in wide.problems[0].reason
    assert good.profile is not None


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.99])
def test_truncated_files_are_refused(tmp_path: Path, share: float) -> None:
    path = book(tmp_path, *([f"第{n}公司", n] for n in range(200)))
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * share)])
    with pytest.raises(InputError, match="已损坏或没有下载完整"):
        open_source(path)


def test_damaged_parts_are_refused(tmp_path: Path) -> None:
    good = book(tmp_path, ["甲公司", 1])
    original = good.read_bytes()
    text = part(good)
    cases: list[dict[str, bytes | None]] = [
        {SHEET: text[: len(text) // 2]},
        {SHEET: None},
        {"xl/workbook.xml": b"no xml"},
        {"xl/workbook.xml": None},
        {"_rels/.rels": None},
        {"xl/styles.xml": b"<styleSheet><cellXfs><xf numFmtId='x'/>"},
    ]
    for changes in cases:
        good.write_bytes(original)
        with pytest.raises(InputError, match="缺失或已损坏"):
            read(rewrite(good, changes))


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(100), "旧版 xls 或加了密码"),
        (b"<html><table><tr><td>1</td></tr></table></html>", "网页或 XML 文件"),
        ("企业名称,税号\n".encode(), "别的格式"),
        (b"PK\x03\x04", "已损坏"),
    ],
)
def test_other_files_named_xlsx_say_what_they_are(tmp_path: Path, content: bytes, reason: str) -> None:
    path = tmp_path / "a.xlsx"
    path.write_bytes(content)
    with pytest.raises(InputError, match=reason):
        open_source(path)


def test_zip_that_is_no_workbook(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("readme.txt", "x")
    with pytest.raises(InputError, match="缺失或已损坏"):
        open_source(path)


def test_overlapping_merge_list_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("matcher.sheet.workbook.MAX_MERGES", 3)
    tail = "<mergeCells>" + '<mergeCell ref="A2:A3"/>' * 4 + "</mergeCells>"
    path = rewrite(book(tmp_path), {SHEET: sheet_xml("<row><c><v>1</v></c></row>", tail)})
    with pytest.raises(InputError, match="合并单元格超过 3 处"):
        open_source(path)


def test_shared_strings_are_read_from_disk_in_any_order(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    with xlsxwriter.Workbook(str(path)) as made:
        sheet = made.add_worksheet()
        for row in range(3_000):
            sheet.write_string(row, 0, f"第{row % 1_000}号" + "字" * (row % 7))
    assert [row[0] for row in cells(path)] == [f"第{row % 1_000}号" + "字" * (row % 7) for row in range(3_000)]


def test_reading_twice_gives_the_same(tmp_path: Path) -> None:
    source = open_source(book(tmp_path, ["甲公司", 1, dt.date(2015, 6, 1), 0.5]))
    assert list(source.read()) == list(source.read())


def test_sheets_without_cells_and_charts(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer) as made:
        made.add_worksheet("空")
        made.add_worksheet("表").write_row(0, 0, ["企业名称", "税号"])
        chart = made.add_chart({"type": "line"})
        chart.add_series({"values": "=表!$A$1:$A$2"})
        made.add_chartsheet("图").set_chart(chart)
    path = tmp_path / "a.xlsx"
    path.write_bytes(buffer.getvalue())
    source = open_source(path)
    assert [sheet.sheet for sheet in source.mapping.sheets] == ["表"]
    assert "工作表“空”没有认出表头，未读取" in source.notes
    assert list(source.read()) == []
