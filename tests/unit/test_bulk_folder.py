from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from matcher.bulk.folder import Ingested, Manifest, Part, RunFolder
from policies.errors import InputError

MANIFEST = Manifest("名单.xlsx", 10, "a" * 64, None, "", "2026-06-15", 10, "b" * 64, None, True, "0.1.0", 5000)
INGESTED = Ingested(9, 7, 1, 2, 1, 3, 2, ("编码 UTF-8",), (Part(0, 5, "c"), Part(1, 2, "d")), 1.5)


@pytest.fixture
def folder(tmp_path: Path) -> RunFolder:
    return RunFolder.beside(tmp_path / "结果.xlsx")


def test_what_is_stored_comes_back(folder: RunFolder) -> None:
    assert folder.path.name == "结果.xlsx.huiqi-run" and folder.path.is_absolute()
    with folder.locked():
        folder.start(MANIFEST)
        assert folder.ingested() is None
        folder.finish_ingest(INGESTED)
    assert folder.manifest() == MANIFEST and folder.ingested() == INGESTED


def test_nothing_is_left_where_nothing_was_started(folder: RunFolder) -> None:
    with folder.locked():
        assert folder.path.is_dir()
    assert not folder.path.exists()
    with pytest.raises(ZeroDivisionError), folder.locked():
        raise ZeroDivisionError
    assert not folder.path.exists()
    with folder.locked():
        folder.start(MANIFEST)
        folder.finish_ingest(INGESTED)
        folder.part(0).touch()
        folder.clear()
    assert not folder.path.exists()


def test_an_unfinished_run_stays(folder: RunFolder) -> None:
    with pytest.raises(ZeroDivisionError), folder.locked():
        folder.start(MANIFEST)
        raise ZeroDivisionError
    assert folder.manifest() == MANIFEST


def test_two_at_a_time_are_refused(folder: RunFolder) -> None:
    with folder.locked():
        folder.start(MANIFEST)
        with pytest.raises(InputError, match="另一个 huiqi 进程正在处理"), folder.locked():
            pass
        assert folder.manifest() == MANIFEST
    with folder.locked():
        pass


def test_somebody_elses_folder_is_left_alone(folder: RunFolder) -> None:
    folder.path.mkdir()
    (folder.path / "照片.jpg").touch()
    with pytest.raises(InputError, match="不是 huiqi 的运行文件夹"), folder.locked():
        pass
    assert [path.name for path in folder.path.iterdir()] == ["照片.jpg"]
    (folder.path / "照片.jpg").unlink()
    folder.path.rmdir()
    folder.path.touch()
    with pytest.raises(InputError, match="不是 huiqi 的运行文件夹"), folder.locked():
        pass


def test_starting_anew_and_tidying(folder: RunFolder) -> None:
    with folder.locked():
        folder.start(MANIFEST)
        folder.finish_ingest(INGESTED)
        for path in (folder.part(0), folder.result(0), folder.parts / ".x.1-2.tmp", folder.path / ".run.json.9.tmp"):
            path.touch()
        folder.tidy()
        left = {path.name for path in folder.path.rglob("*") if path.is_file()}
        assert left == {"lock", "run.json", "ingest.json", "000000.parquet"}
        folder.start(replace(MANIFEST, k=3))
        assert {path.name for path in folder.path.rglob("*") if path.is_file()} == {"lock", "run.json"}
    changed = folder.manifest()
    assert changed is not None and changed.k == 3


def test_damaged_state_is_no_state(folder: RunFolder) -> None:
    with folder.locked():
        folder.start(MANIFEST)
        folder.finish_ingest(INGESTED)
    for text in ("", "[]", '{"source": "x"}', "{"):
        (folder.path / "run.json").write_text(text)
        (folder.path / "ingest.json").write_text(text)
        assert folder.manifest() is None and folder.ingested() is None


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"source": "别的.xlsx"}, "输入文件：上次是 名单.xlsx，这次是 别的.xlsx"),
        ({"source_sha256": "0"}, "输入文件的内容变了"),
        ({"sheet": "表二"}, "工作表（--sheet）：上次是 （没有指定），这次是 表二"),
        ({"mapping": "0"}, "列对应（--mapping）变了"),
        ({"as_of": "2026-06-16"}, "查询日期（--as-of）：上次是 2026-06-15，这次是 2026-06-16"),
        ({"k": 3}, "项数（-k）：上次是 10，这次是 3"),
        ({"library_digest": "0"}, "政策库变了"),
        ({"model": "m"}, "语义模型：上次是 （没有指定），这次是 m"),
        ({"dense": False}, "是否用语义模型变了"),
        ({"huiqi": "0.2.0"}, "huiqi 的版本：上次是 0.1.0，这次是 0.2.0"),
        ({"shard_companies": 7}, "每批企业数变了"),
    ],
)
def test_differences_are_named(change: dict[str, object], said: str) -> None:
    other = replace(MANIFEST, **change)  # type: ignore[arg-type]
    assert MANIFEST.differences(other) == [said]
    assert MANIFEST.fingerprint != other.fingerprint and MANIFEST.fingerprint == replace(MANIFEST).fingerprint
