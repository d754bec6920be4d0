"""Matching in threads of its own: few at a time, a bounded queue, and the event loop stays free."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import anyio
import anyio.to_thread

from matcher.api.problems import UNAVAILABLE, ApiProblem
from matcher.engine import Engine
from matcher.service import Matcher

THREADS = 4
"""Matches at the same time; more only take turns on the processor."""
MAX_WAITING = 200
"""Requests that may wait for their turn; one more is told to come back."""
RETRY_S = "5"
T = TypeVar("T")


class Workers:
    """Runs functions that need the matcher."""

    def __init__(self, engine: Engine, threads: int = THREADS, max_waiting: int = MAX_WAITING) -> None:
        """Get ready; no thread is started before it is needed."""
        self._engine, self._max_waiting = engine, max_waiting
        self._limiter = anyio.CapacityLimiter(threads)
        self._inside = 0

    async def run(self, function: Callable[[Matcher], T]) -> T:
        """Run a function in a thread, with the matcher.

        Raises:
            ApiProblem: the matcher is still loading (or could not be loaded), or too many wait already.
        """
        if not self._engine.ready:
            raise ApiProblem(UNAVAILABLE, "政策库正在加载，请稍后再试。", headers={"retry-after": RETRY_S})
        if self._inside >= self._max_waiting + self._limiter.total_tokens:
            raise ApiProblem(UNAVAILABLE, "正在处理的请求太多，请稍后再试。", headers={"retry-after": RETRY_S})
        self._inside += 1
        try:
            return await anyio.to_thread.run_sync(lambda: function(self._engine.matcher()), limiter=self._limiter)
        finally:
            self._inside -= 1
