"""Shards on real Dask worker processes on loopback: workers that die lose nothing and double nothing."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from matcher.bulk import cluster
from matcher.bulk.cluster import ClusterUnavailable
from matcher.bulk.run import BulkOptions
from policies.errors import HuiqiError
from tests.bulk_support import MARKERS, ROOT, dying_shard, elsewhere, failing_shard, fake_run, options, write_companies

pytest.importorskip("distributed")
COMPANIES = 120
DYING = ("000002", "000006", "000009")
QUIET = {"DASK_DISTRIBUTED__LOGGING__DISTRIBUTED": "critical"}


@contextmanager
def process(*arguments: str, **env: str) -> Iterator[subprocess.Popen[bytes]]:
    """A process of this project that ends with the block."""
    command = [sys.executable, "-m", *arguments]
    started = subprocess.Popen(
        command, cwd=ROOT, env={**os.environ, **QUIET, **env}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        yield started
    finally:
        started.kill()
        started.wait()


@contextmanager
def scheduler(folder: Path) -> Iterator[str]:
    """A scheduler; gives its address once it listens."""
    file = folder / "scheduler.json"
    options = ("--host", "127.0.0.1", "--port", "0", "--no-dashboard", "--scheduler-file", str(file))
    with process("dask", "scheduler", *options) as started:
        yield _address(file, started)


def _address(file: Path, started: subprocess.Popen[bytes]) -> str:
    while started.poll() is None:
        try:
            return str(json.loads(file.read_text())["address"])
        except (OSError, ValueError):  # not written yet
            with suppress(subprocess.TimeoutExpired):
                started.wait(0.05)
    raise AssertionError("the scheduler did not start")


def worker(address: str, **env: str) -> Any:
    options = ("--host", "127.0.0.1", "--nthreads", "1", "--no-nanny", "--no-dashboard")
    return process("dask", "worker", address, *options, **env)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_companies(tmp_path / "companies.jsonl", COMPANIES)
    return tmp_path


def test_three_workers_die(folder: Path) -> None:
    markers = folder / "markers"
    markers.mkdir()
    for shard in DYING:
        (markers / shard).touch()
    alone = fake_run(options(folder, out=folder / "alone.jsonl"))
    with scheduler(folder) as address, ExitStack() as stack:
        workers = [stack.enter_context(worker(address, **{MARKERS: str(markers)})) for _ in range(4)]
        together = fake_run(options(folder, scheduler=address), shard=dying_shard)
        died = [one.returncode for one in workers if one.poll() is not None]
    assert died == [-signal.SIGKILL] * 3 and not list(markers.iterdir())
    assert together.summary.content_hash == alone.summary.content_hash
    assert (folder / "out.jsonl").read_bytes() == (folder / "alone.jsonl").read_bytes()
    rows = [json.loads(line) for line in (folder / "out.jsonl").read_text(encoding="utf-8").splitlines()]
    taken = [row["row"] for row in rows]
    assert taken == sorted(taken) and len(set(taken)) == together.summary.companies
    assert max(Counter((row["row"], row["kind"], row["rank"]) for row in rows).values()) == 1
    assert not list(folder.glob("**/*.tmp"))


@contextmanager
def one_worker(folder: Path) -> Iterator[str]:
    with scheduler(folder) as address, worker(address):
        yield address


def test_what_goes_wrong_is_said_and_can_be_resumed(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with one_worker(folder) as address:
        with pytest.raises(HuiqiError, match="批出错") as failed:
            fake_run(options(folder, scheduler=address), shard=failing_shard)
        assert type(failed.value) is HuiqiError and (folder / "out.jsonl.huiqi-run").is_dir()
        monkeypatch.setattr(cluster, "read_token", elsewhere)
        with pytest.raises(ClusterUnavailable, match="读不到"):
            fake_run(options(folder, scheduler=address, resume=True))
        monkeypatch.undo()
        resumed = fake_run(options(folder, scheduler=address, resume=True))
    shutil.move(folder / "out.jsonl", folder / "cluster.jsonl")
    assert resumed.summary.content_hash == fake_run(options(folder)).summary.content_hash


def refused(given: BulkOptions) -> str:
    with pytest.raises(ClusterUnavailable) as refusal:
        fake_run(given)
    return str(refusal.value)


def test_no_scheduler(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster, "CONNECT_TIMEOUT_S", 0.2)
    assert "连不上调度器“tcp://127.0.0.1:1”" in refused(options(folder, scheduler="tcp://127.0.0.1:1"))
    assert "连不上调度器“无此写法”" in refused(options(folder, scheduler="无此写法"))


def test_no_workers(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster, "WORKERS_TIMEOUT_S", 0.2)
    with scheduler(folder) as address:
        assert "没有工作节点" in refused(options(folder, scheduler=address))


def test_no_dask(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> object:
        raise ImportError(name)

    monkeypatch.setattr(cluster, "import_module", missing)
    assert "pip install 'huiqi[cluster]'" in refused(options(folder, scheduler="tcp://127.0.0.1:1"))
