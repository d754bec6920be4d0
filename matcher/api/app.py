"""The interface as an application of its own."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI

from matcher.api import jobs, library, matching, system
from matcher.api.context import Context
from matcher.api.metrics import Measured, Metrics
from matcher.api.problems import add_handlers
from matcher.api.reference import BASE, DESCRIPTION, TAGS, TITLE, complete
from matcher.api.work import Workers
from matcher.services import Services

VERSION = "1.0"
"""Of the interface, not of the program: see “版本承诺” in docs/api.zh.md."""


class _Api(FastAPI):
    """FastAPI with the document completed (`reference.complete`)."""

    def openapi(self) -> dict[str, Any]:
        """The OpenAPI document, made once."""
        if self.openapi_schema is None:
            self.openapi_schema = complete(super().openapi())
        return self.openapi_schema


def create(services: Services) -> FastAPI:
    """The interface, to be mounted at /api/v1 behind the gate, which says who calls."""
    context = Context(services, Workers(services.engine), Metrics())
    app = _Api(
        title=TITLE,
        description=DESCRIPTION,
        version=VERSION,
        openapi_tags=TAGS,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        servers=[{"url": BASE}],
    )
    for part in (matching, library, jobs, system):
        part.add(app.router, context)
    add_handlers(app)
    app.add_middleware(Measured, metrics=context.metrics)
    return app
