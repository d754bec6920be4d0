from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from matcher.brief import CompanyRows
from matcher.bulk import shard as bulk
from matcher.bulk.shard import ContentHash, ShardJob, ShardReport, match_part, run_shard, stored_report, versions_of
from matcher.companies.parts import write_part
from matcher.export.arrow import COLUMNS, from_batch, to_batch
from matcher.match_rows import MatchRow
from matcher.service import Matcher
from policies.companies import CompanyTable
from policies.errors import HuiqiError
from tests.bulk_support import FakeMatcher, company_rows, fake_shard
from tests.support import AS_OF, company, measure, policy, write_library

ROWS = [row for number in range(1, 13) for row in company_rows(number, f"表{number % 2}", f"企业{number}", "", 9).rows]
OTHER = {"row": 99, "rank": 9, "score": 9.5, "low_yuan": 7.0, "high_yuan": 7.0, "missing": ["x"], "manual": ["x", "y"]}


def digest(rows: list[MatchRow], cuts: list[int]) -> str:
    content = ContentHash()
    edges = [0, *sorted(cuts), len(rows)]
    for start, stop in itertools.pairwise(edges):
        content.update(to_batch(rows[start:stop]))
    return content.hexdigest()


@given(st.lists(st.integers(0, len(ROWS)), max_size=5))
def test_the_hash_does_not_depend_on_batches(cuts: list[int]) -> None:
    assert digest(ROWS, cuts) == digest(ROWS, [])


def test_the_hash_of_a_slice_is_that_of_its_rows() -> None:
    content = ContentHash()
    content.update(to_batch(ROWS).slice(3, 9))
    assert content.hexdigest() == digest(ROWS[3:12], [])


@pytest.mark.parametrize("column", COLUMNS)
def test_every_value_counts(column: str) -> None:
    changed = [*ROWS[:4], replace(ROWS[4], **{column: OTHER.get(column, "改")}), *ROWS[5:]]
    assert digest(changed, []) != digest(ROWS, [])


def test_the_hash_tells_order_absence_and_borders_apart() -> None:
    assert digest(ROWS[::-1], []) != digest(ROWS, [])
    assert digest([replace(ROWS[0], low_yuan=None)], []) != digest([replace(ROWS[0], low_yuan=0.0)], [])
    one, two = (replace(ROWS[0], uscc=a, company=b) for a, b in (("ab", "c"), ("a", "bc")))
    assert digest([one], []) != digest([two], [])
    joined, split = (replace(ROWS[0], missing=words) for words in (["ab"], ["a", "b"]))
    assert digest([joined], []) != digest([split], [])
    here, there = ([replace(ROWS[0], gap=a), replace(ROWS[0], gap=b)] for a, b in (("ab", ""), ("", "ab")))
    assert digest(here, []) != digest(there, [])


@pytest.fixture
def job(tmp_path: Path) -> ShardJob:
    table = CompanyTable.of([company(name=f"企业{n}") for n in range(1, 9)], range(1, 9), ["表"] * 8)
    write_part(tmp_path / "part.parquet", table)
    return ShardJob(tmp_path / "part.parquet", tmp_path / "r.parquet", AS_OF, 10, None, None, False, key="钥匙")


def test_a_shard_counts_what_it_writes(job: ShardJob) -> None:
    report = fake_shard(job)
    expected = [company_rows(number, "表", f"企业{number}", "", 10) for number in range(1, 9)]
    rows = [row for one in expected for row in one.rows]
    assert [row for batch in pq.ParquetFile(job.target).iter_batches() for row in from_batch(batch)] == rows
    # Company n has n % 4 matches, the first eligible, and every third company a near miss; 4 and 8 have nothing.
    assert (report.companies, report.rows, report.eligible, report.possible) == (8, len(rows), 6, 6)
    assert (report.near_misses, report.unmatched, report.with_eligible, report.with_possible) == (2, 2, 6, 4)
    assert (report.low_yuan, report.high_yuan) == (36_000.0, 54_000.0)
    first = report.measures[0]
    assert (first.measure_id, first.eligible, first.possible, first.low_yuan) == ("p1/m", 6, 0, 24_000.0)
    assert report.content == digest(rows, []) and not report.dense
    assert stored_report(job) == report


def test_a_shard_is_the_same_bytes_each_time_and_done_once(job: ShardJob) -> None:
    report, before = fake_shard(job), job.target.read_bytes()
    stamp = job.target.stat().st_mtime_ns
    assert fake_shard(job) == report and job.target.stat().st_mtime_ns == stamp
    job.target.unlink()
    assert fake_shard(job) == report and job.target.read_bytes() == before
    assert [path.name for path in job.target.parent.iterdir() if path.suffix == ".tmp"] == []


def test_what_counts_as_done(job: ShardJob) -> None:
    assert stored_report(job) is None
    fake_shard(job)
    assert stored_report(replace(job, key="另一把")) is None and stored_report(replace(job, key="")) is None
    job.target.write_bytes(job.target.read_bytes()[:-20])
    assert stored_report(job) is None
    pq.write_table(pa.table({"row": [1]}), job.target)
    assert stored_report(job) is None
    fake_shard(job)
    assert stored_report(job) is not None


class Wrong(FakeMatcher):
    """Gives the rows of chosen places only."""

    def __init__(self, *places: int) -> None:
        self.places = places

    def match_table(self, table: CompanyTable, as_of: object, k: int = 10) -> Iterator[CompanyRows]:
        found = list(super().match_table(table, AS_OF, k))
        return (found[place] for place in self.places)


@pytest.mark.parametrize("places", [(0, 1, 2), (0, 1, 2, 3, 4, 5, 6, 7, 7), (1, 0, 2, 3, 4, 5, 6, 7), ()])
def test_a_company_lost_doubled_or_swapped_is_an_error(job: ShardJob, places: tuple[int, ...]) -> None:
    with pytest.raises(HuiqiError, match="缺失或错位"):
        match_part(job, Wrong(*places))
    assert not job.target.exists()


def test_the_real_matcher_refuses_other_versions(job: ShardJob, tmp_path: Path) -> None:
    library = write_library(tmp_path / "library", policy("jn-one"), policy("jn-two", measure("loan")))
    matcher = Matcher.open(library, dense=False)
    real = replace(job, library=library, made_for=versions_of(matcher.library.digest))
    report = run_shard(real)
    table = bulk_table(real)
    expected = [row for one in matcher.match_table(table, AS_OF, 10) for row in one.rows]
    assert [row for batch in pq.ParquetFile(real.target).iter_batches() for row in from_batch(batch)] == expected
    assert report.companies == 8 and {count.measure_id for count in report.measures} <= set(matcher.library.by_id)
    with pytest.raises(HuiqiError, match="政策库 000000000000）不同"):
        run_shard(replace(real, made_for=versions_of("0" * 64), key="新"))


def bulk_table(job: ShardJob) -> CompanyTable:
    from matcher.companies.parts import read_part

    return read_part(job.source)


def test_a_changed_library_is_opened_again(job: ShardJob, tmp_path: Path) -> None:
    """A worker lives for days; the library is updated under it."""
    library = write_library(tmp_path / "library", policy("jn-one"))
    for title in ("关于甲的通知", "关于乙的通知"):
        write_library(library, policy("jn-one", title=title))
        made_for = versions_of(Matcher.open(library, dense=False).library.digest)
        report = run_shard(replace(job, library=library, made_for=made_for, key=title))
        assert [count.policy_title for count in report.measures] == [title]
    assert bulk._opened.cache_info().currsize == 1


def test_a_report_survives_its_text_form(job: ShardJob) -> None:
    report = fake_shard(job)
    assert ShardReport.from_json(report.to_json()) == report
