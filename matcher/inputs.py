"""What people type on a command line or into a page: a sum of money, a region."""

from __future__ import annotations

from policies.errors import InputError, Problem, UnknownCode
from policies.quantities import parse_number
from policies.regions import regions
from policies.values import ValueReason


def read_yuan(text: str, where: str) -> float | None:
    """A sum as people write it ("300万", "1500000"), in yuan; None for nothing.

    Raises:
        InputError: it cannot be read, or is a range.
    """
    if not text.strip():
        return None
    try:
        span = parse_number(text, "元")
    except ValueReason as error:
        raise InputError([Problem(where, str(error))]) from error
    if not span.exact:
        raise InputError([Problem(where, f"“{text.strip()[:40]}”不是一个确定的金额", "请写成“300万”或“3000000”")])
    return span.lo


def read_region(text: str, where: str) -> str:
    """A region as people write it, as its GB/T 2260 code; "" for nothing and for the whole country.

    Raises:
        InputError: there is no such region; the nearest are offered.
    """
    if not text.strip():
        return ""
    try:
        code = regions().find(text)
    except UnknownCode as error:
        raise InputError([Problem(where, str(error))]) from error
    return "" if code == regions().root else code


def region_name(code: str) -> str:
    """A region in full; "" for none, or one that is not in use any more."""
    return "".join(regions().path(code)) if code in regions() else ""
