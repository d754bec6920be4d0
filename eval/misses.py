"""Every relevant label that is not among the first k, and the stage that lost it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from eval.cases import Case, CaseSet
from eval.metrics import condensed, targets_of
from eval.run import CaseResult, Listed, Run

STAGE_TITLES = {
    "rule": "被条件排除",
    "window": "申报窗口已截止",
    "lifecycle": "政策不在有效期",
    "absent": "政策库未收录",
    "candidate": "未进入候选（缺陷）",
    "rank": "排在第 k 位之后",
}


@dataclass(frozen=True)
class Miss:
    """A relevant label that a reader of the first k does not see.

    Attributes:
        stage: A stage of `Lost`, or "rank".
        rank: Place in the condensed list, from 1; None if it is not in the list.
        score: Its score; None likewise.
        score_at_k: Score of what stands at place k.
        parts: Ranking features of its best-ranked measure.
        failed: Text, observed and required of each condition that is FALSE.
    """

    case_id: str
    target: str
    grade: int
    verdict: str | None
    why: str
    stage: str
    detail: str
    rank: int | None = None
    score: float | None = None
    score_at_k: float | None = None
    parts: Mapping[str, float] | None = None
    failed: tuple[tuple[str, str, str], ...] = ()

    def to_json(self) -> dict[str, Any]:
        """As the report and `--json` hold it."""
        raw = asdict(self)
        raw["stage_text"] = STAGE_TITLES[self.stage]
        raw["failed"] = [{"text": text, "observed": seen, "required": need} for text, seen, need in self.failed]
        return raw

    def __str__(self) -> str:
        """In one Chinese line."""
        head = f"[{self.grade} 级] {self.case_id} {self.target}：{STAGE_TITLES[self.stage]}"
        return f"{head}，{self.explanation}。标注理由：{self.why or '无'}"

    @property
    def explanation(self) -> str:
        """What lost it, in Chinese."""
        if self.stage == "rank":
            parts = "、".join(f"{name} {value:+.2f}" for name, value in (self.parts or {}).items() if value)
            return f"名次 {self.rank}，得分 {self.score:.3f}（第 k 位 {self.score_at_k:.3f}）；{parts}"
        lines = "；".join(f"{text}（现为：{seen}；要求：{need}）" for text, seen, need in self.failed)
        return f"{self.detail}{'；' + lines if lines else ''}"


def misses(run: Run, cases: CaseSet, k: int) -> tuple[Miss, ...]:
    """Relevant labels outside the first k of the condensed lists, highest grade first."""
    found = [miss for case in cases.cases for miss in _of_case(run.results[case.case_id], case, cases, k)]
    return tuple(sorted(found, key=lambda miss: (-miss.grade, miss.case_id, miss.rank or 0, miss.target)))


def _of_case(result: CaseResult, case: Case, cases: CaseSet, k: int) -> list[Miss]:
    order = condensed(targets_of(result.measure_ids, case.labels), case)
    place = {target: rank for rank, target in enumerate(order, 1)}
    best = _best_measures(result.listed, case)
    at_k = best[order[k - 1]].score if len(order) >= k else None
    found = []
    for target in cases.relevant(case):
        rank = place.get(target)
        if rank is not None and rank <= k:
            continue
        found.append(_ranked_below(case, target, rank, best[target], at_k) if rank else _lost(result, case, target))
    return found


def _best_measures(listed: Sequence[Listed], case: Case) -> dict[str, Listed]:
    best: dict[str, Listed] = {}
    for item in listed:
        (target,) = targets_of([item.measure_id], case.labels)
        best.setdefault(target, item)
    return best


def _ranked_below(case: Case, target: str, rank: int, item: Listed, at_k: float | None) -> Miss:
    label = case.labels[target]
    return Miss(case.case_id, target, label.grade, label.verdict, label.why, "rank", f"事项 {item.measure_id}",
                rank, item.score, at_k, item.parts)  # fmt: skip


def _lost(result: CaseResult, case: Case, target: str) -> Miss:
    label, lost = case.labels[target], result.lost.get(target)
    stage, detail, failed = (lost.stage, lost.detail, lost.failed) if lost else ("candidate", "没有记录原因", ())
    return Miss(case.case_id, target, label.grade, label.verdict, label.why, stage, detail, failed=failed)


def stage_counts(found: Sequence[Miss]) -> dict[str, dict[int, int]]:
    """Number of misses by stage and grade."""
    counts = Counter((miss.stage, miss.grade) for miss in found)
    stages = [stage for stage in STAGE_TITLES if any(key[0] == stage for key in counts)]
    return {stage: {grade: counts[stage, grade] for grade in (3, 2, 1) if counts[stage, grade]} for stage in stages}
