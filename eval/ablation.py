"""The ablation: every baseline and the full system on the same cases, with intervals and paired tests.

`huiqi eval CASES.jsonl --ablation` shows it; `python -m eval.ablation [CASES.jsonl] [--full RUN.json] [--out FOLDER]`
writes ablation_NAME.md, ablation_NAME.json and run_NAME.json, the full system's run, to compare later ones with. With
--full the full system is a run made before.

Weights that were learnt from a case must not be judged by it: where the shipped weights come from these very cases, the
full system is the cross-validated one (eval/learn.py), and the shipped weights follow for information only.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from eval.baselines import Baselines, run_of
from eval.cases import CaseSet, load_cases, shipped_cases
from eval.compare import HEADLINE, Difference, Scores, differences, score
from eval.learn import SEEDS, collect, held_out_scores, ranked_lists
from eval.metrics import TITLES, Estimate
from eval.run import CaseResult, Listed, Run, learnt_from, load_run, make_run, save_run, without_parts
from index.files import write_bytes
from matcher.service import Matcher
from policies.errors import InputError, Problem

FULL, HELD_OUT, SHIPPED = "完整系统", "完整系统（交叉验证：排序没见过该案例）", "随软件的权重（学自这些案例，仅供参考）"


@dataclass(frozen=True)
class Row:
    """One system of the ablation.

    Attributes:
        metrics: Headline metric to mean with interval.
        p: Headline metric to the p-value of the full system against this row; empty for the full system.
        lead: Headline metric to how far the full system is ahead, with interval; likewise.
    """

    name: str
    title: str
    metrics: Mapping[str, Estimate]
    p: Mapping[str, float]
    lead: Mapping[str, Estimate]

    def to_json(self) -> dict[str, Any]:
        """As reports and `--json` hold it."""
        return asdict(self)


def ablate(
    matcher: Matcher,
    cases: CaseSet,
    full: Run,
    *,
    model: str | None = None,
    batch: bool = False,
    on_row: Callable[[int, int], None] | None = None,
) -> list[Row]:
    """Run every baseline and set the full system beside it.

    Args:
        matcher: Gives the library, the index and what the rules leave.
        cases: The labelled cases.
        full: The full system's run over the same cases.
        model: As for `Matcher.open`.
        batch: Likewise.
        on_row: Told before each baseline how many are done, of how many; what it raises ends the ablation.
    """
    seen = learnt_from(full, cases)
    ours = score(held_out_run(matcher, cases) if seen else full, cases)
    rows: list[Row] = []
    baselines = Baselines(matcher, cases, model=model, batch=batch).rows()
    for baseline in baselines:
        if on_row:
            on_row(len(rows), len(baselines))
        theirs = score(run_of(baseline, cases), cases)
        rows.append(_row(baseline.name, baseline.title, theirs, differences(theirs, ours)))
    rows.append(_row("full", HELD_OUT if seen else FULL, ours, ()))
    return [*rows, _row("shipped", SHIPPED, score(full, cases), ())] if seen else rows


def held_out_run(matcher: Matcher, cases: CaseSet) -> Run:
    """The full system with each case ranked by weights that never saw it (10 folds by case, the first seed)."""
    rows = collect(matcher, cases.cases)
    lists = ranked_lists(rows, cases.cases, held_out_scores(rows, len(cases.cases), SEEDS[0]))
    results = {
        case.case_id: CaseResult(
            case.case_id,
            case.as_of.isoformat(),
            tuple(Listed(name, float(-rank)) for rank, name in enumerate(lists[case.case_id], 1)),
        )
        for case in cases.cases
    }
    return Run("held_out", {"seed": SEEDS[0]}, results)


def _row(name: str, title: str, scores: Scores, against: Sequence[Difference]) -> Row:
    tested = {item.metric: item for item in against if item.metric in HEADLINE}
    return Row(
        name,
        title,
        {metric: scores.overall[metric] for metric in HEADLINE if metric in scores.overall},
        {metric: item.p for metric, item in tested.items()},
        {metric: item.change for metric, item in tested.items()},
    )


def to_markdown(rows: Sequence[Row], made_from: Mapping[str, Any]) -> str:
    """The table for README and results, in Chinese."""
    cases = made_from["cases"]
    lines = [
        f"# 消融实验：{cases['name']}（{cases['n']} 个案例）",
        "",
        "均值 [95% 自助法区间，2,000 次重采样]；p 为完整系统对该行的配对随机化检验（双侧，10,000 次）。",
        f"政策库 {made_from['library']}，模型 {made_from['model'] or '无'}，代码 {made_from['commit'] or '未知'}，"
        f"权重：{made_from['weights'].get('made_by', '')}。",
        "",
        f"| 系统 | {' | '.join(f'{TITLES[metric]} | p' for metric in HEADLINE)} |",
        f"|---|{'---|---|' * len(HEADLINE)}",
    ]
    for row in rows:
        cells = [f"{row.metrics.get(metric) or '—'} | {_p(row.p.get(metric))}" for metric in HEADLINE]
        lines.append(f"| {row.title} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def _p(value: float | None) -> str:
    return "—" if value is None else "< .001" if value < 0.001 else f"{value:.3f}"


def write_results(rows: Sequence[Row], run: Run, folder: Path, name: str) -> tuple[Path, Path]:
    """Write ablation_NAME.md and ablation_NAME.json; returns both paths."""
    text, data = folder / f"ablation_{name}.md", folder / f"ablation_{name}.json"
    write_bytes(text, to_markdown(rows, run.made_from).encode())
    write_json(rows, run, data)
    return text, data


def write_json(rows: Sequence[Row], run: Run, path: Path) -> None:
    """Write the rows as `read_json` takes them."""
    raw = {"made_from": dict(run.made_from), "rows": [row.to_json() for row in rows]}
    write_bytes(path, (json.dumps(raw, ensure_ascii=False, indent=2) + "\n").encode())


def read_json(path: Path) -> tuple[list[Row], dict[str, Any]]:
    """The rows of a results file, and what they were made from.

    Raises:
        InputError: There is no such file, or it is not one of these.
    """
    try:
        raw = json.loads(path.read_bytes())
        rows = [
            Row(row["name"], row["title"], _estimates(row["metrics"]), dict(row["p"]), _estimates(row["lead"]))
            for row in raw["rows"]
        ]
        return rows, dict(raw["made_from"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError([Problem(path.name, "读不了这份消融结果", "请用 python -m eval.ablation 重新生成")]) from error


def _estimates(raw: Mapping[str, Mapping[str, Any]]) -> dict[str, Estimate]:
    return {metric: Estimate(**found) for metric, found in raw.items()}


def main(arguments: Sequence[str] | None = None) -> None:
    """Run all and write the results."""
    parser = argparse.ArgumentParser(prog="python -m eval.ablation")
    parser.add_argument("cases", type=Path, nargs="?", default=shipped_cases())
    parser.add_argument("--full", type=Path)
    parser.add_argument("--out", type=Path, default=Path("eval/results"))
    given = parser.parse_args(arguments)
    started = time.perf_counter()
    cases = load_cases(given.cases)
    matcher = Matcher.open()
    run = load_run(given.full) if given.full else make_run(matcher, cases, started=started)
    name = given.cases.stem.removeprefix("cases_")
    write_results(ablate(matcher, cases, run), run, given.out, name)
    save_run(without_parts(run), given.out / f"run_{name}.json")


if __name__ == "__main__":
    main()
