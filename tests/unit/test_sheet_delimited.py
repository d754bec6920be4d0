from pathlib import Path

import pytest

from matcher.sheet import ReadRow, SheetLimits, open_source
from policies.errors import InputError

HEADER = "企业名称,注册地,营业收入（元）,项目名称"


def write(tmp_path: Path, content: str | bytes, encoding: str = "utf-8", name: str = "a.csv") -> Path:
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode(encoding))
    return path


def read(path: Path, **limits: int) -> list[ReadRow]:
    return list(open_source(path, limits=SheetLimits(**limits)).read())


def names(rows: list[ReadRow]) -> list[str]:
    return [row.profile.name if row.profile else row.skipped or row.problems[0].reason for row in rows]


@pytest.mark.parametrize(
    ("encoding", "shown"),
    [
        ("utf-8", "UTF-8，"),
        ("utf-8-sig", "UTF-8（带 BOM）"),
        ("gb18030", "GB18030"),
        ("gbk", "GB18030"),
        ("utf-16", "UTF-16"),
        ("utf-16-le", "UTF-16"),
        ("utf-16-be", "UTF-16"),
    ],
)
def test_encodings(tmp_path: Path, encoding: str, shown: str) -> None:
    text = f"{HEADER},patents,rd_staff\n甲公司,济南市,1000000,购置机床,12,345\n乙公司,青岛市,2000000,上系统,1,2\n"
    source = open_source(write(tmp_path, text, encoding))
    assert names(list(source.read())) == ["甲公司", "乙公司"]
    assert shown in source.notes[0]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|", "，"])
@pytest.mark.parametrize("suffix", ["csv", "tsv"])
def test_delimiters(tmp_path: Path, delimiter: str, suffix: str) -> None:
    text = (
        "统计表\n"
        + HEADER.replace(",", delimiter)
        + "\n"
        + delimiter.join(["甲公司", "济南市", "1", "购置机床、刀具"])
        + "\n"
    )
    (row,) = read(write(tmp_path, text, name=f"a.{suffix}"))
    assert row.profile is not None
    assert row.profile.plans[0].text == "购置机床、刀具"
    assert row.number == 3


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_line_breaks_quoted_and_not(tmp_path: Path, end: str) -> None:
    text = end.join([HEADER, '甲公司,济南市,1,"一期机床', '二期""系统"""', "乙公司,青岛市,2,"])
    first, second = read(write(tmp_path, text))
    assert first.profile is not None
    assert first.profile.plans[0].text == '一期机床\n二期"系统"'
    assert (first.number, second.number) == (2, 3)


def test_blank_lines_count_but_not_at_the_end(tmp_path: Path) -> None:
    rows = read(write(tmp_path, f"{HEADER}\n甲公司,济南市,1,\n\n,,,\n乙公司,青岛市,2,\n\n\n"))
    assert [(row.number, row.skipped) for row in rows] == [(2, ""), (3, "空行"), (4, "空行"), (5, "")]


def test_undecodable_bytes_cost_their_row_only(tmp_path: Path) -> None:
    good = f"{HEADER}\n甲公司,济南市,1,购置机床\n乙公司,青岛市,2,上系统\n丙公司,潍坊市,3,改造\n"
    for encoding in ("utf-8", "gb18030"):
        content = good.encode(encoding).replace("上系统".encode(encoding), b"\xff\xfe\x80")
        rows = read(write(tmp_path, content))
        assert names(rows) == ["甲公司", "有无法识别的字节，文字已损坏", "丙公司"]
        assert rows[1].problems[0].column == "项目名称"


def test_row_pasted_in_another_encoding_does_not_turn_the_file(tmp_path: Path) -> None:
    body = "".join(f"第{number}公司,济南市,{number},购置机床\n" for number in range(50))
    content = (HEADER + "\n" + body).encode() + "外来公司,济南市,1,机床\n".encode("gb18030")
    rows = read(write(tmp_path, content))
    assert names(rows[:50]) == [f"第{number}公司" for number in range(50)]
    assert rows[50].profile is None


@pytest.mark.parametrize("after", [1, 3, 500])
def test_unclosed_quote_costs_its_row_only(tmp_path: Path, after: int) -> None:
    rest = "".join(f"第{number}公司,济南市,{number},机床\n" for number in range(after))
    rows = read(write(tmp_path, f'{HEADER}\n甲公司,济南市,1,"没有右引号\n{rest}'))
    assert len(rows) == after + 1
    assert rows[0].problems[0].reason == "引号没有成对，这一行读不出"
    assert names(rows[1:]) == [f"第{number}公司" for number in range(after)]
    assert [row.number for row in rows] == list(range(2, after + 3))


def test_ragged_rows(tmp_path: Path) -> None:
    text = f"{HEADER}\n甲公司,济南市,1,机床\n乙公司,济南市\n丙公司,济南市,1,200,000,机床\n丁公司,济南市,1,机床,,\n"
    full, short, long, padded = read(write(tmp_path, text))
    assert full.profile is not None and not full.cautions
    assert short.profile is not None and "只有 2 列" in short.cautions[0].reason
    assert "有 6 列，表头只有 4 列" in long.problems[0].reason
    assert padded.profile is not None and not padded.cautions


def test_rows_all_wider_than_the_header_are_read(tmp_path: Path) -> None:
    source = open_source(write(tmp_path, f"{HEADER}\n甲公司,济南市,1,机床,某\n乙公司,济南市,1,机床,某\n"))
    assert names(list(source.read())) == ["甲公司", "乙公司"]
    assert any("没有表头的列未采用" in note for note in source.notes)


def test_limits_name_the_figure_and_the_remedy(tmp_path: Path) -> None:
    path = write(tmp_path, HEADER + "\n" + "甲公司,济南市,1,机床\n" * 100)
    with pytest.raises(InputError, match=r"至少有 51 行，上限 50 行。请拆成"):
        open_source(path, limits=SheetLimits(rows=50))
    with pytest.raises(InputError, match=r"上限 0.0 MB。请拆成"):
        open_source(path, limits=SheetLimits(file_bytes=100))
    assert len(read(path, rows=101)) == 100


def test_rows_are_counted_as_records(tmp_path: Path) -> None:
    path = write(tmp_path, HEADER + "\n" + '甲公司,济南市,1,"一\n二\n三"\n' * 10)
    assert len(read(path, rows=11)) == 10


def test_too_many_columns_cost_their_row_only(tmp_path: Path) -> None:
    rows = read(
        write(tmp_path, f"{HEADER}\n甲公司,济南市,1,机床\n乙公司" + ",x" * 90 + "\n丙公司,济南市,1,机床\n"), columns=20
    )
    assert names(rows) == ["甲公司", "有 91 列，上限 20 列", "丙公司"]


def test_long_cell_costs_its_row_only(tmp_path: Path) -> None:
    for size in (2_000, 200_000):
        rows = read(
            write(tmp_path, f"{HEADER}\n甲公司,济南市,1,{'长' * size}\n丙公司,济南市,1,机床\n"), cell_chars=1_000
        )
        assert [row.profile is None for row in rows] == [True, False]


def test_one_endless_line_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"有一行超过 4,000,000 字"):
        read(write(tmp_path, b"a" * 5_000_000))


@pytest.mark.parametrize("content", [b"PK\x03\x04rest", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"])
def test_workbook_named_csv(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(InputError, match="其实是表格软件的工作簿"):
        open_source(write(tmp_path, content))


def test_file_without_a_header_says_what_a_header_is(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"没有认出表头.*编码 UTF-8.*企业名称"):
        open_source(write(tmp_path, "1,2,3\n4,5,6\n"))
