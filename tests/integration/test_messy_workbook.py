"""The messy workbook of 2,000 rows: what is recognised, what is read, and that every trap is reported."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from matcher.sheet import HeaderMapping, ReadRow, Source, open_source
from policies.facts import Items, show_fact
from policies.fields import registry
from policies.profile import CompanyProfile
from policies.values import Span
from tests import messy

SHEET = f"工作表“{messy.MAIN}”"


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Source:
    return open_source(messy.messy_workbook(tmp_path_factory.mktemp("messy") / "企业.xlsx"))


@pytest.fixture(scope="module")
def rows(source: Source) -> list[ReadRow]:
    return list(source.read())


@pytest.fixture(scope="module")
def csv_rows(tmp_path_factory: pytest.TempPathFactory) -> list[ReadRow]:
    return list(open_source(messy.messy_csv(tmp_path_factory.mktemp("messy") / "企业.csv")).read())


def main_row(rows: list[ReadRow], index: int) -> ReadRow:
    number = messy.row_numbers()[index]
    return next(row for row in rows if row.number == number and row.sheet in {messy.MAIN, ""})


def profile(rows: list[ReadRow], index: int) -> CompanyProfile:
    found = main_row(rows, index).profile
    assert found is not None, main_row(rows, index).problems
    return found


def outcome(row: ReadRow) -> str:
    kinds = {
        "read": row.profile is not None and not row.problems and not row.skipped,
        "refused": row.profile is None and bool(row.problems) and not row.cautions and not row.skipped,
        "skipped": row.profile is None and not row.problems and not row.cautions and bool(row.skipped),
    }
    (kind,) = [kind for kind, holds in kinds.items() if holds]
    return kind


def test_every_column_is_recognised(source: Source) -> None:
    found = {sheet.sheet: {column.header: column for column in sheet.used} for sheet in source.mapping.sheets}
    business, project, place = "经营情况（2025年）/", "项目/", "注册地/"
    main = {header: (column.target, column.unit, column.how) for header, column in found[messy.MAIN].items()}
    assert main == {
        "企业名称": ("name", "", "label"),
        "统一社会信用代码": ("uscc", "", "label"),
        place + "省": ("region.province", "", "synonym"),
        place + "市": ("region.city", "", "synonym"),
        place + "区县": ("region.county", "", "synonym"),
        "所属行业": ("industry_code", "", "label"),
        "成立时间": ("established", "", "synonym"),
        business + "营业收入（元）": ("revenue_wan", "元", "synonym"),
        business + "资产总额（万元）": ("assets_wan", "万元", "label"),
        business + "员工人数/人": ("employees", "人", "synonym"),
        business + "研发占比(%)": ("rd_ratio", "%", "synonym"),
        "企业性质": ("ownership", "", "label"),
        "资质荣誉": ("honours", "", "synonym"),
        "是否高新技术企业": ("honours:高新技术企业", "", "synonym"),
        "是否有进出口业务": ("export", "", "synonym"),
        project + "项目名称": ("plan.text", "", "synonym"),
        project + "设备投资额（万元）": ("plan.equipment_invest_wan", "万元", "label"),
        project + "项目总投资（亿元）": ("plan.project_invest_wan", "亿元", "label"),
        "需求": ("needs", "", "synonym"),
    }
    assert {header: column.target for header, column in found[messy.EXTRA].items()} == {
        "公司名称": "name",
        "税号": "uscc",
        "注册地址": "region",
        "国民经济行业": "industry_code",
        "注册日期": "established",
        "职工人数": "employees",
        "营收": "revenue_wan",
        "研发费用（万元）": "rd_expense_wan",
        "技改计划": "plan.text",
        "诉求": "needs",
    }
    assert [(sheet.header_row, sheet.header_rows) for sheet in source.mapping.sheets] == [(3, 2), (1, 1)]


def test_notes_say_what_was_decided(source: Source) -> None:
    assert source.notes == (
        f"工作表“{messy.HIDDEN}”是隐藏的，未读取；要读请指定这个工作表",
        f"工作表“{messy.NOTES}”没有认出表头，未读取",
        f"{SHEET}：表头在第 3 至 4 行，上面 2 行未读取",
        f"{SHEET}：“上年营业收入”有多列，用“经营情况（2025年）/营业收入（元）”，“2024年营业收入（元）”未采用",
        f"{SHEET}：未采用的列：“序号”、“联系电话”",
        f"{SHEET}：有 1 行是隐藏行，也会读取",
        "工作表“补报”：表头在第 1 行",
        "工作表“补报”：列“营收”没有写单位，数字按万元读取；如果是元，请在表头写明单位",
        "工作表“补报”：未采用的列：“备注”",
    )


def test_counts_add_up(rows: list[ReadRow]) -> None:
    refused = sum(1 for trap in messy.TRAPS if trap.problems)
    skipped = sum(len(kinds) for kinds in messy.INSERTED.values()) + len(messy.TRAILING)
    assert Counter(map(outcome, rows)) == {"read": 2_000 - refused, "refused": refused, "skipped": skipped}
    assert [row.number for row in rows if row.sheet == messy.MAIN] == list(
        range(messy.FIRST_ROW, messy.FIRST_ROW + len(messy.main_rows()))
    )
    assert [row.number for row in rows if row.sheet == messy.EXTRA] == list(range(2, 2 + messy.EXTRA_ROWS))


def test_rows_that_are_no_company_say_why(rows: list[ReadRow], csv_rows: list[ReadRow]) -> None:
    expected = [
        (number, messy.SKIPPED[kind])
        for number, (kind, _) in enumerate(messy.main_rows(), messy.FIRST_ROW)
        if kind in messy.SKIPPED
    ]
    assert [(row.number, row.skipped) for row in rows if row.skipped] == expected
    assert [(row.number, row.skipped) for row in csv_rows if row.skipped] == expected


def reports(row: ReadRow) -> Iterator[tuple[str, str, str]]:
    for problem in (*row.problems, *row.cautions):
        column = "、".join(part.split("/", 1)[1] if part.split("/", 1)[0] in {"注册地", "项目", "经营情况（2025年）"}
                          else part for part in problem.column.split("、"))  # fmt: skip
        yield column, problem.reason, problem.remedy


# What merged cells and formulas leave in a CSV file is asserted further down.
CASES = [("xlsx", trap) for trap in messy.TRAPS] + [("csv", trap) for trap in messy.TRAPS if trap.in_csv]


@pytest.mark.parametrize(("kind", "trap"), CASES, ids=[f"{kind}-{trap.index}-{trap.name}" for kind, trap in CASES])
def test_trap(kind: str, trap: messy.Trap, rows: list[ReadRow], csv_rows: list[ReadRow]) -> None:
    row = main_row(rows if kind == "xlsx" else csv_rows, trap.index)
    expected = trap.problems or trap.cautions
    found = list(reports(row))
    assert sorted(column for column, _, _ in found) == sorted(expected)
    top = messy.row_numbers().get(messy.BELOW_MERGE.get(trap.index, -1), 0)
    for column, reason, remedy in found:
        assert expected[column].format(top=top) in reason
        assert remedy
    assert (row.profile is None) == bool(trap.problems)


def test_no_report_without_a_trap(rows: list[ReadRow], csv_rows: list[ReadRow]) -> None:
    trapped = {messy.row_numbers()[trap.index] for trap in messy.TRAPS if trap.problems or trap.cautions}
    loud = {row.number for row in rows if row.sheet == messy.MAIN and (row.problems or row.cautions)}
    assert loud == trapped
    assert {row.number for row in csv_rows if row.problems or row.cautions} <= trapped
    extra = [(row.number, caution.column) for row in rows if row.sheet == messy.EXTRA for caution in row.cautions]
    assert [entry for entry in extra if entry[1] != "注册地址"] == [(9, "营收")]
    assert sum(column == "注册地址" for _, column in extra) == messy.EXTRA_ROWS


def test_merged_company_in_csv_is_nobody(csv_rows: list[ReadRow]) -> None:
    (problem,) = main_row(csv_rows, 65).problems
    assert problem.reason == "“企业名称”和“统一社会信用代码”没有填，不知道是哪家企业"


@pytest.mark.parametrize(
    ("index", "field", "shown"),
    [
        (0, "region", "山东省烟台市福山区"),
        (0, "revenue_wan", "100 万元"),
        (0, "assets_wan", "500 万元"),
        (0, "rd_ratio", "1%"),
        (20, "revenue_wan", "1.5 亿元"),
        (21, "revenue_wan", "320 万元"),
        (22, "revenue_wan", "500 万元以上"),
        (23, "employees", "20 人至49 人"),
        (24, "employees", "58 人"),
        (25, "employees", "120 人"),
        (28, "rd_ratio", "3%"),
        (29, "rd_ratio", "5%"),
        (30, "rd_ratio", "0.5%"),
        (33, "revenue_wan", "100 万元"),
        (34, "established", "2015年6月1日"),
        (35, "established", "2015年6月"),
        (36, "established", "2015年6月1日"),
        (37, "established", "2015年6月1日"),
        (38, "established", "2015年"),
        (39, "established", "2015年6月1日"),
        (41, "industry_code", "C3421 金属切削机床制造"),
        (43, "industry_code", "C3421 金属切削机床制造"),
        (44, "region", "山东省潍坊市寿光市"),
        (45, "region", "山东省济南市历城区"),
        (47, "honours", "瞪羚企业"),
        (48, "honours", "无"),
        (50, "honours", "高新技术企业"),
        (52, "export", "是"),
        (59, "region", "山东省青岛市黄岛区"),
        (60, "region", "山东省青岛市城阳区"),
        (61, "region", "山东省青岛市即墨区"),
        (66, "employees", "未填写"),
        (66, "revenue_wan", "未填写"),
    ],
)
def test_golden_values(index: int, field: str, shown: str, rows: list[ReadRow], csv_rows: list[ReadRow]) -> None:
    for each in (rows, csv_rows):
        assert show_fact(registry()[field], profile(each, index).facts.get(field)) == shown


def test_golden_profiles(rows: list[ReadRow]) -> None:
    first = profile(rows, 1)
    assert first.name == "山东第0001机械有限公司"
    assert first.uscc == messy.code(1)
    assert first.texts == {"name": first.name, "needs": "贷款难"}
    assert first.notes == ()
    (plan,) = first.plans
    assert plan.text == "购置1台五轴加工中心"
    assert plan.facts == {"equipment_invest_wan": Span(101.0, 101.0), "project_invest_wan": Span(3000.0, 3000.0)}
    assert set(first.facts) == {
        "region", "industry_code", "revenue_wan", "assets_wan", "employees", "rd_ratio", "ownership", "established",
        "honours",
    }  # fmt: skip
    assert profile(rows, 14).uscc == messy.code(14)
    assert profile(rows, 15).uscc == messy.code(15)
    assert profile(rows, 69).uscc == messy.code(69)
    assert profile(rows, 57).name == "山东撇号机械有限公司"
    assert profile(rows, 58).texts["needs"] == "隐藏行"
    assert len(profile(rows, 56).plans[0].text) == 5_000
    assert profile(rows, 67).plans[0].text == "购置加工中心\n建设数字化车间"
    assert "assets_wan" not in profile(rows, 63).facts


def test_honours_say_whether_they_are_complete(rows: list[ReadRow]) -> None:
    complete = {index: profile(rows, index).facts["honours"] for index in (1, 47, 48, 50)}
    assert {index: isinstance(items, Items) and items.exhaustive for index, items in complete.items()} == {
        1: True,  # a list of honours names them all
        47: False,  # one of them is unknown
        48: True,  # declared none
        50: False,  # only one was asked for
    }


def test_csv_gives_the_same_profiles(rows: list[ReadRow], csv_rows: list[ReadRow]) -> None:
    differing = {trap.index for trap in messy.TRAPS if not trap.in_csv or "plan" in trap.cells} | {33}
    compared = 0
    for index, number in messy.row_numbers().items():
        if index not in differing:
            book, text = main_row_at(rows, number), main_row_at(csv_rows, number)
            assert book.profile == text.profile
            compared += book.profile is not None
    assert compared > 1_800


def main_row_at(rows: list[ReadRow], number: int) -> ReadRow:
    return rows[number - messy.FIRST_ROW]


def test_broken_bytes_and_quotes_cost_their_own_row_only(tmp_path: Path) -> None:
    def damage(content: bytes) -> bytes:
        content = content.replace("购置80台五轴加工中心".encode("gb18030"), b"\xff\xff\xff")
        return content.replace("购置90台五轴加工中心".encode("gb18030"), '"购置90台'.encode("gb18030"))

    rows = list(open_source(messy.messy_csv(tmp_path / "坏.csv", change=damage)).read())
    assert len(rows) == len(messy.main_rows())
    refused = {row.number: row.problems for row in rows if row.problems}
    (bytes_lost,) = refused[messy.row_numbers()[80]]
    assert (bytes_lost.column, bytes_lost.reason) == ("项目/项目名称", "有无法识别的字节，文字已损坏")
    (quote,) = refused[messy.row_numbers()[90]]
    assert quote.reason == "引号没有成对，这一行读不出"
    assert main_row_at(rows, messy.row_numbers()[91]).profile is not None


def test_saved_mapping_reads_the_same(source: Source, rows: list[ReadRow], tmp_path: Path) -> None:
    source.mapping.save(tmp_path / "对应表.json")
    again = open_source(source.path, mapping=HeaderMapping.load(tmp_path / "对应表.json"))
    assert {column.how for sheet in again.mapping.sheets for column in sheet.used} == {"saved"}
    assert list(again.read()) == rows


def test_one_sheet_can_be_chosen_even_hidden(source: Source) -> None:
    (row,) = open_source(source.path, sheet=messy.HIDDEN).read()
    assert row.profile is not None
    assert (row.sheet, row.number, row.profile.name) == (messy.HIDDEN, 2, "不该读到的企业")


def test_established_is_a_day(rows: list[ReadRow]) -> None:
    day = float(dt.date(2001, 2, 2).toordinal())
    assert profile(rows, 1).facts["established"] == Span(day, day)
