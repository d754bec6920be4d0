"""The library for everybody: search, one policy in full, measures side by side."""

from __future__ import annotations

from fastapi import APIRouter

from matcher.services import Services
from matcher.ui.site import compare_page, policy_page, search_page


def router(services: Services) -> APIRouter:
    """Its routes."""
    routes = APIRouter()
    for part in (search_page, policy_page, compare_page):
        routes.include_router(part.router(services))
    return routes
