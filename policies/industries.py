"""The GB/T 4754-2017 industry tree.

It numbers its leaves only: a class with one child (C134 and C1340) is the same set of activities and has the same span.
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from functools import cache, cached_property

from policies.codes import (
    NEAREST,
    AmbiguousCode,
    CodeTree,
    Form,
    Forms,
    Groups,
    MisplacedCode,
    code_file,
    code_rows,
    compact,
    groups_of,
    number_nodes,
)  # fmt: skip
from policies.errors import UnknownCode
from policies.values import show

_ROOT = "*"
_CODE_AND_NAME = re.compile(r"([a-t]?\d{2,4}|[a-t])[:.\-—_/|]*(\D.*)")
_NAME_AND_CODE = re.compile(r"(.*?[^a-z0-9(])\(?([a-t]?\d{2,4})\)?")
_PUNCTUATION = re.compile(r"[、,.;:()/>\-—]+")
_GENERIC_END = re.compile(r"(?<=..)(?:制造业|制造|业|服务|活动)$")


class IndustryTree(CodeTree):
    """GB/T 4754-2017 国民经济行业分类: section letter and two to four digits."""

    @cached_property
    def _groups(self) -> Groups:
        return groups_of(code_file("industry_aliases.csv"))

    @cached_property
    def _forms(self) -> Forms:
        forms: dict[str, list[Form]] = defaultdict(list)
        for code, node in self._nodes.items():
            if code == self.root:
                continue
            plain = _PUNCTUATION.sub("", unicodedata.normalize("NFKC", node.title).lower())
            forms[plain].append(Form(code, 0))
            short = _GENERIC_END.sub("", plain)
            if short != plain:
                forms[short].append(Form(code, 1))
        for alias, codes in self._groups.items():
            if len(codes) == 1:
                forms[alias].insert(0, Form(codes[0], -1))
            else:
                forms.pop(alias, None)  # a curated list wins over a name that only looks like it
        return dict(forms)

    @cached_property
    def _sections(self) -> dict[str, str]:
        """Division ('34') to the letter of its section ('C')."""
        return {division[1:]: section for section in self.children(self.root) for division in self.children(section)}

    def _label(self, code: str) -> str:
        return f"{code} {self.title(code)}"

    def find_with_note(self, text: str) -> tuple[str, str]:
        """Read 'C3421', '3421', a name, an alias, '制造业/通用设备制造业' or code and name together; the note is ''."""
        key = compact(text)
        if found := self._by_code(key):
            return found, ""
        if named := self._top(self._by_name(key)):
            return named, ""
        if match := _CODE_AND_NAME.fullmatch(key) or _NAME_AND_CODE.fullmatch(key):
            digits_first = bool(re.fullmatch(r"[a-t]?\d*", match[1]))
            code_text, name = (match[1], match[2]) if digits_first else (match[2], match[1])
            code = self._by_code(code_text)
            others = self._by_name(name) if code else []
            if code and any(self._within(code, other) or self._within(other, code) for other in others):
                return code, ""
            if code and not others:
                return code, f"名称“{show(name)}”不在分类中，按代码“{self._label(code)}”处理"
            if code:
                nearest = [self._label(each) for each in dict.fromkeys((code, *others))]
                raise MisplacedCode(self.name, show(text, 40), name, f"{code} {self.title(code)}", nearest)
        return self._one(text, key), ""

    def _by_code(self, key: str) -> str:
        """Code of 'c3421' or '3421', '' if it is none; digits need no section letter."""
        code = self._sections.get(key[:2], "") + key.upper()
        return code if code in self._nodes and code != self.root else ""

    def _by_name(self, name: str) -> list[str]:
        forms = self._forms.get(_PUNCTUATION.sub("", name), ())
        best = min((form.rank for form in forms), default=0)
        return [form.code for form in forms if form.rank == best]

    def _one(self, text: str, key: str) -> str:
        *above, name = [part for part in re.split(r"[/>]", key) if part] or [""]
        codes = self._by_name(name)
        if not codes and key in self._groups:
            raise AmbiguousCode(self.name, show(text, 40), [self._label(code) for code in self._groups[key]])
        for part in above:
            parents = [self._by_code(part)] if self._by_code(part) else self._by_name(part)
            kept = [code for code in codes if any(self._within(code, parent) for parent in parents)]
            if codes and not kept:
                nearest = [self._label(code) for code in codes]
                raise MisplacedCode(self.name, show(text, 40), name, part, nearest)
            codes = kept
        top = self._top(codes)
        if codes and top is None:
            raise AmbiguousCode(self.name, show(text, 40), [self._label(code) for code in codes])
        if top is None:
            raise self._near_code(text, key) if re.fullmatch(r"[a-z]?\d+", key) else self._unknown(text, name)
        return top

    def _near_code(self, text: str, key: str) -> UnknownCode:
        """The error for a wrong code: the same digits in their own section, else the children of its longest prefix."""
        digits = key.lstrip("abcdefghijklmnopqrstuvwxyz")
        near = [code for code in [self._by_code(digits)] if code]
        while digits and not near:
            digits = digits[:-1]
            near = [*self.children(self._by_code(digits))] if self._by_code(digits) else []
        return UnknownCode(self.name, show(text, 40), [self._label(code) for code in near[:NEAREST]])


@cache
def industries() -> IndustryTree:
    """GB/T 4754-2017 with the aliases of industry_aliases.csv; root '*'."""
    nodes = number_nodes(code_rows("gbt4754_2017.csv"), (_ROOT, "全部行业", "", 0), leaves_only=True)
    return IndustryTree("国民经济行业分类", _ROOT, nodes)
