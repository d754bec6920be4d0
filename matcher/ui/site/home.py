"""The front door: what there is, for whom."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from matcher.search import standings
from matcher.service import Matcher
from matcher.services import Services
from matcher.steps import show_day
from matcher.ui import layout, text
from matcher.ui.site import library_text as words
from policies.lifecycle import WindowPhase
from policies.policy import Policy

DEADLINE_DAYS = 60
DEADLINES = 8


@dataclass(frozen=True)
class Door:
    """A way in."""

    href: str
    label: str
    title: str
    lead: str


@dataclass(frozen=True)
class Deadline:
    """A policy whose next open window closes soon, with the measures that it is about."""

    policy: Policy
    measures: tuple[str, ...]
    day: str
    iso: str
    days_left: int


@dataclass(frozen=True)
class Facts:
    """The library on a day."""

    all_policies: int
    policies: int
    measures: int
    as_of: str
    version: str


def router(services: Services) -> APIRouter:
    """The home page; it opens at once, also while the library is still loading."""
    routes = APIRouter()

    @routes.get("/")
    def home(request: Request) -> HTMLResponse:
        matcher = services.engine.matcher() if services.engine.ready else None
        as_of = services.engine.as_of()
        return layout.page(
            request,
            "home",
            title=text.HOME,
            w=words,
            doors=_doors(request),
            facts=_facts(matcher, as_of) if matcher else None,
            deadlines=deadlines(matcher, as_of) if matcher else [],
        )

    return routes


def _doors(request: Request) -> list[Door]:
    """The pages that whoever asks may open, or the way to log in."""
    identity = request.scope.get("state", {}).get("identity")
    if identity is None:
        return [Door("/login", *words.DOOR_LOG_IN)]
    return [
        Door(place.href, *words.DOOR_TEXTS[place.key])
        for place in layout.places_for(identity)
        if place.key in words.DOOR_TEXTS
    ]


def _facts(matcher: Matcher, as_of: dt.date) -> Facts:
    active = matcher.active(as_of)
    in_force = [one for one in standings(matcher.library, as_of).values() if one.state.matchable]
    return Facts(len(matcher.library.policies), len(in_force), len(active), show_day(as_of), matcher.library.version)


def deadlines(matcher: Matcher, as_of: dt.date) -> list[Deadline]:
    """The first DEADLINES policies with an open window that closes within DEADLINE_DAYS, soonest first."""
    closing: dict[tuple[dt.date, str], list[str]] = {}
    for item in matcher.active(as_of):
        window = item.window
        soon = window.days_left is not None and window.days_left <= DEADLINE_DAYS
        if window.phase is WindowPhase.OPEN and window.closes and soon:
            closing.setdefault((window.closes, item.entry.policy.policy_id), []).append(item.entry.measure.name)
    return [
        Deadline(matcher.library.policies[policy_id], tuple(names), show_day(day), day.isoformat(), (day - as_of).days)
        for (day, policy_id), names in sorted(closing.items())[:DEADLINES]
    ]
