"""Users and logins: what is kept, and when a login ends."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
from argon2 import PasswordHasher
from sqlalchemy import select, text

from matcher.access import passwords
from matcher.access.accounts import MAX_LOGINS, Accounts, token_hash
from matcher.store.database import Database
from matcher.store.tables import Login, Role, User
from policies.errors import InputError

NOW = dt.datetime(2026, 11, 23, 9, 30, tzinfo=dt.timezone(dt.timedelta(hours=8)))
WORDS = "correct horse battery"
OTHER = "staple with a spoon"


@pytest.fixture
def accounts(database: Database) -> Accounts:
    made = Accounts(database)
    made.add("alice", Role.ENTERPRISE, WORDS, NOW)
    return made


def entered(accounts: Accounts, now: dt.datetime = NOW, password: str = WORDS) -> str:
    found = accounts.log_in("alice", password, now, 12)
    assert found is not None
    return found[0]


def test_passwords_and_tokens_are_not_in_the_database(accounts: Accounts, database: Database, tmp_path: Path) -> None:
    token = entered(accounts)
    with database.session() as session:
        user, login = session.scalars(select(User)).one(), session.scalars(select(Login)).one()
        session.execute(text("select 1"))
    assert user.password_hash.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert login.token_hash == token_hash(token) and len(token) == 43
    database.close()
    content = b"".join(path.read_bytes() for path in tmp_path.glob("huiqi.sqlite*"))
    assert WORDS.encode() not in content and token.encode() not in content


def test_a_login_says_who_it_is_until_it_ends(accounts: Accounts) -> None:
    token = entered(accounts)
    found = accounts.resolve(token, NOW + dt.timedelta(hours=11, minutes=59))
    assert found is not None and (found.identity.name, found.identity.role) == ("alice", Role.ENTERPRISE)
    assert accounts.resolve(token, NOW + dt.timedelta(hours=12)) is None
    assert accounts.resolve(token + "x", NOW) is None and accounts.resolve("", NOW) is None
    assert accounts.resolve("\udcff", NOW) is None


@pytest.mark.parametrize("name", ["alice", "ALICE", "ａｌｉｃｅ", " Alice "])
def test_a_name_may_be_typed_in_other_widths_and_sizes(name: str, accounts: Accounts) -> None:
    assert accounts.log_in(name, WORDS, NOW, 12) is not None


@pytest.mark.parametrize(
    ("name", "password"), [("alice", OTHER), ("alice", ""), ("bob", WORDS), ("", ""), ("alice", "x" * 9999)]
)
def test_what_is_wrong_is_not_said(name: str, password: str, accounts: Accounts) -> None:
    assert accounts.log_in(name, password, NOW, 12) is None


def test_an_unknown_name_costs_as_much_as_a_wrong_password(accounts: Accounts, monkeypatch: pytest.MonkeyPatch) -> None:
    verified: list[str] = []

    class Counting(PasswordHasher):
        def verify(self, hash: str | bytes, password: str | bytes) -> bool:  # noqa: A002  # as argon2 names it
            verified.append(str(password))
            return super().verify(hash, password)

    monkeypatch.setattr(passwords, "_hasher", Counting(time_cost=2, memory_cost=19 * 1024, parallelism=1))
    for name in ("alice", "bob", "no such user"):
        accounts.log_in(name, OTHER, NOW, 12)
    assert verified == [OTHER] * 3


def test_a_hash_with_other_parameters_is_made_anew_at_the_next_login(accounts: Accounts, database: Database) -> None:
    old = PasswordHasher(time_cost=1, memory_cost=8 * 1024, parallelism=1).hash(WORDS)
    with database.session() as session:
        session.scalars(select(User)).one().password_hash = old
    assert accounts.log_in("alice", OTHER, NOW, 12) is None
    assert accounts.users()[0].password_hash == old
    entered(accounts)
    kept = accounts.users()[0].password_hash
    assert "m=19456,t=2,p=1" in kept
    entered(accounts)
    assert accounts.users()[0].password_hash == kept


def test_a_disabled_user_is_out_at_once_and_may_come_back(accounts: Accounts) -> None:
    token = entered(accounts)
    accounts.disable("alice", NOW)
    assert accounts.resolve(token, NOW) is None and accounts.log_in("alice", WORDS, NOW, 12) is None
    assert not accounts.has_users()
    accounts.enable("alice")
    assert accounts.resolve(token, NOW) is None  # ended for good
    entered(accounts)
    assert accounts.has_users()


def test_a_new_password_ends_all_logins(accounts: Accounts) -> None:
    token = entered(accounts)
    accounts.set_password("alice", OTHER)
    assert accounts.resolve(token, NOW) is None
    assert accounts.log_in("alice", WORDS, NOW, 12) is None
    entered(accounts, password=OTHER)


def test_one_changes_ones_own_password_only_with_the_old_one(accounts: Accounts) -> None:
    token, user_id = entered(accounts), accounts.users()[0].user_id
    assert not accounts.change_password(user_id, OTHER, "another phrase of words")
    assert accounts.resolve(token, NOW) is not None
    for weak in (WORDS, "short", "password123"):
        with pytest.raises(InputError):
            accounts.change_password(user_id, WORDS, weak)
    assert accounts.change_password(user_id, WORDS, OTHER)
    assert accounts.resolve(token, NOW) is None
    assert accounts.resolve(accounts.begin(user_id, NOW, 12), NOW) is not None


def test_a_user_ends_only_own_logins(accounts: Accounts) -> None:
    bob = accounts.add("bob", Role.STAFF, OTHER, NOW)
    alice = accounts.users()[0]
    first, second = entered(accounts), entered(accounts, NOW + dt.timedelta(minutes=5))
    accounts.end_login(bob.user_id, token_hash(first))
    assert accounts.resolve(first, NOW) is not None
    shown = accounts.logins(alice.user_id, NOW)
    assert [one.token_hash for one in shown] == [token_hash(second), token_hash(first)]
    accounts.end_other_logins(alice.user_id, token_hash(second))
    assert accounts.resolve(first, NOW) is None and accounts.resolve(second, NOW) is not None
    accounts.end_login(alice.user_id, token_hash(second))
    assert accounts.logins(alice.user_id, NOW) == []


def test_logins_do_not_pile_up(accounts: Accounts, database: Database) -> None:
    user_id = accounts.users()[0].user_id
    tokens = [accounts.begin(user_id, NOW + dt.timedelta(seconds=n), 12) for n in range(MAX_LOGINS + 3)]
    assert [accounts.resolve(token, NOW) is not None for token in tokens] == [False] * 3 + [True] * MAX_LOGINS
    accounts.begin(user_id, NOW + dt.timedelta(days=2), 12)
    with database.session() as session:
        assert len(session.scalars(select(Login)).all()) == 1  # those that had ended are gone


def test_when_a_login_was_last_used_is_known_to_the_minute(accounts: Accounts) -> None:
    token, user_id = entered(accounts), accounts.users()[0].user_id
    for seconds, seen in ((59, 0), (60, 60), (61, 60), (200, 200)):
        accounts.resolve(token, NOW + dt.timedelta(seconds=seconds))
        assert accounts.logins(user_id, NOW)[0].seen_at == NOW + dt.timedelta(seconds=seen)


def test_a_role_is_changed_at_once(accounts: Accounts) -> None:
    token = entered(accounts)
    accounts.set_role("alice", Role.ADMIN)
    found = accounts.resolve(token, NOW)
    assert found is not None and found.identity.role is Role.ADMIN


@pytest.mark.parametrize("name", ["", "a", "x" * 65, "a b", "<b>", "a/b", "名\n称", "../x"])
def test_a_name_that_cannot_be_one(name: str, accounts: Accounts) -> None:
    with pytest.raises(InputError, match="用户名"):
        accounts.add(name, Role.STAFF, WORDS, NOW)


def test_a_name_that_is_taken_or_unknown(accounts: Accounts) -> None:
    with pytest.raises(InputError, match="已经有这个用户"):
        accounts.add("Alice", Role.STAFF, WORDS, NOW)
    changes = (
        lambda: accounts.disable("bob", NOW), lambda: accounts.enable("bob"),
        lambda: accounts.set_role("bob", Role.STAFF), lambda: accounts.set_password("bob", WORDS),
    )  # fmt: skip
    for change in changes:
        with pytest.raises(InputError, match="没有这个用户"):
            change()
    assert accounts.add("王芳.qd", Role.STAFF, WORDS, NOW).name == "王芳.qd"


# ---- passwords ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("password", "reason"),
    [
        ("short", "至少 10 个字符"),
        ("123456789", "至少 10 个字符"),
        ("x" * 129, "最多 128 个字符"),
        ("1234567890", "常见"),
        ("QwErTyUiOp", "常见"),
        ("password123", "常见"),
        ("woaini1314", "常见"),
        ("aaaaaaaaaaaa", "简单"),
        ("ababababab", "简单"),
        ("１２３４５６７８９０", "常见"),
        ("zhangwei01", "太接近"),
        ("ZhangWei_2026"[:13], "太接近"),
        ("with\ttab and more", "不可见"),
    ],
)
def test_weak_passwords_are_refused(password: str, reason: str) -> None:
    with pytest.raises(InputError, match=reason):
        passwords.check_new(password, "zhangwei")


@pytest.mark.parametrize(
    "password", [WORDS, "企业服务专员的口令一二三", "kX9$mQ2!vT", "zhangwei likes tall trees", "x" * 118 + "0123456789"]
)
def test_good_passwords_are_taken(password: str) -> None:
    passwords.check_new(password, "zhangwei")
    kept = passwords.hash_password(password)
    assert passwords.matches(kept, password) and not passwords.matches(kept, password + " ")
    assert not passwords.is_outdated(kept)


def test_the_same_password_typed_full_width_is_the_same() -> None:
    assert passwords.matches(passwords.hash_password("Secret-2026-words"), "Ｓｅｃｒｅｔ-2026-words")


def test_a_damaged_hash_lets_nobody_in() -> None:
    assert not passwords.matches("not a hash", WORDS) and not passwords.matches("", WORDS)
    assert not passwords.matches(None, "nobody has this password")


def test_the_list_of_common_passwords_holds_what_the_length_would_let_through() -> None:
    assert len(passwords.COMMON) > 100
    assert all(len(one) >= passwords.MIN_CHARS and one == one.casefold() for one in passwords.COMMON)
