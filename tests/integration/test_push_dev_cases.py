"""The labelled cases as kept companies, told of a whole library at once: it pushes what was measured."""

from __future__ import annotations

import json
from importlib import resources

import numpy as np
import pytest
from sqlalchemy import select

from eval.cases import CaseSet, load_cases, shipped_cases
from eval.push import Pushes, grade_of, learnt, pushed, ranks, stricter
from matcher.push.floor import Floor, shipped_floors
from matcher.push.publish import scan
from matcher.service import Matcher
from matcher.store.companies import CompanyRecord
from matcher.store.database import Database
from matcher.store.pushes import MeasureState, Message
from tests.scan_support import NOW, URL, World


@pytest.fixture(scope="module")
def suite() -> CaseSet:
    return load_cases(shipped_cases())


@pytest.fixture(scope="module")
def shipped() -> Matcher:
    return Matcher.open(dense=False)


def test_no_case_gets_a_push_that_is_labelled_0_or_ineligible(
    database: Database, suite: CaseSet, shipped: Matcher
) -> None:
    world = World(database, floors=None)
    for line in shipped_cases().read_text("utf-8").splitlines():
        raw = json.loads(line)
        world.company(owner=raw["case_id"], **raw["profile"])
    with database.session() as session:  # something was known, so this is not the first look
        session.add(MeasureState(measure_id="-", version="", phase="", closes=None, reminded=None, ending=False,
                                 seen_at=NOW))  # fmt: skip
    (as_of,) = {case.as_of for case in suite.cases}
    batches = scan(database, shipped, as_of, NOW, URL)
    with database.session() as session:
        wanted = select(CompanyRecord.owner, Message.measure_id).join(
            Message, Message.company_id == CompanyRecord.company_id
        )
        told = {(owner, measure_id) for owner, measure_id in session.execute(wanted)}
    assert told == pushed(shipped, suite, shipped_floors())
    grades = {(case.case_id, measure): grade_of(case, measure) for case in suite.cases for _, measure in told}
    said = [grades[each] for each in told]
    assert not [each for each in told if grades[each] in (0, -1)]
    assert sum(grade is not None and grade >= 2 for grade in said) >= 90
    assert sum(batch.found["messages"] for batch in batches) == len(told)


def test_the_figures_shown_are_of_the_floors_that_ship() -> None:
    figures = json.loads(resources.files("eval").joinpath("results/push_dev.json").read_text("utf-8"))
    said = {name: each["floor"] for name, each in figures["outcomes"].items() if each["told"]}
    assert {outcome.name.lower(): vars(floor) for outcome, floor in shipped_floors().items()} == {
        name: vars(Floor(**shape)) for name, shape in said.items()
    }
    assert figures["with_floor"]["wrong"] == 0 and figures["with_floor"]["right"] >= 90


def test_a_floor_keeps_the_most_without_a_wrong_one() -> None:
    right = np.array([True, True, False, True, False, True])
    score = np.array([0.9, 0.8, 0.7, 0.75, 0.95, 0.5])
    rank = np.array([1.0, 2, 3, 4, 9, 10])
    pushes = Pushes(None, np.ones(6, np.int8), right | True, right, ~(right | True), ~right)  # type: ignore[arg-type]
    everybody = np.ones(6, dtype=bool)
    assert learnt(pushes, everybody, score, rank) == Floor(8, 0.7)
    assert learnt(pushes, ~right, score, rank) == Floor(0, np.inf)
    assert learnt(pushes, right, score, rank) == Floor()
    assert stricter([Floor(8, 0.7), Floor(score=0.8)]) == Floor(8, 0.8)


def test_ranks_are_by_case() -> None:
    class Two:
        case = np.array([0, 1, 0, 1])

    assert ranks(Two(), np.array([1.0, 5.0, 2.0, 4.0])).tolist() == [2, 1, 1, 2]  # type: ignore[arg-type]
