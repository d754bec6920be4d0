from __future__ import annotations

import datetime as dt
import json
from dataclasses import replace

import pytest

from matcher.bulk.folder import Ingested, Manifest, Part
from matcher.bulk.report import RunReport, added_up, lines, summary_of
from matcher.bulk.shard import ShardReport
from matcher.export.cells import MeasureCount
from policies.errors import HuiqiError

MANIFEST = Manifest("名单.xlsx", 10, "a" * 64, None, "", "2026-06-15", 10, "b" * 64, None, True, "0.1.0", 5)
INGESTED = Ingested(9, 7, 1, 2, 1, 3, 2, ("编码 UTF-8",), (Part(0, 5, "c"), Part(1, 2, "d")), 1.5)


def count(slug: str, eligible: int, possible: int) -> MeasureCount:
    return MeasureCount("p", f"p/{slug}", "通知", f"事项{slug}", eligible, possible, eligible * 1.0, eligible * 2.0)


FIRST = ShardReport(5, 12, 3, 4, 2, 1, 2, 3, 30_000.0, 50_000.0, (count("a", 1, 4), count("b", 2, 0)), True, "k", "h")
SECOND = ShardReport(2, 3, 1, 1, 0, 1, 1, 1, 10_000.0, 10_000.0, (count("b", 0, 1), count("c", 1, 0)), True, "l", "i")
SECONDS = {"ingest": 1.5, "match": 20.0, "check": 0.25, "write": 0.5}


def report(matched: ShardReport) -> RunReport:
    return RunReport(summary_of(MANIFEST, INGESTED, matched, "f" * 64), 10, "0.1.0", 3, matched.rows, SECONDS)


def test_shards_add_up() -> None:
    whole = added_up(iter([FIRST, SECOND]))
    assert (whole.companies, whole.rows, whole.eligible, whole.possible, whole.near_misses) == (7, 15, 4, 5, 2)
    assert (whole.unmatched, whole.with_eligible, whole.with_possible, whole.dense) == (2, 3, 4, True)
    assert (whole.low_yuan, whole.high_yuan) == (40_000.0, 60_000.0)
    assert set(whole.measures) == {count("a", 1, 4), count("b", 2, 1), count("c", 1, 0)}
    assert added_up([]) == ShardReport()


def test_shards_that_compared_different_things_are_not_mixed() -> None:
    with pytest.raises(HuiqiError, match="有的批次用了语义模型，有的没有"):
        added_up([FIRST, replace(SECOND, dense=False)])


def test_the_summary() -> None:
    found = report(added_up([FIRST, SECOND])).summary
    assert found.as_of == dt.date(2026, 6, 15) and found.library_version == "b" * 12 and found.content_hash == "f" * 64
    assert found.rows_read == found.companies + found.rejected + found.skipped == 9
    assert [line.measure_id for line in found.per_measure] == ["p/b", "p/a", "p/c"]


@pytest.mark.parametrize(
    ("ingested", "matched"),
    [
        (replace(INGESTED, rows=10), FIRST),
        (INGESTED, FIRST),
        (INGESTED, replace(added_up([FIRST, SECOND]), eligible=5)),
        (replace(INGESTED, companies=8, rows=10), added_up([FIRST, SECOND])),
    ],
)
def test_counts_that_do_not_add_up_stop_the_run(ingested: Ingested, matched: ShardReport) -> None:
    with pytest.raises(HuiqiError, match="不一致"):
        summary_of(MANIFEST, ingested, matched, "")


def test_for_people() -> None:
    text = "\n".join(lines(report(added_up([FIRST, SECOND]))))
    for part in (
        "读入 9 行：匹配企业 7 家，未能读取 1 行，跳过 1 行", "信用代码重复 2 行", "提示 3 条",
        "符合 4 项，可能符合 5 项；差一步的 2 项", "有匹配的企业 5 家（覆盖率 71.4%）", "有符合事项的 3 家",
        "没有匹配的 2 家", "约 4—6 万元", "p/b　通知：事项b　符合 2 家，可能符合 1 家", "编码 UTF-8",
        "读取 1.5 秒，匹配 20.0 秒，核对和写出 0.8 秒", "查询日期 2026-06-15", "结果校验值 ffffffffffffffff",
    ):  # fmt: skip
        assert part in text, part
    assert "None" not in text and "语义模型" not in text


def test_without_a_model_or_companies() -> None:
    words = replace(added_up([FIRST, SECOND]), dense=False)
    assert "本次未用语义模型，只按规则和字词匹配" in lines(report(words))
    nothing = replace(INGESTED, rows=0, companies=0, rejected=0, skipped=0, parts=())
    empty = RunReport(summary_of(MANIFEST, nothing, ShardReport(), ""), 10, "0.1.0", 0, 0, SECONDS)
    assert empty.coverage == 0.0 and "语义模型" not in "".join(lines(empty))


def test_only_the_first_measures_are_named() -> None:
    many = replace(
        added_up([FIRST, SECOND]), measures=tuple(count(str(n), 1, 0) for n in range(12)), eligible=12, possible=0
    )
    text = lines(report(many))
    assert "匹配企业最多的事项（共 12 个，列出前 10 个）：" in text and sum("　通知：" in line for line in text) == 10


def test_for_programs() -> None:
    found = json.loads(json.dumps(report(added_up([FIRST, SECOND])).to_json()))
    assert found["as_of"] == "2026-06-15" and found["coverage"] == 0.714286 and found["output_rows"] == 15
    assert found["per_measure"][0]["measure_id"] == "p/b" and found["seconds"]["match"] == 20.0
    assert found["cautions"] == 3 and found["k"] == 10 and found["content_hash"] == "f" * 64
