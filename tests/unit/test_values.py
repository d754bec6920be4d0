"""Spans and clean text."""

from __future__ import annotations

import math

from policies.values import UNKNOWN, Span, normalise, show


def test_span_properties() -> None:
    assert Span(1, 1).exact and Span(1, 1).known
    assert not UNKNOWN.known and not UNKNOWN.exact
    assert Span(1, math.inf).known and not Span(1, math.inf).exact


def test_normalise() -> None:
    assert normalise("Ａ\x00\u200b１\t（") == "A1 ("


def test_show_is_short_and_clean() -> None:
    assert show("\x00" + "很" * 100) == "很" * 20 + "…"
    assert show(10**30, 5) == "10000…"
    assert show("a\nb\tc") == "a b c"
