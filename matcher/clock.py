"""Chinese time: what the clock on the wall says, and how moments are written. Read at the edges only."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

SHANGHAI = ZoneInfo("Asia/Shanghai")


def now() -> dt.datetime:
    """The moment, in Shanghai."""
    return dt.datetime.now(SHANGHAI)


def show_minute(moment: dt.datetime) -> str:
    """A moment to the minute, in Shanghai: "2026-11-23 09:30"."""
    return moment.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M")


def iso_seconds(moment: dt.datetime) -> str:
    """A moment to the second, in Shanghai, as ISO says."""
    return moment.astimezone(SHANGHAI).isoformat(timespec="seconds")
