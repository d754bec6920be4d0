"""The front door: what there is, for whom."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from matcher.services import Services
from matcher.ui import layout, text


def router(services: Services) -> APIRouter:
    """The home page."""
    routes = APIRouter()

    @routes.get("/")
    def home(request: Request) -> HTMLResponse:
        return layout.page(request, "home", title=text.HOME)

    return routes
