"""The field registry: one definition per fact about a company or one of its plans.

It makes the form, the sheet header, the API schema and the documentation, and is what rules are validated against.
The table itself is `data/fields.yaml`; its kinds:

* ordered, held as a closed span: `number` (with unit), `ratio` (0.03 = 3 %), `date`, `class` (ordered names, such as
  the enterprise size), `industry` (GB/T 4754-2017) and `region` (GB/T 2260);
* `set`: items held, from a vocabulary; `choice`: one value; `flag`: yes or no; `text`: words, never in a rule.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from importlib import resources
from typing import Literal

import yaml
from rapidfuzz import process

Kind = Literal["number", "ratio", "date", "class", "industry", "region", "set", "choice", "flag", "text"]
Scope = Literal["company", "plan"]
ORDERED: frozenset[Kind] = frozenset({"number", "ratio", "date", "class", "industry", "region"})
FLAG_NAMES = {True: "是", False: "否"}


@dataclass(frozen=True)
class Field:
    """One fact that a profile can hold and a rule can ask for.

    Attributes:
        name: Stable key ("employees"); a unit is part of it ("revenue_wan" is in 万元).
        label: Chinese name for forms, headers and explanations.
        kind: How the value is held and compared.
        group: Heading of the form under which it is asked.
        unit: Unit of a number, in Chinese; empty otherwise.
        question: The Chinese question that fills it.
        help: One more Chinese sentence for the form; may be empty.
        scope: "plan" for a fact of one project; a company-level value stands in for plans without one.
        classes: Ordered class names, lowest first (kind "class").
        vocabulary: Name of the vocabulary of a set or choice.
        exhaustive: Whether an item that a given set lacks is known not to be held.
        core: Whether the form shows it before any policy asks for it.
        derived: Whether the engine can work it out from other facts.
        aliases: Other keys under which data is accepted.
        limits: Lowest and highest possible value where they differ from the kind's (see `possible`).
    """

    name: str
    label: str
    kind: Kind
    group: str
    unit: str = ""
    question: str = ""
    help: str = ""
    scope: Scope = "company"
    classes: tuple[str, ...] = ()
    vocabulary: str = ""
    exhaustive: bool = True
    core: bool = False
    derived: bool = False
    aliases: tuple[str, ...] = field(default=())
    limits: tuple[float, float] | None = None

    @property
    def possible(self) -> tuple[float, float]:
        """Lowest and highest value that can be true of anyone; what lies outside is an input error."""
        if self.limits is not None:
            return float(self.limits[0]), float(self.limits[1])
        return (0.0, 1.0) if self.kind == "ratio" else (0.0, math.inf)

    @property
    def ordered(self) -> bool:
        """Whether a value is a closed span on a line."""
        return self.kind in ORDERED

    @property
    def where(self) -> str:
        """The field as error messages name it: label and key."""
        return f"{self.label}（{self.name}）"


class Registry(Mapping[str, Field]):
    """All fields by name, in the order of the form; aliases resolve to their field."""

    def __init__(self, fields: tuple[Field, ...]) -> None:
        """Index the fields; a name or alias that occurs twice is a programming error."""
        self._fields = {entry.name: entry for entry in fields}
        self._aliases = {alias: entry.name for entry in fields for alias in entry.aliases}
        if len(self._fields) != len(fields) or self._aliases.keys() & self._fields.keys():
            raise ValueError("fields.yaml: a field name or alias occurs twice")

    def __getitem__(self, name: str) -> Field:
        """The field of that name or alias; KeyError if there is none."""
        return self._fields[self._aliases.get(name, name)]

    def __iter__(self) -> Iterator[str]:
        """Canonical names in the order of the form."""
        return iter(self._fields)

    def __len__(self) -> int:
        """Number of fields."""
        return len(self._fields)

    def nearest(self, name: str, limit: int = 3) -> list[str]:
        """Names and labels most like `name`, best first, for "您是不是要填" offers."""
        pool = {key: self[key].name for key in (*self._fields, *self._aliases)}
        pool |= {entry.label: entry.name for entry in self._fields.values()}
        hits = process.extract(name, list(pool), limit=limit * 2, score_cutoff=55)
        return list(dict.fromkeys(pool[hit] for hit, _, _ in hits))[:limit]


@functools.cache
def registry() -> Registry:
    """The shipped registry (policies/data/fields.yaml), loaded once."""
    text = resources.files("policies").joinpath("data/fields.yaml").read_text("utf-8")
    groups: dict[str, dict[str, dict[str, object]]] = yaml.load(text, Loader=yaml.CSafeLoader)
    return Registry(tuple(_field(name, group, spec) for group, specs in groups.items() for name, spec in specs.items()))


def _field(name: str, group: str, spec: dict[str, object]) -> Field:
    lists = {key: tuple(value) for key, value in spec.items() if isinstance(value, list)}
    return Field(name=name, group=group, **{**spec, **lists})  # type: ignore[arg-type]  # checked by a unit test
