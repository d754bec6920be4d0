"""Sheets whose rows go to disk as they come: cell formats, cells in which every text stays a text, row heights."""

from __future__ import annotations

import contextlib
import datetime as dt
import re
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import xlsxwriter
from xlsxwriter.exceptions import FileCreateError
from xlsxwriter.utility import xl_col_to_name
from xlsxwriter.worksheet import Worksheet

from matcher.export.cells import CAUTION, NO_MATCH, REJECTED, Cell, like_formula, number, plain
from matcher.export.words import Column
from matcher.results import Section

FONT = "等线"
LINE_POINTS, MAX_LINES = 14.0, 20
A3, A4 = 8, 9
_LETTERS = [xl_col_to_name(column) for column in range(64)]
_MARKUP = re.compile("[&<>]|_x[0-9A-Fa-f]{4}_")
_ESCAPE = re.compile("_(?=x[0-9A-Fa-f]{4}_)")

TINTS = {
    Section.ELIGIBLE.value: ("#E2EFDA", "#375623"), Section.TO_CHECK.value: ("#DDEBF7", "#1F4E78"),
    Section.TO_ANSWER.value: ("#FFF2CC", "#7F6000"), Section.BACKGROUND.value: ("#EDEDED", "#404040"),
    Section.NOT_NOW.value: ("#FCE4D6", "#833C0B"), NO_MATCH: ("#F2F2F2", "#595959"),
    REJECTED: ("#FCE4D6", "#833C0B"), CAUTION: ("#FFF2CC", "#7F6000"),
}  # fmt: skip
"""Fill and ink by word; the word always stands in the cell too."""
_EDGE = {"border": 1, "border_color": "#D9D9D9"}
_CELL = {**_EDGE, "valign": "top"}
_STYLES: dict[str, dict[str, object]] = {
    "text": {**_CELL, "text_wrap": True},
    "code": {**_CELL, "num_format": "@"},
    "count": {**_CELL, "num_format": "#,##0", "align": "right", "indent": 1},
    "row": {**_CELL, "num_format": "0", "align": "center"},
    "wan": {**_CELL, "num_format": "#,##0.00", "align": "right", "indent": 1},
    "score": {**_CELL, "num_format": "0.000", "align": "right"},
    "word": {**_CELL, "text_wrap": True, "align": "center"},
    "header": {**_EDGE, "bold": True, "font_color": "#FFFFFF", "bg_color": "#2F5597", "text_wrap": True,
               "align": "center", "valign": "vcenter"},
    "title": {"bold": True, "font_size": 18, "font_color": "#1F3864"},
    "heading": {"bold": True, "font_size": 13, "font_color": "#2F5597"},
    "note": {"font_color": "#595959", "indent": 1},
}  # fmt: skip
_WRAPPED = frozenset({"text", "word"})


@dataclass(frozen=True)
class Ink:
    """Numbers of the cell formats that one column uses.

    Attributes:
        quoted: For a text that would become a formula when someone edits the cell: marks it as a text for good.
        words: For words that have a colour.
    """

    normal: int
    quoted: int
    words: Mapping[str, int]


class Styles:
    """The inks of a workbook by style name."""

    def __init__(self, workbook: xlsxwriter.Workbook) -> None:
        self._workbook = workbook
        self._inks: dict[str, Ink] = {}

    def ink(self, style: str) -> Ink:
        """The ink of a style."""
        if style not in self._inks:
            self._inks[style] = Ink(
                self._number(_STYLES[style]),
                self._number({**_STYLES[style], "quote_prefix": True}),
                {
                    word: self._number({**_STYLES[style], "bg_color": fill, "font_color": ink})
                    for word, (fill, ink) in (TINTS.items() if style == "word" else ())
                },
            )
        return self._inks[style]

    def _number(self, properties: Mapping[str, object]) -> int:
        made = self._workbook.add_format({"font_name": FONT, "font_charset": 134, **properties})
        return int(made._get_xf_index())


class Sheet(Worksheet):  # type: ignore[misc]  # the package has no types
    """A worksheet that is written row by row from the top and keeps no row in memory.

    The writer's own way with `constant_memory` keeps a note of every row with a height and takes three times as long.
    Its cell methods must not be used on such a sheet.
    """

    def __init__(self) -> None:
        super().__init__()
        self.next_row = 0

    def put(self, values: Sequence[Cell], inks: Sequence[Ink], height: float | None = None) -> None:
        """Write the next row.

        Args:
            values: One per column from the first on.
            inks: Likewise.
            height: In points; None for that of one line.
        """
        at = self.next_row + 1
        size = "" if height is None else f' ht="{height}" customHeight="1"'
        cells = [_cell(f"{letter}{at}", value, ink) for letter, value, ink in zip(_LETTERS, values, inks, strict=False)]
        self.row_data_fh.write(f'<row r="{at}"{size}>{"".join(cells)}</row>')
        self._check_dimensions(self.next_row, len(values) - 1)  # takes note of how far the sheet goes
        self.next_row = at

    def skip(self, rows: int = 1) -> None:
        """Leave rows empty."""
        self.next_row += rows

    def page(self, paper: int) -> None:
        """Print in landscape, as wide as the page, with page numbers."""
        self.set_landscape()
        self.set_paper(paper)
        self.fit_to_pages(1, 0)
        self.set_margins(left=0.4, right=0.4, top=0.5, bottom=0.6)
        self.set_footer("&L&A&C第 &P 页，共 &N 页&R惠企")


def _cell(place: str, value: Cell, ink: Ink) -> str:
    """One cell: a text as a text whatever it says, a number as a number, nothing as an empty cell."""
    if isinstance(value, str) and (text := plain(value)):
        style = ink.quoted if like_formula(text) else ink.words.get(text, ink.normal)
        words = _markup(text) if _MARKUP.search(text) else text
        return f'<c r="{place}" s="{style}" t="inlineStr"><is><t xml:space="preserve">{words}</t></is></c>'
    if isinstance(value, int | float) and number(value) is not None:
        return f'<c r="{place}" s="{ink.normal}"><v>{value}</v></c>'
    return f'<c r="{place}" s="{ink.normal}"/>'


def _markup(text: str) -> str:
    """The text inside XML; what reads like the format's own escape (_x0041_) is kept from being taken for one."""
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return _ESCAPE.sub("_x005F_", text)


def height_of(values: Sequence[Cell], columns: Sequence[Column]) -> float:
    """Height in points at which every wrapped text of a row can be read, up to `MAX_LINES`."""
    lines = 1
    for value, column in zip(values, columns, strict=True):
        # A Chinese character is two wide; only a text that may not fit is looked at.
        if isinstance(value, str) and column.style in _WRAPPED and (len(value) * 2 > column.width or "\n" in value):
            widths = [len(part.encode("gb18030", "replace")) for part in value.split("\n")]
            lines = max(lines, sum(1 + max(0, width - 1) // int(column.width - 1) for width in widths))
    return LINE_POINTS * min(lines, MAX_LINES) + 3


@contextlib.contextmanager
def open_workbook(path: Path, day: dt.date) -> Iterator[xlsxwriter.Workbook]:
    """A workbook that keeps its rows on disk next to the file, and leaves nothing behind after an error.

    Args:
        path: The file to write.
        day: The day that its properties name, not the clock's: the same content gives the same bytes.

    Raises:
        OSError: The file cannot be written.
    """
    with tempfile.TemporaryDirectory(prefix=f"{path.name}-", dir=path.parent) as scratch:
        options = {
            "constant_memory": True, "tmpdir": scratch, "use_zip64": True,
            "default_format_properties": {"font_name": FONT, "font_size": 10, "font_charset": 134},
        }  # fmt: skip
        workbook = xlsxwriter.Workbook(path, options)
        created = dt.datetime.combine(day, dt.time(), dt.UTC)
        workbook.set_properties({"title": "惠企 政策匹配结果", "author": "惠企", "created": created})
        try:
            yield workbook
            workbook.close()
        except FileCreateError as error:
            raise OSError(str(error)) from error
        finally:
            for sheet in workbook.worksheets():
                sheet.row_data_fh.close()
