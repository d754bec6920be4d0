"""Bars with intervals as plain data: what the template draws, and the table that says the same in figures."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from eval.ablation import HELD_OUT, SHIPPED, Row
from eval.compare import Scores
from eval.metrics import LOWER_IS_BETTER, TITLES, Estimate
from eval.page import words
from policies.size import SIZE_TITLES

FEW = 10
"""Groups with fewer cases are marked."""
LEVEL_SLICE = "政策层级"
_LEVEL_METRIC = {"capped_recall@20": "recall@20"}
"""What the slice by level has instead: there a case's labels are divided, so that the capped form makes no sense."""


@dataclass(frozen=True)
class Bar:
    """One line of a chart; positions are shares of the axis from 0 to 1.

    Attributes:
        notes: Short words beside the label, such as 案例少.
        strong: Whether it stands out (its notes say why).
    """

    label: str
    estimate: Estimate
    notes: tuple[str, ...] = ()
    strong: bool = False

    @property
    def sure(self) -> bool:
        """Whether there is an interval: resampling a single case tells nothing."""
        return self.estimate.n > 1

    @property
    def shown(self) -> str:
        """Value and interval in figures."""
        found = self.estimate
        if not self.sure:
            return words.VALUE_ALONE.format(value=found.value)
        return words.VALUE_WITH.format(value=found.value, low=found.low, high=found.high)


@dataclass(frozen=True)
class Chart:
    """Bars in the order given.

    Attributes:
        key: Part of its elements' ids.
    """

    key: str
    title: str
    bars: tuple[Bar, ...]


def overall_chart(scores: Scores) -> Chart:
    """Every metric that is a share; numbers of unjudged measures have no place on an axis from 0 to 1."""
    shares = {name: value for name, value in scores.overall.items() if not name.startswith("unjudged")}
    bars = [
        Bar(TITLES[name], value, (words.LOWER,) if name in LOWER_IS_BETTER else ()) for name, value in shares.items()
    ]
    return Chart("overall", words.OVERALL_CHART, tuple(bars))


def slice_charts(scores: Scores, metric: str) -> list[Chart]:
    """One metric for the groups of every slice."""
    charts = []
    for number, (title, groups) in enumerate(scores.slices.items()):
        own = _LEVEL_METRIC.get(metric, metric) if title == LEVEL_SLICE else metric
        found = {group: each[own] for group, each in _ordered(groups).items() if own in each}
        shown = words.SLICE_CHART.format(title=title, metric=TITLES[own])
        if found:
            charts.append(Chart(f"slice{number}", shown, tuple(_group_bars(found))))
    return charts


def _group_bars(found: Mapping[str, Estimate]) -> Iterable[Bar]:
    for group, value in found.items():
        yield Bar(group, value, (words.FEW,) if value.n < FEW else ())


def _ordered(groups: Mapping[str, Mapping[str, Estimate]]) -> Mapping[str, Mapping[str, Estimate]]:
    """Sizes from small to large; other groups as given."""
    places = {title: place for place, title in enumerate(SIZE_TITLES)}
    if not places.keys() & groups.keys():
        return groups
    return dict(sorted(groups.items(), key=lambda item: places.get(item[0], len(places))))


def ablation_chart(rows: Sequence[Row], metric: str) -> Chart:
    """One metric for every row, simplest first; the full system stands out, an in-sample row says what it is."""
    bars = [
        Bar(row.title, row.metrics[metric], _row_notes(row), strong=row.name == "full")
        for row in rows
        if metric in row.metrics
    ]
    return Chart("ablation", words.ABLATION_CHART.format(metric=words.METRICS[metric]), tuple(bars))


def _row_notes(row: Row) -> tuple[str, ...]:
    return {"full": (words.ROW_FULL,), "shipped": (words.ROW_IN_SAMPLE,)}.get(row.name, ())


def ablation_notes(rows: Sequence[Row]) -> list[str]:
    """How far the rows may be believed."""
    titles = {row.title for row in rows}
    notes = [words.HELD_OUT_NOTE] if HELD_OUT in titles else [words.OWN_NOTE]
    if SHIPPED in titles:
        notes.append(words.IN_SAMPLE_NOTE)
    return [*notes, words.BASELINE_ROWS_NOTE]
