"""Who is to be told of a measure: a comparison of now with the last snapshot, in one pass over all companies.

What is dear is done only for who remains: rules read only the facts that they name; lists are ranked only for
companies that are newly eligible and subscribed; reasons are written only for what passes the relevance floor.
"""

from __future__ import annotations

import json
import zlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import compress
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import select

from matcher.assessment import Active, CompanyView, Offer
from matcher.brief import match_row
from matcher.push.bits import NOBODY, among
from matcher.push.content import of_match
from matcher.push.floor import Floors, Relevance, passes, ranked
from matcher.push.keys import message_key
from matcher.push.occasions import Event
from matcher.push.outcomes import NEAR, Outcome, outcome_of, outcomes
from matcher.push.reading import Asked, Block, blocks, whole_table
from matcher.records import identity
from matcher.store.companies import Channel, CompanyRecord, Contact
from matcher.store.database import Database
from matcher.store.pushes import Occasion, Subscription, SubscriptionState
from matcher.store.tables import Json
from policies.columns import Bools

HOLDS = (Outcome.ELIGIBLE, *NEAR)
Ints = NDArray[np.int64]


class Before(NamedTuple):
    """What was so when companies were last compared with a measure, as `push.bits`.

    Attributes:
        eligible: For which it was eligible.
        nearly: For which one fact was missing.
        told: Who has been told of this version, on whatever occasion.
        lately: Who has been told of the measure since its window is about to close.
    """

    eligible: bytes = NOBODY
    nearly: bytes = NOBODY
    told: bytes = NOBODY
    lately: bytes = NOBODY


NOTHING_BEFORE = Before()


@dataclass(frozen=True)
class Task:
    """A measure that companies are compared with.

    Attributes:
        event: What they are told; None to note only for which it is.
        old: What it follows, for a successor.
    """

    active: Active
    event: Event | None = None
    before: Before = NOTHING_BEFORE
    old: tuple[Active, ...] = ()


@dataclass
class Selected:
    """What was found for one task.

    Attributes:
        eligible: Numbers of the companies for which it is eligible, in blocks.
        nearly: Of those for which one fact is missing, likewise.
        found: How many companies by how it stands for them, and why they are told or not.
        told: Companies that are told, by occasion.
    """

    task: Task
    eligible: list[NDArray[np.uint32]] = field(default_factory=list)
    nearly: list[NDArray[np.uint32]] = field(default_factory=list)
    found: Counter[str] = field(default_factory=Counter)
    told: Counter[Occasion] = field(default_factory=Counter)
    _drafts: list[tuple[Occasion, bytes]] = field(default_factory=list)

    def keep(self, occasion: Occasion, drafts: list[Json]) -> None:
        """Keep what is to be sent, small: a hundred thousand messages of one measure are much alike."""
        if drafts:
            self._drafts.append((occasion, zlib.compress(json.dumps(drafts, ensure_ascii=False).encode(), 1)))

    def drafts(self, occasion: Occasion) -> Iterator[list[Json]]:
        """Messages to be sent on an occasion, in blocks: what `Message` holds, without what its batch says."""
        yield from (json.loads(zlib.decompress(content)) for own, content in self._drafts if own is occasion)


class Address(NamedTuple):
    """A confirmed subscription, and where it goes: `mark` is the contact's, None for the inbox."""

    subscription_id: str
    channel: Channel
    themes: list[str]
    mark: str | None


def select_companies(
    database: Database, offer: Offer, tasks: Sequence[Task], floors: Floors, url: str
) -> list[Selected]:
    """Compare all companies with some measures.

    Args:
        database: Where they are kept.
        offer: What is on offer at the day asked for.
        tasks: The measures, all of the offer.
        floors: What has to be reached to be told.
        url: How links begin.
    """
    found = [Selected(task) for task in tasks]
    places = {active.entry.measure_id: place for place, active in enumerate(offer.active)}
    teller = _Teller(database, offer, places, floors, url)
    asked = Asked([active.entry for task in tasks for active in (task.active, *task.old)])
    for block in blocks(database, asked, offer.as_of):
        wanted = [wish for one in found for wish in _wishes(one, block, floors)]
        if wanted:
            teller.tell(block, wanted)
    return found


@dataclass(frozen=True, eq=False)
class _Wish:
    """Companies of a block that are to be told of a measure on one occasion, if they want to hear it.

    Attributes:
        at: Their places in the block, int64.
    """

    selected: Selected
    occasion: Occasion
    at: Ints


def _wishes(one: Selected, block: Block, floors: Floors) -> Iterator[_Wish]:
    """Note how a measure stands for a block, and find who is to be told."""
    task, numbers = one.task, block.numbers
    stands = outcomes(block.rows, task.active)
    one.eligible.append(numbers[stands == Outcome.ELIGIBLE].astype(np.uint32))
    one.nearly.append(numbers[np.isin(stands, NEAR)].astype(np.uint32))
    one.found.update({outcome.name.lower(): int((stands == outcome).sum()) for outcome in Outcome})
    one.found["unreadable"] += block.unreadable
    if task.event is None:
        return
    holds = np.isin(stands, HOLDS)
    left = holds.copy()
    for occasion in task.event.occasions:
        chosen = left & _due(task, occasion, block, stands)
        left &= ~chosen
        may = chosen & np.isin(stands, list(floors))  # what is never told need not be ranked
        one.found["below_floor"] += int((chosen & ~may).sum())
        if may.any():
            yield _Wish(one, occasion, np.flatnonzero(may))
    one.found["known"] += int(left.sum())


def _due(task: Task, occasion: Occasion, block: Block, stands: NDArray[np.int8]) -> Bools:
    """Companies that an occasion is one for, if the measure holds for them."""
    numbers, before = block.numbers, task.before
    if occasion is Occasion.OPENING:
        return np.ones(len(numbers), dtype=bool)
    if occasion is Occasion.CLOSING:
        return ~among(before.lately, numbers)
    if occasion is Occasion.SUCCESSOR:
        return _had_one(task.old, block) & ~among(before.told, numbers)
    was = among(before.eligible, numbers)
    newly: Bools = np.where(stands == Outcome.ELIGIBLE, ~was, ~was & ~among(before.nearly, numbers))
    return newly & ~among(before.told, numbers)


def _had_one(old: Sequence[Active], block: Block) -> Bools:
    """Companies for which one of some measures holds as far as facts tell."""
    held = np.zeros(len(block.records), dtype=bool)
    for active in old:
        held |= np.isin(outcomes(block.rows, active), (Outcome.ELIGIBLE, Outcome.TO_CHECK))
    return held


@dataclass(frozen=True)
class _Teller:
    """Writes messages.

    Attributes:
        places: measure_id to its place in the offer.
    """

    database: Database
    offer: Offer
    places: Mapping[str, int]
    floors: Floors
    url: str

    def tell(self, block: Block, wanted: Sequence[_Wish]) -> None:
        """Write what is to be sent for one block."""
        addresses = _addresses(self.database, block)
        heard: dict[int, list[tuple[_Wish, list[Address]]]] = {}
        for wish in wanted:
            for at in wish.at.tolist():
                if fitting := _fitting(wish.selected, addresses.get(block.records[at].number, ())):
                    heard.setdefault(at, []).append((wish, fitting))
        if not heard:
            return
        table, readable = whole_table([block.records[at] for at in heard], self.offer.as_of)
        seen = ranked(self.offer, table)
        drafts: dict[int, list[Json]] = {id(wish): [] for wish in wanted}
        for number, (at, wishes) in enumerate(compress(heard.items(), readable)):
            for wish, fitting in wishes:
                drafts[id(wish)] += self._drafts(wish, seen.company(number), block.records[at], fitting)
        for wish in wanted:
            wish.selected.keep(wish.occasion, drafts[id(wish)])

    def _drafts(
        self, wish: _Wish, view: CompanyView, record: CompanyRecord, addresses: Sequence[Address]
    ) -> Iterator[Json]:
        """Messages to one company; none where the measure is of no use to it."""
        task, selected = wish.selected.task, wish.selected
        assert task.event is not None
        entry, window, version = task.active.entry, task.active.window, task.event.now.version
        place = self.places[entry.measure_id]
        outcome = outcome_of(view.assessed(place))
        if outcome not in HOLDS or not passes(self.floors, outcome, Relevance.of(view, place)):
            selected.found["below_floor"] += 1
            return
        selected.told[wish.occasion] += 1
        content = of_match(match_row(view, place, 0), entry, window, record, wish.occasion, self.url).to_json()
        for one in addresses:
            key = message_key(
                entry.measure_id, version, wish.occasion, window.closes, identity(record), one.channel,
                one.mark or record.company_id,
            )  # fmt: skip
            yield {
                "company_id": record.company_id,
                "subscription_id": one.subscription_id,
                "channel": one.channel,
                "region": record.region,
                "key": key,
                "content": content,
            }


def _fitting(selected: Selected, addresses: Sequence[Address]) -> list[Address]:
    """Where a company wants to hear of a measure; where it does not, that is counted."""
    themes = set(selected.task.active.entry.policy.themes)
    fitting = [one for one in addresses if not one.themes or themes.intersection(one.themes)]
    if not fitting:
        selected.found["other_themes" if addresses else "no_subscription"] += 1
    return fitting


def _addresses(database: Database, block: Block) -> dict[int, list[Address]]:
    """The confirmed subscriptions of a block's companies, by number."""
    first, last = block.records[0].number, block.records[-1].number
    wanted = (
        select(
            CompanyRecord.number, Subscription.subscription_id, Subscription.channel, Subscription.themes, Contact.mark
        )
        .join(CompanyRecord, CompanyRecord.company_id == Subscription.company_id)
        .outerjoin(Contact, Contact.contact_id == Subscription.contact_id)
        .where(Subscription.state == SubscriptionState.CONFIRMED, CompanyRecord.number.between(first, last))
        .order_by(CompanyRecord.number, Subscription.made_at)
    )
    found: dict[int, list[Address]] = {}
    with database.reading() as session:
        for number, subscription_id, channel, themes, mark in session.execute(wanted):
            found.setdefault(number, []).append(Address(subscription_id, channel, themes, mark))
    return found
