"""The budget of a list: what is spent, what is reserved for those ahead, and how far it reaches."""

from __future__ import annotations

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from matcher.store.grants import Grant, GrantList, GrantState

CENT = 0.01


def rounded(yuan: float | None) -> float | None:
    """A sum to the 分."""
    return None if yuan is None else round(yuan, 2)


def exceeds(yuan: float, limit: float) -> bool:
    """Whether a sum is more than a limit; sums of floats differ from the true sum by less than half a 分."""
    return yuan > limit + CENT / 2


def reserved(session: Session, grant: Grant) -> float:
    """What is kept for the companies ahead of one that are still to be confirmed, in yuan."""
    ahead = (Grant.list_id == grant.list_id, Grant.state == GrantState.MATCHED, Grant.place < grant.place)
    return session.scalar(select(func.sum(Grant.amount_yuan)).where(*ahead)) or 0.0


def reallocate(session: Session, of: GrantList) -> None:
    """Give what is left of the budget to those still to be confirmed, in order; nobody overtakes.

    Where the next company's sum does not fit any more, it and all after it wait.
    """
    session.flush()
    waiting = (Grant.list_id == of.list_id, Grant.state == GrantState.MATCHED)
    first = None
    if of.budget_yuan is not None:
        upto = func.sum(func.coalesce(Grant.amount_yuan, 0.0)).over(order_by=Grant.place).label("upto")
        sums = select(Grant.place, upto).where(*waiting).subquery()
        left = of.budget_yuan - of.committed_yuan + CENT / 2
        first = session.scalar(select(func.min(sums.c.place)).where(sums.c.upto > left))
    reached = Grant.place < first if first is not None else Grant.place > 0
    for rows, within in ((reached, True), (~reached, False)):
        changed = update(Grant).where(*waiting, rows, Grant.within_budget.is_(not within))
        session.execute(changed.values(within_budget=within).execution_options(synchronize_session="fetch"))
