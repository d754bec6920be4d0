"""The case loader: strict, and every problem at once."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any

import pytest

from eval.cases import load_cases, shipped_cases
from eval.slices import slices, unknown_core
from policies.errors import InputError
from policies.library import load_library
from tests.support import measure, policy, write_library


def case(case_id: str = "A", **changes: Any) -> dict[str, Any]:
    base = {
        "case_id": case_id,
        "as_of": "2026-06-15",
        "profile": {"name": "甲公司", "region": "山东省/济南市"},
        "labels": {"p": {"grade": 2, "verdict": "possible", "votes": [2, 3], "why": "适合"}},
    }
    return {**base, **changes}


def write(folder: Path, *cases: dict[str, Any] | str, meta: Any = None, name: str = "cases.jsonl") -> Path:
    path = folder / name
    lines = [each if isinstance(each, str) else json.dumps(each, ensure_ascii=False) for each in cases]
    path.write_text("\n".join(lines), "utf-8")
    if meta is not None:
        text = meta if isinstance(meta, str) else json.dumps(meta)
        path.with_name(f"{path.stem}.meta.json").write_text(text, "utf-8")
    return path


def message(path: Path) -> str:
    with pytest.raises(InputError) as caught:
        load_cases(path)
    return str(caught.value)


def test_a_case_is_read_with_its_votes(tmp_path: Path) -> None:
    loaded = load_cases(write(tmp_path, case(), case("B", labels={"p/x": {"grade": 3, "verdict": None}})))
    first, second = loaded.cases
    assert (first.case_id, first.as_of, first.profile.name) == ("A", dt.date(2026, 6, 15), "甲公司")
    assert (first.labels["p"].grade, first.labels["p"].votes, first.labels["p"].why) == (2, (2, 3), "适合")
    assert second.labels["p/x"].verdict is None
    assert (loaded.gain, loaded.relevant_from, loaded.has_meta) == ((0, 1, 3, 7), 2, False)
    assert loaded.relevant(second) == {"p/x": 3}


def test_without_meta_everything_is_judged_and_with_it_only_what_it_names(tmp_path: Path) -> None:
    bare = load_cases(write(tmp_path, case())).cases[0]
    assert bare.is_judged("anything")
    meta = {"judged_policy_ids": ["q"], "gain": [0, 1, 2, 3], "relevant_from_grade": 3}
    loaded = load_cases(write(tmp_path, case(), case("B", judged_policy_ids=["z"]), meta=meta))
    first, second = loaded.cases
    assert [first.is_judged(name) for name in ("p", "q", "q/x", "z")] == [True, True, True, False]
    assert second.is_judged("z") and not second.is_judged("q")
    assert (loaded.gain, loaded.relevant_from, loaded.has_meta) == ((0, 1, 2, 3), 3, True)


def test_cases_meta_is_the_second_name(tmp_path: Path) -> None:
    path = write(tmp_path, case())
    (tmp_path / "cases_meta.json").write_text('{"judged_policy_ids": ["q"]}', "utf-8")
    assert load_cases(path).cases[0].judged == frozenset({"q"})


def test_every_problem_is_named_with_line_case_and_field(tmp_path: Path) -> None:
    bad = case(
        as_of="2026-13-01",
        profile={"employees": "很多", "regoin": "济南市"},
        labels={"p": {"grade": 4, "verdict": "yes", "votes": ["x"], "extra": 1}, "q": 3},
        surplus=True,
    )
    text = message(write(tmp_path, case(), bad, "{not json", case("A"), '{"case_id": "C", "case_id": "D"}', "[]"))
    for part in (
        "第 2 行（案例 A），as_of：“2026-13-01”不是日期",
        "profile，从业人数（employees）",
        "regoin",
        "labels.p.grade：应为 0 到 3 的整数，收到 4",
        "labels.p.verdict",
        "labels.p.votes",
        "labels.p.extra：没有这一项",
        "labels.q：应为一个对象",
        "surplus：没有这一项",
        "第 3 行：不是正确的 JSON",
        "第 4 行：案例编号“A”重复",
        "第 5 行：“case_id”出现了两次",
        "第 6 行：应为一个 JSON 对象",
    ):
        assert part in text


@pytest.mark.parametrize(
    ("change", "part"),
    [
        ({"case_id": ""}, "case_id：应为案例编号"),
        ({"labels": []}, "labels：应为一个对象"),
        ({"labels": {"p": {"grade": True}}}, "labels.p.grade"),
        ({"labels": {"p": {"grade": 2.0}}}, "labels.p.grade"),
        ({"labels": {"p": {"grade": 1, "why": 3}}}, "labels.p.why"),
        ({"judged_policy_ids": "p"}, "judged_policy_ids：应为政策编号的列表"),
        ({"profile": {"established": "2027"}}, "晚于查询日期"),
        ({"as_of": None}, "as_of"),
    ],
)
def test_wrong_fields(tmp_path: Path, change: dict[str, Any], part: str) -> None:
    assert part in message(write(tmp_path, case(**change)))


@pytest.mark.parametrize(
    ("meta", "part"),
    [
        ({"judged_policy_ids": "p"}, "judged_policy_ids"),
        ({"gain": [0, 3, 1, 7]}, "gain：应为 4 个不减的整数"),
        ({"relevant_from_grade": 0}, "relevant_from_grade"),
        ("[1]", "应为一个 JSON 对象"),
        ('{"gain": NaN}', "NaN 不是 JSON 数字"),
    ],
)
def test_wrong_meta(tmp_path: Path, meta: Any, part: str) -> None:
    assert part in message(write(tmp_path, case(), meta=meta))


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    assert "没有这个文件" in message(tmp_path / "none.jsonl")
    assert "读不了这个文件" in message(tmp_path)
    assert "文件里没有案例" in message(write(tmp_path, ""))
    (tmp_path / "gbk.jsonl").write_bytes("企业".encode("gbk"))
    assert "不是 UTF-8 编码" in message(tmp_path / "gbk.jsonl")


def test_the_shipped_cases_and_their_slices() -> None:
    loaded = load_cases(shipped_cases())
    assert len(loaded.cases) == 58 and loaded.has_meta
    assert all(case.judged for case in loaded.cases)
    groups = {each.title: {each.group_of(case) for case in loaded.cases} for each in slices()}
    assert groups["地区"] == {"山东省内", "山东省外"}
    assert {"C 制造业", "I 信息传输、软件和信息技术服务业"} <= groups["行业门类"]
    assert {"小型", "中型", "不确定"} <= groups["企业规模"]
    assert groups["未填核心信息"] == {"0–2 项", "3–5 项", "6 项以上"}


def test_slices_of_an_empty_profile(tmp_path: Path) -> None:
    empty = load_cases(write(tmp_path, case(profile={}))).cases[0]
    found = {each.title: each.group_of(empty) for each in slices()}
    assert found["设备或项目计划"] == "无计划" and found["行业门类"] == found["地区"] == "未填"
    assert found["企业规模"] == "不确定" and unknown_core(empty) > 6


def test_targets_that_the_library_lacks_are_listed(tmp_path: Path) -> None:
    library = load_library(write_library(tmp_path / "library", policy("p", measure("grant"))))
    labels = {name: {"grade": 1} for name in ("p", "p/grant", "p/other", "q")}
    loaded = load_cases(write(tmp_path, case(labels=labels)))
    assert loaded.unknown_targets(library) == {"p/other": ["A"], "q": ["A"]}
