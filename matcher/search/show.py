"""A search for people in a terminal."""

from __future__ import annotations

from collections.abc import Sequence

import click

from matcher.search.engine import Hit, SearchResult
from matcher.search.highlight import Segment
from matcher.search.request import LEVELS
from matcher.steps import show_window

ADVICE = "没有找到符合条件的政策。可以换一种说法，或减少筛选条件。"


def print_search(result: SearchResult) -> None:
    """Print the hits of a page."""
    if result.note:
        click.echo(result.note, err=True)
    first = (result.page - 1) * result.request.size + 1
    for place, hit in enumerate(result.hits, first):
        _print_hit(place, hit)
    if not result.hits:
        click.echo(ADVICE + (f"您是不是要找：{'、'.join(result.alike)}" if result.alike else ""))
    click.echo(f"共 {result.total} 项政策，第 {result.page} 页，共 {result.pages} 页（{result.as_of.isoformat()}）")


def _print_hit(place: int, hit: Hit) -> None:
    policy, standing = hit.policy, hit.standing
    number = f"　{policy.doc_no}" if policy.doc_no else ""
    click.echo(f"{place}. {_marked(hit.title)}{number}")
    region = policy.region.replace("/", "")
    click.echo(f"   {policy.policy_id}　{LEVELS[policy.level]}　{region}　{standing.state.value}")
    if standing.answer:
        click.echo(f"   {standing.answer.sentence}")
        for found in standing.answer.successors:
            click.echo(f"   → {found.policy_id}")
    elif standing.state.matchable:
        click.echo(f"   {show_window(standing.window)}")
    click.echo(f"   {_marked(hit.snippet)}")


def _marked(segments: Sequence[Segment]) -> str:
    return "".join(click.style(one.text, bold=True) if one.hit else one.text for one in segments)
