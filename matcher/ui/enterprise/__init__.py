"""The page for one company: start, form, check, results, and the question that is answered in place."""

from __future__ import annotations

from matcher.ui.enterprise.page import build

__all__ = ["build"]
