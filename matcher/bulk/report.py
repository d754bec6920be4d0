"""What a bulk run comes to: counts that add up, for people and for programs."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from matcher.amounts import show_amount
from matcher.bulk.folder import Ingested, Manifest
from matcher.bulk.shard import COUNTS, ShardReport, plus
from matcher.export.cells import MeasureCount, RunSummary
from matcher.results import Amount
from policies.errors import HuiqiError

TOP_MEASURES = 10
"""Measures named in the report for people; the JSON has all of them."""


@dataclass(frozen=True)
class RunReport:
    """The report of one run.

    Attributes:
        summary: What was read and found.
        k: Measures listed per company at most.
        huiqi: Version of the software.
        cautions: Lines about something interpreted or left out, those about duplicates not counted.
        output_rows: Lines of the result.
        seconds: Stage ("ingest", "match", "check", "write") to its time; matching counts this attempt only.
    """

    summary: RunSummary
    k: int
    huiqi: str
    cautions: int
    output_rows: int
    seconds: Mapping[str, float]

    @property
    def coverage(self) -> float:
        """Share of companies with at least one eligible or possible measure, 0 to 1; 0 without companies."""
        found = self.summary
        return (found.companies - found.without_match) / found.companies if found.companies else 0.0

    def to_json(self) -> dict[str, object]:
        """The report for programs."""
        return {
            **asdict(self.summary),
            "as_of": self.summary.as_of.isoformat(),
            "coverage": round(self.coverage, 6),
            "k": self.k,
            "huiqi": self.huiqi,
            "cautions": self.cautions,
            "output_rows": self.output_rows,
            "seconds": {stage: round(seconds, 3) for stage, seconds in self.seconds.items()},
        }


def added_up(reports: Iterable[ShardReport]) -> ShardReport:
    """Shards as one; sums are taken in the order given, and one report is held at a time.

    Raises:
        HuiqiError: some shards compared meaning and others only words.
    """
    counts = dict.fromkeys(COUNTS, 0)
    measures: dict[str, MeasureCount] = {}
    low_yuan, high_yuan, dense = 0.0, 0.0, set[bool]()
    for report in reports:
        for name in COUNTS:
            counts[name] += getattr(report, name)
        for count in report.measures:
            measures[count.measure_id] = plus(measures.get(count.measure_id), count)
        low_yuan, high_yuan = low_yuan + report.low_yuan, high_yuan + report.high_yuan
        dense.add(report.dense)
    if len(dense) > 1:
        raise HuiqiError(
            "有的批次用了语义模型，有的没有，结果不可比，没有写出。"
            "请检查各计算进程能否加载模型，然后不带 --resume 重新运行，或加上 --no-dense"
        )
    sums: dict[str, Any] = {**counts, "low_yuan": low_yuan, "high_yuan": high_yuan}
    return ShardReport(**sums, measures=tuple(measures.values()), dense=True in dense)


def summary_of(manifest: Manifest, ingested: Ingested, matched: ShardReport, content_hash: str) -> RunSummary:
    """What the run read and found.

    Raises:
        HuiqiError: a row of the input is not accounted for, or counted twice.
    """
    _check(ingested, matched)
    return RunSummary(
        as_of=dt.date.fromisoformat(manifest.as_of),
        library_version=manifest.library_digest[:12],
        input_name=manifest.source,
        rows_read=ingested.rows,
        companies=ingested.companies,
        rejected=ingested.rejected,
        skipped=ingested.skipped,
        duplicates=ingested.duplicates,
        eligible=matched.eligible,
        possible=matched.possible,
        near_misses=matched.near_misses,
        without_match=matched.unmatched,
        companies_with_eligible=matched.with_eligible,
        companies_with_possible=matched.with_possible,
        low_yuan=matched.low_yuan,
        high_yuan=matched.high_yuan,
        per_measure=tuple(sorted(matched.measures, key=lambda m: (-m.eligible, -m.possible, m.measure_id))),
        notes=ingested.notes,
        dense=matched.dense,
        content_hash=content_hash,
    )


def _check(ingested: Ingested, matched: ShardReport) -> None:
    listed = sum(count.eligible + count.possible for count in matched.measures)
    for what, one, other in (
        ("读入的行数与各行去向之和", ingested.rows, ingested.companies + ingested.rejected + ingested.skipped),
        ("读入的企业数与匹配的企业数", ingested.companies, matched.companies),
        ("匹配总数与各事项家数之和", matched.eligible + matched.possible, listed),
    ):
        if one != other:
            raise HuiqiError(f"内部错误：{what}不一致（{one} 和 {other}），没有写出结果。请联系维护者")


def lines(report: RunReport) -> list[str]:
    """The report for people, in Chinese."""
    found, seconds = report.summary, report.seconds
    worth = "没有能估算金额的事项"
    if found.high_yuan:
        worth = f"{show_amount(Amount(found.low_yuan, found.high_yuan, ''))}（每家企业按就高不重复等规定计算）"
    return [
        f"读入 {found.rows_read:,} 行：匹配企业 {found.companies:,} 家，未能读取 {found.rejected:,} 行，"
        f"跳过 {found.skipped:,} 行（空行、合计、说明等）",
        *([f"信用代码重复 {found.duplicates:,} 行，各行都已单独匹配，请核对"] if found.duplicates else []),
        *([f"提示 {report.cautions:,} 条：有的内容经过推断或没有采用"] if report.cautions else []),
        f"列出的匹配：符合 {found.eligible:,} 项，可能符合 {found.possible:,} 项；差一步的 {found.near_misses:,} 项",
        f"有匹配的企业 {found.companies - found.without_match:,} 家（覆盖率 {report.coverage:.1%}），"
        f"其中有符合事项的 {found.companies_with_eligible:,} 家；没有匹配的 {found.without_match:,} 家",
        f"符合事项预计金额合计：{worth}",
        *_top(found.per_measure),
        *([] if found.dense or not found.companies else ["本次未用语义模型，只按规则和字词匹配"]),
        *found.notes,
        f"用时：读取 {seconds['ingest']:.1f} 秒，匹配 {seconds['match']:.1f} 秒，"
        f"核对和写出 {seconds['check'] + seconds['write']:.1f} 秒",
        f"查询日期 {found.as_of.isoformat()}　政策库 {found.library_version}　结果校验值 {found.content_hash[:16]}",
    ]


def _top(measures: Sequence[MeasureCount]) -> list[str]:
    if not measures:
        return []
    shown = [
        f"  {count.measure_id}　{count.policy_title}：{count.measure_name}　"
        f"符合 {count.eligible:,} 家，可能符合 {count.possible:,} 家"
        for count in measures[:TOP_MEASURES]
    ]
    more = f"（共 {len(measures):,} 个，列出前 {TOP_MEASURES} 个）" if len(measures) > TOP_MEASURES else ""
    return [f"匹配企业最多的事项{more}：", *shown]
