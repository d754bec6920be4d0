"""Keys of messages: the same message always has the same key, so that it is written once and known again."""

from __future__ import annotations

import datetime as dt
import hashlib

from matcher.store.companies import Channel
from matcher.store.pushes import Occasion


def key_of(*parts: str) -> str:
    """SHA-256 of some texts, 64 hex digits; where one ends and the next begins counts.

    >>> key_of("a", "bc") == key_of("ab", "c")
    False
    """
    return hashlib.sha256("\0".join(f"{len(part)}:{part}" for part in parts).encode()).hexdigest()


def message_key(
    measure_id: str,
    version: str,
    occasion: Occasion,
    last_day: dt.date | None,
    identity: str,
    channel: Channel,
    mark: str,
) -> str:
    """Key of what one company is told of a measure at one address.

    Args:
        measure_id: The measure.
        version: `push.occasions.version_of`.
        occasion: Why it is told.
        last_day: Last day of the window, which tells one year's window from the next; counts for OPENING and CLOSING.
        identity: `records.identity` of the company: two records with one credit code are one company.
        channel: How it is told.
        mark: `Contact.mark`; for the inbox the record's own company_id, so that nobody who enters somebody else's
            credit code takes the message away from the other's inbox.
    """
    dated = occasion in {Occasion.OPENING, Occasion.CLOSING} and last_day is not None
    window = last_day.isoformat() if dated and last_day else ""
    return key_of("measure", measure_id, version, occasion.value, window, identity, channel.value, mark)
