"""Passwords: what is accepted, and how one is kept (argon2id) and checked in the same time whoever asks."""

from __future__ import annotations

import threading
import unicodedata
from pathlib import Path

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from policies.errors import InputError, Problem

MIN_CHARS, MAX_CHARS = 10, 128
MIN_DIFFERENT = 5
MIN_BESIDE_NAME = 6
AT_ONCE = 4
"""Passwords that are hashed at the same time: each takes 19 MiB."""

COMMON = frozenset((Path(__file__).parents[1] / "data" / "common_passwords.txt").read_text("utf-8").split())
"""The commonest of the length that is accepted, in small letters."""

_WHERE = "密码"
_hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
_turn = threading.BoundedSemaphore(AT_ONCE)


def check_new(password: str, name: str) -> None:
    """See that a password may be used.

    Args:
        password: As typed.
        name: Whose it shall be.

    Raises:
        InputError: it is too short or too long, too simple, among the commonest, or little more than the name.
    """
    reason = _fault(unicodedata.normalize("NFKC", password), name)
    if reason:
        raise InputError([Problem(_WHERE, reason, "可用几个不相关的词连起来，或用密码管理器生成")])


def _fault(password: str, name: str) -> str:
    small = password.casefold()
    if len(password) < MIN_CHARS:
        return f"至少 {MIN_CHARS} 个字符"
    if len(password) > MAX_CHARS:
        return f"最多 {MAX_CHARS} 个字符"
    if not password.isprintable():
        return "含有不可见字符"
    if small in COMMON or len(set(small)) < MIN_DIFFERENT:
        return "过于常见或简单，容易被猜到"
    if name and name.casefold() in small and len(small.replace(name.casefold(), "")) < MIN_BESIDE_NAME:
        return "与用户名太接近"
    return ""


def hash_password(password: str) -> str:
    """The hash to keep, with its salt and parameters."""
    with _turn:
        return _hasher.hash(unicodedata.normalize("NFKC", password))


_NOBODY = _hasher.hash("nobody has this password")
"""Checked where there is no such user, so that the answer takes as long."""


def matches(kept: str | None, password: str) -> bool:
    """Whether a password is the one kept; `kept` None (no such user) takes as long and is never right."""
    with _turn:
        try:
            right = _hasher.verify(kept or _NOBODY, unicodedata.normalize("NFKC", password[: MAX_CHARS + 1]))
        except (VerificationError, InvalidHashError):
            return False
    return right and kept is not None


def is_outdated(kept: str) -> bool:
    """Whether it was hashed with other parameters than today's."""
    return _hasher.check_needs_rehash(kept)
