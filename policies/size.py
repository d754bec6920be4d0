"""Enterprise size by 统计上大中小微型企业划分办法(2017), array-first: one company is a table with one row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt

from policies.codes import code_file
from policies.industries import industries

MICRO, SMALL, MEDIUM, LARGE = range(4)
SIZE_TITLES = ("微型", "小型", "中型", "大型")

Pair = tuple[float, float]
FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
ClassArray = npt.NDArray[np.int8]
_INDICATORS = ("employees", "revenue", "assets")


@dataclass(frozen=True)
class SizeRow:
    """One industry row of the official table.

    Attributes:
        title: 行业名称 of the row.
        scope: Spans in the industry tree that the row covers.
        bounds: Per indicator the lower bounds of 小型, 中型, 大型 (人; 万元).
    """

    title: str
    scope: tuple[tuple[int, int], ...]
    bounds: tuple[tuple[str, tuple[float, float, float]], ...]


@cache
def size_rows() -> tuple[SizeRow, ...]:
    """The official table, one entry per industry row, in its order."""
    records = code_file("sme_size_2017.csv")
    tree = industries()
    rows = []
    for title in dict.fromkeys(record["industry"] for record in records):
        own = [record for record in records if record["industry"] == title]
        scope = tuple(tree.span(tree.find(code)) for code in own[0]["gbt4754_scope"].split(";"))
        bounds = tuple(
            (record["indicator"], (float(record["small_min"]), float(record["medium_min"]), float(record["large_min"])))
            for record in own
        )
        rows.append(SizeRow(title, scope, bounds))
    return tuple(rows)


@cache
def _counts() -> IntArray:
    """Int64 (rows + 1, leaves + 1): how many leaves before a number belong to each row; the last row is 'outside'."""
    rows = size_rows()
    owner = np.full(industries().size, len(rows))
    for index, row in enumerate(rows):
        for first, last in row.scope:
            owner[first : last + 1] = index
    counts = np.zeros((len(rows) + 1, len(owner) + 1), dtype=np.int64)
    for index in range(len(rows) + 1):
        counts[index, 1:] = np.cumsum(owner == index)
    return counts


def _check(name: str, lo: FloatArray | IntArray, hi: FloatArray | IntArray, n: int) -> None:
    if lo.shape != (n,) or hi.shape != (n,):
        raise ValueError(f"{name}: shapes {lo.shape} and {hi.shape} are not ({n},)")
    if not bool(np.all(lo <= hi)):
        raise ValueError(f"{name}: a span is upside down or not a number")


def _row_class(row: SizeRow, spans: dict[str, tuple[FloatArray, FloatArray]], at: IntArray) -> list[ClassArray]:
    """Lowest and highest class, int8 (len(at),) each, of the companies at these places if they belong to the row."""
    ends = [np.full(len(at), LARGE, dtype=np.int8) for _ in range(2)]
    for indicator, bounds in row.bounds:
        for end, values in zip(ends, spans[indicator], strict=True):
            np.minimum(end, np.searchsorted(bounds, values[at], side="right").astype(np.int8), out=end)
    return ends


def size_class_columns(
    industry: tuple[IntArray, IntArray],
    employees: tuple[FloatArray, FloatArray],
    revenue_wan: tuple[FloatArray, FloatArray],
    assets_wan: tuple[FloatArray, FloatArray],
) -> tuple[ClassArray, ClassArray]:
    """Size classes of n companies from their closed spans.

    大型, 中型 and 小型 need the lower bounds of all of the row's indicators, so the class is the least of the classes
    that each indicator alone would give; that is monotone, so the ends of the spans give the ends of the class.

    Args:
        industry: int64 (n,) first and last number in `industries()`; the whole line if unknown.
        employees: float64 (n,) low and high, 人; -inf and inf if unknown.
        revenue_wan: float64 (n,) low and high, 万元.
        assets_wan: float64 (n,) low and high, 万元.

    Returns:
        int8 (n,) lowest and highest class that is possible, 0 微型 to 3 大型. Industries that the table leaves out
        (J, P, Q84, S, T, 铁路 …) are 0 to 3.

    Raises:
        ValueError: Shapes differ, or a span is upside down or NaN.

    Source: 国统字〔2017〕213号.
    """
    first, last = industry
    n = len(first)
    spans = dict(zip(_INDICATORS, (employees, revenue_wan, assets_wan), strict=True))
    _check("industry", first, last, n)
    for name, (lo, hi) in spans.items():
        _check(name, lo, hi, n)
    low, high = np.full(n, LARGE, dtype=np.int8), np.full(n, MICRO, dtype=np.int8)
    counts = _counts()
    for index, row in enumerate(size_rows()):
        at = np.flatnonzero(counts[index, last + 1] > counts[index, first])
        if not len(at):
            continue
        ends = _row_class(row, spans, at)
        low[at], high[at] = np.minimum(low[at], ends[0]), np.maximum(high[at], ends[1])
    outside = counts[-1, last + 1] > counts[-1, first]
    low[outside], high[outside] = MICRO, LARGE
    return low, high


def size_class(
    industry: tuple[int, int] | str | None, employees: Pair, revenue_wan: Pair, assets_wan: Pair
) -> tuple[int, int]:
    """Size class of one company: `size_class_columns` with n = 1.

    Args:
        industry: GB/T 4754 code or name, span in `industries()`, or None if unknown.
        employees: Closed span, 人.
        revenue_wan: Closed span, 万元.
        assets_wan: Closed span, 万元.

    Returns:
        Closed span of classes, 0 微型, 1 小型, 2 中型, 3 大型.

    Raises:
        UnknownCode: The industry is not in the table.
        ValueError: A span is upside down or NaN.

    >>> size_class("C3421", (58, 58), (3200, 3200), (0, 0))
    (1, 1)
    """
    tree = industries()
    if isinstance(industry, str):
        industry = tree.span(tree.find(industry))
    first, last = industry or tree.whole()

    def column(span: Sequence[float]) -> tuple[FloatArray, FloatArray]:
        return np.array([span[0]], dtype=np.float64), np.array([span[1]], dtype=np.float64)

    numbers = (np.array([first], dtype=np.int64), np.array([last], dtype=np.int64))
    low, high = size_class_columns(numbers, column(employees), column(revenue_wan), column(assets_wan))
    return int(low[0]), int(high[0])
