"""What reading a sheet gives for each row: a profile, or every problem of that row, or why it is no company."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass

from policies.errors import InputError, Problem
from policies.profile import CompanyProfile
from policies.values import show

MAX_SHOWN = 60
WHOLE_ROW = "整行"
DEFAULT_REMEDY = "请改正后重新导入"
_REMEDY = re.compile(r"[，；](?=请|您是不是要填|百分数请|没有就写)")


@dataclass(frozen=True, slots=True)
class RowProblem:
    """One thing in one row that could not be read, or (as a caution) that had to be interpreted.

    Attributes:
        row: Row number as the person sees it in the file, 1-based with the header.
        sheet: Name of the sheet; "" where the format has none.
        column: Header text of the column; `WHOLE_ROW` where no one column is meant.
        value: The value as found, shortened.
        reason: What is wrong or what was assumed, in Chinese.
        remedy: What to do next, in Chinese.
    """

    row: int
    sheet: str
    column: str
    value: str
    reason: str
    remedy: str

    def __str__(self) -> str:
        """The problem in one line."""
        place = (f"工作表“{self.sheet}”" if self.sheet else "") + f"第 {self.row} 行“{self.column}”"
        return f"{place}（{self.value}）：{self.reason}" + (f"。{self.remedy}" if self.remedy else "")


@dataclass(frozen=True, slots=True)
class ReadRow:
    """One row of the file; it is exactly one of read, refused and skipped.

    Attributes:
        number: Row number as the person sees it, 1-based with the header (JSONL: line; Parquet: row).
        sheet: Name of the sheet; "" where the format has none.
        profile: The company; None if the row was refused or skipped.
        problems: Everything that could not be read; empty unless refused.
        cautions: What had to be interpreted or left out of a row that was read.
        skipped: Why the row is no company, in Chinese; "" otherwise.
    """

    number: int
    sheet: str
    profile: CompanyProfile | None
    problems: tuple[RowProblem, ...] = ()
    cautions: tuple[RowProblem, ...] = ()
    skipped: str = ""

    def at(self, as_of: dt.date) -> ReadRow:
        """The row for a query date: refused if it cannot be true then (founded later)."""
        if self.profile is None:
            return self
        try:
            self.profile.check_at(as_of)
        except InputError as error:
            found = tuple(
                RowProblem(self.number, self.sheet, problem.where, "", problem.reason, problem.remedy)
                for problem in error.problems
            )
            return ReadRow(self.number, self.sheet, None, found)
        return self


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A cell whose value the file itself does not give: an error value, a formula that was never calculated."""

    shown: str
    reason: str
    remedy: str


def shown(value: object) -> str:
    """A cell's value for a report: one line, shortened."""
    if isinstance(value, Unreadable):
        return value.shown
    return "" if value is None else show(value, MAX_SHOWN)


def split_reason(message: str) -> tuple[str, str]:
    """Split a reader's message into what is wrong and what to do."""
    found = _REMEDY.search(message)
    return (message[: found.start()], message[found.end() :]) if found else (message, DEFAULT_REMEDY)


def refuse(where: str, reason: str, remedy: str) -> InputError:
    """The error for a file that cannot be read as a whole."""
    return InputError([Problem(where, reason, remedy)])
