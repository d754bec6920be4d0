"""Do measures that nobody judged crowd out the ones that a case asked for?

    python -m eval.crowding [CASES.jsonl] [--report eval/results/crowding.md] [--show CASE_ID …]

Condensed lists leave unjudged measures out before scoring, so they cannot tell. Here the first 20 of the whole lists
are looked at as a user sees them: how many of the relevant labels are among them, how many measures are unjudged, and
how many policies stand there. Every case is ranked by weights that never saw it (`eval.learn`).
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np

from eval.cases import Case, CaseSet, load_cases, shipped_cases
from eval.learn import SEEDS, Rows, collect, held_out_scores, ranked_lists
from eval.metrics import condensed, targets_of
from matcher.service import Matcher
from policies.library import Library

FIRST = 20
SHOWN = ("A04", "A09", "A17", "A30", "A43", "B05", "B10", "B20", "B38", "B57")
"""Cases of ten kinds, from paper making and a forge to delivery and a department store."""
FIGURES = ("grade 3 in the first 20", "grade 2 and 3 over min(20, relevant)", "unjudged in the first 20", "policies")


def crowding(case: Case, measure_ids: Sequence[str]) -> tuple[float, float, float, float]:
    """FIGURES of one list, best first; NaN where a case has no such label."""
    top = measure_ids[:FIRST]
    found = {target for target in case.labels if any(target in (one, one.split("/")[0]) for one in top)}

    def share(least: int, most: int) -> float:
        wanted = [target for target, label in case.labels.items() if label.grade >= least]
        return len(found.intersection(wanted)) / min(most, len(wanted)) if wanted else np.nan

    unjudged = sum(not case.is_judged(one) for one in top)
    return share(3, 10**6), share(2, FIRST), float(unjudged), float(len({one.split("/")[0] for one in top}))


def figures(suite: CaseSet, rows: Rows, seeds: Iterable[int] = SEEDS) -> dict[str, tuple[float, ...]]:
    """FIGURES as means over cases and seeds, for the whole lists and for the condensed ones."""
    whole, clean = [], []
    for seed in seeds:
        lists = ranked_lists(rows, suite.cases, held_out_scores(rows, len(suite.cases), seed))
        for case in suite.cases:
            whole.append(crowding(case, lists[case.case_id]))
            clean.append(crowding(case, condensed(targets_of(lists[case.case_id], case.labels), case)))
    means = {"whole lists": np.nanmean(whole, axis=0), "condensed lists": np.nanmean(clean, axis=0)}
    return {name: tuple(values.round(3).tolist()) for name, values in means.items()}


def markdown(
    suite: CaseSet, library: Library, table: Mapping[str, Sequence[float]], lists: Mapping[str, Sequence[str]]
) -> str:
    """The figures, and the first 20 of some cases; "·" marks what nobody judged."""
    lines = [
        f"# Crowding: {len(library.policies)} policies, {len(library.measures)} measures, {suite.name}",
        "",
        "Made by `python -m eval.crowding --report`; every case is ranked by weights that never saw it.",
        "",
        f"| | {' | '.join(FIGURES)} |",
        "|---" + "|---:" * len(FIGURES) + "|",
        *(f"| {name} | {' | '.join(f'{value:.3f}' for value in values)} |" for name, values in table.items()),
    ]
    for case in suite.cases:
        if case.case_id in lists:
            lines += ["", *_shown(case, library, lists[case.case_id])]
    return "\n".join(lines) + "\n"


def _shown(case: Case, library: Library, measure_ids: Sequence[str]) -> Iterable[str]:
    plans = "；".join(plan.text for plan in case.profile.plans)
    yield f"## {case.case_id} {case.profile.name}：{plans} {case.profile.texts.get('needs', '')}".rstrip()
    yield ""
    for rank, measure_id in enumerate(measure_ids[:FIRST], 1):
        entry = library.by_id[measure_id]
        label = case.labels.get(measure_id) or case.labels.get(entry.policy.policy_id)
        grade = "·" if not case.is_judged(measure_id) else str(label.grade if label else 0)
        yield f"{rank}. [{grade}] {entry.policy.title}｜{entry.measure.name}"


def main() -> None:
    """Measure, and write the report where one is asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cases", nargs="?", type=Path, default=shipped_cases())
    parser.add_argument("--report", type=Path)
    parser.add_argument("--show", nargs="*", default=list(SHOWN), metavar="CASE_ID")
    arguments = parser.parse_args()
    suite, matcher = load_cases(arguments.cases), Matcher.open(batch=True)
    rows = collect(matcher, suite.cases)
    lists = ranked_lists(rows, suite.cases, held_out_scores(rows, len(suite.cases), SEEDS[0]))
    shown = {name: ids for name, ids in lists.items() if name in arguments.show}
    report = markdown(suite, matcher.library, figures(suite, rows), shown)
    if arguments.report:
        arguments.report.write_text(report, "utf-8")
    else:
        print(report)  # noqa: T201  # the command's output


if __name__ == "__main__":
    main()
