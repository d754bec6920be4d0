"""Companies as one table."""

from __future__ import annotations

import numpy as np

from policies.companies import CompanyTable
from tests.support import AS_OF, company


def table() -> CompanyTable:
    plans = [{"text": "购置机床"}, {"loan_wan": 9}]
    profiles = [
        company(name="甲公司", employees="20-49人", honours=["高新技术企业"], plans=plans),
        company(name="乙公司", ownership="民营企业", needs="缺钱"),
        company(name="丙公司", region="山东省/济南市", plans=[{"text": "建光伏"}]),
    ]
    return CompanyTable.of(profiles, rows=[3, 5, 8], sheets=["一", "一", "二"])


def test_a_profile_survives_the_table() -> None:
    whole = table()
    for position, name in enumerate(["甲公司", "乙公司", "丙公司"]):
        profile = whole.profile(position)
        assert profile.name == name
        alone = CompanyTable.of([profile])
        assert alone.plan_texts == whole.take(position, position + 1).plan_texts
        for field in ("employees", "honours", "ownership", "region", "loan_wan"):
            own = whole.take(position, position + 1).columns(AS_OF)
            rows = range(own.n)
            assert [own.fact(field, r) for r in rows] == [alone.columns(AS_OF).fact(field, r) for r in rows]


def test_taking_some_companies() -> None:
    part = table().take(1, 3)
    assert len(part) == 2 and part.company.tolist() == [0, 1] and part.plan.tolist() == [-1, 0]
    assert part.rows.tolist() == [5, 8] and part.sheets == ("一", "二")
    assert part.texts["name"] == ("乙公司", "丙公司") and part.plan_texts == ("", "建光伏")
    assert part.columns(AS_OF).choices["ownership"].at(0) == table().columns(AS_OF).choices["ownership"].at(2)


def test_known_fields_of_a_row() -> None:
    whole = table()
    assert whole.stated.known(0) >= {"employees", "honours"}
    assert "employees" not in whole.stated.known(2) and "loan_wan" in whole.stated.known(1)
    assert np.array_equal(whole.company, [0, 0, 1, 2])
