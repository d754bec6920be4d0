"""Search over the library, one policy in full, and measures side by side."""

from __future__ import annotations

from fastapi import APIRouter

from matcher.services import Services


def router(services: Services) -> APIRouter:
    """Its routes."""
    return APIRouter()
