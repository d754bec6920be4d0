import datetime as dt
import json
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pytest
from pyarrow import parquet

from matcher.sheet import ReadRow, SheetLimits, open_source
from policies.errors import InputError
from policies.facts import Items
from policies.profile import CompanyProfile
from policies.values import Span

PROFILE = {
    "name": "甲公司",
    "region": "山东省/济南市",
    "employees": "20-49人",
    "plans": [{"text": "购置机床", "loan_wan": 100}],
}


def jsonl(tmp_path: Path, *lines: object) -> Path:
    texts = [line if isinstance(line, bytes) else json.dumps(line, ensure_ascii=False).encode() for line in lines]
    path = tmp_path / "a.jsonl"
    path.write_bytes(b"\n".join(texts) + b"\n")
    return path


def table(tmp_path: Path, **columns: object) -> Path:
    path = tmp_path / "a.parquet"
    parquet.write_table(pa.table(columns), path)
    return path


def read(path: Path, limits: SheetLimits | None = None) -> list[ReadRow]:
    return list(open_source(path, limits=limits or SheetLimits()).read())


def test_jsonl_is_read_as_profiles(tmp_path: Path) -> None:
    two_plans = {**PROFILE, "plans": [{"text": "甲"}, {"text": "乙"}]}
    rows = read(jsonl(tmp_path, PROFILE, {"case_id": 1, "profile": PROFILE}, two_plans))
    expected = CompanyProfile.model_validate(PROFILE)
    assert [row.profile for row in rows] == [expected, expected, CompanyProfile.model_validate(two_plans)]
    assert [(row.number, row.sheet, row.problems) for row in rows] == [(1, "", ()), (2, "", ()), (3, "", ())]


def test_bad_lines_cost_themselves_only(tmp_path: Path) -> None:
    bad: list[object] = [
        b"{no json",
        '{"name": "乙公司"}'.encode("gb18030"),
        b"[" * 100_000,
        [1, 2],
        3,
        {"name": "乙公司", "employees": "很多", "plans": [{"text": "x"}, {"loan_wan": "一些"}], "colour": "red"},
        {"revenue_wan": 10**400},
    ]
    rows = read(jsonl(tmp_path, PROFILE, *bad, b"", PROFILE))
    assert [row.profile is not None for row in rows] == [True, *([False] * (len(bad) + 1)), True]
    assert rows[-2].skipped == "空行"
    for row in rows[1:-2]:
        assert row.problems
        assert all(problem.reason and problem.remedy and problem.row == row.number for problem in row.problems)
    mixed = {problem.column: problem.value for problem in rows[6].problems}
    assert mixed == {"从业人数（employees）": "很多", "第 2 项计划的贷款金额（loan_wan）": "一些", "“colour”": ""}


def test_notes_become_cautions(tmp_path: Path) -> None:
    (row,) = read(jsonl(tmp_path, {"name": "甲公司", "honours": ["宇宙第一企业"]}))
    (caution,) = row.cautions
    assert (caution.column, caution.value) == ("已获荣誉资质（honours）", "['宇宙第一企业']")
    assert "未收录" in caution.reason


def test_byte_order_mark_and_endless_line(tmp_path: Path) -> None:
    line = json.dumps(PROFILE).encode()
    rows = read(jsonl(tmp_path, b"\xef\xbb\xbf" + line, b"x" * 9_000_000, line))
    assert [(row.number, row.profile is not None) for row in rows] == [(1, True), (2, False), (3, True)]
    assert "一行超过" in rows[1].problems[0].reason


def test_arrays_and_too_many_lines_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="JSON 数组"):
        open_source(jsonl(tmp_path, [PROFILE]))
    with pytest.raises(InputError, match=r"至少有 3 行，上限 2 行"):
        open_source(jsonl(tmp_path, PROFILE, PROFILE, PROFILE), limits=SheetLimits(rows=2))


def test_parquet_is_a_table(tmp_path: Path) -> None:
    path = table(
        tmp_path,
        企业名称=["甲公司", None],
        established=[dt.date(2015, 6, 1), None],
        revenue_wan=pa.array([Decimal("100.50"), None], pa.decimal128(10, 2)),
        employees=[58.0, float("nan")],
        honours=[["瞪羚企业"], []],
        export=[True, None],
        uscc=["91370100MA3C00001H", "91370100MA3C00000E"],
        备注=[b"x", None],
    )
    first, second = read(path)
    assert first.profile is not None
    assert second.profile is not None
    day = float(dt.date(2015, 6, 1).toordinal())
    assert first.profile.facts == {
        "established": Span(day, day),
        "revenue_wan": Span(100.5, 100.5),
        "employees": Span(58.0, 58.0),
        "honours": Items(frozenset({"瞪羚企业"}), exhaustive=True, stated=("瞪羚企业",)),
        "export": "是",
    }
    assert second.profile.facts == {"honours": Items(frozenset(), exhaustive=True)}
    assert (first.number, second.number) == (1, 2)


def test_parquet_of_nested_profiles(tmp_path: Path) -> None:
    rows = read(table(tmp_path, name=["甲公司", "乙公司"], employees=["20-49人", "很多"],
                      plans=[[{"text": "一", "loan_wan": None}, {"text": "二", "loan_wan": 5}], None]))  # fmt: skip
    assert rows[0].profile == CompanyProfile.model_validate(
        {"name": "甲公司", "employees": "20-49人", "plans": [{"text": "一"}, {"text": "二", "loan_wan": 5}]}
    )
    assert rows[1].problems[0].value == "很多"


def test_parquet_limits_and_damage(tmp_path: Path) -> None:
    path = table(tmp_path, name=["甲"] * 100, a=range(100), b=range(100))
    with pytest.raises(InputError, match=r"至少有 100 行，上限 10 行"):
        open_source(path, limits=SheetLimits(rows=10))
    with pytest.raises(InputError, match=r"至少有 3 列，上限 2 列"):
        open_source(path, limits=SheetLimits(columns=2))
    with pytest.raises(InputError, match=r"解压后有"):
        open_source(path, limits=SheetLimits(unzipped_bytes=10))
    content = path.read_bytes()
    for broken in (content[:-20], b"PAR1" + bytes(50), content[:4] + bytes(len(content) - 4)):
        path.write_bytes(broken)
        with pytest.raises(InputError, match="不是 Parquet 文件或已损坏"):
            open_source(path)
