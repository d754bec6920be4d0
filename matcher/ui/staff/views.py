"""Start, header, progress and what ended without a result, as HTML: views of plain values, rendered by Jinja."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from typing import Any

from matcher.clock import show_minute
from matcher.jobs import Correction, Jobs
from matcher.jobs.worker import KEEP_DAYS
from matcher.sheet import ColumnMapping, HeaderMapping
from matcher.sheet.mapping import HOW_SHOWN, column_letters
from matcher.store.tables import Job, JobState
from matcher.ui import layout
from matcher.ui.staff import words
from matcher.ui.staff.address import Address
from matcher.ui.staff.readings import Checked, understood
from policies.errors import Problem

MAX_SAMPLE = 40
SHOWN_PROBLEMS = 20
_PLACE = re.compile(r"(\d{1,4})-(\d{1,6})", re.ASCII)


def render(name: str, **values: Any) -> str:
    """A template of these pages."""
    return layout.render(f"staff/{name}", w=words, **values)


def head(
    title: str, lead: str = "", *, step: str = "", place: str = "", note: str = "", back: tuple[str, str] | None = None
) -> str:
    """Top of a view: where one can go, which step this is, and the heading.

    Args:
        title: The heading.
        lead: What one sees or does here.
        step: Key of `words.STEPS`; "" where there are none.
        place: Key of `words.PLACES`.
        note: What has just been done.
        back: Address and text of the way back.
    """
    return render("head", title=title, lead=lead, step=step, place=place, note=note, back=back)


def errors(problems: Sequence[Problem], heading: str = words.CANNOT_DO) -> str:
    """The error summary."""
    return render("errors", problems=problems, heading=heading)


def moment(at: dt.datetime | None) -> str:
    """A moment as people in China write it ("2026-11-23 09:30")."""
    return show_minute(at) if at else ""


# ---- start ----------------------------------------------------------------------------------------------------------


def jobs(found: Sequence[Job]) -> str:
    """The table of somebody's jobs."""
    return render("jobs", jobs=[_job(job) for job in found], kept=words.KEPT.format(days=KEEP_DAYS))


def _job(job: Job) -> dict[str, str]:
    icon, word = words.STATES[job.state]
    detail = ""
    if job.state is JobState.RUNNING and job.total:
        detail = f"{100 * job.done // job.total}%"
    if job.state is JobState.DONE and job.report:
        detail = words.TOTAL.format(n=job.report["companies"] + job.report["rejected"], good=job.report["companies"])
    return {
        "name": job.name,
        "kind": words.KINDS[job.kind],
        "at": moment(job.created_at),
        "state": job.state.value,
        "icon": icon,
        "word": word,
        "detail": detail,
        "open": words.OPEN_JOB[job.state],
        "link": Address(job=job.job_id).to(),
        "delete": f"/jobs/{job.job_id}/delete" if job.state.ended else "",
    }


# ---- header ---------------------------------------------------------------------------------------------------------


def columns(mapping: HeaderMapping, notes: Sequence[str]) -> str:
    """What every column fills."""
    sheets = [
        {
            "title": words.SHEET.format(name=sheet.sheet) if sheet.sheet else words.SHEET_ONLY,
            "columns": [_column(number, column) for column in sheet.columns],
        }
        for number, sheet in enumerate(mapping.sheets)
    ]
    return render("columns", sheets=sheets, notes=notes)


def _column(sheet: int, column: ColumnMapping) -> dict[str, object]:
    letters = column_letters(column.column)
    sure = f"（{column.confidence:.0%}）" if column.how == "fuzzy" else ""
    return {
        "place": f"{sheet}-{column.column}",
        "letters": letters,
        "header": column.header,
        "sample": column.sample[:MAX_SAMPLE],
        "label": column.label,
        "unit": column.unit,
        "how": HOW_SHOWN[column.how] + sure if column.target else "—",
        "doubt": column.how == "fuzzy",
        "kind": "hq-s-doubt" if column.how == "fuzzy" else "" if column.target else "hq-s-unused",
        "edit": words.EDIT_LABEL.format(letters=letters, header=column.header),
    }


def place(mapping: HeaderMapping, picked: str) -> tuple[str, ColumnMapping] | None:
    """Sheet and column of a button of the table; None for what is none."""
    numbers = _PLACE.fullmatch(picked)
    if numbers is None or int(numbers[1]) >= len(mapping.sheets):
        return None
    sheet = mapping.sheets[int(numbers[1])]
    return next(((sheet.sheet, one) for one in sheet.columns if one.column == int(numbers[2])), None)


def change_note(before: HeaderMapping, after: HeaderMapping, change: Correction) -> str:
    """What a correction did, in one or two sentences."""
    pairs = [
        (old, new)
        for one, other in zip(before.sheets, after.sheets, strict=True)
        if one.sheet == change.sheet
        for old, new in zip(one.columns, other.columns, strict=True)
    ]
    own = next(new for _, new in pairs if new.column == change.column)
    lost = [old for old, new in pairs if old.target and not new.target and old.column != change.column]
    note = words.CHANGED.format(letters=column_letters(own.column), header=own.header, label=own.label or words.UNUSED)
    if lost:
        names = [words.COLUMN_NAME.format(letters=column_letters(old.column), header=old.header) for old in lost]
        note += words.DISPLACED.format(label=lost[0].label, columns="、".join(names))
    return note


def check(checked: Checked, mapping: HeaderMapping | None) -> str:
    """The first rows as they are understood, and what is wrong with them."""
    sentence = words.CHECKED_NONE if not checked.good else words.CHECKED if checked.bad else words.CHECKED_GOOD
    first = checked.first[0].sheet if checked.first else ""
    sheet = next((one for one in mapping.sheets if one.sheet == first), None) if mapping else None
    used = list(sheet.used) if sheet else []
    rows = [
        {
            "number": row.number,
            "cells": [understood(row.profile, column.target)[:MAX_SAMPLE] for column in used] if row.profile else [],
        }
        for row in checked.first
        if row.sheet == first and used
    ]
    return render(
        "check",
        sentence=sentence.format(rows=checked.rows, good=checked.good, bad=checked.bad, skipped=checked.skipped),
        headings=[column.label for column in used],
        rows=rows,
        problems=checked.problems[:SHOWN_PROBLEMS],
    )


# ---- progress -------------------------------------------------------------------------------------------------------


def progress(job: Job, queue: Jobs) -> str:
    """How far a job is."""
    if job.state is JobState.WAITING:
        ahead = queue.ahead(job)
        stage = words.QUEUED.format(n=ahead) if ahead else words.QUEUED_NEXT
        percent, left = None, ""
    else:
        stage, percent = _stage(job)
        left = _left(queue.seconds_left(job))
    return render(
        "progress",
        stage=stage,
        percent=percent,
        begun=job.state is JobState.RUNNING,
        ended=job.state.ended,
        left=left,
        started=words.STARTED.format(at=moment(job.created_at)),
    )


def _stage(job: Job) -> tuple[str, int | None]:
    name, unit = words.STAGES.get(job.stage, job.stage), words.UNITS.get(job.stage, "行")
    if job.total:
        stage = words.STAGE_OF.format(stage=name, done=job.done, total=job.total, unit=unit)
        return stage, min(100 * job.done // job.total, 100)
    if job.done:
        return words.STAGE_DONE.format(stage=name, done=job.done, unit=unit), None
    return name + "。", None


def _left(seconds: float | None) -> str:
    if seconds is None:
        return ""
    if seconds < 60:
        return words.LEFT_S
    return (
        words.LEFT_MIN.format(n=round(seconds / 60)) if seconds < 5400 else words.LEFT_H.format(n=round(seconds / 3600))
    )


def ended(job: Job) -> str:
    """A job that left no result: why."""
    again = Address(file=job.options["upload"]).to()
    if job.state is JobState.FAILED:
        return render("ended", problems=job.problem.splitlines(), message="", again=again)
    message = words.CANCELLED if job.state is JobState.CANCELLED else words.FILES_GONE
    return render("ended", problems=(), message=message, again=again)
