"""What a user keeps: companies, matches and favourites, each seen by its owner only."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import pytest

from matcher import workspace
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
def kept(tmp_path: Path) -> Iterator[Workspace]:
    database = Database.in_folder(tmp_path)
    yield Workspace(database)
    database.close()


def later(minutes: int) -> dt.datetime:
    return NOW + dt.timedelta(minutes=minutes)


def test_a_company_is_replaced_by_code_or_else_by_name(kept: Workspace) -> None:
    first = kept.save_profile("a", {"name": "甲公司"}, NOW)
    coded = kept.save_profile("a", {"name": "甲公司", "uscc": "91370100MA3C00001X"}, later(1))
    renamed = kept.save_profile("a", {"name": "甲集团", "uscc": "91370100MA3C00001X"}, later(2))
    other = kept.save_profile("a", {"name": "甲集团", "uscc": "91370100MA3C00002X"}, later(3))
    assert first.company_id == coded.company_id == renamed.company_id != other.company_id
    assert [one.name for one in kept.profiles("a")] == ["甲集团", "甲集团"]
    assert kept.profiles("a")[1].created_at == NOW


def test_companies_without_a_name_are_never_merged(kept: Workspace) -> None:
    kept.save_profile("a", {"employees": 5}, NOW)
    kept.save_profile("a", {"employees": 6}, NOW)
    assert [one.name for one in kept.profiles("a")] == ["未填写名称的企业"] * 2


def test_nobody_sees_or_removes_what_another_keeps(kept: Workspace) -> None:
    saved = kept.save_profile("a", {"name": "甲公司"}, NOW)
    run = kept.record_run("a", {"name": "甲公司"}, RESULT, NOW, saved.company_id)
    kept.set_favourite("a", "p/m", NOW, on=True)
    assert kept.profiles("b") == []
    assert kept.runs("b") == []
    assert kept.favourites("b") == []
    assert kept.profile("b", saved.company_id) is None
    assert kept.run("b", run.run_id) is None
    kept.forget_profile("b", saved.company_id)
    kept.forget_run("b", run.run_id)
    kept.set_favourite("b", "p/m", NOW, on=False)
    assert kept.profile("a", saved.company_id) is not None
    assert kept.run("a", run.run_id) is not None
    assert kept.favourites("a") == ["p/m"]


def test_a_company_goes_with_its_matches(kept: Workspace) -> None:
    saved = kept.save_profile("a", {"name": "甲公司"}, NOW)
    kept.record_run("a", {"name": "甲公司"}, RESULT, NOW, saved.company_id)
    loose = kept.record_run("a", {"name": "乙公司"}, RESULT, NOW)
    kept.forget_profile("a", saved.company_id)
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


def test_nobody_replaces_what_another_keeps(kept: Workspace) -> None:
    first = kept.record_run("a", {"name": "甲公司"}, RESULT, NOW)
    saved = kept.save_profile("a", {"name": "甲公司"}, NOW)
    other = kept.record_run("b", {"name": "乙公司"}, RESULT, later(1), saved.company_id, run_id=first.run_id)
    assert other.run_id != first.run_id
    assert other.company_id is None
    assert kept.runs("a")[0].raw == {"name": "甲公司"}
    kept.keep_company("b", {"name": "乙公司"}, first.run_id, later(2))
    assert kept.runs("a")[0].company_id is None


def test_a_match_whose_entry_or_company_is_gone_is_kept_anew(kept: Workspace) -> None:
    saved = kept.save_profile("a", {"name": "甲公司"}, NOW)
    first = kept.record_run("a", {"name": "甲公司"}, RESULT, NOW, saved.company_id)
    kept.forget_profile("a", saved.company_id)
    again = kept.record_run("a", {"name": "甲公司"}, RESULT, later(1), saved.company_id, run_id=first.run_id)
    assert [run.run_id for run in kept.runs("a")] == [again.run_id]
    assert again.company_id is None


def test_a_company_kept_after_a_match_takes_the_match_along(kept: Workspace) -> None:
    run = kept.record_run("a", {"name": "甲公司"}, RESULT, NOW)
    saved = kept.keep_company("a", {"name": "甲公司"}, run.run_id, later(1))
    assert [one.company_id for one in kept.runs("a")] == [saved.company_id]
    kept.forget_profile("a", saved.company_id)
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


def test_too_many_companies_are_refused(kept: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workspace, "MAX_PROFILES", 1)
    kept.save_profile("a", {"name": "甲公司"}, NOW)
    with pytest.raises(InputError, match="最多保存 1 家"):
        kept.save_profile("a", {"name": "乙公司"}, NOW)
