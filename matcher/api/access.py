"""Who may call what; the gate has found out who calls."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Annotated

from fastapi import Depends, Request, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from matcher.access.identity import Identity, identity_of
from matcher.api.problems import FORBIDDEN, UNAUTHORIZED, ApiProblem
from matcher.store.tables import Role

ROLE_NAMES = {Role.ENTERPRISE: "企业", Role.STAFF: "专员", Role.EVALUATOR: "评测", Role.ADMIN: "管理员"}
_BEARER = HTTPBearer(
    scheme_name="ApiKey",
    bearerFormat="hq_…",
    description="管理员发给的密钥，放在请求头 Authorization: Bearer <密钥>。在本机使用时（没有登录）不需要。",
    auto_error=False,
)
Credentials = Annotated[HTTPAuthorizationCredentials | None, Security(_BEARER)]


def require(*roles: Role) -> Callable[[Request], Awaitable[Identity]]:
    """A dependency that lets in whoever has one of these roles (an admin always), and says who it is."""

    async def caller(request: Request, _: Credentials = None) -> Identity:
        try:
            identity = identity_of(request.scope)
        except PermissionError:
            raise ApiProblem(UNAUTHORIZED, headers={"www-authenticate": "Bearer"}) from None
        if not identity.may_act_as(*roles):
            names = "、".join(ROLE_NAMES[role] for role in (*roles, Role.ADMIN))
            raise ApiProblem(FORBIDDEN, f"这个接口只供以下角色使用：{names}。")
        return identity

    return caller


Matching = Annotated[Identity, Depends(require(Role.ENTERPRISE, Role.STAFF, Role.EVALUATOR))]
"""Whoever may match and read policies."""
Asking = Annotated[Identity, Depends(require(Role.ENTERPRISE, Role.STAFF))]
"""Whoever works for a company: explanations, questions, feedback."""
Serving = Annotated[Identity, Depends(require(Role.STAFF))]
"""Whoever serves many companies: batches, reverse matching, jobs, metrics."""
