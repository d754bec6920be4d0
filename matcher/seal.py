"""What nobody may read in the database, and links that nobody else can write; one key, from the environment."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from policies.errors import InputError, Problem


class Seal:
    """Encrypts small texts (Fernet: AES-128-CBC with HMAC-SHA-256) and signs links; its key is never stored."""

    def __init__(self, key: str) -> None:
        """Take a key of `new_key`.

        Raises:
            InputError: it is none.
        """
        try:
            self._fernet = Fernet(key)
        except ValueError as error:
            reason = "不是有效的密钥"
            raise InputError([Problem("HUIQI_CONTACT_KEY", reason, "可用 huiqi store key 生成一个新密钥")]) from error
        derive = HKDF(SHA256(), length=32, salt=None, info=b"huiqi marks")
        self._mark_key = derive.derive(key.encode())

    @staticmethod
    def new_key() -> str:
        """A new random key."""
        return Fernet.generate_key().decode()

    def sealed(self, value: Mapping[str, str]) -> str:
        """A text that only `opened` with the same key understands."""
        return self._fernet.encrypt(json.dumps(dict(value), ensure_ascii=False).encode()).decode()

    def opened(self, sealed: str) -> dict[str, str]:
        """What was sealed.

        Raises:
            InputError: it was sealed with another key, or changed.
        """
        try:
            found: dict[str, str] = json.loads(self._fernet.decrypt(sealed.encode()))
        except InvalidToken as error:
            reason = "不能用当前密钥解开"
            raise InputError(
                [Problem("联系方式", reason, "请检查环境变量 HUIQI_CONTACT_KEY 是否为原来的密钥")]
            ) from error
        return found

    def mark(self, *parts: str) -> str:
        """HMAC-SHA-256 of some texts, 64 hex digits: the same for the same texts, and tells nothing of them."""
        return hmac.new(self._mark_key, "\0".join(parts).encode(), hashlib.sha256).hexdigest()

    def token(self, purpose: str, value: str) -> str:
        """A signed and encrypted token for a link, of letters, digits, "-", "_" and "="."""
        return self.sealed({"purpose": purpose, "value": value})

    def value(self, purpose: str, token: str) -> str | None:
        """The value of a token made here for this purpose; None for any other."""
        try:
            found = self.opened(token)
        except InputError:
            return None
        return found.get("value") if found.get("purpose") == purpose else None
