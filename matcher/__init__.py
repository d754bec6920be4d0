"""Companies × measures → matches: eligibility, amounts, ranking, questions, and the ways in (CLI, pages).

`from matcher import Matcher` works; the names are loaded on first use.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matcher.results import Match, MatchResult, Verdict
    from matcher.service import Matcher, VerdictTable

__all__ = ["Match", "MatchResult", "Matcher", "Verdict", "VerdictTable"]
_HOMES = {
    "Match": "matcher.results",
    "MatchResult": "matcher.results",
    "Matcher": "matcher.service",
    "Verdict": "matcher.results",
    "VerdictTable": "matcher.service",
}


def __getattr__(name: str) -> object:
    """Load a public name from its module on first use."""
    if name not in _HOMES:
        raise AttributeError(f"module 'matcher' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
