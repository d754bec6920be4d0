"""When messages leave around real Chinese holidays."""

from __future__ import annotations

import datetime as dt

import pytest

from matcher.clock import SHANGHAI
from matcher.push.schedule import due, is_known, works_on
from matcher.store.pushes import Frequency, Subscription


def wish(frequency: Frequency, quiet: tuple[int, int] = (21, 8), *, workdays_only: bool = True) -> Subscription:
    return Subscription(
        frequency=frequency, quiet_from=quiet[0], quiet_to=quiet[1], workdays_only=workdays_only
    )  # fmt: skip


def at(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


ONCE, DAILY, WEEKLY = wish(Frequency.AT_ONCE), wish(Frequency.DAILY), wish(Frequency.WEEKLY)


@pytest.mark.parametrize(
    ("one", "now", "leaves"),
    [
        (ONCE, "2026-06-15 10:30", "2026-06-15 10:30"),
        (ONCE, "2026-06-15 22:30", "2026-06-16 08:00"),  # quiet until the next morning
        (ONCE, "2026-06-15 03:00", "2026-06-15 08:00"),
        (ONCE, "2026-06-19 20:59", "2026-06-22 08:00"),  # 端午节 19–21 June
        (ONCE, "2026-09-30 22:00", "2026-10-08 08:00"),  # 国庆节 1–7 October
        (ONCE, "2026-10-10 10:00", "2026-10-10 10:00"),  # a Saturday on which people work (调休)
        (ONCE, "2026-10-11 10:00", "2026-10-12 08:00"),
        (wish(Frequency.AT_ONCE, (9, 9)), "2026-06-15 03:00", "2026-06-15 03:00"),
        (wish(Frequency.AT_ONCE, (0, 0), workdays_only=False), "2026-10-01 00:00", "2026-10-01 00:00"),
        (wish(Frequency.AT_ONCE, (12, 14)), "2026-06-15 12:00", "2026-06-15 14:00"),
        (DAILY, "2026-06-15 08:59", "2026-06-15 09:00"),
        (DAILY, "2026-06-15 09:00", "2026-06-15 09:00"),
        (DAILY, "2026-06-15 09:01", "2026-06-16 09:00"),
        (DAILY, "2026-09-19 12:00", "2026-09-20 09:00"),  # Sunday 20 September 2026 is a make-up day
        (wish(Frequency.DAILY, (21, 10)), "2026-06-15 08:00", "2026-06-15 10:00"),
        (wish(Frequency.DAILY, (9, 8)), "2026-06-19 08:30", "2026-06-23 08:00"),  # only 8–9 o'clock is free
        (WEEKLY, "2026-06-09 12:00", "2026-06-15 09:00"),
        (WEEKLY, "2026-06-15 09:01", "2026-06-22 09:00"),
        (WEEKLY, "2026-02-12 09:00", "2026-02-24 09:00"),  # 春节 15–23 February: Mondays 16 and 23 share the 24th
    ],
)  # fmt: skip
def test_when_a_message_leaves(one: Subscription, now: str, leaves: str) -> None:
    assert due(one, at(now)) == at(leaves)


def test_a_moment_anywhere_is_understood() -> None:
    assert due(ONCE, dt.datetime(2026, 6, 15, 2, 30, tzinfo=dt.UTC)) == at("2026-06-15 10:30")
    assert due(ONCE, at("2026-06-15 10:30")).tzinfo is SHANGHAI


def test_a_year_whose_days_off_nobody_knows_counts_by_weekday() -> None:
    assert is_known(2026) and not is_known(2027) and not is_known(2003)
    assert not works_on(dt.date(2026, 10, 1)) and works_on(dt.date(2027, 10, 1))
    assert due(ONCE, at("2027-10-01 10:00")) == at("2027-10-01 10:00")
    assert due(ONCE, at("2027-10-02 10:00")) == at("2027-10-04 08:00")
