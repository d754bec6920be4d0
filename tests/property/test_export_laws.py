"""Any text comes back from a written table as it was, but for what is documented."""

from __future__ import annotations

import csv
import json
import tempfile
from dataclasses import replace
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st
from python_calamine import CalamineWorkbook

from matcher.export.arrow import from_batch, to_batch
from matcher.export.cells import MAX_CELL, csv_text, like_formula, plain
from matcher.export.files import write_errors, write_output
from tests.export_support import PROBLEMS, SUMMARY, match_row

# Arrow holds valid Unicode only; what comes from a file (problem lines) may hold half of a surrogate pair as well.
SCALARS = st.characters(codec="utf-8")
SIGNS = st.sampled_from(["=", "+", "-", "@", "＝", "\t", "\r", "\n", " ", "'", '"', ",", "<r>", "</r>", "&", "_x0041_"])
TEXTS = st.lists(SCALARS | SIGNS, max_size=12).map("".join)
WILD = st.lists(st.characters() | SIGNS, max_size=12).map("".join)


@given(st.lists(TEXTS, min_size=1, max_size=8))
@settings(max_examples=40)
def test_result_texts_come_back(texts: list[str]) -> None:
    batch = to_batch([match_row(company=text) for text in texts])
    with tempfile.TemporaryDirectory() as folder:
        for suffix in ("xlsx", "csv", "jsonl"):
            write_output(Path(folder, f"a.{suffix}"), iter([batch]), iter(()), SUMMARY)
        rows = CalamineWorkbook.from_path(Path(folder, "a.xlsx")).get_sheet_by_name("匹配结果").to_python()
        assert [row[1] for row in rows[1:]] == [plain(text) for text in texts]
        with Path(folder, "a.csv").open(encoding="utf-8-sig", newline="") as stream:
            assert [row["企业名称"] for row in csv.DictReader(stream)] == [csv_text(text) for text in texts]
        lines = Path(folder, "a.jsonl").read_bytes().decode().split("\n")
        assert [json.loads(line)["company"] for line in lines[:-1]] == texts
    assert [row.company for row in from_batch(batch)] == texts


@given(st.lists(WILD, min_size=1, max_size=8))
@settings(max_examples=30)
def test_any_text_of_an_input_can_be_reported(texts: list[str]) -> None:
    lines = [replace(PROBLEMS[0], row=row, value=text) for row, text in enumerate(texts)]
    with tempfile.TemporaryDirectory() as folder:
        for suffix in ("xlsx", "csv", "jsonl", "parquet"):
            write_errors(Path(folder, f"e.{suffix}"), iter(lines))
        with Path(folder, "e.csv").open(encoding="utf-8-sig", newline="") as stream:
            assert [row["原值"] for row in csv.DictReader(stream)] == [csv_text(text) for text in texts]
        rows = CalamineWorkbook.from_path(Path(folder, "e.xlsx")).get_sheet_by_name("问题清单").to_python()
        assert [row[3] for row in rows[1:]] == [plain(text) for text in texts]


@given(WILD)
def test_csv_text_is_never_live_and_changes_nothing_else(text: str) -> None:
    written, clean = csv_text(text), plain(text)
    assert not like_formula(written)
    assert written == (f"'{clean}" if like_formula(clean) else clean)
    assert plain(clean) == clean


@given(WILD.filter(bool), st.integers(MAX_CELL - 20, MAX_CELL + 20))
@settings(max_examples=60)
def test_no_cell_is_too_long_and_none_is_cut_without_need(text: str, length: int) -> None:
    long = plain(text) or "字"
    long = (long * (length // len(long) + 1))[:length]
    units = len(long.encode("utf-16-le")) // 2
    cut = plain(long)
    assert len(cut.encode("utf-16-le")) // 2 <= MAX_CELL
    assert cut == long if units <= MAX_CELL else cut.endswith("…")
