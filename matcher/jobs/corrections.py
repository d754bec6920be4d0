"""What a person corrects in how a header was understood, remembered for the next file with the same header."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from pydantic import ValidationError
from sqlalchemy import delete, select

from matcher.sheet import ColumnMapping, HeaderMapping, SheetMapping
from matcher.sheet.mapping import PLAN_TEXT, REGION_PARTS, target_field
from matcher.store.database import Database
from matcher.store.tables import HeaderChoice
from policies.errors import InputError, Problem

MAX_HEADERS = 200
"""Headers remembered for one owner; the oldest goes."""


@dataclass(frozen=True)
class Correction:
    """One column as a person wants it.

    Attributes:
        sheet: Name of the sheet; "" where the format has none.
        column: Its place, 1-based.
        target: See `matcher.sheet.ColumnMapping`; "" does not use the column.
        unit: Unit of a bare number; "" means the field's own.
    """

    sheet: str
    column: int
    target: str
    unit: str


def header_key(mapping: HeaderMapping) -> str:
    """The same for files with the same sheets and header texts, whatever stands below them."""
    texts = [(sheet.sheet, [(column.column, column.header) for column in sheet.columns]) for sheet in mapping.sheets]
    return hashlib.sha256(json.dumps(texts, ensure_ascii=False).encode()).hexdigest()


def corrected(mapping: HeaderMapping, corrections: Sequence[Correction]) -> HeaderMapping:
    """A recognised mapping with what a person wants instead.

    A field is filled by one column: a later correction takes it away from another column. Only plan texts add up.

    Raises:
        InputError: there is no such column or field, or the unit does not fit it.
    """
    sheets = {sheet.sheet: sheet for sheet in mapping.sheets}
    for correction in corrections:
        if correction.sheet not in sheets:
            raise InputError([Problem(f"工作表“{correction.sheet}”", "不在这个文件里", "请刷新页面后重试")])
        sheets[correction.sheet] = _corrected(sheets[correction.sheet], correction)
    return HeaderMapping(sheets=tuple(sheets.values()))


def _corrected(sheet: SheetMapping, wanted: Correction) -> SheetMapping:
    if wanted.column not in {column.column for column in sheet.columns}:
        raise InputError([Problem(f"第 {wanted.column} 列", "没有表头，不能对应", "请刷新页面后重试")])
    columns = []
    for column in sheet.columns:
        if column.column == wanted.column:
            columns.append(_column(column, wanted))
        elif wanted.target and _rivals(column.target, wanted.target):
            columns.append(_column(column, Correction(wanted.sheet, column.column, "", "")))
        else:
            columns.append(column)
    return sheet.model_copy(update={"columns": tuple(columns)})


def _rivals(one: str, other: str) -> bool:
    """Whether two columns cannot both be used: a region is given whole or in parts."""
    if one == other:
        return one != PLAN_TEXT
    return (one == "region" and other in REGION_PARTS) or (other == "region" and one in REGION_PARTS)


def _column(column: ColumnMapping, wanted: Correction) -> ColumnMapping:
    try:
        if wanted.target:
            target_field(wanted.target)
        return ColumnMapping(
            column=column.column,
            header=column.header,
            target=wanted.target,
            unit=wanted.unit if wanted.target else "",
            how="saved" if wanted.target else "",
            confidence=1.0 if wanted.target else 0.0,
            sample=column.sample,
        )
    except ValidationError as error:
        reason = error.errors()[0]["msg"].removeprefix("Value error, ")
        raise InputError([Problem(f"列“{column.header}”", reason, "请换一个单位或字段")]) from error
    except ValueError as error:
        raise InputError([Problem(f"列“{column.header}”", str(error), "请从列表中选择")]) from error


class Corrections:
    """The corrections of all users; every call names the owner."""

    def __init__(self, database: Database) -> None:
        """Keep them in a database."""
        self._database = database

    def of(self, owner: str, recognised: HeaderMapping) -> list[Correction]:
        """What somebody corrected in this header; empty if nothing."""
        with self._database.reading() as session:
            kept = session.get(HeaderChoice, (owner, header_key(recognised)))
            return [Correction(**change) for change in kept.changes] if kept is not None else []

    def keep(self, owner: str, recognised: HeaderMapping, correction: Correction, now: dt.datetime) -> None:
        """Remember one more correction; it takes the place of an earlier one of the same column.

        Raises:
            InputError: it does not fit (see `corrected`).
        """
        place = (correction.sheet, correction.column)
        others = [known for known in self.of(owner, recognised) if (known.sheet, known.column) != place]
        changes = [*others, correction]
        corrected(recognised, changes)
        with self._database.session() as session:
            key = header_key(recognised)
            session.merge(
                HeaderChoice(owner=owner, header_key=key, changes=[asdict(one) for one in changes], changed_at=now)
            )
            session.flush()
            mine = select(HeaderChoice.header_key).where(HeaderChoice.owner == owner)
            old = mine.order_by(HeaderChoice.changed_at.desc()).offset(MAX_HEADERS).scalar_subquery()
            session.execute(delete(HeaderChoice).where(HeaderChoice.owner == owner, HeaderChoice.header_key.in_(old)))

    def forget(self, owner: str, recognised: HeaderMapping) -> None:
        """Go back to what was recognised."""
        with self._database.session() as session:
            kept = session.get(HeaderChoice, (owner, header_key(recognised)))
            if kept is not None:
                session.delete(kept)
