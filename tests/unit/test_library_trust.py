"""What makes a record doubtful is found, counted against a ceiling that only falls, and put in order of harm."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from index.build import build_index
from index.cache import VectorCache
from matcher.library_check import validate_library
from matcher.library_due import NOMINAL_YUAN, Due
from matcher.library_due import due as find_due
from matcher.library_reach import EVERYBODY, NOBODY, Reach, reach
from matcher.library_twins import TWINS, twin_findings
from matcher.retrieval import measure_text
from policies.errors import InputError
from policies.library import Library, load_library
from policies.validate.ceilings import ABOVE, above, lowered, read_ceilings, write_ceilings
from policies.validate.report import Finding
from policies.validate.trust import NO_ADDRESS, NO_SUCCESSOR, NOT_READ, UNVERIFIED, YEAR_PASSED
from tests.support import write_library
from tests.unit.test_validate import AS_OF, manual, measure, policy, report_on

OFFICIAL = policy()["source"]
RECALLED = {"grade": "recalled", "confidence": "low"}

DOUBTS: dict[str, tuple[str, dict[str, Any]]] = {
    "no address": (NO_ADDRESS, {"source": {}}),
    "a newspaper's address": (NO_ADDRESS, {"source": {**OFFICIAL, "quality": "media"}}),
    "not read": (NOT_READ, {"provenance": RECALLED}),
    "an element not read": (UNVERIFIED, {"provenance": {**policy()["provenance"], "unverified": ["materials"]}}),
    "last year's scheme": (YEAR_PASSED, {"title": "2025年度济南市企业奖励申报", "window": {"kind": "by_notice"}}),
    "ended without a successor": (NO_SUCCESSOR, {"status": "expired", "valid_to": "2025-12-31"}),
    "for nobody": (NOBODY, {"measures": [measure(when=[{"field": "employees", "min": 10_000_000}])]}),
    "for everybody": (EVERYBODY, {"applies": [], "measures": [measure(when=[manual("由部门核实")])]}),
}


@pytest.mark.parametrize(("kind", "changes"), DOUBTS.values(), ids=DOUBTS)
def test_each_doubt_is_found(kind: str, changes: dict[str, Any], tmp_path: Path) -> None:
    assert kind in {found.kind for found in report_on(tmp_path, policy(**changes)).warnings}


@pytest.mark.parametrize(
    "changes",
    [
        {"title": "济南市企业奖励办法（2025年）"},
        {"title": "济南市2024—2027年企业奖励办法"},
        {"title": "2025年度济南市企业奖励申报", "valid_to": "2027-12-31"},
        {"title": "2025年度济南市企业奖励申报"},
    ],
    ids=["edition", "span of years", "still valid", "open all year"],
)
def test_a_year_in_the_title_is_no_doubt_where_it_goes_on(changes: dict[str, Any], tmp_path: Path) -> None:
    assert YEAR_PASSED not in {found.kind for found in report_on(tmp_path, policy(**changes)).warnings}


def test_what_is_no_longer_offered_is_not_doubted(tmp_path: Path) -> None:
    followed = [{"type": "followed_by", "target_text": "济南市企业奖励办法（2026年）"}]
    ended = policy(status="expired", valid_to="2025-12-31", relations=followed, source={}, provenance=RECALLED)
    assert {found.kind for found in report_on(tmp_path, ended).warnings} <= {"条件或金额中的数字原文没有"}


def test_a_rule_that_asks_what_the_population_does_not_say_is_not_for_everybody(tmp_path: Path) -> None:
    asks = measure(when=[{"field": "process_nm", "max": 28}])
    report = report_on(tmp_path, policy(applies=[], measures=[asks]))
    assert EVERYBODY not in {found.kind for found in report.warnings}


# ---- twins ----------------------------------------------------------------------------------------------------------


class Encoder:
    """Stands in for the encoder: texts with the same mark are near, others are far."""

    model_id, dim = "stub", 8

    def encode_query(self, texts: Sequence[str]) -> NDArray[np.float32]:
        return self.encode_document(texts)

    def encode_document(self, texts: Sequence[str]) -> NDArray[np.float32]:
        vectors = np.zeros((len(texts), self.dim), dtype=np.float32)
        for row, text in enumerate(texts):
            vectors[row, 0 if "奖励" in text else 1 + len(text) % 7] = 1
        return vectors


def twins_of(folder: Path, *policies: dict[str, Any]) -> list[Finding]:
    library = load_library(write_library(folder, *policies))
    texts = [measure_text(entry) for entry in library.measures]
    index = build_index(
        folder / "index", [entry.measure_id for entry in library.measures], texts, library_digest=library.digest,
        encoder=Encoder(), cache=VectorCache(None), query_samples=("甲", "乙"),
    )  # fmt: skip
    return list(twin_findings(library, index).warnings)


def far(policy_id: str) -> dict[str, Any]:
    return policy(policy_id, title=f"共享补贴{policy_id}", summary="共享。", measures=[measure(name="券", text="7")])


def test_the_same_in_other_words_is_found_unless_the_policies_are_related(tmp_path: Path) -> None:
    others = [far("c"), far("cc"), far("ccc")]
    two = policy("two", title="关于鼓励中小企业的奖励通知")
    assert [(found.kind, found.file) for found in twins_of(tmp_path / "a", policy(), two, *others)] == [
        (TWINS, "two.yaml")
    ]
    related = {**two, "relations": [{"type": "implements", "target": "one"}]}
    assert twins_of(tmp_path / "b", policy(), related, *others) == []
    other_sum = policy("two", measures=[measure(text="不超过300人的企业，一次性奖励20万元")])
    assert twins_of(tmp_path / "c", policy(), other_sum, *others) == []


# ---- ceilings -------------------------------------------------------------------------------------------------------


def warnings_of(**counts: int) -> list[Finding]:
    return [Finding(kind, "one.yaml", "", "", "") for kind, count in counts.items() for _ in range(count)]


def test_a_count_above_its_ceiling_is_a_problem_and_a_kind_without_one_may_have_none() -> None:
    found = above(warnings_of(a=3, b=2, c=1), {"a": 2, "b": 2}).problems
    assert [(problem.kind, problem.path) for problem in found] == [(ABOVE, "a"), (ABOVE, "c")]
    assert "3 处，上限 2 处" in found[0].reason


def test_ceilings_only_fall() -> None:
    assert lowered(warnings_of(a=3, b=1), None) == {"a": 3, "b": 1}
    assert lowered(warnings_of(a=3, b=1, c=4), {"a": 2, "b": 2, "d": 5}) == {"a": 2, "b": 1}


def test_ceilings_are_kept_beside_the_library(tmp_path: Path) -> None:
    assert read_ceilings(tmp_path) is None
    write_ceilings(tmp_path, {"没有官方网址": 2})
    assert read_ceilings(tmp_path) == {"没有官方网址": 2}
    (tmp_path / "ceilings.json").write_text(json.dumps({"a": -1}))
    with pytest.raises(InputError, match="ceilings"):
        read_ceilings(tmp_path)


# ---- what is due ----------------------------------------------------------------------------------------------------


def due_in(folder: Path, *policies: dict[str, Any], days: int = 90) -> list[Due]:
    library: Library = load_library(write_library(folder, *policies))
    warnings = validate_library(library, AS_OF).warnings
    return find_due(library, reach(library, AS_OF), warnings, AS_OF, days)


def test_the_most_harmful_comes_first(tmp_path: Path) -> None:
    wide = policy("wide", applies=[], source={})
    dear = policy("dear", source={}, measures=[measure(benefit={"type": "fixed", "amount_wan": 5000})])
    small = policy("small", source={})
    rows = due_in(tmp_path, small, wide, dear)
    assert [row.policy_id for row in rows] == ["dear", "wide", "small"]
    for row in rows:
        assert row.harm_yuan == pytest.approx(row.reach * row.yuan * row.doubt)
        assert 0 < row.doubt < 1 and row.where == "济南市工业和信息化局"


def test_a_measure_without_a_sum_counts_a_nominal_one(tmp_path: Path) -> None:
    (row,) = due_in(tmp_path, policy(source={}, measures=[measure(benefit={"type": "honour", "grants": "瞪羚企业"})]))
    assert row.yuan == NOMINAL_YUAN


@pytest.mark.parametrize(("days", "found"), [(38, True), (37, False)])
def test_what_ends_soon_is_due(days: int, found: bool, tmp_path: Path) -> None:
    rows = due_in(tmp_path, policy(valid_to="2026-12-31"), days=days)
    assert any("38 天后到期" in row.reasons for row in rows) is found


@pytest.mark.parametrize(
    ("check", "reason"),
    [
        ({"day": "2026-11-01", "by": "王", "result": "link_dead"}, "链接已失效（2026-11-01）"),
        ({"day": "2026-11-01", "by": "王", "result": "doubt", "note": "金额"}, "上次核对存疑（2026-11-01）"),
        ({"day": "2025-11-01", "by": "王", "result": "verified"}, "上次核对已过一年（2025-11-01）"),
        ({"day": "2026-11-01", "by": "王", "result": "verified"}, None),
        ({"day": "2026-12-01", "by": "王", "result": "link_dead"}, None),
    ],
)
def test_the_last_look_counts(check: dict[str, Any], reason: str | None, tmp_path: Path) -> None:
    earlier = {"day": "2024-01-01", "by": "李", "result": "verified"}
    history = [earlier, check] if check["day"] <= AS_OF.isoformat() else [check]
    reasons = {text for row in due_in(tmp_path, policy(history=history)) for text in row.reasons}
    looked = {text for text in reasons if "核对" in text or "链接" in text}
    assert looked == ({reason} if reason else set())


def test_reach_says_whom_and_how_much(tmp_path: Path) -> None:
    library = load_library(write_library(tmp_path, policy(), policy("two", applies=[], measures=[measure(when=[])])))
    found = reach(library, AS_OF)
    assert 0 < found["one/award"].possible < found["two/award"].possible == 1
    assert found["one/award"] == Reach(found["one/award"].possible, 100_000.0)
