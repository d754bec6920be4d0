"""Bodies and parameters of requests: strict, bounded, nothing unknown."""

from __future__ import annotations

import datetime as dt
import re
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema

from matcher.api.company import EXAMPLE, AnswersGiven, CompanyGiven
from matcher.export.files import Format
from matcher.feedback import Mark
from matcher.search.request import KINDS, LEVELS, MAX_PAGE, MAX_SIZE, STATES, THEMES

MAX_BATCH = 100
MAX_REVERSE = 1000
MAX_K = 100
MAX_NOTE_CHARS = 2000
_DAY = re.compile(r"20\d\d-\d\d-\d\d")
_POLICY_ID = "[a-z0-9]+(-[a-z0-9]+)*"
DAY_EXAMPLE = "2026-11-23"
MEASURE_EXAMPLE = "nat-cit-hnte-15/rate-15"
POLICY_EXAMPLE = "nat-cit-hnte-15"


def _day(value: object) -> dt.date:
    """A day written as ISO says, of this century: windows are worked out for the years around it."""
    if not isinstance(value, str) or not _DAY.fullmatch(value):
        raise ValueError("应为日期，写成“2026-11-23”，2000 年至 2099 年")
    try:
        return dt.date.fromisoformat(value)
    except ValueError:
        raise ValueError("日历上没有这一天") from None


def _whole(value: object) -> object:
    """JSON does not tell 16.0 from 16; text and true stay what they are, and are refused."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


_DAY_SCHEMA = {"type": "string", "format": "date", "pattern": "^20[0-9]{2}-"}
Day = Annotated[dt.date, BeforeValidator(_day), WithJsonSchema(_DAY_SCHEMA)]
AsOf = Annotated[
    Day | None,
    Field(description="查询日期：按这一天的政策和申报时间判断。不填为今天（北京时间）。", examples=[DAY_EXAMPLE]),
]
MeasureId = Annotated[
    str,
    Field(
        max_length=200,
        pattern=f"^{_POLICY_ID}/{_POLICY_ID}$",
        description="事项编号：政策编号/事项。",
        examples=[MEASURE_EXAMPLE],
    ),
]
TargetId = Annotated[
    str,
    Field(
        max_length=200,
        pattern=f"^{_POLICY_ID}(/{_POLICY_ID})?$",
        description="事项编号，或政策编号（指它的全部事项）。",
        examples=[MEASURE_EXAMPLE],
    ),
]
K = Annotated[int, Field(ge=1, le=MAX_K, description="最多列出多少项。", examples=[10]), BeforeValidator(_whole)]
Skip = Annotated[
    list[Annotated[str, Field(max_length=60)]],
    Field(max_length=200, description="不要再问的字段：用户跳过或已回答的。", examples=[["patents"]]),
]
Limit = Annotated[
    int,
    Field(ge=1, le=MAX_REVERSE, description="每个事项最多列出多少家企业。", examples=[100]),
    BeforeValidator(_whole),
]
Companies = list[Annotated[dict[str, Any], Field(description="一家企业，写法同 POST /match 的 profile。")]]


class Body(BaseModel):
    """A JSON body: no coercion, no unknown names."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


class AboutCompany(Body):
    """One company at one day."""

    profile: CompanyGiven = Field(description="企业信息。", examples=[EXAMPLE])
    answers: Annotated[
        AnswersGiven,
        Field(description="对 next_question 的回答，优先于 profile 中的同名字段。", examples=[{"patents": 7}]),
    ] = None
    as_of: AsOf = None


class MatchRequest(AboutCompany, title="匹配一家企业"):
    """Match one company."""

    k: K = 10
    skip: Skip = []


class ExplainRequest(AboutCompany, title="解释一家企业与一个事项"):
    """Explain a measure for a company."""

    measure_id: MeasureId


class QuestionRequest(AboutCompany, title="询问下一个最该补充的信息"):
    """Ask for the next question."""

    skip: Skip = []


class BatchRequest(Body, title="匹配多家企业"):
    """Match several companies."""

    profiles: Companies = Field(
        min_length=1,
        max_length=MAX_BATCH,
        description="企业，写法同 POST /match 的 profile；写错的逐家报告，不影响其他企业。",
        examples=[[EXAMPLE]],
    )
    as_of: AsOf = None
    k: K = 10


class ReverseRequest(Body, title="按政策或事项找企业"):
    """Find the companies of a measure."""

    target: TargetId
    profiles: Companies = Field(
        min_length=1,
        max_length=MAX_REVERSE,
        description="候选企业，写法同 POST /match 的 profile；写错的逐家报告，不影响其他企业。",
        examples=[[EXAMPLE]],
    )
    as_of: AsOf = None
    limit: Limit = 100


class FeedbackRequest(Body, title="对一条匹配结果的反馈"):
    """What somebody says of a match."""

    profile: CompanyGiven = Field(description="得到这条结果的企业信息。", examples=[EXAMPLE])
    target: TargetId
    mark: Literal["适合", "不适合", "已申报", "已获批"] = Field(description="怎么看这条结果。", examples=["适合"])
    note: str = Field("", max_length=MAX_NOTE_CHARS, description="原因或补充说明。", examples=["已在准备材料"])
    as_of: AsOf = None

    @property
    def marked(self) -> Mark:
        """The mark."""
        return Mark(self.mark)


class Parameters(BaseModel):
    """Query parameters: they are text, so that numbers are read from it; unknown names are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    as_of: AsOf = None


def _one_of(values: dict[str, str] | tuple[str, ...], said: str) -> Any:
    """A list of words, of which the search itself refuses unknown ones with what it knows."""
    item = Annotated[str, Field(max_length=40), WithJsonSchema({"type": "string", "enum": list(values)})]
    named = (
        "、".join(f"{key}（{name}）" for key, name in values.items()) if isinstance(values, dict) else "、".join(values)
    )
    shown = Field(
        max_length=40, description=f"{said}，可给多个，满足其一即可：{named}。", examples=[[next(iter(values))]]
    )
    return Annotated[list[item], shown]


class Filters(Parameters):
    """Filters and paging of the list of policies."""

    level: _one_of(LEVELS, "级别") = []  # type: ignore[valid-type] # a type
    kind: _one_of(KINDS, "类型") = []  # type: ignore[valid-type] # a type
    theme: _one_of(THEMES, "主题") = []  # type: ignore[valid-type] # a type
    state: _one_of(STATES, "状态") = []  # type: ignore[valid-type] # a type
    region: Annotated[
        str | None,
        Field(max_length=60, description="地区：只要在这里适用的政策（含上级）。", examples=["山东省/济南市"]),
    ] = None
    open_now: Annotated[bool, Field(description="只要现在可以申报的。", examples=[True])] = False
    page: Annotated[
        int, Field(ge=1, le=MAX_PAGE, description="第几页，从 1 开始；超过最后一页时给最后一页。", examples=[1])
    ] = 1
    size: Annotated[int, Field(ge=1, le=MAX_SIZE, description="每页多少条。", examples=[20])] = 20


class SearchParameters(Filters):
    """The same with words."""

    q: str = Field(
        min_length=1, max_length=200, description="要找的内容：词、一句话或文号。", examples=["设备更新 补贴"]
    )


class JobParameters(Parameters):
    """Options of a job."""

    out_format: Annotated[Format, Field(description="结果文件的格式。", examples=["xlsx"])] = "xlsx"


class BulkParameters(JobParameters):
    """Options of a bulk match."""

    k: K = 10


class ReverseJobParameters(JobParameters):
    """Options of a search for companies."""

    target: TargetId
    limit: Annotated[
        int | None, Field(ge=1, le=10_000_000, description="每个事项最多列出多少家企业；不填为全部。", examples=[1000])
    ] = None


class Paging(Parameters):
    """Paging of one's own jobs."""

    page: Annotated[int, Field(ge=1, le=MAX_PAGE, description="第几页，从 1 开始。", examples=[1])] = 1
    size: Annotated[int, Field(ge=1, le=MAX_SIZE, description="每页多少条。", examples=[20])] = 20
