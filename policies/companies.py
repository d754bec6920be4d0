"""Companies as one table: stated facts in columns, with what a person needs to know them again (row, name, texts)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from policies.columns import Columns, Stated, derived, laid_out
from policies.facts import Fact
from policies.profile import TEXT_FIELDS, CompanyProfile, Plan

COMPANY_TEXTS = (*TEXT_FIELDS, "uscc")


def first_rows(company: NDArray[np.int64]) -> NDArray[np.int64]:
    """The first row of each company, int64 (m,); `company` is int64 (n,), 0 or more, rows of one company adjacent."""
    return np.flatnonzero(np.diff(company, prepend=-1))


@dataclass(frozen=True, eq=False)
class CompanyTable:
    """m companies in n rows, one row for each plan (one row for a company without a plan).

    Attributes:
        stated: Facts per row; a company-level fact is repeated for each of its plans.
        company: Index of the company of each row, int64 (n,), ascending from 0 without gaps.
        plan: Index of the plan within its company, int64 (n,); -1 without plans.
        texts: COMPANY_TEXTS to m texts; "" where unknown.
        plan_texts: n texts; "" for a row without a plan or without words.
        rows: Row number of each company in the file it came from, int64 (m,).
        sheets: Worksheet of each company, m names; "" where there is none.
    """

    stated: Stated
    company: NDArray[np.int64]
    plan: NDArray[np.int64]
    texts: Mapping[str, tuple[str, ...]]
    plan_texts: tuple[str, ...]
    rows: NDArray[np.int64]
    sheets: tuple[str, ...]

    @classmethod
    def of(
        cls, profiles: Sequence[CompanyProfile], rows: Sequence[int] | None = None, sheets: Sequence[str] | None = None
    ) -> CompanyTable:
        """Lay profiles out.

        Args:
            profiles: m companies.
            rows: Their row numbers; None numbers them from 1.
            sheets: Their worksheets; None for none.
        """
        stated, company, plan = laid_out(profiles)
        texts = {name: tuple(profile.texts.get(name, "") for profile in profiles) for name in TEXT_FIELDS}
        texts["uscc"] = tuple(profile.uscc or "" for profile in profiles)
        words = [
            profiles[c].plans[p].text if p >= 0 else "" for c, p in zip(company.tolist(), plan.tolist(), strict=True)
        ]
        numbers = np.arange(1, len(profiles) + 1) if rows is None else np.array(rows)
        names = tuple(sheets) if sheets is not None else ("",) * len(profiles)
        return cls(stated, company, plan, texts, tuple(words), numbers.astype(np.int64), names)

    def __len__(self) -> int:
        """Number of companies."""
        return len(self.rows)

    def plans_in_words(self) -> list[list[str]]:
        """The texts of each company's plans, m lists; a plan without words is left out."""
        plans: list[list[str]] = [[] for _ in range(len(self))]
        for company, text in zip(self.company.tolist(), self.plan_texts, strict=True):
            if text:
                plans[company].append(text)
        return plans

    def columns(self, as_of: dt.date) -> Columns:
        """The rows with what can be derived at `as_of`."""
        return derived(self.stated, self.company, self.plan, as_of)

    def take(self, start: int, stop: int) -> CompanyTable:
        """Companies start to stop (excluded)."""
        first, last = np.searchsorted(self.company, [start, stop]).tolist()
        return CompanyTable(
            self.stated.take(slice(first, last)),
            self.company[first:last] - start,
            self.plan[first:last],
            {name: column[start:stop] for name, column in self.texts.items()},
            self.plan_texts[first:last],
            self.rows[start:stop],
            self.sheets[start:stop],
        )

    def profile(self, company: int) -> CompanyProfile:
        """One company as a profile; every fact of a row with a plan becomes a fact of that plan."""
        first, last = np.searchsorted(self.company, [company, company + 1]).tolist()
        facts = [self._facts(row) for row in range(first, last)]
        plans = tuple(
            Plan(text=self.plan_texts[row], facts=facts[row - first])
            for row in range(first, last)
            if self.plan[row] >= 0
        )
        texts = {name: column[company] for name, column in self.texts.items() if name != "uscc" and column[company]}
        return CompanyProfile.model_construct(
            facts={} if plans else facts[0],
            plans=plans,
            texts=texts,
            uscc=self.texts["uscc"][company] or None,
            notes=(),
        )

    def _facts(self, row: int) -> dict[str, Fact]:
        view = Columns(len(self.company), self.company, self.plan, *vars(self.stated).values())
        return {name: fact for name in sorted(self.stated.known(row)) if (fact := view.fact(name, row)) is not None}
