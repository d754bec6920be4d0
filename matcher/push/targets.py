"""Where messages may go: hosts that an admin has listed, one list for each channel; everything else is refused."""

from __future__ import annotations

import datetime as dt
import ipaddress
import re
from urllib.parse import SplitResult, urlsplit

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from matcher.store.companies import Channel
from matcher.store.database import Database
from matcher.store.pushes import AllowedTarget
from matcher.store.tables import NAME_CHARS
from policies.errors import InputError, Problem

ANY = "*"
"""Entry of e-mail that allows every domain."""
CHANNELS = {
    Channel.INBOX: "站内信",
    Channel.EMAIL: "电子邮件",
    Channel.WECOM: "企业微信机器人",
    Channel.DINGTALK: "钉钉机器人",
    Channel.FEISHU: "飞书机器人",
    Channel.WEBHOOK: "接口推送",
}
MAX_URL_CHARS = 2000
_LABEL = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)")
_EMAIL = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@([^@\s]{1,253})")
_NOT_LISTED = "目标“{host}”不在{channel}的允许列表中，请联系管理员添加"

_WRAPPING = [ipaddress.IPv6Network(each) for each in ("64:ff9b::/96", "2002::/16", "2001::/32")]

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class Targets:
    """The lists, in the database."""

    def __init__(self, database: Database) -> None:
        """Keep them in a database."""
        self._database = database

    def list(self) -> list[AllowedTarget]:
        """Everything allowed, by channel and host."""
        with self._database.reading() as session:
            return list(session.scalars(select(AllowedTarget).order_by(AllowedTarget.channel, AllowedTarget.host)))

    def allow(self, channel: Channel, host: str, by: str, now: dt.datetime) -> AllowedTarget:
        """Allow a host; again is no error.

        Args:
            channel: Which list.
            host: A host name, an IP address, or a network such as "10.1.0.0/16" for addresses that are not public; for
                e-mail the recipient's domain, or ANY.
            by: Who allows it.
            now: When.

        Raises:
            InputError: it is no host, or the channel has no hosts.
        """
        entry = AllowedTarget(channel=channel, host=_entry(channel, host), added_by=by[:NAME_CHARS], added_at=now)
        with self._database.session() as session:
            return session.get(AllowedTarget, (entry.channel, entry.host)) or session.merge(entry)

    def disallow(self, channel: Channel, host: str) -> bool:
        """Take a host off the list; False where it was not on it."""
        wanted = delete(AllowedTarget).where(AllowedTarget.channel == channel, AllowedTarget.host == _plain(host))
        with self._database.session() as session:
            return session.execute(wanted.returning(AllowedTarget.host)).first() is not None

    def check(self, channel: Channel, address: str) -> str | None:
        """Why nothing may be sent to an address, in Chinese and without the address; None where it may.

        Args:
            channel: How it would be sent.
            address: Of e-mail, "name@example.cn"; of a robot or a webhook, its URL.
        """
        return self.allowed(channel).problem(address)

    def allowed(self, channel: Channel) -> Allowed:
        """What is allowed for a channel now."""
        with self._database.reading() as session:
            return allowed_hosts(session, channel)


class Allowed:
    """The list of one channel as it was at a moment."""

    def __init__(self, channel: Channel, hosts: frozenset[str]) -> None:
        """Take the entries of `Targets`."""
        self.channel, self.hosts = channel, hosts
        self._networks = [network for host in hosts if (network := _network(host)) is not None]

    def problem(self, address: str) -> str | None:
        """As `Targets.check`."""
        if self.channel is Channel.INBOX:
            return None
        if self.channel is Channel.EMAIL:
            found = _EMAIL.fullmatch(address)
            host = _plain(found[1]) if found else ""
            if not _is_name(host):
                return "电子邮件地址的写法不正确"
            return None if ANY in self.hosts or host in self.hosts else self._not_listed(host)
        return self._url_problem(address)

    def _url_problem(self, address: str) -> str | None:
        try:
            host = host_of(address)
            parts = urlsplit(address)
        except ValueError:
            return "网址的写法不正确，应以 https:// 开头，且不带用户名和密码"
        listed = host in self.hosts or self._is_in_network(host)
        if not listed:
            return self._not_listed(host)
        if parts.scheme != "https" and not self._is_in_network(host):
            return "网址须以 https:// 开头（管理员按 IP 地址列出的内网地址除外）"
        return None

    def may_connect(self, address: Address) -> bool:
        """Whether a connection to an IP address is all right: it is public, or listed itself."""
        plain = address.ipv4_mapped or address if isinstance(address, ipaddress.IPv6Address) else address
        return _is_public(plain) or self._listed(plain)

    def _is_in_network(self, host: str) -> bool:
        network = _network(host)
        return network is not None and self._listed(network.network_address)

    def _listed(self, address: Address) -> bool:
        return any(address in network for network in self._networks)

    def _not_listed(self, host: str) -> str:
        return _NOT_LISTED.format(host=host, channel=CHANNELS[self.channel])


def allowed_hosts(session: Session, channel: Channel) -> Allowed:
    """What is allowed for a channel, in the caller's transaction."""
    hosts = session.scalars(select(AllowedTarget.host).where(AllowedTarget.channel == channel))
    return Allowed(channel, frozenset(hosts))


def host_of(url: str) -> str:
    """Host of a URL that messages may be sent to, as it stands in the lists.

    Raises:
        ValueError: it is no such URL.
    """
    parts: SplitResult = urlsplit(url)
    if len(url) > MAX_URL_CHARS or not url.isprintable() or " " in url or "\\" in url:
        raise ValueError("unusual characters")
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.username or parts.password:
        raise ValueError("not a plain http(s) URL")
    _ = parts.port  # ValueError outside 0–65535
    host = _plain(parts.hostname)
    if not _is_name(host) and _network(host) is None:
        raise ValueError("not a host")
    return host


def _entry(channel: Channel, host: str) -> str:
    plain = _plain(host)
    where = f"{CHANNELS[channel]}的目标“{host}”"
    if channel is Channel.INBOX:
        raise InputError([Problem(where, "站内信不需要允许列表")])
    if channel is Channel.EMAIL:
        if plain != ANY and not _is_name(plain):
            raise InputError([Problem(where, "不是域名", "请填收件人邮箱 @ 后面的部分，或填 * 表示不限")])
        return plain
    if not _is_name(plain) and _network(plain) is None:
        reason = "请填主机名，如 hook.example.cn；内网可填 IP 地址或网段，如 10.1.0.0/16"
        raise InputError([Problem(where, "不是主机名、IP 地址或网段", reason)])
    return plain


def _plain(host: str) -> str:
    """A host as it is compared: lower case, international names in ASCII, no final dot, no brackets."""
    text = host.strip().rstrip(".").strip("[]").lower()
    try:
        return text if text.isascii() else text.encode("idna").decode()
    except UnicodeError:
        return text


def _is_name(host: str) -> bool:
    """Whether it is a host name; what looks like a number or an address is none."""
    labels = host.split(".")
    return (
        len(host) <= 253 and all(_LABEL.fullmatch(each) for each in labels)
        and not labels[-1].isdigit() and not labels[-1].startswith("0x")
    )  # fmt: skip


def _is_public(address: Address) -> bool:
    """Whether it is an address of the internet; an IPv6 address that only wraps an IPv4 one could be of any network."""
    wraps = isinstance(address, ipaddress.IPv6Address) and any(address in network for network in _WRAPPING)
    return address.is_global and not address.is_multicast and not wraps


def _network(host: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network | None:
    try:
        return ipaddress.ip_network(host)
    except ValueError:
        return None
