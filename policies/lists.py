"""Yes or no, and lists of names, as people write them."""

from __future__ import annotations

import unicodedata

from policies.values import ValueReason, compact, show

MAX_LIST_CHARS = 20_000
_NONE = frozenset(("无", "没有", "暂无", "均无", "都没有", "/", "-", "—"))
_TRUE = frozenset(
    [
        "true",
        "t",
        "yes",
        "y",
        "1",
        "是",
        "是的",
        "有",
        "已",
        "对",
        "√",
        "✓",
        "✔",
        "☑",
        "真",
        "具备",
        "已有",
        "已具备",
        "符合",
        "会",
        "能",
        "需要",
        "on",
    ]
)
_FALSE = frozenset(
    [
        "false",
        "f",
        "no",
        "n",
        "0",
        "否",
        "不是",
        "无",
        "未",
        "没有",
        "没",
        "不",
        "错",
        "×",
        "✗",
        "✘",
        "x",
        "假",
        "不具备",
        "暂无",
        "尚未",
        "不符合",
        "不会",
        "不能",
        "不需要",
        "☐",
        "off",
    ]
)


def parse_flag(value: object) -> bool:
    """Read yes or no: 是/否, 有/无, 已/未, √/×, Y/N, 1/0, true/false.

    Raises:
        ValueReason: Anything else, blank included: unknown is the caller's to tell from no.
    """
    if isinstance(value, bool):
        return value
    text = (
        compact(f"{value:g}" if isinstance(value, float) else str(value))
        if isinstance(value, (str, int, float))
        else ""
    )
    text = text.strip("。.!")
    if text in _TRUE or text in _FALSE:
        return text in _TRUE
    raise ValueReason(f"“{show(value)}”不是“是”或“否”，请写“是”或“否”，不清楚就留空")


_OPEN, _CLOSE = "(（[【《<“「", ")）]】》>”」"
_SEPARATORS = frozenset("、；;，,/\n|")


def _split(text: str) -> list[str]:
    """Split on separators that stand outside brackets; an unclosed bracket protects nothing."""
    items, start, depth = [], 0, 0
    for place, char in enumerate(text):
        if char in _OPEN:
            depth += 1
        elif char in _CLOSE:
            depth = max(0, depth - 1)
        elif char in _SEPARATORS and depth == 0:
            items.append(text[start:place])
            start = place + 1
    items.append(text[start:])
    return items


def parse_list(value: object) -> list[str]:
    """Read a list of names; '无' is the empty list: declared none.

    Args:
        value: A list or tuple of text, or text split on 、；;，,/| and line breaks outside brackets.

    Returns:
        Items as written, stripped, without repeats, in order.

    Raises:
        ValueReason: Blank (say 无 for none), too long, or not text.
    """
    if isinstance(value, str) and value.strip():
        if len(value) > MAX_LIST_CHARS:
            raise ValueReason(f"“{show(value)}”太长（{len(value)}个字符），请只列名称，用“、”隔开")
        items = _split(value.replace("\r", "\n"))
    elif isinstance(value, (list, tuple)) and all(isinstance(item, str) for item in value):
        items = list(value)
    else:
        raise ValueReason(f"“{show(value)}”不是名称列表，请用“、”隔开各项，没有就写“无”")
    kept = ["".join(c for c in item if unicodedata.category(c) not in ("Cc", "Cf", "Cs")).strip() for item in items]
    kept = [item for item in dict.fromkeys(kept) if item]
    return [] if len(kept) == 1 and kept[0] in _NONE else kept
