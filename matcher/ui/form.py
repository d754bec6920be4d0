"""The enterprise form without its widgets: keys, choices, type-ahead, hints, and what was typed as a raw profile."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache

from matcher.ui import text
from policies.errors import InputError, Problem, UnknownCode
from policies.facts import show_number
from policies.fields import registry
from policies.industries import industries
from policies.profile import CompanyProfile
from policies.quantities import amounts_in_text
from policies.regions import regions
from policies.vocabulary import vocabularies

Choices = list[tuple[str, str]]

MAX_PLANS = 3
MAX_PLAN_CHARS = 2000
MAX_TEXT_CHARS = 500
MAX_SHORT_CHARS = 100
MAX_CANDIDATES = 8
ENOUGH_CANDIDATES = 3
MAX_HINTS = 5
PLAN_FIELDS = ("project_type", "equipment_invest_wan", "project_invest_wan", "loan_wan", "start")
SHORT_FIELDS = ("established", "employees", "revenue_wan", "assets_wan", "rd_expense_wan")
RADIO_FIELDS = ("ownership", "taxpayer_type", "credit_ok", "export")
KEYS = (
    "name", "uscc", "province", "city", "county", "industry", "industry_pick", "products", "established", "ownership",
    "employees", "revenue_wan", "assets_wan", "rd_expense_wan", "taxpayer_type", "credit_ok", "export", "honours",
    *(f"plan{number}_{name}" for number in range(1, MAX_PLANS + 1) for name in ("text", *PLAN_FIELDS)),
    "needs",
)  # fmt: skip
"""Every input of the form, in the order in which handlers receive them."""
FORM_FIELDS = frozenset(
    {"name", "uscc", "region", "industry_code", "products", "needs", "honours", "plans", *SHORT_FIELDS, *RADIO_FIELDS}
)
"""The fields of a raw profile that the form fills; every other fact is asked for by a question."""
TEXT_NAMES = ("name", "products", "needs")

_LIMITS = {"name": MAX_SHORT_CHARS, "products": MAX_TEXT_CHARS, "needs": MAX_TEXT_CHARS,
           **{f"plan{number}_text": MAX_PLAN_CHARS for number in range(1, MAX_PLANS + 1)}}  # fmt: skip
_FIELD_KEY = re.compile(r"（([a-z][a-z0-9_]*)）")
_PLAN_NUMBER = re.compile(r"第 (\d+) 项计划的")


# ---- choices --------------------------------------------------------------------------------------------------------


@cache
def provinces() -> Choices:
    """All provinces as (name, code), after 不清楚."""
    return below(regions().root)


def below(code: str | None) -> Choices:
    """Regions one level below a code as (name, code), after 不清楚; empty for no code, or one not in the table."""
    tree = regions()
    known = [(tree.title(child), child) for child in tree.children(code)] if code and code in tree else []
    return [(text.NOT_SURE, ""), *known] if known else []


def radio_choices(name: str) -> list[str]:
    """Choices of a flag or choice field, with 不清楚 last."""
    field = registry()[name]
    known = list(vocabularies()[field.vocabulary].terms) if field.kind == "choice" else [text.YES, text.NO]
    return [*known, text.NOT_SURE]


def terms(name: str) -> list[str]:
    """All terms of a set field's vocabulary."""
    return list(vocabularies()[registry()[name].vocabulary].terms)


def industry_candidates(typed: str) -> Choices:
    """Classes of GB/T 4754 that a person may mean, most likely first, as (code and name, code)."""
    tree = industries()
    typed = typed.strip()[:MAX_SHORT_CHARS]
    if not typed:
        return []
    try:
        meant = list(tree.expand(typed))
    except UnknownCode:
        meant = []
    found = [code for code, _ in tree.search(typed, 4 * MAX_CANDIDATES)]
    pairs = {typed[i : i + 2] for i in range(len(typed) - 1)}
    close = [code for code in found if _resembles(typed, pairs, code)]
    picked = [*meant, *close, *([] if len(meant) + len(close) >= ENOUGH_CANDIDATES else found)]
    codes = dict.fromkeys(single_class(code) for code in picked if tree.level(code) > 1)
    return [(f"{code} {tree.title(code)}", code) for code in list(codes)[:MAX_CANDIDATES]]


def _resembles(typed: str, pairs: set[str], code: str) -> bool:
    title = industries().title(code)
    digits = typed.upper().lstrip("ABCDEFGHIJKLMNOPQRST")
    return typed in title or any(pair in title for pair in pairs) or digits in code


def single_class(code: str) -> str:
    """The class itself, or its only child, which stands for the same activities."""
    children = industries().children(code)
    return single_class(children[0]) if len(children) == 1 else code


def plan_hint(plan: str) -> str:
    """What the plan's text seems to say, as an offer; '' if nothing was found."""
    clipped = plan[:MAX_PLAN_CHARS]
    amounts = dict.fromkeys(_shown_amount(written, span.lo, span.hi) for written, span in amounts_in_text(clipped))
    types = vocabularies()["project_type"].suggest(clipped)
    parts = []
    if amounts:
        parts.append(text.HINT_AMOUNTS.format(amounts="、".join(list(amounts)[:MAX_HINTS])))
    if types:
        parts.append(text.HINT_TYPES.format(types="、".join(types[:MAX_HINTS])))
    return "".join(parts)


def _shown_amount(written: str, low: float, high: float) -> str:
    shown = show_number(registry()["equipment_invest_wan"], low)
    return shown if low == high else written


# ---- reading --------------------------------------------------------------------------------------------------------


def read_form(values: Mapping[str, object]) -> dict[str, object]:
    """What was typed, as a raw profile that `CompanyProfile.model_validate` accepts.

    Raises:
        InputError: with every problem at once, each naming its field as the form does.
    """
    problems = [
        Problem(_label(key), text.TOO_LONG.format(limit=limit, given=len(_text(values, key))))
        for key, limit in _LIMITS.items()
        if len(_text(values, key)) > limit
    ]
    raw: dict[str, object] = {key: _text(values, key)[:MAX_TEXT_CHARS] for key in TEXT_NAMES}
    raw |= {key: _text(values, key)[:MAX_SHORT_CHARS] for key in ("uscc", *SHORT_FIELDS)}
    raw |= {key: _choice(values.get(key)) for key in RADIO_FIELDS}
    raw["region"] = _region(values)
    raw["industry_code"] = _industry(values)
    raw["honours"] = _honours(values.get("honours"), problems)
    numbers = [number for number in range(1, MAX_PLANS + 1) if any(_plan(values, number).values())]
    raw["plans"] = [_plan(values, number) for number in numbers]
    if not any(raw[key] for key in ("region", "industry_code", "products", "plans", "needs")):
        problems.append(Problem(text.WHOLE_FORM, text.TOO_EMPTY))
    problems += _profile_problems(raw, numbers)
    if problems:
        raise InputError(problems)
    return raw


def _profile_problems(raw: Mapping[str, object], numbers: Sequence[int]) -> list[Problem]:
    """What the profile says against the values, with the form's own numbers of the plans."""
    try:
        CompanyProfile.model_validate(raw)
    except InputError as error:

        def own(match: re.Match[str]) -> str:
            return text.PLAN_PREFIX.format(number=numbers[int(match[1]) - 1])

        return [Problem(_PLAN_NUMBER.sub(own, one.where), one.reason, one.remedy) for one in error.problems]
    return []


def problem_key(where: str) -> str:
    """Key of the input that a problem is about; '' if it is about none."""
    found = _FIELD_KEY.search(where)
    name = {"industry_code": "industry", "region": "province"}.get(found[1], found[1]) if found else ""
    plan = _PLAN_NUMBER.search(where)
    key = f"plan{plan[1]}_{name or 'text'}" if plan else name
    return key if key in KEYS else ""


def plain_where(where: str) -> str:
    """A problem's place without the key that only developers need."""
    return _FIELD_KEY.sub("", where)


def _label(key: str) -> str:
    if key.startswith("plan"):
        return text.PLAN_PREFIX.format(number=key[4]) + text.PLAN_TEXT
    return registry()[key].where


def _text(values: Mapping[str, object], key: str) -> str:
    value = values.get(key)
    return value.strip() if isinstance(value, str) else ""


def _choice(value: object) -> str | None:
    return value if isinstance(value, str) and value != text.NOT_SURE else None


def _region(values: Mapping[str, object]) -> str | None:
    return next((code for key in ("county", "city", "province") if (code := _text(values, key))), None)


def _industry(values: Mapping[str, object]) -> str | None:
    """The pick, unless something else was typed since; without one what was typed."""
    typed, picked = _text(values, "industry")[:MAX_SHORT_CHARS], _text(values, "industry_pick")
    return picked if picked in [code for _, code in industry_candidates(typed)] else typed or None


def _items(value: object) -> list[str]:
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []


def _honours(value: object, problems: list[Problem]) -> list[str] | None:
    chosen = _items(value)
    if text.NONE_HELD in chosen and len(chosen) > 1:
        problems.append(Problem(registry()["honours"].where, text.NONE_AND_SOME))
    return [item for item in chosen if item != text.NONE_HELD] if chosen else None


def _plan(values: Mapping[str, object], number: int) -> dict[str, object]:
    plan: dict[str, object] = {"text": _text(values, f"plan{number}_text")[:MAX_PLAN_CHARS]}
    for name in PLAN_FIELDS:
        key = f"plan{number}_{name}"
        many = name == "project_type"
        plan[name] = (_items(values.get(key)) or None) if many else _text(values, key)[:MAX_SHORT_CHARS]
    return plan
