"""Two to four measures side by side, for anybody or for a company of one's own."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

import numpy as np
from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from index.fusion import z_fuse
from matcher.access.identity import identity_of
from matcher.amounts import show_amount
from matcher.results import Match, Section
from matcher.retrieval import Query, measure_text
from matcher.search import LEVELS, standings
from matcher.service import Matcher
from matcher.services import Services
from matcher.stacking import exclude_each_other
from matcher.store.tables import Run
from matcher.ui import layout, text
from matcher.ui.session import kept_profile
from matcher.ui.site import library_text as words
from matcher.ui.site.opened import with_library
from matcher.ui.site.policy_page import MeasureView, measure_view
from matcher.workspace import Workspace
from policies.errors import InputError
from policies.fields import registry
from policies.library import LibraryMeasure
from policies.lifecycle import Lifecycle
from policies.profile import CompanyProfile

PATH = "/compare"
MOST = 4
OFFERED = 6
"""Measures that are offered to be added, and how many of them of one policy."""
OF_ONE_POLICY = 2


@dataclass(frozen=True)
class Judged:
    """A measure for one company; `mark` is the key of the verdict's icon and colour, empty if it is not offered."""

    mark: str
    verdict: str
    amount: str
    trace: str
    missing: tuple[str, ...]
    unmet: tuple[str, ...]


@dataclass(frozen=True)
class Column:
    """One measure of the table."""

    view: MeasureView
    level: str
    state: Lifecycle
    together: tuple[str, ...]
    judged: Judged | None
    without: str


def router(services: Services) -> APIRouter:
    """The comparison."""
    routes = APIRouter()

    @routes.get(PATH)
    def compare(request: Request) -> HTMLResponse:
        def show(matcher: Matcher) -> HTMLResponse:
            run_id = request.query_params.get("run", "")
            run = _own_run(request, services, run_id) if run_id else None
            return _page(request, matcher, services.engine.as_of(), run, gone=bool(run_id) and run is None)

        return with_library(services, request, show)

    return routes


def _own_run(request: Request, services: Services, run_id: str) -> Run | None:
    try:
        owner = identity_of(request.scope).user_id
    except PermissionError:
        return None
    return Workspace(services.database).run(owner, run_id)


def address(measure_ids: Sequence[str], run: Run | None) -> str:
    """The address of a comparison."""
    pairs = [("m", measure_id) for measure_id in measure_ids] + ([("run", run.run_id)] if run else [])
    return f"{PATH}?{urlencode(pairs)}" if pairs else PATH


def _page(request: Request, matcher: Matcher, as_of: dt.date, run: Run | None, *, gone: bool) -> HTMLResponse:
    asked = [value for value in dict.fromkeys(request.query_params.getlist("m")) if value]
    known = [measure_id for measure_id in asked if measure_id in matcher.library.by_id]
    unknown = [value[:60] for value in asked if value not in matcher.library.by_id]
    entries = [matcher.library.by_id[measure_id] for measure_id in known[:MOST]]
    notes = [words.UNKNOWN_MEASURES.format(ids="、".join(unknown[:MOST]))] if unknown else []
    notes += [words.TOO_MANY.format(n=MOST)] if len(known) > MOST else []
    notes += [words.RUN_GONE] if gone else []
    judged, problem = _judge(matcher, entries, run, as_of) if run else ([None] * len(entries), "")
    notes += [words.RUN_BROKEN.format(reason=problem)] if problem else []
    columns = _columns(matcher, entries, judged, run, as_of)
    more = nearest(matcher, entries, as_of) if 0 < len(entries) < MOST else []
    return layout.page(
        request,
        "compare",
        title=words.COMPARE,
        active="policies",
        w=words,
        icons=text.ICONS,
        columns=columns,
        common=_common(columns),
        notes=notes,
        company=run.name if run and not problem else "",
        more=[(entry, address([*known, entry.measure_id], run)) for entry in more],
    )


def _columns(
    matcher: Matcher,
    entries: Sequence[LibraryMeasure],
    judged: Sequence[Judged | None],
    run: Run | None,
    as_of: dt.date,
) -> list[Column]:
    stands = standings(matcher.library, as_of)
    chosen = [entry.measure_id for entry in entries]
    found = []
    for entry, verdict in zip(entries, judged, strict=True):
        found.append(
            Column(
                view=measure_view(entry, as_of),
                level=LEVELS[entry.policy.level],
                state=stands[entry.policy.policy_id].state,
                together=_together(entry, entries),
                judged=verdict,
                without=address([other for other in chosen if other != entry.measure_id], run),
            )
        )
    return found


def _common(columns: Sequence[Column]) -> frozenset[str]:
    """Conditions that every one of several measures has, by their wording."""
    counts = Counter(line for column in columns for line in {one.text for one in column.view.conditions})
    return frozenset(line for line, count in counts.items() if count == len(columns) > 1)


def _together(entry: LibraryMeasure, entries: Sequence[LibraryMeasure]) -> tuple[str, ...]:
    """Why a measure cannot be had together with others, one line each; empty where nothing is known against it."""
    return tuple(
        _conflict(entry, other) for other in entries if other is not entry and exclude_each_other(entry, other)
    )


def _conflict(one: LibraryMeasure, other: LibraryMeasure) -> str:
    groups = {member.group for member in other.measure.stacking}
    details = [
        words.STACKING_GROUP.format(mode=words.MODES[member.mode], group=member.group)
        for member in one.measure.stacking
        if member.group in groups and member.mode != "additive"
    ]
    reason = words.TOGETHER_NO.format(other=other.measure.name)
    return words.TOGETHER_OF.format(reason=reason, detail="；".join(details)) if details else reason


def _judge(
    matcher: Matcher, entries: Sequence[LibraryMeasure], run: Run, as_of: dt.date
) -> tuple[list[Judged | None], str]:
    """Every measure for the company of a run, or why its profile cannot be used."""
    try:
        profile = kept_profile(run.raw)
        profile.check_at(as_of)
    except InputError as error:
        return [None] * len(entries), str(error)
    return [_judged(matcher, profile, entry, as_of) for entry in entries], ""


def _judged(matcher: Matcher, profile: CompanyProfile, entry: LibraryMeasure, as_of: dt.date) -> Judged:
    try:
        match = matcher.explain(profile, entry.measure_id, as_of)
    except InputError:  # closed, expired or superseded
        return Judged("", words.NOT_OFFERED, "", "", (), ())
    count = len(match.missing) if match.section is Section.TO_ANSWER else len(match.manual)
    return Judged(
        mark=match.section.name,
        verdict=text.VERDICTS[match.section.name].format(n=count),
        amount=_amount(match),
        trace=match.amount.trace,
        missing=tuple(registry()[name].label for name in match.missing),
        unmet=tuple(gap.text for gap in match.gaps),
    )


def _amount(match: Match) -> str:
    shown = show_amount(match.amount)
    if shown != "—":
        return shown
    return words.OPEN_AMOUNT if match.amount.money else words.NO_MONEY


def nearest(matcher: Matcher, chosen: Sequence[LibraryMeasure], as_of: dt.date) -> list[LibraryMeasure]:
    """Measures on offer that are most like the first chosen one, by words and meaning; few of one policy."""
    taken = {entry.measure_id for entry in chosen}
    others = [
        item.entry
        for item in matcher.active(as_of)
        if item.entry.measure_id not in taken and item.entry.measure.benefit.type != "direction"
    ]
    if not others:
        return []
    like = matcher.retriever.similarities([Query((), measure_text(chosen[0]))], matcher.retriever.rows(others))
    dense = like.whole_dense[0] if matcher.retriever.dense else None
    offered: list[LibraryMeasure] = []
    counts: Counter[str] = Counter()
    for place in np.argsort(-z_fuse(dense, like.whole_lexical[0]), kind="stable").tolist():
        policy_id = others[place].policy.policy_id
        if counts[policy_id] < OF_ONE_POLICY and len(offered) < OFFERED:
            counts[policy_id] += 1
            offered.append(others[place])
    return offered
