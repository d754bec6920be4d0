"""Fills an uploaded template in a process of its own: `python -m matcher.packs.confined`.

It gets the template and the values on stdin and answers on stdout. It has no environment variables (no keys), little
memory, little time, and may write no file; when the time is over it is killed.
"""

from __future__ import annotations

import base64
import json
import subprocess
import sys
from threading import BoundedSemaphore
from typing import Any

from matcher.packs import words
from matcher.packs.filling import Filled, fill
from matcher.packs.variables import Context
from policies.errors import InputError, Problem

SECONDS = 30
CPU_SECONDS = 10
MEMORY_BYTES = 800_000_000
MAX_ANSWER_BYTES = 40_000_000
TOGETHER = 2
"""Processes at once; whoever comes later waits for a moment."""
_places = BoundedSemaphore(TOGETHER)


def fill_confined(template: bytes, context: Context, where: str) -> Filled:
    """Fill a template that somebody uploaded; see `matcher.packs.filling.fill`.

    Raises:
        InputError: as `fill` does; or it takes too long, or too much memory.
    """
    task = json.dumps({"template": base64.b64encode(template).decode(), "context": context, "where": where})
    command = [sys.executable, "-P", "-m", "matcher.packs.confined"]
    try:
        with _places:
            done = subprocess.run(
                command, input=task.encode(), capture_output=True, timeout=SECONDS, check=False, env=_environment()
            )
    except subprocess.TimeoutExpired as error:
        raise InputError([Problem(where, words.TOO_SLOW.format(seconds=SECONDS), words.SIMPLER)]) from error
    try:
        answer = json.loads(done.stdout)
    except ValueError as error:
        raise InputError([Problem(where, words.NOT_FILLED, words.SIMPLER)]) from error
    if "problems" in answer:
        raise InputError([Problem(*problem) for problem in answer["problems"]])
    return Filled(base64.b64decode(answer["content"]), tuple(answer["used"]))


def _environment() -> dict[str, str]:
    """Where the package is; nothing else: no key, no password of the service."""
    return {"PYTHONPATH": ":".join(path for path in sys.path if path), "PYTHONHASHSEED": "0", "LC_ALL": "C.UTF-8"}


def _confine() -> None:
    """Take from this process what it does not need."""
    import resource  # only where there are such limits

    for kind, limit in (
        (resource.RLIMIT_CPU, CPU_SECONDS),
        (resource.RLIMIT_AS, MEMORY_BYTES),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NPROC, 0),
    ):
        resource.setrlimit(kind, (limit, limit))


def _work(task: dict[str, Any]) -> dict[str, Any]:
    try:
        template = base64.b64decode(str(task["template"]))
        filled = fill(template, task["context"], str(task["where"]))
    except InputError as error:
        return {"problems": [(one.where, one.reason, one.remedy) for one in error.problems]}
    if len(filled.content) > MAX_ANSWER_BYTES:
        return {"problems": [(task["where"], words.NOT_FILLED, words.SIMPLER)]}
    return {"content": base64.b64encode(filled.content).decode(), "used": filled.used}


def main() -> None:
    """Do the one task that stands on stdin."""
    _confine()
    print(json.dumps(_work(json.load(sys.stdin))))  # noqa: T201  # the answer


if __name__ == "__main__":
    main()
