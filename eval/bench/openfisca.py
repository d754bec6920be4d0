"""OpenFisca-Core on an equivalent rule set: in an environment of its own, as a program of its own (it is AGPL).

No module of the project imports it: `openfisca_program.txt` is copied out and run by that environment's Python, with
the columns handed over as .npy files and the rules as JSON.
"""

from __future__ import annotations

import json
import math
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from eval.bench.operands import Intervals, Operands, Terms, Values, operands_by_id
from eval.bench.tally import KEPT
from policies.columns import Columns
from policies.library import cache_dir
from policies.rules import All, AnyOf, Manual, Not, Rule

PROGRAM = Path(__file__).with_name("openfisca_program.txt")
REQUIREMENT = "openfisca-core>=46,<47"
INSTALL_TIMEOUT_S = 300


@dataclass(frozen=True)
class Environment:
    """Where OpenFisca runs, and its version."""

    python: Path
    version: str


def environment() -> Environment | str:
    """The environment below the user's cache folder, made on first use; else why it cannot be made."""
    folder = cache_dir() / "bench" / "openfisca"
    python = folder / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    steps = [] if python.exists() else [[sys.executable, "-m", "venv", str(folder)]]
    steps.append([str(python), "-m", "pip", "install", "--quiet", REQUIREMENT])
    steps.append([str(python), "-c", "from importlib.metadata import version; print(version('openfisca-core'))"])
    said = ""
    for step in steps:
        try:
            done = subprocess.run(step, capture_output=True, text=True, timeout=INSTALL_TIMEOUT_S, check=True)
        except (OSError, subprocess.SubprocessError) as error:
            return f"{' '.join(step[1:4])} failed: {str(getattr(error, 'stderr', '') or error)[-400:]}"
        said = done.stdout.strip()
    return Environment(python, said)


def evaluate(
    where: Environment, table: Columns, rules: Sequence[Rule], stride: int, runs: int, out: Path
) -> list[float]:
    """Seconds of each run; what was found goes to `out`, as a saved tally with rows times `stride`."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        _hand_over(table, rules, folder)
        shutil.copy(PROGRAM, folder / "program.py")
        command = [str(where.python), str(folder / "program.py"), str(folder), str(runs)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise SystemExit(f"OpenFisca failed: {done.stderr[-2000:]}")
        with np.load(folder / "found.npz") as found:
            np.savez_compressed(out, counts=found["counts"], kept=found["kept"] * np.array([1, 1, stride]))
    seconds: list[float] = json.loads(done.stdout)
    return seconds


def _hand_over(table: Columns, rules: Sequence[Rule], folder: Path) -> None:
    operands = operands_by_id(rules)
    places = {each: place for place, each in enumerate(dict.fromkeys(operands.values()))}
    for leaf in places:
        for name, column in _inputs(leaf, table).items():
            np.save(folder / f"{name}.npy", column)
    data = {
        "leaves": [_leaf(leaf, table) for leaf in places],
        "measures": [_tree(rule, operands, places) for rule in rules],
        "step": max(1, len(rules) // KEPT),
    }
    (folder / "rules.json").write_text(json.dumps(data, ensure_ascii=False), "utf-8")


def _inputs(leaf: Operands, table: Columns) -> dict[str, np.ndarray[Any, Any]]:
    """Columns that a condition needs."""
    name = leaf.field
    if isinstance(leaf, Intervals) and name in table.spans:
        return {f"{name}_lo": table.spans[name].lo, f"{name}_hi": table.spans[name].hi}
    if isinstance(leaf, Values) and name in table.choices:
        return {name: table.choices[name].codes}
    if isinstance(leaf, Terms) and name in table.items:
        held = {item: table.items[name].held[item] for item in leaf.terms if item in table.items[name].held}
        return {f"{name}_open": table.items[name].open} | {
            _item(name, item, table): rows for item, rows in held.items()
        }
    return {}


def _item(name: str, item: str, table: Columns) -> str:
    return f"{name}_{list(table.items[name].held).index(item)}"


def _leaf(leaf: Operands, table: Columns) -> dict[str, object]:
    """A condition as the program reads it."""
    name = leaf.field
    if isinstance(leaf, Intervals) and name in table.spans:
        allowed = [[end if math.isfinite(end) else None for end in pair] for pair in leaf.allowed]
        return {"kind": "inside", "field": name, "allowed": allowed}
    if isinstance(leaf, Values) and name in table.choices:
        codes = [code for code, value in enumerate(table.choices[name].values, 1) if value in leaf.allowed]
        return {"kind": "among", "field": name, "codes": codes}
    if isinstance(leaf, Terms) and name in table.items:
        known = table.items[name].held
        items = [_item(name, item, table) if item in known else "" for item in leaf.terms]
        return {"kind": "holds", "field": name, "items": items, "every": leaf.every}
    return {"kind": "unknown"}


def _tree(rule: Rule, operands: dict[int, Operands], places: dict[Operands, int]) -> list[object]:
    match rule:
        case All(parts=parts):
            return ["all", [_tree(part, operands, places) for part in parts]]
        case AnyOf(parts=parts):
            return ["any", [_tree(part, operands, places) for part in parts]]
        case Not(part=part):
            return ["not", _tree(part, operands, places)]
        case Manual():
            return ["manual", None]
        case _:
            return ["leaf", places[operands[id(rule)]]]
