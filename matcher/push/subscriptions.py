"""Who wants to hear what, where and when: asked for, confirmed by a signed link, changed, ended."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import Enum, auto

from sqlalchemy import Select, func, select, update
from sqlalchemy.orm import Session

from matcher.clock import SHANGHAI
from matcher.contacts import ContactInfo, Contacts, checked_address
from matcher.push import content, release
from matcher.push import subscription_text as words
from matcher.push.keys import key_of
from matcher.push.targets import Targets
from matcher.push.wishes import Wishes
from matcher.seal import Seal
from matcher.steps import show_day
from matcher.store.companies import DEPARTMENT, Channel, CompanyRecord, Contact
from matcher.store.database import Database
from matcher.store.pushes import Message, MessageState, Subscription, SubscriptionState
from matcher.store.tables import new_id
from policies.errors import InputError, Problem

CONFIRM_DAYS = 7
MAX_SUBSCRIPTIONS = 20
"""Of one company, ended ones not counted."""
MAX_ASKED = 3
"""Confirmations asked of one address in CONFIRM_DAYS, by whomever."""
CONFIRM, END = "confirm", "end"
UNSENT = (MessageState.HELD, MessageState.READY, MessageState.BUNDLED)
"""A BUNDLED message has been sent, too, once its digest has."""


class Standing(Enum):
    """What a link from a message leads to."""

    WAITING = auto()
    CONFIRMED = auto()
    ENDED = auto()
    EXPIRED = auto()
    """It was not confirmed in time."""
    GONE = auto()
    """The company was erased."""
    UNKNOWN = auto()
    """No link of ours, or one for something else."""


@dataclass(frozen=True)
class Linked:
    """What a link leads to.

    Attributes:
        company: Name; "" where there is none any more.
        wishes: In Chinese; likewise.
    """

    standing: Standing
    company: str = ""
    wishes: str = ""
    subscription_id: str = ""


@dataclass(frozen=True)
class Invited:
    """Which contacts were asked, and why the others were not."""

    asked: tuple[Subscription, ...]
    problems: tuple[Problem, ...]


class Subscriptions:
    """The subscriptions of all companies; who asks may act for the company."""

    def __init__(self, database: Database, seal: Seal | None, url: str) -> None:
        """Keep them in a database.

        Args:
            database: Where.
            seal: Encrypts addresses and signs links; None where the environment has no key: the inbox only.
            url: How links begin.
        """
        self._database, self._seal, self._url = database, seal, url

    # ---- asked for --------------------------------------------------------------------------------------------------

    def of_companies(self, company_ids: Sequence[str]) -> dict[str, list[Subscription]]:
        """Subscriptions by company, oldest first; ended ones too."""
        wanted = select(Subscription).where(Subscription.company_id.in_(company_ids))
        found: dict[str, list[Subscription]] = {company_id: [] for company_id in company_ids}
        with self._database.reading() as session:
            for one in session.scalars(wanted.order_by(Subscription.made_at, Subscription.subscription_id)):
                found[one.company_id].append(one)
        return found

    def all(self, company_id: str | None = None, state: SubscriptionState | None = None) -> Sequence[Subscription]:
        """All subscriptions, oldest first; of one company, or in one state, where given."""
        wanted = select(Subscription).order_by(Subscription.made_at, Subscription.subscription_id)
        if company_id is not None:
            wanted = wanted.where(Subscription.company_id == company_id)
        if state is not None:
            wanted = wanted.where(Subscription.state == state)
        with self._database.reading() as session:
            return session.scalars(wanted).all()

    def find(self, subscription_id: str, owner: str | None = None) -> Subscription | None:
        """One subscription; None for none, and for one of a company that `owner` does not keep."""
        with self._database.reading() as session:
            return session.scalar(_one(subscription_id, owner))

    def add(
        self,
        company_id: str,
        channel: Channel,
        wishes: Wishes,
        now: dt.datetime,
        *,
        name: str = "",
        address: str = "",
        secret: str = "",
    ) -> Subscription:
        """Subscribe: the inbox at once, any other channel once the link that is sent there is used.

        Raises:
            InputError: the wishes or the address are none, the server has no key, the target is not allowed, it is
                subscribed already, or was asked too often.
        """
        if channel is Channel.INBOX:
            return self._inbox(company_id, wishes, now)
        contacts, (address, secret) = self._contacts(), checked_address(channel, address, secret)
        self._check(company_id, channel, wishes, address, now)
        contact = contacts.add(company_id, channel, name, address, secret, now=now)
        return self._asked(company_id, contact, wishes, now)

    def again(self, subscription_id: str, now: dt.datetime) -> Subscription:
        """Ask once more for a confirmation.

        Raises:
            InputError: it is not waiting, or was asked too often.
        """
        with self._database.reading() as session:
            found = session.scalar(_one(subscription_id))
            contact = session.get(Contact, found.contact_id) if found and found.contact_id else None
        if found is None or found.state is not SubscriptionState.WAITING or contact is None:
            raise InputError([Problem(*words.NOT_WAITING)])
        return self._asked(found.company_id, self._contacts().open(contact), Wishes.of(found), now)

    def invite(self, company_id: str, contact_ids: Sequence[str] | None, wishes: Wishes, now: dt.datetime) -> Invited:
        """Ask contacts of a company that the department keeps whether they want to hear; each decides for itself.

        Args:
            company_id: The company.
            contact_ids: Whom to ask; None for all of its contacts.
            wishes: What they are asked whether they want.
            now: The moment.

        Raises:
            InputError: no such company, not the department's, no key, or the wishes are none.
        """
        contacts, where = self._contacts(), words.COMPANY.format(company_id=company_id)
        if self._company(company_id).owner != DEPARTMENT:
            raise InputError([Problem(where, words.NOT_DEPARTMENT)])
        known = {one.contact_id: one for one in contacts.list(company_id)}
        asked, problems = [], []
        for contact_id in dict.fromkeys(known if contact_ids is None else contact_ids):
            if (contact := known.get(contact_id)) is None:
                problems.append(Problem(contact_id, words.NO_CONTACT))
                continue
            try:
                self._check(company_id, contact.channel, wishes, contact.address, now)
                asked.append(self._asked(company_id, contact, wishes, now))
            except InputError as error:
                problems += [replace(one, where=contact_id) for one in error.problems]
        return Invited(tuple(asked), tuple(problems))

    # ---- changed, ended ---------------------------------------------------------------------------------------------

    def change(self, subscription_id: str, wishes: Wishes, now: dt.datetime) -> Subscription:
        """Change what somebody wants to hear; what waits already follows the new times.

        Raises:
            InputError: there is no such subscription, it has ended, or the wishes are none.
        """
        with self._database.session() as session:
            found = session.scalar(_one(subscription_id).with_for_update())
            if found is None or found.state is SubscriptionState.ENDED:
                raise InputError([Problem(*words.NO_SUBSCRIPTION)])
            wishes.put_into(found)
            session.flush()
            release.reschedule(session, found, now)
        return found

    def end(self, subscription_id: str, now: dt.datetime, *, by_link: bool = False) -> None:
        """End a subscription, and what waits for it; ending it twice is ending it once.

        An address whose receiver ends it by the link before confirming it is never asked again.
        """
        with self._database.session() as session:
            found = session.scalar(_one(subscription_id).with_for_update())
            if found is None or found.state is SubscriptionState.ENDED:
                return
            found.refused = by_link and found.state is SubscriptionState.WAITING
            found.state, found.ended_at = SubscriptionState.ENDED, now
            unsent = (
                Message.subscription_id == subscription_id, Message.state.in_(UNSENT), Message.sent_at.is_(None)
            )  # fmt: skip
            cancelled = {"state": MessageState.CANCELLED, "problem": words.ENDED_PROBLEM}
            session.execute(update(Message).where(*unsent).values(cancelled))

    # ---- links ------------------------------------------------------------------------------------------------------

    def end_link(self, subscription_id: str) -> str:
        """Ends a subscription; whoever has the link may. InputError without a key."""
        return self._link(END, subscription_id)

    def letter(self, message: Message) -> content.Rendered:
        """A message as its channel takes it, with the links of its subscription; InputError without a key."""
        said, subscription_id = content.of_json(message.content), message.subscription_id or ""
        confirm = self._link(CONFIRM, subscription_id) if isinstance(said, content.Confirmation) else ""
        return content.rendered(said, message.channel, self.end_link(subscription_id), confirm)

    def look(self, purpose: str, token: str, now: dt.datetime) -> Linked:
        """What a link leads to; nothing changes."""
        with self._database.reading() as session:
            return self._linked(session, purpose, token, now)[0]

    def confirm(self, token: str, now: dt.datetime) -> Linked:
        """What the receiver of a confirmation does; again changes nothing."""
        with self._database.session() as session:
            linked, found = self._linked(session, CONFIRM, token, now, lock=True)
            if found is None or linked.standing is not Standing.WAITING:
                return linked
            found.state, found.confirmed_at = SubscriptionState.CONFIRMED, now
        return Linked(Standing.CONFIRMED, linked.company, linked.wishes, linked.subscription_id)

    def end_by_link(self, token: str, now: dt.datetime) -> Linked:
        """What the receiver of any message does; again changes nothing."""
        linked = self.look(END, token, now)
        if not linked.subscription_id:
            return linked
        self.end(linked.subscription_id, now, by_link=True)
        return Linked(Standing.ENDED, linked.company, linked.wishes, linked.subscription_id)

    # ---- pieces -----------------------------------------------------------------------------------------------------

    def _linked(
        self, session: Session, purpose: str, token: str, now: dt.datetime, *, lock: bool = False
    ) -> tuple[Linked, Subscription | None]:
        padded = token.rstrip("=") + "=" * (-len(token.rstrip("=")) % 4)
        subscription_id = self._seal.value(purpose, padded) if self._seal else None
        if subscription_id is None:
            return Linked(Standing.UNKNOWN), None
        wanted = _one(subscription_id)
        found = session.scalar(wanted.with_for_update() if lock else wanted)
        if found is None:
            return Linked(Standing.GONE), None
        company = session.scalars(select(CompanyRecord.name).where(CompanyRecord.company_id == found.company_id)).one()
        standing = Standing[found.state.name]
        if purpose == CONFIRM and standing is Standing.WAITING and is_expired(found, now):
            standing = Standing.EXPIRED
        return Linked(standing, company, Wishes.of(found).told(found.channel), subscription_id), found

    def _link(self, purpose: str, subscription_id: str) -> str:
        """Without "=", which some mail programs write in another way."""
        return f"{self._url}/subscription/{self._key().token(purpose, subscription_id).rstrip('=')}/{purpose}"

    def _key(self) -> Seal:
        if self._seal is None:
            raise InputError([Problem(*words.NO_KEY)])
        return self._seal

    def _company(self, company_id: str) -> CompanyRecord:
        with self._database.reading() as session:
            found = session.scalar(select(CompanyRecord).where(CompanyRecord.company_id == company_id))
        if found is None:
            raise InputError([Problem(words.COMPANY.format(company_id=company_id), words.NO_COMPANY)])
        return found

    def _contacts(self) -> Contacts:
        return Contacts(self._database, self._key())

    def _check(self, company_id: str, channel: Channel, wishes: Wishes, address: str, now: dt.datetime) -> None:
        """Everything that can be refused before an address is kept."""
        if problem := Targets(self._database).check(channel, address):
            raise InputError([Problem(words.ADDRESS, problem)])
        self._check_room(company_id, channel, wishes)
        with self._database.reading() as session:
            _asked_before(session, self._contacts().mark(channel, address), now)

    def _check_room(self, company_id: str, channel: Channel, wishes: Wishes) -> None:
        wishes.put_into(Subscription(channel=channel))
        self._company(company_id)
        mine = (Subscription.company_id == company_id, Subscription.state != SubscriptionState.ENDED)
        with self._database.reading() as session:
            if (session.scalar(select(func.count()).select_from(Subscription).where(*mine)) or 0) >= MAX_SUBSCRIPTIONS:
                raise InputError([Problem(words.SUBSCRIPTION, words.TOO_MANY.format(n=MAX_SUBSCRIPTIONS))])

    def _inbox(self, company_id: str, wishes: Wishes, now: dt.datetime) -> Subscription:
        self._check_room(company_id, Channel.INBOX, wishes)
        with self._database.session() as session:
            if _standing(session, company_id, None) is not None:
                raise InputError([Problem(*words.ALREADY_INBOX)])
            made = _made(company_id, None, Channel.INBOX, wishes, now)
            made.state, made.confirmed_at = SubscriptionState.CONFIRMED, now
            session.add(made)
        return made

    def _asked(self, company_id: str, contact: ContactInfo, wishes: Wishes, now: dt.datetime) -> Subscription:
        """A waiting subscription, and the message with its link, in one transaction."""
        mark = self._contacts().mark(contact.channel, contact.address)
        with self._database.session() as session:
            company = session.scalars(
                select(CompanyRecord).where(CompanyRecord.company_id == company_id).with_for_update()
            ).one()
            asked = _asked_before(session, mark, now)
            found = _standing(session, company_id, contact.contact_id)
            if found is not None and found.state is SubscriptionState.CONFIRMED:
                raise InputError([Problem(*words.ALREADY)])
            if found is None:
                found = _made(company_id, contact.contact_id, contact.channel, wishes, now)
                session.add(found)
            wishes.put_into(found)
            found.made_at = now
            session.flush()
            session.add(_confirmation(found, company, asked, now))
        return found


def is_expired(subscription: Subscription, now: dt.datetime) -> bool:
    """Whether it can no longer be confirmed."""
    waiting = subscription.state is SubscriptionState.WAITING
    return waiting and now - subscription.made_at > dt.timedelta(days=CONFIRM_DAYS)


def _one(subscription_id: str, owner: str | None = None) -> Select[Subscription]:
    wanted = select(Subscription).where(Subscription.subscription_id == subscription_id)
    if owner is None:
        return wanted
    return wanted.join(CompanyRecord, CompanyRecord.company_id == Subscription.company_id).where(
        CompanyRecord.owner == owner
    )


def _standing(session: Session, company_id: str, contact_id: str | None) -> Subscription | None:
    """A company's subscription to an address, or to the inbox, that has not ended."""
    return session.scalar(
        select(Subscription).where(
            Subscription.company_id == company_id,
            Subscription.contact_id == contact_id,
            Subscription.state != SubscriptionState.ENDED,
        )
    )


def _made(company_id: str, contact_id: str | None, channel: Channel, wishes: Wishes, now: dt.datetime) -> Subscription:
    made = Subscription(
        subscription_id=new_id(), company_id=company_id, contact_id=contact_id, channel=channel,
        state=SubscriptionState.WAITING, made_at=now,
    )  # fmt: skip
    wishes.put_into(made)
    return made


def _asked_before(session: Session, mark: str, now: dt.datetime) -> int:
    """How often an address was asked lately, by any company; InputError if it may not be asked again."""
    same = select(Subscription.subscription_id).join(Contact, Contact.contact_id == Subscription.contact_id)
    same = same.where(Contact.mark == mark)
    if session.scalar(same.where(Subscription.refused).limit(1)) is not None:
        raise InputError([Problem(words.ADDRESS, words.DECLINED, words.OTHER_ADDRESS)])
    lately = Message.made_at > now - dt.timedelta(days=CONFIRM_DAYS)
    unanswered = (Subscription.confirmed_at.is_(None)) | (Message.made_at <= Subscription.confirmed_at)
    sent = (
        select(func.count()).select_from(Message)
        .join(Subscription, Subscription.subscription_id == Message.subscription_id)
        .where(Message.subscription_id.in_(same), Message.batch_id.is_(None), lately, unanswered)
    )  # fmt: skip
    asked = session.scalar(sent) or 0
    if asked >= MAX_ASKED:
        raise InputError([Problem(words.ADDRESS, words.ASKED_OFTEN.format(n=asked), words.LATER)])
    return asked


def _confirmation(found: Subscription, company: CompanyRecord, asked: int, now: dt.datetime) -> Message:
    until = (now + dt.timedelta(days=CONFIRM_DAYS)).astimezone(SHANGHAI)
    wishes = Wishes.of(found).told(found.channel)
    said = content.Confirmation(company.name, wishes, f"{show_day(until.date())} {until:%H:%M}")
    return Message(
        message_id=new_id(), company_id=company.company_id, subscription_id=found.subscription_id,
        channel=found.channel, region=company.region, content=said.to_json(), state=MessageState.READY,
        key=key_of("confirmation", found.subscription_id, now.isoformat(), str(asked)), not_before=now, made_at=now,
    )  # fmt: skip
