"""Whether the service may start where it is told to."""

from __future__ import annotations

import socket

from matcher.access.accounts import Accounts
from matcher.settings import Settings
from matcher.store.database import open_database


def somebody_can_log_in(settings: Settings) -> bool:
    """Whether there is a user who is not disabled.

    Raises:
        InputError: the database cannot be opened.
    """
    database = open_database(settings)
    try:
        return Accounts(database).has_users()
    finally:
        database.close()


def is_free(host: str, port: int) -> bool:
    """Whether nobody listens on this port yet."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True
