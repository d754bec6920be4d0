"""The look for new pushes that staff start: one at a time, in the background, with a state that a page can show."""

from __future__ import annotations

import datetime as dt
import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from enum import Enum, auto

from matcher.push.courier import where
from matcher.push.desk import Desk
from matcher.services import Services
from matcher.store.pushes import Batch, BatchState
from matcher.ui.site import pushes_text as words
from policies.errors import HuiqiError

Look = Callable[[Services], Sequence[Batch]]
_LOG = logging.getLogger(__name__)


class Phase(Enum):
    """Where the last look stands."""

    NEVER = auto()
    RUNNING = auto()
    DONE = auto()
    FAILED = auto()


@dataclass(frozen=True)
class State:
    """What is known of the last look since the service started.

    Attributes:
        by: Who started it.
        began: When.
        ended: When it ended; None while it runs.
        drafts: Pushes it made that wait for approval.
        nobody: Changes of which nobody is to be told.
        first: Whether it was the first look ever, which only notes what is there.
        problem: Why it failed, in Chinese.
    """

    phase: Phase = Phase.NEVER
    by: str = ""
    began: dt.datetime | None = None
    ended: dt.datetime | None = None
    drafts: int = 0
    nobody: int = 0
    first: bool = False
    problem: str = ""

    @property
    def running(self) -> bool:
        """Whether it goes on."""
        return self.phase is Phase.RUNNING


def look(services: Services) -> Sequence[Batch]:
    """Look for new pushes."""
    return services.scan()


class Scans:
    """Starts looks and remembers the last one; any thread may ask."""

    def __init__(self, services: Services, look: Look = look) -> None:
        """Get ready; nothing runs yet."""
        self._services, self._look = services, look
        self._lock, self._state = threading.Lock(), State()

    @property
    def state(self) -> State:
        """The last look."""
        return self._state

    def start(self, by: str) -> bool:
        """Begin a look; False while another goes on."""
        with self._lock:
            if self._state.running:
                return False
            self._state = State(Phase.RUNNING, by, self._services.now())
        threading.Thread(target=self._run, name="push-scan", daemon=True).start()
        return True

    def _run(self) -> None:
        """Whatever goes wrong is a state, never a thread that is gone without a word."""
        state = self._state
        try:
            first = not Desk(self._services.database).has_looked()
            made = self._look(self._services)
        except HuiqiError as error:
            ended = replace(state, phase=Phase.FAILED, problem=str(error))
        except Exception as error:
            _LOG.error("查找新推送出错：%s", where(error))
            ended = replace(state, phase=Phase.FAILED, problem=words.LOOK_BROKEN.format(kind=type(error).__name__))
        else:
            drafts = sum(batch.state is BatchState.DRAFT for batch in made)
            ended = replace(state, phase=Phase.DONE, drafts=drafts, nobody=len(made) - drafts, first=first)
        self._state = replace(ended, ended=self._services.now())
