"""The result of a job as HTML: summary, counts, filtered rows page by page, problems, one company in detail."""

from __future__ import annotations

import datetime as dt
import re
from collections import Counter
from collections.abc import Sequence
from itertools import islice
from typing import Any

from matcher.amounts import show_amount
from matcher.export.cells import REJECTED, ProblemLine, labels
from matcher.jobs import Filter, Outcome
from matcher.match_rows import MatchRow
from matcher.results import Amount, MatchResult, Section
from matcher.service import Matcher
from matcher.steps import show_day
from matcher.store.tables import Job, StoredFile
from matcher.ui.staff import words
from matcher.ui.staff.address import Address
from matcher.ui.staff.views import render
from policies.lifecycle import WindowPhase
from policies.profile import CompanyProfile
from policies.quantities import parse_number
from policies.values import ValueReason

ROWS_SHOWN = 50
TOP_MEASURES = 10
SOON_DAYS = 60
MAX_KINDS = 100
YUAN_PER_WAN = 10_000
MAX_REASONS = 300
_NAMES = {section.value: section.name for section in Section}
_NUMBERS = re.compile(r"\d[\d,.]*|“[^”]*”")


def as_of(job: Job) -> dt.date:
    """The day that a job answers for."""
    return dt.date.fromisoformat(job.options["as_of"])


# ---- rows -----------------------------------------------------------------------------------------------------------


def soon(matcher: Matcher, at: dt.date) -> frozenset[str]:
    """Measures that can be applied for and close within SOON_DAYS."""
    return frozenset(
        item.entry.measure_id
        for item in matcher.active(at)
        if item.window.phase is WindowPhase.OPEN
        and item.window.days_left is not None
        and item.window.days_left <= SOON_DAYS
    )


def least_yuan(typed: str) -> float | None:
    """An amount as people write it, in yuan; a bare number is in 万元. None if nothing is typed.

    Raises:
        ValueReason: it is no amount.
    """
    return parse_number(typed, "万元").lo * YUAN_PER_WAN if typed else None


def result(job: Job, files: Sequence[StoredFile], outcome: Outcome, address: Address, soonest: frozenset[str]) -> str:
    """The whole result view.

    Args:
        job: A finished job.
        files: What it wrote: the result, then the rejected rows if there are any.
        outcome: Its rows.
        address: With the filter and the page.
        soonest: Measures that close soon; looked at only if the filter asks for it.
    """
    report: dict[str, Any] = job.report or {}
    counts = report["per_measure" if job.kind == "bulk" else "measures"]
    try:
        least, wrong = least_yuan(address.least), False
    except ValueReason:
        least, wrong = None, True
    measures = {address.measure} if address.measure else None
    if address.soon:
        measures = (measures & soonest) if measures is not None else set(soonest)
    nothing = address.section == words.NO_MATCH
    chosen = Filter(address.company, "" if nothing else address.section, nothing, measures, least)
    rows, total = outcome.rows(chosen, (address.page - 1) * ROWS_SHOWN, ROWS_SHOWN)
    plain = Address(job=address.job)
    return render(
        "result",
        **_summary(job, report),
        files=[_file(stored, number) for number, stored in enumerate(files)],
        problems=plain.to(view="problems") if report["rejected"] or report.get("cautions") else "",
        measures=[_measure(count, plain) for count in counts],
        top=TOP_MEASURES,
        address=address,
        least_wrong=wrong,
        soon_label=words.F_SOON.format(n=SOON_DAYS),
        filtered=Address(job=address.job, page=address.page) != address,
        clear=plain.to(),
        kind=job.kind,
        headings=words.ROW_HEADINGS[job.kind],
        rows=[_row(row, job, address) for row in rows],
        pages=pages(address, total),
    )


def _summary(job: Job, report: dict[str, Any]) -> dict[str, Any]:
    good, bad = report["companies"], report["rejected"]
    if job.kind == "bulk":
        sentence = words.TOTAL.format(n=good + bad, good=good)
        sentence += f"，{words.TOTAL_BAD.format(bad=bad)}。" if bad else "。"
        worth = show_amount(Amount(report["low_yuan"], report["high_yuan"], ""))
        lines = [
            words.FOUND.format(
                n=report["companies_with_eligible"], m=report["companies_with_possible"], none=report["without_match"]
            ),
            *([words.WORTH.format(amount=worth)] if report["high_yuan"] else []),
            *([words.DUPLICATES.format(n=report["duplicates"])] if report["duplicates"] else []),
        ]
    else:
        sentence, lines = words.REVERSE_TOTAL.format(n=good, bad=bad), list(report["notes"])
    lines += [words.TOTAL_SKIPPED.format(n=report["skipped"])] if report["skipped"] else []
    origin = words.AS_OF.format(day=show_day(as_of(job)), version=report["library_version"])
    words_only = job.kind == "bulk" and not report["dense"]
    return {"sentence": sentence, "lines": [*lines, f"{origin}{'；' + words.WORDS_ONLY if words_only else ''}。"]}


def _file(stored: StoredFile, number: int) -> dict[str, str]:
    label = words.DOWNLOAD_PROBLEMS if number else words.DOWNLOAD_RESULT
    size = f"{stored.size / 1e6:,.1f} MB" if stored.size >= 1e5 else f"{max(stored.size / 1e3, 0.1):,.1f} KB"
    return {"file_id": stored.file_id, "label": label, "size": f"{stored.name.rsplit('.', 1)[-1]}，{size}"}


def _measure(count: dict[str, Any], plain: Address) -> dict[str, str]:
    return {
        "measure_id": count["measure_id"],
        "name": f"{count['policy_title']}：{count['measure_name']}",
        "link": plain.to(measure=count["measure_id"]),
        "eligible": f"{count['eligible']:,}",
        "possible": f"{count['possible']:,}",
        "worth": _wan(count["low_yuan"], count["high_yuan"]) if count["high_yuan"] else "—",
    }


def _row(row: MatchRow, job: Job, address: Address) -> dict[str, object]:
    verdict = row.section or words.NO_MATCH
    known = {"number": row.row, "sheet": row.sheet, "company": row.company or row.uscc or words.NAMELESS}
    link = Address(job=address.job, view="company", sheet=row.sheet, row=row.row).to()
    missing = labels(row.missing)
    sixth, seventh = (missing, row.reasons[:MAX_REASONS]) if job.kind == "reverse" else (row.window, row.gap or missing)
    return {
        **known,
        "link": link,
        "mark": _NAMES.get(verdict, "NONE"),
        "icon": words.ICONS[verdict],
        "verdict": verdict,
        "title": f"{row.policy_title}：{row.measure_name}" if row.measure_id else "",
        "worth": _wan(row.low_yuan, row.high_yuan),
        "sixth": sixth,
        "seventh": seventh,
    }


def _wan(low: float | None, high: float | None) -> str:
    """A sum in 万元 ("12.5", "0—20"); "" without one."""
    if low is None or high is None:
        return ""
    shown = [f"{value / YUAN_PER_WAN:,.2f}".rstrip("0").rstrip(".") for value in (low, high)]
    return shown[0] if shown[0] == shown[1] else "—".join(shown)


def pages(address: Address, total: int) -> dict[str, str]:
    """Where one is in a long list, and the ways on."""
    first = (address.page - 1) * ROWS_SHOWN
    last = min(first + ROWS_SHOWN, total)
    return {
        "shown": words.SHOWN.format(first=first + 1, last=last, n=total),
        "previous": address.to(page=address.page - 1) if address.page > 1 else "",
        "next": address.to(page=address.page + 1) if last < total else "",
    }


# ---- problems -------------------------------------------------------------------------------------------------------


def problems(job: Job, files: Sequence[StoredFile], outcome: Outcome, address: Address) -> tuple[str, str]:
    """The lead and the body of the view of what was wrong, grouped by kind."""
    kinds: Counter[tuple[str, str, str]] = Counter()
    examples: dict[tuple[str, str, str], str] = {}
    for line in outcome.problems():
        kinds[_kind(line)] += 1
        examples.setdefault(_kind(line), line.reason)
    ordered = sorted(kinds, key=lambda kind: (kind[0] != REJECTED, -kinds[kind], kind))[:MAX_KINDS]
    wanted = ordered[address.kind - 1] if 0 < address.kind <= len(ordered) else None
    start = (address.page - 1) * ROWS_SHOWN
    fitting = (line for line in outcome.problems() if wanted is None or _kind(line) == wanted)
    total = sum(kinds.values()) if wanted is None else kinds[wanted]
    refused = sum(count for kind, count in kinds.items() if kind[0] == REJECTED)
    cautions = sum(kinds.values()) - refused
    report: dict[str, Any] = job.report or {}
    plain = Address(job=address.job, view="problems")
    body = render(
        "problems",
        kinds=[_group(kind, examples[kind], kinds[kind]) | {"link": plain.to(kind=number), "chosen": kind == wanted}
               for number, kind in enumerate(ordered, 1)],
        cautions=words.CAUTIONS_LEAD.format(n=cautions) if cautions else "",
        file=files[1] if len(files) > 1 else None,
        title=examples[wanted] if wanted else words.ALL_KINDS,
        everything=plain.to() if wanted else "",
        problems=list(islice(fitting, start, start + ROWS_SHOWN)),
        pages=pages(address, total),
    )  # fmt: skip
    return words.PROBLEMS_LEAD.format(name=job.name, rows=report["rejected"], n=refused), body


def _group(kind: tuple[str, str, str], example: str, count: int) -> dict[str, Any]:
    reason = example if count == 1 else words.AND_LIKE.format(reason=example)
    return {"level": words.LEVELS[kind[0]], "column": kind[1], "reason": reason, "count": f"{count:,}"}


def _kind(line: ProblemLine) -> tuple[str, str, str]:
    """Problems of one kind differ only in numbers and in what they quote."""
    return line.level, line.column, _NUMBERS.sub("…", line.reason)


# ---- one company ----------------------------------------------------------------------------------------------------


def company(job: Job, profile: CompanyProfile, found: MatchResult, address: Address) -> str:
    """Who a company is and what it can get in all; the cards stand below."""
    sheet = words.SHEET.format(name=address.sheet) if address.sheet else ""
    total = found.total
    worth = words.COMPANY_WORTH_NONE
    if total.high_yuan:
        worth = words.COMPANY_WORTH.format(amount=show_amount(Amount(total.low_yuan, total.high_yuan, "")))
    return render(
        "company",
        place=f"“{job.name}”{words.COMPANY_PLACE.format(sheet=sheet, row=address.row)}",
        uscc=words.COMPANY_CODE.format(uscc=profile.uscc) if profile.uscc else "",
        worth=worth,
        as_of=words.AS_OF.format(day=show_day(found.as_of), version=found.library_version),
        found=bool(found.matches),
        notes=found.notes,
    )
