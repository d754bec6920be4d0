"""Matching: one company, several, one measure explained, the next question, companies of a measure, feedback."""

from __future__ import annotations

import datetime as dt
import tempfile
from collections.abc import Sequence
from pathlib import Path

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse

from matcher.api import answers, documented, requests
from matcher.api.access import Asking, Matching, Serving
from matcher.api.company import read_company
from matcher.api.context import Context, Json, ReadCompanies
from matcher.assessment import Active
from matcher.companies.build import build_store
from matcher.companies.store import CompanyStore
from matcher.feedback import FeedbackStore
from matcher.match_rows import MatchRow
from matcher.reverse import Reverse
from matcher.reverse_run import targets
from matcher.service import Matcher
from matcher.steps import show_window
from matcher.wire import match_json, result_json
from policies.companies import CompanyTable
from policies.errors import InputError, Problem
from policies.library import Library
from policies.profile import CompanyProfile


def add(routes: APIRouter, context: Context) -> None:
    """Its routes."""
    _one(routes, context)
    _several(routes, context)
    _reverse(routes, context)
    _feedback(routes, context)


def _one(routes: APIRouter, context: Context) -> None:
    @routes.post("/match", response_model=answers.MatchAnswer, **documented.operation("match"))
    async def match(request: Request, body: requests.MatchRequest, _: Matching) -> JSONResponse:
        as_of = context.day(body.as_of)

        def matched(matcher: Matcher) -> Json:
            profile = read_company(body.profile, as_of, body.answers)
            result = matcher.match(profile, as_of, body.k, {*body.skip, *(body.answers or {})})
            context.metrics.matched("match", 1)
            for found in result.matches:
                context.metrics.found(found.verdict.value)
            return result_json(result)

        return await context.worked_out(request, as_of, matched)

    @routes.post("/explain", response_model=answers.ExplainAnswer, **documented.operation("explain"))
    async def explain(request: Request, body: requests.ExplainRequest, _: Asking) -> JSONResponse:
        as_of = context.day(body.as_of)

        def explained(matcher: Matcher) -> Json:
            profile = read_company(body.profile, as_of, body.answers)
            (measure,) = offered(matcher, body.measure_id, as_of)
            return {"match": match_json(matcher.explain(profile, measure.entry.measure_id, as_of))}

        return await context.worked_out(request, as_of, explained)

    @routes.post("/questions", response_model=answers.QuestionAnswer, **documented.operation("questions"))
    async def questions(request: Request, body: requests.QuestionRequest, _: Asking) -> JSONResponse:
        as_of = context.day(body.as_of)

        def asked(matcher: Matcher) -> Json:
            profile = read_company(body.profile, as_of, body.answers)
            result = matcher.match(profile, as_of, 1, {*body.skip, *(body.answers or {})})
            return {"next_question": result_json(result)["next_question"]}

        return await context.worked_out(request, as_of, asked)


def _several(routes: APIRouter, context: Context) -> None:
    @routes.post("/match/batch", response_model=answers.BatchAnswer, **documented.operation("batch"))
    async def batch(request: Request, body: requests.BatchRequest, _: Serving) -> JSONResponse:
        as_of = context.day(body.as_of)

        def matched(matcher: Matcher) -> Json:
            read = ReadCompanies.of(body.profiles, as_of)
            results = matcher.match_many([profile for _, profile in read.good], as_of, body.k)
            entries: list[Json] = [
                {"index": index, "result": None, "problems": problems} for index, problems in read.bad
            ]
            for (index, _), result in zip(read.good, results, strict=True):
                entries.append({"index": index, "result": result_json(result), "problems": []})
            entries.sort(key=lambda entry: entry["index"])
            context.metrics.matched("batch", len(read.good))
            return {"matched": len(read.good), "rejected": len(read.bad), "results": entries}

        return await context.worked_out(request, as_of, matched)


def _reverse(routes: APIRouter, context: Context) -> None:
    @routes.post("/reverse", response_model=answers.ReverseAnswer, **documented.operation("reverse"))
    async def reverse(request: Request, body: requests.ReverseRequest, _: Serving) -> JSONResponse:
        as_of = context.day(body.as_of)

        def found(matcher: Matcher) -> Json:
            asked = offered(matcher, body.target, as_of)
            read = ReadCompanies.of(body.profiles, as_of)
            measures = _companies_of(asked, read.good, as_of, body.limit) if read.good else []
            rejected = [{"index": index, "problems": problems} for index, problems in read.bad]
            context.metrics.matched("reverse", len(read.good))
            return {"companies": len(read.good), "rejected": rejected, "measures": measures}

        return await context.worked_out(request, as_of, found)


def _companies_of(
    asked: Sequence[Active], good: Sequence[tuple[int, CompanyProfile]], as_of: dt.date, limit: int
) -> list[Json]:
    """Lists by measure, from a store that lives as long as the request: the same way as for millions."""
    numbers = [index for index, _ in good]
    table = CompanyTable.of([profile for _, profile in good], numbers)
    with tempfile.TemporaryDirectory(prefix="huiqi-reverse-") as folder:
        build_store(iter([table]), Path(folder) / "store")
        store = CompanyStore.open(Path(folder) / "store")
        return [_list_json(active, Reverse.find(store, active, as_of, limit)) for active in asked]


def _list_json(active: Active, found: Reverse) -> Json:
    return {
        "policy_id": active.entry.policy.policy_id,
        "measure_id": active.entry.measure_id,
        "title": active.entry.title,
        "window": show_window(active.window),
        "eligible": found.eligible,
        "possible": found.possible,
        "low_yuan": found.low_yuan,
        "high_yuan": found.high_yuan,
        "companies": [_company_json(row) for row in found.rows()],
    }


def _company_json(row: MatchRow) -> Json:
    return {
        "index": row.row,
        "rank": row.rank,
        "company": row.company,
        "uscc": row.uscc,
        "verdict": row.verdict,
        "section": row.section,
        "reasons": row.reasons,
        "missing": row.missing,
        "manual": row.manual,
        "low_yuan": row.low_yuan,
        "high_yuan": row.high_yuan,
        "amount_note": row.amount_note,
        "next_step": row.next_step,
    }


def _feedback(routes: APIRouter, context: Context) -> None:
    store = FeedbackStore(context.services.database)

    @routes.post(
        "/feedback", status_code=201, response_model=answers.FeedbackAnswer, **documented.operation("feedback")
    )
    async def feedback(request: Request, body: requests.FeedbackRequest, caller: Asking) -> JSONResponse:
        as_of = context.day(body.as_of)

        def kept(matcher: Matcher) -> Json:
            read_company(body.profile, as_of)
            if not _known(matcher.library, body.target):
                targets(matcher.library, body.target, as_of)  # refuses it, with the nearest ids
            note = body.note.replace("\0", "")  # PostgreSQL keeps no NUL
            said = store.add(
                body.profile, body.target, body.marked, as_of=as_of, made_at=context.services.now(),
                owner=caller.user_id, note=note,
            )  # fmt: skip
            return {"feedback_id": said.feedback_id}

        return await context.worked_out(request, as_of, kept, 201)


def offered(matcher: Matcher, target: str, as_of: dt.date) -> list[Active]:
    """The measures on offer that an id means: one, or all of a policy.

    Raises:
        InputError: no such id (the nearest are offered), or nothing of it is on offer at `as_of`.
    """
    found = [one for one in matcher.active(as_of) if target in (one.entry.measure_id, one.entry.policy.policy_id)]
    if not found and _known(matcher.library, target):
        reason = f"在 {as_of.isoformat()} 不可申报（已失效、被取代或已截止）"
        remedy = f"请看 GET /policies/{target.partition('/')[0]} 的 answer 和 window"
        raise InputError([Problem(f"编号“{target}”", reason, remedy)])
    return found or targets(matcher.library, target, as_of)


def _known(library: Library, target: str) -> bool:
    return target in library.policies or target in library.by_id
