"""The parts of an XLSX package: what may be opened at all, and a streaming XML reader that refuses declarations.

openpyxl's read-only mode keeps every shared string and an empty element per row, does not know the Chinese built-in
date formats and cannot tell an uncalculated formula from a blank; calamine holds whole sheets. Both were measured to
grow with the sheet, hence this reader.
"""

from __future__ import annotations

import posixpath
import re
import weakref
import zipfile
import zlib
from array import array
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO
from xml.parsers import expat

from matcher.sheet.limits import RATIO_FROM_BYTES, SheetLimits, mega
from matcher.sheet.problems import refuse
from policies.errors import InputError

CHUNK = 1 << 18
MAX_PARTS = 20_000
MAX_SMALL_PART = 50_000_000
"""Largest workbook.xml, styles.xml or relations file."""
_BROKEN = (zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError, NotImplementedError, ValueError)

Attributes = Mapping[str, str]


def open_package(path: Path, limits: SheetLimits) -> zipfile.ZipFile:
    """Open the zip archive and check its directory; nothing is unzipped.

    Raises:
        InputError: Not an XLSX file, damaged, encrypted, or larger unzipped than allowed.
    """
    where = f"文件“{path.name}”"
    with path.open("rb") as file:
        head = file.read(512)
    if head.startswith(b"\xd0\xcf\x11\xe0"):
        raise refuse(
            where, "是旧版 xls 或加了密码的工作簿", "请在表格软件里取消密码，另存为“Excel 工作簿（*.xlsx）”后再试"
        )
    if not head.startswith(b"PK"):
        is_page = head.lstrip(b"\xef\xbb\xbf \r\n\t").lower().startswith((b"<html", b"<table", b"<!doctype", b"<?xml"))
        kind = "网页或 XML 文件" if is_page else "别的格式"
        raise refuse(where, f"扩展名是 xlsx，内容是{kind}", "请用表格软件打开，另存为“Excel 工作簿（*.xlsx）”后再试")
    try:
        archive = zipfile.ZipFile(path)
    except _BROKEN as error:
        raise refuse(where, "工作簿已损坏或没有下载完整", "请重新下载，或用表格软件打开后另存") from error
    try:
        _check_directory(archive, where, limits)
    except InputError:
        archive.close()
        raise
    return archive


def _check_directory(archive: zipfile.ZipFile, where: str, limits: SheetLimits) -> None:
    parts = archive.infolist()
    total = sum(part.file_size for part in parts)
    if len(parts) > MAX_PARTS:
        raise refuse(where, f"压缩包里有 {len(parts):,} 个部件，上限 {MAX_PARTS:,} 个", "请用表格软件打开后另存")
    if total > limits.unzipped_bytes:
        raise refuse(where, f"解压后有 {mega(total)}，上限 {mega(limits.unzipped_bytes)}", "请拆成几个文件分别导入")
    for part in parts:
        ratio = part.file_size / max(part.compress_size, 1)
        if part.file_size > RATIO_FROM_BYTES and ratio > limits.ratio:
            reason = f"部件“{part.filename[:60]}”的压缩比为 {ratio:,.0f}，上限 {limits.ratio}，像是压缩炸弹"
            raise refuse(where, reason, "请用表格软件打开后另存，或另存为 csv")
        if part.flag_bits & 1:
            raise refuse(where, "压缩包加了密码", "请去掉密码后再试")


def _parser(where: str, start: Callable[[str, Attributes], None], end: Callable[[str], None]) -> expat.XMLParserType:
    """A parser that refuses every document type, and with it every entity."""
    parser = expat.ParserCreate()
    parser.buffer_text = True

    def refuse_declaration(*_: object) -> None:
        raise refuse(where, "工作簿里有不允许的 DOCTYPE 声明", "请用表格软件打开后另存为 xlsx")

    def first_element(name: str, attributes: Attributes) -> None:
        """Take prefixes off only where the root has one: two calls an element are a third of the time."""
        if ":" in name:
            parser.StartElementHandler = lambda name, attributes: start(name.rpartition(":")[2], attributes)
            parser.EndElementHandler = lambda name: end(name.rpartition(":")[2])
        else:
            parser.StartElementHandler, parser.EndElementHandler = start, end
        start(name.rpartition(":")[2], attributes)

    parser.StartDoctypeDeclHandler = refuse_declaration
    parser.StartElementHandler = first_element
    return parser


def stream_xml(
    archive: zipfile.ZipFile,
    part: str,
    start: Callable[[str, Attributes], None],
    end: Callable[[str], None],
    text: Callable[[str], None],
) -> Iterator[None]:
    """Parse a part chunk by chunk, yielding after each; names come without their namespace prefix.

    Raises:
        InputError: The part is damaged, or it declares a document type (the way of every entity attack).
    """
    parser = _parser(f"文件“{Path(archive.filename or '').name}”", start, end)
    parser.CharacterDataHandler = text
    try:
        with archive.open(part) as stream:
            while chunk := stream.read(CHUNK):
                parser.Parse(chunk, False)
                yield
            parser.Parse(b"", True)
            yield
    except (KeyError, expat.ExpatError, LookupError, *_BROKEN) as error:
        raise broken_part(archive, part) from error


def broken_part(archive: zipfile.ZipFile, part: str) -> InputError:
    """The error for a part that cannot be read."""
    where = f"文件“{Path(archive.filename or '').name}”"
    return refuse(where, f"工作簿的部件“{part[:60]}”缺失或已损坏", "请用表格软件打开后另存，再试一次")


def elements(archive: zipfile.ZipFile, part: str) -> list[tuple[str, str, Attributes]]:
    """All elements of a small part, in order: parent's name, name, attributes."""
    size = archive.NameToInfo[part].file_size if part in archive.NameToInfo else 0
    if size > MAX_SMALL_PART:
        where = f"工作簿的部件“{part[:60]}”"
        raise refuse(where, f"有 {mega(size)}，上限 {mega(MAX_SMALL_PART)}", "请用表格软件打开后另存")
    found: list[tuple[str, str, Attributes]] = []
    path = [""]

    def start(name: str, attributes: Attributes) -> None:
        found.append((path[-1], name, attributes))
        path.append(name)

    def end(_: str) -> None:
        path.pop()

    for _ in stream_xml(archive, part, start, end, lambda _: None):
        pass
    return found


def raw_chunks(archive: zipfile.ZipFile, part: str) -> Iterator[bytes]:
    """The unzipped bytes of a part; its checksum is checked at the end. InputError if it is damaged."""
    try:
        with archive.open(part) as stream:
            while chunk := stream.read(CHUNK):
                yield chunk
    except (KeyError, *_BROKEN) as error:
        raise broken_part(archive, part) from error


def relations(archive: zipfile.ZipFile, part: str) -> dict[str, tuple[str, str]]:
    """Targets of a part's relations by id: (last word of the type, part name)."""
    folder, name = posixpath.split(part)
    source = posixpath.join(folder, "_rels", f"{name}.rels")
    if source not in archive.NameToInfo:
        raise broken_part(archive, source)
    found = {}
    for _, element, attributes in elements(archive, source):
        target = attributes.get("Target", "")
        if element == "Relationship" and attributes.get("TargetMode") != "External":
            full = target[1:] if target.startswith("/") else posixpath.normpath(posixpath.join(folder, target))
            found[attributes.get("Id", "")] = (attributes.get("Type", "").rpartition("/")[2], full)
    return found


class SharedStrings:
    """The texts that cells refer to by number, kept in a temporary file: memory is 8 bytes a text.

    Texts are cut at `limit` + 1 characters, so that a cell over its limit still shows as one.
    """

    def __init__(self, archive: zipfile.ZipFile, part: str | None, limit: int) -> None:
        """Read the part; an absent part has no texts."""
        self._ends = array("Q", [0])
        self._file: IO[bytes] = TemporaryFile()  # noqa: SIM115  # lives as long as the workbook
        weakref.finalize(self, self._file.close)
        self._cache: dict[int, str] = {}
        if part is not None:
            self._read(archive, part, limit)

    def _read(self, archive: zipfile.ZipFile, part: str, limit: int) -> None:
        pieces: list[str] = []
        kept = 0
        wanted = phonetic = False

        def start(name: str, _: Attributes) -> None:
            nonlocal wanted, phonetic
            phonetic = phonetic or name == "rPh"
            wanted = name == "t" and not phonetic

        def end(name: str) -> None:
            nonlocal wanted, phonetic, kept
            wanted = False
            if name == "rPh":
                phonetic = False
            elif name == "si":
                content = unescape("".join(pieces))[: limit + 1].encode("utf-8", "replace")
                pieces.clear()
                kept = 0
                self._file.write(content)
                self._ends.append(self._ends[-1] + len(content))

        def text(content: str) -> None:
            nonlocal kept
            if wanted and kept <= limit:
                pieces.append(content)
                kept += len(content)

        for _ in stream_xml(archive, part, start, end, text):
            pass

    def __len__(self) -> int:
        """Number of texts."""
        return len(self._ends) - 1

    def __getitem__(self, number: int) -> str:
        """A text; IndexError if there is none of that number."""
        if (found := self._cache.get(number)) is not None:
            return found
        if not 0 <= number < len(self):
            raise IndexError(number)
        start, end = self._ends[number], self._ends[number + 1]
        self._file.seek(start)
        text = self._file.read(end - start).decode("utf-8", "replace")
        if len(self._cache) >= 20_000:
            self._cache.clear()
        self._cache[number] = text
        return text


def unescape(text: str) -> str:
    """Undo the `_x000D_` escapes of the format."""
    if "_x" not in text:
        return text
    return re.sub(r"_x([0-9A-Fa-f]{4})_", lambda found: chr(int(found[1], 16)), text)
