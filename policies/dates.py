"""Dates and parts of dates as people write them, read into spans of days."""

from __future__ import annotations

import calendar
import numbers
import re
from datetime import date, datetime

from policies.quantities import numeral
from policies.values import BLANK, UNKNOWN, Span, ValueReason, compact, finite, show

_YEARS = range(1800, 2200)
_DATE = re.compile(
    r"(\d{4})(?:年|[-/.](?=\d))?(?:(?<=[-/.年])(\d{1,2})(?:月|[-/.](?=\d))?(?:(?<=[-/.月])(\d{1,2})[日号]?)?)?"
    r"(?:t?(?<!-)\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:z|[+-]\d{2}:?\d{2})?)?"
)
_PARTS_OF_YEAR = {
    "年初": (1, 3),
    "年底": (12, 12),
    "年末": (12, 12),
    "年中": (6, 7),
    "年上半年": (1, 6),
    "年下半年": (7, 12),
    "年第一季度": (1, 3),
    "年第二季度": (4, 6),
    "年第三季度": (7, 9),
    "年第四季度": (10, 12),
    "年一季度": (1, 3),
    "年二季度": (4, 6),
    "年三季度": (7, 9),
    "年四季度": (10, 12),
}


def _days(year: int, first_month: int, last_month: int) -> Span:
    """Whole months as ordinals."""
    last = date(year, last_month, calendar.monthrange(year, last_month)[1])
    return Span(float(date(year, first_month, 1).toordinal()), float(last.toordinal()))


def _date_span(text: str) -> Span:
    """A compact date text as a span of days; ValueReason('') where it is none."""
    text = re.sub(r"[〇零一二三四五六七八九十]+(?=[年月日号])", lambda found: f"{numeral(found[0]):.0f}", text)
    if re.fullmatch(r"\d{6}|\d{8}", text):
        text = "-".join(filter(None, (text[:4], text[4:6], text[6:])))
    if len(text) > 4 and text[4:] in _PARTS_OF_YEAR and re.fullmatch("[0-9]{4}", text[:4]) and int(text[:4]) in _YEARS:
        return _days(int(text[:4]), *_PARTS_OF_YEAR[text[4:]])
    match = _DATE.fullmatch(text)
    if not match or int(match[1]) not in _YEARS:
        raise ValueReason("")
    year, month, day = int(match[1]), match[2], match[3]
    try:
        if day:
            ordinal = float(date(year, int(month), int(day)).toordinal())
            return Span(ordinal, ordinal)
        return _days(year, int(month), int(month)) if month else _days(year, 1, 12)
    except (ValueError, calendar.IllegalMonthError):
        raise ValueReason("日历上没有这一天") from None


def parse_date(value: object) -> Span:
    """Read a date or a part of one as a span of days.

    Args:
        value: date, datetime, year as a number (2015), 20150601, or text ('2015-06', '2015年6月1日', '2024年底').

    Returns:
        Closed span of proleptic ordinals (date.toordinal); a year or a month is all its days; None is unknown.

    Raises:
        ValueReason: Not a date, not on the calendar, or a spreadsheet serial number.
    """
    remedy = "请写成“2015-06-01”、“2015年6月”或“2015”"
    if value is None:
        return UNKNOWN
    if isinstance(value, date):
        day = value.date() if isinstance(value, datetime) else value
        return Span(float(day.toordinal()), float(day.toordinal()))
    if isinstance(value, numbers.Real) and not isinstance(value, bool):
        number = finite(value, "“2015”")
        text = f"{number:.0f}" if number.is_integer() and number < 1e9 else ""
    elif isinstance(value, str):
        text = compact(value)
        if text in BLANK:
            return UNKNOWN
    else:
        text = ""
    try:
        return _date_span(text)
    except ValueReason as error:
        raise ValueReason(f"“{show(value)}”{f'：{error}' if str(error) else '不是日期'}，{remedy}") from None
