"""The papers that an application needs, and whether the company has each: have, missing, or to be checked."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from matcher.packs import words
from matcher.packs.case import Case
from matcher.packs.kinds import family_of
from matcher.packs.variables import Row
from policies.facts import Items, show_fact
from policies.fields import registry
from policies.policy import Policy
from policies.values import Span
from policies.vocabulary import vocabularies


class State(StrEnum):
    """Whether the company has a paper, as far as its facts tell."""

    HAVE = "已有"
    LACK = "缺"
    CHECK = "须核实"


Found = tuple[State, str]
"""A state, and why, in Chinese."""


@dataclass(frozen=True)
class Paper:
    """One paper.

    Attributes:
        note: Why it is in that state, or what to see to, in Chinese.
        usual: It is what such applications usually need, or was not read in the source: shown as 参考.
    """

    name: str
    state: State
    note: str
    usual: bool

    @property
    def row(self) -> Row:
        """As forms and checklists show it."""
        note = f"{words.REFERENCE}{self.note}" if self.usual else self.note
        return {"名称": self.name, "状态": self.state.value, "说明": note}


def papers_of(case: Case) -> tuple[Paper, ...]:
    """The papers in the source's order; where it names none, those that such applications usually need."""
    policy, family = case.match.entry.policy, family_of(case.match.entry)
    named = policy.materials or words.USUAL_PAPERS[family]
    usual = not policy.materials or not _read(policy)
    return tuple(Paper(name, *_found(name, case), usual) for name in named)


def _read(policy: Policy) -> bool:
    """Whether the list of papers was read in the source."""
    origin = policy.provenance
    return origin.grade == "verified" and "materials" not in origin.unverified


def _found(name: str, case: Case) -> Found:
    for pattern, rule in _RULES:
        if pattern.search(name):
            return rule(case)
    return _certificate(name, case) or (State.CHECK, words.PAPER_CHECK)


def _certificate(name: str, case: Case) -> Found | None:
    """A certificate of a title that the vocabulary knows."""
    terms = vocabularies()["honours"].terms
    title = max((term for term in terms if name.startswith(term)), key=len, default="")
    if not title:
        return None
    held = case.facts.get("honours")
    if isinstance(held, Items) and title in held.held:
        return State.HAVE, words.PAPER_TITLE.format(title=title)
    lacking = isinstance(held, Items) and held.exhaustive
    return (State.LACK, words.PAPER_NO_TITLE.format(title=title)) if lacking else (State.CHECK, words.PAPER_CHECK)


def _own(_: Case) -> Found:
    return State.HAVE, words.PAPER_OWN


def _licence(case: Case) -> Found:
    return (State.HAVE, words.PAPER_LICENCE) if case.profile.uscc else (State.CHECK, words.PAPER_CHECK)


def _told(case: Case, *fields: str) -> str:
    return "，".join(f"{registry()[name].label} {show_fact(registry()[name], case.facts[name])}" for name in fields)


def _if(field: str) -> Callable[[Case], Found]:
    """A paper that there is exactly if a flag says so."""

    def found(case: Case) -> Found:
        fact = case.facts.get(field)
        if fact is None:
            return State.CHECK, words.PAPER_CHECK
        state = State.HAVE if fact == "是" else State.LACK
        return state, words.PAPER_SAID.format(told=_told(case, field))

    return found


def _counted(*fields: str) -> Callable[[Case], Found]:
    """A paper that there is if one of some numbers is above zero."""

    def found(case: Case) -> Found:
        known = {name: fact for name in fields if isinstance(fact := case.facts.get(name), Span)}
        more = [name for name, fact in known.items() if fact.lo > 0]
        if more:
            return State.HAVE, words.PAPER_SAID.format(told=_told(case, *more))
        none = len(known) == len(fields) and all(fact.hi == 0 for fact in known.values())
        return (
            (State.LACK, words.PAPER_SAID.format(told=_told(case, *known)))
            if none
            else (State.CHECK, words.PAPER_CHECK)
        )

    return found


def _once(*fields: str) -> Callable[[Case], Found]:
    """A paper that there cannot be before a day, and that has to be looked for after it."""

    def found(case: Case) -> Found:
        name = next((one for one in fields if isinstance(case.facts.get(one), Span)), "")
        fact = case.facts.get(name)
        if isinstance(fact, Span) and fact.lo > case.as_of.toordinal():
            return State.LACK, words.PAPER_LATER.format(told=_told(case, name))
        return State.CHECK, words.PAPER_CHECK

    return found


def _costs(case: Case) -> Found:
    """Books and statements on research: nothing to show without costs, to be checked with some."""
    fact = case.facts.get("rd_expense_wan")
    if isinstance(fact, Span) and fact.hi == 0:
        return State.LACK, words.PAPER_SAID.format(told=_told(case, "rd_expense_wan"))
    return State.CHECK, words.PAPER_CHECK


_RULES: tuple[tuple[re.Pattern[str], Callable[[Case], Found]], ...] = tuple(
    (re.compile(pattern), rule)
    for pattern, rule in (
        (r"^(?:资格|项目|认定)?申[报请](?:表|书)$", _own),
        (r"营业执照", _licence),
        (r"利息凭证|付息", _once("loan_date", "start")),
        (r"^贷款合同", _if("loan_contract_signed")),
        (r"软件著作权", _counted("software_copyright")),
        (r"质押登记", _once("loan_date")),
        (r"知识产权证|专利证", _counted("patents", "software_copyright")),
        (r"保险单|保单|保险合同|保费", _if("insurance_purchased")),
        (r"技术合同认定登记", _if("tech_contract_registered")),
        (r"研发", _costs),
        (r"(?:购置|设备|采购).*(?:合同|发票|凭证)|^发票$|^票据$|付款凭证", _once("purchase_date", "start")),
        (r"劳动合同|社(?:会)?保", _if("social_insurance_paid")),
    )
)  # fmt: skip


def counts(papers: tuple[Paper, ...]) -> Mapping[State, int]:
    """How many there are in each state."""
    return {state: sum(paper.state is state for paper in papers) for state in State}
