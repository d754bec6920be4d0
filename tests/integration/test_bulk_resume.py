"""A bulk run that is killed at any moment ends, after --resume, in the same result as an undisturbed one."""

from __future__ import annotations

import json
import random
import shutil
import signal
from dataclasses import dataclass
from pathlib import Path

import pytest

from matcher.bulk.folder import RunFolder
from tests.bulk_support import fake_run, options, start, write_companies

COMPANIES = 80
SEED = 20261125
MOMENTS = [*(("file", number) for number in range(7)), *(("call", number) for number in range(3))]


@dataclass(frozen=True)
class Undisturbed:
    """What a run that nobody disturbs gives, and how many moments it has."""

    folder: Path
    content_hash: str
    output: bytes
    errors: bytes
    moments: dict[str, int]


def result_of(folder: Path) -> tuple[bytes, bytes]:
    return (folder / "out.jsonl").read_bytes(), (folder / "errors.jsonl").read_bytes()


def finish(folder: Path, **plan: object) -> dict[str, object]:
    process = start(folder, **plan)
    said, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    found: dict[str, object] = json.loads(said)
    return found


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Undisturbed:
    folder = tmp_path_factory.mktemp("undisturbed")
    write_companies(folder / "companies.jsonl", COMPANIES)
    by_kind = {at: finish(folder, at=at) for at in ("file", "call")}
    assert len({str(said["hash"]) for said in by_kind.values()}) == 1
    moments = {at: int(str(said["moments"])) for at, said in by_kind.items()}
    assert moments["file"] > 50 and moments["call"] > 1000
    return Undisturbed(folder, str(by_kind["file"]["hash"]), *result_of(folder), moments)


@pytest.fixture
def folder(undisturbed: Undisturbed, tmp_path: Path) -> Path:
    shutil.copy(undisturbed.folder / "companies.jsonl", tmp_path)
    return tmp_path


@pytest.mark.parametrize(("at", "number"), MOMENTS)
def test_killed_at_a_random_moment(at: str, number: int, undisturbed: Undisturbed, folder: Path) -> None:
    # One moment in each of as many equal stretches of the run, so that no stage is spared.
    stretch = undisturbed.moments[at] / sum(kind == at for kind, _ in MOMENTS)
    moment = 1 + int(stretch * (number + random.Random(f"{SEED}-{at}-{number}").random()))
    killed = start(folder, at=at, moment=moment)
    killed.communicate(timeout=60)
    assert killed.returncode == -signal.SIGKILL
    report = fake_run(options(folder, resume=True))
    assert report.summary.content_hash == undisturbed.content_hash
    assert result_of(folder) == (undisturbed.output, undisturbed.errors)
    assert sorted(path.name for path in folder.iterdir()) == ["companies.jsonl", "errors.jsonl", "out.jsonl"]


def test_killed_again_and_again(undisturbed: Undisturbed, folder: Path) -> None:
    """Each attempt gets a little further; with two processes, which do not outlive the one that is killed."""
    chance = random.Random(SEED)
    for attempt in range(4):
        killed = start(folder, at="file", moment=chance.randint(10, 25), resume=attempt > 0, workers=2)
        killed.communicate(timeout=60)  # returns only when no child holds the pipe any more
        assert killed.returncode == -signal.SIGKILL
    assert RunFolder.beside(folder / "out.jsonl").manifest() is not None
    assert finish(folder, resume=True, workers=2)["hash"] == undisturbed.content_hash
    assert result_of(folder) == (undisturbed.output, undisturbed.errors)
