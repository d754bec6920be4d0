"""Runs, misses, verdicts, violations, comparison and the gate on a library of a few policies."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from eval.ablation import ablate, to_markdown, write_results
from eval.baselines import Baselines, run_of
from eval.cases import CaseSet, load_cases
from eval.compare import compare, score, sign_flip_p
from eval.gate import Floors, broken, load_floors
from eval.misses import misses, stage_counts
from eval.report import Report, to_json, to_text, write_html
from eval.run import CaseResult, Listed, Lost, Run, load_run, make_run, save_run
from eval.verdicts import verdict_table, violations
from matcher.ranking import Weights, shipped_weights
from matcher.service import Matcher
from policies.errors import InputError
from tests.support import measure, policy, write_library
from tests.unit.test_eval_cases import case, write

INDUSTRY = {"field": "industry_code", "in": ["C"], "text": "制造业企业"}
FACTORY = {"name": "甲公司", "region": "山东省/济南市", "industry_code": "C3421", "employees": 20,
           "plans": [{"text": "购置数控机床"}]}  # fmt: skip
SHOP = {"name": "乙公司", "region": "四川省/成都市", "industry_code": "F5211", "needs": "贷款贴息"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("eval")


@pytest.fixture(scope="module")
def matcher(folder: Path) -> Matcher:
    local = {"field": "region", "in": ["山东省"], "text": "注册在山东省"}
    library = write_library(
        folder / "library",
        policy(
            "machines", measure(text="购置数控机床奖补"), applies=[local, INDUSTRY], region="山东省", level="province"
        ),
        policy("loans", measure(text="贷款贴息"), level="national", region="全国"),
        policy("big", measure(when=[{"field": "employees", "min": 100}]), level="national", region="全国"),
        policy("closed", measure(), level="national", region="全国", window={"kind": "fixed", "closes": "2025-01-31"}),
        policy("old", measure(), level="national", region="全国", status="expired", valid_to="2024-12-31"),
        policy("new", measure(text="新政策"), level="national", region="全国"),
    )
    return Matcher.open(library, dense=False)


@pytest.fixture(scope="module")
def cases(folder: Path) -> CaseSet:
    labels: dict[str, Any] = {
        "machines": {"grade": 3, "verdict": "eligible", "why": "购机床"},
        "loans": {"grade": 1, "verdict": "possible"},
        "big": {"grade": 2, "verdict": "ineligible"},
        "closed": {"grade": 2, "verdict": None},
        "old": {"grade": 2, "verdict": "ineligible"},
        "nowhere": {"grade": 3},
    }
    other = {"loans": {"grade": 3, "verdict": "eligible"}, "machines": {"grade": 1, "verdict": "ineligible"}}
    meta = {"judged_policy_ids": ["machines", "loans", "big", "closed", "old", "nowhere"]}
    return load_cases(write(folder, case("A", profile=FACTORY, labels=labels), case("B", profile=SHOP, labels=other),
                            meta=meta))  # fmt: skip


@pytest.fixture(scope="module")
def run(matcher: Matcher, cases: CaseSet) -> Run:
    return make_run(matcher, cases)


def mutated(run: Run, case_id: str, *listed: Listed) -> Run:
    """The run with another list for one case."""
    changed = dataclasses.replace(run.results[case_id], listed=listed)
    return dataclasses.replace(run, results={**run.results, case_id: changed})


def test_a_run_holds_whole_lists_and_says_what_it_was_made_from(run: Run, matcher: Matcher) -> None:
    assert set(run.lists["A"]) == {"machines/grant", "loans/grant", "new/grant"}
    assert run.results["A"].listed[0].verdict == "eligible" and run.results["A"].listed[0].parts
    assert run.made_from["library"] == matcher.library.version and run.made_from["model"] is None
    assert run.made_from["cases"]["n"] == 2 and {"commit", "weights", "seed", "machine"} <= run.made_from.keys()


def test_a_run_survives_its_file(run: Run, tmp_path: Path) -> None:
    save_run(run, tmp_path / "run.json")
    assert load_run(tmp_path / "run.json") == run


@pytest.mark.parametrize(
    ("content", "part"),
    [
        ("[]", "不是评测运行文件"),
        ("{", "不是评测运行文件"),
        ('{"format_version": 9}', "版本是 9"),
        (None, "没有这个文件"),
    ],
)
def test_wrong_run_files(tmp_path: Path, content: str | None, part: str) -> None:
    path = tmp_path / "run.json"
    if content is not None:
        path.write_text(content, "utf-8")
    with pytest.raises(InputError, match=part):
        load_run(path)


def test_two_runs_are_equal(run: Run, matcher: Matcher, cases: CaseSet) -> None:
    assert make_run(matcher, cases).results == run.results


def test_weights_can_differ_from_case_to_case(run: Run, matcher: Matcher, cases: CaseSet) -> None:
    flat = Weights({}, {"new": 5.0}, "test")
    usual = shipped_weights()
    found = make_run(matcher, cases, weights_for=lambda each: flat if each.case_id == "A" else usual)
    assert found.lists["A"] == ("new/grant", "loans/grant", "machines/grant")  # ties by measure id
    assert found.results["B"] == run.results["B"]


def test_each_miss_names_its_stage(run: Run, cases: CaseSet) -> None:
    found = {miss.target: miss for miss in misses(run, cases, 20)}
    assert {name: miss.stage for name, miss in found.items()} == {
        "nowhere": "absent", "big": "rule", "closed": "window", "old": "lifecycle"
    }  # fmt: skip
    (failed,) = found["big"].failed
    assert failed[1:] == ("20 人", "不低于 100 人")
    assert "现为：20 人；要求：不低于 100 人" in str(found["big"])
    assert "已失效" in found["old"].detail and "截止" in found["closed"].detail
    assert [miss.grade for miss in misses(run, cases, 20)] == [3, 2, 2, 2]
    assert stage_counts(misses(run, cases, 20))["absent"] == {3: 1}
    assert found["big"].to_json()["failed"][0]["required"] == "不低于 100 人"


def test_a_label_ranked_below_k_shows_rank_and_parts(run: Run, cases: CaseSet) -> None:
    last = mutated(
        run, "A", Listed("new/grant", 3.0), Listed("loans/grant", 2.0), Listed("machines/grant", 1.0, "", {"open": 1})
    )
    (miss,) = [each for each in misses(last, cases, 1) if each.target == "machines"]
    assert (miss.stage, miss.rank, miss.score, miss.score_at_k) == ("rank", 2, 1.0, 2.0)
    assert "名次 2" in str(miss) and "open +1.00" in str(miss)
    assert not [each for each in misses(last, cases, 2) if each.target == "machines"]


def test_a_label_without_a_reason_is_a_defect(cases: CaseSet) -> None:
    bare = Run("bare", {}, {c.case_id: CaseResult(c.case_id, c.as_of.isoformat(), ()) for c in cases.cases})
    assert {miss.stage for miss in misses(bare, cases, 20)} == {"candidate"}


def test_the_verdict_table(run: Run, cases: CaseSet) -> None:
    table = verdict_table(run, cases)
    assert table.counts == ((2, 0, 0), (1, 0, 0), (0, 0, 3))
    assert table.n == 6 and table.agreement == pytest.approx(5 / 6) and table.not_offered == 1
    assert table.kappa == pytest.approx((5 / 6 - 15 / 36) / (1 - 15 / 36))


def test_no_violation_in_a_real_run(run: Run, cases: CaseSet, matcher: Matcher) -> None:
    assert violations(run, cases, matcher.library) == ()


def test_every_kind_of_violation_is_seen(run: Run, cases: CaseSet, matcher: Matcher) -> None:
    broken_run = mutated(run, "B", Listed("old/grant", 2.0), Listed("machines/grant", 1.0, "eligible"))
    found = violations(broken_run, cases, matcher.library)
    assert [(each.kind, each.rank) for each in found] == [
        ("expired", 1), ("region", 2), ("industry", 2), ("ineligible", 2)
    ]  # fmt: skip
    assert "山东省" in str(found[1]) and "制造业企业" in str(found[2])


def test_a_good_run_passes_the_gate_and_a_mutated_one_does_not(run: Run, cases: CaseSet, matcher: Matcher) -> None:
    reached = score(run, cases)
    limits = {name: reached.overall[name].value - 0.01 for name in ("ndcg@10", "grade3_found@20")} | {"empty": 0.0}
    floors = Floors(1, "测试", cases.name, 2, limits)
    assert broken(floors, reached, cases, ()) == ()
    worse = mutated(run, "B")
    reasons = "\n".join(broken(floors, score(worse, cases), cases, ()))
    assert "nDCG@10" in reasons and "低于门槛" in reasons and "空列表的比例：0.5000，高于上限 0.0000" in reasons
    wrong = mutated(run, "B", *run.results["B"].listed, Listed("old/grant", -9.0))
    (reason,) = broken(floors, score(wrong, cases), cases, violations(wrong, cases, matcher.library))
    assert reason.startswith("硬性错误：B 第")


def test_dropping_cases_breaks_the_gate(run: Run, cases: CaseSet) -> None:
    fewer = dataclasses.replace(cases, cases=cases.cases[:1])
    (reason,) = broken(Floors(1, "测试", cases.name, 2, {}), score(run, fewer), fewer, ())
    assert "1 个" in reason
    missing = broken(
        Floors(1, "测试", cases.name, 1, {"ndcg@10": 0.1}), score(run, dataclasses.replace(fewer, cases=())), fewer, ()
    )
    assert "没有数值" in missing[0]


@pytest.mark.parametrize(
    ("raw", "part"),
    [
        ({"version": 1, "reason": "r", "cases": "c", "n": 1, "floors": {"nope": 1}}, "没有指标 nope"),
        ({"version": 1, "reason": " ", "cases": "c", "n": 1, "floors": {}}, "缺少 reason"),
        ({"version": 1}, "读不了门槛文件"),
    ],
)
def test_wrong_floor_files(tmp_path: Path, raw: dict[str, Any], part: str) -> None:
    (tmp_path / "floors.json").write_text(json.dumps(raw), "utf-8")
    with pytest.raises(InputError, match=part):
        load_floors(tmp_path / "floors.json")


def test_the_shipped_floors_are_sound() -> None:
    floors = load_floors()
    assert floors.limits and floors.n == 58 and floors.cases == "cases_dev.jsonl"


def test_the_permutation_test_on_known_inputs() -> None:
    assert sign_flip_p(np.zeros(8)) == sign_flip_p(np.empty(0)) == 1.0
    one_sided = sign_flip_p(np.full(20, 0.1))
    assert one_sided == pytest.approx(1 / 10_001)
    exact = 2 / 2**5  # all five signs equal, either way
    assert sign_flip_p(np.array([0.1, 0.2, 0.3, 0.4, 0.5])) == pytest.approx(exact, abs=0.01)
    assert sign_flip_p(np.array([0.3, -0.3, 0.2, -0.2])) == 1.0
    column = np.random.default_rng(3).normal(0.02, 0.1, size=40)
    assert sign_flip_p(column) == sign_flip_p(column) == sign_flip_p(-column)


def test_a_comparison_lists_what_got_better_and_worse(run: Run, cases: CaseSet) -> None:
    reverse = mutated(run, "A", *reversed(run.results["A"].listed))
    best = mutated(run, "A", *sorted(run.results["A"].listed, key=lambda item: item.measure_id != "machines/grant"))
    worst = mutated(run, "A", Listed("loans/grant", 2.0), Listed("machines/grant", 1.0))
    found = compare(worst, best, cases)
    assert [change.case_id for change in found.better] == ["A"] and not found.worse
    assert {str(move) for move in found.better[0].moves} >= {"machines（3 级）第 2 位 → 第 1 位"}
    assert compare(best, worst, cases).worse[0].case_id == "A"
    same = compare(run, run, cases)
    assert not same.better and not same.worse and all(item.p == 1.0 for item in same.differences)
    assert compare(dataclasses.replace(reverse, made_from={}), run, cases).notes


def test_a_run_that_lacks_a_case_is_refused(run: Run, cases: CaseSet) -> None:
    short = dataclasses.replace(run, results={"A": run.results["A"]})
    with pytest.raises(InputError, match="缺少 1 个案例：B"):
        compare(short, run, cases)


def test_baselines_know_their_place(matcher: Matcher, cases: CaseSet) -> None:
    rows = {row.name: row for row in Baselines(matcher, cases).rows()}
    assert list(rows) == ["random", "tags_region", "bm25", "rules", "rules_bm25"]  # without a model
    lists = {name: run_of(row, cases).lists for name, row in rows.items()}
    assert len(lists["random"]["A"]) == len(matcher.library.measures)
    assert "machines/grant" not in lists["tags_region"]["B"]
    assert lists["bm25"]["B"][0] == "loans/grant"
    assert set(lists["rules"]["A"]) == set(lists["rules_bm25"]["A"]) == {"machines/grant", "loans/grant", "new/grant"}
    assert lists["random"] == run_of(rows["random"], cases).lists


def test_the_ablation_ends_with_the_full_system(matcher: Matcher, cases: CaseSet, run: Run, tmp_path: Path) -> None:
    rows = ablate(matcher, cases, run)
    assert (
        rows[-1].name == "full"
        and not rows[-1].p
        and set(rows[0].p) == {"ndcg@10", "capped_recall@20", "grade3_found@20"}
    )
    table = to_markdown(rows, run.made_from)
    assert table.count("\n|") == len(rows) + 2 and "完整系统" in table
    text, data = write_results(rows, run, tmp_path, "x")
    assert text.name == "ablation_x.md" and len(json.loads(data.read_text("utf-8"))["rows"]) == len(rows)


def test_weights_learnt_from_the_cases_are_not_judged_by_them(matcher: Matcher, cases: CaseSet, run: Run) -> None:
    seen = dataclasses.replace(run, made_from={**run.made_from, "weights": {"made_by": f"learn ({cases.name})"}})
    rows = {row.name: row for row in ablate(matcher, cases, seen)}
    assert "交叉验证" in rows["full"].title and "仅供参考" in rows["shipped"].title
    assert list(rows)[-2:] == ["full", "shipped"] and not rows["shipped"].p


@pytest.fixture
def report(run: Run, cases: CaseSet, matcher: Matcher) -> Report:
    rows = tuple(ablate(matcher, cases, run))
    wrong = mutated(run, "B", *run.results["B"].listed, Listed("old/grant", -9.0))
    return Report(run, cases, score(run, cases, matcher.library), verdict_table(run, cases),
                  violations(wrong, cases, matcher.library), misses(run, cases, 20), 20,
                  compare(wrong, run, cases), rows, ("甲 < 乙",))  # fmt: skip


def test_the_report_for_people_and_programs(report: Report) -> None:
    text = to_text(report)
    for part in (
        "nDCG@10",
        "结论对照",
        "硬性错误 1 处",
        "被条件排除：2 级 1 条",
        "按政策层级",
        "配对随机化检验",
        "消融实验",
    ):
        assert part in text
    raw = json.loads(json.dumps(to_json(report), ensure_ascii=False))
    assert raw["metrics"]["ndcg@10"].keys() == {"value", "low", "high", "n"}
    assert raw["gate"] == {"passed": False, "reasons": ["甲 < 乙"]} and raw["misses"][0]["stage_text"]
    assert set(raw["slices"]["地区"]) == {"山东省内", "山东省外"}


def test_the_page_is_self_contained(report: Report, tmp_path: Path) -> None:
    write_html(report, tmp_path / "r.html")
    page = (tmp_path / "r.html").read_text("utf-8")
    assert page.count("<script src=") == 0 and page.count("plotly.js v") == 1 and 'lang="zh-CN"' in page
    assert "甲 &lt; 乙" in page and "不低于 100 人" in page
    with pytest.raises(InputError, match="写不了"):
        write_html(report, tmp_path)


def test_lost_reasons_are_kept_only_for_labels(run: Run) -> None:
    assert set(run.results["A"].lost) == {"big", "closed", "old", "nowhere"}
    assert run.results["A"].lost["nowhere"] == Lost("absent", "政策库中没有这一项")
