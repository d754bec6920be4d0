"""A company as the interface takes it: the shape comes from the field registry, the reading from `CompanyProfile`."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterable, Iterator, Mapping
from typing import Annotated, Any

from pydantic import WithJsonSchema

from policies.errors import InputError, Problem
from policies.facts import MAX_ITEMS
from policies.fields import Field, Kind, registry
from policies.profile import MAX_PLANS, TEXT_FIELDS, CompanyProfile
from policies.values import show
from policies.vocabulary import vocabularies

Json = dict[str, Any]

MAX_VALUE_CHARS = 320
MAX_TEXT_CHARS = 20_000
MAX_ENTRIES = 500
"""Most fields of a company."""

_WORD: Json = {"type": "string", "maxLength": MAX_VALUE_CHARS}
_TEXT: Json = {"type": "string", "maxLength": MAX_TEXT_CHARS}
_NUMBER: Json = {"type": "number"}
_BOOLEAN: Json = {"type": "boolean"}
_NULL: Json = {"type": "null"}
_WORDS: Json = {"type": "array", "items": _WORD, "maxItems": MAX_ITEMS}
_VALUE = [_NUMBER, _WORD, _NULL]
_ANYTHING: Json = {"anyOf": [_NUMBER, _BOOLEAN, _TEXT, _WORDS, _NULL]}
_SHAPES: Mapping[Kind, list[Json]] = {
    "number": _VALUE, "ratio": _VALUE, "date": _VALUE, "class": _VALUE, "industry": _VALUE, "region": _VALUE,
    "choice": _VALUE, "set": [_WORDS, _TEXT, {"const": False}, _NULL], "flag": [_BOOLEAN, *_VALUE],
    "text": [_TEXT, _NULL],
}  # fmt: skip
"""What JSON may hold for a field of a kind. A code may be a number, for many systems keep it so."""
_EXAMPLES: Mapping[Kind, list[Any]] = {
    "number": [1200, "1.2亿", "100-200", None], "ratio": [0.035, "3.5%"], "date": ["2014-05", "2014年5月"],
    "class": ["小型"], "industry": ["C3421", "金属切削机床制造"], "region": ["山东省/济南市/历城区", "370112"],
    "choice": ["民营"], "set": [["高新技术企业"]], "flag": [True, "是"], "text": ["五轴数控机床"],
}  # fmt: skip
EXAMPLE: Json = {
    "name": "济南示例数控机床有限公司",
    "region": "山东省/济南市/历城区",
    "industry_code": "C3421",
    "established": "2014-05",
    "employees": 168,
    "revenue_wan": "1.5亿",
    "credit_ok": True,
    "honours": ["高新技术企业"],
    "plans": [{"text": "投入 1500 万元购置五轴加工中心 3 台", "equipment_invest_wan": 1300, "start": "2026-12"}],
}
"""A company for the documentation."""

COMPANY, PLAN, ANSWERS = "Company", "Plan", "Answers"
SCHEMA_KEY = "x-huiqi-schema"
CompanyGiven = Annotated[Any, WithJsonSchema({SCHEMA_KEY: COMPANY})]
"""A company in a request, handed on as it came: `read_company` checks it. The schema names a component."""
AnswersGiven = Annotated[Any, WithJsonSchema({"anyOf": [{SCHEMA_KEY: ANSWERS}, _NULL]})]
"""Answers to questions by field, likewise."""


def field_schema(field: Field) -> Json:
    """The JSON Schema of one field."""
    examples = _EXAMPLES[field.kind]
    if field.kind in {"set", "choice"}:
        first = next(iter(vocabularies()[field.vocabulary].terms))
        examples = [[first]] if field.kind == "set" else [first]
    elif field.classes:
        examples = [field.classes[0]]
    return {"anyOf": _SHAPES[field.kind], "description": _meaning(field), "examples": examples}


def _meaning(field: Field) -> str:
    unit = f"单位：{field.unit}。" if field.unit else "写成小数或百分数。" if field.kind == "ratio" else ""
    choices = f"可填：{'、'.join(field.classes)}。" if field.classes else ""
    return f"{field.label}。{field.question}{unit}{choices}{field.help + '。' if field.help else ''}"


def components(*, full: bool) -> dict[str, Json]:
    """The schemas of a company, of a plan, and of answers.

    Args:
        full: Name every field of the registry, and allow no other; else only those that the form asks first, which is
            enough to read.
    """
    shown = [field for field in registry().values() if full or field.core]
    plan_fields = [field for field in shown if field.kind != "text" and (full or field.scope == "plan")]
    facts = [registry()[name] for name in (*TEXT_FIELDS, "uscc")]
    facts += [field for field in shown if field.kind != "text" and (full or field.scope == "company")]
    text = {"anyOf": [_TEXT, _NULL], "description": "计划，用自己的话写。", "examples": ["购置五轴加工中心 3 台"]}
    plan = _object("一项设备或项目计划。", {"text": text, **_properties(plan_fields, full=full)}, full=full)
    plans = {
        "anyOf": [{"type": "array", "items": {"$ref": f"#/components/schemas/{PLAN}"}, "maxItems": MAX_PLANS}, _NULL],
        "description": f"设备和项目计划，最多 {MAX_PLANS} 项。",
        "examples": [EXAMPLE["plans"]],
    }
    other = {
        "anyOf": [{"type": "object", "additionalProperties": _ANYTHING, "maxProperties": MAX_ENTRIES}, _NULL],
        "description": "其他信息。字段表里没有的名称不参与条件判断，只在说明中提示。",
        "examples": [{"patents": 7}],
    }
    said = "一家企业。各项都可以不填或填 null，表示“不清楚”，不会被当成 0 或“没有”。"
    company = _object(said, {**_properties(facts, full=full), "plans": plans, "other": other}, full=full)
    answers = _object("对问题的回答：字段名到所答的值，优先于企业信息中的同名字段。", {}, full=False)
    answers["examples"] = [{"patents": 7}]
    return {COMPANY: {**company, "examples": [EXAMPLE]}, PLAN: {**plan, "examples": EXAMPLE["plans"]}, ANSWERS: answers}


def _object(said: str, properties: Json, *, full: bool) -> Json:
    more = "" if full else "未列出的字段见 GET /fields。"
    extra = False if full else _ANYTHING
    return {
        "type": "object",
        "description": said + more,
        "properties": properties,
        "additionalProperties": extra,
        "maxProperties": MAX_ENTRIES,
    }


def _properties(fields: Iterable[Field], *, full: bool) -> Json:
    properties: Json = {}
    for field in fields:
        shape = field_schema(field)
        if field.name == "uscc":
            shape |= {"anyOf": _VALUE, "examples": ["91370100MA3C0LKN0X"]}
        properties[field.name] = shape
        for alias in field.aliases if full else ():
            properties[alias] = {**shape, "description": f"{field.label}，同 {field.name}。"}
    return properties


def read_company(raw: object, as_of: dt.date, answers: object = None) -> CompanyProfile:
    """Read a company of a request.

    Args:
        raw: What the JSON held.
        as_of: The day asked for.
        answers: Answers to questions by field, which count more than what the company states; None for none.

    Raises:
        InputError: with every problem, each naming its field in Chinese.
    """
    if answers is not None and not isinstance(answers, Mapping):
        raise InputError([Problem("回答（answers）", "应为一个 JSON 对象", '例如 {"patents": 7}')])
    problems = [*_too_large(raw), *_too_large(answers)]
    if problems:
        raise InputError(problems)
    profile = CompanyProfile.model_validate(raw)
    for name, value in (answers or {}).items():
        profile = _answered(profile, name, value)
    profile.check_at(as_of)
    return profile


def _answered(profile: CompanyProfile, name: str, value: object) -> CompanyProfile:
    field = registry().get(name)
    if field is None or field.kind == "text":
        near = "、".join(registry()[hit].where for hit in registry().nearest(name))
        remedy = f"您是不是要填：{near}" if near else "请用 next_question.field 给出的字段名"
        raise InputError([Problem(f"回答“{show(name, 60)}”", "没有这个可以回答的字段", remedy)])
    return profile.with_fact(field.name, value)


def _too_large(raw: object) -> Iterator[Problem]:
    """What is longer or deeper than any company is."""
    if not isinstance(raw, Mapping):
        return
    if len(raw) > MAX_ENTRIES:
        yield Problem("企业信息", f"最多 {MAX_ENTRIES} 个字段，收到 {len(raw)} 个", "请只填字段表中的字段")
        return
    for key, value in raw.items():
        if key == "plans" and isinstance(value, list):
            for plan in value[:MAX_PLANS]:
                yield from _too_large(plan)
        elif key == "other" and isinstance(value, Mapping):
            yield from _too_large(value)
        else:
            yield from _value_problems(key, value)


def _value_problems(key: str, value: object) -> Iterator[Problem]:
    field = registry().get(key)
    where = field.where if field else f"“{show(key, 60)}”"
    if isinstance(value, Mapping) or (
        isinstance(value, list) and any(isinstance(one, list | Mapping) for one in value)
    ):
        yield Problem(where, "嵌套太深", "请填一个值，或一列文字")
    elif isinstance(value, list):
        if len(value) > MAX_ITEMS:
            yield Problem(where, f"最多 {MAX_ITEMS} 项，收到 {len(value)} 项", "请只填企业已有的")
        for one in value[:MAX_ITEMS]:
            yield from _leaf_problems(where, one, MAX_VALUE_CHARS)
    else:
        long = field is None or field.kind in {"text", "set"}
        yield from _leaf_problems(where, value, MAX_TEXT_CHARS if long and key != "uscc" else MAX_VALUE_CHARS)


def _leaf_problems(where: str, value: object, limit: int) -> Iterator[Problem]:
    if isinstance(value, str):
        if len(value) > limit:
            yield Problem(where, f"太长（{len(value)} 个字符），上限 {limit} 个", "请缩短")
        elif any("\ud800" <= char <= "\udfff" for char in value):
            yield Problem(where, "含有不成对的代理字符，不是正确的文字", "请用 UTF-8 重新生成请求")
    elif isinstance(value, float) and not math.isfinite(value):
        yield Problem(where, "不是有限的数字", "JSON 中没有 NaN 和 Infinity，不清楚请填 null")
