"""One line of a bulk result: a measure for a company, a near miss, or the note that a company has no match.

`matcher.export.arrow` has the same row as Arrow columns, which is how it is stored.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["match", "near_miss", "none"]
VerdictName = Literal["eligible", "possible", "ineligible", ""]


@dataclass(frozen=True, slots=True)
class MatchRow:
    """One measure for one company; the fields are the columns of `matcher.export.arrow.SCHEMA`, in its order.

    Attributes:
        row: Row number of the company in the input, as its reader sees it.
        sheet: Sheet of the input; empty if the format has none.
        kind: A listed measure, a near miss (one condition in the way), or "none": the company has neither.
        rank: 1 for the best, counted by kind; 0 for kind "none".
        verdict: Verdict on the whole rule; empty for kind "none".
        section: Heading under which it is shown, in Chinese.
        score: Sort key of the ranking; comparable within one company only.
        low_yuan: Lower end of the estimate; None if no sum can be given.
        high_yuan: Upper end; None likewise.
        amount_note: How the sum was worked out, or why there is none, in Chinese.
        missing: Registry names of the facts that are not known and would decide.
        manual: What only a person can check, in Chinese.
        reasons: The conditions and how they stand, in Chinese.
        gap: What is missing, in Chinese (near misses only).
        window: When it can be applied for, in Chinese.
        next_step: What to do next, in Chinese.
    """

    row: int
    sheet: str
    uscc: str
    company: str
    kind: Kind
    rank: int
    policy_id: str
    measure_id: str
    policy_title: str
    measure_name: str
    verdict: VerdictName
    section: str
    score: float
    low_yuan: float | None
    high_yuan: float | None
    amount_note: str
    missing: list[str]
    manual: list[str]
    reasons: str
    gap: str
    window: str
    next_step: str
