"""The enterprise form filled in from a kept profile: the reverse of `form.read_form`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

from matcher.ui import text
from matcher.ui.form import (
    KEYS,
    MAX_PLANS,
    PLAN_FIELDS,
    RADIO_FIELDS,
    SHORT_FIELDS,
    TEXT_NAMES,
    Choices,
    below,
    industry_candidates,
    radio_choices,
    single_class,
    terms,
)
from policies.facts import Fact, Items, show_fact
from policies.fields import registry
from policies.industries import industries
from policies.profile import CompanyProfile, Plan
from policies.regions import regions
from policies.values import Span

MAX_DRAFT_CHARS = 50_000


@dataclass(frozen=True)
class Filled:
    """What the inputs show.

    Attributes:
        values: By key of `form.KEYS`; an input that is absent stays empty.
        choices: What the dependent inputs offer: city, county, industry_pick.
        left_out: What the form has no place for, in Chinese.
    """

    values: Mapping[str, object]
    choices: Mapping[str, Choices]
    left_out: tuple[str, ...]


def fill(raw: Mapping[str, object]) -> Filled:
    """Fill the form with a raw profile.

    Raises:
        InputError: the profile cannot be read.
    """
    profile = CompanyProfile.model_validate(raw)
    facts = profile.facts
    values: dict[str, object] = {name: raw.get(name) or "" for name in TEXT_NAMES}
    values["uscc"] = profile.uscc or ""
    values |= {name: _written(raw, name, facts.get(name)) for name in SHORT_FIELDS}
    values |= {name: facts[name] for name in RADIO_FIELDS if name in facts}
    values["honours"] = _honours(facts.get("honours"))
    place, place_choices = _region(facts.get("region"))
    trade, trade_choices = _industry(facts.get("industry_code"))
    plans = raw.get("plans")
    written = plans if isinstance(plans, list) else []
    for number, (plan, given) in enumerate(zip(profile.plans[:MAX_PLANS], written, strict=False), 1):
        values |= {f"plan{number}_{name}": value for name, value in _plan(plan, given).items()}
    return Filled(values | place | trade, place_choices | trade_choices, _left_out(raw, written))


def draft(written: str, owner: str) -> Filled | None:
    """Fill the form with what a browser kept of it (JSON: owner, values as shown by key); nothing is checked yet.

    Args:
        written: From the browser: anything.
        owner: Mark of who is asking; somebody else's draft is not shown.

    Returns:
        None where there is no draft.
    """
    try:
        kept = json.loads(written) if len(written) <= MAX_DRAFT_CHARS else None
    except (ValueError, RecursionError):
        return None
    values = kept.get("values") if isinstance(kept, dict) and kept.get("owner") == owner else None
    given = {key: value for key, value in values.items() if key in KEYS} if isinstance(values, dict) else {}
    if not any(value and value != text.NOT_SURE for value in given.values()):
        return None
    place, choices = _region_by_names(given)
    typed = given.get("industry")
    offered = industry_candidates(typed) if isinstance(typed, str) else []
    filled = {key: value for key, value in ((key, _as_shown(key, value)) for key, value in given.items()) if value}
    if given.get("industry_pick") in [code for _, code in offered]:
        filled["industry_pick"] = given["industry_pick"]
        choices["industry_pick"] = offered
    return Filled(filled | place, choices, ())


def _as_shown(key: str, value: object) -> object:
    """A value that its input can show; None for any other."""
    if key in {"province", "city", "county", "industry_pick"}:
        return None
    if key in RADIO_FIELDS:
        return value if value in radio_choices(key) else None
    if key == "honours" or key.endswith("_project_type"):
        offered = [text.NONE_HELD, *terms("honours"), *terms("project_type")]
        return [item for item in value if item in offered] if isinstance(value, list) else None
    return value if isinstance(value, str) else None


def _region_by_names(given: Mapping[str, object]) -> tuple[dict[str, object], dict[str, Choices]]:
    """The cascade by the names that its boxes show."""
    chosen: dict[str, object] = {}
    choices: dict[str, Choices] = {}
    above: str | None = regions().root
    for key in ("province", "city", "county"):
        choices[key] = below(above)
        above = next((code for name, code in choices[key] if name == given.get(key)), None)
        if not above:
            break
        chosen[key] = above
    return chosen, choices


def _written(raw: Mapping[str, object], name: str, fact: Fact | None) -> str:
    """As the person wrote it where that was text, else as the fact is shown."""
    value = raw.get(name)
    if fact is None:
        return ""
    return value if isinstance(value, str) else show_fact(registry()[name], fact)


def _honours(fact: Fact | None) -> list[str]:
    if not isinstance(fact, Items):
        return []
    return list(fact.stated) or [text.NONE_HELD]


def _region(fact: Fact | None) -> tuple[dict[str, object], dict[str, Choices]]:
    """The cascade down to the region; a zone inside a county stands where the county would."""
    tree = regions()
    code = tree.code_of(int(fact.lo), int(fact.hi)) if isinstance(fact, Span) else None
    if code is None:
        return {}, {}
    chain = [code]
    while (parent := tree.parent(chain[0])) is not None:
        chain.insert(0, parent)
    chosen = dict(zip(("province", "city", "county"), [*chain[:2], *chain[2:][-1:]], strict=False))
    choices = {"city": below(chain[0])}
    if len(chain) > 1:
        offered = below(chain[1])
        county = chosen.get("county")
        missing = county is not None and county not in [each for _, each in offered]
        choices["county"] = [*offered, (tree.title(code), code)] if missing else offered
    return dict(chosen), choices


def _industry(fact: Fact | None) -> tuple[dict[str, object], dict[str, Choices]]:
    tree = industries()
    code = tree.code_of(int(fact.lo), int(fact.hi)) if isinstance(fact, Span) else None
    if code is None:
        return {}, {}
    typed, picked = tree.title(code), single_class(code)
    offered = industry_candidates(typed)
    if picked not in [each for _, each in offered]:
        return {"industry": code}, {}
    return {"industry": typed, "industry_pick": picked}, {"industry_pick": offered}


def _plan(plan: Plan, given: Mapping[str, object]) -> dict[str, object]:
    filled: dict[str, object] = {"text": given.get("text") or ""}
    for name in PLAN_FIELDS:
        fact = plan.facts.get(name)
        many = registry()[name].kind == "set"
        filled[name] = list(fact.stated if isinstance(fact, Items) else ()) if many else _written(given, name, fact)
    return filled


def _left_out(raw: Mapping[str, object], plans: list[Mapping[str, object]]) -> tuple[str, ...]:
    """Texts and facts of single plans that no input holds; company facts are answers and are never lost."""
    fields = registry()
    found = [fields["industry_name"].label] if raw.get("industry_name") else []
    other = raw.get("other")
    found += [fields[key].label if key in fields else key for key in other] if isinstance(other, Mapping) else []
    for number, plan in enumerate(plans, 1):
        prefix = text.PLAN_LEFT_OUT.format(number=number)
        if number > MAX_PLANS:
            found.append(prefix)
            continue
        extra = [key for key in plan if key != "text" and fields[key].name not in PLAN_FIELDS]
        found += [f"{prefix}的{fields[key].label}" for key in extra]
    return tuple(found)
