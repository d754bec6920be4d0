"""How a grant comes along: 比对 → 确认 → 兑付 → 归档, or the company declines, or the department refuses.

Every step locks its list first, so that two people at once wait for each other: nothing is skipped, nothing is paid
twice, and the budget holds. A step that is done already is done: asking for it again changes nothing.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from matcher.grants.budget import exceeds, reallocate, reserved
from matcher.grants.conditions import claim, expect, fixed_amount, may_speak, measure_of, note_of, refused, still_listed
from matcher.grants.granted import STATES, TAKEN, claim_of
from matcher.store.database import Database
from matcher.store.grants import Grant, GrantClaim, GrantEvent, GrantList, GrantState
from matcher.store.tables import NAME_CHARS
from policies.errors import InputError, Problem
from policies.library import Library

AT_ONCE = 500
"""Grants that one click confirms at most."""
NO_ROOM = "预算按名单顺序使用，须为排在前面的企业留足；可在它们放弃或不予兑付之后再确认"
WILLING = "willing"
"""`GrantEvent.after` where the company said that it wants the grant."""


@dataclass(frozen=True)
class Done:
    """What confirming a whole list came to.

    Attributes:
        confirmed: Companies confirmed now.
        skipped: By company_id why not.
        more: Whether some were left for the next time.
    """

    confirmed: int
    skipped: dict[str, str]
    more: bool


@dataclass(frozen=True)
class Actor:
    """Who does a step, and when.

    Attributes:
        name: For the record.
        user_id: Of a company's user; "" for staff.
    """

    name: str
    now: dt.datetime
    user_id: str = ""


class Steps:
    """The steps of all grants."""

    def __init__(self, database: Database) -> None:
        """Keep them in a database."""
        self._database = database

    def confirm(self, library: Library, grant_id: str, actor: Actor, amount_yuan: float | None = None) -> Grant:
        """The department gives a company its grant; the sum is fixed here.

        Args:
            library: Where the measure is: its rule is asked once more.
            grant_id: Which.
            actor: Who confirms.
            amount_yuan: The sum; None takes the one that the verified facts give, if they give one.

        Raises:
            InputError: it cannot be confirmed; the message says why.
        """
        with self._locked(grant_id) as (session, of, grant):
            if grant.state in TAKEN:
                if amount_yuan is not None and round(amount_yuan, 2) != grant.amount_yuan:
                    raise refused("已经确认，金额不能再改", "请刷新页面查看")
                return grant
            expect(grant, GrantState.MATCHED, GrantState.CONFIRMED)
            if of.closed_at is not None:
                raise refused("这份名单已被新名单取代", "请在新名单中确认")
            still_listed(session, of, grant, measure_of(library, of), library)
            amount = fixed_amount(grant, amount_yuan)
            wanted = of.committed_yuan + reserved(session, grant) + amount
            if of.budget_yuan is not None and exceeds(wanted, of.budget_yuan):
                raise refused("预算不足", NO_ROOM)
            claim(session, of, grant, actor.now)
            of.committed_yuan = round(of.committed_yuan + amount, 2)
            grant.amount_yuan = amount
            _move(session, grant, GrantState.CONFIRMED, actor)
            reallocate(session, of)
        return grant

    def confirm_all(self, library: Library, list_id: str, actor: Actor) -> Done:
        """Confirm whom the budget reaches and whose sum is certain, in order; AT_ONCE at most."""
        ready = (
            Grant.list_id == list_id, Grant.state == GrantState.MATCHED, Grant.within_budget.is_(True),
            Grant.low_yuan == Grant.high_yuan,
        )  # fmt: skip
        wanted = select(Grant.grant_id, Grant.company_id).where(*ready).order_by(Grant.place).limit(AT_ONCE + 1)
        with self._database.reading() as session:
            waiting = session.execute(wanted).all()
        skipped = {}
        for grant_id, company_id in waiting[:AT_ONCE]:
            try:
                self.confirm(library, grant_id, actor)
            except InputError as error:
                skipped[company_id] = str(error)
        return Done(len(waiting[:AT_ONCE]) - len(skipped), skipped, len(waiting) > AT_ONCE)

    def refuse(self, grant_id: str, actor: Actor, note: str) -> Grant:
        """The department does not give it; the money is free again.

        Raises:
            InputError: it is paid already, the company has declined, or no reason is given.
        """
        note = note_of(note)
        if not note:
            raise InputError([Problem("不予兑付的原因", "没有填写", "请写明原因，企业能看到")])
        return self._leave(grant_id, GrantState.REFUSED, actor, note)

    def decline(self, grant_id: str, actor: Actor, note: str = "") -> Grant:
        """The company does not want it; the money is free again.

        Raises:
            InputError: it is not for the actor to say, it is paid already, or the department has refused.
        """
        return self._leave(grant_id, GrantState.DECLINED, actor, _said(actor, note))

    def accept(self, grant_id: str, actor: Actor, note: str = "") -> Grant:
        """The company wants it.

        Args:
            grant_id: Which.
            actor: A user of the company; staff for a company of the department, who then note how they know.
            note: How staff know.

        Raises:
            InputError: it is not for the actor to say, or the grant has ended.
        """
        note = _said(actor, note)
        with self._locked(grant_id) as (session, _, grant):
            may_speak(session, grant, actor.user_id)
            if grant.willing_at is not None and grant.state is not GrantState.DECLINED:
                return grant
            if grant.state not in {GrantState.MATCHED, GrantState.CONFIRMED}:
                raise refused(f"现在是“{STATES[grant.state]}”，不能再确认意愿", "请刷新页面查看")
            grant.willing_at = actor.now
            _note_event(session, grant, grant.state.value, WILLING, actor, note)
        return grant

    def pay(self, grant_id: str, actor: Actor, note: str = "") -> Grant:
        """The money has left; only after the department has confirmed and the company wants it.

        Raises:
            InputError: one of the two is missing, or the grant has ended.
        """
        note = note_of(note)
        with self._locked(grant_id) as (session, _, grant):
            if grant.state in {GrantState.PAID, GrantState.ARCHIVED}:
                return grant
            expect(grant, GrantState.CONFIRMED, GrantState.PAID)
            if grant.willing_at is None:
                raise refused("企业还没有确认意愿", "请先由企业在“我的—免申即享”确认")
            _move(session, grant, GrantState.PAID, actor, note)
        return grant

    def archive(self, grant_id: str, actor: Actor, note: str = "") -> Grant:
        """The papers are filed; only after payment.

        Raises:
            InputError: it is not paid.
        """
        note = note_of(note)
        with self._locked(grant_id) as (session, _, grant):
            if grant.state is not GrantState.ARCHIVED:
                expect(grant, GrantState.PAID, GrantState.ARCHIVED)
                _move(session, grant, GrantState.ARCHIVED, actor, note)
        return grant

    def _leave(self, grant_id: str, state: GrantState, actor: Actor, note: str) -> Grant:
        with self._locked(grant_id) as (session, of, grant):
            if state is GrantState.DECLINED:
                may_speak(session, grant, actor.user_id)
            if grant.state is state:
                return grant
            if grant.state not in {GrantState.MATCHED, GrantState.CONFIRMED}:
                raise refused(f"现在是“{STATES[grant.state]}”，不能改为“{STATES[state]}”", "请刷新页面查看")
            if grant.state is GrantState.CONFIRMED:
                of.committed_yuan = max(round(of.committed_yuan - (grant.amount_yuan or 0.0), 2), 0.0)
                claim = claim_of(of.measure_id, of.version, grant.identity)
                session.execute(delete(GrantClaim).where(GrantClaim.claim == claim))
            _move(session, grant, state, actor, note)
            reallocate(session, of)
        return grant

    @contextmanager
    def _locked(self, grant_id: str) -> Iterator[tuple[Session, GrantList, Grant]]:
        """A grant as it is now; nobody else takes a step on its list until this one is done."""
        try:
            with self._database.session() as session:
                list_id = session.scalar(select(Grant.list_id).where(Grant.grant_id == grant_id))
                wanted = select(GrantList).where(GrantList.list_id == list_id, GrantList.ready).with_for_update()
                of = session.scalar(wanted)
                grant = session.scalar(select(Grant).where(Grant.grant_id == grant_id))
                if of is None or grant is None:
                    raise InputError([Problem("免申即享", "没有这条记录，可能企业的数据已被清除", "请刷新页面后重试")])
                yield session, of, grant
        except IntegrityError as error:
            raise refused("这家企业刚刚在另一份名单中确认过本事项", "不重复发放，请刷新页面查看") from error


def _said(actor: Actor, note: str) -> str:
    """The note of who speaks for a company; staff have to say how they know."""
    note = note_of(note)
    if not actor.user_id and not note:
        raise InputError([Problem("意愿说明", "没有填写", "请写明企业怎样表示的，如“2026-11-23 来函”")])
    return note


def _move(session: Session, grant: Grant, state: GrantState, actor: Actor, note: str = "") -> None:
    before, grant.state = grant.state, state
    _note_event(session, grant, before.value, state.value, actor, note)


def _note_event(session: Session, grant: Grant, before: str, after: str, actor: Actor, note: str) -> None:
    grant.changed_at = actor.now
    line = {"at": actor.now, "by": actor.name[:NAME_CHARS], "before": before, "after": after, "note": note}
    session.add(GrantEvent(grant_id=grant.grant_id, **line))
