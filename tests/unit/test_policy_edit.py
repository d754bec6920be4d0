"""A look at the source is written into the policy file, and nothing else of the file changes."""

from __future__ import annotations

import difflib
from pathlib import Path

import pytest
import yaml

from policies.edit import record, with_blocks
from policies.errors import InputError
from policies.library import library_dir, load_library
from policies.policy import Check, Policy
from tests.support import policy, write_library

CHECK = Check(
    day="2026-11-23", by="王芳", result="verified", url="https://www.shandong.gov.cn/a?b=1", note="金额：一致"
)


def changed(before: str, after: str) -> list[str]:
    """Top-level keys of the lines that differ."""
    lines = difflib.ndiff(before.splitlines(), after.splitlines())
    return sorted({line[2:].split(":")[0] for line in lines if line[0] in "+-" and line[2:3].isalpha()})


@pytest.mark.parametrize("path", sorted(library_dir().glob("*.yaml"))[::9], ids=lambda path: path.stem)
def test_a_shipped_file_keeps_everything_else(path: Path, tmp_path: Path) -> None:
    copy = tmp_path / path.name
    copy.write_bytes(path.read_bytes())
    before = Policy.model_validate(yaml.load(path.read_text("utf-8"), Loader=yaml.CSafeLoader))
    after = record(copy, CHECK, confirms=("contact",), official=True)
    assert after.history[-1] == CHECK
    assert after.provenance.grade == "verified" and "contact" not in after.provenance.unverified
    assert (after.source.url, after.source.quality) == (CHECK.url, "official")
    kept = {"history": before.history, "provenance": before.provenance, "source": before.source}
    assert after.model_copy(update=kept) == before
    assert set(changed(path.read_text("utf-8"), copy.read_text("utf-8"))) <= {"history", "provenance", "source"}
    assert load_library(tmp_path).policies[before.policy_id] == after


def test_a_doubt_changes_the_history_only(tmp_path: Path) -> None:
    folder = write_library(tmp_path, policy("p"))
    path = folder / "p.yaml"
    for day in ("2026-11-01", "2026-11-02"):
        record(path, Check(day=day, by="王", result="doubt", note="金额不同"))
    found = load_library(folder).policies["p"]
    assert [check.day for check in found.history] == ["2026-11-01", "2026-11-02"]
    assert found.source.url is None


def test_comments_and_order_of_other_blocks_stay() -> None:
    text = "# top\npolicy_id: p  # id\nsource: {url: a,\n  quality: b}\ntitle: t  # its title\nmeasures:\n- slug: x\n"
    fresh = with_blocks(text, {"source": {"url": "c"}, "history": [{"day": "2026-01-01"}]})
    assert fresh.startswith("# top\npolicy_id: p  # id\nsource: {url: c}\n")
    assert fresh.index("title: t  # its title") < fresh.index("history:") < fresh.index("measures:")


def test_a_file_that_cannot_be_changed_safely_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "p.yaml"
    text = "{policy_id: p, title: 通知, level: city}\n"
    path.write_text(text, "utf-8")
    with pytest.raises(InputError, match="history"):
        record(path, CHECK.model_copy(update={"result": "doubt"}))
    assert path.read_text("utf-8") == text
    with pytest.raises(InputError, match="读不了"):
        record(tmp_path / "none.yaml", CHECK)


@pytest.mark.parametrize("day", ["2026-1-1", "yesterday", ""])
def test_a_day_is_a_day(day: str) -> None:
    with pytest.raises(ValueError, match="day"):
        Check(day=day, by="王", result="verified")
