"""Bodies of answers about the library and the field registry."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, Field

from matcher.api.answers import SOURCE_EXAMPLE, Envelope, MeasureId, PolicyId, Title, Window, shown, worded
from matcher.api.requests import MEASURE_EXAMPLE
from policies.fields import Kind
from policies.lifecycle import Lifecycle


class Segment(BaseModel, title="一段文字"):
    """A piece of a text."""

    text: str = worded("文字。", "设备更新")
    hit: bool = shown("是否是要找的内容。", True)


class Successor(BaseModel, title="后续文件"):
    """A document that follows another."""

    policy_id: PolicyId
    title: Title


class PolicyInfo(BaseModel):
    """What lists and the policy's own answer say."""

    policy_id: PolicyId
    title: Title
    doc_no: str | None = shown("文号。", "鲁工信发〔2026〕1号")
    issuers: list[str] = shown("发文单位。", ["山东省工业和信息化厅"])
    level: str = worded("级别。", "province")
    region: str = worded("适用地区。", "山东省")
    kind: str = worded("类型。", "subsidy")
    themes: list[str] = shown("主题。", ["设备更新"])
    summary: str = worded("政策要点。", "支持企业设备更新。")
    state: Lifecycle = worded("在查询日期的状态。", "现行有效")
    open_now: bool = shown("现在是否有事项可以申报。", True)
    window: Window = Field(description="最近的一个申报时间。")
    answer: str | None = shown("为什么现在不能申报、应看哪份文件；能申报时为 null。", "已失效，现行文件是《…》。")
    successors: list[Successor] = Field(description="取代它的文件。")
    measures: list[str] = shown("事项编号。", [MEASURE_EXAMPLE])


class PolicyHit(PolicyInfo, title="列表中的一项政策"):
    """A policy of a list."""

    title_parts: list[Segment] = Field(description="标题，按是否命中分段。")
    snippet: list[Segment] = Field(description="最相关的一段原文，按是否命中分段；不检索时为空。")
    by_meaning: bool = shown("是否因意思相近而找到。", False)
    exact: bool = shown("标题或文号是否就是所找的内容。", False)


class Facet(BaseModel, title="一个筛选项"):
    """One value of a filter."""

    value: str = worded("值，用作参数。", "province")
    label: str = worded("名称。", "省级")
    count: int = shown("选它会有多少项政策。", 20)
    chosen: bool = shown("是否已选。", False)


class PolicyPage(Envelope, title="一页政策"):
    """One page of policies."""

    total: int = shown("共有多少项政策。", 129)
    page: int = shown("第几页。", 1)
    pages: int = shown("共几页。", 7)
    policies: list[PolicyHit] = Field(description="本页的政策。")
    facets: dict[str, list[Facet]] = Field(
        description="可以进一步筛选的值：levels、kinds、themes、states。", examples=[{"levels": []}]
    )
    expanded: list[str] = shown("一并查找的说法。", [])
    dense: bool = shown("是否比较了意思；否则只比较字词。", True)
    note: str = worded("说明，可能为空。", "")


class PolicyMeasure(BaseModel, title="政策中的一个事项"):
    """A measure of a policy."""

    measure_id: MeasureId
    name: str = worded("名称。", "设备更新补助")
    text: str = worded("支持内容。", "按设备投资额的 15% 给予补助，最高 500 万元。")
    benefit: str = worded("支持方式。", "按比例补助")
    recipient: str = worded("给谁；enterprise 为企业。", "enterprise")
    conditions: list[str] = shown("条件，含整个政策的条件。", ["在山东省注册"])
    preferences: list[str] = shown("优先条件。", [])
    window: Window = Field(description="申报时间。")


class Origin(BaseModel, title="来源和可信程度"):
    """Where a policy was read."""

    title: str = worded("来源标题。", "山东省工业和信息化厅通知")
    url: str | None = shown("官方原文。", SOURCE_EXAMPLE)
    grade: Literal["verified", "recalled"] = worded("verified 已核对来源，recalled 未核对原文。", "verified")
    confidence: Literal["high", "medium", "low"] = worded("可信度。", "high")
    note: str = worded("说明，可能为空。", "")
    unverified: list[str] = shown("没有在原文中核实的内容。", ["materials"])


class PolicyAnswer(PolicyInfo, Envelope, title="一项政策"):
    """One policy."""

    published: str | None = shown("发布日期，精确到已知的年、月或日。", "2026-01")
    valid_from: str | None = shown("施行日期，同上。", "2026-01-01")
    valid_to: str | None = shown("有效期至，同上。", "2030-12-31")
    status_note: str = worded("效力说明，可能为空。", "")
    exclusions: str | None = shown("不予支持的情形。", "已享受同类补助的不再支持")
    stacking: str | None = shown("叠加规定。", "就高不重复")
    materials: list[str] = shown("申报材料。", ["申报书", "设备发票"])
    channel: str | None = shown("申报渠道。", "县工信部门")
    contact: str | None = shown("受理部门。", "县工信局")
    tags: list[str] = shown("标签。", ["技改"])
    details: list[PolicyMeasure] = Field(description="各个事项。")
    origin: Origin = Field(description="来源和可信程度。")


class FieldInfo(BaseModel, title="字段表中的一个字段"):
    """One field of the registry."""

    name: str = worded("名称，用作 JSON 的键。", "employees")
    label: str = worded("中文名称。", "从业人数")
    kind: Kind = worded(
        "种类：number 数字，ratio 比例，date 日期，class 等级，industry 行业，region 地区，"
        "set 多选，choice 单选，flag 是否，text 文字。",
        "number",
    )
    group: str = worded("在表单的哪一组。", "经营情况")
    unit: str = worded("单位，可能为空。", "人")
    question: str = worded("怎样问。", "企业现有多少职工？")
    help: str = worded("填写说明，可能为空。", "")
    scope: Literal["company", "plan"] = worded("company 属于企业，plan 属于一项计划。", "company")
    core: bool = shown("是否在表单中先问。", True)
    derived: bool = shown("是否可由其他字段推算。", False)
    aliases: list[str] = shown("也接受的名称。", [])
    minimum: float | None = shown("最小值；没有时为 null。", 0)
    maximum: float | None = shown("最大值；没有时为 null。", 1)
    options: list[str] = shown("可填的值；为空时不限。", [])


class FieldsAnswer(Envelope, title="字段表"):
    """The field registry."""

    fields: list[FieldInfo] = Field(description="全部字段，按表单的顺序。")
    json_schema: dict[str, Any] = Field(
        description="企业信息的 JSON Schema（2020-12），可用于校验请求。", examples=[{"type": "object"}]
    )
