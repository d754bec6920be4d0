"""Keys of other systems for the REST interface: shown once when made, kept only as their SHA-256."""

from __future__ import annotations

import datetime as dt
import re
import secrets
from dataclasses import dataclass

from sqlalchemy import select

from matcher.access.accounts import new_name, plain_name, token_hash
from matcher.access.identity import Identity
from matcher.store.database import Database
from matcher.store.tables import ApiKey, Role, new_id
from policies.errors import InputError, Problem

PREFIX = "hq_"
MAX_PER_MINUTE = 10_000
_KEY = re.compile(PREFIX + r"[A-Za-z0-9_-]{43}")


@dataclass(frozen=True)
class KnownKey:
    """A key in force.

    Attributes:
        per_minute: Requests that it may make in a minute.
    """

    identity: Identity
    per_minute: int


class Keys:
    """All keys; every moment is given by the caller, with a time zone."""

    def __init__(self, database: Database) -> None:
        """Keep them in a database."""
        self._database = database

    def add(self, name: str, role: Role, per_minute: int, now: dt.datetime) -> tuple[str, ApiKey]:
        """Make a key.

        Returns:
            The key itself, to be shown once, and what is kept of it.

        Raises:
            InputError: the name is taken or cannot be one, or the limit is out of bounds.
        """
        plain = new_name("密钥名称", name)
        if not 1 <= per_minute <= MAX_PER_MINUTE:
            raise InputError([Problem("每分钟请求数", f"应在 1 至 {MAX_PER_MINUTE} 之间")])
        secret = PREFIX + secrets.token_urlsafe(32)
        with self._database.session() as session:
            if session.scalar(select(ApiKey).where(ApiKey.name == plain)) is not None:
                raise InputError([Problem(f"密钥名称“{plain}”", "已经有这个名称（含已吊销的）", "请换一个名称")])
            key = ApiKey(
                key_id=new_id(), name=plain, key_hash=token_hash(secret), role=role, per_minute=per_minute,
                created_at=now, revoked_at=None,
            )  # fmt: skip
            session.add(key)
        return secret, key

    def all(self) -> list[ApiKey]:
        """All keys, revoked ones too, by name."""
        with self._database.reading() as session:
            return list(session.scalars(select(ApiKey).order_by(ApiKey.name)))

    def revoke(self, name: str, now: dt.datetime) -> ApiKey:
        """Let a key in no more.

        Raises:
            InputError: there is no such key.
        """
        with self._database.session() as session:
            key = session.scalar(select(ApiKey).where(ApiKey.name == plain_name(name)))
            if key is None:
                raise InputError([Problem(f"密钥名称“{name}”", "没有这个密钥", "可用 huiqi keys list 查看")])
            key.revoked_at = key.revoked_at or now
        return key

    def resolve(self, secret: str) -> KnownKey | None:
        """Whose key it is; None for one that is unknown or revoked."""
        if not _KEY.fullmatch(secret):
            return None
        with self._database.reading() as session:
            key = session.scalar(select(ApiKey).where(ApiKey.key_hash == token_hash(secret)))
        if key is None or key.revoked_at is not None:
            return None
        return KnownKey(Identity(key.key_id, key.name, key.role), key.per_minute)
