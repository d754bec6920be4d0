"""What is shown of an evaluation: one of four views of it, with what may be chosen there."""

from __future__ import annotations

import datetime as dt
import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from eval.compare import compare
from eval.page import findings, render, views, words
from eval.page.evaluations import RUN, Evaluations
from eval.report import Report
from eval.run import Run, learnt_from, load_run
from matcher.services import Services
from matcher.store.tables import Evaluation, JobState
from policies.errors import InputError, Problem

SHIPPED_RESULTS = Path(__file__).parents[1] / "results"
"""Runs (run_*.json) and ablations (ablation_*.json) that come with the software."""
Choices = list[tuple[str, str]]


@dataclass(frozen=True)
class Asked:
    """What an evaluator wants to see.

    Attributes:
        view: A key of words.VIEWS.
        metric: Of the charts by group.
        stage: Of the misses; empty for all.
        grade: Likewise, "3" or "2".
        page: Of the misses, from 1.
        baseline: evaluation_id, or file name of a shipped run; empty for none.
    """

    evaluation_id: str
    view: str
    metric: str
    stage: str = ""
    grade: str = ""
    page: int = 1
    baseline: str = ""


@dataclass(frozen=True)
class Answer:
    """A view as HTML, and what may be chosen in it.

    Attributes:
        page: Shown page of the misses, of `pages`.
        baseline: The baseline that was used; empty for none.
    """

    html: str
    stages: Choices
    grades: Choices
    baselines: Choices
    page: int = 1
    pages: int = 1
    baseline: str = ""


class Results:
    """Looks at finished evaluations of an owner."""

    def __init__(self, services: Services, evaluations: Evaluations, shipped: Path = SHIPPED_RESULTS) -> None:
        """Read runs that come with the software from `shipped`."""
        self._services, self._evaluations = services, evaluations
        self._shipped = shipped
        self._load = functools.cache(load_run)

    def answer(self, asked: Asked, owner: str) -> Answer:
        """One view.

        Raises:
            InputError: The evaluation, its cases or its baseline are gone, or a choice does not exist.
        """
        if asked.view not in words.VIEWS or asked.metric not in words.METRICS:
            raise InputError([Problem(words.VIEW, words.WRONG_CHOICE, words.CHOOSE_AGAIN)])
        made = self._evaluations.records.finished(asked.evaluation_id, owner)
        report = self._evaluations.report(asked.evaluation_id, owner)
        shown = {"misses": self._misses, "compare": self._comparison}.get(asked.view, self._plain)
        return shown(asked, made, report)

    def _plain(self, asked: Asked, made: Evaluation, report: Report) -> Answer:
        about, cautions = self._about(made, report), self._cautions(report)
        if asked.view == "verdicts":
            html = render.verdicts(report, self._services.engine.matcher().library, about, cautions)
        else:
            html = render.overall(report, asked.metric, about, cautions)
        return Answer(html, [], [], [])

    def _misses(self, asked: Asked, made: Evaluation, report: Report) -> Answer:
        library = self._services.engine.matcher().library
        found = findings.miss_page(report, library, asked.stage, asked.grade, asked.page)
        html = render.misses(report, found, self._about(made, report), self._cautions(report))
        stages, grades = findings.stage_choices(report.misses, report.k), findings.grade_choices(report.misses)
        return Answer(html, stages, grades, [], found.page, found.pages)

    def _comparison(self, asked: Asked, made: Evaluation, report: Report) -> Answer:
        about, choices = self._about(made, report), self._baselines(made)
        names = dict((value, label) for label, value in choices)
        if asked.baseline not in names:
            sentence = words.BASELINE_PICK if choices else words.BASELINE_NONE
            return Answer(render.no_comparison(sentence, about), [], [], choices)
        old = self._baseline(asked.baseline, made.owner)
        found = compare(old, report.run, report.cases)
        library = self._services.engine.matcher().library
        html = render.comparison(
            found, library, names[asked.baseline], _differently_made(old, report.run), about, self._cautions(report)
        )
        return Answer(html, [], [], choices, baseline=asked.baseline)

    # ---- baselines --------------------------------------------------------------------------------------------------

    def _baselines(self, made: Evaluation) -> Choices:
        """Other evaluations of the same cases, newest first, and shipped runs of them."""
        digest, zone = made.options["digest"], self._services.now().tzinfo
        own = [
            (label(other, zone), other.evaluation_id)
            for other in self._evaluations.records.of(made.owner, RUN)
            if other.state is JobState.DONE and other.options["digest"] == digest
            and other.evaluation_id != made.evaluation_id
        ]  # fmt: skip
        loaded = {path.name: self._load(path).made_from for path in self._shipped_runs()}
        return own + [
            (_shipped_label(made), name) for name, made in loaded.items() if made["cases"]["digest"] == digest
        ]

    def _baseline(self, name: str, owner: str) -> Run:
        """One of `_baselines`; its names were checked."""
        shipped = {path.name: path for path in self._shipped_runs()}
        return self._load(shipped[name]) if name in shipped else self._evaluations.run(name, owner)

    def _shipped_runs(self) -> Sequence[Path]:
        return sorted(self._shipped.glob("run_*.json"))

    # ---- about ------------------------------------------------------------------------------------------------------

    def _about(self, made: Evaluation, report: Report) -> str:
        return words.MADE_FROM.format(
            name=made.name,
            n=len(report.cases.cases),
            method=words.METHODS_SHORT[made.options["dense"]],
            day=views.day_of(made),
            library=report.run.made_from["library"],
            seconds=report.run.seconds,
        )

    def _cautions(self, report: Report) -> list[str]:
        """What one must know to read the figures rightly."""
        now, then = self._services.engine.matcher().library.version, report.run.made_from["library"]
        cautions = [words.SEEN] if learnt_from(report.run, report.cases) else []
        return [*cautions, words.OLD_LIBRARY.format(old=then, new=now)] if now != then else cautions


def label(made: Evaluation, zone: dt.tzinfo | None) -> str:
    """A finished evaluation in one line, for choosing."""
    return views.run_view(made, (), zone).label


def _shipped_label(made_from: Mapping[str, Any]) -> str:
    method = words.METHODS_SHORT[made_from["model"] is not None]
    return words.BASELINE_SHIPPED.format(method=method, library=made_from["library"])


def _differently_made(old: Run, new: Run) -> list[str]:
    """What differs besides library and model, which the comparison notes itself."""
    days = [[result.as_of for result in run.results.values()] for run in (old, new)]
    return [words.DAY_CHANGED] if days[0] != days[1] else []
