"""How the sum of a measure was worked out for one company: inputs with their sources, standards, formula, result."""

from __future__ import annotations

import datetime as dt
import io
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import xlsxwriter

from matcher.export.cells import like_formula, plain
from matcher.export.sheet import A4, FONT, MAX_LINES
from matcher.packs import words
from matcher.packs.archive import steady
from matcher.packs.case import Case
from matcher.packs.values import Value
from matcher.packs.variables import Row, name_of
from matcher.steps import show_day
from matcher.sums import YUAN_PER_WAN, amount_fields, amount_rules
from policies.benefit import Benefit, Interest, PerUnit, Ratio, Tax, Tiered
from policies.fields import registry
from policies.parameters import rate
from policies.rules import fields_of
from policies.values import Span

_WIDTHS = (26.0, 14.0, 14.0, 10.0, 40.0)
_EDGE = {"border": 1, "border_color": "#8C99A6", "valign": "vcenter"}
_LOOKS: dict[str, dict[str, object]] = {
    "title": {"bold": True, "font_size": 18},
    "heading": {"bold": True, "font_size": 12, "font_color": "#0B4FB3", "valign": "bottom"},
    "header": {**_EDGE, "bold": True, "bg_color": "#E8EFF9", "align": "center"},
    "label": {**_EDGE, "bold": True, "bg_color": "#F3F6F9", "text_wrap": True},
    "text": {**_EDGE, "text_wrap": True},
    "unit": {**_EDGE, "align": "center", "text_wrap": True},
    "number": {**_EDGE, "num_format": "#,##0.00##", "align": "right"},
}
_RATES = frozenset({"rate", "rate_max", "normal_rate"})


@dataclass(frozen=True)
class Line:
    """One line of the worksheet: a number as two ends of a range, or words alone."""

    item: str
    low: float | None = None
    high: float | None = None
    unit: str = ""
    note: str = ""


def inputs_of(case: Case, values: dict[str, Value]) -> list[Row]:
    """The facts that the sum depends on, as the form lists them."""
    return [
        {"项目": registry()[name].label, "数值": value.text, "来源": value.source or words.NOT_KNOWN}
        for name in _fields(case)
        if (value := values[name_of(registry()[name].label)])
    ]


def worksheet(case: Case, values: dict[str, Value]) -> bytes:
    """The workbook (XLSX): every text is a text, whatever it begins with."""
    out = io.BytesIO()
    workbook = xlsxwriter.Workbook(out, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    created = case.made_at.astimezone(dt.UTC)
    workbook.set_properties({"title": words.WORKSHEET, "author": words.BRAND, "created": created})
    page = _Page(workbook)
    page.text(words.WORKSHEET, "title", 30)
    for heading, lines in _sections(case, values):
        page.section(heading, lines)
    workbook.close()
    return steady(out.getvalue())


class _Page:
    """A sheet that is written from top to bottom."""

    def __init__(self, workbook: xlsxwriter.Workbook) -> None:
        self._formats = {
            (name, quoted): workbook.add_format({"font_name": FONT, "font_charset": 134, "font_size": 10.5, **look,
                                                 **({"quote_prefix": True} if quoted else {})})
            for name, look in _LOOKS.items() for quoted in (False, True)
        }  # fmt: skip
        self._sheet = workbook.add_worksheet(words.WORKSHEET)
        self._row = 0
        self._sheet.set_paper(A4)
        self._sheet.set_portrait()
        self._sheet.fit_to_pages(1, 0)
        self._sheet.set_margins(left=0.5, right=0.5, top=0.6, bottom=0.7)
        self._sheet.set_footer("&L&A&C第 &P 页，共 &N 页&R惠企")
        self._sheet.hide_gridlines(2)
        for number, width in enumerate(_WIDTHS):
            self._sheet.set_column(number, number, width)

    def text(self, text: str, look: str, height: float) -> None:
        """A line without borders."""
        self._sheet.set_row(self._row, height)
        self._put(0, text, look)
        self._row += 1

    def section(self, heading: str, lines: Sequence[Line]) -> None:
        """A heading and its lines; a header only where there are numbers."""
        self.text(heading, "heading", 26)
        if any(line.high is not None for line in lines):
            for number, title in enumerate(words.SHEET_HEADER):
                self._put(number, title, "header")
            self._sheet.set_row(self._row, 20)
            self._row += 1
        for line in lines:
            self._line(line)

    def _line(self, line: Line) -> None:
        self._put(0, line.item, "label")
        if line.high is None:
            last = len(_WIDTHS) - 1
            self._sheet.merge_range(self._row, 1, self._row, last, "", self._formats["text", False])
            self._put(1, line.note, "text")
            width = sum(_WIDTHS[1:])
        else:
            self._sheet.write_number(self._row, 1, line.low, self._formats["number", False])
            self._sheet.write_number(self._row, 2, line.high, self._formats["number", False])
            self._put(3, line.unit, "unit")
            self._put(4, line.note, "text")
            width = _WIDTHS[4]
        lines = max(_lines(line.item, _WIDTHS[0]), _lines(line.note, width))
        self._sheet.set_row(self._row, 15.0 * min(lines, MAX_LINES) + 5)
        self._row += 1

    def _put(self, column: int, text: str, look: str) -> None:
        shown = plain(text)
        self._sheet.write_string(self._row, column, shown, self._formats[look, like_formula(shown)])


def _lines(text: str, width: float) -> int:
    """How many lines a text takes; a Chinese character is two wide."""
    return sum(1 + max(0, len(part.encode("gb18030", "replace")) - 1) // int(width - 2) for part in text.split("\n"))


def _sections(case: Case, values: dict[str, Value]) -> list[tuple[str, list[Line]]]:
    entry, amount = case.match.entry, case.match.amount
    low, high = (None if end is None else end / YUAN_PER_WAN for end in (amount.low_yuan, amount.high_yuan))
    told = (
        (words.COMPANY, values["企业名称"].text),
        (words.MEASURE, entry.measure.name),
        (words.BASIS, values["政策依据"].text),
        (words.AS_OF, show_day(case.as_of)),
        (words.STANDARD_TEXT, entry.measure.text),
    )
    unit = words.WAN if high is not None else ""
    result = Line(words.RESULT, low, high, unit, _reached(entry.measure.benefit, high))
    stacking = (entry.policy.stacking_text or "", *(one.text for one in entry.measure.stacking))
    notes = dict.fromkeys((words.SUM_NOTE, *stacking, *case.match.cautions))
    return [
        (words.SHEET_BASICS, [Line(label, note=text) for label, text in told]),
        (words.SHEET_INPUTS, list(_inputs(case, values)) or [Line(words.NOTE, note=words.NO_INPUTS)]),
        (
            words.SHEET_STANDARDS,
            list(_standards(entry.measure.benefit, case.as_of)) or [Line(words.NOTE, note=words.NO_STANDARDS)],
        ),
        (words.SHEET_FORMULA, [Line(words.FORMULA, note=words.FORMULAS[entry.measure.benefit.type])]),
        (words.SHEET_RESULT, [result, Line(words.TRACE, note=amount.trace)]),
        (words.SHEET_NOTES, [Line(words.NOTE, note=text) for text in notes if text]),
    ]


def _fields(case: Case) -> list[str]:
    """Numbers that the sum is worked out from, then the facts on which its conditions depend."""
    measure = case.match.entry.measure
    asked = [name for rule in amount_rules(measure) for name in fields_of(rule)]
    numbers = set(amount_fields(measure))
    if isinstance(measure.benefit, Interest) and measure.benefit.form != "rate_share":
        numbers.discard("loan_rate")
    known = [name for name in registry() if name in numbers]
    return list(dict.fromkeys([*known, *asked]))


def _inputs(case: Case, values: dict[str, Value]) -> Iterator[Line]:
    for name in _fields(case):
        field = registry()[name]
        fact, value = case.facts.get(name), values[name_of(field.label)]
        source = value.source or words.NOT_KNOWN
        if isinstance(fact, Span) and field.kind in {"number", "ratio"} and math.isfinite(fact.hi - fact.lo):
            scale, unit = (100.0, "%") if field.kind == "ratio" else (1.0, field.unit)
            yield Line(field.label, fact.lo * scale, fact.hi * scale, unit, source)
        else:
            yield Line(field.label, note=f"{value.text}（{source}）" if value.source else value.text)


def _standards(benefit: Benefit, as_of: dt.date) -> Iterator[Line]:
    """Rates, sums and limits as the library has them, published rates with the day since when they hold."""
    for name, label in words.STANDARDS.items():
        number = getattr(benefit, name, None)
        if not isinstance(number, int | float) or (name == "years" and number == 1):
            continue
        scale = 100.0 if name in _RATES else 1.0
        yield Line(label, number * scale, number * scale, _unit(benefit, name), words.FROM_POLICY)
    if getattr(benefit, "up_to", False):
        yield Line(words.UP_TO, note=words.UP_TO_NOTE)
    if isinstance(benefit, Ratio | Interest):
        for uplift in benefit.uplifts:
            yield from _step(words.UPLIFT.format(text=uplift.text), uplift.rate, uplift.cap_wan)
    if isinstance(benefit, Tiered):
        for tier in benefit.tiers:
            yield from _step(words.TIER.format(text=tier.text), tier.rate, tier.amount_wan or tier.cap_wan)
    for name in _published(benefit):
        value, since = rate(name, as_of)
        yield Line(words.PUBLISHED[name], value * 100, value * 100, "%", words.SINCE.format(day=since.isoformat()))


def _unit(benefit: Benefit, name: str) -> str:
    if name in _RATES:
        return "%"
    if isinstance(benefit, PerUnit) and name in {"amount_wan", "low_wan"}:
        return f"{words.WAN}/{benefit.unit}"
    return words.YEAR if name == "years" else words.WAN


def _step(text: str, share: float | None, sum_wan: float | None) -> Iterator[Line]:
    if share is not None:
        yield Line(text, share * 100, share * 100, "%", words.FROM_POLICY)
    if sum_wan is not None:
        yield Line(text, sum_wan, sum_wan, words.WAN, words.FROM_POLICY)


def _published(benefit: Benefit) -> tuple[str, ...]:
    """Names of the published rates that the formula uses."""
    if isinstance(benefit, Interest) and benefit.form == "lpr_share":
        return ("lpr_1y",)
    if isinstance(benefit, Tax) and benefit.form == "rate" and benefit.normal_rate is None:
        return ("cit_rate",)
    return (
        ("cit_rate", "cit_rate_high_tech", "cit_rate_small")
        if getattr(benefit, "form", "") == "super_deduction"
        else ()
    )


def _reached(benefit: Benefit, high_wan: float | None) -> str:
    """Whether the upper end is a limit that the policy sets."""
    if high_wan is None:
        return words.NO_SUM
    uplifts = benefit.uplifts if isinstance(benefit, Ratio | Interest) else ()
    caps = {getattr(benefit, "cap_wan", None), *(uplift.cap_wan for uplift in uplifts)}
    cap = next((one for one in caps if one is not None and math.isclose(one, high_wan)), None)
    return "" if cap is None else words.CAP_REACHED.format(cap=cap)
