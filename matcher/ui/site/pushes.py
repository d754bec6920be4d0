"""Pushes: looked at, approved, paused, counted."""

from __future__ import annotations

from fastapi import APIRouter

from matcher.services import Services


def router(services: Services) -> APIRouter:
    """Its routes."""
    return APIRouter()
