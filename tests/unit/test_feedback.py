"""Marks are kept by owner and come out as cases."""

from __future__ import annotations

import datetime as dt
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from eval.cases import load_cases
from matcher.feedback import Feedback, FeedbackStore, Mark
from matcher.settings import Settings
from matcher.store.database import Database, open_database
from policies.errors import InputError

AS_OF = dt.date(2026, 6, 15)
NOW = dt.datetime(2026, 6, 15, 9, 30, tzinfo=dt.UTC)
PROFILE: dict[str, Any] = {"name": "甲公司", "revenue_wan": "1.5亿", "plans": [{"text": "购置机床"}]}


@pytest.fixture
def store(database: Database) -> FeedbackStore:
    return FeedbackStore(database)


def add(store: FeedbackStore, target: str, mark: Mark, **changes: Any) -> Feedback:
    given = {"profile": PROFILE, "as_of": AS_OF, "made_at": NOW, "owner": "u1", **changes}
    return store.add(given.pop("profile"), target, mark, **given)


def test_marks_are_kept_with_the_profile_as_given(database: Database, store: FeedbackStore) -> None:
    assert store.all() == ()
    made = add(store, "p/grant", Mark.FITS, note="正好")
    (kept,) = FeedbackStore(database).all()
    assert (kept.profile, kept.target, kept.mark, kept.note) == (PROFILE, "p/grant", Mark.FITS, "正好")
    assert (kept.as_of, kept.made_at, kept.owner, kept.company) == (AS_OF, NOW, "u1", "甲公司")
    assert kept == made


def test_everybody_has_their_own_marks(store: FeedbackStore) -> None:
    add(store, "p", Mark.FITS)
    add(store, "q", Mark.UNFIT, owner="u2")
    assert [mark.target for mark in store.all("u1")] == ["p"]
    assert [mark.target for mark in store.all("u2")] == ["q"]
    assert store.all("u3") == ()
    assert [mark.target for mark in store.all()] == ["p", "q"]


def test_saying_the_same_again_changes_nothing(store: FeedbackStore) -> None:
    first = add(store, "p", Mark.FITS)
    assert add(store, "p", Mark.FITS, made_at=NOW + dt.timedelta(hours=1)) == first
    changes = ({"owner": "u2"}, {"as_of": dt.date(2026, 6, 16)}, {"profile": {"name": "乙公司"}}, {"note": "好"})
    for number, change in enumerate(changes, 2):
        add(store, "p", Mark.FITS, **change)
        assert len(store.all()) == number
    add(store, "p", Mark.UNFIT)
    add(store, "p", Mark.FITS)
    assert [mark.mark for mark in store.all("u1")][-2:] == [Mark.UNFIT, Mark.FITS]


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


def test_an_export_that_cannot_be_written_says_so(store: FeedbackStore, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="写不了这个文件"):
        store.export(tmp_path)


def test_a_wrong_profile_is_refused(store: FeedbackStore) -> None:
    with pytest.raises(InputError, match="employees"):
        add(store, "p", Mark.FITS, profile={"employees": "很多"})
    with pytest.raises(InputError, match="晚于查询日期"):
        add(store, "p", Mark.FITS, profile={"established": "2027-01"})
    assert store.all() == ()


def test_several_writers_at_once(store: FeedbackStore) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: add(store, f"p{number}", Mark.FITS), range(40)))
    assert sorted(mark.target for mark in store.all()) == sorted(f"p{number}" for number in range(40))


def test_the_settings_name_the_database(tmp_path: Path) -> None:
    in_folder = open_database(Settings(data_dir=tmp_path / "a"))
    by_url = open_database(Settings(data_dir=tmp_path / "a", database=f"sqlite:///{tmp_path / 'b.sqlite'}"))
    add(FeedbackStore(in_folder), "p", Mark.FITS)
    assert len(FeedbackStore(in_folder).all()) == 1 and FeedbackStore(by_url).all() == ()
    assert (tmp_path / "a" / "huiqi.sqlite").exists() and (tmp_path / "b.sqlite").exists()
    in_folder.close()
    by_url.close()
