"""Synthetic measures for benchmarks: real rule trees with the statistics of the shipped library.

Of the 194 measures active on 2026-11-23, 56 % ask for a region (most often the province or a city of it); they have
4.3 conditions on average, a sixth of them manual checks; one part in fourteen is an alternative, one in a hundred a
negation. Conditions repeat: 2,000 measures are made from POOL distinct ones besides the region. Three quarters of the
conditions ask for what the companies of `population` may state, the rest for fields that nobody fills in.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from pydantic import TypeAdapter

from matcher.population.chunks import CITY_WEIGHTS, SHANDONG
from policies.fields import registry
from policies.industries import industries
from policies.regions import regions
from policies.rules import All, Rule
from policies.vocabulary import vocabularies

Raw = dict[str, object]
Rng = np.random.Generator
Option = TypeVar("Option", int, str)
RULE: TypeAdapter[Rule] = TypeAdapter(Rule)


@dataclass(frozen=True)
class Spread:
    """Where measures hold.

    Attributes:
        regional: Share that asks for a region.
        levels: Weights of 山东 ("province"), another province ("elsewhere"), one of its cities ("city"), several of
            them ("cities") and a county ("county").
        fields: The only fields that conditions ask for, besides the region; empty for all, manual checks included.
    """

    regional: float
    levels: dict[str, int]
    fields: frozenset[str] = frozenset()


LIKE_LIBRARY = Spread(0.56, {"province": 43, "elsewhere": 5, "city": 41, "cities": 3, "county": 8})
"""As in the shipped library."""
LOCAL = Spread(0.9, {"province": 20, "elsewhere": 5, "city": 40, "cities": 2, "county": 33})
"""As when it grows to thousands: there are only so many national and provincial measures, the others are local."""
STATED = Spread(
    LOCAL.regional,
    LOCAL.levels,
    frozenset({"industry_code", "size", "revenue_wan", "employees", "equipment_invest_wan", "established", "rd_ratio",
               "honours"}),
)  # fmt: skip
"""Mostly local, and asking only for the eight facts that a company registers with: few pairs stay UNKNOWN."""
PARTS = {1: 9, 2: 30, 3: 42, 4: 48, 5: 45, 6: 14, 7: 6}
"""How many parts a rule has, its region included: weights."""
ALTERNATIVE, NEGATION = 0.07, 0.01
KINDS = {  # kind of condition: how many of the shipped library are such, how many distinct ones the pool has
    "industry": (117, 130), "set": (202, 150), "number": (89, 132), "flag": (84, 18), "choice": (36, 16),
    "class": (34, 10), "ratio": (21, 26), "date": (6, 16), "manual": (131, 12),
}  # fmt: skip
POOL = sum(size for _, size in KINDS.values())
GRIDS: dict[str, tuple[float, ...]] = {
    "employees": (10, 20, 50, 100, 300, 500, 1000), "revenue_wan": (300, 500, 1000, 2000, 5000, 10000, 20000, 40000),
    "assets_wan": (500, 1000, 2000, 5000, 10000), "rd_expense_wan": (50, 100, 200, 500, 1000), "patents": (1, 3, 5, 10),
    "rd_staff": (3, 5, 10, 50), "established_years": (1, 2, 3, 5, 10), "loan_wan": (100, 500, 1000, 3000),
    "equipment_invest_wan": (50, 100, 200, 300, 500, 1000, 2000, 5000),
    "project_invest_wan": (100, 500, 1000, 2000, 5000, 10000), "registered_capital_wan": (100, 500, 1000),
    "self_score": (60, 70, 80), "labour_contract_years": (1, 3), "tech_transfer_income_wan": (500,),
}  # fmt: skip
RATIO_GRIDS = {
    "rd_ratio": (0.02, 0.03, 0.04, 0.05, 0.06, 0.1), "rd_staff_ratio": (0.05, 0.1, 0.2), "market_share": (0.1, 0.3),
    "debt_asset_ratio": (0.5, 0.6, 0.7), "hitech_income_ratio": (0.5, 0.6), "new_hire_ratio": (0.1, 0.15),
}  # fmt: skip
FLAGS = {
    "credit_ok": 38, "export": 8, "above_scale": 6, "tax_status": 4, "social_insurance_paid": 5, "environment_ok": 3,
    "ip_ownership": 4, "wage_arrears": 2, "loan_contract_signed": 3,
}  # fmt: skip
CHOICES = ("taxpayer_type", "ownership", "taxpayer_type", "ownership", "legal_form", "project_status")
SETS = {"honours": 47, "project_type": 34, "first_time": 25, "industry_tag": 21, "loan_purpose": 15, "platform": 4}
SIZES = (("微型", "小型"), ("微型", "小型", "中型"), ("中型", "大型"), ("大型",), ("小型", "中型"), ("微型",))
GRADES = (("A",), ("A", "B"), ("A", "B", "M"), ("A", "B", "M", "C"))


def rules(m: int, seed: int, spread: Spread = LIKE_LIBRARY) -> tuple[All, ...]:
    """The first m measures' rules of a seed."""
    rng = np.random.default_rng([seed, 4])
    pool = {kind: _distinct(rng, _MAKERS[kind], size, spread.fields) for kind, (_, size) in KINDS.items()}
    return tuple(_rule(rng, pool, spread) for _ in range(m))


def _rule(rng: Rng, pool: dict[str, list[Rule]], spread: Spread) -> All:
    parts = [_region(rng, spread)] if rng.random() < spread.regional else []
    for _ in range(_pick(rng, PARTS) - len(parts)):
        shape = rng.random()
        if shape < ALTERNATIVE:
            parts.append(RULE.validate_python({"any": [_branch(rng, pool) for _ in range(int(rng.integers(2, 5)))]}))
        else:
            leaf = _leaf(rng, pool)
            parts.append(RULE.validate_python({"not": leaf}) if shape < ALTERNATIVE + NEGATION else leaf)
    return All.model_validate({"all": parts})


def _branch(rng: Rng, pool: dict[str, list[Rule]]) -> Rule:
    """One way of an alternative: a condition, or two together."""
    if rng.random() < 0.7:
        return _leaf(rng, pool)
    return RULE.validate_python({"all": [_leaf(rng, pool), _leaf(rng, pool)]})


def _leaf(rng: Rng, pool: dict[str, list[Rule]]) -> Rule:
    own = pool[_pick(rng, {kind: weight for kind, (weight, _) in KINDS.items() if pool[kind]})]
    return own[int(rng.integers(len(own)))]


def _pick(rng: Rng, weights: dict[Option, int]) -> Option:
    options = list(weights)
    chances = np.array([weights[option] for option in options], dtype=np.float64)
    return options[int(rng.choice(len(options), p=chances / chances.sum()))]


def _distinct(rng: Rng, make: Callable[[Rng], Raw], size: int, fields: frozenset[str]) -> list[Rule]:
    """Different leaves; the maker has more of them than are asked for, unless only some fields are."""
    found: dict[str, Rule] = {}
    for _ in range(100 * size):
        raw = make(rng)
        if fields and raw.get("field") not in fields:
            continue
        leaf = RULE.validate_python(raw)
        found.setdefault(leaf.model_dump_json(), leaf)
        if len(found) == size:
            break
    if not fields and len(found) < size:
        raise ValueError(f"only {len(found)} of {size} different leaves")
    return list(found.values())


def _region(rng: Rng, spread: Spread) -> Rule:
    tree, level = regions(), _pick(rng, spread.levels)
    cities = {city: int(weight * 10) for city, weight in CITY_WEIGHTS.items()}
    if level == "province":
        codes = [SHANDONG]
    elif level == "elsewhere":
        codes = [str(rng.choice(tree.children(tree.root)))]
    else:
        codes = [_pick(rng, cities) for _ in range(3 if level == "cities" else 1)]
        if level == "county":
            codes = [str(rng.choice(tree.children(codes[0])))]
    return RULE.validate_python({"field": "region", "in": ["/".join(tree.path(code)) for code in codes]})


def _industry(rng: Rng) -> Raw:
    tree = industries()
    codes = []
    for _ in range(int(rng.integers(1, 5))):
        section = _pick(rng, {"C": 60, "I": 15, "M": 10, "E": 5, "F": 5, "A": 5})
        code = section if rng.random() < 0.4 else str(rng.choice(tree.children(section)))
        if len(code) == 3 and rng.random() < 0.3:
            code = str(rng.choice(tree.children(code)))
        codes.append(code)
    return {"field": "industry_code", "in": sorted(set(codes))}


def _set(rng: Rng) -> Raw:
    name = _pick(rng, SETS)
    terms = list(vocabularies()[registry()[name].vocabulary].terms)
    items = sorted({str(rng.choice(terms)) for _ in range(int(rng.integers(1, 4)))})
    return {"field": name, "has_all" if rng.random() < 0.1 else "has": items}


def _number(rng: Rng) -> Raw:
    name = str(rng.choice(list(GRIDS)))
    low, high = sorted(float(x) for x in rng.choice(GRIDS[name], 2))
    form = rng.random()
    if form < 0.65:
        return {"field": name, "min": low}
    if form < 0.85:
        return {"field": name, "max": high}
    return {"field": name, "over": low} if form < 0.93 else {"field": name, "min": low, "max": high}


def _ratio(rng: Rng) -> Raw:
    name = str(rng.choice(list(RATIO_GRIDS)))
    bound = "max" if name == "debt_asset_ratio" else str(rng.choice(["min", "over"]))
    return {"field": name, bound: float(rng.choice(RATIO_GRIDS[name]))}


def _date(rng: Rng) -> Raw:
    if rng.random() < 0.5:
        return {"field": "established", str(rng.choice(["min", "max"])): str(rng.integers(2010, 2026))}
    return {"field": "start", "min": f"{rng.integers(2024, 2027)}-{rng.integers(1, 13):02d}"}


def _flag(rng: Rng) -> Raw:
    return {"field": _pick(rng, FLAGS), "is": bool(rng.random() < 0.9)}


def _choice(rng: Rng) -> Raw:
    name = str(rng.choice(CHOICES))
    terms = list(vocabularies()[registry()[name].vocabulary].terms)
    return {"field": name, "in": sorted({str(rng.choice(terms)) for _ in range(int(rng.integers(1, 4)))})}


def _class(rng: Rng) -> Raw:
    if rng.random() < 0.7:
        return {"field": "size", "in": SIZES[int(rng.integers(len(SIZES)))]}
    return {"field": "tax_credit_grade", "in": GRADES[int(rng.integers(len(GRADES)))]}


def _manual(rng: Rng) -> Raw:
    return {"manual": f"须由主管部门核实第{rng.integers(1, 40)}项"}


_MAKERS: dict[str, Callable[[Rng], Raw]] = {
    "industry": _industry, "set": _set, "number": _number, "flag": _flag, "choice": _choice, "class": _class,
    "ratio": _ratio, "date": _date, "manual": _manual,
}  # fmt: skip
