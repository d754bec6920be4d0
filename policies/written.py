"""A profile written down as raw data again: the reverse of `CompanyProfile.model_validate`."""

from __future__ import annotations

import calendar
import datetime as dt
import math
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

from policies.errors import UnknownCode
from policies.facts import Fact, Items, read_fact, tree_of
from policies.fields import Field, registry
from policies.profile import CompanyProfile
from policies.values import Span, ValueReason

NOT_LISTED = "（另有未收录的名称）"
"""Stands in a list for names that were not known: what is not in it may be held all the same."""
_PARTS = {(1, 12): "", (1, 6): "上半年", (7, 12): "下半年", (1, 3): "一季度", (4, 6): "二季度", (7, 9): "三季度",
          (10, 12): "四季度", (6, 7): "中"}  # fmt: skip


def raw_of(profile: CompanyProfile) -> dict[str, Any]:
    """A profile as JSON data that reads as the same facts.

    What cannot be written exactly is written wider, never narrower: "three hundred odd" becomes 300 to 400.
    """
    raw: dict[str, Any] = dict(profile.texts)
    if profile.uscc:
        raw["uscc"] = profile.uscc
    raw |= _facts(profile.facts)
    if profile.plans:
        raw["plans"] = [({"text": plan.text} if plan.text else {}) | _facts(plan.facts) for plan in profile.plans]
    return raw


def _facts(facts: Mapping[str, Fact]) -> dict[str, Any]:
    written = ((name, _written(registry()[name], fact)) for name, fact in facts.items())
    return {name: value for name, value in written if value is not None}


def _written(field: Field, fact: Fact) -> Any:
    if isinstance(fact, str):
        return fact
    if isinstance(fact, Items):
        return _items(field, fact)
    if field.kind in {"number", "ratio"} and fact.exact:
        value = float(fact.lo)
        return int(value) if field.kind == "number" and value.is_integer() else value
    return _span(field.name, fact)


def _items(field: Field, fact: Items) -> list[str] | None:
    if not fact.stated and not fact.exhaustive:
        return None
    complete = field.exhaustive or not fact.stated
    return [*fact.stated, *([NOT_LISTED] if complete and not fact.exhaustive else [])]


@lru_cache(maxsize=50_000)
def _span(name: str, span: Span) -> str | None:
    """The first way of writing a span that reads as it, else the first that covers it; None if nothing does."""
    field = registry()[name]
    wider = None
    for text in _ways(field, span):
        read = _read(field, text)
        if read == span:
            return text
        if wider is None and read is not None and read.lo <= span.lo and span.hi <= read.hi:
            wider = text
    return wider


def _read(field: Field, text: str) -> Span | None:
    try:
        fact, _ = read_fact(field, text)
    except (ValueReason, UnknownCode):
        return None
    return fact if isinstance(fact, Span) else None


def _ways(field: Field, span: Span) -> Iterator[str]:
    if field.kind in {"industry", "region"}:
        code = tree_of(field).code_of(int(span.lo), int(span.hi))
        yield from (code,) if code else ()
    elif field.kind == "class":
        yield from (field.classes[int(span.lo)],) if span.exact else ()
    elif math.isinf(span.lo) and math.isinf(span.hi):
        return
    elif field.kind == "date":
        yield from _dates(span)
    else:
        yield from _numbers(field, span)


def _numbers(field: Field, span: Span) -> Iterator[str]:
    low, high = (_number(field, end) for end in (span.lo, span.hi))
    above, below = (
        _number(field, math.nextafter(end, away)) for end, away in ((span.lo, -math.inf), (span.hi, math.inf))
    )
    if math.isinf(span.hi):
        yield from (f"{low}以上", f"超过{above}", f"{above}以上")
        return
    if math.isinf(span.lo) or span.lo == field.possible[0]:
        yield from (f"{high}以下", f"低于{below}")
    if math.isfinite(span.lo):
        yield from (f"{low}至{high}", f"{low}至{below}", f"{above}至{below}")


def _number(field: Field, value: float) -> str:
    return f"{value * 100:.15g}%" if field.kind == "ratio" else f"{value:.15g}"


def _dates(span: Span) -> Iterator[str]:
    if not (math.isfinite(span.lo) and math.isfinite(span.hi)):
        return
    first, last = dt.date.fromordinal(int(span.lo)), dt.date.fromordinal(int(span.hi))
    if first == last:
        yield first.isoformat()
    if first.year != last.year:
        return
    whole = first.day == 1 and last.day == calendar.monthrange(last.year, last.month)[1]
    if whole and first.month == last.month:
        yield f"{first.year}-{first.month:02}"
    for (start, end), name in _PARTS.items():
        if whole and (first.month, last.month) == (start, end):
            yield f"{first.year}年{name}"
    yield f"{first.year}年"
