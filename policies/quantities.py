"""Numbers, amounts and ranges as people write them, read into spans in a field's unit."""

from __future__ import annotations

import functools
import math
import numbers
import re
from dataclasses import dataclass
from decimal import Decimal

from policies.values import BLANK, MAX_TEXT_CHARS, UNKNOWN, Span, ValueReason, compact, finite, normalise, show

MAX_NUMBER = 1e16  # no honest value comes near; above it floats lose whole units

# Unit word -> (dimension, how many base units one of it is).
_UNITS: dict[str, tuple[str, float]] = {
    **{word: ("元", 1.0) for word in ("元", "块", "块钱", "圆", "元整", "rmb", "cny", "元人民币", "人民币")},
    **{word: ("美元", 1.0) for word in ("美元", "美金", "usd")},
    **{word: ("人", 1.0) for word in ("人", "名", "位", "名员工", "名职工", "个人", "个员工", "员工", "人员")},
    **{word: ("年", 1.0) for word in ("年", "周年")},
    **{word: ("年", 1 / 12) for word in ("月", "个月")},
    **{word: ("天", 1.0) for word in ("天", "日", "个工作日", "工作日")},
    **{
        word: ("个", 1.0)
        for word in [
            "个",
            "项",
            "件",
            "家",
            "台",
            "套",
            "只",
            "条",
            "次",
            "款",
            "种",
            "篇",
            "户",
            "份",
            "辆",
            "台套",
            "台/套",
            "台(套)",
            "处",
            "座",
        ]
    },
    **{word: ("吨标准煤", 1.0) for word in ("吨标准煤", "吨标煤", "tce")},
    **{word: ("ratio", 0.01) for word in ("%", "个百分点", "百分点")},
    **{word: (word, 1.0) for word in ("岁", "吨", "公斤", "亩", "平方米", "度", "千瓦时", "千瓦", "公里", "小时")},
    **{word: (word, 1.0) for word in ("港元", "港币", "欧元", "日元", "英镑")},
    "‰": ("ratio", 0.001),
    "ratio": ("ratio", 1.0),
}
_UNIT_WORDS = sorted(_UNITS, key=len, reverse=True)
_SCALES = {"十": 10.0, "百": 1e2, "千": 1e3, "万": 1e4, "亿": 1e8}
_EXAMPLES = {
    "元": "“3200万”或“1.5亿”",
    "美元": "“300万美元”",
    "人": "“58”或“20-49人”",
    "ratio": "“3%”",
    "年": "“3年”",
    "天": "“30天”",
}

_DIGITS = "零〇一二两三四五六七八九壹贰叁肆伍陆柒捌玖"
_NUMERAL = f"0-9.{_DIGITS}十百千万亿拾佰仟萬億廿"
_FANCY = str.maketrans("拾佰仟萬億圓", "十百千万亿元")
_LETTERS = {"w": "万", "k": "千", "m": "百万"}
_MARKS = (
    ("百分之", "%"),
    ("千分之", "‰"),
    ("us$", "美元"),
    ("usd", "美元"),
    ("$", "美元"),
    ("¥", "元"),
    ("人民币", "元"),
    ("rmb", "元"),
)
_NEAR = re.compile(r"^(?:将近|接近|近)(.+)$")
_HEDGE = re.compile(r"^(?:大约|大概|约为|约|预计|达到|共计|合计|共|总计|差不多)|(?:左右|上下|不等)$")
_LOWER = re.compile(r"^(?:不低于|不少于|不小于|至少|≥|>=|大于等于)(.+)$|^(.+?)(?:及以上|或以上|以上|起|\+)$")
_ABOVE = re.compile(r"^(?:>|超过|大于|多于|高于)(.+)$")
_UPPER = re.compile(
    r"^(?:不超过|不高于|不多于|不大于|至多|最多|≤|<=|小于等于)(.+)$|^(.+?)(?:及以下|或以下|以下|以内|之内)$"
)
_BELOW = re.compile(r"^(?:<|低于|小于|少于|不足|未满|不到)(.+)$")
_RANGE = re.compile(r"^(.*?[^-—–―~至到e])(?:-|—|–|―|~|至|到)+(.+)$")
_PAIR = re.compile(rf"(?<![{_DIGITS}])([{_DIGITS[2:]}])([{_DIGITS[2:]}])(?=[十百千万亿]|$)")
_VAGUE = re.compile(r"^(?P<body>[^多余几数]*)(?P<word>[多余几数])(?P<scale>[十百千万亿]*)$")


@functools.cache
def _unit_of(unit: str) -> tuple[str, float]:
    """Dimension and size of a field's unit; a unit that is not in the table is a dimension of its own."""
    for prefix in ("", "千", "百万", "千万", "万", "亿"):
        word = unit.removeprefix(prefix)
        if unit.startswith(prefix) and word in _UNITS:
            dimension, size = _UNITS[word]
            return dimension, size * math.prod(_SCALES[scale] for scale in prefix)
    return unit, 1.0


def _arabic(text: str) -> float:
    """Arabic digits with Chinese scales ('3千2百万', '1亿5000万'); 万 and 亿 multiply all that is left of them."""
    for scale in "亿万":
        left, found, right = text.rpartition(scale)
        if found:
            return _arabic(left) * _SCALES[scale] + (_arabic(right) if right else 0.0)
    number = r"\d+(?:\.\d+)?"
    if not text or not re.fullmatch(rf"(?:{number}千)?(?:{number}百)?(?:{number}十)?(?:{number})?", text):
        raise ValueReason("")
    parts = re.findall(r"(\d+(?:\.\d+)?)([千百十]?)", text)
    return math.fsum(float(number) * _SCALES.get(scale, 1.0) for number, scale in parts)


def numeral(text: str) -> float:
    """One numeral, Arabic, Chinese or mixed, to a number; ValueReason('') where it is none."""
    text = text.translate(_FANCY)
    if re.fullmatch(r"[0-9.十百千万亿]+", text) and text[:1] not in "十百千":
        return _arabic(text)
    if re.fullmatch(r"\d+(?:\.\d+)?e[+-]?\d{1,2}", text):
        return float(text)
    if text[:1] in ("百", "千"):
        text = "一" + text
    body = text.rstrip("万亿")
    if "点" in body and len(body) < len(text):
        # cn2an reads 三点五 but not 三点五亿.
        return numeral(body) * math.prod(_SCALES[char] for char in text[len(body) :])
    import cn2an  # type: ignore[import-untyped,unused-ignore]  # takes .2 s, and most values need none of it

    try:
        return float(cn2an.cn2an(text, "smart"))
    except (ValueError, KeyError, IndexError, TypeError, AttributeError, OverflowError) as error:
        raise ValueReason("") from error


def _step(value: float) -> float:
    """Size of the last digit that is not zero: 300 -> 100, 1500 -> 100, 1.5 -> 0.1."""
    exponent = Decimal(repr(value)).normalize().as_tuple().exponent
    return float(Decimal((0, (1,), int(exponent))))


def _spoken(text: str) -> tuple[float, float, bool]:
    """A numeral with the vagueness of speech (三四百万, 三百多万, 十几万): low, high, whether high is left out."""
    if pair := _PAIR.search(text):
        first, second = (numeral(digit) for digit in pair.groups())
        if second == first + 1:
            head, tail = text[: pair.start()], text[pair.end() :]
            return numeral(head + pair[1] + tail), numeral(head + pair[2] + tail), False
    vague = _VAGUE.match(text)
    if not vague:
        value = numeral(text)
        return value, value, False
    body, word, scale = vague["body"], vague["word"], vague["scale"]
    factor = math.prod(_SCALES[char] for char in scale)
    if word in "几数":
        if (body and not body.endswith("十")) or not (body or scale):
            raise ValueReason("")
        base, low = (numeral(body), 1.0) if body else (0.0, 2.0)
        return (base + low) * factor, (base + 10) * factor, True
    value = numeral(body)
    return value * factor, (value + _step(value)) * factor, True


@dataclass(frozen=True)
class _Atom:
    """One amount as written.

    Attributes:
        lo: Low end, before the unit.
        hi: High end, before the unit.
        open_hi: Whether the high end itself is left out (三百多万).
        scaled: Whether 万, 亿 or a letter scaled it, so that it counts base units (元), not the field's.
        word: The unit word, '' if none.
    """

    lo: float
    hi: float
    open_hi: bool
    scaled: bool
    word: str


def _split_unit(text: str) -> tuple[str, str]:
    """Take currency marks, 百分之 and the unit word off a text: (numeral, unit word)."""
    text = text if text.endswith("台(套)") else re.sub(r"\([^()]*\)$", "", text)
    word = ""
    for mark, unit in _MARKS:
        if text.startswith(mark):
            text, word = text[len(mark) :], unit
            break
    found = next((unit for unit in _UNIT_WORDS if text.endswith(unit) and len(text) > len(unit)), "")
    if found and word and _UNITS[found][0] != _UNITS[word][0]:
        raise ValueReason("")
    return text.removesuffix(found), found or word


def _atom(text: str) -> _Atom:
    """Read '3200万元', '¥1.5亿', '百分之三', '三四百人'; ValueReason('') where it is no amount."""
    text, word = _split_unit(text)
    text = re.sub(r"个(?=亿|千万|百万)", "", text)
    if letter := re.fullmatch(r"([\d.]+)([wkm])", text):
        text = letter[1] + _LETTERS[letter[2]]
    negative, text = text.startswith(("-", "负")), re.sub(r"^[-负+]", "", text)
    if not re.fullmatch(rf"[{_NUMERAL}点多余几数e+-]+", text):
        raise ValueReason("")
    lo, hi, open_hi = _spoken(text)
    if negative:
        if open_hi:
            raise ValueReason("")
        lo, hi = -hi, -lo
    return _Atom(lo, hi, open_hi, bool(letter or re.search("[万亿萬億]", text)), word)


def _convert(atom: _Atom, unit: str) -> Span:
    """An atom in the field's unit; ValueReason with the two units where the dimensions differ."""
    dimension, size = _unit_of(unit)
    own_dimension, own_size = _UNITS.get(atom.word, (dimension, 1.0))
    if own_dimension != dimension:
        raise ValueReason(f"单位“{atom.word}”与本项单位“{unit}”不符")
    if dimension == "ratio" and not atom.word:
        _refuse_bare_ratio(atom.hi)
    # Without 万, 亿 or a unit word a number is already in the field's unit: 3200 in a 万元 field is 3200 万元.
    factor = own_size / size if atom.word or atom.scaled else 1.0
    lo, hi = (float(f"{end * factor:.15g}") for end in (atom.lo, atom.hi))
    if max(abs(lo), abs(hi)) > MAX_NUMBER:
        raise ValueReason("数值过大")
    return Span(lo, math.nextafter(hi, -math.inf) if atom.open_hi else hi)


def _refuse_bare_ratio(value: float) -> None:
    """3 in a ratio may be 3 % or 300 %: ask, do not guess."""
    if abs(value) >= 1:
        raise ValueReason(f"“{value:g}”分不清是比例还是百分数，请写成“{value:g}%”或“{value * 100:g}%”")


def _range(left: str, right: str, unit: str) -> Span:
    """Two ends; the left one takes the right one's scale and unit where it has none (300-400万元)."""
    end = _convert(_atom(right), unit)
    word = _split_unit(right)[1]
    spoken = "十百千" if re.search("[十百千]", left) else ""
    suffix = re.sub(rf"^[¥$\d.点{_DIGITS}{spoken}]+", "", right)
    for text in (left + suffix, left + word, left):
        try:
            start = _convert(_atom(text), unit)
        except ValueReason:
            continue
        if start.lo <= end.hi:
            return Span(start.lo, end.hi)
    raise ValueReason("起止顺序颠倒或无法识别")


def _bounds(text: str, unit: str) -> Span:
    """Read bounds (以上, 不超过, <), ranges and plain amounts, in this order."""
    for _ in range(2):
        text = _HEDGE.sub("", text)
    for pattern, lower, strict in (
        (_LOWER, True, False),
        (_ABOVE, True, True),
        (_UPPER, False, False),
        (_BELOW, False, True),
    ):
        if found := pattern.match(text):
            span = _convert(_atom(next(group for group in found.groups() if group)), unit)
            end, away = (span.lo, math.inf) if lower else (span.hi, -math.inf)
            end = math.nextafter(end, away) if strict else end
            return Span(end, math.inf) if lower else Span(-math.inf, end)
    if near := _NEAR.match(text):
        span = _convert(_atom(near[1]), unit)
        return Span(span.lo * 0.9, math.nextafter(span.hi, -math.inf)) if span.lo > 0 else span
    if ends := _RANGE.match(text):
        return _range(ends[1], ends[2], unit)
    return _convert(_atom(text), unit)


def parse_number(value: object, unit: str) -> Span:
    """Read a number, an amount or a range as people write it.

    Args:
        value: int or float in the field's unit, or text; None and '未知' are unknown.
        unit: The field's unit: 元 万元 万美元 人 ratio 年 月 天 个 吨标准煤 …; a ratio is a fraction (3 % is .03).

    Returns:
        Closed span in `unit`. 约 and 左右 are read as the number itself; '三百多万' is [300, 400) 万.

    Raises:
        ValueReason: Not a number, another dimension than the field's, or two readings are possible.

    >>> parse_number("三千二百万", "万元")
    Span(lo=3200.0, hi=3200.0)
    """
    example = _EXAMPLES.get(_unit_of(unit)[0], "“10”")
    if value is None:
        return UNKNOWN
    if isinstance(value, (numbers.Real, Decimal)) and not isinstance(value, bool):
        number = finite(value, example)
        if unit == "ratio":
            _refuse_bare_ratio(number)
        return Span(number, number)
    if not isinstance(value, str):
        raise ValueReason(f"“{show(value)}”不是数字，请写成{example}")
    text = compact(value)
    if text in BLANK:
        return UNKNOWN
    text = re.sub(r"(?<=\d),(?=\d{3}(?!\d))", "", text).replace("(含)", "")
    try:
        return _bounds(text, unit)
    except ValueReason as error:
        reason = f"：{error}" if str(error) else "不是数字"
        remedy = "" if "请写成" in reason else f"，请写成{example}"
        raise ValueReason(f"“{show(value)}”{reason}{remedy}") from None


_MONEY = re.compile(
    rf"(?:[¥约近]|超过|不超过|至少)?[0-9{_DIGITS}十几数](?:[{_NUMERAL}点多余几个]|,(?=\d{{3}}(?!\d))){{0,24}}"
    rf"(?:(?:[-—–~至到]|元[-—–~至到])[0-9{_DIGITS}十][{_NUMERAL}点多余]{{0,24}})?"
    r"(?:元|块钱|块)?(?:以上|以下|以内|左右)?"
)
_NOT_MONEY = re.compile(r"\s?(?:[人吨户台件个只条项家名套次平亩千公米度年月日天股份册倍种美英欧日港位头辆册瓦]|k?[wm])")


def amounts_in_text(text: str) -> list[tuple[str, Span]]:
    """Money amounts found in free text, in reading order; offers for the user, never trusted silently.

    Args:
        text: Free text; only the first 100,000 characters are read.

    Returns:
        (matched text, closed span in 万元); an amount needs 万, 亿 or 元 and must not count anything else than money.

    >>> amounts_in_text("总投资三千二百万，其中设备1.5亿元")
    [('三千二百万', Span(lo=3200.0, hi=3200.0)), ('1.5亿元', Span(lo=15000.0, hi=15000.0))]
    """
    text = re.sub(r"(?<=[0-9万亿])[ \t]+(?=[万亿元])", "", normalise(text[:MAX_TEXT_CHARS]))
    found = []
    for match in _MONEY.finditer(text):
        written = match[0]
        if not re.search("[万亿元块萬億]", written) or (
            not re.search("[元块]", written) and _NOT_MONEY.match(text, match.end())
        ):
            continue
        try:
            found.append((written, parse_number(written, "万元")))
        except ValueReason:
            continue
    return found
