"""Case sets and evaluations as plain data for the templates; nothing here knows widgets or HTML."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from eval.cases import CaseFile, CaseSet
from eval.compare import MAIN
from eval.page import words
from eval.run import taken_over
from eval.slices import slices
from matcher.steps import show_day
from matcher.store.tables import Evaluation, JobState, StoredFile
from policies.library import Library
from policies.regions import regions
from policies.values import Span

# ---- cases ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class SetView:
    """What a case set consists of.

    Attributes:
        grades: Title and number of labels, highest grade first.
        groups: Title of a division to group to number of cases.
        familiar: Number of cases that the ranking was learnt from.
        unknown: Labelled targets that the library lacks.
    """

    name: str
    n: int
    pairs: int
    judged: int | None
    days: str
    grades: tuple[tuple[str, int], ...]
    no_verdict: int
    groups: Mapping[str, Mapping[str, int]]
    familiar: int
    unknown: tuple[str, ...] = ()


def set_view(found: CaseFile, library: Library | None) -> SetView:
    """Look at a case set; without a library nothing is said of unknown targets."""
    cases = found.cases
    labels = [label for case in cases.cases for label in case.labels.values()]
    graded = Counter(label.grade for label in labels)
    judged = {len(case.judged) for case in cases.cases if case.judged is not None}
    return SetView(
        name=cases.name,
        n=len(cases.cases),
        pairs=len(labels),
        judged=max(judged) if judged and all(case.judged is not None for case in cases.cases) else None,
        days=_days([case.as_of for case in cases.cases]),
        grades=tuple((title, graded[grade]) for grade, title in words.GRADE_TITLES.items()),
        no_verdict=sum(label.verdict is None for label in labels),
        groups=_groups(cases),
        familiar=len(taken_over(cases)),
        unknown=tuple(cases.unknown_targets(library)) if library else (),
    )


def _days(days: Sequence[dt.date]) -> str:
    first, last = min(days), max(days)
    return show_day(first) if first == last else f"{show_day(first)} 至 {show_day(last)}"


def _groups(cases: CaseSet) -> dict[str, dict[str, int]]:
    found = {each.title: Counter(each.group_of(case) for case in cases.cases) for each in slices()}
    found[words.PROVINCE] = Counter(_province(case.profile.facts.get("region")) for case in cases.cases)
    return {title: dict(counted.most_common()) for title, counted in found.items()}


def _province(fact: object) -> str:
    if not isinstance(fact, Span) or not fact.known:
        return words.NOT_FILLED
    code = regions().code_of(int(fact.lo), int(fact.hi))
    return regions().path(code)[0] if code else words.NOT_FILLED


# ---- runs -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class RunView:
    """One line of the list of evaluations."""

    made: str
    name: str
    n: int
    method: str
    day: str
    library: str
    state: str
    done: bool
    problem: str
    figures: tuple[str, str, str]
    files: tuple[tuple[str, str], ...]

    @property
    def label(self) -> str:
        """In one line, for choosing."""
        return words.RUN_LABEL.format(made=self.made, name=self.name, method=self.method, day=self.day)


def run_view(job: Evaluation, files: Sequence[StoredFile], zone: dt.tzinfo | None) -> RunView:
    """One evaluation; `files` are its downloads."""
    report = job.report or {}
    metrics = report.get("metrics", {})
    values = [metrics[name]["value"] if name in metrics else None for name in (MAIN, "capped_recall@20")]
    shown = [f"{value:.3f}" if value is not None else "—" for value in values]
    missed = f"{report['misses']}" if "misses" in report else "—"
    return RunView(
        made=made_at(job, zone),
        name=job.name,
        n=job.options["n"],
        method=words.METHODS_SHORT[job.options["dense"]],
        day=day_of(job),
        library=report.get("library", "—"),
        state=words.STATES[job.state.value],
        done=job.state is JobState.DONE,
        problem=job.problem,
        figures=(shown[0], shown[1], missed),
        files=tuple((f"/files/{one.file_id}", words.DOWNLOADS[one.media_type]) for one in files),
    )


def made_at(job: Evaluation, zone: dt.tzinfo | None) -> str:
    """When it was asked for, in local time."""
    return job.created_at.astimezone(zone).strftime("%Y-%m-%d %H:%M")


def day_of(job: Evaluation) -> str:
    """The day it answers for, in Chinese."""
    day = job.options["as_of"]
    return show_day(dt.date.fromisoformat(day)) if day else words.DAY_OWN


@dataclass(frozen=True)
class ProgressView:
    """Where an evaluation stands.

    Attributes:
        sentence: What a screen reader hears when the state changes.
        done: Of `total`; both None where that is not known.
    """

    sentence: str
    stage: str
    done: int | None
    total: int | None
    ended: bool
    failed: bool


def progress_view(job: Evaluation) -> ProgressView:
    """Where an evaluation stands."""
    seconds = (job.ended_at - job.started_at).total_seconds() if job.ended_at and job.started_at else 0.0
    sentence = words.STATE_NOW[job.state.value].format(name=job.name, seconds=seconds, problem=job.problem)
    known = job.total is not None and not job.state.ended
    return ProgressView(sentence, "" if job.state.ended else job.stage, job.done if known else None,
                        job.total if known else None, job.state.ended, job.state is JobState.FAILED)  # fmt: skip
