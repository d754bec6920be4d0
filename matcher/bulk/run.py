"""A bulk run from the input file to the output file: read, match shard by shard, write; each stage can be resumed."""

from __future__ import annotations

import datetime as dt
import json
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Protocol

import pyarrow as pa
import pyarrow.parquet as pq

from index.files import write_bytes
from matcher.bulk.folder import Ingested, Manifest, RunFolder, sha256_of
from matcher.bulk.ingest import RowSource, ingest
from matcher.bulk.report import RunReport, added_up, summary_of
from matcher.bulk.shard import BATCH_ROWS, ContentHash, ShardJob, ShardReport, run_shard, stored_report, versions_of
from matcher.bulk.workers import ShardFunction, run_in_processes
from matcher.export.files import CAUTION, REJECTED, ProblemLine, output_format, write_errors, write_output
from policies.errors import HuiqiError, InputError, Problem

SHARD_COMPANIES = 5_000


class CannotResume(InputError):
    """What is finished belongs to another question: other options, another library or program."""


class Progress(Protocol):
    """What is told how far a run is."""

    def stage(self, name: str, total: int | None, done: int = 0) -> None:
        """A stage begins; `total` is None where it cannot be known, `done` is finished already."""

    def advance(self, count: int) -> None:
        """So many more are finished."""


@dataclass(frozen=True)
class BulkOptions:
    """What the user asked for.

    Attributes:
        source: Spreadsheet to read.
        out: File to write, format by suffix.
        errors: File for the rejected rows, format by suffix.
        k: Measures to list per company, 1 or more.
        library: Folder of policy files; None for the shipped library.
        mapping: Saved header mapping; None recognises the header.
        sheet: Worksheet to read; None for all that hold companies.
        workers: Processes on this machine; 1 matches in this process.
        scheduler: Address of a Dask scheduler; None stays on this machine.
        resume: Go on with what a run that was cut off has finished.
        keep: Leave the run folder in place.
    """

    source: Path
    out: Path
    errors: Path
    as_of: dt.date
    k: int = 10
    library: Path | None = None
    model: str | None = None
    dense: bool = True
    mapping: Path | None = None
    sheet: str | None = None
    workers: int = 1
    scheduler: str | None = None
    resume: bool = False
    keep: bool = False


def run_bulk(
    options: BulkOptions,
    progress: Progress,
    *,
    shard: ShardFunction = run_shard,
    shard_companies: int = SHARD_COMPANIES,
) -> RunReport:
    """Match every company of a file and write the result.

    Args:
        options: What to do.
        progress: Told how far it is.
        shard: Matches one shard; must be importable where the workers are.
        shard_companies: Companies of a shard, 1 or more.

    Returns:
        The report; the output and the errors file are in place.

    Raises:
        InputError: the input or an option is wrong as a whole, or the run cannot be resumed.
        HuiqiError: something went wrong on the way; what is finished can be resumed.
    """
    _check_paths(options)
    folder = RunFolder.beside(options.out)
    with folder.locked():
        manifest = _manifest_of(options, shard_companies)
        found = _prepared(folder, manifest, options, progress)
        jobs = _jobs(folder, manifest, options, found)
        seconds = {"ingest": found.seconds, "match": _match(jobs, found, folder, options, shard, progress)}
        report = _finish(folder, manifest, found, jobs, options, seconds, progress)
        if not options.keep:
            folder.clear()
    return report


def _check_paths(options: BulkOptions) -> None:
    """Refuse at once what would only fail, or do harm, after hours."""
    named = {"输入文件": options.source, "输出文件": options.out, "问题文件": options.errors}
    whole = [path.resolve() for path in named.values()]
    if len(set(whole)) < len(whole):
        raise InputError([Problem("、".join(named), "不能是同一个文件", "请换一个文件名")])
    for label in ("输出文件", "问题文件"):
        path = named[label]
        output_format(path)
        if path.is_dir() or not path.absolute().parent.is_dir() or not os.access(path.absolute().parent, os.W_OK):
            raise InputError([Problem(f"{label}“{path}”", "写不了：文件夹不存在或没有写入权限", "请检查路径")])


def _manifest_of(options: BulkOptions, shard_companies: int) -> Manifest:
    from policies.library import load_library

    try:
        size, digest = options.source.stat().st_size, sha256_of(options.source)
        mapping = sha256_of(options.mapping) if options.mapping else ""
    except OSError as error:
        reason = "没有这个文件" if isinstance(error, FileNotFoundError) else "读不了这个文件"
        raise InputError([Problem(f"文件“{error.filename}”", reason, "请检查路径和权限")]) from error
    return Manifest(
        source=options.source.name,
        source_bytes=size,
        source_sha256=digest,
        sheet=options.sheet,
        mapping=mapping,
        as_of=options.as_of.isoformat(),
        k=options.k,
        library_digest=load_library(options.library).digest,
        model=options.model,
        dense=options.dense,
        huiqi=version("huiqi"),
        shard_companies=shard_companies,
    )


def _open(options: BulkOptions) -> RowSource:
    from matcher.sheet import HeaderMapping, open_source

    mapping = HeaderMapping.load(options.mapping) if options.mapping else None
    return open_source(options.source, sheet=options.sheet, mapping=mapping)


def _prepared(folder: RunFolder, manifest: Manifest, options: BulkOptions, progress: Progress) -> Ingested:
    """The input as parts in the run folder: those of the run that is resumed, or read now."""
    if options.resume and folder.manifest() and (kept := folder.ingested()):
        _start(folder, manifest, resume=True)
        if all(_intact(folder.part(part.number), part.sha256) for part in kept.parts):
            return kept
    source = _open(options)  # first: a file that cannot be read costs no earlier run
    _start(folder, manifest, resume=options.resume)
    return _ingest(source, folder, options, manifest, progress)


def _intact(path: Path, sha256: str) -> bool:
    return path.is_file() and sha256_of(path) == sha256


def _start(folder: RunFolder, manifest: Manifest, *, resume: bool) -> None:
    """Begin anew, or make sure that what is there belongs to the same question."""
    old = folder.manifest()
    if not resume or old is None:
        folder.start(manifest)
        return
    differences = old.differences(manifest)
    if differences:
        remedy = "请用原来的文件和选项继续；要按新的重新开始，请去掉 --resume"
        raise CannotResume([Problem("不能继续上次的运行", "；".join(differences), remedy)])
    folder.tidy()


def _ingest(
    source: RowSource, folder: RunFolder, options: BulkOptions, manifest: Manifest, progress: Progress
) -> Ingested:
    before = options.source.stat()
    progress.stage("读取", None)
    try:
        found = ingest(source, folder, options.as_of, manifest.shard_companies, progress.advance)
        after = options.source.stat()
        if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
            raise InputError(
                [Problem(f"文件“{options.source.name}”", "在读取过程中被改动", "请待文件保存好后重新运行")]
            )
    except InputError:
        folder.clear()  # nothing to resume
        raise
    return found


def _jobs(folder: RunFolder, manifest: Manifest, options: BulkOptions, found: Ingested) -> list[ShardJob]:
    library = options.library.absolute() if options.library else None
    return [
        ShardJob(
            source=folder.part(part.number),
            target=folder.result(part.number),
            as_of=options.as_of,
            k=options.k,
            library=library,
            model=options.model,
            dense=options.dense,
            made_for=versions_of(manifest.library_digest),
            key=f"{manifest.fingerprint}-{part.sha256}",
        )
        for part in found.parts
    ]


def _match(
    jobs: Sequence[ShardJob],
    found: Ingested,
    folder: RunFolder,
    options: BulkOptions,
    shard: ShardFunction,
    progress: Progress,
) -> float:
    """Match what is not matched yet; returns the time it took, in seconds."""
    started = time.monotonic()
    # Names are listed, not looked up one by one: a network drive remembers for a while that a file was not there.
    there = {entry.name for entry in folder.results.iterdir()}
    waiting = [job for job in jobs if job.target.name not in there or stored_report(job) is None]
    left = {job.target for job in waiting}
    done = sum(part.companies for part in found.parts if folder.result(part.number) not in left)
    progress.stage("匹配", found.companies, done)
    for report in _reports(waiting, folder, options, shard):
        progress.advance(report.companies)
    return time.monotonic() - started


def _reports(
    jobs: Sequence[ShardJob], folder: RunFolder, options: BulkOptions, shard: ShardFunction
) -> Iterator[ShardReport]:
    """Reports as shards finish, in any order."""
    if options.scheduler is not None and jobs:
        from matcher.bulk.cluster import run_on_cluster

        return run_on_cluster(options.scheduler, jobs, shard, folder.path)
    workers = min(options.workers, len(jobs))
    return run_in_processes(jobs, shard, workers) if workers > 1 else map(shard, jobs)


def _finish(
    folder: RunFolder,
    manifest: Manifest,
    found: Ingested,
    jobs: Sequence[ShardJob],
    options: BulkOptions,
    seconds: Mapping[str, float],
    progress: Progress,
) -> RunReport:
    """Write the errors file and the output, each under its name only once it is complete."""
    started = time.monotonic()
    matched = added_up(_stored(job) for job in jobs)
    progress.stage("核对", matched.rows)
    summary = summary_of(manifest, found, matched, _verified(jobs, progress))
    checked = time.monotonic()
    progress.stage("写出", matched.rows)
    write_errors(options.errors, problem_lines(folder))
    produced = folder.path / f"output{options.out.suffix}"  # on the output's drive, and gone with the folder
    write_output(produced, _rows(jobs, progress), problem_lines(folder), summary)
    produced.replace(options.out)
    times = {**seconds, "check": checked - started, "write": time.monotonic() - checked}
    report = RunReport(summary, manifest.k, manifest.huiqi, found.cautions, matched.rows, times)
    write_bytes(folder.report, json.dumps(report.to_json(), ensure_ascii=False, indent=1).encode())
    return report


def _stored(job: ShardJob) -> ShardReport:
    report = stored_report(job)
    if report is None:
        raise _damaged(job)
    return report


def _damaged(job: ShardJob) -> HuiqiError:
    job.target.unlink(missing_ok=True)
    return HuiqiError(f"第 {int(job.target.stem) + 1} 批的结果不见了或已损坏。请加上 --resume 再运行一次")


def _batches(job: ShardJob) -> Iterator[pa.RecordBatch]:
    with pq.ParquetFile(job.target) as file:
        yield from file.iter_batches(batch_size=BATCH_ROWS)


def _verified(jobs: Sequence[ShardJob], progress: Progress) -> str:
    """Hash of all rows in the order of the input; HuiqiError if a shard's rows are not what was written."""
    content = ContentHash()
    for job in jobs:
        own = ContentHash()
        for batch in _batches(job):
            own.update(batch)
            content.update(batch)
            progress.advance(batch.num_rows)
        if own.hexdigest() != _stored(job).content:
            raise _damaged(job)
    return content.hexdigest()


def _rows(jobs: Sequence[ShardJob], progress: Progress) -> Iterator[pa.RecordBatch]:
    """All rows in the order of the input."""
    for job in jobs:
        for batch in _batches(job):
            yield batch
            progress.advance(batch.num_rows)


def problem_lines(folder: RunFolder) -> Iterator[ProblemLine]:
    """Rejected rows, then what had to be interpreted and duplicates; each in the order of the input."""
    for path, level in ((folder.problems, REJECTED), (folder.cautions, CAUTION)):
        with path.open(encoding="utf-8") as stream:
            for line in stream:
                yield ProblemLine(**json.loads(line), level=level)
