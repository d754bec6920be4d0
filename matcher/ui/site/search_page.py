"""The search page: a plain form, so that every search is an address that can be kept and sent."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import groupby
from typing import Any
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from matcher.search import (
    KINDS,
    LEVELS,
    MAX_QUERY_CHARS,
    STATES,
    THEMES,
    SearchRequest,
    SearchResult,
    search,
)
from matcher.search.request import MAX_PAGE
from matcher.service import Matcher
from matcher.services import Services
from matcher.ui import layout
from matcher.ui.site import library_text as words
from matcher.ui.site.opened import with_library
from matcher.ui.site.policy_page import window_words
from policies.errors import UnknownCode
from policies.library import Library
from policies.regions import regions

PATH = "/policies"
PAGE_SIZE = 10
GROUPS: dict[str, tuple[str, Mapping[str, str]]] = {
    "levels": ("level", LEVELS),
    "kinds": ("kind", KINDS),
    "themes": ("theme", {theme: theme for theme in THEMES}),
    "states": ("state", {state: state for state in STATES}),
}
"""Field of SearchRequest to its name in the address and its values with their labels."""
Pairs = list[tuple[str, str]]


@dataclass(frozen=True)
class Asked:
    """What an address asks for, with what could not be understood of it."""

    request: SearchRequest
    ignored: tuple[str, ...]
    cut: bool


def router(services: Services) -> APIRouter:
    """The search page."""
    routes = APIRouter()

    @routes.get(PATH)
    def policies(request: Request) -> HTMLResponse:
        asked = read_address(request.query_params.multi_items())
        return with_library(services, request, lambda matcher: _page(request, matcher, asked, services))

    return routes


def read_address(pairs: Iterable[tuple[str, str]]) -> Asked:
    """Read the address; what it says wrong is left out and named, and the rest is searched for."""
    given: dict[str, list[str]] = {}
    for name, value in pairs:
        given.setdefault(name, []).append(value)
    ignored: list[str] = []
    fields: dict[str, Any] = {}
    for field, (name, allowed) in GROUPS.items():
        values = list(dict.fromkeys(value for value in given.get(name, []) if value))
        fields[field] = tuple(value for value in values if value in allowed)
        ignored += [value for value in values if value not in allowed]
    text, region, page = (_last(given, name) for name in ("q", "region", "page"))
    fields["region"] = _region(region, ignored)
    number = page.isascii() and page.isdigit() and len(page) <= len(str(MAX_PAGE)) and int(page) >= 1
    if page and not number:
        ignored.append(page)
    fields |= {"text": text[:MAX_QUERY_CHARS], "open_now": _last(given, "open") == "1", "size": PAGE_SIZE}
    wanted = SearchRequest(page=min(int(page), MAX_PAGE) if number else 1, **fields)
    return Asked(wanted, tuple(value[:40] for value in ignored), len(text) > MAX_QUERY_CHARS)


def _last(given: Mapping[str, list[str]], name: str) -> str:
    return given.get(name, [""])[-1].strip()


def _region(value: str, ignored: list[str]) -> str | None:
    """The region as a path of names from the top; None for none or for one that is not known."""
    if not value:
        return None
    try:
        return "/".join(regions().path(regions().find(value))) or words.NATION
    except UnknownCode:
        ignored.append(value)
        return None


def address(request: SearchRequest, **changes: Any) -> str:
    """The address of a search; `changes` replace fields of it."""
    fields = {name: changes.get(name, getattr(request, name)) for name in request.__dataclass_fields__}
    pairs: Pairs = [("q", fields["text"])] if fields["text"] else []
    for field, (name, _) in GROUPS.items():
        pairs += [(name, value) for value in fields[field]]
    pairs += [("region", fields["region"])] if fields["region"] else []
    pairs += [("open", "1")] if fields["open_now"] else []
    pairs += [("page", str(fields["page"]))] if fields["page"] > 1 else []
    return f"{PATH}?{urlencode(pairs)}" if pairs else PATH


def _page(request: Request, matcher: Matcher, asked: Asked, services: Services) -> HTMLResponse:
    result = search(matcher.library, matcher.retriever, asked.request, services.engine.as_of())
    return layout.page(
        request,
        "search",
        title=f"{asked.request.text[:20]} {words.SEARCH}".strip(),
        active="policies",
        w=words,
        result=result,
        asked=asked.request,
        heading=_heading(result),
        notes=_notes(asked, result),
        groups=[(name, GROUPS[name][0], words.GROUPS[name], result.facets[name]) for name in GROUPS],
        regions=region_choices(matcher.library, asked.request.region),
        chosen=_chosen(asked.request),
        folded=sum(len(getattr(asked.request, name)) for name in GROUPS),
        previous=address(asked.request, page=result.page - 1) if result.page > 1 else "",
        following=address(asked.request, page=result.page + 1) if result.page < result.pages else "",
        clear=address(SearchRequest(asked.request.text)),
        alike=[(name, address(SearchRequest(name))) for name in result.alike],
        window_words=window_words,
        levels=LEVELS,
        kinds=KINDS,
    )


def _heading(result: SearchResult) -> str:
    text = result.request.text
    if text:
        return words.FOUND.format(text=text, n=result.total)
    return words.FOUND_ALL.format(n=result.total)


def _notes(asked: Asked, result: SearchResult) -> list[str]:
    notes = [words.CUT_OFF.format(n=MAX_QUERY_CHARS)] if asked.cut else []
    notes += [words.IGNORED.format(what="、".join(f"“{value}”" for value in asked.ignored))] if asked.ignored else []
    notes += [words.EXPANDED.format(words="、".join(result.expanded))] if result.expanded else []
    return [*notes, words.WORDS_ONLY] if asked.request.text and not result.dense else notes


def _chosen(request: SearchRequest) -> list[tuple[str, str]]:
    """Every filter that is set, in words, with the address of the search without it."""
    found: list[tuple[str, dict[str, Any]]] = []
    for field, (_, labels) in GROUPS.items():
        values = getattr(request, field)
        for value in values:
            rest = tuple(other for other in values if other != value)
            found.append((f"{words.GROUPS[field]}：{labels[value]}", {field: rest}))
    if request.region:
        found.append((f"{words.REGION}：{request.region.replace('/', '')}", {"region": None}))
    if request.open_now:
        found.append((words.OPEN_NOW, {"open_now": False}))
    return [(label, address(request, page=1, **change)) for label, change in found]


@functools.lru_cache(maxsize=4)
def _region_paths(library: Library) -> tuple[tuple[str, ...], ...]:
    codes = {regions().find(policy.region) for policy in library.policies.values()}
    return tuple(sorted(path for code in codes if (path := regions().path(code))))


def region_choices(library: Library, chosen: str | None) -> list[tuple[str, list[tuple[str, str]]]]:
    """The regions that the library knows, by province, for a select: (value, label); one asked for is added."""
    paths = set(_region_paths(library))
    if chosen and chosen != words.NATION:
        paths.add(tuple(chosen.split("/")))
    paths |= {path[:1] for path in paths}
    ordered = sorted(paths, key=lambda path: [regions().find("/".join(path[: end + 1])) for end in range(len(path))])
    return [
        (province, [("/".join(path), _below(path)) for path in members])
        for province, members in groupby(ordered, key=lambda path: path[0])
    ]


def _below(path: tuple[str, ...]) -> str:
    return "".join(path[1:]) or words.WHOLE_PROVINCE.format(name=path[0])
