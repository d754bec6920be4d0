"""A world to push in: companies, subscriptions and a library that changes."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import delete, func, select

from matcher.push.floor import Floor, Floors
from matcher.push.outcomes import Outcome
from matcher.push.publish import scan
from matcher.records import Records
from matcher.retrieval import Retriever
from matcher.service import Matcher
from matcher.store.companies import DEPARTMENT, Channel, CompanyRecord, Contact
from matcher.store.database import Database
from matcher.store.pushes import Batch, Frequency, MeasureState, Message, Snapshot, Subscription, SubscriptionState
from policies.library import Library
from policies.policy import Policy
from tests.support import AS_OF, measure, policy

NOW = dt.datetime(2026, 6, 15, 1, tzinfo=dt.UTC)
URL = "https://huiqi.example.cn"
EVERYTHING: Floors = {outcome: Floor() for outcome in (Outcome.ELIGIBLE, Outcome.NEARLY, Outcome.ITEM)}
"""A floor that all pass, where something else is looked at."""
BACKGROUND = policy("background", measure("other"))


def library(*policies: Mapping[str, Any]) -> Library:
    """A library in memory, always with one policy that nobody asks about."""
    loaded = [Policy.model_validate(each) for each in (BACKGROUND, *policies)]
    digest = hashlib.sha256("".join(each.model_dump_json() for each in loaded).encode()).hexdigest()
    return Library({each.policy_id: each for each in loaded}, digest)


def matcher(*policies: Mapping[str, Any]) -> Matcher:
    """Over such a library."""
    shown = library(*policies)
    return Matcher(shown, Retriever(shown, None))


class World:
    """A database with companies, looked at from time to time."""

    def __init__(self, database: Database, floors: Floors | None = EVERYTHING) -> None:
        self.database, self.floors, self.records = database, floors, Records(database)
        self.now = NOW

    def company(self, owner: str = DEPARTMENT, hears: bool = True, **raw: Any) -> CompanyRecord:
        """Keep a company; with a confirmed subscription of its inbox to everything if it hears."""
        record = self.records.save(owner, raw, "declared", "", self.now)
        if hears and not self.subscriptions(record):
            self.subscribe(record)
        return record

    def subscriptions(self, record: CompanyRecord) -> Sequence[Subscription]:
        with self.database.session() as session:
            own = Subscription.company_id == record.company_id
            return session.scalars(select(Subscription).where(own)).all()

    def subscribe(
        self,
        record: CompanyRecord,
        themes: Sequence[str] = (),
        state: SubscriptionState = SubscriptionState.CONFIRMED,
        mark: str = "",
    ) -> Subscription:
        """Subscribe the inbox, or a mail address with a mark."""
        with self.database.session() as session:
            contact = None
            if mark:
                contact = Contact(
                    company_id=record.company_id, channel=Channel.EMAIL, sealed="", mark=mark, made_at=NOW
                )
                session.add(contact)
                session.flush()
            found = Subscription(
                company_id=record.company_id, contact_id=contact.contact_id if contact else None,
                channel=Channel.EMAIL if mark else Channel.INBOX, themes=list(themes), frequency=Frequency.AT_ONCE,
                quiet_from=0, quiet_to=0, workdays_only=False, weekly_cap=100, state=state, made_at=NOW,
                confirmed_at=NOW, ended_at=None,
            )  # fmt: skip
            session.add(found)
        return found

    def look(self, *policies: Mapping[str, Any], as_of: dt.date = AS_OF, closing_days: int = 15) -> list[Batch]:
        """Look at a library of these policies."""
        return scan(self.database, matcher(*policies), as_of, self.now, URL, closing_days, self.floors)

    def told(self, batches: Sequence[Batch]) -> dict[str, list[str]]:
        """Names of the companies that some pushes tell, by occasion."""
        found: dict[str, list[str]] = {}
        with self.database.session() as session:
            for batch in batches:
                wanted = select(CompanyRecord.name).join(Message, Message.company_id == CompanyRecord.company_id)
                names = session.scalars(wanted.where(Message.batch_id == batch.batch_id)).all()
                if names:
                    found[batch.occasion.value] = sorted(names)
        return found

    def messages(self) -> Sequence[Message]:
        with self.database.session() as session:
            return session.scalars(select(Message)).all()

    def count(self, table: type[Any]) -> int:
        with self.database.session() as session:
            return session.scalar(select(func.count()).select_from(table)) or 0

    def clear(self) -> None:
        """Forget everything."""
        with self.database.session() as session:
            for table in (Message, Batch, Subscription, Contact, Snapshot, MeasureState, CompanyRecord):
                session.execute(delete(table))
