"""Which column fills which field: a value that a person can look at, edit as JSON, and use again."""

from __future__ import annotations

import os
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError, model_validator

from matcher.sheet.problems import refuse
from policies.errors import InputError, Problem, UnknownCode
from policies.fields import Field, registry
from policies.profile import TEXT_FIELDS
from policies.quantities import parse_number
from policies.values import ValueReason, show
from policies.vocabulary import vocabularies

How = Literal["label", "alias", "synonym", "fuzzy", "saved", ""]
HOW_SHOWN = {
    "label": "字段名",
    "alias": "字段代码",
    "synonym": "常用说法",
    "fuzzy": "近似，请确认",
    "saved": "已保存",
    "": "未采用",
}
REGION_PARTS = {"region.province": "省", "region.city": "市", "region.county": "区县"}
PLAN, HONOUR = "plan.", "honours:"
PLAN_TEXT = PLAN + "text"
TABLE_HEADINGS = ("工作表", "列", "表头", "对应", "字段", "单位", "依据", "把握", "样例")
MAX_MAPPING_BYTES = 5_000_000


class ColumnMapping(BaseModel):
    """One column of a sheet.

    Attributes:
        column: Its place, 1-based.
        header: Header text; two header rows are joined by "/".
        target: A company-level registry field, "region.province" / ".city" / ".county", "plan.text", "plan.<field>",
            "honours:<term>" (a yes-or-no column), or "" if the column is not used.
        unit: Unit of a bare number in this column; "" means the field's own.
        how: By what it was recognised; "" if it is not used.
        confidence: 0 to 1.
        sample: First value found below the header.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    column: int
    header: str
    target: str = ""
    unit: str = ""
    how: How = ""
    confidence: float = 0.0
    sample: str = ""

    @model_validator(mode="after")
    def _check(self) -> ColumnMapping:
        own = field_unit(target_field(self.target)) if self.target else ""
        if self.unit and self.target and (not own or unit_factor(self.unit, own) is None):
            raise ValueError(f"单位“{show(self.unit, 20)}”与“{self.label}”不符")
        return self

    @property
    def label(self) -> str:
        """The target in Chinese; "" if the column is not used."""
        return target_label(self.target) if self.target else ""


class SheetMapping(BaseModel):
    """The columns of one sheet.

    Attributes:
        sheet: Name of the sheet; "" where the format has none.
        header_row: Number of the (first) header row as the person sees it; 0 for Parquet.
        header_rows: 1, or 2 for a header of two rows.
        columns: All columns with a header text, used or not.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    sheet: str = ""
    header_row: int = 1
    header_rows: Literal[1, 2] = 1
    columns: tuple[ColumnMapping, ...] = ()

    @property
    def used(self) -> tuple[ColumnMapping, ...]:
        """The columns that fill something."""
        return tuple(column for column in self.columns if column.target)


class HeaderMapping(BaseModel):
    """The columns of a file; JSONL has none.

    Raises:
        InputError: from `load`, with every mistake in the file.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    sheets: tuple[SheetMapping, ...] = ()

    def save(self, path: Path) -> None:
        """Write JSON that a person can edit; the file is replaced as a whole."""
        draft = path.with_name(f"{path.name}.{os.getpid()}.tmp")
        draft.write_text(self.model_dump_json(indent=2) + "\n", encoding="utf-8")
        draft.replace(path)

    @classmethod
    def load(cls, path: Path) -> HeaderMapping:
        """Read a saved mapping."""
        where = f"对应表“{path.name}”"
        try:
            if path.stat().st_size > MAX_MAPPING_BYTES:
                raise refuse(where, "太大，不是列对应表", "请用导出的对应表修改")
            return cls.model_validate_json(path.read_bytes())
        except OSError as error:
            raise refuse(where, "打不开或不存在", "请核对文件名和位置") from error
        except ValidationError as error:
            raise InputError([_mistake(where, item["loc"], item["msg"]) for item in error.errors()]) from error

    def table(self) -> list[tuple[str, ...]]:
        """Rows to show the mapping, under `TABLE_HEADINGS`; columns that are not used come too."""
        return [
            (
                sheet.sheet,
                column_letters(column.column),
                column.header,
                column.label or "（未采用）",
                column.target,
                column.unit,
                HOW_SHOWN[column.how],
                f"{column.confidence:.0%}" if column.target else "",
                column.sample,
            )
            for sheet in self.sheets
            for column in sheet.columns
        ]


def _mistake(where: str, place: Sequence[str | int], message: str) -> Problem:
    spot = ".".join(str(part + 1) if isinstance(part, int) else part for part in place)
    reason = message.removeprefix("Value error, ")
    reason = reason if any("\u4e00" <= char <= "\u9fff" for char in reason) else "写法不对"
    return Problem(f"{where}的 {spot}" if spot else where, reason, "请对照导出的对应表修改")


def column_letters(column: int) -> str:
    """A column as the spreadsheet program names it: 1 is A, 27 is AA."""
    letters = ""
    while column > 0:
        column, place = divmod(column - 1, 26)
        letters = chr(65 + place) + letters
    return letters


@lru_cache(maxsize=1000)
def target_field(target: str) -> Field:
    """The registry field behind a target; a part of the region gives the region, plan.text a text field.

    Raises:
        ValueError: There is no such target; the message says what it may be, in Chinese.
    """
    fields = registry()
    if target == PLAN_TEXT:
        return Field("text", "计划文字", "text", "")
    if target in REGION_PARTS:
        return fields["region"]
    if target.startswith(HONOUR):
        try:
            vocabularies()["honours"].canonical(target.removeprefix(HONOUR))
        except UnknownCode as error:
            raise ValueError(str(error)) from None
        return fields["honours"]
    name = target.removeprefix(PLAN)
    if name in fields and (name == target or fields[name].kind != "text"):
        field = fields[name]
        if field.kind != "text" or name in TEXT_FIELDS or name == "uscc":
            return field
    near = "、".join(fields.nearest(name))
    raise ValueError(f"没有“{show(target, 40)}”这个字段" + (f"，您是不是要填：{near}" if near else ""))


def reading_field(target: str) -> Field:
    """The field that reads the cells of a column: yes or no for one honour, plain text for a part of the region."""
    if target.startswith(HONOUR):
        return Field("flag", target_label(target), "flag", "")
    return Field("text", target_label(target), "text", "") if target in REGION_PARTS else target_field(target)


def target_label(target: str) -> str:
    """A target in Chinese."""
    if target in REGION_PARTS:
        return f"注册地：{REGION_PARTS[target]}"
    if target.startswith(HONOUR):
        return f"荣誉资质：{target.removeprefix(HONOUR)}"
    return target_field(target).label


@lru_cache(maxsize=10_000)
def unit_factor(unit: str, field_unit: str) -> float | None:
    """How many field units one of `unit` is; None if it does not measure the same thing.

    >>> unit_factor("元", "万元")
    0.0001
    """
    if any(char.isdigit() for char in unit):
        return None
    try:
        span = parse_number(f"1{unit}", field_unit)
    except ValueReason:
        return None
    return span.lo if span.exact and span.lo > 0 else None


def field_unit(field: Field) -> str:
    """The unit in which a field's bare numbers are read; "" if it has none."""
    return "ratio" if field.kind == "ratio" else field.unit if field.kind == "number" else ""
