"""Header recognition: which row is the header, and which field each column fills."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib import resources

import yaml
from rapidfuzz import fuzz, process

from matcher.sheet.grid import GridRow, Value, blank
from matcher.sheet.mapping import HONOUR, PLAN, How, field_unit, target_field, unit_factor
from policies.errors import UnknownCode
from policies.fields import registry
from policies.values import normalise
from policies.vocabulary import vocabularies

HEADER_ROWS = 30
"""The header is looked for in so many rows from the top."""
MAX_HEADER_CHARS = 60
FUZZY_FROM, FUZZY_LEAD, FUZZY_CHARS = 85.0, 4.0, 4
OFFER_FROM = 60.0
_MONEY_UNITS = ("元", "千元", "万元", "百万元", "千万元", "亿元", "万", "亿", "美元", "万美元")
_COUNT_UNITS = ("人", "名", "户", "家", "个", "项", "件", "台", "套", "台套", "亩", "平方米", "吨", "吨标准煤")
UNIT_WORDS = frozenset((*_MONEY_UNITS, *_COUNT_UNITS, "%", "‰", "月", "个月", "天"))
"""Not 年: "营业收入（年）" is a remark, not a unit."""
_GLUED = ("百万元", "万美元", "万元", "亿元", "千元", "美元", "元", "人", "%")
_BRACKETS = re.compile(r"[(（\[【][^()（）\[\]【】]*[)）\]】]")
_NUMBERING = re.compile(r"^[(（]?(?:\d{1,2}|[一二三四五六七八九十]{1,3})[)）、.．](?!\d)")
_YEAR = re.compile(r"(20\d\d)(?:年度?)?")
_PREFIX = re.compile(
    r"^(?:是否为?|企业|公司|单位|本企业|贵企业|申报单位|申请单位|20\d\d年?度?末?|上一?年度?末?|去年|年度|年末|期末|目前|现有|"
    r"拟|计划|当前)"
)
_TELLING = re.compile(
    "率|比|占|增|余|净|均|月|季|负债|目标|预计|非|未|不|无|国内|省内|全球|近两年|近三年|编号|名称|时间|日期|地址|电话|人数|税|利|"
    "省|市|县|区|级|类|累计|首|旧|新"
)
"""Words that make another quantity of one: similar texts that differ in one of them are not the same field."""
_TABLE_UNIT = re.compile(r"单位[:：]?(?:人民币)?(百万元|万元|亿元|千元|元)")
_NUMERIC = re.compile(r"[-+]?[\d,]+(?:\.\d+)?%?|\d{4}[-/年.]\d{1,2}.*")


@dataclass(frozen=True, slots=True)
class Match:
    """What one header text means."""

    target: str
    how: How
    confidence: float
    unit: str = ""
    year: int = 0


@dataclass(frozen=True)
class Header:
    """The header of a sheet.

    Attributes:
        row: Number of its first row.
        rows: 1 or 2.
        texts: Text of each column, two rows joined by "/"; "" for a column without one.
        matches: What each column means; None if it was not recognised.
        table_unit: Unit of money stated above the table ("单位：万元"); "" if none.
    """

    row: int
    rows: int
    texts: tuple[str, ...]
    matches: tuple[Match | None, ...]
    table_unit: str = ""

    @property
    def targets(self) -> frozenset[str]:
        """All that was recognised."""
        return frozenset(match.target for match in self.matches if match)


def find_header(rows: Sequence[GridRow]) -> Header | None:
    """The header among the first rows: most columns recognised, then the earliest; None if there is none."""
    best: Header | None = None
    best_score = 0.0
    for place, row in enumerate(rows[:HEADER_ROWS]):
        below = rows[place + 1] if place + 1 < len(rows) else None
        for candidate in (_single(row), _double(row, below) if below else None):
            score = _score(candidate, row) if candidate else 0.0
            if candidate and score > best_score + 1e-9:
                best, best_score = candidate, score
    if best is None:
        return None
    above = [cell for row in rows if row.number <= best.row for cell in row.cells if isinstance(cell, str)]
    units = [found[1] for cell in above if (found := _TABLE_UNIT.search("".join(normalise(cell).split())))]
    own_header = [text for text in best.texts if _TABLE_UNIT.search(text)]
    unit = units[0] if units and not own_header else ""
    return Header(best.row, best.rows, best.texts, best.matches, unit)


def header_texts(row: GridRow, below: GridRow | None) -> tuple[str, ...]:
    """The texts of a header of one row, or of two joined by "/"; groups above span the columns to their right."""
    return tuple("/".join(filter(None, pair)) for pair in _pairs(row, below))


def _pairs(row: GridRow, below: GridRow | None) -> list[tuple[str, str]]:
    if below is None:
        return [("", _text(cell)) for cell in row.cells]
    width = max(len(row.cells), len(below.cells))
    pairs, group = [], ""
    for column in range(1, width + 1):
        parent, child = _text(row.cell(column)), _text(below.cell(column))
        group = parent or group
        pairs.append((group if child else "", child) if child else ("", parent))
    return pairs


def _text(cell: Value) -> str:
    """A cell as a header text; "" for what is none."""
    if not isinstance(cell, str):
        return ""
    text = (" " if cell.isascii() else "").join(cell.split())
    return text if len(text) <= MAX_HEADER_CHARS else ""


def _single(row: GridRow) -> Header | None:
    if row.damage is not None:
        return None
    texts = header_texts(row, None)
    return Header(row.number, 1, texts, tuple(recognise("", text) for text in texts))


def _double(row: GridRow, below: GridRow) -> Header | None:
    """Both rows as one header, where the lower one adds to it."""
    if row.damage or below.damage or _data_like(below) or not any(map(_text, below.cells)):
        return None
    pairs = _pairs(row, below)
    matches = tuple(recognise(*pair) for pair in pairs)
    joined = Header(row.number, 2, header_texts(row, below), matches)
    units_only = all(_unit(_text(cell)) for cell in below.cells if not blank(cell))
    alone = [_single(row), _single(below)]
    adds = all(len(joined.targets) > len(other.targets) for other in alone if other)
    return joined if adds or (units_only and len(joined.targets) >= 2) else None


def _data_like(row: GridRow) -> int:
    """How many cells look like values rather than names of columns."""
    return sum(
        1
        for cell in row.cells
        if not blank(cell) and (not isinstance(cell, str) or bool(_NUMERIC.fullmatch(cell.strip())))
    )


def _score(header: Header, row: GridRow) -> float:
    """Distinct fields recognised, less what looks like data; 0 if it is no header."""
    filled = sum(1 for text in header.texts if text)
    found = len(header.targets)
    if found == 0 or (found == 1 and filled > 2):
        return 0.0
    sure = {match.target: match.confidence for match in header.matches if match}
    unit_row = header.rows == 2 and found == len((_single(row) or header).targets)
    return sum(sure.values()) - _data_like(row) + (0.01 if unit_row else 0.0)


@lru_cache(maxsize=20_000)
def recognise(group: str, text: str) -> Match | None:
    """What a header text means; `group` is the text that spans it in the row above, "" if none."""
    if not text:
        return None
    year = max((int(found) for found in _YEAR.findall(group + text)), default=0)
    tries = [group + text, text] if group else [text]
    if group and _unit(text):
        tries = [f"{group}（{text}）"]
    for search in (_exact, _shortened, _fuzzy):
        for attempt in tries:
            for key, unit in _variants(attempt):
                match = search(key)
                if match is not None and (checked := _with_unit(match, unit, year)):
                    return checked
    return None


def offers(text: str) -> list[str]:
    """Known header texts most like one that was not recognised."""
    key = _BRACKETS.sub("", _key(text))
    return [
        hit for hit, _, _ in process.extract(key, list(_known()), scorer=fuzz.ratio, limit=2, score_cutoff=OFFER_FROM)
    ]


def _key(text: str) -> str:
    key = "".join(normalise(text).lower().split()).strip("*★:：#、。")
    return _NUMBERING.sub("", key)


def _unit(text: str) -> str:
    """The unit that a text states ("单位:万元", "%"); "" if it is none."""
    word = re.sub(r"^(?:金额)?单位[:：为]?", "", _key(text) or text).strip("()（）")
    return word if word in UNIT_WORDS else ""


def _variants(text: str) -> list[tuple[str, str]]:
    """(key, unit) readings of a header text: whole, without brackets, without a unit behind a slash or glued on."""
    key = _key(text)
    found = [(key, "")]
    units = [
        unit for group in _BRACKETS.findall(key) for part in re.split("[,，;；]", group[1:-1]) if (unit := _unit(part))
    ]
    plain = _BRACKETS.sub("", key)
    found.append((plain, units[-1] if units else ""))
    head, separator, tail = plain.replace("／", "/").replace("_", "/").rpartition("/")
    if separator and _unit(tail):
        found.append((head, _unit(tail)))
    glued = next((unit for unit in _GLUED if plain.endswith(unit) and len(plain) > len(unit) + 1), "")
    if glued and not units:
        found.append((plain.removesuffix(glued), glued))
    return [(each, unit) for each, unit in dict.fromkeys(found) if each]


def _with_unit(match: Match, unit: str, year: int) -> Match | None:
    """The match with its unit; None where the unit measures something else."""
    field = target_field(match.target)
    own = field_unit(field)
    if match.how == "alias" and not unit and field.kind == "number":
        unit = field.unit  # "revenue_wan" says it
    if unit and own and unit_factor(unit, own) is None:
        return None
    return Match(match.target, match.how, match.confidence, unit if own else "", year)


@cache
def _known() -> Mapping[str, tuple[str, How]]:
    """Every exact header text: labels first, then names and aliases, then the synonyms."""
    known: dict[str, tuple[str, How]] = {}
    for field in registry().values():
        target = PLAN + field.name if field.scope == "plan" else field.name
        known.setdefault(_key(field.label), (target, "label"))
        for name in (field.name, *field.aliases):
            known.setdefault(name, (target, "alias"))
    text = resources.files("matcher").joinpath("data/headers.yaml").read_text("utf-8")
    for target, names in yaml.load(text, Loader=yaml.CSafeLoader).items():
        for name in (target, *names):
            known.setdefault(_key(str(name)), (target, "synonym"))
    return known


def _exact(key: str) -> Match | None:
    if key in _known():
        target, how = _known()[key]
        return Match(target, how, 1.0 if how in {"label", "alias"} else 0.95)
    return _honour(key)


def _honour(key: str) -> Match | None:
    """A column of yes and no for one honour ("高新技术企业", "是否瞪羚企业")."""
    word = re.sub(r"^是否(?:为|属于|获得|认定)?", "", key)
    for name in (word, word.removesuffix("认定"), word.removesuffix("资质")):
        try:
            return Match(HONOUR + vocabularies()["honours"].canonical(name), "synonym", 0.95)
        except UnknownCode:
            continue
    return None


def _shortened(key: str) -> Match | None:
    """Without words in front that change nothing (企业, 上年度, 2024年, 是否)."""
    while shorter := _PREFIX.sub("", key, count=1):
        if shorter == key:
            return None
        key = shorter
        if key in _known() and len(key) > 1:
            return Match(_known()[key][0], "synonym", 0.9)
    return None


def _fuzzy(key: str) -> Match | None:
    """The most similar known text, where it leads and no telling word differs."""
    if len(key) < FUZZY_CHARS:
        return None
    hits = process.extract(key, list(_known()), scorer=fuzz.ratio, limit=6, score_cutoff=FUZZY_FROM - FUZZY_LEAD)
    ranked = [(score, _known()[hit][0], hit) for hit, score, _ in hits]
    if not ranked or ranked[0][0] < FUZZY_FROM or len(ranked[0][2]) < FUZZY_CHARS:
        return None
    score, target, hit = ranked[0]
    rivals = [other for other, rival, _ in ranked if rival != target and other > score - FUZZY_LEAD]
    telling = set(_TELLING.findall(key)) == set(_TELLING.findall(hit))
    return None if rivals or not telling else Match(target, "fuzzy", round(score / 100, 2))
