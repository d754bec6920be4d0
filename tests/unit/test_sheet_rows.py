from collections.abc import Sequence

import pytest

from matcher.sheet import ReadRow, SheetLimits
from matcher.sheet.grid import Grid, GridRow, Merges, Value
from matcher.sheet.recognition import map_sheet
from matcher.sheet.rows import RowReader
from policies.facts import Items
from policies.profile import CompanyProfile
from policies.uscc import make_uscc
from policies.values import Span

CODE = make_uscc("91370112MA3C00001")


def read(header: Sequence[str], *body: Sequence[Value], merges: Merges | None = None) -> list[ReadRow]:
    rows = [GridRow(number, list(cells)) for number, cells in enumerate([header, *body], 1)]
    grid = Grid("", lambda: iter(rows), merges=merges or Merges())
    mapped = map_sheet(grid, rows, SheetLimits())
    assert mapped is not None
    reader = RowReader(mapped, SheetLimits())
    return [reader.read(row) for row in rows[1:]]


def one(header: Sequence[str], *cells: Value) -> ReadRow:
    (row,) = read(header, cells)
    return row


RAW: list[dict[str, object]] = [
    {"name": "甲公司", "uscc": CODE, "region": "山东省/济南市/历城区", "employees": "20-49人", "export": "是"},
    {"name": "ＡＢＣ 公司 ", "region": "历城区", "revenue_wan": "1.5亿", "rd_ratio": "3%", "needs": "贷款难"},
    {"name": "乙", "uscc": CODE, "region": "青岛市", "honours": "高企、宇宙第一", "established": "2015年6月"},
    {"name": "丙", "industry_code": "C3421", "size": "小型", "ownership": "民企", "honours": "无", "employees": 58},
    {"name": "丁", "region": "山东省济南市历城区某路1号", "products": "机床" * 3_000, "tax_credit_grade": "A级"},
    {"name": "戊", "industry_code": "制造业", "employees": "", "revenue_wan": None, "assets_wan": "未知"},
]


@pytest.mark.parametrize("raw", RAW)
def test_a_row_is_what_the_profile_model_reads(raw: dict[str, object]) -> None:
    row = one(list(raw), *raw.values())  # type: ignore[arg-type]
    assert row.profile == CompanyProfile.model_validate(raw)


def test_plans_are_what_the_profile_model_reads() -> None:
    header = ["企业名称", "项目名称", "设备投资额", "项目总投资", "项目开工时间", "项目类型"]
    row = one(header, "甲", "购置机床", "3200", "1亿", "2026年3月", "设备更新")
    plan = {"text": "购置机床", "equipment_invest_wan": "3200", "project_invest_wan": "1亿", "start": "2026年3月",
            "project_type": "设备更新"}  # fmt: skip
    assert row.profile == CompanyProfile.model_validate({"name": "甲", "plans": [plan]})


def test_plan_texts_of_several_columns_are_one_plan() -> None:
    row = one(["企业名称", "项目名称", "建设内容"], "甲", "技改", "购置机床")
    assert row.profile is not None
    assert [plan.text for plan in row.profile.plans] == ["技改；购置机床"]


def test_no_plan_without_its_columns_filled() -> None:
    row = one(["企业名称", "项目名称", "贷款金额"], "甲", None, "")
    assert row.profile is not None
    assert row.profile.plans == ()


def test_all_problems_of_a_row_come_at_once() -> None:
    row = one(["企业名称", "税号", "职工人数", "注册地", "成立时间"], "甲", "1", "很多", "火星", "昨天")
    assert [problem.column for problem in row.problems] == ["税号", "职工人数", "注册地", "成立时间"]
    assert all(problem.reason and problem.remedy and problem.row == 2 for problem in row.problems)
    assert row.profile is None
    assert "第 2 行“税号”（1）" in str(row.problems[0])


def test_other_registration_place_is_a_caution() -> None:
    row = one(["企业名称", "税号", "注册地"], "甲", CODE, "青岛市")
    assert row.profile is not None
    assert row.cautions[0].column == "税号"
    assert one(["企业名称", "税号", "注册地"], "甲", CODE, "济南市").cautions == ()


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        (("山东省", "济南市", "历城区"), Span(1379.0, 1379.0)),
        ((None, "济南市", "历城区"), Span(1379.0, 1379.0)),
        ((None, None, "历城区"), Span(1379.0, 1379.0)),
        (("北京市", "北京市", "朝阳区"), Span(4.0, 4.0)),
        (("山东省", "济南市", "市辖区"), Span(1374.0, 1393.0)),
    ],
)
def test_parts_of_the_region_are_joined(cells: Sequence[Value], expected: Span) -> None:
    row = one(["企业名称", "省", "市", "区县"], "甲", *cells)
    assert row.profile is not None
    assert row.profile.facts["region"] == expected


def test_wrong_part_of_the_region_names_all_three_columns() -> None:
    row = one(["企业名称", "省", "市", "区县"], "甲", "山东省", "青岛市", "历城区")
    assert [(problem.column, problem.value) for problem in row.problems] == [("省、市、区县", "山东省/青岛市/历城区")]


@pytest.mark.parametrize(
    ("listed", "flag", "held", "exhaustive"),
    [
        ("瞪羚企业", "是", {"瞪羚企业", "高新技术企业", "科技型企业"}, True),
        ("无", "√", {"高新技术企业", "科技型企业"}, True),
        (None, "是", {"高新技术企业", "科技型企业"}, False),
        ("瞪羚企业", "否", {"瞪羚企业"}, True),
        ("瞪羚企业", None, {"瞪羚企业"}, True),
    ],
)
def test_flags_join_the_list_of_honours(listed: Value, flag: Value, held: set[str], exhaustive: bool) -> None:
    row = one(["企业名称", "荣誉", "是否高新技术企业"], "甲", listed, flag)
    assert row.profile is not None
    honours = row.profile.facts["honours"]
    assert isinstance(honours, Items)
    assert (honours.held, honours.exhaustive) == (held, exhaustive)


def test_honours_denied_only_are_unknown() -> None:
    row = one(["企业名称", "是否高新技术企业"], "甲", "否")
    assert row.profile is not None
    assert "honours" not in row.profile.facts


def test_honour_listed_and_denied_is_a_problem() -> None:
    row = one(["企业名称", "荣誉", "是否高新技术企业"], "甲", "高企", "否")
    assert [problem.column for problem in row.problems] == ["是否高新技术企业"]


@pytest.mark.parametrize(
    ("cells", "why"),
    [
        ((None, "", " "), "空行"),
        (("合计", None, 5), "合计行"),
        (("合 计", None, 5), "合计行"),
        (("小计：", None, 5), "合计行"),
        (("济南市小计", None, 5), "合计行"),
        (("共2000家", None, 5), "合计行"),
        (("总计（万元）", None, 5), "合计行"),
        (("注：数据为上年", None, None), "表下的说明"),
        (("备注1：见附件", None, None), "表下的说明"),
        (("制表人：张三", "审核人：李四", None), "表下的说明"),
        (("企业名称", "税号", "职工人数"), "重复的表头"),
    ],
)
def test_rows_that_are_no_company(cells: Sequence[Value], why: str) -> None:
    row = one(["企业名称", "税号", "职工人数"], *cells)
    assert (row.skipped, row.profile, row.problems, row.cautions) == (why, None, (), ())


@pytest.mark.parametrize("name", ["合计科技有限公司", "山东总计算机公司", "注塑机厂", "说明书印刷厂", "共创公司"])
def test_companies_with_such_words_in_their_names_are_read(name: str) -> None:
    row = one(["企业名称", "职工人数"], name, 5)
    assert row.profile is not None
    assert row.profile.name == name


def test_total_with_a_code_is_a_company() -> None:
    assert one(["企业名称", "税号"], "合计", CODE).profile is not None


def test_sum_without_a_label_is_refused() -> None:
    row = one(["企业名称", "税号", "职工人数"], None, None, 123_456)
    assert "不知道是哪家企业" in row.problems[0].reason
    assert one(["职工人数", "注册地"], 5, "济南市").profile is not None  # nobody was asked for a name


def test_row_of_ignored_columns_only() -> None:
    assert one(["序号", "企业名称", "税号"], 15, None, None).skipped == "没有可用的内容"


def test_merged_region_fills_down_and_nothing_else_does() -> None:
    header = ["企业名称", "注册地", "职工人数"]
    merges = Merges({2: [(2, 4)], 3: [(2, 3)]})
    body = [["甲", "青岛市", 5], ["乙", None, None], ["丙", None, 7], ["丁", None, 8]]
    first, second, third, fourth = read(header, *body, merges=merges)
    regions = [row.profile.facts.get("region") if row.profile else None for row in (first, second, third, fourth)]
    assert regions[0] == regions[1] == regions[2] is not None
    assert regions[3] is None
    assert [caution.reason for caution in second.cautions] == [
        "是合并单元格，取第 2 行的值",
        "与第 2 行合并，只算在第 2 行，本行按空白处理",
    ]
    assert first.cautions == ()


def test_merged_company_is_refused() -> None:
    merges = Merges({1: [(2, 3)]})
    first, second = read(["企业名称", "项目名称"], ["甲", "一期"], [None, "二期"], merges=merges)
    assert first.profile is not None
    assert second.problems[0].reason == "与第 2 行合并在一个单元格里，分不清是不是同一家企业"
    first, second = read(["企业名称", "项目名称"], ["甲", "一期"], [None, None], merges=merges)
    assert second.skipped == "空行"


def test_long_values_are_cut_in_reports() -> None:
    row = one(["企业名称", "职工人数"], "甲", "很多" * 5_000)
    assert len(row.problems[0].value) <= 61
    assert len(row.problems[0].reason) < 200
