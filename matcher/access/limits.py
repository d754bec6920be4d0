"""How often somebody may ask: token buckets in memory, so many a burst and so many a second after it."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address
from threading import Lock


@dataclass(frozen=True)
class Rate:
    """What a bucket holds, and how fast it fills again.

    Attributes:
        burst: Requests at once.
        per_second: Requests in the long run.
    """

    burst: int
    per_second: float

    @classmethod
    def per_minute(cls, requests: int) -> Rate:
        """So many in any minute at most twice over, and that many in the long run."""
        return cls(requests, requests / 60)


@dataclass
class _Bucket:
    tokens: float
    filled_at: float
    refused: bool = False


@dataclass(frozen=True)
class Refused:
    """One request too many.

    Attributes:
        wait_s: Seconds until one more is let through.
        first: Nothing was refused since the last that was let through: worth a line in the log.
    """

    wait_s: float
    first: bool


class Limiter:
    """Buckets by whatever key; those that were not used for longest are forgotten. Safe in threads."""

    def __init__(self, clock: Callable[[], float] = time.monotonic, most: int = 50_000) -> None:
        """Start with all buckets full.

        Args:
            clock: Seconds that only grow.
            most: Buckets that are kept.
        """
        self._clock, self._most = clock, most
        self._buckets: OrderedDict[Hashable, _Bucket] = OrderedDict()
        self._lock = Lock()

    def take(self, key: Hashable, rate: Rate) -> Refused | None:
        """Take one from a bucket; None where it may go on."""
        with self._lock:
            bucket = self._filled(key, rate)
            if bucket.tokens >= 1:
                bucket.tokens -= 1
                bucket.refused = False
                return None
            first, bucket.refused = not bucket.refused, True
            return Refused((1 - bucket.tokens) / rate.per_second, first)

    def give_back(self, key: Hashable, rate: Rate) -> None:
        """Undo one `take`."""
        with self._lock:
            bucket = self._filled(key, rate)
            bucket.tokens = min(rate.burst, bucket.tokens + 1)

    def _filled(self, key: Hashable, rate: Rate) -> _Bucket:
        now = self._clock()
        bucket = self._buckets.pop(key, None) or _Bucket(rate.burst, now)
        bucket.tokens = min(rate.burst, bucket.tokens + (now - bucket.filled_at) * rate.per_second)
        bucket.filled_at = now
        self._buckets[key] = bucket
        if len(self._buckets) > self._most:
            self._buckets.popitem(last=False)
        return bucket


def network_of(address: str) -> str:
    """What one sender is held to: an IPv4 address, or the /64 network of an IPv6 one."""
    try:
        parsed = ip_address(address.split("%")[0])
    except ValueError:
        return address
    if isinstance(parsed, IPv6Address):
        return str(parsed.ipv4_mapped) if parsed.ipv4_mapped else parsed.exploded[:19]
    return str(parsed)
