"""One policy in full: what it is, what its measures give and ask for, how to apply, and what is unverified."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse
from rapidfuzz import process

from matcher.library_show import benefit_name
from matcher.search import KINDS, LEVELS, standings
from matcher.service import Matcher
from matcher.services import Services
from matcher.steps import show_day, show_window
from matcher.ui import layout
from matcher.ui.site import library_text as words
from matcher.ui.site.opened import with_library
from policies.describe import describe
from policies.library import Library, LibraryMeasure
from policies.lifecycle import WindowPhase, WindowState, measure_window
from policies.policy import Policy
from policies.rules import Manual, Rule

URGENT_DAYS = 30
NEAREST = 3
_NOT_FOUND = 404


@dataclass(frozen=True)
class ConditionView:
    """One condition in Chinese; `manual` for one that a person has to check."""

    text: str
    manual: bool


@dataclass(frozen=True)
class MeasureView:
    """One measure as the page shows it; `window_text` is the source's wording where it says more."""

    entry: LibraryMeasure
    form: str
    recipient: str
    conditions: tuple[ConditionView, ...]
    preferred: tuple[str, ...]
    window: str
    window_text: str
    urgent: bool
    stacking: tuple[str, ...]


@dataclass(frozen=True)
class RelationView:
    """A related document; `policy` is None for one that is not in the library."""

    label: str
    policy: Policy | None
    text: str


def router(services: Services) -> APIRouter:
    """The page of a policy."""
    routes = APIRouter()

    @routes.get("/policies/{policy_id}")
    def policy(request: Request, policy_id: str) -> HTMLResponse:
        def show(matcher: Matcher) -> HTMLResponse:
            if policy_id not in matcher.library.policies:
                return _missing(request, matcher.library, policy_id)
            return _page(request, matcher.library, matcher.library.policies[policy_id], services.engine.as_of())

        return with_library(services, request, show)

    return routes


def _page(request: Request, library: Library, policy: Policy, as_of: dt.date) -> HTMLResponse:
    return layout.page(
        request,
        "policy",
        title=policy.title,
        active="policies",
        w=words,
        policy=policy,
        standing=standings(library, as_of)[policy.policy_id],
        as_of=show_day(as_of),
        measures=[measure_view(library.by_id[f"{policy.policy_id}/{one.slug}"], as_of) for one in policy.measures],
        relations=_relations(library, policy),
        level=LEVELS[policy.level],
        kind=KINDS.get(policy.kind, KINDS["other"]),
        link=official_link(policy),
        show_date=show_date,
        unverified=frozenset(policy.provenance.unverified),
    )


def _missing(request: Request, library: Library, policy_id: str) -> HTMLResponse:
    wanted = policy_id[:80]
    near = [library.policies[found] for found, _, _ in process.extract(wanted, list(library.policies), limit=NEAREST)]
    return layout.page(
        request, "policy_missing", title=words.UNKNOWN_POLICY, active="policies", status=_NOT_FOUND, w=words,
        policy_id=wanted, nearest=near,
    )  # fmt: skip


def measure_view(entry: LibraryMeasure, as_of: dt.date) -> MeasureView:
    """A measure on a day."""
    policy, measure = entry.policy, entry.measure
    window = measure_window(policy, measure, as_of)
    shown = window_words(window)
    return MeasureView(
        entry=entry,
        form=benefit_name(measure.benefit),
        recipient=words.RECIPIENTS.get(measure.recipient, ""),
        conditions=conditions(entry),
        preferred=tuple(describe(rule) for rule in entry.preferences),
        window=shown,
        window_text=window.text if window.text and window.text not in shown else "",
        urgent=is_urgent(window),
        stacking=tuple(
            member.text or words.STACKING_GROUP.format(mode=words.MODES[member.mode], group=member.group)
            for member in measure.stacking
        ),
    )


def conditions(entry: LibraryMeasure) -> tuple[ConditionView, ...]:
    """The conditions of a measure, its policy's first."""
    return tuple(ConditionView(describe(rule), _by_hand(rule)) for rule in entry.rule.parts)


def _by_hand(rule: Rule) -> bool:
    return isinstance(rule, Manual)


def window_words(window: WindowState) -> str:
    """A window in one phrase: its phase where that says something, its days, or the source's wording."""
    shown = show_window(window)
    told = window.phase in {WindowPhase.OPEN, WindowPhase.UPCOMING, WindowPhase.CLOSED}
    return f"{window.phase.value}：{shown}" if told and shown != window.phase.value else shown


def is_urgent(window: WindowState) -> bool:
    """Whether an open window closes within URGENT_DAYS."""
    return window.phase is WindowPhase.OPEN and window.days_left is not None and window.days_left <= URGENT_DAYS


def official_link(policy: Policy) -> str:
    """Address of the official text; empty unless it is official and a web address."""
    url = policy.source.url or ""
    return url if policy.source.quality == "official" and url.startswith(("https://", "http://")) else ""


def show_date(text: str | None) -> str:
    """A date of any precision as people write it ("2025 年 1 月"); says so where there is none."""
    if text is None:
        return words.NOT_STATED
    return " ".join(f"{int(part)} {unit}" for part, unit in zip(text.split("-"), "年月日", strict=False))


def _relations(library: Library, policy: Policy) -> list[RelationView]:
    """What the policy names, then what names it."""
    found = [
        RelationView(
            words.RELATIONS[relation.type],
            library.policies.get(relation.target) if relation.target else None,
            relation.target_text or relation.target or "",
        )
        for relation in policy.relations
    ]
    named = {relation.target for relation in policy.relations}
    found += [
        RelationView(words.MENTIONED_BY, other, "")
        for other in library.policies.values()
        if other.policy_id not in named and any(one.target == policy.policy_id for one in other.relations)
    ]
    return found
