"""Jobs with the real matcher, and a service that is killed in the middle of one."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import openpyxl
import pytest

from matcher.jobs import Filter
from matcher.jobs.worker import COMMAND
from matcher.sheet import open_source
from matcher.store.tables import Job, JobState
from tests.bulk_support import ROOT
from tests.jobs_support import DAY, NOW, Desk, open_desk, until

CSV = """企业名称,统一社会信用代码,地址,所属行业,从业人数,营业额,技改计划
甲公司,,山东省/济南市,C3421,58,3200万,购置五轴加工中心3台
乙公司,,山东省/青岛市,C3421,很多,3200万,购置机床
丙公司,,广东省/深圳市,C3921,300,5亿,建设数字化车间
"""
SECONDS = 60


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    yield from open_desk(tmp_path)


def real(desk: Desk) -> None:
    """Let the desk work with the real matcher, by rules and words."""
    desk.command = [*COMMAND]
    desk.jobs = desk.queue()


def sheet_of(path: Path, name: str) -> list[tuple[object, ...]]:
    book = openpyxl.load_workbook(path, read_only=True)
    rows = [*book[name].iter_rows(values_only=True)]
    book.close()
    return rows


def test_a_spreadsheet_is_matched_by_the_mapping_that_was_confirmed(desk: Desk, tmp_path: Path) -> None:
    real(desk)
    (tmp_path / "given.csv").write_text(CSV, encoding="utf-8")
    upload = desk.jobs.take(tmp_path / "given.csv", "企业名单.csv", "one", NOW)
    mapping = open_source(desk.files.path_of(upload)).mapping
    job = desk.jobs.submit_bulk("one", upload, as_of=DAY, k=5, mapping=mapping, out_format="xlsx", now=NOW)
    desk.jobs.start()
    done = desk.ended(job)
    assert (done.state, done.problem) == (JobState.DONE, "")
    report = done.report
    assert report is not None
    assert (report["companies"], report["rejected"], report["input_name"]) == (2, 1, "企业名单.csv")
    assert report["as_of"] == "2026-11-23" and report["k"] == 5 and not report["dense"]
    result, problems = (desk.files.path_of(stored) for stored in desk.jobs.results("one", job.job_id))
    assert {cell for row in sheet_of(result, "匹配结果") for cell in row} >= {"甲公司", "丙公司"}
    assert "很多" in {cell for row in sheet_of(problems, "问题清单") for cell in row}
    outcome = desk.jobs.outcome(done)
    assert outcome is not None
    rows, _ = outcome.rows(Filter(company="甲公司"), 0, 50)
    assert 1 <= len([row for row in rows if row.kind == "match"]) <= 5
    profile = outcome.company("", 2)
    assert profile is not None and profile.name == "甲公司" and profile.plans[0].text == "购置五轴加工中心3台"


def test_the_companies_that_a_policy_is_for_are_found(desk: Desk, tmp_path: Path) -> None:
    real(desk)
    (tmp_path / "given.csv").write_text(CSV, encoding="utf-8")
    upload = desk.jobs.take(tmp_path / "given.csv", "企业名单.csv", "one", NOW)
    bulk = desk.jobs.submit_bulk("one", upload, as_of=DAY, k=5, mapping=None, out_format="jsonl", now=NOW)
    desk.jobs.start()
    report = desk.ended(bulk).report
    assert report is not None
    target = report["per_measure"][0]["measure_id"]
    job = desk.jobs.submit_reverse("one", target, upload, as_of=DAY, limit=None, now=NOW)
    done = desk.ended(job)
    assert (done.state, done.problem) == (JobState.DONE, "")
    assert done.report is not None and (done.report["companies"], done.report["rejected"]) == (2, 1)
    outcome = desk.jobs.outcome(done)
    assert outcome is not None
    rows, total = outcome.rows(Filter(), 0, 50)
    assert total == done.report["listed"] >= 1 and {row.measure_id for row in rows} == {target}
    assert outcome.company("", rows[0].row) is not None
    result, problems = desk.jobs.results("one", job.job_id)
    assert (result.name, problems.name) == ("企业名单-企业名单.xlsx", "企业名单-问题清单.xlsx")
    assert [path.name for path in (desk.files.folder / job.options["folder"]).iterdir() if path.name == "store"] == []


def test_a_policy_that_does_not_exist_is_said_with_the_nearest(desk: Desk) -> None:
    real(desk)
    job = desk.jobs.submit_reverse("one", "no-such-policy", desk.upload(), as_of=DAY, limit=None, now=NOW)
    desk.jobs.start()
    failed = desk.ended(job)
    assert (
        failed.state is JobState.FAILED and "没有这项政策或事项" in failed.problem and "您是不是要找" in failed.problem
    )


def serve(desk: Desk) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-m", "tests.jobs_support", "serve", str(desk.folder)], cwd=ROOT)


def hash_of(job: Job) -> object:
    assert job.report is not None
    return job.report["content_hash"]


def test_a_job_survives_the_death_of_its_service(desk: Desk) -> None:
    upload = desk.upload(count=1_200)  # three shards
    job = desk.submit(upload=upload)
    desk.hold()
    service = serve(desk)
    try:
        desk.holding(job)
        os.kill(service.pid, signal.SIGKILL)
    finally:
        service.kill()
        service.wait(SECONDS)
    assert desk.job(job).state is JobState.RUNNING
    desk.jobs.start()  # waits until the process of the dead service has ended as well
    until(lambda: desk.job(job).options["starts"] == 2)
    desk.release()
    done = desk.ended(job)
    assert (done.state, done.problem) == (JobState.DONE, "")
    undisturbed = desk.submit(upload=upload)
    assert hash_of(done) == hash_of(desk.ended(undisturbed))
    assert [desk.files.path_of(stored).is_file() for stored in desk.jobs.results("one", job.job_id)] == [True, True]


def test_a_job_begins_again_where_the_question_has_changed_meanwhile(desk: Desk) -> None:
    job = desk.submit()
    desk.hold()
    desk.jobs.start()
    desk.holding(job)
    desk.jobs.stop()
    run = desk.files.folder / job.options["folder"] / "result.jsonl.huiqi-run" / "run.json"
    run.write_text(run.read_text().replace('"huiqi": "', '"huiqi": "0.0.'))  # as if by an older version
    desk.release()
    desk.jobs = desk.queue()
    desk.jobs.start()
    done = desk.ended(job)
    assert (done.state, done.problem) == (JobState.DONE, "")
