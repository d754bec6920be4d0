"""Table of the application forms that an admin uploads for a measure."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from matcher.store.pushes import MEASURE_CHARS
from matcher.store.tables import NAME_CHARS, Table


class PackTemplate(Table):
    """A measure's own application form, in place of the one of its kind.

    Attributes:
        name: The uploaded file's name.
        content: A DOCX file, checked by `pack.templates` before it is kept.
    """

    __tablename__ = "pack_templates"

    measure_id: Mapped[str] = mapped_column(String(MEASURE_CHARS), primary_key=True)
    name: Mapped[str] = mapped_column(Text)
    content: Mapped[bytes] = mapped_column(LargeBinary)
    added_by: Mapped[str] = mapped_column(String(NAME_CHARS))
    added_at: Mapped[dt.datetime]
