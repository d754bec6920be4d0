"""`huiqi bulk` and `huiqi columns` as people and programs meet them, with the real matcher and a small library."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from matcher.bulk import run as bulk_run
from matcher.cli import main
from tests.bulk_support import write_companies
from tests.support import measure, policy, write_library

DAY = "2026-06-15"
CONDITION = {"field": "employees", "min": 10}


def run(*arguments: object, **env: str) -> Result:
    """Run in this process; an exception that is no exit fails the test at once."""
    result = CliRunner().invoke(main, [str(argument) for argument in arguments], env=env, prog_name="huiqi")
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert "Traceback" not in result.output
    return result


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_library(tmp_path / "library", policy("jn-one", measure(when=[CONDITION])), policy("jn-two", measure("loan")))
    write_companies(tmp_path / "in.jsonl", 20)
    return tmp_path


def match(folder: Path, out: str, *more: object) -> Result:
    given = ("--library", folder / "library", "--no-dense", "--workers", 1, *more)
    return run("bulk", folder / "in.jsonl", folder / out, "--as-of", DAY, *given)


def test_for_people(folder: Path) -> None:
    result = match(folder, "out.csv")
    assert result.exit_code == 0
    for part in (
        "读入 20 行：匹配企业 17 家，未能读取 2 行，跳过 1 行",
        "信用代码重复",
        "本次未用语义模型",
        "结果校验值",
    ):
        assert part in result.stdout
    assert "开始匹配，共 17 家" in result.stderr
    with (folder / "out.csv").open(encoding="utf-8-sig", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert {int(row["行号"]) for row in rows} == set(range(1, 21)) - {10, 11, 20}
    with (folder / "out-errors.csv").open(encoding="utf-8-sig", newline="") as stream:
        assert [int(row["行号"]) for row in csv.DictReader(stream)] == [10, 20]


def test_for_programs(folder: Path) -> None:
    result = match(folder, "out.jsonl", "--json", "--errors", folder / "bad.csv", "-k", 1)
    found = json.loads(result.stdout)
    assert result.exit_code == 0 and found["output"] == str(folder / "out.jsonl")
    assert found["rows_read"] == found["companies"] + found["rejected"] + found["skipped"] == 20
    assert (folder / "bad.csv").exists() and found["dense"] is False and found["as_of"] == DAY
    rows = [json.loads(line) for line in (folder / "out.jsonl").read_text(encoding="utf-8").splitlines()]
    assert len(rows) == found["output_rows"] and {row["rank"] for row in rows} == {1}
    assert sum(row["verdict"] == "eligible" for row in rows) == found["eligible"] > 0


def test_stopped_and_resumed_after_midnight(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = json.loads(match(folder, "alone.jsonl", "--json").stdout)["content_hash"]

    def stops(*_: object) -> float:
        raise KeyboardInterrupt

    monkeypatch.setattr(bulk_run, "_match", stops)
    stopped = match(folder, "out.jsonl")
    assert stopped.exit_code == 130 and "--resume" in stopped.stderr
    monkeypatch.undo()
    given = ("--library", folder / "library", "--no-dense", "--workers", 1, "--json")
    resumed = run("bulk", folder / "in.jsonl", folder / "out.jsonl", "--resume", *given)  # no date: that of the run
    assert resumed.exit_code == 0 and json.loads(resumed.stdout)["content_hash"] == expected
    assert json.loads(resumed.stdout)["as_of"] == DAY


def test_what_is_wrong_is_said(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    missing = run("bulk", folder / "没有.csv", folder / "out.csv")
    assert missing.exit_code == 1 and "没有这个文件" in missing.stderr
    assert run("bulk", folder / "in.jsonl").exit_code == 2
    lost = match(folder, "out.csv", "--scheduler", "无此写法")
    assert lost.exit_code == 3 and "连不上调度器" in lost.stderr

    def full(*_: object) -> float:
        raise OSError(28, "No space left on device", "part")

    monkeypatch.setattr(bulk_run, "_match", full)
    broken = match(folder, "out.csv")
    assert broken.exit_code == 1 and "磁盘空间" in broken.stderr and "--resume" in broken.stderr


def test_columns_are_shown_saved_and_used(folder: Path) -> None:
    table = folder / "t.csv"
    table.write_text("企业名称,职工人数,备注说明\n甲公司,58,x\n乙公司,12,y\n", encoding="utf-8")
    shown = run("columns", table, "--save", folder / "m.json")
    assert shown.exit_code == 0 and "从业人数" in shown.stdout and "已保存到" in shown.stdout
    saved = json.loads((folder / "m.json").read_text(encoding="utf-8"))
    assert {**json.loads(run("columns", table, "--json").stdout), "format": "", "notes": []} == {
        "format": "", "notes": [], **saved,
    }  # fmt: skip
    for column in saved["sheets"][0]["columns"]:
        if column["header"] == "备注说明":
            column["target"] = "needs"
        if column["header"] == "职工人数":
            column["target"] = ""
    (folder / "m.json").write_text(json.dumps(saved), encoding="utf-8")
    given = ("--library", folder / "library", "--no-dense", "--as-of", DAY, "--json")
    used = run("bulk", table, folder / "o.jsonl", "--mapping", folder / "m.json", *given)
    assert used.exit_code == 0
    rows = [json.loads(line) for line in (folder / "o.jsonl").read_text(encoding="utf-8").splitlines()]
    assert any("employees" in row["missing"] for row in rows)  # the column was taken out
    assert "employees" not in json.dumps([row["missing"] for row in without_mapping(folder, table)])


def without_mapping(folder: Path, table: Path) -> list[dict[str, object]]:
    run("bulk", table, folder / "p.jsonl", "--library", folder / "library", "--no-dense", "--as-of", DAY)
    return [json.loads(line) for line in (folder / "p.jsonl").read_text(encoding="utf-8").splitlines()]


def test_columns_that_cannot_be_saved_or_read(folder: Path) -> None:
    assert run("columns", folder / "in.jsonl").stdout == "这种文件直接使用字段名，不需要列对应\n"
    assert run("columns", folder / "没有.csv").exit_code == 1
    lost = run("columns", folder / "in.jsonl", "--save", folder / "没有" / "m.json")
    assert lost.exit_code == 1 and "写不了文件" in lost.stderr
