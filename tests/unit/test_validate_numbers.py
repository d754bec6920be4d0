"""Figures in policy prose, completeness and coverage."""

from __future__ import annotations

import datetime as dt

import pytest

from matcher.library_check import validate_library
from policies.library import Library, load_library
from policies.validate.completeness import ELEMENTS, completeness
from policies.validate.numbers import BARE, COUNT, DAYS, MONEY, MONTHS, RANK, RATIO, Number, measured, numbers_in

AS_OF = dt.date(2026, 11, 23)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("最高500万元", [(MONEY, 500)]),
        ("1.5亿元", [(MONEY, 15000)]),
        ("每人1500元", [(MONEY, 0.15)]),
        ("三千二百万元", [(MONEY, 3200)]),
        ("500万至1500万元", [(MONEY, 500), (MONEY, 1500)]),
        ("每辆中型2.5万元，重型4.0/5.5/6.5万元", [(MONEY, 2.5), (MONEY, 4), (MONEY, 5.5), (MONEY, 6.5)]),
        ("分别奖200、100、50万元", [(MONEY, 200), (MONEY, 100), (MONEY, 50)]),
        ("2000、1000万元", [(MONEY, 2000), (MONEY, 1000)]),
        ("5000多万元", [(MONEY, 5000)]),
        ("1.5个百分点", [(RATIO, 0.015)]),
        ("加计120%", [(RATIO, 1.2)]),
        ("百分之三十", [(RATIO, 0.3)]),
        ("占比七成以上", [(RATIO, 0.7)]),
        ("最长3年", [(MONTHS, 36)]),
        ("连续三年", [(MONTHS, 36)]),
        ("一至两年", [(MONTHS, 12), (MONTHS, 24)]),
        ("足额缴费12个月", [(MONTHS, 12)]),
        ("30日内付款", [(DAYS, 30)]),
        ("不少于150人", [(COUNT, 150)]),
        ("28纳米及以下", [("纳米", 28)]),
        ("综合得分60分以上", [("分", 60)]),
        ("最低工资标准的4倍", [("倍", 4)]),
        ("排名前5位", [(RANK, 5)]),
        ("占有率全球前三", [(RANK, 3)]),
        ("三年共60万元（30/20/10）", [(MONTHS, 36), (MONEY, 60), (BARE, 30), (BARE, 20), (BARE, 10)]),
    ],
)
def test_figures(text: str, expected: list[tuple[str, float]]) -> None:
    found = [number for number in numbers_in(text) if number.firm]
    assert [number.dimension for number in found] == [dimension for dimension, _ in expected]
    assert [number.value for number in found] == pytest.approx([value for _, value in expected])


@pytest.mark.parametrize(
    "text",
    [
        "财金〔2024〕54号", "公告2023年第12号", "2024年至2027年", "2024年3月7日前", "2022—2025年", "每年4–6月",
        "第三方企业", "第4–6年", "第九批", "前三年", "上一年度", "三年行动方案", "省清单35条", "16项任务", "GB/T 39116",
        "C3421", "5G工厂", "10+1重点产业", "十四五", "一年期LPR", "提前兑付", "一次性", "部分", "每辆",
    ],
)  # fmt: skip
def test_what_is_no_figure(text: str) -> None:
    assert [number for number in numbers_in(text) if number.firm] == []


def test_words_back_data_but_ask_for_none() -> None:
    half, free = numbers_in("减半征收"), numbers_in("免征")
    assert [(number.dimension, number.value, number.firm) for number in (*half, *free)] == [
        (RATIO, 0.5, False),
        (RATIO, 1.0, False),
    ]


def test_units_of_the_data_meet_those_of_the_text() -> None:
    assert measured(0.015, "ratio").same(numbers_in("1.5个百分点")[0])
    assert measured(3, "年").same(numbers_in("36个月")[0])
    assert measured(100000, "万元").same(numbers_in("10亿元")[0])
    assert measured(3, "名").same(numbers_in("全球前三")[0])
    assert Number(BARE, 30, "30").same(measured(30, "万元"))
    assert Number(BARE, 30, "30").same(measured(0.3, "ratio"))
    assert not measured(10, "万元").same(numbers_in("10亿元")[0])
    assert not measured(10, "万元").same(numbers_in("10%")[0])


def test_completeness_counts_what_is_there() -> None:
    shipped = load_library().policies["sd-jigai-loan-2022"]
    before = completeness(shipped)
    assert 0 < before.score < 1
    assert "申报材料（未核实）" in before.missing
    bare = shipped.model_copy(update={"materials": ()})
    assert completeness(bare).score < before.score
    assert "申报材料" in completeness(bare).missing
    trusted = shipped.model_copy(update={"provenance": shipped.provenance.model_copy(update={"unverified": ()})})
    halves = sum(weight for _, weight, key, _ in ELEMENTS if key in shipped.provenance.unverified) / 2
    assert completeness(trusted).score == pytest.approx(before.score + halves / 100)


def test_coverage_shows_empty_cells_and_those_without_local_measures() -> None:
    shipped = load_library()
    local = {key: shipped.policies[key] for key in ("qd-adv-mfg-2025",)}
    table = validate_library(Library(local, "x"), AS_OF).coverage
    cells = {(cell.region, cell.section[0], cell.size): cell for cell in table.cells}
    assert len(cells) == len(table.cells) == 17 * 20 * 4
    assert cells["青岛市", "C", "小型"].total == cells["青岛市", "C", "小型"].local > 0
    assert cells["济南市", "C", "小型"].total == 0
    assert cells["青岛市", "A", "小型"] in table.empty
    assert cells["其他地区", "C", "大型"] in table.empty
    national = {key: shipped.policies[key] for key in ("qd-adv-mfg-2025", "nat-loss-carry-10y")}
    table = validate_library(Library(national, "x"), AS_OF).coverage
    assert table.empty == ()
    assert len(table.without_local) == len(table.cells) - 4


def test_expired_policies_and_directions_cover_nothing() -> None:
    shipped = load_library()
    for policy_id in ("sd-hnte-upgrade-10w", "nat-consumer-goods-three-products-2022-79", "hz-green-transition-2023-1"):
        table = validate_library(Library({policy_id: shipped.policies[policy_id]}, "x"), AS_OF).coverage
        assert len(table.empty) == len(table.cells)
