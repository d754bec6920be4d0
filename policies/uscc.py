"""Unified social credit code (统一社会信用代码), GB 32100-2015."""

from __future__ import annotations

import re

from policies.values import ValueReason, normalise, show

ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
"""The 31 characters of the standard, in the order of their values: no I O S V Z."""

_WEIGHTS = tuple(pow(3, place, 31) for place in range(17))
_LOOKS_LIKE = {"I": "1", "O": "0", "S": "5", "Z": "2", "V": "U"}
_SCIENTIFIC = re.compile(r"\d(?:\.\d+)?E\+?\d+")


def _check_digit(prefix17: str) -> str:
    total = sum(ALPHABET.index(char) * weight for char, weight in zip(prefix17, _WEIGHTS, strict=True))
    return ALPHABET[-total % 31]


def make_uscc(prefix17: str) -> str:
    """The full code for 17 characters; ValueReason if they are not 17 characters of the alphabet."""
    if len(prefix17) != 17 or any(char not in ALPHABET for char in prefix17):
        raise ValueReason(f"“{show(prefix17)}”不是17位合法字符，请核对")
    return prefix17 + _check_digit(prefix17)


def check_uscc(code: object) -> str:
    """Check a code and normalise it.

    Args:
        code: Text; blanks, hyphens, case and full width do not matter.

    Returns:
        The 18 characters in capitals.

    Raises:
        ValueReason: Damaged by a spreadsheet, wrong length, a letter that the standard does not use, or a wrong check
            digit; the message says which was expected.

    Source: GB 32100-2015, section 4 and annex A.
    """
    if isinstance(code, float):
        raise ValueReason(f"“{show(code)}”已被表格软件改成科学记数法，请把该列设为文本后重填")
    shown = show(code, 24)
    text = re.sub(r"[\s\-]+", "", normalise(code[:200] if isinstance(code, str) else str(code)[:200])).upper()
    if _SCIENTIFIC.fullmatch(re.sub(r"\s", "", normalise(shown)).upper()):
        raise ValueReason(f"“{shown}”已被表格软件改成科学记数法，请把该列设为文本后重填")
    if len(text) != 18:
        hint = "，这像是旧的营业执照注册号或组织机构代码" if len(text) in (9, 13, 15) else ""
        raise ValueReason(f"“{shown}”有{len(text)}位，统一社会信用代码应为18位{hint}，请对照营业执照核对")
    for place, char in enumerate(text, 1):
        if char not in ALPHABET:
            instead = f"，是不是“{_LOOKS_LIKE[char]}”" if char in _LOOKS_LIKE else ""
            wrong = f"第{place}位“{char}”不是统一社会信用代码可用的字符"
            raise ValueReason(f"“{shown}”{wrong}{instead}，请对照营业执照核对")
    if not text[2:8].isdigit():
        raise ValueReason(f"“{shown}”第3至8位应为数字（登记机关行政区划码），请对照营业执照核对")
    expected = _check_digit(text[:17])
    if text[17] != expected:
        raise ValueReason(f"“{shown}”校验位应为“{expected}”，实为“{text[17]}”，请对照营业执照逐位核对")
    return text


def region_of_uscc(code: str) -> str:
    """GB/T 2260 code of the registering authority (digits 3 to 8); may be an old code; ValueReason as `check_uscc`."""
    return check_uscc(code)[2:8]
