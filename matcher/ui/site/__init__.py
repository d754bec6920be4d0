"""The plain pages: documents that need no dialogue, rendered whole on the server."""

from __future__ import annotations

from fastapi import APIRouter, Response

from matcher.services import Services
from matcher.ui import layout
from matcher.ui.site import (
    briefing,
    companies,
    files,
    grants,
    home,
    inbox,
    jobs,
    library,
    mine,
    packs,
    pushes,
    subscriptions,
)
from matcher.ui.staff import template

_KEPT = {"cache-control": "public, max-age=31536000, immutable"}


def router(services: Services) -> APIRouter:
    """All plain pages, their style sheet and their script."""
    routes = APIRouter(include_in_schema=False)
    for part in (home, library, files, subscriptions, inbox, packs, grants, mine, pushes, companies, briefing, jobs):
        routes.include_router(part.router(services))
    routes.include_router(template.router())

    @routes.get("/static/huiqi.css")
    def style() -> Response:
        return Response(layout.style(), media_type="text/css", headers=_KEPT)

    @routes.get("/static/huiqi.js")
    def script() -> Response:
        return Response(layout.script(), media_type="text/javascript", headers=_KEPT)

    @routes.get("/favicon.ico")
    def icon() -> Response:
        return Response(layout.STATIC.joinpath("icon.svg").read_bytes(), media_type="image/svg+xml", headers=_KEPT)

    @routes.get("/healthz")
    def healthz() -> dict[str, bool]:
        return {"ready": services.engine.ready}

    return routes
