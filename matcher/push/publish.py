"""Looking at the library: what is new becomes a draft with its messages, in one transaction with the comparison.

Companies are compared before the transaction, which then checks that nobody else has told of the same: two processes
may look at once. Nothing leaves before staff approve the draft.
"""

from __future__ import annotations

import contextlib
import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain, islice
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Dialect, func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from matcher.assessment import Active, Offer
from matcher.clock import SHANGHAI
from matcher.push.bits import packed
from matcher.push.floor import Floors, shipped_floors
from matcher.push.occasions import Event, Look, Standing, look
from matcher.push.reading import count
from matcher.push.selection import Before, Selected, Task, select_companies
from matcher.service import Matcher
from matcher.store.companies import CompanyRecord
from matcher.store.database import Database
from matcher.store.pushes import (
    Batch,
    BatchState,
    MeasureState,
    Message,
    MessageState,
    Occasion,
    Snapshot,
    Subscription,
    SubscriptionState,
)
from matcher.store.tables import Json, Table, new_id
from policies.library import Library
from policies.lifecycle import Lifecycle, measure_window

CLOSING_DAYS = 15
WRITTEN = 500
"""Messages written by one statement."""


def scan(
    database: Database,
    matcher: Matcher,
    as_of: dt.date,
    now: dt.datetime,
    url: str,
    closing_days: int = CLOSING_DAYS,
    floors: Floors | None = None,
) -> list[Batch]:
    """Look at the library once: tell of what is new since the last look; the first look only notes what is there.

    Args:
        database: Companies, subscriptions, and what was known.
        matcher: Over the library as it is now.
        as_of: The day to answer for.
        now: The moment, with a time zone.
        url: How links begin.
        closing_days: How many days before the last day of a window companies are reminded (`settings.closing_days`).
        floors: What has to be reached to be told; None for those that ship with the product.

    Returns:
        What was made: a draft with its messages, or a batch already CANCELLED where nobody is to be told. Doing it
        again at once makes nothing.
    """
    offer = matcher.offer(as_of)
    known, seen = known_of(database)
    looked = look(matcher.library, offer.active, as_of, known, seen, closing_days)
    if looked.first:
        _note_first(database, offer, looked, now, url)
        return []
    tasks = [task_of(database, matcher.library, event, as_of, closing_days) for event in looked.events]
    made = []
    if tasks:
        for selected in select_companies(database, offer, tasks, shipped_floors() if floors is None else floors, url):
            made += write_out(database, selected, as_of, now)
    with database.session() as session:
        for quiet in looked.quiet:
            _claim(session, quiet.measure_id, quiet.before, quiet.now, now)
    return made


def known_of(database: Database) -> tuple[dict[str, Standing], frozenset[str]]:
    """What was known of measures by id, and those that companies were compared with; both empty before a first look."""
    with database.reading() as session:
        known = {state.measure_id: Standing.of(state) for state in session.scalars(select(MeasureState))}
        return known, frozenset(session.scalars(select(Snapshot.measure_id)))


def _note_first(database: Database, offer: Offer, looked: Look, now: dt.datetime, url: str) -> None:
    """Keep states and snapshots, all or none: half of them would make the rest look new tomorrow."""
    tasks = [Task(active) for active in offer.active if active.entry.measure.benefit.type != "direction"]
    found = select_companies(database, offer, tasks, {}, url)
    version = {quiet.measure_id: quiet.now.version for quiet in looked.quiet}
    with contextlib.suppress(_Faster), database.session() as session:
        for quiet in looked.quiet:
            if not _claim(session, quiet.measure_id, None, quiet.now, now):
                raise _Faster
        for selected in found:
            _keep_snapshot(session, selected, version[selected.task.active.entry.measure_id], offer.as_of)


class _Faster(Exception):
    """Another process has had the first look meanwhile."""


def task_of(database: Database, library: Library, event: Event, as_of: dt.date, closing_days: int) -> Task:
    """What is to be done for an event: with what was so before."""
    old = [entry for name in event.old if (entry := library.by_id.get(name)) is not None]
    closes = event.now.closes
    with database.reading() as session:
        snapshot = session.get(Snapshot, event.measure_id)
        told = _told(session, event, None)
        lately = _told(session, event, closes - dt.timedelta(closing_days)) if closes else packed(_NOBODY)
    before = Before(told=told, lately=lately)
    if snapshot is not None:
        before = before._replace(eligible=snapshot.eligible, nearly=snapshot.nearly)
    # What it follows may be out of force today: its rule still says who could get it.
    followed = (Active(each, Lifecycle.CURRENT, measure_window(each.policy, each.measure, as_of)) for each in old)
    return Task(event.active, event, before, tuple(followed))


_NOBODY = np.empty(0, dtype=np.int64)


def _told(session: Session, event: Event, since: dt.date | None) -> bytes:
    """Who was told of a measure: in this version, or in any since a day."""
    wanted = (
        select(CompanyRecord.number)
        .join(Message, Message.company_id == CompanyRecord.company_id)
        .join(Batch, Batch.batch_id == Message.batch_id)
        .where(Batch.measure_id == event.measure_id, Message.state != MessageState.CANCELLED)
        .distinct()
    )
    if since is None:
        wanted = wanted.where(Batch.version == event.now.version)
    else:
        wanted = wanted.where(Message.made_at >= dt.datetime.combine(since, dt.time(), SHANGHAI))
    return packed(np.fromiter(session.scalars(wanted), dtype=np.int64))


def write_out(database: Database, selected: Selected, as_of: dt.date, now: dt.datetime) -> list[Batch]:
    """Write what was found for an event; nothing where another process has told of it meanwhile."""
    event = selected.task.event
    assert event is not None
    elsewhere = count(database) - sum(selected.found[name] for name in _LOOKED)
    selected.found["elsewhere"] = max(elsewhere, 0)
    with database.session() as session:
        if not _claim(session, event.measure_id, event.before, event.now, now):
            return []
        _keep_snapshot(session, selected, event.now.version, as_of)
        batches = [_batch(session, selected, occasion, now) for occasion in event.occasions]
        drafts = [batch for batch in batches if batch.state is BatchState.DRAFT]
        kept = drafts or batches[-1:]
        for batch in batches:
            if batch not in kept:
                session.delete(batch)
    return kept


_LOOKED = ("eligible", "nearly", "item", "to_check", "more", "excluded", "unreadable")


def _claim(session: Session, measure_id: str, before: Standing | None, after: Standing, now: dt.datetime) -> bool:
    """Note the new state of a measure if it is still in the old one; False if another process was faster."""
    state = session.get(MeasureState, measure_id, with_for_update=True)
    if (None if state is None else Standing.of(state)) != before:
        return False
    values = {**vars(after), "seen_at": now}
    if state is None:
        fresh = _insert(session, MeasureState).values(measure_id=measure_id, **values)
        return session.scalar(fresh.returning(MeasureState.measure_id)) is not None
    for name, value in values.items():
        setattr(state, name, value)
    return True


def _insert(session: Session, table: type[Table]) -> sqlite.Insert | postgresql.Insert:
    """An insert that leaves alone what is there already."""
    dialect: Dialect = session.get_bind().dialect
    if dialect.name == "postgresql":
        return postgresql.insert(table).on_conflict_do_nothing()
    return sqlite.insert(table).on_conflict_do_nothing()


def _keep_snapshot(session: Session, selected: Selected, version: str, as_of: dt.date) -> None:
    measure_id = selected.task.active.entry.measure_id
    eligible, nearly = _joined(selected.eligible), _joined(selected.nearly)
    session.merge(
        Snapshot(measure_id=measure_id, version=version, as_of=as_of, eligible=packed(eligible), nearly=packed(nearly))
    )


def _joined(parts: Sequence[NDArray[np.uint32]]) -> NDArray[np.int64]:
    return np.concatenate(parts).astype(np.int64) if parts else _NOBODY


def _batch(session: Session, selected: Selected, occasion: Occasion, now: dt.datetime) -> Batch:
    """Write one push with its messages, HELD; CANCELLED at once if there are none."""
    event = selected.task.event
    assert event is not None
    batch = Batch(
        batch_id=new_id(), measure_id=event.measure_id, version=event.now.version, occasion=occasion,
        state=BatchState.DRAFT, found={}, made_at=now, decided_at=None,
    )  # fmt: skip
    session.add(batch)
    session.flush()
    same = {
        "batch_id": batch.batch_id, "measure_id": event.measure_id, "state": MessageState.HELD,
        "not_before": now, "made_at": now,
    }  # fmt: skip
    statement = _insert(session, Message)
    for block in _cut(chain.from_iterable(selected.drafts(occasion))):
        wanted = _still_wanted(session, block)
        rows = [{"message_id": new_id(), **same, **draft} for draft in block if draft["subscription_id"] in wanted]
        if rows:
            session.execute(statement, rows)
    own = Message.batch_id == batch.batch_id
    messages = session.scalar(select(func.count()).where(own)) or 0
    companies = session.scalar(select(func.count(Message.company_id.distinct())).where(own)) or 0
    batch.found = {**_found(selected.found), "companies": companies, "messages": messages}
    if not messages:
        batch.state, batch.decided_at = BatchState.CANCELLED, now
    return batch


def _found(counts: Mapping[str, int]) -> Json:
    return {name: number for name, number in counts.items() if number}


def _still_wanted(session: Session, drafts: Sequence[Json]) -> frozenset[str]:
    """Subscriptions that nobody has ended meanwhile; they stay until the transaction is over."""
    wanted = (
        select(Subscription.subscription_id)
        .join(CompanyRecord, CompanyRecord.company_id == Subscription.company_id)
        .where(
            Subscription.subscription_id.in_([draft["subscription_id"] for draft in drafts]),
            Subscription.state == SubscriptionState.CONFIRMED,
        )
        .with_for_update(read=True, key_share=True)
    )
    return frozenset(session.scalars(wanted))


def _cut(drafts: Iterable[Json]) -> Iterator[list[dict[str, Any]]]:
    whole = iter(drafts)
    while block := list(islice(whole, WRITTEN)):
        yield block
