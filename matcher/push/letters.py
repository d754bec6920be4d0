"""How a message reads in each channel: Jinja templates in `templates/`, each channel within its limit.

A mail has a text and an HTML part; a robot gets text or Markdown that holds the subject already; a webhook gets JSON.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import jinja2

from matcher.push.markup import Link, fitting, marked, one_line, plain
from matcher.store.companies import Channel

Json = dict[str, Any]
LIMITS = {Channel.WECOM: 2048, Channel.DINGTALK: 9_000, Channel.FEISHU: 9_000}
"""Bytes of UTF-8. 企业微信 takes 2,048 of a text; 钉钉 (20,000) and 飞书 (30,000) count the JSON, in which a Chinese
character may take six."""


@dataclass(frozen=True)
class Rendered:
    """A message as one channel takes it.

    Attributes:
        subject: One line: of a mail; of a robot for what it shows as a title only. A robot's `text` and `markdown` hold
            it already: nothing has to be put in front.
        text: The whole message without markup (mail's text part; a robot's text message, within its limit).
        html: The whole document of a mail; None elsewhere.
        markdown: A robot's message with markup, within its limit; None elsewhere.
        data: Body of a webhook, to be sent as JSON; None elsewhere.
        headers: Of a mail: List-Unsubscribe and List-Unsubscribe-Post (RFC 8058), Auto-Submitted (RFC 3834).
    """

    subject: str
    text: str
    html: str | None = None
    markdown: str | None = None
    data: Json | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


def write(said: Json, count: int, channel: Channel, end_link: str, confirm_link: str) -> Rendered:
    """A message as a channel takes it.

    Args:
        said: `to_json` of what is said.
        count: Items that may be left out for the limit: conditions of a measure, measures of a digest.
        channel: Where to.
        end_link: Ends the subscription.
        confirm_link: Confirms it, for a confirmation.
    """
    kind, subject, limit = said["kind"], one_line(said["subject"]), LIMITS.get(channel)
    values = {"said": said, "end": Link(end_link), "confirm": Link(confirm_link), "brief": channel in LIMITS}
    if channel is Channel.WEBHOOK:
        links = {"end_link": end_link, **({"confirm_link": confirm_link} if confirm_link else {})}
        return Rendered(subject, subject, data={**said, **links})
    if channel in LIMITS:
        write_text, write_markdown = _writer(f"{kind}.txt", values), _writer(f"{kind}.md", values)
        return Rendered(
            subject,
            fitting(write_text, count, limit),
            markdown=fitting(write_markdown, count, limit),
        )
    text = _writer(f"{kind}.txt", values)(count)
    return Rendered(subject, text, _writer(f"{kind}.html", values)(count), headers=_headers(kind, end_link))


def _writer(name: str, values: Mapping[str, Any]) -> Callable[[int], str]:
    template = _environment(name.rpartition(".")[2]).get_template(name)
    return lambda shown: template.render(values, shown=shown).strip() + "\n"


@cache
def _environment(suffix: str) -> jinja2.Environment:
    """Templates of one kind: whatever is put into them is made harmless, links excepted."""
    harmless: Mapping[str, Callable[[object], str]] = {"txt": plain, "md": marked}
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=suffix == "html",
        finalize=harmless.get(suffix),
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    environment.filters["link"] = Link
    return environment


def _headers(kind: str, end_link: str) -> dict[str, str]:
    automatic = {"Auto-Submitted": "auto-generated"}
    if kind == "confirmation":
        return automatic
    return {
        **automatic, "List-Unsubscribe": f"<{end_link}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    }  # fmt: skip
