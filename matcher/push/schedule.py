"""When a message may leave: never in quiet hours, on working days if so wished, digests in the morning (Shanghai)."""

from __future__ import annotations

import datetime as dt
from functools import lru_cache

from chinese_calendar import is_workday  # type: ignore[import-untyped]

from matcher.clock import SHANGHAI
from matcher.store.pushes import Frequency, Subscription

DIGEST_HOUR = 9
"""When digests leave."""
WEEKS_BACK = 3
"""A weekly digest of so many weeks ago may still lie ahead: no break is longer."""
SATURDAY = 5
DAY, WEEK = dt.timedelta(days=1), dt.timedelta(days=7)


def due(subscription: Subscription, now: dt.datetime) -> dt.datetime:
    """The first moment from `now` on at which a subscription's next message may leave.

    Args:
        subscription: Its frequency, quiet hours and working days count.
        now: With a time zone.

    Returns:
        In Shanghai. At once: the first moment that is neither quiet nor (where only working days are wanted) on a day
        off. Daily: 9 o'clock; weekly: 9 o'clock on Monday, or on the next working day; later that day if it is quiet
        then. Calling it again with what it returned gives the same moment.
    """
    moment = now.astimezone(SHANGHAI)
    if subscription.frequency is Frequency.AT_ONCE:
        return _free(subscription, moment, opens=0)
    first, step = moment.date() - DAY, DAY
    if subscription.frequency is Frequency.WEEKLY:
        first, step = moment.date() - moment.weekday() * DAY - WEEKS_BACK * WEEK, WEEK
    while (slot := _free(subscription, _at(first, DIGEST_HOUR), opens=DIGEST_HOUR)) < moment:
        first += step
    return slot


@lru_cache(maxsize=1024)
def works_on(day: dt.date) -> bool:
    """Whether people work on a day in China, make-up days (调休) included; any weekday where `is_known` says no."""
    return bool(is_workday(day)) if is_known(day.year) else day.weekday() < SATURDAY


def is_known(year: int) -> bool:
    """Whether the days off of a year are known: they are announced towards the end of the year before."""
    try:
        is_workday(dt.date(year, 1, 1))
    except NotImplementedError:
        return False
    return True


def _free(subscription: Subscription, moment: dt.datetime, *, opens: int) -> dt.datetime:
    """The first moment from `moment` on that is allowed; days that follow a day off begin at `opens`."""
    start, end = subscription.quiet_from, subscription.quiet_to
    while True:
        if subscription.workdays_only and not works_on(moment.date()):
            moment = _at(moment.date() + DAY, opens)
        elif _is_quiet(moment.hour, start, end):
            moment = _at(moment.date() + (DAY if end <= moment.hour else dt.timedelta()), end)
        else:
            return moment


def _is_quiet(hour: int, start: int, end: int) -> bool:
    return start <= hour < end if start <= end else hour >= start or hour < end


def _at(day: dt.date, hour: int) -> dt.datetime:
    return dt.datetime.combine(day, dt.time(hour), SHANGHAI)
