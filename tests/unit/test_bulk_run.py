from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from matcher.bulk import run as bulk_run
from matcher.bulk.folder import RunFolder
from matcher.bulk.shard import ShardJob, ShardReport
from policies.errors import HuiqiError, InputError
from tests.bulk_support import MARKERS, dying_shard, failing_shard, fake_run, fake_shard, options, write_companies

COMPANIES = 40
REJECTED = {10, 20, 30, 40}
EMPTY = {11, 22, 33}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_companies(tmp_path / "companies.jsonl", COMPANIES)
    return tmp_path


def records(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def refusal(folder: Path, **changes: object) -> str:
    with pytest.raises(InputError) as refused:
        fake_run(options(folder, **changes))
    return str(refused.value)


def test_every_row_ends_in_one_place(folder: Path) -> None:
    report = fake_run(options(folder))
    found = report.summary
    assert (found.rows_read, found.companies, found.rejected, found.skipped) == (40, 33, 4, 3)
    matched = {row["row"] for row in records(folder / "out.jsonl")}
    rejected = [row["row"] for row in records(folder / "errors.jsonl")]
    assert set(rejected) == REJECTED and len(rejected) == 4
    assert matched == set(range(1, 41)) - REJECTED - EMPTY
    assert len(records(folder / "out.jsonl")) == report.output_rows
    # Rows n and n + 37 share a credit code; 3 and 40 do not count, as 40 is rejected.
    assert found.duplicates == 4
    assert set(report.seconds) == {"ingest", "match", "check", "write"}
    assert names(folder) == ["companies.jsonl", "errors.jsonl", "out.jsonl"]


@pytest.mark.parametrize("changes", [{"shard_companies": 1}, {"shard_companies": 1000}, {"workers": 2}])
def test_the_result_does_not_depend_on_how_it_is_worked_out(folder: Path, changes: dict[str, int]) -> None:
    expected = fake_run(options(folder)).summary.content_hash
    output = (folder / "out.jsonl").read_bytes()
    size, workers = changes.get("shard_companies", 7), changes.get("workers", 1)
    again = fake_run(options(folder, workers=workers), shard_companies=size)
    assert again.summary.content_hash == expected and (folder / "out.jsonl").read_bytes() == output


def test_the_hash_is_the_same_in_every_format(folder: Path) -> None:
    found = {
        fake_run(options(folder, out=folder / f"out.{suffix}")).summary.content_hash
        for suffix in ("jsonl", "csv", "parquet", "xlsx")
    }
    assert len(found) == 1 and pq.read_metadata(folder / "out.parquet").num_rows > 0


def test_the_hash_tells_results_apart(folder: Path) -> None:
    assert fake_run(options(folder)).summary.content_hash != fake_run(options(folder, k=1)).summary.content_hash


def test_resuming_repeats_nothing(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = fake_run(options(folder, out=folder / "alone.jsonl")).summary.content_hash
    done: list[str] = []

    def stops(job: ShardJob) -> ShardReport:
        if len(done) == 2:
            raise KeyboardInterrupt
        done.append(job.target.stem)
        return fake_shard(job)

    with pytest.raises(KeyboardInterrupt):
        fake_run(options(folder), shard=stops)
    assert done == ["000000", "000001"] and not (folder / "out.jsonl").exists()

    def goes_on(job: ShardJob) -> ShardReport:
        done.append(job.target.stem)
        return fake_shard(job)

    monkeypatch.setattr(bulk_run, "ingest", None)  # the input is not read again either
    report = fake_run(options(folder, resume=True), shard=goes_on)
    assert done == ["000000", "000001", "000002", "000003", "000004"] and report.summary.content_hash == expected


def unfinished(folder: Path) -> RunFolder:
    with pytest.raises(HuiqiError, match="批出错"):
        fake_run(options(folder), shard=failing_shard)
    return RunFolder.beside(folder / "out.jsonl")


def test_resuming_another_question_is_refused(folder: Path) -> None:
    unfinished(folder)
    text = refusal(folder, resume=True, k=3)
    assert "不能继续上次的运行：项数（-k）：上次是 10，这次是 3" in text and "去掉 --resume" in text
    with (folder / "companies.jsonl").open("a", encoding="utf-8") as stream:
        stream.write('{"name": "又一家"}\n')
    assert "输入文件的内容变了" in refusal(folder, resume=True)
    assert unfinished(folder).manifest() is not None
    assert fake_run(options(folder, k=3)).summary.companies == 34


def test_resume_without_anything_to_resume_starts(folder: Path) -> None:
    assert fake_run(options(folder, resume=True)).summary.companies == 33


def test_a_damaged_part_is_read_again(folder: Path) -> None:
    run = unfinished(folder)
    run.part(1).write_bytes(b"")
    assert fake_run(options(folder, resume=True)).summary.companies == 33


def test_a_damaged_result_is_noticed_and_repeated(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = fake_run(options(folder, out=folder / "alone.jsonl")).summary.content_hash

    def damages(job: ShardJob) -> ShardReport:
        """The rows of another shard under this shard's report."""
        report = fake_shard(job)
        if job.target.stem == "000002":
            fake_shard(replace(job, source=job.source.with_name("000001.parquet"), key=""))
            table = pq.read_table(job.target)
            with pq.ParquetWriter(job.target, table.schema) as writer:
                writer.write_table(table)
                writer.add_key_value_metadata({"huiqi.shard": report.to_json()})
        return report

    with pytest.raises(HuiqiError, match="第 3 批的结果不见了或已损坏。请加上 --resume"):
        fake_run(options(folder), shard=damages)
    assert not (folder / "out.jsonl").exists()
    assert fake_run(options(folder, resume=True)).summary.content_hash == expected


def test_a_run_that_fails_leaves_the_old_result(folder: Path) -> None:
    (folder / "out.jsonl").write_text("旧结果", encoding="utf-8")
    unfinished(folder)
    assert (folder / "out.jsonl").read_text(encoding="utf-8") == "旧结果"


def test_a_process_that_dies_is_reported_and_can_be_resumed(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = fake_run(options(folder, out=folder / "alone.jsonl")).summary.content_hash
    monkeypatch.setenv(MARKERS, str(folder))
    (folder / "000002").touch()
    with pytest.raises(HuiqiError, match="一个计算进程意外结束.*--workers.*--resume"):  # noqa: RUF043
        fake_run(options(folder, workers=2), shard=dying_shard)
    assert "OMP_NUM_THREADS" not in os.environ
    resumed = fake_run(options(folder, workers=2, resume=True), shard=dying_shard)
    assert resumed.summary.content_hash == expected


def test_an_error_in_another_process_arrives_as_it_is(folder: Path) -> None:
    with pytest.raises(HuiqiError, match="批出错") as failed:
        fake_run(options(folder, workers=2), shard=failing_shard)
    assert type(failed.value) is HuiqiError


def test_an_input_that_is_wrong_as_a_whole_leaves_nothing(folder: Path) -> None:
    (folder / "companies.jsonl").write_bytes(b"")
    assert "是空文件" in refusal(folder)
    assert "没有这个文件" in refusal(folder, source=folder / "没有.jsonl")
    assert names(folder) == ["companies.jsonl"]


def test_an_input_that_changes_while_it_is_read_is_refused(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = folder / "companies.jsonl"
    original = bulk_run.ingest

    def reads(*arguments: object) -> object:
        found = original(*arguments)  # type: ignore[arg-type]
        source.write_text("{}\n", encoding="utf-8")
        return found

    monkeypatch.setattr(bulk_run, "ingest", reads)
    assert "在读取过程中被改动" in refusal(folder)
    assert names(folder) == ["companies.jsonl"]


def test_a_wrong_new_input_costs_no_earlier_run(folder: Path) -> None:
    before = unfinished(folder).manifest()
    assert "没有工作表" in refusal_of_workbook(folder)
    assert RunFolder.beside(folder / "out.jsonl").manifest() == before


def refusal_of_workbook(folder: Path) -> str:
    import openpyxl

    book = openpyxl.Workbook()
    for row in (["企业名称", "统一社会信用代码"], ["甲公司", ""]):
        book.worksheets[0].append(row)
    book.save(folder / "book.xlsx")
    return refusal(folder, source=folder / "book.xlsx", sheet="没有的表")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"out": "companies.jsonl"}, "不能是同一个文件"),
        ({"errors": "out.jsonl"}, "不能是同一个文件"),
        ({"errors": "sub/../companies.jsonl"}, "不能是同一个文件"),
        ({"out": "out.doc"}, "不能写成“.doc”格式"),
        ({"errors": "errors"}, "没有后缀"),
        ({"out": "没有的文件夹/out.csv"}, "写不了：文件夹不存在"),
        ({"out": "folder.csv"}, "写不了"),
    ],
)
def test_paths_that_cannot_work_are_refused_first(folder: Path, changes: dict[str, str], said: str) -> None:
    (folder / "folder.csv").mkdir()
    before = (folder / "companies.jsonl").read_bytes()
    assert said in refusal(folder, **{name: folder / path for name, path in changes.items()})
    assert names(folder) == ["companies.jsonl", "folder.csv"]
    assert (folder / "companies.jsonl").read_bytes() == before


def test_no_companies_at_all(folder: Path) -> None:
    (folder / "companies.jsonl").write_text('{"employees": "很多"}\n\n', encoding="utf-8")
    report = fake_run(options(folder))
    found = report.summary
    assert (found.rows_read, found.companies, found.rejected, found.skipped, report.output_rows) == (2, 0, 1, 1, 0)
    assert (folder / "out.jsonl").read_text() == "" and len(records(folder / "errors.jsonl")) == 1


def test_the_folder_can_be_kept(folder: Path) -> None:
    report = fake_run(options(folder, keep=True))
    run = RunFolder.beside(folder / "out.jsonl")
    assert json.loads(run.report.read_text(encoding="utf-8")) == json.loads(json.dumps(report.to_json()))
    assert fake_run(options(folder)).summary == report.summary and not run.path.exists()
