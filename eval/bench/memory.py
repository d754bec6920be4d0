"""Memory of a process and its children, sampled while something runs."""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import psutil  # type: ignore[import-untyped]


@dataclass
class Samples:
    """Memory over time.

    Attributes:
        points: (seconds since the start, MiB).
    """

    points: list[tuple[float, float]] = field(default_factory=list)

    @property
    def peak_mib(self) -> float:
        """The largest sample."""
        return max((mib for _, mib in self.points), default=0.0)


def used_mib(pid: int) -> float:
    """Memory of a process with its children in MiB; pages that several share count once."""
    total = 0.0
    with contextlib.suppress(psutil.Error):
        process = psutil.Process(pid)
        for each in (process, *process.children(recursive=True)):
            with contextlib.suppress(psutil.Error, OSError):
                total += _proportional(each.pid) / 2**20
    return total


def _proportional(pid: int) -> int:
    """Bytes of one process, shared pages divided by their users; its resident set where the system cannot tell."""
    rollup = Path(f"/proc/{pid}/smaps_rollup")
    if rollup.exists():
        line = next((line for line in rollup.read_text().splitlines() if line.startswith("Pss:")), "")
        if line:
            return int(line.split()[1]) * 1024
    return int(psutil.Process(pid).memory_info().rss)


@contextlib.contextmanager
def watched(pid: int | None = None, every_s: float = 0.05) -> Iterator[Samples]:
    """Sample a process (this one by default) until the block ends."""
    samples, done, start = Samples(), threading.Event(), time.perf_counter()

    def sample() -> None:
        while not done.is_set():
            samples.points.append((time.perf_counter() - start, used_mib(pid or os.getpid())))
            done.wait(every_s)

    thread = threading.Thread(target=sample)
    thread.start()
    try:
        yield samples
    finally:
        done.set()
        thread.join()
