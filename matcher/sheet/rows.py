"""One row of raw cells into a company profile, or every problem of that row, or why it is no company."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from matcher.sheet.cells import ColumnReader, Reading
from matcher.sheet.grid import GridRow, Value, blank
from matcher.sheet.limits import SheetLimits
from matcher.sheet.mapping import HONOUR, PLAN, PLAN_TEXT, REGION_PARTS, ColumnMapping, reading_field, target_field
from matcher.sheet.problems import WHOLE_ROW, ReadRow, RowProblem, shown
from matcher.sheet.recognition import MappedSheet
from policies.facts import MAX_TEXT_CHARS, Fact, Items
from policies.fields import FLAG_NAMES, registry
from policies.profile import OTHER_PLACE, TEXT_FIELDS, CompanyProfile, Plan, registered_elsewhere
from policies.vocabulary import vocabularies

FILLED_DOWN = frozenset(("region", *REGION_PARTS, "industry_code", "industry_name", "ownership"))
"""What one merged cell may say for several companies; a name, a code or a number never is."""
_TOTAL = re.compile(r".{0,6}(?:合计|总计|小计|共计|累计)(?:[:：(（].{0,20}|\d+[家户条个行]?)?|共计?\d+[家户条个].{0,6}")
_NOTE = re.compile(
    r"[*※]*[(（]?(?:注|备注|说明|填表说明|填报说明|注意|注意事项)\d*[)）]?[:：].*|"
    r"(?:制表|填表|填报|审核|复核|经办|单位负责|联系)人?(?:人|单位|日期|时间|电话|签字)?[:：].*|(?:以下|下面)(?:空白|无正文).*"
)
_HAS_DIGIT = re.compile(r"\d")
_MERGED_COMPANY = "与第 {top} 行合并在一个单元格里，分不清是不是同一家企业"
_UNMERGE_COMPANY = "请取消合并，每行写全企业名称和代码；同一企业的几个项目请并成一行"


@dataclass(slots=True)
class _Draft:
    """What one row has given so far."""

    number: int
    sheet: str
    facts: dict[str, Fact] = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict)
    uscc: str | None = None
    plan_texts: list[str] = field(default_factory=list)
    plan_facts: dict[str, Fact] = field(default_factory=dict)
    region: dict[str, str] = field(default_factory=dict)
    flags: dict[str, tuple[bool, str]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    problems: list[RowProblem] = field(default_factory=list)
    cautions: list[RowProblem] = field(default_factory=list)

    def problem(self, column: str, value: Value, reason: str, remedy: str) -> None:
        self.problems.append(RowProblem(self.number, self.sheet, column, shown(value), reason, remedy))

    def caution(self, column: str, value: Value, reason: str, remedy: str = "请核对") -> None:
        self.cautions.append(RowProblem(self.number, self.sheet, column, shown(value), reason, remedy))


Put = Callable[[_Draft, Fact], None]


@dataclass(frozen=True, slots=True)
class _Column:
    """A column that is used: where it is, how it is read, where its value goes."""

    place: int
    header: str
    target: str
    where: str
    read: Callable[[Value], Reading]
    put: Put


class RowReader:
    """Reads the rows of one sheet in order."""

    def __init__(self, sheet: MappedSheet, limits: SheetLimits) -> None:
        """Prepare the columns of the sheet."""
        self._sheet = sheet
        self._grid = sheet.grid
        used = sheet.mapping.used
        self._columns = [_prepare(column, limits) for column in used]
        self._headers = {column.column: _header_cells(column.header) for column in used}
        self._name = next((column for column in self._columns if column.target == "name"), None)
        self._code = next((column for column in self._columns if column.target == "uscc"), None)
        self._region = ColumnReader(registry()["region"], "", limits.cell_chars)
        self._region_header = "、".join(column.header for column in used if column.target in REGION_PARTS)
        self._tops: dict[int, tuple[int, Value]] = {}
        self._merged = bool(sheet.grid.merges.by_column)
        self._last_used = max((column.column for column in used), default=0)

    def read(self, row: GridRow) -> ReadRow:
        """Read one row; call it for every row below the header, from the top."""
        name = self._grid.name
        if row.damage is not None:
            damage = row.damage
            problem = RowProblem(row.number, name, WHOLE_ROW, damage.shown, damage.reason, damage.remedy)
            return ReadRow(row.number, name, None, (problem,))
        if why := self._skip(row):
            return ReadRow(row.number, name, None, skipped=why)
        draft = _Draft(row.number, name)
        self._check_width(row, draft)
        for column in self._columns:
            self._take(column, row, draft)
        self._join_region(draft)
        self._add_flags(draft)
        self._check_company(draft)
        if draft.problems:
            return ReadRow(row.number, name, None, tuple(draft.problems))
        return self._finish(draft)

    def _skip(self, row: GridRow) -> str:
        """Why a row is no company; "" if it may be one."""
        code = row.cell(self._code.place) if self._code is not None else None
        if isinstance(code, int | float) or (isinstance(code, str) and _HAS_DIGIT.search(code)):
            return ""
        filled = [cell for cell in row.cells if not blank(cell)]
        if not filled:
            return "空行"
        texts = [_squeezed(cell) for cell in filled[:1] if isinstance(cell, str)]
        if self._name is not None and isinstance(cell := row.cell(self._name.place), str):
            texts.append(_squeezed(cell))
        if any(_TOTAL.fullmatch(text) for text in texts):
            return "合计行"
        if len(filled) <= 4 and any(_NOTE.fullmatch(text) for text in texts):
            return "表下的说明"
        if self._repeats_header(row):
            return "重复的表头"
        if all(blank(row.cell(column.place)) for column in self._columns):
            return "没有可用的内容"
        return ""

    def _repeats_header(self, row: GridRow) -> bool:
        same = filled = 0
        for place, texts in self._headers.items():
            cell = row.cell(place)
            if not blank(cell):
                filled += 1
                same += isinstance(cell, str) and _squeezed(cell) in texts
        return same >= 2 and same * 5 >= filled * 3

    def _check_width(self, row: GridRow, draft: _Draft) -> None:
        if not self._grid.fixed_width:
            return
        width, found = self._sheet.width, len(row.cells)
        if found > width and any(not blank(cell) for cell in row.cells[width:]):
            reason = f"有 {found} 列，表头只有 {width} 列，列可能错位"
            draft.problem(WHOLE_ROW, ",".join(map(shown, row.cells[:8])), reason, "内容里有逗号的单元格请用引号括起来")
        elif found < self._last_used:
            reason = f"只有 {found} 列，表头有 {width} 列，缺的按空白处理"
            draft.caution(WHOLE_ROW, ",".join(map(shown, row.cells[:8])), reason, "请检查这一行是不是被换行截断")

    def _take(self, column: _Column, row: GridRow, draft: _Draft) -> None:
        raw = row.cells[column.place - 1] if column.place <= len(row.cells) else None
        if self._merged:
            raw = self._from_merge(column, raw, draft)
        if raw is None or raw == "":
            return
        reading = column.read(raw)
        if reading.reason:
            draft.problem(column.header, raw, reading.reason, reading.remedy)
            return
        if reading.caution:
            draft.caution(column.header, raw, reading.caution)
            draft.notes.append(f"{column.where}：{reading.caution}")
        if reading.value is not None:
            column.put(draft, reading.value)

    def _from_merge(self, column: _Column, raw: Value, draft: _Draft) -> Value:
        """The value of a cell, or of the merged cell that covers it where one value is meant for all rows."""
        if not blank(raw):
            self._tops[column.place] = (draft.number, raw)
            return raw
        top = self._grid.merges.top(column.place, draft.number)
        row, value = self._tops.get(column.place, (0, None))
        if not top or row != top:
            return raw
        if column.target in FILLED_DOWN:
            draft.caution(column.header, value, f"是合并单元格，取第 {top} 行的值")
            return value
        if column.target in {"name", "uscc"}:
            draft.problem(column.header, value, _MERGED_COMPANY.format(top=top), _UNMERGE_COMPANY)
        else:
            reason = f"与第 {top} 行合并，只算在第 {top} 行，本行按空白处理"
            draft.caution(column.header, value, reason, "请取消合并，逐行填写")
        return None

    def _join_region(self, draft: _Draft) -> None:
        parts = list(dict.fromkeys(draft.region[target] for target in REGION_PARTS if target in draft.region))
        if not parts:
            return
        path = "/".join(parts)
        reading = self._region.read(path)
        if reading.reason:
            draft.problem(self._region_header, path, reading.reason, reading.remedy)
            return
        if reading.caution:
            draft.caution(self._region_header, path, reading.caution)
            draft.notes.append(f"{registry()['region'].where}：{reading.caution}")
        if reading.value is not None:
            draft.facts["region"] = reading.value

    def _add_flags(self, draft: _Draft) -> None:
        """Add the yes-or-no columns of honours to what the list of honours says."""
        if not draft.flags:
            return
        listed = draft.facts.get("honours")
        before = listed if isinstance(listed, Items) else None
        held = [term for term, (yes, _) in draft.flags.items() if yes]
        for term, (yes, header) in draft.flags.items():
            if not yes and before is not None and term in before.stated:
                reason = f"“{term}”填了“否”，荣誉列里却有它"
                draft.problem(header, FLAG_NAMES[False], reason, "请核对，改成一致后重新导入")
        if held:
            old = before or Items(frozenset(), exhaustive=False)
            stated = tuple(dict.fromkeys((*old.stated, *held)))
            draft.facts["honours"] = Items(vocabularies()["honours"].closure(stated), old.exhaustive, stated)

    def _check_company(self, draft: _Draft) -> None:
        """Refuse a row with neither name nor code: it may be a sum without a label, and nobody could use its result."""
        asked = [column for column in (self._name, self._code) if column is not None]
        if not asked or draft.problems or draft.uscc or "name" in draft.texts:
            return
        missing = "和".join(f"“{column.header}”" for column in asked)
        draft.problem(
            asked[0].header, None, f"{missing}没有填，不知道是哪家企业", "请补上；如果是合计，请在这一行写明“合计”"
        )

    def _finish(self, draft: _Draft) -> ReadRow:
        if self._name is not None and "name" not in draft.texts:
            draft.caution(self._name.header, None, "没有企业名称", "请补上，便于核对结果")
        if self._code is not None and registered_elsewhere(draft.uscc, draft.facts.get("region")):
            draft.notes.append(OTHER_PLACE)
            draft.caution(self._code.header, draft.uscc, OTHER_PLACE.replace("，请核对", ""))
        plans: tuple[Plan, ...] = ()
        if draft.plan_texts or draft.plan_facts:
            text = "；".join(dict.fromkeys(draft.plan_texts))[:MAX_TEXT_CHARS]
            plans = (Plan.model_construct(text=text, facts=draft.plan_facts),)
        # The values were read by the readers that the model itself uses (a test compares the two ways).
        profile = CompanyProfile.model_construct(
            facts=draft.facts, plans=plans, texts=draft.texts, uscc=draft.uscc, notes=tuple(draft.notes)
        )
        return ReadRow(draft.number, draft.sheet, profile, cautions=tuple(draft.cautions))


def _prepare(column: ColumnMapping, limits: SheetLimits) -> _Column:
    target, where = column.target, target_field(column.target).where
    reader = ColumnReader(reading_field(target), column.unit, limits.cell_chars, unit_stated=bool(column.unit))
    if target.startswith(PLAN) and target != PLAN_TEXT:
        where = f"第 1 项计划的{where}"
    return _Column(column.column, column.header, target, where, reader.read, _put(target, column.header))


def _put(target: str, header: str) -> Put:
    if target.startswith(HONOUR):
        return _put_flag(vocabularies()["honours"].canonical(target.removeprefix(HONOUR)), header)
    if target in REGION_PARTS:
        return _put_region(target)
    if target == PLAN_TEXT:
        return lambda draft, value: draft.plan_texts.append(str(value))
    if target == "uscc":
        return _put_uscc
    if target in TEXT_FIELDS:
        return lambda draft, value: draft.texts.__setitem__(target, str(value))
    if target.startswith(PLAN):
        name = target.removeprefix(PLAN)
        return lambda draft, value: draft.plan_facts.__setitem__(name, value)
    name = registry()[target].name
    return lambda draft, value: draft.facts.__setitem__(name, value)


def _put_uscc(draft: _Draft, value: Fact) -> None:
    draft.uscc = str(value)


def _put_region(target: str) -> Put:
    return lambda draft, value: draft.region.__setitem__(target, str(value))


def _put_flag(term: str, header: str) -> Put:
    return lambda draft, value: draft.flags.__setitem__(term, (value == FLAG_NAMES[True], header))


def _header_cells(header: str) -> frozenset[str]:
    """What a cell of a repeated header may say: the whole text, or one row of a header of two."""
    return frozenset(map(_squeezed, (header, *header.split("/"))))


def _squeezed(text: str) -> str:
    return "".join(text.split())
