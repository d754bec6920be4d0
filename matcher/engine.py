"""The matcher of a running page: opened and warmed in the background, so that the page itself opens at once."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Callable
from concurrent.futures import Future
from threading import Thread
from typing import TYPE_CHECKING

from policies.profile import CompanyProfile

if TYPE_CHECKING:
    from matcher.service import Matcher

_WARM_UP = {"plans": [{"text": "购置设备"}]}
"""A small company: matching it once loads the encoder."""


class Engine:
    """A matcher that may still be loading; `matcher` waits for it."""

    def __init__(self, open_matcher: Callable[[], Matcher], as_of: Callable[[], dt.date]) -> None:
        """Get ready; nothing is loaded before `start`.

        Args:
            open_matcher: Opens the matcher; called once, in a background thread.
            as_of: The day to answer for; asked anew for every match, so that a page left open overnight is right.
        """
        self.as_of = as_of
        self._future: Future[Matcher] = Future()
        self._open = open_matcher

    def start(self) -> None:
        """Load in the background; called once, when the page can be served already."""
        Thread(target=self._load, name="matcher-warm-up", daemon=True).start()

    def _load(self) -> None:
        try:
            matcher = self._open()
            matcher.match(CompanyProfile.model_validate(_WARM_UP), self.as_of(), k=1)
        except BaseException as error:  # handed on to whoever asks for the matcher
            logging.getLogger(__name__).error("the matcher did not load: %s", error)
            self._future.set_exception(error)
        else:
            self._future.set_result(matcher)

    @property
    def ready(self) -> bool:
        """Whether a match is answered without waiting."""
        return self._future.done() and self._future.exception() is None

    def matcher(self) -> Matcher:
        """The matcher; waits until it is loaded and raises what went wrong while loading."""
        return self._future.result()
