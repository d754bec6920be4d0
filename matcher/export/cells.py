"""What every written table shares: the lines of the reports, Chinese column names and words, and texts made inert."""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, fields
from itertools import groupby

import pyarrow as pa

from matcher.results import Section
from policies.fields import registry

MAX_CELL = 32_767
"""UTF-16 units that a spreadsheet cell holds; a longer one spills over or is refused."""
REJECTED, CAUTION = "拒绝", "提示"
YUAN_PER_WAN = 10_000
Cell = str | float | int | None


@dataclass(frozen=True, slots=True)
class ProblemLine:
    """One thing about one input row that a person should see.

    Attributes:
        row: Row number as the person sees it in the input.
        sheet: Sheet of the input; empty if the format has none.
        column: Header text of the column.
        value: The value as found.
        reason: What is wrong, or what was assumed, in Chinese.
        remedy: What to do next, in Chinese.
        level: `REJECTED` (the row was not matched) or `CAUTION` (it was).
    """

    row: int
    sheet: str
    column: str
    value: str
    reason: str
    remedy: str
    level: str


PROBLEM_COLUMNS: tuple[str, ...] = tuple(item.name for item in fields(ProblemLine) if item.name != "level")


@dataclass(frozen=True)
class MeasureCount:
    """How often one measure was found.

    Attributes:
        eligible: Companies with the verdict 符合.
        possible: Companies with the verdict 可能符合.
        low_yuan: Lower end of the estimates of those that are eligible, added up.
        high_yuan: Upper end likewise.
    """

    policy_id: str
    measure_id: str
    policy_title: str
    measure_name: str
    eligible: int
    possible: int
    low_yuan: float
    high_yuan: float


@dataclass(frozen=True)
class RunSummary:
    """What a run did and found, in plain numbers; the sheet 汇总 says it.

    Attributes:
        rows_read: Rows below the header; `companies` + `rejected` + `skipped`.
        companies: Rows that were matched.
        rejected: Rows with a value that could not be read.
        skipped: Rows that are no company (empty, totals, notes).
        duplicates: Matched rows that share a credit code with another row.
        eligible: Listed matches that are eligible; likewise `possible` and `near_misses`.
        without_match: Companies without any listed match.
        low_yuan: Lower ends of what is eligible and can be combined, summed over companies; likewise `high_yuan`.
        notes: What was recognised and assumed about the input as a whole, in Chinese.
        dense: Whether meaning was compared, not only words.
        content_hash: Digest of the result; the same input, date and library give the same.
    """

    as_of: dt.date
    library_version: str
    input_name: str
    rows_read: int
    companies: int
    rejected: int
    skipped: int
    duplicates: int
    eligible: int
    possible: int
    near_misses: int
    without_match: int
    companies_with_eligible: int
    companies_with_possible: int
    low_yuan: float
    high_yuan: float
    per_measure: tuple[MeasureCount, ...]
    notes: tuple[str, ...]
    dense: bool
    content_hash: str


COLUMNS = (
    "row", "sheet", "uscc", "company", "kind", "rank", "policy_id", "measure_id", "title", "verdict", "score",
    "low_yuan", "high_yuan", "amount_note", "missing", "manual", "reasons", "gap", "window", "next_step",
)  # fmt: skip
"""Columns of a result table, in the order of CSV and JSON lines."""
HEADERS = {
    "row": "行号", "sheet": "工作表", "uscc": "统一社会信用代码", "company": "企业名称", "kind": "类别", "rank": "名次",
    "policy_id": "政策编号", "measure_id": "事项编号", "title": "政策和事项", "policy_title": "所属政策",
    "measure_name": "支持事项", "verdict": "结论", "score": "排序分", "low_yuan": "预计金额下限（元）",
    "high_yuan": "预计金额上限（元）", "amount_note": "金额说明", "missing": "缺少的信息", "manual": "须人工核实",
    "reasons": "判断依据", "gap": "还差什么", "window": "申报时间", "next_step": "下一步",
    "column": "列", "value": "原值", "reason": "原因", "remedy": "处理办法", "level": "级别",
}  # fmt: skip
KINDS = {"match": "匹配", "near_miss": "差一步", "none": "无匹配"}
VERDICTS = {"eligible": Section.ELIGIBLE.value, "possible": "可能符合", "ineligible": Section.NOT_NOW.value}
NO_MATCH = "没有匹配"

# What a spreadsheet file cannot hold: control characters, halves of surrogate pairs, non-characters.
_ILLEGAL = re.compile("[\x00-\x08\x0b-\x1f\ud800-\udfff\ufffe\uffff]")
# Full-width and other forms of the signs count: a program set to Chinese or Japanese reads them as the plain ones.
_FORMULA = re.compile(
    "[\\s\u00a0\u200b-\u200f\u2060\ufeff]*[=+\\-@＝＋－＠﹦﹢﹣﹫⁼⁺⁻₌₊₋−]|[\t\r\n]"  # signs on purpose
)


def plain(text: str) -> str:
    r"""The text as a spreadsheet can hold it.

    Args:
        text: Anything.

    Returns:
        The text without control characters (tab and line feed stay; a carriage return becomes a line feed), cut to
        `MAX_CELL` UTF-16 units with “…” at the end.

    >>> plain("甲\x00公司\r\n乙")
    '甲公司\n乙'
    """
    if _ILLEGAL.search(text):
        text = _ILLEGAL.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))
    if len(text) <= MAX_CELL // 2:
        return text
    units = text.encode("utf-16-le")
    if len(units) <= MAX_CELL * 2:
        return text
    return units[: (MAX_CELL - 1) * 2].decode("utf-16-le", "ignore") + "…"


def like_formula(text: str) -> bool:
    """Whether a spreadsheet program could take the text for a formula when it is typed or read from CSV.

    >>> [like_formula(text) for text in ("=1+1", " ＝A1", "甲公司", "C=3")]
    [True, True, False, False]
    """
    return _FORMULA.match(text) is not None


def csv_text(text: str) -> str:
    """The text as CSV for a spreadsheet program: `plain`, with an apostrophe before what looks like a formula."""
    text = plain(text)
    return plain(f"'{text}") if like_formula(text) else text


def number(value: float | None) -> float | None:
    """The number, or None for what no file format shares (infinite, not a number)."""
    return value if value is not None and math.isfinite(value) else None


def labels(names: Sequence[str]) -> str:
    """Registry field names as their Chinese labels."""
    known = registry()
    return "、".join(known[name].label if name in known else name for name in names)


def shown(name: str, batch: pa.RecordBatch) -> list[Cell]:
    """One column of match rows as a person reads it.

    Args:
        name: A key of `HEADERS` that concerns match rows.
        batch: Rows with `arrow.SCHEMA`.

    Returns:
        One value per row; sums in yuan; None where there is nothing to show.
    """
    return _SHOWN.get(name, _stored)(name, batch)


def _stored(name: str, batch: pa.RecordBatch) -> list[Cell]:
    values: list[Cell] = batch.column(name).to_pylist()
    return values


def _title(_name: str, batch: pa.RecordBatch) -> list[Cell]:
    return list(titles(batch))


def titles(batch: pa.RecordBatch) -> list[str]:
    """Policy and measure in one text, as `LibraryMeasure.title` has it; empty for a company without a match."""
    pairs = zip(batch.column("policy_title").to_pylist(), batch.column("measure_name").to_pylist(), strict=True)
    return [f"{policy}：{measure}" if measure else policy for policy, measure in pairs]


def _kind(_name: str, batch: pa.RecordBatch) -> list[Cell]:
    return [KINDS[kind] for kind in batch.column("kind").to_pylist()]


def _verdict(_name: str, batch: pa.RecordBatch) -> list[Cell]:
    """The section's words, which say more than the verdict: a directional document is nothing to apply for."""
    pairs = zip(batch.column("section").to_pylist(), batch.column("verdict").to_pylist(), strict=True)
    return [section or VERDICTS.get(verdict, NO_MATCH) for section, verdict in pairs]


def _of_a_match(name: str, batch: pa.RecordBatch) -> list[Cell]:
    pairs = zip(batch.column(name).to_pylist(), batch.column("kind").to_pylist(), strict=True)
    return [None if kind == "none" else number(value) for value, kind in pairs]


def _sum(name: str, batch: pa.RecordBatch) -> list[Cell]:
    return [number(value) for value in batch.column(name).to_pylist()]


def _missing(name: str, batch: pa.RecordBatch) -> list[Cell]:
    return [labels(names) for names in batch.column(name).to_pylist()]


def _joined(name: str, batch: pa.RecordBatch) -> list[Cell]:
    return ["；".join(texts) for texts in batch.column(name).to_pylist()]


_SHOWN: dict[str, Callable[[str, pa.RecordBatch], list[Cell]]] = {
    "title": _title, "kind": _kind, "verdict": _verdict, "rank": _of_a_match, "score": _of_a_match, "low_yuan": _sum,
    "high_yuan": _sum, "missing": _missing, "manual": _joined,
}  # fmt: skip


def rejected_rows(problems: Iterator[ProblemLine]) -> Iterator[ProblemLine]:
    """One line per rejected row, its problems joined cell by cell.

    Args:
        problems: In the order of the input; the lines of one row follow each other.

    Yields:
        Lines of level `REJECTED` in the same order; texts of several problems are joined with “；”.
    """
    refused = (line for line in problems if line.level == REJECTED)
    for (sheet, row), group in groupby(refused, lambda line: (line.sheet, line.row)):
        lines = list(group)
        column, value, reason, remedy = (
            "；".join(texts) for texts in zip(*((x.column, x.value, x.reason, x.remedy) for x in lines), strict=True)
        )
        yield ProblemLine(row, sheet, column, value, reason, remedy, REJECTED)


def in_blocks(batches: Iterator[pa.RecordBatch], rows: int) -> Iterator[pa.RecordBatch]:
    """The same rows in batches of at most `rows`, so that memory does not depend on how they were stored."""
    for batch in batches:
        for start in range(0, batch.num_rows, rows):
            yield batch.slice(start, rows)
