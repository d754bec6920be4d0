"""Published rates by date (policies/data/parameters.yaml): LPR and income-tax rates."""

from __future__ import annotations

import datetime as dt
import functools
from importlib import resources
from typing import TypedDict

import yaml


class Entry(TypedDict):
    """One value of a rate and its first day."""

    since: dt.date
    value: float


@functools.cache
def _table() -> dict[str, list[Entry]]:
    text = resources.files("policies").joinpath("data/parameters.yaml").read_text("utf-8")
    table: dict[str, list[Entry]] = yaml.load(text, Loader=yaml.CSafeLoader)
    return table


def rate(name: str, as_of: dt.date) -> tuple[float, dt.date]:
    """The rate in force at `as_of` (a fraction) and the day since when; the oldest one for earlier dates."""
    entries = _table()[name]
    found = [entry for entry in entries if entry["since"] <= as_of] or entries[:1]
    return found[-1]["value"], found[-1]["since"]
