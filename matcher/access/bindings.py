"""What Gradio leaves open: whose a session_hash is, and whose an uploaded file is. Bounded, and ended by time."""

from __future__ import annotations

import contextlib
import time
from collections import Counter, OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass

KEPT_S = 3 * 3600.0
"""A session_hash stays bound that long after its last use: longer than Gradio keeps its state (an hour)."""
MOST_PER_LOGIN = 1_000
MOST_SESSIONS = 100_000
UPLOAD_KEPT_S = 24 * 3600.0
MOST_UPLOADS = 20_000


@dataclass
class _Bound:
    login_id: str
    used_at: float
    streams: int = 0


class Sessions:
    """Binds each session_hash, which the browser chooses, to the login that first uses it."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """Nothing is bound; `clock` gives seconds that only grow."""
        self._clock = clock
        self._bound: OrderedDict[str, _Bound] = OrderedDict()
        self._held: Counter[str] = Counter()

    def bind(self, session_hash: str, login_id: str) -> bool:
        """Whether a login may use it; one that is new is this login's from now on."""
        self._forget()
        bound = self._bound.get(session_hash)
        if bound is None:
            if self._held[login_id] >= MOST_PER_LOGIN or len(self._bound) >= MOST_SESSIONS:
                return False
            bound = self._bound[session_hash] = _Bound(login_id, 0)
            self._held[login_id] += 1
        if bound.login_id != login_id:
            return False
        bound.used_at = self._clock()
        self._bound.move_to_end(session_hash)
        return True

    @contextlib.contextmanager
    def streaming(self, session_hash: str) -> Iterator[None]:
        """While the page listens, its session_hash does not end."""
        bound = self._bound[session_hash]
        bound.streams += 1
        try:
            yield
        finally:
            bound.streams -= 1
            bound.used_at = self._clock()
            self._bound.move_to_end(session_hash)

    def _forget(self) -> None:
        """Drop what was not used for long; what is in use goes to the end of the line."""
        ends = self._clock() - KEPT_S
        while self._bound:
            session_hash, bound = next(iter(self._bound.items()))
            if bound.used_at > ends:
                return
            if bound.streams:
                bound.used_at = self._clock()
                self._bound.move_to_end(session_hash)
                continue
            del self._bound[session_hash]
            self._held[bound.login_id] -= 1
            if not self._held[bound.login_id]:
                del self._held[bound.login_id]


class Uploads:
    """Knows who uploaded a file: Gradio itself takes any path below its upload folder from anybody."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """Nothing was uploaded; `clock` gives seconds that only grow."""
        self._clock = clock
        self._noted: OrderedDict[tuple[str, str], float] = OrderedDict()

    def note(self, path: str, user_id: str) -> None:
        """Somebody has uploaded this file (the same content twice has the same path)."""
        self._noted[path, user_id] = self._clock()
        self._noted.move_to_end((path, user_id))
        while len(self._noted) > MOST_UPLOADS:
            self._noted.popitem(last=False)

    def owns(self, path: str, user_id: str) -> bool:
        """Whether somebody has uploaded it, not too long ago."""
        noted = self._noted.get((path, user_id))
        return noted is not None and self._clock() - noted < UPLOAD_KEPT_S
