"""How the service is reached, and what follows from it: who must log in, which cookie, which Host and Origin."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from urllib.parse import urlsplit

from matcher.settings import Settings, is_loopback

MIB = 1024 * 1024
MULTIPART_BYTES = 64 * 1024
"""What a form adds to the file in it."""


@dataclass(frozen=True)
class Policy:
    """The settings that access depends on.

    Attributes:
        local: Nobody has to log in: this machine serves only itself.
        host: Address that is served on.
        origin: What browsers call the service, where that is fixed ("https://huiqi.example.cn").
        login_hours: How long a login holds.
        upload_bytes: Largest body that carries a file.
    """

    local: bool
    host: str
    origin: str | None
    login_hours: int
    upload_bytes: int

    @classmethod
    def of(cls, settings: Settings) -> Policy:
        """What the settings mean."""
        return cls(
            local=not settings.needs_login,
            host=settings.host,
            origin=settings.origin,
            login_hours=settings.login_hours,
            upload_bytes=settings.upload_mib * MIB + MULTIPART_BYTES,
        )

    @property
    def secure(self) -> bool:
        """Whether browsers come over TLS."""
        return self.origin is not None and self.origin.startswith("https://")

    @property
    def cookie(self) -> str:
        """Name of the login's cookie; with the prefix, no neighbouring site can set it."""
        return "__Host-huiqi" if self.secure else "huiqi"

    def takes_host(self, host: str) -> bool:
        """Whether a Host header may name this service.

        A name that somebody else chose could be theirs, made to point here. Without `origin` only this machine's own
        names, plain addresses and the configured host are taken.
        """
        if self.origin is not None:
            return host.lower() == urlsplit(self.origin).netloc.lower()
        name = _host_name(host)
        if self.local:
            return is_loopback(name)
        return is_loopback(name) or _is_address(name) or name == self.host.strip("[]").lower()

    def takes_origin(self, origin: str, scheme: str, host: str) -> bool:
        """Whether an Origin header is this service's own."""
        own = self.origin or f"{scheme}://{host}"
        return origin.lower() == own.lower()


def _host_name(host: str) -> str:
    """The name in a Host header, in small letters; "" where there is none."""
    try:
        parts = urlsplit(f"//{host}")
        return parts.hostname or "" if parts.netloc == host and "@" not in host else ""
    except ValueError:
        return ""


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
