"""What somebody wants to hear and when, checked and in words."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import get_args

from matcher.push import subscription_text as words
from matcher.store.companies import Channel
from matcher.store.pushes import Frequency, Subscription
from policies.errors import InputError, Problem
from policies.policy import Theme

THEMES: tuple[str, ...] = get_args(Theme)
HOURS = 24
MOST_A_WEEK = 100


@dataclass(frozen=True)
class Wishes:
    """What somebody wants to hear, and when.

    Attributes:
        themes: Of policies (THEMES); empty for all.
        frequency: How often; for the inbox only AT_ONCE has a meaning, and the rest has none.
        quiet_from: Hour from which nothing is sent; equal to `quiet_to` for never quiet.
        quiet_to: Hour from which something may be sent again.
        workdays_only: Whether nothing is sent on days off.
        weekly_cap: Messages to the company in seven days at most, 1 to MOST_A_WEEK.
    """

    themes: tuple[str, ...] = ()
    frequency: Frequency = Frequency.DAILY
    quiet_from: int = 21
    quiet_to: int = 8
    workdays_only: bool = True
    weekly_cap: int = 10

    @classmethod
    def of(cls, subscription: Subscription) -> Wishes:
        """Those of a subscription."""
        return cls(
            tuple(subscription.themes), subscription.frequency, subscription.quiet_from, subscription.quiet_to,
            subscription.workdays_only, subscription.weekly_cap,
        )  # fmt: skip

    def put_into(self, subscription: Subscription) -> None:
        """Make them those of a subscription.

        Raises:
            InputError: they are none.
        """
        if problems := list(self._problems()):
            raise InputError(problems)
        subscription.themes = [theme for theme in THEMES if theme in self.themes]
        subscription.frequency = self.frequency if subscription.channel is not Channel.INBOX else Frequency.AT_ONCE
        subscription.quiet_from, subscription.quiet_to = self.quiet_from, self.quiet_to
        subscription.workdays_only, subscription.weekly_cap = self.workdays_only, self.weekly_cap

    def _problems(self) -> Iterator[Problem]:
        for theme in self.themes:
            if theme not in THEMES:
                yield Problem(words.THEME, words.UNKNOWN_THEME.format(theme=theme))
        if not all(0 <= hour < HOURS for hour in (self.quiet_from, self.quiet_to)):
            yield Problem(words.HOUR, words.BAD_HOUR)
        if not 1 <= self.weekly_cap <= MOST_A_WEEK:
            yield Problem(words.CAP_LABEL, words.BAD_CAP.format(most=MOST_A_WEEK))

    def told(self, channel: Channel) -> str:
        """In Chinese, for people ("全部主题；每天汇总一次（9 点）；…")."""
        themes = words.THEMES.format(themes="、".join(self.themes)) if self.themes else words.ALL_THEMES
        if channel is Channel.INBOX:
            return f"{themes}；{words.INBOX_WISHES}"
        parts = [themes, words.FREQUENCIES[self.frequency]]
        if self.quiet_from != self.quiet_to:
            end = f"{words.NEXT_DAY if self.quiet_to < self.quiet_from else ' '}{self.quiet_to}"
            parts.append(words.QUIET.format(start=self.quiet_from, end=end))
        parts += [words.WORKDAYS] if self.workdays_only else []
        return "；".join([*parts, words.CAP.format(n=self.weekly_cap)])
