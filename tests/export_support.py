"""Rows, problem lines and a summary for the tests of what is written."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from matcher.export.files import MeasureCount, ProblemLine, RunSummary
from matcher.match_rows import MatchRow
from tests.support import AS_OF

ROW = MatchRow(
    row=3, sheet="名单", uscc="913701007456789012", company="甲公司", kind="match", rank=1, policy_id="p",
    measure_id="p/m", policy_title="某办法", measure_name="设备奖补", verdict="possible",
    section="可能符合，还差信息", score=-0.25, low_yuan=450_000.0, high_yuan=12_345_678.9, amount_note="380 × 10%",
    missing=["employees", "revenue_wan"], manual=["须符合产业政策", "无失信"],
    reasons="已满足：在山东｜待确认：从业人数", gap="", window="常年", next_step="补充信息",
)  # fmt: skip
MISS = replace(ROW, kind="near_miss", verdict="ineligible", section="暂不符合", gap="先认定：瞪羚企业",
               low_yuan=None, high_yuan=None, missing=[], manual=[])  # fmt: skip
NOTHING = MatchRow(
    4,
    "名单",
    "",
    "乙公司",
    "none",
    0,
    "",
    "",
    "",
    "",
    "",
    "",
    0.0,
    None,
    None,
    "",
    [],
    [],
    "没有可推荐的事项",
    "",
    "",
    "",
)
COUNTS = (
    MeasureCount("p", "p/z", "某办法", "末项", 0, 3, 0.0, 0.0),
    MeasureCount("p", "p/m", "某办法", "设备奖补", 2, 5, 900_000.0, 24_000_000.0),
)
SUMMARY = RunSummary(
    as_of=AS_OF, library_version="abc123def456", input_name="名单.xlsx", rows_read=2_000, companies=1_950, rejected=30,
    skipped=20, duplicates=4, eligible=700, possible=9_000, near_misses=4_100, without_match=11,
    companies_with_eligible=390, companies_with_possible=1_900, low_yuan=900_000.0, high_yuan=24_000_000.0,
    per_measure=COUNTS, notes=("按 GB18030 读取",), dense=True, content_hash="f" * 64,
)  # fmt: skip
PROBLEMS = (
    ProblemLine(5, "名单", "从业人数", "约五十", "读不懂的数字", "请写成 50", "拒绝"),
    ProblemLine(5, "名单", "成立日期", "2031", "日期在将来", "请改正", "拒绝"),
    ProblemLine(9, "名单", "所属地区", "高新", "按济南高新区读取", "请核对", "提示"),
    ProblemLine(5, "名单二", "行业", "造船业", "没有这个行业", "请填代码", "拒绝"),
)


def match_row(**changes: Any) -> MatchRow:
    """A listed match with some fields changed."""
    return replace(ROW, **changes)
