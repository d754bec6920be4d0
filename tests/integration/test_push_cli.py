"""`huiqi push scan`: the library is looked at, and what is new is told in Chinese."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from matcher.cli import main
from matcher.store.database import Database
from tests.scan_support import BACKGROUND, World
from tests.support import measure, policy, write_library

AWARD = policy("award", measure("grant", when=[{"field": "employees", "min": 20}]))


@pytest.fixture(autouse=True)
def data_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data folder of the test's own."""
    monkeypatch.setenv("HUIQI_DATA_DIR", str(tmp_path / "data"))
    return tmp_path / "data"


def look(folder: Path, *policies: dict[str, Any], json_too: bool = False) -> Result:
    library = write_library(folder, BACKGROUND, *policies)
    words = ["push", "scan", "--library", str(library), "--as-of", "2026-06-15", *(["--json"] if json_too else [])]
    done = CliRunner().invoke(main, words, prog_name="huiqi")
    assert done.exit_code == 0, done.output
    return done


def test_what_is_new_becomes_a_draft(tmp_path: Path, data_folder: Path) -> None:
    assert "没有需要推送的变化" in look(tmp_path / "library").stdout
    database = Database.in_folder(data_folder)
    World(database).company(name="甲公司", employees=30)
    said = look(tmp_path / "library", AWARD).stdout
    assert "[新发布] 关于award的通知：支持事项grant" in said and "共 1 项变化，1 批推送待审核" in said
    assert "待审核：1 家企业 1 条消息（符合 1 家）" in said
    assert "甲公司" not in said
    again = json.loads(look(tmp_path / "library", AWARD, json_too=True).stdout)
    assert again == {"as_of": "2026-06-15", "batches": []}
    database.close()


def test_what_concerns_nobody_says_so(tmp_path: Path, data_folder: Path) -> None:
    look(tmp_path / "library")
    found = json.loads(look(tmp_path / "library", AWARD, json_too=True).stdout)["batches"]
    assert [(batch["occasion"], batch["state"], batch["found"]["messages"]) for batch in found] == [
        ("published", "cancelled", 0)
    ]
