"""Token buckets, and what Gradio leaves open."""

from __future__ import annotations

import pytest

from matcher.access import bindings
from matcher.access.bindings import KEPT_S, Sessions, Uploads
from matcher.access.limits import Limiter, Rate, network_of


class Clock:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


# ---- limits ---------------------------------------------------------------------------------------------------------


def test_a_burst_then_so_many_a_second(clock: Clock) -> None:
    limiter, rate = Limiter(clock), Rate(3, 0.5)
    assert [limiter.take("a", rate) for _ in range(3)] == [None] * 3
    refused = limiter.take("a", rate)
    assert refused is not None and refused.wait_s == pytest.approx(2) and refused.first
    clock.now += 1
    again = limiter.take("a", rate)
    assert again is not None and again.wait_s == pytest.approx(1) and not again.first
    clock.now += 1
    assert limiter.take("a", rate) is None
    after = limiter.take("a", rate)
    assert after is not None and after.first  # one was let through since
    clock.now += 3600
    assert [limiter.take("a", rate) for _ in range(3)] == [None] * 3
    assert limiter.take("a", rate) is not None


def test_each_key_has_its_own_bucket_and_a_token_can_be_given_back(clock: Clock) -> None:
    limiter, rate = Limiter(clock), Rate(1, 0.01)
    assert limiter.take("a", rate) is None and limiter.take("b", rate) is None
    assert limiter.take("a", rate) is not None
    limiter.give_back("a", rate)
    limiter.give_back("a", rate)  # never more than the burst
    assert limiter.take("a", rate) is None and limiter.take("a", rate) is not None


def test_the_oldest_buckets_are_forgotten(clock: Clock) -> None:
    limiter, rate = Limiter(clock, most=2), Rate(1, 0.01)
    for key in ("a", "b"):
        limiter.take(key, rate)
    assert limiter.take("a", rate) is not None  # used again: "b" is the oldest now
    limiter.take("c", rate)
    assert limiter.take("b", rate) is None


def test_per_minute_means_that_many_in_the_long_run(clock: Clock) -> None:
    limiter, rate = Limiter(clock), Rate.per_minute(60)
    let_through = 0
    for _ in range(600 * 4):
        clock.now += 0.25
        let_through += limiter.take("key", rate) is None
    assert let_through == pytest.approx(600 + 60, abs=2)


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:0db8:0001:0002"),
        ("2001:db8:1:2::9", "2001:0db8:0001:0002"),
        ("2001:db8:1:3::9", "2001:0db8:0001:0003"),
        ("fe80::1%eth0", "fe80:0000:0000:0000"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("", ""),
        ("unix socket", "unix socket"),
    ],
)
def test_one_sender_is_an_address_or_a_network(address: str, network: str) -> None:
    assert network_of(address) == network


# ---- session hashes -------------------------------------------------------------------------------------------------


def test_a_session_hash_belongs_to_the_login_that_used_it_first(clock: Clock) -> None:
    sessions = Sessions(clock)
    assert sessions.bind("hash1", "alice") and sessions.bind("hash1", "alice")
    assert not sessions.bind("hash1", "bob")
    assert sessions.bind("hash2", "bob") and not sessions.bind("hash2", "alice")


def test_it_is_free_again_long_after_its_last_use(clock: Clock) -> None:
    sessions = Sessions(clock)
    sessions.bind("hash1", "alice")
    clock.now += KEPT_S - 1
    assert not sessions.bind("hash1", "bob")  # a refused try is no use of it
    assert sessions.bind("hash1", "alice")
    clock.now += KEPT_S - 1
    assert not sessions.bind("hash1", "bob")
    clock.now += 2
    assert sessions.bind("hash1", "bob")


def test_while_its_page_listens_it_does_not_end(clock: Clock) -> None:
    sessions = Sessions(clock)
    sessions.bind("hash1", "alice")
    sessions.bind("hash2", "alice")
    with sessions.streaming("hash1"):
        clock.now += 10 * KEPT_S
        assert not sessions.bind("hash1", "bob")
        assert sessions.bind("hash2", "bob")
    clock.now += KEPT_S - 1
    assert not sessions.bind("hash1", "bob")
    clock.now += 2
    assert sessions.bind("hash1", "bob")


def test_one_login_cannot_hold_any_number(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bindings, "MOST_PER_LOGIN", 3)
    monkeypatch.setattr(bindings, "MOST_SESSIONS", 5)
    sessions = Sessions(clock)
    assert [sessions.bind(f"a{n}", "alice") for n in range(4)] == [True, True, True, False]
    assert [sessions.bind(f"b{n}", "bob") for n in range(3)] == [True, True, False]
    assert sessions.bind("a0", "alice")  # what is bound goes on
    clock.now += KEPT_S + 1
    assert sessions.bind("b9", "bob") and sessions.bind("a9", "alice")


# ---- uploads --------------------------------------------------------------------------------------------------------


def test_an_upload_is_its_users_for_a_day(clock: Clock) -> None:
    uploads = Uploads(clock)
    uploads.note("/tmp/x/a.csv", "sam")
    assert uploads.owns("/tmp/x/a.csv", "sam") and not uploads.owns("/tmp/x/a.csv", "sue")
    assert not uploads.owns("/etc/passwd", "sam") and not uploads.owns("/tmp/x/../x/a.csv", "sam")
    uploads.note("/tmp/x/a.csv", "sue")  # she has uploaded the same content
    assert uploads.owns("/tmp/x/a.csv", "sam") and uploads.owns("/tmp/x/a.csv", "sue")
    clock.now += bindings.UPLOAD_KEPT_S
    assert not uploads.owns("/tmp/x/a.csv", "sam")


def test_old_uploads_are_forgotten(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bindings, "MOST_UPLOADS", 2)
    uploads = Uploads(clock)
    for name in "abc":
        uploads.note(name, "sam")
    assert [uploads.owns(name, "sam") for name in "abc"] == [False, True, True]
