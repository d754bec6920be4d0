"""What has to hold before a step of a grant is taken, and the sentences for where it does not."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import select
from sqlalchemy.orm import Session

from matcher.export.cells import labels
from matcher.grants.checks import checks_of
from matcher.grants.compare import Comparison
from matcher.grants.granted import STATES, claim_of, earlier_of, in_the_way
from matcher.grants.verified import is_verified
from matcher.push.occasions import version_of
from matcher.store.companies import DEPARTMENT, CompanyRecord
from matcher.store.grants import Grant, GrantClaim, GrantList, GrantState
from policies.errors import InputError, Problem
from policies.library import Library, LibraryMeasure

MAX_NOTE_CHARS = 500


def refused(reason: str, remedy: str = "") -> InputError:
    """Why a step is not taken."""
    return InputError([Problem("免申即享", reason, remedy)])


def expect(grant: Grant, state: GrantState, wanted: GrantState) -> None:
    """InputError unless a grant is in the state from which another is reached."""
    if grant.state is not state:
        reason = f"现在是“{STATES[grant.state]}”，不能改为“{STATES[wanted]}”"
        raise refused(reason, f"须先是“{STATES[state]}”，请刷新页面查看")


def note_of(note: str) -> str:
    """A note as it is kept; InputError if it is too long."""
    note = note.strip()
    if len(note) > MAX_NOTE_CHARS:
        raise InputError([Problem("说明", f"超过 {MAX_NOTE_CHARS} 字", "请只写要点")])
    return note


def fixed_amount(grant: Grant, given: float | None) -> float:
    """The sum that a company gets, in yuan.

    Raises:
        InputError: it is not certain and none is given, or the one given is not what the verified facts allow.
    """
    low, high = grant.low_yuan, grant.high_yuan
    if given is None:
        if low is None or low != high:
            raise InputError([Problem("金额", "按已核实的信息只能得出范围，或得不出金额", "请填写核定的金额")])
        return low
    amount = round(given, 2)
    if not 0 < amount <= 1e12:
        raise InputError([Problem("金额", "应大于 0", "请核对")])
    if low is not None and high is not None and not low <= amount <= high:
        raise InputError([Problem("金额", f"按已核实的信息应在 {low:,.2f} 至 {high:,.2f} 元之间", "请核对")])
    return amount


def measure_of(library: Library, of: GrantList) -> LibraryMeasure:
    """The measure of a list; InputError if it is not any more what it was when the companies were compared."""
    entry = library.by_id.get(of.measure_id)
    if entry is None or version_of(entry) != of.version:
        raise refused("政策在比对之后有更新", "请重新生成名单")
    return entry


def still_listed(session: Session, of: GrantList, grant: Grant, entry: LibraryMeasure, library: Library) -> None:
    """InputError unless what is verified of the company still gives it the measure, with the same sum.

    The company's records are locked until the transaction ends: of two measures that exclude each other one is given.
    """
    same = (CompanyRecord.company_id == grant.company_id) | (CompanyRecord.uscc == grant.identity)
    wanted = select(CompanyRecord).where(same).order_by(CompanyRecord.number).with_for_update()
    record = next((one for one in session.scalars(wanted).all() if one.company_id == grant.company_id), None)
    if record is None:
        raise refused("这家企业的数据已被清除")
    checks = checks_of(session, of.measure_id, [record.company_id])
    proof = next((proof for _, proof in Comparison(entry, of.as_of).see([record], checks).listed()), None)
    if proof is None:
        raise refused("企业信息或核实情况在比对之后有变化，已不能确定符合全部条件", "请重新生成名单")
    amount = proof.amount()
    if (amount.low_yuan, amount.high_yuan) != (grant.low_yuan, grant.high_yuan):
        raise refused("企业信息在比对之后有变化，金额不同了", "请重新生成名单")
    if amount.needs:
        raise refused(f"金额所依据的“{labels(amount.needs)}”没有核实", "请先核实，再重新生成名单")
    earlier = earlier_of(session, [grant.identity]).get(grant.identity, [])
    if reason := in_the_way(entry, of.version, of.as_of.year, earlier, library.by_id):
        raise refused(reason, "可对这家企业选择“不予兑付”")


def claim(session: Session, of: GrantList, grant: Grant, now: dt.datetime) -> None:
    """Note that a company has the measure; IntegrityError if it has it already by another list."""
    session.add(GrantClaim(claim=claim_of(of.measure_id, of.version, grant.identity), made_at=now))
    session.flush()


def may_speak(session: Session, grant: Grant, user_id: str) -> None:
    """InputError unless a user, or staff ("") for a company of the department, may say what the company wants."""
    if user_id:
        if not may_answer(session, grant, user_id):
            raise refused("没有这条记录", "请刷新页面后重试")
        return
    record = session.scalar(select(CompanyRecord).where(CompanyRecord.company_id == grant.company_id))
    if record is None or record.owner != DEPARTMENT:
        raise refused("这家企业有自己的用户", "请由企业在“我的—免申即享”确认意愿")


def may_answer(session: Session, grant: Grant, user_id: str) -> bool:
    """Whether a user speaks for the company of a grant: they keep its record, or one of the same verified code."""
    if user_id == DEPARTMENT:
        return False
    same = (CompanyRecord.company_id == grant.company_id) | (CompanyRecord.uscc == grant.identity)
    mine = session.scalars(select(CompanyRecord).where(CompanyRecord.owner == user_id, same))
    return any(one.company_id == grant.company_id or is_verified(one, "uscc") for one in mine)
