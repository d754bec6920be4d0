"""Rules are data: a tree of All / AnyOf / Not over leaves; readers elsewhere evaluate, explain and describe them.

Kleene logic: a leaf is TRUE, FALSE or UNKNOWN for a company. Written in YAML by their keys:

    {field: employees, min: 10, max: 300}        Within: closed bounds; `over` and `under` are strict
    {field: industry_code, in: [C, I65]}         OneOf: code trees (whole subtree), classes, choices
    {field: credit_ok, is: true}                 OneOf for a flag
    {field: honours, has: [高新技术企业]}          Has: at least one (`has_all`: every one)
    {manual: 项目须符合产业政策}                   Manual: always UNKNOWN, a person checks
    {all: [...]}  {any: [...]}  {not: {...}}

Every node may carry `text`, the condition in the policy's words.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag, model_validator


class _Node(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    text: str = ""


class Within(_Node):
    """An ordered field inside bounds: TRUE if surely inside, FALSE if surely outside, else UNKNOWN.

    Bounds are in the field's unit; dates are ISO texts of any precision (a partial `max` means its last day).
    """

    field: str
    min: float | str | None = None
    max: float | str | None = None
    over: float | str | None = None
    under: float | str | None = None

    @model_validator(mode="after")
    def _has_a_bound(self) -> Self:
        bounds = (self.min, self.max, self.over, self.under)
        if all(bound is None for bound in bounds):
            raise ValueError("区间条件至少要有 min、max、over、under 之一")
        if (self.min is not None and self.over is not None) or (self.max is not None and self.under is not None):
            raise ValueError("同一端不能既有闭区间又有开区间")
        return self


class OneOf(_Node):
    """A field with one of these values: a choice, a flag, an ordered class, or a code's whole subtree."""

    field: str
    values: tuple[str, ...] = Field(alias="in", min_length=1)

    @model_validator(mode="before")
    @classmethod
    def _flag(cls, data: Any) -> Any:
        if isinstance(data, dict) and "is" in data:
            rest = {key: value for key, value in data.items() if key != "is"}
            return {**rest, "in": ("是" if data["is"] is True else "否" if data["is"] is False else str(data["is"]),)}
        return data


class Has(_Node):
    """A set field that holds at least one (`has`) or every one (`has_all`) of these items."""

    field: str
    items: tuple[str, ...] = Field(alias="has", default=())
    every: tuple[str, ...] = Field(alias="has_all", default=())

    @model_validator(mode="after")
    def _one_form(self) -> Self:
        if bool(self.items) == bool(self.every):
            raise ValueError("集合条件要有 has 或 has_all 之一")
        return self


class Manual(_Node):
    """A condition that no profile field decides: always UNKNOWN, shown as 需人工核实."""

    manual: str


class All(_Node):
    """Every part holds (Kleene minimum)."""

    parts: tuple[Rule, ...] = Field(alias="all")


class AnyOf(_Node):
    """At least one part holds (Kleene maximum)."""

    parts: tuple[Rule, ...] = Field(alias="any", min_length=1)


class Not(_Node):
    """The part does not hold (Kleene negation)."""

    part: Rule = Field(alias="not")


_KEYS = {
    "in": "one_of", "is": "one_of", "has": "has", "has_all": "has", "manual": "manual",
    "all": "all", "any": "any", "not": "not", "min": "within", "max": "within", "over": "within", "under": "within",
}  # fmt: skip
_TAGS: dict[type[BaseModel], str] = {
    Within: "within", OneOf: "one_of", Has: "has", Manual: "manual", All: "all", AnyOf: "any", Not: "not",
}  # fmt: skip


def _tag(value: Any) -> str | None:
    if isinstance(value, dict):
        return next((tag for key, tag in _KEYS.items() if key in value), None)
    return _TAGS.get(type(value))


Rule = Annotated[
    Annotated[Within, Tag("within")]
    | Annotated[OneOf, Tag("one_of")]
    | Annotated[Has, Tag("has")]
    | Annotated[Manual, Tag("manual")]
    | Annotated[All, Tag("all")]
    | Annotated[AnyOf, Tag("any")]
    | Annotated[Not, Tag("not")],
    Discriminator(
        _tag,
        custom_error_type="rule_form",
        custom_error_message="不是一条规则：要有 min/max/over/under、in、is、has、has_all、manual、all、any、not 之一",
    ),
]
Leaf = Within | OneOf | Has | Manual

for _model in (All, AnyOf, Not):
    _model.model_rebuild()


def leaves(rule: Rule) -> Iterator[Leaf]:
    """Every leaf of the tree, left to right (repeats included)."""
    match rule:
        case All(parts=parts) | AnyOf(parts=parts):
            for part in parts:
                yield from leaves(part)
        case Not(part=part):
            yield from leaves(part)
        case _:
            yield rule


def fields_of(rule: Rule) -> tuple[str, ...]:
    """Distinct field names that the rule asks for, in order of first use."""
    return tuple(dict.fromkeys(leaf.field for leaf in leaves(rule) if not isinstance(leaf, Manual)))
