"""Code tables as trees in pre-order numbers: a subtree is one slice of the line.

`policies.industries` and `policies.regions` hold the two trees; here is what they share, and how the files of
policies/data/codes are read. Spellings are worked out on first use: a rule needs spans only.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

from policies.errors import UnknownCode
from policies.values import normalise, show

MAX_TEXT_CHARS = 100
NEAREST = 5


class AmbiguousCode(UnknownCode):
    """A name that several entries share; `nearest` are all their full paths."""

    def __init__(self, table: str, given: str, candidates: Sequence[str]) -> None:
        """Ask for the level above."""
        super().__init__(table, given, candidates)
        self.args = (f"{table}中“{given}”有{len(candidates)}个：{'、'.join(candidates[:8])}，请写明是哪一个",)


class MisplacedCode(UnknownCode):
    """A known name under a parent that is not its own."""

    def __init__(self, table: str, given: str, name: str, parent: str, nearest: Sequence[str]) -> None:
        """Say which part does not belong to which."""
        super().__init__(table, given, nearest)
        self.args = (f"{table}中“{given}”有误：“{name}”不属于“{parent}”，您是不是要填：{'、'.join(nearest)}",)


class Node(NamedTuple):  # a NamedTuple loads three times as fast as a frozen dataclass
    """One code of a tree."""

    code: str
    title: str
    parent: str | None
    level: int
    first: int
    last: int
    children: tuple[str, ...]


class Form(NamedTuple):
    """One spelling of one code: rank 0 official, 1 short, 2 generic; `scope` is where a generic name holds."""

    code: str
    rank: int
    scope: str = ""
    loose: bool = False


Forms = Mapping[str, Sequence[Form]]
Groups = Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, eq=False)
class CodeTree:
    """An immutable code table; spans are closed pre-order intervals over range(size)."""

    name: str
    root: str
    _nodes: Mapping[str, Node]

    @cached_property
    def _forms(self) -> Forms:
        """Every spelling that `find` knows, compact and in lower case."""
        raise NotImplementedError

    @cached_property
    def _groups(self) -> Groups:
        """Spellings that name several codes at once (工业 is B, C and D)."""
        raise NotImplementedError

    @property
    def size(self) -> int:
        """How many numbers the line has."""
        return self._nodes[self.root].last + 1

    def _node(self, code: str) -> Node:
        if code not in self._nodes:
            raise UnknownCode(self.name, show(code))
        return self._nodes[code]

    def __contains__(self, code: object) -> bool:
        """Whether the code itself (not a name) is in the table."""
        return code in self._nodes

    def span(self, code: str) -> tuple[int, int]:
        """First and last number of the code's subtree; UnknownCode if it is not in the table."""
        node = self._node(code)
        return node.first, node.last

    def whole(self) -> tuple[int, int]:
        """The whole line: not known."""
        return 0, self.size - 1

    def code_of(self, lo: int, hi: int) -> str | None:
        """Deepest code whose span covers lo..hi, None if only the whole line does; ValueError outside of it."""
        if not 0 <= lo <= hi < self.size:
            raise ValueError(f"span {lo}..{hi} is not within 0..{self.size - 1}")
        node: Node | None = self._nodes[self.root]
        code = self.root
        while node is not None:
            code = node.code
            below = (self._nodes[child] for child in node.children)
            node = next((child for child in below if child.first <= lo and hi <= child.last), None)
        return None if code == self.root else code

    def title(self, code: str) -> str:
        """The code's own name."""
        return self._node(code).title

    def path(self, code: str) -> tuple[str, ...]:
        """Names from the top level down to the code; the root alone is its own path."""
        names = [self._node(code).title]
        parent = self.parent(code)
        while parent is not None:
            names.append(self._nodes[parent].title)
            parent = self.parent(parent)
        return tuple(reversed(names))

    def parent(self, code: str) -> str | None:
        """The code one level up, None at the top level."""
        parent = self._node(code).parent
        return None if parent == self.root else parent

    def children(self, code: str) -> tuple[str, ...]:
        """Codes one level down, in order."""
        return self._node(code).children

    def level(self, code: str) -> int:
        """Level: 0 root; industries 1 门类 to 4 小类; regions 1 省, 2 市, 3 县, 4 special zone."""
        return self._node(code).level

    def find(self, text: str) -> str:
        """Code of a code, name, alias or path as people write it.

        Raises:
            UnknownCode: None fits (with the nearest), several do (AmbiguousCode), the parent is wrong (MisplacedCode).
        """
        return self.find_with_note(text)[0]

    def find_with_note(self, text: str) -> tuple[str, str]:
        """Like `find`, with a Chinese note where the text was not taken literally, else ''."""
        raise NotImplementedError

    def expand(self, text: str) -> tuple[str, ...]:
        """Codes of a text that may name several (工业 is B, C and D); one code for all that `find` knows."""
        if text in self._nodes:
            return (text,)
        return self._groups.get(compact(text)) or (self.find(text),)

    def search(self, text: str, k: int = 10) -> list[tuple[str, str]]:
        """At most k (code, title) for a type-ahead box: code prefix, then names that contain the text, then alike."""
        key = compact(text)
        if not key:
            return []
        hits: dict[str, tuple[int, int, str]] = {}
        for node in self._nodes.values():
            if node.code.lower().startswith(key) or node.code[1:].startswith(key):
                hits[node.code] = (0, len(node.code), node.code)
            elif (place := node.title.find(key)) >= 0:
                hits[node.code] = (1 if place == 0 else 2, node.level, node.code)
        for spelling, forms in self._forms.items():
            if spelling.startswith(key):
                for form in forms:
                    hits.setdefault(form.code, (1 if spelling == key else 3, len(spelling), form.code))
        codes = sorted(hits, key=lambda code: hits[code])
        if len(codes) < k and not key.isdigit():
            codes += [code for code in self._alike(key, k) if code not in hits]
        return [(code, self._nodes[code].title) for code in codes[:k]]

    def _alike(self, text: str, k: int) -> list[str]:
        """Codes whose names look most like the text."""
        from rapidfuzz import fuzz, process  # only wrong input needs it

        spellings = [spelling for spelling in self._forms if len(spelling) > 1 and not spelling[0].isdecimal()]
        found = process.extract(text, spellings, scorer=fuzz.ratio, limit=10 * k, score_cutoff=30)
        hits = [(score, form) for spelling, score, _ in found for form in self._forms[spelling] if not form.scope]
        hits.sort(key=lambda hit: (-hit[0], self._nodes[hit[1].code].level))
        return list(dict.fromkeys(form.code for _, form in hits))[:k]

    def _label(self, code: str) -> str:
        return "/".join(self.path(code))

    def _unknown(self, given: str, part: str, context: str = "") -> UnknownCode:
        """The error with the nearest names, those below `context` first."""
        alike = self._alike(part, 4 * NEAREST)
        alike.sort(key=lambda code: not self._within(code, context or self.root))
        return UnknownCode(self.name, show(given, 40), [self._label(code) for code in alike[:NEAREST]])

    def _within(self, code: str, context: str) -> bool:
        above, below = self._nodes[context], self._nodes[code]
        return above.first <= below.first and below.last <= above.last

    def _top(self, codes: Iterable[str]) -> str | None:
        """The one code that covers all others, if there is one."""
        codes = tuple(codes)
        return next((code for code in codes if all(self._within(other, code) for other in codes)), None)


def compact(text: str) -> str:
    """Clean lower-case text without blanks, cut at what any name may need."""
    return "".join(normalise(str(text)[: MAX_TEXT_CHARS * 4]).lower().split())[:MAX_TEXT_CHARS]


Row = tuple[str, str, str, int]
"""Code, title, parent ('' at the top level) and level."""


def _text_of(name: str) -> list[str]:
    # importlib.resources would take 9 ms to import, as long as all the rest
    return (Path(__file__).parent / "data" / "codes" / name).read_text(encoding="utf-8").splitlines()


def code_file(name: str) -> list[dict[str, str]]:
    """Records of a file of policies/data/codes, by column name."""
    return list(csv.DictReader(_text_of(name)))


def code_rows(name: str) -> list[Row]:
    """Rows of a table with the columns code, level, name, parent; a plain reader is thrice as fast as DictReader."""
    lines = csv.reader(_text_of(name))
    next(lines)
    return [(code, title, parent, int(level)) for code, level, title, parent in lines]


def number_nodes(rows: Iterable[Row], root: Row, *, leaves_only: bool) -> dict[str, Node]:
    """Nodes with their spans, in pre-order; children keep the order of the rows.

    Args:
        rows: The table without its root, in any order.
        root: Row of the root.
        leaves_only: Only leaves take a number of the line (a parent is all of its children and nothing besides).
    """
    below: dict[str, list[Row]] = {}
    for row in rows:
        below.setdefault(row[2] or root[0], []).append(row)
    nodes: dict[str, Node] = {}

    def walk(row: Row, above: str | None, first: int) -> int:
        code, title, _, level = row
        children = below[code]
        nodes[code] = _PLACEHOLDER  # holds the place in the order until the last number is known
        after = first if leaves_only else first + 1
        for child in children:
            if child[0] in below:
                after = walk(child, code, after)
            else:
                nodes[child[0]] = Node(child[0], child[1], code, child[3], after, after, ())
                after += 1
        nodes[code] = Node(code, title, above, level, first, after - 1, tuple([child[0] for child in children]))
        return after

    walk(root, None, 0)
    return nodes


_PLACEHOLDER = Node("", "", None, 0, 0, 0, ())


def groups_of(records: Iterable[Mapping[str, str]]) -> Groups:
    """Aliases with their codes, from records with the columns alias and codes."""
    return {record["alias"]: tuple(record["codes"].split(";")) for record in records}
