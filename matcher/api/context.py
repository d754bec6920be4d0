"""What every route works with, and what every answer says of itself."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from fastapi import Request
from fastapi.responses import JSONResponse

from matcher.api.company import read_company
from matcher.api.metrics import Metrics
from matcher.api.problems import problem_json, request_id_of
from matcher.api.work import Workers
from matcher.service import Matcher
from matcher.services import Services
from policies.errors import InputError
from policies.profile import CompanyProfile

Json = dict[str, Any]


@dataclass(frozen=True)
class Context:
    """The parts that routes share."""

    services: Services
    workers: Workers
    metrics: Metrics

    def day(self, as_of: dt.date | None) -> dt.date:
        """The day asked for, else the engine's."""
        return as_of or self.services.engine.as_of()

    def version(self) -> str:
        """The library's version; empty while it is loading."""
        engine = self.services.engine
        return engine.matcher().library.version if engine.ready else ""

    def answer(
        self, request: Request, as_of: dt.date, content: Json, status: int = 200, headers: dict[str, str] | None = None
    ) -> JSONResponse:
        """An answer with what every answer says."""
        said = {
            "request_id": request_id_of(request.scope),
            "library_version": self.version(),
            "as_of": as_of.isoformat(),
        }
        return JSONResponse({**said, **content}, status, headers)

    async def worked_out(
        self, request: Request, as_of: dt.date, function: Callable[[Matcher], Json], status: int = 200
    ) -> JSONResponse:
        """An answer that takes the matcher: found and written as JSON in a worker's thread."""
        return await self.workers.run(lambda matcher: self.answer(request, as_of, function(matcher), status))


@dataclass(frozen=True)
class ReadCompanies:
    """Companies of one request.

    Attributes:
        good: (index, company) in order.
        bad: (index, problems as JSON).
    """

    good: tuple[tuple[int, CompanyProfile], ...]
    bad: tuple[tuple[int, list[dict[str, str]]], ...]

    @classmethod
    def of(cls, raws: Sequence[Json], as_of: dt.date) -> ReadCompanies:
        """Read each by itself: a bad one does not lose the good ones."""
        good, bad = [], []
        for index, raw in enumerate(raws):
            try:
                good.append((index, read_company(raw, as_of)))
            except InputError as error:
                bad.append((index, [problem_json(one) for one in error.problems]))
        return cls(tuple(good), tuple(bad))
