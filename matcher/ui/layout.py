"""The frame of every page: templates, header and navigation, and plain pages as complete documents."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import jinja2
from fastapi import Request
from fastapi.responses import HTMLResponse

from matcher.access.identity import LOCAL, Identity
from matcher.store.tables import Role
from matcher.ui import text

STATIC = Path(__file__).parent / "static"


class Place(NamedTuple):
    """One entry of the navigation.

    Attributes:
        roles: Whose it is; empty means everybody, also without a login.
        inside: Key of the entry that it belongs to; it is shown where that one, or one beside it, is open.
    """

    key: str
    label: str
    href: str
    roles: tuple[Role, ...] = ()
    inside: str = ""


PLACES = (
    Place("e", text.NAV_ENTERPRISE, "/e/", (Role.ENTERPRISE,)),
    Place("mine", text.NAV_MINE, "/mine", (Role.ENTERPRISE,)),
    Place("s", text.NAV_STAFF, "/s/", (Role.STAFF,)),
    Place("v", text.NAV_EVALUATOR, "/v/", (Role.EVALUATOR,)),
    Place("policies", text.NAV_POLICIES, "/policies"),
    Place("inbox", text.NAV_INBOX, "/mine/inbox", (Role.ENTERPRISE,), "mine"),
    Place("subscriptions", text.NAV_SUBSCRIPTIONS, "/mine/subscriptions", (Role.ENTERPRISE,), "mine"),
    Place("mine-grants", text.NAV_GRANTS, "/mine/grants", (Role.ENTERPRISE,), "mine"),
    Place("companies", text.NAV_COMPANIES, "/companies", (Role.STAFF,), "s"),
    Place("push", text.NAV_PUSH, "/push", (Role.STAFF,), "s"),
    Place("grants", text.NAV_GRANTS, "/grants", (Role.STAFF,), "s"),
    Place("briefing", text.NAV_BRIEFING, "/briefing", (Role.STAFF,), "s"),
    Place("forms", text.NAV_FORMS, "/forms", (Role.ADMIN,), "s"),
)


@cache
def templates() -> jinja2.Environment:
    """All templates: autoescape, and a name that is missing is an error."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    environment.globals["t"] = text
    return environment


def render(name: str, **values: Any) -> str:
    """One template by its name below templates/, without ".html"."""
    return templates().get_template(f"{name}.html").render(**values)


def style() -> str:
    """All style sheets, in the order of their names."""
    return "\n".join(path.read_text("utf-8") for path in sorted(STATIC.glob("*.css")))


def script() -> str:
    """All scripts, in the order of their names."""
    return "\n".join(path.read_text("utf-8") for path in sorted(STATIC.glob("*.js")))


@cache
def asset_version() -> str:
    """Changes with the style sheets and scripts, so that browsers may keep them."""
    return hashlib.sha256((style() + script()).encode()).hexdigest()[:12]


def header(active: str, places: Sequence[Place], identity: Identity | None, skip_to: str) -> str:
    """Skip link, navigation, reading modes, and who is logged in."""
    local = identity is LOCAL
    here = next((place for place in PLACES if place.key == active), None)
    top = here.inside or here.key if here else active
    return render(
        "header",
        active=active,
        top=top,
        places=[place for place in places if not place.inside],
        inside=[place for place in places if place.inside and place.inside == top],
        parent=next((place for place in places if place.key == top), None),
        identity=identity,
        local=local,
        skip_to=skip_to,
    )


def places_for(identity: Identity | None) -> tuple[Place, ...]:
    """The entries that somebody may open."""
    return tuple(
        place for place in PLACES if not place.roles or (identity is not None and identity.may_act_as(*place.roles))
    )


def page(
    request: Request, name: str, *, title: str, active: str = "", status: int = 200, **values: Any
) -> HTMLResponse:
    """A plain page: the template site/<name>.html, which extends site/base.html, as a complete document."""
    identity = request.scope.get("state", {}).get("identity")
    content = render(
        f"site/{name}",
        title=title,
        header=header(active, places_for(identity), identity, "main"),
        version=asset_version(),
        identity=identity,
        **values,
    )
    return HTMLResponse(content, status)
