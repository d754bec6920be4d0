"""How many doubts of each kind a library may have: stored beside it, and only ever lowered."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path

from policies.errors import InputError, Problem
from policies.validate.report import Finding, Findings

FILE = "ceilings.json"
ABOVE = "提醒超过上限"


def read_ceilings(folder: Path) -> dict[str, int] | None:
    """Kind of finding to the most that there may be; None for a library without ceilings.

    Raises:
        InputError: the file is damaged.
    """
    try:
        found = json.loads((folder / FILE).read_text("utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise InputError([Problem(str(folder / FILE), "读不了", "请从版本库取回这个文件")]) from error
    if not isinstance(found, dict) or not all(type(most) is int and most >= 0 for most in found.values()):
        raise InputError([Problem(str(folder / FILE), "应为“类别: 数目”", "请从版本库取回这个文件")])
    return found


def above(warnings: Iterable[Finding], ceilings: Mapping[str, int]) -> Findings:
    """A problem for every kind that has more findings than its ceiling; a kind without one may have none."""
    counts = Counter(found.kind for found in warnings)
    remedy = "请先改正多出来的；上限只降不升"
    return Findings(
        tuple(
            Finding(ABOVE, FILE, kind, f"“{kind}”有 {count} 处，上限 {ceilings.get(kind, 0)} 处", remedy)
            for kind, count in sorted(counts.items())
            if count > ceilings.get(kind, 0)
        )
    )


def lowered(warnings: Iterable[Finding], ceilings: Mapping[str, int] | None) -> dict[str, int]:
    """The ceilings after this count: never above what they were; the first count of a library sets them."""
    counts = Counter(found.kind for found in warnings)
    if ceilings is None:
        return dict(sorted(counts.items()))
    return {kind: least for kind, most in sorted(ceilings.items()) if (least := min(most, counts[kind]))}


def write_ceilings(folder: Path, ceilings: Mapping[str, int]) -> None:
    """Store them beside the library."""
    (folder / FILE).write_text(json.dumps(dict(ceilings), ensure_ascii=False, indent=2) + "\n", "utf-8")
