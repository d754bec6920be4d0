"""The matcher of a running service: opened in the background, so that pages open at once; opened anew with the library.

A library that is changed on disk is in use soon after, without a restart; one that does not load leaves the old one in
use.
"""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Callable
from concurrent.futures import Future
from threading import Event, Thread
from typing import TYPE_CHECKING

from policies.errors import PolicyError
from policies.profile import CompanyProfile

if TYPE_CHECKING:
    from matcher.service import Matcher

LOOK_S = 10.0
"""Seconds between two looks at the library on disk."""
_WARM_UP = {"plans": [{"text": "购置设备"}]}
"""A small company: matching it once loads the encoder."""
_LOG = logging.getLogger(__name__)


class Engine:
    """A matcher that may still be loading; `matcher` waits for it."""

    def __init__(
        self,
        open_matcher: Callable[[], Matcher],
        as_of: Callable[[], dt.date],
        version: Callable[[], str] | None = None,
        look_s: float = LOOK_S,
    ) -> None:
        """Get ready; nothing is loaded before `start`.

        Args:
            open_matcher: Opens the matcher with the library as it is on disk; called in a background thread.
            as_of: The day to answer for; asked anew for every match, so that a page left open overnight is right.
            version: Tells the version of the library on disk, or raises PolicyError; None never looks again.
            look_s: Seconds between two looks at it.
        """
        self.as_of = as_of
        self._open, self._version, self._look_s = open_matcher, version, look_s
        self._future: Future[Matcher] = Future()
        self._stopping = Event()

    def start(self) -> None:
        """Load in the background; called once, when the page can be served already."""
        Thread(target=self._work, name="matcher-warm-up", daemon=True).start()

    def stop(self) -> None:
        """Look no more; what is loaded stays."""
        self._stopping.set()

    @property
    def ready(self) -> bool:
        """Whether a match is answered without waiting."""
        future = self._future
        return future.done() and future.exception() is None

    def matcher(self) -> Matcher:
        """The matcher; waits until it is loaded and raises what went wrong while loading."""
        return self._future.result()

    def _work(self) -> None:
        tried = seen = self._on_disk()
        self._load(self._future, "政策库没有载入：%s")
        while self._version is not None and not self._stopping.wait(self._look_s):
            before, seen = seen, self._on_disk()
            if seen == before and seen != tried:  # nobody is writing any more
                tried = seen
                self._renew()

    def _on_disk(self) -> str:
        """Version of the library on disk, or why it cannot be read."""
        try:
            return self._version() if self._version is not None else ""
        except PolicyError as error:
            return str(error)

    def _renew(self) -> None:
        future: Future[Matcher] = Future()
        self._load(future, "政策库有改动，但没有载入，继续使用原来的：%s" if self.ready else "政策库没有载入：%s")
        if future.exception() is None or not self.ready:
            self._future = future

    def _load(self, future: Future[Matcher], failed: str) -> None:
        try:
            matcher = self._open()
            matcher.match(CompanyProfile.model_validate(_WARM_UP), self.as_of(), k=1)
        except BaseException as error:  # handed on to whoever asks for the matcher
            _LOG.error(failed, error)
            future.set_exception(error)
        else:
            future.set_result(matcher)
