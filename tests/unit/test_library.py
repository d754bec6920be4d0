"""Loading a library: strict, lenient, and from its snapshot."""

from __future__ import annotations

from pathlib import Path

import pytest

from policies.errors import PolicyError
from policies.library import Library, cache_dir, load_library
from tests.support import AS_OF, measure, policy, write_library


@pytest.fixture(autouse=True)
def empty_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "cache"
    monkeypatch.setenv("HUIQI_CACHE_DIR", str(folder))
    return folder


def content(library: Library) -> list[str]:
    return [one.model_dump_json(by_alias=True) for one in library.policies.values()]


GOOD = policy(
    "good", measure("a", when=[{"field": "employees", "min": 10}]), measure("b"),
    applies=[{"field": "region", "in": ["山东省"]}], prefer=[{"field": "export", "is": True}],
)  # fmt: skip


def test_measures_carry_the_conditions_of_their_policy(tmp_path: Path) -> None:
    library = load_library(write_library(tmp_path / "lib", GOOD))
    a, b = library.measures
    assert (a.measure_id, b.measure_id) == ("good/a", "good/b") and library.by_id["good/a"] is a
    assert len(a.rule.parts) == 2 and len(b.rule.parts) == 1 and len(a.preferences) == 1
    assert a.title == "关于good的通知：支持事项a" and library.problems == ()
    assert library.lifecycle("good", AS_OF).matchable and len(library.version) == 12


def test_the_digest_follows_the_content(tmp_path: Path) -> None:
    first = load_library(write_library(tmp_path / "one", GOOD))
    same = load_library(write_library(tmp_path / "two", GOOD))
    other = load_library(write_library(tmp_path / "three", {**GOOD, "title": "改过的标题"}))
    assert first.digest == same.digest != other.digest


def broken_library(folder: Path) -> Path:
    write_library(
        folder, GOOD,
        policy("bad-field", measure(when=[{"field": "employes", "min": 10}])),
        policy("bad-kind", measure(when=[{"field": "honours", "min": 3}])),
        policy("bad-code", measure(when=[{"field": "industry_code", "in": ["C999"]}])),
        policy("bad-base", measure(benefit={"type": "ratio", "rate": 0.1, "base": "honours"})),
        policy("bad-date", valid_to="2026-02-30"), policy("twice", measure("x"), measure("x")),
        {k: v for k, v in policy("bad-missing").items() if k != "title"},
    )  # fmt: skip
    (folder / "bad-yaml.yaml").write_text("title: [", encoding="utf-8")
    (folder / "bad-bytes.yaml").write_bytes("标题".encode("gbk"))
    (folder / "renamed.yaml").write_bytes((folder / "good.yaml").read_bytes())
    return folder


def test_every_problem_of_every_file_at_once(tmp_path: Path) -> None:
    with pytest.raises(PolicyError) as caught:
        load_library(broken_library(tmp_path / "lib"))
    message = str(caught.value)
    for says in (
        "bad-field.yaml：grant：没有字段“employes”。您是不是要写：employees",
        "bad-kind.yaml：grant：字段 已获荣誉资质（honours）",
        "bad-code.yaml：grant：字段 所属行业（industry_code）", "金额的计算基数“honours”不是数字字段", "bad-date.yaml",
        "twice.yaml：x：同一政策里 slug 重复", "bad-missing.yaml：title：缺少这一项",
        "bad-yaml.yaml：不是正确的 YAML：第",
        "bad-bytes.yaml：不是 UTF-8 编码。请用 UTF-8 另存", "renamed.yaml：政策编号“good”重复",
    ):  # fmt: skip
        assert says in message
    assert {problem.where.split("：")[0] for problem in caught.value.problems} == {
        f"{name}.yaml" for name in (
            "bad-field", "bad-kind", "bad-code", "bad-base", "bad-date", "twice", "bad-missing", "bad-yaml",
            "bad-bytes",
            "renamed",
        )
    }  # fmt: skip


def test_lenient_leaves_the_broken_files_out(tmp_path: Path) -> None:
    library = load_library(broken_library(tmp_path / "lib"), lenient=True)
    assert list(library.policies) == ["good"] and len(library.measures) == 2
    assert len(library.problems) >= 10


def test_a_lenient_load_never_hides_problems_from_a_strict_one(tmp_path: Path) -> None:
    folder = broken_library(tmp_path / "lib")
    load_library(folder, lenient=True)
    with pytest.raises(PolicyError):
        load_library(folder)


def test_nothing_left_is_an_error_even_if_lenient(tmp_path: Path) -> None:
    folder = tmp_path / "lib"
    with pytest.raises(PolicyError, match=r"没有这个政策库文件夹.*请检查 --library 的路径"):
        load_library(folder)
    folder.mkdir()
    with pytest.raises(PolicyError, match="文件夹里没有政策文件"):
        load_library(folder)
    (folder / "x.yaml").write_text("- 1", encoding="utf-8")
    with pytest.raises(PolicyError, match=r"x.yaml"):
        load_library(folder, lenient=True)


def test_the_file_name_is_the_policy_id(tmp_path: Path) -> None:
    folder = write_library(tmp_path / "lib", GOOD)
    (folder / "good.yaml").rename(folder / "other.yaml")
    with pytest.raises(PolicyError, match=r"other.yaml：文件名应与政策编号“good”一致"):
        load_library(folder)


def test_the_snapshot_gives_the_same_library(
    tmp_path: Path, empty_cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = write_library(tmp_path / "lib", GOOD)
    fresh = load_library(folder)
    (snapshot,) = (cache_dir() / "library").iterdir()
    assert snapshot.is_relative_to(empty_cache) and snapshot.stem == fresh.digest

    def no_yaml(*_: object, **__: object) -> None:
        raise AssertionError("the YAML was read again")

    monkeypatch.setattr("policies.library.yaml.load", no_yaml)
    stored = load_library(folder)
    assert content(stored) == content(fresh) and stored.digest == fresh.digest
    assert [one.rule for one in stored.measures] == [one.rule for one in fresh.measures]


@pytest.mark.parametrize("damage", [b"", b"{", b"[]x", b'[{"policy_id": "good"}]', b"\xff\x00", b"[]"])
def test_a_damaged_snapshot_is_ignored(tmp_path: Path, damage: bytes) -> None:
    folder = write_library(tmp_path / "lib", GOOD)
    fresh = load_library(folder)
    (snapshot,) = (cache_dir() / "library").iterdir()
    snapshot.write_bytes(damage)
    assert content(load_library(folder)) == content(fresh)


def test_a_cache_that_cannot_be_written_is_no_reason_to_fail(tmp_path: Path, empty_cache: Path) -> None:
    empty_cache.write_text("a file where the folder should be", encoding="utf-8")
    assert list(load_library(write_library(tmp_path / "lib", GOOD)).policies) == ["good"]
