"""Changing a policy file: only the blocks that change are written anew, everything else stays as people wrote it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from policies.errors import InputError, Problem
from policies.policy import Check, Policy

_TOP = re.compile(r"^[a-z_]+:", re.MULTILINE)


def record(path: Path, check: Check, *, confirms: tuple[str, ...] = (), official: bool = False) -> Policy:
    """Write a look at the source into a policy file's history.

    A `verified` one also makes the record a verified one, and its address the record's.

    Args:
        path: The policy's YAML file.
        check: What was found.
        confirms: Elements of `provenance.unverified` that were read and agree: they are taken off the list.
        official: Whether the check's address is the issuer's own.

    Returns:
        The policy as it is now.

    Raises:
        InputError: the file cannot be read or written, or is written in a way that cannot be changed safely.
    """
    text, data = _read(path)
    changes: dict[str, object] = {"history": [*data.get("history", []), check.model_dump(exclude_defaults=True)]}
    if check.result == "verified":
        origin = {**data["provenance"], "grade": "verified"}
        left = [name for name in origin.pop("unverified", []) if name not in confirms]
        changes["provenance"] = {**origin, **({"unverified": left} if left else {})}
        if check.url:
            quality = {"quality": "official"} if official else {}
            changes["source"] = {**data.get("source", {}), "url": check.url, **quality}
    fresh = with_blocks(text, changes)
    try:
        wanted, policy = (
            Policy.model_validate({**data, **changes}),
            Policy.model_validate(yaml.load(fresh, Loader=yaml.CSafeLoader)),
        )
    except (ValidationError, yaml.YAMLError) as error:
        raise _unsafe(path) from error
    if wanted != policy:
        raise _unsafe(path)
    try:
        temporary = path.with_suffix(".tmp")
        temporary.write_text(fresh, "utf-8")
        temporary.replace(path)
    except OSError as error:
        raise InputError([Problem(str(path), "写不了这个文件", "请检查权限")]) from error
    return policy


def with_blocks(text: str, changes: Mapping[str, object]) -> str:
    """A YAML text with some of its top-level keys set anew; a new one goes before `measures`."""
    for key, value in changes.items():
        block = yaml.safe_dump({key: value}, allow_unicode=True, width=4096, sort_keys=False, default_flow_style=None)
        found = re.search(rf"^{key}:", text, re.MULTILINE)
        if found is None:
            place = re.search(r"^measures:", text, re.MULTILINE)
            start = end = place.start() if place else len(text)
        else:
            start, after = found.start(), _TOP.search(text, found.end())
            end = after.start() if after else len(text)
        text = text[:start] + block + text[end:]
    return text


def _read(path: Path) -> tuple[str, dict[str, Any]]:
    try:
        text = path.read_text("utf-8")
        data = yaml.load(text, Loader=yaml.CSafeLoader)
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise InputError([Problem(str(path), "读不了这个文件", "请检查路径、编码和格式")]) from error
    if not isinstance(data, dict):
        raise _unsafe(path)
    return text, data


def _unsafe(path: Path) -> InputError:
    return InputError([Problem(str(path), "这个文件的写法不能自动修改", "请手工在文件里加上 history 一条")])
