"""What a company wants to hear: asked for, confirmed, ended."""

from __future__ import annotations

from fastapi import APIRouter

from matcher.services import Services


def router(services: Services) -> APIRouter:
    """Its routes."""
    return APIRouter()
