"""The form of a subscription: what was sent, what it means, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from fastapi import Form, Request, Response
from pydantic import BaseModel, Field

from matcher.push.subscription_text import FREQUENCIES
from matcher.push.wishes import HOURS, THEMES, Wishes
from matcher.store.companies import Channel
from matcher.store.pushes import Frequency
from matcher.ui import layout
from matcher.ui.site import subscriptions_text as words
from policies.errors import InputError, Problem

CAPS = (1, 2, 3, 5, 10, 20, 50)
MAX_CHARS = 600
_Text = Annotated[str, Field(max_length=MAX_CHARS)]


class Sent(BaseModel):
    """What the form sends; a box that is not ticked sends nothing."""

    name: _Text = ""
    address: _Text = ""
    secret: _Text = ""
    themes: Annotated[list[str], Field(max_length=len(THEMES))] = []
    frequency: Frequency = Frequency.AT_ONCE
    quiet_from: int = 0
    quiet_to: int = 0
    workdays_only: bool = False
    weekly_cap: int = Wishes.weekly_cap

    @property
    def wishes(self) -> Wishes:
        """What is wished for; not checked yet."""
        return Wishes(
            tuple(self.themes), self.frequency, self.quiet_from, self.quiet_to, self.workdays_only, self.weekly_cap
        )

    def check(self, channel: Channel) -> None:
        """InputError where an address is missing; what else is asked of it is checked where it is kept."""
        if channel is not Channel.INBOX and not self.address.strip():
            raise InputError([Problem(words.ADDRESS_FIELD, words.FILL_IN)])


SentForm = Annotated[Sent, Form()]


@dataclass(frozen=True)
class Shown:
    """A form as it is shown.

    Attributes:
        action: Where it is sent to.
        new: Whether the address is asked for.
        typed: Name and address as typed; a secret is never sent back.
    """

    title: str
    company: str
    channel: Channel
    action: str
    new: bool
    wishes: Wishes
    typed: Sent


def show(request: Request, shown: Shown, problems: Sequence[Problem] = ()) -> Response:
    """The form, with what is wrong at its top."""
    outside = shown.channel is not Channel.INBOX
    return layout.page(
        request,
        "subscription_form",
        title=shown.title,
        active="subscriptions",
        status=422 if problems else 200,
        w=words,
        shown=shown,
        address=words.ADDRESS_LABELS.get(shown.channel) if shown.new else None,
        secret=words.SECRET_LABELS.get(shown.channel) if shown.new else None,
        outside=outside,
        mail=shown.channel is Channel.EMAIL,
        themes=THEMES,
        frequencies=FREQUENCIES,
        hours=range(HOURS),
        caps=sorted({*CAPS, shown.wishes.weekly_cap}),
        button=words.SAVE if not shown.new else words.ASK_CONFIRM if outside else words.SUBSCRIBE,
        problems=[(problem, words.FIELDS.get(problem.where, "")) for problem in problems],
        wrong={words.FIELDS.get(problem.where, "") for problem in problems},
    )
