"""Zip archives that are the same, byte by byte, whenever the same goes in."""

from __future__ import annotations

import datetime as dt
import io
import zipfile
from collections.abc import Mapping

from matcher.clock import SHANGHAI

FIRST_DAY = (1980, 1, 1, 0, 0, 0)
"""The earliest moment that a zip archive knows."""
_UNIX, _FILE_MODE = 3, 0o100644 << 16


def archive(files: Mapping[str, bytes], moment: dt.datetime | None = None) -> bytes:
    """Files as one zip archive, in their order; names are marked as UTF-8 where they are not ASCII.

    Args:
        files: Name to content.
        moment: What each file is dated, in China; None for the earliest that there is.
    """
    local = moment.astimezone(SHANGHAI) if moment else None
    date = (local.year, local.month, local.day, local.hour, local.minute, local.second) if local else FIRST_DAY
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as made:
        for name, content in files.items():
            item = zipfile.ZipInfo(name, date)
            item.create_system, item.external_attr, item.compress_type = _UNIX, _FILE_MODE, zipfile.ZIP_DEFLATED
            made.writestr(item, content)
    return out.getvalue()


def steady(document: bytes) -> bytes:
    """A document (DOCX, XLSX) packed anew, without the clock's time in it."""
    with zipfile.ZipFile(io.BytesIO(document)) as given:
        return archive({item.filename: given.read(item) for item in given.infolist()})
