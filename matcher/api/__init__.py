"""The REST interface under /api/v1."""

from __future__ import annotations

from fastapi import FastAPI

from matcher.services import Services


def create(services: Services) -> FastAPI:
    """The interface as an application of its own, to be mounted at /api/v1."""
    return FastAPI(title="惠企政策匹配")
