"""What a user keeps besides companies: matches they made, measures they watch. All is asked for by its owner."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from matcher.results import MatchResult
from matcher.store.companies import CompanyRecord
from matcher.store.database import Database
from matcher.store.tables import Favourite, Run, new_id
from policies.errors import InputError, Problem

MAX_RUNS = 200
"""The oldest run goes where a user makes more."""
MAX_FAVOURITES = 500
MAX_NAME_CHARS = 200


class Workspace:
    """The kept things of all users; every call names the owner, and sees nothing of anybody else."""

    def __init__(self, database: Database) -> None:
        """Keep them in a database."""
        self._database = database

    # ---- matches ----------------------------------------------------------------------------------------------------

    def record_run(
        self,
        owner: str,
        raw: Mapping[str, Any],
        result: MatchResult,
        now: dt.datetime,
        company_id: str | None = None,
        *,
        run_id: str = "",
    ) -> Run:
        """Keep what was asked and a short view of what came out.

        Args:
            owner: user_id.
            raw: The profile as given, answers included.
            result: What came out.
            now: The moment, with a time zone.
            company_id: The kept company, if it is one.
            run_id: A match of the same sitting, which this one replaces; a new one is kept if it is gone.
        """
        company = select(CompanyRecord.company_id).where(
            CompanyRecord.owner == owner, CompanyRecord.company_id == company_id
        )
        with self._database.session() as session:
            known_company = session.scalar(company)  # none for one that was removed meanwhile
            run = session.scalar(select(Run).where(Run.owner == owner, Run.run_id == run_id))
            if run is None:
                run = Run(run_id=new_id(), owner=owner)
                session.add(run)
            run.company_id = known_company
            run.name, run.raw, run.made_at = _name(raw), dict(raw), now
            run.as_of, run.library_version = result.as_of, result.library_version
            run.found = {
                "counts": {section.value: count for section, count in result.counts.items()},
                "total": [result.total.low_yuan, result.total.high_yuan],
                "potential": [result.potential.low_yuan, result.potential.high_yuan],
            }
            session.flush()
            _drop_oldest_runs(session, owner)
        return run

    def link_run(self, owner: str, run_id: str, company_id: str) -> None:
        """Say whose match it was, after its company was kept: it goes with the company when that is removed."""
        with self._database.session() as session:
            run = session.scalar(select(Run).where(Run.owner == owner, Run.run_id == run_id))
            if run is not None:
                run.company_id = company_id

    def runs(self, owner: str) -> list[Run]:
        """The kept matches, newest first."""
        with self._database.reading() as session:
            return list(session.scalars(select(Run).where(Run.owner == owner).order_by(Run.made_at.desc())))

    def run(self, owner: str, run_id: str) -> Run | None:
        """One kept match; None for none and for somebody else's alike."""
        with self._database.reading() as session:
            return session.scalar(select(Run).where(Run.owner == owner, Run.run_id == run_id))

    def forget_run(self, owner: str, run_id: str) -> None:
        """Remove a match."""
        with self._database.session() as session:
            session.execute(delete(Run).where(Run.owner == owner, Run.run_id == run_id))

    # ---- favourites -------------------------------------------------------------------------------------------------

    def favourites(self, owner: str) -> list[str]:
        """The watched measure ids, newest first."""
        wanted = select(Favourite.measure_id).where(Favourite.owner == owner).order_by(Favourite.made_at.desc())
        with self._database.reading() as session:
            return list(session.scalars(wanted))

    def set_favourite(self, owner: str, measure_id: str, now: dt.datetime, *, on: bool) -> None:
        """Watch a measure, or no longer; doing it twice is doing it once.

        Raises:
            InputError: the owner watches MAX_FAVOURITES measures already.
        """
        with self._database.session() as session:
            kept = session.get(Favourite, (owner, measure_id))
            if kept is not None and not on:
                session.delete(kept)
            if kept is None and on:
                mine = select(func.count()).select_from(Favourite).where(Favourite.owner == owner)
                if (session.scalar(mine) or 0) >= MAX_FAVOURITES:
                    raise InputError([Problem("收藏", f"最多收藏 {MAX_FAVOURITES} 项", "请先取消一些收藏")])
                session.add(Favourite(owner=owner, measure_id=measure_id, made_at=now))


def _name(raw: Mapping[str, Any]) -> str:
    return str(raw.get("name") or "未填写名称的企业")[:MAX_NAME_CHARS]


def _drop_oldest_runs(session: Session, owner: str) -> None:
    old = select(Run.run_id).where(Run.owner == owner).order_by(Run.made_at.desc()).offset(MAX_RUNS)
    session.execute(delete(Run).where(Run.run_id.in_(old.scalar_subquery())))
