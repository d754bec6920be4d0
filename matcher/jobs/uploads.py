"""Taking over an upload: what kind of file it really is, how large it may be."""

from __future__ import annotations

from pathlib import Path

from matcher.jobs.task import safe_name
from matcher.sheet.limits import SheetLimits, mega
from policies.errors import InputError, Problem

SUFFIXES = (".xlsx", ".csv", ".parquet", ".jsonl")
_MAGIC = {".xlsx": b"PK\x03\x04", ".parquet": b"PAR1"}
_BINARY = (b"PK\x03\x04", b"PAR1", b"%PDF", b"\xd0\xcf\x11\xe0", b"7z\xbc\xaf", b"Rar!", b"\x1f\x8b", b"\x89PNG", b"MZ",
           b"\x7fELF")  # fmt: skip
_CHOOSE = "请上传 xlsx、csv、parquet 或 jsonl 文件；其他表格请先另存为 xlsx"


def limits_of(upload_mib: int) -> SheetLimits:
    """Limits of a file that comes over the net: rows and unzipped size follow from what a page can answer in time."""
    return SheetLimits(rows=1_000_000, file_bytes=upload_mib << 20, unzipped_bytes=2_000_000_000)


def checked_name(path: Path, name: str, limits: SheetLimits) -> str:
    """The safe name of an upload whose content is what its suffix says.

    Args:
        path: The file.
        name: As the person calls it.
        limits: What it may cost.

    Raises:
        InputError: another kind of file, another content than the suffix says, empty, or too large.
    """
    suffix = Path(name).suffix.lower()
    shown = f"文件“{safe_name(name, suffix)}”"
    if suffix not in SUFFIXES:
        raise InputError([Problem(shown, f"不支持“{suffix or '没有扩展名的文件'}”", _CHOOSE)])
    size = path.stat().st_size
    if size == 0:
        raise InputError([Problem(shown, "是空文件", "请重新导出后上传")])
    if size > limits.file_bytes:
        reason = f"有 {mega(size)}，上限 {mega(limits.file_bytes)}"
        raise InputError([Problem(shown, reason, "请拆成几个文件分别上传")])
    with path.open("rb") as stream:
        head = stream.read(8)
    magic = _MAGIC.get(suffix)
    if (magic and not head.startswith(magic)) or (magic is None and head.startswith(_BINARY)):
        raise InputError([Problem(shown, f"内容不是 {suffix[1:]} 格式", "请用表格软件打开后另存为正确的格式再上传")])
    return safe_name(name, suffix)
