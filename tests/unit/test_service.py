"""The façade over a small library, by rules and words only."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest

from matcher import Matcher, Verdict
from matcher.eligibility import Truth
from matcher.results import MatchResult, Section
from matcher.retrieval import NO_MODEL
from policies.errors import InputError, PolicyError
from tests.support import AS_OF, company, measure, policy, write_library

SHANDONG = {"field": "region", "in": ["山东省"]}
DAYS = [
    dt.date.fromisoformat(day)
    for day in ("2023-12-31", "2024-01-01", "2026-03-31", "2026-06-15", "2026-12-31", "2027-02-01")
]


def policies() -> list[dict[str, Any]]:
    return [
        policy("open", measure("invest", when=[{"field": "equipment_invest_wan", "min": 100}],
                               benefit={"type": "ratio", "rate": 0.1, "base": "equipment_invest_wan", "cap_wan": 50}),
               measure("people", when=[{"field": "employees", "min": 50}]),
               measure("manual", when=[{"manual": "须符合产业政策"}]),
               applies=[SHANDONG], prefer=[{"field": "export", "is": True}]),
        policy("honour", measure(when=[SHANDONG, {"field": "honours", "has": ["瞪羚企业"]}])),
        policy("two-gaps", measure(when=[{"field": "honours", "has": ["瞪羚企业"]}, {"field": "patents", "min": 10}])),
        policy("elsewhere", measure(when=[{"field": "region", "in": ["北京"]}])),
        policy("unsure", measure(when=[SHANDONG]), status="unknown"),
        policy("expired", measure(), valid_to="2024-01-01"),
        policy("old", measure(), status="superseded", relations=[{"type": "superseded_by", "target": "new"}]),
        policy("new", measure(), valid_from="2026-04-01"),
        policy("window", measure(), window={"kind": "fixed", "opens": "2026-01-01", "closes": "2026-03-31"}),
        policy("draft", measure(), status="draft"), policy("gone", measure(), status="withdrawn"),
    ]  # fmt: skip


@pytest.fixture(scope="module")
def matcher(tmp_path_factory: pytest.TempPathFactory) -> Matcher:
    folder = write_library(tmp_path_factory.mktemp("library"), *policies())
    return Matcher.open(folder, dense=False)


COMPANY = company(
    name="甲公司", region="山东省/济南市", industry_code="C3421", employees=58, honours=["高企"], patents=3,
    plans=[{"text": "购置数控机床，技术改造", "equipment_invest_wan": 380}], needs="设备更新",
)  # fmt: skip
COMPANIES = [
    COMPANY, company(), company(region="北京"), company(region="青岛", employees="20-60人"),
    company(region="山东", honours=["瞪羚企业"], patents=20, plans=[{}, {"equipment_invest_wan": 50}]),
]  # fmt: skip


def ids(result: MatchResult) -> list[str]:
    return [match.entry.measure_id for match in result.matches]


def test_a_match_is_complete(matcher: Matcher) -> None:
    result = matcher.match(COMPANY, AS_OF)
    by_id = {match.entry.measure_id: match for match in result.matches}
    assert by_id.keys() == {"open/invest", "open/people", "open/manual", "unsure/grant", "new/grant"}
    invest = by_id["open/invest"]
    assert invest.verdict is Verdict.ELIGIBLE and invest.section is Section.ELIGIBLE and invest.plan == 0
    assert (invest.amount.low_yuan, invest.amount.high_yuan) == (380_000, 380_000)
    assert [line.truth for line in invest.conditions] == [Truth.TRUE, Truth.TRUE]
    assert invest.preferences[0].truth is Truth.UNKNOWN and invest.next_step.endswith("。")
    manual = by_id["open/manual"]
    assert manual.section is Section.TO_CHECK and manual.manual == ("须符合产业政策",) and manual.missing == ()
    assert result.company == "甲公司" and result.as_of == AS_OF and not result.dense
    assert result.total.high_yuan == 380_000 + 100_000 + 100_000
    assert sum(result.counts.values()) == 5


@pytest.mark.parametrize("as_of", DAYS, ids=str)
def test_what_is_over_is_never_offered(matcher: Matcher, as_of: dt.date) -> None:
    allowed = {
        "expired/grant": as_of <= dt.date(2024, 1, 1), "old/grant": as_of < dt.date(2026, 4, 1),
        "new/grant": as_of >= dt.date(2026, 4, 1), "window/grant": as_of <= dt.date(2026, 3, 31),
        "draft/grant": False, "gone/grant": False,
    }  # fmt: skip
    for profile in COMPANIES:
        result = matcher.match(profile, as_of, k=100)
        seen = {*ids(result), *(match.entry.measure_id for match in result.nearest_misses)}
        for measure_id, may in allowed.items():
            assert (measure_id in ids(result)) is may, measure_id
            assert may or measure_id not in seen
    assert set(matcher.verdicts(COMPANIES, as_of).measure_ids) & allowed.keys() == {
        k for k, may in allowed.items() if may
    }


def test_eligible_means_every_condition_is_true(matcher: Matcher) -> None:
    found = 0
    for profile in COMPANIES:
        for match in matcher.match(profile, AS_OF, k=100).matches:
            truths = {line.truth for line in match.conditions}
            assert (match.verdict is Verdict.ELIGIBLE) == (truths <= {Truth.TRUE}), match.entry.measure_id
            assert Truth.FALSE not in truths
            found += match.verdict is Verdict.ELIGIBLE
    assert found > 3


def test_a_policy_of_unknown_status_is_never_eligible(matcher: Matcher) -> None:
    match = next(m for m in matcher.match(COMPANY, AS_OF).matches if m.entry.measure_id == "unsure/grant")
    assert match.verdict is Verdict.POSSIBLE and match.section is Section.TO_CHECK
    assert "仍然有效" in match.manual[0] and "请核实" in match.next_step
    ((_, reverse),) = matcher.reverse("unsure/grant", [COMPANY], AS_OF)
    assert reverse.verdict is Verdict.POSSIBLE
    table = matcher.verdicts([COMPANY], AS_OF)
    assert table.values[0, table.measure_ids.index("unsure/grant")] == 0


@pytest.mark.parametrize("k", [1, 2, 5, 100])
def test_k_and_ranks(matcher: Matcher, k: int) -> None:
    result = matcher.match(COMPANY, AS_OF, k)
    assert len(result.matches) == min(k, 5)
    assert [match.rank for match in result.matches] == list(range(1, len(result.matches) + 1))
    assert ids(result) == ids(matcher.match(COMPANY, AS_OF, 100))[:k]
    scores = [match.score for match in result.matches]
    assert scores == sorted(scores, reverse=True)


def test_k_below_one_and_contradictions_are_input_errors(matcher: Matcher) -> None:
    with pytest.raises(InputError, match="返回条数（k）：应为 1 或更大，收到 0"):
        matcher.match(COMPANY, AS_OF, 0)
    with pytest.raises(InputError, match="成立日期"):
        matcher.match(company(established="2030"), AS_OF)


def test_twice_is_the_same(matcher: Matcher, tmp_path: Path) -> None:
    again = Matcher.open(write_library(tmp_path / "copy", *policies()), dense=False)
    for profile in COMPANIES:
        first, second, other = matcher.match(profile, AS_OF), matcher.match(profile, AS_OF), again.match(profile, AS_OF)
        assert first == second
        assert [(m.entry.measure_id, m.score, m.verdict) for m in first.matches] == [
            (m.entry.measure_id, m.score, m.verdict) for m in other.matches
        ]
    assert matcher.match_many(COMPANIES, AS_OF) == [matcher.match(profile, AS_OF) for profile in COMPANIES]


def test_notes_say_what_was_left_out(matcher: Matcher) -> None:
    result = matcher.match(company(region="济南", honours=["某某称号"]), AS_OF)
    assert NO_MODEL in result.notes and any("未收录：某某称号" in note for note in result.notes)


def test_nearest_misses_fail_in_one_condition_only(matcher: Matcher) -> None:
    result = matcher.match(COMPANY, AS_OF)
    assert [match.entry.measure_id for match in result.nearest_misses] == ["honour/grant"]
    (miss,) = result.nearest_misses
    assert [line.truth for line in miss.conditions].count(Truth.FALSE) == 1
    assert miss.verdict is Verdict.INELIGIBLE and miss.rank == 1 and miss.amount.high_yuan is None
    assert miss.next_step == "差一步：先认定瞪羚企业，之后再申报。"
    for profile in COMPANIES:
        for near in matcher.match(profile, AS_OF).nearest_misses:
            assert [line.truth for line in near.conditions].count(Truth.FALSE) == 1


def test_verdicts_and_reverse_agree_with_match(matcher: Matcher) -> None:
    table = matcher.verdicts(COMPANIES, AS_OF)
    names = {1: Verdict.ELIGIBLE, 0: Verdict.POSSIBLE}
    for row, profile in enumerate(COMPANIES):
        matched = {match.entry.measure_id: match.verdict for match in matcher.match(profile, AS_OF, k=100).matches}
        values = dict(zip(table.measure_ids, table.values[row].tolist(), strict=True))
        assert matched == {key: names[value] for key, value in values.items() if value >= 0}
    for column, measure_id in enumerate(table.measure_ids):
        found = {position: match.verdict for position, match in matcher.reverse(measure_id, COMPANIES, AS_OF)}
        assert found == {row: names[value] for row, value in enumerate(table.values[:, column].tolist()) if value >= 0}


def test_reverse_puts_the_sure_first(matcher: Matcher) -> None:
    verdicts = [match.verdict for _, match in matcher.reverse("open/people", COMPANIES, AS_OF)]
    assert verdicts == sorted(verdicts, key=lambda verdict: verdict is not Verdict.ELIGIBLE) and len(verdicts) == 4


@pytest.mark.parametrize(("measure_id", "says"), [("expired/grant", "不可申报"), ("no/such", "没有这个事项")])
def test_reverse_refuses_what_is_not_offered(matcher: Matcher, measure_id: str, says: str) -> None:
    with pytest.raises(InputError, match=rf"事项编号“{measure_id}”：.*{says}"):
        matcher.reverse(measure_id, COMPANIES, AS_OF)


def test_no_companies(matcher: Matcher) -> None:
    assert matcher.verdicts([], AS_OF).values.shape[0] == 0
    assert matcher.reverse("open/people", [], AS_OF) == [] and matcher.match_many([], AS_OF) == []


def test_the_next_question_is_one_that_decides(matcher: Matcher) -> None:
    result = matcher.match(company(region="济南"), AS_OF)
    assert result.next_question is not None
    asked = result.next_question.field
    assert asked in {"employees", "equipment_invest_wan", "honours", "patents"}
    assert any(asked in match.missing for match in matcher.match(company(region="济南"), AS_OF, 100).matches)
    assert matcher.match(COMPANY, AS_OF).next_question is None


def test_nothing_is_known_and_nothing_is_sure(matcher: Matcher) -> None:
    result = matcher.match(company(), AS_OF)
    assert {m.entry.measure_id for m in result.matches if m.verdict is Verdict.ELIGIBLE} == {"new/grant"}
    assert result.company == "该企业" and result.total.counted == ("new/grant",)


def test_strict_and_lenient(tmp_path: Path) -> None:
    folder = write_library(tmp_path, *policies())
    (folder / "bad.yaml").write_text("title: [", encoding="utf-8")
    with pytest.raises(PolicyError, match=r"bad.yaml"):
        Matcher.open(folder, dense=False)
    lenient = Matcher.open(folder, dense=False, lenient=True)
    assert lenient.library.problems and len(lenient.match(COMPANY, AS_OF).matches) == 5
