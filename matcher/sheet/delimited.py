"""CSV and TSV: encoding, delimiter and rows; one broken row never takes its neighbours with it."""

from __future__ import annotations

import codecs
import csv
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from matcher.sheet.grid import Grid, GridRow
from matcher.sheet.limits import SheetLimits
from matcher.sheet.problems import Unreadable, refuse, shown

LOST = "\ufffd"
"""What stands for a byte that is no character of the file's encoding."""
MAX_LINES = 200
"""Most lines of one record; more means a quotation mark that is never closed."""
MAX_LINE_CHARS = 4_000_000
_CHUNK = 1 << 20
_DELIMITERS = {",": "逗号", ";": "分号", "\t": "制表符", "|": "竖线", "，": "全角逗号"}
_SAMPLE_RECORDS = 60


@dataclass(frozen=True)
class Dialect:
    """How a text file is written: codec name, the name to show, and the delimiter."""

    codec: str
    encoding: str
    delimiter: str

    @property
    def note(self) -> str:
        """What was found, in Chinese."""
        return f"编码 {self.encoding}，分隔符为{_DELIMITERS[self.delimiter]}"


def delimited_grid(path: Path, limits: SheetLimits) -> tuple[Grid, Dialect]:
    """Open a CSV or TSV file.

    Raises:
        InputError: A figure is over its limit, or the file is a workbook under a wrong name.
    """
    with path.open("rb") as file:
        head = file.read(8)
    if head.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
        raise refuse(
            f"文件“{path.name}”", "其实是表格软件的工作簿，不是文本", "请把扩展名改为 xlsx，或另存为 xlsx 后再试"
        )
    codec, encoding = _encoding(path)
    delimiter = _delimiter(path, codec, limits)
    _check_rows(path, codec, delimiter, limits)
    grid = Grid("", lambda: _rows(path, codec, delimiter, limits), fixed_width=True)
    return grid, Dialect(codec, encoding, delimiter)


def _encoding(path: Path) -> tuple[str, str]:
    """The codec (BOM skipped) and the name to show."""
    with path.open("rb") as file:
        head = file.read(65_536)
    if head.startswith(codecs.BOM_UTF8):
        return "utf-8-sig", "UTF-8（带 BOM）"
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16", "UTF-16"
    zeros = (head[::2].count(0), head[1::2].count(0))
    if max(zeros) * 5 > len(head) // 2:  # Latin letters and digits in UTF-16 leave every other byte zero
        return ("utf-16-le", "UTF-16") if zeros[1] > zeros[0] else ("utf-16-be", "UTF-16")
    read, lost = _characters(path, "utf-8")
    # A single broken row must not turn a UTF-8 file into GB18030, which decodes nearly any bytes into something.
    return ("utf-8", "UTF-8") if lost * 10 <= read else ("gb18030", "GB18030（GBK）")


def _characters(path: Path, codec: str) -> tuple[int, int]:
    """How many characters beyond ASCII a codec reads, and how many bytes it cannot read."""
    decoder = codecs.getincrementaldecoder(codec)("replace")
    read = lost = 0
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            text = decoder.decode(chunk)
            if not text.isascii():
                broken = text.count(LOST)
                lost += broken
                read += len(text) - len(text.encode("ascii", "ignore")) - broken
    return read, lost + decoder.decode(b"", final=True).count(LOST)


class _UnclosedQuote(Exception):
    """A record runs over too many lines or over the end of the file."""


class _Lines:
    """Lines for csv.reader, which takes as many as a record needs; they can be put back."""

    def __init__(self, file: TextIO, where: str) -> None:
        self._file, self._where = file, where
        self._back: list[str] = []
        self.taken: list[str] = []

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        line = self._back.pop() if self._back else self._file.readline(MAX_LINE_CHARS + 1)
        if len(self.taken) >= MAX_LINES or (not line and self.taken):
            if line:
                self._back.append(line)
            raise _UnclosedQuote
        if not line:
            raise StopIteration
        if len(line) > MAX_LINE_CHARS:
            raise refuse(self._where, f"有一行超过 {MAX_LINE_CHARS:,} 字", "请检查换行，另存为 UTF-8 编码的 csv 后再试")
        self.taken.append(line)
        return line

    def give_back(self) -> str:
        """Put all lines of the record back but the first, and return that one."""
        first, *rest = self.taken
        self._back.extend(reversed(rest))
        self.taken = []
        return first


def _records(path: Path, codec: str, delimiter: str) -> Iterator[tuple[list[str], Unreadable | None]]:
    """Records as the spreadsheet program would count them; a broken one comes with what is wrong."""
    with path.open(encoding=codec, errors="replace", newline="") as file:
        lines = _Lines(file, f"文件“{path.name}”")
        reader = csv.reader(lines, delimiter=delimiter)
        while True:
            lines.taken = []
            try:
                record = next(reader)
            except StopIteration:
                return
            except (_UnclosedQuote, csv.Error):
                first = lines.give_back()
                reader = csv.reader(lines, delimiter=delimiter)
                remedy = "请检查这一行的引号是否成对，内容里的引号要写成两个"
                yield [], Unreadable(shown(first), "引号没有成对，这一行读不出", remedy)
                continue
            yield record, None


def _delimiter(path: Path, codec: str, limits: SheetLimits) -> str:
    """The delimiter that gives the most records of the same number of fields, then the most fields."""
    best, best_score = ",", (0, 0)
    for delimiter in _DELIMITERS:
        widths: Counter[int] = Counter()
        for number, (record, damage) in enumerate(_records(path, codec, delimiter)):
            if damage is None and len(record) > 1:
                widths[len(record)] += 1
            if number >= _SAMPLE_RECORDS:
                break
        width, count = max(widths.items(), key=lambda item: (item[1], item[0]), default=(0, 0))
        score = (min(count, 3) if width else 0, count * (min(width, limits.columns) - 1))
        if score > best_score:
            best, best_score = delimiter, score
    return best


def _check_rows(path: Path, codec: str, delimiter: str, limits: SheetLimits) -> None:
    """Refuse a file of too many rows before the first is read; lines are counted first, as that is quick."""
    lines = 0
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            lines += chunk.count(b"\n") + chunk.count(b"\r")
    if lines < limits.rows:
        return
    for number, _ in enumerate(_records(path, codec, delimiter), 1):
        if number > limits.rows:
            raise limits.too_many_rows(f"文件“{path.name}”", number)


def _rows(path: Path, codec: str, delimiter: str, limits: SheetLimits) -> Iterator[GridRow]:
    empty = 0  # blank lines at the end are no rows
    for number, (record, damage) in enumerate(_records(path, codec, delimiter), 1):
        if damage is None and not any(record):
            empty += 1
            continue
        for missing in range(number - empty, number):
            yield GridRow(missing, ())
        empty = 0
        if len(record) > limits.columns and any(cell.strip() for cell in record[limits.columns :]):
            remedy = "请检查这一行的分隔符，或删去无关的列"
            damage = Unreadable("", f"有 {len(record):,} 列，上限 {limits.columns:,} 列", remedy)
        yield GridRow(number, record[: limits.columns], damage)
