"""A whole table and one company at a time give the same lists."""

from __future__ import annotations

import pytest

from eval.cases import load_cases, shipped_cases
from matcher import Matcher
from matcher.results import Match
from matcher.signals import interests_of
from policies.companies import CompanyTable
from policies.profile import CompanyProfile
from tests.support import AS_OF, company


def companies() -> list[CompanyProfile]:
    """The development cases, and what they lack: several plans, none, and nothing known at all."""
    found = [case.profile for case in load_cases(shipped_cases()).cases]
    two_plans = [{"text": "购置五轴机床", "equipment_invest_wan": 900}, {"text": "屋顶光伏", "loan_wan": "300-500万"}]
    known = {"region": "山东省/济南市/历城区", "industry_code": "C3421", "employees": "20-49人", "revenue_wan": 3000}
    return [*found, company(**known, plans=two_plans), company(**known), company(), company(plans=two_plans)]


@pytest.fixture(scope="module")
def matcher() -> Matcher:
    return Matcher.open()


def brief(match: Match) -> tuple[object, ...]:
    amount = match.amount
    return (
        match.rank, match.entry.measure_id, match.verdict.value, match.section.value, match.score, amount.low_yuan,
        amount.high_yuan, amount.trace, match.missing, match.manual, match.next_step,
    )  # fmt: skip


def test_a_table_gives_the_lists_of_single_matches(matcher: Matcher, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("matcher.service.BLOCK_COMPANIES", 17)
    profiles = companies()
    singles = [matcher.match(profile, AS_OF) for profile in profiles]
    together = list(matcher.match_table(CompanyTable.of(profiles), AS_OF))
    assert len(together) == len(profiles)
    for number, (single, block) in enumerate(zip(singles, together, strict=True), 1):
        rows = [row for row in block.rows if row.kind != "none"]
        assert {row.row for row in block.rows} == {number}
        assert [
            (r.rank, r.measure_id, r.verdict, r.section, r.score, r.low_yuan, r.high_yuan, r.amount_note,
             tuple(r.missing), tuple(r.manual), r.next_step)
            for r in rows
        ] == [brief(match) for match in (*single.matches, *single.nearest_misses)]  # fmt: skip
        assert block.total == single.total
        for row, miss in zip([r for r in rows if r.kind == "near_miss"], single.nearest_misses, strict=True):
            assert row.gap == "；".join(gap.text for gap in miss.gaps)


def test_scores_do_not_depend_on_the_company_s_neighbours(matcher: Matcher) -> None:
    profiles = companies()
    whole = matcher.assess(CompanyTable.of(profiles), AS_OF)
    for number, profile in enumerate(profiles):
        alone = matcher.assess(CompanyTable.of([profile]), AS_OF)
        assert whole.orders[number].tolist() == alone.orders[0].tolist()
        assert (whole.scores[number] == alone.scores[0]).all()
    assert len(interests_of(whole.table).suggested) == len(profiles)


def test_a_company_without_any_match_says_so(matcher: Matcher) -> None:
    nothing = company(region="新疆维吾尔自治区", employees=0, entity_type=[], honours=[], operating=False)
    (rows,) = matcher.match_table(CompanyTable.of([nothing]), AS_OF)
    assert rows.rows and all(row.row == 1 for row in rows.rows)


def test_reasons_name_every_condition_once(matcher: Matcher) -> None:
    (found,) = matcher.match_table(CompanyTable.of([companies()[0]]), AS_OF, k=40)
    by_id = {item.entry.measure_id: item for item in matcher.active(AS_OF)}
    for row in found.rows:
        texts = [text for text, _ in by_id[row.measure_id].lines]
        assert all(text in row.reasons for text in texts)
        assert ("不满足：" in row.reasons) == (row.kind == "near_miss")
        assert ("待确认：" in row.reasons or "须核实：" in row.reasons) == (row.verdict == "possible") or row.gap
