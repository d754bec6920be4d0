"""Where messages may go."""

from __future__ import annotations

import ipaddress
from pathlib import Path

import pytest

from matcher.push.targets import Allowed, Targets
from matcher.store.companies import Channel
from matcher.store.database import Database
from policies.errors import InputError
from tests.push_support import NOW


def allowed(channel: Channel, *hosts: str) -> Allowed:
    return Allowed(channel, frozenset(hosts))


@pytest.mark.parametrize(
    ("address", "hosts", "fine"),
    [
        ("a@b.cn", ("b.cn",), True),
        ("a@B.CN", ("b.cn",), True),
        ("a@公司.cn", ("xn--55qx5d.cn",), True),
        ("a@sub.b.cn", ("b.cn",), False),
        ("a@evilb.cn", ("b.cn",), False),
        ("a@b.cn@c.cn", ("c.cn",), False),
        ("a@b.cn\nBcc: x@b.cn", ("b.cn",), False),
        ("a@b.cn", ("*",), True),
        ("a@[127.0.0.1]", ("*",), False),
        ("a@localhost", (), False),
        ("@b.cn", ("*",), False),
        ("a b@b.cn", ("*",), False),
    ],
)
def test_mail_goes_to_listed_domains(address: str, hosts: tuple[str, ...], fine: bool) -> None:
    problem = allowed(Channel.EMAIL, *hosts).problem(address)
    assert (problem is None) == fine
    assert problem is None or address not in problem


@pytest.mark.parametrize(
    ("url", "fine"),
    [
        ("https://hook.example.cn/in?key=1", True),
        ("https://HOOK.example.cn./in", True),
        ("https://hook.example.cn:8443/in", True),
        ("http://hook.example.cn/in", False),
        ("https://other.example.cn/in", False),
        ("https://hook.example.cn.evil.com/", False),
        ("https://hook.example.cn@evil.com/", False),
        ("https://evil.com\\@hook.example.cn/", False),
        ("https://user:pass@hook.example.cn/", False),
        ("https://hook.example.cn:99999/", False),
        ("ftp://hook.example.cn/", False),
        ("file:///etc/passwd", False),
        ("https://", False),
        ("https://hook.example.cn/ x", False),
        ("https://hook.example.cn/\r\nX: y", False),
        ("http://10.1.2.3/in", True),
        ("https://10.1.2.3:8443/in", True),
        ("http://10.2.2.3/in", False),
        ("http://167838211/in", False),
        ("http://0x0a010203/in", False),
        ("http://[::1]/in", False),
        ("http://127.0.0.1/in", False),
    ],
)
def test_webhooks_go_to_listed_hosts_over_tls_and_to_listed_networks(url: str, fine: bool) -> None:
    assert (allowed(Channel.WEBHOOK, "hook.example.cn", "10.1.0.0/16").problem(url) is None) == fine


def test_a_connection_goes_to_public_addresses_and_to_listed_ones_only() -> None:
    hook = allowed(Channel.WEBHOOK, "hook.example.cn", "10.1.0.0/16", "fd00:1::/64")
    for text, fine in {
        "8.8.8.8": True, "10.1.9.9": True, "fd00:1::7": True, "10.2.0.1": False, "127.0.0.1": False, "::1": False,
        "169.254.169.254": False, "::ffff:127.0.0.1": False, "::ffff:10.1.0.1": True, "0.0.0.0": False,
        "224.0.0.1": False, "fe80::1": False, "100.64.0.1": False, "192.168.1.1": False,
        "64:ff9b::7f00:1": False, "2002:7f00:1::": False, "2400:3200::1": True,
    }.items():  # fmt: skip
        assert hook.may_connect(ipaddress.ip_address(text)) == fine, text


def test_everything_may_go_to_the_inbox() -> None:
    assert allowed(Channel.INBOX).problem("") is None


def test_an_admin_keeps_the_lists(tmp_path: Path) -> None:
    targets = Targets(Database.in_folder(tmp_path))
    targets.allow(Channel.EMAIL, "B.cn", "admin", NOW)
    first = targets.allow(Channel.EMAIL, "b.cn.", "other", NOW)
    assert (first.host, first.added_by) == ("b.cn", "admin")
    targets.allow(Channel.WEBHOOK, "10.1.0.0/16", "admin", NOW)
    targets.allow(Channel.WEBHOOK, "公司.cn", "admin", NOW)
    assert [(each.channel, each.host) for each in targets.list()] == [
        (Channel.EMAIL, "b.cn"), (Channel.WEBHOOK, "10.1.0.0/16"), (Channel.WEBHOOK, "xn--55qx5d.cn"),
    ]  # fmt: skip
    assert targets.check(Channel.EMAIL, "a@b.cn") is None
    assert targets.check(Channel.WECOM, "https://b.cn/") == "目标“b.cn”不在企业微信机器人的允许列表中，请联系管理员添加"
    assert targets.disallow(Channel.EMAIL, "B.CN")
    assert not targets.disallow(Channel.EMAIL, "b.cn")
    assert targets.check(Channel.EMAIL, "a@b.cn")


@pytest.mark.parametrize(
    ("channel", "host"),
    [
        (Channel.WEBHOOK, "*"),
        (Channel.WEBHOOK, "https://hook.example.cn"),
        (Channel.WEBHOOK, "a b.cn"),
        (Channel.WEBHOOK, ""),
        (Channel.WEBHOOK, "10.0.0.0/99"),
        (Channel.EMAIL, "10.0.0.1"),
        (Channel.EMAIL, "a@b.cn"),
        (Channel.INBOX, "b.cn"),
    ],
)
def test_what_is_no_host_is_refused(tmp_path: Path, channel: Channel, host: str) -> None:
    with pytest.raises(InputError):
        Targets(Database.in_folder(tmp_path)).allow(channel, host, "admin", NOW)
