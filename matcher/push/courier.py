"""One thread that delivers: claims some messages, sends each, writes down what became of it, and begins anew."""

from __future__ import annotations

import datetime as dt
import logging
import random
import threading
import time
import traceback
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

from sqlalchemy.exc import DBAPIError

from matcher.contacts import Contacts
from matcher.push.channels import Carrier, Parcel
from matcher.push.errors import PushRejected, PushUnavailable
from matcher.push.http import TIMEOUT_S
from matcher.push.outbox import Outbox, Terms, Turn
from matcher.push.standing import standing
from matcher.push.subscriptions import Subscriptions
from matcher.push.targets import Targets
from matcher.seal import Seal
from matcher.store.companies import Channel
from matcher.store.database import Database
from matcher.store.pushes import Message, MessageState
from matcher.store.tables import new_id
from policies.errors import HuiqiError

LOT = 10
"""Messages that are claimed at once: so many wait for a lease to run out when a thread is killed."""
INTERVAL_S = 5.0
DATABASE_TRIES, DATABASE_WAIT_S = 5, 0.5
"""What became of a message is worth some patience with a busy database: else it is sent twice."""
IN_SITE = "已放入站内信"
WOULD_SEND, WOULD_WAIT = "可以发出", "稍后发出"
_LOG = logging.getLogger(__name__)
Result = TypeVar("Result")


@dataclass(frozen=True)
class Post:
    """What is sent with.

    Attributes:
        database: Where the outbox is.
        seal: Decrypts contacts and signs links; None sends inbox messages only.
        url: How links begin.
        smtp: Mail server; None sends no e-mail.
        now: The moment.
        terms: How patient it is.
        timeout_s: For a connection and for each part of an answer.
    """

    database: Database
    seal: Seal | None
    url: str
    smtp: str | None
    now: Callable[[], dt.datetime]
    terms: Terms = field(default_factory=Terms)
    timeout_s: float = TIMEOUT_S

    def carrier(self) -> Carrier:
        """For one thread.

        Raises:
            InputError: the mail server is none.
        """
        return Carrier(self.smtp, self.now, timeout_s=self.timeout_s)

    def outbox(self) -> Outbox:
        """Any thread's."""
        opened = Contacts(self.database, self.seal).open if self.seal is not None else None
        return Outbox(self.database, opened, self.terms)

    @property
    def subscriptions(self) -> Subscriptions:
        """Writes the letters."""
        return Subscriptions(self.database, self.seal, self.url)

    @property
    def channels(self) -> list[Channel]:
        """What can be sent.

        Raises:
            InputError: the mail server is none.
        """
        return [Channel.INBOX, *(self.carrier().channels if self.seal is not None else ())]


class Courier:
    """A thread's work.

    Attributes:
        counts: Messages "sent" and "dead", attempts that "failed", and "errors" of another kind.
    """

    def __init__(self, post: Post, stopping: threading.Event, interval_s: float) -> None:
        """Get ready.

        Args:
            post: What to send with.
            stopping: Once it is set, nothing more is begun.
            interval_s: How long to rest where nothing is due.
        """
        self._post, self._stopping, self._interval_s = post, stopping, interval_s
        self.counts: Counter[str] = Counter()
        self._outbox, self._carrier = post.outbox(), post.carrier()
        self._subscriptions, self._channels, self._name = post.subscriptions, post.channels, new_id()

    def run(self, *, once: bool = False) -> None:
        """Deliver until it is stopped, or until nothing is due; whatever goes wrong, the thread lives on."""
        while not self._stopping.is_set():
            busy = guarded(self._pass, self.counts)
            if busy:
                continue
            if once and (busy is None or guarded(self._is_done, self.counts) is not False):
                break
            self._stopping.wait(min(self._interval_s, 1.0) if once else self._interval_s)
        self._carrier.close()
        guarded(lambda: self._outbox.give_back(self._name), self.counts)

    def _is_done(self) -> bool:
        return self._outbox.is_empty(self._channels, self._post.now())

    def _pass(self) -> bool:
        """A lot of each channel; whether there was one."""
        busy = False
        random.shuffle(self._channels)  # a channel whose receivers are slow does not always come first
        for channel in self._channels:
            lot = self._outbox.claim(channel, self._name, self._post.now(), LOT)
            busy = busy or bool(lot)
            for message in lot:
                if self._stopping.is_set():
                    return busy
                self._one(message)
        if not busy:
            self._carrier.close()
        return busy

    def _one(self, message: Message) -> None:
        message_id = message.message_id
        try:
            turn = self._outbox.begin(message_id, self._name, self._post.now())
            if turn is None:
                return
            if self._stopping.wait(max(0.0, (turn.at - self._post.now()).total_seconds())):
                return
            receipt = self._sent(turn)
        except PushRejected as error:
            self._refused(message_id, str(error))
        except PushUnavailable as error:
            self._failed(message_id, str(error), error.retry_s)
        except DBAPIError:
            raise
        except HuiqiError as error:
            self._failed(message_id, str(error))
        except Exception as error:
            _LOG.error("消息 %s 出错：%s", message_id, where(error))
            self._failed(message_id, f"内部错误（{type(error).__name__}）")
        else:
            self._record(lambda: self._outbox.sent(message_id, receipt, self._post.now()), "sent")

    def _sent(self, turn: Turn) -> str:
        message, contact = turn.message, turn.contact
        if message.channel is Channel.INBOX or contact is None:
            return IN_SITE
        return self._carrier.send(Parcel(message.key, contact, self._subscriptions.letter(message)), turn.allowed)

    def _refused(self, message_id: str, reason: str) -> None:
        self._record(lambda: self._outbox.refused(message_id, self._name, reason, self._post.now()), "dead")

    def _failed(self, message_id: str, reason: str, wait_s: float = 0.0) -> None:
        state = self._record(
            lambda: self._outbox.failed(message_id, self._name, reason, self._post.now(), wait_s), "failed"
        )
        if state is MessageState.DEAD:
            self.counts["dead"] += 1

    def _record(self, write: Callable[[], Result], count: str) -> Result:
        """Write down what became of a message."""
        for left in reversed(range(DATABASE_TRIES)):
            try:
                written = write()
            except DBAPIError:
                if not left:
                    raise
                time.sleep(DATABASE_WAIT_S)
            else:
                self.counts[count] += 1
                return written
        raise AssertionError("not reached")


def tried(post: Post) -> Counter[str]:
    """What would become of all that is due, without sending or changing anything.

    Returns:
        How many would be sent (`WOULD_SEND`), and how many would not, by reason in Chinese.
    """
    outbox, carrier, targets, subscriptions = post.outbox(), post.carrier(), Targets(post.database), post.subscriptions
    allowed = {channel: targets.allowed(channel) for channel in post.channels}
    counts = Counter[str]()
    for found in outbox.due(post.channels, post.now()):
        message = found.message
        state, problem, _ = standing(found, post.now())
        if state is not MessageState.CLAIMED:
            counts[problem or WOULD_WAIT] += 1
            continue
        try:
            if found.contact is not None and message.channel is not Channel.INBOX:
                letter = subscriptions.letter(message)
                carrier.check(Parcel(message.key, outbox.contact(found.contact), letter), allowed[message.channel])
        except HuiqiError as error:
            counts[str(error)] += 1
        else:
            counts[WOULD_SEND] += 1
    return counts


def guarded(step: Callable[[], Result], counts: Counter[str]) -> Result | None:
    """Do a step; None, and one of "errors", if something went wrong: the database may be gone for a while."""
    try:
        return step()
    except Exception as error:
        _LOG.error("出错，稍后继续：%s", where(error))
        counts["errors"] += 1
        return None


def where(error: BaseException) -> str:
    """Kind of an error and the lines of the program that it went through: never its text, which may quote data."""
    return f"{type(error).__name__}\n{''.join(traceback.format_tb(error.__traceback__))}"
