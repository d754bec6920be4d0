"""Companies on disk: lossless parts, and a store sorted by region."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from matcher import company_store
from matcher.company_store import CompanyStore, build_store, is_store, read_part, write_part
from policies.companies import CompanyTable
from policies.errors import InputError
from policies.profile import CompanyProfile
from policies.regions import regions
from policies.values import Span
from tests.support import AS_OF, company

PLACES = ("山东省/济南市/历城区", "江苏省/南京市", "山东省/青岛市", "", "北京市", "山东省")


def companies(n: int = 12) -> list[CompanyProfile]:
    found = []
    for number in range(n):
        raw: dict[str, object] = {
            "name": f"第{number}公司", "employees": ["20-49人", 58, "300人以上", None][number % 4],
            "honours": [["高新技术企业"], [], None][number % 3], "ownership": ["民营企业", None][number % 2],
            "region": PLACES[number % len(PLACES)] or None, "established": f"20{10 + number % 9}-03-0{1 + number % 9}",
        }  # fmt: skip
        if number % 5 == 0:
            raw["plans"] = [{"text": "购置机床", "equipment_invest_wan": 30 + number}, {"text": "光伏"}]
        found.append(company(**{name: value for name, value in raw.items() if value is not None}))
    return found


def same(one: CompanyTable, other: CompanyTable) -> None:
    assert one.company.tolist() == other.company.tolist() and one.plan.tolist() == other.plan.tolist()
    assert dict(one.texts) == dict(other.texts) and one.plan_texts == other.plan_texts
    assert one.rows.tolist() == other.rows.tolist() and one.sheets == other.sheets
    left, right = one.columns(AS_OF), other.columns(AS_OF)
    names = {*left.spans, *left.choices, *left.items, *right.spans, *right.choices, *right.items}
    for name in names:
        assert [left.fact(name, row) for row in range(left.n)] == [right.fact(name, row) for row in range(right.n)], (
            name
        )


def test_a_part_is_read_back_as_it_was(tmp_path: Path) -> None:
    table = CompanyTable.of(companies(), range(3, 15), ["表一"] * 12)
    write_part(tmp_path / "a.parquet", table)
    write_part(tmp_path / "b.parquet", table)
    same(table, read_part(tmp_path / "a.parquet"))
    assert (tmp_path / "a.parquet").read_bytes() == (tmp_path / "b.parquet").read_bytes()


@pytest.mark.parametrize("profiles", [[], [company()], [company(plans=[{}, {}]), company(name="乙")]])
def test_small_parts(tmp_path: Path, profiles: list[CompanyProfile]) -> None:
    table = CompanyTable.of(profiles)
    write_part(tmp_path / "a.parquet", table)
    same(table, read_part(tmp_path / "a.parquet"))


def test_what_is_not_ours_is_refused(tmp_path: Path) -> None:
    other, broken, newer = (tmp_path / name for name in ("other.parquet", "broken.parquet", "newer.parquet"))
    pq.write_table(pa.table({"row": [1]}), other)
    broken.write_bytes(b"PAR1 no")
    with pq.ParquetWriter(newer, pa.schema([("row", pa.int64())])) as writer:
        writer.add_key_value_metadata({company_store.MARK: b'{"format": 99, "kind": "part", "companies": 1}'})
    for path, says in ((other, "不是 huiqi 的企业库"), (broken, "已损坏"), (newer, "升级"), (tmp_path / "no", "没有")):
        with pytest.raises(InputError, match=says):
            read_part(path)
        assert not is_store(path)
    write_part(other, CompanyTable.of(companies()))
    with pytest.raises(InputError, match="不是 huiqi 的企业库"):
        CompanyStore.open(other)


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> CompanyStore:
    monkeypatch.setattr(company_store, "ROW_GROUP", 7)
    monkeypatch.setattr(company_store, "RUN_ROWS", 20)
    profiles = companies(60)

    def tables() -> Iterator[CompanyTable]:
        for start in range(0, 60, 9):
            part = profiles[start : start + 9]
            yield CompanyTable.of(part, range(start + 2, start + 2 + len(part)))

    assert build_store(tables(), tmp_path / "store.parquet") == 60
    assert [path.name for path in tmp_path.iterdir()] == ["store.parquet"]
    return CompanyStore.open(tmp_path / "store.parquet")


def test_a_store_holds_every_company_once_sorted_by_region(store: CompanyStore) -> None:
    parts = [store.read(group) for group in store.groups()]
    assert store.companies == 60 and len(parts) > 5
    names = [name for part in parts for name in part.texts["name"]]
    assert sorted(names) == sorted(f"第{number}公司" for number in range(60))
    lows = [float(low) for part in parts for low in part.stated.spans["region"].lo]
    assert lows == sorted(lows)
    whole = {profile.name: profile for profile in companies(60)}
    for part in parts:
        for number, name in enumerate(part.texts["name"]):
            mine = CompanyTable.of([whole[name]]).columns(AS_OF)
            found = part.take(number, number + 1).columns(AS_OF)
            for field in ("employees", "honours", "region", "size", "established_years", "equipment_invest_wan"):
                rows = range(mine.n)
                assert [found.fact(field, row) for row in rows] == [mine.fact(field, row) for row in rows]
            assert part.rows[number] == int(name[1:-2]) + 2


def test_only_row_groups_that_may_hold_a_region_are_read(store: CompanyStore) -> None:
    first, last = regions().span(regions().find("江苏省"))
    groups = store.groups({"region": [Span(first, last)]})
    assert 0 < len(groups) < len(store.groups())
    outside = [group for group in store.groups() if group not in groups]
    for group in outside:
        column = store.read(group, ["region"]).stated.spans["region"]
        assert not np.any((column.lo <= last) & (column.hi >= first))


def test_reading_some_fields_reads_no_others(store: CompanyStore) -> None:
    part = store.read(0, ["employees", "honours"])
    assert part.stated.spans.keys() == {"employees"} and part.stated.items.keys() == {"honours"}
    assert not part.stated.choices and set(part.texts["name"]) == {""}


def test_an_empty_store(tmp_path: Path) -> None:
    assert build_store([], tmp_path / "store.parquet") == 0
    assert CompanyStore.open(tmp_path / "store.parquet").companies == 0
