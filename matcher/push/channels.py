"""How a message gets to whom it is for: one way out for each channel, every target checked against the lists again."""

from __future__ import annotations

import datetime as dt
import json
import logging
import re
from collections.abc import Callable
from dataclasses import dataclass

from matcher.contacts import ContactInfo
from matcher.push import http, robots, webhook
from matcher.push.errors import PushRejected, PushUnavailable
from matcher.push.letters import Rendered
from matcher.push.limits import PER_MINUTE
from matcher.push.mail import Mail
from matcher.push.targets import Allowed
from matcher.store.companies import Channel

RECEIPT_CHARS = 300
BUSY_STATUS = {408, 425, 429}
"""HTTP statuses below 500 after which trying again helps."""
_ADDRESS = re.compile(r"[^\s<>@]+@[^\s<>@]+")
_NOISY = ("apprise", "urllib3")


def hush() -> None:
    """Keep libraries out of the log that write addresses, robots' keys and contents into it."""
    for name in _NOISY:
        logger = logging.getLogger(name)
        logger.setLevel(logging.CRITICAL + 1)
        logger.propagate = False


@dataclass(frozen=True)
class Parcel:
    """A message on its way.

    Attributes:
        key: Idempotency key: the same for every attempt.
        contact: Whom it is for.
        letter: What it says.
    """

    key: str
    contact: ContactInfo
    letter: Rendered


class Carrier:
    """Sends parcels of every channel but the inbox; for one thread. `close` after every lot."""

    def __init__(self, smtp: str | None, now: Callable[[], dt.datetime], *, timeout_s: float = http.TIMEOUT_S) -> None:
        """Get ready; nothing is connected yet.

        Args:
            smtp: The mail server (`Settings.smtp`); None for no e-mail.
            now: The moment.
            timeout_s: For a connection and for each part of an answer.

        Raises:
            InputError: `smtp` is no such address.
        """
        hush()
        self._mail = Mail(smtp, now, timeout_s=timeout_s) if smtp else None
        self._now, self._timeout_s = now, timeout_s

    @property
    def channels(self) -> tuple[Channel, ...]:
        """What can be sent."""
        return tuple(each for each in PER_MINUTE if each is not Channel.EMAIL or self._mail is not None)

    def check(self, parcel: Parcel, allowed: Allowed) -> None:
        """All that can be known without sending.

        Raises:
            PushRejected: it would be refused.
        """
        self._prepared(parcel, allowed)

    def send(self, parcel: Parcel, allowed: Allowed) -> str:
        """Send; returns what the receiver answered.

        Raises:
            PushRejected: it never can be delivered.
            PushUnavailable: it cannot be now.
        """
        contact = parcel.contact
        if contact.channel is Channel.EMAIL:
            self._checked(contact, allowed)
            return _tidy(self._mailer().send(parcel.key, contact.address, parcel.letter))
        url, body, headers = self._prepared(parcel, allowed)
        answer = http.post(url, body, headers, allowed, timeout_s=self._timeout_s)
        if contact.channel is Channel.WEBHOOK:
            return _tidy(_webhook_receipt(answer))
        return _tidy(robots.receipt(contact.channel, answer))

    def close(self) -> None:
        """End what is connected."""
        if self._mail is not None:
            self._mail.close()

    def _prepared(self, parcel: Parcel, allowed: Allowed) -> tuple[str, bytes, dict[str, str]]:
        """URL, body and headers; of a mail its bytes alone."""
        contact, letter = parcel.contact, parcel.letter
        self._checked(contact, allowed)
        if contact.channel is Channel.EMAIL:
            return "", self._mailer().written(parcel.key, contact.address, letter).as_bytes(), {}
        if contact.channel is Channel.WEBHOOK:
            if not contact.secret:
                raise PushRejected("接口推送没有设置签名密钥，请在联系方式中补充")
            body = webhook.body_of(parcel.key, letter.data or {})
            timestamp = int(self._now().timestamp())
            return contact.address, body, webhook.headers_of(contact.secret, parcel.key, body, timestamp)
        url, said = robots.request(contact.channel, contact.address, contact.secret, letter, self._now())
        body = json.dumps(said, ensure_ascii=False).encode()
        return url, body, {webhook.KEY_HEADER: parcel.key}

    def _mailer(self) -> Mail:
        if self._mail is None:
            raise PushUnavailable("没有设置发信服务器（HUIQI_SMTP）")
        return self._mail

    @staticmethod
    def _checked(contact: ContactInfo, allowed: Allowed) -> None:
        problem = allowed.problem(contact.address)
        if problem:
            raise PushRejected(problem)


def _webhook_receipt(answer: http.Answer) -> str:
    status = answer.status
    if 200 <= status < 300:
        return f"HTTP {status} {answer.body.decode('utf-8', 'replace')}"
    if status >= 500 or status in BUSY_STATUS:
        raise PushUnavailable(f"接收方答复 HTTP {status}", answer.retry_s)
    if 300 <= status < 400:
        raise PushRejected(f"接收方要求转到其他地址（HTTP {status}），为安全起见不跟随")
    raise PushRejected(f"接收方拒收（HTTP {status}）")


def _tidy(receipt: str) -> str:
    """One line without addresses, not too long."""
    return _ADDRESS.sub("…", " ".join(receipt.split()))[:RECEIPT_CHARS]
