"""Deadlines and openings of measures, as a list and as an iCalendar file (RFC 5545)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from icalendar import TRANSP, Alarm, Calendar, Event, vText

from matcher.amounts import show_amount
from matcher.documents import words
from matcher.documents.words import clean
from matcher.results import Amount, MatchResult, Section
from matcher.show import verdict_text
from policies.library import LibraryMeasure
from policies.lifecycle import WindowState

ALARM_DAYS = (14, 3)
ALARM_HOUR = 9
"""Alarms ring at nine in the morning, not at midnight, when an all-day event begins."""
_OFFERED = frozenset({Section.ELIGIBLE, Section.TO_CHECK, Section.TO_ANSWER})


class Turn(StrEnum):
    """What happens on a day."""

    OPENS = words.OPENS
    CLOSES = words.CLOSES
    ENDS = words.ENDS


_CODES = {Turn.OPENS: "opens", Turn.CLOSES: "closes", Turn.ENDS: "ends"}


@dataclass(frozen=True)
class Deadline:
    """One day that matters for one measure.

    Attributes:
        turn: CLOSES is the last day to apply (inclusive), ENDS the last day of a policy that takes applications
            all the time.
        day: In China.
        days_left: Whole days from the day that was asked for; 0 on the day itself.
        usual: The day is that of earlier years; this year's notice decides.
        note: Why the measure is listed, in Chinese.
    """

    entry: LibraryMeasure
    turn: Turn
    day: dt.date
    days_left: int
    usual: bool
    note: str


def deadlines(entry: LibraryMeasure, window: WindowState, as_of: dt.date, note: str) -> list[Deadline]:
    """The known days of one measure from `as_of` on.

    Args:
        entry: The measure.
        window: Its window at `as_of`.
        as_of: The day that was asked for.
        note: Why the measure is listed, in Chinese.
    """
    kind = entry.policy.window_of(entry.measure).kind
    last = Turn.CLOSES if kind in {"fixed", "yearly"} else Turn.ENDS
    days = ((Turn.OPENS, window.opens), (last, window.closes))
    return [
        Deadline(entry, turn, day, (day - as_of).days, kind == "yearly", note)
        for turn, day in days
        if day is not None and day >= as_of
    ]


def deadlines_of(result: MatchResult) -> list[Deadline]:
    """The known days of everything that a company gets or may get."""
    return [
        found
        for match in result.matches
        if match.section in _OFFERED
        for found in deadlines(match.entry, match.window, result.as_of, _note(verdict_text(match), match.amount))
    ]


def in_order(found: Iterable[Deadline]) -> list[Deadline]:
    """By day; what comes twice is kept once, as it came first."""
    once = {(one.entry.measure_id, one.turn): one for one in reversed(list(found))}
    return sorted(once.values(), key=lambda one: (one.day, one.entry.measure_id, one.turn))


def calendar_file(found: Sequence[Deadline], *, name: str, now: dt.datetime) -> bytes:
    """An iCalendar file with one all-day event for each day that matters, each with two alarms.

    Args:
        found: In their order.
        name: What a calendar program calls it, in Chinese.
        now: The moment, with a time zone.
    """
    calendar = Calendar.new(
        prodid="-//huiqi//huiqi calendar//ZH",
        uid="calendar@huiqi",
        method="PUBLISH",
        calscale="GREGORIAN",
    )
    for key in ("name", "x-wr-calname"):  # Calendar.new would not escape it
        calendar.add(key, vText(" ".join(clean(name).split())))
    calendar.add("x-wr-timezone", "Asia/Shanghai")
    for one in found:
        calendar.add_component(_event(one, now))
    return bytes(calendar.to_ical())


def _event(one: Deadline, now: dt.datetime) -> Event:
    """A last day is inclusive, and DTEND is the first day after."""
    summary = clean(f"{one.turn.value}：{one.entry.measure.name}（{one.entry.policy.title}）")
    event = Event.new(
        uid=_uid(one),
        stamp=now.astimezone(dt.UTC),
        start=one.day,
        end=one.day + dt.timedelta(days=1),
        summary=summary,
        description=_description(one),
        categories=[words.BRAND],
        transparency=TRANSP.TRANSPARENT,
        url=_address(one.entry),
    )
    for days in ALARM_DAYS:
        event.add_component(_alarm(days, words.ALARM.format(days=days, summary=summary)))
    return event


def _uid(one: Deadline) -> str:
    """Stable, so that importing a file again moves an event instead of doubling it."""
    year = f".{one.day.year}" if one.usual else ""
    return f"{one.entry.measure_id.replace('/', '.')}.{_CODES[one.turn]}{year}@huiqi"


def _alarm(days: int, text: str) -> Alarm:
    alarm = Alarm.new(description=text)
    alarm.add("action", "DISPLAY")
    alarm.add("trigger", dt.timedelta(hours=ALARM_HOUR) - dt.timedelta(days=days))
    return alarm


def _description(one: Deadline) -> str:
    policy = one.entry.policy
    lines = (
        one.note,
        f"{words.POLICY}：{policy.title}{f'（{policy.doc_no}）' if policy.doc_no else ''}",
        f"{words.CHANNEL}：{policy.channel}" if policy.channel else "",
        f"{words.MATERIALS}：{'、'.join(policy.materials)}" if policy.materials else "",
        words.USUAL if one.usual else words.ASK_FIRST,
    )
    return clean("\n".join(line for line in lines if line))


def _note(verdict: str, amount: Amount) -> str:
    shown = show_amount(amount)
    return verdict if shown == "—" else f"{verdict}；{words.AMOUNT}：{shown}"


def _address(entry: LibraryMeasure) -> str | None:
    source = entry.policy.source
    official = source.quality == "official" and (source.url or "").startswith(("https://", "http://"))
    return source.url if official else None
