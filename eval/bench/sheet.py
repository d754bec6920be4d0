"""Realistic companies as a spreadsheet."""

from __future__ import annotations

import csv
from pathlib import Path

from matcher.population.chunks import draw_chunk
from matcher.population.companies import profiles
from policies.fields import registry

PLAN_COLUMN = "计划"
TEXT_COLUMNS = ("name", "uscc", "products")


def write_sheet(path: Path, n: int, seed: int) -> None:
    """A CSV file as a service desk keeps it: labels with units as header, one company a row."""
    chunk = draw_chunk(seed, 0)
    company, plan = [*TEXT_COLUMNS, *chunk.company], list(chunk.plan)
    header = [_label(name) for name in (*company, *plan)]
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow([*header, PLAN_COLUMN])
        for raw in profiles(n, seed):
            plans = raw.get("plans")
            first = plans[0] if isinstance(plans, list) else {}
            cells = [_cell(raw.get(name)) for name in company] + [_cell(first.get(name)) for name in plan]
            writer.writerow([*cells, first.get("text", "")])


def _label(name: str) -> str:
    field = registry()[name]
    return f"{field.label}（{field.unit}）" if field.unit else field.label


def _cell(value: object) -> str:
    if isinstance(value, list):
        return "、".join(value) or "无"
    return "" if value is None else str(value)
