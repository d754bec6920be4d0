"""Facts: typed values of registry fields — read from what people write, shown back in Chinese, compared by rules.

A fact is a `Span` (ordered kinds: numbers in the field's unit, dates as proleptic ordinals, classes as positions,
codes as pre-order numbers), an `Items` (sets) or a `str` (choices; flags as 是／否). An unknown fact is absent.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache

from policies.codes import CodeTree
from policies.dates import parse_date
from policies.errors import UnknownCode
from policies.fields import FLAG_NAMES, Field, Kind
from policies.industries import industries
from policies.lists import parse_flag, parse_list
from policies.quantities import parse_number
from policies.regions import regions
from policies.rules import OneOf, Within
from policies.values import Span, ValueReason, normalise, show
from policies.vocabulary import vocabularies

MAX_TEXT_CHARS = 5000
MAX_ITEMS = 500
MAX_OFFERS = 8
EARLIEST_YEAR = 1800


@dataclass(frozen=True)
class Items:
    """The items of a set field.

    Attributes:
        held: Canonical names, closed under `implies`.
        exhaustive: Whether an item that is not held is known not to be held.
        stated: The items as stated, without what they imply.
    """

    held: frozenset[str]
    exhaustive: bool
    stated: tuple[str, ...] = ()


Fact = Span | Items | str


def tree_of(field: Field) -> CodeTree:
    """The code tree of an industry or region field."""
    return industries() if field.kind == "industry" else regions()


def read_fact(field: Field, raw: object) -> tuple[Fact | None, str]:
    """Read a raw value (JSON, cell or form) into a fact.

    Args:
        field: The registry field.
        raw: None and "" mean unknown; otherwise the value as written ("3200万", 58, ["高企"], "20-49人").

    Returns:
        The fact (None if unknown) and a Chinese note, empty unless something had to be interpreted.

    Raises:
        ValueReason: the value cannot be read or cannot be true; the message says why, in Chinese.
        UnknownCode: a code or name is not in its table; the message offers the nearest ones.
    """
    if isinstance(raw, str):
        raw = normalise(raw).strip()
    if raw is None or raw == "" or (isinstance(raw, str) and raw in {"不清楚", "未知", "不详", "/", "-", "—"}):
        return None, ""
    return _READERS[field.kind](field, raw)


def _text(raw: object) -> str:
    if isinstance(raw, bool) or not isinstance(raw, str | int | float):
        raise ValueReason(f"应为文字，收到的是{_type_name(raw)}")
    return str(raw)


def _type_name(raw: object) -> str:
    names = {bool: "是/否", int: "数字", float: "数字", list: "列表", dict: "对象", str: "文字"}
    return names.get(type(raw), type(raw).__name__)


def _read_number(field: Field, raw: object) -> Span:
    if isinstance(raw, bool | list | dict):
        raise ValueReason(f"应为数字，收到的是{_type_name(raw)}")
    if field.kind == "ratio" and isinstance(raw, float) and math.isfinite(raw):
        span = Span(raw, raw)  # a decimal is a fraction; only a bare whole number may be meant as per cent
    else:
        span = parse_number(raw, "ratio" if field.kind == "ratio" else field.unit)
    low, high = field.possible
    if span.hi < low or (math.isfinite(span.lo) and span.lo < low):
        raise ValueReason(f"不能小于 {_plain(low)}，收到的是 {_plain(span.lo)}")
    if span.lo > high:
        remedy = "；百分数请写成“3%”或 0.03" if field.kind == "ratio" else ""
        raise ValueReason(f"不能大于 {_plain(high)}，收到的是 {_plain(span.lo)}{remedy}")
    return Span(max(span.lo, low), min(span.hi, high))


def _read_date(raw: object) -> Span:
    span = parse_date(raw)
    if span.lo < dt.date(EARLIEST_YEAR, 1, 1).toordinal():
        raise ValueReason(f"早于 {EARLIEST_YEAR} 年，请核对")
    return span


def _read_class(field: Field, raw: object) -> Span:
    text = _text(raw).removesuffix("企业").removesuffix("级").upper()
    if text not in field.classes:
        raise UnknownCode(field.label, show(raw, 40), field.classes)
    position = float(field.classes.index(text))
    return Span(position, position)


def _read_code(field: Field, raw: object) -> tuple[Fact | None, str]:
    tree, text = tree_of(field), _text(raw)
    code, note = tree.find_with_note(text)
    low, high = tree.span(code)
    if (low, high) == tree.whole():
        return None, note
    return Span(float(low), float(high)), note


def _read_items(field: Field, raw: object) -> tuple[Fact, str]:
    if not isinstance(raw, str | list | tuple | bool) or raw is True:
        raise ValueReason(f'应为列表，收到的是{_type_name(raw)}，例如 ["甲", "乙"]')
    parts = [] if raw is False else parse_list(raw)
    if len(parts) > MAX_ITEMS:
        raise ValueReason(f"最多 {MAX_ITEMS} 项，收到 {len(parts)} 项")
    vocabulary, stated, strange = vocabularies()[field.vocabulary], [], []
    for part in parts:
        try:
            stated.append(vocabulary.canonical(part))
        except UnknownCode as error:
            strange.append(show(part, 40) + (f"（相近：{'、'.join(error.nearest)}）" if error.nearest else ""))
    exhaustive = (field.exhaustive or not parts) and not strange
    note = f"未收录：{'；'.join(strange)}，不参与条件判断" if strange else ""
    return Items(vocabulary.closure(stated), exhaustive, tuple(stated)), note


def _read_choice(field: Field, raw: object) -> tuple[Fact, str]:
    vocabulary, text = vocabularies()[field.vocabulary], _text(raw)
    try:
        return vocabulary.canonical(text), ""
    except UnknownCode as error:
        offers = error.nearest or tuple(vocabulary.terms)[:MAX_OFFERS]
        raise UnknownCode(field.label, show(text, 40), offers) from error


_READERS: dict[Kind, Callable[[Field, object], tuple[Fact | None, str]]] = {
    "number": lambda field, raw: (_read_number(field, raw), ""),
    "ratio": lambda field, raw: (_read_number(field, raw), ""),
    "date": lambda _, raw: (_read_date(raw), ""),
    "class": lambda field, raw: (_read_class(field, raw), ""),
    "industry": _read_code,
    "region": _read_code,
    "set": _read_items,
    "flag": lambda _, raw: (FLAG_NAMES[parse_flag(raw)], ""),
    "choice": _read_choice,
    "text": lambda _, raw: (_text(raw)[:MAX_TEXT_CHARS] or None, ""),
}


def show_fact(field: Field, fact: Fact | None) -> str:
    """A fact in Chinese as explanations show it ("560 人", "山东省潍坊市寿光市", "高新技术企业、瞪羚企业")."""
    if fact is None:
        return "未填写"
    if isinstance(fact, str):
        return fact
    if isinstance(fact, Items):
        return "、".join(fact.stated or sorted(fact.held)) or "无"
    if field.kind in {"industry", "region"}:
        return _show_code_span(field.kind, int(fact.lo), int(fact.hi))
    if field.kind == "class":
        low, high = max(0, int(max(fact.lo, 0))), int(min(fact.hi, len(field.classes) - 1))
        return field.classes[low] if low == high else f"{field.classes[low]}至{field.classes[high]}之间"
    return _show_span(field, fact)


def show_code(kind: Kind, code: str) -> str:
    """A code in Chinese: a region's path without separators, an industry's code and name."""
    return "".join(regions().path(code)) if kind == "region" else f"{code} {industries().title(code)}"


@lru_cache(maxsize=10_000)
def _show_code_span(kind: Kind, low: int, high: int) -> str:
    code = (regions() if kind == "region" else industries()).code_of(low, high)
    return "未填写" if code is None else show_code(kind, code)


def _show_span(field: Field, span: Span) -> str:
    if field.kind == "date":
        return _show_dates(span)
    low, high = show_number(field, span.lo), show_number(field, span.hi)
    if span.exact:
        return low
    if math.isinf(span.hi):
        return f"{low}以上" if math.isfinite(span.lo) else "未填写"
    return f"{high}以下" if math.isinf(span.lo) else f"{low}至{high}"


def _show_dates(span: Span) -> str:
    if not math.isfinite(span.lo) or not math.isfinite(span.hi):
        return "未填写"
    first, last = dt.date.fromordinal(int(span.lo)), dt.date.fromordinal(int(span.hi))
    if first == last:
        return f"{first.year}年{first.month}月{first.day}日"
    if (first.month, first.day, last.month, last.day) == (1, 1, 12, 31) and first.year == last.year:
        return f"{first.year}年"
    if (first.year, first.month) == (last.year, last.month):
        return f"{first.year}年{first.month}月"
    return f"{_show_dates(Span(span.lo, span.lo))}至{_show_dates(Span(span.hi, span.hi))}"


def show_number(field: Field, value: float) -> str:
    """A number with its unit; 万元 from 10,000 up is shown in 亿元."""
    if math.isinf(value):
        return "不限"
    if field.kind == "ratio":
        return f"{_plain(round(value * 100, 4))}%"
    if field.unit == "万元" and abs(value) >= 10000:
        return f"{_plain(round(value / 10000, 4))} 亿元"
    return f"{_plain(value)} {field.unit}".strip()


def _plain(value: float) -> str:
    return f"{value:,.4f}".rstrip("0").rstrip(".") if math.isfinite(value) else "不限"


def bounds(field: Field, leaf: Within) -> Span:
    """The closed interval that a Within leaf asks for; strict ends move to the next number.

    Raises:
        ValueReason: a bound is not a value of the field.
    """
    low, high = -math.inf, math.inf
    if leaf.min is not None:
        low = _bound(field, leaf.min).lo
    if leaf.over is not None:
        low = math.nextafter(_bound(field, leaf.over).hi, math.inf)
    if leaf.max is not None:
        high = _bound(field, leaf.max).hi
    if leaf.under is not None:
        high = math.nextafter(_bound(field, leaf.under).lo, -math.inf)
    return Span(low, high)


def _bound(field: Field, raw: float | str) -> Span:
    if field.kind in {"number", "ratio"}:
        if isinstance(raw, str):
            raise ValueReason(f"界限应为数字，收到的是“{raw}”")
        return Span(float(raw), float(raw))
    return _read_date(raw) if field.kind == "date" else _read_class(field, raw)


def spans_of(field: Field, leaf: OneOf) -> tuple[Span, ...]:
    """The disjoint closed intervals that a OneOf leaf on an ordered field asks for, merged and in order."""
    if field.kind == "class":
        found = [_read_class(field, value) for value in leaf.values]
    else:
        tree = tree_of(field)
        found = [Span(*map(float, tree.span(code))) for value in leaf.values for code in tree.expand(value)]
    return merge_spans(found)


def merge_spans(spans: Iterable[Span]) -> tuple[Span, ...]:
    """Merge overlapping and adjacent integer intervals."""
    merged: list[Span] = []
    for span in sorted(spans, key=lambda item: item.lo):
        if merged and span.lo <= merged[-1].hi + 1:
            merged[-1] = Span(merged[-1].lo, max(merged[-1].hi, span.hi))
        else:
            merged.append(span)
    return tuple(merged)
