"""What a user keeps: companies, matches, favourites, deadlines; reports of a match."""

from __future__ import annotations

from fastapi import APIRouter

from matcher.services import Services


def router(services: Services) -> APIRouter:
    """Its routes."""
    return APIRouter()
