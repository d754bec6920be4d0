"""How far messages came, by measure, region and channel, for some days; as tables and as CSV."""

from __future__ import annotations

import csv
import datetime as dt
import io
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import get_args
from urllib.parse import urlencode

from fastapi import APIRouter, Request, Response

from matcher.clock import SHANGHAI
from matcher.export.cells import csv_text
from matcher.push import desk_text
from matcher.push.batches import Batches, By, Reach
from matcher.push.desk import reach, region_name, total
from matcher.services import Services
from matcher.store.companies import Channel
from matcher.ui.site import pushes_text as words
from matcher.ui.site.push_frame import Staff, StaffRoute, namer, show
from matcher.ui.site.replies import Refused, attachment
from policies.dates import parse_date
from policies.values import ValueReason

SHOWN = 50
"""Rows of a table; the rest is in the file."""
BYS: tuple[By, ...] = get_args(By)
MAX_DAY_CHARS = 30
COLUMNS = (words.RATE, words.MADE_N, words.SENT_N, words.READ_N, words.DEAD_N, words.CANCELLED_N)


@dataclass(frozen=True)
class Days:
    """From which day to which, both included; None for open.

    Attributes:
        problems: What could not be understood, in Chinese, by the field that it stands in.
    """

    first: dt.date | None = None
    last: dt.date | None = None
    problems: tuple[tuple[str, str], ...] = ()

    @classmethod
    def read(cls, first: str, last: str) -> Days:
        """As people write days, months or years; all time where that makes no sense."""
        days, problems = {}, []
        for field, value in (("from", first), ("to", last)):
            try:
                days[field] = parse_date(value)
            except ValueReason as reason:
                problems.append((field, str(reason)))
        if problems:
            return cls(problems=tuple(problems))
        start, end = days["from"].lo, days["to"].hi
        if start > end:
            return cls(problems=(("from", words.BAD_RANGE),))
        return cls(_day(start), _day(end))

    @property
    def since(self) -> dt.datetime | None:
        """The first moment."""
        return dt.datetime.combine(self.first, dt.time(), SHANGHAI) if self.first else None

    @property
    def until(self) -> dt.datetime | None:
        """The first moment after."""
        return dt.datetime.combine(self.last + dt.timedelta(1), dt.time(), SHANGHAI) if self.last else None

    def query(self) -> str:
        """For an address: "" or "from=…&to=…"."""
        pairs = {"from": self.first, "to": self.last}
        return urlencode({name: day.isoformat() for name, day in pairs.items() if day})


@dataclass(frozen=True)
class Figures:
    """One table.

    Attributes:
        rows: What a line is about, where it leads ("" for nowhere), its figures.
    """

    by: By
    title: str
    rows: list[tuple[str, str, Reach]]
    total: Reach


def router(services: Services) -> APIRouter:
    """Its routes."""
    routes = APIRouter(route_class=StaffRoute)

    @routes.get("/push/statistics")
    def statistics(request: Request, who: Staff) -> Response:
        typed = _typed(request)
        days = Days.read(*typed)
        found = [_figures(services, by, days) for by in BYS]
        today = services.now().astimezone(SHANGHAI).date()
        return show(
            services, request, "push_statistics", title=words.STATISTICS, section="statistics",
            days=days, typed=typed if days.problems else (days.first or "", days.last or ""),
            ranges=[(label, Days(today - dt.timedelta(n - 1), today).query()) for label, n in words.RANGES],
            found=found, total=found[0].total, columns=COLUMNS, shown=SHOWN, rate=_rate,
        )  # fmt: skip

    @routes.get("/push/statistics.csv")
    def export(request: Request, who: Staff, by: str = "") -> Response:
        wanted = next((each for each in BYS if each == by), None)
        days = Days.read(*_typed(request))
        if wanted is None or days.problems:
            raise Refused(422, words.NOT_DONE, "\n".join(text for _, text in days.problems) or words.UNKNOWN_TABLE)
        name = words.EXPORT_NAME.format(by=words.BY[wanted])
        span = "".join(f"-{day.isoformat()}" for day in (days.first, days.last) if day)
        return attachment(_csv(_figures(services, wanted, days)), "text/csv; charset=utf-8", f"{name}{span}.csv")

    return routes


def _day(ordinal: float) -> dt.date | None:
    return dt.date.fromordinal(int(ordinal)) if math.isfinite(ordinal) else None


def _typed(request: Request) -> tuple[str, str]:
    """The days as the address says them."""
    first, last = (request.query_params.get(name, "").strip()[:MAX_DAY_CHARS] for name in ("from", "to"))
    return first, last


def _figures(services: Services, by: By, days: Days) -> Figures:
    rows, name = reach(Batches(services.database), by, days.since, days.until), _namer(services, by)
    return Figures(by, words.BY[by], [(*name(row.name), row) for row in rows], total(rows))


def _namer(services: Services, by: By) -> Callable[[str], tuple[str, str]]:
    """Finds what a line is about and where that leads."""
    if by == "region":
        return lambda code: (region_name(code), "")
    if by == "channel":
        return lambda value: (desk_text.CHANNELS[Channel(value)], "")
    named = namer(services)

    def measure(measure_id: str) -> tuple[str, str]:
        found = named(measure_id)
        return (f"{found.policy}：{found.measure}" if found.policy else measure_id), found.link

    return measure


def _rate(row: Reach) -> str:
    """触达率 in per cent, with one digit."""
    return words.NO_RATE if row.rate is None else f"{100 * row.rate:.1f}"


def _csv(figures: Figures) -> bytes:
    """UTF-8 with a byte order mark, so that Excel reads the Chinese; nothing is taken for a formula."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow([words.BY_NAME[figures.by], *COLUMNS])
    for name, row in [*((label, row) for label, _, row in figures.rows), (words.TOTAL, figures.total)]:
        rate = "" if row.rate is None else _rate(row)
        writer.writerow([csv_text(name), rate, row.made, row.sent, row.read, row.dead, row.cancelled])
    return out.getvalue().encode("utf-8-sig")
