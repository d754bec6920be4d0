"""The audit log: who did what to what, and whether it was allowed. Names and ids only, never what was sent."""

from __future__ import annotations

import datetime as dt
from typing import Literal

from sqlalchemy import select
from starlette.types import Scope

from matcher.access.identity import Identity
from matcher.services import Services
from matcher.store.database import Database
from matcher.store.tables import NAME_CHARS, Audit

Outcome = Literal["ok", "refused", "failed"]
MAX_TARGET_CHARS = 200


class AuditLog:
    """Writes and reads the log."""

    def __init__(self, database: Database) -> None:
        """Keep it in a database."""
        self._database = database

    def write(
        self,
        action: str,
        target: str = "",
        outcome: Outcome = "ok",
        *,
        now: dt.datetime,
        actor: str = "",
        request_id: str = "",
        address: str = "",
    ) -> None:
        """Add a line.

        Args:
            action: A short English verb such as "login" or "bulk.submit".
            target: The id acted on; cut to MAX_TARGET_CHARS.
            outcome: Whether it was done.
            now: The moment, with a time zone.
            actor: Name of a user or a key; "" for nobody who is known.
            request_id: Of the request, if there was one.
            address: Where it came from.
        """
        line = Audit(
            at=now, actor=actor[:NAME_CHARS], action=action, target=target[:MAX_TARGET_CHARS], outcome=outcome,
            request_id=request_id, address=address,
        )  # fmt: skip
        with self._database.session() as session:
            session.add(line)

    def lines(self, limit: int = 100, *, actor: str = "", action: str = "") -> list[Audit]:
        """The last lines, newest first; of one actor or one action where given."""
        wanted = select(Audit).order_by(Audit.audit_id.desc()).limit(limit)
        if actor:
            wanted = wanted.where(Audit.actor == actor)
        if action:
            wanted = wanted.where(Audit.action == action)
        with self._database.reading() as session:
            return list(session.scalars(wanted))


def record(services: Services, scope: Scope, action: str, target: str = "", outcome: Outcome = "ok") -> None:
    """Log what a request did; who made it, its id and its address come from the scope.

    Args:
        services: Where to write, and the clock.
        scope: The request's (`request.scope`; in a Gradio handler `request.request.scope`).
        action: A short English verb such as "bulk.submit".
        target: The id acted on.
        outcome: Whether it was done.
    """
    identity = scope.get("state", {}).get("identity")
    AuditLog(services.database).write(
        action, target, outcome,
        now=services.now(),
        actor=identity.name if isinstance(identity, Identity) else "",
        request_id=request_id_of(scope),
        address=address_of(scope),
    )  # fmt: skip


def request_id_of(scope: Scope) -> str:
    """Id of a request: 32 hexadecimal digits, the same in the answer's X-Request-ID; "" outside the gate."""
    return str(scope.get("state", {}).get("request_id", ""))


def address_of(scope: Scope) -> str:
    """Where a request comes from."""
    client = scope.get("client")
    return str(client[0]) if client else ""
