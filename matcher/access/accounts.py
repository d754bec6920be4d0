"""Users and their logins: random tokens of which only the SHA-256 is kept, so they can be ended but not be read."""

from __future__ import annotations

import datetime as dt
import hashlib
import re
import secrets
import unicodedata
from dataclasses import dataclass

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from matcher.access import passwords
from matcher.access.identity import Identity
from matcher.store.database import Database
from matcher.store.tables import NAME_CHARS, Login, Role, User, new_id
from policies.errors import InputError, Problem

SEEN_EVERY = dt.timedelta(minutes=1)
"""How exactly it is known when a login was last used."""
MAX_LOGINS = 20
"""Logins that a user may have at once; the oldest ends where one more begins."""
_NAME = re.compile(r"[\w.@-]+")
MIN_NAME_CHARS = 2


@dataclass(frozen=True)
class LoggedIn:
    """A login in force.

    Attributes:
        login_id: What else is bound to this login (the token's SHA-256).
    """

    identity: Identity
    login_id: str


def plain_name(name: str) -> str:
    """A user name as it is kept: full-width and capital letters do not make another user."""
    return unicodedata.normalize("NFKC", name).strip().casefold()


def new_name(what: str, name: str) -> str:
    """A name for something new, as it is kept; InputError says what a name may be (`what` is named)."""
    plain = plain_name(name)
    if not _NAME.fullmatch(plain) or not MIN_NAME_CHARS <= len(plain) <= NAME_CHARS:
        reason = f"须为 {MIN_NAME_CHARS} 至 {NAME_CHARS} 个字符，只用汉字、字母、数字和 . _ - @"
        raise InputError([Problem(f"{what}“{name}”", reason)])
    return plain


def token_hash(token: str) -> str:
    """What is kept of a token or a key."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


class Accounts:
    """All users; every moment is given by the caller, with a time zone."""

    def __init__(self, database: Database) -> None:
        """Keep them in a database."""
        self._database = database

    # ---- users ------------------------------------------------------------------------------------------------------

    def add(self, name: str, role: Role, password: str, now: dt.datetime) -> User:
        """Add a user.

        Raises:
            InputError: the name is taken or cannot be one, or the password is too weak.
        """
        plain = new_name("用户名", name)
        passwords.check_new(password, plain)
        kept = passwords.hash_password(password)
        with self._database.session() as session:
            if _find(session, plain) is not None:
                raise InputError([Problem(f"用户名“{plain}”", "已经有这个用户", "请换一个名称")])
            user = User(user_id=new_id(), name=plain, role=role, password_hash=kept, created_at=now, disabled_at=None)
            session.add(user)
        return user

    def users(self) -> list[User]:
        """All users, by name."""
        with self._database.reading() as session:
            return list(session.scalars(select(User).order_by(User.name)))

    def has_users(self) -> bool:
        """Whether anybody can log in."""
        with self._database.reading() as session:
            return bool(session.scalar(select(func.count()).select_from(User).where(User.disabled_at.is_(None))))

    def set_role(self, name: str, role: Role) -> User:
        """Give a user another role; it holds from their next request on.

        Raises:
            InputError: there is no such user.
        """
        with self._database.session() as session:
            user = _existing(session, name)
            user.role = role
        return user

    def disable(self, name: str, now: dt.datetime) -> User:
        """Let a user in no more, and end all their logins.

        Raises:
            InputError: there is no such user.
        """
        with self._database.session() as session:
            user = _existing(session, name)
            user.disabled_at = user.disabled_at or now
            _end_all(session, user.user_id)
        return user

    def enable(self, name: str) -> User:
        """Let a user in again.

        Raises:
            InputError: there is no such user.
        """
        with self._database.session() as session:
            user = _existing(session, name)
            user.disabled_at = None
        return user

    def set_password(self, name: str, password: str) -> User:
        """Give a user another password, and end all their logins.

        Raises:
            InputError: there is no such user, or the password is too weak.
        """
        passwords.check_new(password, plain_name(name))
        kept = passwords.hash_password(password)
        with self._database.session() as session:
            user = _existing(session, name)
            user.password_hash = kept
            _end_all(session, user.user_id)
        return user

    def change_password(self, user_id: str, old: str, new: str) -> bool:
        """Change one's own password; ends all logins of this user, the present one too.

        Returns:
            False if the old password is not right.

        Raises:
            InputError: the new password is too weak, or is the old one.
        """
        with self._database.reading() as session:
            user = session.get_one(User, user_id)
        if not passwords.matches(user.password_hash, old):
            return False
        if old == new:
            raise InputError([Problem("新密码", "与原密码相同", "请换一个")])
        self.set_password(user.name, new)
        return True

    # ---- logins -----------------------------------------------------------------------------------------------------

    def log_in(self, name: str, password: str, now: dt.datetime, hours: int) -> tuple[str, Identity] | None:
        """Begin a login.

        Args:
            name: As typed.
            password: As typed.
            now: The moment.
            hours: How long the login holds.

        Returns:
            The token for the cookie, and who it is; None alike for a wrong password, an unknown and a disabled user.
        """
        with self._database.reading() as session:
            user = _find(session, plain_name(name))
        right = passwords.matches(user.password_hash if user else None, password)
        if user is None or not right:
            return None
        fresh = passwords.hash_password(password) if passwords.is_outdated(user.password_hash) else ""
        with self._database.session() as session:
            current = session.get(User, user.user_id)
            if current is None or current.disabled_at is not None or current.password_hash != user.password_hash:
                return None
            current.password_hash = fresh or current.password_hash
            return _begin(session, current, now, hours), Identity(current.user_id, current.name, current.role)

    def begin(self, user_id: str, now: dt.datetime, hours: int) -> str:
        """A new login for somebody who has just shown who they are (after a change of password); the token."""
        with self._database.session() as session:
            return _begin(session, session.get_one(User, user_id), now, hours)

    def resolve(self, token: str, now: dt.datetime) -> LoggedIn | None:
        """Whose login a cookie's token is; None where it has ended or never was."""
        with self._database.reading() as session:
            login = session.get(Login, token_hash(token))
            if login is None or login.expires_at <= now:
                return None
            user = session.get(User, login.user_id)
        if user is None or user.disabled_at is not None:
            return None
        if now - login.seen_at >= SEEN_EVERY:
            with self._database.session() as session:
                session.execute(update(Login).where(Login.token_hash == login.token_hash).values(seen_at=now))
        return LoggedIn(Identity(user.user_id, user.name, user.role), login.token_hash)

    def logins(self, user_id: str, now: dt.datetime) -> list[Login]:
        """A user's logins in force, last used first."""
        wanted = select(Login).where(Login.user_id == user_id, Login.expires_at > now).order_by(Login.seen_at.desc())
        with self._database.reading() as session:
            return list(session.scalars(wanted))

    def end_login(self, user_id: str, login_id: str) -> None:
        """End one login of a user; somebody else's is left alone."""
        with self._database.session() as session:
            session.execute(delete(Login).where(Login.token_hash == login_id, Login.user_id == user_id))

    def end_other_logins(self, user_id: str, login_id: str) -> None:
        """End all logins of a user but one."""
        with self._database.session() as session:
            session.execute(delete(Login).where(Login.token_hash != login_id, Login.user_id == user_id))


def _find(session: Session, plain: str) -> User | None:
    return session.scalar(select(User).where(User.name == plain))


def _existing(session: Session, name: str) -> User:
    user = _find(session, plain_name(name))
    if user is None:
        raise InputError([Problem(f"用户名“{name}”", "没有这个用户", "可用 huiqi users list 查看")])
    return user


def _end_all(session: Session, user_id: str) -> None:
    session.execute(delete(Login).where(Login.user_id == user_id))


def _begin(session: Session, user: User, now: dt.datetime, hours: int) -> str:
    session.execute(delete(Login).where(Login.expires_at <= now))
    own = select(Login).where(Login.user_id == user.user_id).order_by(Login.seen_at.desc(), Login.created_at.desc())
    for surplus in list(session.scalars(own))[MAX_LOGINS - 1 :]:
        session.delete(surplus)
    token = secrets.token_urlsafe(32)
    expires = now + dt.timedelta(hours=hours)
    session.add(
        Login(token_hash=token_hash(token), user_id=user.user_id, created_at=now, seen_at=now, expires_at=expires)
    )
    return token
