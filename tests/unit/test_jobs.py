"""The queue of jobs: states, owners, limits, cancelling, failing, and what is kept for how long."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from matcher.export.cells import REJECTED
from matcher.jobs import MAX_OPEN, Filter
from matcher.jobs.process import BROKEN, SaidProgress
from matcher.jobs.task import Matching, Task, called, safe_name
from matcher.jobs.uploads import checked_name, limits_of
from matcher.jobs.worker import DIED, GIVEN_UP, GONE, KEEP_DAYS, MAX_STARTS
from matcher.match_rows import MatchRow
from matcher.sheet import HeaderMapping
from matcher.store.database import Database
from matcher.store.tables import Job, JobState
from policies.errors import InputError
from policies.facts import show_fact
from policies.fields import registry
from tests.jobs_support import DAY, NOW, Desk, open_desk

DAYS = dt.timedelta(days=1)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    yield from open_desk(tmp_path)


@pytest.fixture
def books(tmp_path: Path, database: Database) -> Iterator[Desk]:
    """A desk whose jobs are not run, once with each kind of database."""
    yield from open_desk(tmp_path, database)


def refused(desk: Desk, **changes: object) -> str:
    given = {"as_of": DAY, "k": 3, "mapping": None, "out_format": "xlsx", "now": NOW, **changes}
    upload = given.pop("upload", None) or desk.upload()
    with pytest.raises(InputError) as error:
        desk.jobs.submit_bulk("one", upload, **given)  # type: ignore[arg-type]
    return str(error.value)


def test_a_job_waits_until_the_worker_starts_and_then_ends_with_its_files(desk: Desk) -> None:
    job = desk.submit()
    assert (job.state, job.stage, job.name, job.kind) == (JobState.WAITING, "排队", "名单.jsonl", "bulk")
    desk.jobs.start()
    done = desk.ended(job)
    assert (done.state, done.problem) == (JobState.DONE, "")
    assert done.report is not None and (done.report["companies"], done.report["rejected"]) == (33, 4)
    result, problems = desk.jobs.results("one", job.job_id)
    assert (result.name, problems.name) == ("名单-匹配结果.jsonl", "名单-问题清单.jsonl")
    assert (result.owner, result.job_id) == ("one", job.job_id)
    lines = [json.loads(line) for line in desk.files.path_of(problems).read_text("utf-8").splitlines()]
    assert [line["row"] for line in lines] == [10, 20, 30, 40]
    assert desk.files.path_of(result).stat().st_mode & 0o77 == 0


def test_without_rejected_rows_there_is_only_the_result(desk: Desk) -> None:
    job = desk.submit(upload=desk.upload(count=9))
    desk.jobs.start()
    assert desk.ended(job).state is JobState.DONE
    assert [stored.name for stored in desk.jobs.results("one", job.job_id)] == ["名单-匹配结果.jsonl"]


def test_everything_is_asked_for_by_its_owner(desk: Desk) -> None:
    job = desk.submit("one")
    desk.jobs.start()
    desk.ended(job)
    assert desk.jobs.find("two", job.job_id) is None
    assert [*desk.jobs.list("two")] == [*desk.jobs.uploads("two")] == [*desk.jobs.results("two", job.job_id)] == []
    assert not desk.jobs.cancel("two", job.job_id, NOW)
    other = desk.upload("two")
    assert "不存在" in refused(desk, upload=other)
    assert [one.job_id for one in desk.jobs.list("one")] == [job.job_id]


def test_options_are_checked(books: Desk) -> None:
    assert "不支持" in refused(books, out_format="exe")
    assert "1 至 500" in refused(books, k=0)
    assert "1 至 500" in refused(books, k=501)
    with pytest.raises(InputError, match="1 或更大"):
        books.jobs.submit_reverse("one", "p", books.upload(), as_of=DAY, limit=0, now=NOW)
    assert [*books.jobs.list("one")] == []


def test_an_owner_may_have_so_many_open_jobs(books: Desk) -> None:
    upload = books.upload()
    waiting = [books.submit(upload=upload) for _ in range(MAX_OPEN)]
    assert f"最多同时有 {MAX_OPEN} 个任务" in refused(books, upload=upload)
    books.submit("two")
    assert books.jobs.cancel("one", waiting[0].job_id, NOW)
    books.submit(upload=upload)


def test_jobs_are_done_in_the_order_in_which_they_came(desk: Desk) -> None:
    later, first = desk.submit(now=NOW + DAYS), desk.submit("two", now=NOW)
    assert (desk.jobs.ahead(desk.job(first)), desk.jobs.ahead(desk.job(later))) == (0, 1)
    desk.hold()
    desk.jobs.start()
    desk.holding(first)
    assert desk.job(later).state is JobState.WAITING
    desk.release()
    assert desk.ended(first).state is desk.ended(later).state is JobState.DONE


def test_progress_is_written_down_while_it_runs(desk: Desk) -> None:
    job = desk.submit()
    desk.hold()
    desk.jobs.start()
    desk.holding(job)
    running = desk.job(job)
    assert (running.state, running.stage, running.done, running.total) == (JobState.RUNNING, "匹配", 0, 33)
    assert running.started_at == NOW and desk.jobs.seconds_left(running) is None
    half = Job(job_id=job.job_id, stage="匹配", done=11, total=33)
    assert desk.jobs.seconds_left(half) is not None
    assert desk.jobs.outcome(running) is None and [*desk.jobs.results("one", job.job_id)] == []
    desk.release()
    assert desk.ended(job).state is JobState.DONE


def test_a_waiting_job_can_be_cancelled(desk: Desk) -> None:
    job = desk.submit()
    assert desk.jobs.cancel("one", job.job_id, NOW + DAYS)
    assert not desk.jobs.cancel("one", job.job_id, NOW + DAYS)
    found = desk.job(job)
    assert (found.state, found.ended_at) == (JobState.CANCELLED, NOW + DAYS)


def test_a_running_job_that_is_cancelled_leaves_nothing_and_the_next_goes_on(desk: Desk) -> None:
    job, after = desk.submit(), desk.submit("two", now=NOW + DAYS)
    desk.hold()
    desk.jobs.start()
    desk.holding(job)
    assert desk.left() == [job.options["folder"]]
    assert desk.jobs.cancel("one", job.job_id, NOW)
    desk.release()
    assert desk.ended(after).state is JobState.DONE
    assert desk.job(job).state is JobState.CANCELLED
    assert desk.left() == [after.options["folder"]]


@pytest.mark.parametrize(("how", "problem"), [("die", DIED), ("fail", BROKEN)])
def test_a_job_that_breaks_says_why_in_chinese_and_leaves_nothing(desk: Desk, how: str, problem: str) -> None:
    desk.how(how)
    job = desk.submit()
    desk.jobs.start()
    failed = desk.ended(job)
    assert (failed.state, failed.problem, failed.report) == (JobState.FAILED, problem, None)
    assert "--resume" not in failed.problem and desk.left() == []
    desk.how("")
    again = desk.submit()
    assert desk.ended(again).state is JobState.DONE


def test_input_that_cannot_be_read_is_named_as_its_owner_knows_it(desk: Desk, tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_text("[1, 2]")
    job = desk.submit(upload=desk.jobs.take(path, "我的名单.jsonl", "one", NOW))
    desk.jobs.start()
    failed = desk.ended(job)
    assert failed.state is JobState.FAILED and "我的名单.jsonl" in failed.problem and "JSON 数组" in failed.problem


def test_a_job_whose_upload_is_gone_fails(books: Desk) -> None:
    upload = books.upload()
    job = books.submit(upload=upload)
    books.files.delete(upload)
    books.jobs.start()
    assert books.ended(job).problem == GONE


def test_a_job_that_no_service_survives_is_given_up(books: Desk) -> None:
    job = books.submit()
    with books.database.session() as session:
        kept = session.get_one(Job, job.job_id)
        kept.options, kept.state = {**kept.options, "starts": MAX_STARTS}, JobState.RUNNING
    books.jobs.start()
    assert books.ended(job).problem == GIVEN_UP


def test_stopping_leaves_a_running_job_to_the_next_start(desk: Desk) -> None:
    job = desk.submit()
    desk.hold()
    desk.jobs.start()
    desk.holding(job)
    desk.jobs.stop()
    assert desk.job(job).state is JobState.RUNNING
    desk.release()
    desk.jobs = desk.queue()
    desk.jobs.start()
    done = desk.ended(job)
    assert done.state is JobState.DONE and done.options["starts"] == 2


def test_another_service_with_the_same_folder_does_not_work_at_the_same_time(desk: Desk) -> None:
    desk.hold()
    job = desk.submit()
    desk.jobs.start()
    desk.holding(job)
    second = desk.queue()
    second.start()
    assert desk.job(job).options["starts"] == 1
    desk.release()
    desk.ended(job)
    second.stop()
    assert desk.job(job).options["starts"] == 1


def test_what_is_old_is_removed_with_all_its_files(desk: Desk) -> None:
    job = desk.submit()
    desk.jobs.start()
    desk.ended(job)
    unused = desk.upload(now=NOW + 2 * DAYS)
    desk.jobs.tidy(NOW + KEEP_DAYS * DAYS)
    assert len(desk.jobs.results("one", job.job_id)) == 2
    desk.jobs.tidy(NOW + (KEEP_DAYS + 1) * DAYS)
    assert [*desk.jobs.list("one")] == [] and desk.left() == []
    assert [stored.file_id for stored in desk.jobs.uploads("one")] == [unused.file_id]
    desk.jobs.tidy(NOW + (KEEP_DAYS + 3) * DAYS)
    assert [*desk.jobs.uploads("one")] == []


def test_a_job_that_has_ended_is_deleted_by_its_owner_with_all_its_files(desk: Desk) -> None:
    upload = desk.upload()
    job, second = desk.submit(upload=upload), desk.submit(upload=upload)
    assert not desk.jobs.delete("one", job.job_id), "it has not ended"
    desk.jobs.start()
    for one in (job, second):
        desk.ended(one)
    assert not desk.jobs.delete("two", job.job_id)
    assert desk.jobs.delete("one", job.job_id) and desk.jobs.find("one", job.job_id) is None
    assert [stored.file_id for stored in desk.jobs.uploads("one")] == [upload.file_id], "the second was given it too"
    assert len(desk.jobs.results("one", second.job_id)) == 2
    assert desk.jobs.delete("one", second.job_id)
    assert [*desk.jobs.uploads("one")] == desk.left() == [] and not desk.files.path_of(upload).exists()
    assert not desk.jobs.delete("one", second.job_id)


def test_an_upload_that_a_job_still_needs_is_kept(books: Desk) -> None:
    upload = books.upload(now=NOW - 2 * KEEP_DAYS * DAYS)
    books.submit(upload=upload)
    books.jobs.tidy(NOW)
    assert [stored.file_id for stored in books.jobs.uploads("one")] == [upload.file_id]


def test_a_result_is_read_page_by_page_and_filtered(desk: Desk) -> None:
    job = desk.submit()
    desk.jobs.start()
    outcome = desk.jobs.outcome(desk.ended(job))
    assert outcome is not None
    everything, total = outcome.rows(Filter(), 0, 1000)
    assert total == len(everything) and {row.row for row in everything} == {*range(1, 41)} - {
        10,
        20,
        30,
        40,
        11,
        22,
        33,
    }
    pages = [row for start in range(0, total, 7) for row in outcome.rows(Filter(), start, 7)[0]]
    assert pages == everything
    assert outcome.rows(Filter(), total, 7) == ([], total)

    def found(chosen: Filter) -> list[MatchRow]:
        rows, count = outcome.rows(chosen, 0, 1000)
        assert count == len(rows)
        return rows

    assert {row.company for row in found(Filter(company="企业12"))} == {"示例企业12"}
    code = everything[0].uscc
    assert found(Filter(company=code)) == [row for row in everything if row.uscc == code]
    assert found(Filter(measures={"p2/m"})) == [row for row in everything if row.measure_id == "p2/m"]
    assert found(Filter(measures=())) == []
    assert found(Filter(unmatched=True)) == [row for row in everything if row.kind == "none"]
    assert found(Filter(least_yuan=30_000)) == [row for row in everything if (row.high_yuan or 0) >= 30_000]
    both = found(Filter(company="企业1", section="符合", least_yuan=1))
    assert both == [row for row in everything if "企业1" in row.company and row.section == "符合" and row.high_yuan]
    assert found(Filter(company="%_\\' or 1=1")) == []


def test_a_file_without_a_good_row_gives_an_empty_result_and_its_problems(desk: Desk, tmp_path: Path) -> None:
    (tmp_path / "x").write_text('{"name": "甲", "employees": "很多"}\n', encoding="utf-8")
    job = desk.submit(upload=desk.jobs.take(tmp_path / "x", "名单.jsonl", "one", NOW))
    desk.jobs.start()
    done = desk.ended(job)
    outcome = desk.jobs.outcome(done)
    assert done.state is JobState.DONE and outcome is not None
    assert outcome.rows(Filter(company="甲"), 0, 50) == ([], 0) and outcome.company("", 1) is None
    assert [line.row for line in outcome.problems()] == [1]
    assert len(desk.jobs.results("one", job.job_id)) == 2


def test_a_company_of_a_result_can_be_looked_at_again(desk: Desk) -> None:
    job = desk.submit()
    desk.jobs.start()
    outcome = desk.jobs.outcome(desk.ended(job))
    assert outcome is not None
    profile = outcome.company("", 12)
    assert profile is not None and profile.name == "示例企业12"
    assert show_fact(registry()["employees"], profile.facts["employees"]) == "12 人"
    assert outcome.company("", 10) is None and outcome.company("", 41) is None and outcome.company("甲", 12) is None
    lines = [line for line in outcome.problems() if line.level == REJECTED]
    assert [line.row for line in lines] == [10, 20, 30, 40]


def test_progress_is_said_when_a_stage_begins_and_then_twice_a_second() -> None:
    said: list[dict[str, object]] = []
    seconds = iter([0.0, 0.1, 0.4, 0.6, 0.6, 0.7])
    progress = SaidProgress(said.append, lambda: next(seconds))
    progress.stage("匹配", 10, 2)
    for _ in range(3):
        progress.advance(1)
    progress.advance(1)
    assert said == [{"stage": "匹配", "total": 10, "done": 2}, {"stage": "匹配", "total": 10, "done": 5}]


def test_a_task_survives_the_way_to_its_process(tmp_path: Path) -> None:
    task = Task(
        "reverse", tmp_path / "job", tmp_path / "a.xlsx", "名单\n.xlsx", "csv", DAY, 1, "p1", 5,
        HeaderMapping().model_dump(mode="json"), Matching(tmp_path, None, dense=False),
    )  # fmt: skip
    assert Task.from_json(task.to_json()) == task
    assert "\n" not in task.to_json()


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("名单.pdf", b"%PDF-1.7", "不支持“.pdf”"),
        ("名单", b"a,b", "没有扩展名"),
        ("名单.xlsx", b"", "空文件"),
        ("名单.xlsx", b"\xd0\xcf\x11\xe0old workbook", "内容不是 xlsx"),
        ("名单.csv", b"PK\x03\x04zip", "内容不是 csv"),
        ("名单.parquet", b"PK\x03\x04zip", "内容不是 parquet"),
        ("名单.csv", b"x" * (1 << 20) + b"x", "上限 1.0 MB"),
    ],
)
def test_an_upload_is_what_its_suffix_says(tmp_path: Path, name: str, content: bytes, reason: str) -> None:
    (tmp_path / "given").write_bytes(content)
    with pytest.raises(InputError, match="文件“名单") as error:
        checked_name(tmp_path / "given", name, limits_of(1))
    assert reason in str(error.value)


def test_an_upload_is_moved_under_a_random_name_that_only_the_service_may_read(books: Desk, tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"PK\x03\x04")
    stored = books.jobs.take(tmp_path / "x", "../../甲.XLSX", "one", NOW)
    kept = books.files.path_of(stored)
    assert (stored.name, stored.owner, kept.suffix, kept.parent.name) == ("甲.xlsx", "one", ".xlsx", "uploads")
    assert not (tmp_path / "x").exists() and kept.stat().st_mode & 0o77 == 0


def test_files_of_other_parts_are_left_alone(desk: Desk) -> None:
    path = desk.files.new_path(".jsonl")
    path.write_text("{}")
    other = desk.files.keep(path, owner="one", name="a", media_type="text/plain", now=NOW - 99 * DAYS)
    desk.jobs.tidy(NOW)
    assert [*desk.jobs.uploads("one")] == [] and desk.files.find(other.file_id, "one") is not None


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("名单.xlsx", "名单.csv"),
        ("../../etc/passwd", "passwd.csv"),
        ("C:\\用户\\名单.xlsx", "名单.csv"),
        ("甲\n乙\u202e.csv", "甲乙.csv"),
        ("..", "名单.csv"),
        ("", "名单.csv"),
        ("长" * 300, "长" * 80 + ".csv"),
    ],
)
def test_names_of_uploads_are_made_safe(name: str, safe: str) -> None:
    assert safe_name(name, ".csv") == safe


def test_an_upload_can_be_read_under_the_name_that_its_owner_knows(tmp_path: Path) -> None:
    (tmp_path / "x1.csv").write_text("企业名称\n")
    for _ in range(2):
        link = called(tmp_path / "job", tmp_path / "x1.csv", "../名单.xlsx")
    assert (link.parent, link.name, link.read_text()) == (tmp_path / "job", "名单.csv", "企业名称\n")
