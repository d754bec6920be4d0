"""A measured run for people and programs: plain text, JSON, and one self-contained HTML page with charts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from eval.ablation import Row
from eval.cases import VERDICTS, CaseSet
from eval.compare import HEADLINE, CaseChange, Comparison, Scores, compare, score
from eval.metrics import TITLES, Estimate
from eval.misses import STAGE_TITLES, Miss, misses, stage_counts
from eval.run import Run, learnt_from
from eval.verdicts import VerdictTable, Violation, verdict_table, violations
from index.files import write_bytes
from policies.errors import InputError, Problem
from policies.library import Library

if TYPE_CHECKING:
    from plotly.graph_objects import Figure  # type: ignore[import-untyped] # plotly has no type hints

VERDICT_TITLES = {"eligible": "符合", "possible": "可能符合", "ineligible": "不符合"}
SEEN = "排序权重学自这些案例，以下数字偏乐观；没见过案例时的成绩见消融实验（--ablation）的交叉验证一行"
SHOWN_CHANGES = 10
SHOWN_MISSES = 15
_HEIGHT, _BAR = 160, 28
_INK = "#1f5fa8"


@dataclass(frozen=True)
class Report:
    """Everything that was found out about a run.

    Attributes:
        k: Cut-off of the misses.
        gate: Reasons why the gate is closed; None if it was not asked.
        ablation: Rows, the full system last; empty if it was not asked.
    """

    run: Run
    cases: CaseSet
    scores: Scores
    verdicts: VerdictTable
    violations: tuple[Violation, ...]
    misses: tuple[Miss, ...]
    k: int
    comparison: Comparison | None = None
    ablation: tuple[Row, ...] = ()
    gate: tuple[str, ...] | None = None


def measured(run: Run, cases: CaseSet, library: Library, k: int, baseline: Run | None = None) -> Report:
    """Measure a run in every respect.

    Args:
        run: What a system answered.
        cases: The labelled cases.
        library: For the level of policies and for hard violations.
        k: Cut-off of the misses, 1 or more.
        baseline: An older run over the same cases.

    Raises:
        InputError: A run lacks a case.
    """
    return Report(
        run=run,
        cases=cases,
        scores=score(run, cases, library),
        verdicts=verdict_table(run, cases),
        violations=violations(run, cases, library),
        misses=misses(run, cases, k),
        k=k,
        comparison=compare(baseline, run, cases) if baseline else None,
    )


def to_json(report: Report) -> dict[str, Any]:
    """The report for programs (`huiqi eval … --json`)."""
    table = report.verdicts
    return {
        "name": report.run.name,
        "made_from": dict(report.run.made_from),
        "learnt_from_these_cases": learnt_from(report.run, report.cases),
        "seconds": report.run.seconds,
        "cases": len(report.cases.cases),
        "metrics": _estimates(report.scores.overall),
        "slices": {t: {g: _estimates(v) for g, v in groups.items()} for t, groups in report.scores.slices.items()},
        "verdicts": {
            "labels": list(VERDICTS),
            "counts": [list(row) for row in table.counts],
            "not_offered": table.not_offered,
            "agreement": table.agreement,
            "kappa": table.kappa,
        },
        "violations": [asdict(item) for item in report.violations],
        "k": report.k,
        "misses": [miss.to_json() for miss in report.misses],
        "comparison": asdict(report.comparison) if report.comparison else None,
        "ablation": [row.to_json() for row in report.ablation] or None,
        "gate": None if report.gate is None else {"passed": not report.gate, "reasons": list(report.gate)},
    }


def _estimates(found: Mapping[str, Estimate]) -> dict[str, dict[str, float]]:
    return {name: asdict(value) for name, value in found.items()}


def to_text(report: Report) -> str:
    """The report for a terminal."""
    made = report.run.made_from
    lines = [
        f"{report.cases.name}：{len(report.cases.cases)} 个案例，用时 {report.run.seconds:.1f} 秒",
        f"政策库 {made.get('library')}，模型 {made.get('model') or '无'}，代码 {made.get('commit') or '未知'}",
        *([SEEN] if learnt_from(report.run, report.cases) else []),
        "",
        *(f"{TITLES[name]}　{value}（{value.n} 例）" for name, value in report.scores.overall.items()),
        "",
        *_verdict_lines(report),
        "",
        f"硬性错误 {len(report.violations)} 处",
        *(f"- {violation}" for violation in report.violations),
        "",
        *_miss_lines(report),
    ]
    for title, groups in report.scores.slices.items():
        lines += ["", f"按{title}："]
        lines += [f"- {group}：{_headline(found)}" for group, found in groups.items()]
    if report.comparison:
        lines += ["", *_comparison_lines(report.comparison)]
    if report.ablation:
        lines += ["", "消融实验："]
        lines += [f"- {row.title}：{_headline(row.metrics)}{_against(row)}" for row in report.ablation]
    return "\n".join(lines)


def _headline(found: Mapping[str, Estimate]) -> str:
    count = max((value.n for value in found.values()), default=0)
    return f"{'　'.join(f'{name} {value}' for name, value in found.items())}（{count} 例）"


def _against(row: Row) -> str:
    return f"；完整系统对它的 p：{'　'.join(f'{name} {value:.4f}' for name, value in row.p.items())}" if row.p else ""


def _verdict_lines(report: Report) -> Iterator[str]:
    table = report.verdicts
    yield f"结论对照（{table.n} 条标注，一致 {table.agreement:.1%}，kappa {table.kappa:.2f}；行为标注，列为系统）"
    for name, row in zip(VERDICTS, table.counts, strict=True):
        cells = "　".join(f"{VERDICT_TITLES[ours]} {n}" for ours, n in zip(VERDICTS, row, strict=True))
        yield f"- 标注{VERDICT_TITLES[name]}：{cells}"
    if table.not_offered:
        yield f"- 其中 {table.not_offered} 条因失效、截止或未收录而未提供，计入不符合"


def _miss_lines(report: Report) -> Iterator[str]:
    yield f"前 {report.k} 项之外的应得标注 {len(report.misses)} 条"
    for stage, grades in stage_counts(report.misses).items():
        yield f"- {STAGE_TITLES[stage]}：{'、'.join(f'{grade} 级 {n} 条' for grade, n in grades.items())}"
    yield from (f"  {miss}" for miss in report.misses[:SHOWN_MISSES])
    if len(report.misses) > SHOWN_MISSES:
        yield f"  另有 {len(report.misses) - SHOWN_MISSES} 条，见 --json 或 --report"


def _comparison_lines(comparison: Comparison) -> Iterator[str]:
    yield f"与 {comparison.baseline} 比较（配对随机化检验）"
    yield from (f"- 注意：{note}" for note in comparison.notes)
    for item in comparison.differences:
        change = f"{item.change.value:+.3f} [{item.change.low:+.3f}, {item.change.high:+.3f}]"
        yield f"- {TITLES[item.metric]}：{item.old:.3f} → {item.new:.3f}，差 {change}，p = {item.p:.4f}"
    for title, changes in (("变好", comparison.better), ("变差", comparison.worse)):
        yield f"{title} {len(changes)} 例"
        yield from (f"- {_change_text(change)}" for change in changes[:SHOWN_CHANGES])


def _change_text(change: CaseChange) -> str:
    moves = "；".join(str(move) for move in change.moves[:4])
    return f"{change.case_id} {change.old:.3f} → {change.new:.3f}：{moves}"


def write_html(report: Report, path: Path) -> None:
    """Write the page: everything inline, nothing is fetched when it is opened.

    Raises:
        InputError: The file cannot be written.
    """
    from jinja2 import Environment, FileSystemLoader
    from plotly.offline import get_plotlyjs  # type: ignore[import-untyped] # plotly has no type hints

    folder = Path(__file__).with_name("data")
    template = Environment(loader=FileSystemLoader(folder), autoescape=True).get_template("report.html")
    charts = {
        name: figure.to_html(full_html=False, include_plotlyjs=False, config={"displaylogo": False})
        for name, figure in _figures(report)
    }
    page = template.render(
        report=report,
        charts=charts,
        plotly_js=get_plotlyjs(),
        titles=TITLES,
        headline=HEADLINE,
        stages=STAGE_TITLES,
        verdict_titles=VERDICT_TITLES,
        stage_counts=stage_counts(report.misses),
        change_text=_change_text,
        note=SEEN if learnt_from(report.run, report.cases) else "",
    )
    try:
        write_bytes(path, page.encode())
    except OSError as error:
        raise InputError([Problem(str(path), "写不了这个文件", "请检查路径和权限")]) from error


def _figures(report: Report) -> Iterator[tuple[str, Figure]]:
    shares = {TITLES[name]: value for name, value in report.scores.overall.items() if not name.startswith("unjudged")}
    yield "overall", _bars({"": shares}, "总体（95% 区间）")
    for metric in HEADLINE:
        groups = {
            f"{title}：{group}": found[metric]
            for title, each in report.scores.slices.items()
            for group, found in each.items()
            if metric in found
        }
        yield f"slices {metric}", _bars({"": groups}, f"{TITLES[metric]}，按分组")
    yield "verdicts", _heatmap(report.verdicts)
    if report.ablation:
        series = {
            TITLES[metric]: {row.title: row.metrics[metric] for row in report.ablation if metric in row.metrics}
            for metric in HEADLINE
        }
        yield "ablation", _bars(series, "消融实验（95% 区间）")


def _bars(series: Mapping[str, Mapping[str, Estimate]], title: str) -> Figure:
    import plotly.graph_objects as go  # type: ignore[import-untyped] # plotly has no type hints

    figure = go.Figure(layout={"title": title, "template": "plotly_white", "barmode": "group"})
    for name, found in series.items():
        values = list(found.values())
        error = {
            "type": "data",
            "symmetric": False,
            "array": [value.high - value.value for value in values],
            "arrayminus": [value.value - value.low for value in values],
        }
        labels = [f"{label}（{value.n}）" for label, value in found.items()]
        colour = {} if len(series) > 1 else {"marker_color": _INK}
        figure.add_bar(
            x=[v.value for v in values], y=labels, error_x=error, orientation="h", name=name, showlegend=bool(name),
            **colour,
        )  # fmt: skip
    rows = sum(map(len, series.values()))
    figure.update_layout(height=_HEIGHT + _BAR * rows, margin={"l": 320, "r": 40, "t": 60, "b": 40})
    figure.update_xaxes(range=[0, 1])
    figure.update_yaxes(autorange="reversed")
    return figure


def _heatmap(table: VerdictTable) -> Figure:
    import plotly.graph_objects as go

    names = [VERDICT_TITLES[name] for name in VERDICTS]
    heat = go.Heatmap(
        z=[list(row) for row in table.counts], x=[f"系统：{n}" for n in names], y=[f"标注：{n}" for n in names],
        texttemplate="%{z}", colorscale="Blues", showscale=False,
    )  # fmt: skip
    figure = go.Figure(heat, layout={"title": "结论对照", "template": "plotly_white", "height": 340})
    figure.update_yaxes(autorange="reversed")
    return figure
