"""The regression gate: a run must hold every floor and have no hard violation.

`data/floors.json` holds floors a little under the last good figures; it is changed only with a reason in the CHANGELOG:

    {"version": 1, "reason": "…", "cases": "cases_dev.jsonl", "n": 58, "floors": {"ndcg@10": 0.5}}
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from eval.cases import CaseSet
from eval.compare import Scores
from eval.metrics import LOWER_IS_BETTER, TITLES
from eval.verdicts import Violation
from policies.errors import InputError, Problem


@dataclass(frozen=True)
class Floors:
    """What a run has to reach.

    Attributes:
        version: Goes up with every change.
        reason: Why the figures are what they are.
        cases: Name of the case file they hold for.
        n: Number of cases at least, so that none is dropped to pass.
        limits: Metric to least mean (or greatest, where lower is better).
    """

    version: int
    reason: str
    cases: str
    n: int
    limits: Mapping[str, float]


def shipped_floors() -> Path:
    """The floors that ship with the sources."""
    return Path(__file__).with_name("data") / "floors.json"


def load_floors(path: Path | None = None) -> Floors:
    """Read a floor file.

    Raises:
        InputError: It cannot be read or names a metric that does not exist.
    """
    source = path or shipped_floors()
    try:
        raw = json.loads(source.read_bytes())
        limits = {str(name): float(value) for name, value in raw["floors"].items()}
        floors = Floors(int(raw["version"]), str(raw["reason"]), str(raw["cases"]), int(raw["n"]), limits)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError([Problem(str(source), "读不了门槛文件", "格式见 eval/gate.py")]) from error
    unknown = [name for name in floors.limits if name not in TITLES]
    if unknown or not floors.reason.strip():
        reason = f"没有指标 {'、'.join(unknown)}" if unknown else "缺少 reason（为什么是这些数）"
        raise InputError([Problem(str(source), reason, f"可用的指标：{'、'.join(TITLES)}")])
    return floors


def broken(floors: Floors, scores: Scores, cases: CaseSet, violations: Sequence[Violation]) -> tuple[str, ...]:
    """Every reason why the run must not pass, in Chinese with figures; empty if it passes."""
    found = []
    if cases.name != floors.cases or len(cases.cases) < floors.n:
        found.append(f"门槛针对 {floors.cases}（{floors.n} 个案例），本次是 {cases.name}（{len(cases.cases)} 个）")
    for name, limit in floors.limits.items():
        reached = scores.overall.get(name)
        if reached is None:
            found.append(f"{TITLES[name]}：没有数值，门槛 {limit:.3f}")
        elif (reached.value > limit) if name in LOWER_IS_BETTER else (reached.value < limit):
            side = "高于上限" if name in LOWER_IS_BETTER else "低于门槛"
            found.append(f"{TITLES[name]}：{reached.value:.4f}，{side} {limit:.4f}")
    found += [f"硬性错误：{violation}" for violation in violations]
    return tuple(found)
