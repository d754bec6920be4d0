"""From a sheet's first rows to its mapping: recognised anew, or as a person saved it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from matcher.sheet.cells import ColumnReader
from matcher.sheet.grid import Grid, GridRow, Value, blank
from matcher.sheet.header import HEADER_ROWS, Header, Match, find_header, header_texts, offers
from matcher.sheet.limits import SheetLimits
from matcher.sheet.mapping import (
    PLAN_TEXT,
    REGION_PARTS,
    ColumnMapping,
    SheetMapping,
    column_letters,
    reading_field,
    target_field,
    target_label,
)
from matcher.sheet.problems import shown
from policies.errors import InputError, Problem

PREVIEW_ROWS = 2 * HEADER_ROWS
ALIEN_FROM = 5
"""From so many values, none of them readable, a column is not what its header seems to say."""
MAX_NAMED = 12


@dataclass(frozen=True)
class MappedSheet:
    """A sheet that will be read.

    Attributes:
        grid: Its cells.
        mapping: What its columns fill.
        width: Number of columns of its header; a CSV row that has more is broken.
        notes: What was decided, in Chinese.
    """

    grid: Grid
    mapping: SheetMapping
    width: int
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Claim:
    """A column that was recognised, with the values found below its header."""

    column: int
    text: str
    match: Match
    values: tuple[Value, ...]
    readable: int

    @property
    def rank(self) -> tuple[bool, float, int, int, int]:
        """Greater is better: readable at all, surer, later year, fuller, further left."""
        return (self.readable > 0, self.match.confidence, self.match.year, self.readable, -self.column)


def preview(grid: Grid) -> list[GridRow]:
    """The first rows of a sheet."""
    rows = grid.rows()
    return [row for row, _ in zip(rows, range(PREVIEW_ROWS), strict=False)]


def map_sheet(grid: Grid, rows: Sequence[GridRow], limits: SheetLimits) -> MappedSheet | None:
    """Recognise a sheet; None if no row is a header."""
    header = find_header(rows)
    if header is None:
        return None
    body = [row for row in rows if row.number >= header.row + header.rows]
    claims = [
        _claim(column, text, match, body, header, limits)
        for column, (text, match) in enumerate(zip(header.texts, header.matches, strict=True), 1)
        if text and match
    ]
    kept, notes = _settle(claims)
    columns = [_column(column, text, kept.get(column), body) for column, text in enumerate(header.texts, 1) if text]
    mapping = SheetMapping(sheet=grid.name, header_row=header.row, header_rows=header.rows, columns=tuple(columns))
    dropped = {claim.column for claim in claims}
    strangers = [column for column in columns if not column.target and column.column not in dropped]
    place = [_place(grid, header)] if header.row > 0 else []
    notes = [*place, *notes, *_doubts(columns), *_ignored(strangers)]
    if grid.hidden_rows:
        notes.append(f"有 {grid.hidden_rows} 行是隐藏行，也会读取")
    width, extra = _width(len(header.texts), body)
    prefix = f"{grid.where}：" if grid.name else ""
    return MappedSheet(grid, mapping, width, tuple(prefix + note for note in [*notes, *extra]))


def _place(grid: Grid, header: Header) -> str:
    first, last = header.row, header.row + header.rows - 1
    at = f"表头在第 {first} 行" if first == last else f"表头在第 {first} 至 {last} 行"
    return at + (f"，上面 {first - 1} 行未读取" if first > 1 else "")


def _claim(
    column: int, text: str, match: Match, body: Sequence[GridRow], header: Header, limits: SheetLimits
) -> _Claim:
    field = target_field(match.target)
    if field.unit == "万元" and not match.unit and header.table_unit:
        match = replace(match, unit=header.table_unit)
    values = tuple(value for row in body if not blank(value := row.cell(column)))
    reader = ColumnReader(reading_field(match.target), match.unit, limits.cell_chars)
    readable = sum(1 for value in values if not reader.read(value).reason)
    return _Claim(column, text, match, values, readable)


def _settle(claims: Sequence[_Claim]) -> tuple[dict[int, Match], list[str]]:
    """One column per field: the better one stays, the others and what has alien content are named."""
    notes = []
    groups: dict[str, list[_Claim]] = defaultdict(list)
    for claim in claims:
        if _alien(claim):
            sample = shown(claim.values[0])
            notes.append(
                f"列“{claim.text}”像是“{target_label(claim.match.target)}”，但内容读不出（如“{sample}”），未采用"
            )
        else:
            groups[claim.match.target].append(claim)
    parts = [target for target in REGION_PARTS if target in groups]
    if parts and "region" in groups:
        loser = ["region"] if len(parts) > 1 else parts
        winner = "、".join(REGION_PARTS[part] for part in parts) if len(parts) > 1 else groups["region"][0].text
        for target in loser:
            names = "、".join(claim.text for claim in groups.pop(target))
            notes.append(f"注册地用“{winner}”列，“{names}”未采用")
    kept: dict[int, Match] = {}
    for target, rivals in groups.items():
        best = max(rivals, key=lambda claim: claim.rank)
        if target == PLAN_TEXT:
            kept |= {claim.column: claim.match for claim in rivals}
            if len(rivals) > 1:
                notes.append(f"{'、'.join(f'“{claim.text}”' for claim in rivals)}合并为计划文字")
            continue
        kept[best.column] = best.match
        losers = "、".join(f"“{claim.text}”" for claim in rivals if claim is not best)
        if losers:
            notes.append(f"“{target_label(target)}”有多列，用“{best.text}”，{losers}未采用")
    return kept, notes


def _alien(claim: _Claim) -> bool:
    field = reading_field(claim.match.target)
    narrow = field.kind in {"choice", "class", "flag"}
    doubtful = narrow or claim.match.how == "fuzzy"
    return doubtful and len(claim.values) >= ALIEN_FROM and claim.readable == 0


def _column(column: int, text: str, match: Match | None, body: Iterable[GridRow]) -> ColumnMapping:
    sample = next((shown(value) for row in body if not blank(value := row.cell(column))), "")
    if match is None:
        return ColumnMapping(column=column, header=text, sample=sample)
    return ColumnMapping(
        column=column,
        header=text,
        target=match.target,
        unit=match.unit,
        how=match.how,
        confidence=match.confidence,
        sample=sample,
    )


def _doubts(columns: Iterable[ColumnMapping]) -> list[str]:
    """What a person should confirm: similar names, money without a unit."""
    notes = []
    for column in columns:
        if column.how == "fuzzy":
            notes.append(f"列“{column.header}”按“{column.label}”理解（相似度 {column.confidence:.0%}），请确认")
        if column.target and not column.unit and target_field(column.target).unit == "万元":
            notes.append(f"列“{column.header}”没有写单位，数字按万元读取；如果是元，请在表头写明单位")
    return notes


def _ignored(columns: Sequence[ColumnMapping]) -> list[str]:
    if not columns:
        return []
    named = [
        f"“{column.header}”" + (f"（相近：{'、'.join(near)}）" if (near := offers(column.header)) else "")
        for column in columns[:MAX_NAMED]
    ]
    rest = f"等 {len(columns)} 列" if len(columns) > MAX_NAMED else ""
    return [f"未采用的列：{'、'.join(named)}{rest}"]


def _width(width: int, body: Sequence[GridRow]) -> tuple[int, list[str]]:
    """The header's width, or that of the rows where most have more cells than the header."""
    filled = [max((place for place, cell in enumerate(row.cells, 1) if not blank(cell)), default=0) for row in body]
    filled = [count for count in filled if count]
    wider = [count for count in filled if count > width]
    if len(wider) * 2 <= len(filled):
        return width, []
    return max(wider), [f"表头有 {width} 列，多数行有更多列，没有表头的列未采用"]


def apply_saved(grid: Grid, rows: Sequence[GridRow], saved: SheetMapping) -> MappedSheet:
    """Use a saved mapping: its columns are looked up by their header text, wherever they are now.

    Raises:
        InputError: naming every column that the sheet does not have.
    """
    best_row, best_places = 0, dict[int, int]()
    best_texts: tuple[str, ...] = ()
    for place, row in enumerate(rows[:HEADER_ROWS]):
        below = rows[place + 1] if place + 1 < len(rows) else None
        if saved.header_rows == 2 and below is None:
            continue
        texts = header_texts(row, below if saved.header_rows == 2 else None)
        places = _look_up(saved.used, texts)
        if (len(places), row.number == saved.header_row) > (len(best_places), best_row == saved.header_row):
            best_row, best_places, best_texts = row.number, places, texts
    missing = [column for column in saved.used if column.column not in best_places]
    if missing or not saved.used:
        raise InputError([_missing(grid, column) for column in missing] or [_nothing_mapped(grid)])
    body = [row for row in rows if row.number >= best_row + saved.header_rows]
    by_place = {best_places[column.column]: column for column in saved.used}
    columns = []
    for place, text in enumerate(best_texts, 1):
        if text:
            fresh = _column(place, text, None, body)
            old = by_place.get(place)
            given = {"target": old.target, "unit": old.unit, "how": "saved", "confidence": 1.0} if old else {}
            columns.append(fresh.model_copy(update=given))
    mapping = SheetMapping(sheet=grid.name, header_row=best_row, header_rows=saved.header_rows, columns=tuple(columns))
    width, extra = _width(len(best_texts), body)
    prefix = f"{grid.where}：" if grid.name else ""
    return MappedSheet(grid, mapping, width, tuple(prefix + note for note in ["用已保存的列对应表", *extra]))


def _look_up(used: Sequence[ColumnMapping], texts: Sequence[str]) -> dict[int, int]:
    """Saved column number to the place of its header text now; its old place first, where two texts are equal."""
    places: dict[int, int] = {}
    free = {place for place, text in enumerate(texts, 1) if text}
    for column in sorted(
        used, key=lambda item: not (item.column <= len(texts) and texts[item.column - 1] == item.header)
    ):
        fits = [place for place in free if texts[place - 1] == column.header]
        if fits:
            places[column.column] = column.column if column.column in fits else min(fits)
            free.discard(places[column.column])
    return places


def _missing(grid: Grid, column: ColumnMapping) -> Problem:
    where = f"{grid.where}的“{column.header}”（{column_letters(column.column)} 列）"
    return Problem(where, "对应表里有这一列，文件里没有", "请核对表头文字，或重新识别表头")


def _nothing_mapped(grid: Grid) -> Problem:
    return Problem(f"{grid.where}的对应表", "没有一列对应到字段", "请至少为一列填写 target")
