"""What a user keeps besides companies: matches and favourites, each seen by its owner only."""

from __future__ import annotations

import datetime as dt

import pytest

from matcher import workspace
from matcher.records import Records
from matcher.results import MatchResult, Section, Total
from matcher.store.database import Database
from matcher.workspace import Workspace
from policies.errors import InputError

NOW = dt.datetime(2026, 11, 23, 9, 30, tzinfo=dt.UTC)
NOTHING = Total(0.0, 0.0, (), {})
RESULT = MatchResult(
    as_of=dt.date(2026, 11, 23),
    company="甲公司",
    matches=(),
    nearest_misses=(),
    next_question=None,
    total=NOTHING,
    potential=NOTHING,
    counts={Section.ELIGIBLE: 2},
    notes=(),
    library_version="v1",
    dense=True,
)


@pytest.fixture
def kept(database: Database) -> Workspace:
    return Workspace(database)


@pytest.fixture
def records(database: Database) -> Records:
    return Records(database)


def later(minutes: int) -> dt.datetime:
    return NOW + dt.timedelta(minutes=minutes)


def test_nobody_sees_or_removes_what_another_keeps(kept: Workspace, records: Records) -> None:
    saved = records.save("a", {"name": "甲公司"}, "declared", "", NOW)
    run = kept.record_run("a", {"name": "甲公司"}, RESULT, NOW, saved.company_id)
    kept.set_favourite("a", "p/m", NOW, on=True)
    assert kept.runs("b") == []
    assert kept.favourites("b") == []
    assert kept.run("b", run.run_id) is None
    kept.forget_run("b", run.run_id)
    kept.set_favourite("b", "p/m", NOW, on=False)
    assert kept.run("a", run.run_id) is not None
    assert kept.favourites("a") == ["p/m"]


def test_a_company_goes_with_its_matches(kept: Workspace, records: Records) -> None:
    saved = records.save("a", {"name": "甲公司"}, "declared", "", NOW)
    kept.record_run("a", {"name": "甲公司"}, RESULT, NOW, saved.company_id)
    loose = kept.record_run("a", {"name": "乙公司"}, RESULT, NOW)
    assert records.erase(saved.company_id, "a")
    assert [run.run_id for run in kept.runs("a")] == [loose.run_id]
    assert kept.runs("a")[0].found["counts"] == {Section.ELIGIBLE.value: 2}


def test_the_oldest_match_goes_where_there_are_too_many(kept: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workspace, "MAX_RUNS", 2)
    made = [kept.record_run("a", {"name": str(n)}, RESULT, later(n)) for n in range(3)]
    other = kept.record_run("b", {"name": "别人"}, RESULT, NOW)
    assert [run.run_id for run in kept.runs("a")] == [made[2].run_id, made[1].run_id]
    assert [run.run_id for run in kept.runs("b")] == [other.run_id]


def test_a_sitting_is_one_entry(kept: Workspace) -> None:
    first = kept.record_run("a", {"name": "甲公司"}, RESULT, NOW)
    again = kept.record_run("a", {"name": "甲公司", "employees": 5}, RESULT, later(3), run_id=first.run_id)
    assert again.run_id == first.run_id
    (only,) = kept.runs("a")
    assert (only.raw, only.made_at) == ({"name": "甲公司", "employees": 5}, later(3))


def test_nobody_replaces_what_another_keeps(kept: Workspace, records: Records) -> None:
    first = kept.record_run("a", {"name": "甲公司"}, RESULT, NOW)
    saved = records.save("a", {"name": "甲公司"}, "declared", "", NOW)
    other = kept.record_run("b", {"name": "乙公司"}, RESULT, later(1), saved.company_id, run_id=first.run_id)
    assert other.run_id != first.run_id
    assert other.company_id is None
    assert kept.runs("a")[0].raw == {"name": "甲公司"}
    kept.link_run("b", first.run_id, saved.company_id)
    assert kept.runs("a")[0].company_id is None


def test_a_match_whose_entry_or_company_is_gone_is_kept_anew(kept: Workspace, records: Records) -> None:
    saved = records.save("a", {"name": "甲公司"}, "declared", "", NOW)
    first = kept.record_run("a", {"name": "甲公司"}, RESULT, NOW, saved.company_id)
    assert records.erase(saved.company_id, "a")
    again = kept.record_run("a", {"name": "甲公司"}, RESULT, later(1), saved.company_id, run_id=first.run_id)
    assert [run.run_id for run in kept.runs("a")] == [again.run_id]
    assert again.company_id is None


def test_a_company_kept_after_a_match_takes_the_match_along(kept: Workspace, records: Records) -> None:
    run = kept.record_run("a", {"name": "甲公司"}, RESULT, NOW)
    saved = records.save("a", {"name": "甲公司"}, "declared", "", later(1))
    kept.link_run("a", run.run_id, saved.company_id)
    assert [one.company_id for one in kept.runs("a")] == [saved.company_id]
    assert records.erase(saved.company_id, "a")
    assert kept.runs("a") == []


def test_favourites_are_a_set_with_a_limit(kept: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workspace, "MAX_FAVOURITES", 2)
    for minute, measure in enumerate(("p/1", "p/1", "p/2")):
        kept.set_favourite("a", measure, later(minute), on=True)
    assert kept.favourites("a") == ["p/2", "p/1"]
    with pytest.raises(InputError, match="最多收藏 2 项"):
        kept.set_favourite("a", "p/3", NOW, on=True)
    kept.set_favourite("a", "p/1", NOW, on=False)
    kept.set_favourite("a", "p/1", NOW, on=False)
    assert kept.favourites("a") == ["p/2"]
