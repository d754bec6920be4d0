"""Why a request is refused, in words for whoever made it, and as JSON for programs."""

from __future__ import annotations

import math
from collections.abc import Mapping
from enum import Enum

from starlette.responses import JSONResponse, Response
from starlette.types import Scope

API = "/api/v1"
PROBLEM_TYPE = "application/problem+json"


class Reason(Enum):
    """One kind of refusal: status, name, title and what to do."""

    MALFORMED = (400, "malformed", "请求格式不对", "请刷新页面后重试。")
    LOGIN = (401, "unauthorized", "请先登录", "这个页面需要登录后使用；登录可能已到期，请重新登录。")
    KEY = (401, "unauthorized", "需要密钥", "请在请求头中带上有效的密钥：Authorization: Bearer <密钥>。")
    HOST = (403, "forbidden", "网址不对", "请使用管理员公布的网址。管理员请检查设置 origin 和反向代理的 Host。")
    ORIGIN = (403, "forbidden", "请求来自其他网站", "为了安全，只接受从本网站页面发出的操作。请在本网站重新操作。")
    ROLE = (403, "forbidden", "没有权限", "您的角色不能使用这个页面。如需开通，请联系管理员。")
    SESSION = (403, "forbidden", "页面已失效", "这个页面属于另一次登录，请刷新页面后重试。")
    UPLOAD = (403, "forbidden", "文件不可用", "只能使用自己刚上传的文件，请重新上传后再试。")
    NOT_FOUND = (404, "not-found", "页面不存在", "请检查网址，或从首页重新进入。")
    METHOD = (405, "method-not-allowed", "不支持这种请求", "请从页面上的按钮或链接操作。")
    LENGTH = (411, "length-required", "缺少内容长度", "请求须带 Content-Length。")
    TOO_LARGE = (413, "too-large", "提交的内容过大", "请缩短内容或拆成几次提交。")
    TOO_LONG = (414, "uri-too-long", "网址过长", "请减少查询条件。")
    MEDIA = (415, "unsupported-media-type", "不支持这种内容类型", "请从页面上操作；接口请用文档写明的 Content-Type。")
    INVALID = (422, "invalid-request", "网址中的参数不对", "请检查网址，或从首页重新进入。")
    TOO_MANY = (429, "too-many-requests", "操作太频繁", "请稍等片刻再试。")
    ERROR = (500, "internal-error", "系统出错了", "请稍后重试；如仍不行，请把请求编号告诉管理员。")
    BUSY = (503, "unavailable", "系统忙", "请稍后再试。")

    @property
    def status(self) -> int:
        """HTTP status."""
        return self.value[0]

    @property
    def title(self) -> str:
        """What is wrong, in a few words."""
        return self.value[2]

    @property
    def detail(self) -> str:
        """What to do next."""
        return self.value[3]


class Refusal(Exception):
    """A request that is not let through."""

    def __init__(self, reason: Reason, *, wait_s: float = 0, log: bool = False) -> None:
        """Say why.

        Args:
            reason: Why.
            wait_s: Seconds after which it may be tried again.
            log: Whether it belongs into the audit log.
        """
        super().__init__(reason.title)
        self.reason, self.wait_s, self.log = reason, wait_s, log

    @property
    def headers(self) -> dict[str, str]:
        """Headers that belong to the answer."""
        if self.reason is Reason.KEY:
            return {"www-authenticate": "Bearer"}
        return {"retry-after": str(math.ceil(self.wait_s))} if self.wait_s else {}


def as_json(scope: Scope, reason: Reason, headers: Mapping[str, str]) -> Response:
    """A refusal for a program: problem details under /api/v1, title and detail elsewhere."""
    content: dict[str, object] = {"title": reason.title, "detail": reason.detail}
    media_type = "application/json"
    request_id = str(scope.get("state", {}).get("request_id", ""))
    if is_api(str(scope["path"])):
        kind = {"type": f"urn:huiqi:problem:{reason.value[1]}", "status": reason.status, "problems": []}
        content = {**kind, **content, "request_id": request_id}
        media_type = PROBLEM_TYPE
    return JSONResponse(content, reason.status, dict(headers), media_type)


def is_api(path: str) -> bool:
    """Whether a path belongs to the REST interface."""
    return path == API or path.startswith(f"{API}/")
