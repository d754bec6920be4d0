"""The answers as the system understood them, to be checked before the match."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from matcher.ui import layout, text
from matcher.ui.form import plain_where
from matcher.ui.session import Session, profile_of
from policies.columns import columns_of
from policies.facts import Fact, show_fact
from policies.fields import registry
from policies.profile import CompanyProfile

WHO = ("name", "uscc", "region", "industry_code", "products", "established", "ownership")
STATE = (
    "employees", "revenue_wan", "assets_wan", "size", "above_scale", "rd_expense_wan", "rd_ratio", "taxpayer_type",
    "tax_status", "credit_ok", "export", "honours",
)  # fmt: skip
PLAN = ("project_type", "equipment_invest_wan", "project_invest_wan", "loan_wan", "start")
LABELS = {
    "established": text.ESTABLISHED, "ownership": text.OWNERSHIP, "taxpayer_type": text.TAXPAYER,
    "credit_ok": text.CREDIT, "export": text.EXPORT, "start": text.START, "text": text.PLAN_TEXT, "needs": text.NEEDS,
}  # fmt: skip
"""What the form calls a field, where that is not the registry's label."""


@dataclass(frozen=True)
class Row:
    """One answer; `value` is "" where it is unknown, and `note` says where it comes from."""

    label: str
    value: str
    note: str = ""


@dataclass(frozen=True)
class Block:
    """Rows under a heading of their own ("" for none)."""

    heading: str
    rows: tuple[Row, ...]


@dataclass(frozen=True)
class Group:
    """One group of the form; `key` is the input to go back to, "" where the form has none."""

    title: str
    key: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True)
class Review:
    """Everything that is checked.

    Attributes:
        known: Number of answers given.
        unknown: Number of the form's inputs left open.
        notes: What had to be interpreted, and what the form could not hold.
    """

    groups: tuple[Group, ...]
    known: int
    unknown: int
    notes: tuple[str, ...]


def review(session: Session, as_of: dt.date) -> Review:
    """The answers of a dialogue as they will be used.

    Raises:
        InputError: they cannot be read, or contradict the date.
    """
    profile = profile_of(session)
    profile.check_at(as_of)
    known = {**_derived(profile, as_of), **profile.facts}
    raw = {**session["raw"], "uscc": profile.uscc or ""}
    groups = [
        Group(text.GROUP_WHO, "name", (Block("", _rows(WHO, raw, known, profile.facts)),)),
        Group(text.GROUP_STATE, "employees", (Block("", _rows(STATE, raw, known, profile.facts)),)),
        Group(text.GROUP_PLANS, "plan1_text", tuple(_plans(profile, raw))),
    ]
    asked = [answer["field"] for answer in session["answers"] if answer["field"] not in (*WHO, *STATE)]
    if asked:
        groups.append(Group(text.CHECK_EXTRA, "", (Block("", _rows(asked, raw, known, profile.facts)),)))
    rows = [row for group in groups for block in group.blocks for row in block.rows if not row.note]
    told = sum(bool(row.value) for row in rows)
    return Review(tuple(groups), told, len(rows) - told, tuple(plain_where(note) for note in profile.notes))


def render_review(session: Session, as_of: dt.date) -> str:
    """`review` as HTML."""
    return layout.render("review", review=review(session, as_of))


def _rows(
    names: Sequence[str], texts: Mapping[str, object], facts: Mapping[str, Fact], told: Collection[str]
) -> tuple[Row, ...]:
    """Rows of a group; a fact that can only be derived is left out while it is unknown."""
    rows = []
    for name in names:
        field = registry()[name]
        label = LABELS.get(name, field.label)
        if field.kind == "text":
            rows.append(Row(label, str(texts.get(name) or "")))
        elif name in facts:
            note = "" if name in told else text.CHECK_DERIVED
            rows.append(Row(label, show_fact(field, facts[name]), note))
        elif not field.derived:
            rows.append(Row(label, ""))
    return tuple(rows)


def _plans(profile: CompanyProfile, raw: Mapping[str, object]) -> Iterable[Block]:
    given = raw.get("plans")
    for number, plan in enumerate(given if isinstance(given, list) else [], 1):
        written = Row(text.PLAN_TEXT, str(plan.get("text") or ""))
        facts = profile.plans[number - 1].facts
        yield Block(text.PLAN_HEADING.format(number=number), (written, *_rows(PLAN, {}, facts, facts)))
    needs = _rows(("needs",), raw, {}, ())
    yield Block("", needs if profile.plans else (Row(text.PLAN_TEXT, ""), *needs))


def _derived(profile: CompanyProfile, as_of: dt.date) -> dict[str, Fact]:
    """What the engine works out from the company's facts, by field."""
    table = columns_of([profile], as_of)
    facts = {field.name: table.fact(field.name, 0) for field in registry().values() if field.derived}
    known = {name: fact for name, fact in facts.items() if fact is not None}
    return {name: fact for name, fact in known.items() if show_fact(registry()[name], fact) != text.NOT_FILLED}
