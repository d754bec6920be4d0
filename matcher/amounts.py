"""How much a measure is worth to one company: a range in yuan with its trace, or the field that is missing.

Interval arithmetic over what is known; nothing is guessed from turnover, and a pool total is never one company's sum.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable
from dataclasses import dataclass

from matcher.eligibility import Evaluation, Truth
from matcher.results import Amount
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
from policies.rules import Has, OneOf, Rule
from policies.values import Span

YUAN_PER_WAN = 10_000
CAVEAT = "以批复为准"
_HIGH_TECH = Has.model_validate({"field": "honours", "has": ["高新技术企业"]})
_SMALL = OneOf.model_validate({"field": "tax_status", "is": True})
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
    """Estimate what a measure is worth.

    Args:
        measure: The measure; its benefit decides the formula.
        row: The company (and plan) with its evaluation.

    Returns:
        A range in yuan with its trace; without a sum, `trace` says why and `needs` which fields are missing.
    """
    if measure.recipient != "enterprise":
        return _none(f"资金拨付对象是{_RECIPIENTS[measure.recipient]}，不直接给企业")
    handler = _HANDLERS.get(type(measure.benefit))
    if handler is None:
        return _no_money(measure.benefit)
    try:
        return handler(measure.benefit, row)
    except _Needs as missing:
        field = registry()[missing.name]
        return Amount(None, None, f"补充“{field.label}”后可以估算", (missing.name,))


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


def _sum(low_wan: float, high_wan: float, trace: str) -> Amount:
    low, high = max(0.0, low_wan) * YUAN_PER_WAN, max(0.0, high_wan) * YUAN_PER_WAN
    return Amount(round(low, 2), round(high, 2), f"{trace}；{CAVEAT}")


def _unpriced(trace: str) -> Amount:
    return Amount(None, None, trace)


def _need(row: Row, name: str) -> Span:
    span = row.number(name)
    if span is None:
        raise _Needs(name)
    return span


def _fixed(benefit: Fixed, row: Row) -> Amount:
    if benefit.amount_wan is None:
        return _unpriced("奖补标准未在来源中查到，请以主管部门公布为准")
    low = benefit.low_wan if benefit.low_wan is not None else 0.0 if benefit.up_to else benefit.amount_wan
    word = "最高" if benefit.up_to else "定额"
    years = f"，分 {benefit.years:g} 年兑现" if benefit.years > 1 else ""
    span = f"{low:g}—{benefit.amount_wan:g}" if 0 < low < benefit.amount_wan else f"{benefit.amount_wan:g}"
    return _sum(low, benefit.amount_wan, f"{word} {span} 万元{years}")


@dataclass(frozen=True)
class _Terms:
    """A rate with its cap, either of which the source may leave out."""

    rate: float | None
    cap_wan: float | None

    def better(self, uplift: Uplift) -> _Terms:
        """The terms under an uplift; where several hold, the best of each counts."""
        rates = [value for value in (self.rate, uplift.rate) if value is not None]
        caps = [value for value in (self.cap_wan, uplift.cap_wan) if value is not None]
        return _Terms(max(rates, default=None), max(caps, default=None))

    def of(self, base: float, rate_max: float = 0.0) -> float:
        """What the terms give on a base."""
        return _capped(base * max(self.rate or 0.0, rate_max), self.cap_wan)


def _terms(uplifts: tuple[Uplift, ...], rate_: float | None, cap: float | None, row: Row) -> tuple[list[_Terms], str]:
    """Every pair of rate and cap that may apply, the surest first and the best last, and the trace of the uplifts."""
    found, trace = [_Terms(rate_, cap)], ""
    for uplift in uplifts:
        truth = row.truth(uplift.when)
        if truth is Truth.FALSE:
            continue
        lifted = [terms.better(uplift) for terms in found]
        found = lifted if truth is Truth.TRUE else [*found, *lifted]
        trace += f"；{uplift.text}" if truth is Truth.TRUE else f"；若{uplift.text}则更高"
    return found, trace


def _ratio(benefit: Ratio, row: Row) -> Amount:
    terms, extra = _terms(benefit.uplifts, benefit.rate, benefit.cap_wan, row)
    best_cap = terms[-1].cap_wan
    cap_text = f"，最高 {best_cap:g} 万元" if best_cap else ""
    if benefit.rate is None or benefit.base is None:
        base = f"按{benefit.base_text}" if benefit.base_text else ""
        share = (
            f"的 {benefit.rate:.2%}" if benefit.rate and base else "，比例未在来源中查到" if not benefit.rate else ""
        )
        if best_cap is None:
            return _unpriced(f"{base}{share}，无法从所填信息估算金额".lstrip("，"))
        return _sum(0.0, best_cap, f"{base}{share}{cap_text}{extra}".lstrip("，"))
    base_span = _need(row, benefit.base)
    low = min(each.of(base_span.lo) for each in terms)
    high = max(each.of(base_span.hi, benefit.rate_max or 0.0) for each in terms)
    if benefit.floor_wan is not None:
        low, high = max(low, benefit.floor_wan), max(high, benefit.floor_wan)
    word = "不超过 " if benefit.up_to else ""
    shown = _percent(terms[0].rate or benefit.rate) + (f"—{_percent(benefit.rate_max)}" if benefit.rate_max else "")
    return _sum(
        0.0 if benefit.up_to else low, high, f"按{row.show(benefit.base)} × {word}{shown} 估算{cap_text}{extra}"
    )


def _percent(share: float) -> str:
    return f"{share * 100:.4g}%"


def _capped(value: float, cap: float | None) -> float:
    return value if cap is None else min(value, cap)


def _tiered(benefit: Tiered, row: Row) -> Amount:
    if not benefit.tiers:
        if benefit.cap_wan is None:
            return _unpriced("分档标准未在来源中查到，请以主管部门公布为准")
        return _sum(0.0, benefit.cap_wan, f"分档支持，累计最高 {benefit.cap_wan:g} 万元")
    candidates: list[tuple[Tier, Span]] = []
    for tier in benefit.tiers:
        truth = row.truth(tier.when)
        if truth is not Truth.FALSE:
            candidates.append((tier, _tier_value(benefit, tier, row)))
        if truth is Truth.TRUE:
            break
    if not candidates:
        return _unpriced("不在任何一档内")
    low = 0.0 if benefit.up_to else min(span.lo for _, span in candidates)
    high = _capped(max(span.hi for _, span in candidates), benefit.cap_wan)
    names = "、".join(tier.text for tier, _ in candidates)
    cap = f"，最高 {benefit.cap_wan:g} 万元" if benefit.cap_wan else ""
    count = f"（{row.show(benefit.per)}）" if benefit.per else ""
    return _sum(min(low, high), high, f"分档标准：{names}{count}{cap}")


def _tier_value(benefit: Tiered, tier: Tier, row: Row) -> Span:
    if tier.amount_wan is not None:
        count = _need(row, benefit.per) if benefit.per else Span(1.0, 1.0)
        return Span(count.lo * tier.amount_wan, count.hi * tier.amount_wan)
    if tier.rate is None or benefit.base is None:
        return Span(0.0, tier.cap_wan or 0.0)
    base = _need(row, benefit.base)
    return Span(_capped(base.lo * tier.rate, tier.cap_wan), _capped(base.hi * tier.rate, tier.cap_wan))


def _interest(benefit: Interest, row: Row) -> Amount:
    terms, extra = _terms(benefit.uplifts, benefit.rate, benefit.cap_wan, row)
    if benefit.rate is None:
        tail = f"，最高 {benefit.cap_wan:g} 万元" if benefit.cap_wan else ""
        return (
            _sum(0.0, benefit.cap_wan, f"贴息比例未在来源中查到{tail}")
            if benefit.cap_wan
            else _unpriced("贴息比例未在来源中查到，请以主管部门公布为准")
        )
    loan = _need(row, "loan_wan")
    cap = benefit.principal_cap_wan or math.inf
    principal = Span(min(loan.lo, cap), min(loan.hi, cap))
    yearly, shown = _yearly_rate(benefit, row)
    term = row.number("loan_years")
    years = (
        Span(min(term.lo, benefit.years), min(term.hi, benefit.years))
        if term
        else Span(min(1.0, benefit.years), benefit.years)
    )
    low = min(each.of(principal.lo * yearly.lo * years.lo) for each in terms)
    high = max(each.of(principal.hi * yearly.hi * years.hi) for each in terms)
    limit = f"，贴息本金不超过 {benefit.principal_cap_wan:g} 万元" if benefit.principal_cap_wan else ""
    cap_text = f"，最高 {terms[-1].cap_wan:g} 万元" if terms[-1].cap_wan else ""
    span = f"{years.hi:g} 年" if years.exact else f"{years.lo:g}—{years.hi:g} 年"
    trace = f"按{row.show('loan_wan')} × {shown} × {span}估算{limit}{cap_text}{extra}"
    return _sum(0.0 if benefit.up_to else low, high, trace)


def _yearly_rate(benefit: Interest, row: Row) -> tuple[Span, str]:
    """What the benefit's rate is multiplied with, and how that reads."""
    assert benefit.rate is not None
    if benefit.form == "points":
        return Span(1.0, 1.0), f"年贴息 {_percent(benefit.rate)}"
    if benefit.form == "lpr_share":
        lpr, since = rate("lpr_1y", row.as_of)
        shown = f"一年期LPR {_percent(lpr)}（{since.isoformat()}起，以申报时公布为准）的 {_percent(benefit.rate)}"
        return Span(lpr, lpr), shown
    loan_rate = _need(row, "loan_rate")
    span = _percent(loan_rate.hi) if loan_rate.exact else f"{_percent(loan_rate.lo)}—{_percent(loan_rate.hi)}"
    return loan_rate, f"贷款年利率 {span} 的 {_percent(benefit.rate)}"


def _tax(benefit: Tax, row: Row) -> Amount:
    if benefit.form == "deferral":
        return _none("税款时间上的优惠（提前扣除或延长结转），不减少税款总额")
    if benefit.rate is None or benefit.base is None:
        return _unpriced(f"减免额取决于{benefit.base_text or '实际税款'}，无法从所填信息估算")
    stated = _need(row, benefit.base)
    limit = benefit.base_cap_wan or math.inf
    base = Span(min(max(stated.lo, 0.0), limit), min(max(stated.hi, 0.0), limit))
    share, shown = _tax_share(benefit, row)
    low, high = base.lo * share.lo, base.hi * max(share.hi, benefit.rate_max or 0.0)
    cap = f"，最高 {benefit.cap_wan:g} 万元" if benefit.cap_wan else ""
    trace = f"按{row.show(benefit.base)} × {shown}估算{cap}"
    return _sum(_capped(low, benefit.cap_wan), _capped(high, benefit.cap_wan), trace)


def _tax_share(benefit: Tax, row: Row) -> tuple[Span, str]:
    assert benefit.rate is not None
    if benefit.form == "rate":
        normal = benefit.normal_rate or rate("cit_rate", row.as_of)[0]
        saved = max(normal - benefit.rate, 0.0)
        return Span(saved, saved), f"（{_percent(normal)} − {_percent(benefit.rate)}）"
    if benefit.form == "super_deduction":
        cit = _income_tax_rate(row)
        shown = _percent(cit.lo) if cit.exact else f"{_percent(cit.lo)}—{_percent(cit.hi)}"
        share = Span(benefit.rate * cit.lo, benefit.rate * cit.hi)
        return share, f"加计 {_percent(benefit.rate)} × 所得税税率 {shown}（有应纳税所得额时）"
    return Span(benefit.rate, benefit.rate), f"{_percent(benefit.rate)} "


def _income_tax_rate(row: Row) -> Span:
    """The company's income-tax rate as far as its profile tells."""
    rates = {name: rate(name, row.as_of)[0] for name in ("cit_rate", "cit_rate_high_tech", "cit_rate_small")}
    high_tech, small = row.truth(_HIGH_TECH), row.truth(_SMALL)
    if small is Truth.TRUE:
        return Span(rates["cit_rate_small"], rates["cit_rate_small"])
    low = rates["cit_rate"]
    if high_tech is not Truth.FALSE:
        low = rates["cit_rate_high_tech"]
    if small is Truth.UNKNOWN:
        low = rates["cit_rate_small"]
    return Span(low, rates["cit_rate_high_tech"] if high_tech is Truth.TRUE else rates["cit_rate"])


def _premium(benefit: Premium, row: Row) -> Amount:
    if benefit.base is None:
        return _unpriced(f"按{benefit.base_text}的 {_percent(benefit.rate)} 补助")
    paid = _need(row, benefit.base)
    high = _capped(paid.hi * benefit.rate, benefit.cap_wan)
    low = 0.0 if benefit.up_to else _capped(paid.lo * benefit.rate, benefit.cap_wan)
    word = "不超过 " if benefit.up_to else ""
    return _sum(low, high, f"按{row.show(benefit.base)} × {word}{_percent(benefit.rate)} 估算")


def _per_unit(benefit: PerUnit, row: Row) -> Amount:
    if benefit.amount_wan is None:
        return _unpriced(f"按{benefit.unit}定额，标准未在来源中查到")
    low = benefit.low_wan if benefit.low_wan is not None else 0.0 if benefit.up_to else benefit.amount_wan
    yuan = benefit.amount_wan * YUAN_PER_WAN
    years = f" × {benefit.years:g} 年" if benefit.years != 1 else ""
    span = f"{low * YUAN_PER_WAN:,.0f}—{yuan:,.0f}" if 0 < low < benefit.amount_wan else f"{yuan:,.0f}"
    if benefit.base is None:
        return _unpriced(f"每{benefit.unit} {span} 元{years}")
    try:
        count = _need(row, benefit.base)
    except _Needs:
        label = registry()[benefit.base].label
        return Amount(None, None, f"每{benefit.unit} {span} 元{years}；补充“{label}”后可以估算总额", (benefit.base,))
    high_wan = _capped(count.hi * benefit.amount_wan * benefit.years, benefit.cap_wan)
    low_wan = _capped(count.lo * low * benefit.years, benefit.cap_wan)
    cap = f"，最高 {benefit.cap_wan:g} 万元" if benefit.cap_wan else ""
    return _sum(low_wan, high_wan, f"{row.show(benefit.base)} × 每{benefit.unit} {span} 元{years}{cap}")


_HANDLERS: dict[type, Callable[..., Amount]] = {
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
