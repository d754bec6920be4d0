"""Every variable for one company and one measure: its value as documents show it, and where that comes from."""

from __future__ import annotations

import datetime as dt
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from matcher.amounts import show_amount
from matcher.clock import SHANGHAI
from matcher.documents.words import clean
from matcher.packs import words
from matcher.packs.case import Case
from matcher.packs.variables import Context, Row, variables
from matcher.records import Kind, Source
from matcher.results import Condition
from matcher.steps import show_day, show_window
from policies.facts import show_fact
from policies.fields import registry
from policies.policy import Policy
from policies.values import show

BLANK = words.BLANK
MAX_ONE_LINE = 300


@dataclass(frozen=True)
class Value:
    """One variable for one company.

    Attributes:
        text: As documents show it; BLANK where a person has to fill it in.
        source: Where a fact comes from, in Chinese; "" for what is no fact of the company, or not known.
    """

    text: str
    source: str = ""

    @property
    def blank(self) -> bool:
        """Whether a person has to fill it in."""
        return self.text == BLANK


def values_of(case: Case) -> dict[str, Value]:
    """Every variable with its value for one company and one measure."""
    told = _of_measure(case)
    return {
        name: Value(told[name])
        if name in told
        else _of_company(case, variable.field)
        if variable.field
        else Value(BLANK)
        for name, variable in variables().items()
    }


def context_of(case: Case, values: Mapping[str, Value], papers: Iterable[Row], inputs: Iterable[Row]) -> Context:
    """What a template is rendered with.

    Args:
        case: The application.
        values: Every variable.
        papers: Rows of the list of papers.
        inputs: Rows of what the sum was worked out from.
    """
    return {
        "texts": {name: value.text for name, value in values.items()},
        "lists": {
            words.LIST_PAPERS: list(papers),
            words.LIST_CONDITIONS: [_line(condition) for condition in case.match.conditions],
            words.LIST_SUMS: list(inputs),
        },
    }


def one_line(text: str) -> str:
    """Text from outside as one line of a document: without control and direction characters, not endlessly long."""
    plain = " ".join(_undirected(clean(text)).split())
    return plain if len(plain) <= MAX_ONE_LINE else plain[:MAX_ONE_LINE] + "…"


def paragraphs(text: str) -> str:
    """Text from outside with its line breaks, but no empty lines."""
    lines = (" ".join(line.split()) for line in _undirected(clean(text)).split("\n"))
    return "\n".join(line for line in lines if line)


def source_text(source: Source | None) -> str:
    """Where a value comes from ("已核验（市工信局，2026-11-20）"); None for what the company states itself."""
    if source is None:
        return words.SOURCES[Kind.DECLARED]
    by = one_line(source.by)
    told = f"（{by + '，' if by else ''}{source.on.isoformat()}）" if source.kind is not Kind.DECLARED else ""
    was = source.verified
    other = was and words.WAS_VERIFIED.format(on=was.on.isoformat(), by=one_line(was.by), value=show(was.value, 30))
    return words.SOURCES[source.kind] + told + (other or "")


def show_moment(moment: dt.datetime) -> str:
    """A moment in China."""
    local = moment.astimezone(SHANGHAI)
    return f"{show_day(local.date())} {local:%H:%M}"


def _undirected(text: str) -> str:
    """Without invisible characters; those that turn the direction would make a document say something else."""
    return "".join(one for one in text if unicodedata.category(one) != "Cf")


def _of_company(case: Case, field: str) -> Value:
    kind = registry()[field].kind
    text = _written(case, field) if kind == "text" else ""
    if kind != "text" and (fact := case.facts.get(field)) is not None:
        text = show_fact(registry()[field], fact)
    if not text:
        return Value(BLANK)
    source = words.DERIVED if field in case.derived else source_text(case.sources.get(field))
    return Value(text, source)


def _written(case: Case, field: str) -> str:
    """A text as the company wrote it; what was read of it has no full-width signs."""
    if field == "uscc":
        return case.profile.uscc or ""
    raw = case.raw.get(field)
    text = raw if isinstance(raw, str) else case.profile.texts.get(field, "")
    return paragraphs(text) if field in words.LONG_TEXTS else one_line(text)


def _of_measure(case: Case) -> dict[str, str]:
    entry, policy = case.match.entry, case.match.entry.policy
    amount = show_amount(case.match.amount)
    return {
        "事项名称": entry.measure.name,
        "政策名称": policy.title,
        "文号": policy.doc_no or words.UNSTATED,
        "发文单位": "、".join(policy.issuers) or words.UNSTATED,
        "支持内容": entry.measure.text,
        "申报时间": show_window(case.match.window),
        "申报渠道": policy.channel or words.UNSTATED,
        "受理部门": policy.contact or words.UNSTATED,
        "预计金额": words.NO_MONEY if not case.match.amount.money else words.NO_SUM if amount == "—" else amount,
        "金额说明": case.match.amount.trace,
        "计划内容": paragraphs(case.plan_text) or BLANK,
        "政策依据": _basis(policy),
        "查询日期": show_day(case.as_of),
        "生成日期": show_day(case.made_at.astimezone(SHANGHAI).date()),
        "政策库版本": case.version,
    }


def _basis(policy: Policy) -> str:
    return f"《{policy.title}》" + (f"（{policy.doc_no}）" if policy.doc_no else "")


def _line(condition: Condition) -> Row:
    verdict = words.MANUAL if condition.manual else words.TRUTHS[condition.truth.name]
    observed = "" if condition.manual else condition.observed
    return {
        "内容": condition.text,
        "结论": verdict,
        "企业情况": one_line(observed) or "—",
        "要求": condition.required,
    }
