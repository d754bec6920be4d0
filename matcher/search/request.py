"""What is asked of the library: words and filters, checked at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, get_args

from policies.errors import InputError, Problem, UnknownCode
from policies.lifecycle import Lifecycle
from policies.policy import Theme
from policies.regions import regions

LEVELS = {"national": "国家级", "province": "省级", "city": "市级", "county": "县区级"}
KINDS = {
    "subsidy": "补助补贴", "award_honour": "奖励和资质", "tax": "税费优惠", "loan_interest": "贷款和贴息",
    "guarantee": "融资担保", "equity": "股权投资", "insurance": "保险补偿", "platform": "平台和名单",
    "training_employment": "就业和培训", "other": "综合性文件",
}  # fmt: skip
"""Kind of a policy to its name; what is not here counts as `other`."""
THEMES: tuple[str, ...] = get_args(Theme)
STATES = tuple(state.value for state in Lifecycle)
MAX_SIZE = 100
MAX_PAGE = 10_000


@dataclass(frozen=True)
class SearchRequest:
    """A search.

    Attributes:
        text: What is looked for; empty to browse.
        levels: Keys of LEVELS; any of them. Empty for all, as with every filter.
        region: A place in any spelling: only policies that hold there, its own and those of the levels above.
        kinds: Keys of KINDS.
        themes: Of THEMES.
        states: Of STATES.
        open_now: Only policies with a measure that can be applied for on the day.
        page: From 1; a page past the last one gives the last one.
        size: Hits on a page, 1 to MAX_SIZE.

    Raises:
        InputError: with everything that is wrong.
    """

    text: str = ""
    levels: tuple[str, ...] = ()
    region: str | None = None
    kinds: tuple[str, ...] = ()
    themes: tuple[str, ...] = ()
    states: tuple[str, ...] = ()
    open_now: bool = False
    page: int = 1
    size: int = 20

    def __post_init__(self) -> None:
        """Refuse what does not exist."""
        groups = (("级别", self.levels, LEVELS), ("类型", self.kinds, KINDS), ("主题", self.themes, THEMES),
                  ("状态", self.states, STATES))  # fmt: skip
        problems = [
            Problem(f"{name}“{value}”", "没有这一项", f"可用：{_shown(allowed)}")
            for name, values, allowed in groups
            for value in values
            if value not in allowed
        ]
        if not 1 <= self.page <= MAX_PAGE:
            problems.append(Problem("页码", f"应为 1 到 {MAX_PAGE}"))
        if not 1 <= self.size <= MAX_SIZE:
            problems.append(Problem("每页条数", f"应为 1 到 {MAX_SIZE}"))
        try:
            _ = self.region_code
        except UnknownCode as error:
            problems.append(Problem("地区", str(error), "请写成“山东省/济南市”"))
        if problems:
            raise InputError(problems)

    @cached_property
    def region_code(self) -> str | None:
        """Code of the region; None without one."""
        return regions().find(self.region) if self.region else None


def _shown(allowed: Mapping[str, str] | tuple[str, ...]) -> str:
    labels = allowed if isinstance(allowed, Mapping) else {value: value for value in allowed}
    return "、".join(key if key == label else f"{key}（{label}）" for key, label in labels.items())


def read_names(asked: Mapping[str, Any]) -> SearchRequest:
    """A request from fields in which levels and kinds may be given by their Chinese names, too.

    Raises:
        InputError: with everything that is wrong.
    """
    keys = {"levels": {name: key for key, name in LEVELS.items()}, "kinds": {name: key for key, name in KINDS.items()}}
    named = {field: tuple(known.get(value, value) for value in asked[field]) for field, known in keys.items()}
    return SearchRequest(**{**asked, **named})
