"""How much a measure is worth to one company: a range in yuan with its trace, or the field that is missing.

The numbers are those of `matcher.sums`; here they get their reasons, in Chinese, for what is shown.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable
from dataclasses import dataclass

from matcher.eligibility import Evaluation, Truth
from matcher.results import Amount
from matcher.sums import YUAN_PER_WAN, Facts, Terms, income_tax_rate, sums
from policies.benefit import (
    Benefit,
    CreditLine,
    Equity,
    Fixed,
    Guarantee,
    Honour,
    Interest,
    PerUnit,
    Premium,
    Ratio,
    Tax,
    Tier,
    Tiered,
    TopUp,
    Uplift,
)  # fmt: skip
from policies.facts import show_fact, show_number
from policies.fields import registry
from policies.parameters import rate
from policies.policy import Measure
from policies.rules import Rule
from policies.values import Span

CAVEAT = "以批复为准"
_RECIPIENTS = {
    "bank": "银行", "guarantor": "担保机构", "individual": "个人", "city": "城市", "district": "县（市、区）",
    "carrier": "载体或平台运营主体",
}  # fmt: skip


@dataclass(frozen=True)
class Row:
    """One row of an evaluation, as the estimator reads it."""

    evaluation: Evaluation
    row: int
    as_of: dt.date

    def truth(self, rule: Rule) -> Truth:
        """Truth of a rule for this row."""
        return self.evaluation.truth(rule).at(self.row)

    def number(self, name: str) -> Span | None:
        """A numeric fact in the field's unit; None if unknown or unbounded above."""
        fact = self.evaluation.columns.fact(name, self.row)
        return fact if isinstance(fact, Span) and math.isfinite(fact.hi) else None

    def show(self, name: str) -> str:
        """A field's label and value ("研发费用 300 万元")."""
        field = registry()[name]
        return f"{field.label} {show_fact(field, self.evaluation.columns.fact(name, self.row))}"


class _Needs(Exception):
    """A field is missing."""

    def __init__(self, name: str) -> None:
        self.name = name


def estimate(measure: Measure, row: Row) -> Amount:
    """Estimate what a measure is worth to one row; see `explained_amount`."""
    low, high = sums(measure, Facts(row.evaluation, row.as_of))
    return explained_amount(measure, row, float(low[row.row]), float(high[row.row]))


def explained_amount(measure: Measure, row: Row, low_yuan: float, high_yuan: float) -> Amount:
    """A sum with its reason.

    Args:
        measure: The measure; its benefit decides the formula.
        row: The company (and plan) with its evaluation.
        low_yuan: Lower end as `matcher.sums` gives it for the row; NaN for no sum.
        high_yuan: Upper end likewise.

    Returns:
        A range in yuan with its trace; without a sum, `trace` says why and `needs` which fields are missing.
    """
    if measure.recipient != "enterprise":
        return _none(f"资金拨付对象是{_RECIPIENTS[measure.recipient]}，不直接给企业")
    handler = _HANDLERS.get(type(measure.benefit))
    if handler is None:
        return _no_money(measure.benefit)
    try:
        told = handler(measure.benefit, row)
    except _Needs as missing:
        field = registry()[missing.name]
        return Amount(None, None, f"补充“{field.label}”后可以估算", (missing.name,))
    if isinstance(told, Amount):
        return told
    return Amount(low_yuan, high_yuan, f"{told}；{CAVEAT}")


Told = str | Amount
"""The trace of a sum, or why there is none."""


def _no_money(benefit: Benefit) -> Amount:
    match benefit:
        case Honour(grants=grants):
            return _none("授予资格称号，本身不直接给资金" + (f"（{grants}）" if grants else ""))
        case Guarantee(principal_cap_wan=cap, fee_rate=fee):
            parts = [f"担保额度最高 {cap:g} 万元" if cap else "", f"费率不高于 {fee:.2%}" if fee else ""]
            return _none("、".join(["提供担保增信，不直接给资金", *filter(None, parts)]))
        case CreditLine(principal_cap_wan=cap, rate=r):
            parts = [f"额度最高 {cap:g} 万元" if cap else "", f"利率不高于 {r:.2%}" if r else ""]
            return _none("、".join(["提供贷款或授信，不直接给资金", *filter(None, parts)]))
        case Equity(cap_wan=cap, share_max=share):
            parts = [f"最高 {cap:g} 万元" if cap else "", f"持股不超过 {share:.0%}" if share else ""]
            return _none("、".join(["以股权投资方式支持，不是补助", *filter(None, parts)]))
        case TopUp(rate=share, of=award):
            return Amount(None, None, f"按“{award}”的 {share:.0%} 配套，金额随上级奖励确定")
        case _:
            return _none("方向性或权益性政策，不直接给资金")


def _none(reason: str) -> Amount:
    return Amount(None, None, reason, money=False)


def _unpriced(trace: str) -> Amount:
    return Amount(None, None, trace)


def _need(row: Row, name: str) -> Span:
    span = row.number(name)
    if span is None:
        raise _Needs(name)
    return span


def _fixed(benefit: Fixed, row: Row) -> Told:
    if benefit.amount_wan is None:
        return _unpriced("奖补标准未在来源中查到，请以主管部门公布为准")
    low = benefit.low_wan if benefit.low_wan is not None else 0.0 if benefit.up_to else benefit.amount_wan
    word = "最高" if benefit.up_to else "定额"
    years = f"，分 {benefit.years:g} 年兑现" if benefit.years > 1 else ""
    span = f"{low:g}—{benefit.amount_wan:g}" if 0 < low < benefit.amount_wan else f"{benefit.amount_wan:g}"
    return f"{word} {span} 万元{years}"


def _terms(uplifts: tuple[Uplift, ...], rate_: float | None, cap: float | None, row: Row) -> tuple[Terms, Terms, str]:
    """The surest and the best rate and cap that may apply, and the trace of the uplifts."""
    surest = best = Terms(rate_, cap)
    trace = ""
    for uplift in uplifts:
        truth = row.truth(uplift.when)
        if truth is Truth.FALSE:
            continue
        best = best.better(uplift)
        surest = surest.better(uplift) if truth is Truth.TRUE else surest
        trace += f"；{uplift.text}" if truth is Truth.TRUE else f"；若{uplift.text}则更高"
    return surest, best, trace


def _ratio(benefit: Ratio, row: Row) -> Told:
    surest, best, extra = _terms(benefit.uplifts, benefit.rate, benefit.cap_wan, row)
    cap_text = _cap(best.cap_wan)
    if benefit.rate is None or benefit.base is None:
        base = f"按{benefit.base_text}" if benefit.base_text else ""
        share = (
            f"的 {benefit.rate:.2%}" if benefit.rate and base else "，比例未在来源中查到" if not benefit.rate else ""
        )
        if best.cap_wan is None:
            return _unpriced(f"{base}{share}，无法从所填信息估算金额".lstrip("，"))
        return f"{base}{share}{cap_text}{extra}".lstrip("，")
    _need(row, benefit.base)
    word = "不超过 " if benefit.up_to else ""
    shown = _percent(surest.rate or benefit.rate) + (f"—{_percent(benefit.rate_max)}" if benefit.rate_max else "")
    return f"按{row.show(benefit.base)} × {word}{shown} 估算{cap_text}{extra}"


def _cap(cap_wan: float | None) -> str:
    return f"，最高 {cap_wan:g} 万元" if cap_wan else ""


def _percent(share: float) -> str:
    return f"{share * 100:.4g}%"


def _tiered(benefit: Tiered, row: Row) -> Told:
    if not benefit.tiers:
        if benefit.cap_wan is None:
            return _unpriced("分档标准未在来源中查到，请以主管部门公布为准")
        return f"分档支持，累计最高 {benefit.cap_wan:g} 万元"
    candidates: list[Tier] = []
    for tier in benefit.tiers:
        truth = row.truth(tier.when)
        if truth is not Truth.FALSE:
            base = benefit.per if tier.amount_wan is not None else benefit.base if tier.rate is not None else None
            if base:
                _need(row, base)
            candidates.append(tier)
        if truth is Truth.TRUE:
            break
    if not candidates:
        return _unpriced("不在任何一档内")
    names = "、".join(tier.text for tier in candidates)
    count = f"（{row.show(benefit.per)}）" if benefit.per else ""
    return f"分档标准：{names}{count}{_cap(benefit.cap_wan)}"


def _interest(benefit: Interest, row: Row) -> Told:
    if benefit.rate is None:
        if benefit.cap_wan:
            return f"贴息比例未在来源中查到{_cap(benefit.cap_wan)}"
        return _unpriced("贴息比例未在来源中查到，请以主管部门公布为准")
    _, best, extra = _terms(benefit.uplifts, benefit.rate, benefit.cap_wan, row)
    _need(row, "loan_wan")
    shown = _yearly_rate(benefit, row)
    term = row.number("loan_years")
    low, high = (term.lo, term.hi) if term else (1.0, benefit.years)
    low, high = min(low, benefit.years), min(high, benefit.years)
    limit = f"，贴息本金不超过 {benefit.principal_cap_wan:g} 万元" if benefit.principal_cap_wan else ""
    span = f"{high:g} 年" if low == high else f"{low:g}—{high:g} 年"
    return f"按{row.show('loan_wan')} × {shown} × {span}估算{limit}{_cap(best.cap_wan)}{extra}"


def _yearly_rate(benefit: Interest, row: Row) -> str:
    """How the yearly rate reads."""
    assert benefit.rate is not None
    if benefit.form == "points":
        return f"年贴息 {_percent(benefit.rate)}"
    if benefit.form == "lpr_share":
        lpr, since = rate("lpr_1y", row.as_of)
        return f"一年期LPR {_percent(lpr)}（{since.isoformat()}起，以申报时公布为准）的 {_percent(benefit.rate)}"
    loan_rate = _need(row, "loan_rate")
    span = _percent(loan_rate.hi) if loan_rate.exact else f"{_percent(loan_rate.lo)}—{_percent(loan_rate.hi)}"
    return f"贷款年利率 {span} 的 {_percent(benefit.rate)}"


def _tax(benefit: Tax, row: Row) -> Told:
    if benefit.form == "deferral":
        return _none("税款时间上的优惠（提前扣除或延长结转），不减少税款总额")
    if benefit.rate is None or benefit.base is None:
        return _unpriced(f"减免额取决于{benefit.base_text or '实际税款'}，无法从所填信息估算")
    _need(row, benefit.base)
    return f"按{row.show(benefit.base)} × {_tax_share(benefit, row)}估算{_cap(benefit.cap_wan)}"


def _tax_share(benefit: Tax, row: Row) -> str:
    assert benefit.rate is not None
    if benefit.form == "rate":
        normal = benefit.normal_rate or rate("cit_rate", row.as_of)[0]
        return f"（{_percent(normal)} − {_percent(benefit.rate)}）"
    if benefit.form == "super_deduction":
        low, high = (float(end[row.row]) for end in income_tax_rate(Facts(row.evaluation, row.as_of)))
        shown = _percent(low) if low == high else f"{_percent(low)}—{_percent(high)}"
        return f"加计 {_percent(benefit.rate)} × 所得税税率 {shown}（有应纳税所得额时）"
    return f"{_percent(benefit.rate)} "


def _premium(benefit: Premium, row: Row) -> Told:
    if benefit.base is None:
        return _unpriced(f"按{benefit.base_text}的 {_percent(benefit.rate)} 补助")
    _need(row, benefit.base)
    word = "不超过 " if benefit.up_to else ""
    return f"按{row.show(benefit.base)} × {word}{_percent(benefit.rate)} 估算"


def _per_unit(benefit: PerUnit, row: Row) -> Told:
    if benefit.amount_wan is None:
        return _unpriced(f"按{benefit.unit}定额，标准未在来源中查到")
    low = benefit.low_wan if benefit.low_wan is not None else 0.0 if benefit.up_to else benefit.amount_wan
    yuan = benefit.amount_wan * YUAN_PER_WAN
    years = f" × {benefit.years:g} 年" if benefit.years != 1 else ""
    span = f"{low * YUAN_PER_WAN:,.0f}—{yuan:,.0f}" if 0 < low < benefit.amount_wan else f"{yuan:,.0f}"
    if benefit.base is None:
        return _unpriced(f"每{benefit.unit} {span} 元{years}")
    if row.number(benefit.base) is None:
        label = registry()[benefit.base].label
        return Amount(None, None, f"每{benefit.unit} {span} 元{years}；补充“{label}”后可以估算总额", (benefit.base,))
    return f"{row.show(benefit.base)} × 每{benefit.unit} {span} 元{years}{_cap(benefit.cap_wan)}"


_HANDLERS: dict[type, Callable[..., Told]] = {
    Fixed: _fixed, Ratio: _ratio, Tiered: _tiered, Interest: _interest, Tax: _tax, Premium: _premium,
    PerUnit: _per_unit,
}  # fmt: skip


def show_amount(amount: Amount) -> str:
    """The sum in a few Chinese words ("约 45—75 万元", "最高 500 万元"), or "—" without one."""
    if amount.low_yuan is None or amount.high_yuan is None:
        return "—" if not amount.money or not amount.needs else "待补充信息后估算"
    field = registry()["revenue_wan"]
    low, high = (show_number(field, round(value / YUAN_PER_WAN, 2)) for value in (amount.low_yuan, amount.high_yuan))
    if amount.low_yuan == amount.high_yuan:
        return f"约 {high}"
    if amount.low_yuan == 0:
        return f"最高 {high}"
    shared = low.removesuffix(" 万元") if low.endswith(" 万元") and high.endswith(" 万元") else low
    return f"约 {shared}—{high}"
