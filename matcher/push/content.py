"""What a message says, without its address: one measure, several, or the question whether somebody wants to hear."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any
from urllib.parse import quote

from matcher.amounts import show_amount
from matcher.eligibility import Truth
from matcher.match_rows import MatchRow
from matcher.push import content_text as words
from matcher.push.letters import Rendered, write
from matcher.push.markup import cut, one_line
from matcher.results import Amount, Match, Verdict
from matcher.steps import show_day
from matcher.store.companies import DEPARTMENT, Channel, CompanyRecord
from matcher.store.pushes import Occasion
from policies.fields import registry
from policies.library import LibraryMeasure
from policies.lifecycle import WindowPhase, WindowState

__all__ = ["Confirmation", "Content", "Digest", "Rendered", "Said", "digest", "of_json", "of_match", "rendered"]

Json = dict[str, Any]
GIST_CHARS = 150
SUBJECT_CHARS = 60
MONEY_CHARS = 40
TRACE_CHARS = 120
DEADLINE_CHARS = 40
NAME_CHARS = 60
WHY_ITEMS, WHY_CHARS = 5, 60
MISSING_CHARS = 80
SHORT_CHARS = 20
"""Of a measure's name where the gist is full."""
_EXCLUDED = "不属于"
_MET = "已满足："
"""How the conditions that hold begin in `MatchRow.reasons`."""


@dataclass(frozen=True)
class Content:
    """One measure for one company; every text is plain Chinese.

    Attributes:
        subject: One line.
        gist: At most GIST_CHARS characters, with the money in it.
        money: The estimate in a few words, or why there is none.
        trace: How the estimate was worked out; "" without an estimate.
        why: The conditions that hold.
        missing: The one fact that the company is asked for; "" if nothing is missing.
        ask: Link to the page that asks for it; "" if nothing is missing.
        deadline: When it can be applied for, without "days left": a message is read later than it is written.
        closes: Last day to apply, None where it is not known.
        link: To the policy's page.
        caution: What was not verified in the source; "" for nothing.
    """

    occasion: Occasion
    subject: str
    gist: str
    money: str
    trace: str
    why: tuple[str, ...]
    missing: str
    ask: str
    deadline: str
    closes: dt.date | None
    link: str
    company: str
    measure: str
    policy: str
    caution: str = ""

    @property
    def count(self) -> int:
        """Conditions, which may be left out where there is no room."""
        return len(self.why)

    def to_json(self) -> Json:
        """For `Message.content`."""
        closes = self.closes.isoformat() if self.closes else None
        return {"kind": "measure", **asdict(self), "why": list(self.why), "closes": closes}


@dataclass(frozen=True)
class Digest:
    """Several measures in one message, for a daily or weekly subscription.

    Attributes:
        link: Where all of them are.
    """

    subject: str
    company: str
    items: tuple[Content, ...]
    link: str

    @property
    def count(self) -> int:
        """Measures, which may be left out where there is no room."""
        return len(self.items)

    def to_json(self) -> Json:
        """For `Message.content`."""
        items = [item.to_json() for item in self.items]
        return {"kind": "digest", "subject": self.subject, "company": self.company, "items": items, "link": self.link}


@dataclass(frozen=True)
class Confirmation:
    """The only message before a subscription is confirmed; its link is made when it is sent, and never stored.

    Attributes:
        wishes: What is asked for, in Chinese.
        until: Last moment to confirm, in Chinese.
    """

    company: str
    wishes: str
    until: str
    subject: str = words.CONFIRM_SUBJECT

    @property
    def count(self) -> int:
        """Nothing may be left out."""
        return 0

    def to_json(self) -> Json:
        """For `Message.content`."""
        return {"kind": "confirmation", **asdict(self)}


Said = Content | Digest | Confirmation


def of_match(
    match: Match | MatchRow,
    entry: LibraryMeasure,
    window: WindowState,
    company: CompanyRecord,
    occasion: Occasion,
    url: str,
) -> Content:
    """What a company is told of a measure.

    Args:
        match: Eligible, or possible with one fact missing.
        entry: The measure (`Match.entry`, `Active.entry`).
        window: When it can be applied for (`Match.window`, `Active.window`).
        company: Who is told.
        occasion: Why now.
        url: How links begin.
    """
    money, trace = _money(match)
    measure, policy = one_line(entry.measure.name), one_line(entry.policy.title)
    asked = match.missing[0] if match.verdict != Verdict.ELIGIBLE and match.missing else ""
    deadline = cut(_deadline(window), DEADLINE_CHARS)
    label = words.OCCASIONS[occasion]
    link = f"{url}/policies/{quote(entry.policy.policy_id)}"
    return Content(
        occasion=occasion,
        subject=_subject(label, measure, money if trace else words.SHORT[not asked]),
        gist=_gist(label, policy, measure, _finding(asked, money, trace), deadline),
        money=money,
        trace=trace,
        why=_why(match),
        missing=_question(asked),
        ask=_ask(company, asked, entry.measure_id, link, url),
        deadline=deadline,
        closes=window.closes,
        link=link,
        company=cut(one_line(company.name), NAME_CHARS),
        measure=cut(measure, NAME_CHARS),
        policy=cut(policy, NAME_CHARS),
        caution=words.RECALLED if entry.policy.provenance.grade == "recalled" else "",
    )


def digest(items: Sequence[Content], link: str) -> Digest:
    """Several measures for one company in one message, in the order given; at least one.

    Args:
        items: What is told of each.
        link: Where all of them are.
    """
    first = cut(items[0].measure, SHORT_CHARS)
    text = words.DIGEST_SUBJECT if len(items) > 1 else words.DIGEST_SUBJECT_ONE
    return Digest(text.format(n=len(items), first=first), items[0].company, tuple(items), link)


def of_json(shape: Mapping[str, Any]) -> Said:
    """What `to_json` wrote (`Message.content`), of whichever kind it is."""
    kind, fields = shape["kind"], {name: value for name, value in shape.items() if name != "kind"}
    if kind == "measure":
        return _content(fields)
    if kind == "digest":
        items = tuple(_content({name: item[name] for name in item if name != "kind"}) for item in fields["items"])
        return Digest(**{**fields, "items": items})
    return Confirmation(**fields)


def rendered(said: Said, channel: Channel, end_link: str, confirm_link: str = "") -> Rendered:
    """A message as a channel takes it; `push.subscriptions.Subscriptions.letter` makes the links and calls this.

    Args:
        said: What is said.
        channel: Where to; its limit holds.
        end_link: Ends the subscription.
        confirm_link: Confirms it; for a Confirmation only, which is ValueError without.
    """
    if isinstance(said, Confirmation) and not confirm_link:
        raise ValueError("a confirmation needs its link")
    return write(said.to_json(), said.count, channel, end_link, confirm_link)


def _content(fields: Mapping[str, Any]) -> Content:
    closes = dt.date.fromisoformat(fields["closes"]) if fields["closes"] else None
    occasion = Occasion(fields["occasion"])
    return Content(**{**fields, "occasion": occasion, "why": tuple(fields["why"]), "closes": closes})


# ---- texts ----------------------------------------------------------------------------------------------------------


def _money(match: Match | MatchRow) -> tuple[str, str]:
    """The estimate in a few words and how it was worked out; without one, why not."""
    amount = match.amount if isinstance(match, Match) else _amount(match)
    trace = one_line(amount.trace)
    if amount.low_yuan is None or amount.high_yuan is None:
        return cut(trace or words.NO_SUM, MONEY_CHARS), ""
    return cut(show_amount(amount), MONEY_CHARS), cut(trace, TRACE_CHARS)


def _amount(row: MatchRow) -> Amount:
    return Amount(row.low_yuan, row.high_yuan, row.amount_note)


def _subject(occasion: str, measure: str, short: str) -> str:
    return cut(words.SUBJECT.format(occasion=occasion, measure=cut(measure, SHORT_CHARS), short=short), SUBJECT_CHARS)


def _finding(asked: str, money: str, trace: str) -> str:
    worth = (words.SUM if trace else words.REASON).format(money=money)
    if not asked:
        return words.ELIGIBLE.format(money=worth)
    return words.NEARLY.format(label=cut(registry()[asked].label, SHORT_CHARS), money=worth)


def _gist(occasion: str, policy: str, measure: str, finding: str, deadline: str) -> str:
    """The finding, which holds the money, always stays whole; the names give way, then the deadline."""
    until = words.UNTIL.format(deadline=deadline) if deadline else ""

    def made(policy: str, measure: str, until: str) -> str:
        shown = (policy if policy.startswith("《") else words.POLICY.format(title=policy)) if policy else ""
        return words.LEAD.format(occasion=occasion, policy=shown, measure=measure) + finding + until + "。"

    short, shorter = cut(measure, 2 * SHORT_CHARS), cut(measure, SHORT_CHARS)
    whole = made(policy, short, until)
    if len(whole) > GIST_CHARS:
        left = len(policy) - (len(whole) - GIST_CHARS)
        whole = made(cut(policy, left) if left >= SHORT_CHARS // 2 else "", short, until)
    for lesser in (made("", shorter, until), made("", shorter, "")):
        whole = whole if len(whole) <= GIST_CHARS else lesser
    return cut(whole, GIST_CHARS)


def _why(match: Match | MatchRow) -> tuple[str, ...]:
    """The conditions that hold, in the order of the rule; what the company merely is not comes last."""
    if isinstance(match, MatchRow):
        met = next((part for part in match.reasons.split("｜") if part.startswith(_MET)), _MET)
        found = met.removeprefix(_MET).split("；")
    else:
        found = [line.text for line in match.conditions if line.truth is Truth.TRUE and not line.manual]
    held = sorted((text for text in map(one_line, found) if text), key=lambda text: text.startswith(_EXCLUDED))
    return tuple(cut(text, WHY_CHARS) for text in held[:WHY_ITEMS])


def _question(asked: str) -> str:
    if not asked:
        return ""
    field = registry()[asked]
    return cut(words.QUESTION.format(label=field.label, question=one_line(field.question)), MISSING_CHARS)


def _ask(company: CompanyRecord, asked: str, measure_id: str, link: str, url: str) -> str:
    """Where a user answers for the own company; who gets a message of the department's goes to the policy."""
    if not asked:
        return ""
    if company.owner == DEPARTMENT:
        return link
    return f"{url}/mine/answer/{quote(company.company_id)}/{quote(asked)}?m={quote(measure_id)}"


def _deadline(window: WindowState) -> str:
    """In days of the calendar."""
    closes = show_day(window.closes)
    if window.phase is WindowPhase.UPCOMING and window.opens:
        opens = show_day(window.opens)
        return words.OPENS_CLOSES.format(opens=opens, closes=closes) if closes else words.OPENS.format(day=opens)
    return words.CLOSES.format(day=closes) if closes else one_line(window.text or window.phase.value)
