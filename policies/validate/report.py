"""What validation finds: findings, completeness per policy, and the coverage table, as data and as JSON."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong, or doubtful, in one place of the library.

    Attributes:
        kind: What was checked, in Chinese ("失效的关系"); findings are counted by it.
        file: The file's name in the library folder.
        path: Place in the file ("measures.loan-interest.benefit").
        reason: What is wrong, in Chinese.
        remedy: What to do, in Chinese.
    """

    kind: str
    file: str
    path: str
    reason: str
    remedy: str

    def __str__(self) -> str:
        """The finding in one line."""
        return f"{self.file}：{self.path}：{self.reason}。{self.remedy}"


@dataclass(frozen=True)
class Findings:
    """Errors, which must be mended, and warnings, which a person should look at."""

    problems: tuple[Finding, ...] = ()
    warnings: tuple[Finding, ...] = ()

    def __add__(self, other: Findings) -> Findings:
        """Both lots together."""
        return Findings(self.problems + other.problems, self.warnings + other.warnings)


def joined(parts: Iterable[Findings]) -> Findings:
    """All lots together, in order."""
    lots = list(parts)
    return Findings(
        tuple(found for lot in lots for found in lot.problems), tuple(found for lot in lots for found in lot.warnings)
    )


@dataclass(frozen=True)
class Completeness:
    """要素齐全: how much of what a company needs to know is in the record.

    Attributes:
        score: 0 to 1.
        missing: Chinese names of elements that are absent; "（未核实）" marks those that are there but unverified.
    """

    score: float
    missing: tuple[str, ...] = ()


@dataclass(frozen=True)
class Cell:
    """One cell of the coverage table: how many measures a company there may be eligible for.

    Attributes:
        total: Measures that nothing in region, section and size rules out.
        local: Those of them that are not national.
    """

    region: str
    section: str
    size: str
    total: int
    local: int


@dataclass(frozen=True)
class CoverageTable:
    """Region × industry section × size, with the measures that are matchable at the date of the report."""

    cells: tuple[Cell, ...] = ()

    @property
    def empty(self) -> tuple[Cell, ...]:
        """Cells without any measure."""
        return tuple(cell for cell in self.cells if cell.total == 0)

    @property
    def without_local(self) -> tuple[Cell, ...]:
        """Cells that only national measures reach."""
        return tuple(cell for cell in self.cells if cell.local == 0)

    def to_json(self) -> dict[str, Any]:
        """Counts, the gaps, and every cell as [region, section, size, total, local]."""
        return {
            "cells": len(self.cells),
            "empty": [_key(cell) for cell in self.empty],
            "without_local": [_key(cell) for cell in self.without_local],
            "counts": [[*_key(cell), cell.total, cell.local] for cell in self.cells],
        }


def _key(cell: Cell) -> list[str]:
    return [cell.region, cell.section, cell.size]


@dataclass(frozen=True)
class Report:
    """Everything that validation has to say of a library.

    Attributes:
        ceilings: Kind of warning to the most that there may be; None for a library without ceilings.
    """

    problems: tuple[Finding, ...]
    warnings: tuple[Finding, ...]
    completeness: Mapping[str, Completeness]
    coverage: CoverageTable
    ceilings: Mapping[str, int] | None = None

    @property
    def mean_completeness(self) -> float:
        """Mean score over the policies; 0 without any."""
        scores = [entry.score for entry in self.completeness.values()]
        return sum(scores) / len(scores) if scores else 0.0

    def to_json(self) -> dict[str, Any]:
        """The report as plain data for `--json`."""
        return {
            "problems": [vars(found) for found in self.problems],
            "warnings": [vars(found) for found in self.warnings],
            "counts": {
                "problems": dict(Counter(found.kind for found in self.problems)),
                "warnings": dict(Counter(found.kind for found in self.warnings)),
            },
            "ceilings": None if self.ceilings is None else dict(self.ceilings),
            "completeness": {
                policy_id: {"score": round(entry.score, 4), "missing": list(entry.missing)}
                for policy_id, entry in self.completeness.items()
            },
            "mean_completeness": round(self.mean_completeness, 4),
            "coverage": self.coverage.to_json(),
        }
