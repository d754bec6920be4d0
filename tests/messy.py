"""A workbook as service staff get it: 2,000 rows with every trap that `matcher.sheet` must read or report.

`messy_workbook` writes it as XLSX, `messy_csv` writes its main sheet as a spreadsheet program would save it in GB18030.
Every trap is one entry of `TRAPS`: what it does to an ordinary row, and what has to come of it.
"""

from __future__ import annotations

import csv
import datetime as dt
import functools
import io
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import xlsxwriter

from policies.uscc import make_uscc

TITLE = "2026年全市工业企业技术改造情况统计表"
MAIN, EXTRA, NOTES, HIDDEN = "企业台账", "补报", "填表说明", "旧数据"
MAIN_ROWS, EXTRA_ROWS = 1_900, 100
GROUPS = {4: ("注册地", 3), 9: ("经营情况（2025年）", 4), 17: ("项目", 3)}
"""First column of a group in the upper header row, its text, and how many columns it spans."""
COLUMNS = {
    "serial": "序号",
    "name": "企业名称",
    "uscc": "统一社会信用代码",
    "province": "省",
    "city": "市",
    "county": "区县",
    "industry": "所属行业",
    "established": "成立时间",
    "revenue": "营业收入（元）",
    "assets": "资产总额（万元）",
    "employees": "员工人数/人",
    "rd": "研发占比(%)",
    "ownership": "企业性质",
    "honours": "资质荣誉",
    "hitech": "是否高新技术企业",
    "export": "是否有进出口业务",
    "plan": "项目名称",
    "equipment": "设备投资额（万元）",
    "invest": "项目总投资（亿元）",
    "needs": "需求",
    "phone": "联系电话",
    "old_revenue": "2024年营业收入（元）",
}
KEYS = tuple(COLUMNS)
FIRST_ROW = 5
"""Title, date, and a header of two rows stand above."""


@dataclass(frozen=True)
class Percent:
    """0.03 that the sheet shows as 3%."""

    value: float


@dataclass(frozen=True)
class Formula:
    """A formula; `value` is its cached result, None if it was never calculated."""

    text: str
    value: float | None


@dataclass(frozen=True)
class Error:
    """An error value."""

    text: str


Cell = None | str | int | float | dt.date | Percent | Formula | Error
Row = dict[str, Cell]


@dataclass(frozen=True)
class Trap:
    """One trap.

    Attributes:
        index: Which company of the main sheet it changes, from 0.
        name: What it is, for the test's message.
        cells: What it puts into the row.
        problems: Header text of a column to a part of the reason that must be reported; the row is refused.
        cautions: The same for rows that are read all the same.
        in_csv: Whether the saved CSV holds the same trap.
    """

    index: int
    name: str
    cells: Mapping[str, Cell] = field(default_factory=dict)
    problems: Mapping[str, str] = field(default_factory=dict)
    cautions: Mapping[str, str] = field(default_factory=dict)
    in_csv: bool = True


def code(index: int, authority: str = "370000") -> str:
    """The credit code of company `index`, by default registered with the province."""
    return make_uscc(f"91{authority}MA3C{index:05d}")


def _truncated() -> str:
    """A code of digits only, as it looks after the spreadsheet program has kept 15 digits."""
    return make_uscc("91370112345678901")[:15] + "000"


def _wrong_digit() -> str:
    right = code(16)
    return right[:17] + ("A" if right[17] != "A" else "B")


_CODE, _REVENUE, _STAFF, _FOUNDED = (COLUMNS[key] for key in ("uscc", "revenue", "employees", "established"))
_PLACE = "省、市、区县"
TRAPS = (
    Trap(10, "code in scientific notation", {"uscc": "9.13701E+17"}, {_CODE: "科学记数法"}),
    Trap(11, "code stored as a number", {"uscc": 9.13701e17}, {_CODE: "科学记数法"}),
    Trap(12, "code cut to 15 digits", {"uscc": _truncated()}, {_CODE: "15 位有效数字"}),
    Trap(13, "code without its first digit", {"uscc": "13701001234567890"}, {_CODE: "只有 17 位"}),
    Trap(14, "code with apostrophe and blanks", {"uscc": f"'{code(14)[:6]} {code(14)[6:]} "}),
    Trap(15, "code in full-width small letters", {"uscc": "".join(chr(ord(c) + 0xFEE0) for c in code(15).lower())}),
    Trap(16, "code with a wrong check digit", {"uscc": _wrong_digit()}, {_CODE: "校验位"}),
    Trap(20, "a unit in the cell wins", {"revenue": "1.5亿"}),
    Trap(21, "thousands separators in text", {"revenue": "3,200,000"}),
    Trap(22, "lower bound", {"revenue": "500万以上"}),
    Trap(23, "range", {"employees": "20-49人"}),
    Trap(24, "number stored as text", {"employees": "58"}),
    Trap(25, "Chinese numeral", {"employees": "一百二十"}),
    Trap(26, "range turned into a date", {"employees": dt.date(2026, 10, 20)}, {_STAFF: "不是数字"}),
    Trap(27, "words for a number", {"employees": "很多"}, {_STAFF: "不是数字"}),
    Trap(28, "percentage by number format", {"rd": Percent(0.03)}),
    Trap(29, "bare number under %", {"rd": 5}),
    Trap(30, "fraction under %", {"rd": 0.5}, cautions={"研发占比(%)": "0.5%"}),
    Trap(31, "error value", {"revenue": Error("#N/A")}, {_REVENUE: "公式出错（#N/A）"}),
    Trap(32, "formula never calculated", {"revenue": Formula("=J37*10000", None)}, {_REVENUE: "公式"}, in_csv=False),
    Trap(33, "formula with its result", {"revenue": Formula("=1000*1000", 1_000_000)}),
    Trap(34, "date as serial number", {"established": 42156}, cautions={_FOUNDED: "2015-06-01"}),
    Trap(35, "month in words", {"established": "2015年6月"}),
    Trap(36, "date with dots", {"established": "2015.6.1"}),
    Trap(37, "date as eight digits", {"established": 20150601}),
    Trap(38, "year only", {"established": 2015}),
    Trap(39, "real date", {"established": dt.date(2015, 6, 1)}),
    Trap(40, "day that does not exist", {"established": "2015-02-30"}, {_FOUNDED: "日历上没有"}),
    Trap(41, "industry by name", {"industry": "金属切削机床制造"}),
    Trap(42, "misspelt industry", {"industry": "金属切屑机床制造"}, {"所属行业": "没有"}),
    Trap(43, "industry code as a number", {"industry": 3421}),
    Trap(44, "region without province", {"province": None, "city": "潍坊市", "county": "寿光市"}),
    Trap(45, "region by code", {"province": None, "city": None, "county": 370112}),
    Trap(46, "county of another city", {"city": "青岛市", "county": "历城区"}, {_PLACE: "不属于"}),
    Trap(47, "unknown honour", {"honours": "瞪羚企业；宇宙第一企业"}, cautions={"资质荣誉": "宇宙第一企业"}),
    Trap(48, "no honours", {"honours": "无"}),
    Trap(49, "honour listed and denied", {"honours": "高企", "hitech": "否"}, {"是否高新技术企业": "荣誉列里却有"}),
    Trap(50, "ticked honour", {"honours": None, "hitech": "√"}),
    Trap(51, "neither yes nor no", {"hitech": "也许"}, {"是否高新技术企业": "不是“是”或“否”"}),
    Trap(52, "有 for yes", {"export": "有"}),
    Trap(53, "two problems at once", {"uscc": "123", "employees": -5}, {_CODE: "3位", _STAFF: "不能小于"}),
    Trap(54, "unknown ownership", {"ownership": "火星"}, {"企业性质": "没有"}),
    Trap(55, "no name", {"name": None}, cautions={"企业名称": "没有企业名称"}),
    Trap(56, "very long plan", {"plan": "改造" * 3_000}, cautions={"项目名称": "只用前 5000 字"}),
    Trap(57, "name with an apostrophe", {"name": "'山东撇号机械有限公司"}),
    Trap(58, "hidden row", {"needs": "隐藏行"}),
    Trap(59, "top of a merged city", {"city": "青岛市", "county": "黄岛区"}),
    Trap(60, "below a merged city", {"city": None, "county": "城阳区"}, cautions={"市": "合并单元格"}, in_csv=False),
    Trap(61, "below a merged city", {"city": None, "county": "即墨区"}, cautions={"市": "合并单元格"}, in_csv=False),
    Trap(62, "top of a merged number", {"assets": 800}),
    Trap(63, "below a merged number", {"assets": None}, cautions={"资产总额（万元）": "按空白处理"}, in_csv=False),
    Trap(64, "top of a merged company", {}),
    Trap(65, "below a merged company", {"name": None, "uscc": None},
         {"企业名称": "第 {top} 行合并", _CODE: "第 {top} 行合并"}, in_csv=False),  # in CSV: no company at all
    Trap(66, "unknown, in words", {"employees": "不详", "revenue": "/"}),
    Trap(67, "line break in a cell", {"plan": "购置加工中心\n建设数字化车间"}),
    Trap(68, "column too narrow when saved", {"revenue": "########"}, {_REVENUE: "列宽不够"}),
    Trap(69, "formula kept as text", {"uscc": f'="{code(69)}"'}),
)  # fmt: skip
BELOW_MERGE = {61: 59, 60: 59, 63: 62, 65: 64}
"""Company below a merged cell to the company at its top."""
MERGED = (("city", 59, 61), ("assets", 62, 63), ("name", 64, 65), ("uscc", 64, 65))
HIDDEN_INDEX = 58
INSERTED: Mapping[int, tuple[str, ...]] = {
    70: ("blank",),
    100: ("header",),
    150: ("subtotal", "serial"),
    1_500: ("blank", "blank"),
}
"""Rows that are no company, before the company of that index."""
TRAILING = ("total", "note", "signature")
SKIPPED = {
    "blank": "空行",
    "header": "重复的表头",
    "subtotal": "合计行",
    "serial": "没有可用的内容",
    "total": "合计行",
    "note": "表下的说明",
    "signature": "表下的说明",
}
_PLACES = (
    ("山东省", "济南市", "历城区"),
    ("山东省", "潍坊市", "寿光市"),
    ("山东", "青岛", "黄岛"),
    ("山东省", "烟台市", "福山区"),
)
_INDUSTRIES = ("C3421", "通用设备制造业", "专用设备制造业", "C3484")


def company(index: int) -> Row:
    """An ordinary row."""
    rng = random.Random(index)
    province, city, county = rng.choice(_PLACES)
    return {
        "serial": index + 1,
        "name": f"山东第{index:04d}机械有限公司",
        "uscc": code(index),
        "province": province,
        "city": city,
        "county": county,
        "industry": rng.choice(_INDUSTRIES),
        "established": dt.date(2000 + index % 24, 1 + index % 12, 1 + index % 28),
        "revenue": 1_000_000 + index * 1_000,
        "assets": 500 + index / 2,
        "employees": 20 + index % 400,
        "rd": Percent(round(0.01 + (index % 9) / 100, 2)),
        "ownership": rng.choice(("民营", "民营企业", "国有")),
        "honours": rng.choice(("瞪羚企业", "专精特新中小企业、瞪羚企业", None)),
        "hitech": rng.choice(("是", None)),
        "export": rng.choice(("是", "否", "无", None)),
        "plan": f"购置{index}台五轴加工中心",
        "equipment": 100 + index,
        "invest": 0.3,
        "needs": "贷款难",
        "phone": "0531-88880000",
        "old_revenue": 1,
    }


@functools.cache
def main_rows() -> list[tuple[str, Row]]:
    """Rows of the main sheet below its header: (company index or kind of inserted row, cells)."""
    changes = {trap.index: trap.cells for trap in TRAPS}
    rows: list[tuple[str, Row]] = []
    for index in range(MAIN_ROWS):
        rows += [(kind, _inserted(kind)) for kind in INSERTED.get(index, ())]
        rows.append((str(index), {**company(index), **changes.get(index, {})}))
    return [*rows, *((kind, _inserted(kind)) for kind in TRAILING)]


def _inserted(kind: str) -> Row:
    contents: dict[str, Row] = {
        "blank": {},
        "header": dict(COLUMNS),
        "subtotal": {"serial": "小计", "revenue": 123_456, "employees": 999},
        "serial": {"serial": 4711},
        "total": {"serial": "合计", "revenue": 987_654_321, "employees": 123_456},
        "note": {"serial": "注：营业收入为2025年审计数，研发占比为研发费用占营业收入的比例。"},
        "signature": {"serial": "制表人：张三", "city": "审核人：李四", "plan": "日期：2026年6月1日"},
    }
    return contents[kind]


@functools.cache
def row_numbers() -> dict[int, int]:
    """Company index to its row number in the main sheet."""
    return {int(key): number for number, (key, _) in enumerate(main_rows(), FIRST_ROW) if key.isdecimal()}


def messy_workbook(path: Path) -> Path:
    """Write the workbook of four sheets."""
    with xlsxwriter.Workbook(str(path), {"strings_to_formulas": False}) as book:
        notes = book.add_worksheet(NOTES)
        notes.write(0, 0, "本表由各区县填报，请如实填写，每月5日前报送。")
        notes.write(1, 0, "联系电话：0531-88888888")
        main = book.add_worksheet(MAIN)
        styles = {
            "date": book.add_format({"num_format": 'yyyy"年"m"月"d"日"'}),
            "percent": book.add_format({"num_format": "0%"}),
        }
        _write_main(main, styles)
        _write_extra(book.add_worksheet(EXTRA))
        hidden = book.add_worksheet(HIDDEN)
        hidden.write_row(0, 0, ["企业名称", "统一社会信用代码"])
        hidden.write_row(1, 0, ["不该读到的企业", code(9_999)])
        hidden.hide()
    return path


def _write_main(sheet: xlsxwriter.worksheet.Worksheet, styles: Mapping[str, object]) -> None:
    sheet.merge_range(0, 0, 0, len(KEYS) - 1, TITLE)
    sheet.write(1, 0, "填报日期：2026年6月1日")
    grouped = set()
    for first, (text, width) in GROUPS.items():
        sheet.merge_range(2, first - 1, 2, first + width - 2, text)
        grouped |= set(range(first, first + width))
    for column, header in enumerate(COLUMNS.values(), 1):
        if column in grouped:
            sheet.write(3, column - 1, header)
        else:
            sheet.merge_range(2, column - 1, 3, column - 1, header)
    for number, (_, row) in enumerate(main_rows(), FIRST_ROW):
        for key, cell in row.items():
            _write(sheet, number - 1, KEYS.index(key), cell, styles)
    numbers = row_numbers()
    for key, first, last in MERGED:
        content = dict(main_rows()[numbers[first] - FIRST_ROW][1])[key]
        column = KEYS.index(key)
        sheet.merge_range(numbers[first] - 1, column, numbers[last] - 1, column, content)
    sheet.set_row(numbers[HIDDEN_INDEX] - 1, None, None, {"hidden": True})


def _write(
    sheet: xlsxwriter.worksheet.Worksheet, row: int, column: int, cell: Cell, styles: Mapping[str, object]
) -> None:
    if isinstance(cell, Percent):
        sheet.write_number(row, column, cell.value, styles["percent"])
    elif isinstance(cell, Formula):
        sheet.write_formula(row, column, cell.text, None, "" if cell.value is None else cell.value)
    elif isinstance(cell, Error):
        sheet.write_formula(row, column, "=NA()", None, cell.text)
    elif isinstance(cell, dt.date):
        sheet.write_datetime(row, column, cell, styles["date"])
    elif isinstance(cell, str):
        sheet.write_string(row, column, cell)
    elif cell is not None:
        sheet.write_number(row, column, cell)


def _write_extra(sheet: xlsxwriter.worksheet.Worksheet) -> None:
    header = [
        "公司名称",
        "税号",
        "注册地址",
        "国民经济行业",
        "注册日期",
        "职工人数",
        "营收",
        "研发费用（万元）",
        "技改计划",
        "诉求",
        "备注",
    ]
    sheet.write_row(0, 0, header)
    for index in range(EXTRA_ROWS):
        revenue = 5_000_000 if index == 7 else 1_000 + index  # surely yuan: 50 billion otherwise
        company = [f"补报第{index:03d}公司", code(5_000 + index), "山东省济南市历城区工业北路12号"]
        facts = ["C3421 金属切削机床制造", "2015/6/1", 30, revenue, 12.5, "上一套MES系统", "想少交税", "无"]
        sheet.write_row(1 + index, 0, [*company, *facts])


def display(cell: Cell) -> str:
    """A cell as a spreadsheet program saves it in a CSV file."""
    if isinstance(cell, Percent):
        return f"{cell.value:.0%}"
    if isinstance(cell, Formula):
        return "" if cell.value is None else str(cell.value)
    if isinstance(cell, Error):
        return cell.text
    if isinstance(cell, dt.date):
        return f"{cell.year}年{cell.month}月{cell.day}日"
    return "" if cell is None else str(cell)


def messy_csv(path: Path, encoding: str = "gb18030", change: Callable[[bytes], bytes] = bytes) -> Path:
    """Write the main sheet as CSV: merged cells leave blanks; `change` may damage the bytes."""
    upper = [""] * len(KEYS)
    lower = [""] * len(KEYS)
    grouped = {column for first, (_, width) in GROUPS.items() for column in range(first, first + width)}
    for column, header in enumerate(COLUMNS.values(), 1):
        (lower if column in grouped else upper)[column - 1] = header
    for first, (text, _) in GROUPS.items():
        upper[first - 1] = text
    blank = [""] * (len(KEYS) - 1)
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer)
    writer.writerows([[TITLE, *blank], ["填报日期：2026年6月1日", *blank], upper, lower])
    writer.writerows([[display(row.get(key)) for key in KEYS] for _, row in main_rows()])
    path.write_bytes(change(buffer.getvalue().encode(encoding)))
    return path
