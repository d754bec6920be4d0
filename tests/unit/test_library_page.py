"""The page of the library is current, and what it tells a newcomer to write is a sound policy."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from matcher.library_check import validate_library
from matcher.library_page import EXAMPLE, shipped_page
from policies.library import library_dir, load_library
from policies.validate.ceilings import read_ceilings

FILE = Path(__file__).resolve().parents[2] / "docs" / "library.zh.md"


def test_the_file_is_current() -> None:
    remedy = ".venv/bin/python -m matcher.library_page > docs/library.zh.md"
    assert FILE.read_text("utf-8") == shipped_page(), f"docs/library.zh.md is not current: {remedy}"


def test_the_example_is_a_sound_library(tmp_path: Path) -> None:
    (tmp_path / "jn-equipment-award-2026.yaml").write_bytes(EXAMPLE.read_bytes())
    report = validate_library(load_library(tmp_path), dt.date(2026, 11, 23))
    assert (report.problems, report.warnings) == ((), ())


def test_the_shipped_library_has_a_ceiling_for_every_doubt() -> None:
    ceilings = read_ceilings(library_dir())
    assert ceilings and all(ceilings.values())
