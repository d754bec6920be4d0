"""Opening a file of companies: format by suffix, limits first, then its mapping; rows are streamed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from matcher.sheet.delimited import delimited_grid
from matcher.sheet.grid import Grid
from matcher.sheet.limits import SheetLimits
from matcher.sheet.mapping import HeaderMapping
from matcher.sheet.problems import ReadRow, refuse
from matcher.sheet.recognition import MappedSheet, apply_saved, map_sheet, preview
from matcher.sheet.records import check_jsonl, open_parquet, read_jsonl, read_nested
from matcher.sheet.rows import RowReader
from matcher.sheet.workbook import workbook_grids

Format = Literal["csv", "xlsx", "parquet", "jsonl"]
_FORMATS: dict[str, Format] = {
    ".csv": "csv",
    ".tsv": "csv",
    ".xlsx": "xlsx",
    ".xlsm": "xlsx",
    ".parquet": "parquet",
    ".jsonl": "jsonl",
}
_REMEDIES = {
    ".xls": "是旧版工作簿，请在表格软件里另存为“Excel 工作簿（*.xlsx）”",
    ".xlsb": "是二进制工作簿，请在表格软件里另存为“Excel 工作簿（*.xlsx）”",
    ".et": "是 WPS 表格文件，请在 WPS 里另存为“Excel 工作簿（*.xlsx）”",
    ".ods": "是 OpenDocument 表格，请另存为“Excel 工作簿（*.xlsx）”",
    ".numbers": "是 Numbers 表格，请导出为 xlsx",
    ".doc": "是文字文档，请把表格粘贴到表格软件里，另存为 xlsx",
    ".docx": "是文字文档，请把表格粘贴到表格软件里，另存为 xlsx",
    ".wps": "是文字文档，请把表格粘贴到表格软件里，另存为 xlsx",
    ".pdf": "是 PDF，请取得原表，或转成 xlsx",
    ".json": "是 JSON，请改为每行一个对象，另存为 jsonl",
    ".txt": "是文本，如果内容是表格请把扩展名改为 csv",
    ".zip": "是压缩包，请解压后导入其中的表格",
    ".rar": "是压缩包，请解压后导入其中的表格",
}
DEFAULT_LIMITS = SheetLimits()


@dataclass(frozen=True)
class Source:
    """A file of companies, ready to be read.

    Attributes:
        path: The file.
        format: "csv" (TSV too), "xlsx", "parquet" or "jsonl".
        mapping: What each column fills; without sheets for JSONL and nested Parquet.
        notes: What was found and decided, in Chinese.
        limits: Limits in force.
    """

    path: Path
    format: Format
    mapping: HeaderMapping
    notes: tuple[str, ...]
    limits: SheetLimits
    _sheets: tuple[MappedSheet, ...] = ()

    def read(self) -> Iterator[ReadRow]:
        """Stream the rows in the order of the file; may be called again.

        Raises:
            InputError: The file turns out to be damaged, or over a limit that only shows while reading.
        """
        if self.format == "jsonl":
            yield from read_jsonl(self.path, self.limits)
        elif not self._sheets:
            yield from read_nested(self.path)
        for sheet in self._sheets:
            reader = RowReader(sheet, self.limits)
            first = sheet.mapping.header_row + sheet.mapping.header_rows
            for row in sheet.grid.rows():
                if row.number >= first:
                    yield reader.read(row)


def open_source(
    path: Path,
    *,
    sheet: str | None = None,
    mapping: HeaderMapping | None = None,
    limits: SheetLimits = DEFAULT_LIMITS,
) -> Source:
    """Open a file and recognise its header; nothing but its first rows is read as companies yet.

    Args:
        path: csv, tsv, xlsx, parquet or jsonl, by suffix.
        sheet: Read only this sheet of a workbook, even if it is hidden; None reads every sheet with a known header.
        mapping: A mapping that a person confirmed; None recognises the header.
        limits: What the file may cost.

    Raises:
        InputError: Another format, damaged, over a limit, no header found, or a column of `mapping` is missing.
    """
    kind = _FORMATS.get(path.suffix.lower())
    if kind is None:
        remedy = _REMEDIES.get(path.suffix.lower(), "请另存为 xlsx、csv、parquet 或 jsonl")
        raise refuse(f"文件“{path.name}”", f"不支持“{path.suffix or '没有扩展名的文件'}”", remedy)
    limits.check_file(path)
    if sheet is not None and kind != "xlsx":
        raise refuse(f"文件“{path.name}”", f"没有工作表（要读的是“{sheet}”）", "只有 xlsx 能指定工作表")
    notes: list[str] = []
    if kind == "jsonl":
        check_jsonl(path, limits)
        return Source(path, kind, HeaderMapping(), (), limits)
    grids = _grids(path, kind, sheet, limits, notes)
    if kind == "parquet" and not grids:
        return Source(path, kind, HeaderMapping(), ("按企业信息对象逐行读取",), limits)
    sheets = _mapped(grids, mapping, path, limits, notes)
    notes += [note for mapped in sheets for note in mapped.notes]
    found = HeaderMapping(sheets=tuple(mapped.mapping for mapped in sheets))
    return Source(path, kind, found, tuple(notes), limits, tuple(sheets))


def _grids(path: Path, kind: Format, sheet: str | None, limits: SheetLimits, notes: list[str]) -> list[Grid]:
    """The tables to read; none for Parquet of nested profile objects."""
    if kind == "parquet":
        grid, nested = open_parquet(path, limits)
        return [] if nested else [grid]
    if kind == "csv":
        grid, dialect = delimited_grid(path, limits)
        notes.append(dialect.note)
        return [grid]
    return _chosen(workbook_grids(path, limits), sheet, path, notes)


def _chosen(grids: list[Grid], sheet: str | None, path: Path, notes: list[str]) -> list[Grid]:
    """The sheet asked for, or all that the person can see."""
    if sheet is not None:
        named = [grid for grid in grids if grid.name == sheet]
        if not named:
            have = "、".join(f"“{grid.name}”" for grid in grids[:20])
            raise refuse(f"文件“{path.name}”", f"没有工作表“{sheet}”", f"可选：{have}")
        return named
    notes += [f"{grid.where}是隐藏的，未读取；要读请指定这个工作表" for grid in grids if grid.hidden]
    return [grid for grid in grids if not grid.hidden]


def _mapped(
    grids: list[Grid], mapping: HeaderMapping | None, path: Path, limits: SheetLimits, notes: list[str]
) -> list[MappedSheet]:
    """The sheets that will be read; those without a header are named in the notes."""
    if mapping is not None:
        return _by_mapping(grids, mapping, path)
    found = []
    for grid in grids:
        mapped = map_sheet(grid, preview(grid), limits)
        if mapped is not None:
            found.append(mapped)
        elif grid.name:
            notes.append(f"{grid.where}没有认出表头，未读取")
    if not found:
        remedy = "表头要写明列名，如“企业名称”“统一社会信用代码”“注册地”“所属行业”，并放在前 30 行内"
        raise refuse(f"文件“{path.name}”", "没有认出表头" + (f"（{notes[0]}）" if notes else ""), remedy)
    return found


def _by_mapping(grids: list[Grid], mapping: HeaderMapping, path: Path) -> list[MappedSheet]:
    wanted = {sheet.sheet: sheet for sheet in mapping.sheets}
    if len(wanted) == 1 and len(grids) == 1:
        return [apply_saved(grids[0], preview(grids[0]), mapping.sheets[0])]
    have = {grid.name for grid in grids}
    missing = [name for name in wanted if name not in have]
    if missing or not wanted:
        names = "、".join(f"“{name}”" for name in missing) or "任何工作表"
        raise refuse(f"文件“{path.name}”", f"没有对应表里的{names}", "请核对工作表名，或重新识别表头")
    return [apply_saved(grid, preview(grid), wanted[grid.name]) for grid in grids if grid.name in wanted]
