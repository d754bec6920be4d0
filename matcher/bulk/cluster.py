"""Shards on a Dask cluster (the extra `cluster`): the same shard function, the same files, other machines.

The files of a run lie on storage that every machine sees under the same path. A worker that dies loses what it has
under way; Dask gives it to another one, and since a shard is repeated safely nothing is lost or doubled.
"""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

from matcher.bulk.shard import ShardJob, ShardReport
from policies.errors import HuiqiError

CONNECT_TIMEOUT_S = 15
WORKERS_TIMEOUT_S = 30
GUIDE = "说明见 docs/cluster.zh.md"
_one_at_a_time = threading.Lock()


class ClusterUnavailable(HuiqiError):
    """The cluster cannot be used; the message says why and what to do."""


def run_on_cluster(
    address: str, jobs: Sequence[ShardJob], shard: Callable[[ShardJob], ShardReport], folder: Path
) -> Iterator[ShardReport]:
    """Match shards on the workers of a scheduler.

    Args:
        address: "tcp://host:port" or "tls://host:port"; certificates come from Dask's own configuration.
        jobs: Their paths must be valid on every worker.
        shard: Importable on every worker.
        folder: The run folder, on storage that every worker shares.

    Yields:
        Reports as shards finish, in any order.

    Raises:
        ClusterUnavailable: no Dask here, no scheduler, no worker, no shared storage, or workers that keep dying.
        HuiqiError: a shard failed; the message is the worker's.
    """
    dask = _dask()
    with _client(dask, address) as client:
        _check_workers(client, folder)
        # Impure: a result that the scheduler remembers of an earlier run must not stand in for the file.
        futures = client.map(run_remotely, [shard] * len(jobs), jobs, pure=False)
        try:
            for future in dask.as_completed(futures):
                yield future.result()
        except dask.KilledWorker as error:
            raise ClusterUnavailable(
                f"有一批数据多次使工作节点意外结束，多半是节点内存不足。请增大节点内存后加上 --resume 继续。{GUIDE}"
            ) from error
        except (OSError, TimeoutError) as error:
            raise ClusterUnavailable(
                f"与集群的连接中断，或节点读写文件失败（{error}）。请检查后加上 --resume 继续"
            ) from error


def run_remotely(shard: Callable[[ShardJob], ShardReport], job: ShardJob) -> ShardReport:
    """Match a shard in a worker, whose threads take turns: one matcher in memory, one shard at a time."""
    with _one_at_a_time:
        try:
            return shard(job)
        except HuiqiError as error:
            raise HuiqiError(str(error)) from None  # a plain one can be unpickled everywhere


def _dask() -> Any:
    """The package `distributed`; it is large, optional and has no types."""
    try:
        return import_module("distributed")
    except ImportError as error:
        raise ClusterUnavailable("没有安装集群组件。请先运行 pip install 'huiqi[cluster]'") from error


@contextmanager
def _client(dask: Any, address: str) -> Iterator[Any]:
    try:
        client = dask.Client(address, timeout=CONNECT_TIMEOUT_S)
    except (OSError, TimeoutError, ValueError, TypeError, RuntimeError) as error:
        raise ClusterUnavailable(
            f"连不上调度器“{address}”（{error}）。请检查地址、网络和证书设置，以及 dask scheduler 是否已启动。{GUIDE}"
        ) from error
    with client:
        yield client


def _check_workers(client: Any, folder: Path) -> None:
    """Make sure that there are workers, that they have huiqi, and that they see the run folder."""
    try:
        client.wait_for_workers(1, timeout=WORKERS_TIMEOUT_S)
    except TimeoutError as error:
        raise ClusterUnavailable(f"调度器上没有工作节点。请在各主机上启动 dask worker。{GUIDE}") from error
    token, secret = folder / ".token.tmp", secrets.token_hex(16)
    token.write_text(secret, encoding="utf-8")
    try:
        seen = client.run(read_token, token, on_error="return")
    finally:
        token.unlink()
    no_huiqi = sorted(worker for worker, answer in seen.items() if isinstance(answer, ImportError))
    if no_huiqi:
        raise ClusterUnavailable(f"工作节点 {'、'.join(no_huiqi)} 上没有安装相同版本的 huiqi。{GUIDE}")
    blind = sorted(worker for worker, answer in seen.items() if answer != secret)
    if blind:
        raise ClusterUnavailable(
            f"工作节点 {'、'.join(blind)} 读不到“{folder}”。输出文件须放在所有主机以同一路径挂载的共享存储上。{GUIDE}"
        )


def read_token(path: Path) -> str:
    """Content of the token file; "" if this machine does not see it."""
    try:
        return path.read_text(encoding="utf-8")
    except OSError:
        return ""
