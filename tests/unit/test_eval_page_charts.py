"""Charts, differences and days of the evaluators' pages, without any evaluation."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path

import pytest

from eval.ablation import HELD_OUT, SHIPPED, Row, read_json, write_json
from eval.compare import Difference, Scores
from eval.metrics import Estimate
from eval.page import charts, findings, render, words
from eval.page.results import SHIPPED_RESULTS
from eval.page.steps import _day
from eval.run import load_run
from policies.errors import InputError


def bar_labels(html: str) -> list[str]:
    return re.findall(r'<span class="hv-label">([^<]+)<', html)


def test_charts_keep_the_order_given_on_an_axis_from_0_to_1() -> None:
    shown = ["前 1", "前 10", "前 3"]
    bars = tuple(charts.Bar(label, Estimate(0.5, 0.25, 0.75, 12)) for label in shown)
    template = render._templates().from_string('{% from "bars.html" import bars with context %}{{ bars(chart) }}')
    html = template.render(chart=charts.Chart("x", "图", bars))
    assert bar_labels(html) == shown
    assert 'width="50.00%"' in html
    assert 'x1="25.00%" x2="75.00%"' in html
    assert html.count("0.500（0.250–0.750）") == 3
    assert re.findall(r"<span>([\d.]+)</span>", html) == ["0", "0.25", "0.5", "0.75", "1"]
    assert html.count('<td class="hq-number">0.500</td>') == 3


def test_a_single_case_has_no_interval_and_a_small_group_is_marked() -> None:
    one, few = charts.Bar("甲", Estimate(0.5, 0.5, 0.5, 1)), charts.Bar("乙", Estimate(0.5, 0.4, 0.6, 3))
    assert (one.shown, few.shown) == ("0.500（无区间）", "0.500（0.400–0.600）")
    template = render._templates().from_string('{% from "bars.html" import bars with context %}{{ bars(chart) }}')
    html = template.render(chart=charts.Chart("x", "图", (one,)))
    assert "hv-whisker" not in html
    assert html.count('<td class="hq-number">—</td>') == 2
    sizes = {"大型": {"ndcg@10": few.estimate}, "微型": {"ndcg@10": dataclasses.replace(few.estimate, n=30)}}
    (chart,) = charts.slice_charts(Scores({}, {}, {"企业规模": sizes}), "ndcg@10")
    assert [(bar.label, bar.notes) for bar in chart.bars] == [("微型", ()), ("大型", (words.FEW,))]


def test_the_shipped_ablation_says_what_is_cross_validated_and_what_is_in_sample() -> None:
    rows, made_from = read_json(SHIPPED_RESULTS / "ablation_dev.json")
    html = render.ablation(rows, made_from, "ndcg@10")
    assert bar_labels(html) == [row.title for row in rows]
    assert (HELD_OUT in bar_labels(html), SHIPPED in bar_labels(html)) == (True, True)
    assert words.HELD_OUT_NOTE in html
    assert words.IN_SAMPLE_NOTE in html
    strong = re.findall(r'hv-strong">\s*<span class="hv-label">([^<]+)<', html)
    assert strong == [HELD_OUT]
    assert f"58 例 · {words.ROW_IN_SAMPLE}" in html


def test_ablation_rows_are_written_and_read_alike(tmp_path: Path) -> None:
    found = Estimate(0.5, 0.4, 0.6, 3)
    rows = [Row("bm25", "只按字词", {"ndcg@10": found}, {"ndcg@10": 0.5}, {"ndcg@10": found})]
    run = load_run(SHIPPED_RESULTS / "run_dev.json")
    write_json(rows, run, tmp_path / "rows.json")
    again, made_from = read_json(tmp_path / "rows.json")
    assert (again, made_from) == (rows, dict(run.made_from))
    (tmp_path / "rows.json").write_text("{}")
    with pytest.raises(InputError, match="读不了"):
        read_json(tmp_path / "rows.json")


@pytest.mark.parametrize(("metric", "change", "p", "meaning"), [
    ("ndcg@10", 0.1, 0.01, words.BETTER),
    ("ndcg@10", -0.1, 0.01, words.WORSE),
    ("ndcg@10", 0.1, 0.2, words.UNCLEAR),
    ("ndcg@10", 0.0, 1.0, words.SAME),
    ("empty", 0.1, 0.01, words.WORSE),
    ("empty", -0.1, 0.01, words.BETTER),
])  # fmt: skip
def test_a_difference_is_called_one_only_where_the_test_says_so(
    metric: str, change: float, p: float, meaning: str
) -> None:
    item = Difference(metric, 0.5, 0.5 + change, Estimate(change, change, change, 9), p)
    assert findings.difference_view(item).meaning == meaning


def test_small_p_values_are_never_shown_as_0() -> None:
    assert [findings.show_p(p) for p in (None, 0.0001, 0.0123)] == ["—", "< 0.001", "0.012"]


@pytest.mark.parametrize(("given", "iso"), [
    ("", ""), (None, ""), ("  ", ""), ("2026年11月23日", "2026-11-23"), ("2026-11-23", "2026-11-23"),
])  # fmt: skip
def test_days_as_people_write_them(given: str | None, iso: str) -> None:
    assert _day(given) == iso


@pytest.mark.parametrize("given", ["某天", "2026年11月", "2026-02-30"])
def test_what_is_no_whole_day_is_refused(given: str) -> None:
    with pytest.raises(InputError, match="不是一个日期"):
        _day(given)
