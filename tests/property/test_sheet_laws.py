"""No input makes the reader of sheets fail with anything but an InputError, and no row is lost or counted twice."""

from __future__ import annotations

import csv
import io
import zipfile
from pathlib import Path

import pytest
import xlsxwriter
from hypothesis import given, settings
from hypothesis import strategies as st

from matcher.sheet import ReadRow, open_source
from matcher.sheet.cells import ColumnReader
from policies.errors import InputError
from policies.facts import read_fact
from policies.fields import registry
from policies.profile import CompanyProfile
from tests.unit.test_sheet_rows import one

HEADER = ["企业名称", "统一社会信用代码", "注册地", "行业", "成立时间", "职工人数", "营业收入（元）", "研发占比(%)"]
HEADER += ["荣誉", "是否高新技术企业", "项目名称", "企业性质", "需求"]
FRAGMENTS = ["1", "-", "万", "亿", "元", "%", "以上", "约", "年", "2015", ".", "#N/A", "无", "是", "'", '="', "\n"]
FRAGMENTS += ["济南市", "C34", "合计", "E+17", "\u200b", "\ufffd", "000", "、", "(", ")"]
WORDS = st.lists(st.sampled_from(FRAGMENTS), max_size=6).map("".join)
CELLS = WORDS | st.text(max_size=20) | st.floats().map(str) | st.integers().map(str)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("sheets")


def consistent(row: ReadRow) -> bool:
    """A row is exactly one of read, refused and skipped, and reports are complete."""
    kinds = [row.profile is not None, bool(row.problems), bool(row.skipped)]
    reports = [*row.problems, *row.cautions]
    return sum(kinds) == 1 and all(entry.reason and entry.remedy and entry.row == row.number for entry in reports)


@settings(max_examples=80)
@given(rows=st.lists(st.lists(CELLS, min_size=len(HEADER), max_size=len(HEADER)), max_size=4))
def test_any_cells_in_csv(rows: list[list[str]], folder: Path) -> None:
    text = io.StringIO(newline="")
    csv.writer(text).writerows([HEADER, *rows])
    path = _path(folder, "a.csv", text.getvalue().encode("utf-8", "replace"))
    found = list(open_source(path).read())
    assert all(consistent(row) for row in found)
    filled = [number for number, row in enumerate(rows, 2) if any(cell.strip() for cell in row)]
    numbers = [row.number for row in found]
    assert numbers == list(range(2, 2 + len(numbers)))
    assert set(filled) <= set(numbers)


@settings(max_examples=30)
@given(
    rows=st.lists(
        st.lists(CELLS | st.floats(allow_nan=False, allow_infinity=False), min_size=13, max_size=13), max_size=3
    )
)
def test_any_cells_in_a_workbook(rows: list[list[str | float]], folder: Path) -> None:
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, {"strings_to_formulas": False, "strings_to_urls": False}) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, HEADER)
        for number, row in enumerate(rows, 1):
            for column, cell in enumerate(row):
                if isinstance(cell, str):
                    sheet.write_string(number, column, cell.encode("utf-8", "replace").decode())
                else:
                    sheet.write_number(number, column, cell)
    try:
        found = list(open_source(_path(folder, "a.xlsx", buffer.getvalue())).read())
    except InputError:
        return  # XlsxWriter writes some control characters as they are, which no XML reader takes
    assert all(consistent(row) for row in found)


@settings(max_examples=150)
@given(content=st.binary(min_size=1, max_size=300), suffix=st.sampled_from(["csv", "xlsx", "parquet", "jsonl"]))
def test_any_bytes(content: bytes, suffix: str, folder: Path) -> None:
    header = (",".join(HEADER) + "\n").encode() if suffix == "csv" else b"PK\x03\x04" if suffix == "xlsx" else b""
    try:
        found = list(open_source(_path(folder, f"a.{suffix}", header + content)).read())
    except InputError as error:
        assert all(problem.reason for problem in error.problems)
        return
    assert all(consistent(row) for row in found)


@settings(max_examples=60)
@given(place=st.integers(0, 10_000), change=st.binary(min_size=1, max_size=8), cut=st.integers(0, 200))
def test_any_damage_to_a_workbook(place: int, change: bytes, cut: int, folder: Path) -> None:
    content = bytearray(_book())
    place %= len(content)
    content[place : place + len(change)] = change
    try:
        found = list(open_source(_path(folder, "a.xlsx", bytes(content[: len(content) - cut]))).read())
    except InputError:
        return
    assert all(consistent(row) for row in found)


@settings(max_examples=60)
@given(place=st.integers(0, 10_000), change=st.binary(min_size=1, max_size=8), part=st.integers(0, 20))
def test_any_damage_inside_a_workbook(place: int, change: bytes, part: int, folder: Path) -> None:
    with zipfile.ZipFile(io.BytesIO(_book())) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    name = sorted(parts)[part % len(parts)]
    content = bytearray(parts[name])
    start = place % len(content)
    content[start : start + len(change)] = change
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for each, old in parts.items():
            archive.writestr(each, bytes(content) if each == name else old)
    try:
        found = list(open_source(_path(folder, "a.xlsx", buffer.getvalue())).read())
    except InputError:
        return
    assert all(consistent(row) for row in found)


NUMBERS = st.decimals(min_value=0, max_value=10**9, places=2, allow_nan=False).map(lambda number: f"{number:f}")


@given(text=NUMBERS, unit=st.sampled_from(["元", "千元", "万元", "百万元", "亿元"]))
def test_unit_in_the_header_is_unit_in_the_cell(text: str, unit: str) -> None:
    field = registry()["revenue_wan"]
    expected, _ = read_fact(field, f"{text}{unit}")
    assert ColumnReader(field, unit, 100).read(text).value == expected


KNOWN = st.fixed_dictionaries(
    {"name": st.just("甲公司"), "employees": st.sampled_from(["58", "20-49人", "五十", 7, "100以上"])},
    optional={
        "region": st.sampled_from(["济南市", "370112", "山东省/青岛市", "历城区"]),
        "industry_code": st.sampled_from(["C3421", "制造业", "3421"]),
        "revenue_wan": NUMBERS | st.integers(0, 10**6),
        "rd_ratio": st.sampled_from(["3%", "0.03", 0.03]),
        "honours": st.sampled_from(["无", "高企、瞪羚企业", "科小；宇宙第一"]),
        "established": st.sampled_from(["2015", "2015-06-01", "2015年6月", 2015]),
        "export": st.sampled_from(["是", "无", True]),
        "needs": st.text(max_size=30).filter(lambda text: text.isprintable() and text[:1] not in "'‘’=#"),
    },
)


@given(raw=KNOWN)
def test_a_row_is_the_profile_of_its_values(raw: dict[str, object]) -> None:
    row = one(list(raw), *raw.values())  # type: ignore[arg-type]
    kept = {key: value for key, value in raw.items() if str(value).strip()}
    assert row.profile == CompanyProfile.model_validate(kept)


def _path(folder: Path, name: str, content: bytes) -> Path:
    (folder / name).write_bytes(content)
    return folder / name


def _book() -> bytes:
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer) as book:
        sheet = book.add_worksheet()
        for number, row in enumerate([HEADER, ["甲公司", None, "济南市", "C34", 2015, 58, 1e6, 3, "无", "否"]]):
            sheet.write_row(number, 0, row)
        sheet.merge_range("A5:A7", "乙公司")
    return buffer.getvalue()
