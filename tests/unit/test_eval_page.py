"""The evaluators' pages without their widgets: case sets, evaluations in the background, what is shown of them."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
import re
from pathlib import Path
from typing import Any

import pytest

from eval.cases import read_cases, shipped_cases
from eval.misses import Miss
from eval.page import case_sets, evaluations, findings, render, views, words
from eval.page.evaluations import ABLATION, Options
from eval.page.results import SHIPPED_RESULTS, Asked, Results
from eval.report import Report
from eval.run import learnt_from, load_run, save_run, taken_over
from matcher.service import Matcher
from matcher.store.tables import JobState
from policies.errors import InputError
from tests.eval_page_support import FACTORY, INDUSTRY, LABELS, NATIONAL, NOW, OTHER, SHOP, Place, opened
from tests.support import measure, policy, write_library
from tests.unit.test_eval_cases import case, write


@pytest.fixture(scope="module")
def matcher(tmp_path_factory: pytest.TempPathFactory) -> Matcher:
    library = write_library(
        tmp_path_factory.mktemp("library"),
        policy("machines", measure(text="购置数控机床奖补"), applies=[INDUSTRY], title="<b>机床</b>奖补", **NATIONAL),
        policy("loans", measure(text="贷款贴息"), **NATIONAL),
        policy("big", measure(when=[{"field": "employees", "min": 100}]), **NATIONAL),
        policy("closed", measure(), window={"kind": "fixed", "closes": "2025-01-31"}, **NATIONAL),
    )
    return Matcher.open(library, dense=False)


@pytest.fixture
def place(tmp_path: Path, matcher: Matcher) -> Place:
    return opened(tmp_path, lambda: matcher)


# ---- case sets ------------------------------------------------------------------------------------------------------


def test_a_bad_line_costs_no_good_one_and_is_named_by_line_and_case(place: Place, tmp_path: Path) -> None:
    good = case("A", profile=FACTORY, labels=LABELS)
    path = write(tmp_path, good, "not json", case("C", as_of="2026-13-01", labels={"p": {"grade": 9}}), good)
    kept = place.sets.upload(path, "ann")
    found = place.sets.read(kept.set_id, "ann")
    assert [one.case_id for one in found.cases.cases] == ["A"]
    assert found.problems == kept.found.problems
    assert [one.where.split("，")[0] for one in found.problems] == [
        "cases.jsonl 第 2 行", "cases.jsonl 第 3 行（案例 C）", "cases.jsonl 第 3 行（案例 C）", "cases.jsonl 第 4 行",
    ]  # fmt: skip
    assert "重复" in found.problems[-1].reason
    shown = render.uploaded("cases.jsonl", found)
    assert "1 个案例可用；另有 4 处问题" in shown
    assert shown.count("<tr>") == 5


def test_a_file_without_a_good_case_is_not_kept(place: Place, tmp_path: Path) -> None:
    for lines in (["not json"], [""]):
        kept = place.sets.upload(write(tmp_path, *lines), "ann")
        assert kept.set_id == ""
        assert kept.found.problems
    assert place.sets.of("ann") == []
    assert list(place.services.files.folder.iterdir()) == []


def test_case_sets_belong_to_who_sent_them(place: Place, tmp_path: Path) -> None:
    set_id = place.upload(tmp_path)
    with pytest.raises(InputError, match="已不存在"):
        place.sets.read(set_id, "bob")
    with pytest.raises(InputError, match="已不存在"):
        place.sets.delete(set_id, "bob")
    with pytest.raises(InputError, match="已不存在"):
        place.evaluations.submit("bob", Options(set_id))
    assert place.sets.of("bob") == []
    assert place.sets.delete(set_id, "ann") == "own.jsonl"
    with pytest.raises(InputError, match="已不存在"):
        place.sets.read(set_id, "ann")


def test_a_result_file_is_no_case_set(place: Place, tmp_path: Path) -> None:
    made = place.evaluations.records.finished(place.done(place.upload(tmp_path)), "ann")
    with pytest.raises(InputError, match="已不存在"):
        place.sets.read(made.files[0], "ann")


@pytest.mark.parametrize(("limit", "value", "message"), [
    ("MAX_BYTES", 10, "超过上限"), ("MAX_CASES", 1, "有 2 个案例"), ("MAX_SETS", 0, "最多保存"),
])  # fmt: skip
def test_limits_of_uploads(
    place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limit: str, value: int, message: str
) -> None:
    monkeypatch.setattr(case_sets, limit, value)
    with pytest.raises(InputError, match=message):
        place.upload(tmp_path)
    assert place.sets.of("ann") == []


def test_the_summary_counts_cases_labels_groups_and_what_the_library_lacks(
    place: Place, tmp_path: Path, matcher: Matcher
) -> None:
    found = place.sets.read(place.upload(tmp_path), "ann")
    view = views.set_view(found, matcher.library)
    assert (view.n, view.pairs, view.judged, view.no_verdict, view.familiar) == (2, 6, None, 2, 0)
    assert dict(view.grades) == {words.GRADE_TITLES[3]: 3, words.GRADE_TITLES[2]: 2, words.GRADE_TITLES[1]: 1,
                                 words.GRADE_TITLES[0]: 0}  # fmt: skip
    assert view.unknown == ("nowhere",)
    assert view.groups[words.PROVINCE] == {"山东省": 1, "四川省": 1}
    shown = render.case_set(found, matcher.library)
    assert words.UNFAMILIAR in shown
    assert words.JUDGED_ALL_NOTE in shown


def test_a_copy_of_the_shipped_cases_counts_as_seen_whatever_its_name(place: Place, tmp_path: Path) -> None:
    line = shipped_cases().read_text("utf-8").splitlines()[0]
    renamed = json.dumps({**json.loads(line), "case_id": "新编号"}, ensure_ascii=False)
    path = write(tmp_path, renamed, case("B", profile=SHOP, labels=OTHER), name="mine.jsonl")
    cases = read_cases(path).cases
    assert taken_over(cases) == ("新编号",)
    run = load_run(SHIPPED_RESULTS / "run_dev.json")
    assert learnt_from(run, cases)
    only_own = dataclasses.replace(cases, cases=cases.cases[1:])
    assert not learnt_from(run, only_own)
    assert "其中 1 例是随软件的开发案例" in render.case_set(read_cases(path), None)


# ---- evaluations ----------------------------------------------------------------------------------------------------


def test_an_evaluation_is_kept_with_figures_and_files(place: Place, tmp_path: Path) -> None:
    evaluation_id = place.done(place.upload(tmp_path))
    made = place.evaluations.records.finished(evaluation_id, "ann")
    files = {one.media_type: one for one in place.evaluations.records.files(made)}
    assert set(files) == {"application/json", "text/html"}
    assert files["application/json"].name == "评测_2026-06-15_0930.json"
    assert all((one.owner, one.job_id) == ("ann", None) for one in files.values())
    assert "评测报告" in place.services.files.path_of(files["text/html"]).read_text("utf-8")
    assert made.report is not None
    assert made.report["misses"] == 3
    report = place.evaluations.report(evaluation_id, "ann")
    assert (report.k, [miss.stage for miss in report.misses]) == (1, ["absent", "rule", "window"])
    view = views.run_view(made, list(files.values()), NOW.tzinfo)
    assert (view.state, view.method, view.day, view.figures[2]) == ("已完成", "只按字词", "各案例自己的日期", "3")
    assert re.search(r"/files/[\w-]{22}", render.piece("runs", runs=[view], most=10))


def test_results_are_only_for_their_owner(place: Place, tmp_path: Path) -> None:
    evaluation_id = place.done(place.upload(tmp_path))
    for look in (place.evaluations.report, place.evaluations.run, place.evaluations.ablation):
        with pytest.raises(InputError, match="已不存在"):
            look(evaluation_id, "bob")
    assert place.evaluations.records.of("bob") == []
    with pytest.raises(InputError, match="已不存在"):
        Results(place.services, place.evaluations).answer(Asked(evaluation_id, "overall", "ndcg@10"), "bob")


def test_one_at_a_time_for_an_owner_and_a_waiting_one_is_cancelled_at_once(tmp_path: Path, matcher: Matcher) -> None:
    place = opened(tmp_path, lambda: matcher, start=False)
    sets = {owner: place.upload(tmp_path, owner, f"{owner}.jsonl") for owner in ("ann", "bob")}
    first, second = (place.evaluations.submit(owner, Options(sets[owner], dense=False)) for owner in sets)
    with pytest.raises(InputError, match="还没有结束"):
        place.evaluations.submit("ann", Options(sets["ann"]))
    place.evaluations.cancel("bob")
    waiting = place.evaluations.records.find(second.evaluation_id, "bob")
    assert waiting is not None
    assert waiting.state is JobState.CANCELLED
    place.evaluations.cancel("ann")
    place.services.engine.start()
    place.evaluations.join()
    for made, owner in ((first, "ann"), (second, "bob")):
        ended = place.evaluations.records.find(made.evaluation_id, owner)
        assert ended is not None
        assert (ended.state, ended.files) == (JobState.CANCELLED, [])
    assert place.evaluations.active("ann") is None
    assert place.done(sets["ann"])


def test_a_cancelled_run_ends_between_two_cases(place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    set_id = place.upload(tmp_path)
    asked: list[str] = []
    scored = Matcher.scored

    def cancelling(self: Matcher, *given: Any) -> Any:
        asked.append(given[0].name)
        place.evaluations.cancel("ann")
        return scored(self, *given)

    monkeypatch.setattr(Matcher, "scored", cancelling)
    made = place.evaluations.submit("ann", Options(set_id, dense=False))
    place.evaluations.join()
    ended = place.evaluations.records.find(made.evaluation_id, "ann")
    assert ended is not None
    assert ended.state is JobState.CANCELLED
    assert asked == ["甲公司"]


def test_a_failure_is_told_and_the_next_one_goes_on(
    place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_id = place.upload(tmp_path)
    made = place.evaluations.submit("ann", Options(set_id, dense=True))
    place.evaluations.join()
    ended = place.evaluations.records.find(made.evaluation_id, "ann")
    assert ended is not None
    assert (ended.state, ended.problem) == (JobState.FAILED, words.NO_MODEL)
    with monkeypatch.context() as patch:
        patch.setattr(evaluations, "measured", lambda *_: 1 / 0)
        made = place.evaluations.submit("ann", Options(set_id, dense=False))
        place.evaluations.join()
    ended = place.evaluations.records.find(made.evaluation_id, "ann")
    assert ended is not None
    assert (ended.state, ended.problem) == (JobState.FAILED, words.UNEXPECTED)
    assert "没有完成" in views.progress_view(ended).sentence
    assert place.done(set_id)


def test_what_an_ended_process_left_is_marked_as_interrupted(tmp_path: Path, matcher: Matcher) -> None:
    first = opened(tmp_path, lambda: matcher, start=False)
    made = first.evaluations.submit("ann", Options(first.upload(tmp_path), dense=False))
    second = opened(tmp_path, lambda: matcher)
    ended = second.evaluations.records.find(made.evaluation_id, "ann")
    assert ended is not None
    assert (ended.state, ended.problem) == (JobState.FAILED, words.INTERRUPTED)
    assert second.evaluations.active("ann") is None


def test_the_oldest_go_with_their_files(place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evaluations, "MAX_KEPT", 1)
    set_id = place.upload(tmp_path)
    first = place.evaluations.records.finished(place.done(set_id), "ann")
    monkeypatch.setattr(place.services, "now", lambda: NOW + dt.timedelta(minutes=1))
    second = place.done(set_id)
    assert [made.evaluation_id for made in place.evaluations.records.of("ann")] == [second]
    assert all(place.services.files.find(file_id, "ann") is None for file_id in first.files)


def test_a_company_founded_after_the_day_asked_for_is_named(place: Place, tmp_path: Path) -> None:
    young = case("甲9", profile={**FACTORY, "established": "2026-05-01"})
    set_id = place.upload(tmp_path, "ann", "young.jsonl", young)
    with pytest.raises(InputError, match="案例 甲9"):
        place.evaluations.submit("ann", Options(set_id, as_of="2026-01-01"))
    assert place.done(set_id, as_of="2026-06-01")


def test_an_ablation_of_unseen_cases_is_kept_and_read_again(place: Place, tmp_path: Path) -> None:
    evaluation_id = place.done(place.upload(tmp_path), kind=ABLATION)
    rows, made_from = place.evaluations.ablation(evaluation_id, "ann")
    assert [row.name for row in rows] == ["random", "tags_region", "bm25", "rules", "rules_bm25", "full"]
    html = render.ablation(rows, made_from, "ndcg@10", [("/files/x", "表格")])
    assert words.OWN_NOTE in html
    assert words.HELD_OUT_NOTE not in html
    assert words.IN_SAMPLE_NOTE not in html
    assert 'href="/files/x"' in html


# ---- what is shown --------------------------------------------------------------------------------------------------


def answer(place: Place, evaluation_id: str, view: str, results: Results | None = None, **more: Any) -> Any:
    shown = results or Results(place.services, place.evaluations)
    return shown.answer(Asked(evaluation_id, view, "ndcg@10", **more), "ann")


def test_misses_say_what_lost_them_and_escape_what_people_wrote(place: Place, tmp_path: Path) -> None:
    evaluation_id = place.done(place.upload(tmp_path))
    found = answer(place, evaluation_id, "misses")
    assert [value for _, value in found.stages] == ["", "rule", "window", "absent"]
    assert found.stages[1][0] == "被条件排除（1）"
    assert "现为：20 人；要求：" in found.html
    assert "<script>" not in found.html
    assert "&lt;script&gt;人数不够" in found.html
    only = answer(place, evaluation_id, "misses", stage="rule", grade="2")
    assert only.html.count('class="hv-miss"') == 1
    assert 'href="/policies/big"' in only.html
    none = answer(place, evaluation_id, "misses", stage="rule", grade="3")
    assert words.MISSES_NO_FIT in none.html
    for bad in ({"view": "other"}, {"view": "misses", "metric": "none"}):
        with pytest.raises(InputError, match="选项无效"):
            asked = Asked(evaluation_id, bad["view"], bad.get("metric", "ndcg@10"))
            Results(place.services, place.evaluations).answer(asked, "ann")


def test_pages_of_misses_hold_every_miss_once(place: Place, tmp_path: Path) -> None:
    report = place.evaluations.report(place.done(place.upload(tmp_path)), "ann")
    library = place.services.engine.matcher().library
    many = [dataclasses.replace(report.misses[0], case_id=f"C{n:02}") for n in range(23)]
    long = dataclasses.replace(report, misses=tuple(many))
    pages = [findings.miss_page(long, library, "", "", page) for page in (1, 2, 3)]
    assert [one.miss.case_id for page in pages for one in page.shown] == [f"C{n:02}" for n in range(23)]
    assert pages[2].sentence == "共 23 条，现在显示第 21–23 条。"
    assert findings.miss_page(long, library, "", "", 99).page == 3
    assert findings.miss_page(long, library, "", "", -1).page == 1


def test_a_miss_of_the_ranking_shows_place_score_and_features_in_chinese(matcher: Matcher) -> None:
    miss = Miss("A", "machines", 3, "eligible", "", "rank", "", 25, 0.1, 0.2, {"whole_dense": 1.0, "theme": 0.0})
    view = findings.miss_view(miss, 20, matcher.library)
    assert (view.stage, view.place) == ("排在前 20 项之后", "第 25 位，得分 0.100")
    assert view.place_k == "第 20 位的得分是 0.200"
    assert (view.target.title, view.target.link) == ("<b>机床</b>奖补", "/policies/machines")
    assert view.parts == (("语义相似", "+1.00"),)


def test_every_feature_of_the_ranking_has_a_chinese_name(matcher: Matcher) -> None:
    from policies.profile import CompanyProfile

    scored = matcher.scored(CompanyProfile.model_validate(FACTORY), NOW.date())
    assert set(scored[0].parts) <= set(words.FEATURES)


def test_two_runs_are_compared_case_by_case(place: Place, tmp_path: Path) -> None:
    set_id = place.upload(tmp_path)
    first = place.done(set_id)
    second = place.done(set_id, as_of="2025-01-01")
    waiting = answer(place, second, "compare")
    assert [value for _, value in waiting.baselines] == [first]
    assert words.BASELINE_PICK in waiting.html
    found = answer(place, second, "compare", baseline=first)
    assert found.baseline == first
    assert words.DAY_CHANGED in found.html
    assert words.WINS.format(better=1, worse=0, same=1) in found.html
    assert "未列出 → 第" in found.html
    unknown = answer(place, second, "compare", baseline="somebody-elses")
    assert unknown.baseline == ""


def test_without_another_run_of_the_same_cases_there_is_nothing_to_compare_with(place: Place, tmp_path: Path) -> None:
    evaluation_id = place.done(place.upload(tmp_path))
    place.done(place.upload(tmp_path, "ann", "other.jsonl", case("A", profile=FACTORY, labels=OTHER)))
    assert words.BASELINE_NONE in answer(place, evaluation_id, "compare").html


def test_a_shipped_run_of_the_same_cases_is_a_baseline(place: Place, tmp_path: Path) -> None:
    evaluation_id = place.done(place.upload(tmp_path))
    (tmp_path / "shipped").mkdir()
    save_run(place.evaluations.run(evaluation_id, "ann"), tmp_path / "shipped" / "run_x.json")
    results = Results(place.services, place.evaluations, tmp_path / "shipped")
    found = answer(place, evaluation_id, "compare", results, baseline="run_x.json")
    assert words.WINS.format(better=0, worse=0, same=2) in found.html
    assert found.html.count(f">{words.SAME}<") == len(place.evaluations.report(evaluation_id, "ann").scores.overall)


def test_verdicts_stand_in_a_table_with_its_sums(place: Place, tmp_path: Path) -> None:
    html = answer(place, place.done(place.upload(tmp_path)), "verdicts").html
    assert "4 条有结论的标注" in html
    assert words.VIOLATIONS_NONE in html
    assert len(re.findall(r"hv-agreed", html)) == 3


def test_reports_hold_no_words_of_the_program(place: Place, tmp_path: Path) -> None:
    evaluation_id = place.done(place.upload(tmp_path))
    report: Report = place.evaluations.report(evaluation_id, "ann")
    assert report.run.name == "huiqi"
    html = "".join(answer(place, evaluation_id, view).html for view in words.VIEWS)
    shown = re.sub(r"<[^>]*>", " ", html)
    for word in ("rule", "window", "absent", "eligible", "None", "lexical"):
        assert not re.search(rf"\b{word}\b", shown)
