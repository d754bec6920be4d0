"""The companies that are kept: those of users, each seen by its owner only, and those of the department."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, false, func, or_, select
from sqlalchemy.orm import Session

from matcher.clock import SHANGHAI
from matcher.companies.intake import Reading
from matcher.records.given import Given
from matcher.records.history import Revision, revisions
from matcher.records.known import Known, once_more
from matcher.records.sources import Kind, Source, field_name
from matcher.records.table import TableImport
from matcher.records.whole import erase_company, export_company
from matcher.seal import Seal
from matcher.store.companies import DEPARTMENT, CompanyRecord, CompanyVersion, region_prefix, uscc_of
from matcher.store.database import Database
from matcher.store.tables import NAME_CHARS, Json
from policies.errors import InputError, Problem
from policies.fields import registry

MAX_PROFILES = 200
"""Of one user; the department has no limit."""
BLOCK = 1_000


@dataclass(frozen=True)
class Overruled:
    """A verified value that a company or a list says otherwise."""

    field: str
    value: object
    verified: object
    by: str
    on: dt.date


class Records:
    """All companies that are kept. Where an owner is named, nothing of anybody else is seen."""

    def __init__(self, database: Database) -> None:
        """Keep them in a database."""
        self._database = database

    # ---- writing ----------------------------------------------------------------------------------------------------

    def save(
        self,
        owner: str,
        raw: Mapping[str, Any],
        kind: Kind | str,
        by: str,
        now: dt.datetime,
        *,
        on: dt.date | None = None,
        partial: bool = False,
        actor: str = "",
    ) -> CompanyRecord:
        """Keep a company: the owner's with the same credit code, or else the same name, says something new.

        A new version is made only if a fact or its source changes. A verified value that is said otherwise gives way;
        what was verified stays in its source (`Source.verified`, `overruled`) and in `history`.

        Args:
            owner: user_id, or DEPARTMENT.
            raw: The profile as given; the caller has checked it.
            kind: Who vouches: the company ("declared"), a list ("imported"), or somebody who checked it ("verified").
            by: Name of the list or of who checked it; "" for the company itself.
            now: The moment, with a time zone.
            on: The day from which `by` vouches; None for today in Shanghai.
            partial: Whether facts that are not given stay as they are; otherwise they are no longer known.
            actor: Name of the user who does it.

        Raises:
            InputError: the owner keeps MAX_PROFILES companies already.
        """
        given, source = Given.of(raw), _source(kind, by, on, now)

        def saved(session: Session) -> CompanyRecord:
            known = Known.of(session, owner, [given])
            found = next(iter(known.find(given)), None)
            if found is None and owner != DEPARTMENT:
                _check_room(session, owner)
            record, _ = known.keep(given, source, found, now=now, actor=actor, partial=partial)
            known.write(session)
            return record

        return once_more(self._database, saved)

    def verify(
        self, company_id: str, fields: Iterable[str], by: str, on: dt.date, now: dt.datetime, *, actor: str = ""
    ) -> CompanyRecord:
        """Note that the present values of some fields were checked.

        Args:
            company_id: Whose.
            fields: Names of the fields, or "plans", "other".
            by: Who checked, such as an authority.
            on: The day of the check.
            now: The moment, with a time zone.
            actor: Name of the user who does it.

        Raises:
            InputError: no such company, a field has no value, or nobody is named.
        """
        if not by.strip():
            raise InputError([Problem("核实单位", "没有填写", "请写明由谁核实，如“济南市工业和信息化局”")])
        if on > now.astimezone(SHANGHAI).date():
            raise InputError([Problem("核实日期", f"{on.isoformat()} 晚于今天", "请核对")])
        with self._database.session() as session:
            record = session.scalar(
                select(CompanyRecord).where(CompanyRecord.company_id == company_id).with_for_update()
            )
            if record is None:
                raise _no_company(company_id)
            names = list(dict.fromkeys(field_name(field) for field in fields))
            unknown = [name for name in names if name not in record.raw]
            if unknown or not names:
                raise InputError([_not_given(name) for name in unknown] or [Problem("字段", "没有选择要核实的信息")])
            known = Known(record.owner)
            given = Given({name: record.raw[name] for name in names}, record.name, record.uscc)
            known.keep(given, _source(Kind.VERIFIED, by, on, now), record, now=now, actor=actor, partial=True)
            known.write(session)
        return record

    def import_table(
        self,
        reading: Reading,
        kind: Kind | str,
        by: str,
        now: dt.datetime,
        *,
        on: dt.date | None = None,
        actor: str = "",
    ) -> TableImport:
        """A spreadsheet into the department's companies; `run` it.

        A row is of the company with its credit code, or else its name; what it does not say stays as it was.

        Args:
            reading: The file or files, opened.
            kind: As for `save`.
            by: Name of the list, or of who checked it.
            now: The moment, with a time zone.
            on: The day from which `by` vouches; None for today in Shanghai.
            actor: Name of the user who does it.
        """
        return TableImport(self._database, reading, _source(kind, by, on, now), now=now, actor=actor)

    def erase(self, company_id: str, owner: str | None = None) -> bool:
        """Remove a company and everything that belongs to it; whether there was one.

        Its versions, contacts, subscriptions, messages and grants go, and its owner's matches and marks for it.

        Args:
            company_id: Which.
            owner: Whose it must be; None for anybody's.
        """
        with self._database.session() as session:
            record = session.scalar(_one(owner, company_id))
            if record is not None:
                erase_company(session, record)
        return record is not None

    # ---- reading ----------------------------------------------------------------------------------------------------

    def get(self, owner: str | None, company_id: str) -> CompanyRecord | None:
        """One company; None for none and for somebody else's alike; `owner` None sees everybody's."""
        with self._database.reading() as session:
            return session.scalar(_one(owner, company_id))

    def find(self, key: str) -> Sequence[CompanyRecord]:
        """The company of an id, or everybody's records of a credit code."""
        code = CompanyRecord.uscc == uscc_of({"uscc": key}) if key.strip() else false()
        with self._database.reading() as session:
            return session.scalars(select(CompanyRecord).where((CompanyRecord.company_id == key) | code)).all()

    def count(self, owner: str, *, text: str = "", region: str = "") -> int:
        """How many `list` has in all."""
        with self._database.reading() as session:
            return session.scalar(select(func.count()).where(*_wanted(owner, text, region))) or 0

    def blocks(self, region: str | None = None, size: int = BLOCK) -> Iterator[list[CompanyRecord]]:
        """Everybody's companies in blocks, by number; a block is one short transaction.

        Args:
            region: GB/T 2260 code: only companies in it; None for all.
            size: Companies in a block.
        """
        last = 0
        inside = _inside(region or "")
        while True:
            wanted = select(CompanyRecord).where(CompanyRecord.number > last, *inside)
            with self._database.reading() as session:
                block = list(session.scalars(wanted.order_by(CompanyRecord.number).limit(size)))
            if block:
                yield block
                last = block[-1].number
            if len(block) < size:
                return

    def history(self, company_id: str) -> tuple[Revision, ...]:
        """What a company said, newest first, with what changed from one version to the next."""
        wanted = select(CompanyVersion).where(CompanyVersion.company_id == company_id).order_by(CompanyVersion.version)
        with self._database.reading() as session:
            found = session.scalars(wanted).all()
        return revisions(found)

    def export(self, company_id: str, seal: Seal | None = None) -> Json:
        """Everything that is kept of a company, for JSON.

        Args:
            company_id: Which.
            seal: To read its contacts; without, their channel alone is told.

        Raises:
            InputError: no such company, or its contacts were encrypted with another key.
        """
        with self._database.reading() as session:
            record = session.scalar(_one(None, company_id))
            if record is None:
                raise _no_company(company_id)
            return export_company(session, record, seal)

    def list(
        self, owner: str, *, text: str = "", region: str = "", offset: int = 0, limit: int = MAX_PROFILES
    ) -> list[CompanyRecord]:
        """An owner's companies, last changed first.

        Args:
            owner: user_id, or DEPARTMENT.
            text: Part of a name, or the beginning of a credit code; "" for all.
            region: GB/T 2260 code: only companies in it; "" for all.
            offset: Companies left out at the beginning.
            limit: Companies at most.
        """
        newest = (CompanyRecord.changed_at.desc(), CompanyRecord.number.desc())
        wanted = select(CompanyRecord).where(*_wanted(owner, text, region)).order_by(*newest)
        with self._database.reading() as session:
            return [*session.scalars(wanted.offset(offset).limit(limit))]


def identity(record: CompanyRecord) -> str:
    """What tells a company from all others whoever keeps it: its credit code, or its id where that is not known."""
    return record.uscc or record.company_id


def overruled(record: CompanyRecord) -> tuple[Overruled, ...]:
    """The verified values that the record says otherwise now."""
    return tuple(
        Overruled(name, record.raw.get(name), was.value, was.by, was.on)
        for name, shape in record.sources.items()
        if (was := Source.of_json(shape).verified) is not None
    )


def _source(kind: Kind | str, by: str, on: dt.date | None, now: dt.datetime) -> Source:
    return Source(Kind(kind), by.strip()[:NAME_CHARS], on or now.astimezone(SHANGHAI).date())


def _one(owner: str | None, company_id: str) -> Select[CompanyRecord]:
    mine = () if owner is None else (CompanyRecord.owner == owner,)
    return select(CompanyRecord).where(CompanyRecord.company_id == company_id, *mine)


def _wanted(owner: str, text: str, region: str) -> tuple[ColumnElement[bool], ...]:
    text = text.strip()
    code = CompanyRecord.uscc.startswith(text.upper(), autoescape=True)
    named = (or_(CompanyRecord.name.contains(text, autoescape=True), code),) if text else ()
    return (CompanyRecord.owner == owner, *named, *_inside(region))


def _inside(region: str) -> tuple[ColumnElement[bool], ...]:
    prefix = region_prefix(region)
    return (CompanyRecord.region.startswith(prefix, autoescape=True),) if prefix else ()


def _check_room(session: Session, owner: str) -> None:
    kept = session.scalar(select(func.count()).where(CompanyRecord.owner == owner)) or 0
    if kept >= MAX_PROFILES:
        raise InputError([Problem("保存的企业", f"最多保存 {MAX_PROFILES} 家", "请先删除不用的企业")])


def _no_company(company_id: str) -> InputError:
    return InputError([Problem(f"企业“{company_id}”", "没有这家企业", "可用 huiqi records list 查看")])


def _not_given(name: str) -> Problem:
    label = registry()[name].where if name in registry() else f"“{name}”"
    return Problem(label, "这家企业没有这项信息", "只能核实已有的信息，请先导入或填写")
