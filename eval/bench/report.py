"""The result file of a bench."""

from __future__ import annotations

import json
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from eval.bench.machine import machine
from eval.bench.table import AS_OF, SEED

Json = dict[str, Any]
PACKAGES = ("numpy", "polars", "pydantic", "pyarrow", "torch", "onnxruntime", "openvino")


def versions() -> dict[str, str]:
    """Versions of the packages that matter, where they are installed."""
    found = {}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "not installed"
    return found


def write(path: Path, figures: Json) -> None:
    """Write figures with the machine, the versions, the seed and the date they are for."""
    head = {"machine": machine(), "versions": versions(), "seed": SEED, "as_of": AS_OF.isoformat()}
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({**head, **figures}, ensure_ascii=False, indent=2) + "\n", "utf-8")
    print(f"\nwritten: {path}")
