"""Deadlines as a list and as an iCalendar file that is read back."""

from __future__ import annotations

import datetime as dt

import pytest
from icalendar import Calendar, Component

from matcher.documents.calendar import Deadline, Turn, calendar_file, deadlines, in_order
from policies.library import LibraryMeasure
from policies.lifecycle import window_state
from tests.support import entry, measure

AS_OF = dt.date(2026, 11, 23)
NOW = dt.datetime(2026, 11, 23, 9, 30, tzinfo=dt.timezone(dt.timedelta(hours=8)))
FIXED = {"kind": "fixed", "opens": "2026-12-01", "closes": "2026-12-31"}
OVER_NEW_YEAR = {"kind": "yearly", "opens": "11-01", "closes": "02-28"}


def days_of(one: LibraryMeasure, as_of: dt.date = AS_OF) -> list[Deadline]:
    return deadlines(one, window_state(one.policy.window_of(one.measure), one.policy, as_of), as_of, "已收藏")


def events_of(found: list[Deadline], name: str = "日历") -> list[Component]:
    return list(Calendar.from_ical(calendar_file(found, name=name, now=NOW)).events)


@pytest.mark.parametrize(
    ("window", "changes", "expected"),
    [
        (FIXED, {}, [(Turn.OPENS, "2026-12-01", 8, False), (Turn.CLOSES, "2026-12-31", 38, False)]),
        ({"kind": "fixed", "closes": "2026-11-23"}, {}, [(Turn.CLOSES, "2026-11-23", 0, False)]),
        ({"kind": "fixed", "closes": "2026-11-22"}, {}, []),
        ({"kind": "yearly", "opens": "03-01", "closes": "04-30"}, {},
         [(Turn.OPENS, "2027-03-01", 98, True), (Turn.CLOSES, "2027-04-30", 158, True)]),
        (OVER_NEW_YEAR, {}, [(Turn.CLOSES, "2027-02-28", 97, True)]),
        ({"kind": "year_round"}, {"valid_to": "2027-12"}, [(Turn.ENDS, "2027-12-31", 403, False)]),
        ({"kind": "year_round"}, {}, []),
        ({"kind": "by_notice"}, {"valid_to": "2027"}, []),
        ({"kind": "unknown"}, {}, []),
    ],
)  # fmt: skip
def test_known_days(
    window: dict[str, str], changes: dict[str, str], expected: list[tuple[Turn, str, int, bool]]
) -> None:
    found = days_of(entry("p", measure(window=window), **changes))
    assert [(one.turn, one.day.isoformat(), one.days_left, one.usual) for one in found] == expected


def test_the_list_is_in_order_and_the_first_of_a_kind_counts() -> None:
    late, soon = (
        entry("a", measure(window=FIXED)),
        entry("b", measure(window={"kind": "fixed", "closes": "2026-12-02"})),
    )
    again = [Deadline(late, Turn.CLOSES, dt.date(2026, 12, 31), 38, False, "再来一次")]
    found = in_order([*days_of(late), *days_of(soon), *again])
    assert [(one.entry.policy.policy_id, one.turn.value) for one in found] == [
        ("a", "开始申报"), ("b", "申报截止"), ("a", "申报截止")
    ]  # fmt: skip
    assert found[-1].note == "已收藏"


def test_an_event_lasts_the_whole_last_day_and_rings_twice() -> None:
    source = {"title": "通知", "url": "https://gxt.example.cn/1", "quality": "official"}
    told = {"doc_no": "鲁工信〔2026〕1号", "channel": "政务服务网", "materials": ["申请表", "合同"]}
    one = entry("p", measure(window=FIXED), source=source, **told)
    opens, closes = events_of(days_of(one))
    assert (closes.start, closes.end) == (dt.date(2026, 12, 31), dt.date(2027, 1, 1))
    assert closes["dtstart"].params["VALUE"] == "DATE" and closes.stamp == NOW
    assert (opens.uid, closes.uid) == ("p.grant.opens@huiqi", "p.grant.closes@huiqi")
    assert closes["summary"] == "申报截止：支持事项grant（关于p的通知）"
    for words in (
        "已收藏",
        "鲁工信〔2026〕1号",
        "申报渠道：政务服务网",
        "申报材料：申请表、合同",
        "以主管部门通知为准",
    ):
        assert words in closes["description"]
    assert closes["url"] == "https://gxt.example.cn/1" and closes["transp"] == "TRANSPARENT"
    midnight = dt.datetime.combine(closes.start, dt.time(), NOW.tzinfo)
    rings = [midnight + alarm["trigger"].dt for alarm in closes.walk("VALARM")]
    assert [ring.isoformat() for ring in rings] == ["2026-12-17T09:00:00+08:00", "2026-12-28T09:00:00+08:00"]


def test_ids_stay_and_a_yearly_window_has_one_for_each_year() -> None:
    one = entry("p", measure(window={"kind": "yearly", "opens": "03-01", "closes": "04-30"}))
    first, again = events_of(days_of(one)), events_of(days_of(one, dt.date(2026, 12, 1)))
    assert [event.uid for event in first] == [event.uid for event in again]
    assert [event.uid for event in events_of(days_of(one, dt.date(2027, 5, 1)))] == [
        "p.grant.opens.2028@huiqi", "p.grant.closes.2028@huiqi"
    ]  # fmt: skip
    moved = entry("q", measure(window={**FIXED, "closes": "2027-01-15"}))
    before = entry("q", measure(window=FIXED))
    assert [event.uid for event in events_of(days_of(moved))] == [event.uid for event in events_of(days_of(before))]


def test_text_cannot_break_out() -> None:
    evil = "甲;乙,丙\\\r\nBEGIN:VEVENT\nSUMMARY:假\x00\x0b"
    one = entry("p", measure(window=FIXED, name=evil), channel=evil)
    content = calendar_file(days_of(one), name=evil, now=NOW)
    assert content.count(b"\r\nBEGIN:VEVENT\r\n") == 2 and b"\x00" not in content and b"\x0b" not in content
    calendar = Calendar.from_ical(content)
    plain = "甲;乙,丙\\\nBEGIN:VEVENT\nSUMMARY:假"
    assert b"\r\nX-WR-CALNAME:" + "甲\\;乙\\,丙\\\\ BEGIN:VEVENT SUMMARY:假\r\n".encode() in content
    assert calendar["x-wr-timezone"] == "Asia/Shanghai"
    assert all(plain in event["summary"] and plain in event["description"] for event in calendar.events)
    assert all(len(line) <= 75 for line in content.split(b"\r\n"))


def test_only_an_official_address_is_linked() -> None:
    for source in (
        {"url": "https://blog.example.cn/", "quality": "media"},
        {"url": "javascript:alert(1)", "quality": "official"},
    ):
        assert all("url" not in event for event in events_of(days_of(entry("p", measure(window=FIXED), source=source))))


def test_a_calendar_without_days_is_a_calendar() -> None:
    calendar = Calendar.from_ical(calendar_file([], name="空", now=NOW))
    assert (
        calendar["prodid"] and calendar["version"] == "2.0" and calendar["method"] == "PUBLISH" and not calendar.events
    )
