"""A new list: the stored companies that a measure is for on verified facts, in the order of the budget."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from matcher.assessment import Active
from matcher.export.cells import labels
from matcher.grants.budget import reallocate, rounded
from matcher.grants.checks import checks_of
from matcher.grants.compare import Block, Comparison, Proof, Seen, Standing
from matcher.grants.granted import earlier_of, in_the_way, remark
from matcher.grants.verified import is_verified
from matcher.push.occasions import version_of
from matcher.records import Records, identity
from matcher.reverse_run import targets
from matcher.store.companies import CompanyRecord
from matcher.store.database import Database
from matcher.store.grants import Grant, GrantList, GrantState
from matcher.store.tables import Json, new_id
from policies.errors import InputError, Problem
from policies.library import Library, LibraryMeasure
from policies.regions import regions
from policies.rules import OneOf

CHUNK = 500
MAX_LEFT_OUT = 1_000
"""Companies that are left out and named with the reason; the others are only counted."""
MAX_BUDGET_YUAN = 1e12
UNFINISHED = dt.timedelta(hours=1)
"""A list that is not ready after so long never will be."""
NO_MONEY = frozenset({"guarantee", "credit_line", "equity", "honour", "right", "direction"})
CODE_UNVERIFIED = "统一社会信用代码未经核实，兑付前请核对收款企业"
BASE_UNVERIFIED = "金额所依据的“{names}”没有核实，核实并重新生成名单后才能确认"
NO_CODE = "没有统一社会信用代码，兑付前请核对收款企业"


@dataclass(frozen=True)
class Asked:
    """What a list is asked for.

    Attributes:
        measure_id: For which measure.
        as_of: For which day.
        budget_yuan: What may be spent in all; None for no limit.
        region: GB/T 2260 code: only companies in it; "" for all.
    """

    measure_id: str
    as_of: dt.date
    budget_yuan: float | None = None
    region: str = ""


@dataclass(frozen=True)
class Candidate:
    """A company that is to be listed."""

    order: tuple[int, int, int]
    number: int
    company_id: str
    note: str


@dataclass
class Survey:
    """What was found on the way.

    Attributes:
        counts: By standing, and "granted" and "same".
        left_out: (rank, company) with the reason, best first once sorted.
    """

    counts: Counter[str] = field(default_factory=Counter)
    candidates: list[Candidate] = field(default_factory=list)
    identities: set[str] = field(default_factory=set)
    left_out: list[tuple[tuple[int, int, int], Json]] = field(default_factory=list)

    def leave_out(self, rank: int, seen: Seen, why: str, text: str = "") -> None:
        """Note why a company is not listed."""
        waits = len(seen.fields) + len(seen.manual)
        shape = {"company_id": seen.record.company_id, "why": why, "text": text,
                 "fields": list(seen.fields), "manual": list(seen.manual)}  # fmt: skip
        self.left_out.append(((rank, waits, seen.record.number), shape))
        if len(self.left_out) >= 4 * MAX_LEFT_OUT:
            self.left_out = self._first()

    def _first(self) -> list[tuple[tuple[int, int, int], Json]]:
        return sorted(self.left_out, key=lambda one: one[0])[:MAX_LEFT_OUT]

    def to_json(self) -> Json:
        """As kept in `GrantList.found`."""
        return {"counts": dict(self.counts), "left_out": [shape for _, shape in self._first()]}


def grantable(library: Library, measure_id: str, as_of: dt.date) -> Active:
    """The measure that a list can be made for.

    Raises:
        InputError: it is not on offer, of a policy with several, gives no money to companies, or nobody knows whether
            it is still in force.
    """
    found = targets(library, measure_id, as_of)
    where = f"事项“{measure_id}”"
    if len(found) > 1:
        names = "、".join(one.entry.measure_id for one in found)
        raise InputError([Problem(where, f"这项政策有 {len(found)} 个事项", f"请写明是哪一个：{names}")])
    active = found[0]
    if reason := why_not(active):
        raise InputError([Problem(where, reason[0], reason[1])])
    return active


def why_not(active: Active) -> tuple[str, str] | None:
    """Why nobody can get a measure without applying: reason and remedy; None if somebody may."""
    measure = active.entry.measure
    if measure.recipient != "enterprise":
        return "资金不直接给企业", "免申即享只用于直接给企业资金的事项"
    if measure.benefit.type in NO_MONEY:
        return "不是资金支持，没有可以兑付的金额", "免申即享只用于直接给企业资金的事项"
    if not active.entry.rule.parts:
        return "没有可以核对的条件，无法凭核实的信息确定企业", "请先在政策库中补充条件"
    if active.validity:
        return "政策是否仍然有效还没有核实", "请先核实并更新政策库中的有效状态"
    return None


def propose(database: Database, library: Library, asked: Asked, by: str, now: dt.datetime) -> GrantList:
    """Compare all stored companies with a measure and keep the list; an open list of the same measure is closed.

    Args:
        database: Where the companies are.
        library: Where the measure is.
        asked: For what.
        by: Name of the user who asks.
        now: The moment, with a time zone.

    Raises:
        InputError: as for `grantable`; the budget is no sum; or somebody else made such a list at the same moment.
    """
    if asked.budget_yuan is not None and not 0 < asked.budget_yuan <= MAX_BUDGET_YUAN:
        raise InputError([Problem("预算", "应为大于 0、不超过 1 万亿元的金额", "请核对")])
    entry = grantable(library, asked.measure_id, asked.as_of).entry
    comparison = Comparison(entry, asked.as_of)
    survey = _survey(database, library, comparison, asked)
    made = GrantList(
        list_id=new_id(), measure_id=entry.measure_id, version=version_of(entry), as_of=asked.as_of,
        region=asked.region, budget_yuan=rounded(asked.budget_yuan), committed_yuan=0.0, found={}, ready=False,
        made_by=by, made_at=now, closed_at=now,
    )  # fmt: skip
    with database.session() as session:
        session.execute(delete(GrantList).where(GrantList.ready.is_(False), GrantList.made_at < now - UNFINISHED))
        session.add(made)
    try:
        _write(database, comparison, made, survey, now)
        return _open(database, made.list_id, survey, now)
    except BaseException:
        with database.session() as session:
            session.execute(delete(GrantList).where(GrantList.list_id == made.list_id))
        raise


def region_of(entry: LibraryMeasure) -> str:
    """The one region whose companies alone a measure can be for, as a GB/T 2260 code; "" if it is not one."""
    for part in entry.rule.parts:
        if isinstance(part, OneOf) and part.field == "region":
            codes = {code for value in part.values for code in regions().expand(value)}
            if len(codes) == 1 and (code := codes.pop()) != regions().root:
                return code
    return ""


def _survey(database: Database, library: Library, comparison: Comparison, asked: Asked) -> Survey:
    """Look at every company; what is kept of each is small."""
    survey, version = Survey(), version_of(comparison.entry)
    for records in Records(database).blocks(asked.region or region_of(comparison.entry)):
        with database.reading() as session:
            block = _block(session, comparison, records)
        found = list(block.seen())
        listed = [identity(seen.record) for seen in found if seen.standing is Standing.LISTED]
        with database.reading() as session:
            earlier = earlier_of(session, listed)
        for seen in found:
            _count(survey, seen)
            if seen.standing is Standing.LISTED:
                own = earlier.get(identity(seen.record), [])
                reason = in_the_way(comparison.entry, version, asked.as_of.year, own, library.by_id)
                _take(survey, seen, reason, remark(comparison.entry.measure_id, own))
    survey.candidates.sort(key=lambda one: (one.order, one.number))
    return survey


def _block(session: Session, comparison: Comparison, records: Sequence[CompanyRecord]) -> Block:
    """Some companies compared, with what staff checked of them."""
    ids = [record.company_id for record in records]
    return comparison.see(records, checks_of(session, comparison.entry.measure_id, ids))


def _count(survey: Survey, seen: Seen) -> None:
    survey.counts["seen"] += 1
    survey.counts[seen.standing.value] += 1
    if seen.standing is Standing.CONFLICT:
        survey.leave_out(1, seen, "conflict")
    if seen.standing is Standing.NEARLY:
        survey.leave_out(2, seen, "nearly")


def _take(survey: Survey, seen: Seen, reason: str, note: str) -> None:
    """List a company once, unless something that it was granted stands in the way."""
    name = identity(seen.record)
    if name in survey.identities:
        survey.counts["same"] += 1
        return
    survey.identities.add(name)
    if reason:
        survey.counts["granted"] += 1
        survey.leave_out(0, seen, "granted", reason)
        return
    assert seen.worth is not None
    notes = [note, _code_note(seen.record)]
    survey.candidates.append(
        Candidate(seen.worth.order, seen.record.number, seen.record.company_id, "；".join(filter(None, notes)))
    )


def _code_note(record: CompanyRecord) -> str:
    if not record.uscc:
        return NO_CODE
    return "" if is_verified(record, "uscc") else CODE_UNVERIFIED


def _write(database: Database, comparison: Comparison, made: GrantList, survey: Survey, now: dt.datetime) -> None:
    """Write the companies with their evidence, chunk by chunk: nobody waits long for the database."""
    place = 0
    waiting = iter(survey.candidates)
    while chunk := list(islice(waiting, CHUNK)):
        with database.session() as session:
            rows = list(_rows(session, comparison, made, chunk, place, now))
            if rows:
                session.execute(insert(Grant), rows)
        place += len(rows)
        survey.counts["changed"] += len(chunk) - len(rows)
    survey.counts["places"] = place


def _rows(
    session: Session, comparison: Comparison, made: GrantList, chunk: Sequence[Candidate], place: int, now: dt.datetime
) -> Iterator[Json]:
    """One row for each company that still is what it was a moment ago, in order."""
    wanted = select(CompanyRecord).where(CompanyRecord.company_id.in_([one.company_id for one in chunk]))
    block = _block(session, comparison, list(session.scalars(wanted)))
    proofs = {seen.record.company_id: (seen, proof) for seen, proof in block.listed()}
    for candidate in chunk:
        if candidate.company_id in proofs:
            place += 1
            seen, proof = proofs[candidate.company_id]
            yield _row(made.list_id, seen, proof, place, candidate.note, now)


def _row(list_id: str, seen: Seen, proof: Proof, place: int, note: str, now: dt.datetime) -> Json:
    assert seen.worth is not None
    amount = proof.amount()
    notes = [note, BASE_UNVERIFIED.format(names=labels(amount.needs)) if amount.needs else ""]
    return {
        "grant_id": new_id(),
        "list_id": list_id,
        "company_id": seen.record.company_id,
        "identity": identity(seen.record),
        "place": place,
        "order": {"preferences": seen.worth.preferences, "day": seen.worth.day.isoformat(), "size": seen.worth.size},
        "within_budget": False,
        "low_yuan": amount.low_yuan,
        "high_yuan": amount.high_yuan,
        "trace": amount.trace,
        "amount_yuan": amount.high_yuan,
        "evidence": proof.evidence(),
        "state": GrantState.MATCHED,
        "willing_at": None,
        "note": "；".join(filter(None, notes)),
        "changed_at": now,
    }


def _open(database: Database, list_id: str, survey: Survey, now: dt.datetime) -> GrantList:
    """Give the budget out, close the list before this one, and open this one."""
    try:
        with database.session() as session:
            made = session.get_one(GrantList, list_id)
            others = (
                GrantList.measure_id == made.measure_id, GrantList.region == made.region, GrantList.list_id != list_id
            )  # fmt: skip
            before = session.scalar(select(func.sum(GrantList.committed_yuan)).where(*others)) or 0.0
            session.execute(update(GrantList).where(*others, GrantList.closed_at.is_(None)).values(closed_at=now))
            made.found = {**survey.to_json(), "committed_before": before}
            reallocate(session, made)
            made.closed_at, made.ready = None, True
        return made
    except IntegrityError as error:
        reason = "刚刚有人为同一事项生成了名单"
        raise InputError([Problem("免申即享名单", reason, "请打开那份名单，或稍后再试")]) from error
