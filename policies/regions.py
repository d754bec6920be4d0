"""The GB/T 2260 region tree with special zones (高新区, 经开区 …) below their hosts.

It numbers every node: a city with no district named is not the same as any of its districts.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property

from policies.codes import (
    MAX_TEXT_CHARS,
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
from policies.values import normalise, show

SEPARATE_BUDGET_CITIES = ("210200", "330200", "350200", "370200", "440300")
"""计划单列市: 大连 宁波 厦门 青岛 深圳; state policies often count them beside their provinces."""

_ROOT = "000000"
_ZONE_LEVEL = 4
_SEPARATORS = re.compile(r"[/\\>·,、;|\-—_\s]+")
_FILLERS = frozenset(("市辖区", "县", "省直辖县级行政区划", "自治区直辖县级行政区划", "省直辖行政单位", "省直辖"))
_LEVEL_WORDS = frozenset("省市县区州盟旗镇乡")
_LATIN_SUFFIX = re.compile(r"(?<=[a-z])(?:city|province|district|shi|sheng)$")
_ZONE_LIKE = re.compile(
    ".*(?:高新|经开|开发|园区|产业园|保税|自贸|新区|示范区|度假区|景区|功能区|试验区|起步区|合作区|管委会).*"
)
_DETAIL_LIKE = re.compile(r".*(?:街道|镇|乡|苏木|社区|村|路|街|号|室|大厦)[^省市区县]*")
_TWO_MEANINGS = frozenset(("朝阳",))  # 朝阳市 in 辽宁 and 北京's 朝阳区 are both meant by the short name


@dataclass(frozen=True, slots=True)
class _Step:
    """Where reading has come to: possible codes, and whether siblings may follow (old names, zones)."""

    codes: tuple[str, ...]
    loose: bool = False
    note: str = ""


class RegionTree(CodeTree):
    """GB/T 2260 行政区划 with special zones as nodes below their hosts."""

    @cached_property
    def _groups(self) -> Groups:
        return groups_of(row for row in code_file("region_aliases.csv") if row["kind"] == "group")

    @cached_property
    def _forms(self) -> Forms:
        forms: dict[str, list[Form]] = defaultdict(list)
        for code, node in self._nodes.items():
            if 0 < node.level < _ZONE_LEVEL:
                forms[node.title].append(Form(code, 0))
                for short in _short_names(node.title):
                    forms[short].append(Form(code, 1))
        for row in code_file("region_aliases.csv"):
            if row["kind"] != "group":
                forms[row["alias"]].append(Form(row["codes"], 0, loose=row["kind"] == "old"))
        for zone in code_file("zones.csv"):
            hosts = self._hosts(zone["host_code"])
            for name in _zone_names(zone):
                forms[name].append(Form(zone["code"], 1))
                for host, short in hosts:
                    own = name.removeprefix(short)  # what is left below a host without the host's name
                    if own != name and len(own) > 1:
                        forms[own].append(Form(zone["code"], 2, scope=host))
        return dict(forms)

    def _hosts(self, code: str | None) -> list[tuple[str, str]]:
        """The code and everything above it, with their short names."""
        hosts = []
        while code:
            hosts.append((code, _short(self.title(code))))
            code = self.parent(code)
        return hosts

    def find_with_note(self, text: str) -> tuple[str, str]:
        """Read a code, a path, a short or old name, pinyin or a special zone; the note says what was read loosely."""
        key = compact(text)
        if number := re.fullmatch(r"(\d{2,12})(?:\.0)?", key):
            return self._by_number(text, number[1]), ""
        if key.upper() in self._nodes:
            return key.upper(), ""
        if code := self._by_titles(str(text).split("/")):
            return code, ""
        if exact := self._options(key, (self.root,)):
            return self._choose([form.code for form in exact], key, text), ""
        if key.isascii():
            return self._by_parts([_LATIN_SUFFIX.sub("", _SEPARATORS.sub("", key))], text)
        raw = normalise(str(text)[: MAX_TEXT_CHARS * 4]).lower().strip()[:MAX_TEXT_CHARS]
        try:
            return self._by_parts(_SEPARATORS.split(raw), text)
        except UnknownCode:
            parts = _SEPARATORS.split(key)  # the blanks may be mere layout: 山东 省
            if parts == _SEPARATORS.split(raw):
                raise
            return self._by_parts(parts, text)

    def _by_titles(self, titles: Sequence[str]) -> str:
        """Code of a path of full names from the top down, '' if it is none; it needs no table of spellings."""
        code = self.root
        for title in titles:
            code = next((child for child in self.children(code) if self._nodes[child].title == title), "")
            if not code:
                return ""
        return code

    def _by_parts(self, parts: Sequence[str], text: str) -> tuple[str, str]:
        """Walk down the parts; each may hold several names without a separator (山东省青岛市)."""
        parts = [part for part in parts if part and part not in _FILLERS]
        if not parts:
            raise UnknownCode(self.name, show(text, 40))
        step = _Step((self.root,))
        name = ""
        for part in parts:
            rest, name = part, part
            while rest:
                step, used = self._advance(step, rest, text)
                name, rest = rest[:used], rest[used:]
        return self._choose(step.codes, name, text), step.note

    def _by_number(self, text: str, digits: str) -> str:
        """Code of 2, 4, 6 or more digits; 市辖区 and 省直辖 codes stand for the level above."""
        code = digits[:6].ljust(6, "0") if len(digits) in (2, 4, 6, 9, 12) else digits
        if code in self._nodes:
            return code
        if old := self._forms.get(code):
            return old[0].code
        ups = (code[:4] + "00", code[:2] + "0000") if code[4:] in ("00", "01") or code[2:4] == "90" else ()
        ups = ups if code[4:] == "01" or code[2:4] in ("01", "02", "90") else ()
        above = next((up for up in ups if up in self._nodes), "")
        if not above or len(code) != 6:
            near = [each for each in (code[:4] + "00", code[:2] + "0000") if each in self._nodes]
            raise UnknownCode(self.name, show(text, 40), [f"{each} {self._label(each)}" for each in near])
        return above

    def _options(self, name: str, contexts: Sequence[str]) -> list[Form]:
        """Forms of a name below any context, best rank only; a context itself only if nothing below it fits."""
        fits = [
            (form, context)
            for form in self._forms.get(name, ())
            for context in contexts
            if self._within(form.code, context) and (not form.scope or self._within(context, form.scope))
        ]
        fits = [fit for fit in fits if fit[0].code != fit[1]] or fits
        best = min((form.rank for form, _ in fits), default=0)
        return [form for form, _ in fits if form.rank == best]

    def _advance(self, step: _Step, rest: str, given: str) -> tuple[_Step, int]:
        """Read the longest known name at the start of `rest`: the next step and how many characters it used."""
        above = [self._nodes[code].parent or self.root for code in step.codes]
        for contexts in (step.codes, above) if step.loose else (step.codes,):
            for used in range(len(rest), 1 if len(rest) > 1 else 0, -1):
                if rest[used:] in _LEVEL_WORDS:
                    continue  # 高青|市: the level is part of the name
                if forms := self._options(rest[:used], contexts):
                    loose = any(form.loose or "Z" in form.code for form in forms)
                    return _Step(tuple(dict.fromkeys(form.code for form in forms)), loose, step.note), used
        return self._rescue(step, rest, given), len(rest)

    def _rescue(self, step: _Step, rest: str, given: str) -> _Step:
        """What can still be made of an unread rest: renamed counties, unlisted zones, streets; else UnknownCode."""
        short = rest[:-1] if rest[-1] in "县市" else ""
        now = [form.code for form in self._options(short, step.codes) if self._nodes[form.code].level == 3]
        if len(now) == 1:
            return _Step((now[0],), True, f"“{rest}”按现名“{self.title(now[0])}”处理")
        if step.codes != (self.root,):
            code = self._choose(step.codes, "", given)
            kind = ("", "省", "市", "区县", "功能区")[self._nodes[code].level]
            if _ZONE_LIKE.fullmatch(rest):
                above = self._nodes[code].parent or self.root
                zones = [form.code for form in self._options(rest, (above,)) if "Z" in form.code]
                if len(zones) == 1:
                    return _Step((zones[0],), True, f"“{rest}”按“{self._label(zones[0])}”处理")
                return _Step((code,), False, f"“{rest}”未收录，按所在{kind}“{self.title(code)}”处理")
            if self._nodes[code].level >= 3 and _DETAIL_LIKE.fullmatch(rest):
                return _Step((code,), False, f"“{rest}”比区县更细，按“{self.title(code)}”处理")
            elsewhere = self._options(rest, (self.root,))
            if elsewhere:
                nearest = [self._label(form.code) for form in elsewhere][:NEAREST]
                raise MisplacedCode(self.name, show(given, 40), rest, self._label(code), nearest)
        raise self._unknown(given, rest, step.codes[0])

    def _choose(self, codes: Sequence[str], name: str, given: str) -> str:
        """One of several: a province, else the one above all others, else the only city; AmbiguousCode otherwise."""
        by_level = sorted(codes, key=lambda code: self._nodes[code].level)
        levels = [self._nodes[code].level for code in by_level]
        first_alone = len(codes) == 1 or levels[0] < levels[1]
        if first_alone and levels[0] <= 2 and name not in _TWO_MEANINGS:
            return by_level[0]
        top = by_level[0] if len(codes) == 1 else self._top(codes)
        if top is None:
            raise AmbiguousCode(self.name, show(given, 40), [self._label(code) for code in by_level])
        return top


_ETHNIC = (
    "蒙古|朝鲜|维吾尔|哈萨克|柯尔克孜|土家|布依|哈尼|傈僳|拉祜|景颇|仡佬|仫佬|毛南|撒拉|裕固|保安|东乡|锡伯|塔吉克|达斡尔|"
    "鄂温克|鄂伦春|独龙|普米|布朗|纳西|各|[壮回满苗藏彝侗瑶白傣黎畲水羌土怒佤](?=族)"
)
_SELF_GOVERNED = re.compile(rf"(?:(?:{_ETHNIC})族?)+自治(?:州|县|旗|区)$")
_LONG_SUFFIXES = ("特别行政区", "地区", "新区", "矿区", "林区")
_ZONE_SPELLINGS = (
    ("高新区", "高新技术产业开发区"),
    ("高新区", "高新技术开发区"),
    ("高新区", "高新"),
    ("经开区", "经济技术开发区"),
    ("经开区", "经济开发区"),
    ("经开区", "开发区"),
    ("综合保税区", "综保区"),
)


def _short(title: str) -> str:
    """大理白族自治州 -> 大理; the title itself where less than two characters would be left (单县, 矿区)."""
    if "自治" in title:
        rest = _SELF_GOVERNED.sub("", title)
        rest = rest if len(rest) > 1 else re.sub(r"族?自治.$", "", title)
        return rest.removesuffix("自治区")
    size = next((len(suffix) for suffix in _LONG_SUFFIXES if title.endswith(suffix)), 0) if title[-1] == "区" else 0
    size = size or (title[-1] in "省市盟县区旗")
    return title[:-size] if size and len(title) > size + 1 else title


def _short_names(title: str) -> list[str]:
    """大理白族自治州 -> 大理, 大理州; nothing for names too short to be shortened."""
    short = _short(title)
    if short == title:
        return []
    return [short, short + title[-1]] if "自治" in title and title[-1] in "州县旗" else [short]


def _zone_names(zone: Mapping[str, str]) -> Iterable[str]:
    """A zone's names and their usual variants."""
    names = [normalise(name) for name in (zone["name"], *zone["aliases"].split(";")) if name]
    for one, other in _ZONE_SPELLINGS:
        names += [name.removesuffix(one) + other for name in names if name.endswith(one)]
        names += [name.removesuffix(other) + one for name in names if name.endswith(other) and not name.endswith(one)]
    return dict.fromkeys(names)


@cache
def regions() -> RegionTree:
    """GB/T 2260 with zones.csv and region_aliases.csv; root '000000' 全国."""
    zones = [(zone["code"], zone["name"], zone["host_code"], _ZONE_LEVEL) for zone in code_file("zones.csv")]
    nodes = number_nodes([*code_rows("gbt2260.csv"), *zones], (_ROOT, "全国", "", 0), leaves_only=False)
    return RegionTree("行政区划", _ROOT, nodes)
