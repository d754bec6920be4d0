"""Shards in several processes of this machine."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from multiprocessing.connection import wait

from matcher.bulk.shard import ShardJob, ShardReport
from policies.errors import HuiqiError

ShardFunction = Callable[[ShardJob], ShardReport]
MAX_WORKERS = 8


def default_workers() -> int:
    """One process for each core that this process may use, at most MAX_WORKERS."""
    return min(_cores(), MAX_WORKERS)


def run_in_processes(jobs: Sequence[ShardJob], shard: ShardFunction, workers: int) -> Iterator[ShardReport]:
    """Match shards in as many new processes.

    Args:
        jobs: What to match.
        shard: Importable by name: each process imports it anew.
        workers: 2 or more.

    Yields:
        Reports as shards finish, in any order. Left early, it ends the processes at once: shards are safely repeated.

    Raises:
        HuiqiError: a shard failed, or a process died.
    """
    context = multiprocessing.get_context("spawn")  # a forked copy of a process with threads can hang
    with (
        _threads_shared(workers),
        ProcessPoolExecutor(workers, mp_context=context, initializer=_begin_worker) as pool,
    ):
        futures = [pool.submit(_guarded, shard, job) for job in jobs]
        try:
            for future in as_completed(futures):
                yield future.result()
        except BaseException as error:
            for process in multiprocessing.active_children():
                process.terminate()
            pool.shutdown(wait=False, cancel_futures=True)
            if isinstance(error, BrokenProcessPool):
                raise HuiqiError(
                    "一个计算进程意外结束，多半是内存不足。请用 --workers 减少进程数，并加上 --resume 继续"
                ) from error
            raise


@contextlib.contextmanager
def _threads_shared(workers: int) -> Iterator[None]:
    """Processes started inside share the cores: as many threads for each as there are cores to go round."""
    name = "OMP_NUM_THREADS"
    before = os.environ.get(name)
    os.environ[name] = before or str(max(1, _cores() // workers))
    try:
        yield
    finally:
        if before is None:
            del os.environ[name]


def _begin_worker() -> None:
    """Leave Ctrl-C to the main process, and end with it even if it is killed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_end_with, args=(parent.sentinel,), daemon=True).start()


def _end_with(sentinel: int) -> None:
    wait([sentinel])
    os._exit(1)


def _guarded(shard: ShardFunction, job: ShardJob) -> ShardReport:
    """Match a shard in another process; errors of huiqi come back as plain ones, which every process can unpickle."""
    try:
        return shard(job)
    except HuiqiError as error:
        raise HuiqiError(str(error)) from None


def _cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0))
