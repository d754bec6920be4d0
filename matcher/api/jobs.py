"""Bulk and reverse jobs: upload a list, watch it, fetch what came out; everything belongs to whoever asked for it."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable
from functools import partial
from typing import Annotated

from fastapi import APIRouter, Path, Query, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import FileResponse, JSONResponse

from matcher.access import audit
from matcher.access.identity import Identity
from matcher.api import answers_jobs as answers
from matcher.api import documented, requests
from matcher.api.access import Serving
from matcher.api.context import Context, Json
from matcher.api.matching import offered
from matcher.api.problems import CONFLICT, NOT_FOUND, TOO_MANY, ApiProblem
from matcher.api.upload import Taken, take
from matcher.jobs import MAX_OPEN
from matcher.jobs.worker import KEEP_DAYS
from matcher.service import Matcher
from matcher.store.tables import Job, JobState
from policies.errors import InputError

RETRY_S = "60"
SHOWN_OPTIONS = ("as_of", "k", "target", "limit", "out_format")
JobId = Annotated[
    str, Path(max_length=40, pattern=r"^[A-Za-z0-9_-]+$", description="作业编号。", examples=["kQ2vJ8w0Tn6h3mZc5yXbLA"])
]


def add(routes: APIRouter, context: Context) -> None:
    """Its routes."""
    _submit(routes, context)
    _watch(routes, context)
    _fetch(routes, context)


def _submit(routes: APIRouter, context: Context) -> None:
    jobs, now = context.services.jobs, context.services.now

    @routes.post("/jobs/bulk", status_code=202, response_model=answers.JobAnswer, **documented.operation("bulk"))
    async def bulk(
        request: Request, asked: Annotated[requests.BulkParameters, Query()], caller: Serving
    ) -> JSONResponse:
        as_of = context.day(asked.as_of)

        def submit(taken: Taken) -> Job:
            return jobs.submit_bulk(
                caller.user_id, taken.stored, as_of=as_of, k=asked.k, mapping=taken.mapping,
                out_format=asked.out_format, now=now(),
            )  # fmt: skip

        return await _submitted(request, context, caller, as_of, submit)

    @routes.post(
        "/jobs/reverse", status_code=202, response_model=answers.JobAnswer, **documented.operation("reverse_job")
    )
    async def reverse(
        request: Request, asked: Annotated[requests.ReverseJobParameters, Query()], caller: Serving
    ) -> JSONResponse:
        as_of = context.day(asked.as_of)

        def known(matcher: Matcher) -> None:
            offered(matcher, asked.target, as_of)  # a wrong id is told at once, not by a failed job

        def submit(taken: Taken) -> Job:
            return jobs.submit_reverse(
                caller.user_id, asked.target, taken.stored, as_of=as_of, limit=asked.limit, now=now(),
                mapping=taken.mapping, out_format=asked.out_format,
            )  # fmt: skip

        await context.workers.run(known)
        return await _submitted(request, context, caller, as_of, submit)


async def _submitted(
    request: Request, context: Context, caller: Identity, as_of: dt.date, submit: Callable[[Taken], Job]
) -> JSONResponse:
    """Take the list, queue the job; a list whose job is refused is not kept."""
    running = await run_in_threadpool(context.services.jobs.list, caller.user_id)
    if sum(not job.state.ended for job in running) >= MAX_OPEN:
        said = f"最多同时有 {MAX_OPEN} 个作业在排队或处理，请等前面的完成，或先取消不需要的。"
        raise ApiProblem(TOO_MANY, said, headers={"retry-after": RETRY_S})
    taken = await take(request, context, caller.user_id)
    try:
        job = await run_in_threadpool(submit, taken)
    except InputError:
        await run_in_threadpool(context.services.files.delete, taken.stored)
        raise
    await run_in_threadpool(audit.record, context.services, request.scope, f"{job.kind}.submit", job.job_id)
    shown = await run_in_threadpool(_job_json, context, job)
    place = f"{request.scope.get('root_path', '')}/jobs/{job.job_id}"
    return context.answer(request, as_of, {"job": shown}, 202, {"location": place})


def _watch(routes: APIRouter, context: Context) -> None:
    jobs = context.services.jobs

    @routes.get("/jobs", response_model=answers.JobsAnswer, **documented.operation("jobs"))
    def listed(request: Request, asked: Annotated[requests.Paging, Query()], caller: Serving) -> JSONResponse:
        found = jobs.list(caller.user_id)
        pages = max(1, math.ceil(len(found) / asked.size))
        page = min(asked.page, pages)
        shown = [_job_json(context, job) for job in found[(page - 1) * asked.size : page * asked.size]]
        content = {"total": len(found), "page": page, "pages": pages, "jobs": shown}
        return context.answer(request, context.day(asked.as_of), content)

    @routes.get("/jobs/{job_id}", response_model=answers.JobAnswer, **documented.operation("job"))
    def job(request: Request, job_id: JobId, caller: Serving) -> JSONResponse:
        found = _own(context, caller, job_id)
        return context.answer(request, context.day(None), {"job": _job_json(context, found)})

    @routes.delete("/jobs/{job_id}", response_model=answers.JobAnswer, **documented.operation("cancel"))
    def cancel(request: Request, job_id: JobId, caller: Serving) -> JSONResponse:
        _own(context, caller, job_id)
        if not jobs.cancel(caller.user_id, job_id, context.services.now()):
            raise ApiProblem(CONFLICT, f"这个作业已经结束，不能取消；结果保留 {KEEP_DAYS} 天后自动删除。")
        found = _own(context, caller, job_id)
        audit.record(context.services, request.scope, f"{found.kind}.cancel", job_id)
        return context.answer(request, context.day(None), {"job": _job_json(context, found)})


def _fetch(routes: APIRouter, context: Context) -> None:
    @routes.get("/jobs/{job_id}/result", response_class=FileResponse, **documented.operation("result"))
    def result(request: Request, job_id: JobId, caller: Serving) -> FileResponse:
        return _file(request, context, caller, job_id, 0)

    @routes.get("/jobs/{job_id}/errors", response_class=FileResponse, **documented.operation("errors"))
    def errors(request: Request, job_id: JobId, caller: Serving) -> FileResponse:
        return _file(request, context, caller, job_id, 1)


def _own(context: Context, caller: Identity, job_id: str) -> Job:
    found = context.services.jobs.find(caller.user_id, job_id)
    if found is None:
        raise ApiProblem(NOT_FOUND, "没有这个作业：编号不对、已过保留期，或是别人的作业。")
    return found


def _file(request: Request, context: Context, caller: Identity, job_id: str, place: int) -> FileResponse:
    """The result (0) or the rejected rows (1) of a finished job."""
    found = _own(context, caller, job_id)
    if found.state is not JobState.DONE:
        raise ApiProblem(CONFLICT, "这个作业还没有完成，或没有成功；请先看 GET /jobs/{job_id} 的 state。")
    written = context.services.jobs.results(caller.user_id, job_id)
    if len(written) <= place:
        raise ApiProblem(NOT_FOUND, "没有被拒绝的行。" if place else "结果已过保留期。")
    stored = written[place]
    audit.record(context.services, request.scope, "file.download", stored.file_id)
    return FileResponse(context.services.files.path_of(stored), media_type=stored.media_type, filename=stored.name)


def _job_json(context: Context, job: Job) -> Json:
    zone = context.services.now().tzinfo
    jobs = context.services.jobs
    moment = partial(_moment, zone=zone)
    return {
        "job_id": job.job_id,
        "kind": job.kind,
        "name": job.name,
        "state": job.state.value,
        "stage": job.stage,
        "done": job.done,
        "total": job.total,
        "ahead": jobs.ahead(job) if job.state is JobState.WAITING else 0,
        "seconds_left": jobs.seconds_left(job) if job.state is JobState.RUNNING else None,
        "problem": job.problem,
        "report": job.report,
        "options": {name: job.options[name] for name in SHOWN_OPTIONS},
        "created_at": moment(job.created_at),
        "started_at": moment(job.started_at),
        "ended_at": moment(job.ended_at),
    }


def _moment(value: dt.datetime | None, zone: dt.tzinfo | None) -> str | None:
    return None if value is None else value.astimezone(zone).isoformat(timespec="seconds")
