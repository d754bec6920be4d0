"""The matcher of a running service follows its library on disk."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from itertools import chain, repeat
from pathlib import Path

import pytest

from matcher.engine import Engine
from matcher.service import Matcher
from policies.errors import PolicyError
from policies.library import library_digest
from tests.support import AS_OF, policy, write_library

PATIENCE_S = 60


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_library(tmp_path / "library", policy("first"))


@contextmanager
def running(folder: Path) -> Iterator[Engine]:
    engine = Engine(
        lambda: Matcher.open(folder, dense=False), lambda: AS_OF, partial(library_digest, folder), look_s=0.02
    )
    engine.start()
    yield engine
    engine.stop()


def policies(engine: Engine) -> set[str]:
    return set(engine.matcher().library.policies)


def soon(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < end, "nothing came of it"
        time.sleep(0.02)


def test_a_policy_that_is_added_is_offered_without_a_restart(folder: Path) -> None:
    with running(folder) as engine:
        before = engine.matcher()
        write_library(folder, policy("second"))
        soon(lambda: policies(engine) == {"first", "second"})
        assert set(before.library.policies) == {"first"}, "what is being answered goes on with what it began with"
        (folder / "first.yaml").unlink()
        soon(lambda: policies(engine) == {"second"})


def test_a_library_that_does_not_load_leaves_the_old_one_in_use(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    with running(folder) as engine:
        before = engine.matcher()
        (folder / "second.yaml").write_text("policy_id: second", "utf-8")
        soon(lambda: "second.yaml" in caplog.text)
        time.sleep(0.3)  # some more looks
        assert engine.ready and engine.matcher() is before
        assert len([record for record in caplog.records if record.levelno == logging.ERROR]) == 1, "said once"
        write_library(folder, policy("second"))
        soon(lambda: policies(engine) == {"first", "second"})


def test_a_library_that_is_gone_leaves_the_old_one_in_use(folder: Path) -> None:
    with running(folder) as engine:
        before = engine.matcher()
        moved = folder.rename(folder.with_name("moved"))
        time.sleep(0.3)
        assert engine.ready and engine.matcher() is before
        moved.rename(folder)
        write_library(folder, policy("second"))
        soon(lambda: policies(engine) == {"first", "second"})


def test_a_library_that_did_not_load_at_first_is_loaded_once_it_is_mended(folder: Path) -> None:
    (folder / "second.yaml").write_text("policy_id: second", "utf-8")
    with running(folder) as engine:
        with pytest.raises(PolicyError, match=r"second\.yaml"):
            engine.matcher()
        assert not engine.ready
        write_library(folder, policy("second"))
        soon(lambda: engine.ready)
        assert policies(engine) == {"first", "second"}


def test_a_library_being_written_is_not_loaded_half(tmp_path: Path) -> None:
    """Every look finds another version as long as somebody writes; it is loaded once that has ended."""
    versions = chain(["a"], (f"half {number}" for number in range(20)), repeat("whole"))
    opened: list[int] = []
    library = write_library(tmp_path / "library", policy("first"))

    def open_matcher() -> Matcher:
        opened.append(1)
        return Matcher.open(library, dense=False)

    engine = Engine(open_matcher, lambda: AS_OF, lambda: next(versions), look_s=0.001)
    engine.start()
    soon(lambda: len(opened) == 2)
    time.sleep(0.1)
    engine.stop()
    assert len(opened) == 2
