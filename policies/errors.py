"""One error tree for the whole product: every message says what is wrong, where, and what to do next (in Chinese)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


class HuiqiError(Exception):
    """Root of every error that huiqi raises on purpose; `str(error)` is a Chinese message fit for a user."""


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong with an input.

    Attributes:
        where: Field, column or path, in the user's words ("上年营业收入（revenue_wan）").
        reason: What is wrong, in Chinese.
        remedy: What to do next, in Chinese; empty if the reason says it already.
    """

    where: str
    reason: str
    remedy: str = ""

    def __str__(self) -> str:
        """The problem in one line."""
        return f"{self.where}：{self.reason}" + (f"。{self.remedy}" if self.remedy else "")


class InputError(HuiqiError):
    """The caller's data cannot be used; `problems` lists every reason at once."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        """Keep the problems; the message is all of them, one per line."""
        self.problems = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


class PolicyError(HuiqiError):
    """The policy library is wrong; `problems` lists every place at once."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        """Keep the problems; the message is all of them, one per line."""
        self.problems = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


class UnknownCode(HuiqiError):
    """A code or name is not in its code table; `nearest` are offers for the user, best first."""

    def __init__(self, table: str, given: str, nearest: Sequence[str] = ()) -> None:
        """Say which table, what was given, and the nearest entries."""
        self.table, self.given, self.nearest = table, given, tuple(nearest)
        offer = f"，您是不是要填：{'、'.join(self.nearest)}" if self.nearest else ""
        super().__init__(f"{table}中没有“{given}”{offer}")


class IndexStateError(HuiqiError):
    """The index cannot be used as it is on disk."""


class IndexMissing(IndexStateError):
    """There is no index where one was expected."""


class IndexStale(IndexStateError):
    """The index was built from another library or with another model; the message names the command to run."""


class ModelUnavailable(HuiqiError):
    """The encoder cannot be loaded; matching goes on by rules and words."""
