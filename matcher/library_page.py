"""The page of the shipped library in the documentation: what it holds, how far it can be trusted, how to add to it.

`python -m matcher.library_page > docs/library.zh.md` writes it; a test fails where the file is not what this prints.
"""

from __future__ import annotations

import datetime as dt
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import jinja2

from index.encoder import lazy_encoder
from matcher.library_check import validate_library
from matcher.library_show import BENEFIT_NAMES
from matcher.retrieval import prepare_index
from policies.library import Library, library_dir, load_library
from policies.validate.ceilings import read_ceilings
from policies.validate.report import CoverageTable, Report

AS_OF = dt.date(2026, 11, 23)
LEVELS = {"national": "国家级", "province": "省级", "city": "市级", "county": "县区级"}
GRADES = {"verified": "已核对来源", "recalled": "未核对原文"}
QUALITIES = {"official": "官方网址", "media": "媒体网址", "mirror": "转载网址", "": "没有网址"}

DATA = Path(__file__).with_name("data")
EXAMPLE = DATA / "example_policy.yaml"
"""The policy that the page tells a newcomer to write."""


def library_page(library: Library, report: Report, ceilings: Mapping[str, int]) -> str:
    """The whole page."""
    source = (DATA / "library.zh.md").read_text("utf-8")
    template = jinja2.Template(source, trim_blocks=True, keep_trailing_newline=True, undefined=jinja2.StrictUndefined)
    page: str = template.render(
        policies=len(library.policies),
        measures=len(library.measures),
        day=AS_OF.isoformat(),
        counts=list(_counts(library)),
        doubts=_table(("检查", "处数", "上限"), _doubts(report, ceilings)),
        coverage=_table(("地区", "最少", "最多", "平均", "只有国家级"), _coverage(report.coverage)),
        example="".join(f"   {line}\n" for line in EXAMPLE.read_text("utf-8").splitlines()),
    )
    return page


def _counts(library: Library) -> Iterator[str]:
    policies = list(library.policies.values())
    states = Counter(library.lifecycle(policy.policy_id, AS_OF).value for policy in policies)
    yield _tally("级别", Counter(LEVELS[policy.level] for policy in policies), "政策")
    yield _tally("地区", Counter(policy.region for policy in policies if policy.level != "national"), "政策")
    yield _tally("主题", Counter(theme for policy in policies for theme in policy.themes), "政策")
    yield _tally("状态", states, "政策")
    yield _tally("支持方式", Counter(BENEFIT_NAMES[entry.measure.benefit.type] for entry in library.measures), "事项")
    yield _tally("核对", Counter(GRADES[policy.provenance.grade] for policy in policies), "政策")
    yield _tally("来源", Counter(_quality(policy.source.url, policy.source.quality) for policy in policies), "政策")


def _quality(url: str | None, quality: str) -> str:
    return QUALITIES[""] if url is None else QUALITIES.get(quality, "其他网址")


def _tally(name: str, counts: Counter[str], of: str) -> str:
    return _table((name, of), ((key, str(count)) for key, count in sorted(counts.items(), key=_by_count)))


def _by_count(item: tuple[str, int]) -> tuple[int, str]:
    return (-item[1], item[0])


def _doubts(report: Report, ceilings: Mapping[str, int]) -> Iterator[tuple[str, ...]]:
    counts = Counter(found.kind for found in report.warnings)
    yield "错误", str(len(report.problems)), "0"
    for kind in sorted({*counts, *ceilings}, key=lambda kind: (-counts[kind], kind)):
        yield kind, str(counts[kind]), str(ceilings.get(kind, 0))


def _coverage(table: CoverageTable) -> Iterator[tuple[str, ...]]:
    for region in dict.fromkeys(cell.region for cell in table.cells):
        cells = [cell for cell in table.cells if cell.region == region]
        totals = [cell.total for cell in cells]
        bare = sum(cell.local == 0 for cell in cells)
        yield region, str(min(totals)), str(max(totals)), f"{sum(totals) / len(totals):.0f}", f"{bare}/{len(cells)}"


def _table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    rule = "|---" + "|---:" * (len(header) - 1) + "|"
    lines = [f"| {' | '.join(row)} |" for row in (header, *rows)]
    return "\n".join([lines[0], rule, *lines[1:], ""])


def shipped_page() -> str:
    """The page of the shipped library."""
    library = load_library()
    report = validate_library(library, AS_OF, prepare_index(library, lazy_encoder(None)))
    return library_page(library, report, read_ceilings(library_dir()) or {})


def main() -> None:
    """Print the page of the shipped library."""
    sys.stdout.buffer.write(shipped_page().encode())


if __name__ == "__main__":
    main()
