from collections.abc import Sequence

import pytest

from matcher.sheet.grid import Grid, GridRow, Value
from matcher.sheet.header import find_header, recognise
from matcher.sheet.limits import SheetLimits
from matcher.sheet.recognition import MappedSheet, map_sheet
from policies.fields import registry
from policies.vocabulary import vocabularies

BODY = ["山东某某有限公司", "91370100MA3C00001H"]


def grid(*rows: Sequence[Value]) -> Grid:
    made = [GridRow(number, list(row)) for number, row in enumerate(rows, 1)]
    return Grid("", lambda: iter(made))


def mapped(*rows: Sequence[Value]) -> MappedSheet:
    made = grid(*rows)
    found = map_sheet(made, list(made.rows()), SheetLimits())
    assert found is not None
    return found


def targets(*rows: Sequence[Value]) -> dict[str, str]:
    return {column.header: column.target for column in mapped(*rows).mapping.columns}


@pytest.mark.parametrize(
    ("header", "target", "unit"),
    [
        ("企业名称", "name", ""),
        ("*企业名称：", "name", ""),
        ("1、单位名称", "name", ""),
        ("统一社会信用代玛", "uscc", ""),
        ("税号", "uscc", ""),
        ("营业收入（亿元）", "revenue_wan", "亿元"),
        ("营业收入(单位：元)", "revenue_wan", "元"),
        ("2024年营业收入（万元）", "revenue_wan", "万元"),
        ("上年度营业收入万元", "revenue_wan", "万元"),
        ("营业收入（年）", "revenue_wan", ""),
        ("资产总额（2024年末，千元）", "assets_wan", "千元"),
        ("员工人数/人", "employees", "人"),
        ("现有职工人数", "employees", ""),
        ("研发占比(%)", "rd_ratio", "%"),
        ("研发占比（％）", "rd_ratio", "%"),
        ("revenue_wan", "revenue_wan", "万元"),
        ("asset_wan", "assets_wan", "万元"),
        ("科技（专业技术）人员占比", "tech_staff_ratio", ""),
        ("设备投资额", "plan.equipment_invest_wan", ""),
        ("设备购置计划", "plan.text", ""),
        ("贷款金额\n（万元）", "plan.loan_wan", "万元"),
        ("是否高新技术企业", "honours:高新技术企业", ""),
        ("国家级高新技术企业认定", "honours:高新技术企业", ""),
        ("是否规上", "above_scale", ""),
        ("是否小型微利企业", "tax_status", ""),
        ("主要产品及服务", "products", ""),
        ("诉求", "needs", ""),
        ("所属区县", "region.county", ""),
    ],
)
def test_headers_as_people_write_them(header: str, target: str, unit: str) -> None:
    match = recognise("", header)
    assert match is not None
    assert (match.target, match.unit) == (target, unit)


@pytest.mark.parametrize(
    "header",
    [
        *(
            "贷款余额",
            "负债总额",
            "研发费用率",
            "研发费用（%）",
            "营业收入（人）",
            "月营业收入（月）",
            "人均营业收入",
            "利润总额",
        ),
        *(
            "净资产总额",
            "营业收入增长",
            "固定资产投资",
            "高新技术产品收入",
            "序号",
            "备注",
            "联系电话",
            "第一大客户名称",
        ),
        *("产值", "法定代表人", ""),
    ],
)
def test_what_only_looks_alike_is_not_taken(header: str) -> None:
    assert recognise("", header) is None


@pytest.mark.parametrize("name", list(registry()))
def test_every_label_and_name_of_the_registry_is_known(name: str) -> None:
    field = registry()[name]
    target = f"plan.{name}" if field.scope == "plan" else name
    for text in (field.label, name, *field.aliases):
        match = recognise("", text)
        assert match is not None
        assert match.target == target


def test_every_honour_is_a_column_of_its_own() -> None:
    for term in vocabularies()["honours"].terms:
        match = recognise("", f"是否{term}")
        assert match is not None
        assert match.target == f"honours:{term}"


@pytest.mark.parametrize(
    ("group", "text", "target"),
    [
        ("项目", "名称", "plan.text"),
        ("基本情况", "名称", "name"),
        ("经营情况", "营业收入（元）", "revenue_wan"),
        ("注册地", "市", "region.city"),
        ("营业收入", "万元", "revenue_wan"),
        ("贷款", "金额", "plan.loan_wan"),
    ],
)
def test_the_row_above_adds_its_meaning(group: str, text: str, target: str) -> None:
    match = recognise(group, text)
    assert match is not None
    assert match.target == target


def test_title_rows_are_passed_over() -> None:
    header = find_header(list(grid(["企业统计表"], ["填报单位：某局"], [], ["企业名称", "税号"], BODY).rows()))
    assert header is not None
    assert (header.row, header.rows) == (4, 1)


def test_two_rows_are_joined_and_groups_span() -> None:
    found = targets(
        ["企业名称", "经营情况", "", "注册地", ""],
        ["", "营业收入（万元）", "职工人数", "市", "区县"],
        ["某公司", 1, 2, "济南市", "历城区"],
    )
    assert found == {
        "企业名称": "name",
        "经营情况/营业收入（万元）": "revenue_wan",
        "经营情况/职工人数": "employees",
        "注册地/市": "region.city",
        "注册地/区县": "region.county",
    }


def test_a_row_of_units_belongs_to_the_header() -> None:
    found = mapped(["企业名称", "营业收入", "职工人数"], ["", "亿元", "人"], ["某公司", 1, 2]).mapping
    assert found.header_rows == 2
    assert [column.unit for column in found.columns] == ["", "亿元", "人"]


def test_group_titles_above_a_full_header_are_no_part_of_it() -> None:
    found = mapped(["基本情况", "", "经营"], ["企业名称", "税号", "营业收入（万元）"], [*BODY, 1]).mapping
    assert (found.header_row, found.header_rows) == (2, 1)


def test_unit_of_the_whole_table() -> None:
    found = mapped(
        ["统计表"], ["单位：元"], ["企业名称", "营业收入", "资产总额（万元）", "职工人数"], ["某公司", 1, 2, 3]
    )
    assert [column.unit for column in found.mapping.columns] == ["", "元", "万元", ""]
    assert not any("没有写单位" in note for note in found.notes)


def test_data_is_no_header() -> None:
    assert find_header(list(grid(["某公司", 1, 2], ["另一家", 3, 4]).rows())) is None
    assert find_header([]) is None
    assert find_header(list(grid(["联系人", "备注", "序号"]).rows())) is None


def test_one_known_column_is_enough_where_there_is_no_other() -> None:
    assert targets(["企业名称"], ["某公司"]) == {"企业名称": "name"}


def test_of_two_columns_the_later_year_is_taken_and_the_other_named() -> None:
    found = mapped(["企业名称", "2023年营业收入（万元）", "2024年营业收入（万元）"], ["某公司", 1, 2])
    assert [column.target for column in found.mapping.columns] == ["name", "", "revenue_wan"]
    assert any("“2023年营业收入（万元）”未采用" in note for note in found.notes)


def test_of_two_columns_the_filled_one_is_taken() -> None:
    assert targets(["企业名称", "上年营业收入", "营收（万元）"], ["某公司", None, 2])["营收（万元）"] == "revenue_wan"


def test_plan_texts_are_joined() -> None:
    found = mapped(["企业名称", "项目名称", "建设内容"], ["某公司", "甲", "乙"])
    assert [column.target for column in found.mapping.used] == ["name", "plan.text", "plan.text"]
    assert any("合并为计划文字" in note for note in found.notes)


def test_region_of_parts_wins_over_an_address() -> None:
    found = mapped(["企业名称", "注册地址", "市", "区县"], ["某公司", "历城区某路", "济南市", "历城区"])
    assert [column.target for column in found.mapping.columns] == ["name", "", "region.city", "region.county"]
    assert targets(["企业名称", "注册地址", "区县"], ["某公司", "济南市历城区", "历城区"])["区县"] == ""


def test_column_of_alien_content_is_left_out_and_named() -> None:
    rows = [["某公司", "GR2021370001"]] * 6
    found = mapped(["企业名称", "高新技术企业"], *rows)
    assert [column.target for column in found.mapping.columns] == ["name", ""]
    assert any("内容读不出（如“GR2021370001”）" in note for note in found.notes)


def test_few_wrong_values_stay_problems_of_their_rows() -> None:
    rows = [["某公司", "GR2021370001"]] * 4
    assert targets(["企业名称", "高新技术企业"], *rows)["高新技术企业"] == "honours:高新技术企业"
    rows = [["某公司", "很多"]] * 10
    assert targets(["企业名称", "职工人数"], *rows)["职工人数"] == "employees"


def test_similar_header_is_to_be_confirmed_and_strangers_get_offers() -> None:
    found = mapped(["企业名称", "主要产品及服务", "营业收人"], ["某公司", "机床", 3])
    notes = "\n".join(found.notes)
    assert "列“主要产品及服务”按“主要产品或服务”理解（相似度 86%），请确认" in notes
    assert "“营业收人”（相近：营业收入" in notes
