"""One cell into one fact: what spreadsheet programs do to values is undone or reported, the rest is policies' readers.

Numbers, dates, lists, codes and names are read by `policies.facts.read_fact`; here is only what comes from sheets: a
unit in the header, serial dates, error values, damaged credit codes. What was read is remembered by its raw text, as
a column repeats few values; numbers without a unit of their own take a short way with the same result.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass

from matcher.sheet.grid import Value, blank
from matcher.sheet.mapping import field_unit, unit_factor
from matcher.sheet.problems import Unreadable, shown, split_reason
from policies.errors import UnknownCode
from policies.facts import MAX_TEXT_CHARS, Fact, read_fact
from policies.fields import Field
from policies.uscc import check_uscc
from policies.values import ValueReason, normalise, show

MAX_REMEMBERED = 5_000
"""Values remembered per column; then it starts anew."""
LARGE_WAN = 1_000_000
"""A bare number in 万元 from here on (10 billion yuan) is doubted if no unit is written anywhere."""
SERIAL_DAYS = (10_000, 73_050)
"""Serial numbers of 1927 to 2099; smaller ones could be years."""
_BEFORE_SERIAL = dt.date(1899, 12, 30)
_PLAIN = re.compile(r"\d{1,13}(?:\.\d{1,8})?")
_NUMERAL = r"(?:\d[\d,]*(?:\.\d+)?|[零〇一二两三四五六七八九十百千]+)"
_BARE = re.compile(
    rf"(?P<head>(?:约|近|大约|-|不低于|不少于|不超过|不到|至少|超过|大于|小于|低于|高于|>=?|<=?|≥|≤)?{_NUMERAL}"
    rf"(?:(?:-|—|–|―|~|至|到)+{_NUMERAL})?)"
    r"(?P<tail>(?:多|余|左右|上下|及以上|或以上|以上|起|\+|及以下|或以下|以下|以内)?)"
)
_ERRORS = frozenset(
    ("#N/A", "#REF!", "#VALUE!", "#DIV/0!", "#NAME?", "#NULL!", "#NUM!", "#SPILL!", "#CALC!", "#GETTING_DATA")
)
_AS_TEXT = "请把该列设为“文本”格式，从原系统重新导出（或对照营业执照重填）；只改格式找不回丢失的数字"
_SCIENTIFIC = re.compile(r"\d(?:\.\d+)?[eE]\+?\d{1,2}")


@dataclass(frozen=True, slots=True)
class Reading:
    """What a cell gives.

    Attributes:
        value: The fact or the text; None if the cell is blank or unreadable.
        reason: Why it cannot be read; "" if it can.
        remedy: What to do about it.
        caution: What had to be interpreted; "" if nothing.
    """

    value: Fact | None = None
    reason: str = ""
    remedy: str = ""
    caution: str = ""


NOTHING = Reading()


class ColumnReader:
    """Reads the cells of one column into one field."""

    def __init__(self, field: Field, unit: str, limit_chars: int, *, unit_stated: bool = True) -> None:
        """Prepare the column.

        Args:
            field: What the column fills.
            unit: Unit of its bare numbers; "" means the field's own.
            limit_chars: Most characters of a cell.
            unit_stated: Whether the unit is written in the header, so that large numbers are not doubted.
        """
        self.field = field
        self._limit = limit_chars
        self._own = field_unit(field)
        self._unit = unit if unit and self._own else ""
        self._factor = (unit_factor(self._unit, self._own) or 1.0) if self._unit else 1.0
        self._plain = bool(self._own) and (bool(self._unit) or field.kind == "number")
        self._doubt = field.unit == "万元" and not unit_stated
        self._remembered: dict[str | int, Reading] = {}

    def read(self, raw: Value) -> Reading:
        """Read one cell; the same raw value always gives the same reading."""
        if raw is None:
            return NOTHING
        if type(raw) is not str and type(raw) is not int:  # 1, 1.0 and True are one key
            return self._read(raw)
        found = self._remembered.get(raw)
        if found is None:
            found = self._read(raw)
            if len(self._remembered) >= MAX_REMEMBERED:
                self._remembered.clear()
            self._remembered[raw] = found
        return found

    def _read(self, raw: Value) -> Reading:
        if isinstance(raw, str):
            raw = clean(raw, self._limit)
        if isinstance(raw, Unreadable):
            return Reading(None, raw.reason, raw.remedy)
        if blank(raw):
            return NOTHING
        try:
            if self.field.name == "uscc":
                return read_uscc(raw)
            if self.field.kind == "text":
                return _read_text(raw)
            return self._fact(raw)
        except UnknownCode as error:
            reason, remedy = split_reason(str(error))
            return Reading(None, reason, remedy)
        except ValueReason as error:
            reason, remedy = split_reason(str(error))
            return Reading(None, reason, "请把该单元格设为“文本”格式后重填" if _became_date(raw) else remedy)

    def _fact(self, raw: Value) -> Reading:
        field, caution = self.field, ""
        if self._own:
            return self._number(raw)
        if field.kind == "date":
            if (day := serial_day(raw)) is not None:
                raw, caution = day, f"“{shown(raw)}”是表格软件的日期序号，读作 {day.isoformat()}"
        elif isinstance(raw, float) and raw.is_integer():
            raw = int(raw)  # a code or a class that the sheet holds as a number
        fact, note = read_fact(field, raw)
        return Reading(fact, caution=caution or note)

    def _number(self, raw: Value) -> Reading:
        written, number = raw, None
        if isinstance(raw, str) and self._plain and _PLAIN.fullmatch(raw):
            number = float(raw)
        elif isinstance(raw, int | float) and not isinstance(raw, bool):
            number = raw if self._plain else None
        if number is not None:
            raw = float(f"{number * self._factor:.15g}") if self._unit else number
        elif isinstance(raw, str) and self._unit:
            raw = with_unit(raw, self._unit)
        fact, note = read_fact(self.field, raw)
        return Reading(fact, caution=note or self._doubtful(written, number))

    def _doubtful(self, written: Value, number: float | None) -> str:
        if number is None:
            return ""
        if self._doubt and number >= LARGE_WAN:
            return f"没有写单位，按万元读作 {number / 10_000:,.4g} 亿元；如果写的是元，请在表头写明单位"
        if self._unit == "%" and 0 < number < 1:
            return f"表头的单位是 %，读作 {shown(written)}%；如果是 {number:.0%}，请改成百分数"
        return ""


def clean(text: str, limit: int) -> str | Unreadable:
    """A cell's text without what keeps it from being taken for a number; a cell that holds no value says why."""
    if len(text) > limit:
        return Unreadable(
            shown(text), f"有 {len(text) if len(text) > limit + 1 else f'{limit} 多'} 字，上限 {limit} 字", "请精简内容"
        )
    if "\ufffd" in text:
        return Unreadable(shown(text), "有无法识别的字节，文字已损坏", "请在原文件里重填这个单元格，用 UTF-8 编码另存")
    text = text.strip()
    if text.startswith('="') and text.endswith('"') and len(text) > 3:
        text = text[2:-1]
    if text[:1] in {"'", "’", "‘"}:
        text = text[1:]
    if text[:1] == "#":
        if text.upper() in _ERRORS:
            return Unreadable(text, f"公式出错（{text}）", "请在表格里改正这个公式，或填写数值，不清楚就留空")
        if set(text) == {"#"} and len(text) > 1:
            return Unreadable(text[:20], "列宽不够，导出成了“#”号", "请加宽该列后重新导出")
    return text


def _became_date(raw: Value) -> bool:
    """A range such as 10-20 that the spreadsheet program took for a day."""
    return isinstance(raw, dt.date)


def serial_day(raw: Value) -> dt.date | None:
    """The day of a serial number that stands in a date column; None if it is none."""
    if isinstance(raw, str):
        if not re.fullmatch(r"[1-7]\d{4}(?:\.\d+)?", raw):
            return None
        raw = float(raw)
    if isinstance(raw, bool) or not isinstance(raw, int | float):
        return None
    low, high = SERIAL_DAYS
    return _BEFORE_SERIAL + dt.timedelta(days=int(raw)) if low <= raw < high else None


def with_unit(text: str, unit: str) -> str:
    """The header's unit appended to a number that has none; a unit in the cell wins.

    >>> with_unit("3,200以上", "元")
    '3,200元以上'
    >>> with_unit("1.5亿", "万元")
    '1.5亿'
    """
    if len(text) > 200:
        return text
    found = _BARE.fullmatch("".join(normalise(text).split()))
    return f"{found['head']}{unit}{found['tail']}" if found else text


def _read_text(raw: Value) -> Reading:
    if isinstance(raw, list | bool):
        return Reading(None, f"应为文字，收到的是“{shown(raw)}”", "请改成文字")
    text = normalise(str(raw)).strip()
    caution = f"超过 {MAX_TEXT_CHARS} 字，只用前 {MAX_TEXT_CHARS} 字" if len(text) > MAX_TEXT_CHARS else ""
    return Reading(text[:MAX_TEXT_CHARS] or None, caution=caution)


def read_uscc(raw: Value) -> Reading:
    """Read a credit code; what a spreadsheet program does to one is named, with what to do."""
    text = str(raw)
    if isinstance(raw, str) and not (raw.isascii() and raw.isalnum()):
        text = re.sub(r"\s+", "", normalise(raw)).upper()
    if isinstance(raw, float) or _SCIENTIFIC.fullmatch(text):
        return Reading(None, f"“{show(raw, 24)}”已被表格软件改成科学记数法，后几位数字已经丢失", _AS_TEXT)
    if not isinstance(raw, str | int) or isinstance(raw, bool):
        return Reading(None, f"“{shown(raw)}”不是统一社会信用代码", "请填 18 位代码，并把该列设为“文本”格式")
    if text in {"", "-", "/", "—", "无", "未知", "不详"}:
        return NOTHING
    cut = len(text) == 18 and text.isdecimal() and text.endswith("000")
    truncated = Reading(None, f"“{text}”后三位是 000，已被表格软件截成 15 位有效数字", _AS_TEXT)
    if cut and isinstance(raw, int):  # a number cell keeps 15 digits, whatever the check digit happens to say
        return truncated
    try:
        code = check_uscc(text)
    except ValueReason as error:
        if cut:
            return truncated
        if len(text) == 17 and text.isdecimal():
            return Reading(None, f"“{text}”只有 17 位，首位的 0 或末位可能被表格软件去掉了", _AS_TEXT)
        reason, remedy = split_reason(str(error))
        return Reading(None, reason, remedy)
    doubt = "后三位是 000，可能被表格软件截断过，请对照营业执照核对" if cut else ""
    return Reading(code, caution=doubt)
