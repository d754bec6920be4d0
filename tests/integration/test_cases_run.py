"""Every labelled profile is matched: nothing that is over is offered, and nothing unsure is called 符合."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
from functools import cache
from importlib import resources
from typing import Any

import pytest

from eval.cases import load_cases, shipped_cases
from eval.metrics import per_case
from matcher.eligibility import Truth
from matcher.results import Condition, MatchResult, Section, Verdict
from matcher.service import Matcher
from matcher.wire import result_json
from policies.lifecycle import Lifecycle, WindowPhase, lifecycle, window_state
from policies.policy import first_day, last_day
from policies.profile import CompanyProfile

CASES: list[dict[str, Any]] = [
    json.loads(line)
    for line in resources.files("eval").joinpath("data/cases_dev.jsonl").read_text("utf-8").splitlines()
]
OTHER_DAYS = (dt.date(2024, 6, 1), dt.date(2025, 12, 31), dt.date(2026, 11, 23), dt.date(2027, 6, 30))
OVER = {"draft", "withdrawn", "stale"}


@cache
def matcher() -> Matcher:
    return Matcher.open(dense=False)


@cache
def answer(number: int, as_of: dt.date) -> MatchResult:
    return matcher().match(CompanyProfile.model_validate(CASES[number]["profile"]), as_of, k=500)


def own_day(number: int) -> dt.date:
    return dt.date.fromisoformat(CASES[number]["as_of"])


QUESTIONS = [pytest.param(number, own_day(number), id=case["case_id"]) for number, case in enumerate(CASES)] + [
    pytest.param(number, day, id=f"{CASES[number]['case_id']}@{day}")
    for day in OTHER_DAYS
    for number in range(0, len(CASES), 10)
    if day != own_day(number)
]


def test_there_are_cases() -> None:
    assert len(CASES) >= 50 and len({case["case_id"] for case in CASES}) == len(CASES)


def is_whole_and_serialisable(number: int, as_of: dt.date) -> None:
    result = answer(number, as_of)
    text = json.dumps(result_json(result), ensure_ascii=False, allow_nan=False)
    found = json.loads(text)
    text.encode("utf-8")  # no half characters
    assert found["as_of"] == as_of.isoformat() and found["company"] == CASES[number]["profile"]["name"]
    assert [entry["rank"] for entry in found["matches"]] == list(range(1, len(found["matches"]) + 1))
    assert len({entry["measure_id"] for entry in found["matches"]}) == len(found["matches"])
    assert sum(found["counts"].values()) == len(found["matches"]) > 0


def offers_nothing_that_is_over(number: int, as_of: dt.date) -> None:
    library = matcher().library
    for match in (*answer(number, as_of).matches, *answer(number, as_of).nearest_misses):
        policy = match.entry.policy
        state = lifecycle(policy, as_of, library.policies)
        assert state is match.lifecycle and state in {Lifecycle.CURRENT, Lifecycle.UNVERIFIED}
        window = window_state(policy.window_of(match.entry.measure), policy, as_of)
        assert window == match.window and window.phase is not WindowPhase.CLOSED
        assert window.closes is None or window.closes >= as_of
        assert window.days_left is None or window.days_left >= 0
        # by the policy's own dates, without the functions under test
        assert policy.status not in OVER
        assert policy.valid_from is None or first_day(policy.valid_from) <= as_of
        assert policy.valid_to is None or as_of <= last_day(policy.valid_to)


def calls_eligible_only_what_is_sure(number: int, as_of: dt.date) -> None:
    result = answer(number, as_of)
    for match in result.matches:
        truths = {line.truth for line in match.conditions}
        if match.verdict is Verdict.ELIGIBLE:
            assert truths <= {Truth.TRUE}, match.entry.measure_id
            assert not match.manual and not match.missing, match.entry.measure_id
            assert match.lifecycle is Lifecycle.CURRENT and match.section in {Section.ELIGIBLE, Section.BACKGROUND}
        else:
            assert match.verdict is Verdict.POSSIBLE and match.section is not Section.ELIGIBLE
            assert Truth.FALSE not in truths and Truth.UNKNOWN in truths, match.entry.measure_id
            assert match.manual or match.missing, match.entry.measure_id


def misses_lack_one_condition(number: int, as_of: dt.date) -> None:
    for miss in answer(number, as_of).nearest_misses:
        failed = [line for line in miss.conditions if line.truth is Truth.FALSE]
        assert miss.verdict is Verdict.INELIGIBLE and len(failed) == 1 and len(miss.gaps) == 1
        assert miss.gaps[0].text and miss.gaps[0].closable


def is_fit_to_be_shown(number: int, as_of: dt.date) -> None:
    for match in answer(number, as_of).matches:
        low, high = match.amount.low_yuan, match.amount.high_yuan
        assert (low is None) == (high is None) and (low is None or high is None or 0 <= low <= high)
        assert match.amount.trace and match.next_step
        lines: list[Condition] = [leaf for line in match.conditions for leaf in line.walk()]
        assert all(line.text and line.observed and line.required for line in lines), match.entry.measure_id


@pytest.mark.parametrize(("number", "as_of"), QUESTIONS)
def test_every_answer(number: int, as_of: dt.date) -> None:
    is_whole_and_serialisable(number, as_of)
    offers_nothing_that_is_over(number, as_of)
    calls_eligible_only_what_is_sure(number, as_of)
    misses_lack_one_condition(number, as_of)
    is_fit_to_be_shown(number, as_of)


def test_the_answer_depends_on_the_day() -> None:
    offered = {day: {match.entry.measure_id for match in answer(0, day).matches} for day in OTHER_DAYS}
    assert len({frozenset(ids) for ids in offered.values()}) == len(OTHER_DAYS)


def test_superseded_policies_give_way_to_their_successors() -> None:
    """Over all cases and days: a policy and the one that supersedes it are never both current."""
    library = matcher().library
    pairs = [
        (old.policy_id, relation.target)
        for old in library.policies.values()
        if old.status == "superseded"
        for relation in old.relations
        if relation.type == "superseded_by" and relation.target in library.policies
    ]
    assert pairs
    for number in range(0, len(CASES), 5):
        for day in (own_day(number), *OTHER_DAYS):
            current = {match.entry.policy.policy_id for match in answer(number, day).matches}
            assert not [pair for pair in pairs if set(pair) <= current]


def test_a_company_without_a_plan_still_gets_a_sensible_order() -> None:
    """Plans and needs taken away, the list is far better than the same measures in any order of their names."""
    suite = load_cases(shipped_cases())
    silent = [
        dataclasses.replace(case, profile=case.profile.model_copy(update={"plans": (), "texts": {}}))
        for case in suite.cases
    ]
    ranked = {c.case_id: [s.item.entry.measure_id for s in matcher().scored(c.profile, c.as_of)] for c in silent}
    by_name = {case_id: sorted(ids) for case_id, ids in ranked.items()}
    ours, theirs = (
        sum(ndcg.values()) / len(ndcg)
        for ndcg in (per_case(silent, lists, gain=suite.gain)["ndcg@10"] for lists in (ranked, by_name))
    )
    assert ours > 2 * theirs
