"""Which application form fits a measure, and which measures have nothing to apply for."""

from __future__ import annotations

import re
from enum import StrEnum

from matcher.packs import words
from policies.benefit import CreditLine, Direction, Equity, Guarantee, Honour, Interest, Premium, Right, Tax
from policies.library import LibraryMeasure

_WITHOUT_APPLICATION = re.compile("免申即享|免申报")


class Family(StrEnum):
    """A kind of application: each has its form and its usual papers."""

    GRANT = "grant"
    INTEREST = "interest"
    FINANCING = "financing"
    EQUITY = "equity"
    TAX = "tax"
    HONOUR = "honour"
    PLATFORM = "platform"
    EMPLOYMENT = "employment"
    INSURANCE = "insurance"


_BY_BENEFIT = {
    Tax: Family.TAX, Interest: Family.INTEREST, Guarantee: Family.FINANCING, CreditLine: Family.FINANCING,
    Equity: Family.EQUITY, Premium: Family.INSURANCE,
}  # fmt: skip
_BY_KIND = {
    "tax": Family.TAX, "loan_interest": Family.INTEREST, "guarantee": Family.FINANCING, "insurance": Family.INSURANCE,
    "training_employment": Family.EMPLOYMENT, "platform": Family.PLATFORM,
}  # fmt: skip


def family_of(entry: LibraryMeasure) -> Family:
    """The form of a measure: by what it gives, else by the kind of its policy."""
    benefit, kind = entry.measure.benefit, entry.policy.kind
    if isinstance(benefit, Honour):
        return Family.PLATFORM if kind == "platform" else Family.HONOUR
    return _BY_BENEFIT.get(type(benefit)) or _BY_KIND.get(kind, Family.GRANT)


def why_no_pack(entry: LibraryMeasure) -> str:
    """Why nothing can be applied for, in Chinese; "" for a measure that has a pack."""
    if isinstance(entry.measure.benefit, Direction):
        return words.NO_PACK_DIRECTION
    if isinstance(entry.measure.benefit, Right):
        return words.NO_PACK_RIGHT
    if entry.measure.recipient != "enterprise":
        return words.NO_PACK_OTHERS[entry.measure.recipient]
    policy = entry.policy
    told = (policy.channel or "", policy.window_of(entry.measure).text, entry.measure.text)
    found = next((text for text in told if _WITHOUT_APPLICATION.search(text)), "")
    return words.NO_PACK_AUTOMATIC.format(text=found) if found else ""
