"""How far a bulk run is, on stderr: a bar in a terminal, otherwise a line every few seconds."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, ProgressColumn, Task, TaskID, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bars
from rich.text import Text

from matcher.bulk.run import Progress

LINE_EVERY_S = 10.0
UNITS = {"读取": "行", "匹配": "家", "核对": "行", "写出": "行"}


@contextlib.contextmanager
def shown_progress() -> Iterator[Progress]:
    """Progress as suits where stderr goes."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield LineProgress(lambda line: click.echo(line, err=True))
        return
    with Bars(TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), _Rate(), TimeElapsedColumn(),
              console=console) as bars:  # fmt: skip
        yield _BarProgress(bars)


class LineProgress:
    """Writes a line when a stage begins and then at most every LINE_EVERY_S."""

    def __init__(self, say: Callable[[str], None], clock: Callable[[], float] = time.monotonic) -> None:
        self._say, self._clock = say, clock
        self._name = ""
        self._total: int | None = None
        self._first = self._done = 0
        self._began = self._said = 0.0

    def stage(self, name: str, total: int | None, done: int = 0) -> None:
        """A stage begins; see `matcher.bulk.run.Progress`."""
        self._name, self._total = name, total
        self._first = self._done = done
        self._began = self._said = self._clock()
        size = "" if total is None else f"，共 {total:,} {UNITS[name]}"
        self._say(f"开始{name}{size}" + (f"，已完成 {done:,}" if done else ""))

    def advance(self, count: int) -> None:
        """So many more are finished."""
        self._done += count
        now = self._clock()
        if now - self._said >= LINE_EVERY_S:
            self._said = now
            of = f"/{self._total:,}" if self._total else ""
            rate = (self._done - self._first) / (now - self._began)
            self._say(f"{self._name} {self._done:,}{of} {UNITS[self._name]}，{_pace(self._name, rate, self._left())}")

    def _left(self) -> int | None:
        return None if self._total is None else self._total - self._done


class _BarProgress:
    """One bar per stage."""

    def __init__(self, bars: Bars) -> None:
        self._bars = bars
        self._task = TaskID(0)

    def stage(self, name: str, total: int | None, done: int = 0) -> None:
        self._task = self._bars.add_task(name, total=total, completed=done)

    def advance(self, count: int) -> None:
        self._bars.advance(self._task, count)


class _Rate(ProgressColumn):
    """Speed and time left, in Chinese."""

    def render(self, task: Task) -> Text:
        speed = task.finished_speed or task.speed
        left = None if task.remaining is None else int(task.remaining)
        return Text(_pace(task.description, speed, left) if speed else "")


def _pace(name: str, rate: float, left: int | None) -> str:
    """Speed and time left ("每秒 812 家，约剩 1 分 20 秒")."""
    text = f"每秒 {rate:,.0f} {UNITS[name]}" if rate >= 1 or not rate else f"每分钟 {rate * 60:,.1f} {UNITS[name]}"
    return text + (f"，约剩 {show_duration(left / rate)}" if left and rate else "")


def show_duration(seconds: float) -> str:
    """A duration in Chinese ("45 秒", "1 分 20 秒", "2 小时 5 分")."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} 小时 {minutes} 分"
    return f"{minutes} 分 {rest} 秒" if minutes else f"{rest} 秒"
