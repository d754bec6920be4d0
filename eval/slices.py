"""Ways to divide labelled cases into groups that are reported apart: by industry, size, plans, gaps, region."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial

from eval.cases import Case
from policies.columns import columns_of
from policies.fields import registry
from policies.industries import industries
from policies.regions import regions
from policies.size import SIZE_TITLES
from policies.values import Span

SHANDONG = "370000"
_ASKED = frozenset({"number", "date", "choice", "flag", "set"})


@dataclass(frozen=True)
class Slice:
    """A way to divide cases into groups that are reported apart.

    Attributes:
        title: In Chinese.
        group_of: The group's name (in Chinese) that a case falls into.
    """

    title: str
    group_of: Callable[[Case], str] = field(repr=False)


def slices() -> tuple[Slice, ...]:
    """The slices of the report."""
    return (
        Slice("行业门类", industry_section),
        Slice("企业规模", size_class),
        Slice("设备或项目计划", lambda case: "有计划" if any(p.text.strip() for p in case.profile.plans) else "无计划"),
        Slice("未填核心信息", lambda case: _unknown_band(unknown_core(case))),
        Slice("地区", partial(_inside, code=SHANDONG, names=("山东省内", "山东省外"))),
    )


def industry_section(case: Case) -> str:
    """Letter and title of the company's GB/T 4754 section."""
    tree = industries()
    code = _code_of(case, "industry_code")
    if code is None:
        return "未填"
    path = [code]
    while (above := tree.parent(path[-1])) is not None and above != tree.root:
        path.append(above)
    return f"{path[-1]} {tree.title(path[-1])}"


def size_class(case: Case) -> str:
    """Size by 统计上大中小微型企业划分办法(2017), or 不确定 where the facts leave it open."""
    column = columns_of([case.profile], case.as_of).span("size")
    low, high = float(column.lo[0]), float(column.hi[0])
    return SIZE_TITLES[int(low)] if low == high and math.isfinite(low) else "不确定"


def unknown_core(case: Case) -> int:
    """How many of the core facts about the company itself (not its plans, texts or derived facts) are not known."""
    asked = [f for f in registry().values() if f.core and f.scope == "company" and not f.derived and f.kind in _ASKED]
    known = case.profile.facts
    return sum(f.name not in known or (isinstance(s := known[f.name], Span) and not s.known) for f in asked)


def _unknown_band(count: int) -> str:
    return "0–2 项" if count <= 2 else "3–5 项" if count <= 5 else "6 项以上"


def _code_of(case: Case, name: str) -> str | None:
    fact = case.profile.facts.get(name)
    tree = industries() if name == "industry_code" else regions()
    return tree.code_of(int(fact.lo), int(fact.hi)) if isinstance(fact, Span) and fact.known else None


def _inside(case: Case, code: str, names: Sequence[str]) -> str:
    fact = case.profile.facts.get("region")
    if not isinstance(fact, Span) or not fact.known:
        return "未填"
    low, high = regions().span(code)
    return names[0] if low <= fact.lo and fact.hi <= high else names[1]
