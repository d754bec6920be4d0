"""Labelled cases: a company, a day, and the policies (or measures) that a person graded for it.

One JSON object a line:

    {"case_id": "A04", "as_of": "2026-11-23", "profile": {…}, "labels": {
        "nat-env-tax-reduction": {"grade": 3, "verdict": "possible", "votes": [3, 3], "why": "…"}}}

A label's key is a policy_id or a measure_id (`policy_id/slug`). Grades: 3 answers the stated plan or need, 2 worth
showing unprompted, 1 near miss, 0 (or no label) not relevant. `verdict` may be null (nobody agreed on it).
The file beside it, NAME.meta.json or cases_meta.json, says which policies were judged at all; a case may say so for
itself with `judged_policy_ids`. Without either everything counts as judged.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from policies.errors import InputError, Problem
from policies.library import Library
from policies.profile import CompanyProfile

VERDICTS = ("eligible", "possible", "ineligible")
MAX_GRADE = 3
GAIN = (0, 1, 3, 7)
RELEVANT_FROM = 2
_CASE_KEYS = frozenset({"case_id", "as_of", "profile", "labels", "judged_policy_ids"})
_LABEL_KEYS = frozenset({"grade", "verdict", "votes", "why"})


@dataclass(frozen=True)
class Label:
    """What a person said of one policy or measure for one company.

    Attributes:
        target: policy_id or measure_id.
        grade: 0 to 3.
        verdict: One of VERDICTS; None where nobody agreed.
        votes: The grades it was merged from.
    """

    target: str
    grade: int
    verdict: str | None
    votes: tuple[int, ...] = ()
    why: str = ""


@dataclass(frozen=True, eq=False)
class Case:
    """One labelled company.

    Attributes:
        profile: The company as the matcher takes it.
        labels: Label by target.
        judged: Policies that were judged for this case; None for all.
    """

    case_id: str
    as_of: dt.date
    profile: CompanyProfile
    labels: Mapping[str, Label]
    judged: frozenset[str] | None = None

    def is_judged(self, target: str) -> bool:
        """Whether somebody looked at this policy or measure for this case."""
        return self.judged is None or target in self.labels or target.split("/")[0] in self.judged


@dataclass(frozen=True, eq=False)
class CaseSet:
    """The cases of one file.

    Attributes:
        name: File name.
        digest: First 12 digits of the sha256 of the case file and its meta file.
        gain: Gain of grades 0 to 3 in nDCG.
        relevant_from: Grade from which a label counts as relevant.
        has_meta: Whether a meta file was found.
    """

    name: str
    cases: tuple[Case, ...]
    digest: str
    gain: tuple[int, ...] = GAIN
    relevant_from: int = RELEVANT_FROM
    has_meta: bool = False

    def at(self, as_of: dt.date) -> CaseSet:
        """The same cases asked at another day."""
        moved = tuple(Case(c.case_id, as_of, c.profile, c.labels, c.judged) for c in self.cases)
        return CaseSet(self.name, moved, self.digest, self.gain, self.relevant_from, self.has_meta)

    def relevant(self, case: Case) -> dict[str, int]:
        """Target to grade of what counts as relevant."""
        return {target: label.grade for target, label in case.labels.items() if label.grade >= self.relevant_from}

    def unknown_targets(self, library: Library) -> dict[str, list[str]]:
        """Labelled targets that the library lacks, each with the cases that name it."""
        found: dict[str, list[str]] = {}
        for case in self.cases:
            for target in case.labels:
                if target not in (library.by_id if "/" in target else library.policies):
                    found.setdefault(target, []).append(case.case_id)
        return found


@dataclass(frozen=True)
class Meta:
    """What a meta file says."""

    judged: frozenset[str] | None = None
    gain: tuple[int, ...] = GAIN
    relevant_from: int = RELEVANT_FROM


def shipped_cases() -> Path:
    """The development cases that ship with the sources."""
    return Path(__file__).with_name("data") / "cases_dev.jsonl"


@dataclass(frozen=True, eq=False)
class CaseFile:
    """A case file as read: the good cases, and everything that is wrong with the others.

    Attributes:
        problems: Each with line, case_id and field.
    """

    cases: CaseSet
    problems: tuple[Problem, ...]


def load_cases(path: Path) -> CaseSet:
    """Read a case file and the meta file beside it.

    Raises:
        InputError: With every problem of both files at once, each with line, case_id and field.
    """
    found = read_cases(path)
    if found.problems:
        raise InputError(found.problems)
    return found.cases


def read_cases(path: Path, name: str = "") -> CaseFile:
    """Read a case file and the meta file beside it; a bad line costs no good one.

    Args:
        path: The case file.
        name: What people call it; its file name if not given.

    Raises:
        InputError: A file cannot be read.
    """
    content = _bytes(path)
    beside = _meta_path(path)
    meta_content = _bytes(beside) if beside else b""
    name = name or path.name
    problems: list[Problem] = []
    meta = _Meta(beside.name, problems).read(meta_content) if beside else Meta()
    cases: dict[str, Case] = {}
    for number, line in enumerate(content.splitlines(), 1):
        if line.strip():
            case = _Line(f"{name} 第 {number} 行", problems).read(line, meta)
            if case is not None and case.case_id in cases:
                problems.append(Problem(f"{name} 第 {number} 行", f"案例编号“{case.case_id}”重复"))
            elif case is not None:
                cases[case.case_id] = case
    if not cases and not problems:
        problems.append(Problem(name, "文件里没有案例", "每行写一个案例（JSON）"))
    digest = hashlib.sha256(content + b"\0" + meta_content).hexdigest()[:12]
    found = CaseSet(name, tuple(cases.values()), digest, meta.gain, meta.relevant_from, beside is not None)
    return CaseFile(found, tuple(problems))


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        reason = "没有这个文件" if isinstance(error, FileNotFoundError) else "读不了这个文件"
        raise InputError([Problem(str(path), reason, "请检查路径和权限")]) from error


def _meta_path(path: Path) -> Path | None:
    beside = (path.with_name(f"{path.stem}.meta.json"), path.with_name("cases_meta.json"))
    return next((candidate for candidate in beside if candidate.is_file()), None)


def _refuse_constant(text: str) -> NoReturn:
    raise ValueError(f"{text} 不是 JSON 数字")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        raise ValueError(f"“{next(name for name in names if names.count(name) > 1)}”出现了两次")
    return found


def _parse(content: bytes) -> Any:
    """Strict JSON; ValueError with a Chinese reason."""
    try:
        return json.loads(content.decode("utf-8-sig"), parse_constant=_refuse_constant, object_pairs_hook=_unique)
    except UnicodeDecodeError as error:
        raise ValueError(f"不是 UTF-8 编码（第 {error.start + 1} 个字节）") from error
    except json.JSONDecodeError as error:
        raise ValueError(f"不是正确的 JSON（第 {error.pos + 1} 个字符处）") from error
    except RecursionError as error:
        raise ValueError("不是正确的 JSON（层数太多）") from error


def _whole(value: object, low: int, high: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and low <= value <= high


def _text_list(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) and item for item in value)


@dataclass(frozen=True)
class _Checker:
    """Collects problems at one place of a file."""

    where: str
    problems: list[Problem]

    def complain(self, place: str, reason: str, remedy: str = "") -> None:
        self.problems.append(Problem(f"{self.where}{'，' + place if place else ''}", reason, remedy))

    def object_of(self, content: bytes) -> Mapping[str, Any] | None:
        try:
            raw = _parse(content)
        except ValueError as error:
            self.complain("", str(error), "请检查引号、逗号和括号")
            return None
        if isinstance(raw, dict):
            return raw
        self.complain("", "应为一个 JSON 对象")
        return None


class _Meta(_Checker):
    """Reads a meta file."""

    def read(self, content: bytes) -> Meta:
        raw = self.object_of(content)
        if raw is None:
            return Meta()
        judged, gain = raw.get("judged_policy_ids"), raw.get("gain", list(GAIN))
        relevant = raw.get("relevant_from_grade", RELEVANT_FROM)
        if judged is not None and not _text_list(judged):
            self.complain("judged_policy_ids", "应为政策编号的列表")
            judged = None
        rising = isinstance(gain, list) and len(gain) == MAX_GRADE + 1 and all(_whole(g, 0, 1000) for g in gain)
        if not rising or gain[0] != 0 or sorted(gain) != gain:
            self.complain("gain", f"应为 {MAX_GRADE + 1} 个不减的整数，第一个是 0", "例如 [0, 1, 3, 7]")
            gain = list(GAIN)
        if not _whole(relevant, 1, MAX_GRADE):
            self.complain("relevant_from_grade", f"应为 1 到 {MAX_GRADE} 的整数")
            relevant = RELEVANT_FROM
        return Meta(None if judged is None else frozenset(judged), tuple(gain), relevant)


class _Line(_Checker):
    """Reads one line of a case file; None after any problem."""

    def read(self, line: bytes, meta: Meta) -> Case | None:
        raw = self.object_of(line)
        if raw is None:
            return None
        before = len(self.problems)
        case_id = raw.get("case_id")
        if not isinstance(case_id, str) or not case_id.strip():
            self.complain("case_id", "应为案例编号（文字）")
            case_id = ""
        at = _Line(f"{self.where}（案例 {case_id or '无编号'}）", self.problems)
        at.keys(raw, _CASE_KEYS, "")
        day = at.day(raw.get("as_of"))
        profile = at.profile(raw.get("profile"), day)
        labels = at.labels(raw.get("labels"))
        judged = at.judged(raw.get("judged_policy_ids"), meta)
        if len(self.problems) > before or day is None or profile is None:
            return None
        return Case(case_id, day, profile, labels, judged)

    def keys(self, raw: Mapping[str, Any], known: frozenset[str], place: str) -> None:
        for name in raw:
            if name not in known:
                self.complain(f"{place}{name}", "没有这一项", f"可用的项：{'、'.join(sorted(known))}")

    def day(self, raw: object) -> dt.date | None:
        try:
            return dt.date.fromisoformat(raw) if isinstance(raw, str) else dt.date.fromisoformat("")
        except ValueError:
            self.complain("as_of", f"“{raw}”不是日期", "请写成 2026-11-23")
            return None

    def profile(self, raw: object, day: dt.date | None) -> CompanyProfile | None:
        try:
            profile = CompanyProfile.model_validate(raw)
            if day is not None:
                profile.check_at(day)
        except InputError as error:
            for problem in error.problems:
                self.complain(f"profile，{problem.where}", problem.reason, problem.remedy)
            return None
        return profile

    def labels(self, raw: object) -> dict[str, Label]:
        if not isinstance(raw, dict):
            self.complain("labels", "应为一个对象：政策编号或事项编号 → 标注")
            return {}
        found = {target: label for target, value in raw.items() if (label := self.label(target, value)) is not None}
        return found

    def label(self, target: str, raw: object) -> Label | None:
        place = f"labels.{target}"
        if not isinstance(raw, dict):
            self.complain(place, "应为一个对象", '例如 {"grade": 2, "verdict": "possible", "why": "…"}')
            return None
        self.keys(raw, _LABEL_KEYS, f"{place}.")
        grade, verdict, votes, why = raw.get("grade"), raw.get("verdict"), raw.get("votes") or [], raw.get("why") or ""
        before = len(self.problems)
        if not _whole(grade, 0, MAX_GRADE):
            self.complain(f"{place}.grade", f"应为 0 到 {MAX_GRADE} 的整数，收到 {grade!r}")
        if verdict is not None and verdict not in VERDICTS:
            self.complain(f"{place}.verdict", f"应为 {'、'.join(VERDICTS)} 或 null，收到 {verdict!r}")
        if not isinstance(votes, list) or not all(_whole(vote, 0, MAX_GRADE) for vote in votes):
            self.complain(f"{place}.votes", f"应为 0 到 {MAX_GRADE} 的整数列表")
        if not isinstance(why, str):
            self.complain(f"{place}.why", "应为文字")
        return Label(target, int(grade or 0), verdict, tuple(votes), why) if len(self.problems) == before else None

    def judged(self, raw: object, meta: Meta) -> frozenset[str] | None:
        if raw is None:
            return meta.judged
        if not isinstance(raw, list) or not _text_list(raw):
            self.complain("judged_policy_ids", "应为政策编号的列表")
            return meta.judged
        return frozenset(raw)
