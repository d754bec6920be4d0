"""What a file may cost: figures that are checked before a part is parsed, or counted while it streams."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from matcher.sheet.problems import refuse
from policies.errors import InputError


@dataclass(frozen=True)
class SheetLimits:
    """Limits of one input file.

    Attributes:
        rows: Most rows of one sheet or file, header included.
        columns: Most columns that hold a value.
        cell_chars: Most characters of one cell; a longer one is a problem of its row.
        file_bytes: Largest file.
        unzipped_bytes: Largest sum of the unzipped parts of a workbook (Parquet: of its columns).
        ratio: Highest compression ratio of a part above `RATIO_FROM_BYTES`; what is above is a zip bomb.
        sheets: Most sheets of a workbook.
    """

    rows: int = 5_000_000
    columns: int = 500
    cell_chars: int = 32_767
    file_bytes: int = 2_000_000_000
    unzipped_bytes: int = 4_000_000_000
    ratio: int = 200
    sheets: int = 100

    def check_file(self, path: Path) -> None:
        """Raise InputError if the file is missing, empty or too large."""
        try:
            size = path.stat().st_size
        except OSError as error:
            raise refuse(f"文件“{path.name}”", "打不开或不存在", "请核对文件名和位置") from error
        if not path.is_file():
            raise refuse(f"文件“{path.name}”", "不是文件", "请给出一个 csv、xlsx、parquet 或 jsonl 文件")
        if size == 0:
            raise refuse(f"文件“{path.name}”", "是空文件", "请重新导出")
        if size > self.file_bytes:
            raise refuse(
                f"文件“{path.name}”", f"有 {mega(size)}，上限 {mega(self.file_bytes)}", "请拆成几个文件分别导入"
            )

    def too_many_rows(self, where: str, found: int) -> InputError:
        """The error for a sheet with too many rows."""
        return refuse(where, f"至少有 {found:,} 行，上限 {self.rows:,} 行", "请拆成几个文件分别导入")

    def too_many_columns(self, where: str, found: int) -> InputError:
        """The error for a sheet with too many columns."""
        return refuse(where, f"至少有 {found:,} 列，上限 {self.columns:,} 列", "请删去无关的列后再导入")


RATIO_FROM_BYTES = 20_000_000
"""Below this size a part may be as repetitive as it likes."""


def mega(size: int) -> str:
    """A size for a message."""
    return f"{size / 1e6:,.1f} MB"
