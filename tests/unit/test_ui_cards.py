"""Cards of results: with and without buttons, escaped, and complete."""

from __future__ import annotations

from pathlib import Path

import pytest

from matcher.results import MatchResult, Section
from matcher.service import Matcher
from matcher.ui import cards, session
from policies.errors import Problem
from policies.profile import CompanyProfile
from tests.support import AS_OF, measure, policy, write_library

EVIL = '<img src=x onerror="a">'


@pytest.fixture(scope="module")
def matcher(tmp_path_factory: pytest.TempPathFactory) -> Matcher:
    folder: Path = tmp_path_factory.mktemp("library")
    patents = {"field": "patents", "min": 10}
    write_library(
        folder,
        policy("fits", measure(), measure("second", name=EVIL), materials=["申请表"], summary=EVIL),
        policy("asks", measure(when=[patents])),
        policy("checks", measure(when=[{"manual": "设备先进"}])),
        policy("misses", measure(when=[{"field": "rd_staff", "min": 10}])),
    )
    return Matcher.open(folder, dense=False)


@pytest.fixture(scope="module")
def result(matcher: Matcher) -> MatchResult:
    raw = {"name": EVIL, "region": "山东省/济南市", "rd_staff": 8, "plans": [{"text": "设备更新"}]}
    return matcher.match(CompanyProfile.model_validate(raw), AS_OF, k=100)


def test_every_section_has_its_cards_and_says_what_is_missing(result: MatchResult) -> None:
    found = {section.key: section for section in cards.sections(result)}
    assert list(found) == ["ELIGIBLE", "TO_CHECK", "TO_ANSWER", "NOT_NOW"]
    (fits,) = found["ELIGIBLE"].cards
    assert [one.measure_id for one in fits.measures] == ["fits/grant", "fits/second"]
    first = fits.measures[0]
    assert (first.policy_id, first.slug, first.money) == ("fits", "grant", True)
    missed = found["NOT_NOW"].cards[0].measures[0]
    assert (missed.verdict, missed.missed, missed.amount) == ("暂不符合", True, "")
    assert missed.open[0].facts[0] == "您填写：8 人"
    assert found["TO_CHECK"].cards[0].measures[0].manual == ("设备先进",)


def test_a_list_to_read_has_no_buttons(result: MatchResult) -> None:
    shown = cards.render_list(result)
    assert "<button" not in shown and "data-feedback" not in shown
    assert shown.count('<li class="hq-card') == 4
    assert 'href="/policies/fits#grant"' in shown


def test_a_list_with_buttons_marks_what_is_watched(result: MatchResult) -> None:
    shown = cards.render_list(result, cards.Actions("run-1", frozenset({"fits/second"})))
    assert 'data-favourite="fits/second" aria-pressed="true"' in shown
    assert 'data-favourite="fits/grant" aria-pressed="false"' in shown
    assert shown.count('data-run="run-1"') == len(result.matches) + len(result.nearest_misses)
    assert "data-feedback" not in cards.render_list(result, cards.Actions("", frozenset()))


def test_nothing_of_a_policy_or_company_becomes_markup(result: MatchResult, matcher: Matcher) -> None:
    state = session.started(session.empty(), {"name": EVIL, "needs": "x"})
    outcome = session.evaluate(matcher, state, AS_OF).with_run("run-1")
    summary = cards.render_summary(outcome)
    problems = cards.render_problems([Problem(EVIL, EVIL, EVIL)])
    found = cards.render_list(result, cards.Actions("r", frozenset()))
    for shown in (found, summary, cards.render_question(outcome), problems, cards.render_hint(EVIL)):
        assert "<img" not in shown
    assert "/mine/runs/run-1.docx" in summary


def test_results_that_could_not_be_kept_have_no_links(matcher: Matcher) -> None:
    state = session.started(session.empty(), {"name": "甲", "needs": "x"})
    shown = cards.render_summary(session.evaluate(matcher, state, AS_OF))
    assert "/mine/runs/" not in shown and "没能记入" in shown


def test_an_empty_result_says_what_to_do(tmp_path: Path) -> None:
    folder = write_library(tmp_path, policy("far", measure(when=[{"field": "region", "in": ["山东省/济南市"]}])))
    state = session.started(session.empty(), {"name": "甲", "region": "110000", "needs": "x"})
    outcome = session.evaluate(Matcher.open(folder, dense=False), state, AS_OF)
    shown = cards.render_summary(outcome)
    assert "没有找到符合条件的政策" in shown and "政策检索" in shown
    assert outcome.result.counts.get(Section.ELIGIBLE, 0) == 0
