"""How many messages a minute a receiver takes, and who counts as one receiver."""

from __future__ import annotations

from collections.abc import Mapping

from matcher.contacts import ContactInfo
from matcher.store.companies import Channel

PER_MINUTE: Mapping[Channel, int] = {
    Channel.EMAIL: 600,
    Channel.WECOM: 20,
    Channel.DINGTALK: 20,
    Channel.FEISHU: 100,
    Channel.WEBHOOK: 600,
}
"""Messages a minute at most, of all workers together: from our mail server, to one robot, to one host of webhooks.
What the robots' makers allow; the others can be set (`huiqi worker --per-minute`)."""


def way_of(contact: ContactInfo, mark: str) -> str:
    """What a limit counts (`store.pushes.Pace.way`).

    Args:
        contact: Whom it is for.
        mark: Of its address (`store.companies.Contact.mark`): a robot's address is its key.
    """
    if contact.channel is Channel.EMAIL:
        return contact.channel.value
    return f"{contact.channel.value}:{contact.host if contact.channel is Channel.WEBHOOK else mark}"
