"""What a template may name: every variable by its Chinese name, and the lists that it may walk through."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import TypedDict

from matcher.packs import words
from policies.fields import registry

Row = dict[str, str]
"""One row of a list, by the names in LISTS."""


class Context(TypedDict):
    """Everything a template is rendered with: texts by variable, rows by list."""

    texts: dict[str, str]
    lists: dict[str, list[Row]]


LISTS: Mapping[str, tuple[str, ...]] = {
    words.LIST_PAPERS: ("名称", "状态", "说明"),
    words.LIST_CONDITIONS: ("内容", "结论", "企业情况", "要求"),
    words.LIST_SUMS: ("项目", "数值", "来源"),
}
"""Lists that a template may walk through, with the names of what each row has."""


@dataclass(frozen=True)
class Variable:
    """Something that a template may name.

    Attributes:
        name: As it stands in a template ("统一社会信用代码").
        label: For people; differs from `name` where that may not hold its punctuation.
        group: Heading of the list of variables.
        field: Registry name; "" for what the profile does not hold.
    """

    name: str
    label: str
    group: str
    field: str = ""


def name_of(label: str) -> str:
    """A label as a template may write it.

    >>> name_of("科技（专业技术）人员占比")
    '科技专业技术人员占比'
    """
    return unicodedata.normalize("NFKC", re.sub(r"\W", "", label))


@cache
def variables() -> Mapping[str, Variable]:
    """Every variable by name: facts of the registry, what the measure says, and what only the company can write."""
    facts = [Variable(name_of(one.label), one.label, one.group, one.name) for one in registry().values()]
    told = [Variable(name, name, words.GROUP_MEASURE) for name in words.MEASURE_VARIABLES]
    blanks = [Variable(name, name, words.GROUP_BLANKS) for name in words.BLANK_VARIABLES]
    return {one.name: one for one in (*told, *facts, *blanks)}


def example() -> Context:
    """An example company for trying a template: every text names its variable, every list has two rows."""
    return {
        "texts": {name: words.EXAMPLE.format(label=one.label) for name, one in variables().items()},
        "lists": {
            name: [{key: f"{words.EXAMPLE.format(label=key)}{number}" for key in keys} for number in (1, 2)]
            for name, keys in LISTS.items()
        },
    }
