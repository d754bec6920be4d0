"""Deleting a job that has ended, with its results and its spreadsheet: asked on a page, done from there."""

from __future__ import annotations

from collections.abc import Sequence

from fastapi import APIRouter, Request, Response

from matcher.access import audit
from matcher.services import Services
from matcher.ui import layout
from matcher.ui.site.push_frame import Staff, StaffRoute
from matcher.ui.staff import words
from matcher.ui.staff.views import moment


def router(services: Services) -> APIRouter:
    """Its routes."""
    routes, jobs = APIRouter(route_class=StaffRoute), services.jobs

    @routes.get("/jobs/{job_id}/delete")
    def ask(request: Request, job_id: str, who: Staff) -> Response:
        job = jobs.find(who.user_id, job_id)
        if job is None:
            return _said(request, *words.NOT_THERE, status=404)
        if not job.state.ended:
            return _said(request, *words.NOT_ENDED, status=409)
        lead = words.DELETE_LEAD.format(at=moment(job.created_at), kind=words.KINDS[job.kind])
        lines = (lead, words.DELETE_UPLOAD[jobs.alone(job)], words.DELETE_HINT)
        return _page(request, words.DELETE_TITLE.format(name=job.name), lines, job_id=job_id)

    @routes.post("/jobs/{job_id}/delete")
    def delete(request: Request, job_id: str, who: Staff) -> Response:
        job = jobs.find(who.user_id, job_id)
        if job is None or not jobs.delete(who.user_id, job_id):
            return ask(request, job_id, who)  # says why not
        audit.record(services, request.scope, "job.delete", job_id)
        return _said(request, words.DELETED.format(kind=words.KINDS[job.kind], name=job.name))

    return routes


def _said(request: Request, title: str, *lines: str, status: int = 200) -> Response:
    return _page(request, title, lines, status=status)


def _page(request: Request, title: str, lines: Sequence[str], *, job_id: str = "", status: int = 200) -> Response:
    return layout.page(
        request, "job_delete", title=title, active="s", status=status, w=words, job_id=job_id, lines=lines
    )
