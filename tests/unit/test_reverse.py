"""A measure's companies out of a store: the same as one by one, in order, whatever is skipped."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from matcher import Matcher
from matcher.assessment import active_at
from matcher.companies import build
from matcher.companies.build import build_store
from matcher.companies.store import CompanyStore
from matcher.match_rows import MatchRow
from matcher.results import Verdict
from matcher.reverse import Earlier, Reverse, company_key, needs_of
from matcher.reverse_run import targets
from policies.companies import CompanyTable
from policies.errors import InputError
from policies.library import load_library
from policies.profile import CompanyProfile
from tests.support import AS_OF, company

PLACES = ("山东省/济南市/历城区", "山东省/青岛市", "江苏省", None, "山东省", "山东省/德州市")
TRADES = ("C3421", "C34", "I6513", None, "A0111")


def companies(n: int = 60) -> list[CompanyProfile]:
    found = []
    for number in range(n):
        raw: dict[str, Any] = {
            "name": f"第{number}公司", "region": PLACES[number % 6], "industry_code": TRADES[number % 5],
            "employees": [30, "20-49人", 600, None][number % 4], "revenue_wan": [1000, 50000, None][number % 3],
            "rd_expense_wan": [None, 30, 3000][number % 3], "assets_wan": [500, None][number % 2],
            "honours": [["高新技术企业"], None, [], ["专精特新中小企业"]][number % 4],
            "credit_ok": [True, None][number % 2],
            "established": [f"20{10 + number % 15}-01-01", None][number % 2],
        }  # fmt: skip
        if number % 4 == 0:
            raw["plans"] = [
                {"text": "购置机床", "equipment_invest_wan": 100 * number, "loan_wan": 50},
                {"text": "光伏", "project_invest_wan": 3000},
            ]
        found.append(company(**{name: value for name, value in raw.items() if value is not None}))
    return found


@pytest.fixture(scope="module")
def matcher() -> Matcher:
    return Matcher.open(dense=False)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CompanyStore]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(build, "ROW_GROUP", 9)
        path = tmp_path_factory.mktemp("reverse") / "store"
        build_store([CompanyTable.of(companies())], path)
        yield CompanyStore.open(path)


def brief(row: MatchRow) -> tuple[object, ...]:
    return row.company, row.verdict, row.low_yuan, row.high_yuan, row.amount_note, tuple(row.missing), tuple(row.manual)


def test_the_store_says_of_every_measure_what_the_matcher_says(matcher: Matcher, store: CompanyStore) -> None:
    profiles = companies()
    table = matcher.verdicts(profiles, AS_OF)
    listed = 0
    for place, active in enumerate(active_at(matcher.library, AS_OF)):
        assert table.measure_ids[place] == active.entry.measure_id
        found = Reverse.find(store, active, AS_OF)
        rows = list(found.rows())
        wanted = {profiles[i].name for i in range(len(profiles)) if table.values[i, place] >= 0}
        assert {row.company for row in rows} == wanted and len(rows) == len(wanted)
        assert (
            found.eligible == int((table.values[:, place] == 1).sum()) and found.possible == len(rows) - found.eligible
        )
        listed += len(rows)
    assert listed > 2000


@pytest.mark.parametrize("number", range(0, 190, 12))
def test_rows_are_those_of_the_matcher_in_its_order(matcher: Matcher, store: CompanyStore, number: int) -> None:
    active = active_at(matcher.library, AS_OF)[number]
    rows = list(Reverse.find(store, active, AS_OF).rows())
    single = matcher.reverse(active.entry.measure_id, companies(), AS_OF)
    wanted = [
        (f"第{position}公司", match.verdict.value, match.amount.low_yuan, match.amount.high_yuan, match.amount.trace,
         match.missing, match.manual)
        for position, match in single
    ]  # fmt: skip
    assert [row.rank for row in rows] == list(range(1, len(rows) + 1))
    assert sorted(map(brief, rows), key=str) == sorted(wanted, key=str)
    # The same order but for ties, which a store breaks by region and the matcher by position.
    keys = [(row.verdict != "eligible", -(row.high_yuan or 0)) for row in rows]
    assert keys == [(m.verdict is not Verdict.ELIGIBLE, -(m.amount.high_yuan or 0)) for _, m in single]


@pytest.mark.parametrize("limit", [1, 3, 7, 1000])
def test_a_limit_keeps_the_first(matcher: Matcher, store: CompanyStore, limit: int) -> None:
    for active in active_at(matcher.library, AS_OF)[::9]:
        whole = list(Reverse.find(store, active, AS_OF).rows())
        some = Reverse.find(store, active, AS_OF, limit)
        assert list(some.rows()) == whole[:limit]
        assert some.eligible + some.possible == len(whole)


def test_rows_that_do_not_fit_into_memory_come_in_order(
    matcher: Matcher, store: CompanyStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    active = max(active_at(matcher.library, AS_OF), key=lambda a: Reverse.find(store, a, AS_OF).possible)
    found = Reverse.find(store, active, AS_OF)
    whole = list(found.rows())
    monkeypatch.setattr("matcher.reverse.BUCKET", 7)
    monkeypatch.setattr("matcher.reverse.EXPLAINED", 4)
    assert list(found.rows()) == whole and len(whole) > 20


def test_regional_measures_read_few_row_groups(matcher: Matcher, store: CompanyStore) -> None:
    local = [
        a for a in active_at(matcher.library, AS_OF) if "region" in needs_of(a.entry) and a.entry.policy.level == "city"
    ]
    assert local and all(len(store.groups(needs_of(a.entry))) < len(store.groups({})) for a in local)


def test_only_what_is_new(matcher: Matcher, store: CompanyStore) -> None:
    active = next(a for a in active_at(matcher.library, AS_OF) if Reverse.find(store, a, AS_OF).eligible > 1)
    rows = list(Reverse.find(store, active, AS_OF).rows())
    sure = [row for row in rows if row.verdict == "eligible"]
    before = [(r.measure_id, r.uscc, r.company, r.row, r.verdict == "eligible" and r != sure[0]) for r in rows[:-1]]
    news = list(Earlier.of(before).news(rows))
    assert [row.company for row in news] == [sure[0].company, rows[-1].company] and [r.rank for r in news] == [1, 2]
    assert "此前为可能符合" in news[0].reasons and "此前未列出" in news[1].reasons
    assert company_key("", "甲", 3) == "甲" and company_key("", "", 3) == "#3" and company_key("9", "甲", 3) == "9"


def row_of(verdict: str, row: int, name: str = "甲") -> MatchRow:
    return MatchRow(
        row, "", "", name, "match", 1, "p", "p/m", "", "", verdict, "", 0.0, None, None, "", [], [], "理由", "", "", "",
    )  # fmt: skip


def test_a_company_listed_twice_is_not_new_each_time() -> None:
    both = [row_of("eligible", 2), row_of("possible", 3)]
    earlier = Earlier.of((r.measure_id, r.uscc, r.company, r.row, r.verdict == "eligible") for r in both)
    assert list(earlier.news(both)) == []
    assert [r.row for r in earlier.news([row_of("eligible", 3)])] == [3]  # the second one is eligible only now
    assert [r.row for r in earlier.news([row_of("eligible", 9)])] == [9]  # moved: rather once too often than missed
    assert list(earlier.news([row_of("possible", 9)])) == []
    assert earlier.measures == {"p/m"}


def test_what_an_id_means() -> None:
    library = load_library()
    offered = (library.policies[name] for name in library.policies if library.lifecycle(name, AS_OF).matchable)
    several = next(policy for policy in offered if len(policy.measures) > 2)
    assert {a.entry.policy.policy_id for a in targets(library, several.policy_id, AS_OF)} == {several.policy_id}
    one = targets(library, several.policy_id, AS_OF)[0].entry.measure_id
    assert [a.entry.measure_id for a in targets(library, one, AS_OF)] == [one]
    with pytest.raises(InputError, match="您是不是要找"):
        targets(library, one + "x", AS_OF)
    gone = next(p for p in library.policies if not library.lifecycle(p, AS_OF).matchable)
    with pytest.raises(InputError, match="不可申报"):
        targets(library, gone, AS_OF)
