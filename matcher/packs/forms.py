"""The application form of each family as a Word template: tables to fill in, a promise, places to sign and to seal."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from functools import cache

from docx.enum.table import WD_ROW_HEIGHT_RULE
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Mm, Pt
from docx.table import _Cell, _Row

from matcher.documents.word import WIDTH_MM, Word
from matcher.packs import words
from matcher.packs.archive import steady
from matcher.packs.kinds import Family
from matcher.packs.layouts import LAYOUTS, Cell, Layout, Part
from matcher.packs.variables import LISTS

_LABEL_MM, _VALUE_MM = 35.0, WIDTH_MM / 2 - 35.0
_GRID = (_LABEL_MM, _VALUE_MM, _LABEL_MM, _VALUE_MM)
_ROW_MM, _LONG_MM, _OPINION_MM = 9.0, 24.0, 34.0
_LONG = frozenset({"计划内容", "主要产品或服务", "还款来源"})
_SECTION_SHADE, _LABEL_SHADE = "D9E2EC", "F3F6F9"
_CONDITIONS_MM, _PAPERS_MM, _SUMS_MM = (72.0, 56.0, 38.0), (14.0, 54.0, 20.0, 78.0), (60.0, 60.0, 46.0)
_MADE = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
_NUMBERS = "一二三四五六七八九十"


@cache
def form_template(family: Family) -> bytes:
    """The Word template of a family; also an example for whoever writes one of their own."""
    layout = LAYOUTS[family]
    form = _Form(f"{layout.title}：{{{{ 事项名称 }}}}", author=words.BRAND, made_at=_MADE)
    form.frame(layout.title, "{{ 事项名称 }}")
    form.heading(layout.title, 0)
    form.text(words.FORM_NOTE, quiet=True)
    form.text("{{ 生成日期 }}", label=words.FORM_DATE)
    numbers = iter(_NUMBERS)
    for part in layout.parts:
        form.part(f"{next(numbers)}、{part.title}", part)
    if layout.money:
        form.money(f"{next(numbers)}、{layout.money}", layout.asked)
    form.heading(f"{next(numbers)}、{layout.conditions}", 2)
    form.listing(words.LIST_CONDITIONS, ("内容", "企业情况", "结论"), words.FORM_CONDITIONS, _CONDITIONS_MM)
    form.heading(f"{next(numbers)}、{words.FORM_PAPERS_TITLE}", 2)
    form.listing(words.LIST_PAPERS, ("", "名称", "状态", "说明"), words.FORM_PAPERS, _PAPERS_MM)
    form.heading(f"{next(numbers)}、{words.FORM_PROMISE}", 2)
    form.promise(layout)
    return steady(form.content())


class _Form(Word):
    """A form is written from top to bottom, like a report."""

    def part(self, title: str, part: Part) -> None:
        """A section: heading row, then labels and variables."""
        rows = self._table(len(part.rows) + 1, _GRID)
        _wide(rows[0], 0, title, shade=_SECTION_SHADE, bold=True)
        for row, cells in zip(rows[1:], part.rows, strict=True):
            _write_row(row, cells)
        self._space()

    def money(self, title: str, asked: str) -> None:
        """The sum that is asked for, and what the estimate was made from."""
        rows = self._table(3, _GRID)
        _wide(rows[0], 0, title, shade=_SECTION_SHADE, bold=True)
        _write_row(rows[1], ((asked, "申请金额"), (words.FORM_ESTIMATE, "预计金额")))
        _write_row(rows[2], ((words.FORM_TRACE, "金额说明"),))
        self._space()
        self.listing(words.LIST_SUMS, LISTS[words.LIST_SUMS], words.FORM_SUMS, _SUMS_MM)

    def listing(self, name: str, columns: Sequence[str], header: Sequence[str], widths_mm: Sequence[float]) -> None:
        """A table with a row for each entry of a list; a column without a name holds the number."""
        first, before, each, after = self._table(4, widths_mm)
        first._tr.get_or_add_trPr().append(OxmlElement("w:tblHeader"))
        for cell, text in zip(first.cells, header, strict=True):
            _put(cell, text, bold=True, shade=_LABEL_SHADE)
        _put(before.cells[0], f"{{%tr for 行 in {name} %}}")
        for cell, column in zip(each.cells, columns, strict=True):
            _put(cell, f"{{{{ 行.{column} }}}}" if column else "{{ loop.index }}", centre=not column)
        _put(after.cells[0], "{%tr endfor %}")
        self._space()

    def promise(self, layout: Layout) -> None:
        """What is declared, the place to sign and seal, and room for opinions."""
        rows = self._table(1 + len(layout.opinions), _GRID)
        cell = _merged(rows[0], 0)
        _put(cell, f"1．{layout.promise[0]}")
        for number, text in enumerate(layout.promise[1:], 2):
            _more(cell, f"{number}．{text}")
        _more(cell, words.FORM_SIGN, space_pt=30)
        _more(cell, words.FORM_SEAL, space_pt=14)
        _more(cell, words.FORM_DAY, space_pt=14, right=True)
        for row, title in zip(rows[1:], layout.opinions, strict=True):
            _put(row.cells[0], title, bold=True, shade=_LABEL_SHADE, centre=True)
            place = _merged(row, 1)
            _put(place, "")
            _more(place, words.FORM_OFFICE, space_pt=36, right=True)
            _more(place, words.FORM_DAY, right=True)
            _height(row, _OPINION_MM)
        self._space()


def _write_row(row: _Row, cells: Sequence[Cell]) -> None:
    pairs = [(cell, cell) if isinstance(cell, str) else cell for cell in cells]
    for place, (label, _) in enumerate(pairs):
        _put(row.cells[2 * place], label, bold=True, shade=_LABEL_SHADE, centre=True)
    for place, (_, name) in enumerate(pairs):
        alone = len(pairs) == 1
        _put(_merged(row, 1) if alone else row.cells[2 * place + 1], f"{{{{ {name} }}}}")
    is_long = any(name in _LONG for _, name in pairs)
    _height(row, _LONG_MM if is_long else _ROW_MM)
    if is_long:
        for rule in row._tr.get_or_add_trPr().findall(qn("w:cantSplit")):
            row._tr.get_or_add_trPr().remove(rule)


def _wide(row: _Row, first: int, text: str, *, shade: str, bold: bool) -> None:
    _put(_merged(row, first), text, bold=bold, shade=shade)
    _height(row, _ROW_MM)
    for paragraph in row.cells[first].paragraphs:
        paragraph.paragraph_format.keep_with_next = True


def _merged(row: _Row, first: int) -> _Cell:
    merged: _Cell = row.cells[first].merge(row.cells[-1])
    return merged


def _height(row: _Row, height_mm: float) -> None:
    row.height, row.height_rule = Mm(height_mm), WD_ROW_HEIGHT_RULE.AT_LEAST


def _put(cell: _Cell, text: str, *, bold: bool = False, shade: str = "", centre: bool = False) -> None:
    paragraph = cell.paragraphs[0]
    paragraph.paragraph_format.space_after = Pt(0)
    if centre:
        paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
    run = paragraph.add_run(text)
    run.bold, run.font.size = bold or None, Pt(10)
    middle = OxmlElement("w:vAlign")
    middle.set(qn("w:val"), "center")
    properties = cell._tc.get_or_add_tcPr()
    if shade:
        colour = OxmlElement("w:shd")
        for key, value in (("val", "clear"), ("color", "auto"), ("fill", shade)):
            colour.set(qn(f"w:{key}"), value)
        properties.append(colour)
    properties.append(middle)


def _more(cell: _Cell, text: str, *, space_pt: float = 2, right: bool = False) -> None:
    """One more paragraph of a cell."""
    paragraph = cell.add_paragraph()
    paragraph.paragraph_format.space_before, paragraph.paragraph_format.space_after = Pt(space_pt), Pt(0)
    if right:
        paragraph.alignment = WD_ALIGN_PARAGRAPH.RIGHT
    run = paragraph.add_run(text)
    run.font.size = Pt(10)
