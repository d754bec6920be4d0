"""What a policy is: a published document, and the measures (支持事项) that a company can get from it."""

from __future__ import annotations

import datetime as dt
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from policies.benefit import Benefit
from policies.rules import All, Rule, fields_of

Status = Literal["in_force", "unknown", "expired", "superseded", "stale", "draft", "withdrawn"]
PolicyLevel = Literal["national", "province", "city", "county"]
Recipient = Literal["enterprise", "bank", "guarantor", "individual", "city", "district", "carrier"]
Theme = Literal[
    "设备更新", "技术改造", "数字化", "绿色低碳", "研发创新", "科技金融", "融资", "股权投资", "税费", "就业用工",
    "技能培训", "外贸", "首台套", "梯度培育", "荣誉资质", "产业集群", "农业", "运输物流", "降成本", "权益保障",
    "营收跃升", "创业", "消费品", "人才",
]  # fmt: skip
RELATIONS = Literal[
    "implements", "implemented_by", "superseded_by", "supersedes", "exclusive_with", "tops_up", "requires_honour",
    "amends", "amended_by", "followed_by", "follows", "special_case_of", "nomination_requires", "alternative_form",
    "parallel_of", "funded_by", "affected_by", "extended_by", "extends",
]  # fmt: skip


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Window(_Model):
    """When one can apply.

    `fixed`: from `opens` to `closes`, once (ISO dates, inclusive). `yearly`: the same, every year, as MM-DD (a span
    over the new year is allowed). `year_round`; `until_funds_used`; `by_notice`: opens with a yearly or separate
    notice that is not out or not known; `unknown`. `text` is the source's wording.
    """

    kind: Literal["fixed", "yearly", "year_round", "until_funds_used", "by_notice", "unknown"] = "unknown"
    opens: str | None = None
    closes: str | None = None
    text: str = ""

    @model_validator(mode="after")
    def _bounds_fit_the_kind(self) -> Self:
        pattern = {"fixed": "%Y-%m-%d", "yearly": "%Y-%m-%d"}.get(self.kind)
        for bound in (self.opens, self.closes):
            if bound is not None:
                if pattern is None:
                    raise ValueError("只有 fixed 和 yearly 的窗口有起止日期")
                dt.datetime.strptime(bound if self.kind == "fixed" else f"2024-{bound}", pattern).replace(tzinfo=dt.UTC)
        if self.kind == "yearly" and (self.opens is None or self.closes is None):
            raise ValueError("yearly 的窗口要有 opens 和 closes（MM-DD）")
        if self.kind == "fixed" and self.closes is None:
            raise ValueError("fixed 的窗口要有 closes")
        return self


class Stacking(_Model):
    """Membership in a stacking group.

    `highest` (就高不重复) and `exclusive` (择一): one member of the group counts; `yearly_once`: one a year per legal
    person; `additive`: declared to be combinable, so nothing is left out.
    """

    group: str
    mode: Literal["highest", "exclusive", "yearly_once", "additive"]
    text: str = ""


class Relation(_Model):
    """A link to another policy (`target` is a policy_id) or to a document outside the library (`target_text`)."""

    type: RELATIONS
    target: str | None = None
    target_text: str = ""

    @model_validator(mode="after")
    def _one_target(self) -> Self:
        if (self.target is None) == (not self.target_text):
            raise ValueError("关系要有 target（库内政策编号）或 target_text（库外文件）之一")
        return self


class Source(_Model):
    """Where the text was read."""

    title: str = ""
    url: str | None = None
    quality: str = ""


class Provenance(_Model):
    """How far the record can be trusted; `unverified` names the fields that are typical practice, not read."""

    grade: Literal["verified", "recalled"]
    confidence: Literal["high", "medium", "low"]
    note: str = ""
    unverified: tuple[
        Literal["exclusions", "stacking", "materials", "channel", "window", "contact"], ...
    ] = ()  # fmt: skip


class Check(_Model):
    """One look at the source by somebody (or by the link check): what it showed, and where.

    `verified`: the text was read and the record agrees with it; `doubt`: it does not, or not surely; `link_dead` and
    `link_unreachable`: the address answered that there is nothing, or not at all.
    """

    day: str = Field(pattern=r"^\d{4}-\d{2}-\d{2}$")
    by: str = Field(min_length=1, max_length=60)
    result: Literal["verified", "doubt", "link_dead", "link_unreachable"]
    url: str | None = None
    note: str = ""

    @field_validator("day", mode="before")
    @classmethod
    def _as_text(cls, value: object) -> object:
        return value.isoformat() if isinstance(value, dt.date) else value


class Examples(_Model):
    """Profiles for the golden tests: `met` gives TRUE (manual checks taken as passed); the other two are changes to it.

    `unmet` gives FALSE (absent only where no condition can fail), `unsure` gives UNKNOWN.
    """

    met: dict[str, object]
    unmet: dict[str, object] | None = None
    unsure: dict[str, object] | None = None


class Measure(_Model):
    """One thing that a company can get; `measure_id` and `policy` context are added when the library is loaded."""

    slug: str = Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")
    name: str
    text: str
    recipient: Recipient = "enterprise"
    when: tuple[Rule, ...] = ()
    prefer: tuple[Rule, ...] = ()
    benefit: Benefit
    window: Window | None = None
    stacking: tuple[Stacking, ...] = ()
    examples: Examples | None = None


class Policy(_Model):
    """A published document with its measures. Dates are ISO texts of the precision that is known (YYYY, YYYY-MM)."""

    policy_id: str = Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")
    title: str
    doc_no: str | None = None
    issuers: tuple[str, ...] = ()
    level: PolicyLevel
    region: str
    kind: str
    themes: tuple[Theme, ...] = ()
    tags: tuple[str, ...] = ()
    summary: str
    published: str | None = None
    valid_from: str | None = None
    valid_to: str | None = None
    status: Status
    status_note: str = ""
    applies: tuple[Rule, ...] = ()
    prefer: tuple[Rule, ...] = ()
    exclusions: str | None = None
    stacking_text: str | None = None
    materials: tuple[str, ...] = ()
    channel: str | None = None
    window: Window = Window()
    contact: str | None = None
    relations: tuple[Relation, ...] = ()
    source: Source = Source()
    provenance: Provenance
    history: tuple[Check, ...] = ()
    measures: tuple[Measure, ...] = Field(min_length=1)

    @field_validator("published", "valid_from", "valid_to", mode="before")
    @classmethod
    def _as_text(cls, value: object) -> object:
        return value.isoformat() if isinstance(value, dt.date) else str(value) if isinstance(value, int) else value

    @field_validator("published", "valid_from", "valid_to")
    @classmethod
    def _a_real_date(cls, value: str | None) -> str | None:
        if value is not None:
            first_day(value), last_day(value)
        return value

    def rule_of(self, measure: Measure) -> All:
        """The measure's whole rule: the policy's conditions and its own."""
        return All.model_validate({"all": (*self.applies, *measure.when)})

    def preferences_of(self, measure: Measure) -> tuple[Rule, ...]:
        """The policy's and the measure's preferences; they lift the rank and never gate."""
        return (*self.prefer, *measure.prefer)

    def window_of(self, measure: Measure) -> Window:
        """The measure's own window, else the policy's."""
        return measure.window or self.window

    def fields(self) -> frozenset[str]:
        """Every registry field that any of the policy's rules asks for."""
        return frozenset(name for measure in self.measures for name in fields_of(self.rule_of(measure)))


def first_day(text: str) -> dt.date:
    """First day of a date of any precision ("2024", "2024-03", "2024-03-07"); ValueError if it is none."""
    parts = [int(part) for part in text.split("-")]
    year, month, day = (*parts, *([1] * (3 - len(parts))))
    return dt.date(year, month, day)


def last_day(text: str) -> dt.date:
    """Last day of a date of any precision; last days are inclusive everywhere."""
    parts = [int(part) for part in text.split("-")]
    if len(parts) == 3:
        return dt.date(*parts)
    if len(parts) == 2:
        year, month = parts
        return dt.date(year + month // 12, month % 12 + 1, 1) - dt.timedelta(days=1)
    return dt.date(parts[0], 12, 31)
