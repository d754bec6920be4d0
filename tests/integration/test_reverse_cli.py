"""`huiqi reverse` and `huiqi companies` on real files."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner, Result

from matcher.cli import main

AS_OF = ["--as-of", "2026-11-23"]
MEASURE = "nat-cit-hnte-15/rate-15"
HEADER = ["企业名称", "统一社会信用代码", "注册地", "所属行业", "员工人数", "资质荣誉", "成立时间"]
ROWS = [
    ["甲公司", "", "济南市历城区", "C3421", "58", "高新技术企业", "2015-06-01"],
    ["乙公司", "", "青岛市", "软件开发", "20-49人", "", "2018年"],
    ["丙公司", "", "山东省", "C3421", "很多", "高新技术企业", "2019"],
    ["丁公司", "", "江苏省南京市", "A0111", "30", "无", "2020"],
    ["未来公司", "", "济南市", "C3421", "3", "高新技术企业", "2027-01-01"],
    ["合计", "", "", "", "500", "", ""],
]  # fmt: skip


def run(*arguments: object) -> Result:
    result = CliRunner().invoke(main, [str(argument) for argument in arguments], prog_name="huiqi")
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


def ok(*arguments: object) -> dict[str, Any]:
    result = run(*arguments, "--json")
    assert result.exit_code == 0, result.output
    found: dict[str, Any] = json.loads(result.stdout)
    return found


@pytest.fixture
def sheet(tmp_path: Path) -> Path:
    path = tmp_path / "企业.csv"
    with path.open("w", encoding="gb18030", newline="") as stream:
        csv.writer(stream).writerows([HEADER, *ROWS])
    return path


def records(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def test_a_spreadsheet_is_asked_directly(sheet: Path) -> None:
    out = sheet.with_name("名单.jsonl")
    report = ok("reverse", MEASURE, sheet, out, *AS_OF)
    rows = records(out)
    assert rows[0]["company"] == "甲公司" and rows[0]["verdict"] == "eligible" and rows[0]["row"] == 2
    assert [row["company"] for row in rows[1:]] == ["乙公司"] and rows[1]["missing"] == ["honours"]
    assert report["companies"] == 3 and report["listed"] == 2 and report["measures"][0]["eligible"] == 1
    errors = records(sheet.with_name("名单-errors.jsonl"))
    assert [(line["row"], line["column"]) for line in errors] == [(4, "员工人数"), (6, errors[1]["column"])]
    assert "晚于" in errors[1]["reason"]


def test_a_store_gives_the_same_list(sheet: Path) -> None:
    store, one, other = (sheet.with_name(name) for name in ("库", "一.parquet", "二.parquet"))
    taken = ok("companies", "import", sheet, store, *AS_OF)
    assert (taken["rows"], taken["companies"], taken["rejected"], taken["skipped"]) == (6, 3, 2, 1)
    ok("reverse", MEASURE, store, one, *AS_OF)
    ok("reverse", MEASURE, sheet, other, *AS_OF)
    assert pq.read_table(one).equals(pq.read_table(other))
    info = ok("companies", "info", store)
    assert info["companies"] == 3 and info["provinces"]["山东省"] == 2 and info["known"]["honours"] == 0.6667
    assert "山东省 2" in run("companies", "info", store).stdout


def test_a_policy_means_all_its_measures_and_a_workbook_has_them(sheet: Path) -> None:
    out = sheet.with_name("名单.xlsx")
    text = run("reverse", "nat-two-new-2026-1745", sheet, out, *AS_OF).stdout
    assert "共比对企业 3 家" in text and "设备更新项目补助" in text
    book = openpyxl.load_workbook(out, read_only=True)
    assert book.sheetnames[:2] == ["汇总", "匹配结果"]
    book.close()


def test_only_newly(sheet: Path) -> None:
    before, after = sheet.with_name("前.csv"), sheet.with_name("后.jsonl")
    ok("reverse", MEASURE, sheet, before, *AS_OF)
    assert ok("reverse", MEASURE, sheet, after, *AS_OF, "--only-newly", before)["listed"] == 0
    added = ["戊公司", "", "烟台市", "C3421", "60", "高新技术企业", "2015"]
    certified = ["乙公司", "", "青岛市", "软件开发", "20-49人", "高新技术企业", "2018年"]
    with sheet.open("w", encoding="utf-8", newline="") as stream:
        changed = [certified if row[0] == "乙公司" else row for row in ROWS]
        csv.writer(stream).writerows([HEADER, *changed, added])
    assert ok("reverse", MEASURE, sheet, after, *AS_OF, "--only-newly", before)["listed"] == 2
    said = {row["company"]: row["reasons"] for row in records(after)}
    assert "此前为可能符合" in said["乙公司"] and "此前未列出" in said["戊公司"]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ((MEASURE + "x", "企业.csv", "o.csv"), MEASURE),
        ((MEASURE, "没有.csv", "o.csv"), "没有"),
        ((MEASURE, "企业.csv", "o.doc"), "doc"),
        ((MEASURE, "企业.csv", "o.csv", "--only-newly", "企业.csv"), "上次的结果"),
        ((MEASURE, ".", "o.csv"), "不是企业库"),
    ],
)
def test_what_is_wrong_is_said(
    sheet: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], says: str
) -> None:
    monkeypatch.chdir(sheet.parent)
    result = run("reverse", *arguments, *AS_OF)
    assert result.exit_code == 1 and says in result.stderr and "Traceback" not in result.output
    assert not (sheet.parent / "o.csv").exists()


@pytest.mark.parametrize(
    "arguments",
    [
        ("reverse", MEASURE, "企业.csv", "企业.csv"),
        ("reverse", MEASURE, "企业.csv", "./企业.csv"),
        ("reverse", MEASURE, "企业.csv", "o.csv", "--errors", "企业.csv"),
        ("reverse", MEASURE, "企业.csv", "o.csv", "--errors", "o.csv"),
        ("reverse", MEASURE, "企业.csv", "前.jsonl", "--only-newly", "前.jsonl"),
        ("companies", "import", "企业.csv", "库", "--errors", "企业.csv"),
        ("companies", "import", "企业.csv", "库", "--errors", "库"),
    ],
)
def test_nothing_that_was_given_is_written_over(
    sheet: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...]
) -> None:
    monkeypatch.chdir(sheet.parent)
    ok("reverse", MEASURE, sheet, "前.jsonl", *AS_OF)
    before = {path.name: path.read_bytes() for path in sheet.parent.iterdir()}
    result = run(*arguments, *AS_OF)
    assert result.exit_code == 1 and "请" in result.stderr
    assert {path.name: path.read_bytes() for path in sheet.parent.iterdir()} == before


@pytest.mark.parametrize("suffix", ["csv", "jsonl", "parquet"])
def test_news_are_no_baseline(sheet: Path, suffix: str) -> None:
    empty, news, out = (sheet.with_name(f"{name}.{suffix}") for name in ("空", "新", "后"))
    other = sheet.with_name("空.csv.csv")
    other.write_text("企业名称,注册地\n别家,北京市\n", "utf-8")
    ok("reverse", "sd-techreform-catalog-2026/catalogue-entry", other, empty, *AS_OF)
    report = ok("reverse", MEASURE, sheet, news, *AS_OF, "--only-newly", empty)
    assert report["listed"] == 2 and MEASURE in report["notes"][0]
    result = run("reverse", MEASURE, sheet, out, *AS_OF, "--only-newly", news)
    assert result.exit_code == 1 and "完整的名单" in result.stderr and not out.exists()


def test_a_store_that_cannot_be_used_says_why(sheet: Path) -> None:
    store = sheet.with_name("库")
    ok("companies", "import", sheet, store, *AS_OF)
    facts = store / "facts.parquet"
    table = pq.read_table(facts)
    newer = {b"huiqi.companies": b'{"format": 99, "kind": "store", "companies": 3}'}
    pq.write_table(table.replace_schema_metadata(newer), facts)
    result = run("reverse", MEASURE, store, sheet.with_name("o.csv"), *AS_OF)
    assert result.exit_code == 1 and "请升级" in result.stderr
    facts.write_bytes(b"PAR1")
    result = run("reverse", MEASURE, store, sheet.with_name("o.csv"), *AS_OF)
    assert result.exit_code == 1 and "已损坏" in result.stderr


def test_the_place_of_a_store_must_be_free(sheet: Path) -> None:
    letter = sheet.with_name("信.txt")
    letter.write_text("x", "utf-8")
    result = run("companies", "import", sheet, letter, *AS_OF)
    assert result.exit_code == 1 and "已有其他文件" in result.stderr and letter.read_text("utf-8") == "x"
