from __future__ import annotations

import pytest

from matcher.bulk.progress import LineProgress, show_duration, shown_progress


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_line_every_ten_seconds() -> None:
    said: list[str] = []
    clock = Clock()
    progress = LineProgress(said.append, clock)
    progress.stage("匹配", 10_000, done=2_000)
    assert said == ["开始匹配，共 10,000 家，已完成 2,000"]
    for second in range(1, 26):
        clock.now = float(second)
        progress.advance(100)
    assert said[1:] == [
        "匹配 3,000/10,000 家，每秒 100 家，约剩 1 分 10 秒",
        "匹配 4,000/10,000 家，每秒 100 家，约剩 1 分 0 秒",
    ]


def test_without_a_total_there_is_no_time_left() -> None:
    said: list[str] = []
    clock = Clock()
    progress = LineProgress(said.append, clock)
    progress.stage("读取", None)
    clock.now = 20.0
    progress.advance(5)
    assert said == ["开始读取", "读取 5 行，每分钟 15.0 行"]


@pytest.mark.parametrize(
    ("seconds", "shown"), [(0.4, "0 秒"), (59.6, "1 分 0 秒"), (80, "1 分 20 秒"), (7500, "2 小时 5 分")]
)
def test_durations(seconds: float, shown: str) -> None:
    assert show_duration(seconds) == shown


def test_a_bar_in_a_terminal(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "100")
    with shown_progress() as progress:
        for name, total in (("读取", None), ("匹配", 50)):
            progress.stage(name, total)
            progress.advance(50)
    found = capsys.readouterr()
    assert "匹配" in found.err and "50/50" in found.err and found.out == ""


def test_lines_where_there_is_no_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    with shown_progress() as progress:
        progress.stage("写出", 7)
    assert capsys.readouterr().err == "开始写出，共 7 行\n"
