"""Where policies and windows stand on a day."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from pydantic import ValidationError

from policies.lifecycle import Lifecycle, WindowPhase, lifecycle, successors, window_state
from policies.policy import Policy, Window, first_day, last_day
from tests.support import load_policy, policy


def day(text: str) -> dt.date:
    return dt.date.fromisoformat(text)


def state(as_of: str, *others: Policy, **changes: Any) -> Lifecycle:
    own = load_policy(policy("own", **changes))
    return lifecycle(own, day(as_of), {one.policy_id: one for one in (own, *others)})


@pytest.mark.parametrize(
    ("valid_to", "last"),
    [("2026-06-30", "2026-06-30"), ("2026-06", "2026-06-30"), ("2026", "2026-12-31"), ("2024-02", "2024-02-29")]
)  # fmt: skip
def test_the_last_day_is_inclusive(valid_to: str, last: str) -> None:
    assert state(last, valid_to=valid_to) is Lifecycle.CURRENT
    after = (day(last) + dt.timedelta(days=1)).isoformat()
    assert state(after, valid_to=valid_to) is Lifecycle.EXPIRED
    assert state(after, valid_to=valid_to, status="superseded") is Lifecycle.SUPERSEDED


def test_the_first_day_counts() -> None:
    assert state("2025-12-31", valid_from="2026") is Lifecycle.UPCOMING
    assert state("2026-01-01", valid_from="2026") is Lifecycle.CURRENT


@pytest.mark.parametrize(
    ("status", "expected", "matchable"),
    [
        ("in_force", Lifecycle.CURRENT, True), ("unknown", Lifecycle.UNVERIFIED, True),
        ("expired", Lifecycle.EXPIRED, False), ("draft", Lifecycle.DRAFT, False),
        ("withdrawn", Lifecycle.WITHDRAWN, False), ("stale", Lifecycle.STALE, False),
        ("superseded", Lifecycle.SUPERSEDED, False),
    ],
)  # fmt: skip
def test_status(status: str, expected: Lifecycle, matchable: bool) -> None:
    found = state("2026-06-15", status=status)
    assert found is expected and found.matchable is matchable


def test_an_expired_policy_held_until_its_last_day() -> None:
    assert state("2020-05-01", status="expired", valid_to="2020-12") is Lifecycle.CURRENT
    assert state("2021-01-01", status="expired", valid_to="2020-12") is Lifecycle.EXPIRED


@pytest.mark.parametrize(
    ("own", "other"),
    [
        ({"relations": [{"type": "superseded_by", "target": "new"}]}, {}),
        ({}, {"relations": [{"type": "supersedes", "target": "own"}]}),
    ],
)
def test_superseded_until_its_successor_starts(own: dict[str, Any], other: dict[str, Any]) -> None:
    successor = load_policy(policy("new", valid_from="2025-03-01", **other))
    assert state("2025-02-28", successor, status="superseded", **own) is Lifecycle.CURRENT
    assert state("2025-03-01", successor, status="superseded", **own) is Lifecycle.SUPERSEDED


def test_without_a_known_start_a_superseded_policy_is_gone() -> None:
    successor = load_policy(policy("new", relations=[{"type": "supersedes", "target": "own"}]))
    assert state("2000-01-01", successor, status="superseded") is Lifecycle.SUPERSEDED
    published = load_policy(policy("new", published="2025-03", relations=[{"type": "supersedes", "target": "own"}]))
    assert state("2025-02-28", published, status="superseded") is Lifecycle.CURRENT


def test_successors_from_both_sides_without_repeats() -> None:
    own = load_policy(policy("own", relations=[
        {"type": "superseded_by", "target": "new"}, {"type": "superseded_by", "target": "elsewhere"},
    ]))  # fmt: skip
    new = load_policy(policy("new", relations=[{"type": "supersedes", "target": "own"}]))
    later = load_policy(policy("later", relations=[{"type": "follows", "target": "own"}]))
    assert successors(own, {p.policy_id: p for p in (own, new, later)}) == ("new", "later")


def phase(as_of: str, valid_to: str | None = None, **window: Any) -> tuple[WindowPhase, str, int | None]:
    found = window_state(Window(**window), load_policy(policy("own", valid_to=valid_to)), day(as_of))
    return found.phase, found.closes.isoformat() if found.closes else "", found.days_left


@pytest.mark.parametrize(
    ("as_of", "expected"),
    [
        ("2026-04-30", (WindowPhase.UPCOMING, "2026-06-15", 46)), ("2026-05-01", (WindowPhase.OPEN, "2026-06-15", 45)),
        ("2026-06-15", (WindowPhase.OPEN, "2026-06-15", 0)), ("2026-06-16", (WindowPhase.CLOSED, "2026-06-15", None)),
    ],
)  # fmt: skip
def test_fixed(as_of: str, expected: tuple[WindowPhase, str, int | None]) -> None:
    assert phase(as_of, kind="fixed", opens="2026-05-01", closes="2026-06-15") == expected


@pytest.mark.parametrize(
    ("as_of", "expected"),
    [
        ("2026-11-30", (WindowPhase.UPCOMING, "2027-01-31", 62)), ("2026-12-01", (WindowPhase.OPEN, "2027-01-31", 61)),
        ("2027-01-01", (WindowPhase.OPEN, "2027-01-31", 30)), ("2027-01-31", (WindowPhase.OPEN, "2027-01-31", 0)),
        ("2027-02-01", (WindowPhase.UPCOMING, "2028-01-31", 364)),
    ],
)  # fmt: skip
def test_yearly_over_the_new_year(as_of: str, expected: tuple[WindowPhase, str, int | None]) -> None:
    assert phase(as_of, kind="yearly", opens="12-01", closes="01-31") == expected


@pytest.mark.parametrize(
    ("as_of", "expected"),
    [
        ("2026-02-28", (WindowPhase.OPEN, "2026-02-28", 0)), ("2026-03-01", (WindowPhase.UPCOMING, "2027-02-28", 364)),
        ("2028-02-29", (WindowPhase.OPEN, "2028-02-29", 0)), ("2028-03-01", (WindowPhase.UPCOMING, "2029-02-28", 364)),
    ],
)  # fmt: skip
def test_yearly_to_29_february(as_of: str, expected: tuple[WindowPhase, str, int | None]) -> None:
    assert phase(as_of, kind="yearly", opens="02-01", closes="02-29") == expected


def test_yearly_ends_with_its_policy() -> None:
    yearly = {"kind": "yearly", "opens": "03-01", "closes": "05-31"}
    assert phase("2026-04-01", "2026-04-30", **yearly) == (WindowPhase.OPEN, "2026-04-30", 29)
    assert phase("2026-06-01", "2026-12-31", **yearly) == (WindowPhase.CLOSED, "", None)
    assert phase("2026-06-01", "2027-03-15", **yearly) == (WindowPhase.UPCOMING, "2027-03-15", 287)


def test_open_ended_windows() -> None:
    assert phase("2026-06-15", kind="year_round") == (WindowPhase.OPEN, "", None)
    assert phase("2026-06-15", "2026-06-30", kind="until_funds_used") == (WindowPhase.OPEN, "2026-06-30", 15)
    assert phase("2026-06-15", kind="by_notice") == (WindowPhase.BY_NOTICE, "", None)
    assert phase("2026-06-15") == (WindowPhase.UNKNOWN, "", None)


@pytest.mark.parametrize(
    "window",
    [
        {"kind": "fixed"}, {"kind": "fixed", "closes": "2026-02-30"}, {"kind": "yearly", "opens": "03-01"},
        {"kind": "yearly", "opens": "3月", "closes": "04-01"}, {"kind": "year_round", "closes": "2026-01-01"},
    ],
)  # fmt: skip
def test_windows_that_make_no_sense_are_refused(window: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        Window.model_validate(window)


def test_days_of_partial_dates() -> None:
    assert (first_day("2024"), last_day("2024")) == (dt.date(2024, 1, 1), dt.date(2024, 12, 31))
    assert (first_day("2024-12"), last_day("2024-12")) == (dt.date(2024, 12, 1), dt.date(2024, 12, 31))
    assert first_day("2024-02-29") == last_day("2024-02-29") == dt.date(2024, 2, 29)
