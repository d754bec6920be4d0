"""What each operation is for, in Chinese, and which problems it may answer with."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from matcher.api import problems, upload
from matcher.api.answers import ProblemDetails
from matcher.api.problems import Kind
from matcher.api.requests import MAX_BATCH, MAX_REVERSE
from matcher.jobs import MEDIA_TYPES

_ALWAYS = (problems.METHOD, problems.BROKEN)
_KEY = (problems.UNAUTHORIZED, problems.FORBIDDEN, problems.TOO_MANY)
_INVALID = (problems.INVALID_REQUEST,)
_BODY = (problems.MALFORMED, problems.TOO_LARGE, problems.MEDIA, problems.INVALID_REQUEST)
_LOADING = (problems.UNAVAILABLE,)
_HEADERS: dict[int, tuple[str, str]] = {
    401: ("WWW-Authenticate", "Bearer"),
    405: ("Allow", "GET"),
    429: ("Retry-After", "10"),
    503: ("Retry-After", "5"),
}
_HEADER_NAMES = {
    "WWW-Authenticate": "怎样提供密钥。", "Allow": "这个路径支持的方法。", "Retry-After": "建议等待的秒数。",
}  # fmt: skip


@dataclass(frozen=True)
class Operation:
    """One operation.

    Attributes:
        roles: Who may use it, in Chinese.
        kinds: Problems besides those that every operation has.
        done: What the answer is.
        extra: More for the OpenAPI document.
    """

    tag: str
    summary: str
    description: str
    roles: str
    kinds: tuple[Kind, ...]
    done: str = "成功。"
    status: int = 200
    content: dict[str, Any] = field(default_factory=dict)
    extra: dict[str, Any] = field(default_factory=dict)


_MATCHING, _LIBRARY, _JOBS, _RUNNING = "匹配", "政策库", "作业", "运行"
_ALL, _COMPANY, _STAFF = "企业、专员、评测", "企业、专员", "专员"
_FILES = {
    media_type.partition(";")[0]: {"schema": {"type": "string", "format": "binary", "description": "文件内容。"}}
    for media_type in MEDIA_TYPES.values()
}
OPERATIONS = {
    "match": Operation(
        _MATCHING, "匹配一家企业",
        "找出没有不满足条件的事项，最合适的在前；给出逐项条件、预计金额、申报时间、下一步，以及差一步的事项和最该补充的一项信息。",
        _ALL, (*_KEY, *_BODY, *_LOADING), "匹配结果。",
    ),
    "batch": Operation(
        _MATCHING, "匹配多家企业",
        f"一次最多 {MAX_BATCH} 家。写错的逐家报告，不影响其他企业。更多企业请用 POST /jobs/bulk。",
        _STAFF, (*_KEY, *_BODY, *_LOADING), "逐家结果。",
    ),
    "explain": Operation(
        _MATCHING, "解释一个事项",
        "一家企业与一个事项的逐项条件，不论符合与否；事项在查询日期必须可以申报。",
        _COMPANY, (*_KEY, *_BODY, *_LOADING), "解释。",
    ),
    "questions": Operation(
        _MATCHING, "下一个问题",
        "最该补充的一项信息。把回答放进 answers 再问，就得到再下一个；用户不清楚的放进 skip。",
        _COMPANY, (*_KEY, *_BODY, *_LOADING), "问题；没有哪个回答会改变结果时为 null。",
    ),
    "reverse": Operation(
        _MATCHING, "按政策找企业",
        f"一次最多 {MAX_REVERSE} 家候选企业。列出没有不满足条件的企业：符合的在前，其次是缺得最少的，再次是金额大的。"
        "更多企业请用 POST /jobs/reverse。",
        _STAFF, (*_KEY, *_BODY, *_LOADING), "逐个事项的名单。",
    ),
    "feedback": Operation(
        _MATCHING, "反馈",
        "记下对一条匹配结果的看法，用于评测和改进。同样的反馈重复提交只记一次。",
        _COMPANY, (*_KEY, *_BODY, *_LOADING), "已记下。", 201,
    ),
    "policies": Operation(
        _LIBRARY, "政策列表",
        "全部政策（含尚未施行的和已失效的），可筛选、分页；现在能申报的在前。",
        _ALL, (*_KEY, *_INVALID, *_LOADING), "一页政策。",
    ),
    "search": Operation(
        _LIBRARY, "检索政策",
        "按字词和意思检索，可筛选、分页。已失效的给出现行文件。",
        _ALL, (*_KEY, *_INVALID, *_LOADING), "一页政策，最相关的在前。",
    ),
    "policy": Operation(
        _LIBRARY, "一项政策",
        "要点、条件、事项、申报时间、材料、来源，以及哪些内容没有在原文中核实。",
        _ALL, (*_KEY, problems.NOT_FOUND, *_INVALID, *_LOADING), "政策。",
    ),
    "fields": Operation(
        _LIBRARY, "字段表",
        "企业信息的全部字段：名称、种类、单位、问题、可填的值；并给出 JSON Schema。",
        _ALL, (*_KEY, *_INVALID), "字段表。",
    ),
    "bulk": Operation(
        _JOBS, "提交批量匹配",
        "上传企业名单，排队处理；写错的行单独列出，不影响其他行。用返回的编号查看进度。",
        _STAFF, (*_KEY, *_BODY), "已排队。响应头 Location 是作业的地址。", 202, extra={"requestBody": upload.BODY},
    ),
    "reverse_job": Operation(
        _JOBS, "提交按政策找企业",
        "上传企业名单，排队处理：一项政策或一个事项适合其中哪些企业。",
        _STAFF, (*_KEY, *_BODY, *_LOADING), "已排队。响应头 Location 是作业的地址。", 202,
        extra={"requestBody": upload.BODY},
    ),
    "jobs": Operation(_JOBS, "自己的作业", "新的在前。", _STAFF, (*_KEY, *_INVALID), "一页作业。"),
    "job": Operation(_JOBS, "一个作业", "状态和进度。", _STAFF, (*_KEY, problems.NOT_FOUND, *_INVALID), "作业。"),
    "cancel": Operation(
        _JOBS, "取消作业",
        "停止排队或处理中的作业，删除已写的内容；作业记录保留。已结束的不能取消。",
        _STAFF, (*_KEY, problems.NOT_FOUND, problems.CONFLICT, *_INVALID), "已取消。",
    ),
    "result": Operation(
        _JOBS, "下载结果", "完成后的结果文件，格式同提交时的 out_format。",
        _STAFF, (*_KEY, problems.NOT_FOUND, problems.CONFLICT, *_INVALID), "结果文件。", content=_FILES,
    ),
    "errors": Operation(
        _JOBS, "下载问题清单", "被拒绝的行和原因，格式同结果；没有被拒绝的行时回答 404。",
        _STAFF, (*_KEY, problems.NOT_FOUND, problems.CONFLICT, *_INVALID), "问题清单。", content=_FILES,
    ),
    "health": Operation(
        _RUNNING, "服务状态", "服务在运行就回答 200；ready 说明能否匹配。不需要密钥。", "", (), "状态。",
    ),
    "ready": Operation(
        _RUNNING, "是否就绪", "能匹配时回答 200，正在加载时回答 503。不需要密钥。", "", _LOADING, "已就绪。",
    ),
    "metrics": Operation(
        _RUNNING, "运行指标", "Prometheus 文本格式：请求数、耗时、匹配数、作业数、政策库版本。", _STAFF, _KEY, "指标。",
        content={"text/plain": {"schema": {"type": "string", "description": "指标。"}}},
    ),
}  # fmt: skip


def operation(name: str) -> dict[str, Any]:
    """The arguments of a route for its documentation."""
    told = OPERATIONS[name]
    roles = f"\n\n角色：{told.roles}、管理员。" if told.roles else ""
    responses: dict[int | str, dict[str, Any]] = {told.status: {"description": told.done}}
    if told.content:
        responses[told.status]["content"] = told.content
    for kind in (*told.kinds, *_ALWAYS):
        known = responses.setdefault(kind.status, {"model": ProblemDetails, "description": f"{kind.title}。"})
        if kind.status in _HEADERS:
            header, example = _HEADERS[kind.status]
            shape = {"description": _HEADER_NAMES[header], "schema": {"type": "string"}, "example": example}
            known["headers"] = {header: shape}
    return {
        "operation_id": name,
        "tags": [told.tag],
        "summary": told.summary,
        "description": told.description + roles,
        "response_description": told.done,
        "responses": responses,
        "openapi_extra": told.extra or None,
    }
