"""Rules and profiles over a handful of registry fields of every kind."""

from __future__ import annotations

import datetime as dt
import math

from hypothesis import strategies as st

from policies.facts import Fact, Items
from policies.fields import registry
from policies.industries import industries
from policies.profile import CompanyProfile, Plan
from policies.regions import regions
from policies.rules import Rule
from policies.values import Span
from policies.vocabulary import vocabularies
from tests.support import rule

AS_OF = dt.date(2026, 2, 28)
NUMBERS = {
    "employees": (0, 19, 20, 58, 300, 1000), "revenue_wan": (0, 300, 1999.5, 2000, 3200, 40000),
    "assets_wan": (0, 5000, 120000), "rd_expense_wan": (0, 50, 96, 160), "taxable_income_wan": (-5, 0, 300, 301),
    "monthly_sales_wan": (0, 10, 50), "taxable_sales_wan": (120, 500), "established_years": (1, 2, 10.5),
    "equipment_invest_wan": (0, 100, 500, 2000),
}  # fmt: skip
RATIOS = {"rd_ratio": (0.0, 0.03, 0.05, 1.0), "debt_asset_ratio": (0.0, 0.6, 1.2)}
DATES = {"established": ("2010", "2016-02-29", "2024-02", "2026-02-28"), "start": ("2024", "2025-07", "2026-01-01")}
CODES = {
    "industry_code": ("C", "C34", "C3421", "C134", "C1340", "I65", "F", "J", "工业"),
    "region": ("370000", "370100", "370200", "370211", "370100Z01", "110000", "计划单列市"),
}
CLASSES = ("size", "tax_credit_grade")
SETS = {
    "honours": ("高新技术企业", "科技型企业", "专精特新中小企业", "小巨人", "创新型中小企业"),
    "industry_tag": tuple(vocabularies()["industry_tag"].terms)[:3],
    "project_type": tuple(vocabularies()["project_type"].terms)[:4],
}
CHOICES = {"ownership": ("民营", "国企", "外资"), "project_status": tuple(vocabularies()["project_status"].terms)[:3]}
FLAGS = ("export", "credit_ok", "tax_status", "above_scale", "vehicle_permit")
PLAN_FIELDS = ("equipment_invest_wan", "start", "project_type", "project_status", "vehicle_permit")
BASE_FIELDS = (
    "employees", "revenue_wan", "assets_wan", "rd_expense_wan", "taxable_income_wan", "monthly_sales_wan",
    "debt_asset_ratio", "established", "industry_code", "region", "tax_credit_grade", "honours", "industry_tag",
    "ownership", "export", "credit_ok", *PLAN_FIELDS,
)  # fmt: skip
DERIVED_FIELDS = ("rd_ratio", "size", "tax_status", "above_scale", "established_years", "taxable_sales_wan")


@st.composite
def withins(draw: st.DrawFn) -> Rule:
    pools: dict[str, tuple[float | str, ...]] = {**NUMBERS, **RATIOS, **DATES}
    name = draw(st.sampled_from(sorted(pools)))
    low = draw(st.sampled_from(["min", "over", None]))
    high = draw(st.sampled_from(["max", "under", None] if low else ["max", "under"]))
    bounds = {key: draw(st.sampled_from(pools[name])) for key in (low, high) if key}
    return rule({"field": name, **bounds})


@st.composite
def one_ofs(draw: st.DrawFn) -> Rule:
    name = draw(st.sampled_from([*CODES, *CLASSES, *CHOICES, *FLAGS]))
    if name in FLAGS:
        return rule({"field": name, "is": draw(st.booleans())})
    pool = {**CODES, **CHOICES}.get(name) or registry()[name].classes
    return rule({"field": name, "in": draw(st.lists(st.sampled_from(pool), min_size=1, max_size=3))})


@st.composite
def has(draw: st.DrawFn) -> Rule:
    name = draw(st.sampled_from(sorted(SETS)))
    items = draw(st.lists(st.sampled_from(SETS[name]), min_size=1, max_size=3))
    return rule({"field": name, draw(st.sampled_from(["has", "has_all"])): items})


MANUAL = st.just(rule({"manual": "须符合产业政策"}))
LEAVES = st.one_of(withins(), one_ofs(), has(), MANUAL)


def _nested(parts: st.SearchStrategy[Rule], *, negation: bool) -> st.SearchStrategy[Rule]:
    several = st.lists(parts, min_size=1, max_size=3)
    forms = [several.map(lambda p: rule({"all": p})), several.map(lambda p: rule({"any": p}))]
    if negation:
        forms.append(parts.map(lambda p: rule({"not": p})))
    return st.one_of(*forms)


RULES = st.recursive(LEAVES, lambda parts: _nested(parts, negation=True), max_leaves=6)
POSITIVE_RULES = st.recursive(LEAVES, lambda parts: _nested(parts, negation=False), max_leaves=6)


@st.composite
def spans(draw: st.DrawFn, name: str) -> Span:
    pool = {**NUMBERS, **RATIOS}[name]
    floor = registry()[name].possible[0]
    near = st.sampled_from([max(floor, x + d) for x in pool for d in (-0.5, 0, 0.5)])
    lo, hi = sorted(draw(st.tuples(near, near)))
    shape = draw(st.sampled_from(["exact", "closed", "below", "above"]))
    return {"exact": Span(lo, lo), "closed": Span(lo, hi), "below": Span(floor, hi), "above": Span(lo, math.inf)}[shape]


@st.composite
def day_spans(draw: st.DrawFn) -> Span:
    days = st.dates(dt.date(2009, 12, 30), dt.date(2026, 2, 28)) | st.sampled_from(
        [dt.date(2016, 2, 29), dt.date(2024, 2, 29), dt.date(2025, 12, 31), dt.date(2026, 1, 1)]
    )
    first, last = sorted(draw(st.tuples(days, days)))
    return Span(float(first.toordinal()), float(draw(st.sampled_from([first, last])).toordinal()))


def _code_span(name: str, code: str) -> Span:
    tree = industries() if name == "industry_code" else regions()
    first, last = tree.span(code)
    return Span(float(first), float(last))


@st.composite
def item_sets(draw: st.DrawFn, name: str) -> Items:
    vocabulary = vocabularies()[registry()[name].vocabulary]
    stated = [vocabulary.canonical(item) for item in draw(st.lists(st.sampled_from(SETS[name]), max_size=3))]
    return Items(vocabulary.closure(stated), draw(st.booleans()), tuple(stated))


def facts(name: str) -> st.SearchStrategy[Fact]:
    """Any fact of a field."""
    kind = registry()[name].kind
    if kind in {"number", "ratio"}:
        return spans(name)
    if kind == "date":
        return day_spans()
    if kind == "class":
        top = len(registry()[name].classes) - 1
        pair = st.tuples(st.integers(0, top), st.integers(0, top)).map(sorted)
        return pair.map(lambda ends: Span(float(ends[0]), float(ends[1])))
    if name in CODES:
        pool = [code for code in CODES[name] if code[0].isascii()]
        return st.sampled_from(pool).map(lambda code: _code_span(name, code))
    if kind == "set":
        return item_sets(name)
    if kind == "flag":
        return st.sampled_from(["是", "否"])
    vocabulary = vocabularies()[registry()[name].vocabulary]
    return st.sampled_from(CHOICES[name]).map(vocabulary.canonical)


@st.composite
def fact_tables(draw: st.DrawFn, names: tuple[str, ...]) -> dict[str, Fact]:
    chosen = draw(st.lists(st.sampled_from(names), unique=True, max_size=8))
    return {name: draw(facts(name)) for name in chosen}


@st.composite
def profiles(draw: st.DrawFn) -> CompanyProfile:
    """Partial knowledge, none to three plans; company-level facts may stand in for plan-level ones."""
    plans = tuple(Plan(facts=table) for table in draw(st.lists(fact_tables(PLAN_FIELDS), max_size=3)))
    return CompanyProfile.model_construct(
        facts=draw(fact_tables((*BASE_FIELDS, *DERIVED_FIELDS))), plans=plans, texts={}
    )


@st.composite
def narrower(draw: st.DrawFn, name: str, fact: Fact | None) -> Fact | None:
    """A fact that says at least as much and does not contradict; unknown facts may be revealed."""
    if fact is None:
        return draw(st.none() | facts(name)) if name not in DERIVED_FIELDS else None
    if isinstance(fact, Items):
        more = draw(item_sets(name))
        held = fact.held if fact.exhaustive else fact.held | more.held
        return Items(held, fact.exhaustive or more.exhaustive, tuple(sorted(held)))
    if isinstance(fact, Span) and not fact.exact:
        return draw(_inside(fact, whole=registry()[name].kind not in {"number", "ratio"}))
    return fact


@st.composite
def _inside(draw: st.DrawFn, span: Span, *, whole: bool) -> Span:
    if whole:
        a, b = sorted(draw(st.tuples(*[st.integers(int(span.lo), int(span.hi))] * 2)))
        return Span(float(a), float(b))
    top = span.hi if math.isfinite(span.hi) else max(span.lo, 0.0) * 2 + 1
    points = st.sampled_from([span.lo, (span.lo + top) / 2, top, span.hi]) | st.floats(span.lo, top)
    a, b = sorted(draw(st.tuples(points, points)))
    return Span(a, b) if math.isfinite(a) else Span(top, b)


@st.composite
def narrowings(draw: st.DrawFn) -> tuple[CompanyProfile, CompanyProfile]:
    """A profile and one that knows at least as much."""
    wide = draw(profiles())

    def narrowed(before: dict[str, Fact], names: tuple[str, ...]) -> dict[str, Fact]:
        told = {name: draw(narrower(name, before.get(name))) for name in names}
        return {**before, **{name: fact for name, fact in told.items() if fact is not None}}

    revealed = tuple(draw(st.lists(st.sampled_from(BASE_FIELDS), unique=True, max_size=4)))
    company = narrowed(dict(wide.facts), tuple(dict.fromkeys((*wide.facts, *revealed))))
    plans = []
    for plan in wide.plans:
        shown = tuple(name for name in revealed if name in PLAN_FIELDS)
        effective = {name: fact for name, fact in {**wide.facts, **plan.facts}.items() if name in PLAN_FIELDS}
        own = narrowed(effective, tuple(dict.fromkeys((*plan.facts, *shown))))
        plans.append(Plan(facts={name: own[name] for name in own if name in plan.facts or name in shown}))
    return wide, CompanyProfile.model_construct(facts=company, plans=tuple(plans), texts={})
