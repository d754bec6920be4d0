"""The round that keeps a library true: validate against the ceilings, see what is due, mark it, check the links."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from matcher import library_links
from matcher.cli import main
from policies.library import load_library
from tests.support import write_library
from tests.unit.test_validate import policy

DAY = "2026-11-23"


def run(*arguments: object) -> Result:
    result = CliRunner().invoke(main, [str(argument) for argument in arguments], prog_name="huiqi")
    assert result.exception is None or isinstance(result.exception, SystemExit)
    return result


@pytest.fixture
def library(tmp_path: Path) -> Path:
    recalled = {"grade": "recalled", "confidence": "low", "unverified": ["materials", "window"]}
    other = policy("two", title="济南市设备奖励办法", source={}, provenance=recalled, applies=[])
    return write_library(tmp_path / "library", policy(), other)


def validate(library: Path, *more: str) -> Result:
    return run("policies", "validate", "--as-of", DAY, "--no-dense", "--library", library, *more)


def test_counts_stay_below_the_ceilings_or_validation_fails(library: Path) -> None:
    assert "上限" not in validate(library).stdout
    assert validate(library, "--lower").exit_code == 0
    told = validate(library)
    assert told.exit_code == 0 and "未核对原文：1 处（上限 1）" in told.stdout
    write_library(
        library, policy("three", title="莱芜标准奖励规定", provenance={"grade": "recalled", "confidence": "low"})
    )
    over = validate(library)
    assert over.exit_code == 1 and "“未核对原文”有 2 处，上限 1 处" in over.stdout
    assert validate(library, "--lower").exit_code == 1, "lowering never raises"
    (library / "three.yaml").unlink()
    (library / "two.yaml").unlink()
    assert "未核对原文：0 处（上限 1），可用 --lower 降低上限" in validate(library).stdout
    assert validate(library, "--lower").exit_code == 0
    assert "未核对原文" not in json.loads((library / "ceilings.json").read_text())


def due(library: Path) -> dict[str, list[str]]:
    rows = json.loads(run("policies", "due", "--as-of", DAY, "--library", library, "--json").stdout)
    return {row["policy_id"]: row["reasons"] for row in rows}


def test_what_is_due_is_marked_and_due_no_more(library: Path) -> None:
    assert {"未核对原文", "没有官方网址"} <= set(due(library)["two"])
    text = run("policies", "due", "--as-of", DAY, "--library", library).stdout
    assert "1. two" in text and "预计影响" in text and "核对：济南市工业和信息化局" in text
    marked = run(
        "policies", "mark", "two", "--verified", "--url", "https://www.jinan.gov.cn/x.html", "--by", "王芳",
        "--on", DAY, "--confirms", "materials", "--library", library,
    )  # fmt: skip
    assert marked.exit_code == 0 and "已记入 two.yaml" in marked.stdout
    left = due(library).get("two", [])
    assert not {"未核对原文", "没有官方网址"} & set(left)
    found = load_library(library).policies["two"]
    assert (found.source.quality, found.provenance.unverified) == ("official", ("window",))
    assert found.history[0].by == "王芳"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("two", "--by", "王", "--on", DAY), "--verified 或 --doubt"),
        (("two", "--verified", "--by", "王", "--on", DAY), "--url"),
        (("tow", "--doubt", "--by", "王", "--on", DAY), "您是不是要找：two"),
        (("two", "--doubt", "--by", "王", "--on", "昨天"), "--on"),
    ],
)
def test_a_wrong_mark_is_refused_and_nothing_is_written(library: Path, arguments: tuple[str, ...], said: str) -> None:
    before = (library / "two.yaml").read_bytes()
    refused = run("policies", "mark", *arguments, "--library", library)
    assert refused.exit_code in {1, 2} and said in refused.output
    assert (library / "two.yaml").read_bytes() == before


def test_a_dead_link_becomes_a_thing_to_check(library: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(library_links, "ask_once", lambda _: ("dead", "HTTP 404"))
    dry = run("policies", "links", "--dry-run", "--as-of", DAY, "--library", library)
    assert "已失效　one" in dry.stdout and load_library(library).policies["one"].history == ()
    told = run("policies", "links", "--as-of", DAY, "--library", library)
    assert told.exit_code == 0 and "共 1 个网址：正常 0，已转向别处 0，已失效 1，打不开 0" in told.stdout
    assert f"链接已失效（{DAY}）" in due(library)["one"]
