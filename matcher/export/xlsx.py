"""The workbook for an office: 汇总, 匹配结果, 问题清单, 说明."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import pyarrow as pa
import xlsxwriter
from xlsxwriter.utility import xl_range

from matcher.export.cells import YUAN_PER_WAN, Cell, ProblemLine, RunSummary, shown
from matcher.export.sheet import A3, A4, Sheet, Styles, height_of, open_workbook
from matcher.export.words import (
    MEASURE_COLUMNS,
    PROBLEM_COLUMNS,
    REJECTED_COLUMNS,
    RESULT_COLUMNS,
    Column,
    explanations,
    summary_blocks,
)

ROWS_PER_SHEET = 1_048_575
"""What a sheet holds below its header."""
HEADER_POINTS = 30.0
NO_DAY = dt.date(2000, 1, 1)
_SUMS = frozenset({"low_yuan", "high_yuan"})


def write_result(
    path: Path,
    batches: Iterator[pa.RecordBatch],
    problems: Iterator[ProblemLine],
    summary: RunSummary,
    rows_per_sheet: int = ROWS_PER_SHEET,
) -> None:
    """Write the workbook of a run.

    Args:
        path: The file; its folder also holds the rows on their way (about 2.5 kB each).
        batches: Rows with `arrow.SCHEMA`; each batch is turned into Python objects as a whole.
        problems: In the order of the input.
        summary: What the sheets 汇总 and 说明 say.
        rows_per_sheet: Rows below the header after which a table goes on in a next sheet.

    Raises:
        OSError: The file cannot be written.
    """
    with open_workbook(path, summary.as_of) as workbook:
        styles = Styles(workbook)
        _write_summary(workbook, styles, summary)
        results = Table(workbook, styles, "匹配结果", RESULT_COLUMNS, A3, rows_per_sheet)
        for batch in batches:
            results.write(zip(*(_column(column.name, batch) for column in RESULT_COLUMNS), strict=True))
        results.finish()
        table = Table(workbook, styles, "问题清单", PROBLEM_COLUMNS, A4, rows_per_sheet)
        table.write([getattr(line, column.name) for column in PROBLEM_COLUMNS] for line in problems)
        table.finish()
        _write_explanations(workbook, styles, summary)


def write_problem_book(path: Path, lines: Iterator[ProblemLine]) -> None:
    """Write a workbook with the rejected rows only.

    Raises:
        OSError: The file cannot be written.
    """
    with open_workbook(path, NO_DAY) as workbook:
        table = Table(workbook, Styles(workbook), "问题清单", REJECTED_COLUMNS, A4, ROWS_PER_SHEET)
        table.write([getattr(line, column.name) for column in REJECTED_COLUMNS] for line in lines)
        table.finish()


class Table:
    """A table with a header row, filter and print setup, that goes on in a next sheet when one is full."""

    def __init__(
        self,
        workbook: xlsxwriter.Workbook,
        styles: Styles,
        name: str,
        columns: Sequence[Column],
        paper: int,
        limit: int,
    ) -> None:
        self._workbook, self._name, self._columns, self._paper, self._limit = workbook, name, columns, paper, limit
        self._inks = [styles.ink(column.style) for column in columns]
        self._header = [styles.ink("header")] * len(columns)
        self._sheets = 0
        self._sheet = self._next()

    def write(self, rows: Iterable[Sequence[Cell]]) -> None:
        """Add rows, one value per column."""
        for values in rows:
            if self._sheet.next_row > self._limit:
                self.finish()
                self._sheet = self._next()
            self._sheet.put(values, self._inks, height_of(values, self._columns))

    def finish(self) -> None:
        """Set what needs the number of rows."""
        last_row, last_column = self._sheet.next_row - 1, len(self._columns) - 1
        self._sheet.autofilter(0, 0, last_row, last_column)
        self._sheet.print_area(0, 0, last_row, sum(column.printed for column in self._columns) - 1)
        self._sheet.ignore_errors({"number_stored_as_text": xl_range(0, 0, last_row, last_column)})

    def _next(self) -> Sheet:
        self._sheets += 1
        sheet = _new_sheet(self._workbook, self._name + (str(self._sheets) if self._sheets > 1 else ""), self._paper)
        _set_widths(sheet, self._columns)
        sheet.freeze_panes(1, sum(column.frozen for column in self._columns))
        sheet.repeat_rows(0)
        sheet.put([column.title for column in self._columns], self._header, HEADER_POINTS)
        return sheet


def _column(name: str, batch: pa.RecordBatch) -> list[Cell]:
    """A column of the sheet 匹配结果: as shown, but sums in 万元 and the groups of reasons below each other."""
    values = shown(name, batch)
    if name == "reasons":
        return [value.replace("｜", "\n") if isinstance(value, str) else value for value in values]
    return [_wan(value) for value in values] if name in _SUMS else values


def _wan(yuan: Cell) -> Cell:
    return round(yuan / YUAN_PER_WAN, 6) if isinstance(yuan, int | float) else None


def _write_summary(workbook: xlsxwriter.Workbook, styles: Styles, summary: RunSummary) -> None:
    """The sheet 汇总: what was read, what was found, and the count of every measure."""
    sheet = _new_sheet(workbook, "汇总", A4)
    _set_widths(sheet, MEASURE_COLUMNS)
    sheet.hide_gridlines(2)
    sheet.put(["政策匹配汇总"], [styles.ink("title")], HEADER_POINTS)
    day, note = summary.as_of, styles.ink("note")
    sheet.put([f"查询日期 {day.year} 年 {day.month} 月 {day.day} 日　输入文件 {summary.input_name}"], [note])
    for block in summary_blocks(summary):
        _heading(sheet, styles, block.heading)
        for line in block.lines:
            sheet.put([line.label, line.value, line.note], [styles.ink("text"), styles.ink(line.style), note])
    if summary.notes:
        _heading(sheet, styles, "读入时的说明")
    for text in summary.notes:
        sheet.put([text], [note])
    _heading(sheet, styles, f"各事项匹配情况（{len(summary.per_measure)} 个事项，按符合的企业数排列）")
    _write_counts(sheet, styles, summary)


def _write_counts(sheet: Sheet, styles: Styles, summary: RunSummary) -> None:
    """The table of measures at the end of 汇总, most eligible companies first."""
    first = sheet.next_row
    sheet.put(
        [column.title for column in MEASURE_COLUMNS], [styles.ink("header")] * len(MEASURE_COLUMNS), HEADER_POINTS
    )
    inks = [styles.ink(column.style) for column in MEASURE_COLUMNS]
    for count in sorted(summary.per_measure, key=lambda count: (-count.eligible, -count.possible, count.measure_id)):
        low, high = (_wan(count.low_yuan), _wan(count.high_yuan)) if count.high_yuan else (None, None)
        values = (count.measure_name, count.eligible, count.possible, low, high, count.policy_title, count.measure_id)
        sheet.put(values, inks, height_of(values, MEASURE_COLUMNS))
    sheet.autofilter(first, 0, sheet.next_row - 1, len(MEASURE_COLUMNS) - 1)


def _write_explanations(workbook: xlsxwriter.Workbook, styles: Styles, summary: RunSummary) -> None:
    """The sheet 说明: how to read the workbook, and what it was made from."""
    sheet = _new_sheet(workbook, "说明", A4)
    columns = (Column("term", 24, "word"), Column("meaning", 100, "text"))
    _set_widths(sheet, columns)
    sheet.hide_gridlines(2)
    sheet.put(["怎样读这份结果"], [styles.ink("title")], HEADER_POINTS)
    for heading, lines in explanations(summary):
        _heading(sheet, styles, heading)
        for line in lines:
            sheet.put(line, [styles.ink(column.style) for column in columns], height_of(line, columns))


def _new_sheet(workbook: xlsxwriter.Workbook, name: str, paper: int) -> Sheet:
    sheet: Sheet = workbook.add_worksheet(name, Sheet)
    sheet.page(paper)
    return sheet


def _set_widths(sheet: Sheet, columns: Sequence[Column]) -> None:
    for i, column in enumerate(columns):
        sheet.set_column(i, i, column.width)


def _heading(sheet: Sheet, styles: Styles, text: str) -> None:
    sheet.skip()
    sheet.put([text], [styles.ink("heading")], 22)
