"""The pieces of the evaluators' pages as HTML: templates with autoescape, filled from plain data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import jinja2

from eval.ablation import Row
from eval.cases import VERDICTS, CaseFile
from eval.compare import HEADLINE, Comparison
from eval.misses import stage_counts
from eval.page import charts, findings, views, words
from eval.report import Report
from policies.errors import Problem
from policies.library import Library

PROBLEMS_SHOWN = 100
CHANGES_SHOWN = 5


@cache
def _templates() -> jinja2.Environment:
    """Autoescape, and a name that is missing is an error."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).with_name("templates")),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    environment.globals.update(w=words, percent=_percent)
    return environment


def _percent(share: float) -> str:
    """A place on an axis from 0 to 1, as SVG takes it."""
    return f"{100 * min(max(share, 0.0), 1.0):.2f}%"


def piece(name: str, **values: Any) -> str:
    """One template by its name, without ".html"."""
    return _templates().get_template(f"{name}.html").render(**values)


def errors(problems: Sequence[Problem], heading: str = words.ERRORS) -> str:
    """The error summary."""
    return piece("errors", problems=problems, heading=heading)


def uploaded(name: str, found: CaseFile) -> str:
    """What became of an upload, with every problem by line."""
    good, bad = len(found.cases.cases), len(found.problems)
    sentence = words.NO_GOOD
    if good:
        sentence = words.UPLOADED.format(name=name, good=good)
        sentence += words.UPLOADED_SOME.format(bad=bad) if bad else words.UPLOADED_ALL
    return piece("uploaded", sentence=sentence, problems=found.problems, most=PROBLEMS_SHOWN)


def case_set(found: CaseFile, library: Library | None) -> str:
    """What a case set consists of."""
    view = views.set_view(found, library)
    return piece("case_set", set=view, problems=found.problems, most=PROBLEMS_SHOWN)


# ---- results --------------------------------------------------------------------------------------------------------


def overall(report: Report, metric: str, made_from: str, cautions: Sequence[str]) -> str:
    """Overall metrics and one metric by groups."""
    found = report.scores.overall
    return piece(
        "overall",
        overall=charts.overall_chart(report.scores),
        slices=charts.slice_charts(report.scores, metric),
        unjudged=[found[f"unjudged@{k}"].value for k in (10, 20)],
        few=charts.FEW,
        made_from=made_from,
        cautions=cautions,
    )


def misses(report: Report, found: findings.MissPage, made_from: str, cautions: Sequence[str]) -> str:
    """One page of the misses."""
    return piece(
        "misses",
        k=report.k,
        found=found,
        first=1 + (found.page - 1) * findings.MISSES_PER_PAGE,
        counts=stage_counts(report.misses),
        made_from=made_from,
        cautions=cautions,
    )


def verdicts(report: Report, library: Library, made_from: str, cautions: Sequence[str]) -> str:
    """The 3 × 3 table and the hard violations."""
    return piece(
        "verdicts",
        table=report.verdicts,
        columns=[words.SYSTEM.format(name=words.VERDICT_TITLES[name]) for name in VERDICTS],
        rows=findings.verdict_rows(report),
        violations=findings.violation_views(report, library),
        made_from=made_from,
        cautions=cautions,
    )


def comparison(
    found: Comparison, library: Library, old: str, notes: Sequence[str], made_from: str, cautions: Sequence[str]
) -> str:
    """How a run differs from its baseline, case by case."""
    return piece(
        "compare",
        differences=[findings.difference_view(item) for item in found.differences],
        better=[findings.change_view(change, library) for change in found.better],
        worse=[findings.change_view(change, library) for change in found.worse],
        wins=findings.wins(found),
        old=old,
        notes=[*found.notes, *notes],
        most=CHANGES_SHOWN,
        made_from=made_from,
        cautions=cautions,
    )


def no_comparison(sentence: str, made_from: str) -> str:
    """There is no baseline, or none is chosen yet."""
    return piece("compare", differences=(), sentence=sentence, made_from=made_from, cautions=())


def ablation(
    rows: Sequence[Row], made_from: Mapping[str, Any], metric: str, files: Sequence[tuple[str, str]] = ()
) -> str:
    """One metric of every system, and how far the full system leads."""
    cases = made_from["cases"]
    leads = [
        (row.title, row.lead.get(metric), row.p.get(metric)) for row in rows if row.name not in ("full", "shipped")
    ]
    return piece(
        "ablation",
        chart=charts.ablation_chart(rows, metric),
        notes=charts.ablation_notes(rows),
        rows=[(title, findings.show_change(lead), findings.show_p(p)) for title, lead, p in leads],
        files=files,
        made_from=words.ABLATION_MADE.format(
            cases=cases["name"], n=cases["n"], library=made_from["library"],
            model=made_from["model"] or words.NO_MODEL_USED,
        ),
    )  # fmt: skip


METRICS = tuple((words.METRICS[metric], metric) for metric in HEADLINE)
"""Label and value of the metrics that charts by group can show."""
