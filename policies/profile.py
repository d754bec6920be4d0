"""A company profile: what is known of one company and its plans; every field may be unknown."""

from __future__ import annotations

import codecs
import datetime as dt
import json
from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from typing import Any

from pydantic import BaseModel, ConfigDict, model_validator

from policies.errors import InputError, Problem, UnknownCode
from policies.facts import MAX_TEXT_CHARS, Fact, Items, read_fact
from policies.fields import Field, registry
from policies.uscc import check_uscc, region_of_uscc
from policies.values import Span, ValueReason, normalise, show
from policies.vocabulary import vocabularies

MAX_PLANS = 20
OTHER_PLACE = "统一社会信用代码中的登记机关地区与注册地不一致，请核对（不影响匹配）"
TEXT_FIELDS = ("name", "industry_name", "products", "needs")


class Plan(BaseModel):
    """One plan in the company's own words, with what is known of it by plan-level field."""

    model_config = ConfigDict(frozen=True, arbitrary_types_allowed=True)

    text: str = ""
    facts: Mapping[str, Fact] = {}


class CompanyProfile(BaseModel):
    """One company.

    Build it from raw data with `CompanyProfile.model_validate(raw)`, where `raw` maps registry fields to values as
    people write them; `plans` is a list of objects with `text` and plan-level fields; `other` holds further fields
    (there an unknown key is noted, elsewhere it is an error).

    Attributes:
        facts: Company-level facts by registry name; a plan-level fact given here stands in for every plan.
        plans: The plans; empty if none was given.
        texts: Free texts by field ("name", "industry_name", "products", "needs").
        notes: What had to be interpreted, in Chinese.

    Raises:
        InputError: With every problem at once, each naming its field in Chinese.
    """

    model_config = ConfigDict(frozen=True, arbitrary_types_allowed=True, extra="forbid")

    facts: Mapping[str, Fact] = {}
    plans: tuple[Plan, ...] = ()
    texts: Mapping[str, str] = {}
    uscc: str | None = None
    notes: tuple[str, ...] = ()

    @model_validator(mode="before")
    @classmethod
    def _read(cls, data: Any) -> Any:
        return _Reader().read(data)

    @classmethod
    def from_json(cls, text: str | bytes) -> CompanyProfile:
        """Read a profile from JSON text; InputError says where the JSON breaks."""
        try:
            decoded = text.decode("utf-8-sig") if isinstance(text, bytes) else text
            raw = json.loads(decoded)
        except UnicodeDecodeError as error:
            reason = f"不是 UTF-8 编码（第 {error.start + 1} 个字节），像是 {_likely_encoding(error.object)} 编码"
            raise InputError([Problem("企业信息文件", reason, "请用 UTF-8 编码另存后再试")]) from error
        except (json.JSONDecodeError, RecursionError) as error:
            where = f"（第 {error.lineno} 行第 {error.colno} 列）" if isinstance(error, json.JSONDecodeError) else ""
            raise InputError([Problem("企业信息文件", f"不是正确的 JSON{where}", "请检查引号、逗号和括号")]) from error
        except ValueError as error:  # Python reads no integer of more than 4,300 digits
            raise InputError([Problem("企业信息文件", "有位数过多的数字", "请核对数字")]) from error
        return cls.model_validate(raw)

    @property
    def name(self) -> str:
        """The company's name, or a neutral stand-in."""
        return self.texts.get("name") or "该企业"

    def check_at(self, as_of: dt.date) -> None:
        """Raise InputError if a date contradicts `as_of` (founded in the future)."""
        founded = self.facts.get("established")
        if isinstance(founded, Span) and founded.lo > as_of.toordinal():
            where = registry()["established"].where
            raise InputError([Problem(where, f"晚于查询日期 {as_of.isoformat()}", "请核对成立日期")])

    def with_fact(self, name: str, raw: object) -> CompanyProfile:
        """The profile with one more company-level answer to a question (as written by a person).

        A set answered from a list of options is complete: what was offered and not chosen is known not to be held.

        Raises:
            InputError: the answer cannot be read.
        """
        reader = _Reader()
        reader.take(registry()[name], raw, reader.facts)
        reader.raise_problems()
        answer = reader.facts.get(name)
        if isinstance(answer, Items) and not reader.notes:
            reader.facts[name] = replace(answer, exhaustive=True)
        return self.model_copy(update={"facts": {**self.facts, **reader.facts}})


class _Reader:
    """Collects facts, notes and problems while reading one raw profile."""

    def __init__(self) -> None:
        self.facts: dict[str, Fact] = {}
        self.notes: list[str] = []
        self.problems: list[Problem] = []

    def read(self, data: Any) -> dict[str, Any]:
        if not isinstance(data, Mapping):
            raise InputError(
                [Problem("企业信息", "应为一个 JSON 对象", '例如 {"name": "…", "region": "山东省/济南市"}')]
            )
        texts: dict[str, str] = {}
        plans: tuple[Plan, ...] = ()
        uscc = None
        for key, raw in data.items():
            name = str(key)
            if name == "plans":
                plans = self._plans(raw)
            elif name == "uscc":
                uscc = self._uscc(raw)
            elif name in TEXT_FIELDS:
                texts[name] = self._text(registry()[name], raw)
            elif name != "other":
                self._known(name, raw, self.facts, "")
        self._other(data.get("other"))
        self.raise_problems()
        self._compare_region(uscc)
        return {"facts": self.facts, "plans": plans, "texts": texts, "uscc": uscc, "notes": tuple(self.notes)}

    def raise_problems(self) -> None:
        if self.problems:
            raise InputError(self.problems)

    def take(self, field: Field, raw: object, into: dict[str, Fact], prefix: str = "") -> None:
        where = prefix + field.where
        try:
            fact, note = read_fact(field, raw)
        except (ValueReason, UnknownCode) as error:
            self.problems.append(Problem(where, str(error)))
            return
        if note:
            self.notes.append(f"{where}：{note}")
        if fact is not None:
            into[field.name] = fact

    def _known(self, name: str, raw: object, into: dict[str, Fact], prefix: str) -> None:
        fields = registry()
        if name in fields and fields[name].kind != "text":
            self.take(fields[name], raw, into, prefix)
            return
        near = [fields[hit].where for hit in fields.nearest(name)]
        remedy = f"您是不是要填：{'、'.join(near)}" if near else "请对照字段表填写"
        self.problems.append(Problem(f"{prefix}“{show(name, 60)}”", "没有这个字段", remedy))

    def _text(self, field: Field, raw: object) -> str:
        if raw is None:
            return ""
        if not isinstance(raw, str):
            self.problems.append(Problem(field.where, "应为文字"))
            return ""
        clean = normalise(raw).strip()
        if len(clean) > MAX_TEXT_CHARS:
            self.notes.append(f"{field.where}：超过 {MAX_TEXT_CHARS} 字，只用前 {MAX_TEXT_CHARS} 字")
        return clean[:MAX_TEXT_CHARS]

    def _uscc(self, raw: object) -> str | None:
        field = registry()["uscc"]
        if raw is None or (isinstance(raw, str) and not normalise(raw).strip()):
            return None
        if isinstance(raw, bool) or not isinstance(raw, str | int | float):
            self.problems.append(Problem(field.where, "应为文字"))
            return None
        try:
            return check_uscc(raw)
        except ValueReason as error:
            self.problems.append(Problem(field.where, str(error)))
            return None

    def _compare_region(self, uscc: str | None) -> None:
        if registered_elsewhere(uscc, self.facts.get("region")):
            self.notes.append(OTHER_PLACE)

    def _plans(self, raw: object) -> tuple[Plan, ...]:
        if raw is None:
            return ()
        if not isinstance(raw, list) or not all(isinstance(item, Mapping) for item in raw):
            self.problems.append(Problem("计划（plans）", "应为列表，每项是一个对象", '例如 [{"text": "购置…"}]'))
            return ()
        if len(raw) > MAX_PLANS:
            self.problems.append(
                Problem("计划（plans）", f"最多 {MAX_PLANS} 项，收到 {len(raw)} 项", "请合并或分次匹配")
            )
            return ()
        return tuple(self._plan(item, f"第 {number} 项计划的") for number, item in enumerate(raw, 1))

    def _plan(self, raw: Mapping[str, object], prefix: str) -> Plan:
        facts: dict[str, Fact] = {}
        text = ""
        for key, value in raw.items():
            if key == "text":
                text = self._text(Field("text", f"{prefix}文字", "text", ""), value)
            else:
                self._known(str(key), value, facts, prefix)
        return Plan(text=text, facts=facts)

    def _other(self, raw: object) -> None:
        if raw is None:
            return
        if not isinstance(raw, Mapping):
            self.problems.append(Problem("其他信息（other）", "应为一个对象", '例如 {"patents": 7}'))
            return
        for key, value in raw.items():
            name = str(key)
            if name in registry() and registry()[name].kind != "text":
                self.take(registry()[name], value, self.facts)
            elif value is True and self._honour(name):
                continue
            else:
                self.notes.append(f"其他信息中的“{show(name, 60)}”未收录，不参与条件判断")

    def _honour(self, name: str) -> bool:
        """Take `{"科技型企业": true}` as an honour held."""
        try:
            term = vocabularies()["honours"].canonical(name)
        except UnknownCode:
            return False
        old = self.facts.get("honours")
        before = old if isinstance(old, Items) else Items(frozenset(), exhaustive=False)
        held = before.held | vocabularies()["honours"].closure([term])
        self.facts["honours"] = Items(held, before.exhaustive, (*before.stated, term))
        return True


def _likely_encoding(content: bytes) -> str:
    """The encoding that a file which is not UTF-8 is most likely in; only for a message."""
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "UTF-16"
    try:
        content.decode("gb18030")
    except UnicodeDecodeError:
        return "其他"
    return "GBK"


def registered_elsewhere(uscc: str | None, region: Fact | None) -> bool:
    """Whether the authority in a credit code certainly lies outside a company's region; then `OTHER_PLACE` says so."""
    if uscc is None or not isinstance(region, Span):
        return False
    registered = _authority(region_of_uscc(uscc))
    return registered is not None and (registered.hi < region.lo or region.hi < registered.lo)


@lru_cache(maxsize=10_000)
def _authority(code: str) -> Span | None:
    """The region of a registering authority by its GB/T 2260 code; None if the code is not in use any more."""
    try:
        fact, _ = read_fact(registry()["region"], code)
    except (UnknownCode, ValueReason):
        return None
    return fact if isinstance(fact, Span) else None
