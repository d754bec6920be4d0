"""Manual conditions: what no fact tells, and staff have checked for a company and vouch for with their name."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Collection, Mapping

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from matcher.clock import SHANGHAI
from matcher.store.companies import CompanyRecord
from matcher.store.database import Database
from matcher.store.grants import GrantCheck
from matcher.store.tables import NAME_CHARS
from policies.errors import InputError, Problem
from policies.library import LibraryMeasure
from policies.rules import All, AnyOf, Manual, Not, Rule, leaves

MAX_NOTE_CHARS = 500
Answers = Mapping[str, GrantCheck]
"""What was checked for one company and one measure, by `mark_of`."""
_TRUE = All.model_validate({"all": ()})
_FALSE = Not.model_validate({"not": _TRUE})


def mark_of(condition: Manual) -> str:
    """What a manual condition is known by; another wording is another condition."""
    return hashlib.sha256(condition.manual.encode()).hexdigest()


def conditions_of(entry: LibraryMeasure) -> dict[str, str]:
    """The manual conditions of a measure: mark to text."""
    return {mark_of(leaf): leaf.manual for leaf in leaves(entry.rule) if isinstance(leaf, Manual)}


def answered(rule: Rule, answers: Answers) -> Rule:
    """A rule in which what was checked counts as TRUE or FALSE; what was not stays UNKNOWN."""
    if not answers:
        return rule
    match rule:
        case Manual():
            check = answers.get(mark_of(rule))
            return rule if check is None else _TRUE if check.holds else _FALSE
        case All(parts=parts):
            return All.model_validate({"all": tuple(answered(part, answers) for part in parts)})
        case AnyOf(parts=parts):
            return AnyOf.model_validate({"any": tuple(answered(part, answers) for part in parts)})
        case Not(part=part):
            return Not.model_validate({"not": answered(part, answers)})
        case _:
            return rule


class Checks:
    """What staff have checked."""

    def __init__(self, database: Database) -> None:
        """Keep it in a database."""
        self._database = database

    def put(
        self,
        entry: LibraryMeasure,
        company_id: str,
        mark: str,
        *,
        holds: bool | None,
        by: str,
        day: dt.date,
        now: dt.datetime,
        note: str = "",
    ) -> None:
        """Note that a manual condition was checked for a company.

        Args:
            entry: The measure.
            company_id: The company.
            mark: Which of the measure's manual conditions (`conditions_of`).
            holds: Whether what it says is so; None takes an earlier answer back.
            by: Who vouches for it.
            day: The day of the check.
            now: The moment.
            note: On what it rests.

        Raises:
            InputError: no such company or condition, nobody is named, or the day lies ahead.
        """
        text = _condition(entry, mark)
        _check_answer(by, day, now, note)
        with self._database.session() as session:
            company = select(CompanyRecord).where(CompanyRecord.company_id == company_id).with_for_update()
            if session.scalar(company) is None:
                raise InputError([Problem(f"企业“{company_id}”", "没有这家企业", "可用 huiqi records list 查看")])
            of = (GrantCheck.company_id == company_id, GrantCheck.measure_id == entry.measure_id)
            session.execute(delete(GrantCheck).where(*of, GrantCheck.mark == mark))
            if holds is not None:
                answer = {"condition": text, "holds": holds, "note": note.strip(), "by": by.strip()[:NAME_CHARS]}
                ids = {"company_id": company_id, "measure_id": entry.measure_id, "mark": mark}
                session.add(GrantCheck(**ids, **answer, day=day, made_at=now))

    def of(self, measure_id: str, company_ids: Collection[str]) -> dict[str, Answers]:
        """What was checked for some companies (some thousands at most); those without an answer are absent."""
        with self._database.reading() as session:
            return checks_of(session, measure_id, company_ids)


def _condition(entry: LibraryMeasure, mark: str) -> str:
    text = conditions_of(entry).get(mark)
    if text is None:
        raise InputError([Problem("人工核实的条件", "本事项没有这项条件，政策可能已更新", "请刷新页面后重试")])
    return text


def _check_answer(by: str, day: dt.date, now: dt.datetime, note: str) -> None:
    if not by.strip():
        raise InputError([Problem("核实人", "没有填写", "请写明由谁核实")])
    if day > now.astimezone(SHANGHAI).date():
        raise InputError([Problem("核实日期", f"{day.isoformat()} 晚于今天", "请核对")])
    if len(note) > MAX_NOTE_CHARS:
        raise InputError([Problem("核实依据", f"超过 {MAX_NOTE_CHARS} 字", "请只写要点")])


def checks_of(session: Session, measure_id: str, company_ids: Collection[str]) -> dict[str, Answers]:
    """As `Checks.of`, inside a transaction."""
    wanted = select(GrantCheck).where(GrantCheck.measure_id == measure_id, GrantCheck.company_id.in_(company_ids))
    found: dict[str, dict[str, GrantCheck]] = {}
    for check in session.scalars(wanted):
        found.setdefault(check.company_id, {})[check.mark] = check
    return {**found}
