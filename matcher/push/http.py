"""One POST to a receiver that somebody else named: only to allowed addresses, no redirects, no endless answers.

The name is resolved here, every address is checked, and the connection goes to an address that was checked: a name
that is resolved once for the check and once more for the connection could lead elsewhere. Proxies of the environment
are not used for the same reason. urllib3 is used directly because requests (and so apprise's plugins) resolves itself.
"""

from __future__ import annotations

import contextlib
import ipaddress
import socket
import ssl
import threading
from collections.abc import Mapping
from functools import cache
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from urllib3 import HTTPConnectionPool, HTTPSConnectionPool, Timeout
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import (
    ConnectTimeoutError,
    HTTPError,
    NameResolutionError,
    NewConnectionError,
    ReadTimeoutError,
    SSLError,
)

from matcher.push.errors import PushRejected, PushUnavailable
from matcher.push.targets import Allowed

MAX_ANSWER_BYTES = 4096
TIMEOUT_S = 10.0
"""For the connection and for each part of the answer; the whole may take TOTAL times as long."""
TOTAL = 2
_USER_AGENT = "huiqi"


class Answer(NamedTuple):
    """What a receiver answered: the first MAX_ANSWER_BYTES of it, and how long it asks to be left alone."""

    status: int
    body: bytes
    retry_s: float


def post(
    url: str, body: bytes, headers: Mapping[str, str], allowed: Allowed, *, timeout_s: float = TIMEOUT_S
) -> Answer:
    """Send a JSON body.

    Raises:
        PushRejected: the list does not allow the URL, or the address that its name leads to.
        PushUnavailable: no connection, no valid certificate, no answer in time.
    """
    problem = allowed.problem(url)
    if problem:
        raise PushRejected(problem)
    parts = urlsplit(url)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    sent = {"User-Agent": _USER_AGENT, "Content-Type": "application/json; charset=utf-8", **headers}
    opened: list[socket.socket] = []
    pool = _pool(parts.scheme, parts.hostname or "", parts.port, allowed, timeout_s, opened)
    cut = threading.Timer(TOTAL * timeout_s, _shut, (opened,))
    cut.start()
    try:
        answer = pool.urlopen(
            "POST", target, body=body, headers=sent, retries=False, redirect=False, preload_content=False
        )
        read = answer.read(MAX_ANSWER_BYTES)
        answer.close()
    except (HTTPError, OSError, ValueError) as error:
        raise PushUnavailable(_reason(error)) from None
    finally:
        cut.cancel()
        pool.close()
        for each in opened:
            each.close()
    return Answer(answer.status, read, _seconds(answer.headers.get("Retry-After", "")))


def _pool(
    scheme: str, host: str, port: int | None, allowed: Allowed, timeout_s: float, opened: list[socket.socket]
) -> HTTPConnectionPool:
    timeout = Timeout(connect=timeout_s, read=timeout_s)
    if scheme == "https":
        pool: HTTPConnectionPool = HTTPSConnectionPool(host, port, timeout=timeout, ssl_context=_trust())
        kind: type[HTTPConnection] = _CheckedHttps
    else:
        pool, kind = HTTPConnectionPool(host, port, timeout=timeout), _CheckedHttp
    pool.ConnectionCls = kind
    pool.conn_kw.update(allowed=allowed, opened=opened)
    return pool


@cache
def _trust() -> ssl.SSLContext:
    """Certificates are checked against those that the system trusts (SSL_CERT_FILE adds a department's own)."""
    return ssl.create_default_context()


class _Checked(HTTPConnection):
    """A connection to a checked address."""

    def __init__(self, *args: Any, allowed: Allowed, opened: list[socket.socket], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._allowed, self._opened = allowed, opened

    def _new_conn(self) -> socket.socket:
        try:
            found = socket.getaddrinfo(self.host.strip("[]"), self.port, type=socket.SOCK_STREAM)
        except OSError as error:
            raise NameResolutionError(self.host, self, socket.gaierror(str(error))) from error
        addresses = dict.fromkeys(str(each[4][0]) for each in found)
        checked = [each for each in addresses if self._allowed.may_connect(ipaddress.ip_address(each.split("%")[0]))]
        if not checked:
            raise PushRejected("接收方的域名指向内网地址，而管理员没有把该地址列入允许列表")
        connection = self._connected(checked)
        self._opened.append(connection.dup())  # TLS takes the connection itself over
        return connection

    def _connected(self, addresses: list[str]) -> socket.socket:
        """A connection to the first address that takes one."""
        last: OSError | None = None
        for address in addresses:
            try:
                return socket.create_connection((address, self.port), self.timeout)
            except OSError as error:
                last = error
        raise NewConnectionError(self, type(last).__name__)


class _CheckedHttp(_Checked):
    """Without TLS: for addresses that an admin has listed."""


class _CheckedHttps(_Checked, HTTPSConnection):
    """With TLS: the certificate has to be the named host's."""


def _shut(opened: list[socket.socket]) -> None:
    """End both directions, which wakes whoever reads."""
    for connection in opened:
        with contextlib.suppress(OSError):  # closed meanwhile
            connection.shutdown(socket.SHUT_RDWR)


def _reason(error: Exception) -> str:
    """Why there is no answer, in Chinese; nothing of the address."""
    if isinstance(error, NameResolutionError):
        return "接收方的域名不能解析"
    if isinstance(error, SSLError):
        return "接收方的证书校验没有通过"
    if isinstance(error, ConnectTimeoutError | NewConnectionError):
        return "连接不上接收方"
    if isinstance(error, ReadTimeoutError):
        return "接收方没有按时答复"
    return "与接收方的连接中断"


def _seconds(text: str) -> float:
    """Retry-After in seconds; 0 for none and for a date."""
    return float(min(int(text), 86_400)) if text.isascii() and text.isdigit() else 0.0
