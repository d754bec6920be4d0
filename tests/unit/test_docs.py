"""The documents point at what exists."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"


def test_the_gallery_shows_every_screenshot_and_none_that_is_missing() -> None:
    shown = set(re.findall(r'src="screenshots/([^"]+)"', (DOCS / "pages.zh.md").read_text("utf-8")))
    assert shown == {path.name for path in (DOCS / "screenshots").iterdir()}


@pytest.mark.parametrize("path", [ROOT / "README.md", ROOT / "README.zh.md", *sorted(DOCS.glob("*.md"))])
def test_links_to_files_lead_somewhere(path: Path) -> None:
    links = re.findall(r"\]\((?!https?://|#|mailto:)([^)#]+)", path.read_text("utf-8"))
    assert [link for link in links if not (path.parent / link).exists()] == []
