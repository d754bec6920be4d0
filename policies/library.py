"""The library: one reviewed YAML file per policy, loaded into measures that are ready to be matched.

YAML is for people. A loaded library is kept as a compiled JSON snapshot in the user cache, keyed by the digest of the
files and of the registry, so that a command does not parse YAML again.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import hashlib
import os
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from importlib import resources
from pathlib import Path

import yaml
from platformdirs import user_cache_dir
from pydantic import TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

from policies.check import rule_problems
from policies.errors import PolicyError, Problem
from policies.lifecycle import Lifecycle, lifecycle
from policies.policy import Measure, Policy
from policies.rules import All, Rule

_POLICIES = TypeAdapter(list[Policy])
_PARTS_OF_THE_DIGEST = ("fields.yaml", "vocabulary.yaml", "honours.yaml")


@dataclass(frozen=True, eq=False)
class LibraryMeasure:
    """A measure in the context of its policy.

    Attributes:
        measure_id: `policy_id/slug`.
        rule: The policy's conditions and the measure's own.
        preferences: Conditions that lift the rank and never gate.
    """

    measure_id: str
    policy: Policy
    measure: Measure
    rule: All = field(repr=False)
    preferences: tuple[Rule, ...] = field(repr=False)

    @property
    def title(self) -> str:
        """The measure's name with its policy's title."""
        return f"{self.policy.title}：{self.measure.name}"


@dataclass(frozen=True, eq=False)
class Library:
    """All policies, with a digest of their content.

    Attributes:
        policies: policy_id to policy, in file order.
        digest: sha256 over the files and the registry; the library's version.
        problems: What was wrong with files left out (only after a lenient load).
    """

    policies: Mapping[str, Policy]
    digest: str
    problems: tuple[Problem, ...] = ()

    @cached_property
    def measures(self) -> tuple[LibraryMeasure, ...]:
        """Every measure, in file order."""
        return tuple(
            LibraryMeasure(
                f"{policy.policy_id}/{measure.slug}",
                policy,
                measure,
                policy.rule_of(measure),
                policy.preferences_of(measure),
            )
            for policy in self.policies.values()
            for measure in policy.measures
        )

    @cached_property
    def by_id(self) -> Mapping[str, LibraryMeasure]:
        """measure_id to measure."""
        return {entry.measure_id: entry for entry in self.measures}

    def lifecycle(self, policy_id: str, as_of: dt.date) -> Lifecycle:
        """State of a policy at `as_of`."""
        return lifecycle(self.policies[policy_id], as_of, self.policies)

    @property
    def version(self) -> str:
        """The digest's first twelve characters."""
        return self.digest[:12]


def library_dir() -> Path:
    """Folder of the shipped library."""
    return Path(str(resources.files("policies").joinpath("data/library")))


def cache_dir() -> Path:
    """The user's cache folder (HUIQI_CACHE_DIR if set)."""
    return Path(os.environ.get("HUIQI_CACHE_DIR") or user_cache_dir("huiqi"))


def load_library(path: Path | str | None = None, *, lenient: bool = False) -> Library:
    """Load a library folder of YAML files.

    Args:
        path: The folder; None for the shipped library.
        lenient: Leave broken files out (they are listed in `problems`) instead of refusing.

    Returns:
        The library; it has at least one policy.

    Raises:
        PolicyError: with every problem of every file at once, unless lenient; always if nothing is left.
    """
    folder = Path(path) if path is not None else library_dir()
    files = _files(folder)
    digest = _digest(files)
    snapshot = cache_dir() / "library" / f"{digest}.json"
    stored = _read_snapshot(snapshot)
    if stored is not None:
        return Library({policy.policy_id: policy for policy in stored}, digest)
    policies, problems = _parse(files)
    if problems and (not lenient or not policies):
        raise PolicyError(problems)
    if not problems:
        _write_snapshot(snapshot, list(policies.values()))
    return Library(policies, digest, tuple(problems))


def library_digest(path: Path | str | None = None) -> str:
    """Version of a library folder as it is on disk now, without loading it: `Library.digest`.

    Raises:
        PolicyError: a file cannot be read, or there is none.
    """
    return _digest(_files(Path(path) if path is not None else library_dir()))


def _files(folder: Path) -> list[tuple[Path, bytes]]:
    if not folder.is_dir():
        raise PolicyError([Problem(str(folder), "没有这个政策库文件夹", "请检查 --library 的路径")])
    paths = sorted(folder.glob("*.yaml"))
    if not paths:
        raise PolicyError([Problem(str(folder), "文件夹里没有政策文件（*.yaml）", "请检查 --library 的路径")])
    found, problems = [], []
    for path in paths:
        try:
            found.append((path, path.read_bytes()))
        except OSError as error:
            problems.append(
                Problem(str(path), f"读不了这个文件（{error.strerror}）", "请检查它是不是普通文件、有没有读取权限")
            )
    if problems:
        raise PolicyError(problems)
    return found


def _digest(files: list[tuple[Path, bytes]]) -> str:
    digest = hashlib.sha256()
    data = resources.files("policies").joinpath("data")
    for name in _PARTS_OF_THE_DIGEST:
        digest.update(data.joinpath(name).read_bytes())
    for source in ("policy.py", "rules.py", "benefit.py", "check.py"):
        digest.update(resources.files("policies").joinpath(source).read_bytes())
    for table in sorted(data.joinpath("codes").iterdir(), key=lambda entry: entry.name):
        digest.update(table.read_bytes())
    for path, content in files:
        digest.update(path.name.encode() + b"\0" + content + b"\0")
    return digest.hexdigest()


def _parse(files: list[tuple[Path, bytes]]) -> tuple[dict[str, Policy], list[Problem]]:
    policies: dict[str, Policy] = {}
    problems: list[Problem] = []
    for path, content in files:
        found = list(_read_one(path, content, policies))
        problems += found
    return policies, problems


def _read_one(path: Path, content: bytes, policies: dict[str, Policy]) -> Iterator[Problem]:
    """Read one file into `policies`; yields its problems, and adds nothing if there are any."""
    try:
        policy = Policy.model_validate(yaml.load(content.decode("utf-8"), Loader=yaml.CSafeLoader))
    except UnicodeDecodeError:
        yield Problem(path.name, "不是 UTF-8 编码", "请用 UTF-8 另存")
        return
    except yaml.YAMLError as error:
        yield Problem(path.name, f"不是正确的 YAML：{_yaml_reason(error)}", "请检查缩进、引号和冒号")
        return
    except ValidationError as error:
        for item in error.errors():
            place = ".".join(map(str, item["loc"]))
            yield Problem(path.name + (f"：{place}" if place else ""), _chinese(item))
        return
    found = list(rule_problems(policy, path.name))
    if policy.policy_id in policies:
        found.append(Problem(path.name, f"政策编号“{policy.policy_id}”重复"))
    elif policy.policy_id != path.stem:
        found.append(Problem(path.name, f"文件名应与政策编号“{policy.policy_id}”一致"))
    if not found:
        policies[policy.policy_id] = policy
    yield from found


def _yaml_reason(error: yaml.YAMLError) -> str:
    mark = getattr(error, "problem_mark", None)
    where = f"第 {mark.line + 1} 行第 {mark.column + 1} 列" if mark else ""
    return f"{where} {getattr(error, 'problem', '') or ''}".strip()


_CHINESE = {
    "missing": "缺少这一项",
    "extra_forbidden": "多余的项，没有这个名称",
    "string_type": "应为文字",
    "float_type": "应为数字",
    "float_parsing": "应为数字",
    "literal_error": "不在允许的取值内",
    "union_tag_invalid": "没有这种形式（type）",
    "string_pattern_mismatch": "只能用小写字母、数字和连字符",
    "too_short": "至少要有一项",
    "greater_than": "应大于 0",
    "tuple_type": "应为列表",
    "model_type": "应为一组“名称: 值”",
    "union_tag_not_found": "缺少 type",
}


def _chinese(error: ErrorDetails) -> str:
    """One of pydantic's errors in Chinese; our own validators speak Chinese already."""
    kind = error["type"]
    if kind in {"value_error", "rule_form"}:
        return error["msg"].removeprefix("Value error, ")
    if kind in {"literal_error", "union_tag_invalid"}:
        context = error.get("ctx", {})
        allowed = context.get("expected") or context.get("expected_tags")
        return f"{_CHINESE[kind]}，可用：{allowed}".replace(" or ", "、")
    return _CHINESE.get(kind, f"不符合要求（{kind}）")


def _read_snapshot(path: Path) -> list[Policy] | None:
    try:
        return _POLICIES.validate_json(path.read_bytes()) or None  # no library is empty
    except (OSError, ValidationError):
        return None  # absent or damaged: the YAML is read again


def _write_snapshot(path: Path, policies: list[Policy]) -> None:
    """Write atomically; a cache that cannot be written is no reason to fail."""
    with contextlib.suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=path.parent)
        with os.fdopen(handle, "wb") as file:
            file.write(_POLICIES.dump_json(policies, by_alias=True, exclude_defaults=True))
        Path(temporary).replace(path)
