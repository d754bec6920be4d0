"""Whether a file that somebody uploads is a plain Word document: nothing active, nothing embedded, nothing outside."""

from __future__ import annotations

import io
import posixpath
import re
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from xml.parsers import expat

from matcher.packs import words
from policies.errors import InputError, Problem

MAX_BYTES = 2_000_000
MAX_PARTS = 200
MAX_PART_BYTES = 4_000_000
MAX_UNPACKED_BYTES = 16_000_000
MAX_RATIO, RATIO_FROM_BYTES = 100, 500_000
MAX_ELEMENTS, MAX_DEPTH = 100_000, 120
"""Of one part; lxml stops at a depth of 256."""
MAIN = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
_WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml."
_TYPES = frozenset(
    {
        MAIN,
        *(
            f"{_WORD}{name}+xml"
            for name in (
                "styles", "settings", "fontTable", "webSettings", "numbering", "footnotes", "endnotes", "header",
                "footer", "comments", "stylesWithEffects", "commentsExtended", "commentsIds", "people",
            )
        ),
        "application/vnd.ms-word.stylesWithEffects+xml",
        "application/vnd.openxmlformats-officedocument.theme+xml",
        "application/vnd.openxmlformats-package.core-properties+xml",
        "application/vnd.openxmlformats-officedocument.extended-properties+xml",
        "application/vnd.openxmlformats-officedocument.custom-properties+xml",
        "application/vnd.openxmlformats-officedocument.customXmlProperties+xml",
        "application/vnd.openxmlformats-package.relationships+xml",
        "application/xml", "image/png", "image/jpeg", "image/gif", "image/bmp",
    }
)  # fmt: skip
"""What a part may be: text, its looks, its properties, and pictures."""
_LINKS = frozenset(
    {
        "officeDocument", "core-properties", "extended-properties", "custom-properties", "styles", "settings",
        "fontTable", "theme", "webSettings", "numbering", "header", "footer", "footnotes", "endnotes", "comments",
        "commentsExtended", "commentsIds", "people", "image", "customXml", "customXmlProps", "stylesWithEffects",
        "thumbnail",
    }
)  # fmt: skip
_ELEMENTS = frozenset(
    {"object", "OLEObject", "control", "altChunk", "subDoc", "mailMerge", "attachedTemplate", "movie", "embed",
     "script", "externalLink", "frame", "frameset"}
)  # fmt: skip
_FIELDS = frozenset(
    {"PAGE", "NUMPAGES", "SECTION", "SECTIONPAGES", "DATE", "TIME", "TOC", "PAGEREF", "REF", "SEQ", "STYLEREF", "EQ",
     "SYMBOL", "ADVANCE", "FORMTEXT", "FORMCHECKBOX", "FORMDROPDOWN", "TITLE", "AUTHOR"}
)  # fmt: skip
_NAME = re.compile(r"[A-Za-z0-9_\-\[\].]+(?:/[A-Za-z0-9_\-\[\].]+)*")
_OUTSIDE = re.compile(r"\s*(?:[A-Za-z][A-Za-z0-9+.\-]*:|//|\\\\)")
_INSIDE = re.compile(r'HYPERLINK\s+\\l\s+"?[\w.]+"?(\s+\\h)?', re.ASCII)
"""A link to a place in the same document."""
_ADDRESSES = frozenset({"href", "src", "link"})
_COMPRESSION = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})
_TAG = re.compile(r"\{[{%#]|[}%#]\}")
_BROKEN = (zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError, NotImplementedError, ValueError)


def inspect(content: bytes, name: str) -> None:
    """Refuse what is not a plain Word document.

    Args:
        content: The file.
        name: What it is called, for the message.

    Raises:
        InputError: too large, no DOCX, damaged, a zip bomb, or with macros, embedded objects, fields or links that are
            not on the lists above.
    """
    found = Package(content, words.FILE.format(name=name))
    found.check()


@dataclass
class Package:
    """A DOCX file while it is checked; `where` begins every message."""

    content: bytes
    where: str

    def check(self) -> None:
        """Check it from the outside to the inside."""
        if not self.content:
            raise self._refused(words.EMPTY_FILE)
        if len(self.content) > MAX_BYTES:
            raise self._refused(
                words.TOO_LARGE.format(size=_mega(len(self.content)), limit=_mega(MAX_BYTES)), words.SMALLER
            )
        if self.content.startswith(b"\xd0\xcf\x11\xe0"):
            raise self._refused(words.OLD_WORD)
        if not self.content.startswith(b"PK"):
            raise self._refused(words.NO_WORD)
        try:
            with zipfile.ZipFile(io.BytesIO(self.content)) as archive:
                self._directory(archive.infolist())
                parts = {item.filename: archive.read(item) for item in archive.infolist() if not item.is_dir()}
        except _BROKEN as error:
            raise self._refused(words.DAMAGED) from error
        self._types(parts)
        for part, content in parts.items():
            if part.endswith(".rels"):
                self._links(part, content)
            elif self._is_xml(part):
                self._text(part, content)

    def _directory(self, items: list[zipfile.ZipInfo]) -> None:
        total = sum(item.file_size for item in items)
        if len(items) > MAX_PARTS:
            raise self._refused(words.TOO_MANY_PARTS.format(n=len(items), limit=MAX_PARTS))
        if total > MAX_UNPACKED_BYTES:
            raise self._refused(
                words.UNPACKED.format(size=_mega(total), limit=_mega(MAX_UNPACKED_BYTES)), words.SMALLER
            )
        seen: set[str] = set()
        for item in items:
            part = item.filename
            if not _NAME.fullmatch(part.removesuffix("/")) or ".." in part or item.orig_filename != part:
                raise self._refused(words.ODD_PART.format(part=part[:60]))
            if part.lower() in seen:
                raise self._refused(words.TWICE.format(part=part[:60]))
            seen.add(part.lower())
            if item.flag_bits & 1:
                raise self._refused(words.ENCRYPTED)
            if item.compress_type not in _COMPRESSION:
                raise self._refused(words.DAMAGED)
            ratio = item.file_size / max(item.compress_size, 1)
            if item.file_size > RATIO_FROM_BYTES and ratio > MAX_RATIO:
                raise self._refused(words.BOMB.format(part=part[:60], ratio=f"{ratio:,.0f}"))
            if item.file_size > MAX_PART_BYTES:
                raise self._refused(words.TOO_COMPLEX.format(part=part[:60]), words.SMALLER)

    def _types(self, parts: Mapping[str, bytes]) -> None:
        """Every part is of a kind on the list, and the main one is a document (not a template, without macros)."""
        if "[Content_Types].xml" not in parts or "word/document.xml" not in parts:
            raise self._refused(words.NO_WORD)
        defaults: dict[str, str] = {}
        exact: dict[str, str] = {}
        for element, attributes in self._elements("[Content_Types].xml", parts["[Content_Types].xml"]):
            kind = attributes.get("ContentType", "")
            if element == "Default":
                defaults[attributes.get("Extension", "").lower()] = kind
            elif element == "Override":
                exact[attributes.get("PartName", "").lstrip("/")] = kind
        for part in parts:
            kind = exact.get(part) or defaults.get(part.rpartition(".")[2].lower(), "")
            if part == "word/document.xml" and kind != MAIN:
                raise self._refused(words.MACROS)
            if part != "[Content_Types].xml" and (
                kind not in _TYPES or (kind == MAIN) != (part == "word/document.xml")
            ):
                raise self._refused(words.FOREIGN_PART.format(part=part[:60]), words.REMOVE_IT)

    def _links(self, part: str, content: bytes) -> None:
        for element, attributes in self._elements(part, content):
            if element != "Relationship":
                continue
            kind, target = attributes.get("Type", "").rpartition("/")[2], attributes.get("Target", "")
            if attributes.get("TargetMode", "Internal") != "Internal" or _OUTSIDE.match(target):
                raise self._refused(words.OUTSIDE.format(target=target[:60]), words.REMOVE_IT)
            if kind not in _LINKS:
                raise self._refused(words.FOREIGN_LINK.format(kind=kind[:40], part=part[:60]), words.REMOVE_IT)
            if ".." in posixpath.normpath(posixpath.join(posixpath.dirname(part), "..", target.lstrip("/"))):
                raise self._refused(words.OUTSIDE.format(target=target[:60]), words.REMOVE_IT)

    def _text(self, part: str, content: bytes) -> None:
        """No objects, no addresses, no fields that read something, no variables outside the text."""
        reader = _Fields()
        for element, attributes in self._elements(part, content, reader):
            if element in _ELEMENTS:
                raise self._refused(words.BAD_ELEMENT.format(name=element), words.REMOVE_IT)
            for key, value in attributes.items():
                if key in _ADDRESSES and _OUTSIDE.match(value):
                    raise self._refused(words.OUTSIDE.format(target=value[:60]), words.REMOVE_IT)
                if _TAG.search(value):
                    raise self._refused(words.TAG_OUTSIDE_TEXT.format(near=value[:40]), words.REMOVE_IT)
        for code in reader.codes():
            if _TAG.search(code) or "{" in code:
                raise self._refused(words.TAG_OUTSIDE_TEXT.format(near=code[:40]), words.FIELD_NAMES)
            if code.strip().partition(" ")[0].upper() not in _FIELDS and not _INSIDE.fullmatch(code.strip()):
                raise self._refused(words.BAD_FIELD.format(code=code.strip()[:40]), words.FIELD_NAMES)

    def _elements(
        self, part: str, content: bytes, reader: _Fields | None = None
    ) -> Iterator[tuple[str, dict[str, str]]]:
        """All elements of a part with their attributes, both without prefixes; declarations are refused."""
        found: list[tuple[str, dict[str, str]]] = []
        parser, depth = expat.ParserCreate(), 0

        def start(name: str, attributes: dict[str, str]) -> None:
            nonlocal depth
            depth += 1
            if depth > MAX_DEPTH or len(found) > MAX_ELEMENTS:
                raise self._refused(words.TOO_COMPLEX.format(part=part[:60]))
            own = {key.rpartition(":")[2]: value for key, value in attributes.items() if not key.startswith("xmlns")}
            found.append((name.rpartition(":")[2], own))
            if reader is not None:
                reader.start(name.rpartition(":")[2], own)

        def end(name: str) -> None:
            nonlocal depth
            depth -= 1
            if reader is not None:
                reader.end(name.rpartition(":")[2])

        def declared(*_: object) -> None:
            raise self._refused(words.DOCTYPE.format(part=part[:60]))

        parser.StartElementHandler, parser.EndElementHandler, parser.StartDoctypeDeclHandler = start, end, declared
        parser.CharacterDataHandler = reader.text if reader is not None else None
        try:
            parser.Parse(content, True)
        except (expat.ExpatError, LookupError, ValueError) as error:
            raise self._refused(words.BAD_XML.format(part=part[:60])) from error
        return iter(found)

    def _is_xml(self, part: str) -> bool:
        return part != "[Content_Types].xml" and part.lower().endswith(".xml")

    def _refused(self, reason: str, remedy: str = words.SAVE_AGAIN) -> InputError:
        return InputError([Problem(self.where, reason, remedy)])


@dataclass
class _Fields:
    """Collects the codes of the fields of a part; a code may be cut into many runs, and fields may be nested."""

    _open: list[list[str]] = field(default_factory=list)
    _done: list[str] = field(default_factory=list)
    _inside: bool = False

    def start(self, element: str, attributes: Mapping[str, str]) -> None:
        """An element begins."""
        if element == "fldSimple":
            self._done.append(attributes.get("instr", ""))
        elif element in {"instrText", "delInstrText"}:
            self._inside = True
        elif element == "fldChar":
            self._mark(attributes.get("fldCharType", ""))

    def end(self, element: str) -> None:
        """An element ends."""
        if element in {"instrText", "delInstrText"}:
            self._inside = False

    def text(self, text: str) -> None:
        """Characters; only those of a code count. One outside of a field is a field of its own."""
        if self._inside:
            if not self._open:
                self._open.append([])
            self._open[-1].append(text)

    def codes(self) -> list[str]:
        """Every code, those of fields that never end included."""
        return [*self._done, *("".join(pieces) for pieces in self._open if pieces)]

    def _mark(self, kind: str) -> None:
        if kind == "begin":
            self._open.append([])
        elif self._open:
            pieces = self._open[-1]
            if pieces:
                self._done.append("".join(pieces))
                pieces.clear()
            if kind == "end":
                self._open.pop()


def _mega(size: int) -> str:
    return f"{size / 1e6:,.1f} MB"
