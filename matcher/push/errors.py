"""Why a message did not arrive; every text is Chinese and free of addresses."""

from __future__ import annotations

from policies.errors import HuiqiError


class PushError(HuiqiError):
    """A message was not delivered."""


class PushRejected(PushError):
    """It never will be: trying again would not help."""


class PushUnavailable(PushError):
    """It may be later.

    Attributes:
        retry_s: The receiver asks to wait this long; 0 where it does not say.
    """

    def __init__(self, reason: str, retry_s: float = 0.0) -> None:
        """Keep the reason and the wait."""
        self.retry_s = retry_s
        super().__init__(reason)
