"""What counts as a new version of a measure, what counts as an occasion, and what a message's key hangs on."""

from __future__ import annotations

import datetime as dt

import pytest

from matcher.assessment import active_at
from matcher.push.keys import message_key
from matcher.push.occasions import Look, Standing, look, version_of
from matcher.store.companies import Channel
from matcher.store.pushes import Occasion
from tests.scan_support import library
from tests.support import AS_OF, entry, measure, policy

DAY = dt.timedelta(1)
FIXED = {"kind": "fixed", "opens": "2026-06-01", "closes": "2026-07-31"}


@pytest.mark.parametrize(
    "changes",
    [{"valid_to": "2026-12"}, {"window": {"kind": "by_notice"}}, {"materials": ["营业执照"]}, {"contact": "市工信局"},
     {"applies": [{"field": "export", "is": True}]}, {"exclusions": "失信企业"}],
)  # fmt: skip
def test_what_a_company_would_have_to_be_told_of_makes_a_new_version(changes: dict[str, object]) -> None:
    assert version_of(entry("p")) != version_of(entry("p", **changes))


@pytest.mark.parametrize(
    "changes",
    [{"provenance": {"grade": "recalled", "confidence": "low", "note": "凭记忆"}}, {"source": {"title": "官网"}},
     {"tags": ["新"]}, {"themes": ["外贸"]}, {"summary": "另一种概述"}, {"status_note": "核对过"}],
)  # fmt: skip
def test_what_only_we_are_concerned_with_does_not(changes: dict[str, object]) -> None:
    assert version_of(entry("p")) == version_of(entry("p", **changes))


def test_a_benefit_and_a_measure_window_count() -> None:
    richer = measure(benefit={"type": "fixed", "amount_wan": 30})
    assert version_of(entry("p", richer)) != version_of(entry("p"))
    assert version_of(entry("p", measure(window=FIXED))) != version_of(entry("p"))


def looked(
    policies: list[dict[str, object]], before: Look | None, as_of: dt.date = AS_OF, closing_days: int = 15
) -> Look:
    """A look after another one that noted everything."""
    shown = library(*policies)
    active = active_at(shown, as_of)
    known: dict[str, Standing] = {}
    for each in (*before.events, *before.quiet) if before else ():
        known[each.measure_id] = each.now
    return look(shown, active, as_of, known, frozenset(known), closing_days)


def occasions(found: Look) -> dict[str, tuple[str, ...]]:
    return {event.measure_id: tuple(event.occasions) for event in found.events}


def test_a_first_look_has_no_events_and_the_next_one_none_either() -> None:
    first = looked([policy("p", window=FIXED)], None, dt.date(2026, 7, 20))
    assert first.first and not first.events and len(first.quiet) == 2
    again = looked([policy("p", window=FIXED)], first, dt.date(2026, 7, 20))
    assert not again.first and not again.events and not again.quiet


def test_a_measure_that_only_sets_a_direction_is_never_told() -> None:
    first = looked([], None)
    direction = policy("p", measure(benefit={"type": "direction"}))
    assert not looked([direction], first).events


def test_a_draft_is_told_when_it_comes_into_force() -> None:
    first = looked([], None)
    draft = looked([policy("p", status="draft")], first)
    assert not draft.events and [each.measure_id for each in draft.quiet] == ["p/grant"]
    shown = library(policy("p"))
    known = {each.measure_id: each.now for each in (*first.quiet, *draft.quiet)}
    found = look(shown, active_at(shown, AS_OF), AS_OF, known, frozenset({"background/other"}), 15)
    assert occasions(found) == {"p/grant": ("published",)}


def test_a_change_in_the_last_days_is_both() -> None:
    first = looked([policy("p", window=FIXED)], None)
    closes = dt.date(2026, 7, 31)
    changed = policy("p", window=FIXED, contact="市工信局")
    assert occasions(looked([changed], first, closes - 16 * DAY)) == {"p/grant": ("changed",)}
    assert occasions(looked([changed], first, closes)) == {"p/grant": ("changed", "closing")}
    assert not looked([policy("p", window=FIXED)], first, closes + DAY).events
    assert occasions(looked([policy("p", window=FIXED)], first, closes - 3 * DAY, closing_days=3)) == {
        "p/grant": ("closing",)
    }


def test_a_withdrawn_measure_is_noted_quietly_and_told_when_it_opens_again() -> None:
    first = looked([policy("p")], None)
    gone = looked([policy("p", status="withdrawn")], first)
    assert not gone.events
    back = looked([policy("p")], Look(False, (), (*gone.quiet, *(q for q in first.quiet if q.measure_id != "p/grant"))))
    assert occasions(back) == {"p/grant": ("opening",)}


def test_a_key_hangs_on_everything_that_makes_a_message_another_one() -> None:
    base = ("m", "v", Occasion.CLOSING, dt.date(2026, 7, 31), "c", Channel.EMAIL, "mark")
    others = ("n", "w", Occasion.OPENING, dt.date(2027, 7, 31), "d", Channel.INBOX, "other")
    keys = {message_key(*base)} | {
        message_key(*(*base[:place], other, *base[place + 1 :])) for place, other in enumerate(others)
    }
    assert len(keys) == 8 and all(len(key) == 64 for key in keys)
    published = ("m", "v", Occasion.PUBLISHED, dt.date(2026, 7, 31), "c", Channel.EMAIL, "mark")
    assert message_key(*published) == message_key(*published[:3], None, *published[4:])
