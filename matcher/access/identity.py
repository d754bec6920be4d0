"""Who makes a request. The gate finds out and puts it into the request's scope; everything behind it only reads."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.types import Scope

from matcher.store.tables import Role


@dataclass(frozen=True)
class Identity:
    """Somebody who is known.

    Attributes:
        user_id: Owner of what they keep: a user's or a key's id.
        name: For people and the audit log.
    """

    user_id: str
    name: str
    role: Role

    def may_act_as(self, *roles: Role) -> bool:
        """Whether they have one of these roles; an admin has them all."""
        return self.role is Role.ADMIN or self.role in roles


LOCAL = Identity("local", "本机用户", Role.ADMIN)
"""Whoever sits at a machine that serves only itself."""


def identify(scope: Scope, identity: Identity | None) -> None:
    """Note who makes a request (for the gate only)."""
    scope.setdefault("state", {})["identity"] = identity


def identity_of(scope: Scope) -> Identity:
    """Who makes a request.

    Raises:
        PermissionError: nobody is logged in; the gate lets such requests only to pages that do not ask.
    """
    identity = scope.get("state", {}).get("identity")
    if not isinstance(identity, Identity):
        raise PermissionError("nobody is logged in")
    return identity
