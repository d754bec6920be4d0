"""Validation of a whole library: what `huiqi policies validate` runs. All findings at once, each with its place."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from index.build import Index
from matcher.eligibility import Evaluation, Truth
from matcher.library_coverage import coverage_table
from matcher.library_reach import reach, reach_findings
from matcher.library_twins import twin_findings
from policies.columns import columns_of
from policies.errors import InputError
from policies.facts import Fact
from policies.fields import registry
from policies.library import Library, LibraryMeasure
from policies.profile import CompanyProfile
from policies.rules import Manual, leaves
from policies.validate import static_findings
from policies.validate.completeness import completeness_of
from policies.validate.logic import Reading, TooManyTerms, can_fail, terms
from policies.validate.logic_findings import UNSATISFIABLE
from policies.validate.report import Finding, Findings, Report, joined

EXAMPLE = "示例不符"
NO_EXAMPLE = "缺少示例"
BAD_EXAMPLE = "示例无法读取"
_EXPECTED = {"met": "符合", "unmet": "不符合", "unsure": "信息不足"}
_SHOWN = {Truth.TRUE: "符合", Truth.UNKNOWN: "信息不足", Truth.FALSE: "不符合"}


def validate_library(library: Library, as_of: dt.date, index: Index | None = None) -> Report:
    """Check everything that can be wrong with a loaded library.

    Args:
        library: A library that loaded; fields, codes and forms were checked then.
        as_of: The day for which status, windows, examples and coverage are judged.
        index: Its index; None leaves the comparison of meanings out.

    Returns:
        The report; `problems` is empty for a library that may be shipped.
    """
    found = joined(
        (
            static_findings(library, as_of),
            example_findings(library, as_of),
            derived_findings(library, as_of),
            reach_findings(library, reach(library, as_of), as_of),
            twin_findings(library, index) if index else Findings(),
        )
    )
    order = {f"{policy_id}.yaml": place for place, policy_id in enumerate(library.policies)}
    return Report(
        tuple(sorted(found.problems, key=lambda finding: order[finding.file])),
        tuple(sorted(found.warnings, key=lambda finding: order[finding.file])),
        completeness_of(library),
        coverage_table(library, as_of),
    )


@dataclass(frozen=True)
class Example:
    """One example profile of a measure: `kind` is met, unmet or unsure."""

    entry: LibraryMeasure
    kind: str
    raw: Mapping[str, object]


def examples_of(entry: LibraryMeasure) -> tuple[Example, ...]:
    """The measure's examples as whole profiles; None stands for unknown and is kept."""
    examples = entry.measure.examples
    if examples is None:
        return ()
    changes = {"met": {}, "unmet": examples.unmet, "unsure": examples.unsure}
    return tuple(
        Example(entry, kind, {**examples.met, **change}) for kind, change in changes.items() if change is not None
    )


def example_findings(library: Library, as_of: dt.date) -> Findings:
    """Missing examples, unreadable ones, and those whose verdict is another than they stand for."""
    problems = [found for entry in library.measures for found in _missing(entry)]
    readable: list[tuple[Example, CompanyProfile]] = []
    for example in (example for entry in library.measures for example in examples_of(entry)):
        try:
            profile = CompanyProfile.model_validate(dict(example.raw))
            profile.check_at(as_of)
        except InputError as error:
            problems.append(
                _finding(BAD_EXAMPLE, example.entry, f"examples.{example.kind}", str(error), "请改正示例的值")
            )
            continue
        for note in profile.notes:
            problems.append(_finding(BAD_EXAMPLE, example.entry, f"examples.{example.kind}", note, "请用收录的名称"))
        readable.append((example, profile))
    return Findings((*problems, *_wrong_verdicts(readable, as_of)))


def _missing(entry: LibraryMeasure) -> Iterator[Finding]:
    examples = entry.measure.examples
    if examples is None:
        yield _finding(NO_EXAMPLE, entry, "examples", "没有示例", "请写 met、unmet、unsure 三个示例企业")
        return
    if examples.unmet is None and _may_fail(entry):
        yield _finding(NO_EXAMPLE, entry, "examples.unmet", "没有不符合的示例", "请写出使一个条件不满足的改动")
    if examples.unsure is None and entry.rule.parts:
        yield _finding(NO_EXAMPLE, entry, "examples.unsure", "没有信息不足的示例", "请写出使一个条件不明的改动")


def _may_fail(entry: LibraryMeasure) -> bool:
    try:
        return can_fail(entry.rule, Reading.UNDECIDED)
    except TooManyTerms:
        return True


def _wrong_verdicts(readable: Sequence[tuple[Example, CompanyProfile]], as_of: dt.date) -> Iterator[Finding]:
    """All examples are rows of one table, so that every leaf is evaluated once."""
    table = columns_of([profile for _, profile in readable], as_of)
    strict, passed = Evaluation(table), Evaluation(table, manual_passed=True)
    verdicts: dict[str, tuple[Sequence[int], Sequence[int]]] = {}
    for company, (example, _) in enumerate(readable):
        entry = example.entry
        if entry.measure_id not in verdicts:
            both = (evaluation.per_company(evaluation.truth(entry.rule)).tolist() for evaluation in (strict, passed))
            verdicts[entry.measure_id] = (next(both), next(both))
        low, high = (Truth(values[company]) for values in verdicts[entry.measure_id])
        if not verdict_fits(example, low, high):
            reason = f"示例应为“{_EXPECTED[example.kind]}”，规则判为“{_SHOWN[low]}”，人工事项都通过时“{_SHOWN[high]}”"
            remedy = "请对照原文改正规则或示例"
            yield _finding(EXAMPLE, entry, f"examples.{example.kind}", reason, remedy)


def verdict_fits(example: Example, strict: Truth, passed: Truth) -> bool:
    """Whether an example's truth, with manual checks undecided and passed, is what the example stands for."""
    if example.kind == "met":
        return passed is Truth.TRUE
    if example.kind == "unmet":
        return strict is Truth.FALSE and passed is Truth.FALSE
    only_manual = all(isinstance(leaf, Manual) for leaf in leaves(example.entry.rule))
    return strict is Truth.UNKNOWN and (passed is Truth.UNKNOWN or only_manual)


def derived_findings(library: Library, as_of: dt.date) -> Findings:
    """Rules that hold field by field but not for facts derived from one another (大型 with at most 20 employees).

    For every term of a rule one company is laid out with all that the term allows of the facts that are asked; what is
    derived from them must not rule the term out.
    """
    rows: list[CompanyProfile] = []
    owners: list[LibraryMeasure] = []
    for entry in library.measures:
        try:
            expanded = terms(entry.rule, Reading.PASSED)
        except TooManyTerms:
            continue
        for term in expanded:
            facts = {name: domain.hull() for name, domain in term.items() if not registry()[name].derived}
            rows.append(_profile({name: fact for name, fact in facts.items() if fact is not None}))
            owners.append(entry)
    evaluation = Evaluation(columns_of(rows, as_of), manual_passed=True)
    holding: dict[str, bool] = {}
    for row, entry in enumerate(owners):
        possible = evaluation.truth(entry.rule).at(row) is not Truth.FALSE
        holding[entry.measure_id] = holding.get(entry.measure_id, False) or possible
    reason = "各条件单独都能满足，但规模、比例等推算出来的值与其余条件矛盾，没有企业能满足"
    return Findings(
        tuple(
            _finding(UNSATISFIABLE, library.by_id[measure_id], "when", reason, "请对照原文改正人数、收入、规模等条件")
            for measure_id, holds in holding.items()
            if not holds
        )
    )


def _profile(facts: Mapping[str, Fact]) -> CompanyProfile:
    return CompanyProfile.model_construct(facts=facts)


def _finding(kind: str, entry: LibraryMeasure, path: str, reason: str, remedy: str) -> Finding:
    return Finding(kind, f"{entry.policy.policy_id}.yaml", f"measures.{entry.measure.slug}.{path}", reason, remedy)
