from pathlib import Path

import openpyxl
import pytest
import xlsxwriter

from matcher.sheet import SheetLimits, open_source
from policies.errors import InputError


@pytest.mark.parametrize(
    ("suffix", "remedy"),
    [
        (".xls", "xlsx"),
        (".et", "WPS"),
        (".docx", "xlsx"),
        (".json", "jsonl"),
        (".txt", "csv"),
        (".zip", "解压"),
        (".mp4", "另存为 xlsx"),
        ("", "另存为 xlsx"),
    ],
)
def test_other_formats_say_what_to_do(tmp_path: Path, suffix: str, remedy: str) -> None:
    path = tmp_path / f"企业{suffix}"
    path.write_bytes(b"x")
    with pytest.raises(InputError) as caught:
        open_source(path)
    assert remedy in caught.value.problems[0].remedy


@pytest.mark.parametrize("suffix", ["csv", "xlsx", "parquet", "jsonl"])
def test_missing_empty_and_folders(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"a.{suffix}"
    with pytest.raises(InputError, match="不存在"):
        open_source(path)
    path.touch()
    with pytest.raises(InputError, match="空文件"):
        open_source(path)
    path.unlink()
    path.mkdir()
    with pytest.raises(InputError, match="不是文件"):
        open_source(path)


def test_size_is_checked_first(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    path.write_bytes(b"x" * 2_000_000)
    with pytest.raises(InputError, match=r"有 2\.0 MB，上限 1\.0 MB"):
        open_source(path, limits=SheetLimits(file_bytes=1_000_000))


def test_suffix_in_capitals(tmp_path: Path) -> None:
    path = tmp_path / "A.CSV"
    path.write_text("企业名称,税号\n甲公司,\n", encoding="utf-8")
    assert open_source(path).format == "csv"


def test_sheets(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    book = openpyxl.Workbook()
    for name in ("甲表", "说明", "乙表"):
        sheet = book.create_sheet(name)
        for row in [["企业名称", "税号"], [f"{name}公司", None]] if name != "说明" else [["请认真填写"]]:
            sheet.append(row)
    del book["Sheet"]
    book.save(path)
    source = open_source(path)
    assert [(row.sheet, row.number) for row in source.read()] == [("甲表", 2), ("乙表", 2)]
    assert "工作表“说明”没有认出表头，未读取" in source.notes
    assert [row.sheet for row in open_source(path, sheet="乙表").read()] == ["乙表"]
    with pytest.raises(InputError, match=r"没有工作表“丙表”。可选：“甲表”、“说明”、“乙表”"):
        open_source(path, sheet="丙表")
    with pytest.raises(InputError, match="没有认出表头"):
        open_source(path, sheet="说明")


def test_only_workbooks_have_sheets(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("企业名称\n甲\n", encoding="utf-8")
    with pytest.raises(InputError, match="只有 xlsx 能指定工作表"):
        open_source(path, sheet="甲表")


def test_only_hidden_sheets(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    with xlsxwriter.Workbook(str(path)) as book:
        book.add_worksheet("图表").write(0, 0, "请看隐藏表")
        hidden = book.add_worksheet("底稿")
        hidden.write_row(0, 0, ["企业名称", "税号"])
        hidden.hide()
    with pytest.raises(InputError, match=r"没有认出表头（工作表“底稿”是隐藏的，未读取"):
        open_source(path)
    assert [sheet.sheet for sheet in open_source(path, sheet="底稿").mapping.sheets] == ["底稿"]
