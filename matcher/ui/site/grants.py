"""免申即享: lists for the department, confirmation by the company."""

from __future__ import annotations

from fastapi import APIRouter

from matcher.services import Services


def router(services: Services) -> APIRouter:
    """Its routes."""
    return APIRouter()
