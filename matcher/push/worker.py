"""The worker: bundles digests, lets couriers send what is due, and starts the daily look for new pushes.

Everything that has to last is in the database: a worker may be killed at any moment, and several may run at once. What
it logs are counts and ids.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import Counter

from matcher.push import release
from matcher.push.courier import INTERVAL_S, Courier, Post, guarded
from matcher.push.daily import Daily

SUMMARY_S = 60.0
_COUNTS = {
    "sent": "已送达 {} 条",
    "failed": "失败待重试 {} 次",
    "dead": "无法送达 {} 条",
    "digests": "生成摘要 {} 条",
    "recovered": "接手中断的 {} 条",
    "errors": "其他错误 {} 次",
}
_LOG = logging.getLogger(__name__)


class Worker:
    """One process's share of the work."""

    def __init__(self, post: Post, daily: Daily, *, threads: int = 4, interval_s: float = INTERVAL_S) -> None:
        """Get ready.

        Args:
            post: What to send with.
            daily: The look for new pushes.
            threads: How many messages are under way at once.
            interval_s: Between two rounds where nothing is due.

        Raises:
            InputError: the mail server is none.
        """
        self._post, self._daily, self._interval_s = post, daily, interval_s
        self._outbox, self._stopping = post.outbox(), threading.Event()
        self._own: Counter[str] = Counter()
        self._couriers = [Courier(post, self._stopping, interval_s) for _ in range(threads)]

    @property
    def counts(self) -> Counter[str]:
        """As `Courier.counts`; besides "digests" made, and messages "recovered" from workers that have died."""
        return sum((each.counts for each in self._couriers), self._own.copy())

    def stop(self) -> None:
        """Finish what is being sent and begin nothing more; a signal's handler may call it."""
        self._stopping.set()

    def run(self) -> None:
        """Work until `stop`."""
        threads = self._started(once=False)
        told, told_at = self.counts, time.monotonic()
        while not self._stopping.is_set():
            guarded(self._round, self._own)
            if time.monotonic() - told_at >= SUMMARY_S and told != self.counts:
                told, told_at = self.counts, time.monotonic()
                _LOG.info("%s", self.summary())
            self._stopping.wait(self._interval_s)
        guarded(lambda: self._daily.stop(self._post.now()), self._own)
        for thread in threads:
            thread.join()

    def once(self) -> None:
        """Look for new pushes if that is due, bundle, and send all that is due now; or until `stop`."""
        guarded(self._round, self._own)
        while self._daily.running and not self._stopping.wait(0.2):
            guarded(lambda: self._daily.step(self._post.now()), self._own)
        if self._stopping.is_set():
            guarded(lambda: self._daily.stop(self._post.now()), self._own)
            return
        guarded(self._round, self._own)
        for thread in self._started(once=True):
            thread.join()

    def figures(self) -> dict[str, int]:
        """`counts`, with zeros."""
        counts = self.counts
        return {name: counts[name] for name in _COUNTS}

    def summary(self) -> str:
        """What became of the messages so far, in Chinese."""
        counts = self.counts
        found = [text.format(counts[name]) for name, text in _COUNTS.items() if counts[name]]
        return "，".join(found) or "没有要发送的消息"

    def _round(self) -> None:
        now = self._post.now()
        self._own["recovered"] += self._outbox.recover(now)
        self._own["digests"] += release.bundle(self._post.database, now, self._post.url)
        self._daily.step(now)

    def _started(self, *, once: bool) -> list[threading.Thread]:
        threads = [threading.Thread(target=each.run, kwargs={"once": once}) for each in self._couriers]
        for thread in threads:
            thread.start()
        return threads
