"""E-mail: apprise reads the server's URL and connects (TLS, login); the message is written here.

apprise's own `send` gives every attempt another Message-ID, makes the text part from the HTML, and answers only yes or
no; a repetition has to be recognised by its Message-ID, and "mailbox unknown" must not be tried again.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import smtplib
import time
import warnings
from collections.abc import Callable
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import Any

from matcher.push.errors import PushRejected, PushUnavailable
from matcher.push.letters import Rendered
from policies.errors import InputError, Problem

with warnings.catch_warnings(action="ignore", category=DeprecationWarning):  # apprise asks whether there is an imghdr
    from apprise.exception import AppriseException
    from apprise.plugins.email.base import NotifyEmail
    from apprise.plugins.email.smtp import AppriseSMTPController

ID_CHARS = 32
"""Of the key, in the Message-ID: 128 bits, and a line that need not be folded."""
KEY_HEADER = "Idempotency-Key"
PERMANENT = 500
"""SMTP replies from here on say that trying again would not help."""
TIMEOUT_S = 15.0
_POLICY = SMTP.clone(max_line_length=998)
"""What RFC 5322 allows: shorter lines would break links in headers into pieces that mail programs do not join."""
FRESH_S = 5.0
"""So long after its last mail a connection is used without asking whether it still stands."""
_Email: Any = NotifyEmail  # apprise's plugins are not typed
_WHERE = "发信服务器（HUIQI_SMTP）"
_EXAMPLE = "写法如 mailtos://用户名:密码@smtp.example.cn?from=huiqi@example.cn"


class Mail:
    """Sends mails over one connection, which is kept until `close`; for one thread."""

    def __init__(self, url: str, now: Callable[[], dt.datetime], *, timeout_s: float = TIMEOUT_S) -> None:
        """Read the server's URL; nothing is connected yet.

        Args:
            url: As apprise writes it.
            now: The moment, for the Date header.
            timeout_s: For the connection and for each reply.

        Raises:
            InputError: it is no such URL, or it turns the certificate's check off.
        """
        try:
            given = _Email.parse_url(url)
            plugin = _Email(**given) if given and given["schema"] in {"mailto", "mailtos"} else None
        except (AppriseException, TypeError, ValueError):
            plugin = None
        if plugin is None:
            raise InputError([Problem(_WHERE, "写法不正确", _EXAMPLE)]) from None
        if not plugin.verify_certificate:
            reason = "不允许关闭证书校验"
            raise InputError([Problem(_WHERE, reason, "请去掉 verify=no；单位自签证书可用环境变量 SSL_CERT_FILE 指定")])
        self._plugin, self._now, self._timeout_s = plugin, now, timeout_s
        name, self._sender = plugin.from_addr
        self._from = Address(name or "惠企", addr_spec=self._sender)
        self._open: AppriseSMTPController | None = None
        self._used_s = 0.0

    def written(self, key: str, address: str, letter: Rendered) -> EmailMessage:
        """The mail: text and HTML; sent again it has the same Message-ID and the same key.

        Raises:
            PushRejected: the address cannot stand in a mail.
        """
        mail = EmailMessage(policy=_POLICY)
        try:
            mail["To"] = Address(addr_spec=address)
        except (ValueError, IndexError, MessageError):
            raise PushRejected("电子邮件地址的写法不正确") from None
        mail["From"] = self._from
        mail["Subject"] = " ".join(letter.subject.split())
        mail["Date"] = format_datetime(self._now())
        mail["Message-ID"] = f"<{key[:ID_CHARS]}@{self._from.domain}>"
        mail[KEY_HEADER] = key
        for name, value in letter.headers.items():
            mail[name] = value
        mail.set_content(letter.text, cte="base64")
        if letter.html is not None:
            mail.add_alternative(letter.html, subtype="html", cte="base64")
        return mail

    def send(self, key: str, address: str, letter: Rendered) -> str:
        """Send a mail; returns what the server answered, such as "250 2.0.0 Ok: queued as 4XyZ".

        Raises:
            PushRejected: the server will never take it.
            PushUnavailable: it does not take it now.
        """
        mail = self.written(key, address, letter)
        try:
            return self._handed_over(address, mail.as_bytes())
        except smtplib.SMTPRecipientsRefused as error:
            code = next(iter(error.recipients.values()))[0]
            reason = f"收件服务器不接受这个收件人（{code}）"
            raise (PushRejected if code >= PERMANENT else PushUnavailable)(reason) from None
        except smtplib.SMTPDataError as error:
            self.close()
            reason = f"收件服务器不接受这封邮件（{error.smtp_code}）"
            raise (PushRejected if error.smtp_code >= PERMANENT else PushUnavailable)(reason) from None
        except smtplib.SMTPResponseException as error:  # the connection, the login, our own address: not the message's
            self.close()
            raise PushUnavailable(f"发信服务器拒绝（{error.smtp_code}）") from None
        except (smtplib.SMTPException, OSError) as error:
            self.close()
            raise PushUnavailable(_reason(error)) from None

    def close(self) -> None:
        """End the connection; the next mail opens another."""
        if self._open is not None:
            self._open.__exit__(None, None, None)
            self._open = None

    def _handed_over(self, address: str, content: bytes) -> str:
        server = self._server()
        code, answer = server.mail(self._sender)
        if code >= 400:
            raise smtplib.SMTPSenderRefused(code, answer, self._sender)
        code, answer = server.rcpt(address)
        if code >= 400:
            self._reset(server)
            raise smtplib.SMTPRecipientsRefused({address: (code, answer)})
        code, answer = server.data(content)
        if code >= 400:
            raise smtplib.SMTPDataError(code, answer)
        self._used_s = time.monotonic()
        return f"{code} {answer.decode('utf-8', 'replace')}".replace(address, "…")

    def _server(self) -> smtplib.SMTP:
        """The connection, which is opened anew where the server has closed it."""
        if self._open is not None:
            server = self._socket(self._open)
            with contextlib.suppress(smtplib.SMTPException, OSError):
                if time.monotonic() - self._used_s < FRESH_S or server.noop()[0] == 250:
                    return server
            self.close()
        plugin = self._plugin
        controller = AppriseSMTPController(
            host=plugin.smtp_host,
            port=plugin.port,
            secure_mode=plugin.secure_mode,
            user=plugin.user,
            password=plugin.password,
            verify_certificate=True,
            socket_connect_timeout=self._timeout_s,  # type: ignore[arg-type] # fractions do as well
        )
        controller.__enter__()
        self._open = controller
        opened = self._socket(controller)
        opened.ehlo_or_helo_if_needed()
        return opened

    @staticmethod
    def _socket(controller: AppriseSMTPController) -> smtplib.SMTP:
        """What apprise has connected; it has no name for it of its own."""
        server: Any = controller._socket
        if not isinstance(server, smtplib.SMTP):
            raise smtplib.SMTPServerDisconnected
        return server

    @staticmethod
    def _reset(server: smtplib.SMTP) -> None:
        with contextlib.suppress(smtplib.SMTPException, OSError):
            server.rset()


def _reason(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return "发信服务器没有按时答复"
    if isinstance(error, smtplib.SMTPServerDisconnected | ConnectionError):
        return "与发信服务器的连接中断"
    return "连接不上发信服务器，或其证书校验没有通过"
