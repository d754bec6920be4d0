"""The daily look for new pushes: in a process of its own, which loads the matcher; one at a time, whoever starts it."""

from __future__ import annotations

import datetime as dt
import logging
import subprocess
from collections.abc import Sequence

from sqlalchemy import update
from sqlalchemy.dialects import postgresql, sqlite

from matcher.clock import SHANGHAI
from matcher.store.database import Database
from matcher.store.pushes import Pace

WAY = "scan"
"""`Pace.way` of the look: `free_at` is when the next one is due, or until when somebody is at it."""
HELD = dt.timedelta(minutes=10)
"""A look whose worker has died is taken over after so long; a worker that lives holds it anew with every round."""
AGAIN = dt.timedelta(minutes=30)
"""After a look that failed."""
STOP_S = 10.0
STDERR = 2
"""Where the look says what it found: standard output is the worker's own."""
_LOG = logging.getLogger(__name__)


class Daily:
    """Starts the look when it is due, and notices its end; nothing here waits for it."""

    def __init__(self, database: Database, command: Sequence[str], at: dt.time, *, ready: bool = True) -> None:
        """Get ready.

        Args:
            database: Where is written down when the next look is due; the first is due at once.
            command: Looks; its exit code is 0 if it is done.
            at: When every day, in Shanghai.
            ready: False never starts one.
        """
        self._database, self._command, self._at, self._ready = database, command, at, ready
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def running(self) -> bool:
        """Whether this process's look goes on."""
        return self._process is not None

    def step(self, now: dt.datetime) -> None:
        """Start the look if it is due and nobody is at it; hold or end the one that was started."""
        if self._process is None:
            if self._ready and self._taken(now):
                _LOG.info("开始查找新推送")
                self._process = subprocess.Popen(self._command, stdin=subprocess.DEVNULL, stdout=STDERR)
            return
        code = self._process.poll()
        if code is None:
            self._set(now + HELD)
            return
        self._process = None
        self._set(self._next(now) if code == 0 else now + AGAIN)
        _LOG.log(logging.INFO if code == 0 else logging.ERROR, "查找新推送结束，退出码 %d", code)

    def stop(self, now: dt.datetime) -> None:
        """Break off the look that goes on; it is due at once."""
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None
        self._set(now)

    def _taken(self, now: dt.datetime) -> bool:
        dialect = sqlite if self._database.is_sqlite else postgresql
        free = update(Pace).where(Pace.way == WAY, Pace.free_at <= now).values(free_at=now + HELD).returning(Pace.way)
        with self._database.session() as session:
            session.execute(dialect.insert(Pace).values(way=WAY, free_at=now).on_conflict_do_nothing())
            return session.execute(free).first() is not None

    def _set(self, free_at: dt.datetime) -> None:
        with self._database.session() as session:
            session.execute(update(Pace).where(Pace.way == WAY).values(free_at=free_at))

    def _next(self, now: dt.datetime) -> dt.datetime:
        today = dt.datetime.combine(now.astimezone(SHANGHAI).date(), self._at, SHANGHAI)
        return today if today > now else today + dt.timedelta(days=1)
