"""Everything that goes wrong, as RFC 9457 problem details in Chinese."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from starlette.routing import Match
from starlette.types import Scope

from policies.errors import HuiqiError, InputError, Problem
from policies.values import show

MEDIA_TYPE = "application/problem+json"
_URN = "urn:huiqi:problem:"
_LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class Kind:
    """A kind of problem: the last part of its `type`, its status, and what it is called."""

    name: str
    status: int
    title: str
    detail: str


MALFORMED = Kind("malformed", 400, "请求读不懂", "请求体不是正确的 JSON，或表单格式不对。")
UNAUTHORIZED = Kind("unauthorized", 401, "需要密钥", "请在请求头中带上有效的密钥：Authorization: Bearer <密钥>。")
FORBIDDEN = Kind("forbidden", 403, "没有权限", "这个密钥的角色不能使用这个接口。")
NOT_FOUND = Kind("not-found", 404, "没有找到", "没有这个接口，或没有这项内容。")
METHOD = Kind("method-not-allowed", 405, "不支持这种请求方法", "请改用响应头 Allow 中列出的方法。")
CONFLICT = Kind("conflict", 409, "现在不能这样做", "请看 detail 的说明。")
TOO_LARGE = Kind("too-large", 413, "内容过大", "请求体超过了这个接口的上限，请拆成几次提交。")
MEDIA = Kind("unsupported-media-type", 415, "不支持这种内容类型", "请按文档使用对应的 Content-Type。")
INVALID_REQUEST = Kind("invalid-request", 422, "请求不符合格式", "请按 problems 逐项修改后重试。")
INVALID_CONTENT = Kind(
    "invalid-content", 422, "内容有误", "请求的格式正确，但内容读不出来或有矛盾，请按 problems 逐项修改。"
)
TOO_MANY = Kind("too-many-requests", 429, "请求太多", "请稍后再试；响应头 Retry-After 是建议等待的秒数。")
BROKEN = Kind("internal-error", 500, "系统出错", "请稍后重试；如仍不行，请把 request_id 告诉管理员。")
UNAVAILABLE = Kind("unavailable", 503, "暂时不能服务", "请稍后再试；响应头 Retry-After 是建议等待的秒数。")
KINDS = (
    MALFORMED, UNAUTHORIZED, FORBIDDEN, NOT_FOUND, METHOD, CONFLICT, TOO_LARGE, MEDIA, INVALID_REQUEST,
    INVALID_CONTENT, TOO_MANY, BROKEN, UNAVAILABLE,
)  # fmt: skip
_BY_STATUS = {kind.status: kind for kind in KINDS}


class ApiProblem(Exception):
    """A problem of a kind, with what is special about it."""

    def __init__(
        self,
        kind: Kind,
        detail: str = "",
        *,
        problems: Sequence[Problem] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        """Keep it for the handler; `detail` empty takes the kind's own."""
        super().__init__(detail or kind.detail)
        self.kind, self.detail, self.problems = kind, detail or kind.detail, tuple(problems)
        self.headers = dict(headers or {})


def request_id_of(scope: Scope) -> str:
    """The id of a request: the gate's, or a new one that stays with the request."""
    state = scope.setdefault("state", {})
    if not state.get("request_id"):
        state["request_id"] = uuid4().hex
    return str(state["request_id"])


def problem_json(problem: Problem) -> dict[str, str]:
    """One thing that is wrong, for a program and a person."""
    return {"field": problem.where, "reason": problem.reason, "remedy": problem.remedy}


def add_handlers(app: FastAPI) -> None:
    """Let every error leave the application as problem details."""
    app.add_exception_handler(ApiProblem, _own)
    app.add_exception_handler(InputError, _input)
    app.add_exception_handler(HuiqiError, _huiqi)
    app.add_exception_handler(RequestValidationError, _validation)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(Exception, _unexpected)


def _answer(request: Request, problem: ApiProblem) -> JSONResponse:
    content: dict[str, Any] = {
        "type": _URN + problem.kind.name,
        "title": problem.kind.title,
        "status": problem.kind.status,
        "detail": problem.detail,
        "problems": [problem_json(one) for one in problem.problems],
        "request_id": request_id_of(request.scope),
    }
    headers = {**problem.headers, "x-request-id": content["request_id"]}
    return JSONResponse(content, problem.kind.status, headers, MEDIA_TYPE)


async def _own(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, ApiProblem)
    return _answer(request, error)


async def _input(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, InputError)
    return _answer(request, ApiProblem(INVALID_CONTENT, problems=error.problems))


async def _huiqi(request: Request, error: Exception) -> JSONResponse:
    """The library, the index or the model cannot be used: details are for the log, they may name paths."""
    _LOG.error("request %s: %s", request_id_of(request.scope), error)
    return _answer(request, ApiProblem(UNAVAILABLE, headers={"retry-after": "60"}))


async def _unexpected(request: Request, error: Exception) -> JSONResponse:
    """The gate logs where it happened; the error's own words may hold what a company said."""
    _LOG.error("request %s failed: %s", request_id_of(request.scope), type(error).__name__)
    return _answer(request, ApiProblem(BROKEN))


async def _http(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    kind = _BY_STATUS.get(error.status_code, MALFORMED if error.status_code < 500 else BROKEN)
    headers = {"allow": ", ".join(_methods(request))} if kind is METHOD else dict(error.headers or {})
    return _answer(request, ApiProblem(kind, headers=headers))


def _methods(request: Request) -> list[str]:
    """Every method that the path takes; the framework names those of the first route only."""
    scope = {**request.scope, "method": "OPTIONS"}
    found = [route for route in request.app.routes if route.matches(scope)[0] is not Match.NONE]
    fixed = [route for route in found if "{" not in route.path]  # "/jobs/bulk" is no job
    return sorted({method for route in fixed or found for method in route.methods})


async def _validation(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    errors: Sequence[Mapping[str, Any]] = error.errors()
    if any(one["type"] == "json_invalid" for one in errors):
        place = next(one["loc"][-1] for one in errors if one["type"] == "json_invalid")
        spot = Problem("请求体", f"第 {int(place) + 1} 个字符处不是正确的 JSON", "请检查引号、逗号和括号")
        return _answer(request, ApiProblem(MALFORMED, problems=[spot]))
    if isinstance(error.body, bytes) and error.body:
        return _answer(request, ApiProblem(MEDIA, "请求体应为 JSON：Content-Type: application/json。"))
    return _answer(request, ApiProblem(INVALID_REQUEST, problems=list(_chinese(errors))))


_REASONS = {
    "missing": ("缺少这一项", "请补上"),
    "extra_forbidden": ("没有这个名称", "请对照文档检查名称"),
    "int_type": ("应为整数", "请去掉引号和小数"), "int_parsing": ("应为整数", ""), "int_from_float": ("应为整数", ""),
    "int_parsing_size": ("数字太大", ""), "bool_type": ("应为 true 或 false", ""),
    "bool_parsing": ("应为 true 或 false", ""),
    "string_type": ("应为文字", ""), "string_unicode": ("不是正确的 UTF-8 文字", ""),
    "string_too_long": ("太长，最多 {max_length} 个字符", "请缩短"), "string_too_short": ("不能为空", "请填写"),
    "string_pattern_mismatch": ("写法不对", "请对照文档的例子"),
    "list_type": ("应为列表", ""), "too_long": ("最多 {max_length} 项", "请分几次提交"),
    "too_short": ("至少 {min_length} 项", ""), "dict_type": ("应为 JSON 对象", ""),
    "model_attributes_type": ("应为 JSON 对象", ""), "model_type": ("应为 JSON 对象", ""),
    "greater_than_equal": ("不能小于 {ge}", ""), "less_than_equal": ("不能大于 {le}", ""),
}  # fmt: skip
_PLACES = {"body": "请求体", "query": "查询参数", "path": "路径", "header": "请求头"}


def _chinese(errors: Iterable[Mapping[str, Any]]) -> Iterable[Problem]:
    for error in errors:
        context = error.get("ctx", {})
        place = ".".join(show(str(part), 60) for part in error["loc"][1:])
        where = place or _PLACES.get(str(error["loc"][0]), "请求")
        if error["type"] == "literal_error":
            allowed = str(context.get("expected", "")).replace(" or ", "、").replace(", ", "、").replace("'", "")
            yield Problem(where, "不在可选的值内", f"可用：{allowed}")
        elif error["type"] == "value_error":
            yield Problem(where, str(error["msg"]).removeprefix("Value error, "))
        else:
            reason, remedy = _REASONS.get(error["type"], ("不符合要求", "请对照文档"))
            yield Problem(where, reason.format(**context), remedy)
