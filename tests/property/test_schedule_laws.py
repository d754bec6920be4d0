"""When messages may leave, for any subscription and any moment."""

from __future__ import annotations

import datetime as dt

import chinese_calendar
from hypothesis import given
from hypothesis import strategies as st

from matcher.clock import SHANGHAI
from matcher.push.schedule import DIGEST_HOUR, due, is_known, works_on
from matcher.store.pushes import Frequency, Subscription

HOUR = dt.timedelta(hours=1)
subscriptions = st.builds(
    Subscription,
    frequency=st.sampled_from(Frequency),
    quiet_from=st.integers(0, 23),
    quiet_to=st.integers(0, 23),
    workdays_only=st.booleans(),
)
moments = st.datetimes(dt.datetime(2023, 12, 1), dt.datetime(2028, 2, 1), timezones=st.just(dt.UTC))  # noqa: DTZ001


def is_quiet(one: Subscription, hour: int) -> bool:
    """Written another way than the product: walk through the quiet hours."""
    found, each = set(), one.quiet_from
    while each != one.quiet_to:
        found.add(each)
        each = (each + 1) % 24
    return hour in found


def is_allowed(one: Subscription, moment: dt.datetime) -> bool:
    local = moment.astimezone(SHANGHAI)
    works = chinese_calendar.is_workday(local.date()) if local.year <= 2026 else local.weekday() < 5
    return not is_quiet(one, local.hour) and (works or not one.workdays_only)


@given(subscriptions, moments)
def test_never_in_the_past_in_quiet_hours_or_on_a_day_off(one: Subscription, now: dt.datetime) -> None:
    moment = due(one, now)
    assert moment >= now and is_allowed(one, moment)


@given(subscriptions, moments, moments)
def test_whoever_asks_later_never_gets_an_earlier_moment(one: Subscription, a: dt.datetime, b: dt.datetime) -> None:
    assert due(one, min(a, b)) <= due(one, max(a, b))


@given(subscriptions, moments)
def test_the_moment_holds_when_it_has_come(one: Subscription, now: dt.datetime) -> None:
    assert due(one, due(one, now)) == due(one, now)


@given(subscriptions, moments)
def test_at_once_there_is_no_earlier_moment(one: Subscription, now: dt.datetime) -> None:
    one.frequency = Frequency.AT_ONCE
    moment = due(one, now)
    hours = int((moment - now) / HOUR)
    assert not any(is_allowed(one, now + n * HOUR) for n in range(hours))
    assert moment == now or not is_allowed(one, now)


@given(subscriptions, moments)
def test_a_digest_leaves_in_the_morning_or_when_the_quiet_hours_end(one: Subscription, now: dt.datetime) -> None:
    moment = due(one, now)
    if one.frequency is not Frequency.AT_ONCE:
        assert moment.hour == (one.quiet_to if is_quiet(one, DIGEST_HOUR) else DIGEST_HOUR)
        assert (moment.minute, moment.second, moment.microsecond) == (0, 0, 0)


@given(st.booleans(), moments)
def test_a_daily_digest_misses_no_day(workdays_only: bool, now: dt.datetime) -> None:
    one = Subscription(frequency=Frequency.DAILY, quiet_from=0, quiet_to=0, workdays_only=workdays_only)
    nine = dt.datetime.combine(now.astimezone(SHANGHAI).date(), dt.time(DIGEST_HOUR), SHANGHAI)
    days = (nine + n * dt.timedelta(days=1) for n in range(20))
    assert due(one, now) == next(day for day in days if day >= now and is_allowed(one, day))


@given(moments)
def test_a_weekly_digest_leaves_once_for_every_week(now: dt.datetime) -> None:
    """On the first working day from Monday on; two weeks share one only where a break covers the first."""
    one = Subscription(frequency=Frequency.WEEKLY, quiet_from=0, quiet_to=0, workdays_only=True)
    moment = due(one, now)
    monday = moment.date() - dt.timedelta(days=moment.weekday())
    between = (monday + dt.timedelta(days=n) for n in range(moment.weekday()))
    assert not any(works_on(day) for day in between)


@given(st.dates(dt.date(2004, 1, 1), dt.date(2035, 12, 31)))
def test_years_that_are_not_announced_count_by_weekday(day: dt.date) -> None:
    known = day.year <= 2026
    assert is_known(day.year) is known
    assert works_on(day) is (chinese_calendar.is_workday(day) if known else day.weekday() < 5)
