"""XLSX sheets as rows of raw cells: streaming, with memory that does not grow with the sheet."""

from __future__ import annotations

import datetime as dt
import math
import re
import zipfile
from collections import defaultdict
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from matcher.sheet.grid import Grid, GridRow, Merges, Value
from matcher.sheet.limits import SheetLimits
from matcher.sheet.package import (
    Attributes,
    SharedStrings,
    elements,
    open_package,
    raw_chunks,
    relations,
    stream_xml,
    unescape,
)
from matcher.sheet.problems import Unreadable, refuse

MAX_MERGES = 200_000
MAX_ROWS, MAX_COLUMNS = 1_048_576, 16_384
"""What the format itself allows."""
_ERROR_REMEDY = "请在表格里改正这个公式，或填写数值，不清楚就留空"
_UNCALCULATED = Unreadable("（公式）", "是公式，文件里没有它的计算结果", "请用表格软件打开，保存一次后再导入")
_DATE_IDS = frozenset((*range(14, 18), 22, *range(27, 37), *range(50, 59))) - {32, 33, 34, 35, 55, 56}
"""Built-in date formats, the Chinese ones (27 to 31, 36, 50 to 54, 57, 58) included; 32 to 35, 55 and 56 are times."""
_PERCENT_IDS = frozenset((9, 10))
_LITERALS = re.compile(r'"[^"]*"|\\.|\[[^\]]*\]|_.|\*.')
_ROWS_AND_MERGES = re.compile(
    rb'<(?:\w+:)?(?:row\b([^>]*)|mergeCell\s+ref="([A-Za-z]{1,3})(\d{1,7}):([A-Za-z]{1,3})(\d{1,7})")'
)
_HIDDEN = re.compile(rb'\bhidden="(?:1|true)"')


def workbook_grids(path: Path, limits: SheetLimits) -> list[Grid]:
    """Open a workbook: its sheets in order; charts and macro sheets are left out.

    Raises:
        InputError: Not a workbook, damaged, or over a limit.
    """
    archive = open_package(path, limits)
    root = relations(archive, "")
    book = next((part for kind, part in root.values() if kind == "officeDocument"), "xl/workbook.xml")
    targets = relations(archive, book)
    listed = elements(archive, book)
    sheets = [attributes for parent, name, attributes in listed if (parent, name) == ("sheets", "sheet")]
    if len(sheets) > limits.sheets:
        where = f"文件“{path.name}”"
        raise refuse(where, f"有 {len(sheets)} 个工作表，上限 {limits.sheets} 个", "请删去无关的工作表后再导入")
    parts = {kind: part for kind, part in targets.values() if part in archive.NameToInfo}
    base_1904 = any(name == "workbookPr" and item.get("date1904") in {"1", "true"} for _, name, item in listed)
    strings = SharedStrings(archive, parts.get("sharedStrings"), limits.cell_chars)
    formats = _formats(archive, parts.get("styles"))
    cells = _CellReader(strings, formats, base_1904, limits)
    grids = []
    for item in sheets:
        link = next((value for key, value in item.items() if key.rpartition(":")[2] == "id"), "")
        kind, part = targets.get(link, ("", ""))
        if kind == "worksheet":
            grids.append(_grid(archive, part, item, cells, limits))
    return grids


def _formats(archive: zipfile.ZipFile, part: str | None) -> list[str]:
    """What the number format of each cell style shows: "date", "percent" or ""."""
    if part is None:
        return []
    listed = elements(archive, part)
    codes = {
        item.get("numFmtId", ""): item.get("formatCode", "") for _, name, item in listed if name == "numFmt" and item
    }
    styles = [item.get("numFmtId", "0") for parent, name, item in listed if (parent, name) == ("cellXfs", "xf")]
    return [_format_kind(number, codes.get(number)) for number in styles]


def _format_kind(number: str, code: str | None) -> str:
    if code is None:
        known = int(number) if number.isdecimal() else 0
        return "date" if known in _DATE_IDS else "percent" if known in _PERCENT_IDS else ""
    plain = _LITERALS.sub("", code.split(";")[0]).lower().replace("general", "")
    if "%" in plain:
        return "percent"
    shows_day = "y" in plain or "d" in plain or ("m" in plain and not re.search("[hs]", plain))
    return "date" if shows_day and not re.search("[0#?]", plain.replace(".0", "")) else ""


def _grid(archive: zipfile.ZipFile, part: str, item: Attributes, cells: _CellReader, limits: SheetLimits) -> Grid:
    """One sheet, after a scan of its bytes: rows are counted and merged cells, which stand at the end, are known."""
    name = item.get("name", "")
    rows = hidden = merges = 0
    by_column: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for found in _scan(raw_chunks(archive, part)):
        if found[2] is None:
            rows += 1
            hidden += bool(found[1]) and bool(_HIDDEN.search(found[1]))
            if rows > limits.rows:
                raise limits.too_many_rows(f"工作表“{name}”", rows)
            continue
        merges += 1
        if merges > MAX_MERGES:
            raise refuse(f"工作表“{name}”", f"合并单元格超过 {MAX_MERGES:,} 处", "请取消合并单元格后再导入")
        first, last = int(found[3]), int(found[5])
        if last > first:
            by_column[_column(found[2].decode())].append((first, last))
    ordered = {column: sorted(ranges) for column, ranges in by_column.items()}
    reading = partial(_rows, archive, part, cells, f"工作表“{name}”", limits)
    return Grid(name, reading, item.get("state", "visible") != "visible", Merges(ordered), hidden)


def _scan(chunks: Iterator[bytes]) -> Iterator[re.Match[bytes]]:
    """Tags of rows and merged cells in a stream of XML; a tag cut by a chunk's end waits for the next."""
    rest = b""
    for chunk in chunks:
        buffer = rest + chunk
        cut = buffer.rfind(b"<")
        rest = buffer[cut:] if cut >= 0 and len(buffer) - cut < 1 << 20 else b""
        yield from _ROWS_AND_MERGES.finditer(buffer[:cut] if cut >= 0 else buffer)
    yield from _ROWS_AND_MERGES.finditer(rest)


def _column(letters: str) -> int:
    """1-based number of a column: A is 1, AA is 27."""
    number = 0
    for letter in letters.upper():
        number = number * 26 + ord(letter) - 64
    return number


class _CellReader:
    """Turns the text of a cell into its value; shared by the sheets of a workbook."""

    def __init__(self, strings: SharedStrings, formats: list[str], base_1904: bool, limits: SheetLimits) -> None:
        self._strings, self._formats = strings, formats
        self._epoch = dt.datetime(1904, 1, 1) if base_1904 else dt.datetime(1899, 12, 30)  # noqa: DTZ001  # wall time
        self.limits = limits

    def value(self, kind: str, style: str, text: str | None, formula: bool) -> Value:
        """The value of a cell; `text` is None if it has none."""
        if formula and (text is None or (text == "" and kind != "str")):
            return _UNCALCULATED
        if not text:
            return None
        if kind == "s":
            try:
                return self._strings[int(text)]
            except (ValueError, IndexError):
                return Unreadable("", "单元格的文字已损坏", "请用表格软件打开后另存，再试一次")
        if kind in {"str", "inlineStr"}:
            return unescape(text)
        if kind == "e":
            return Unreadable(text[:20], f"公式出错（{text[:20]}）", _ERROR_REMEDY)
        if kind == "b":
            return text.strip() == "1"
        return text if kind == "d" else self._number(style, text.strip())

    def _number(self, style: str, text: str) -> Value:
        if text.isdecimal() and len(text) < 400:
            number: int | float = int(text)
        else:
            try:
                number = float(text)
            except ValueError:
                return text
            if not math.isfinite(number):
                return text
            number = int(number) if number.is_integer() and abs(number) < 1e15 else number
        shows = self._formats[int(style)] if style.isdecimal() and int(style) < len(self._formats) else ""
        if shows == "date":
            return self._date(number)
        return f"{number * 100:.12g}%" if shows == "percent" else number

    def _date(self, serial: int | float) -> Value:
        days = serial + 1 if self._epoch.year == 1899 and 0 < serial < 60 else serial  # 1900 was no leap year
        seconds = round(days * 86_400)
        try:
            moment = self._epoch + dt.timedelta(seconds=seconds)
        except OverflowError:
            return serial
        return moment if seconds % 86_400 else moment.date()


class _SheetParser:
    """Collects the cells of one row after the other from XML events."""

    def __init__(self, cells: _CellReader) -> None:
        self._cells = cells
        self._limit = cells.limits.cell_chars
        self.ready: list[tuple[int, list[Value]]] = []
        self._row: list[Value] = []
        self._number = 0
        self._columns: dict[str, int] = {}
        self._collect = self._formula = self._has_value = self._phonetic = False
        self._column, self._kind, self._style = 0, "", ""
        self._pieces: list[str] = []
        self._kept = 0

    def start(self, name: str, attributes: Attributes) -> None:
        if name == "c":
            self._start_cell(attributes)
        elif name == "v" or (name == "t" and not self._phonetic):
            self._collect = self._has_value = True
        elif name == "f":
            self._formula = True
        elif name == "rPh":
            self._phonetic = True
        elif name == "row":
            given = attributes.get("r", "")
            number = int(given) if given.isdecimal() and len(given) < 8 else 0
            self._number = number if self._number < number <= MAX_ROWS else self._number + 1
            self._row, self._column = [], 0

    def _start_cell(self, attributes: Attributes) -> None:
        place = attributes.get("r", "").rstrip("0123456789")
        column = self._columns.get(place)
        if column is None:
            valid = 0 < len(place) <= 3 and place.isascii() and place.isalpha()
            column = _column(place) if valid else 0
            if column:
                self._columns[place] = column
        self._column = column if self._column < column <= MAX_COLUMNS else self._column + 1
        self._kind, self._style = attributes.get("t", "n"), attributes.get("s", "")
        self._formula = self._has_value = self._phonetic = self._collect = False
        self._pieces.clear()
        self._kept = 0

    def end(self, name: str) -> None:
        if name == "v" or name == "t":
            self._collect = False
        elif name == "c":
            text = "".join(self._pieces)[: self._limit + 1] if self._has_value else None
            value = self._cells.value(self._kind, self._style, text, self._formula)
            if value is not None:
                self._row.extend([None] * (self._column - 1 - len(self._row)))
                self._row.append(value)
        elif name == "rPh":
            self._phonetic = False
        elif name == "row" and self._row:
            self.ready.append((self._number, self._row))

    def text(self, content: str) -> None:
        if self._collect and self._kept <= self._limit:
            self._pieces.append(content)
            self._kept += len(content)


def _rows(
    archive: zipfile.ZipFile, part: str, cells: _CellReader, where: str, limits: SheetLimits
) -> Iterator[GridRow]:
    """Rows with a value, and the empty ones between them."""
    parser = _SheetParser(cells)
    last = 0
    for _ in stream_xml(archive, part, parser.start, parser.end, parser.text):
        for number, row in parser.ready:
            for missing in range(last + 1, number):
                yield GridRow(missing, ())
            last = number
            damage = None
            if len(row) > limits.columns:
                damage = Unreadable("", f"有 {len(row):,} 列，上限 {limits.columns:,} 列", "请删去右侧无关的列")
            yield GridRow(number, row[: limits.columns], damage)
        parser.ready.clear()
