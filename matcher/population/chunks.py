"""How companies are drawn, ten thousand at a time.

Seven of ten are in Shandong, the others all over the country; industries follow the sections' weights among firms;
employees, revenue and assets are log-normal and go together; research, honours (with their ladder), tax class and
grade follow from them; much is unknown. A third has a plan text that no other company has, a tenth one of fifty.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache, cached_property

import numpy as np
from numpy.typing import NDArray

from matcher.population.draws import (
    DAY,
    EXACT,
    MONTH,
    UNKNOWN,
    WITH_UNIT,
    YEAR,
    ChoiceDraw,
    CodeDraw,
    DateDraw,
    Draw,
    Ints,
    ItemsDraw,
    NumberDraw,
)
from matcher.population.plan_texts import equipment_of, family_of, plan_text, stock_texts
from policies.columns import Bools
from policies.fields import registry
from policies.industries import industries
from policies.regions import regions
from policies.uscc import ALPHABET
from policies.vocabulary import vocabularies

Floats = NDArray[np.float64]
Rng = np.random.Generator
CHUNK = 10_000
NO_PLAN, DISTINCT_PLAN, STOCK_PLAN = range(3)
PLAN_SHARES = (17 / 30, 1 / 3, 1 / 10)
SHANDONG, SHANDONG_SHARE = "370000", 0.7
CITY_WEIGHTS = {
    "370100": 3.0, "370200": 3.2, "370300": 1.4, "370400": 0.8, "370500": 0.9, "370600": 1.9, "370700": 2.3,
    "370800": 1.8, "370900": 1.0, "371000": 1.0, "371100": 0.8, "371300": 2.6, "371400": 1.1, "371500": 1.2,
    "371600": 1.0, "371700": 1.8,
}  # fmt: skip
CITY_ONLY, CODE_NOT_NAME, DIVISION_ONLY = 0.08, 0.3, 0.12
SECTION_WEIGHTS = {
    "A": 3, "B": 0.7, "C": 30, "D": 1, "E": 8, "F": 22, "G": 4, "H": 2, "I": 8, "J": 0.8, "K": 3, "L": 7, "M": 7,
    "N": 1, "O": 1.5, "P": 0.4, "Q": 0.4, "R": 0.8, "S": 0.1, "T": 0.1,
}  # fmt: skip
RESEARCHING = "CIM"
HONOURS = {  # term: threshold of technical strength, chance above it, least employees, what has to be held before
    "科技型中小企业": (0.7, 0.5, 1, ""),
    "高新技术企业": (0.8, 0.6, 5, ""),
    "创新型中小企业": (0.9, 0.6, 5, ""),
    "专精特新中小企业": (1.2, 0.6, 10, "创新型中小企业"),
    "专精特新“小巨人”企业": (1.8, 0.5, 20, "专精特新中小企业"),
    "重点“小巨人”企业": (2.3, 0.3, 50, "专精特新“小巨人”企业"),
    "瞪羚企业": (1.6, 0.2, 20, ""),
    "市级企业技术中心": (1.2, 0.3, 50, ""),
    "省级企业技术中心": (1.6, 0.4, 150, ""),
    "国家企业技术中心": (2.4, 0.3, 800, "省级企业技术中心"),
    "山东省一企一技术研发中心": (1.4, 0.2, 50, ""),
    "省级绿色工厂": (1.2, 0.1, 150, ""),
    "国家级绿色工厂": (1.8, 0.3, 300, "省级绿色工厂"),
    "省级数字化车间": (1.2, 0.15, 100, ""),
    "省级智能工厂": (1.6, 0.2, 200, ""),
    "制造业单项冠军（省级）": (1.9, 0.3, 100, ""),
    "制造业单项冠军（国家级）": (2.4, 0.4, 300, "制造业单项冠军（省级）"),
    "首台（套）技术装备（省级）": (1.6, 0.15, 50, ""),
    "国家知识产权优势企业": (1.7, 0.15, 50, ""),
    "亩产效益评价A类企业": (0.8, 0.1, 30, ""),
}
PROJECT_TYPES = ("设备更新", "技术改造", "智能化改造", "数字化改造", "绿色化改造", "节能降碳改造", "产业化", "技术创新")
EMPLOYEE_EDGES = (0, 10, 20, 50, 100, 300, 500, 1000)
MONEY_EDGES = (0, 300, 500, 2000, 5000, 20000, 100000)
TAX_GRADE_SHARES = (0.04, 0.1, 0.25, 0.5, 0.11)  # D C M B A
BRANDS = "鲁齐泰岱海蓝恒润金盛华瑞信达宏远博创新锐德昌正和天宇东方嘉诚中科立安康美丰源"
LATEST = np.datetime64("2026-06-30")
LATEST_START = np.datetime64("2027-06-30")


@dataclass(frozen=True, eq=False)
class Chunk:
    """CHUNK companies.

    Attributes:
        seed: The population.
        number: Place of the chunk in it.
        company: Company-level fields by registry name.
        plan: Plan-level fields; unknown for a company without a plan.
        plans: NO_PLAN, DISTINCT_PLAN or STOCK_PLAN, int64 (CHUNK,).
    """

    seed: int
    number: int
    company: Mapping[str, Draw]
    plan: Mapping[str, Draw]
    plans: Ints

    @property
    def first(self) -> int:
        """Number of the first company in the population."""
        return self.number * CHUNK

    @cached_property
    def industry(self) -> list[str]:
        """Industry code of each company, "" for unknown."""
        draw = self.company["industry_code"]
        return [str(draw.raw(row) or "") for row in range(CHUNK)]

    def plan_texts(self) -> list[str]:
        """The plan of each company, "" for none."""
        invest, stock, texts = self.plan["equipment_invest_wan"], stock_texts(), []
        assert isinstance(invest, NumberDraw)
        for row, industry in enumerate(self.industry):
            kind, number = int(self.plans[row]), self.first + row
            cost = int(invest.value[row]) if invest.form[row] in (EXACT, WITH_UNIT) else None
            own = plan_text(number, industry, cost) if kind == DISTINCT_PLAN else ""
            texts.append(own or (stock[number * 7 % len(stock)] if kind == STOCK_PLAN else ""))
        return texts

    def products(self) -> list[str]:
        """What those with a plan of their own sell, "" for the others."""
        tools = [equipment_of(family_of(industry)) for industry in self.industry]
        return [
            f"{tool[(self.first + row) % len(tool)]}及配件" if self.plans[row] == DISTINCT_PLAN else ""
            for row, tool in enumerate(tools)
        ]

    def names(self) -> list[str]:
        """Names of the companies; not all different."""
        place, titles = self.company["region"], places().titles
        assert isinstance(place, CodeDraw)
        brand = np.random.default_rng([self.seed, self.number, 1]).integers(0, len(BRANDS), (CHUNK, 2))
        found = []
        for row, industry in enumerate(self.industry):
            where = titles[place.place[row] % len(titles)] if place.place[row] >= 0 else "山东"
            what = industries().title(industry) if industry else "实业"
            found.append(f"{where}{BRANDS[brand[row, 0]]}{BRANDS[brand[row, 1]]}{what}有限公司")
        return found

    def usccs(self) -> list[str]:
        """Unified social credit codes with their check character; "" for one in twenty."""
        rng = np.random.default_rng([self.seed, self.number, 2])
        region = self.company["region"]
        assert isinstance(region, CodeDraw)
        digits = np.empty((CHUNK, 17), dtype=np.int64)
        digits[:, 0], digits[:, 1] = 9, 1
        digits[:, 2:8] = places().authority[region.place % len(places().titles)]
        digits[:, 8:17] = rng.integers(0, len(ALPHABET), (CHUNK, 9))
        weights = np.array([pow(3, place, 31) for place in range(17)])
        full = np.column_stack([digits, -(digits @ weights) % 31])
        codes = np.array(list(ALPHABET))[full].view("U18").ravel()
        return [str(code) for code in np.where(rng.random(CHUNK) < 0.05, "", codes)]


@dataclass(frozen=True)
class Places:
    """Where companies are.

    Attributes:
        codes: Region codes, each once.
        written: Its path of names, then all once more as codes.
        titles: Own names.
        chances: Share of companies, float64 (codes,).
        authority: Digits 3 to 8 of a credit code, int64 (codes, 6).
    """

    codes: tuple[str, ...]
    written: tuple[str, ...]
    titles: tuple[str, ...]
    chances: Floats
    authority: Ints


@cache
def places() -> Places:
    """All cities and counties with their share of companies."""
    tree, weights = regions(), dict[str, float]()
    for city, weight in CITY_WEIGHTS.items():
        below = tree.children(city)
        weights[city] = weight * CITY_ONLY
        weights.update({code: weight * (1 - CITY_ONLY) / len(below) for code in below})
    scale = SHANDONG_SHARE / sum(weights.values())
    elsewhere = [code for code in _counties(tree.root) if not code.startswith(SHANDONG[:2])]
    chances = [weight * scale for weight in weights.values()] + [(1 - SHANDONG_SHARE) / len(elsewhere)] * len(elsewhere)
    codes = (*weights, *elsewhere)
    written = (*("/".join(tree.path(code)) for code in codes), *codes)
    digits = np.array([[int(digit) for digit in code[:6]] for code in codes], dtype=np.int64)
    return Places(codes, written, tuple(tree.title(code) for code in codes), np.array(chances), digits)


def _counties(code: str) -> Iterator[str]:
    """County-level codes below a code, in order."""
    for child in regions().children(code):
        if regions().level(child) == 3:
            yield child
        yield from _counties(child)


@cache
def trades() -> tuple[tuple[str, ...], Floats]:
    """Industry codes that companies state, and the share of each."""
    tree, shares = industries(), dict[str, float]()
    for section, weight in SECTION_WEIGHTS.items():
        divisions = tree.children(section)
        leaves = [leaf for division in divisions for group in tree.children(division) for leaf in tree.children(group)]
        shares.update({code: weight * DIVISION_ONLY / len(divisions) for code in divisions})
        shares.update({code: weight * (1 - DIVISION_ONLY) / len(leaves) for code in leaves})
    chances = np.array(list(shares.values()))
    return tuple(shares), chances / chances.sum()


def draw_chunk(seed: int, number: int) -> Chunk:
    """The companies number * CHUNK to (number + 1) * CHUNK (excluded) of a population."""
    rng = np.random.default_rng([seed, number])
    where, trade = places(), trades()
    region = rng.choice(len(where.codes), CHUNK, p=where.chances)
    region += len(where.codes) * (rng.random(CHUNK) < CODE_NOT_NAME)
    industry = rng.choice(len(trade[0]), CHUNK, p=trade[1])
    section = np.array([code[0] for code in trade[0]])[industry]
    company: dict[str, Draw] = {
        "region": CodeDraw.of_tree(_some(rng, region, 0.01), where.codes * 2, where.written, regions()),
        "industry_code": CodeDraw.of_tree(_some(rng, industry, 0.03), trade[0], trade[0], industries()),
    }
    employees = np.exp(rng.normal(np.where(np.isin(section, ["C", "E"]), 3.3, 2.4), 1.2)).astype(np.int64) + 1
    revenue = (employees * np.exp(rng.normal(3.6, 0.9, CHUNK))).astype(np.int64) + 1
    research = np.isin(section, list(RESEARCHING))
    strength = rng.normal(0, 1, CHUNK) + 0.2 * (np.log(employees) - 3) - np.where(research, 0, 2)
    company |= _business(rng, employees, revenue) | _innovation(rng, employees, revenue, strength) | _standing(rng)
    codes = np.where(revenue + rng.normal(0, 200, CHUNK) > 500, 1, 2)
    company["taxpayer_type"] = ChoiceDraw(_known(rng, codes, 0.2), ("一般纳税人", "小规模纳税人"))
    plans = rng.choice(3, CHUNK, p=PLAN_SHARES)
    return Chunk(seed, number, company, _plans(rng, revenue, plans), plans)


def _some(rng: Rng, places_: Ints, unknown: float) -> Ints:
    """Places with a share of them unknown (-1)."""
    return np.where(rng.random(CHUNK) < unknown, -1, places_)


def _known(rng: Rng, codes: Ints, unknown: float) -> NDArray[np.uint8]:
    """Choice codes with a share of them unknown (0)."""
    return np.where(rng.random(CHUNK) < unknown, 0, codes).astype(np.uint8)


def _number(
    rng: Rng, value: Ints, unit: str, unknown: float, edges: tuple[int, ...] = (), ranges: float = 0.1
) -> NumberDraw:
    """A number field; without edges nobody states a range."""
    ranges = ranges if edges else 0.0
    shares = (unknown, (1 - unknown) * (0.85 - ranges), (1 - unknown) * 0.15, (1 - unknown) * ranges)
    return NumberDraw(rng.choice(4, CHUNK, p=shares), value, edges or (0,), unit)


def _business(rng: Rng, employees: Ints, revenue: Ints) -> dict[str, Draw]:
    assets = (revenue * np.exp(rng.normal(0.1, 0.8, CHUNK))).astype(np.int64) + 1
    age_days = np.minimum(rng.exponential(9 * 365, CHUNK), 40 * 365).astype(np.int64)
    day_form = rng.choice([UNKNOWN, DAY, MONTH, YEAR], CHUNK, p=[0.05, 0.6, 0.23, 0.12])
    return {
        "employees": _number(rng, employees, "人", 0.08, EMPLOYEE_EDGES, 0.15),
        "revenue_wan": _number(rng, revenue, "万元", 0.2, MONEY_EDGES),
        "assets_wan": _number(rng, assets, "万元", 0.3, MONEY_EDGES),
        "established": DateDraw(day_form, LATEST - age_days.astype("timedelta64[D]")),
    }


def _innovation(rng: Rng, employees: Ints, revenue: Ints, strength: Floats) -> dict[str, Draw]:
    ratio = np.where(strength > 0, rng.gamma(2, 0.025, CHUNK), 0).clip(0, 0.9)
    staff = (employees * np.where(strength > 0, rng.beta(2, 9, CHUNK), 0)).astype(np.int64)
    patents = rng.poisson(np.where(strength > 0, 1.5 * np.exp(strength), 0.05))
    return {
        "rd_expense_wan": _number(rng, (revenue * ratio).astype(np.int64), "万元", 0.3),
        "rd_staff": _number(rng, staff, "人", 0.35),
        "patents": _number(rng, patents, "项", 0.35),
        "honours": _honours(rng, employees, strength),
    }


def _honours(rng: Rng, employees: Ints, strength: Floats) -> ItemsDraw:
    terms = tuple(HONOURS)
    stated = np.zeros((CHUNK, len(terms)), dtype=bool)
    for i, (threshold, chance, least, before) in enumerate(HONOURS.values()):
        stated[:, i] = (strength > threshold) & (rng.random(CHUNK) < chance) & (employees >= least)
        if before:
            stated[:, i] &= stated[:, terms.index(before)]
    silent = rng.random(CHUNK) < np.where(stated.any(axis=1), 0.15, 0.4)
    return ItemsDraw(stated, terms, ~silent, vocabularies()["honours"], registry()["honours"].exhaustive)


def _standing(rng: Rng) -> dict[str, Draw]:
    def flag(share: float, unknown: float) -> ChoiceDraw:
        return ChoiceDraw(_known(rng, np.where(rng.random(CHUNK) < share, 2, 1), unknown), ("否", "是"))

    grade = rng.choice(5, CHUNK, p=TAX_GRADE_SHARES)
    ownership = rng.choice([1, 2, 3, 4], CHUNK, p=[0.88, 0.05, 0.05, 0.02])
    return {
        "tax_credit_grade": CodeDraw.of_classes(_some(rng, grade, 0.4), registry()["tax_credit_grade"].classes),
        "ownership": ChoiceDraw(_known(rng, ownership, 0.3), ("民营", "国有", "外资", "集体")),
        "credit_ok": flag(0.97, 0.15),
        "export": flag(0.18, 0.3),
    }


def _plans(rng: Rng, revenue: Ints, plans: Ints) -> dict[str, Draw]:
    """Plan-level fields: of a company without a plan nothing is known."""
    invest = (revenue * np.exp(rng.normal(-1.6, 0.9, CHUNK))).astype(np.int64) + 5
    project = (invest * rng.uniform(1.1, 2.0, CHUNK)).astype(np.int64)
    loan = (project * rng.uniform(0.2, 0.7, CHUNK)).astype(np.int64)
    there = plans != NO_PLAN

    def money(value: Ints, unknown: float) -> NumberDraw:
        draw = _number(rng, value, "万元", unknown, MONEY_EDGES, 0.05)
        return NumberDraw(np.where(there, draw.form, UNKNOWN), value, draw.edges, draw.unit)

    start = LATEST_START - rng.integers(0, 900, CHUNK).astype("timedelta64[D]")
    form = np.where(
        there & (rng.random(CHUNK) > 0.3), rng.choice([DAY, MONTH, YEAR], CHUNK, p=[0.2, 0.6, 0.2]), UNKNOWN
    )
    stated: Bools = rng.random((CHUNK, len(PROJECT_TYPES))) < 0.2
    some = there & stated.any(axis=1) & (rng.random(CHUNK) > 0.3)
    vocabulary, exhaustive = vocabularies()["project_type"], registry()["project_type"].exhaustive
    return {
        "equipment_invest_wan": money(invest, 0.3),
        "project_invest_wan": money(project, 0.3),
        "loan_wan": money(loan, 0.5),
        "start": DateDraw(np.where(there, form, UNKNOWN), start),
        "project_type": ItemsDraw(stated, PROJECT_TYPES, some, vocabulary, exhaustive),
    }
