"""Companies on disk: lossless parts, and a store sorted by region."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from matcher.companies import build, parts
from matcher.companies.build import build_store
from matcher.companies.parts import read_part, write_part
from matcher.companies.store import CompanyStore, is_store
from policies.columns import dated
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
        writer.add_key_value_metadata({parts.MARK: b'{"format": 99, "kind": "part", "companies": 1}'})
    for path, says in ((other, "不是 huiqi 的企业库"), (broken, "已损坏"), (newer, "升级"), (tmp_path / "no", "没有")):
        with pytest.raises(InputError, match=says):
            read_part(path)
        assert not is_store(path)
    write_part(other, CompanyTable.of(companies()))
    with pytest.raises(InputError, match="读不了"):
        CompanyStore.open(other)


def test_ends_that_are_whole_numbers_are_read_back(tmp_path: Path) -> None:
    """Every row states no more than an upper end, and the lower one is the limit of the field."""
    table = CompanyTable.of([company(debt_asset_ratio="60%以下"), company(debt_asset_ratio="50%以下")])
    write_part(tmp_path / "a.parquet", table)
    same(table, read_part(tmp_path / "a.parquet"))


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> CompanyStore:
    monkeypatch.setattr(build, "ROW_GROUP", 7)
    monkeypatch.setattr(build, "RUN_ROWS", 20)
    monkeypatch.setattr(build, "TEXT_GROUP", 4)
    profiles = companies(60)

    def tables() -> Iterator[CompanyTable]:
        for start in range(0, 60, 9):
            part = profiles[start : start + 9]
            yield CompanyTable.of(part, range(start + 2, start + 2 + len(part)))

    assert build_store(tables(), tmp_path / "store") == 60
    assert [path.name for path in tmp_path.iterdir()] == ["store"]
    return CompanyStore.open(tmp_path / "store")


def test_a_store_holds_every_company_once_sorted_by_region(store: CompanyStore) -> None:
    everything = store.words(np.arange(60))
    names = everything["text.name"]
    assert store.companies == 60 and sorted(names) == sorted(f"第{number}公司" for number in range(60))
    assert everything["row"] == [int(name[1:-2]) + 2 for name in names]
    groups = store.groups({})
    assert len(groups) > 5
    lows: list[float] = []
    whole = {profile.name: profile for profile in companies(60)}
    for group in groups:
        stated, company_of, plan = store.read(group, store.fields)
        lows += stated.spans["region"].lo.tolist()
        found = dated(stated, company_of, plan, AS_OF)
        for number in np.unique(company_of).tolist():
            mine = CompanyTable.of([whole[names[number]]]).columns(AS_OF)
            rows = np.flatnonzero(company_of == number).tolist()
            assert plan[rows].tolist() == mine.plan.tolist()
            for field in ("employees", "honours", "region", "size", "established_years", "equipment_invest_wan"):
                assert [found.fact(field, row) for row in rows] == [mine.fact(field, row) for row in range(mine.n)]
    assert lows == sorted(lows)


def test_words_come_in_the_order_asked_for(store: CompanyStore) -> None:
    names = store.words(np.arange(60))["text.name"]
    asked = [59, 3, 3, 17, 0]
    assert store.words(np.array(asked))["text.name"] == [names[number] for number in asked]
    assert store.words(np.array([], dtype=np.int64))["text.name"] == []


def test_only_row_groups_that_may_hold_a_region_are_read(store: CompanyStore) -> None:
    first, last = regions().span(regions().find("江苏省"))
    groups = store.groups({"region": [Span(first, last)]})
    assert 0 < len(groups) < len(store.groups({}))
    for group in set(store.groups({})) - set(groups):
        column = store.read(group, ["region"])[0].spans["region"]
        assert not np.any((column.lo <= last) & (column.hi >= first))


def test_reading_some_fields_reads_no_others(store: CompanyStore) -> None:
    stated, _, _ = store.read(0, ["employees", "honours"])
    assert stated.spans.keys() == {"employees"} and stated.items.keys() == {"honours"} and not stated.choices


def test_of_a_set_single_items_can_be_read(store: CompanyStore) -> None:
    whole = store.read(0, ["honours"])[0].items["honours"]
    some = store.read(0, ["honours=高新技术企业"])[0].items["honours"]
    assert some.held.keys() == {"高新技术企业"} < whole.held.keys()
    assert some.open.tolist() == whole.open.tolist()
    assert some.held["高新技术企业"].tolist() == whole.held["高新技术企业"].tolist()
    nobody = store.read(0, ["honours=没有的"])[0].items["honours"]
    assert not nobody.held and nobody.open.tolist() == whole.open.tolist()


def test_a_damaged_store_is_said_to_be_damaged(store: CompanyStore) -> None:
    facts, texts = (store.path / name for name in (parts.FACTS, parts.TEXTS))
    good = facts.read_bytes(), texts.read_bytes()
    texts.write_bytes(good[1][:100])
    with pytest.raises(InputError, match="已损坏"):
        CompanyStore.open(store.path)
    texts.unlink()
    with pytest.raises(InputError, match="没有这个文件"):
        CompanyStore.open(store.path)
    pq.write_table(pa.table({"row": [1]}), texts)  # of another store
    with pytest.raises(InputError, match="已损坏"):
        CompanyStore.open(store.path)
    texts.write_bytes(good[1][:4] + bytes(len(good[1]) // 2) + good[1][4 + len(good[1]) // 2 :])
    with pytest.raises(InputError, match="已损坏"):
        CompanyStore.open(store.path).words(np.arange(60))
    facts.write_bytes(good[0][:4] + bytes(len(good[0]) // 2) + good[0][4 + len(good[0]) // 2 :])
    with pytest.raises(InputError, match="已损坏"):
        CompanyStore.open(store.path).read(0, ["employees"])


def test_a_region_of_any_size_is_sorted_in_bounded_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(build, "ROW_GROUP", 7)
    monkeypatch.setattr(build, "RUN_ROWS", 20)
    sorted_rows: list[int] = []
    order = build._order

    def watched(arrow: pa.Table) -> pa.Array:
        sorted_rows.append(arrow.num_rows)
        return order(arrow)

    monkeypatch.setattr(build, "_order", watched)
    everyone = [company(name=f"第{number}公司", region="山东省/济南市") for number in range(89)]
    everyone.append(company(name="最后公司", region="山东省/济南市", honours=["高新技术企业"]))  # a column of one run
    tables = (CompanyTable.of(everyone[start : start + 9]) for start in range(0, 90, 9))
    build_store(tables, tmp_path / "store")
    names = CompanyStore.open(tmp_path / "store").words(np.arange(90))["text.name"]
    assert names == [each.name for each in everyone]
    assert max(sorted_rows) < 20 + 9


def test_a_store_replaces_a_store_and_nothing_else(store: CompanyStore, tmp_path: Path) -> None:
    assert build_store([CompanyTable.of(companies(3))], store.path) == 3
    assert CompanyStore.open(store.path).companies == 3
    (tmp_path / "letter.txt").write_text("x")
    with pytest.raises(InputError, match="已有其他文件"):
        build_store([CompanyTable.of(companies(3))], tmp_path / "letter.txt")
    assert (tmp_path / "letter.txt").read_text() == "x"


def test_an_empty_store(tmp_path: Path) -> None:
    assert build_store([], tmp_path / "store") == 0
    assert CompanyStore.open(tmp_path / "store").companies == 0
