"""Keys of other systems, and the audit log."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import pytest

from matcher.access.audit import AuditLog
from matcher.access.keys import Keys
from matcher.store.database import Database
from matcher.store.tables import Role
from policies.errors import InputError

NOW = dt.datetime(2026, 11, 23, 9, 30, tzinfo=dt.timezone(dt.timedelta(hours=8)))


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = Database.in_folder(tmp_path)
    yield opened
    opened.close()


def test_a_key_is_shown_once_and_says_who_it_is(database: Database, tmp_path: Path) -> None:
    keys = Keys(database)
    secret, kept = keys.add("ERP", Role.STAFF, 60, NOW)
    assert secret.startswith("hq_") and len(secret) == 46 and secret not in str(vars(kept))
    known = keys.resolve(secret)
    assert known is not None and known.per_minute == 60
    assert (known.identity.user_id, known.identity.name, known.identity.role) == (kept.key_id, "erp", Role.STAFF)
    database.close()
    assert secret.encode() not in b"".join(path.read_bytes() for path in tmp_path.glob("huiqi.sqlite*"))


def test_what_is_no_key_or_revoked_is_nobody(database: Database) -> None:
    keys = Keys(database)
    secret, _ = keys.add("erp", Role.STAFF, 60, NOW)
    for wrong in ("", "hq_", secret[:-1], secret + "A", secret.upper(), "hq_" + "A" * 43, " " + secret, "x" * 100_000):
        assert keys.resolve(wrong) is None
    assert keys.revoke("ERP", NOW).revoked_at == NOW
    assert keys.resolve(secret) is None
    assert keys.revoke("erp", NOW + dt.timedelta(days=1)).revoked_at == NOW
    assert [key.name for key in keys.all()] == ["erp"]


def test_a_key_that_cannot_be(database: Database) -> None:
    keys = Keys(database)
    keys.add("erp", Role.STAFF, 60, NOW)
    with pytest.raises(InputError, match="已经有这个名称"):
        keys.add("ERP", Role.STAFF, 60, NOW)
    with pytest.raises(InputError, match="密钥名称"):
        keys.add("e p", Role.STAFF, 60, NOW)
    for per_minute in (0, -1, 10_001):
        with pytest.raises(InputError, match="1 至 10000"):
            keys.add("other", Role.STAFF, per_minute, NOW)
    with pytest.raises(InputError, match="没有这个密钥"):
        keys.revoke("other", NOW)


def test_the_log_gives_the_newest_first_and_can_be_narrowed(database: Database) -> None:
    log = AuditLog(database)
    for number in range(5):
        moment = NOW + dt.timedelta(seconds=number)
        log.write("login", "alice", "ok" if number % 2 else "failed", now=moment, actor="alice" if number % 2 else "")
    log.write("user.add", "x" * 500, now=NOW, actor="y" * 100, request_id="0" * 32, address="127.0.0.1")
    assert [line.action for line in log.lines(2)] == ["user.add", "login"]
    assert [line.outcome for line in log.lines(actor="alice")] == ["ok", "ok"]
    assert len(log.lines(action="login")) == 5 and log.lines(actor="bob") == []
    long = log.lines(1)[0]
    assert (len(long.target), len(long.actor)) == (200, 64)
