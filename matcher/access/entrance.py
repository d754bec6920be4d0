"""Logging in and out: how often one may try, what is logged, and which cookie follows."""

from __future__ import annotations

from dataclasses import dataclass, field

from starlette.requests import Request
from starlette.responses import Response

from matcher.access import audit
from matcher.access.accounts import Accounts, LoggedIn, plain_name
from matcher.access.identity import Identity
from matcher.access.limits import Limiter, Rate, network_of
from matcher.access.policy import Policy
from matcher.access.refusals import Reason, Refusal
from matcher.services import Services
from policies.errors import InputError

PER_NAME = Rate(5, 1 / 60)
"""Failed logins of one name from one sender."""
PER_SENDER = Rate(30, 1 / 10)
"""Failed logins from one sender, whatever the names."""


@dataclass(frozen=True)
class Entrance:
    """Where people come in; used by the login pages."""

    services: Services
    policy: Policy
    limiter: Limiter = field(default_factory=Limiter)

    @property
    def accounts(self) -> Accounts:
        """The users."""
        return Accounts(self.services.database)

    def log_in(self, request: Request, name: str, password: str) -> tuple[str, Identity] | None:
        """Try a name and a password.

        Returns:
            The token for the cookie, and who it is; None if they are not right.

        Raises:
            Refusal: too many tries failed; the tries that succeed do not count.
        """
        sender = network_of(audit.address_of(request.scope))
        tries = ((("name", plain_name(name), sender), PER_NAME), (("sender", sender), PER_SENDER))
        for key, rate in tries:
            if (refused := self.limiter.take(key, rate)) is not None:
                if refused.first:
                    self._record(request, "login.lockout", self._known(name), "refused")
                raise Refusal(Reason.TOO_MANY, wait_s=refused.wait_s)
        entered = self.accounts.log_in(name, password, self.services.now(), self.policy.login_hours)
        if entered is None:
            self._record(request, "login", self._known(name), "failed")
            return None
        for key, rate in tries:
            self.limiter.give_back(key, rate)
        self.leave(request)
        self._record(request, "login", entered[1].name, "ok", entered[1])
        return entered

    def leave(self, request: Request) -> None:
        """End the login that a request came with, if any."""
        logged_in = self._present(request)
        if logged_in is not None:
            self.accounts.end_login(logged_in.identity.user_id, logged_in.login_id)
            self._record(request, "logout", logged_in.identity.name, "ok", logged_in.identity)

    def change_password(self, request: Request, identity: Identity, old: str, new: str) -> str | None:
        """Change one's own password; all logins end and a new one begins.

        Returns:
            The new login's token; None if the old password is not right.

        Raises:
            InputError: the new password is too weak.
            Refusal: too many tries failed.
        """
        key = ("password", identity.user_id)
        if (refused := self.limiter.take(key, PER_NAME)) is not None:
            raise Refusal(Reason.TOO_MANY, wait_s=refused.wait_s)
        try:
            changed = self.accounts.change_password(identity.user_id, old, new)
        except InputError:
            self.limiter.give_back(key, PER_NAME)  # the old password was right
            raise
        if not changed:
            self._record(request, "password", identity.name, "failed", identity)
            return None
        self.limiter.give_back(key, PER_NAME)
        self._record(request, "password", identity.name, "ok", identity)
        return self.accounts.begin(identity.user_id, self.services.now(), self.policy.login_hours)

    def end_logins(self, request: Request, identity: Identity, login_id: str | None) -> None:
        """End one of one's own logins, or (None) all but the present one."""
        if login_id is None:
            self.accounts.end_other_logins(identity.user_id, self.present_login(request))
        else:
            self.accounts.end_login(identity.user_id, login_id)
        self._record(request, "login.end", identity.name, "ok", identity)

    def present_login(self, request: Request) -> str:
        """login_id of the login that a request came with; "" without one."""
        logged_in = self._present(request)
        return logged_in.login_id if logged_in else ""

    def set_cookie(self, response: Response, token: str) -> None:
        """Hand a login's token to the browser: not readable by scripts, not sent from other sites."""
        response.set_cookie(
            self.policy.cookie, token, max_age=self.policy.login_hours * 3600, path="/", secure=self.policy.secure,
            httponly=True, samesite="strict",
        )  # fmt: skip

    def clear_cookie(self, response: Response) -> None:
        """Take it back."""
        response.delete_cookie(
            self.policy.cookie, path="/", secure=self.policy.secure, httponly=True, samesite="strict"
        )

    def _present(self, request: Request) -> LoggedIn | None:
        token = request.cookies.get(self.policy.cookie)
        return self.accounts.resolve(token, self.services.now()) if token else None

    def _known(self, name: str) -> str:
        """The name if it is a user's: anything else that was typed there may be a password."""
        plain = plain_name(name)
        return plain if plain in {user.name for user in self.accounts.users()} else ""

    def _record(
        self, request: Request, action: str, target: str, outcome: audit.Outcome, actor: Identity | None = None
    ) -> None:
        audit.AuditLog(self.services.database).write(
            action, target, outcome,
            now=self.services.now(),
            actor=actor.name if actor else "",
            request_id=audit.request_id_of(request.scope),
            address=audit.address_of(request.scope),
        )  # fmt: skip
