"""What has happened to the measures of a library since it was last looked at, and of what companies are to be told."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

from matcher.assessment import Active
from matcher.store.pushes import VERSION_CHARS, MeasureState, Occasion
from policies.library import Library, LibraryMeasure
from policies.lifecycle import Lifecycle, WindowPhase, successors
from policies.policy import Policy, last_day

NOT_OFFERED = ""
"""Phase of a measure that is not on offer."""
_POLICY = frozenset({
    "title", "doc_no", "level", "region", "valid_from", "valid_to", "status", "applies", "prefer", "exclusions",
    "stacking_text", "materials", "channel", "window", "contact",
})  # fmt: skip
_MEASURE = frozenset({"name", "text", "recipient", "when", "prefer", "benefit", "window", "stacking"})
_WAITING = frozenset({WindowPhase.UPCOMING.value, WindowPhase.BY_NOTICE.value})
_OVER = frozenset({Lifecycle.EXPIRED, Lifecycle.SUPERSEDED})


def version_of(entry: LibraryMeasure) -> str:
    """Digest of all that a company would have to be told of a measure.

    Rule, benefit, window, validity, papers and where to apply count; where the record was read, how sure we are of it,
    themes, tags and examples do not.
    """
    said = {
        "policy": entry.policy.model_dump(mode="json", by_alias=True, include=set(_POLICY)),
        "measure": entry.measure.model_dump(mode="json", by_alias=True, include=set(_MEASURE)),
    }
    text = json.dumps(said, ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:VERSION_CHARS]


@dataclass(frozen=True)
class Standing:
    """What is known of a measure at one look (a `MeasureState` without its moment).

    Attributes:
        phase: Of its window, NOT_OFFERED where it is not on offer.
        closes: Last day of its window, if it is on offer and that is known.
        reminded: Last day of the window of which companies were reminded.
        ending: Whether its policy has ended, or ends within the days before closing.
    """

    version: str
    phase: str
    closes: dt.date | None
    reminded: dt.date | None
    ending: bool

    @classmethod
    def of(cls, state: MeasureState) -> Standing:
        """As it was kept."""
        return cls(state.version, state.phase, state.closes, state.reminded, state.ending)


@dataclass(frozen=True)
class Event:
    """One measure of which companies are to be told.

    Attributes:
        active: The measure, on offer.
        occasions: Why; each company is told on the first that fits it.
        before: What was known of it; None for nothing.
        now: What is known from now on.
        old: Measures that it follows: who had one of them is told of a successor.
    """

    active: Active
    occasions: tuple[Occasion, ...]
    before: Standing | None
    now: Standing
    old: tuple[str, ...] = ()

    @property
    def measure_id(self) -> str:
        """The measure."""
        return self.active.entry.measure_id


@dataclass(frozen=True)
class Quiet:
    """A measure whose state has changed without anybody being told."""

    measure_id: str
    before: Standing | None
    now: Standing


@dataclass(frozen=True)
class Look:
    """What one look at a library found.

    Attributes:
        first: Whether it is the first look: then everything is quiet.
        events: By measure id.
        quiet: States to be noted; after the events, as a successor hangs on the end of what it follows.
    """

    first: bool
    events: tuple[Event, ...]
    quiet: tuple[Quiet, ...]


def look(
    library: Library,
    active: Iterable[Active],
    as_of: dt.date,
    known: Mapping[str, Standing],
    seen: frozenset[str],
    closing_days: int,
) -> Look:
    """Compare a library with what was known of it.

    Args:
        library: As it is now.
        active: Its measures on offer at `as_of`.
        as_of: The day.
        known: measure_id to what was known; empty before the first look.
        seen: Measures that companies were compared with before.
        closing_days: How many days before the last day of a window companies are reminded.
    """
    offered = {item.entry.measure_id: item for item in active}
    looked = _Looked(library, offered, as_of, known, seen, closing_days)
    events, quiet = [], []
    for entry in sorted(library.measures, key=lambda entry: entry.measure_id):
        before, now = known.get(entry.measure_id), looked.standing(entry)
        occasions = looked.occasions(entry) if known else ()
        if occasions:
            old = looked.followed(entry.policy) if Occasion.SUCCESSOR in occasions else ()
            events.append(Event(offered[entry.measure_id], occasions, before, now, old))
        elif before != now:
            quiet.append(Quiet(entry.measure_id, before, now))
    return Look(not known, tuple(events), tuple(quiet))


@dataclass(frozen=True)
class _Looked:
    """A library beside what was known of it."""

    library: Library
    offered: Mapping[str, Active]
    as_of: dt.date
    known: Mapping[str, Standing]
    seen: frozenset[str]
    closing_days: int

    def standing(self, entry: LibraryMeasure) -> Standing:
        """What is known of a measure from now on."""
        item, before = self.offered.get(entry.measure_id), self.known.get(entry.measure_id)
        closes = item.window.closes if item else None
        reminded = closes if self._closing(entry) else before.reminded if before else None
        phase = item.window.phase.value if item else NOT_OFFERED
        return Standing(version_of(entry), phase, closes, reminded, self._ends(entry.policy))

    def occasions(self, entry: LibraryMeasure) -> tuple[Occasion, ...]:
        """Why companies are to be told of a measure now; nothing for what one cannot apply for."""
        if entry.measure_id not in self.offered or entry.measure.benefit.type == "direction":
            return ()
        follows = (Occasion.SUCCESSOR,) if self._follows(entry) else ()
        before = self.known.get(entry.measure_id)
        if before is None or entry.measure_id not in self.seen:  # never compared with any company
            return (*follows, Occasion.PUBLISHED)
        if self._opens(entry, before):
            return (*follows, Occasion.OPENING)
        changed = (Occasion.CHANGED,) if before.version != version_of(entry) else ()
        closing = (Occasion.CLOSING,) if self._closing(entry) and before.reminded != self._closes(entry) else ()
        return (*follows, *changed, *closing)

    def followed(self, policy: Policy) -> tuple[str, ...]:
        """Measures of the policies that a policy follows and that have ended, or end soon."""
        return tuple(
            f"{old.policy_id}/{measure.slug}"
            for old in self._predecessors.get(policy.policy_id, ())
            if self._ends(old)
            for measure in old.measures
        )

    def _closes(self, entry: LibraryMeasure) -> dt.date | None:
        return self.offered[entry.measure_id].window.closes

    def _opens(self, entry: LibraryMeasure, before: Standing) -> bool:
        """Whether one can apply now and could not before: the day has come, or the notice, or a window anew."""
        is_open = self.offered[entry.measure_id].window.phase is WindowPhase.OPEN
        return is_open and (before.phase in _WAITING or before.phase == NOT_OFFERED)

    def _closing(self, entry: LibraryMeasure) -> bool:
        """Whether its window is open and ends soon."""
        item = self.offered.get(entry.measure_id)
        if item is None or item.window.phase is not WindowPhase.OPEN or item.window.days_left is None:
            return False
        return item.window.days_left <= self.closing_days

    def _follows(self, entry: LibraryMeasure) -> bool:
        """Whether what it follows ends now, or has ended and it is new itself: either makes it a successor now."""
        ended = [old for old in self._predecessors.get(entry.policy.policy_id, ()) if self._ends(old)]
        return any(entry.measure_id not in self.seen or self._ends_now(old) for old in ended)

    @cached_property
    def _predecessors(self) -> Mapping[str, list[Policy]]:
        """policy_id to the policies that it replaced or follows."""
        found: dict[str, list[Policy]] = {}
        for old in self.library.policies.values():
            for policy_id in successors(old, self.library.policies):
                found.setdefault(policy_id, []).append(old)
        return found

    def _ends(self, policy: Policy) -> bool:
        if self.library.lifecycle(policy.policy_id, self.as_of) in _OVER:
            return True
        return policy.valid_to is not None and (last_day(policy.valid_to) - self.as_of).days <= self.closing_days

    def _ends_now(self, policy: Policy) -> bool:
        """Whether a policy that ends was not known to end at the last look."""
        states = [self.known.get(f"{policy.policy_id}/{measure.slug}") for measure in policy.measures]
        return any(state is not None and not state.ending for state in states)
