"""`huiqi eval` and `huiqi feedback`: output and exit codes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from eval.commands import evaluation
from eval.gate import Floors
from matcher.feedback_commands import feedback
from tests.support import measure, policy, write_library
from tests.unit.test_eval_cases import case, write


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("library")
    first = policy("p", measure(text="购置数控机床奖补"), region="山东省", level="province")
    return str(write_library(folder, first, policy("q", measure(), region="全国", level="national")))


@pytest.fixture
def cases(tmp_path: Path) -> Path:
    labels = {"p": {"grade": 3, "verdict": "eligible"}, "gone": {"grade": 1}}
    return write(tmp_path, case(labels=labels))


def run(*arguments: Any, command: Any = evaluation) -> Result:
    return CliRunner().invoke(command, [str(argument) for argument in arguments])


def measured(*arguments: Any) -> Result:
    return run(*arguments, "--no-dense")


def test_the_nameless_command_measures(cases: Path, library: str) -> None:
    result = measured(cases, "--library", library)
    assert result.exit_code == 0 and "nDCG@10" in result.output and "硬性错误 0 处" in result.output
    options_first = measured("--library", library, "--json", cases)
    assert options_first.exit_code == 0
    found = json.loads(options_first.output)
    assert found["cases"] == 1 and found["metrics"]["candidate_recall"]["value"] == 1.0


def test_run_file_baseline_and_page(cases: Path, library: str, tmp_path: Path) -> None:
    out, page = tmp_path / "run.json", tmp_path / "r.html"
    assert measured(cases, "--library", library, "--out", out).exit_code == 0
    again = measured(cases, "--library", library, "--baseline", out, "--report", page, "--ablation", "--json")
    found = json.loads(again.output)
    assert again.exit_code == 0 and page.stat().st_size > 1_000_000
    assert found["comparison"]["better"] == [] and found["ablation"][-1]["name"] == "full"


def test_another_day(cases: Path, library: str) -> None:
    found = json.loads(measured(cases, "--library", library, "--as-of", "2030-01-01", "--json").output)
    assert found["cases"] == 1
    assert measured(cases, "--as-of", "昨天").exit_code == 2


@pytest.mark.parametrize(("limit", "code"), [(0.1, 0), (1.1, 1)])
def test_the_gate(cases: Path, library: str, monkeypatch: pytest.MonkeyPatch, limit: float, code: int) -> None:
    floors = Floors(1, "测试", cases.name, 1, {"ndcg@10": limit})
    monkeypatch.setattr("eval.gate.load_floors", lambda: floors)
    result = measured(cases, "--library", library, "--gate")
    assert result.exit_code == code
    assert ("低于门槛 1.1000" in result.output) == (code == 1)


def test_wrong_input_and_wrong_usage(cases: Path, library: str, tmp_path: Path) -> None:
    cases.write_text('{"case_id": 1}\n{', "utf-8")
    result = measured(cases, "--library", library)
    assert result.exit_code == 1 and "第 2 行" in result.output
    assert measured(tmp_path / "none.jsonl").exit_code == 1
    assert measured(cases, "--nonsense").exit_code == 2
    assert measured(cases, cases).exit_code == 2
    assert run("check-cases").exit_code == 2
    assert "  " not in measured(cases, "--nonsense").output.splitlines()[0]


@pytest.mark.parametrize("day", ["9999-12-31", "1066-10-14", "gestern"])
def test_a_day_outside_the_range_is_wrong_usage(cases: Path, library: str, day: str) -> None:
    result = run(cases, "--library", library, "--no-dense", "--as-of", day)
    assert result.exit_code == 2 and f"“{day}”" in result.stderr


def test_check_cases(cases: Path, library: str) -> None:
    result = run("check-cases", cases, "--library", library)
    assert result.exit_code == 0 and "政策库中没有“gone”" in result.output and "没有标注的政策一律" in result.output
    found = json.loads(run("check-cases", cases, "--library", library, "--json").output)
    assert found == {"cases": 1, "labels": 2, "grades": {"1": 1, "3": 1}, "without_verdict": 1,
                     "judged_list": False, "unknown_targets": {"gone": ["A"]}}  # fmt: skip
    cases.write_text("{}", "utf-8")
    assert run("check-cases", cases, "--library", library).exit_code == 1


def test_help_is_chinese_and_names_the_other_command() -> None:
    result = run("--help")
    assert result.exit_code == 0 and "check-cases" in result.output and "--ablation" in result.output


def test_feedback(library: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HUIQI_DATA_DIR", str(tmp_path / "data"))
    profile = tmp_path / "company.json"
    profile.write_text('{"name": "甲公司"}', "utf-8")
    added = run("add", profile, "p/grant", "--mark", "已申报", "--as-of", "2026-06-15", "--library", library,
                command=feedback)  # fmt: skip
    assert added.exit_code == 0 and "已记下第 1 条反馈" in added.output
    assert (tmp_path / "data" / "huiqi.sqlite").exists()
    listed = json.loads(run("list", "--json", command=feedback).output)
    assert [(row["company"], row["target"], row["mark"]) for row in listed] == [("甲公司", "p/grant", "已申报")]
    assert listed[0]["made_at"].endswith("+08:00")
    assert "甲公司　p/grant　已申报" in run("list", command=feedback).output
    out = tmp_path / "cases.jsonl"
    assert run("export", out, command=feedback).exit_code == 0
    assert json.loads(measured(out, "--library", library, "--json").output)["metrics"]["recall@5"]["value"] == 1.0
    unknown = run("add", profile, "p/none", "--mark", "适合", "--library", library, command=feedback)
    assert unknown.exit_code == 1 and "没有这个事项" in unknown.output
    assert run("add", profile, "p/grant", "--mark", "一般", "--library", library, command=feedback).exit_code == 2
