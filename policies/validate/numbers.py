"""Numbers in policy prose: amounts, rates, terms, counts and ranks, in one unit per dimension.

Money is in 万元, rates are fractions, terms are in months, everything countable (人, 家, 项, 台 …) is one dimension.
Dates, document numbers, article counts, standards and ordinals are no facts about a measure and are left out.
"""

from __future__ import annotations

import functools
import math
import re
from dataclasses import dataclass

from policies.quantities import parse_number
from policies.values import ValueReason, normalise

MONEY, DOLLARS, RATIO, MONTHS, DAYS, COUNT, RANK, BARE = "万元", "万美元", "比例", "个月", "天", "个", "名次", ""
_CN = "零〇一二两三四五六七八九十"

# Unit word -> (dimension, factor).
_UNITS: dict[str, tuple[str, float]] = {
    "元": (MONEY, 1e-4), "美元": (DOLLARS, 1e-4),
    "%": (RATIO, 0.01), "‰": (RATIO, 0.001), "个百分点": (RATIO, 0.01), "百分点": (RATIO, 0.01), "成": (RATIO, 0.1),
    "年": (MONTHS, 12.0), "周年": (MONTHS, 12.0), "个月": (MONTHS, 1.0), "个年度": (MONTHS, 12.0),
    "个纳税年度": (MONTHS, 12.0), "天": (DAYS, 1.0), "日": (DAYS, 1.0), "个工作日": (DAYS, 1.0),
    "倍": ("倍", 1.0), "纳米": ("纳米", 1.0), "nm": ("纳米", 1.0), "分": ("分", 1.0), "级": ("级", 1.0),
    "轴": ("轴", 1.0), "马力": ("马力", 1.0), "岁": ("岁", 1.0), "总吨": ("总吨", 1.0), "吨标准煤": ("吨标准煤", 1.0),
    "吨": ("吨", 1.0), "亩": ("亩", 1.0), "国标阶段": ("国标阶段", 1.0),
    **dict.fromkeys(
        ("人", "名", "位", "户", "家", "项", "件", "个", "台", "套", "辆", "台（辆）", "台(辆)", "次", "标箱", "航次",
         "种", "批次", "款", "艘", "笔", "人次"), (COUNT, 1.0)),
}  # fmt: skip
_UNIT = "|".join(sorted(map(re.escape, _UNITS), key=len, reverse=True))
_ANY_UNIT = (1.0, 0.01, 1e-4, 1e4, 12.0)
_SCALES = {"万": 1e4, "亿": 1e8, "千": 1e3, "百": 1e2, "百万": 1e6, "千万": 1e7, "万亿": 1e12}

_NOISE = re.compile(
    r"[〔\[(]\d{4}[〕\])]\s*(?:第\s*)?\d+\s*号"  # 财金〔2024〕54号
    r"|(?:公告|令)?\d{4}年第\d+号|(?:令|公告)第?\d+号|\d+号(?=公告|令|文|指引)"
    r"|\d{4}\s*(?:年度?)?\s*[—–~至到-]+\s*\d{4}\s*年度?|\d{4}\s*年度?(?:\d{1,2}月(?:\d{1,2}日)?)?|\d{4}-\d{2}(?:-\d{2})?"
    r"|\d{4}版|(?<![\d.])20[1-3]\d(?![\d.万亿元人家%/、])"
    r"|\d{1,2}[—–~至到-]\d{1,2}月|\d{1,2}月\d{1,2}日|\d{1,2}月(?!龄)|\d{1,2}日前"
    rf"|第[\d{_CN}百]+[–—~至到-]?第?[\d{_CN}]*"  # 第三方, 第4–6年, 第9批
    rf"|[前首后][\d{_CN}]+年|[首头]批|[\d{_CN}]+年期|[上前下]一?个?(?:年度|年)|[{_CN}]+年(?=行动|计划|规划|方案|滚动)"
    r"|(?:GB|JT|HJ)/?T?\s*[\d.—-]+|\d+G|[A-T]\d{2,4}|\d+\+[\dN]+|\d{3,5}行动|6997"
    r"|1?十[四五]五|[\d、]+条|\d+(?:个|项|大|类)?(?:重点)?(?:领域|方面|行业|措施|任务|方向|部分|章|工程|产业)"
)
_RANK = re.compile(
    rf"(?:(?<!提)前|排名?第|[Tt]op)(\d+|[{_CN}]+)(?<!前一)(?:位|名|强|个)?"
    rf"(?![\d{_CN}—–~至-]|年|个?月|期)"
)
_TOKEN = re.compile(
    rf"(?P<number>\d+(?:,\d{{3}})*(?:\.\d+)?)[余多]?(?P<scale>万亿|百万|千万|[万亿千百])?[余多]?(?P<unit>{_UNIT})?"
    rf"|(?P<cn>[{_CN}百千]+)(?P<cnscale>[万亿]+)?[余多]?(?P<cnunit>元|年(?!级)|个月|倍|成(?![套本果立分员长熟交])|轴)"
    rf"|(?P<low>[{_CN}]+)(?=[至到—–~-][{_CN}]+(?:年|个月|倍|成))"
    rf"|百分之(?P<percent>[{_CN}百点]+)"
    rf"|(?P<spoken>[{_CN}百千]+[万亿]+)(?!级|元)"
)
_SOFT = (
    (re.compile(r"减半|一半|半数|过半|[两三五]减"), RATIO, 0.5), (re.compile(r"免征|免税|全额|免费|全部"), RATIO, 1.0),
    (re.compile(r"半年"), MONTHS, 6.0), (re.compile(r"翻番|一倍"), RATIO, 1.0),
    (re.compile(r"1\s*[:：比]\s*1|同等"), RATIO, 1.0),
    *((re.compile(f"{word}级"), "级", float(value)) for value, word in enumerate("一二三四五", 1)),
    *((re.compile(f"国{word}"), "国标阶段", float(value)) for value, word in enumerate("一二三四五六", 1)),
)  # fmt: skip
_YEARS_OF_A_TERM = re.compile(rf"第(\d+|[{_CN}]+)[–—~至到-]第?(\d+|[{_CN}]+)年")
_BETWEEN = re.compile(r"\s*(?:[/、~—–-]+|至|到|和|或|,)\s*")


@dataclass(frozen=True)
class Number:
    """One number of a text.

    Attributes:
        dimension: One of the constants above, or a unit of its own ("纳米"); BARE where the text names no unit.
        value: In the dimension's unit.
        written: As it stands in the text.
        firm: Whether it is a figure that data should carry; False for words such as 减半, which only may back data.
    """

    dimension: str
    value: float
    written: str
    firm: bool = True

    def same(self, other: Number) -> bool:
        """Whether both say the same; a number without a unit may be written in any."""
        if self.dimension == other.dimension:
            return math.isclose(self.value, other.value, rel_tol=1e-6)
        if BARE in {self.dimension, other.dimension}:
            bare, full = (self, other) if self.dimension == BARE else (other, self)
            return any(math.isclose(bare.value * factor, full.value, rel_tol=1e-6) for factor in _ANY_UNIT)
        return {self.dimension, other.dimension} == {COUNT, RANK} and self.value == other.value


@functools.lru_cache(maxsize=8192)
def numbers_in(text: str) -> tuple[Number, ...]:
    """Every number of a text, in reading order within each kind.

    >>> [(number.dimension, number.value) for number in numbers_in("首破100/50亿元奖20、10万元，2024年起连续三年")]
    [('万元', 1000000.0), ('万元', 500000.0), ('万元', 20.0), ('万元', 10.0), ('个月', 36.0)]
    """
    text = normalise(text).replace(" ", "")
    ranks = [Number(RANK, _chinese(match[1]), match[0]) for match in _RANK.finditer(text)]
    soft = [Number(kind, value, match[0], firm=False) for rule, kind, value in _SOFT for match in rule.finditer(text)]
    soft += [Number(MONTHS, 12.0 * _length(match), match[0], firm=False) for match in _YEARS_OF_A_TERM.finditer(text)]
    text = _NOISE.sub("¦", _RANK.sub("¦", text))
    return (*_figures(text), *ranks, *soft)


def _figures(text: str) -> list[Number]:
    """Tokens of a cleaned text; one without a unit takes the next one's in a list ("200、100、50万元")."""
    matches = list(_TOKEN.finditer(text))
    found: list[Number] = []
    following: tuple[str, str] | None = None
    start = len(text)
    for match in reversed(matches):
        scale, unit = match["scale"] or match["cnscale"] or "", match["unit"] or match["cnunit"] or ""
        if not unit and following and _BETWEEN.fullmatch(text[match.end() : start]):
            unit, scale = following[1], scale or following[0]
        following, start = (scale, unit), match.start()
        number = _number(match, scale, unit)
        if number is not None:
            found.append(number)
    return found[::-1]


def _number(match: re.Match[str], scale: str, unit: str) -> Number | None:
    if match["percent"]:
        return Number(RATIO, _chinese(match["percent"]) / 100, match[0])
    if match["spoken"]:
        return Number(MONEY, _chinese(match["spoken"]) / 1e4, match[0], firm=False)
    raw = float(match["number"].replace(",", "")) if match["number"] else _chinese(match["cn"] or match["low"])
    raw *= math.prod(_SCALES[part] for part in ([scale] if scale in _SCALES else list(scale)))
    if not math.isfinite(raw) or (unit == "分" and re.match("[别为之期档批三]", match.string[match.end() :])):
        return None
    if not unit:
        return Number(MONEY if scale else BARE, raw * (1e-4 if scale else 1.0), match[0])
    dimension, factor = _UNITS[unit]
    return Number(dimension, raw * factor, match[0])


def _length(match: re.Match[str]) -> float:
    return _chinese(match[2]) - _chinese(match[1]) + 1


def _chinese(text: str) -> float:
    try:
        return float(text) if text.isdigit() else parse_number(text, "个").lo
    except ValueReason:
        return math.nan


def measured(value: float, unit: str) -> Number:
    """A number of the data in its field's unit ("万元", "个月"; "ratio" is a fraction) as a text's would be."""
    if unit == "ratio":
        return Number(RATIO, value, f"{value * 100:.6g}%")
    if unit in {MONEY, DOLLARS}:
        return Number(unit, value, f"{value:.10g}{unit}")
    dimension, factor = _UNITS.get(unit, (unit, 1.0))
    return Number(dimension, value * factor, f"{value:.10g}{unit}")
