"""One message: whom it is for, how it looks in each channel, and what became of it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, Request, Response

from matcher.push import content, desk_text
from matcher.push.batches import Batches
from matcher.push.desk import Desk, Opened, masked, region_name
from matcher.push.letters import LIMITS, Rendered
from matcher.push.subscriptions import CONFIRM, END
from matcher.services import Services
from matcher.store.companies import Channel
from matcher.store.pushes import Message, MessageState
from matcher.ui.site import pushes_text as words
from matcher.ui.site import subscriptions_text
from matcher.ui.site.kept import show_moment
from matcher.ui.site.push_frame import Staff, StaffRoute, namer, show
from matcher.ui.site.replies import Refused

_TOKEN = "0" * 162
"""As long as the signed token of a real link, so that sizes are right; shown as LINK_SHOWN. A real one is never made
here: whoever saw it could end somebody else's subscription."""


@dataclass(frozen=True)
class Look:
    """How a message looks in one channel.

    Attributes:
        own: Whether it goes out that way.
        size: Of a robot's message, in bytes of UTF-8; 0 elsewhere.
        limit: Likewise, the most that it takes.
        frame: A mail's HTML part, for a frame without scripts.
        data: A webhook's JSON.
    """

    channel: Channel
    label: str
    own: bool
    subject: str = ""
    text: str = ""
    size: int = 0
    limit: int = 0
    frame: str = ""
    data: str = ""


def router(services: Services) -> APIRouter:
    """Its route."""
    routes = APIRouter(route_class=StaffRoute)
    batches, desk = Batches(services.database), Desk(services.database)

    @routes.get("/push/messages/{message_id}")
    def one(request: Request, message_id: str, who: Staff) -> Response:
        found = desk.message(message_id)
        if found is None:
            raise Refused(404, *words.NOT_FOUND)
        message, said = found.message, content.of_json(found.message.content)
        attempts = [
            (show_moment(each.at), desk_text.OUTCOMES.get(each.outcome, each.outcome), each.detail)
            for each in batches.deliveries(message_id)
        ]
        return show(
            services, request, "push_message", title=words.MESSAGE_TITLE.format(company=found.company),
            section="pushes" if found.batch else "dead", found=found, dead=message.state is MessageState.DEAD,
            named=namer(services)(found.batch.measure_id) if found.batch else None,
            facts=_facts(services, found), channel=desk_text.CHANNELS[message.channel],
            said=said if isinstance(said, content.Content) else None, looks=looks(said, message.channel, services.url),
            attempts=attempts, no_attempts=_no_attempts(message), words_of_message=subscriptions_text,
        )  # fmt: skip

    return routes


def looks(said: content.Said, own: Channel, url: str) -> list[Look]:
    """A message in every channel that may carry it, its own first."""
    channels = [own, *(each for each in Channel if each is not own)]
    carried = (
        channels if isinstance(said, content.Content) else [each for each in channels if each is not Channel.INBOX]
    )
    return [_look(said, channel, own, url) for channel in carried]


def _look(said: content.Said, channel: Channel, own: Channel, url: str) -> Look:
    base: dict[str, Any] = {"channel": channel, "label": desk_text.CHANNELS[channel], "own": channel is own}
    if channel is Channel.INBOX:
        return Look(**base)
    letter = content.rendered(said, channel, _link(url, END), _link(url, CONFIRM))
    if channel is Channel.EMAIL:
        return Look(**base, subject=letter.subject, text=_shown(letter.text), frame=_framed(letter))
    if channel is Channel.WEBHOOK:
        return Look(**base, data=_shown(json.dumps(letter.data, ensure_ascii=False, indent=2)))
    text = letter.markdown or letter.text
    return Look(**base, text=_shown(text), size=len(text.encode()), limit=LIMITS[channel])


def _link(url: str, purpose: str) -> str:
    return f"{url}/subscription/{_TOKEN}/{purpose}"


def _shown(text: str) -> str:
    return text.replace(_TOKEN, words.LINK_SHOWN)


def _framed(letter: Rendered) -> str:
    """The mail for a frame: its links lead nowhere, and push.js puts its styles on, which the page's policy forbids.

    Only the templates write these attributes: in what is put into them, quotes are escaped.
    """
    return _shown(letter.html or "").replace(' href="', ' data-href="').replace(' style="', ' data-style="')


def _facts(services: Services, found: Opened) -> list[tuple[str, str]]:
    message = found.message
    kind = words.KINDS.get(str(message.content.get("kind")), "")
    facts = [
        (words.KIND, kind.format(n=found.parts)),
        (words.TO, _receiver(services, found)),
        (words.CHANNEL, desk_text.CHANNELS[message.channel]),
        (words.REGION, region_name(message.region)),
        (words.STATE, desk_text.MESSAGE_STATES[message.state]),
        (words.NOT_BEFORE, show_moment(message.not_before) if message.state in _WAITS else ""),
        (words.TRIES, words.UNIT_TRIES.format(n=message.attempts) if message.attempts else ""),
        (words.PROBLEM, message.problem),
        (words.SENT_AT, show_moment(message.sent_at) if message.sent_at else ""),
        (words.RECEIPT, message.receipt),
        (words.READ_AT, show_moment(message.read_at) if message.read_at else ""),
        (words.KEY, message.key[:16]),
    ]
    return [(name, value) for name, value in facts if value]


_WAITS = (MessageState.READY, MessageState.CLAIMED, MessageState.BUNDLED)


def _receiver(services: Services, found: Opened) -> str:
    if found.message.channel is Channel.INBOX:
        return words.TO_INBOX
    if found.contact is None:
        return words.TO_GONE
    return masked(services.database, services.seal, found.contact) or words.TO_HIDDEN


def _no_attempts(message: Message) -> str:
    return words.NO_ATTEMPTS_INBOX if message.channel is Channel.INBOX else words.NO_ATTEMPTS
