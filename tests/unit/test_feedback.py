"""Marks are kept and come out as cases."""

from __future__ import annotations

import datetime as dt
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from eval.cases import load_cases
from matcher.feedback import FeedbackStore, Mark, data_dir
from policies.errors import InputError

AS_OF = dt.date(2026, 6, 15)
NOW = dt.datetime(2026, 6, 15, 9, 30, tzinfo=dt.UTC)
PROFILE: dict[str, Any] = {"name": "甲公司", "revenue_wan": "1.5亿", "plans": [{"text": "购置机床"}]}


@pytest.fixture
def store(tmp_path: Path) -> FeedbackStore:
    return FeedbackStore(tmp_path / "deep" / "feedback.sqlite")


def add(store: FeedbackStore, target: str, mark: Mark, profile: dict[str, Any] = PROFILE, note: str = "") -> None:
    store.add(profile, target, mark, as_of=AS_OF, made_at=NOW, note=note)


def test_marks_are_kept_with_the_profile_as_given(store: FeedbackStore) -> None:
    assert store.all() == () and not store.path.exists()
    add(store, "p/grant", Mark.FITS, note="正好")
    (kept,) = FeedbackStore(store.path).all()
    assert (kept.profile, kept.target, kept.mark, kept.note) == (PROFILE, "p/grant", Mark.FITS, "正好")
    assert (kept.as_of, kept.made_at, kept.company) == (AS_OF, "2026-06-15T09:30:00+00:00", "甲公司")


def test_the_export_is_a_case_file(store: FeedbackStore, tmp_path: Path) -> None:
    add(store, "p/grant", Mark.FITS)
    add(store, "q", Mark.UNFIT, note="行业不符")
    add(store, "r", Mark.APPLIED)
    add(store, "r", Mark.GRANTED)
    add(store, "p/grant", Mark.UNFIT, profile={"name": "乙公司"})
    assert store.export(tmp_path / "cases.jsonl") == 2
    first, second = load_cases(tmp_path / "cases.jsonl").cases
    assert {target: label.grade for target, label in first.labels.items()} == {"p/grant": 2, "q": 0, "r": 3}
    assert all(label.verdict is None for label in first.labels.values())
    assert first.labels["q"].why == "不适合：行业不符" and first.labels["r"].why == "已获批"
    assert [first.is_judged(name) for name in ("p/grant", "q", "r", "p", "z")] == [True, True, True, False, False]
    assert second.profile.name == "乙公司" and first.case_id != second.case_id


def test_a_wrong_profile_is_refused(store: FeedbackStore) -> None:
    with pytest.raises(InputError, match="employees"):
        add(store, "p", Mark.FITS, profile={"employees": "很多"})
    assert store.all() == ()


def test_a_file_of_another_kind_or_version(tmp_path: Path) -> None:
    (tmp_path / "x.sqlite").write_bytes(b"not a database, but long enough to be looked at" * 100)
    with pytest.raises(InputError, match="反馈记录不能使用"):
        FeedbackStore(tmp_path / "x.sqlite").all()
    connection = sqlite3.connect(tmp_path / "new.sqlite")
    connection.execute("pragma user_version = 99")
    connection.close()
    with pytest.raises(InputError, match="版本是 99"):
        FeedbackStore(tmp_path / "new.sqlite").all()
    with pytest.raises(InputError, match="打不开"):
        FeedbackStore(tmp_path).all()


def test_several_writers_at_once(store: FeedbackStore) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: add(store, f"p{number}", Mark.FITS), range(40)))
    assert sorted(mark.target for mark in store.all()) == sorted(f"p{number}" for number in range(40))


def test_the_file_is_for_its_owner_only(store: FeedbackStore) -> None:
    add(store, "p", Mark.FITS)
    assert store.path.stat().st_mode & 0o077 == 0


def test_where_the_file_lives(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HUIQI_DATA_DIR", str(tmp_path))
    assert data_dir() == tmp_path and FeedbackStore().path == tmp_path / "feedback.sqlite"
