"""A run: what one system answered to every case, kept as a file and scored later.

A run file is JSON: what it was made from (commit, library digest, model, weights, seed, machine) and, for each case,
the whole ranked list with scores and verdicts, and for each label that is not in the list the stage that lost it.
"""

from __future__ import annotations

import dataclasses
import functools
import json
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np

from eval.bench.machine import machine
from eval.cases import Case, CaseSet, load_cases, shipped_cases
from eval.metrics import SEED, Ranking
from index.files import write_bytes
from matcher.assessment import Active
from matcher.eligibility import Truth
from matcher.ranking import Weights, shipped_weights
from matcher.service import Matcher
from policies.companies import CompanyTable
from policies.errors import InputError, ModelUnavailable, Problem
from policies.library import LibraryMeasure
from policies.profile import CompanyProfile

FORMAT_VERSION = 1
BATCH_FROM = 400
"""From this number of cases the encoder that starts slowly and runs fast is worth it."""
Stage = Literal["rule", "window", "lifecycle", "absent", "candidate"]


@dataclass(frozen=True)
class Listed:
    """One measure in a list.

    Attributes:
        verdict: eligible or possible; empty for a baseline that gives none.
        parts: Value of each ranking feature.
    """

    measure_id: str
    score: float
    verdict: str = ""
    parts: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Lost:
    """Why a labelled policy or measure is not in a list.

    Attributes:
        stage: "rule", "window", "lifecycle", "absent" (not in the library), "candidate" (none of these: a defect).
        detail: In Chinese: the measure looked at, the state of the policy or of its window.
        failed: For "rule": text, observed and required of each condition that is FALSE.
    """

    stage: Stage
    detail: str
    failed: tuple[tuple[str, str, str], ...] = ()


@dataclass(frozen=True)
class CaseResult:
    """The answer to one case.

    Attributes:
        listed: Everything that is offered, best first.
        lost: By labelled target that is not in the list.
    """

    case_id: str
    as_of: str
    listed: tuple[Listed, ...]
    lost: Mapping[str, Lost] = field(default_factory=dict)

    @property
    def measure_ids(self) -> tuple[str, ...]:
        """The list, best first."""
        return tuple(item.measure_id for item in self.listed)


@dataclass(frozen=True)
class Run:
    """The answers of one system.

    Attributes:
        made_from: Everything one needs to make it again.
        results: By case_id, in the order of the case file.
        seconds: Wall time for all cases, model loading included.
    """

    name: str
    made_from: Mapping[str, Any]
    results: Mapping[str, CaseResult]
    seconds: float = 0.0

    @property
    def lists(self) -> Ranking:
        """Lists of measure ids by case, best first."""
        return {name: result.measure_ids for name, result in self.results.items()}


def make_run(
    matcher: Matcher,
    cases: CaseSet,
    *,
    name: str = "huiqi",
    weights_for: Callable[[Case], Weights] | None = None,
    clock: Callable[[], float] = time.perf_counter,
    started: float | None = None,
    on_case: Callable[[int], None] | None = None,
) -> Run:
    """Ask the matcher every case.

    Args:
        matcher: The system.
        cases: The cases; labels are only used to say afterwards why one is not in a list.
        name: Of the system.
        weights_for: Weights to rank a case with, such as those fitted without it; None for the matcher's own.
        clock: Gives seconds.
        started: Reading of the clock before the matcher was opened, so that loading counts.
        on_case: Told after each case how many are done; what it raises ends the run.

    Raises:
        ModelUnavailable: The matcher was to compare meaning and cannot: figures without it would mislead.
    """
    began = clock() if started is None else started
    wanted_dense = matcher.retriever.dense
    encode_ahead(matcher, cases.cases)
    results = {}
    for done, case in enumerate(cases.cases, 1):
        results[case.case_id] = _answer(matcher, case, weights_for(case) if weights_for else None)
        if on_case:
            on_case(done)
    if wanted_dense and not matcher.retriever.dense:
        raise ModelUnavailable(f"{matcher.retriever.note}。评测不能在缺少语义模型时得出；只按字词评测请加 --no-dense")
    return Run(name, provenance(matcher, cases), results, round(clock() - began, 2))


def encode_ahead(matcher: Matcher, cases: Sequence[Case]) -> None:
    """Encode every text of the cases in one call, which is faster than case by case."""
    matcher.encode_ahead(CompanyTable.of([case.profile for case in cases]))


def _answer(matcher: Matcher, case: Case, weights: Weights | None) -> CaseResult:
    found = matcher.scored(case.profile, case.as_of, weights)
    listed = tuple(
        Listed(
            each.item.entry.measure_id,
            round(each.score, 6),
            each.item.verdict.value,
            {part: round(value, 4) for part, value in each.parts.items()},
        )
        for each in found
    )
    present = {item.measure_id for item in listed} | {item.measure_id.split("/")[0] for item in listed}
    finder = _Finder(matcher, case)
    lost = {target: finder.lost(target) for target in case.labels if target not in present}
    return CaseResult(case.case_id, case.as_of.isoformat(), listed, lost)


class _Finder:
    """Says which stage lost a target for one case."""

    def __init__(self, matcher: Matcher, case: Case) -> None:
        self.matcher, self.library, self.case = matcher, matcher.library, case
        self.active = {item.entry.measure_id: item for item in matcher.active(case.as_of)}

    def lost(self, target: str) -> Lost:
        entries = [e for e in self.library.measures if target in (e.measure_id, e.policy.policy_id)]
        if not entries:
            return Lost("absent", "政策库中没有这一项")
        state = self.library.lifecycle(entries[0].policy.policy_id, self.case.as_of)
        if not state.matchable:
            return Lost("lifecycle", f"政策状态：{state.value}")
        offered = [self.active[entry.measure_id] for entry in entries if entry.measure_id in self.active]
        if not offered:
            return Lost("window", f"申报窗口已截止：{_window_text(entries[0])}")
        closest = min((self._failed(item) for item in offered), key=lambda lost: len(lost.failed) or np.inf)
        return closest if closest.failed else Lost("candidate", "规则和窗口都未排除，却没有进入列表")

    def _failed(self, item: Active) -> Lost:
        match = self.matcher.explain(self.case.profile, item.entry.measure_id, self.case.as_of)
        failed = tuple((c.text, c.observed, c.required) for c in match.conditions if c.truth is Truth.FALSE)
        return Lost("rule", f"事项：{item.entry.measure.name}", failed)


def _window_text(entry: LibraryMeasure) -> str:
    window = entry.policy.window_of(entry.measure)
    return window.text or f"{window.opens or ''}至{window.closes or ''}"


def provenance(matcher: Matcher, cases: CaseSet) -> dict[str, Any]:
    """What a run was made from."""
    return {
        "commit": _commit(),
        "library": matcher.library.version,
        "model": matcher.retriever.index.manifest.model_id if matcher.retriever.dense else None,
        "weights": dataclasses.asdict(shipped_weights()),
        "cases": {"name": cases.name, "digest": cases.digest, "n": len(cases.cases)},
        "seed": SEED,
        "machine": machine(),
    }


def learnt_from(run: Run, cases: CaseSet) -> bool:
    """Whether the weights that ranked a run were learnt from any of these cases, so that its figures flatter."""
    made_by = str(run.made_from.get("weights", {}).get("made_by", ""))
    return cases.name in made_by or (shipped_cases().name in made_by and bool(taken_over(cases)))


@functools.lru_cache(maxsize=8)
def taken_over(cases: CaseSet) -> tuple[str, ...]:
    """Cases whose company is one of the shipped cases, whatever the file is called."""
    return tuple(case.case_id for case in cases.cases if any(case.profile == known for known in _shipped_profiles()))


@functools.cache
def _shipped_profiles() -> tuple[CompanyProfile, ...]:
    return tuple(case.profile for case in load_cases(shipped_cases()).cases)


def _commit() -> str | None:
    """The commit of the sources, with + if they were changed since; None outside a repository."""
    here = Path(__file__).resolve().parent
    try:
        found = [
            subprocess.run(["git", *what], cwd=here, capture_output=True, text=True, check=True, timeout=20).stdout
            for what in (["rev-parse", "--short=12", "HEAD"], ["status", "--porcelain", "--untracked-files=no"])
        ]
    except (OSError, subprocess.SubprocessError):
        return None
    return found[0].strip() + ("+" if found[1].strip() else "")


def without_parts(run: Run) -> Run:
    """A run without the values of ranking features, a quarter of the size: enough to compare with."""
    bare = {
        name: dataclasses.replace(result, listed=tuple(dataclasses.replace(item, parts={}) for item in result.listed))
        for name, result in run.results.items()
    }
    return dataclasses.replace(run, results=bare)


def save_run(run: Run, path: Path) -> None:
    """Write a run file in one step.

    Raises:
        InputError: The file cannot be written.
    """
    raw = {"format_version": FORMAT_VERSION, "name": run.name, "seconds": run.seconds, "made_from": run.made_from,
           "cases": [_case_json(result) for result in run.results.values()]}  # fmt: skip
    try:
        write_bytes(path, (json.dumps(raw, ensure_ascii=False) + "\n").encode())
    except OSError as error:
        raise InputError([Problem(str(path), "写不了这个文件", "请检查路径和权限")]) from error


def _case_json(result: CaseResult) -> dict[str, Any]:
    return {
        "case_id": result.case_id,
        "as_of": result.as_of,
        "list": [dataclasses.asdict(item) for item in result.listed],
        "lost": {target: dataclasses.asdict(lost) for target, lost in result.lost.items()},
    }


def load_run(path: Path) -> Run:
    """Read a run file.

    Raises:
        InputError: There is no such file, or it is not a run file of this version.
    """
    try:
        raw = json.loads(path.read_bytes())
        if raw["format_version"] != FORMAT_VERSION:
            reason = f"运行文件的版本是 {raw['format_version']}，本程序只读版本 {FORMAT_VERSION}"
            raise InputError([Problem(str(path), reason, "请重新运行评测")])
        results = [_case_of(item) for item in raw["cases"]]
        return Run(raw["name"], raw["made_from"], {result.case_id: result for result in results}, float(raw["seconds"]))
    except OSError as error:
        reason = "没有这个文件" if isinstance(error, FileNotFoundError) else "读不了这个文件"
        raise InputError([Problem(str(path), reason, "请检查路径和权限")]) from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError([Problem(str(path), "不是评测运行文件", "请用 huiqi eval … --out 生成")]) from error


def _case_of(raw: Mapping[str, Any]) -> CaseResult:
    listed = tuple(
        Listed(item["measure_id"], float(item["score"]), item["verdict"], item["parts"]) for item in raw["list"]
    )
    lost = {
        target: Lost(item["stage"], item["detail"], tuple((c[0], c[1], c[2]) for c in item["failed"]))
        for target, item in raw["lost"].items()
    }
    return CaseResult(raw["case_id"], raw["as_of"], listed, lost)
