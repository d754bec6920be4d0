import datetime as dt

import pytest

from matcher.sheet.cells import MAX_REMEMBERED, ColumnReader, Reading, with_unit
from matcher.sheet.grid import Value
from matcher.sheet.problems import Unreadable
from policies.facts import read_fact
from policies.fields import registry
from policies.uscc import make_uscc
from policies.values import Span

LIMIT = 1000


def read(name: str, raw: Value, unit: str = "", *, stated: bool = True) -> Reading:
    return ColumnReader(registry()[name], unit, LIMIT, unit_stated=stated).read(raw)


@pytest.mark.parametrize(
    ("name", "unit", "raw", "low", "high"),
    [
        ("revenue_wan", "元", "3200", 0.32, 0.32),
        ("revenue_wan", "元", 3200, 0.32, 0.32),
        ("revenue_wan", "元", "3,200,000", 320, 320),
        ("revenue_wan", "元", "1.5亿", 15000, 15000),
        ("revenue_wan", "元", "320万元", 320, 320),
        ("revenue_wan", "亿元", 0.3, 3000, 3000),
        ("revenue_wan", "亿元", "1.5-2", 15000, 20000),
        ("revenue_wan", "亿元", "约1.5", 15000, 15000),
        ("revenue_wan", "千元", "1000", 100, 100),
        ("revenue_wan", "亿元", "2以上", 20000, float("inf")),
        ("revenue_wan", "", "3200", 3200, 3200),
        ("revenue_wan", "", "三千二百万", 3200, 3200),
        ("employees", "人", "20-49", 20, 49),
        ("employees", "", "一百二十", 120, 120),
        ("rd_ratio", "%", "3", 0.03, 0.03),
        ("rd_ratio", "%", 3, 0.03, 0.03),
        ("rd_ratio", "%", "3%", 0.03, 0.03),
        ("rd_ratio", "%", "3-5", 0.03, 0.05),
        ("rd_ratio", "", 0.03, 0.03, 0.03),
        ("rd_ratio", "", "0.03", 0.03, 0.03),
        ("debt_asset_ratio", "%", "120", 1.2, 1.2),
    ],
)
def test_units_of_header_and_cell(name: str, unit: str, raw: Value, low: float, high: float) -> None:
    assert read(name, raw, unit) == Reading(Span(low, high))


@pytest.mark.parametrize("text", ["3200", "3200.55", "0.1", "85139054", "7"])
@pytest.mark.parametrize("unit", ["元", "千元", "万元", "百万元", "亿元"])
def test_short_way_gives_what_the_unit_in_the_cell_would(text: str, unit: str) -> None:
    expected, _ = read_fact(registry()["revenue_wan"], f"{text}{unit}")
    assert read("revenue_wan", text, unit).value == expected
    assert read("revenue_wan", float(text), unit).value == expected


def test_bare_ratio_without_a_unit_is_asked_for() -> None:
    assert "分不清" in read("rd_ratio", "3").reason
    assert "分不清" in read("rd_ratio", 3).reason


def test_large_number_without_a_unit_is_doubted() -> None:
    assert "没有写单位" in read("revenue_wan", 5_000_000, stated=False).caution
    assert read("revenue_wan", 5_000_000).caution == ""
    assert read("revenue_wan", 4_000, stated=False).caution == ""


def test_fraction_under_percent_is_doubted() -> None:
    found = read("rd_ratio", 0.05, "%")
    assert found.value == Span(0.0005, 0.0005)
    assert "5%" in found.caution


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        ("9.13701E+17", "科学记数法"),
        (9.13701e17, "科学记数法"),
        ("913701001234568000", "15 位有效数字"),
        (913701001234567000, "15 位有效数字"),
        ("13701001234567890", "只有 17 位"),
        ("370100123456789", "旧的营业执照注册号"),
        ("91370100MA3C00000A", "校验位"),
        (True, "不是统一社会信用代码"),
        (dt.date(2020, 1, 1), "不是统一社会信用代码"),
    ],
)
def test_damaged_codes_say_how_and_what_to_do(raw: Value, reason: str) -> None:
    found = read("uscc", raw)
    assert reason in found.reason
    assert found.remedy
    assert found.value is None


@pytest.mark.parametrize("shape", ["'{}", "{} ", '="{}"', "\u2019{}", "{}\u200b", "\u3000{}"])
def test_codes_dressed_up_are_read(shape: str) -> None:
    code = make_uscc("91370100MA3C00001")
    assert read("uscc", shape.format(code)).value == code
    assert read("uscc", shape.format(code.lower())).value == code


def test_whole_code_that_ends_in_zeros_is_doubted() -> None:
    code = next(made for n in range(10_000) if (made := make_uscc(f"913701{n:09d}00")).endswith("000"))
    found = read("uscc", code)
    assert found.value == code
    assert "核对" in found.caution


@pytest.mark.parametrize("raw", ["", None, "  ", "不详", "/", "-", "未知"])
@pytest.mark.parametrize("name", ["revenue_wan", "region", "established", "honours", "export"])
def test_blank_is_unknown(name: str, raw: Value) -> None:
    if (name, raw) in {("honours", "/"), ("honours", "-")}:
        raw = ""  # a stroke in a list is read by policies.lists
    assert read(name, raw) == Reading()


@pytest.mark.parametrize("raw", ["无", "没有", "暂无"])
def test_none_declared(raw: str) -> None:
    found = read("honours", raw).value
    assert getattr(found, "exhaustive", False)
    assert read("export", raw).value == "否"


@pytest.mark.parametrize(
    ("raw", "shown"),
    [(42156, "2015-06-01"), ("42156", "2015-06-01"), (42156.75, "2015-06-01"), ("42156.0", "2015-06-01")],
)
def test_serial_dates_are_read_with_a_caution(raw: Value, shown: str) -> None:
    found = read("established", raw)
    day = float(dt.date.fromisoformat(shown).toordinal())
    assert found.value == Span(day, day)
    assert shown in found.caution


def test_year_is_no_serial_date() -> None:
    assert read("established", 2015).caution == ""
    assert read("established", 201506).caution == ""


@pytest.mark.parametrize("raw", ["#N/A", "#DIV/0!", "#REF!", "#NAME?", "####"])
@pytest.mark.parametrize("name", ["revenue_wan", "name", "uscc", "honours"])
def test_error_texts_are_reported(name: str, raw: str) -> None:
    found = read(name, raw)
    assert found.reason
    assert found.remedy
    assert found.value is None


def test_long_and_broken_texts_are_reported() -> None:
    assert "上限 1000 字" in read("name", "长" * (LIMIT + 1)).reason
    assert read("name", "长" * LIMIT).reason == ""
    assert "字节" in read("name", "山东\ufffd公司").reason


def test_date_in_a_number_column_names_the_remedy() -> None:
    found = read("employees", dt.date(2026, 10, 20))
    assert "不是数字" in found.reason
    assert "文本" in found.remedy


def test_unreadable_cell_keeps_its_reason() -> None:
    found = read("revenue_wan", Unreadable("（公式）", "是公式", "请保存"))
    assert (found.reason, found.remedy) == ("是公式", "请保存")


def test_unknown_code_offers_the_nearest_as_the_remedy() -> None:
    found = read("industry_code", "金属切屑机床制造")
    assert "没有“金属切屑机床制造”" in found.reason
    assert "C3421 金属切削机床制造" in found.remedy


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("3200", "3200元"),
        ("3,200以上", "3,200元以上"),
        ("20-49", "20-49元"),
        ("不超过 500", "不超过500元"),
        ("三千", "三千元"),
        ("三千万", "三千万"),
        ("1.5亿", "1.5亿"),
        ("3%", "3%"),
        ("-5", "-5元"),
        ("很多", "很多"),
        ("12人", "12人"),
        ("1" * 300, "1" * 300),
    ],
)
def test_with_unit(text: str, expected: str) -> None:
    assert with_unit(text, "元") == expected


def test_memory_is_bounded_and_changes_nothing() -> None:
    reader = ColumnReader(registry()["revenue_wan"], "元", LIMIT)
    first = reader.read("123456")
    for number in range(MAX_REMEMBERED + 10):
        reader.read(str(number))
    assert len(reader._remembered) <= MAX_REMEMBERED
    assert reader.read("123456") == first


def test_equal_keys_of_other_types_are_not_mixed_up() -> None:
    reader = ColumnReader(registry()["rd_ratio"], "", LIMIT)
    assert "分不清" in reader.read(1).reason
    assert reader.read(1.0).value == Span(1.0, 1.0)
    assert reader.read(True).reason
