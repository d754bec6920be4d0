"""The timetable of one application as a calendar file: the measure's own days, and days by which to be ready."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from icalendar import TRANSP, Alarm, Calendar, Event, vRecur

from matcher.documents.calendar import Deadline, Turn, calendar_file, deadlines
from matcher.documents.words import clean
from matcher.packs import words
from matcher.packs.case import Case
from matcher.show import verdict_text
from policies.lifecycle import WindowPhase

BEFORE_LAST_DAY = (21, 10, 3)
"""Days before the last day on which the form is complete, the papers are ready, and the application is handed in."""
AFTER_TODAY = (3, 10, 15)
"""The same, counted from today, where there is no last day or it is far away."""
FAR_DAYS = 60
NOTICE_MONTHS = 12
_SATURDAY = 5


@dataclass(frozen=True)
class Step:
    """One day by which something should be done; only a suggestion."""

    key: str
    day: dt.date
    text: str


def days_of(case: Case) -> list[Deadline]:
    """The measure's own days from the day that was asked for on."""
    return deadlines(case.match.entry, case.match.window, case.as_of, verdict_text(case.match))


def steps_of(case: Case) -> list[Step]:
    """Days by which to have things ready, never before today, on working days of the week."""
    today = case.as_of
    close = next((one.day for one in days_of(case) if one.turn is Turn.CLOSES), None)
    opens = next((one.day for one in days_of(case) if one.turn is Turn.OPENS), None)
    if close is not None and (close - today).days <= FAR_DAYS:
        days = [close - dt.timedelta(days=before) for before in BEFORE_LAST_DAY]
    else:
        first = max(today, opens - dt.timedelta(days=AFTER_TODAY[1])) if opens else today
        days = [first + dt.timedelta(days=after) for after in AFTER_TODAY]
    keys = ("fill", "papers", "submit")
    steps = [Step(key, _weekday(max(day, today), today), words.STEPS[key]) for key, day in zip(keys, days, strict=True)]
    return steps[:2] if _by_notice(case) else steps


def timetable(case: Case) -> bytes:
    """An iCalendar file; one without a known day reminds once a month to look for the notice."""
    name = words.TIMETABLE_NAME.format(measure=case.match.entry.measure.name)
    calendar = Calendar.from_ical(calendar_file(days_of(case), name=name, now=case.made_at))
    assert isinstance(calendar, Calendar)
    for step in steps_of(case):
        calendar.add_component(_event(case, step))
    if _by_notice(case):
        calendar.add_component(_monthly(case))
    return bytes(calendar.to_ical())


def _by_notice(case: Case) -> bool:
    """Whether nobody knows yet when one can apply."""
    return not days_of(case) and case.match.window.phase is not WindowPhase.OPEN


def _event(case: Case, step: Step) -> Event:
    entry = case.match.entry
    event = Event.new(
        uid=f"{entry.measure_id.replace('/', '.')}.{step.key}@huiqi",
        stamp=case.made_at.astimezone(dt.UTC),
        start=step.day,
        end=step.day + dt.timedelta(days=1),
        summary=clean(f"{step.text}：{entry.measure.name}"),
        description=clean(words.STEP_NOTE.format(policy=entry.policy.title)),
        categories=[words.BRAND],
        transparency=TRANSP.TRANSPARENT,
    )
    alarm = Alarm.new(description=clean(f"{step.text}：{entry.measure.name}"))
    alarm.add("action", "DISPLAY")
    alarm.add("trigger", dt.timedelta(hours=9))
    event.add_component(alarm)
    return event


def _monthly(case: Case) -> Event:
    first = (case.as_of.replace(day=1) + dt.timedelta(days=32)).replace(day=10)
    event = _event(case, Step("notice", first, words.STEPS["notice"]))
    event.add("rrule", vRecur({"FREQ": "MONTHLY", "COUNT": NOTICE_MONTHS}))
    return event


def _weekday(day: dt.date, today: dt.date) -> dt.date:
    """A Saturday or Sunday becomes the Friday before it, or the Monday after it where that is past."""
    over = day.weekday() - _SATURDAY
    if over < 0:
        return day
    friday = day - dt.timedelta(days=1 + over)
    return friday if friday >= today else day + dt.timedelta(days=2 - over)
