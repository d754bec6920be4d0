"""A Word document in Chinese: A4, headings, tables, page numbers; text only, nothing active."""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Collection, Sequence

from docx import Document
from docx.document import Document as DocumentObject
from docx.enum.section import WD_ORIENT
from docx.enum.table import WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_TAB_ALIGNMENT
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Mm, Pt, RGBColor
from docx.styles.style import ParagraphStyle
from docx.table import Table, _Cell, _Row
from docx.text.paragraph import Paragraph
from docx.text.run import Run

from matcher.documents.words import PAGE_AFTER, PAGE_BEFORE, PAGE_BETWEEN, clean

BODY, HEADING = "宋体", "黑体"
LATIN = "Times New Roman"
ACCENT, INK, QUIET = RGBColor(0x0B, 0x4F, 0xB3), RGBColor(0x1F, 0x29, 0x37), RGBColor(0x4B, 0x55, 0x63)
WIDTH_MM = 166
"""Width of the text: A4 less 22 mm on both sides."""
_HEADING_SIZES = {"Title": 22.0, "Heading 1": 16.0, "Heading 2": 13.5, "Heading 3": 12.0}
_SHADE, _EDGE = "E8EFF9", "AEB7C4"


class Word:
    """A document that is written from top to bottom."""

    def __init__(self, title: str, *, author: str, made_at: dt.datetime) -> None:
        """An empty document with its properties."""
        self._document: DocumentObject = Document()
        _page(self._document)
        _styles(self._document)
        properties = self._document.core_properties
        properties.title, properties.author, properties.language = clean(title), author, "zh-CN"
        properties.comments, properties.last_modified_by = "", author
        properties.created = properties.modified = made_at.astimezone(dt.UTC).replace(tzinfo=None)

    def frame(self, left: str, right: str) -> None:
        """Header with two texts, footer with page numbers."""
        section = self._document.sections[0]
        head = section.header.paragraphs[0]
        head.paragraph_format.tab_stops.add_tab_stop(Mm(WIDTH_MM), WD_TAB_ALIGNMENT.RIGHT)
        _write(head, f"{' '.join(left.split())}\t{' '.join(right.split())}", size=9, color=QUIET)
        foot = section.footer.paragraphs[0]
        foot.alignment = WD_ALIGN_PARAGRAPH.CENTER
        for text, field in ((PAGE_BEFORE, "PAGE"), (PAGE_BETWEEN, "NUMPAGES"), (PAGE_AFTER, "")):
            _write(foot, text, size=9, color=QUIET)
            if field:
                _field(foot.add_run(), field)

    def heading(self, text: str, level: int) -> None:
        """A heading; level 0 is the title."""
        self._document.add_heading(" ".join(clean(text).split()), level)

    def text(self, text: str, *, label: str = "", quiet: bool = False) -> None:
        """A paragraph with a bold label before it; a label alone stays with what follows."""
        paragraph = self._document.add_paragraph()
        paragraph.paragraph_format.keep_with_next = not text
        if label:
            _write(paragraph, f"{label}：", bold=True)
        _write(paragraph, text, color=QUIET if quiet else None)

    def line(self, mark: str, label: str, text: str, facts: str = "", *, depth: int = 0) -> None:
        """One entry of a list with a mark of its own."""
        paragraph = self._document.add_paragraph()
        layout = paragraph.paragraph_format
        layout.left_indent, layout.first_line_indent, layout.space_after = Mm(6 + 6 * depth), Mm(-5), Pt(1)
        _write(paragraph, f"{mark} ", bold=True)
        if label:
            _write(paragraph, f"{label}：", bold=True)
        _write(paragraph, text)
        if facts:
            _write(paragraph, f"（{facts}）", color=QUIET)

    def pairs(self, rows: Sequence[tuple[str, str]]) -> None:
        """Labels and values in two columns."""
        table = self._table(len(rows), (40, WIDTH_MM - 40))
        for row, (label, value) in zip(table, rows, strict=True):
            _fill(row.cells[0], label, bold=True, shade=True)
            _fill(row.cells[1], value)
        self._space()

    def table(
        self,
        header: Sequence[str],
        rows: Sequence[Sequence[str]],
        widths_mm: Sequence[float],
        numbers: Collection[int] = (),
    ) -> None:
        """A table whose header row is repeated on every page; the columns `numbers` stand right."""
        first, *others = self._table(len(rows) + 1, widths_mm)
        mark = OxmlElement("w:tblHeader")
        first._tr.get_or_add_trPr().append(mark)
        for cell, text in zip(first.cells, header, strict=True):
            _fill(cell, text, bold=True, shade=True)
        for row, values in zip(others, rows, strict=True):
            for place, (cell, text) in enumerate(zip(row.cells, values, strict=True)):
                _fill(cell, text, right=place in numbers)
        self._space()

    def content(self) -> bytes:
        """The file."""
        out = io.BytesIO()
        self._document.save(out)
        return out.getvalue()

    def _table(self, rows: int, widths_mm: Sequence[float]) -> list[_Row]:
        """An empty table; all its rows at once, because python-docx looks each of them up anew."""
        table = self._document.add_table(rows, len(widths_mm), style="Table Grid")
        table.alignment, table.autofit = WD_TABLE_ALIGNMENT.CENTER, False
        _borders(table)
        found = list(table.rows)
        for column, width in zip(table.columns, widths_mm, strict=True):
            column.width = Mm(width)
        for row in found:
            row._tr.get_or_add_trPr().append(OxmlElement("w:cantSplit"))
            for cell, width in zip(row.cells, widths_mm, strict=True):
                cell.width = Mm(width)
        return found

    def _space(self) -> None:
        layout = self._document.add_paragraph().paragraph_format
        layout.space_after, layout.line_spacing = Pt(0), Pt(6)


def _page(document: DocumentObject) -> None:
    section = document.sections[0]
    section.orientation = WD_ORIENT.PORTRAIT
    section.page_width, section.page_height = Mm(210), Mm(297)
    section.left_margin = section.right_margin = Mm(22)
    section.top_margin, section.bottom_margin = Mm(24), Mm(22)


def _styles(document: DocumentObject) -> None:
    normal = document.styles["Normal"]
    assert isinstance(normal, ParagraphStyle)
    _font(normal, BODY, 10.5, INK)
    normal.paragraph_format.space_after, normal.paragraph_format.line_spacing = Pt(3), 1.15
    document.styles["Header"].paragraph_format.tab_stops.clear_all()
    for name, size in _HEADING_SIZES.items():
        style = document.styles[name]
        assert isinstance(style, ParagraphStyle)
        _font(style, HEADING, size, INK if name == "Title" else ACCENT)
        style.font.bold, style.paragraph_format.keep_with_next = True, True
    document.styles["Title"].paragraph_format.alignment = WD_ALIGN_PARAGRAPH.CENTER


def _font(style: ParagraphStyle, east: str, size: float, color: RGBColor) -> None:
    """Chinese and Latin font by name: a theme font would win over both."""
    style.font.name, style.font.size, style.font.color.rgb, style.font.italic = LATIN, Pt(size), color, False
    properties = style.element.get_or_add_rPr()
    fonts = properties.get_or_add_rFonts()
    for name in list(fonts.attrib):
        if name.endswith("Theme"):
            del fonts.attrib[name]
    fonts.set(qn("w:eastAsia"), east)
    language = OxmlElement("w:lang")
    language.set(qn("w:val"), "zh-CN")
    language.set(qn("w:eastAsia"), "zh-CN")
    for old in properties.findall(qn("w:lang")):
        properties.remove(old)
    properties.append(language)


def _write(
    paragraph: Paragraph, text: str, *, bold: bool = False, size: float | None = None, color: RGBColor | None = None
) -> Run:
    run = paragraph.add_run(clean(text))
    run.bold = bold or None
    if size is not None:
        run.font.size = Pt(size)
    if color is not None:
        run.font.color.rgb = color
    return run


def _fill(cell: _Cell, text: str, *, bold: bool = False, shade: bool = False, right: bool = False) -> None:
    paragraph = cell.paragraphs[0]
    paragraph.paragraph_format.space_after = Pt(0)
    if right:
        paragraph.alignment = WD_ALIGN_PARAGRAPH.RIGHT
    _write(paragraph, text, bold=bold, size=9.5)
    if shade:
        colour = OxmlElement("w:shd")
        for name, value in (("val", "clear"), ("color", "auto"), ("fill", _SHADE)):
            colour.set(qn(f"w:{name}"), value)
        cell._tc.get_or_add_tcPr().append(colour)


def _borders(table: Table) -> None:
    borders = OxmlElement("w:tblBorders")
    for side in ("top", "left", "bottom", "right", "insideH", "insideV"):
        line = OxmlElement(f"w:{side}")
        for name, value in (("val", "single"), ("sz", "4"), ("space", "0"), ("color", _EDGE)):
            line.set(qn(f"w:{name}"), value)
        borders.append(line)
    layout = table._tbl.tblPr.find(qn("w:tblLayout"))
    layout.addprevious(borders) if layout is not None else table._tbl.tblPr.append(borders)


def _field(run: Run, code: str) -> None:
    """A field that Word works out itself; only for the two page numbers."""
    for kind in ("begin", "", "separate", "end"):
        if kind:
            part = OxmlElement("w:fldChar")
            part.set(qn("w:fldCharType"), kind)
        else:
            part = OxmlElement("w:instrText")
            part.text = code
        run._r.append(part)
    run.font.size, run.font.color.rgb = Pt(9), QUIET
