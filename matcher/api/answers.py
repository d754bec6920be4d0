"""Bodies of answers. They document the JSON of `matcher.wire` and of the routes; tests hold the two together."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field

from matcher.api.requests import DAY_EXAMPLE, MEASURE_EXAMPLE, POLICY_EXAMPLE
from policies.lifecycle import Lifecycle, WindowPhase


def worded(said: str, example: str) -> Any:
    """A text field with its meaning and an example, both Chinese where they can be."""
    return Field(description=said, examples=[example])


def shown(said: str, example: Any) -> Any:
    """The same for any other field."""
    return Field(description=said, examples=[example])


Verdict = Literal["eligible", "possible", "ineligible"]
PolicyId = Annotated[str, worded("政策编号。", POLICY_EXAMPLE)]
MeasureId = Annotated[str, worded("事项编号。", MEASURE_EXAMPLE)]
Title = Annotated[str, worded("标题。", "高新技术企业减按 15% 税率征收企业所得税")]
Low = Annotated[float, shown("下限，元。", 380000)]
High = Annotated[float, shown("上限，元。", 500000)]
SOURCE_EXAMPLE = "https://www.shandong.gov.cn/"


class Envelope(BaseModel):
    """What every answer says of itself."""

    request_id: str = worded("本次请求的编号，报告问题时请提供。", "6f1c1d5b8f7f4d0e9a4b7f0f3c2d1e00")
    library_version: str = worded("政策库版本；加载完成前为空。", "5d1f0c2ab3e4")
    as_of: dt.date = shown("按哪一天判断。", DAY_EXAMPLE)


class Condition(BaseModel, title="一项条件"):
    """One condition."""

    text: str = worded("条件，中文。", "从业人数不少于 50 人")
    field: str | None = shown("对应的字段；人工核实的条件和组合条件为 null。", "employees")
    truth: Literal["true", "false", "unknown"] = worded("满足、不满足或不确定。", "true")
    observed: str = worded("企业的情况。", "168 人")
    required: str = worded("要求。", "不少于 50 人")
    gap: str | None = Field(None, description="差在哪里；只在不满足时有。", examples=["还差 从业人数 12 人"])
    hint: str | None = Field(None, description="从计划文字中猜到的，仅供参考。", examples=["计划中提到“数控机床”"])
    parts: list[Condition] | None = Field(None, description="组合条件的各部分。", examples=[[]])


class Amount(BaseModel, title="一家企业从一个事项中大约能得到多少"):
    """What a company may get from a measure."""

    low_yuan: Low
    high_yuan: High
    trace: str = worded("怎样算出。", "设备投资额 1,300 万元 × 15%，最高 500 万元")


class Window(BaseModel, title="申报时间"):
    """A window of a measure."""

    state: WindowPhase = worded("在查询日期的状态。", "可申报")
    text: str = worded("原文说法。", "每年 3 月至 6 月")
    opens: dt.date | None = shown("下一次开放的日期；已开放或不知道时为 null。", "2027-03-01")
    closes: dt.date | None = shown("最后一天（含当天）；不知道时为 null。", "2027-06-30")
    days_left: int | None = shown("到最后一天还有几天。", 12)


class Match(BaseModel, title="一家企业与一个事项"):
    """One measure for one company."""

    rank: int = shown("名次，从 1 开始；单独解释时为 0。", 1)
    policy_id: PolicyId
    measure_id: MeasureId
    title: Title
    verdict: Verdict = worded("结论：eligible 符合，possible 可能符合，ineligible 不符合。", "possible")
    section: str = worded("显示在哪一组。", "可能符合，还差信息")
    score: float = shown("排序用的分数，只在同一企业内可比，不是百分比。", 1.25)
    conditions: list[Condition] = Field(description="逐项条件。")
    preferences: list[Condition] = shown("优先条件：只影响先后，不影响结论。", [])
    missing: list[str] = shown("还缺的字段。", ["patents"])
    manual: list[str] = shown("须人工核实的条件。", ["须符合产业政策"])
    gaps: list[str] = shown("差在哪里。", [])
    amount: Amount | None = Field(description="预计金额；给不出时为 null，原因见 amount_note。")
    amount_note: str = worded("金额怎样算出，或为什么没有。", "按应纳税所得额的 10% 估算")
    amount_needs: list[str] = shown("补充这些字段就能算出金额。", ["taxable_income_wan"])
    window: Window = Field(description="申报时间。")
    lifecycle: Lifecycle = worded("政策在查询日期的状态。", "现行有效")
    next_step: str = worded("下一步做什么。", "补充“专利数”，即可得到更确定的结论；在电子税务局申报享受。")
    plan: int | None = shown("对应第几项计划，从 0 开始；与计划无关时为 null。", 0)
    doc_no: str | None = shown("文号。", "国科发火〔2016〕32号")
    issuers: list[str] = shown("发文单位。", ["科技部", "财政部", "税务总局"])
    summary: str = worded("政策要点。", "高新技术企业减按 15% 的税率征收企业所得税。")
    materials: list[str] = shown("申报材料。", ["高新技术企业证书"])
    channel: str | None = shown("申报渠道。", "电子税务局")
    source_url: str | None = shown("官方原文。", SOURCE_EXAMPLE)
    provenance: Literal["verified", "recalled"] = worded("verified 已核对来源，recalled 未核对原文。", "verified")
    cautions: list[str] = shown("提醒。", [])


class Total(BaseModel, title="可以同时享受的合计"):
    """A sum over measures."""

    low_yuan: Low
    high_yuan: High
    counted: list[str] = shown("计入的事项。", [MEASURE_EXAMPLE])
    left_out: dict[str, str] = shown("没有重复计入的事项和原因。", {})


class Question(BaseModel, title="最该补充的一项信息"):
    """The next-best question."""

    field: str = worded("字段；放进 answers 的名称。", "patents")
    question: str = worded("问题。", "拥有多少项专利？")
    help: str = worded("说明，可能为空。", "")
    options: list[str] = shown("可选的回答；为空时请填写。", [])
    affects: list[str] = shown("回答后可以确定的事项。", ["高新技术企业减按 15% 税率征收企业所得税"])


class CompanyResult(BaseModel, title="一家企业的匹配结果"):
    """The result for one company."""

    as_of: dt.date = shown("按哪一天判断。", DAY_EXAMPLE)
    company: str = worded("企业名称。", "济南示例数控机床有限公司")
    library_version: str = worded("政策库版本。", "5d1f0c2ab3e4")
    dense: bool = shown("是否比较了语义；否则只比较条件和字词。", True)
    counts: dict[str, int] = shown("各组的事项数，含没有列出的。", {"符合": 3, "可能符合，还差信息": 4})
    total: Total = Field(description="已确认符合的合计。")
    potential: Total = Field(description="排在前 20 项的全部符合时的合计。")
    matches: list[Match] = Field(description="没有不满足条件的事项，最合适的在前。")
    nearest_misses: list[Match] = Field(description="差一步的事项，差得最少的在前。")
    next_question: Question | None = Field(description="最该补充的一项信息；没有时为 null。")
    notes: list[str] = shown("说明：哪些内容经过换算、推断或未采用。", [])


class MatchAnswer(CompanyResult, Envelope, title="POST /match 的结果"):
    """The answer of POST /match."""


class ProblemPart(BaseModel, title="一处问题"):
    """One thing that is wrong."""

    field: str = worded("哪一项。", "从业人数（employees）")
    reason: str = worded("错在哪里。", "应为数字，收到的是列表")
    remedy: str = worded("怎样改；原因已说明时为空。", "请写成“58”")


class BatchEntry(BaseModel, title="多家企业中的一家"):
    """One company of a batch."""

    index: int = shown("在 profiles 中的位置，从 0 开始。", 0)
    result: CompanyResult | None = Field(description="匹配结果；写错时为 null。")
    problems: list[ProblemPart] = Field(description="这家企业写错的地方；没有时为空。")


class BatchAnswer(Envelope, title="POST /match/batch 的结果"):
    """The answer of POST /match/batch."""

    matched: int = shown("已匹配的企业数。", 2)
    rejected: int = shown("写错的企业数。", 0)
    results: list[BatchEntry] = Field(description="逐家结果，顺序同 profiles。")


class ExplainAnswer(Envelope, title="POST /explain 的结果"):
    """The answer of POST /explain."""

    match: Match = Field(description="这家企业与这个事项。")


class QuestionAnswer(Envelope, title="POST /questions 的结果"):
    """The answer of POST /questions."""

    next_question: Question | None = Field(description="最该补充的一项信息；没有哪个回答会改变结果时为 null。")


class ReverseCompany(BaseModel, title="名单中的一家企业"):
    """One company that a measure is for."""

    index: int = shown("在 profiles 中的位置，从 0 开始。", 0)
    rank: int = shown("名次，从 1 开始。", 1)
    company: str = worded("企业名称，可能为空。", "济南示例数控机床有限公司")
    uscc: str = worded("统一社会信用代码，可能为空。", "91370100MA3C0LKN0X")
    verdict: Verdict = worded("eligible 符合，possible 可能符合。", "eligible")
    section: str = worded("显示在哪一组。", "符合")
    reasons: str = worded("各项条件的满足情况。", "已满足：高新技术企业")
    missing: list[str] = shown("还缺的字段。", [])
    manual: list[str] = shown("须人工核实的条件。", [])
    low_yuan: float | None = shown("预计金额下限，元；给不出时为 null。", 100000)
    high_yuan: float | None = shown("预计金额上限，元；给不出时为 null。", 500000)
    amount_note: str = worded("金额怎样算出，或为什么没有。", "按应纳税所得额的 10% 估算")
    next_step: str = worded("下一步做什么。", "在电子税务局申报享受。")


class ReverseMeasure(BaseModel, title="一个事项的企业名单"):
    """The companies of a measure."""

    policy_id: PolicyId
    measure_id: MeasureId
    title: Title
    window: str = worded("申报时间。", "常年受理")
    eligible: int = shown("符合的企业数，含没有列出的。", 12)
    possible: int = shown("可能符合的企业数，含没有列出的。", 30)
    low_yuan: Low
    high_yuan: High
    companies: list[ReverseCompany] = Field(description="企业：符合的在前，其次是缺得最少的，再次是金额大的。")


class RejectedCompany(BaseModel, title="写错的一家企业"):
    """A company that could not be read."""

    index: int = shown("在 profiles 中的位置，从 0 开始。", 3)
    problems: list[ProblemPart] = Field(description="写错的地方。")


class ReverseAnswer(Envelope, title="POST /reverse 的结果"):
    """The answer of POST /reverse."""

    companies: int = shown("参与比对的企业数。", 58)
    rejected: list[RejectedCompany] = Field(description="写错的企业，没有参与比对。")
    measures: list[ReverseMeasure] = Field(description="逐个事项的名单。")


class FeedbackAnswer(Envelope, title="POST /feedback 的结果"):
    """The answer of POST /feedback."""

    feedback_id: int = shown("反馈的编号。", 1)


class ProblemDetails(BaseModel, title="出错时的回答（RFC 9457）"):
    """A problem (RFC 9457)."""

    type: str = worded("问题的种类，程序按它判断。", "urn:huiqi:problem:invalid-content")
    title: str = worded("问题的名称。", "内容有误")
    status: int = shown("HTTP 状态码。", 422)
    detail: str = worded("说明和下一步。", "请求的格式正确，但内容读不出来或有矛盾，请按 problems 逐项修改。")
    problems: list[ProblemPart] = Field(description="逐处问题；没有时为空。")
    request_id: str = worded("本次请求的编号。", "6f1c1d5b8f7f4d0e9a4b7f0f3c2d1e00")
