"""The page on which a job that has ended is deleted."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import httpx
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from matcher.access.audit import AuditLog
from matcher.services import Services
from matcher.store.tables import Job
from matcher.ui.site import jobs
from matcher.ui.staff import views
from tests.jobs_support import Desk, open_desk
from tests.push_pages_support import As, opened, written

STAFF = "王芳"


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    yield from open_desk(tmp_path / "desk")


@pytest.fixture
def services(tmp_path: Path, desk: Desk) -> Iterator[Services]:
    with opened(written(tmp_path / "library"), tmp_path / "data") as found:
        yield dataclasses.replace(found, database=desk.database, files=desk.files, jobs=desk.jobs)


def asked(services: Services, method: str, job_id: str, user: str | None = STAFF) -> httpx.Response:
    site = FastAPI()
    site.include_router(jobs.router(services))
    headers = {"x-user": quote(user)} if user else {}
    return TestClient(As(site)).request(method, f"/jobs/{job_id}/delete", headers=headers)


def done(desk: Desk) -> Job:
    job = desk.submit(STAFF)
    desk.jobs.start()
    return desk.ended(job)


def test_it_is_asked_before_it_is_done(services: Services, desk: Desk) -> None:
    job = done(desk)
    assert f'href="/jobs/{job.job_id}/delete"' in views.jobs(desk.jobs.list(STAFF))
    page = asked(services, "GET", job.job_id)
    assert page.status_code == 200 and page.headers["cache-control"] == "no-store"
    for told in ("删除“名单.jsonl”的任务", "2026-11-23 09:30 提交的任务“匹配政策”", "上传的名单一起删除"):
        assert told in page.text
    assert re.search(rf'method="post" action="/jobs/{job.job_id}/delete"', page.text)
    assert desk.jobs.find(STAFF, job.job_id) is not None
    page = asked(services, "POST", job.job_id)
    assert (
        page.status_code == 200
        and "已删除任务“匹配政策”（名单.jsonl）" in page.text
        and f"{job.job_id}/delete" not in page.text
    )
    assert [*desk.jobs.list(STAFF)] == [*desk.jobs.uploads(STAFF)] == desk.left() == []
    assert [(line.action, line.target) for line in AuditLog(desk.database).lines(5)] == [("job.delete", job.job_id)]
    assert asked(services, "POST", job.job_id).status_code == 404


def test_a_list_that_another_job_needs_is_said_to_stay(services: Services, desk: Desk) -> None:
    upload = desk.upload(STAFF)
    job = desk.submit(STAFF, upload)
    desk.submit(STAFF, upload)
    desk.jobs.start()
    desk.ended(job)
    assert "名单会留下" in asked(services, "GET", job.job_id).text


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_what_is_not_theirs_or_has_not_ended_stays(method: str, services: Services, desk: Desk) -> None:
    waiting, other = desk.submit(STAFF), desk.submit("李雷")
    page = asked(services, method, waiting.job_id)
    assert page.status_code == 409 and "任务还没有结束" in page.text
    assert f"/jobs/{waiting.job_id}/delete" not in views.jobs(desk.jobs.list(STAFF))
    for job_id in (other.job_id, "nothing", "<b>"):
        page = asked(services, method, job_id)
        assert page.status_code == 404 and "没有这个任务" in page.text and "<b>" not in page.text
    assert desk.job(waiting) and desk.job(other) and [*AuditLog(desk.database).lines(5)] == []


@pytest.mark.parametrize(("user", "status"), [(None, 401), ("u1", 403), ("eva", 403)])
def test_it_is_for_the_staff(user: str | None, status: int, services: Services, desk: Desk) -> None:
    job = done(desk)
    for method in ("GET", "POST"):
        assert asked(services, method, job.job_id, user).status_code == status
    assert desk.job(job)
