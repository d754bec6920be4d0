"""The folder of a run that is under way: what it was started with, what is finished, and who is working in it.

Everything in it is either complete under its name or carries a temporary name; a run can be cut off at any moment.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import shutil
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from index.files import write_bytes
from policies.errors import InputError, Problem

SUFFIX = ".huiqi-run"
FORMAT = 1
_CHUNK_BYTES = 1 << 20
_NAMES = {
    "source": "输入文件", "source_sha256": "输入文件的内容", "sheet": "工作表（--sheet）",
    "mapping": "列对应（--mapping）", "as_of": "查询日期（--as-of）", "k": "项数（-k）",
    "library_digest": "政策库", "model": "语义模型",
    "dense": "是否用语义模型", "huiqi": "huiqi 的版本", "shard_companies": "每批企业数", "format": "运行文件夹的格式",
}  # fmt: skip


@dataclass(frozen=True)
class Manifest:
    """Everything that the result of a run depends on.

    Attributes:
        source: Name of the input file.
        mapping: sha256 of the saved header mapping; "" without one.
        library_digest: Digest of the library's content.
        huiqi: Version of the software.
    """

    source: str
    source_bytes: int
    source_sha256: str
    sheet: str | None
    mapping: str
    as_of: str
    k: int
    library_digest: str
    model: str | None
    dense: bool
    huiqi: str
    shard_companies: int
    format: int = FORMAT

    @property
    def fingerprint(self) -> str:
        """One value that differs whenever anything differs."""
        return hashlib.sha256(json.dumps(asdict(self), sort_keys=True).encode()).hexdigest()

    def differences(self, other: Manifest) -> list[str]:
        """What is not the same in another manifest, in Chinese with both values where they say something."""
        found = []
        for name, label in _NAMES.items():
            mine, theirs = getattr(self, name), getattr(other, name)
            if mine != theirs:
                plain = name in {"source", "sheet", "as_of", "k", "huiqi", "model"}
                found.append(label + (f"：上次是 {_shown(mine)}，这次是 {_shown(theirs)}" if plain else "变了"))
        return found


def _shown(value: object) -> str:
    return "（没有指定）" if value is None else str(value)


@dataclass(frozen=True)
class Part:
    """A companies part: its number gives the names of its files."""

    number: int
    companies: int
    sha256: str


@dataclass(frozen=True)
class Ingested:
    """What reading the input gave; it exists only once reading is complete.

    Attributes:
        rows: Rows of the input, each of which is a company, rejected or skipped.
        rejected: Rows with something unreadable; `rejected_lines` are their problems.
        skipped: Rows that are no company (empty, totals, notes).
        cautions: Lines about something interpreted or left out.
        duplicates: Rows whose credit code another row has too.
        notes: What the reader has to say about the file as a whole, in Chinese.
        seconds: Time that reading took.
    """

    rows: int
    companies: int
    rejected: int
    rejected_lines: int
    skipped: int
    cautions: int
    duplicates: int
    notes: tuple[str, ...]
    parts: tuple[Part, ...]
    seconds: float


class RunFolder:
    """Names and state of a run folder; open it with `locked`."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.parts, self.results = path / "parts", path / "results"
        self.problems, self.cautions = path / "problems.jsonl", path / "cautions.jsonl"
        self.codes, self.report = path / "codes.sqlite", path / "report.json"
        self._manifest, self._ingested, self._lock = path / "run.json", path / "ingest.json", path / "lock"

    @classmethod
    def beside(cls, out: Path) -> RunFolder:
        """The folder of the run that writes `out`; absolute, as workers elsewhere need it."""
        whole = out.absolute()
        return cls(whole.with_name(whole.name + SUFFIX))

    def part(self, number: int) -> Path:
        """Companies of a shard."""
        return self.parts / f"{number:06d}.parquet"

    def result(self, number: int) -> Path:
        """Match rows of a shard."""
        return self.results / f"{number:06d}.parquet"

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Keep every other process out; what is empty afterwards is deleted.

        Raises:
            InputError: another process is at work here, or the folder is not a run folder.
        """
        self._check_ours()
        self.path.mkdir(exist_ok=True)
        try:
            with self._lock.open("a") as stream:
                self._take(stream.fileno())
                try:
                    yield
                finally:
                    if not self._manifest.exists():
                        self._lock.unlink()
        finally:
            with contextlib.suppress(OSError):  # not empty: there is something to resume
                self.path.rmdir()

    def _take(self, descriptor: int) -> None:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            free = os.fstat(descriptor).st_nlink > 0  # or else its owner has just finished and deleted it
        except BlockingIOError:
            free = False
        if not free:
            reason = "另一个 huiqi 进程正在处理同一个输出"
            raise InputError([Problem(f"运行文件夹“{self.path}”", reason, "请等它结束，或换一个输出文件名")])

    def _check_ours(self) -> None:
        """Never take over, and later delete, what somebody else keeps under this name."""
        if not self.path.exists():
            return
        if not self.path.is_dir() or not (
            self._manifest.is_file() or all(entry.name == "lock" or _temporary(entry) for entry in self.path.iterdir())
        ):
            reason = "已存在，但不是 huiqi 的运行文件夹"
            raise InputError([Problem(f"“{self.path}”", reason, "请移走它，或换一个输出文件名")])

    def manifest(self) -> Manifest | None:
        """What the run was started with; None if it was not started, or by a version that wrote something else."""
        try:
            return Manifest(**_read(self._manifest))
        except (OSError, ValueError, TypeError):
            return None

    def start(self, manifest: Manifest) -> None:
        """Begin anew: everything of an earlier run is deleted."""
        self.clear()
        write_bytes(self._manifest, _json(asdict(manifest)))
        self.tidy()

    def tidy(self) -> None:
        """Delete the unfinished files of a run that was cut off, and make sure that its folders exist."""
        for folder in (self.path, self.parts, self.results):
            folder.mkdir(exist_ok=True)
            for entry in list(folder.iterdir()):
                if _temporary(entry):
                    entry.unlink(missing_ok=True)

    def ingested(self) -> Ingested | None:
        """What reading the input gave; None if it was cut off."""
        try:
            raw = _read(self._ingested)
            return Ingested(**{**raw, "notes": tuple(raw["notes"]), "parts": tuple(Part(**p) for p in raw["parts"])})
        except (OSError, ValueError, TypeError, KeyError):
            return None

    def finish_ingest(self, ingested: Ingested) -> None:
        """Say that reading the input is complete."""
        write_bytes(self._ingested, _json(asdict(ingested)))

    def clear(self) -> None:
        """Delete everything but the lock, in such an order that a cut leaves a folder which can still be resumed.

        The folder itself goes when the lock is given back.
        """
        self._ingested.unlink(missing_ok=True)
        for entry in list(self.path.iterdir()):
            if entry.is_dir() and not entry.is_symlink():
                shutil.rmtree(entry)
            elif entry not in (self._manifest, self._lock):
                entry.unlink()
        self._manifest.unlink(missing_ok=True)


def _temporary(entry: Path) -> bool:
    return entry.name.startswith(".") and entry.name.endswith(".tmp")


def _read(path: Path) -> dict[str, Any]:
    raw = json.loads(path.read_text(encoding="utf-8"))
    if not isinstance(raw, dict):
        raise ValueError(f"{path} holds no JSON object")
    return raw


def _json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, indent=1).encode()


def sha256_of(path: Path) -> str:
    """sha256 of a file's bytes."""
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while chunk := stream.read(_CHUNK_BYTES):
            digest.update(chunk)
    return digest.hexdigest()
