"""Figures in the Prometheus format; labels take few values: route templates, methods and statuses."""

from __future__ import annotations

import time

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from sqlalchemy import func, select
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from matcher.api.problems import request_id_of
from matcher.engine import Engine
from matcher.store.database import Database
from matcher.store.tables import Job, JobState

UNMATCHED = "unmatched"
OTHER = "OTHER"
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
BUCKETS_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
MEDIA_TYPE = CONTENT_TYPE_LATEST


class Metrics:
    """The figures of one application, in a registry of their own."""

    def __init__(self) -> None:
        """All at zero."""
        self.registry = CollectorRegistry()
        labels = ("route", "method", "status")
        own = self.registry
        self._requests = Counter("huiqi_api_requests", "Requests by route, method and status", labels, registry=own)
        self._seconds = Histogram(
            "huiqi_api_request_seconds", "Time to answer, seconds", ("route", "method"), registry=own, buckets=BUCKETS_S
        )
        self._running = Gauge("huiqi_api_requests_running", "Requests being answered", registry=own)
        self._companies = Counter("huiqi_api_companies", "Companies matched", ("operation",), registry=own)
        self._matches = Counter("huiqi_api_matches", "Matches returned, by verdict", ("verdict",), registry=own)
        self._jobs = Gauge("huiqi_jobs", "Jobs by state", ("state",), registry=own)
        self._ready = Gauge("huiqi_ready", "1 if the matcher is loaded", registry=own)
        self._library = Gauge("huiqi_library_info", "The policy library in use", ("version",), registry=own)
        self._measures = Gauge("huiqi_library_measures", "Measures in the library", registry=own)

    def matched(self, operation: str, companies: int) -> None:
        """Count companies that were matched."""
        self._companies.labels(operation).inc(companies)

    def found(self, verdict: str, matches: int = 1) -> None:
        """Count matches that were returned."""
        self._matches.labels(verdict).inc(matches)

    def render(self, engine: Engine, database: Database) -> bytes:
        """Everything as text, after a look at the library and the jobs."""
        self._ready.set(engine.ready)
        self._library.clear()
        if engine.ready:
            library = engine.matcher().library
            self._library.labels(library.version).set(1)
            self._measures.set(len(library.measures))
        with database.reading() as session:
            found = session.execute(select(Job.state, func.count()).group_by(Job.state))
            counts = {state: count for state, count in found}
        for state in JobState:
            self._jobs.labels(state.value).set(counts.get(state, 0))
        return generate_latest(self.registry)

    def begin(self) -> float:
        """Note that a request has come; returns the moment for `end`."""
        self._running.inc()
        return time.perf_counter()

    def end(self, began: float, route: str, method: str, status: int) -> None:
        """Note that it has been answered."""
        self._running.dec()
        self._requests.labels(route, method, str(status)).inc()
        self._seconds.labels(route, method).observe(time.perf_counter() - began)


class Measured:
    """Around the application: an id for every request, and its figures. Pure ASGI, so that downloads stream."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        """Stand around `app`."""
        self.app, self.metrics = app, metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass one request on."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        status = 500
        request_id = request_id_of(scope)

        async def noted(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message)["x-request-id"] = request_id
            await send(message)

        method = scope["method"] if scope["method"] in METHODS else OTHER
        began = self.metrics.begin()
        try:
            await self.app(scope, receive, noted)
        finally:
            self.metrics.end(began, _template(scope), method, status)


def _template(scope: Scope) -> str:
    """The route's path with its parameters' names: as many values as there are routes."""
    return str(getattr(scope.get("route"), "path_format", UNMATCHED))
